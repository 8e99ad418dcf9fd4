"""The forms of an area's work plan, shown one at a time."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.screens.measures.work_plan import meeting_word, source_word
from app.shared import signing
from app.shared.plan_words import marked
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
    answer_asked,
    set_task,
)
from csa.plan import STATUSES
from csa.reports.briefing.working import WorkPlan

MAX_TEXT = 2000


def show(scene: FormScene, work: WorkPlan) -> None:
    """Offer the entries that the reader may add to a work plan."""
    if not may(require, scene.who, "member"):
        st.caption(speak("here.work_read_only"))
        return
    key = work.area.key
    options = {"task": speak("here.add_task")}
    if work.tasks:
        options["change"] = speak("here.change_task")
    options |= {"meeting": speak("here.add_meeting"), "asked": speak("here.add_asked")}
    if work.asked:
        options["answer"] = speak("here.add_answer")
    options |= {"lesson": speak("here.add_lesson"), "taker": speak("here.add_taker")}
    forms = {
        "task": _add_task,
        "change": _change_task,
        "meeting": _add_meeting,
        "asked": _add_asked,
        "answer": _answer,
        "lesson": _add_lesson,
        "taker": _add_taker,
    }
    with st.expander(speak("here.work_edit")):
        chosen = signing.pick(f"work edit {key}", speak("here.work_edit"), options)
        forms[chosen](scene, work)


def _task_fields(key: str, row: TaskRow | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": st.text_input(
            speak("here.what"), row.what if row else "", key=f"{key} what", max_chars=MAX_TEXT
        )
    }
    one, two = st.columns(2)
    three, four = st.columns(2)
    found["agency"] = one.text_input(
        speak("here.agency"), row.agency if row else "", key=f"{key} agency", max_chars=MAX_TEXT
    )
    found["due"] = two.date_input(
        speak("here.due"), value=row.due if row else None, key=f"{key} due"
    )
    found["status"] = three.selectbox(
        speak("here.status"),
        STATUSES,
        index=STATUSES.index(row.status) if row else 0,
        format_func=marked,
        key=f"{key} status",
    )
    found["source"] = four.selectbox(
        speak("here.from"),
        SOURCES,
        index=SOURCES.index(row.source) if row else len(SOURCES) - 1,
        format_func=source_word,
        key=f"{key} source",
    )
    found["is_public"] = st.checkbox(
        speak("here.is_public"), value=row.is_public if row else False, key=f"{key} public"
    )
    return found


def _add_task(scene: FormScene, work: WorkPlan) -> None:
    def write(store: Store, act: Act, values: Values) -> str:
        add_task(store, act, work.area.key, values)
        return speak("here.kept")

    signing.form(
        scene,
        f"task {work.area.key}",
        lambda key: _task_fields(key, None),
        write,
        label=speak("here.save"),
    )


def _change_task(scene: FormScene, work: WorkPlan) -> None:
    rows = {row.key: row for row in work.tasks}
    chosen = st.selectbox(
        speak("here.which_task"),
        list(rows),
        format_func=lambda key: rows[key].what,
        key=f"which task {work.area.key}",
    )
    row = rows[chosen]

    def fields(key: str) -> Values:
        before = {name: getattr(row, name) for name in TASK_FIELDS}
        begun = signing.seen(key, row.revision, before)
        return {"task": _task_fields(key, row), "begun": begun}

    def write(store: Store, act: Act, values: Values) -> str:
        revision, before = values["begun"]
        set_task(store, act, chosen, signing.changed(values["task"], before), revision)
        return speak("here.kept")

    signing.form(scene, f"change {chosen}", fields, write, label=speak("here.save"))


def _add_meeting(scene: FormScene, work: WorkPlan) -> None:
    st.caption(speak("here.meeting_about"))

    def fields(key: str) -> Values:
        left, right = st.columns(2)
        return {
            "kind": left.selectbox(
                speak("here.kind"), MEETINGS, format_func=meeting_word, key=f"{key} kind"
            ),
            "on_date": right.date_input(speak("here.on_date"), value=scene.today, key=f"{key} on"),
            "organisations": st.text_input(
                speak("here.organisations"), key=f"{key} organisations", max_chars=MAX_TEXT
            ),
            "note": st.text_area(
                speak("here.note"), key=f"{key} note", max_chars=MAX_TEXT, height=80
            ),
        }

    def write(store: Store, act: Act, values: Values) -> str:
        add_meeting(store, act, work.area.key, values["kind"], values)
        return speak("here.kept")

    signing.form(scene, f"meeting {work.area.key}", fields, write, label=speak("here.save"))


def _add_asked(scene: FormScene, work: WorkPlan) -> None:
    def fields(key: str) -> Values:
        return {
            "asked": st.text_area(
                speak("here.asked_field"), key=f"{key} asked", max_chars=MAX_TEXT, height=80
            ),
            "is_public": st.checkbox(speak("here.is_public"), key=f"{key} public"),
        }

    def write(store: Store, act: Act, values: Values) -> str:
        add_asked(store, act, work.area.key, values["asked"], is_public=values["is_public"])
        return speak("here.kept")

    signing.form(scene, f"asked {work.area.key}", fields, write, label=speak("here.save"))


def _answer(scene: FormScene, work: WorkPlan) -> None:
    rows: dict[str, AskedRow] = {row.key: row for row in work.asked}
    chosen = st.selectbox(
        speak("here.which_asked"),
        list(rows),
        format_func=lambda key: rows[key].asked,
        key=f"which asked {work.area.key}",
    )
    row = rows[chosen]

    def fields(key: str) -> Values:
        revision, _ = signing.seen(key, row.revision)
        label = speak("here.answered_field")
        said = st.text_area(
            label, row.answered, key=f"{key} answered", max_chars=MAX_TEXT, height=80
        )
        return {"answered": said, "seen": revision}

    def write(store: Store, act: Act, values: Values) -> str:
        answer_asked(store, act, chosen, values["answered"], values["seen"])
        return speak("here.kept")

    signing.form(scene, f"answer {chosen}", fields, write, label=speak("here.save"))


def _add_lesson(scene: FormScene, work: WorkPlan) -> None:
    def fields(key: str) -> Values:
        label = speak("here.lesson_field")
        return {"text": st.text_area(label, key=f"{key} text", max_chars=MAX_TEXT, height=80)}

    def write(store: Store, act: Act, values: Values) -> str:
        add_lesson(store, act, work.area.key, values["text"])
        return speak("here.kept")

    signing.form(scene, f"lesson {work.area.key}", fields, write, label=speak("here.save"))


def _add_taker(scene: FormScene, work: WorkPlan) -> None:
    st.caption(speak("here.taker_about"))

    def fields(key: str) -> Values:
        left, right = st.columns(2)
        return {
            "name": left.text_input(speak("here.organisation"), key=f"{key} name", max_chars=200),
            "part": right.text_input(speak("here.part_taken"), key=f"{key} part", max_chars=500),
        }

    def write(store: Store, act: Act, values: Values) -> str:
        add_stakeholder(store, act, work.area.key, values["name"], values["part"])
        return speak("here.kept")

    signing.form(scene, f"taker {work.area.key}", fields, write, label=speak("here.save"))
