"""What extras add to the app: their pages, and what they draw on the core's pages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import streamlit as st

from csa.base.extra import ExtraPage, extras_of
from csa.base.message import fill, load_catalog
from csa_app.shared.city_session import CitySession


def catalog_text(text: str) -> str:
    """Return the text of a key of the catalog; an extra of others gives its words themselves."""
    return fill(load_catalog().get(text, text), {})


def navigated(page: ExtraPage) -> Any:
    """Return an extra's page for the navigation: its file, run each time that it is shown."""
    spec = find_spec(page.screen)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(page.screen)
    return st.Page(Path(spec.origin), title=catalog_text(page.title), url_path=page.address)


def draw_sections(page: str, session: CitySession, *more: object) -> None:
    """Draw what extras add to a core page, given its session and whatever more the page has."""
    for extra in extras_of(session.config):
        if page in extra.sections:
            resolve_name(extra.sections[page])(session, *more)


def layers_of(session: CitySession) -> dict[str, Any]:
    """Return what extras add to the map's background on screen: GeoJSON by name."""
    layers: dict[str, Any] = {}
    for extra in extras_of(session.config):
        if extra.layers:
            layers |= resolve_name(extra.layers)(session)
    return layers
