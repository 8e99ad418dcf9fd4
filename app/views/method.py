"""Method: how areas are made, with the numbers of the proposal on screen."""

from __future__ import annotations

import streamlit as st

from app import cache, methods, panels, session
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("method.title"))
screen = session.screen(opened.config, opened.dataset)
session.remember(screen, session.first_choices(opened.config, opened.dataset))
try:
    with panels.working():
        proposal = cache.proposal(opened, screen.choices)
except CsaError as error:
    panels.stop(error)
methods.answer(proposal)
methods.numbers(opened, proposal)
st.divider()
methods.page()
