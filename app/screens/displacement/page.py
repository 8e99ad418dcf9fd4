"""Displacement: whether shootings went down in the areas, or moved next door."""

from __future__ import annotations

import streamlit as st

from app.screens.displacement import change_known, parts, quarterly
from app.shared import cache_change, panels, session
from csa.base.errors import CsaError
from csa.base.text import month, speak

opened = panels.frame(speak("change_page.title"))
first = session.first_choices(opened)
screen = session.screen(opened)
screen = parts.choose_start(opened, screen)
session.remember(screen, first)
since = parts.start_of(opened, screen)
try:
    with panels.working():
        following = cache_change.following(opened, screen.choices, since)
except CsaError as error:
    parts.start_menu(opened)
    panels.stop(error)
if following is None:
    parts.start_menu(opened)
    panels.empty(speak("change_page.no_area", since=month(since)))
    st.stop()
parts.month_by_month(opened, following)
quarterly.quarters(opened, following)
quarterly.newest(opened, screen.choices, following)
change_known.how(opened, screen.choices, following)
quarterly.became(opened, screen.choices, following)
