"""Reports: a month's editions made with one click, and who received which."""

from __future__ import annotations

import streamlit as st

from csa.base.text import tr
from csa_app.screens.reports import parts
from csa_app.screens.reports.parts import Desk
from csa_app.shared import cache_store, extras, panels, person
from csa_app.shared.cache_report import ReportBasis
from csa_app.shared.phrases import reportable_months

opened = panels.frame(tr("reports_page.title"))
person.require_internal(opened, tr("reports_page.internal"))
basis = ReportBasis(opened, cache_store.plan(opened), cache_store.records(opened))
desk = Desk(opened, person.person(opened), basis, cache_store.today(opened))
months = reportable_months(opened.dataset)
if not months:
    panels.empty(tr("reports_page.no_month"))
    st.stop()
asked, is_pressed = parts.choose(opened, months)
report = parts.report_of(basis, asked, is_pressed=is_pressed)
if report is not None:
    parts.show(basis, report)
extras.draw_sections("reports", opened, basis)
st.header(tr("reports_page.hand_out"), anchor=False)
parts.form(desk, report)
st.header(tr("reports_page.register"), anchor=False)
parts.register(desk)
