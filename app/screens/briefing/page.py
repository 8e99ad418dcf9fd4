"""Briefing: this month on one screen, for a committee member with two minutes."""

from __future__ import annotations

import streamlit as st

from app.screens.briefing import area_list, areas, parts
from app.shared import cache, panels, session
from csa.base.errors import CsaError
from csa.base.text import speak

opened = panels.frame(speak("briefing.short"), parts.title)
screen = session.screen(opened)
session.remember(screen, session.first_choices(opened))
choices = screen.choices
try:
    with panels.working():
        proposal = cache.proposal(opened, choices)
except CsaError as error:
    panels.stop(error)
said = st.empty()
parts.sentences(said, opened, choices, proposal, None)
with st.container(key="small_map"):
    on_left, listed = parts.places(proposal)
area_list.tiers(listed, proposal, None)
with on_left:
    parts.small_map(opened, choices, proposal)
ranked = st.empty()
areas.show(opened, choices)
parts.links()
parts.notes(opened, choices, proposal)
try:
    judgement = panels.judged(opened, choices)
except CsaError as error:
    panels.stop(error)
parts.sentences(said, opened, choices, proposal, judgement)
area_list.tiers(listed, proposal, judgement)
parts.not_ranked(ranked, judgement)
