"""Reports: downloads, a preview, what a report was made from and what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from app.screens.reports.parts import Report
from app.shared import cache_report, panels
from app.shared.cache_report import MadeEdition, ReportBasis
from app.shared.reports_words import audience_name, form_name
from csa.base.text import ENGLISH, month, render, speak
from csa.reports.editions.public import nothing_public

SHORT = 12
"""Digits of a hash, as an edition prints them."""
PREVIEW_PX = 640
FIRST_PAGE_PX = 132
"""Width of an edition's first page beside its buttons: the page itself, made small by the style."""
MOST_OPEN = 3
"""Most lines on what is missing that are shown unfolded."""


def show(basis: ReportBasis, report: Report) -> None:
    """Show what was made."""
    asked = report.asked
    panels.answer(speak("reports_page.made", n=len(report.audiences), month=month(asked.month)))
    if report.audiences != asked.audiences:
        panels.empty(panels.plain(render(nothing_public(report.facts).message)))
    if report.mark != basis.mark:
        panels.empty(speak("reports_page.stale"))
    if report.no_pdf is not None:
        st.warning(panels.plain(render(report.no_pdf)), icon=":material/picture_as_pdf:")
    with st.container(key="report_parts"):
        files, look = st.columns([0.42, 0.58], gap="large")
    with files:
        _files(report)
        _made_from(basis, report)
        _lacking(report)
    with look:
        _preview(report)


def _lacking(report: Report) -> None:
    missing = [panels.plain(render(one)) for one in report.facts.missing]
    if missing:
        label = speak("reports_page.missing", n=len(missing))
        with st.expander(label, expanded=len(missing) <= MOST_OPEN):
            st.markdown("\n".join(f"- {line}" for line in missing))
    if report.facts.public.caution is not None:
        st.caption(panels.plain(render(report.facts.public.caution)))


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
    language = report.asked.language
    return lambda: cache_report.edition(report.facts, audience, language, "docx").content


def _download(file: MadeEdition, content: bytes | Callable[[], bytes]) -> None:
    name = f"{file.name.rpartition('.')[0]}.{file.form}"
    panels.download(form_name(file.form), content, name, f"download {file.audience} {file.form}")


def _made_from(basis: ReportBasis, report: Report) -> None:
    if report.asked.language != ENGLISH and not basis.opened.config.public.spanish_office:
        st.caption(speak("reports_page.unreviewed"))
    snapshot = report.facts.snapshot
    st.caption(speak("reports_page.snapshot", id=snapshot.id))
    if snapshot.audit_n:
        head = snapshot.audit_head[:SHORT]
        st.caption(speak("reports_page.decided", n=snapshot.audit_n, head=head))
    else:
        st.caption(speak("reports_page.undecided"))


def _preview(report: Report) -> None:
    pages = {file.audience: file for file in report.files if file.form == "html"}
    chosen = report.audiences[0]
    if len(pages) > 1:
        chosen = (
            st.pills(
                speak("reports_page.preview"),
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
    said = speak("reports_page.preview_of", audience=name)
    st.iframe(page.content.decode(), height=height, alt=said, tab_index=tab_index)
