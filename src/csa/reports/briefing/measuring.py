"""The plan's measures in one place: value, baseline, target, change, history and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from csa.areas.year_to_date import YearToDate
from csa.base.message import Message
from csa.base.stats import HIGHEST_DISPERSION
from csa.base.text import render
from csa.decisions.store.records import Records
from csa.decisions.store.tables import AreaRow, MeasureRow
from csa.plan import Plan, PlanMeasure
from csa.plan.measures import (
    MeasureChange,
    Progress,
    Quarter,
    ShownValue,
    Value,
    judge,
    last_update,
    latest,
    on_target,
    revised,
    shown_for,
    told,
)
from csa.reports.briefing.city_change import judge_city
from csa.reports.briefing.counted import COUNTED

YEAR = 4
"""Quarters in a year, which holds each season once."""


@dataclass(frozen=True)
class MeasureLine:
    """One measure in one place."""

    measure: PlanMeasure  # as the plan has it
    place: str  # an area's letter or a neighborhood's name; empty: the whole city
    settled: MeasureRow | None  # the city's definition, baseline and target; None if not set
    revision: int  # revision of `settled`; 0 if not set
    shown: ShownValue  # the latest figure, and the place it belongs to
    compared: tuple[tuple[Quarter, Quarter], ...]  # first and last quarter of before and of after
    begun: Quarter | None  # in which work began here; None: it has not, or this is no area
    judged: MeasureChange  # whether it changed by more than chance would explain
    progress: Progress  # where it stands against its target
    history: tuple[Value, ...]  # the newest revision of each quarter, oldest first
    revised: tuple[Message, ...]  # changes made after a value was first reported
    last: Quarter | None  # the newest quarter with a reported value
    is_approved: bool  # whether that quarter is approved


def measure_lines(
    plan: Plan, records: Records, place: str = "", city: YearToDate | Message | None = None
) -> tuple[MeasureLine, ...]:
    """Return each of the plan's measures as it stands in a place.

    `city` is the city's year so far: what the change of its own count of shootings is.
    """
    area = next((row for row in records.areas if row.key == place), None)
    values: dict[str, list[Value]] = {}
    for row in records.values:
        if row.place in {"", place}:
            values.setdefault(row.measure, []).append(row)
    settled = {row.key: row for row in records.measures}
    approved = {row.key for row in records.quarters if row.is_approved}
    return tuple(
        _line(one, place, settled.get(one.id), values.get(one.id, ()), (area, approved, city))
        for one in plan.measures
    )


def _line(
    measure: PlanMeasure,
    place: str,
    settled: MeasureRow | None,
    values: Sequence[Value],
    known: tuple[AreaRow | None, set[str], YearToDate | Message | None],
) -> MeasureLine:
    area, approved, city_year = known
    here = [value for value in values if value.place == place]
    history = latest(here)
    last = last_update(here)
    city = latest([value for value in values if not value.place])
    shown = shown_for(_last(history), _last(city) if place else None, measure.kind)
    baseline, target = (None, None) if settled is None else (settled.baseline, settled.target)
    figure = history[-1].value if history else None
    compared: tuple[tuple[Quarter, Quarter], ...] = ()
    valued = [value for value in history if value.value is not None]
    if measure.kind == COUNTED and not place and valued:
        judged = judge_city(measure.direction, valued, city_year)
    else:
        before, after = _spans(history, area)
        compared = tuple((side[0].quarter, side[-1].quarter) for side in (before, after) if side)
        judged = judge(measure.kind, measure.direction, before, after, HIGHEST_DISPERSION)
    return MeasureLine(
        measure=measure,
        place=place,
        settled=settled,
        revision=0 if settled is None else settled.revision,
        shown=shown,
        compared=compared,
        begun=None if area is None or area.execution_on is None else Quarter.of(area.execution_on),
        judged=judged,
        progress=on_target(figure, baseline, target, measure.direction),
        history=history,
        revised=revised(here, measure.kind),
        last=last,
        is_approved=str(last) in approved,
    )


def _last(history: Sequence[Value]) -> Value | None:
    return history[-1] if history else None


def _spans(
    history: Sequence[Value], area: AreaRow | None
) -> tuple[Sequence[Value], Sequence[Value]]:
    """Split a history at the start of work in the area, else into the last year and the one before.

    Both sides have as many quarters, and the same seasons where each has a full year.
    """
    if area is not None and area.execution_on is not None:
        return spans_at(history, Quarter.of(area.execution_on))
    n = min(YEAR, len(history) // 2) or 1
    return history[-2 * n : -n], history[-n:]


def spans_at(history: Sequence[Value], begun: Quarter) -> tuple[Sequence[Value], Sequence[Value]]:
    """Split a history at a quarter: the year before it, and the newest year from it on."""
    after = [value for value in history if value.quarter >= begun][-YEAR:]
    return [value for value in history if value.quarter < begun][-YEAR:], after


def measure_rows(
    plan: Plan, records: Records, city: YearToDate | Message | None = None
) -> list[dict[str, Any]]:
    """Return the whole city's measures as machine-readable rows."""
    return [_row(line) for line in measure_lines(plan, records, city=city)]


def _row(line: MeasureLine) -> dict[str, Any]:
    settled = line.settled
    values: dict[str, object] = {
        "measure": line.measure.id,
        "name": line.measure.name,
        "kind": line.measure.kind,
        "direction": line.measure.direction,
        "quarter": line.last,
        "value": told(line.history[-1], line.measure.kind) if line.history else None,
        "baseline": None if settled is None else settled.baseline,
        "target": None if settled is None else settled.target,
        "progress": line.progress,
        "change": line.judged.verdict,
        "sentence": render(line.judged.message),
        "lacks": "; ".join(render(message) for message in lacks(line)),
        "revised": "; ".join(render(message) for message in line.revised),
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def lacks(line: MeasureLine) -> tuple[Message, ...]:
    """List what a measure still lacks: what the plan left open and nobody has set since."""
    settled = line.settled
    if settled is None:
        return line.measure.lacks
    there = {
        "plan.no_definition": bool(settled.definition),
        "plan.no_baseline": settled.baseline is not None,
        "plan.no_target": settled.target is not None,
    }
    return tuple(message for message in line.measure.lacks if not there[message.key])
