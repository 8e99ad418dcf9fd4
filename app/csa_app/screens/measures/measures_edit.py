"""Forms for measures: one value, a file of values, approving a quarter, a definition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from csa.base.errors import ParamError
from csa.base.text import tr
from csa.ingest.measures import load_measures
from csa.program.measures import add_values, approve_quarter, define_measure
from csa.program.plan.measures import Quarter, Value, checked, find_kind, make_value
from csa.program.roles import Act, may, require, require_committee
from csa.program.store.engine import Store
from csa.program.store.tables import MeasureRow
from csa.reports.briefing.measuring import MeasureLine, differing_in, require_read
from csa_app.shared import panels, signing
from csa_app.shared.signing import Decision, FormField, FormScene, Typed

QUARTERS = 16
"""Quarters that a form offers: the last four years."""
NUMBERS = frozenset({"baseline", "target"})


def show(
    scene: FormScene, lines: Sequence[MeasureLine], place: str | None, places: Mapping[str, str]
) -> None:
    """Offer the changes that the reader may make to measures."""
    who = scene.who
    offered: dict[str, tuple[str, Callable[[], Decision]]] = {}
    if may(require, who, "editor"):
        if place is not None:
            offered["value"] = tr("here.enter"), lambda: _value(scene, lines, place, places)
        offered["file"] = tr("here.import"), lambda: _file(scene, places)
    if may(require, who, "chair"):
        offered["settle"] = tr("here.settle"), lambda: _settled(scene, lines)
    if may(require_committee, who):
        offered["approve"] = tr("here.approve"), lambda: _approved(scene)
    if offered:
        signing.pick(scene, "measures edit", tr("here.edit"), offered)
    else:
        st.caption(tr("here.read_only"))


def quarters_over(today: date) -> list[Quarter]:
    """List the completed quarters, newest first."""
    return [Quarter.of(today).plus(-step) for step in range(1, QUARTERS + 1)]


def _choose_measure(key: str, lines: Sequence[MeasureLine]) -> MeasureLine:
    names = {line.measure.id: line for line in lines}
    found = st.selectbox(
        tr("label.measure"),
        list(names),
        format_func=lambda one: names[one].measure.name,
        key=key,
    )
    return names[found]


def _value(
    scene: FormScene, lines: Sequence[MeasureLine], place: str, places: Mapping[str, str]
) -> Decision:
    line = _choose_measure("value measure", lines)
    kind = find_kind(line.measure.kind)
    name = places[place] if place else tr("label.citywide")
    st.markdown(f"**{panels.plain(name)}**")

    def write(store: Store, act: Act, typed: Typed) -> str:
        value = checked(Value(line.measure.id, place=place, **typed.now), kind.name)
        return _taken(add_values(store, scene.plan, act, [value]))

    quarters, most = quarters_over(scene.today), {"max_chars": 500}
    return Decision(
        f"value {line.measure.id} {place}",
        tr("here.save"),
        write,
        (
            FormField("quarter", tr("public.quarter"), "choice", options=quarters),
            *_numbers(kind.shape, is_survey=kind.is_survey),
            FormField("basis", tr("here.basis"), row=2, more=most),
            FormField("note", tr("here.note"), row=2, more=most),
        ),
        about=tr("here.unit", unit=line.measure.unit),
    )


def _taken(n: int) -> str:
    return tr("here.taken", n=n) if n else tr("here.same")


def _numbers(shape: str, *, is_survey: bool) -> list[FormField]:
    """List the numbers that a value of this kind can hold."""
    names = {
        "count": {"value": tr("here.count"), "denominator": tr("here.among")},
        "share": {
            "numerator": tr("here.part"),
            "denominator": tr("here.whole"),
            "value": tr("here.share_alone"),
        },
        "number": {"value": tr("label.value")},
    }[shape]
    if is_survey:
        names |= {"answers": tr("here.answers"), "design_effect": tr("here.design_effect")}
    return [
        FormField(name, label, "number", None, row=1, more={"step": _step(name)})
        for name, label in names.items()
    ]


def _step(name: str) -> float:
    if name == "answers":
        return 1  # an integer, so that the form returns one
    return 0.01 if name in {"value", "design_effect"} else 1.0


def _file(scene: FormScene, places: Collection[str]) -> Decision:
    kinds = {one.id: one.kind for one in scene.plan.measures}

    def write(store: Store, act: Act, typed: Typed) -> str:
        given = typed.now["file"]
        if given is None:
            raise ParamError("here.no_file")
        read = read_file(given.name, given.getvalue(), kinds, places)
        return _taken(add_values(store, scene.plan, act, read))

    field, about = FormField("file", tr("here.file"), "file"), tr("here.file_about")
    return Decision("file", tr("here.import_save"), write, [field], about=about)


def read_file(
    name: str, content: bytes, kinds: Mapping[str, str], places: Collection[str]
) -> tuple[Value, ...]:
    """Read an uploaded file, whole or not at all, with every fault by its row."""
    return signing.read_upload(
        name, content, lambda path: load_measures(path, kinds, places, make_value)
    )


def _settled(scene: FormScene, lines: Sequence[MeasureLine]) -> Decision:
    line = _choose_measure("settle measure", lines)
    now = line.definition or MeasureRow()
    labels = {
        "definition": tr("here.definition"),
        "baseline": tr("label.baseline"),
        "baseline_quarter": tr("here.baseline_quarter"),
        "target": tr("label.target"),
        "target_quarter": tr("here.target_quarter"),
        "owner": tr("here.owner"),
        "source": tr("here.source"),
    }
    fields = [
        FormField(name, label, "number", getattr(now, name), row=1)
        if name in NUMBERS
        else FormField(name, label, before=getattr(now, name) or "", row=1)
        for name, label in labels.items()
    ]
    fields[0] = replace(fields[0], kind="long", row=0)
    about = f"{line.measure.ask} {tr('here.unit', unit=line.measure.unit)}"
    if find_kind(line.measure.kind).shape == "share":
        about = f"{about}\n\n{tr('here.share_note')}"
    return Decision(
        f"settle {line.measure.id}",
        tr("here.save"),
        lambda store, act, typed: define_measure(
            store, scene.plan, act, line.measure.id, typed.changed, typed.seen
        ),
        fields,
        tr("here.settled", measure=line.measure.name),
        line.revision,
        about,
    )


def _approved(scene: FormScene) -> Decision:
    rows = {row.key: row for row in scene.records.quarters}
    quarter = st.selectbox(tr("public.quarter"), quarters_over(scene.today), key="approve quarter")
    row = rows.get(str(quarter))
    is_approved = row is not None and row.is_approved
    n = sum(value.quarter == quarter for value in scene.records.values)
    st.caption(tr("here.approved" if is_approved else "here.approve_about", n=n))
    told = (
        ()
        if is_approved
        else differing_in(scene.session.dataset, scene.records, scene.plan, quarter)
    )
    for message in told:
        st.markdown(f"- {panels.sentence(message)}")

    def write(store: Store, act: Act, typed: Typed) -> None:
        require_read(told, is_read=typed.now.get("is_read", False))
        approve_quarter(store, act, quarter, is_approved=not is_approved, seen=typed.seen)

    return Decision(
        f"approve {quarter}",
        tr("here.reopen_save" if is_approved else "here.approve_save"),
        write,
        [FormField("is_read", tr("here.differs_read"), "tick")] if told else [],
        tr("keep.reopened" if is_approved else "keep.quarter", quarter=quarter),
        0 if row is None else row.revision,
    )
