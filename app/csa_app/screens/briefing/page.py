"""Briefing: this month on one screen, for a committee member with two minutes."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.briefing import cards, parts
from csa_app.shared import core_list, extras, panels, screen_state
from csa_app.shared.area_status import AreaView
from csa_app.shared.map_component import small_map

opened = panels.frame(tr("briefing.short"), parts.title)
screen = screen_state.begin(opened)
choices = screen.choices
areas = cards.show(opened)
view = AreaView(opened, choices)
with panels.working():
    proposal = view.proposal
cards.show_areas(areas, view, None, None)
with st.container(key="small_map"):
    on_left, listed = parts.places(proposal)
parts.tiers(listed, view, None)
with on_left:
    small_map(view)
parts.show(opened)
extras.draw_sections("briefing", opened)
with st.expander(tr("screen.how_we_know")):
    said = st.empty()
    parts.sentences(said, view, None)
    core = core_list.show(opened)
    ranked = st.empty()
    parts.notes(view)
judgement = panels.assess_with_progress(opened, choices)
parts.sentences(said, view, judgement)
parts.tiers(listed, view, judgement)
parts.list_notes(ranked, proposal, judgement)
cards.show_areas(areas, view, judgement, core_list.fill(core, opened, choices))
