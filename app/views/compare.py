"""Compare and choose: candidates side by side, with what is sure and what is not."""

from __future__ import annotations

import streamlit as st

from app import cache, choosing, compare, panels, session, side_by_side, weighing
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("compare.title"))
screen = session.screen(opened.config, opened.dataset)
session.remember(screen, session.first_choices(opened.config, opened.dataset))
with st.sidebar:
    weighed = weighing.choose(opened.config)
try:
    proposal = cache.proposal(opened, screen.choices)
    judgement = panels.judged(opened, screen.choices)
except CsaError as error:
    panels.stop(error)
if proposal.is_empty:
    panels.empty(speak("compare.empty"))
    st.stop()
compare.cannot(judgement, "locate")
compare.answer(judgement)
chosen = compare.what_enters(judgement, weighed, opened)
with panels.map_words(), st.container(key="map"):
    compare.show_map(opened, screen.choices, proposal, judgement, chosen)
side_by_side.show(opened, screen.choices, judgement, chosen)
compare.cannot(judgement, "compare_one")
compare.reasons(opened, screen.choices, judgement, proposal)
choosing.form(opened, proposal, judgement, weighed, compare.first_areas(chosen))
