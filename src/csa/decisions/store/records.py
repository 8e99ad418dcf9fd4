"""The store's content as pages and reports read it: all of one moment, with its head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.decisions.store.audit import GENESIS, STORE_ITEM, TEXT_READ, Head, head_of
from csa.decisions.store.engine import Store
from csa.decisions.store.rows import Audit, Audited
from csa.decisions.store.tables import (
    ActionRow,
    AreaRow,
    AskedRow,
    BaselineRow,
    ChangeRow,
    CorrectionRow,
    DrawRow,
    HandoutRow,
    LessonRow,
    LinkRow,
    MeasureRow,
    MeetingRow,
    MinuteRow,
    QuarterRow,
    StakeholderRow,
    StepRow,
    TaskRow,
    ValueRow,
)
from csa.plan import ActionState, Link, Plan
from csa.plan.measures import Quarter, Value

APPROVED = "approved"
"""State of a change that the Committee has approved too, and that therefore counts."""

NO_STORE = Head(0, GENESIS)


@dataclass(frozen=True)
class Records:
    """The store at one moment; its rows are not to be changed.

    Fields: `head`, `decided`, `actions`, `changes`, `links`, `areas`, `steps`, `baselines`,
    `tasks`, `meetings`, `asked`, `lessons`, `stakeholders`, `measures`, `values`, `quarters`,
    `minutes`, `handouts`, `draws`, `corrections`, `on`, `confirmed`.
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
    asked: tuple[AskedRow, ...] = ()
    lessons: tuple[LessonRow, ...] = ()
    stakeholders: tuple[StakeholderRow, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    values: tuple[Value, ...] = ()  # of measures, every revision, by measure, place and quarter
    quarters: tuple[QuarterRow, ...] = ()
    minutes: tuple[MinuteRow, ...] = ()
    handouts: tuple[HandoutRow, ...] = ()
    draws: tuple[DrawRow, ...] = ()
    corrections: tuple[CorrectionRow, ...] = ()
    on: date | None = None  # the past day at whose end it stood so; None: as it stands now
    confirmed: frozenset[str] = frozenset()  # codes of public texts that somebody read again

    @property
    def states(self) -> Mapping[str, ActionState]:
        """The state of each action that was ever reported on."""
        return {row.key: state_of(row) for row in self.actions}

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
    "asked": AskedRow,
    "lessons": LessonRow,
    "stakeholders": StakeholderRow,
    "measures": MeasureRow,
    "quarters": QuarterRow,
    "minutes": MinuteRow,
    "handouts": HandoutRow,
    "draws": DrawRow,
    "corrections": CorrectionRow,
}


def read_records(store: Store | None, *, with_values: bool = True) -> Records:
    """Read the store, all of one moment."""
    if store is None:
        return Records()
    with store.reading() as session:
        found = {name: _rows(session, table) for name, table in TABLES.items()}
        values = values_in(session) if with_values else ()
        head = head_of(session.connection())
        confirmed = _confirmed(session)
        decided = _decided(session)
        session.expunge_all()
    return Records(
        head=head,
        decided=decided,
        values=values,
        confirmed=confirmed,
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


def state_of(row: ActionRow) -> ActionState:
    """Return an action's state."""
    names = [field.name for field in fields(ActionState) if field.name != "number"]
    values = {name: getattr(row, name) for name in names}
    return ActionState(row.key, **values | {"areas": tuple(row.areas)})


def titles_of(rows: Iterable[ChangeRow]) -> dict[str, str]:
    """Return the titles that were approved, for open slots and revised actions."""
    titled = [row for row in rows if row.state == APPROVED and "title" in row.values]
    titled.sort(key=lambda row: in_order(row.key))
    return {row.action: row.values["title"] for row in titled}


def links_of(plan: Plan, rows: Iterable[LinkRow]) -> dict[str, tuple[Link, ...]]:
    """Return each item's links: the plan's own, with what was added and taken away."""
    links = {item.number: item.needs for item in plan.strategies}
    links |= {item.number: item.needs for item in plan.actions}
    for row in rows:
        kept = tuple(link for link in links.get(row.action, ()) if link.on != row.needs)
        links[row.action] = kept if row.is_removed else (*kept, _link(row))
    return links


def _link(row: LinkRow) -> Link:
    return Link(on=row.needs, source=row.source, why=f"{row.action} <- {row.needs}", kind="waits")
