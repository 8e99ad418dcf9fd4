"""Community: the public report, in the reader's language, and the link to the wall display."""

from __future__ import annotations

import streamlit as st

from csa.base.errors import CsaError, PeriodError, PrivacyError
from csa.base.text import LANGUAGES, Translator, tr
from csa.reports.public.gathering import STEPS
from csa.reports.public.pages import language_name
from csa.reports.public.plan import notice_text
from csa.reports.public.sections import public_title
from csa.reports.public.site import embed_line, public_page
from csa.reports.public.wall import wall_page
from csa.reports.public.words import period
from csa_app.shared import cache, cache_report, cache_store, panels, signing
from csa_app.shared.cache_report import PublicEdition, ReportBasis
from csa_app.shared.city_session import CitySession
from csa_app.shared.phrases import LANGUAGE, language, reportable_months

PAGE_PX = 1000
SHOW_WORDS = {
    "number": "community.embed_number",
    "map": "community.embed_map",
    "trend": "community.embed_trend",
    "tasks": "community.embed_tasks",
}
"""What a card can show."""


def build_preview(chosen: str) -> PublicEdition:
    """Return a preview of what would be published; if there is none, show why and stop."""
    session = None
    try:
        session = cache.open_city()
        return _worked_out(session, chosen)
    except CsaError as error:
        st.title(tr("community.short"), anchor=False)
        if session is not None and isinstance(error, PrivacyError) and error.texts:
            signing.show_caught(session, error.texts)
            st.stop()
        panels.empty(panels.sentence(error.message))
        st.stop()


def _worked_out(session: CitySession, chosen: str) -> PublicEdition:
    months = reportable_months(session.dataset)
    if not months:
        raise PeriodError("reports_page.no_month")
    basis = ReportBasis(session, cache_store.plan(session), cache_store.records(session))
    spot = st.empty()
    with spot.container():
        st.title(tr("community.short"), anchor=False)
        bar = st.empty()
    try:
        return panels.waited(
            bar,
            lambda tell: cache_report.as_it_would_be(basis, months[0], chosen, tell),
            panels.share_of(STEPS, tr("community.making")),
        )
    finally:
        spot.empty()


def head(told: PublicEdition, chosen: str) -> None:
    """Show what the preview is, and the buttons for the other language and the wall."""
    t = Translator(chosen)
    st.title(tr("community.short"), anchor=False)
    counted = period(told.facts, Translator())
    st.caption(panels.plain(tr("community.preview", quarter=told.facts.quarter, when=counted)))
    if told.later is not None:
        st.caption(panels.sentence(told.later))
    to_tell = notice_text(told.facts)
    if to_tell:
        st.caption(panels.plain(to_tell))
    with st.container(horizontal=True, key="community_ways"):
        for other in LANGUAGES:
            if other != chosen:
                name = language_name(other)
                st.button(name, on_click=_go, kwargs={LANGUAGE: other}, key="other language")
        st.button(
            t("public.to_wall"),
            on_click=_go,
            kwargs={"view": "wall", LANGUAGE: chosen},
            icon=":material/tv:",
            key="wall button",
        )
        st.download_button(
            t("wall.save"),
            lambda: wall_page(told.facts, chosen, told.svg, is_draft=told.is_draft),
            file_name=f"wall-{told.facts.quarter}-{chosen}.html",
            mime="text/html",
            on_click="ignore",
        )
        _card_line(told, chosen)


def _card_line(edition: PublicEdition, chosen: str) -> None:
    """Offer the line that puts a card of the published page on another site."""
    facts = edition.facts
    with st.popover(tr("community.embed"), icon=":material/code:"):
        st.caption(tr("community.embed_about"))
        show = st.selectbox(
            tr("label.show"),
            list(SHOW_WORDS),
            format_func=lambda name: tr(SHOW_WORDS[name]),
            key="embed show",
        )
        names = ["", *(place.name for place in facts.districts)]
        place = st.selectbox(
            tr("report.walk_place"),
            names,
            format_func=lambda name: name or facts.city_name,
            key="embed place",
        )
        title = public_title(facts, chosen)
        st.code(
            embed_line(facts.address, chosen, show, place, title), language="html", wrap_lines=True
        )


def _go(**asked: str) -> None:
    """Change the address in this tab, where a link button would open another."""
    st.query_params.update(asked)


def page(told: PublicEdition, chosen: str) -> None:
    """Show the very page that would be published."""
    with st.container(key="public_page"):
        panels.embed(
            public_page(told.facts, chosen, told.svg, is_alone=True),
            height=PAGE_PX,
            alt=public_title(told.facts, chosen),
        )


# The wall display: `?view=wall`, the whole window, one idea per screen.

STYLE = """
<style>
  [data-testid="stSidebar"], [data-testid="stHeader"] { display: none !important; }
  [role="dialog"] { display: none !important; } /* the network goes: all screens are here */
  html, body, .stApp, [data-testid="stMain"] { overflow: hidden !important; }
  .st-key-leave { position: fixed; inset: 0 auto auto 0; z-index: 99; padding: 1rem; width: auto; }
  .st-key-leave:focus-within { z-index: 101; } /* the first that Tab finds, seen by nobody else */
  .st-key-wall iframe {
    position: fixed; inset: 0; z-index: 100; border: 0; border-radius: 0;
    width: 100vw !important; height: 100vh !important;
  }
</style>
"""


def show_wall() -> None:
    """Fill the window with the wall display, the same file that fits on a USB stick."""
    chosen = language()
    told = build_preview(chosen)
    st.html(STYLE)
    t = Translator(chosen)
    with st.container(key="leave"):
        st.button(t("wall.page"), on_click=_leave, key="leave wall")
    with st.container(key="wall"):
        panels.embed(
            wall_page(told.facts, chosen, told.svg, is_draft=told.is_draft),
            height=720,
            tab_index=0,
            alt=t("wall.title", city=told.facts.city_name),
        )


def _leave() -> None:
    del st.query_params["view"]
