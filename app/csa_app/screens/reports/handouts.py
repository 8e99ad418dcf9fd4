"""Reports: who received which edition and when, and whether data or decisions changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as parts_of
from datetime import date

import pandas as pd
import streamlit as st

from csa.base.errors import CsaError
from csa.base.params import Month
from csa.base.text import day, month, tr
from csa.program.handouts import EVERYONE, FORMS, EditionFile, hand_out
from csa.program.plan.items import Plan
from csa.program.roles import Act, may, require
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import HandoutRow
from csa.reports.editions.phrases import audience_name
from csa.reports.editions.public import NONE_PUBLISHED
from csa.reports.html import made_from
from csa.reports.public.pages import language_name
from csa_app.screens.reports.parts import Report
from csa_app.shared import cache_report, cache_store, panels, signing
from csa_app.shared.cache_report import ReportBasis
from csa_app.shared.phrases import form_name
from csa_app.shared.signing import Decision, FormField, Present, Typed

MOST = 20
"""Entries shown at once; earlier ones are folded."""


@dataclass(frozen=True)
class Desk(Present):
    """What the parts of the page need."""

    basis: ReportBasis  # what reports are made from now
    today: date  # the day, in the city's own time


def form(desk: Desk, report: Report | None) -> None:
    """Ask who received an edition, and record it; read-only users get a note instead."""
    if not may(require, desk.who, "member"):
        panels.empty(tr("reports_page.read_only"))
    elif report is None:
        panels.empty(tr("reports_page.make_first"))
    elif not _editions(report):
        panels.empty(tr("reports_page.all_drafts"))
    else:
        signing.form(desk, _handing(desk, report))


def _handing(desk: Desk, report: Report) -> Decision:
    first = Month.parse(report.request.month)
    least = min(date(first.year, first.number, 1), desk.today)
    editions, days = _editions(report), {"min_value": least, "max_value": desk.today}
    known = known_recipients(desk.basis.plan, desk.basis.records)
    others = {"accept_new_options": True, "placeholder": tr("reports_page.to_hint")}
    which = FormField("edition", tr("label.edition"), "choice", options=editions, row=1)
    fields = (
        replace(which, words=_in_words),
        FormField("on", tr("reports_page.on"), "day", desk.today, row=1, more=days),
        FormField("recipients", tr("label.received_by"), "several", options=known, more=others),
    )

    def write(store: Store, act: Act, typed: Typed) -> str:
        made = cache_report.edition(report.facts, *typed.now["edition"])
        file = EditionFile(
            **{part.name: getattr(made, part.name) for part in parts_of(EditionFile)}
        )
        keys = hand_out(store, act, file, typed.now["recipients"], typed.now["on"])
        return tr("reports_page.recorded", n=len(keys))

    label = tr("reports_page.record")
    return Decision(f"hand out {report.request.month}", label, write, fields)


def _editions(report: Report) -> list[tuple[str, str, str]]:
    """List the audience, language and format of each edition that is offered and is no draft."""
    files = [(file.audience, file.language, file.form) for file in report.files]
    words = [(audience, report.request.language, "docx") for audience in report.audiences]
    order = {name: place for place, name in enumerate(report.audiences)}
    pages = [file for file in report.files if file.form == "html"]
    drafts = {one.audience for one in pages if made_from(one.content).figures == NONE_PUBLISHED}
    offered = (one for one in {*files, *words} if one[0] not in drafts)
    return sorted(offered, key=lambda one: (order[one[0]], FORMS.index(one[2])))


def _in_words(edition: tuple[str, str, str]) -> str:
    audience, language, form = edition
    return tr(
        "reports_page.edition",
        audience=audience_name(audience),
        language=language_name(language),
        form=form_name(form),
    )


def known_recipients(plan: Plan | None, records: Records) -> list[str]:
    """List offices and groups to choose from: those of the plan, and earlier recipients."""
    names = {row.recipient for row in records.handouts} - {EVERYONE}
    for team in () if plan is None else plan.teams:
        names |= {team.name, team.chair_office, *team.offices}
    return sorted(filter(None, names), key=str.casefold)


# ---- Who received what -----------------------------------------------------------------------


def register(desk: Desk) -> None:
    """Show who received what and when, newest first."""
    rows = sorted(desk.basis.records.handouts, key=lambda row: row.handed_on, reverse=True)
    if not rows:
        panels.empty(tr("reports_page.none_yet"))
        return
    now = {name: _now(desk, name) for name in {row.month for row in rows}}
    n_changed = sum(row.snapshot_id != now[row.month] for row in rows)
    changed = tr("reports_page.n_changed", n=n_changed) if n_changed else ""
    if n_changed == len(rows) > 1:
        changed = tr("reports_page.all_changed")
    panels.answer(tr("reports_page.n_handed", n=len(rows)), changed)
    table = _table(desk, rows, now)
    panels.table(table.head(MOST), tr("reports_page.register"), "csa-wide")
    if len(rows) > MOST:
        with st.expander(tr("reports_page.earlier", n=len(rows) - MOST)):
            panels.table(table.iloc[MOST:], tr("reports_page.register"), "csa-wide")


def _now(desk: Desk, name: str) -> str:
    """Return the snapshot that a month's report would have now; empty if there is none."""
    try:
        return cache_report.snapshot_id(desk.basis, name)
    except CsaError:
        return ""  # the data no longer reach that month, so it has changed


def _table(desk: Desk, rows: Sequence[HandoutRow], now: Mapping[str, str]) -> pd.DataFrame:
    items = frozenset(row.item for row in rows)
    offices = {
        entry["item"]: entry["by_office"]
        for entry in cache_store.trail_entries(desk.session, items)
    }
    columns = {  # a narrow screen shows the first three
        tr("reports_page.col_day"): [day(row.handed_on) for row in rows],
        tr("label.received_by"): [row.recipient for row in rows],
        tr("reports_page.col_since"): [_since(row, now[row.month]) for row in rows],
        tr("label.edition"): [_dated(row) for row in rows],
        tr("reports_page.col_by"): [offices.get(row.item, "") for row in rows],
        tr("label.snapshot"): [row.snapshot_id for row in rows],
    }
    return pd.DataFrame(columns)


def _dated(row: HandoutRow) -> str:
    edition = _in_words((row.audience, row.language, row.form))
    return tr("label.pair", name=month(row.month), text=edition)


def _since(row: HandoutRow, now: str) -> str:
    is_same = row.snapshot_id == now
    return tr("reports_page.same" if is_same else "reports_page.changed")
