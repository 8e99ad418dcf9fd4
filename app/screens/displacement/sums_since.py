"""The sums of the chosen area, or of all areas together, since the start."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from app.screens.displacement import charts_change
from app.shared import charts
from app.shared.city_session import Opened
from app.shared.following import Following
from app.shared.maps_change import ChangeScene, verdict_word
from csa.base.text import render, speak

ONE_AREA = "the area whose sums are shown"


def show(opened: Opened, scene: ChangeScene, choose: Callable[[str], None]) -> None:
    """Show and chart the sums of the chosen area, or of all together, since the start."""
    following, at, area_id = scene.following, scene.at, scene.selected
    judged = following.judged(area_id)
    is_one = area_id in following.area_ids
    _choose_area(following, area_id if is_one else None, choose)
    title = speak(
        "change_page.sums_title",
        verdict=verdict_word(judged, at),
        who=following.place_name(area_id),
    )
    is_unlike = scene.has_alike and not following.control(area_id).is_close
    if following.is_early(at, area_id):
        notes: tuple[str, ...] = (render(following.sentence(area_id, at)),)
    else:
        notes = (
            render(following.sentence(area_id, at)) if is_one else _how_to_choose(area_id),
            speak("change_page.not_alike") if is_unlike else "",
            speak("change_page.band"),
        )
    said = html.escape(" ".join(note for note in notes if note))
    st.html(
        f'<div class="csa-sums"><h2>{html.escape(title)}</h2><p class="csa-faint">{said}</p></div>'
    )
    if following.is_early(at, area_id):
        return
    st.plotly_chart(
        charts_change.since_start(
            judged, following.months, at, is_synthetic=opened.config.city.is_synthetic
        ),
        config=charts.CONFIG,
        key="sums",
        alt=speak("change_page.sums_alt", title=title),
    )


def _choose_area(following: Following, area_id: str | None, choose: Callable[[str], None]) -> None:
    """Offer each area by name, for keyboards and where the map is hard to hit."""
    st.session_state[ONE_AREA] = area_id
    with st.container(horizontal=True, vertical_alignment="bottom", key="one_area"):
        st.selectbox(
            speak("change_page.one_area"),
            following.by_letter,
            index=None,
            key=ONE_AREA,
            format_func=following.place_name,
            placeholder=speak("change_page.one_area_none"),
            on_change=_choose_listed,
            args=(choose,),
        )
        st.button(
            speak("change_page.all_together"),
            key="all together",
            disabled=area_id is None,
            on_click=choose,
            args=("",),
        )


def _choose_listed(choose: Callable[[str], None]) -> None:
    choose(st.session_state[ONE_AREA] or "")


def _how_to_choose(area_id: str) -> str:
    """Explain how to choose an area, or that the chosen one did not exist at this start."""
    if area_id:
        return speak("change_page.not_then")
    return speak("change_page.choose")
