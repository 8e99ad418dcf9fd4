"""Work plans as one table, out and in: tasks, meetings, questions, takers, lessons of each area.

What is on record is never erased by a file: rows are added, a task is brought up to date, a
question is answered. Anything else that differs is refused, since only a correction may change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base.errors import ParamError
from csa.base.io import csv_bytes
from csa.base.message import Message, msg
from csa.base.params import parse_day
from csa.ingest.measures import WORK_COLUMNS, WorkLine, plain, refusal
from csa.program.plan.calendar import STATUSES
from csa.program.roles import Act, require
from csa.program.store.engine import Store
from csa.program.store.records import Records, in_order
from csa.program.store.tables import (
    AreaRow,
    Audited,
    LessonRow,
    MeetingRow,
    QuestionRow,
    StakeholderRow,
    TaskRow,
)
from csa.program.work import MEETINGS, SOURCES
from csa.program.writing import clean_text, next_key, require_choice

YES, NO = "yes", "no"
Read = Callable[[str, str], Any]
"""Reads a cell, given its column's name; refuses what does not fit."""


@dataclass(frozen=True)
class WorkItem:
    """One kind of row: its table, and each column's field with its reader."""

    table: type[Audited]
    fields: Mapping[str, tuple[str, Read]]
    same_by: tuple[str, ...]  # columns by which a row without a key is known again
    may_change: tuple[str, ...] = ()  # columns that a file may change on record


@dataclass(frozen=True)
class WorkCounts:
    """What a file of work plans changed."""

    added: int
    changed: int
    same: int


def _day(name: str, given: str) -> date | None:
    return parse_day(given, name) if given else None


def _perhaps(name: str, given: str) -> str:
    return clean_text(name, given, least=0)


def _word(known: Iterable[str], default: str = "") -> Read:
    words = tuple(known)
    return lambda name, given: require_choice(name, given.casefold() or default, words)


def _yes(name: str, given: str) -> bool:
    return require_choice(name, given.casefold() or NO, (YES, NO)) == YES


ITEMS: Mapping[str, WorkItem] = {
    "task": WorkItem(
        TaskRow,
        {
            "on_date": ("updated_on", _day),
            "text": ("what", clean_text),
            "office": ("agency", clean_text),
            "due": ("due", _day),
            "status": ("status", _word(STATUSES, "not-started")),
            "source": ("source", _word(SOURCES, "other")),
            "is_public": ("is_public", _yes),
            "reason": ("reason", _perhaps),
            "told_on": ("told_on", _day),
        },
        ("text", "office"),
        ("text", "office", "due", "status", "source", "is_public", "reason", "told_on"),
    ),
    "meeting": WorkItem(
        MeetingRow,
        {
            "on_date": ("on_date", lambda name, given: parse_day(given, name)),
            "kind": ("kind", _word(MEETINGS)),
            "text": ("note", _perhaps),
            "office": ("organisations", _perhaps),
        },
        ("on_date", "kind", "office"),
    ),
    "question": WorkItem(
        QuestionRow,
        {
            "on_date": ("asked_on", _day),
            "text": ("asked", clean_text),
            "answer": ("answered", _perhaps),
            "answered_on": ("answered_on", _day),
            "is_public": ("is_public", _yes),
        },
        ("text",),
        ("answer", "answered_on", "is_public"),
    ),
    "taker": WorkItem(
        StakeholderRow,
        {"text": ("part", _perhaps), "office": ("organisation", clean_text)},
        ("office",),
    ),
    "lesson": WorkItem(
        LessonRow, {"on_date": ("on_date", _day), "text": ("text", clean_text)}, ("text",)
    ),
}


def work_rows(records: Records) -> list[list[str]]:
    """List each area's work plan as rows of text, in the order of `WORK_COLUMNS`."""
    tables = (
        records.tasks,
        records.meetings,
        records.asked,
        records.stakeholders,
        records.lessons,
    )
    return [
        [_cells(name, row).get(column, "") for column in WORK_COLUMNS]
        for name, rows in zip(ITEMS, tables, strict=True)
        for row in sorted(rows, key=lambda row: in_order(row.key))
    ]


def work_file(records: Records) -> bytes:
    """Write each area's work plan as one CSV."""
    return csv_bytes(WORK_COLUMNS, work_rows(records))


def _cells(name: str, row: Any) -> dict[str, str]:
    values = {column: getattr(row, one) for column, (one, _) in ITEMS[name].fields.items()}
    cells = {column: _cell(value) for column, value in values.items()}
    return {"item": name, "key": row.key, "area": row.area, **cells}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if value is None:
        return ""
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def add_work(
    store: Store, act: Act, lines: Sequence[WorkLine], path: object = "", *, keep: bool = True
) -> WorkCounts:
    """Take rows of work plans, all or none, with every fault named; `keep=False` only counts.

    The same file taken twice changes nothing the second time.
    """
    require(act.person, "member")
    faults, done = list[Message](), list[str]()
    with store.writing(act.signed) as session:
        for line in lines:
            try:
                done.append(_take(session, act, line))
            except ParamError as error:
                faults.append(msg("work_file.fault", row=line.row, why=error.message))
        if faults:
            raise refusal(str(path), faults)
        if not keep:
            session.rollback()
    return WorkCounts(*(done.count(word) for word in ("added", "changed", "same")))


def _take(session: Session, act: Act, line: WorkLine) -> str:
    """Take a row; return what became of it."""
    cells = {name: text for name, text in line.cells.items() if text}
    name = require_choice("item", cells.pop("item", "").casefold(), ITEMS)
    item, key, area = ITEMS[name], cells.pop("key", ""), cells.pop("area", "")
    strange = [column for column in cells if column not in item.fields]
    if strange:
        raise ParamError("work_file.no_column", item=name, columns=", ".join(strange))
    if session.get(AreaRow, area) is None:
        raise ParamError("work_file.no_area", area=area)
    row = _find(session, item, name, (key, area), cells)
    if row is not None:
        return _change(row, name, act, cells)
    values = {
        one: read(column, cells.get(column, "")) for column, (one, read) in item.fields.items()
    }
    _settle_days(values, name, act)
    made = next_key(session, item.table, f"{area}/{item.table.__tablename__}-")
    if key not in {"", made}:
        raise ParamError("work_file.no_key", key=key, next=made)
    session.add(item.table(key=made, area=area, **values))
    session.flush()
    return "added"


def _find(
    session: Session, item: WorkItem, name: str, named: tuple[str, str], cells: Mapping[str, str]
) -> Any:
    """Find the row on record that a line is about: by its key, else by what it says."""
    key, area = named
    if key:
        row: Any = session.get(item.table, key)
        if row is not None and row.area != area:
            raise ParamError("work_file.other_area", key=key, area=row.area)
        return row
    rows = session.scalars(select(item.table).filter_by(area=area))
    for row in sorted(rows, key=lambda one: in_order(one.key)):
        on_record = _cells(name, row)
        if all(_is_same(on_record[column], cells.get(column, "")) for column in item.same_by):
            return row
    return None


def _is_same(one: str, other: str) -> bool:
    return plain(one) == plain(other)


def _change(row: Any, name: str, act: Act, cells: Mapping[str, str]) -> str:
    """Bring a task up to date or answer a question; refuse any other difference."""
    item, on_record = ITEMS[name], _cells(name, row)
    values = {column: item.fields[column][1](column, text) for column, text in cells.items()}
    given = {
        column: value
        for column, value in values.items()
        if not _is_same(on_record[column], _cell(value))
    }
    if name == "task":
        given.pop("on_date", None)
    if name == "question" and "answer" not in given:
        given.pop("answered_on", None)
    fixed = [column for column in given if column not in item.may_change]
    if fixed:
        raise ParamError("work_file.differs", key=row.key, columns=", ".join(fixed))
    if not given:
        return "same"
    for column, value in given.items():
        setattr(row, item.fields[column][0], value)
    if name == "task":
        row.updated_on = act.on
    elif "answer" in given and "answered_on" not in given:
        row.answered_on = act.on
    _refuse_ahead(row.told_on if name == "task" else row.answered_on, act)
    return "changed"


def _settle_days(values: dict[str, Any], name: str, act: Act) -> None:
    """Fill in today where a row names no day; only a meeting may be ahead."""
    for one in ("updated_on", "on_date", "asked_on"):
        if one in values:
            values[one] = values[one] or act.on
            _refuse_ahead(None if name == "meeting" else values[one], act)
    if values.get("answered"):
        values["answered_on"] = values["answered_on"] or act.on
    _refuse_ahead(values.get("answered_on") or values.get("told_on"), act)


def _refuse_ahead(day: date | None, act: Act) -> None:
    if day is not None and day > act.on:
        raise ParamError("decide.ahead", day=day, today=act.on)
