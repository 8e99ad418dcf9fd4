"""Forms for measures: one value, a file of values, approving a quarter, a definition."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.shared import panels, signing
from app.shared.signing import FormScene, Values
from csa.base.errors import ParamError
from csa.base.text import render, speak
from csa.decisions.measures import SETTLED, add_values, approve_quarter, settle_measure
from csa.decisions.roles import Act, may, require, require_committee
from csa.decisions.store import Store
from csa.decisions.store.tables import MeasureRow
from csa.ingest.measures import load_measures
from csa.plan.measures import Quarter, Value, checked, find_kind, make_value
from csa.reports.briefing.counted import differing_in, require_read
from csa.reports.briefing.measuring import MeasureLine

QUARTERS = 16
"""Quarters that a form offers: the last four years."""
NUMBERS = frozenset({"baseline", "target"})


def show(
    scene: FormScene, lines: Sequence[MeasureLine], place: str | None, places: Mapping[str, str]
) -> None:
    """Offer the changes that the reader may make to measures."""
    options = _options(scene)
    if place is None:
        options.pop("value", None)
    if not options:
        st.caption(speak("here.read_only"))
        return
    with st.expander(speak("here.edit")):
        chosen = signing.pick("measures edit", speak("here.edit"), options)
        if chosen == "value" and place is not None:
            _value_form(scene, lines, place, places)
        elif chosen == "file":
            _file_form(scene, places)
        elif chosen == "settle":
            _settle_form(scene, lines)
        else:
            _approve_form(scene)


def _options(scene: FormScene) -> dict[str, str]:
    who, found = scene.who, {}
    if may(require, who, "editor"):
        found = {"value": speak("here.enter"), "file": speak("here.import")}
    if may(require, who, "chair"):
        found["settle"] = speak("here.settle")
    if may(require_committee, who):
        found["approve"] = speak("here.approve")
    return found


def quarters_over(today: date) -> list[Quarter]:
    """List the completed quarters, newest first."""
    return [Quarter.of(today).plus(-step) for step in range(1, QUARTERS + 1)]


def _choose_measure(key: str, lines: Sequence[MeasureLine]) -> MeasureLine:
    names = {line.measure.id: line for line in lines}
    found = st.selectbox(
        speak("here.measure"),
        list(names),
        format_func=lambda one: names[one].measure.name,
        key=key,
    )
    return names[found]


def _value_form(
    scene: FormScene, lines: Sequence[MeasureLine], place: str, places: Mapping[str, str]
) -> None:
    line = _choose_measure("value measure", lines)
    kind = find_kind(line.measure.kind)
    name = places[place] if place else speak("here.city")
    st.markdown(f"**{panels.plain(name)}**")
    st.caption(panels.plain(speak("here.unit", unit=line.measure.unit)))

    def fields(key: str) -> Values:
        found: dict[str, Any] = {
            "quarter": st.selectbox(
                speak("here.quarter"), quarters_over(scene.today), key=f"{key} quarter"
            )
        }
        found |= _number_fields(key, kind.shape, is_survey=kind.is_survey)
        cells = st.grid(2)
        found["basis"] = cells.text_input(speak("here.basis"), key=f"{key} basis", max_chars=500)
        found["note"] = cells.text_input(speak("here.note"), key=f"{key} note", max_chars=500)
        return found

    def write(store: Store, act: Act, values: Values) -> str:
        value = checked(Value(line.measure.id, place=place, **values), kind.name)
        n = add_values(store, scene.plan, act, [value])
        return speak("here.taken", n=n) if n else speak("here.same")

    key = f"value {line.measure.id} {place}"
    signing.form(scene, key, fields, write, label=speak("here.save"))


def _number_fields(key: str, shape: str, *, is_survey: bool) -> dict[str, float | None]:
    """Ask for the numbers that a value of this kind can hold."""
    names = {
        "count": {"value": speak("here.count"), "denominator": speak("here.among")},
        "share": {
            "numerator": speak("here.part"),
            "denominator": speak("here.whole"),
            "value": speak("here.share_alone"),
        },
        "number": {"value": speak("here.value")},
    }[shape]
    if is_survey:
        names |= {"answers": speak("here.answers"), "design_effect": speak("here.design_effect")}
    cells = st.grid(2)
    return {
        name: cells.number_input(label, value=None, step=_step(name), key=f"{key} {name}")
        for name, label in names.items()
    }


def _step(name: str) -> float:
    if name == "answers":
        return 1  # an integer, so that the form returns one
    return 0.01 if name in {"value", "design_effect"} else 1.0


def _file_form(scene: FormScene, places: Collection[str]) -> None:
    st.caption(speak("here.file_about"))
    kinds = {one.id: one.kind for one in scene.plan.measures}

    def fields(key: str) -> Values:
        label, most = speak("here.file"), signing.MAX_FILE_MB
        return {
            "file": st.file_uploader(label, type="csv", key=f"{key} file", max_upload_size=most)
        }

    def write(store: Store, act: Act, values: Values) -> str:
        if values["file"] is None:
            raise ParamError("here.no_file")
        read = read_file(values["file"].name, values["file"].getvalue(), kinds, places)
        n = add_values(store, scene.plan, act, read)
        return speak("here.taken", n=n) if n else speak("here.same")

    signing.form(scene, "file", fields, write, label=speak("here.import_save"))


def read_file(
    name: str, content: bytes, kinds: Mapping[str, str], places: Collection[str]
) -> tuple[Value, ...]:
    """Read an uploaded file, whole or not at all, with every fault by its row."""
    return signing.read_upload(
        name, content, lambda path: load_measures(path, kinds, places, make_value)
    )


def _settle_form(scene: FormScene, lines: Sequence[MeasureLine]) -> None:
    line = _choose_measure("settle measure", lines)
    settled, shape = line.settled, find_kind(line.measure.kind).shape
    st.caption(panels.plain(f"{line.measure.ask} {speak('here.unit', unit=line.measure.unit)}"))
    if shape == "share":
        st.caption(speak("here.share_note"))

    def fields(key: str) -> Values:
        now = settled or MeasureRow()
        before: dict[str, Any] = {name: getattr(now, name) for name in SETTLED}
        before |= {name: before[name] or "" for name in SETTLED if name not in NUMBERS}
        begun = signing.seen(key, line.revision, before)
        found: dict[str, Any] = {
            "definition": st.text_area(
                speak("here.definition"), before["definition"], key=f"{key} definition", height=80
            )
        }
        cells = st.grid(2)
        found["baseline"] = cells.number_input(
            speak("here.baseline"), value=before["baseline"], key=f"{key} baseline"
        )
        found["baseline_quarter"] = cells.text_input(
            speak("here.baseline_quarter"), before["baseline_quarter"], key=f"{key} from"
        )
        found["target"] = cells.number_input(
            speak("here.target"), value=before["target"], key=f"{key} target"
        )
        found["target_quarter"] = cells.text_input(
            speak("here.target_quarter"), before["target_quarter"], key=f"{key} until"
        )
        found["owner"] = cells.text_input(speak("here.owner"), before["owner"], key=f"{key} owner")
        found["source"] = cells.text_input(
            speak("here.source"), before["source"], key=f"{key} source"
        )
        return {"settled": found, "begun": begun}

    def write(store: Store, act: Act, values: Values) -> str:
        revision, before = values["begun"]
        settled = signing.changed(values["settled"], before)
        settle_measure(store, scene.plan, act, line.measure.id, settled, revision)
        return speak("here.settled", measure=line.measure.name)

    signing.form(scene, f"settle {line.measure.id}", fields, write, label=speak("here.save"))


def _approve_form(scene: FormScene) -> None:
    rows = {row.key: row for row in scene.records.quarters}
    quarter = st.selectbox(speak("here.quarter"), quarters_over(scene.today), key="approve quarter")
    row = rows.get(str(quarter))
    is_approved = row is not None and row.is_approved
    n = sum(value.quarter == quarter for value in scene.records.values)
    st.caption(speak("here.approved" if is_approved else "here.approve_about", n=n))

    told = (
        ()
        if is_approved
        else differing_in(scene.opened.dataset, scene.records, scene.plan, quarter)
    )

    def fields(key: str) -> Values:
        for message in told:
            st.markdown(f"- {panels.plain(render(message))}")
        is_read = bool(told) and st.checkbox(speak("here.differs_read"), key=f"{key} read")
        return {"seen": signing.seen(key, 0 if row is None else row.revision)[0], "read": is_read}

    def write(store: Store, act: Act, values: Values) -> str:
        require_read(told, is_read=values["read"])
        approve_quarter(store, act, quarter, is_approved=not is_approved, seen=values["seen"])
        key = "keep.reopened" if is_approved else "keep.quarter"
        return speak(key, quarter=quarter)

    label = speak("here.reopen_save" if is_approved else "here.approve_save")
    signing.form(scene, f"approve {quarter}", fields, write, label=label)
