"""The parts of Find areas: the answer, the map and its table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from app.screens.find_areas import controls
from app.shared import cache, cache_around, map_component, maps, nearby, panels, session, theme
from app.shared.area_sheet import show_sheet
from app.shared.city_session import Opened
from app.shared.legend import classify_counts, show_counts_legend, show_legend
from app.shared.link_state import LinkState
from app.shared.phrases import (
    cautions,
    months_covered,
    period_words,
    what_is_counted,
    why_no_area,
)
from app.shared.standing import id_of, say_served, served_as, short_state, standing_of
from csa.areas.choices import Choices
from csa.areas.exports import EXPORTS
from csa.areas.proposal import Proposal
from csa.backtest.suggestion import explain_override
from csa.base.text import KM2_PER_SQUARE_MILE, natural, percent, render, speak
from csa.decisions.registry import AreaStanding

TABLE = "areas table"
MAP = "map name"
TURN = "how often an area was chosen elsewhere than in the table"
ORDER = "areas in the table's order"
TABLE_HEIGHT_PX = 430


def answer(proposal: Proposal, standing: Mapping[str, AreaStanding]) -> None:
    """Show where shootings concentrate, and how certain that is."""
    nothing = why_no_area(proposal)
    if nothing:
        panels.empty(nothing)
        return
    totals = proposal.summary["totals"]
    panels.answer(
        speak(
            "find.answer",
            n=totals["areas"],
            inside=totals["in_areas"],
            incidents=totals["located"],
            what=what_is_counted(proposal),
            share=percent(proposal.summary["share_of_incidents"]),
            land=percent(proposal.summary["share_of_study_area"]),
            period=period_words(proposal),
        ),
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
    """Show the map, the areas and the chosen one; a click repaints only this part of the page."""
    proposal = cache.proposal(opened, choices)
    screen: LinkState = st.session_state[session.SCREEN]
    shades, offered = nearby.offered(opened)
    screen = controls.choose_layers(screen, offered, shades)
    standing = standing_of(opened, proposal)
    screen = screen.with_area(id_of(opened, standing, screen.area))
    session.remember(screen, session.first_choices(opened))
    with panels.map_words(), st.container(key="map"):
        _map(opened, proposal, standing, screen)
    if proposal.is_empty:
        return
    with st.container(key="areas"):
        left, right = st.columns([0.56, 0.44], gap="medium")
    with left:
        _table(opened, proposal, standing, screen.area)
        stem = file_stem(opened.config.city.id, proposal)
        panels.downloads(served_as(opened, proposal), tuple(EXPORTS), stem)
    with right:
        if screen.area:
            sheet = cache.sheet(opened, choices, screen.area)
            show_sheet(
                opened,
                choices,
                sheet,
                standing[screen.area],
                on_close=lambda: _choose_elsewhere(""),
            )
        elif st.session_state.pop(session.DROPPED, False):
            panels.empty(speak("find.choose_again"))
        else:
            panels.empty(speak("find.choose"))


def _map(
    opened: Opened, proposal: Proposal, standing: Mapping[str, AreaStanding], screen: LinkState
) -> None:
    classes = classify_counts(proposal.cells["incidents"].to_numpy())
    afar = cache_around.geometry_afar(opened, screen.choices.resolution)
    marks, spots = nearby.spots(opened, is_shown="services" in screen.layers)
    risk = cache_around.risk_layer(opened) if screen.shade == "risk" else None
    colours = theme.current()
    if risk is not None:
        show_legend(nearby.risk_title(opened), risk.classes, colours.sequential, marks)
    elif screen.shade == "shootings":
        show_counts_legend(proposal, classes, afar, marks)
    else:
        show_legend(speak("find.no_legend"), None, (), marks)
    base, cells = cache_around.geometry(opened, screen.choices.resolution)
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
        afar=afar,
        units=opened.config.city.units,
    )
    key = map_component.key_of(base, theme.is_dark(), opened.config.city, opened.config.basemap)
    st.session_state[MAP] = key
    map_component.show(
        maps.base_map(opened.config, base, is_dark=theme.is_dark()),
        key,
        maps.painting(scene, cells),
        _on_map_click,
    )


def _on_map_click() -> None:
    area_id = map_component.clicked_area(st.session_state[MAP])
    if area_id is not None:
        _choose_elsewhere(area_id)


def _on_table_click() -> None:
    order, cells = st.session_state[ORDER], st.session_state[_table_key()]["selection"]["cells"]
    if cells and cells[0][0] < len(order):
        _choose(order[cells[0][0]])


def _table_key() -> str:
    return f"{TABLE} {st.session_state.get(TURN, 0)}"


def _choose_elsewhere(area_id: str) -> None:
    """Choose an area on the map or close its sheet, and reset the table's last clicked box.

    Otherwise the table would ignore the next click on the same box.
    """
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    _choose(area_id)


def _choose(area_id: str) -> None:
    st.session_state[session.SCREEN] = st.session_state[session.SCREEN].with_area(area_id)


def _table(
    opened: Opened, proposal: Proposal, standing: Mapping[str, AreaStanding], area_id: str
) -> None:
    table = area_table(proposal, standing, opened.config.city.units)
    order = table.index.tolist()
    st.session_state[ORDER] = order
    accent = f"background-color: {theme.current().accent}33"  # a fifth of its strength
    st.dataframe(
        table.style.apply(lambda row: [accent * (row.name == area_id)] * len(row), axis=1),
        key=_table_key(),
        on_select=_on_table_click,
        selection_mode="single-cell",
        hide_index=True,
        height=min(TABLE_HEIGHT_PX, 38 + 35 * len(table)),
        column_config={
            speak("find.col_place"): st.column_config.TextColumn(width=172),
            speak("find.col_state"): st.column_config.TextColumn(width=92),
            speak("find.col_incidents"): st.column_config.NumberColumn(width=76),
            speak("find.col_homicides"): st.column_config.NumberColumn(width=86),
        },
        alt=speak("find.table_alt", n=len(table)),
    )
    doubtful = [
        area_id
        for area_id, n_suspect, n in proposal.areas[["area_id", "suspect", "incidents"]].to_numpy()
        if proposal.is_doubtful(n_suspect, n)
    ]
    if doubtful:
        names = ", ".join(standing[area_id].called for area_id in doubtful)
        st.caption(panels.plain(speak("find.doubtful", n=len(doubtful), areas=names)))


def area_table(
    proposal: Proposal, standing: Mapping[str, AreaStanding], units: str
) -> pd.DataFrame:
    """Tabulate the areas for readers, sorted by name, since no order says which is worst."""
    by_name = sorted(standing.values(), key=lambda one: natural(one.place_name))
    areas = proposal.areas.set_index("area_id").loc[[one.area_id for one in by_name]]
    factor, unit = (KM2_PER_SQUARE_MILE, "mi2") if units == "us" else (1.0, "km2")
    per = speak("find.col_per_mi2" if unit == "mi2" else "find.col_per_km2")
    has_homicides = "homicide" in proposal.summary["params"]["kinds"]
    return pd.DataFrame(
        {
            speak("find.col_place"): [one.called for one in by_name],
            speak("find.col_state"): [short_state(one) for one in by_name],
            speak("find.col_incidents"): areas["incidents"],
            **({speak("find.col_homicides"): areas["homicides"]} if has_homicides else {}),
            per: (areas["incidents_per_km2"] * factor).round().astype("int64"),
        }
    ).rename_axis(None)
