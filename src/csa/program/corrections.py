"""Corrections of what is on record: with a reason, and the old value stays to be seen.

A correction names the trail's entry that was wrong and what is right. It is no new decision: what
was true then is said of then, in the trail, in lists and in reports of past months. What had been
approved or handed out before stays as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base.errors import ParamError
from csa.base.text import in_words, month, tr
from csa.city.preregistration import SEALED, sealed_since
from csa.city.selection import first_month
from csa.program.actions import require_areas
from csa.program.measures import values_as_of
from csa.program.plan.calendar import NEED_REASON, ActionState
from csa.program.plan.items import Plan
from csa.program.plan.measures import Quarter
from csa.program.roles import Act, refuse_day, require, require_area_chair, require_chair
from csa.program.store.audit import as_text, entries, entries_of
from csa.program.store.engine import Store
from csa.program.store.records import approvals, corrected, values_in
from csa.program.store.tables import (
    ACTIVE,
    REDRAWN,
    ActionRow,
    AreaRow,
    Audited,
    BaselineRow,
    CorrectionRow,
    LessonRow,
    MeetingRow,
    QuestionRow,
    StakeholderRow,
    StepRow,
)
from csa.program.work import MEETINGS
from csa.program.writing import clean_text, find, next_key, refuse_stale, require_choice

# ---- A row's history, from its entries in the trail: what set which value when.


ByEntry: TypeAlias = Mapping[int, Mapping[str, Any]]
"""Values, by the trail's entry that they are right for."""


@dataclass(frozen=True)
class RowHistory:
    """A row with its entries in the trail, as corrected so far."""

    row: Audited
    entries: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, session: Session, row: Audited) -> RowHistory:
        """Read a row's history."""
        session.flush()
        rows = session.scalars(select(CorrectionRow).where(CorrectionRow.subject == row.item))
        in_order = sorted(rows, key=lambda one: int(one.key.rpartition("/")[2]))
        return cls(row, corrected(entries(session.connection(), row.item), in_order))

    def entry_of(self, name: str) -> int:
        """Return the last entry that set a value."""
        return max(int(one["id"]) for one in self.entries if name in json.loads(one["new"]))

    def at(self, entry: int) -> dict[str, Any]:
        """Return the row's values after an entry."""
        values = dict[str, Any]()
        for one in self.entries:
            if one["id"] <= entry:
                values |= json.loads(one["new"])
        return values

    def righted(self, by_entry: ByEntry) -> RowHistory:
        """Return the same with some entries as they should have been."""
        told = [
            {**one, "new": as_text({**json.loads(one["new"]), **by_entry.get(one["id"], {})})}
            for one in self.entries
        ]
        return replace(self, entries=told)

    def with_held(self, by_entry: ByEntry) -> ByEntry:
        """Add the entries at which a value was the same anew: there it stays as it was."""
        kept = {entry: dict(values) for entry, values in by_entry.items()}
        for entry, values in by_entry.items():
            for name in values:
                later = self._held_by(name, entry)
                if later is not None:
                    kept.setdefault(later, {}).setdefault(name, self.at(later)[name])
        return kept

    def _held_by(self, name: str, entry: int) -> int | None:
        """Return a later entry that had this value anew, and wrote nothing as it was the same."""
        for one in self.entries:
            new = json.loads(one["new"])
            if one["id"] > entry and (name in new or _is_anew(name, new)):
                return None if name in new else int(one["id"])
        return None

    def is_last(self, name: str, entry: int) -> bool:
        """Check whether no later entry set a value again."""
        return all(one["id"] <= entry for one in self.entries if name in json.loads(one["new"]))


def _is_anew(name: str, new: Mapping[str, Any]) -> bool:
    """Check whether an entry settles a value by another: a step its day, a status its reason."""
    if name == "since":
        return "state" in new
    status = new.get("status")
    is_settled = status is not None and status not in NEED_REASON
    return (name == "reason" and is_settled) or (name == "percent" and status == "done")


DAY, TEXT, MAY_BE_EMPTY, KIND, PLANNED = "day", "text", "may be empty", "kind", "planned day"
OTHER = "other"
CORRECTABLE: Mapping[type[Audited], Mapping[str, str]] = MappingProxyType(
    {
        StepRow: {"on_date": DAY},
        BaselineRow: {"on_date": DAY},
        MeetingRow: {
            "kind": KIND,
            "on_date": DAY,
            "organisations": MAY_BE_EMPTY,
            "note": MAY_BE_EMPTY,
        },
        QuestionRow: {"asked": TEXT, "asked_on": DAY, "answered": TEXT, "answered_on": DAY},
        LessonRow: {"text": TEXT, "on_date": DAY},
        StakeholderRow: {"organisation": TEXT, "part": MAY_BE_EMPTY},
        ActionRow: {
            **{one.name: OTHER for one in fields(ActionState) if one.name != "number"},
            "start": PLANNED,
            "due": PLANNED,
            "updated_on": DAY,
        },
    }
)
"""What may be corrected of which rows, and what kind of value it takes.

A step's day is the designation's, a baseline's the day on which work began.
"""
FOLLOWS = {StepRow: "since", BaselineRow: "execution_on"}
"""What of the area itself follows a corrected day."""


@dataclass(frozen=True)
class Correction:
    """What is wrong on record, and what is right."""

    item: str  # as it is called in the trail, such as `area B/1`
    changes: Mapping[str, Any]  # what is right, by name
    entry: int | None = None  # the trail's entry that was wrong; None: the last that set each value
    first: date | None = None  # the day on which data begin
    seen: int | None = None  # the `revision_of` that was on screen
    is_read: bool = False  # whether what it does to a locked evaluation plan was read
    known: Callable[[str, date], Mapping[str, Any]] | None = None
    """An area's measures as known on a day, where data are at hand; None: those that were typed."""


def correct(
    store: Store, plan: Plan | None, act: Act, correction: Correction
) -> tuple[CorrectionRow, ...]:
    """Correct what is on record, all of it or nothing."""
    item, entry = correction.item, correction.entry
    require(act.person, "chair")
    with store.writing(act.signed) as session:
        row, known = _row_of(session, item)
        _require_chair(act, row, plan)
        _refuse_stale(session, row, correction.seen)
        wrong = RowHistory.of(session, row)
        right = {
            name: _checked(
                name,
                known[require_choice("field", name, known)],
                value,
                row,
                (correction.first, act.on),
            )
            for name, value in correction.changes.items()
        }
        by_entry = dict[int, dict[str, Any]]()
        for name, value in right.items():
            at = wrong.entry_of(name) if entry is None else entry
            by_entry.setdefault(at, {})[name] = value
        _refuse_unread(session, row, right, is_read=correction.is_read)
        _refuse_entries(session, wrong, by_entry)
        _refuse_order(session, row, right)
        right_then = wrong.with_held(_with_measures(session, row, by_entry, correction))
        _refuse_contradiction(session, wrong.righted(right_then))
        made = _write(session, act, wrong, right_then)
        _carry_to_area(session, act, row, by_entry)
    return made


def revision_of(row: Audited, corrections: Collection[CorrectionRow]) -> int:
    """Return the number by which a correction knows whether somebody came first."""
    return row.revision + len(corrections)


# ---- What is meant, and by whom ----------------------------------------------------------------


def _row_of(session: Session, item: str) -> tuple[Audited, Mapping[str, str]]:
    if item.startswith("change-"):
        raise ParamError("correct.answered", item=item)
    for table, known in CORRECTABLE.items():
        if item.startswith(table.prefix):
            row = session.get(table, item.removeprefix(table.prefix))
            if row is not None:
                return row, known
    raise ParamError("correct.no_item", item=item)


def _require_chair(act: Act, row: Audited, plan: Plan | None) -> None:
    if isinstance(row, StepRow | BaselineRow):
        require_area_chair(act.person)
    elif isinstance(row, ActionRow):
        if plan is None:
            raise ParamError("correct.no_plan", item=row.item)
        require_chair(act.person, plan, row.key)


def _refuse_stale(session: Session, row: Audited, seen: int | None) -> None:
    """Refuse a second correction at once, though it may leave the row itself as it is."""
    of_row = select(CorrectionRow.key).where(CorrectionRow.subject == row.item)
    n = len(session.scalars(of_row).all())
    refuse_stale(session, row, None if seen is None else seen - n)


# ---- Whether it can be -------------------------------------------------------------------------


def _checked(name: str, kind: str, value: Any, row: Audited, days: tuple[date | None, date]) -> Any:
    """Return a value as it is kept; a day that was planned ahead may stay ahead."""
    if kind == DAY:
        if not isinstance(value, date):
            raise ParamError("param.day", name=name, given=value)
        (first, today), before = days, getattr(row, name)
        is_planned = before is not None and before > today
        refuse_day(value, date.max if is_planned else today, first)
    elif kind == KIND:
        require_choice(name, value, MEETINGS)
    elif kind in {TEXT, MAY_BE_EMPTY}:
        return clean_text(name, str(value), least=int(kind == TEXT))
    return list(value) if isinstance(value, tuple) else value


def _refuse_entries(session: Session, wrong: RowHistory, by_entry: ByEntry) -> None:
    """Refuse an entry of something else, one that was approved, and what is no correction."""
    known = [int(one["id"]) for one in wrong.entries]
    is_action = isinstance(wrong.row, ActionRow)
    approved = approvals(entries(session.connection())) if is_action else frozenset()
    for at, values in by_entry.items():
        if at not in known:
            numbers = ", ".join(map(str, known))
            raise ParamError("correct.no_entry", entry=at, item=wrong.row.item, known=numbers)
        if at in approved:
            raise ParamError("correct.approved", item=wrong.row.item, entry=at)
        before = wrong.at(at)
        same = [name for name, value in values.items() if as_text(before[name]) == as_text(value)]
        if same:
            raise ParamError("correct.same", item=wrong.row.item, name=same[0])
    if not by_entry:
        raise ParamError("correct.nothing", item=wrong.row.item)


def _refuse_unread(
    session: Session, row: Audited, right: Mapping[str, Any], *, is_read: bool
) -> None:
    """Refuse another first month than an evaluation plan names until its effects were read."""
    sealed = row.evidence.get(SEALED) if isinstance(row, StepRow) else None
    if is_read or not sealed or not isinstance(row, StepRow) or "on_date" not in right:
        return
    since, now = sealed_since(sealed), first_month(right["on_date"])
    if now == since:
        return
    areas = session.scalars(select(AreaRow).where(AreaRow.state.in_(ACTIVE)))
    others = sorted(area.key for area in areas if area.key != row.area)
    listed = in_words(others) if others else tr("label.none")
    values = {"since": month(str(since)), "now": month(str(now)), "others": listed}
    raise ParamError("correct.sealed", area=row.area, **values)


def _refuse_order(session: Session, row: Audited, right: Mapping[str, Any]) -> None:
    """Refuse a day on which an area's steps and beginnings would change their order."""
    day = right.get("on_date")
    if day is None or not isinstance(row, StepRow | BaselineRow):
        return
    rows: list[StepRow | BaselineRow] = [
        *session.scalars(select(StepRow).where(StepRow.area == row.area)),
        *session.scalars(select(BaselineRow).where(BaselineRow.area == row.area)),
    ]
    found = entries_of(session.connection(), [one.item for one in rows])
    born = {one["item"]: int(one["id"]) for one in reversed(found)}
    rows.sort(key=lambda one: born[one.item])
    at = rows.index(row)
    if at and day < rows[at - 1].on_date:
        raise ParamError("correct.too_early", day=day, area=row.area, other=rows[at - 1].on_date)
    if at + 1 < len(rows) and day > rows[at + 1].on_date:
        raise ParamError("correct.too_late", day=day, area=row.area, other=rows[at + 1].on_date)


def _refuse_contradiction(session: Session, righted: RowHistory) -> None:
    """Refuse values that contradict each other, after whichever entry."""
    for one in righted.entries:
        values = righted.at(one["id"])
        if isinstance(righted.row, ActionRow):
            require_areas(session, _state_of(righted.row.key, values))
        elif isinstance(righted.row, QuestionRow):
            if bool(values["answered"]) != bool(values["answered_on"]):
                raise ParamError("correct.no_answer", item=righted.row.item)
            if values["answered_on"] and values["answered_on"] < values["asked_on"]:
                raise ParamError("correct.answer_first", day=values["answered_on"])


def _state_of(number: str, values: Mapping[str, Any]) -> ActionState:
    days = {
        name: date.fromisoformat(values[name])
        for name in ("start", "due", "updated_on")
        if values[name]
    }
    return ActionState(number, **{**values, **days, "areas": tuple(values["areas"])})


# ---- Writing it --------------------------------------------------------------------------------


def _with_measures(
    session: Session, row: Audited, by_entry: ByEntry, correction: Correction
) -> ByEntry:
    """Add the measures of the day on which work really began, if that is another quarter."""
    if not isinstance(row, BaselineRow):
        return by_entry
    [(entry, values)] = by_entry.items()
    if Quarter.of(row.on_date) == Quarter.of(values["on_date"]):
        return by_entry
    known = correction.known or partial(values_as_of, values_in(session))
    return {entry: {**values, "values": dict(known(row.area, values["on_date"]))}}


def _write(
    session: Session, act: Act, wrong: RowHistory, by_entry: ByEntry
) -> tuple[CorrectionRow, ...]:
    """Record corrections, and change the row where nobody has set the value since."""
    righted = wrong.righted(by_entry)
    return tuple(
        _write_one(session, act, (wrong, righted), entry, values)
        for entry, values in sorted(by_entry.items())
    )


def _write_one(
    session: Session,
    act: Act,
    of: tuple[RowHistory, RowHistory],
    entry: int,
    now: Mapping[str, Any],
) -> CorrectionRow:
    (wrong, righted), row = of, of[0].row
    last, before = _last_entry(session, row), wrong.at(entry)
    for name, value in now.items():
        if righted.is_last(name, entry) and as_text(getattr(row, name)) != as_text(value):
            setattr(row, name, value)
    session.flush()
    carried = _last_entry(session, row)
    made = CorrectionRow(key=next_key(session, CorrectionRow, f"{row.item}/"), subject=row.item)
    made.entry, made.carried = entry, carried if carried > last else 0
    made.was = json.loads(as_text({name: before[name] for name in now}))
    made.now = json.loads(as_text(dict(now)))
    made.on_date, made.by_office, made.reasons = act.on, act.person.office, act.signed.why.strip()
    session.add(made)
    session.flush()
    return made


def _last_entry(session: Session, row: Audited) -> int:
    return int(entries(session.connection(), row.item)[-1]["id"])


def _carry_to_area(session: Session, act: Act, row: Audited, by_entry: ByEntry) -> None:
    """Correct the area itself too, which has the day of its last step and of its beginning."""
    name = FOLLOWS.get(type(row))
    if name is None or not isinstance(row, StepRow | BaselineRow):
        return
    if isinstance(row, StepRow) and row.evidence.get(REDRAWN):
        return  # a redraw leaves the day of the area's state as it is
    area = RowHistory.of(session, find(session, AreaRow, row.area))
    [(entry, values)] = by_entry.items()
    at = max(int(one["id"]) for one in area.entries if one["id"] < entry)
    _write(session, act, area, area.with_held({at: {name: values["on_date"]}}))
