"""The parts of every page: frame, answer, key numbers, notes, and states without data."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait as wait_for
from contextlib import contextmanager
from datetime import date
from numbers import Number
from typing import Any, NoReturn, TypeAlias, TypeVar, cast
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.layout_utils import Width

from csa.areas.choices import AreaSettings
from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.areas.sheets import silent_months
from csa.base.errors import CsaError, OutputError
from csa.base.logging import ProgressCallback
from csa.base.message import Message
from csa.base.text import ENGLISH, UNSEEN, Translator, day, first_names, month, render, tr
from csa.ingest.job import WAITING
from csa_app.shared import cache
from csa_app.shared.city_session import CitySession

NUMBER = ' class="csa-number"'
SOON_S = 0.3
"""Anything done sooner needs no progress bar."""
JUDGING_STEPS = 3
WORD_JOINER = "\u2060"
"""A sign without width, at which no line breaks."""
LIVE = re.compile(r"(?=https?://|www\.)|(?<=@)(?=[\w-])|(?<=:)(?=[\w+-]+(?:/\w+)?:)", re.IGNORECASE)
"""Where a bare address would become a link, and a word between colons a picture, after Markdown
has taken the escapes away."""
DAYS_A_YEAR = 365.25
MIMES = {
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "ics": "text/calendar",
    "json": "application/json",
    "pdf": "application/pdf",
    "txt": "text/plain",
}
MANY_DAYS = 100
"""From here on data are so many months old, and from two years on so many years."""

Made = TypeVar("Made")
Far: TypeAlias = Callable[[Sequence[str]], tuple[float, str]]
"""From the steps begun so far to the share done, and words for it."""


def frame(title: str, named: Callable[[CitySession], str] | None = None) -> CitySession:
    """Begin a page with its line about the data and its title, and open the city."""
    line = st.empty()
    heading = st.empty()
    heading.title(title, anchor=False)
    # Always there, even when unused: one element more or less would remount the map below.
    spot = st.empty()
    try:
        session = _open(spot)
    except CsaError as error:
        stop(error)
    line.html(data_line(session))
    if not session.dataset.report["incidents"]:
        empty(tr("screen.no_incidents"))
        st.stop()
    if named is not None:
        heading.title(named(session), anchor=False)
    return session


def _open(spot: DeltaGenerator) -> CitySession:
    if not cache.needs_reading():
        return cache.open_city()
    bar = spot.progress(0.0, text=tr("label.reading"))
    steps = iter(range(1, 100))

    def tell(_: str) -> None:
        bar.progress(min(next(steps) / 7, 1.0), text=tr("label.reading"))

    session = cache.open_city(tell)
    spot.empty()
    return session


def _late(n_days: int) -> str:
    """Return how much older data are than new ones should be, in a unit that a reader thinks in."""
    if n_days >= 2 * DAYS_A_YEAR:
        return tr("screen.late_years", n=int(n_days / DAYS_A_YEAR))
    if n_days >= MANY_DAYS:
        return tr("screen.late_months", n=int(n_days / DAYS_A_YEAR * 12))
    return tr("screen.late", n=n_days)


def data_line(session: CitySession) -> str:
    """Return the line that says whose data this is and through which day."""
    report, city = session.dataset.report, session.config.city
    parts = [f"<b>{html.escape(UNSEEN.sub('', city.name))}</b>"]
    if report["data_through"]:
        through = day(date.fromisoformat(report["data_through"]))
        parts.append(html.escape(tr("screen.through", day=through)))
        n_late = session.config.days_late(date.fromisoformat(report["data_through"]))
        if n_late:
            parts.append(html.escape(_late(n_late)))
    parts.append(html.escape(tr("screen.incidents", n=report["incidents"])))
    if silent := silent_words(session):
        parts.append(html.escape(silent))
    if city.is_synthetic:
        parts.insert(0, f'<span class="csa-mark">{html.escape(tr("screen.sample"))}</span>')
    if city.nonfatal_is_proxy:
        parts.append(html.escape(tr("screen.proxy", name=city.nonfatal_name)))
    return f'<p class="csa-line">{" · ".join(parts)}</p>'


def silent_words(session: CitySession) -> str:
    """Name the months of which data may be missing; "" where there is none."""
    silent = [month(str(one)) for one in cache.once(silent_months)(session.dataset)]
    return tr("screen.silent", n=len(silent), months=first_names(silent, 3)) if silent else ""


def remembered(key: str) -> dict[str, Any]:
    """Return what a widget needs to be as its reader left it on coming back to the page."""
    return {"key": key, "persist_state": "session"}


@contextmanager
def working() -> Iterator[None]:
    """Show that something is being computed, without moving anything on the page."""
    with st.container(key="working"), st.spinner(tr("screen.working")):
        yield


def assess_with_progress(
    session: CitySession,
    choices: AreaSettings,
    then: Callable[[AreaAssessment], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> AreaAssessment:
    """Assess each candidate area, with a progress bar if it takes long.

    The bar stands in a fixed place, so that nothing on the page moves. What is to be done `then` is
    done though the reader leaves; `meanwhile` shows what is known already.
    """
    # Always there: one element more or less would remount the map below.
    spot = st.container(key="judging").empty()

    def assess(progress: ProgressCallback) -> AreaAssessment:
        assessed = cache.priorities(session, choices, progress).assessment
        if then is not None:
            then(assessed)
        return assessed

    return waited(spot, assess, share_of(JUDGING_STEPS, tr("screen.judging")), meanwhile)


def share_of(n_steps: int, words: str) -> Far:
    """Return how far work of so many steps is, with words for it; only its end is all of it."""

    def far(steps: Sequence[str]) -> tuple[float, str]:
        is_waiting = [*steps][-1:] == [WAITING]
        return min(len(steps), n_steps) / (n_steps + 1), tr("screen.queue") if is_waiting else words

    return far


def note_queue(spot: DeltaGenerator) -> ProgressCallback:
    """Return a progress that says in a place when files wait for those of others."""

    def tell(step: str) -> None:
        if step == WAITING:
            spot.caption(tr("screen.queue"))
        else:
            spot.empty()

    return tell


def waited(
    spot: DeltaGenerator,
    make: Callable[[ProgressCallback], Made],
    far: Far,
    meanwhile: Callable[[], None] | None = None,
) -> Made:
    """Compute something, with a progress bar if it takes long; what has begun is finished.

    The bar is drawn here rather than inside a cached function, which would replay it with each
    cached answer.
    """
    steps: list[str] = []
    pool = ThreadPoolExecutor(1)
    try:
        coming = pool.submit(make, steps.append)
        while not wait_for([coming], SOON_S).done:
            share, words = far(steps)
            spot.progress(share, text=words)
            if meanwhile is not None:
                meanwhile()
                meanwhile = None
        spot.empty()
        return coming.result()
    finally:
        pool.shutdown(wait=False)  # what has begun goes on without its reader, and stays cached


def answer(*sentences: str) -> None:
    """Show the page's answer."""
    text = html.escape(UNSEEN.sub("", " ".join(each for each in sentences if each)))
    st.html(f'<p class="csa-answer">{text}</p>' if text else " ")


def numbers(pairs: Sequence[tuple[str, str]]) -> None:
    """Show at most a row of key numbers, each with its label."""
    boxes = "".join(
        f"<div><b>{html.escape(number)}</b><span>{html.escape(unit)}</span></div>"
        for number, unit in pairs
    )
    st.html(f'<div class="csa-numbers">{boxes}</div>')


def table(rows: pd.DataFrame | Mapping[str, Any], label: str, kind: str = "") -> None:
    """Show a small table in full: words wrap, numbers are right-aligned, nothing is cut.

    Of the kind `csa-wide` each row is a card on a phone, its first cell stays where the table is
    too wide for the page, and pressing a head sorts the rows.
    """
    if not isinstance(rows, pd.DataFrame):
        rows = pd.DataFrame(rows, dtype=object)
    is_number = [bool(len(rows) and rows[name].map(_is_number).all()) for name in rows.columns]
    button = "<button>{}</button>" if kind and len(rows) > 1 else "{}"
    head = "".join(
        f"<th{NUMBER * number}>{button.format(html.escape(str(name)))}</th>"
        for name, number in zip(rows.columns, is_number, strict=True)
    )
    labels = [f' data-label="{html.escape(str(name))}"' * bool(kind) for name in rows.columns]
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{NUMBER * number}{label}>{_shown(value)}</td>"
            for value, number, label in zip(row, is_number, labels, strict=True)
        )
        + "</tr>"
        for row in rows.itertuples(index=False, name=None)
    )
    st.html(
        f'<div class="csa-table {kind}" role="region" tabindex="0" '
        f'aria-label="{html.escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, Number)


def _shown(value: object) -> str:
    if isinstance(value, Drawn):
        return value
    return html.escape(f"{value:,}" if _is_number(value) else f"{value}")


def plain(text: str) -> str:
    """Escape text from a file so that Markdown shows it as it is, and the rest of the line too."""
    still = LIVE.sub(WORD_JOINER, UNSEEN.sub("", text))
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:-])", r"\\\1", still)


def sentence(message: Message) -> str:
    """Return a message as Markdown that shows it as it is."""
    return plain(render(message))


def bar(said: str, anchor: str, way: str) -> None:
    """Keep a sentence at the bottom of the window, with a link to a heading of the page."""
    link = f'<a href="#{anchor}">{html.escape(way)}</a>'
    with st.container(key="bottom_bar"):
        st.html(f'<p><span role="status">{html.escape(said)}</span> {link}</p>')


def empty(sentence: str, then: str = "") -> None:
    """Show that there is nothing yet, and why, with the page to go to."""
    st.info(sentence, icon=":material/info:")
    if then:
        link(then, width="content")


def embed(page: str, **looks: Any) -> None:
    """Show a whole page of HTML in a frame."""
    st.iframe(page, **looks)
    # Streamlit asks first whether it is an address, and Python keeps the last 128 answers.
    cast("Any", urlsplit).cache_clear()


def link(page: str, label: str | None = None, width: Width = "stretch") -> None:
    """Link to another page, by its folder's name."""
    icon = ":material/arrow_forward:"
    st.page_link(f"screens/{page}/page.py", label=label, icon=icon, width=width)


def stop(error: CsaError) -> NoReturn:
    """Show what was wrong and what to do, and end the page."""
    st.error(sentence(error.message), icon=":material/error:")
    st.stop()


def unavailable(error: CsaError, language: str = ENGLISH) -> NoReturn:
    """Show the public that the page is unavailable, log the reason, and end the page."""
    logging.getLogger("csa").warning("not shown to the public: %s", render(error.message))
    empty(Translator(language)("public.renewed"))
    st.stop()


@contextmanager
def map_words() -> Iterator[None]:
    """Show a warning if the map cannot be drawn, and go on with the rest of the page."""
    try:
        yield
    except CsaError as error:
        is_about_map = error.message.key.startswith("basemap.")
        if not (is_about_map or isinstance(error, OutputError)):
            raise
        st.warning(sentence(error.message), icon=":material/map:")


def download(
    label: str,
    content: bytes | str | Callable[[], bytes | str],
    file_name: str,
    key: str,
    icon: str | None = ":material/download:",
) -> None:
    """Offer a file for download, without another run of the page."""
    st.download_button(
        label,
        content,
        file_name=file_name,
        mime=MIMES[file_name.rpartition(".")[2]],
        key=key,
        icon=icon,
        on_click="ignore",
    )


def downloads(
    proposal: Proposal, names: Sequence[str], stem: str, files: Mapping[str, bytes]
) -> None:
    """Offer a proposal's files for download, each written on request, and others as they are."""
    with st.popover(tr("find.download"), icon=":material/download:"):
        st.caption(tr("find.download_note"))
        for name in (*names, *files):
            st.download_button(
                name,
                files.get(name) or cache.download(proposal, name),
                file_name=f"{stem}-{name}",
                key=f"download {name}",
                on_click="ignore",
                width="stretch",
            )


class Drawn(str):
    """HTML of ours, which a table shows as it is."""

    __slots__ = ()


def range_bar(low: float, high: float, at: float, top: float, counted: float | None = None) -> str:
    """Draw a range from 0 to `top`, with a tick where it is most likely, and a dot for a count."""
    places = {"low": low, "high": high, "at": at, "n": at if counted is None else counted}
    style = ";".join(f"--{name}:{_share(value, top):.1f}%" for name, value in places.items())
    dot = "" if counted is None else "<u></u>"
    return f'<span class="csa-range" style="{style}" aria-hidden="true"><i></i><b></b>{dot}</span>'


def _share(value: float, top: float) -> float:
    return 100 * min(1.0, value / top) if top else 0.0
