"""An area's work plan: tasks, meetings, what residents asked, lessons, who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from csa.base.errors import ParamError
from csa.decisions.roles import Act, require
from csa.decisions.store import Store
from csa.decisions.store.tables import (
    AreaRow,
    AskedRow,
    LessonRow,
    MeetingRow,
    StakeholderRow,
    TaskRow,
)
from csa.decisions.writing import find, next_key, one_of, said
from csa.plan import STATUSES

WorkRow: TypeAlias = TaskRow | MeetingRow | AskedRow | LessonRow | StakeholderRow

MEETINGS = ("group", "walk", "listening", "progress")
SOURCES = ("walk", "listening", "meeting", "other")
TASK_FIELDS = ("what", "agency", "due", "status", "source", "is_public", "reason", "told_on")


def add_task(store: Store, act: Act, area: str, task: Mapping[str, Any]) -> str:
    """Add a task: what, which agency, by when."""
    require(act.person, "member")
    first = {"status": "not-started", "source": "other", "due": None, "is_public": False}
    values = _task({**first, "reason": "", "told_on": None}, task, act)
    return _add(store, act, area, TaskRow, updated_on=act.on, **values)


def set_task(
    store: Store, act: Act, key: str, task: Mapping[str, Any], seen: int | None = None
) -> None:
    """Change a task; values that are not given stay as they are."""
    require(act.person, "member")
    with store.writing(act.signed) as session:
        row = find(session, TaskRow, key, seen)
        values = _task({name: getattr(row, name) for name in TASK_FIELDS}, task, act)
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_on = act.on


def _task(before: Mapping[str, Any], task: Mapping[str, Any], act: Act) -> dict[str, Any]:
    strange = sorted(set(task) - set(TASK_FIELDS))
    if strange:
        raise ParamError(
            "decide.changeable", given=", ".join(strange), known=", ".join(TASK_FIELDS)
        )
    values = {**before, **task}
    values["what"] = said("what", str(values.get("what", "")))
    values["agency"] = said("agency", str(values.get("agency", "")))
    values["reason"] = said("reason", str(values["reason"]), least=0)
    one_of("status", values["status"], STATUSES)
    one_of("source", values["source"], SOURCES)
    if values["told_on"] is not None and values["told_on"] > act.on:
        raise ParamError("decide.ahead", day=values["told_on"], today=act.on)
    return values


def add_meeting(store: Store, act: Act, area: str, kind: str, meeting: Mapping[str, Any]) -> str:
    """Add a walk, a listening session, a group or a progress meeting."""
    require(act.person, "member")
    one_of("kind", kind, MEETINGS)
    texts = {
        name: said(name, str(meeting.get(name, "")), least=0) for name in ("organisations", "note")
    }
    on_date = meeting.get("on_date", act.on)
    return _add(store, act, area, MeetingRow, kind=kind, on_date=on_date, **texts)


def add_asked(store: Store, act: Act, area: str, asked: str, *, is_public: bool = False) -> str:
    """Add what residents asked for; public only if who asked agreed to that."""
    require(act.person, "member")
    text = said("asked", asked)
    return _add(store, act, area, AskedRow, asked=text, asked_on=act.on, is_public=is_public)


def answer_asked(store: Store, act: Act, key: str, answered: str, seen: int | None = None) -> None:
    """Record the answer to what residents asked: you said, we did."""
    require(act.person, "member")
    text = said("answered", answered)
    with store.writing(act.signed) as session:
        row = find(session, AskedRow, key, seen)
        row.answered, row.answered_on = text, act.on


def agree_asked(
    store: Store, act: Act, key: str, *, is_public: bool, seen: int | None = None
) -> None:
    """Record that who asked agrees to be quoted without a name, or no longer does."""
    require(act.person, "member")
    with store.writing(act.signed) as session:
        find(session, AskedRow, key, seen).is_public = is_public


def add_lesson(store: Store, act: Act, area: str, text: str) -> str:
    """Add what was learned, for the next area."""
    require(act.person, "member")
    lesson = said("lesson", text)
    return _add(store, act, area, LessonRow, text=lesson, on_date=act.on)


def add_stakeholder(store: Store, act: Act, area: str, organisation: str, part: str = "") -> str:
    """Add an organization that takes part, never a private person."""
    require(act.person, "member")
    name, does = said("organisation", organisation), said("part", part, least=0)
    return _add(store, act, area, StakeholderRow, organisation=name, part=does)


def _add(store: Store, act: Act, area: str, table: type[WorkRow], **values: Any) -> str:
    """Add a row to an area's work plan, by the next key of its kind."""
    with store.writing(act.signed) as session:
        find(session, AreaRow, area)
        if table is StakeholderRow:
            _refuse_twice(session, area, values["organisation"])
        key = next_key(session, table, f"{area}/{table.__tablename__}-")
        session.add(table(key=key, area=area, **values))
    return key


def _refuse_twice(session: Session, area: str, name: str) -> None:
    found = session.query(StakeholderRow).filter_by(area=area, organisation=name).count()
    if found:
        raise ParamError("decide.twice", what=name)
