"""Values of measures: added, visibly revised, approved by the quarter; and what a measure means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from csa.base.errors import ParamError, RoleError
from csa.program.plan.items import Plan, PlanMeasure
from csa.program.plan.measures import Quarter, Value, latest
from csa.program.roles import Act, Person, require, require_committee
from csa.program.store.engine import Store
from csa.program.store.tables import MeasureRow, QuarterRow, ValueRow
from csa.program.writing import clean_text, refuse_stale

CITY = "city"
SETTLED = (
    "definition",
    "baseline",
    "baseline_quarter",
    "target",
    "target_quarter",
    "source",
    "owner",
)
NUMBERS = ("value", "numerator", "denominator", "answers", "design_effect", "basis", "note")


def add_values(store: Store, plan: Plan, act: Act, values: Sequence[Value]) -> int:
    """Add values of measures, all or none; one that differs is a revision beside the earlier."""
    measures = {measure.id: measure for measure in plan.measures}
    for value in values:
        _require_measure(act.person, measures, value.measure)
        if not value.quarter.is_over(act.on):
            raise ParamError("decide.quarter_open", quarter=value.quarter, today=act.on)
    with store.writing(act.signed) as session:
        rows = session.scalars(select(ValueRow).order_by(ValueRow.number))
        before = {_stem(row.measure, row.quarter, row.place): row for row in rows}
        return sum(_add_value(session, value, before) for value in values)


def _stem(measure: str, quarter: object, place: str) -> str:
    return f"{measure}/{quarter}/{place or CITY}/"


def _add_value(session: Session, value: Value, before: dict[str, ValueRow]) -> bool:
    stem = _stem(value.measure, value.quarter, value.place)
    earlier = before.get(stem)
    numbers = {name: found for name, found in asdict(value).items() if name in NUMBERS}
    if earlier and all(getattr(earlier, name) == numbers[name] for name in NUMBERS):
        return False
    number = 1 if earlier is None else earlier.number + 1
    row = ValueRow(key=f"{stem}{number}", measure=value.measure, number=number, **numbers)
    row.quarter, row.place = str(value.quarter), value.place
    session.add(row)
    before[stem] = row
    return True


def _require_measure(person: Person, measures: Mapping[str, PlanMeasure], measure: str) -> None:
    """Refuse a person without a goal of the measure; plan-wide ones are open to every editor."""
    if measure not in measures:
        known = ", ".join(measures)
        raise ParamError("decide.no_measure", given=measure, known=known)
    require(person, "editor")
    goals = measures[measure].goals
    if person.role != "editor" or not goals:
        return
    if not {strategy.split(".")[0] for strategy in person.strategies} & set(goals):
        raise RoleError("roles.not_goal", measure=measures[measure].name, goals=", ".join(goals))


def values_as_of(values: Iterable[Value], area: str, on: date) -> dict[str, Any]:
    """Return an area's measures as known on a day: its own, and the whole city's."""
    until = Quarter.of(on)
    return {
        f"{row.measure}/{row.place or CITY}": {
            "quarter": str(row.quarter),
            "value": row.value,
            "numerator": row.numerator,
            "denominator": row.denominator,
        }
        for row in latest(values)
        if row.place in {"", area} and row.quarter < until
    }


def approve_quarter(
    store: Store, act: Act, quarter: Quarter, *, is_approved: bool = True, seen: int | None = None
) -> None:
    """Approve a quarter's values: a later change is a revision that shows as such."""
    require_committee(act.person)
    if not quarter.is_over(act.on):
        raise ParamError("decide.quarter_open", quarter=quarter, today=act.on)
    with store.writing(act.signed) as session:
        row = session.get(QuarterRow, str(quarter))
        refuse_stale(session, row, seen)
        if row is None:
            row = QuarterRow(key=str(quarter))
            session.add(row)
        row.is_approved, row.approved_on = is_approved, act.on if is_approved else None


def define_measure(
    store: Store,
    plan: Plan,
    act: Act,
    measure: str,
    settled: Mapping[str, Any],
    seen: int | None = None,
) -> None:
    """Set what a measure counts, its baseline, its target, its source and its owner."""
    measures = {found.id: found for found in plan.measures}
    _require_measure(act.person, measures, measure)
    require(act.person, "chair")
    strange = sorted(set(settled) - set(SETTLED))
    if strange:
        raise ParamError("decide.changeable", given=", ".join(strange), known=", ".join(SETTLED))
    values = {name: _settled(name, value) for name, value in settled.items()}
    with store.writing(act.signed) as session:
        row = session.get(MeasureRow, measure)
        refuse_stale(session, row, seen)
        if row is None:
            row = MeasureRow(key=measure)
            session.add(row)
        for name in SETTLED:
            setattr(row, name, values.get(name, getattr(row, name)))


def _settled(name: str, value: Any) -> Any:
    if name in {"baseline", "target"}:
        return None if value is None else float(value)
    if name.endswith("_quarter"):
        return str(Quarter.parse(str(value))) if value else ""
    return clean_text(name, str(value), least=0)
