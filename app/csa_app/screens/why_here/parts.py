"""The parts of Why here: an area's factors, what is near it, what studies found, the whole city."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from csa.areas.explanation import AreaExplanation, AreaFactor, times_words, where_words
from csa.areas.proposal import Proposal
from csa.base.text import Translator, percent, tr
from csa_app.shared import cache, nearby, panels
from csa_app.shared.area_status import AreaOption
from csa_app.shared.city_session import CitySession
from csa_app.shared.link_state import LinkState
from csa_app.shared.panels import Drawn, range_bar


def choose(
    screen: LinkState, listed: Sequence[AreaOption], proposal: Proposal
) -> AreaOption | None:
    """Ask for an area: the one chosen on another page, else the one with most at stake."""
    if not listed:
        return None
    by_id = {area.id: area for area in listed}
    expected = dict(zip(proposal.areas["area_id"], proposal.areas["expected"], strict=True))
    most = max(by_id, key=lambda area_id: expected.get(area_id, 0.0))
    chosen: str = st.selectbox(
        tr("term.area"),
        list(by_id),
        index=list(by_id).index(screen.area if screen.area in by_id else most),
        format_func=lambda name: by_id[name].label,
        key="why area",
    )
    return by_id[chosen]


def answer(here: AreaExplanation, area: AreaOption) -> None:
    """Show which factors hold in the area, and that they are no reasons."""
    names = [one.layer for one in here.factors or ()]
    if not names:
        panels.answer(tr("why_line.none"))
        return
    said = tr("why.some", n=len(names), area=area.label, places=", ".join(names))
    panels.answer(said, tr("why_line.no_cause"))


def factors(session: CitySession, here: AreaExplanation) -> None:
    """Show the factors of an area, each with how much higher risk is and how sure that is."""
    found, t = here.factors or (), Translator()
    if not found:
        return
    top = max(one.high for one in found)
    units = session.config.city.units
    table = {
        tr("label.places"): [one.layer for one in found],
        tr("term.where"): [where_words(one, units, t) for one in found],
        tr("why.col_rrv"): [_times(one, top, t) for one in found],
        tr("why.col_share"): [percent(one.share) for one in found],
        tr("label.source"): [
            f"{one.source}, {one.as_of}" if one.as_of else one.source for one in found
        ],
    }
    st.header(tr("label.higher_risk"), anchor=False)
    panels.table(table, tr("label.higher_risk"), "csa-wide")


def _times(one: AreaFactor, top: float, t: Translator) -> Drawn:
    words = html.escape(times_words(one, t))
    return Drawn(f"{range_bar(one.low, one.high, one.rrv, top)}{words}")


def studies() -> None:
    """Show what was tried elsewhere and what came of it."""
    found = cache.studies()
    if not found:
        return
    st.header(tr("why.studies"), anchor=False)
    st.caption(tr("why.studies_note"))
    table = {
        tr("why.col_what"): [one.what for one in found],
        tr("why.col_effect"): [one.effect_text for one in found],
        tr("why.col_design"): [f"{one.design}. {one.limit}" for one in found],
        tr("label.source"): [one.source for one in found],
    }
    panels.table(table, tr("why.studies"), "csa-wide")


def around(session: CitySession, area: AreaOption) -> None:
    """Show services in and near the area, what is lacking, and its vacant land."""
    st.header(tr("why.around"), anchor=False)
    nearby.show_area_services(session, area.cells)


def show_city(kept: Mapping[str, Any]) -> None:
    """Show what was tried in the whole city, and whether it adds anything to past counts."""
    with st.expander(tr("why.whole_city")):
        for sentence in kept["sentences"]:
            st.markdown(f"- {panels.plain(sentence)}")
