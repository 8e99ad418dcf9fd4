"""Compare and choose: candidates side by side, with what is certain and what is not."""

from __future__ import annotations

import streamlit as st

from app.screens.compare import choosing, parts, side_by_side, weighing
from app.shared import cache, cache_around, panels, session
from app.shared.cache_once import once
from app.shared.standing import standing_of
from csa.base.errors import CsaError
from csa.base.text import speak
from csa.priority.assess import reorder

opened = panels.frame(speak("compare.title"))
screen = session.screen(opened)
session.remember(screen, session.first_choices(opened))
with st.sidebar:
    has_risk = cache_around.risk_terrain(opened) is not None
    weighed = weighing.choose(opened.config, has_risk=has_risk)
spot = st.empty()
spot.caption(speak("briefing.judging"))
try:
    proposal = cache.proposal(opened, screen.choices)
    judgement = panels.judged(opened, screen.choices)
except CsaError as error:
    spot.empty()
    panels.stop(error)
spot.empty()
if proposal.is_empty:
    panels.empty(speak("compare.empty"), "find_areas")
    st.stop()
try:
    if not weighed.weights.is_same(judgement.weights):  # what is kept is not kept once more
        judgement = once(reorder)(judgement, weighed.weights)
except CsaError as error:
    panels.stop(error)
standing = standing_of(opened, proposal)
parts.cannot(judgement, "locate")
chosen, places = parts.what_enters(judgement, weighed, opened, standing)
with st.container(horizontal=True, key="compare"):
    left, right = st.container(key="side", gap="xsmall"), st.container(key="map", gap="xsmall")
with left:
    side_by_side.show(opened, screen.choices, judgement, chosen, standing, places)
with right, panels.map_words():
    parts.show_map(opened, screen.choices, proposal, judgement, places, standing)
parts.cannot(judgement, "compare_one")
parts.reasons(opened, screen.choices, judgement, proposal, standing)
choosing.form(opened, proposal, judgement, weighed, sorted(places.sure), standing)
parts.bar(opened, weighed.capacity, choosing.chosen_now(proposal), standing)
