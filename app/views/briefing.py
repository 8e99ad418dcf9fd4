"""Briefing: this month on one screen, for a committee member with two minutes."""

from __future__ import annotations

import streamlit as st

from app import briefing, briefing_areas, briefing_list, cache, panels, session
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("briefing.short"), briefing.title)
screen = session.screen(opened.config, opened.dataset)
session.remember(screen, session.first_choices(opened.config, opened.dataset))
choices = screen.choices
try:
    with panels.working():
        proposal = cache.proposal(opened, choices)
except CsaError as error:
    panels.stop(error)
said = st.empty()
briefing.sentences(said, opened, choices, proposal, None)
with st.container(key="small_map"):
    on_left, listed = briefing.places(proposal)
briefing_list.tiers(listed, proposal, None)
with on_left:
    briefing.small_map(opened, choices, proposal)
ranked = st.empty()
briefing_areas.show(opened, choices)
briefing.links()
briefing.notes(opened, choices, proposal)
try:
    judgement = panels.judged(opened, choices)
except CsaError as error:
    panels.stop(error)
briefing.sentences(said, opened, choices, proposal, judgement)
briefing_list.tiers(listed, proposal, judgement)
briefing.not_ranked(ranked, judgement)
