"""Meeting: the Executive Committee's quarterly review, two minutes per screen."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.meeting import minutes, parts
from csa_app.shared import cache_store, panels, person
from csa_app.shared.signing import FormScene

step = parts.current_step()
opened = panels.frame(parts.titled(step))
minutes.keep_fields()
plan = cache_store.plan(opened)
records = cache_store.records(opened)
if plan is None:
    panels.empty(tr("plan_page.no_plan", city=opened.config.city.name), "data")
    st.stop()
review = parts.prepare(opened, plan, records)
with st.container(key="meeting_screen"):
    scene = FormScene(opened, person.person(opened), plan, records, cache_store.today(opened))
    if step == parts.DECISIONS:
        minutes.show(scene, review)
    else:
        parts.show(opened, plan, records, review, step)
        minutes.offer(scene)
parts.show_step_buttons(step)
