"""The forms of an area's work plan, shown one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import streamlit as st

from app.screens.measures.work_plan import source_word
from app.shared import signing
from app.shared.plan_words import marked, meeting_word
from app.shared.signing import Decision, FormField, FormScene, Typed
from csa.base.text import speak
from csa.decisions.roles import Act, may, require
from csa.decisions.store import Store
from csa.decisions.store.tables import AskedRow, TaskRow
from csa.decisions.work import (
    MEETINGS,
    SOURCES,
    add_asked,
    add_lesson,
    add_meeting,
    add_stakeholder,
    add_task,
    agree_asked,
    answer_asked,
    set_task,
)
from csa.plan import NOTICE_DAYS, STATUSES
from csa.reports.briefing.working import WorkPlan


def show(scene: FormScene, work: WorkPlan) -> None:
    """Offer the entries that the reader may add to a work plan."""
    if not may(require, scene.who, "member"):
        st.caption(speak("here.work_read_only"))
        return
    today = scene.today
    offered: dict[str, tuple[str, Callable[[], Decision]]] = {
        # First: what is done on the street, by telephone.
        "walk": (speak("here.add_walk"), lambda: _meeting(work, today, "walk"))
    }
    if any(row.status != "done" for row in work.tasks):
        offered["done"] = speak("here.add_done"), lambda: _done(work)
    offered["task"] = speak("here.add_task"), lambda: _task(work)
    if work.tasks:
        offered["change"] = speak("here.change_task"), lambda: _changed_task(work)
    offered["meeting"] = speak("here.add_meeting"), lambda: _meeting(work, today)
    offered["asked"] = speak("here.add_asked"), lambda: _asked(work)
    if work.asked:
        offered["answer"] = speak("here.add_answer"), lambda: _answer(work)
        offered["agree"] = speak("here.change_agreed"), lambda: _agreed(work)
    offered["lesson"] = speak("here.add_lesson"), lambda: _lesson(work)
    offered["taker"] = speak("here.add_taker"), lambda: _taker(work)
    signing.pick(scene, f"work edit {work.area.key}", speak("here.work_edit"), offered)


def _entry(
    key: str, write: Callable[[Store, Act, Typed], object], *fields: FormField, seen: int = 0
) -> Decision:
    return Decision(key, speak("here.save"), write, fields, speak("here.kept"), seen)


def _which(label: str, words: Mapping[str, str], key: str) -> str:
    """Ask which of several entries is meant."""
    return st.selectbox(label, list(words), format_func=words.__getitem__, key=key)


def _done(work: WorkPlan) -> Decision:
    rows = {row.key: row for row in work.tasks if row.status != "done"}
    words = {key: row.what for key, row in rows.items()}
    chosen = _which(speak("here.which_task"), words, f"task done {work.area.key}")

    def write(store: Store, act: Act, typed: Typed) -> None:
        set_task(store, act, chosen, {"status": "done"}, typed.seen)

    entry = _entry(f"done {chosen}", write, seen=rows[chosen].revision)
    return replace(entry, label=speak("here.done_save"))


def _task_fields(row: TaskRow) -> list[FormField]:
    return [
        FormField("what", speak("here.what"), before=row.what),
        FormField("agency", speak("here.agency"), before=row.agency, row=1),
        FormField("due", speak("here.due"), "day", row.due, row=1),
        FormField("status", speak("here.status"), "choice", row.status, STATUSES, marked, 1),
        FormField("source", speak("here.from"), "choice", row.source, SOURCES, source_word, 1),
        FormField("is_public", speak("here.is_public"), "tick", row.is_public),
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
    chosen = _which(speak("here.which_task"), words, f"which task {work.area.key}")
    row, hint = rows[chosen], {"help": speak("here.told_on_help", n=NOTICE_DAYS)}
    return _entry(
        f"change {chosen}",
        lambda store, act, typed: set_task(store, act, chosen, typed.changed, typed.seen),
        *_task_fields(row),
        FormField("told_on", speak("here.told_on"), "day", row.told_on, more=hint),
        FormField("reason", speak("here.reason"), "long", row.reason),
        seen=row.revision,
    )


def _meeting(work: WorkPlan, today: date, kind: str = "") -> Decision:
    """Ask for a meeting, of a kind that is given or asked for too."""
    asked = FormField("kind", speak("here.kind"), "choice", options=MEETINGS, words=meeting_word)
    entry = _entry(
        f"{kind or 'meeting'} {work.area.key}",
        lambda store, act, typed: add_meeting(
            store, act, work.area.key, kind or typed.now["kind"], typed.now
        ),
        *([] if kind else [asked]),
        FormField("on_date", speak("here.on_date"), "day", today),
        FormField("organisations", speak("here.organisations")),
        FormField("note", speak("here.walk_seen") if kind else speak("here.note"), "long"),
    )
    return entry if kind else replace(entry, about=speak("here.meeting_about"))


def _asked(work: WorkPlan) -> Decision:
    return _entry(
        f"asked {work.area.key}",
        lambda store, act, typed: add_asked(store, act, work.area.key, **typed.now),
        FormField("asked", speak("here.asked_field"), "long"),
        FormField("is_public", speak("here.agreed"), "tick"),
    )


def _which_asked(work: WorkPlan) -> AskedRow:
    rows = {row.key: row for row in work.asked}
    words = {key: row.asked for key, row in rows.items()}
    return rows[_which(speak("here.which_asked"), words, f"which asked {work.area.key}")]


def _answer(work: WorkPlan) -> Decision:
    row = _which_asked(work)
    return _entry(
        f"answer {row.key}",
        lambda store, act, typed: answer_asked(
            store, act, row.key, typed.now["answered"], typed.seen
        ),
        FormField("answered", speak("here.answered_field"), "long", row.answered),
        seen=row.revision,
    )


def _agreed(work: WorkPlan) -> Decision:
    row = _which_asked(work)
    return _entry(
        f"agree {row.key}",
        lambda store, act, typed: agree_asked(
            store, act, row.key, is_public=typed.now["is_public"], seen=typed.seen
        ),
        FormField("is_public", speak("here.agreed"), "tick", row.is_public),
        seen=row.revision,
    )


def _lesson(work: WorkPlan) -> Decision:
    return _entry(
        f"lesson {work.area.key}",
        lambda store, act, typed: add_lesson(store, act, work.area.key, typed.now["text"]),
        FormField("text", speak("here.lesson_field"), "long"),
    )


def _taker(work: WorkPlan) -> Decision:
    entry = _entry(
        f"taker {work.area.key}",
        lambda store, act, typed: add_stakeholder(store, act, work.area.key, **typed.now),
        FormField("organisation", speak("here.organisation"), row=1, more={"max_chars": 200}),
        FormField("part", speak("here.part_taken"), row=1, more={"max_chars": 500}),
    )
    return replace(entry, about=speak("here.taker_about"))
