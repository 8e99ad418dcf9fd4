"""Reports: a month's editions made with one click, and who received which."""

from __future__ import annotations

import streamlit as st

from app.screens.reports import handing, made, parts
from app.screens.reports.handing import Desk
from app.shared import cache_store, panels, person
from app.shared.cache_report import ReportBasis
from app.shared.reports_words import reportable_months
from csa.base.errors import CsaError
from csa.base.text import speak

opened = panels.frame(speak("reports_page.title"))
person.require_internal(opened, speak("reports_page.internal"))
try:
    basis = ReportBasis(opened, cache_store.plan(opened), cache_store.records(opened))
    desk = Desk(opened, person.person(opened), basis, cache_store.today(opened))
    months = reportable_months(opened.dataset)
    if not months:
        panels.empty(speak("reports_page.no_month"))
        st.stop()
    asked, is_pressed = parts.choose(opened, months)
    report = parts.report_of(basis, asked, is_pressed=is_pressed)
except CsaError as error:
    panels.stop(error)
if report is not None:
    made.show(basis, report)
st.header(speak("reports_page.hand_out"), anchor=False)
handing.form(desk, report)
st.header(speak("reports_page.register"), anchor=False)
handing.register(desk)
