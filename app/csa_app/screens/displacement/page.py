"""Displacement: whether shootings went down in the areas, or moved next door."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError
from csa.base.text import month, tr
from csa_app.screens.displacement import evidence, parts, quarterly
from csa_app.shared import cache_change, extras, panels, screen_state
from csa_app.shared.area_status import areas_designated

opened = panels.frame(tr("change_page.title"))
first = screen_state.first_choices(opened)
core = areas_designated(opened)
n_core = 0 if core is None else len(core.area_ids)
screen = parts.choose_start(opened, screen_state.screen(opened), has_core=n_core > 0)
screen_state.remember(screen, first)
since = st.session_state["since"]
try:
    with panels.working():
        if core is not None and since == parts.CORE:
            following = cache_change.following_core(opened, screen.choices, core)
        else:
            following = cache_change.following(opened, screen.choices, since)
except CsaError:
    parts.start_menu(opened, n_core)
    raise
if following is None:
    parts.start_menu(opened, n_core)
    if since == parts.CORE:
        panels.empty(tr("change_page.not_begun"), "compare")
    else:
        panels.empty(tr("change_page.no_area", since=month(since)))
    st.stop()
parts.month_by_month(opened, following, n_core)
quarterly.others(opened, screen.choices, following)
extras.draw_sections("displacement", opened, following)
quarterly.quarters(opened, following)
quarterly.newest(opened, screen.choices, following)
evidence.show_evidence(opened, screen.choices, following)
quarterly.became(opened, screen.choices, following)
