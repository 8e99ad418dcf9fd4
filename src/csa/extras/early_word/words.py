"""Early word: who receives it, what was found, when it was sent, and what was done."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from csa.base.errors import ParamError
from csa.disclosure.texts import kinds_in
from csa.program.roles import Act, require, require_committee
from csa.program.store.engine import Store
from csa.program.store.records import Records
from csa.program.store.tables import WatchRow, WordRow
from csa.program.writing import clean_text, find, next_key

SHOOTING, RUN = "shooting", "run"
ENFORCEMENT = re.compile(
    r"polic|sheriff|prosecut|district attorney|probation|parole|correction|marshal|\batf\b|\bfbi\b",
    re.IGNORECASE,
)
"""Offices that get no early word unless the Committee says so outright."""
HOURS = range(24)


@dataclass(frozen=True)
class Word:
    """What is to be told of an area."""

    area: str  # its letter, or a zone's id
    kind: str
    n: int
    first: date
    last: date
    marks: tuple[str, ...]


def name_recipient(
    store: Store,
    act: Act,
    office: str,
    areas: Sequence[str] = (),
    *,
    quiet: tuple[int, int] = (21, 8),
    is_enforcement: bool = False,
) -> None:
    """Name an office that receives early word; only the Committee may, and it stands in the log."""
    require_committee(act.person)
    clean_text("--why", act.signed.why, least=10)
    office = clean_text("office", office)
    if ENFORCEMENT.search(office) and not is_enforcement:
        raise ParamError("watch.enforcement", office=office)
    if not set(quiet) <= set(HOURS):
        raise ParamError("watch.hours", given=f"{quiet[0]}-{quiet[1]}")
    with store.writing(act.signed) as session:
        row = session.get(WatchRow, office)
        if row is None:
            row = WatchRow(key=office)
            session.add(row)
        row.is_on, row.areas = True, list(areas)
        row.quiet_from, row.quiet_until = quiet


def stop_recipient(store: Store, act: Act, office: str) -> None:
    """Send an office no more early word."""
    require_committee(act.person)
    with store.writing(act.signed) as session:
        find(session, WatchRow, office).is_on = False


def recipients(records: Records) -> tuple[WatchRow, ...]:
    """List who receives early word; none: it is off."""
    return tuple(row for row in records.of(WatchRow) if row.is_on)


def record_words(store: Store, act: Act, words: Sequence[Word]) -> tuple[str, ...]:
    """Record words that are new: none of whose shootings was word of its kind and area before."""
    keys = []
    with store.writing(act.signed) as session:
        for word in words:
            rows = session.scalars(select(WordRow).where(WordRow.area == word.area))
            known = {mark for row in rows if row.kind == word.kind for mark in row.marks}
            if known.intersection(word.marks):
                continue
            key = next_key(session, WordRow, f"{word.area}/")
            row = WordRow(key=key, area=word.area, kind=word.kind, n=word.n, first=word.first)
            row.last, row.marks, row.receipts = word.last, list(word.marks), {}
            session.add(row)
            session.flush()
            keys.append(key)
    return tuple(keys)


def record_receipt(store: Store, act: Act, key: str, office: str, state: str) -> None:
    """Record when an office's mail was sent, or that it may have been: it is sent once."""
    with store.writing(act.signed) as session:
        row = find(session, WordRow, key)
        row.receipts = {**row.receipts, office: state}


def note_done(store: Store, act: Act, key: str, text: str, *, seen: int | None = None) -> None:
    """Write down what was done on a word; no name of a person, no address."""
    require(act.person, "member")
    text = clean_text("what was done", text)
    caught = kinds_in(text)
    if caught:
        raise ParamError("watch.names", kinds=", ".join(sorted(caught)))
    with store.writing(act.signed) as session:
        find(session, WordRow, key, seen).done = text


def is_quiet(row: WatchRow, at_utc: datetime, time_zone: str) -> bool:
    """Check whether an hour is one in which a recipient gets no mail."""
    hour, first, until = (
        at_utc.astimezone(ZoneInfo(time_zone)).hour,
        row.quiet_from,
        row.quiet_until,
    )
    return first <= hour < until if first <= until else hour >= first or hour < until


def known_marks(records: Records, area: str, kind: str) -> Collection[str]:
    """List the marks of what was word of an area before."""
    rows = (row for row in records.of(WordRow) if row.area == area and row.kind == kind)
    return {mark for row in rows for mark in row.marks}
