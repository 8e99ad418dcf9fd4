"""Meeting: the Executive Committee's quarterly review, two minutes a screen."""

from __future__ import annotations

import streamlit as st

from app import cache_store, meeting, meeting_decisions, panels
from csa.errors import CsaError
from csa.words import speak

# On a projector the list of pages is in the way; its button brings it back.
st.set_page_config(initial_sidebar_state="collapsed")
step = meeting.settle_step()
opened = panels.frame(meeting.titled(step))
meeting_decisions.keep_fields()
try:
    plan = cache_store.plan(opened)
    records = cache_store.records(opened)
    if plan is None:
        panels.empty(speak("plan.none", city=opened.config.city.id))
        st.stop()
    review = meeting.prepare(opened, plan, records)
except CsaError as error:
    panels.stop(error)
with st.container(key="meeting_screen"):
    if step == meeting.DECISIONS:
        meeting_decisions.show(opened, plan, records, review)
    else:
        meeting.show(opened, plan, records, review, step)
meeting.ways(step)
