"""Correct what is on record: one form for all that may be corrected, and what was there before."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from csa.base.text import day, tr
from csa.city.preregistration import SEALED
from csa.program.corrections import (
    CORRECTABLE,
    DAY,
    KIND,
    PLANNED,
    Correction,
    correct,
    revision_of,
)
from csa.program.plan.calendar import STATUSES
from csa.program.roles import Act
from csa.program.store.engine import Store
from csa.program.store.tables import Audited, CorrectionRow, QuestionRow, StepRow
from csa.program.work import MEETINGS
from csa.reports.briefing.measuring import known_at_start
from csa_app.shared import plan_words, signing
from csa_app.shared.signing import Decision, FormField, FormScene, Typed

READ = "is_read"
WIDE = frozenset({"asked", "answered", "text", "note", "reason", "comment"})
OF_LISTS = {
    "kind": (MEETINGS, plan_words.meeting_word),
    "status": (STATUSES, plan_words.marked),
}


WORDS = {
    "kind": "label.kind",
    "on_date": "report.day_of_week",
    "organisations": "correct_form.organisations",
    "note": "here.note",
    "asked": "label.asked",
    "asked_on": "correct_form.asked_on",
    "answered": "label.answer",
    "answered_on": "correct_form.answered_on",
    "text": "correct_form.text",
    "organisation": "label.organization",
    "part": "here.part_taken",
    "updated_on": "correct_form.updated_on",
}
ORDER = (*plan_words.FIELDS, *WORDS)


@dataclass(frozen=True)
class OnRecord:
    """Something on record that may be wrong."""

    row: Audited
    label: str  # as the page's list calls it
    values: Mapping[str, Any]  # as they are on record
    entry: int | None = None  # the trail's entry that is meant; None: the last

    @property
    def key(self) -> str:
        """The key of its form."""
        return self.row.item if self.entry is None else f"{self.row.item} {self.entry}"

    @classmethod
    def of(cls, row: Audited, label: str) -> OnRecord:
        """Return a row as it stands."""
        names = list(CORRECTABLE[type(row)])
        if isinstance(row, QuestionRow) and not row.answered:
            names = [name for name in names if not name.startswith("answered")]
        return cls(row, label, {name: getattr(row, name) for name in names})


def field_word(name: str) -> str:
    """Return what a value is called in the form and in the list."""
    return tr(WORDS[name]) if name in WORDS else plan_words.field_word(name)


def value_words(name: str, value: Any) -> str:
    """Return a value in words."""
    if value and name.endswith(("_on", "on_date")):
        return day(value if isinstance(value, date) else date.fromisoformat(value))
    return plan_words.meeting_word(value) if name == "kind" else plan_words.value_words(name, value)


def notes(corrections: Iterable[CorrectionRow], *, beside_wrong: bool = False) -> str:
    """Return, as HTML, what was there before; beside the wrong entry itself, what is right."""
    said = (_note(row, beside_wrong=beside_wrong) for row in corrections)
    return "".join(
        f'<br><span class="csa-faint">{html.escape(text)}</span>' for text in said if text
    )


def _note(row: CorrectionRow, *, beside_wrong: bool) -> str:
    """Return a correction in words; nothing where a later entry only keeps what it had."""
    differ = [name for name in ORDER if name in row.was and row.was[name] != row.now[name]]
    values = row.now if beside_wrong else row.was
    what = [f"{field_word(name)}: {value_words(name, values[name])}" for name in differ]
    if not differ:
        return ""
    if len(differ) == 1 and not beside_wrong:
        what = [value_words(differ[0], values[differ[0]])]
    said = {"day": day(row.on_date), "by": row.by_office, "why": row.reasons}
    key = "correct_form.right" if beside_wrong else "correct_form.was"
    return tr(key, what="; ".join(what), **said)


def show(scene: FormScene, key: str, things: Sequence[OnRecord]) -> None:
    """Offer to correct what is on record."""
    if not things:
        return
    with st.expander(tr("correct_form.title")):
        st.caption(tr("correct_form.about"))
        named = {thing.key: thing for thing in things}
        chosen = st.selectbox(
            tr("correct_form.which"),
            list(named),
            format_func=lambda name: named[name].label if name in named else name,
            key=f"correct {key}",
        )
        signing.form(scene, _correction(scene, named[chosen]))


def _correction(scene: FormScene, thing: OnRecord) -> Decision:
    def write(store: Store, act: Act, typed: Typed) -> None:
        first = signing.first_day(scene)
        known = partial(known_at_start, scene.session.dataset, scene.plan, scene.records)
        changes = typed.changed
        is_read = bool(changes.pop(READ, False))
        wrong = Correction(thing.row.item, changes, thing.entry, first, typed.seen, is_read, known)
        correct(store, scene.plan, act, wrong)

    fields = [_field(scene, thing, name) for name in sorted(thing.values, key=WIDE.__contains__)]
    if isinstance(thing.row, StepRow) and thing.row.evidence.get(SEALED):
        fields.append(FormField(READ, tr("here.effects_read"), "tick", before=False))
    return Decision(
        f"correct {thing.key}",
        tr("correct_form.do"),
        write,
        fields,
        tr("correct_form.done"),
        revision_of(thing.row, scene.records.corrections_of(thing.row.item)),
    )


def _field(scene: FormScene, thing: OnRecord, name: str) -> FormField:
    """Ask for one value, by what it is."""
    kind = CORRECTABLE[type(thing.row)][name]
    asked = FormField(name, field_word(name), before=thing.values[name], row=1)
    if name in WIDE:
        return replace(asked, kind="long", row=0)
    if kind in {DAY, PLANNED}:
        return replace(asked, kind="day")
    if kind == KIND or name == "status":
        known, words = OF_LISTS[name]
        return replace(asked, kind="choice", options=known, words=words)
    if name == "percent":
        return replace(asked, kind="number", more={"min_value": 0, "max_value": 100})
    if name == "areas":
        return replace(asked, kind="several", options=[area.key for area in scene.records.areas])
    return asked


def reports_of(
    row: Audited, entries: Sequence[Mapping[str, Any]]
) -> list[tuple[int, Mapping[str, Any]]]:
    """List the trail's entries of an action, the newest first, each with all values after it."""
    found, values = list[tuple[int, Mapping[str, Any]]](), dict[str, Any]()
    for entry in entries:
        if entry["item"] == row.item:
            values |= json.loads(entry["new"])
            days = {name: _day(values[name]) for name in ("start", "due", "updated_on")}
            found.append((int(entry["id"]), values | days))
    return found[::-1]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
