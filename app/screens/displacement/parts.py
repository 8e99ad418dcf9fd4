"""The parts of Displacement that follow the month: the start, the answer, the map."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from app.screens.displacement import each_area, sums_since
from app.shared import (
    cache,
    map_component,
    maps_change,
    panels,
    session,
    theme,
)
from app.shared.city_session import Opened
from app.shared.following import Following
from app.shared.legend import outlines_of, show_legend
from app.shared.link_state import LinkState
from app.shared.maps_change import ChangeScene
from app.shared.phrases import kinds_words
from app.shared.standing import (
    areas_designated,
    areas_in_service,
    has_ever_served,
    id_of,
    standing_of,
)
from csa.base.text import month, name_list, render, speak
from csa.decisions.registry import CoreArea
from csa.displacement.sentences import say_here
from csa.displacement.telling import moved_somewhere, name_all, say_classic, say_ground
from csa.displacement.verdict import Verdict
from csa.displacement.zoning import BASE_MONTHS

PLAYING = "the month before, and the one that play shows"
PRESSED = "play was pressed for this run"
WHOLE_RUN = "this run is of the whole page"
STEP_S = 1.0
MAP_HEIGHT_PX = 540
MENU_PX = 200
ALIKE = "alike"
FOLLOW = "core service areas are followed"

CORE = ""
"""The start of core service areas: each has its own."""


def starts(opened: Opened, *, has_core: bool) -> list[str]:
    """List what can be followed: core service areas first, then candidates of each start."""
    return [*[CORE] * has_core, *session.starts_of(opened.dataset)[::-1]]


def choose_start(opened: Opened, screen: LinkState, *, has_core: bool) -> LinkState:
    """Take the start chosen on the page, else the link's, else that of core service areas.

    Where there are none, the city's own.
    """
    offered = starts(opened, has_core=has_core)
    if not offered:
        months = session.months_known(opened.dataset)
        panels.empty(speak("change_page.too_short", n=months, least=BASE_MONTHS))
        st.stop()
    own = CORE if has_core else session.first_start(offered[::-1])
    state = st.session_state
    if state.get("since") not in offered:
        state["since"] = screen.since if screen.since in offered else own
    since = state["since"]
    return screen.with_times("" if since == own else since, screen.month)


def start_menu(opened: Opened, n_core: int) -> str:
    """Ask whom to follow, where phones show it too, and return the start."""
    state = st.session_state
    if n_core:
        state[FOLLOW] = state["since"] == CORE
        st.segmented_control(
            speak("change_page.follow"),
            (True, False),
            key=FOLLOW,
            required=True,
            format_func=lambda is_core: (
                speak("change_page.core_areas", n=n_core)
                if is_core
                else speak("change_page.candidates")
            ),
            on_change=_follow_other,
            args=(session.first_start(session.starts_of(opened.dataset)),),
        )
        if state["since"] == CORE:
            return CORE
    return st.selectbox(
        speak("change_page.since"),
        starts(opened, has_core=False),
        key="since",
        persist_state="session",
        format_func=month,
        help=speak("change_page.since_help", least=BASE_MONTHS),
        width=MENU_PX,
    )


def _follow_other(start: str) -> None:
    """Go to the core service areas, or to the candidates of the city's own start."""
    st.session_state["since"] = CORE if st.session_state[FOLLOW] else start


def month_by_month(opened: Opened, following: Following, n_core: int) -> None:
    """Show the parts that follow the month; changing the month repaints only these."""
    state = st.session_state
    # Any other change stops the playback, since the whole page then runs.
    state[PLAYING] = state.pop(PRESSED, None)
    state[WHOLE_RUN] = True
    is_playing = bool(state[PLAYING])
    part = st.fragment(_month_parts, run_every=STEP_S if is_playing else None)
    part(opened, following, n_core, is_stepping=is_playing)


def _month_parts(opened: Opened, following: Following, n_core: int, *, is_stepping: bool) -> None:
    state = st.session_state
    is_whole = state.pop(WHOLE_RUN, False)
    if state[PLAYING]:
        follow_play(following.months, is_step=is_stepping and not is_whole)
    said = st.container(key="change_said")
    at = _choose_times(opened, following, n_core)
    _remember(opened, following, at)
    if bool(state[PLAYING]) != is_stepping:
        state[PRESSED] = state[PLAYING]
        st.rerun()  # the timer belongs to the whole page
    screen: LinkState = state[session.SCREEN]
    first = "" if following.is_early(at) else _not_served(opened, following)
    said.html(f'<div class="csa-change">{_paragraphs([first, *_answer(following, at)])}</div>')
    with st.container(horizontal=True, key="change_parts"):
        left, right = st.container(key="map"), st.container(key="change_each")
    selected = _selected(opened, screen, following)
    can_alike = any(one.is_close for one in (following.controls.pooled, *following.controls.single))
    has_alike = can_alike and bool(state.get(ALIKE))
    scene = ChangeScene(following, at, selected, has_alike, _beside(opened, following))
    with left, panels.map_words():  # first: what comes into its row later would move it
        _map(opened, scene)
    with right:
        each_area.show(opened, following, at, selected)
    _legend(opened, following, can_alike=can_alike)
    with st.container(key="change_below"):
        st.html(f'<div class="csa-more">{_paragraphs(_details(opened, following, at))}</div>')
        sums_since.show(opened, scene, choose_area)


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{html.escape(one)}</p>" for one in sentences if one)


def _beside(opened: Opened, following: Following) -> tuple[CoreArea, ...]:
    """List the core service areas that are not followed here, which the map shows all the same."""
    return tuple(a for a in areas_in_service(opened) if a.key not in following.area_ids)


def follow_play(months: Sequence[str], *, is_step: bool) -> None:
    """Go to the next month once the browser shows this one; stop after the last.

    Until it has drawn a month the browser still sends the one before, which nobody has chosen. Any
    other month was moved to by hand, and stops the play.
    """
    state = st.session_state
    playing = state[PLAYING]
    shown = playing[-1]
    if state.get("month") not in playing:
        state[PLAYING] = None
    elif not is_step or state["month"] != shown:
        state["month"] = shown
    elif shown == months[-1]:
        state[PLAYING] = None
    else:
        state["month"] = months[months.index(shown) + 1]
        state[PLAYING] = (shown, state["month"])


def _choose_times(opened: Opened, following: Following, n_core: int) -> int:
    """Show the start and the months since; return the position of the chosen month."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="months"):
        own = CORE if following.is_core else str(following.displaced.since)
        if start_menu(opened, n_core) != own:
            st.rerun()  # another start has other areas, which concerns the whole page
        return _choose_month(following)


def _choose_month(following: Following) -> int:
    """Show the months since the start with a play button; return the position of the chosen one."""
    state, months = st.session_state, following.months
    screen: LinkState = state[session.SCREEN]
    if state.get("month") not in months:
        state["month"] = screen.month if screen.month in months else months[-1]
    if len(months) == 1:
        st.caption(speak("change_page.one_month", month=month(months[0])))
        return 0
    is_playing = bool(state[PLAYING])
    st.button(
        speak("change_page.stop") if is_playing else speak("change_page.play"),
        icon=":material/stop:" if is_playing else ":material/play_arrow:",
        key="play",
        on_click=_press,
        args=(months,),
    )
    st.select_slider(
        speak("change_page.month"),
        months,
        key="month",
        persist_state="session",
        format_func=lambda name: month(name, is_short=True),
    )
    return months.index(state["month"])


def _press(months: list[str]) -> None:
    state = st.session_state
    if state[PLAYING]:
        stop_playing()
    else:
        shown = state["month"]
        state["month"] = months[0] if shown == months[-1] else shown
        state[PLAYING] = (shown, state["month"])
    state[PRESSED] = state[PLAYING]


def stop_playing() -> None:
    """Stop at the month on screen."""
    state = st.session_state
    if state.get(PLAYING):
        state["month"] = state[PLAYING][-1]
    state[PLAYING] = None


def _remember(opened: Opened, following: Following, at: int) -> None:
    """Store the month on screen; during playback the address is left alone."""
    state = st.session_state
    screen: LinkState = state[session.SCREEN]
    is_last = at == len(following.months) - 1
    screen = screen.with_times(screen.since, "" if is_last else following.months[at])
    if state[PLAYING]:
        state[session.SCREEN] = screen
    else:
        session.remember(screen, session.first_choices(opened))


def _answer(following: Following, at: int) -> list[str]:
    """Return what all areas together did; each has its numbers beside the map."""
    if following.is_early(at):
        return [render(following.sentence("", at))]
    judged, since = following.displaced.pooled, following.displaced.since
    if judged.verdicts[at] is Verdict.TOO_FEW:
        return [render(following.sentence("", at))]
    told = say_here(judged, at + 1, since, name_all(following.displaced))
    said = [render(told), _moved_somewhere(following, at)]
    return [" ".join(filter(None, said))]


def _not_served(opened: Opened, following: Following) -> str:
    """Return the first sentence, that candidates show nobody's work; "" for areas in service."""
    if following.is_core:
        return ""
    since, n = month(str(following.displaced.since)), len(following.area_ids)
    is_none = not has_ever_served(opened)
    key = "change_page.none_served" if is_none else "change_page.candidates_followed"
    return speak(key, n=n, month=since)


def _moved_somewhere(following: Following, at: int) -> str:
    """Name the areas from which it moved next door, where all together do not show it."""
    places = [following.place_name(area_id) for area_id in moved_somewhere(following.displaced, at)]
    return speak("report.moved_somewhere", n=len(places), areas=name_list(places)) if places else ""


def _details(opened: Opened, following: Following, at: int) -> list[str]:
    """Return which areas differ, what usually happens anyway, and what each number counts."""
    choices = st.session_state[session.SCREEN].choices
    since, until = (month(one) for one in (str(following.displaced.since), following.months[at]))
    key = "change_page.core_note" if following.is_core else "change_page.since_note"
    counted = [speak(key, month=since), speak("change_page.counted_here", until=until)]
    if not following.is_core and areas_designated(opened) is not None:
        counted.append(speak("change_page.not_agreed"))
    if at < len(following.months) - 1:
        counted.append(speak("change_page.up_to", month=until))
    counted += map(render, say_ground(following.displaced))
    if opened.config.city.nonfatal_is_proxy or len(choices.kinds) == 1:
        counted.append(speak("change_page.kinds_counted", what=kinds_words(opened, choices)))
    if following.is_early(at):
        return [" ".join(counted)]
    usual = [render(told) for told in following.say_usual(at)]
    classic = say_classic(following.evidence) if at == len(following.months) - 1 else None
    usual += [] if classic is None else [render(classic)]
    whole = render(following.sentence("", at))
    return [each_area.say_singles(following, at), whole, " ".join(usual), " ".join(counted)]


def _legend(opened: Opened, following: Following, *, can_alike: bool) -> None:
    """Show what the colors and outlines mean; offer to outline the comparison places."""
    colours = theme.current()
    with st.container(horizontal=True, vertical_alignment="center", key="change_legend"):
        show_legend(
            speak("change_page.legend"),
            maps_change.classes(),
            colours.diverging,
            marks=(
                ("┄", speak("change_page.mark_too_few")),
                ("░", speak("change_page.mark_ring")),
            ),
            outlines=outlines_of(areas_in_service(opened), has_candidates=not following.is_core),
        )
        if can_alike:
            st.toggle(speak("change_page.alike"), key=ALIKE, help=speak("change_page.alike_help"))


def _map(opened: Opened, scene: ChangeScene) -> None:
    map_component.draw(
        opened,
        scene.following.displaced.chosen.resolution,
        "change",
        lambda cells: maps_change.painting(scene, cells),
        choose_area,
        MAP_HEIGHT_PX,
    )


def _selected(opened: Opened, screen: LinkState, following: Following) -> str:
    """Return the chosen area by its id here: other pages know it by its id in the proposal."""
    if screen.area in following.area_ids or not screen.area:
        return screen.area
    stands = standing_of(opened, cache.proposal(opened, screen.choices))
    area_id = id_of(stands, screen.area)
    return (stands[area_id].letter or area_id) if area_id else screen.area


def choose_area(area_id: str) -> None:
    """Choose an area on the map, and stop playing."""
    stop_playing()
    state = st.session_state
    state[session.SCREEN] = state[session.SCREEN].with_area(area_id)
