"""Reports: the month, audience and language, and the button that makes the editions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields as parts_of, replace
from datetime import date

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from csa.base.errors import CsaError, MachineError
from csa.base.logging import ProgressCallback
from csa.base.message import Message
from csa.base.params import Month
from csa.base.text import ENGLISH, LANGUAGES, day, month, render, tr
from csa.program.handouts import EVERYONE, FORMS, EditionFile, hand_out
from csa.program.plan.items import Plan
from csa.program.registry import core_areas
from csa.program.roles import Act, may, require
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import HandoutRow
from csa.reports.editions.phrases import audience_name
from csa.reports.editions.public import NONE_PUBLISHED, nothing_public
from csa.reports.html import made_from
from csa.reports.making import EDITIONS, not_made
from csa.reports.month.facts import Facts
from csa.reports.month.month_end import describe_later, needs_public
from csa.reports.pdf import require_pdf
from csa.reports.public.pages import language_name
from csa_app.shared import cache_report, cache_store, panels, signing
from csa_app.shared.cache_report import MadeEdition, ReportBasis
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import form_name
from csa_app.shared.signing import Decision, FormField, Present, Typed

REPORT = "report that was made"
GATHERED = "gathered"
EACH_GATHERED = 0.9
"""Share of the first half of the bar still left after each step: how many steps there are
depends on the city."""
AT_ONCE = ("html", "pdf")
"""Formats made right away; a Word file is made only on request."""


@dataclass(frozen=True)
class ReportRequest:
    """A reader's request."""

    month: str  # `YYYY-MM`
    audiences: tuple[str, ...]  # the audiences
    language: str  # such as `en`


@dataclass(frozen=True)
class Report:
    """Editions of a month as made; the session keeps them, whatever changes meanwhile."""

    request: ReportRequest  # the request
    mark: str  # key of what they were made from
    facts: Facts  # their facts
    files: tuple[MadeEdition, ...]  # the pages, and PDFs if the machine can make them
    no_pdf: Message | None  # why it cannot; None if it can

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences of the editions that were made: none for the public of what is not told."""
        return tuple(dict.fromkeys(file.audience for file in self.files))


def choose(session: CitySession, months: Sequence[str]) -> tuple[ReportRequest, bool]:
    """Ask for the month, audiences and language."""
    kept: Report | None = st.session_state.get(REPORT)  # returning readers find what they made
    before = None if kept is None or kept.request.month not in months else kept.request
    with st.container(horizontal=True, key="report_choices"):
        reported = st.selectbox(
            tr("reports_page.month"),
            months,
            index=0 if before is None else months.index(before.month),
            format_func=month,
            key="report month",
            width=200,
        )
        language = st.selectbox(
            tr("reports_page.language"),
            LANGUAGES,
            index=LANGUAGES.index(before.language if before else session.config.public.language),
            format_func=language_name,
            key="report language",
            width=160,
        )
        audiences = st.pills(
            tr("reports_page.audiences"),
            EDITIONS,
            selection_mode="multi",
            default=before.audiences if before else EDITIONS[0],
            format_func=audience_name,
            key="report audiences",
            wrap=True,
        )
    ordered = tuple(name for name in EDITIONS if name in audiences)
    is_pressed = st.button(
        tr("reports_page.make"),
        type="primary",
        disabled=not ordered,
        icon=":material/description:",
        key="make report",
    )
    return ReportRequest(reported, ordered, language), is_pressed


def report_of(basis: ReportBasis, asked: ReportRequest, *, is_pressed: bool) -> Report | None:
    """Return what was made with these choices, since another month's editions would mislead."""
    spot = st.empty()  # always there, so that the page does not shift while the bar comes and goes
    if is_pressed:
        st.session_state[REPORT] = make(basis, asked, spot)
    kept: Report | None = st.session_state.get(REPORT)
    return kept if kept is not None and kept.request == asked else None


def make(basis: ReportBasis, asked: ReportRequest, spot: DeltaGenerator) -> Report:
    """Make editions, with a progress bar."""
    no_pdf = why_no_pdf()
    forms = AT_ONCE if no_pdf is None else AT_ONCE[:1]
    facts, files = panels.waited(
        spot,
        lambda tell: _make_all(basis, asked, forms, tell),
        lambda steps: progress(steps, asked, len(forms)),
    )
    return Report(asked, basis.mark, facts, files, no_pdf)


def why_no_pdf() -> Message | None:
    """Return why this machine cannot make a PDF; None if it can."""
    try:
        require_pdf()
    except MachineError as error:
        return error.message
    return None


def _make_all(
    basis: ReportBasis, asked: ReportRequest, forms: Sequence[str], progress: ProgressCallback
) -> tuple[Facts, tuple[MadeEdition, ...]]:
    is_served = bool(core_areas(basis.at(asked.month)))
    with_public = needs_public(asked.audiences, is_served=is_served)
    facts = cache_report.facts(basis, asked.month, progress, with_public=with_public)
    progress(GATHERED)
    files = []
    audiences = [one for one in asked.audiences if one not in not_made(facts)]
    if not audiences:
        raise nothing_public(facts)
    for audience in audiences:
        for form in forms:
            progress(audience)
            files.append(cache_report.edition(facts, audience, asked.language, form))
    return facts, tuple(files)


def progress(steps: Sequence[str], asked: ReportRequest, n_forms: int) -> tuple[float, str]:
    """Return the progress as a share and in words; gathering is the first half."""
    if GATHERED not in steps:
        words = tr("reports_page.gathering", month=month(asked.month))
        return 0.5 * (1 - EACH_GATHERED ** len(steps)), words
    written = steps[steps.index(GATHERED) + 1 :]
    if not written:
        return 0.5, tr("reports_page.gathering", month=month(asked.month))
    share = 0.5 + 0.5 * (len(written) - 1) / (len(asked.audiences) * n_forms)
    return share, tr("reports_page.writing", audience=audience_name(written[-1]))


# ---- Reports: downloads, a preview, what a report was made from and what it lacks.


SHORT = 12
"""Digits of a hash, as an edition prints them."""
PREVIEW_PX = 640
FIRST_PAGE_PX = 132
"""Width of an edition's first page beside its buttons: the page itself, made small by the style."""
MOST_OPEN = 3
"""Most lines on what is missing that are shown unfolded."""


def show(basis: ReportBasis, report: Report) -> None:
    """Show what was made."""
    asked = report.request
    panels.answer(tr("reports_page.made", n=len(report.audiences), month=month(asked.month)))
    if report.audiences != asked.audiences:
        panels.empty(panels.plain(render(nothing_public(report.facts).message)))
    if report.mark != basis.mark:
        panels.empty(tr("reports_page.stale"))
    if report.no_pdf is not None:
        st.warning(panels.sentence(report.no_pdf), icon=":material/picture_as_pdf:")
    with st.container(key="report_parts"):
        files, look = st.columns([0.42, 0.58], gap="large")
    with files:
        _files(report)
        _made_from(basis, report)
        _lacking(report)
    with look:
        _preview(report)


def _lacking(report: Report) -> None:
    missing = [panels.sentence(one) for one in report.facts.missing]
    if missing:
        label = tr("reports_page.missing", n=len(missing))
        with st.expander(label, expanded=len(missing) <= MOST_OPEN):
            st.markdown("\n".join(f"- {line}" for line in missing))
    if report.facts.public.caution is not None:
        st.caption(panels.sentence(report.facts.public.caution))


def _files(report: Report) -> None:
    made: dict[str, list[MadeEdition]] = {}
    for file in report.files:
        made.setdefault(file.audience, []).append(file)
    for audience, files in made.items():
        row = st.container(horizontal=True, wrap=False, key=f"edition {audience}")
        with row.container(key=f"first page {audience}", width=FIRST_PAGE_PX):
            [page] = [file for file in files if file.form == "html"]
            _look_at(page, FIRST_PAGE_PX, tab_index=-1)  # its buttons are beside it
        with row.container(key=f"files {audience}", gap="xsmall"):
            st.markdown(f"**{panels.plain(audience_name(audience))}**")
            with st.container(horizontal=True, gap="small"):
                for file in sorted(files, key=lambda one: one.form, reverse=True):
                    _download(file, file.content)
                _download(replace(files[0], form="docx"), _word(report, audience))


def _word(report: Report, audience: str) -> Callable[[], bytes]:
    """Return a function that makes the Word file when it is requested."""
    language = report.request.language
    return lambda: cache_report.edition(report.facts, audience, language, "docx").content


def _download(file: MadeEdition, content: bytes | Callable[[], bytes]) -> None:
    name = f"{file.name.rpartition('.')[0]}.{file.form}"
    panels.download(form_name(file.form), content, name, f"download {file.audience} {file.form}")


def _made_from(basis: ReportBasis, report: Report) -> None:
    if report.request.language != ENGLISH and not basis.session.config.public.spanish_office:
        st.caption(tr("reports_page.unreviewed"))
    snapshot = report.facts.snapshot
    st.caption(tr("reports_page.snapshot", id=snapshot.id))
    if snapshot.audit_n:
        head = snapshot.audit_head[:SHORT]
        st.caption(tr("reports_page.decided", n=snapshot.audit_n, head=head))
    else:
        st.caption(tr("reports_page.undecided"))
    later = describe_later(basis.at(report.request.month))
    if later is not None:
        st.caption(panels.sentence(later))


def _preview(report: Report) -> None:
    pages = {file.audience: file for file in report.files if file.form == "html"}
    chosen = report.audiences[0]
    if len(pages) > 1:
        chosen = (
            st.pills(
                tr("reports_page.preview"),
                list(pages),
                default=next(iter(pages)),
                format_func=audience_name,
                key=f"preview {' '.join(pages)}",
                required=True,
                wrap=True,
            )
            or chosen
        )
    _look_at(pages[chosen], PREVIEW_PX)


def _look_at(page: MadeEdition, height: int, tab_index: int | None = None) -> None:
    """Show an edition's page; its own policy allows nothing but viewing."""
    name = audience_name(page.audience)
    said = tr("reports_page.preview_of", audience=name)
    panels.embed(page.content.decode(), height=height, alt=said, tab_index=tab_index)


# Reports: who received which edition and when, and whether data or decisions changed since.

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
    return tr("term.pair", name=month(row.month), text=edition)


def _since(row: HandoutRow, now: str) -> str:
    is_same = row.snapshot_id == now
    return tr("reports_page.same" if is_same else "reports_page.changed")
