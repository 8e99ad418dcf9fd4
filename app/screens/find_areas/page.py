"""Find areas: where shootings concentrate, on a map, in a table, and area by area."""

from __future__ import annotations

import streamlit as st

from app.screens.find_areas import controls, parts
from app.shared import cache, panels, session
from app.shared.standing import standing_of
from csa.base.errors import CsaError
from csa.base.text import speak

opened = panels.frame(speak("find.title"))
first = session.first_choices(opened)
screen = session.screen(opened)
with st.sidebar:
    choices = controls.choose(opened, screen.choices)
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
        parts.override_cost(opened, proposal, choices),
    )
session.remember(screen, first)
parts.answer(proposal, cache.suggesting(opened, choices), standing_of(opened, proposal))
parts.map_and_areas(opened, choices)
