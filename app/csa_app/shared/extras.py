"""What extras add to the app: their pages, and what they draw on the core's pages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import streamlit as st

from csa.base.extra import Extra, ExtraPage, extras_of
from csa.base.message import fill, load_catalog
from csa.city.config import CityConfig
from csa_app.shared.city_session import CitySession


def of_city(config: CityConfig) -> tuple[Extra, ...]:
    """List the extras that are on in a city."""
    return extras_of(config.extras)


def catalog_text(text: str) -> str:
    """Return the text of a key of the catalog; an extra of others gives its words themselves."""
    return fill(load_catalog().get(text, text), {})


def navigated(page: ExtraPage) -> Any:
    """Return an extra's page for the navigation: its file, run each time that it is shown."""
    found = find_spec(page.screen)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(page.screen)
    return st.Page(Path(found.origin), title=catalog_text(page.title), url_path=page.address)


def draw_sections(page: str, session: CitySession) -> None:
    """Draw what extras add at the end of a core page."""
    for extra in of_city(session.config):
        if page in extra.sections:
            resolve_name(extra.sections[page])(session)


def layers_of(session: CitySession) -> dict[str, Any]:
    """Return what extras add to the map's background: GeoJSON by name, for staff alone."""
    named = [extra.layers for extra in of_city(session.config) if extra.layers]
    return {name: layer for one in named for name, layer in resolve_name(one)(session).items()}
