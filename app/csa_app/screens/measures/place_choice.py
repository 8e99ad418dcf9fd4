"""The place that Neighborhood measures shows: chosen here, by a link, or on another page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from csa.areas.places import called
from csa.areas.sheets import expected_range
from csa.base.stats import count_interval
from csa.base.text import day, month, name_list, tr
from csa.program.registry import AreaStatus, core_area
from csa.program.store.records import Records
from csa.reports.briefing.lines import ActionLine, WorkPlan
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.briefing.places import (
    AREA,
    CITY,
    NEIGHBORHOOD,
    PROPOSED,
    UNSERVED,
    YEAR_MONTHS,
    Place,
    Recent,
    list_places,
    live_by_area,
)
from csa_app.screens.measures import measure_list, work_plan
from csa_app.shared import cache, cache_change, key_figure, panels
from csa_app.shared.area_status import resolve_area_id, step_word
from csa_app.shared.city_session import CitySession
from csa_app.shared.key_figure import card, change_figure, figure, text
from csa_app.shared.link_state import LinkState
from csa_app.shared.phrases import kinds_words, months_covered
from csa_app.shared.signing import FormScene

if TYPE_CHECKING:
    from csa_app.screens.measures.place_steps import VerdictSince

WIDGET, QUERY, KEPT = "measures place", "place", "measures place as kept"
MOST_NAMED = 5


def places(
    session: CitySession, screen: LinkState, records: Records, lines: Sequence[ActionLine]
) -> tuple[tuple[Place, ...], Recent | None]:
    """List the places to choose from."""
    areas = cache.analysis(session, screen.choices).proposal.areas
    rows = areas[["area_id", "place_name", "cells"]].itertuples(index=False, name=None)
    proposed = [(str(letter), str(name), tuple(map(str, cells))) for letter, name, cells in rows]
    recent = cache_change.recent(session, screen.choices)
    names = [str(name) for name in session.dataset.neighborhoods["name"] if name]
    return list_places(records, proposed, names, recent, live_by_area(lines)), recent


def choose(
    screen: LinkState, listed: Sequence[Place], standing: Mapping[str, AreaStatus]
) -> tuple[Place, LinkState]:
    """Ask for a place; other pages then show the same area."""
    screen = screen.with_area(resolve_area_id(standing, screen.area))
    by_id = {place.id: place for place in listed}
    ids, now = list(by_id), st.session_state.get(WIDGET)
    found = by_id[
        st.selectbox(
            tr("here.choose"),
            ids,
            # Never the first by default: a browser can forget a widget.
            index=ids.index(now if now in by_id else _first(screen, by_id, standing)),
            key=WIDGET,
            format_func=lambda name: name_of(by_id[name]),
        )
    ]
    if found.letter and found.letter != screen.area:
        screen = screen.with_area(found.letter)
    st.session_state[KEPT] = (found.id, screen.area)
    if st.query_params.get(QUERY) != found.id:
        st.query_params[QUERY] = found.id
    return found, screen


def _first(
    screen: LinkState,
    by_id: dict[str, Place],
    standing: Mapping[str, AreaStatus],
) -> str:
    """Return the link's place, else the last one shown unless another area was chosen since."""
    asked = st.query_params.get(QUERY, "")
    kind, _, key = asked.partition(":")
    if kind == PROPOSED and key:  # it may be in service by now
        key = resolve_area_id(standing, key)
        asked = next((name for name, one in by_id.items() if key and one.letter == key), asked)
    if asked in by_id:
        return asked
    kept, area = st.session_state.get(KEPT, ("", ""))
    if kept in by_id and area == screen.area:
        return str(kept)
    same = [
        name
        for name, place in by_id.items()
        if screen.area and screen.area in {place.letter, place.key} and place.kind != NEIGHBORHOOD
    ]
    return (same or list(by_id))[0]


def name_of(place: Place) -> str:
    """Name a place with its kind."""
    if place.kind == CITY:
        return tr("label.citywide")
    if place.kind == NEIGHBORHOOD:
        return place.name
    name = called(place.name, place.key)
    return tr("term.comma", name=name, text=state_word(place))


def state_word(place: Place) -> str:
    """Return an area's state in words."""
    if place.kind == PROPOSED:
        return tr("here.proposed")
    return step_word(place.state)


def without_action(listed: Sequence[Place]) -> str:
    """Name the areas with shootings and no action in progress, in one line."""
    areas = [place for place in listed if place.kind == AREA and place.state not in UNSERVED]
    if not areas:
        return tr("here.no_area")
    lacking = [place for place in areas if place.lacks_action]
    if not lacking:
        return ""
    names = [called(place.name, place.key) for place in lacking[:MOST_NAMED]]
    left = len(lacking) - len(names)
    if left:
        names.append(tr("here.and_more", n=left))
    return tr("here.lacking", areas=name_list(names))


def value_places(listed: Sequence[Place]) -> dict[str, str]:
    """List every place that a value can belong to, except the whole city."""
    return {place.key: name_of(place) for place in listed if place.kind not in {CITY, PROPOSED}}


# ---- The answer: what is being done, how many were shot, and what the measures show.


def answer(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    known: tuple[Recent | None, Sequence[MeasureLine], Sequence[ActionLine]],
    done: tuple[WorkPlan | None, VerdictSince | None],
) -> None:
    """Show three cards, and fold below them what the count rests on."""
    recent, measures, lines = known
    work, verdict = done
    statement = None if verdict is None else verdict.statement
    usual, more = _usual(scene, screen, place)
    what = kinds_words(scene.session, screen.choices)
    if statement is not None:
        unit = tr("briefing.card_since", since=month(str(statement.period.start)))
        shot = change_figure(statement, unit)
    elif recent is None or place.n_shot is None:
        shot = text(tr("here.shot_unknown"))
    else:
        unit = tr("here.card_shot", what=what, month=month(str(recent.period.until.plus(-1))))
        small = "" if usual is None else tr("label.likely", low=usual[0], high=usual[1])
        small = small if verdict is None else verdict.why
        shot = figure(f"{place.n_shot:,}", unit) + text(small=small)
    key_figure.show(
        work_plan.summary(place, lines, work, scene.today),
        card(tr("here.card_count"), shot),
        measure_list.summary(measures, scene.today),
    )
    said = [more]
    if verdict is not None and recent is not None and place.n_shot is not None:
        last = month(str(recent.period.until.plus(-1)))
        said = [tr("here.shot", n=place.n_shot, what=what, month=last)]
        area = core_area(scene.records, place.key)
        if area is not None and area.redrawn_on is not None:
            said.append(tr("here.redrawn_ground", day=day(area.redrawn_on)))
    if verdict is not None and statement is not None:
        said.append(verdict.why)
    if any(said):
        with st.expander(tr("screen.how_we_know")):
            st.markdown(panels.plain(" ".join(said)))


def _usual(scene: FormScene, screen: LinkState, place: Place) -> tuple[tuple[int, int] | None, str]:
    """Return the likely range of a place's count; of a candidate whose own is longer, in words."""
    if place.kind == NEIGHBORHOOD and place.n_shot is not None:
        low, high = count_interval(place.n_shot)
        return (int(low), int(high) + 1), ""
    if place.kind != PROPOSED:
        return None, ""
    proposal = cache.analysis(scene.session, screen.choices).proposal
    row = proposal.areas[proposal.areas["area_id"] == place.letter].iloc[0]
    usual = expected_range(row["expected_low"], row["expected_high"])
    n, months = int(row["incidents"]), months_covered(proposal)
    if usual is None or (n, months) == (place.n_shot, YEAR_MONTHS):
        return usual, ""
    return None, tr("here.usual", n=n, months=months, low=usual[0], high=usual[1])
