"""The parts of Find areas: the answer, and the map beside the areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.screens.find_areas import area_list, controls
from app.shared import cache, cache_around, map_component, maps, nearby, panels, session, theme
from app.shared.area_sheet import show_core, show_sheet
from app.shared.city_session import Opened
from app.shared.legend import classify_counts, outlines_of, show_counts_legend, show_legend
from app.shared.link_state import LinkState
from app.shared.phrases import (
    cautions,
    found_words,
    months_covered,
    why_no_area,
)
from app.shared.standing import (
    areas_in_service,
    core_counts,
    id_of,
    not_proposed,
    say_served,
    served_as,
    standing_of,
)
from csa.areas.choices import Choices
from csa.areas.exports import EXPORTS
from csa.areas.proposal import Proposal
from csa.backtest.record import Record
from csa.backtest.suggestion import explain_override
from csa.base.text import render, speak
from csa.decisions.registry import AreaStanding, CoreArea
from csa.reports.briefing.areas import CORE_AREAS, core_areas_file

MAP_HEIGHT_PX = 640


def answer(proposal: Proposal, record: Record | None, standing: Mapping[str, AreaStanding]) -> None:
    """Show where shootings concentrate, and how certain that is."""
    nothing = why_no_area(proposal)
    if nothing:
        panels.empty(nothing)
        return
    panels.answer(
        found_words(proposal, record),
        say_served(standing) or speak("find.candidates"),
        *cautions(proposal),
    )


def override_cost(opened: Opened, proposal: Proposal, choices: Choices) -> str:
    """Return what the radius and minimum on screen cost, as far as past years show."""
    record, n = cache.record(opened, choices), proposal.summary["totals"]["located"]
    documented = opened.config.areas.documented
    if record is None or documented is None or not n:
        return speak("backtest.override_unknown")
    params = proposal.summary["params"]
    scaled = params["min_samples"] * documented.at_incidents / n
    return render(explain_override(params["eps_m"], scaled, record.tried, record.suggested))


def file_stem(city: str, proposal: Proposal) -> str:
    """Return a file name from the city, the days counted, and the kind if there is only one."""
    params = proposal.summary["params"]
    kinds = params["kinds"]
    only = f"-{kinds[0]}" if len(kinds) == 1 else ""
    return f"{city}-{params['covered_from']}-to-{params['covered_through']}{only}"


@st.fragment
def map_and_areas(opened: Opened, choices: Choices) -> None:
    """Show the map beside the list of areas or the chosen one's sheet.

    A click repaints only this part of the page.
    """
    proposal = cache.proposal(opened, choices)
    screen: LinkState = st.session_state[session.SCREEN]
    standing, core = standing_of(opened, proposal), areas_in_service(opened)
    others = not_proposed(core, standing)
    if screen.area not in {area.key for area in others}:
        screen = screen.with_area(id_of(standing, screen.area))
    with st.container(horizontal=True, key="find"):
        left, right = st.container(key="find_map"), st.container(key="find_side", gap="xsmall")
    with left:
        drawn, below = st.container(key="map"), st.container(key="find_below")
    with below:
        shades, offered = nearby.offered(opened)
        screen = controls.choose_layers(screen, offered, shades)
    session.remember(screen, session.first_choices(opened))
    with drawn, panels.map_words():
        _map(opened, proposal, standing, core, screen)
    if proposal.is_empty and not core:
        return
    with right:
        stands = standing.get(screen.area)
        letter = screen.area if stands is None else stands.letter
        served = next((area for area in core if area.key == letter), None)
        if served is not None:
            show_core(opened, choices, served, standing, on_close=_close)
        elif stands is not None:
            show_sheet(opened, choices, screen.area, stands, on_close=_close)
        else:
            area_list.show(proposal, standing, core, core_counts(opened, choices), _choose)
    with below:
        stem = file_stem(opened.config.city.id, proposal)
        files = {CORE_AREAS: core_areas_file(core, core_counts(opened, choices))} if core else {}
        names = () if proposal.is_empty else tuple(EXPORTS)
        panels.downloads(served_as(opened, proposal), names, stem, files)


def _map(
    opened: Opened,
    proposal: Proposal,
    standing: Mapping[str, AreaStanding],
    core: Sequence[CoreArea],
    screen: LinkState,
) -> None:
    classes = classify_counts(proposal.counted.incidents)
    afar = cache_around.geometry_afar(opened, screen.choices.resolution)
    marks, spots = nearby.spots(opened, is_shown="services" in screen.layers)
    risk = cache_around.risk_layer(opened) if screen.shade == "risk" else None
    colours, edges = theme.current(), outlines_of(core)
    if risk is not None:
        show_legend(nearby.risk_title(opened), risk.classes, colours.sequential, marks, edges)
    elif screen.shade == "shootings":
        show_counts_legend(proposal, classes, afar, marks, edges)
    else:
        show_legend(speak("find.no_legend"), None, (), marks, edges)
    scene = maps.MapScene(
        proposal,
        classes,
        speak("find.n_months", n=months_covered(proposal)),
        screen.shade,
        screen.layers,
        screen.area,
        spots,
        None if risk is None else (risk.address, risk.levels),
        standing=standing,
        core=core,
        counts=core_counts(opened, screen.choices),
        afar=afar,
        is_whole=True,
        units=opened.config.city.units,
    )
    map_component.draw(
        opened,
        screen.choices.resolution,
        "find",
        lambda cells: maps.painting(scene, cells),
        _choose,
        MAP_HEIGHT_PX,
    )


def _choose(area_id: str) -> None:
    st.session_state[session.SCREEN] = st.session_state[session.SCREEN].with_area(area_id)


def _close() -> None:
    _choose("")
