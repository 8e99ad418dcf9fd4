"""What a real city does in its first hour: a list on Briefing, until all of it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from app.shared import cache, cache_store, panels, person
from app.shared.city_session import Opened
from app.shared.settings import deployment
from csa.areas.choices import city_choices
from csa.base.errors import CsaError
from csa.base.text import speak


class FirstStep(NamedTuple):
    """A step of the first hour."""

    is_done: bool
    words: str
    page: str  # where it is done, or where its lack shows


def show(opened: Opened) -> None:
    """List the steps, done and open, to whoever may do them; nothing once all are done."""
    if opened.config.city.is_synthetic or not person.may_set_up(opened.config):
        return
    try:
        steps = list(_steps(opened))
    except CsaError:  # what is wrong is said where it belongs
        return
    n_done = sum(step.is_done for step in steps)
    if n_done == len(steps):
        return
    with st.expander(speak("first_hour.title", done=n_done, n=len(steps))):
        for step in steps:
            mark = (
                ":material/check_circle:" if step.is_done else ":material/radio_button_unchecked:"
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{mark} {panels.plain(step.words)}")
                if not step.is_done:
                    page, icon = f"screens/{step.page}/page.py", ":material/arrow_forward:"
                    st.page_link(page, width="content", icon=icon)


def _steps(opened: Opened) -> Iterator[FirstStep]:
    config, dataset = opened.config, opened.dataset
    names = dataset.neighborhoods["name"].nunique()
    yield FirstStep(bool(dataset.report["incidents"]), speak("first_hour.data"), "data")
    yield FirstStep(names > 1, speak("first_hour.places"), "data")
    yield FirstStep("population" in dataset.neighborhoods, speak("first_hour.people"), "data")
    yield FirstStep(dataset.services is not None, speak("first_hour.services"), "data")
    yield FirstStep(bool(config.city.plan), speak("first_hour.plan"), "plan")
    is_judged = cache.record(opened, city_choices(config)) is not None
    yield FirstStep(is_judged, speak("first_hour.record"), "track_record")
    areas = cache_store.records(opened).areas
    yield FirstStep(bool(areas), speak("first_hour.designation"), "compare")
    months = Path(deployment().dataset).parent / "months"
    yield FirstStep(months.is_dir(), speak("first_hour.month"), "new_month")
