"""The forms of an area's work plan, shown one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.screens.measures.work_plan import source_word
from app.shared import signing
from app.shared.plan_words import marked, meeting_word
from app.shared.signing import FormScene, Values
from csa.base.text import speak
from csa.decisions.roles import Act, may, require
from csa.decisions.store import Store
from csa.decisions.store.tables import AskedRow, TaskRow
from csa.decisions.work import (
    MEETINGS,
    SOURCES,
    TASK_FIELDS,
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

MAX_TEXT = 2000


def show(scene: FormScene, work: WorkPlan) -> None:
    """Offer the entries that the reader may add to a work plan."""
    if not may(require, scene.who, "member"):
        st.caption(speak("here.work_read_only"))
        return
    key = work.area.key
    options = {"walk": speak("here.add_walk")}  # first: what is done on the street, by telephone
    if still_open(work):
        options["done"] = speak("here.add_done")
    options["task"] = speak("here.add_task")
    if work.tasks:
        options["change"] = speak("here.change_task")
    options |= {"meeting": speak("here.add_meeting"), "asked": speak("here.add_asked")}
    if work.asked:
        options["answer"] = speak("here.add_answer")
        options["agree"] = speak("here.change_agreed")
    options |= {"lesson": speak("here.add_lesson"), "taker": speak("here.add_taker")}
    forms = {
        "walk": _add_walk,
        "done": _mark_done,
        "task": _add_task,
        "change": _change_task,
        "meeting": _add_meeting,
        "asked": _add_asked,
        "answer": _answer,
        "agree": _agree,
        "lesson": _add_lesson,
        "taker": _add_taker,
    }
    with st.expander(speak("here.work_edit")):
        chosen = signing.pick(f"work edit {key}", speak("here.work_edit"), options)
        forms[chosen](scene, work)


def _form(
    scene: FormScene,
    key: str,
    fields: Callable[[str], Values],
    write: Callable[[Store, Act, Values], object],
    label: str = "",
) -> None:
    """Show a form for one entry of a work plan."""

    def keep(store: Store, act: Act, values: Values) -> str:
        write(store, act, values)
        return speak("here.kept")

    signing.form(scene, key, fields, keep, label=label or speak("here.save"))


def still_open(work: WorkPlan) -> list[TaskRow]:
    """List the tasks that are not done yet."""
    return [row for row in work.tasks if row.status != "done"]


def _mark_done(scene: FormScene, work: WorkPlan) -> None:
    rows = {row.key: row for row in still_open(work)}
    words = {key: row.what for key, row in rows.items()}
    chosen = _which(speak("here.which_task"), words, f"task done {work.area.key}")

    def fields(key: str) -> Values:
        return {"seen": signing.seen(key, rows[chosen].revision)[0]}

    def write(store: Store, act: Act, values: Values) -> None:
        set_task(store, act, chosen, {"status": "done"}, values["seen"])

    _form(scene, f"done {chosen}", fields, write, speak("here.done_save"))


def _which(label: str, words: Mapping[str, str], key: str) -> str:
    """Ask which of several entries is meant."""
    return st.selectbox(label, list(words), format_func=words.__getitem__, key=key)


def _long_text(label: str, key: str, before: str = "") -> str:
    return st.text_area(label, before, key=key, max_chars=MAX_TEXT, height=80)


def _task_fields(key: str, row: TaskRow | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": st.text_input(
            speak("here.what"), row.what if row else "", key=f"{key} what", max_chars=MAX_TEXT
        )
    }
    cells = st.grid(2)
    found["agency"] = cells.text_input(
        speak("here.agency"), row.agency if row else "", key=f"{key} agency", max_chars=MAX_TEXT
    )
    found["due"] = cells.date_input(
        speak("here.due"), value=row.due if row else None, key=f"{key} due"
    )
    found["status"] = cells.selectbox(
        speak("here.status"),
        STATUSES,
        index=STATUSES.index(row.status) if row else 0,
        format_func=marked,
        key=f"{key} status",
    )
    found["source"] = cells.selectbox(
        speak("here.from"),
        SOURCES,
        index=SOURCES.index(row.source) if row else len(SOURCES) - 1,
        format_func=source_word,
        key=f"{key} source",
    )
    found["is_public"] = st.checkbox(
        speak("here.is_public"), value=row.is_public if row else False, key=f"{key} public"
    )
    if row is not None:
        found["told_on"] = st.date_input(
            speak("here.told_on"),
            value=row.told_on,
            key=f"{key} told",
            help=speak("here.told_on_help", n=NOTICE_DAYS),
        )
        found["reason"] = _long_text(speak("here.reason"), f"{key} reason", row.reason)
    return found


def _add_task(scene: FormScene, work: WorkPlan) -> None:
    def write(store: Store, act: Act, values: Values) -> None:
        add_task(store, act, work.area.key, values)

    _form(scene, f"task {work.area.key}", lambda key: _task_fields(key, None), write)


def _change_task(scene: FormScene, work: WorkPlan) -> None:
    rows = {row.key: row for row in work.tasks}
    words = {key: row.what for key, row in rows.items()}
    chosen = _which(speak("here.which_task"), words, f"which task {work.area.key}")
    row = rows[chosen]

    def fields(key: str) -> Values:
        before = {name: getattr(row, name) for name in TASK_FIELDS}
        begun = signing.seen(key, row.revision, before)
        return {"task": _task_fields(key, row), "begun": begun}

    def write(store: Store, act: Act, values: Values) -> None:
        revision, before = values["begun"]
        set_task(store, act, chosen, signing.changed(values["task"], before), revision)

    _form(scene, f"change {chosen}", fields, write)


def _add_meeting(scene: FormScene, work: WorkPlan, kind: str = "") -> None:
    """Ask for a meeting, of a kind that is given or asked for too."""
    if not kind:
        st.caption(speak("here.meeting_about"))

    def fields(key: str) -> Values:
        return {
            "kind": kind
            or st.selectbox(
                speak("here.kind"), MEETINGS, format_func=meeting_word, key=f"{key} kind"
            ),
            "on_date": st.date_input(speak("here.on_date"), value=scene.today, key=f"{key} on"),
            "organisations": st.text_input(
                speak("here.organisations"), key=f"{key} organisations", max_chars=MAX_TEXT
            ),
            "note": _long_text(
                speak("here.walk_seen") if kind else speak("here.note"), f"{key} note"
            ),
        }

    def write(store: Store, act: Act, values: Values) -> None:
        add_meeting(store, act, work.area.key, values["kind"], values)

    _form(scene, f"{kind or 'meeting'} {work.area.key}", fields, write)


def _add_walk(scene: FormScene, work: WorkPlan) -> None:
    _add_meeting(scene, work, "walk")


def _add_asked(scene: FormScene, work: WorkPlan) -> None:
    def fields(key: str) -> Values:
        return {
            "asked": _long_text(speak("here.asked_field"), f"{key} asked"),
            "is_public": st.checkbox(speak("here.agreed"), key=f"{key} public"),
        }

    def write(store: Store, act: Act, values: Values) -> None:
        add_asked(store, act, work.area.key, values["asked"], is_public=values["is_public"])

    _form(scene, f"asked {work.area.key}", fields, write)


def _which_asked(work: WorkPlan) -> AskedRow:
    rows = {row.key: row for row in work.asked}
    words = {key: row.asked for key, row in rows.items()}
    return rows[_which(speak("here.which_asked"), words, f"which asked {work.area.key}")]


def _answer(scene: FormScene, work: WorkPlan) -> None:
    row = _which_asked(work)

    def fields(key: str) -> Values:
        revision, _ = signing.seen(key, row.revision)
        said = _long_text(speak("here.answered_field"), f"{key} answered", row.answered)
        return {"answered": said, "seen": revision}

    def write(store: Store, act: Act, values: Values) -> None:
        answer_asked(store, act, row.key, values["answered"], values["seen"])

    _form(scene, f"answer {row.key}", fields, write)


def _agree(scene: FormScene, work: WorkPlan) -> None:
    row = _which_asked(work)

    def fields(key: str) -> Values:
        revision, _ = signing.seen(key, row.revision)
        is_public = st.checkbox(speak("here.agreed"), row.is_public, key=f"{key} public")
        return {"is_public": is_public, "seen": revision}

    def write(store: Store, act: Act, values: Values) -> None:
        agree_asked(store, act, row.key, is_public=values["is_public"], seen=values["seen"])

    _form(scene, f"agree {row.key}", fields, write)


def _add_lesson(scene: FormScene, work: WorkPlan) -> None:
    def fields(key: str) -> Values:
        return {"text": _long_text(speak("here.lesson_field"), f"{key} text")}

    def write(store: Store, act: Act, values: Values) -> None:
        add_lesson(store, act, work.area.key, values["text"])

    _form(scene, f"lesson {work.area.key}", fields, write)


def _add_taker(scene: FormScene, work: WorkPlan) -> None:
    st.caption(speak("here.taker_about"))

    def fields(key: str) -> Values:
        cells = st.grid(2)
        return {
            "name": cells.text_input(speak("here.organisation"), key=f"{key} name", max_chars=200),
            "part": cells.text_input(speak("here.part_taken"), key=f"{key} part", max_chars=500),
        }

    def write(store: Store, act: Act, values: Values) -> None:
        add_stakeholder(store, act, work.area.key, values["name"], values["part"])

    _form(scene, f"taker {work.area.key}", fields, write)
