"""An area's work plan: tasks, meetings, what residents asked, lessons, who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from csa.base.clock import now_utc
from csa.base.errors import ParamError
from csa.program.plan.calendar import STATUSES
from csa.program.roles import Act, Person, require
from csa.program.store.audit import AT_UTC, Signed
from csa.program.store.engine import Store
from csa.program.store.tables import (
    AreaRow,
    DraftRow,
    LessonRow,
    MeetingRow,
    MinuteRow,
    QuestionRow,
    StakeholderRow,
    TaskRow,
)
from csa.program.writing import clean_text, find, next_key, require_choice

WorkRow: TypeAlias = TaskRow | MeetingRow | QuestionRow | LessonRow | StakeholderRow

LISTENING = "listening"
MEETINGS = ("group", "walk", LISTENING, "progress")
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
    values["what"] = clean_text("what", str(values.get("what", "")))
    values["agency"] = clean_text("agency", str(values.get("agency", "")))
    values["reason"] = clean_text("reason", str(values["reason"]), least=0)
    require_choice("status", values["status"], STATUSES)
    require_choice("source", values["source"], SOURCES)
    if values["told_on"] is not None and values["told_on"] > act.on:
        raise ParamError("decide.ahead", day=values["told_on"], today=act.on)
    return values


def add_meeting(store: Store, act: Act, area: str, kind: str, meeting: Mapping[str, Any]) -> str:
    """Add a walk, a listening session, a group or a progress meeting."""
    require(act.person, "member")
    require_choice("kind", kind, MEETINGS)
    texts = {
        name: clean_text(name, str(meeting.get(name, "")), least=0)
        for name in ("organisations", "note")
    }
    on_date = meeting.get("on_date", act.on)
    return _add(store, act, area, MeetingRow, kind=kind, on_date=on_date, **texts)


def add_question(store: Store, act: Act, area: str, asked: str, *, is_public: bool = False) -> str:
    """Add what residents asked for; public only if who asked agreed to that."""
    require(act.person, "member")
    text = clean_text("asked", asked)
    return _add(store, act, area, QuestionRow, asked=text, asked_on=act.on, is_public=is_public)


def answer_question(
    store: Store, act: Act, key: str, answered: str, seen: int | None = None
) -> None:
    """Record the answer to what residents asked: you said, we did."""
    require(act.person, "member")
    text = clean_text("answered", answered)
    with store.writing(act.signed) as session:
        row = find(session, QuestionRow, key, seen)
        row.answered, row.answered_on = text, act.on


def agree_quotation(
    store: Store, act: Act, key: str, *, is_public: bool, seen: int | None = None
) -> None:
    """Record that who asked agrees to be quoted without a name, or no longer does."""
    require(act.person, "member")
    with store.writing(act.signed) as session:
        find(session, QuestionRow, key, seen).is_public = is_public


def add_lesson(store: Store, act: Act, area: str, text: str) -> str:
    """Add what was learned, for the next area."""
    require(act.person, "member")
    lesson = clean_text("lesson", text)
    return _add(store, act, area, LessonRow, text=lesson, on_date=act.on)


def add_stakeholder(store: Store, act: Act, area: str, organisation: str, part: str = "") -> str:
    """Add an organization that takes part, never a private person."""
    require(act.person, "member")
    name, does = clean_text("organisation", organisation), clean_text("part", part, least=0)
    return _add(store, act, area, StakeholderRow, organisation=name, part=does)


def _add(store: Store, act: Act, area: str, table: type[WorkRow], **values: Any) -> str:
    """Add a row to an area's work plan, by the next key of its kind."""
    with store.writing(act.signed) as session:
        find(session, AreaRow, area)
        name = values.get("organisation")
        if name and session.query(StakeholderRow).filter_by(area=area, organisation=name).count():
            raise ParamError("decide.twice", what=name)
        key = next_key(session, table, f"{area}/{table.__tablename__}-")
        session.add(table(key=key, area=area, **values))
    return key


# ---- What a quarterly review decided, recorded at the meeting.


def add_minute(store: Store, act: Act, text: str, about: str = "") -> str:
    """Record a decision of today's meeting."""
    require(act.person, "chair")
    decided = clean_text("decision", text)
    with store.writing(act.signed) as session:
        key = next_key(session, MinuteRow, f"{act.on.isoformat()}/")
        row = MinuteRow(key=key, meeting_on=act.on, about=clean_text("about", about, least=0))
        row.text = decided
        session.add(row)
    return key


# ---- Drafts, which survive a reload: they decide nothing and are not in the trail.


DRAFT = "draft"


def save_draft(store: Store, owner: Person, page: str, values: Mapping[str, Any]) -> None:
    """Store a draft; delete an empty one."""
    require(owner, "member")
    key, now = _key(owner, page), now_utc()
    with store.writing(Signed(owner.office, DRAFT, now)) as session:
        row = session.get(DraftRow, key)
        if not values:
            if row is not None:
                session.delete(row)
            return
        session.merge(DraftRow(key=key, values=dict(values), at_utc=now.strftime(AT_UTC)))


def load_draft(store: Store | None, owner: Person, page: str) -> dict[str, Any]:
    """Return a stored draft."""
    if store is None:
        return {}
    with store.reading() as session:
        row = session.get(DraftRow, _key(owner, page))
        return {} if row is None else dict(row.values)


def _key(owner: Person, page: str) -> str:
    return f"{page}/{owner.desk}"
