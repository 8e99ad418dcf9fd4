"""The place that Neighborhood measures shows: chosen here, by a link, or on another page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

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
from csa_app.screens.measures.measure_list import known_words
from csa_app.screens.measures.place_steps import VerdictSince
from csa_app.screens.measures.work_plan import done_words
from csa_app.shared import cache, cache_change
from csa_app.shared.area_status import resolve_area_id, step_word
from csa_app.shared.city_session import CitySession
from csa_app.shared.link_state import LinkState
from csa_app.shared.phrases import kinds_words, months_covered
from csa_app.shared.signing import FormScene

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
    return tr("label.comma", name=name, text=state_word(place))


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


# ---- The two main sentences on a place: what its measures show, and what is being done.


def answer(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    known: tuple[Recent | None, Sequence[MeasureLine], Sequence[ActionLine]],
    done: tuple[WorkPlan | None, VerdictSince | None],
) -> None:
    """Show both sentences."""
    recent, measures, lines = known
    work, verdict = done
    shot = shot_words(scene, screen, place, recent, verdict)
    parts = (
        (tr("here.said_measured"), f"{known_words(measures, scene.today)} {shot}"),
        (tr("here.said_done"), done_words(place, lines, work)),
    )
    said = "".join(
        f'<p class="csa-answer"><b>{html.escape(head)}</b> {html.escape(text)}</p>'
        for head, text in parts
    )
    st.html(said)


def shot_words(
    scene: FormScene,
    screen: LinkState,
    place: Place,
    recent: Recent | None,
    verdict: VerdictSince | None,
) -> str:
    """Return how many were counted in the last 12 whole months, and how certain that is."""
    if recent is None or place.n_shot is None:
        return tr("here.shot_unknown")
    last = month(str(recent.period.until.plus(-1)))
    what = kinds_words(scene.session, screen.choices)
    said = [tr("here.shot", n=place.n_shot, what=what, month=last)]
    if verdict is not None:
        area = core_area(scene.records, place.key)
        if area is not None and area.redrawn_on is not None:
            said.append(tr("here.redrawn_ground", day=day(area.redrawn_on)))
        said.append(verdict.why)
    elif place.kind == NEIGHBORHOOD:
        low, high = count_interval(place.n_shot)
        said.append(tr("here.chance", low=int(low), high=int(high) + 1))
    elif place.kind == PROPOSED:
        said.append(_usual(scene, screen, place.letter, place.n_shot))
    return " ".join(part for part in said if part)


def _usual(scene: FormScene, screen: LinkState, letter: str, n_said: int) -> str:
    """Return the usual range of a candidate's count, from its sheet; the count if it is new."""
    proposal = cache.analysis(scene.session, screen.choices).proposal
    row = proposal.areas[proposal.areas["area_id"] == letter].iloc[0]
    usual = expected_range(row["expected_low"], row["expected_high"])
    if usual is None:
        return ""
    n, months, (low, high) = int(row["incidents"]), months_covered(proposal), usual
    if (n, months) == (n_said, YEAR_MONTHS):
        return tr("label.likely", low=low, high=high)
    return tr("here.usual", n=n, months=months, low=low, high=high)
