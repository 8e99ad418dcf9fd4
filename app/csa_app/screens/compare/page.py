"""Compare and choose: candidates side by side, with what is certain and what is not."""

from __future__ import annotations

from functools import partial

import streamlit as st

from csa.areas.priority.assessment import reorder
from csa.base.text import tr
from csa_app.screens.compare import choosing, parts, weighing
from csa_app.shared import cache, panels, screen_state
from csa_app.shared.area_status import AreaView
from csa_app.shared.cache import once

opened = panels.frame(tr("compare.title"))
screen = screen_state.begin(opened)
with st.sidebar:
    has_risk = cache.risk_terrain(opened) is not None
    weighed = weighing.choose(opened.config, has_risk=has_risk)
spot = st.empty()
view = AreaView(opened, screen.choices)
try:
    proposal = view.proposal
    known = partial(parts.counts_first, spot, proposal)
    judgement = panels.assess_with_progress(opened, screen.choices, meanwhile=known)
finally:
    spot.empty()
if proposal.is_empty:
    panels.empty(tr("compare.empty"), "find_areas")
    st.stop()
if not weighed.weights.is_same(judgement.weights):  # what is kept is not kept once more
    judgement = once(reorder)(judgement, weighed.weights)
parts.cannot(judgement, "locate")
chosen, places = parts.what_enters(judgement, weighed, view)
with st.container(horizontal=True, key="compare"):
    left, right = st.container(key="side", gap="xsmall"), st.container(key="map", gap="xsmall")
with left:
    parts.show(view, judgement, chosen, places)
with right:
    parts.show_map(view, judgement, places)
parts.zones_in_common(view)
parts.cannot(judgement, "compare_one")
parts.reasons(view, judgement)
choosing.form(view, judgement, weighed, sorted(places.sure))
parts.bar(view, weighed.capacity, choosing.chosen_now(proposal))
