"""Cached as in `app.shared.cache`: the public report, as published or as a preview.

What was published is read from its folder alone, without opening a dataset or a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.shared.cache_report import ReportBasis, beside, mark_of, source_at
from app.shared.city_session import Opened
from csa.base.errors import CsaError
from csa.base.logging import Tell, silent
from csa.reports.maps.cartography import draw_map
from csa.reports.month.facts import MapGround
from csa.reports.public.bundle import read_bundle
from csa.reports.public.facts import PublicFacts
from csa.reports.public.gathering import gather_from
from csa.reports.public.map_sheet import PUBLIC_STYLES, public_sheet
from csa.reports.public.pages import Pictures


@dataclass(frozen=True)
class PublicEdition:
    """The public report and its maps."""

    facts: PublicFacts  # all public facts
    pictures: Mapping[str, Pictures]  # maps by language
    is_published: bool  # whether it is in a bundle; otherwise it is a preview


def published(folder: Path) -> PublicEdition:
    """Read what was published."""
    served = _served()
    try:
        told = _published(folder, mark_of(folder))
    except CsaError:
        if folder in served:  # while a new bundle is copied, the last complete one stands
            return served[folder]
        raise
    served[folder] = told
    return told


@st.cache_resource(show_spinner=False)
def _served() -> dict[Path, PublicEdition]:
    """Return the last bundle that could be read whole, by folder."""
    return {}


@st.cache_resource(max_entries=2, show_spinner=False)
def _published(folder: Path, mark: tuple[int, ...]) -> PublicEdition:
    facts, pictures = read_bundle(folder)
    return PublicEdition(facts, pictures, is_published=True)


def as_it_would_be(
    basis: ReportBasis, month: str, language: str, tell: Tell = silent
) -> PublicEdition:
    """Compute a preview of what would be published."""
    facts = _facts(basis.mark, month, basis, tell)
    drawn = _pictures(basis.mark, month, language, basis, facts)
    return PublicEdition(facts, {language: drawn}, is_published=False)


@st.cache_resource(max_entries=4, show_spinner=False)
def _facts(mark: str, month: str, _basis: ReportBasis, _tell: Tell) -> PublicFacts:
    source, when = source_at(_basis.opened, month)
    return gather_from(
        source, _basis.plan, _basis.records, when, beside(_basis.opened), _tell
    ).facts


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(
    mark: str, month: str, language: str, _basis: ReportBasis, _facts: PublicFacts
) -> Pictures:
    sheet = public_sheet(_facts, _ground(_basis.opened), _basis.opened.config, language)
    try:
        return Pictures(*(draw_map(sheet, style) for style in PUBLIC_STYLES))
    except CsaError:
        return Pictures()  # the page says that it could not be drawn


def _ground(opened: Opened) -> MapGround:
    dataset = opened.dataset
    return MapGround(dataset.study_area, dataset.neighborhoods, beside(opened).layers, {})
