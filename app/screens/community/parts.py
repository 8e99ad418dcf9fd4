"""Community: the public report, in the reader's language, and the link to the wall display."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app.screens.community import blocks, caught
from app.shared import cache, cache_public, cache_store, panels
from app.shared.cache_public import PublicEdition
from app.shared.cache_report import ReportBasis
from app.shared.city_session import Opened
from app.shared.language import LANGUAGE
from app.shared.reports_words import reportable_months
from csa.base.errors import CsaError, PrivacyError
from csa.base.text import LANGUAGES, Speaker, render, speak
from csa.reports.document import Block, Table
from csa.reports.public.fairness_sections import fairness_sections
from csa.reports.public.gathering import STEPS
from csa.reports.public.pages import Pictures, language_name
from csa.reports.public.section import Section
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import wall_page
from csa.reports.public.words import marks_of, period


def settle(chosen: str) -> PublicEdition:
    """Return a preview of what would be published; if there is none, show why and stop."""
    opened = None
    try:
        opened = cache.open_city()
        return _worked_out(opened, chosen)
    except CsaError as error:
        if opened is not None and isinstance(error, PrivacyError) and error.texts:
            caught.show(opened, error)
            st.stop()
        panels.empty(render(error.message))
        st.stop()


def _worked_out(opened: Opened, chosen: str) -> PublicEdition:
    months = reportable_months(opened.dataset)
    if not months:
        panels.empty(speak("reports_page.no_month"))
        st.stop()
    basis = ReportBasis(opened, cache_store.plan(opened), cache_store.records(opened))
    spot = st.empty()
    with spot.container():
        st.title(speak("community.short"), anchor=False)
        bar = st.empty()
    told = panels.waited(
        bar, lambda tell: cache_public.as_it_would_be(basis, months[0], chosen, tell), _far
    )
    spot.empty()
    return told


def _far(steps: Sequence[str]) -> tuple[float, str]:
    return min(len(steps), STEPS) / (STEPS + 1), speak("community.making")


def head(told: PublicEdition, chosen: str) -> None:
    """Show the title, the marks and the buttons for the other language and the wall."""
    tell = Speaker(chosen)
    marks = " · ".join(f"**{panels.plain(mark)}**" for mark in marks_of(told.facts, chosen))
    if marks:
        st.markdown(marks)
    st.title(panels.plain(public_title(told.facts, chosen)), anchor=False)
    st.caption(panels.plain(tell("public.subtitle", when=period(told.facts, tell))))
    st.caption(panels.plain(speak("community.preview", quarter=told.facts.quarter)))
    with st.container(horizontal=True, key="community_ways"):
        for other in LANGUAGES:
            if other != chosen:
                name = language_name(other)
                st.button(name, on_click=_go, kwargs={LANGUAGE: other}, key="other language")
        st.button(
            tell("public.to_wall"),
            on_click=_go,
            kwargs={"view": "wall", LANGUAGE: chosen},
            icon=":material/tv:",
            key="wall button",
        )
        st.download_button(
            tell("wall.save"),
            lambda: wall_page(told.facts, chosen, picture(told, chosen)),
            file_name=f"wall-{told.facts.quarter}-{chosen}.html",
            mime="text/html",
            on_click="ignore",
        )


def _go(**asked: str) -> None:
    """Change the address in this tab, where a link button would open another."""
    st.query_params.update(asked)


def picture(told: PublicEdition, chosen: str) -> Pictures:
    """Return the maps in a language."""
    return told.pictures.get(chosen, Pictures())


def sections(told: PublicEdition, chosen: str) -> None:
    """Show all sections of the public report."""
    shown_maps = picture(told, chosen)
    told_parts = public_sections(told.facts, chosen, shown_maps.map_screen, shown_maps.map_phone)
    for section in (*told_parts, *fairness_sections(told.facts, chosen)):
        with st.container(key=f"public_{section.key}"):
            st.header(panels.plain(section.title), anchor=False)
            is_list = section.key == "neighborhoods"
            shown = _found(section, chosen) if is_list else section.blocks
            blocks.show(shown)
            _say_how_many(shown, chosen)


def _say_how_many(shown: Sequence[Block], chosen: str) -> None:
    """Show how many rows a table has, if it scrolls in its box."""
    for block in shown:
        if isinstance(block, Table) and len(block.rows) > blocks.MAX_ROWS:
            st.caption(Speaker(chosen)("public.rows", n=len(block.rows)))


def _found(section: Section, chosen: str) -> Sequence[Block]:
    """Ask for part of a name, and return the rows that contain it."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    if not tables:
        return section.blocks
    tell = Speaker(chosen)
    part = _folded(st.text_input(tell("public.find"), key="find neighborhood").strip())
    found = [
        replace(block, rows=tuple(row for row in block.rows if part in _folded(row[0])))
        if isinstance(block, Table)
        else block
        for block in section.blocks
    ]
    if part:
        n = sum(len(block.rows) for block in found if isinstance(block, Table))
        st.caption(f"{tell('public.shown')} {n:,}")
    return found


def _folded(text: str) -> str:
    """Return a name without accents and capitals, as people may type it."""
    parted = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))
