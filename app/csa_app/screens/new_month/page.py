"""New month: new files are looked at, and on one confirmation the month is made."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.new_month import parts
from csa_app.shared import panels, person

opened = panels.frame(tr("new_month.title"))
if not person.may_set_up(opened.config):
    panels.empty(tr("roles.not_set_up"))
    st.stop()
place = parts.place_of(opened)
st.markdown(tr("new_month.about"))
draft = parts.ask(opened, place)
if draft is not None:
    parts.show_preview(draft)
    parts.offer(opened, place, draft)
parts.show_months(opened, place)
