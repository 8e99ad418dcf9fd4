"""Find areas: where shootings concentrate, on a map, in a table, and area by area."""

from __future__ import annotations

import streamlit as st

from app import cache, controls, find, panels, session
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("find.title"))
first = session.first_choices(opened.config, opened.dataset)
screen = session.screen(opened.config, opened.dataset)
with st.sidebar:
    choices = controls.choose(opened.config, opened.dataset, screen.choices)
    below = st.container()
screen = screen.with_choices(choices)
try:
    with panels.working():
        proposal = cache.proposal(opened, choices)
except CsaError as error:
    panels.stop(error)
with below:
    controls.say_suggestion(
        proposal.suggested,
        proposal.summary["params"]["suggested_by"],
        proposal.summary["totals"]["located"],
        choices,
        find.override_cost(opened, proposal, choices),
    )
session.remember(screen, first)
find.answer(proposal)
find.map_and_areas(opened, choices)
