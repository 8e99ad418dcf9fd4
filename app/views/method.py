"""Method: how areas are made, with the numbers of the proposal on screen."""

from __future__ import annotations

import streamlit as st

from app import cache, controls, methods, panels
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("method.title"))
screen = controls.screen(opened.config, opened.dataset)
controls.remember(screen, controls.first_choices(opened.config, opened.dataset))
try:
    with panels.working():
        proposal = cache.proposal(opened, screen.choices)
except CsaError as error:
    panels.stop(error)
methods.answer(proposal)
methods.numbers(opened, proposal)
st.divider()
methods.page()
