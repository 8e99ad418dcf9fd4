"""Displacement: whether shootings went down in the areas, or moved next door."""

from __future__ import annotations

import streamlit as st

from app.screens.displacement import change_known, parts, quarterly
from app.shared import cache_change, panels, session
from app.shared.standing import areas_designated
from csa.base.errors import CsaError
from csa.base.text import month, speak

opened = panels.frame(speak("change_page.title"))
first = session.first_choices(opened)
core = areas_designated(opened)
n_core = 0 if core is None else len(core.area_ids)
screen = parts.choose_start(opened, session.screen(opened), has_core=n_core > 0)
session.remember(screen, first)
since = st.session_state["since"]
try:
    with panels.working():
        if core is not None and since == parts.CORE:
            following = cache_change.following_core(opened, screen.choices, core)
        else:
            following = cache_change.following(opened, screen.choices, since)
except CsaError as error:
    parts.start_menu(opened, n_core)
    panels.stop(error)
if following is None:
    parts.start_menu(opened, n_core)
    if since == parts.CORE:
        panels.empty(speak("change_page.not_begun"), "compare")
    else:
        panels.empty(speak("change_page.no_area", since=month(since)))
    st.stop()
parts.month_by_month(opened, following, n_core)
quarterly.others(opened, screen.choices, following)
quarterly.quarters(opened, following)
quarterly.newest(opened, screen.choices, following)
change_known.how(opened, screen.choices, following)
quarterly.became(opened, screen.choices, following)
