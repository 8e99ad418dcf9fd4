"""Briefing: this month on one screen, for a committee member with two minutes."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.briefing import parts
from csa_app.shared import cache, core_list, panels, screen_state
from csa_app.shared.area_status import area_statuses, core_counts
from csa_app.shared.map_component import small_map

opened = panels.frame(tr("briefing.short"), parts.title)
screen = screen_state.begin(opened)
choices = screen.choices
with panels.working():
    proposal = cache.proposal(opened, choices)
standing = area_statuses(opened, proposal)
counts = core_counts(opened, choices)
said = st.empty()
parts.sentences(said, opened, choices, (proposal, None), standing)
core = core_list.show(opened)
with st.container(key="small_map"):
    on_left, listed = parts.places(proposal)
parts.tiers(listed, proposal, None, standing, counts)
with on_left:
    small_map(opened, choices, proposal, standing)
ranked = st.empty()
parts.show(opened)
parts.links()
parts.notes(opened, choices, proposal)
judgement = panels.assess_with_progress(opened, choices)
parts.sentences(said, opened, choices, (proposal, judgement), standing)
parts.tiers(listed, proposal, judgement, standing, counts)
parts.not_ranked(ranked, judgement)
core_list.fill(core, opened, choices)
