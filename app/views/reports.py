"""Reports: a month's editions made with one click, and who received which."""

from __future__ import annotations

import streamlit as st

from app import cache_store, panels, person, reports, reports_handing, reports_made
from app.cache_report import Basis
from app.reports_handing import Desk
from csa.errors import CsaError
from csa.words import speak

opened = panels.frame(speak("reports_page.title"))
if person.access(opened) == person.PUBLIC:  # what is internal stays so, whatever a browser asks
    panels.empty(speak("reports_page.internal"))
    st.stop()
try:
    basis = Basis(opened, cache_store.plan(opened), cache_store.records(opened))
    desk = Desk(basis, person.person(opened), cache_store.today(opened))
    months = reports.months_of(opened.dataset)
    if not months:
        panels.empty(speak("reports_page.no_month"))
        st.stop()
    asked, is_pressed = reports.choose(opened, months)
    report = reports.report_of(basis, asked, is_pressed=is_pressed)
except CsaError as error:
    panels.stop(error)
if report is not None:
    reports_made.show(basis, report)
st.subheader(speak("reports_page.hand_out"), anchor=False)
reports_handing.form(desk, report)
st.subheader(speak("reports_page.register"), anchor=False)
reports_handing.register(desk)
