"""The parts of Why here: an area's factors, what is near it, what studies found, the whole city."""

from __future__ import annotations

import html
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app.shared import nearby, panels
from app.shared.city_session import Opened
from app.shared.link_state import LinkState
from app.shared.ranges import Drawn, range_bar
from app.shared.settings import ROOT, command_of
from csa.areas.choices import Choices
from csa.areas.places import areas_of, called
from csa.areas.proposal import Proposal
from csa.base.text import percent, speak
from csa.config.evidence import load_evidence
from csa.decisions.registry import AreaStanding, CoreArea
from csa.geo.cells import CellSet
from csa.risk.files import FactorHere, factors_in, say_extent

STUDIES = ROOT / "config" / "evidence" / "studies.toml"


@dataclass(frozen=True)
class WhyArea:
    """An area to ask about."""

    id: str  # in the proposal; a core service area's letter where it is no candidate
    called: str  # with its letter, if it has one
    cells: CellSet
    is_candidate: bool  # whether the month's proposal has it


def areas(
    proposal: Proposal, standing: Mapping[str, AreaStanding], core: Sequence[CoreArea]
) -> list[WhyArea]:
    """List the areas in service as the registry has them, then the other candidates."""
    served = {one.letter: area_id for area_id, one in standing.items() if one.letter}
    found = [
        WhyArea(
            served.get(area.key, area.key),
            called(area.place_name, area.key),
            area.cells,
            area.key in served,
        )
        for area in core
    ]
    known = set(served.values())
    return found + [
        WhyArea(area_id, standing[area_id].called, cells, is_candidate=True)
        for area_id, _, cells in areas_of(proposal.areas)
        if area_id not in known
    ]


def choose(screen: LinkState, listed: Sequence[WhyArea]) -> WhyArea | None:
    """Ask for an area: the one chosen on another page, else the first."""
    if not listed:
        return None
    by_id = {area.id: area for area in listed}
    chosen: str = st.selectbox(
        speak("why.area"),
        list(by_id),
        index=list(by_id).index(screen.area) if screen.area in by_id else 0,
        format_func=lambda name: by_id[name].called,
        key="why area",
    )
    return by_id[chosen]


def command(opened: Opened) -> str:
    """Return the command that finds the factors."""
    return shlex.join([*command_of("risk", opened.own_folder), "--out", "risk"])


def answer(kept: Mapping[str, Any], area: WhyArea | None) -> None:
    """Show which factors hold in the area, and that they are no reasons."""
    if area is None:
        panels.answer(speak("why.no_area"))
        return
    names = [one.layer for one in factors_in(kept, area.cells)]
    if not names:
        panels.answer(speak("why.nothing_here", area=area.called))
        return
    said = speak("why.some", n=len(names), area=area.called, places=", ".join(names))
    panels.answer(said, speak("risk_terrain.people"))


def factors(opened: Opened, kept: Mapping[str, Any], area: WhyArea) -> None:
    """Show the factors of an area, each with how much higher risk is and how sure that is."""
    found = factors_in(kept, area.cells)
    if not found:
        return
    top = max(one.high for one in found)
    units = opened.config.city.units
    table = pd.DataFrame(
        {
            speak("why.col_places"): [one.layer for one in found],
            speak("why.col_extent"): [
                speak(
                    "why.near" if one.form == "near" else "why.many",
                    extent=say_extent(one.extent_m, units),
                )
                for one in found
            ],
            speak("why.col_rrv"): [_times(one, top) for one in found],
            speak("why.col_share"): [percent(one.share) for one in found],
            speak("why.col_source"): [_source(one) for one in found],
        },
        dtype=object,
    )
    st.header(speak("why.factors"), anchor=False)
    panels.table(table, speak("why.alt", area=area.called), "csa-wide")


def _times(one: FactorHere, top: float) -> Drawn:
    words = html.escape(speak("why.times", rrv=one.rrv, low=one.low, high=one.high))
    return Drawn(f"{range_bar(one.low, one.high, one.rrv, top)}{words}")


def _source(one: FactorHere) -> str:
    return f"{one.source}, {one.as_of}" if one.as_of else one.source


def studies() -> None:
    """Show what was tried elsewhere and what came of it."""
    found = load_evidence(STUDIES)
    if not found:
        return
    st.header(speak("why.studies"), anchor=False)
    st.caption(speak("why.studies_note"))
    table = pd.DataFrame(
        {
            speak("why.col_what"): [one.what for one in found],
            speak("why.col_effect"): [
                f"{one.effect} ({one.interval})" if one.interval else one.effect for one in found
            ],
            speak("why.col_design"): [f"{one.design}. {one.limit}" for one in found],
            speak("why.col_source"): [one.source for one in found],
        }
    )
    panels.table(table, speak("why.studies"), "csa-wide")


def around(opened: Opened, choices: Choices, area: WhyArea) -> None:
    """Show services in and near the area, what is lacking, and its vacant land."""
    st.header(speak("why.around"), anchor=False)
    if area.is_candidate:
        nearby.of_area(opened, choices, area.id, area.called)
    else:
        st.caption(speak("why.not_proposed"))


def whole_city(kept: Mapping[str, Any]) -> None:
    """Show what was tried in the whole city, and whether it adds anything to past counts."""
    with st.expander(speak("why.whole_city")):
        for sentence in kept["sentences"]:
            st.markdown(f"- {panels.plain(sentence)}")
