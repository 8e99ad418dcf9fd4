"""Briefing: this month on one screen, for a committee member with two minutes."""

from __future__ import annotations

import streamlit as st

from app.screens.briefing import area_list, first_hour, parts
from app.shared import cache, core_list, panels, session
from app.shared.small_map import small_map
from app.shared.standing import core_counts, standing_of
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
standing = standing_of(opened, proposal)
counts = core_counts(opened, choices)
said = st.empty()
parts.sentences(said, opened, choices, (proposal, None), standing)
core = core_list.show(opened)
with st.container(key="small_map"):
    on_left, listed = parts.places(proposal)
area_list.tiers(listed, proposal, None, standing, counts)
with on_left:
    small_map(opened, choices, proposal, standing)
ranked = st.empty()
first_hour.show(opened)
parts.links()
parts.notes(opened, choices, proposal)
try:
    judgement = panels.judged(opened, choices)
except CsaError as error:
    panels.stop(error)
parts.sentences(said, opened, choices, (proposal, judgement), standing)
area_list.tiers(listed, proposal, judgement, standing, counts)
parts.not_ranked(ranked, judgement)
core_list.fill(core, opened, choices)
