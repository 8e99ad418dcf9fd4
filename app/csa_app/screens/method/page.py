"""Method: how areas are made, with the numbers of the proposal on screen."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.method import parts
from csa_app.shared import cache, panels, screen_state

opened = panels.frame(tr("method.title"))
screen = screen_state.begin(opened)
with panels.working():
    proposal = cache.analysis(opened, screen.choices).proposal
parts.answer(proposal)
parts.numbers(opened, proposal)
st.divider()
parts.page()
