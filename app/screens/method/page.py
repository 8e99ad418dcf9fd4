"""Method: how areas are made, with the numbers of the proposal on screen."""

from __future__ import annotations

import streamlit as st

from app.screens.method import parts
from app.shared import cache, panels, session
from csa.base.errors import CsaError
from csa.base.text import speak

opened = panels.frame(speak("method.title"))
screen = session.screen(opened)
session.remember(screen, session.first_choices(opened))
try:
    with panels.working():
        proposal = cache.proposal(opened, screen.choices)
except CsaError as error:
    panels.stop(error)
parts.answer(proposal)
parts.numbers(opened, proposal)
st.divider()
parts.page()
