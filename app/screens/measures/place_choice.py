"""The place that Neighborhood measures shows: chosen here, by a link, or on another page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.shared import cache, cache_change
from app.shared.city_session import Opened
from app.shared.link_state import LinkState
from app.shared.standing import id_of, step_word
from csa.areas.places import called
from csa.base.text import name_list, speak
from csa.decisions.registry import AreaStanding
from csa.decisions.store.records import Records
from csa.reports.briefing import ActionLine
from csa.reports.briefing.places import (
    AREA,
    CITY,
    NEIGHBORHOOD,
    PROPOSED,
    UNSERVED,
    Place,
    Recent,
    list_places,
    live_by_area,
)

WIDGET, QUERY, KEPT = "measures place", "place", "measures place as kept"
MOST_NAMED = 5


def places(
    opened: Opened, screen: LinkState, records: Records, lines: Sequence[ActionLine]
) -> tuple[tuple[Place, ...], Recent | None]:
    """List the places to choose from."""
    areas = cache.proposal(opened, screen.choices).areas
    rows = areas[["area_id", "place_name", "cells"]].itertuples(index=False, name=None)
    proposed = [(str(letter), str(name), tuple(map(str, cells))) for letter, name, cells in rows]
    recent = cache_change.recent(opened, screen.choices)
    names = [str(name) for name in opened.dataset.neighborhoods["name"] if name]
    return list_places(records, proposed, names, recent, live_by_area(lines)), recent


def choose(
    screen: LinkState, listed: Sequence[Place], standing: Mapping[str, AreaStanding]
) -> tuple[Place, LinkState]:
    """Ask for a place; other pages then show the same area."""
    screen = screen.with_area(id_of(standing, screen.area))
    by_id = {place.id: place for place in listed}
    ids, now = list(by_id), st.session_state.get(WIDGET)
    found = by_id[
        st.selectbox(
            speak("here.choose"),
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
    standing: Mapping[str, AreaStanding],
) -> str:
    """Return the link's place, else the last one shown unless another area was chosen since."""
    asked = st.query_params.get(QUERY, "")
    kind, _, key = asked.partition(":")
    if kind == PROPOSED and key:  # it may be in service by now
        key = id_of(standing, key)
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
        return speak("here.city")
    if place.kind == NEIGHBORHOOD:
        return place.name
    name = called(place.name, place.key)
    return speak("here.named", name=name, state=state_word(place))


def state_word(place: Place) -> str:
    """Return an area's state in words."""
    if place.kind == PROPOSED:
        return speak("here.proposed")
    return step_word(place.state)


def without_action(listed: Sequence[Place]) -> str:
    """Name the areas with shootings and no action in progress, in one line."""
    areas = [place for place in listed if place.kind == AREA and place.state not in UNSERVED]
    if not areas:
        return speak("here.no_area")
    lacking = [place for place in areas if place.lacks_action]
    if not lacking:
        return ""
    names = [called(place.name, place.key) for place in lacking[:MOST_NAMED]]
    left = len(lacking) - len(names)
    if left:
        names.append(speak("here.and_more", n=left))
    return speak("here.lacking", areas=name_list(names))


def value_places(listed: Sequence[Place]) -> dict[str, str]:
    """List every place that a value can belong to, except the whole city."""
    return {place.key: name_of(place) for place in listed if place.kind not in {CITY, PROPOSED}}
