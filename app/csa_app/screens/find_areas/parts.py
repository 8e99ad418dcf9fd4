"""The parts of Find areas: the answer, and the map beside the areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import shapely
import streamlit as st

from csa.areas.answer import (
    describe_cautions,
    describe_left_out,
    describe_no_area,
    describe_support,
)
from csa.areas.backtest.comparison import explain_override
from csa.areas.backtest.record import BacktestRecord
from csa.areas.choices import AreaSettings
from csa.areas.proposal import Proposal
from csa.areas.proposal_tables import EXPORTS
from csa.base.schema import KINDS
from csa.base.text import month, name_list, render, tr
from csa.geo.cells import outline
from csa.program.registry import AreaStatus
from csa.reports.briefing.areas import CORE_AREAS, core_areas_file
from csa_app.screens.find_areas.controls import kind_label
from csa_app.shared import cache, map_component, maps, panels, screen_state
from csa_app.shared.area_sheet import show_core, show_sheet
from csa_app.shared.area_status import (
    AreaView,
    describe_served,
    in_service,
    resolve_area_id,
    served_as,
    state_words,
)
from csa_app.shared.city_session import CitySession
from csa_app.shared.legend import outlines_of
from csa_app.shared.link_state import LinkState
from csa_app.shared.person import QUARTER, months_in_step
from csa_app.shared.phrases import (
    months_covered,
    share_words,
    what_is_counted,
)

MAP_HEIGHT_PX = 640
CELL = "size and number of the cell whose cases are shown"


def answer(proposal: Proposal, record: BacktestRecord | None) -> None:
    """Show where shootings concentrate, in a line above the map."""
    if nothing := describe_no_area(proposal):
        panels.empty(render(nothing))
        return
    checks = map(render, describe_cautions(proposal))
    panels.answer(share_words(proposal, record, is_brief=True), *checks)


def reasons(
    proposal: Proposal, record: BacktestRecord | None, standing: Mapping[str, AreaStatus]
) -> None:
    """Show what the answer is from, folded below the map."""
    if describe_no_area(proposal):
        return
    served = describe_served(standing) or tr("find.candidates")
    more = map(render, (*describe_left_out(proposal), *describe_support(proposal)))
    with st.expander(tr("screen.how_we_know")):
        panels.answer(share_words(proposal, record), served, *more)


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
    view = AreaView(session, choices)
    screen: LinkState = st.session_state[screen_state.SCREEN]
    if screen.area not in {area.key for area in view.others}:
        screen = screen.with_area(resolve_area_id(view.statuses, screen.area))
    with st.container(horizontal=True, key="find"):
        left, right = st.container(key="find_map"), st.container(key="find_side", gap="xsmall")
    with left:
        drawn, below = st.container(key="map"), st.container(key="find_below")
    screen_state.remember(screen, screen_state.first_choices(session))
    with drawn:
        _map(view, screen)
    if view.proposal.is_empty and not view.core:
        return
    with right:
        stands = view.statuses.get(screen.area)
        letter = screen.area if stands is None else stands.letter
        served = next((area for area in view.core if area.key == letter), None)
        if served is not None:
            show_core(view, served, on_close=_close)
        elif stands is not None:
            show_sheet(view, stands, on_close=_close)
        else:
            show_list(view)
    with below:
        resolution, number = st.session_state.get(CELL) or (0, 0)
        if resolution == choices.resolution:
            panels.table(cases(view, number), tr("find.cases"), "csa-wide")
        stem = file_stem(session.config.city.id, view.proposal)
        files = {CORE_AREAS: core_areas_file(view.core, view.counts)} if view.core else {}
        names = () if view.proposal.is_empty else file_names(months_in_step(session))
        panels.downloads(served_as(session, view.proposal), names, stem, files)
        map_component.save_published(session)


def file_names(months: int) -> tuple[str, ...]:
    """List the files to download: of who sees quarters, none that has cells for any months."""
    return tuple(name for name in EXPORTS if months != QUARTER or "cells" not in name)


def _map(view: AreaView, screen: LinkState) -> None:
    edges = outlines_of(view.core)
    shown = {"selected": screen.area, "has_cases": True}
    map_component.area_map(view, "find", edges, _choose, MAP_HEIGHT_PX, **shown)


def cases(view: AreaView, number: int) -> pd.DataFrame:
    """Tabulate the cases of a cell by its number on the map; none for who may not see months."""
    if months_in_step(view.session) != 1:
        return pd.DataFrame()
    located = cache.located(view.session, view.choices)
    cells = [*cache.geometry(view.session, view.choices.resolution)[1].number_of]
    is_in = located.cells == (cells[number] if number < len(cells) else 0)
    when = located.column("occurred_at")[is_in].sort_values(ascending=False)
    names = {name: kind_label(name, view.session.config) for name in KINDS}
    return pd.DataFrame(
        {
            tr("find.case"): located.column("incident_id")[when.index],
            tr("new_month.col_month"): when.dt.strftime("%Y-%m").map(month),
            tr("label.kind"): located.column("kind")[when.index].map(names),
        }
    )


def _choose(area_id: str) -> None:
    state, cell = st.session_state, area_id.removeprefix(maps.CASES_OF)
    screen: LinkState = state[screen_state.SCREEN]
    is_cell = cell != area_id
    state[CELL] = (screen.choices.resolution, int(cell)) if is_cell else None
    if not is_cell:
        state[screen_state.SCREEN] = screen.with_area(area_id)


def _close() -> None:
    _choose("")


# ---- The list of areas beside the map, from west to east: how each stands, and its counts.


@dataclass(frozen=True)
class ListedArea:
    """A row of the list."""

    stands: AreaStatus
    incidents: int  # of an area in service on its own ground
    homicides: int
    outlined: int | None  # incidents in the outline found now, for an area in service with another
    west: float  # degrees, where it begins


def rows(view: AreaView) -> list[ListedArea]:
    """List candidates and core service areas from west to east, those on their own ground."""
    areas, found = view.proposal.areas, []
    for row, west in zip(areas.to_dict("records"), areas.bounds["minx"], strict=True):
        stands = view.statuses[row["area_id"]]
        n, homicides = row["incidents"], row["homicides"]
        if own := view.counts.get(stands.letter):
            n, homicides = own.incidents, own.homicides
        found.append(ListedArea(stands, n, homicides, view.outlines.get(stands.letter), west))
    for area in view.others:
        own, west = view.counts[area.key], float(shapely.bounds(outline(area.cells))[0])
        found.append(ListedArea(in_service(area), own.incidents, own.homicides, None, west))
    return sorted(found, key=lambda one: one.west)


def show_list(view: AreaView) -> None:
    """Show the list; a click on a row opens its sheet in the list's place."""
    proposal, standing, counts = view.proposal, view.statuses, view.counts
    what = what_is_counted(proposal)
    counted = tr("report.count", what=what, months=months_covered(proposal))
    st.html(f'<p class="csa-list-head"><b>{tr("find.list_head")}</b><span>{counted}</span></p>')
    if st.session_state.pop(screen_state.DROPPED, False):
        st.caption(tr("find.choose_again"))
    has_homicides = "homicide" in proposal.summary["params"]["kinds"]
    with st.container(key="area_list", gap=None):
        for one in rows(view):
            st.button(
                label(one, what, has_homicides=has_homicides),
                key=f"area {one.stands.area_id}",
                type="tertiary",
                width="stretch",
                on_click=_choose,
                args=(one.stands.area_id,),
            )
    doubtful = [
        standing[area_id].display_name
        for area_id, n_suspect, n in proposal.areas[["area_id", "suspect", "incidents"]].to_numpy()
        if standing[area_id].letter not in counts and proposal.is_doubtful(n_suspect, n)
    ]
    doubtful += [own.display_name for own in counts.values() if own.is_doubtful]
    if counts:
        st.caption(tr("standing.own_ground"))
    if doubtful:
        names = name_list(doubtful)
        st.caption(panels.plain(tr("report.doubtful", n=len(doubtful), areas=names)))


def label(one: ListedArea, what: str, *, has_homicides: bool) -> str:
    """Return a row as a button's words: its name and count, and below how it stands."""
    head = f"**{panels.plain(one.stands.display_name)}** *{one.incidents:,} {what}*"
    below = [state_words(one.stands)]
    if has_homicides:
        below.append(tr("find.list_homicides", n=one.homicides))
    if one.outlined is not None:
        below.append(tr("find.list_now", n=one.outlined))
    return f"{head} " + " ".join(f":small[{panels.plain(words)}]" for words in below)
