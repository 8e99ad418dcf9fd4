"""The parts of Displacement that follow the month: the answer, the map, and the sums since."""

from __future__ import annotations

import html

import streamlit as st

from app import cache_around, charts, charts_change, look, maps, maps_change, panels, session, stage
from app.following import Following
from app.legend import show_legend
from app.maps_change import ChangeScene, verdict_word
from app.opened import Opened
from app.phrases import kinds_words
from app.screen import Screen
from app.track_record import command
from csa.words import month, render, speak
from csa.zoning import BASE_MONTHS

MAP = "name of the map of change"
PLAYING = "months step by themselves"
PRESSED = "play was pressed for this run"
WHOLE_RUN = "this run is of the whole page"
STEP_S = 1.0
MAP_HEIGHT_PX = 560


def choose_start(opened: Opened, screen: Screen) -> Screen:
    """Show the starts that can be chosen; return the screen with the one that was.

    Parameters
    ----------
    opened
        The city.
    screen
        What is on screen.

    Returns
    -------
    Screen
        With a start, unless the data are too short for any: then the page says so and stops.
    """
    starts = session.starts_of(opened.dataset)
    if not starts:
        panels.empty(speak("change_page.too_short", least=BASE_MONTHS))
        st.stop()
    own = session.first_start(starts)
    state = st.session_state
    if state.get("since") not in starts:
        state["since"] = screen.since if screen.since in starts else own
    with st.sidebar:
        since = st.selectbox(
            speak("change_page.since"),
            starts[::-1],
            key="since",
            format_func=month,
            help=speak("change_page.since_help", least=BASE_MONTHS),
        )
        st.caption(speak("change_page.since_note", month=month(since)))
    return screen.with_times("" if since == own else since, screen.month)


def start_of(opened: Opened, screen: Screen) -> str:
    """Tell the start on screen.

    Parameters
    ----------
    opened
        The city.
    screen
        As `choose_start` returned it.

    Returns
    -------
    str
        `YYYY-MM`.
    """
    return screen.since or session.first_start(session.starts_of(opened.dataset))


def month_by_month(opened: Opened, following: Following) -> None:
    """Show the parts that follow the month; a change of month repaints these alone.

    Parameters
    ----------
    opened
        The city.
    following
        Areas, and what became of them.
    """
    state = st.session_state
    # Whatever else was touched stops the play: the whole page runs then.
    state[PLAYING] = state.pop(PRESSED, False)
    state[WHOLE_RUN] = True
    is_playing = state[PLAYING]
    part = st.fragment(_month_parts, run_every=STEP_S if is_playing else None)
    part(opened, following, is_stepping=is_playing)


def _month_parts(opened: Opened, following: Following, *, is_stepping: bool) -> None:
    state = st.session_state
    is_whole = state.pop(WHOLE_RUN, False)
    if is_stepping and not is_whole and state[PLAYING]:
        _step(following.months)
    said = st.empty()
    at = _choose_month(following)
    _remember(opened, following, at)
    if state[PLAYING] != is_stepping:
        state[PRESSED] = state[PLAYING]
        st.rerun()  # the clock belongs to the whole page
    screen: Screen = state[session.SCREEN]
    _answer(said, opened, following, at)
    has_alike = _legend(following)
    with st.container(key="change_parts"):
        left, right = st.columns([0.62, 0.38], gap="medium")
    scene = ChangeScene(following, at, screen.area, has_alike)
    with left, panels.map_words(), st.container(key="map"):
        _map(opened, scene)
    with right:
        _sums(opened, scene)


def _step(months: list[str]) -> None:
    """Go on to the next month; stop at the last."""
    state = st.session_state
    place = min(months.index(state["month"]) + 1, len(months) - 1)
    state["month"] = months[place]
    state[PLAYING] = place < len(months) - 1


def _choose_month(following: Following) -> int:
    """Show the months since the start and the button that plays them; return the chosen one."""
    state, months = st.session_state, following.months
    screen: Screen = state[session.SCREEN]
    if state.get("month") not in months:
        state["month"] = screen.month if screen.month in months else months[-1]
    if len(months) == 1:
        st.caption(speak("change_page.one_month", month=month(months[0])))
        return 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="months"):
        is_playing = state[PLAYING]
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
            format_func=lambda name: month(name, is_short=True),
            on_change=_stop,
        )
    return months.index(state["month"])


def _press(months: list[str]) -> None:
    state = st.session_state
    state[PLAYING] = state[PRESSED] = not state[PLAYING]
    if state[PLAYING] and state["month"] == months[-1]:
        state["month"] = months[0]


def _stop() -> None:
    st.session_state[PLAYING] = False


def _remember(opened: Opened, following: Following, at: int) -> None:
    """Keep the month on screen; while months step, the address is left alone."""
    state = st.session_state
    screen: Screen = state[session.SCREEN]
    is_last = at == len(following.months) - 1
    screen = screen.with_times(screen.since, "" if is_last else following.months[at])
    if state[PLAYING]:
        state[session.SCREEN] = screen
    else:
        session.remember(screen, session.first_choices(opened.config, opened.dataset))


def _answer(
    spot: st.delta_generator.DeltaGenerator, opened: Opened, following: Following, at: int
) -> None:
    """Say what all areas together did, and what usually happens anyway."""
    before, usual = following.say_usual(at)
    is_unknown = not following.displaced.past
    choices = st.session_state[session.SCREEN].choices
    faint = [render(before), render(usual)]
    is_proxy = opened.config.city.nonfatal_is_proxy
    if is_proxy or len(choices.kinds) == 1:
        faint.insert(0, speak("change_page.kinds_counted", what=kinds_words(opened, choices)))
    if is_unknown:
        faint.append(speak("change_page.make_past", command=command(opened, choices)))
    if at < len(following.months) - 1:
        faint.append(speak("change_page.up_to", month=month(following.months[at])))
    spot.html(
        f'<div class="csa-change"><p class="csa-answer">'
        f"{html.escape(render(following.sentence('', at)))}</p>"
        f'<p class="csa-faint">{html.escape(" ".join(faint))}</p></div>'
    )


def _legend(following: Following) -> bool:
    """Say what the colours mean; offer to outline the places most like the areas."""
    colours = look.current()
    with st.container(horizontal=True, vertical_alignment="center", key="change_legend"):
        show_legend(
            speak("change_page.legend"),
            maps_change.classes(),
            colours.diverging,
            marks=(
                ("┄", speak("change_page.mark_too_few")),
                ("░", speak("change_page.mark_ring")),
            ),
        )
        controls = following.controls
        if not any(one.is_close for one in (controls.pooled, *controls.single)):
            return False
        return st.toggle(
            speak("change_page.alike"), key="alike", help=speak("change_page.alike_help")
        )


def _map(opened: Opened, scene: ChangeScene) -> None:
    resolution = scene.following.displaced.chosen.resolution
    base, cells = cache_around.geometry(opened, resolution)
    key = stage.key_of("change", base, look.is_dark(), opened.config.city, opened.config.basemap)
    st.session_state[MAP] = key
    stage.show(
        maps.base_map(opened.config, base, is_dark=look.is_dark()),
        key,
        maps_change.painting(scene, cells),
        _on_map_click,
        MAP_HEIGHT_PX,
    )


def _on_map_click() -> None:
    area_id = stage.clicked_area(st.session_state[MAP])
    if area_id is not None:
        _choose(area_id)


def _choose(area_id: str) -> None:
    state = st.session_state
    state[PLAYING] = False
    state[session.SCREEN] = state[session.SCREEN].with_area(area_id)


def _sums(opened: Opened, scene: ChangeScene) -> None:
    """Say and draw what the chosen area, or all together, added up to since the start."""
    following, at, area_id = scene.following, scene.at, scene.selected
    judged = following.judged(area_id)
    is_one = area_id in following.area_ids
    title = speak(
        "change_page.sums_title",
        verdict=verdict_word(judged, at),
        who=following.place_name(area_id),
    )
    is_unlike = scene.has_alike and not following.control(area_id).is_close
    notes = (
        render(following.sentence(area_id, at)) if is_one else _how_to_choose(area_id),
        speak("change_page.not_alike") if is_unlike else "",
        speak("change_page.band"),
    )
    said = html.escape(" ".join(note for note in notes if note))
    st.html(
        f'<div class="csa-sums"><h3>{html.escape(title)}</h3><p class="csa-faint">{said}</p></div>'
    )
    st.plotly_chart(
        charts_change.since_start(
            judged, following.months, at, is_synthetic=opened.config.city.is_synthetic
        ),
        config=charts.CONFIG,
        key="sums",
        alt=speak("change_page.sums_alt", title=title),
    )
    st.button(
        speak("change_page.all_together"),
        key="all together",
        disabled=not is_one,
        on_click=_choose,
        args=("",),
    )


def _how_to_choose(area_id: str) -> str:
    """Say how to choose an area; or that the one chosen elsewhere was none at this start."""
    if area_id:
        return speak("change_page.not_then", area_id=area_id)
    return speak("change_page.choose")
