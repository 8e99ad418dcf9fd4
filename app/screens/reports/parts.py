"""Reports: the month, audience and language, and the button that makes the editions."""

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
from csa.reports.editions.public import nothing_public
from csa.reports.making import EDITIONS, not_made
from csa.reports.month.facts import Facts
from csa.reports.month.looking import needs_public
from csa.reports.pdf import require_pdf

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

    asked: ReportRequest  # the request
    mark: str  # key of what they were made from
    facts: Facts  # their facts
    files: tuple[MadeEdition, ...]  # the pages, and PDFs if the machine can make them
    no_pdf: Message | None  # why it cannot; None if it can

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences of the editions that were made: none for the public of what is not told."""
        return tuple(dict.fromkeys(file.audience for file in self.files))


def choose(opened: Opened, months: Sequence[str]) -> tuple[ReportRequest, bool]:
    """Ask for the month, audiences and language."""
    kept: Report | None = st.session_state.get(REPORT)  # returning readers find what they made
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
    """Return what was made with these choices, since another month's editions would mislead."""
    spot = st.empty()  # always there, so that the page does not shift while the bar comes and goes
    if is_pressed:
        st.session_state[REPORT] = make(basis, asked, spot)
    kept: Report | None = st.session_state.get(REPORT)
    return kept if kept is not None and kept.asked == asked else None


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
    basis: ReportBasis, asked: ReportRequest, forms: Sequence[str], tell: Tell
) -> tuple[Facts, tuple[MadeEdition, ...]]:
    with_public = needs_public(asked.audiences, basis.at(asked.month))
    facts = cache_report.facts(basis, asked.month, tell, with_public=with_public)
    tell(GATHERED)
    files = []
    audiences = [one for one in asked.audiences if one not in not_made(facts)]
    if not audiences:
        raise nothing_public(facts)
    for audience in audiences:
        for form in forms:
            tell(audience)
            files.append(cache_report.edition(facts, audience, asked.language, form))
    return facts, tuple(files)


def progress(steps: Sequence[str], asked: ReportRequest, n_forms: int) -> tuple[float, str]:
    """Return the progress as a share and in words; gathering is the first half."""
    if GATHERED not in steps:
        words = speak("reports_page.gathering", month=month(asked.month))
        return 0.5 * (1 - EACH_GATHERED ** len(steps)), words
    written = steps[steps.index(GATHERED) + 1 :]
    if not written:
        return 0.5, speak("reports_page.gathering", month=month(asked.month))
    share = 0.5 + 0.5 * (len(written) - 1) / (len(asked.audiences) * n_forms)
    return share, speak("reports_page.writing", audience=audience_name(written[-1]))
