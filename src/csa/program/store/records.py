"""The store's content as pages and reports read it: all of one moment, with its head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Date, inspect as look_into, select
from sqlalchemy.orm import Session

from csa.program.plan.calendar import ActionState
from csa.program.plan.items import Link, Plan
from csa.program.plan.measures import Quarter, Value
from csa.program.store.audit import (
    AT_UTC,
    GENESIS,
    STORE_ITEM,
    TEXT_READ,
    Head,
    as_text,
    read_head,
    row_values,
)
from csa.program.store.engine import Store
from csa.program.store.tables import (
    AUDITED,
    ActionRow,
    AreaRow,
    Audit,
    Audited,
    BaselineRow,
    ChangeRow,
    CorrectionRow,
    HandoutRow,
    LessonRow,
    LinkRow,
    MeasureRow,
    MeetingRow,
    MinuteRow,
    QuarterRow,
    QuestionRow,
    StakeholderRow,
    StepRow,
    TaskRow,
    ValueRow,
    ZoneRow,
    ZoneVersionRow,
)

APPROVED = "approved"
"""State of a change that the Committee has approved too, and that therefore counts."""

NO_STORE = Head(0, GENESIS)
Row = TypeVar("Row", bound=Audited)


@dataclass(frozen=True)
class Records:
    """The store at one moment; its rows are not to be changed.

    Fields: `head`, `decided`, `actions`, `changes`, `links`, `areas`, `steps`, `baselines`,
    `tasks`, `meetings`, `asked`, `lessons`, `stakeholders`, `measures`, `values`, `quarters`,
    `minutes`, `handouts`, `zones`, `zone_versions`, `corrections`,
    `others`, `on`, `has_later`, `confirmed`.
    """

    head: Head = NO_STORE  # the end of the trail: equal heads mean equal records
    decided: Head = NO_STORE  # the last entry that is not a hand-out
    actions: tuple[ActionRow, ...] = ()  # rows of each table, in the order in which they were added
    changes: tuple[ChangeRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    areas: tuple[AreaRow, ...] = ()
    steps: tuple[StepRow, ...] = ()
    baselines: tuple[BaselineRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    meetings: tuple[MeetingRow, ...] = ()
    asked: tuple[QuestionRow, ...] = ()
    lessons: tuple[LessonRow, ...] = ()
    stakeholders: tuple[StakeholderRow, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    values: tuple[Value, ...] = ()  # of measures, every revision, by measure, place and quarter
    quarters: tuple[QuarterRow, ...] = ()
    minutes: tuple[MinuteRow, ...] = ()
    handouts: tuple[HandoutRow, ...] = ()
    zones: tuple[ZoneRow, ...] = ()
    zone_versions: tuple[ZoneVersionRow, ...] = ()
    corrections: tuple[CorrectionRow, ...] = ()
    others: Mapping[type[Audited], tuple[Audited, ...]] = field(default_factory=dict)
    """Rows of the tables that extras alone read: `of` gives them."""
    on: date | None = None  # the past day at whose end it stood so; None: as it stands now
    has_later: bool = False  # whether something was decided since that day
    confirmed: frozenset[str] = frozenset()  # codes of public texts that somebody read again

    @property
    def states(self) -> Mapping[str, ActionState]:
        """The state of each action that was ever reported on."""
        return {row.key: to_action_state(row) for row in self.actions}

    def of(self, table: type[Row]) -> tuple[Row, ...]:
        """List the rows of a table that an extra reads, in the order in which they were added."""
        return self.others.get(table, ())  # type: ignore[return-value] # by its key

    def corrections_of(self, item: str) -> tuple[CorrectionRow, ...]:
        """List the corrections of an item, oldest first."""
        return tuple(row for row in self.corrections if row.subject == item)

    def steps_of(self, area: str) -> tuple[StepRow, ...]:
        """List an area's steps."""
        return tuple(row for row in self.steps if row.area == area)


TABLES: Mapping[str, type[Audited]] = {
    "actions": ActionRow,
    "changes": ChangeRow,
    "links": LinkRow,
    "areas": AreaRow,
    "steps": StepRow,
    "baselines": BaselineRow,
    "tasks": TaskRow,
    "meetings": MeetingRow,
    "asked": QuestionRow,
    "lessons": LessonRow,
    "stakeholders": StakeholderRow,
    "measures": MeasureRow,
    "quarters": QuarterRow,
    "minutes": MinuteRow,
    "handouts": HandoutRow,
    "zones": ZoneRow,
    "zone_versions": ZoneVersionRow,
    "corrections": CorrectionRow,
}
OTHERS = tuple(table for table in AUDITED if table not in {*TABLES.values(), ValueRow})
"""Tables of extras: the store has them all, whichever extras are there."""


def read_records(store: Store | None, *, with_values: bool = True) -> Records:
    """Read the store, all of one moment."""
    if store is None:
        return Records()
    with store.reading() as session:
        found = {name: _rows(session, table) for name, table in TABLES.items()}
        others = {table: rows for table in OTHERS if (rows := _rows(session, table))}
        values = values_in(session) if with_values else ()
        head = read_head(session.connection())
        confirmed = _confirmed(session)
        decided = _decided(session)
        session.expunge_all()
    return Records(
        head=head,
        decided=decided,
        values=values,
        confirmed=confirmed,
        others=others,
        **found,  # type: ignore[arg-type]
    )


def _confirmed(session: Session) -> frozenset[str]:
    """Read which texts were confirmed: the trail has that, and no table of its own."""
    of_store = session.scalars(select(Audit.new).where(Audit.item == STORE_ITEM))
    return frozenset(filter(None, (json.loads(new).get(TEXT_READ) for new in of_store)))


def _decided(session: Session) -> Head:
    of_handout = Audit.item.startswith(HandoutRow.prefix, autoescape=True)
    last = session.execute(
        select(Audit.id, Audit.hash).where(~of_handout).order_by(Audit.id.desc()).limit(1)
    ).first()
    return NO_STORE if last is None else Head(last.id, last.hash)


def mark_values(store: Store) -> str:
    """Return a mark of the values of measures: equal marks mean equal values.

    Values are only ever added, and each is in the trail, so that the last entry about a measure is
    enough: its hash depends on all entries before it, even after a backup was restored.
    """
    told = select(Audit.hash).where(Audit.item.startswith(ValueRow.prefix, autoescape=True))
    with store.reading() as session:
        return session.scalar(told.order_by(Audit.id.desc()).limit(1)) or GENESIS


def read_values(store: Store) -> tuple[Value, ...]:
    """Read the values of measures."""
    with store.reading() as session:
        return values_in(session)


def values_in(session: Session) -> tuple[Value, ...]:
    """Read the rows as plain values: the session's own objects take ten times as long."""
    names = [field.name for field in fields(Value)]
    table = ValueRow.__table__
    order = (table.c.measure, table.c.place, table.c.quarter, table.c.number)
    rows = session.connection().execute(select(*(table.c[name] for name in names)).order_by(*order))
    quarters: dict[str, Quarter] = {}
    at = names.index("quarter")
    found = []
    for row in rows:
        cells = list(row)
        text = cells[at]
        cells[at] = quarters.get(text) or quarters.setdefault(text, Quarter.parse(text))
        found.append(Value(*cells))
    return tuple(found)


def _rows(session: Session, table: type[Audited]) -> tuple[Audited, ...]:
    return tuple(sorted(session.scalars(select(table)), key=lambda row: in_order(row.key)))


def in_order(key: str) -> tuple[tuple[int, int | str], ...]:
    """Sort keys as people count: `B/task-10` after `B/task-9`."""
    parts = key.replace("-", ".").replace("/", ".").split(".")
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)


def to_action_state(row: ActionRow) -> ActionState:
    """Return an action's state."""
    names = [field.name for field in fields(ActionState) if field.name != "number"]
    values = {name: getattr(row, name) for name in names}
    return ActionState(row.key, **values | {"areas": tuple(row.areas)})


def latest_titles(rows: Iterable[ChangeRow]) -> dict[str, str]:
    """Return the titles that were approved, for open slots and revised actions."""
    titled = [row for row in rows if row.state == APPROVED and "title" in row.values]
    titled.sort(key=lambda row: in_order(row.key))
    return {row.action: row.values["title"] for row in titled}


def item_links(plan: Plan, rows: Iterable[LinkRow]) -> dict[str, tuple[Link, ...]]:
    """Return each item's links: the plan's own, with what was added and taken away."""
    links = {item.number: item.needs for item in plan.strategies}
    links |= {item.number: item.needs for item in plan.actions}
    for row in rows:
        kept = tuple(link for link in links.get(row.action, ()) if link.on != row.needs)
        why = f"{row.action} <- {row.needs}"
        added = Link(on=row.needs, source=row.source, why=why, kind="waits")
        links[row.action] = kept if row.is_removed else (*kept, added)
    return links


# ---- The store as it stood at the end of a past day: the trail replayed, corrections applied.


OWN_DAYS = (
    "on_date",
    "execution_on",
    "since",
    "updated_on",
    "proposed_on",
    "answered_on",
    "asked_on",
    "approved_on",
    "meeting_on",
)
"""Values that say from which day an entry counts; the first that it has."""
GOES_ON = ("updated_on", "since")
"""Where an entry leaves these as they are, it was made on the same day as the one before."""
Entry = Mapping[str, Any]


def corrected(entries: Iterable[Entry], corrections: Iterable[CorrectionRow]) -> list[Entry]:
    """Return the trail's entries as they would be had they been right from the start."""
    right = dict[int, dict[str, Any]]()
    carried = set[int]()
    for row in corrections:
        right.setdefault(row.entry, {}).update(row.now)
        carried.add(row.carried)
    return [
        {**entry, "new": as_text({**json.loads(entry["new"]), **right[entry["id"]]})}
        if entry["id"] in right
        else entry
        for entry in entries
        if entry["id"] not in carried and not entry["item"].startswith(CorrectionRow.prefix)
    ]


def approvals(entries: Sequence[Entry]) -> frozenset[int]:
    """Return the numbers of the entries by which an approved proposal changed its action."""
    action_of, found, approved = dict[str, str](), set[int](), ("", "")
    for entry in entries:
        if entry["item"].startswith("change-"):
            new = json.loads(entry["new"])
            action = action_of.setdefault(entry["item"], new.get("action", ""))
            approved = (action, entry["at_utc"]) if new.get("state") == APPROVED else ("", "")
            continue
        if (entry["item"], entry["at_utc"]) == approved:  # carried out at once
            found.add(int(entry["id"]))
        approved = ("", "")
    return frozenset(found)


def as_of(records: Records, entries: Sequence[Entry], day: date, time_zone: str) -> Records:
    """Return what was on record at the end of a past day, with what was corrected since."""
    entries = [one for one in entries if one["id"] <= records.head.n]  # all of one moment
    zone = ZoneInfo(time_zone)
    told, counted = _replay(entries, records.corrections, day, zone)
    was_counted = _replay(entries, (), day, zone)[1] if records.corrections else counted
    matter = counted | was_counted
    of_corrections = {row.item for row in records.corrections if row.entry in matter}
    head = _head(entries, counted, of_corrections)
    rows = {name: tuple(_then(getattr(records, name), told)) for name in TABLES}
    rows["corrections"] = records.corrections
    others = {table: tuple(_then(own, told)) for table, own in records.others.items()}
    values = tuple(value for value in records.values if _item(value) in told)
    has_later = records.decided != head
    return replace(
        records,
        head=head,
        decided=head,
        on=day,
        has_later=has_later,
        values=values,
        others=others,
        **rows,  # type: ignore[arg-type]
    )


def _replay(
    entries: Sequence[Entry], corrections: Sequence[CorrectionRow], day: date, zone: ZoneInfo
) -> tuple[dict[str, dict[str, Any]], set[int]]:
    """Return each item's values at the end of a day, and the numbers of the entries counted."""
    told, counted, approved = dict[str, dict[str, Any]](), set[int](), approvals(entries)
    for entry in corrected(entries, corrections):
        values, before = json.loads(entry["new"]), told.get(entry["item"], {})
        if _counts_from(entry, values, {} if entry["id"] in approved else before, zone) <= day:
            told[entry["item"]] = before | values
            counted.add(entry["id"])
    return told, counted


def _head(entries: Sequence[Entry], counted: set[int], of_corrections: set[str]) -> Head:
    """Return the last entry that matters: what is decided later leaves a report's id as it is."""
    kept = [
        entry
        for entry in entries
        if (entry["id"] in counted or entry["item"] in of_corrections)
        and not entry["item"].startswith(HandoutRow.prefix)
    ]
    return Head(kept[-1]["id"], kept[-1]["hash"]) if kept else NO_STORE


def _counts_from(entry: Entry, values: Entry, goes_on: Entry, zone: ZoneInfo) -> date:
    written = datetime.strptime(entry["at_utc"], AT_UTC).replace(tzinfo=UTC).astimezone(zone).date()
    own = next((values[name] for name in OWN_DAYS if values.get(name)), None)
    own = own or next((goes_on[name] for name in GOES_ON if goes_on.get(name)), None)
    return min(written, date.fromisoformat(own)) if own else written


def _then(rows: Iterable[Audited], told: Mapping[str, Entry]) -> Iterator[Audited]:
    """Yield the rows that were there, with their values of then."""
    for row in rows:
        if row.item in told:
            values = {**row_values(row), **told[row.item]}
            for column in look_into(type(row)).columns:
                if isinstance(column.type, Date) and isinstance(values[column.key], str):
                    values[column.key] = date.fromisoformat(values[column.key])
            yield type(row)(key=row.key, revision=row.revision, **values)


def _item(value: Value) -> str:
    place = value.place or "city"
    return f"{ValueRow.prefix}{value.measure}/{value.quarter}/{place}/{value.number}"


def area_rows(records: Records) -> list[dict[str, Any]]:
    """Return the areas as machine-readable rows."""
    return [
        {
            "area_id": area.key,
            "place_name": area.place_name,
            "state": area.state,
            "since": area.since.isoformat(),
            "execution_on": None if area.execution_on is None else area.execution_on.isoformat(),
            "cells": records.steps_of(area.key)[-1].cells,
            "steps": [
                {
                    "state": step.state,
                    "on_date": step.on_date.isoformat(),
                    "by_office": step.by_office,
                    "reasons": step.reasons,
                    "evidence": step.evidence,
                    "cells": step.cells,
                }
                for step in records.steps_of(area.key)
            ],
        }
        for area in records.areas
    ]
