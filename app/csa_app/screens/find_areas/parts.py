"""The parts of Find areas: the answer, and the map beside the areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.suggestion import explain_override
from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.areas.proposal_tables import EXPORTS
from csa.base.text import render, tr
from csa.program.registry import AreaStatus, CoreArea
from csa.reports.briefing.areas import CORE_AREAS, core_areas_file
from csa_app.screens.find_areas import area_list, controls
from csa_app.shared import (
    cache,
    map_component,
    maps,
    nearby,
    panels,
    screen_state,
    theme,
)
from csa_app.shared.area_sheet import show_core, show_sheet
from csa_app.shared.area_status import (
    area_statuses,
    areas_in_service,
    core_counts,
    describe_served,
    not_proposed,
    resolve_area_id,
    served_as,
)
from csa_app.shared.city_session import CitySession
from csa_app.shared.legend import classify_counts, outlines_of, show_counts_legend, show_legend
from csa_app.shared.link_state import LinkState
from csa_app.shared.phrases import cautions, months_covered, share_words, why_no_area

MAP_HEIGHT_PX = 640


def answer(
    proposal: Proposal, record: BacktestRecord | None, standing: Mapping[str, AreaStatus]
) -> None:
    """Show where shootings concentrate, and how certain that is."""
    nothing = why_no_area(proposal)
    if nothing:
        panels.empty(nothing)
        return
    panels.answer(
        share_words(proposal, record),
        describe_served(standing) or tr("find.candidates"),
        *cautions(proposal),
    )


def override_cost(session: CitySession, proposal: Proposal, choices: AreaSettings) -> str:
    """Return what the radius and minimum on screen cost, as far as past years show."""
    record, n = cache.record(session, choices), proposal.summary["totals"]["located"]
    documented = session.config.areas.documented
    if record is None or documented is None or not n:
        return tr("backtest.override_unknown")
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
def map_and_areas(session: CitySession, choices: AreaSettings) -> None:
    """Show the map beside the list of areas or the chosen one's sheet.

    A click repaints only this part of the page.
    """
    proposal = cache.proposal(session, choices)
    screen: LinkState = st.session_state[screen_state.SCREEN]
    standing, core = area_statuses(session, proposal), areas_in_service(session)
    others = not_proposed(core, standing)
    if screen.area not in {area.key for area in others}:
        screen = screen.with_area(resolve_area_id(standing, screen.area))
    with st.container(horizontal=True, key="find"):
        left, right = st.container(key="find_map"), st.container(key="find_side", gap="xsmall")
    with left:
        drawn, below = st.container(key="map"), st.container(key="find_below")
    with below:
        shades, offered = nearby.offered(session)
        screen = controls.choose_layers(screen, offered, shades)
    screen_state.remember(screen, screen_state.first_choices(session))
    with drawn, panels.map_words():
        _map(session, proposal, standing, core, screen)
    if proposal.is_empty and not core:
        return
    with right:
        stands = standing.get(screen.area)
        letter = screen.area if stands is None else stands.letter
        served = next((area for area in core if area.key == letter), None)
        if served is not None:
            show_core(session, choices, served, standing, on_close=_close)
        elif stands is not None:
            show_sheet(session, choices, screen.area, stands, on_close=_close)
        else:
            area_list.show(proposal, standing, core, core_counts(session, choices), _choose)
    with below:
        stem = file_stem(session.config.city.id, proposal)
        files = {CORE_AREAS: core_areas_file(core, core_counts(session, choices))} if core else {}
        names = () if proposal.is_empty else tuple(EXPORTS)
        panels.downloads(served_as(session, proposal), names, stem, files)


def _map(
    session: CitySession,
    proposal: Proposal,
    standing: Mapping[str, AreaStatus],
    core: Sequence[CoreArea],
    screen: LinkState,
) -> None:
    classes = classify_counts(proposal.counted.incidents)
    afar = cache.geometry_afar(session, screen.choices.resolution)
    marks, spots = nearby.spots(session, is_shown="services" in screen.layers)
    risk = cache.risk_layer(session) if screen.shade == "risk" else None
    colours, edges = theme.current(), outlines_of(core)
    if risk is not None:
        show_legend(nearby.risk_title(session), risk.classes, colours.sequential, marks, edges)
    elif screen.shade == "shootings":
        show_counts_legend(proposal, classes, afar, marks, edges)
    else:
        show_legend(tr("find.no_legend"), None, (), marks, edges)
    scene = maps.MapScene(
        proposal,
        classes,
        tr("find.n_months", n=months_covered(proposal)),
        screen.shade,
        screen.layers,
        screen.area,
        spots,
        None if risk is None else (risk.address, risk.levels),
        status=standing,
        core=core,
        counts=core_counts(session, screen.choices),
        afar=afar,
        is_whole=True,
        units=session.config.city.units,
    )
    map_component.draw(
        session,
        screen.choices.resolution,
        "find",
        lambda cells: maps.painting(scene, cells),
        _choose,
        MAP_HEIGHT_PX,
    )


def _choose(area_id: str) -> None:
    st.session_state[screen_state.SCREEN] = st.session_state[screen_state.SCREEN].with_area(area_id)


def _close() -> None:
    _choose("")
