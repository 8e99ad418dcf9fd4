"""The forms of an area's work plan, shown one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import streamlit as st

from csa.base.text import tr
from csa.program.plan.calendar import NOTICE_DAYS, STATUSES
from csa.program.roles import Act, may, require
from csa.program.store.engine import Store
from csa.program.store.tables import QuestionRow, TaskRow
from csa.program.work import (
    MEETINGS,
    SOURCES,
    add_lesson,
    add_meeting,
    add_question,
    add_stakeholder,
    add_task,
    agree_quotation,
    answer_question,
    set_task,
)
from csa.reports.briefing.lines import WorkPlan
from csa_app.screens.measures.work_plan import source_word
from csa_app.shared import signing
from csa_app.shared.plan_words import marked, meeting_word
from csa_app.shared.signing import Decision, FormField, FormScene, Typed


def show_forms(scene: FormScene, work: WorkPlan) -> None:
    """Offer the entries that the reader may add to a work plan."""
    if not may(require, scene.who, "member"):
        st.caption(tr("here.work_read_only"))
        return
    today = scene.today
    offered: dict[str, tuple[str, Callable[[], Decision]]] = {
        # First: what is done on the street, by telephone.
        "walk": (tr("here.add_walk"), lambda: _meeting(work, today, "walk"))
    }
    if any(row.status != "done" for row in work.tasks):
        offered["done"] = tr("here.add_done"), lambda: _done(work)
    offered["task"] = tr("here.add_task"), lambda: _task(work)
    if work.tasks:
        offered["change"] = tr("here.change_task"), lambda: _changed_task(work)
    offered["meeting"] = tr("here.add_meeting"), lambda: _meeting(work, today)
    offered["asked"] = tr("here.add_asked"), lambda: _asked(work)
    if work.questions:
        offered["answer"] = tr("label.answer"), lambda: _answer(work)
        offered["agree"] = tr("here.change_agreed"), lambda: _agreed(work)
    offered["lesson"] = tr("here.add_lesson"), lambda: _lesson(work)
    offered["taker"] = tr("here.add_taker"), lambda: _taker(work)
    signing.pick(scene, f"work edit {work.area.key}", tr("here.work_edit"), offered)


def _entry(
    key: str, write: Callable[[Store, Act, Typed], object], *fields: FormField, seen: int = 0
) -> Decision:
    return Decision(key, tr("here.save"), write, fields, tr("here.kept"), seen)


def _which(label: str, words: Mapping[str, str], key: str) -> str:
    """Ask which of several entries is meant."""
    return st.selectbox(label, list(words), format_func=words.__getitem__, key=key)


def _done(work: WorkPlan) -> Decision:
    rows = {row.key: row for row in work.tasks if row.status != "done"}
    words = {key: row.what for key, row in rows.items()}
    chosen = _which(tr("term.task"), words, f"task done {work.area.key}")

    def write(store: Store, act: Act, typed: Typed) -> None:
        set_task(store, act, chosen, {"status": "done"}, typed.seen)

    entry = _entry(f"done {chosen}", write, seen=rows[chosen].revision)
    return replace(entry, label=tr("here.done_save"))


def _task_fields(row: TaskRow) -> list[FormField]:
    return [
        FormField("what", tr("here.what"), before=row.what),
        FormField("agency", tr("label.agency"), before=row.agency, row=1),
        FormField("due", tr("term.due"), "day", row.due, row=1),
        FormField("status", tr("term.status"), "choice", row.status, STATUSES, marked, 1),
        FormField("source", tr("here.from"), "choice", row.source, SOURCES, source_word, 1),
        FormField("is_public", tr("here.is_public"), "tick", row.is_public),
    ]


def _task(work: WorkPlan) -> Decision:
    first = {"status": STATUSES[0], "source": SOURCES[-1], "is_public": False}
    return _entry(
        f"task {work.area.key}",
        lambda store, act, typed: add_task(store, act, work.area.key, typed.now),
        *_task_fields(TaskRow(what="", agency="", due=None, **first)),
    )


def _changed_task(work: WorkPlan) -> Decision:
    rows = {row.key: row for row in work.tasks}
    words = {key: row.what for key, row in rows.items()}
    chosen = _which(tr("term.task"), words, f"which task {work.area.key}")
    row, hint = rows[chosen], {"help": tr("here.told_on_help", n=NOTICE_DAYS)}
    return _entry(
        f"change {chosen}",
        lambda store, act, typed: set_task(store, act, chosen, typed.changed, typed.seen),
        *_task_fields(row),
        FormField("told_on", tr("here.told_on"), "day", row.told_on, more=hint),
        FormField("reason", tr("here.reason"), "long", row.reason),
        seen=row.revision,
    )


def _meeting(work: WorkPlan, today: date, kind: str = "") -> Decision:
    """Ask for a meeting, of a kind that is given or asked for too."""
    asked = FormField("kind", tr("label.kind"), "choice", options=MEETINGS, words=meeting_word)
    entry = _entry(
        f"{kind or 'meeting'} {work.area.key}",
        lambda store, act, typed: add_meeting(
            store, act, work.area.key, kind or typed.now["kind"], typed.now
        ),
        *([] if kind else [asked]),
        FormField("on_date", tr("report.day_of_week"), "day", today),
        FormField("organisations", tr("here.organisations")),
        FormField("note", tr("here.walk_seen") if kind else tr("here.note"), "long"),
    )
    return entry if kind else replace(entry, about=tr("here.meeting_about"))


def _asked(work: WorkPlan) -> Decision:
    return _entry(
        f"asked {work.area.key}",
        lambda store, act, typed: add_question(store, act, work.area.key, **typed.now),
        FormField("asked", tr("here.asked_field"), "long"),
        FormField("is_public", tr("here.agreed"), "tick"),
    )


def _which_asked(work: WorkPlan) -> QuestionRow:
    rows = {row.key: row for row in work.questions}
    words = {key: row.asked for key, row in rows.items()}
    return rows[_which(tr("label.asked"), words, f"which asked {work.area.key}")]


def _answer(work: WorkPlan) -> Decision:
    row = _which_asked(work)
    return _entry(
        f"answer {row.key}",
        lambda store, act, typed: answer_question(
            store, act, row.key, typed.now["answered"], typed.seen
        ),
        FormField("answered", tr("here.answered_field"), "long", row.answered),
        seen=row.revision,
    )


def _agreed(work: WorkPlan) -> Decision:
    row = _which_asked(work)
    return _entry(
        f"agree {row.key}",
        lambda store, act, typed: agree_quotation(
            store, act, row.key, is_public=typed.now["is_public"], seen=typed.seen
        ),
        FormField("is_public", tr("here.agreed"), "tick", row.is_public),
        seen=row.revision,
    )


def _lesson(work: WorkPlan) -> Decision:
    return _entry(
        f"lesson {work.area.key}",
        lambda store, act, typed: add_lesson(store, act, work.area.key, typed.now["text"]),
        FormField("text", tr("here.lesson_field"), "long"),
    )


def _taker(work: WorkPlan) -> Decision:
    entry = _entry(
        f"taker {work.area.key}",
        lambda store, act, typed: add_stakeholder(store, act, work.area.key, **typed.now),
        FormField("organisation", tr("label.organization"), row=1, more={"max_chars": 200}),
        FormField("part", tr("here.part_taken"), row=1, more={"max_chars": 500}),
    )
    return replace(entry, about=tr("here.taker_about"))
