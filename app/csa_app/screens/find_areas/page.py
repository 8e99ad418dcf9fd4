"""Find areas: where shootings concentrate, on a map, in a table, and area by area."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.find_areas import controls, parts
from csa_app.shared import cache, panels, screen_state
from csa_app.shared.area_status import area_statuses

opened = panels.frame(tr("find.title"))
first = screen_state.first_choices(opened)
screen = screen_state.screen(opened)
with st.sidebar:
    choices = controls.choose(opened, screen.choices)
    below = st.container()
screen = screen.with_choices(choices)
with panels.working():
    proposal = cache.analysis(opened, choices).proposal
with below:
    controls.show_suggestion(proposal, parts.override_cost(opened, proposal, choices))
screen_state.remember(screen, first)
record = cache.analysis(opened, choices).backtest
parts.answer(proposal, record)
parts.map_and_areas(opened, choices)
parts.reasons(proposal, record, area_statuses(opened, proposal))
