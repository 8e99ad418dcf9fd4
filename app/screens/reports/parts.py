"""Reports: which month, for whom, in which language; made with one click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.shared import cache_report, panels
from app.shared.cache_report import MadeEdition, ReportBasis
from app.shared.city_session import Opened
from app.shared.reports_words import audience_name, language_name
from csa.base.errors import MachineError
from csa.base.logging import Tell
from csa.base.message import Message
from csa.base.text import LANGUAGES, month, speak
from csa.reports.making import EDITIONS
from csa.reports.month.basis import needs_public
from csa.reports.month.facts import Facts
from csa.reports.pdf import require_pdf

REPORT = "report that was made"
GATHERED = "gathered"
EACH_GATHERED = 0.9
"""The share of the way to the middle of the bar that is left after a step: how many there are
depends on the city."""
AT_ONCE = ("html", "pdf")
"""Made before the reader sees anything; a Word file only when somebody wants one."""


@dataclass(frozen=True)
class ReportRequest:
    """What a reader asks for."""

    month: str  # `YYYY-MM`
    audiences: tuple[str, ...]  # for whom
    language: str  # such as `en`


@dataclass(frozen=True)
class Report:
    """Editions of a month as they were made: the session keeps them, whatever changes meanwhile."""

    asked: ReportRequest  # which
    mark: str  # of what they were made from
    facts: Facts  # what they say
    files: tuple[MadeEdition, ...]  # the pages, and the PDFs where the machine can make them
    no_pdf: Message | None  # why it cannot; None where it can


def choose(opened: Opened, months: Sequence[str]) -> tuple[ReportRequest, bool]:
    """Ask for the month, for whom and in which language."""
    kept: Report | None = st.session_state.get(REPORT)  # who comes back finds what they made
    before = None if kept is None or kept.asked.month not in months else kept.asked
    with st.container(horizontal=True, key="report_choices"):
        reported = st.selectbox(
            speak("reports_page.month"),
            months,
            index=0 if before is None else months.index(before.month),
            format_func=month,
            key="report month",
            width=200,
        )
        language = st.selectbox(
            speak("reports_page.language"),
            LANGUAGES,
            index=LANGUAGES.index(before.language if before else opened.config.public.language),
            format_func=language_name,
            key="report language",
            width=160,
        )
        audiences = st.pills(
            speak("reports_page.audiences"),
            EDITIONS,
            selection_mode="multi",
            default=before.audiences if before else EDITIONS[0],
            format_func=audience_name,
            key="report audiences",
            wrap=True,
        )
    ordered = tuple(name for name in EDITIONS if name in audiences)
    is_pressed = st.button(
        speak("reports_page.make"),
        type="primary",
        disabled=not ordered,
        icon=":material/description:",
        key="make report",
    )
    return ReportRequest(reported, ordered, language), is_pressed


def report_of(basis: ReportBasis, asked: ReportRequest, *, is_pressed: bool) -> Report | None:
    """Return what was made with these very choices; another month's below them would mislead."""
    spot = st.empty()  # always there: the page keeps its places while the bar comes and goes
    if is_pressed:
        st.session_state[REPORT] = make(basis, asked, spot)
    kept: Report | None = st.session_state.get(REPORT)
    return kept if kept is not None and kept.asked == asked else None


def make(basis: ReportBasis, asked: ReportRequest, spot: DeltaGenerator) -> Report:
    """Make editions, with a bar while it takes a while."""
    no_pdf = why_no_pdf()
    forms = AT_ONCE if no_pdf is None else AT_ONCE[:1]
    facts, files = panels.waited(
        spot,
        lambda tell: _make_all(basis, asked, forms, tell),
        lambda steps: progress(steps, asked, len(forms)),
    )
    return Report(asked, basis.mark, facts, files, no_pdf)


def why_no_pdf() -> Message | None:
    """Tell why this machine cannot make a PDF."""
    try:
        require_pdf()
    except MachineError as error:
        return error.message
    return None


def _make_all(
    basis: ReportBasis, asked: ReportRequest, forms: Sequence[str], tell: Tell
) -> tuple[Facts, tuple[MadeEdition, ...]]:
    with_public = needs_public(asked.audiences, basis.records)
    facts = cache_report.facts(basis, asked.month, tell, with_public=with_public)
    tell(GATHERED)
    files = []
    for audience in asked.audiences:
        for form in forms:
            tell(audience)
            files.append(cache_report.edition(facts, audience, asked.language, form))
    return facts, tuple(files)


def progress(steps: Sequence[str], asked: ReportRequest, n_forms: int) -> tuple[float, str]:
    """Say how far the work is: the first half is gathering."""
    if GATHERED not in steps:
        words = speak("reports_page.gathering", month=month(asked.month))
        return 0.5 * (1 - EACH_GATHERED ** len(steps)), words
    written = steps[steps.index(GATHERED) + 1 :]
    if not written:
        return 0.5, speak("reports_page.gathering", month=month(asked.month))
    share = 0.5 + 0.5 * (len(written) - 1) / (len(asked.audiences) * n_forms)
    return share, speak("reports_page.writing", audience=audience_name(written[-1]))
