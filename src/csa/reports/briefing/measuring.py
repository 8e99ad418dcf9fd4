"""The plan's measures in one place: value, baseline, target, change, history and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csa.areas.places import called
from csa.areas.window import month_index
from csa.areas.year_to_date import YearToDate, compare_years, describe_year, month_range_text
from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.statement import Statement
from csa.base.stats import HIGHEST_DISPERSION
from csa.base.text import render
from csa.city.dataset import Dataset
from csa.city.preregistration import Verdict
from csa.program.areas import FEWER_NEAR
from csa.program.measures import CITY, values_as_of
from csa.program.plan.items import Plan, PlanMeasure
from csa.program.plan.measure_change import (
    Direction,
    MeasureChange,
    MeasureVerdict,
    Progress,
    assess_change,
    format_counts,
    on_target,
    verdict_of,
)
from csa.program.plan.measures import (
    Quarter,
    ShownValue,
    Value,
    cohort_months,
    figure_words,
    format_value,
    last_update,
    latest,
    revised,
    shown_for,
)
from csa.program.registry import core_area
from csa.program.store.records import Records
from csa.program.store.tables import AreaRow, MeasureRow

# ---- How the city's count of shootings changed: the comparison that Briefing makes, and its rule.


MONTHS = 3
SIGNS = {"more": 1, "fewer": -1, "usual": 0}


def assess_city_change(
    direction: Direction, values: Sequence[Value], city: YearToDate | Message | None
) -> MeasureChange:
    """Judge the city's year so far: as the data count it, else by the values of its quarters.

    Values of people hit are compared with such values alone. One per quarter, the oldest first.
    """
    if isinstance(city, YearToDate) and values[-1].basis != "victims":
        return _judged(direction, city, describe_year(city))
    found = _of_quarters(values)
    if isinstance(found, Message):
        return MeasureChange(MeasureVerdict.NO_BASELINE, found)
    return _judged(direction, found, msg("measures.city_year", **describe_year(found).values))


def _of_quarters(values: Sequence[Value]) -> YearToDate | Message:
    """Compare a year's quarters so far with the same quarters of the year before."""
    last = values[-1].quarter
    now, before = (
        [one for one in values if one.quarter.year == year and one.quarter.number <= last.number]
        for year in (last.year, last.year - 1)
    )
    if min(len(now), len(before)) < last.number:
        return msg("measures.no_same_quarters", last=last)
    bases = sorted({value.basis for value in (*now, *before)})
    if len(bases) > 1:
        return msg("measures.basis_changed", listed=", ".join(bases))
    first = Month(last.year, 1)
    period = Period(first, first.plus(MONTHS * last.number))
    what = msg("label.people_shot" if bases == ["victims"] else "public.shootings")
    n_now, n_before = (round(sum(value.value or 0 for value in side)) for side in (now, before))
    return compare_years(what, period, n_now, n_before)


def assess_finding(direction: Direction, finding: Statement | Message) -> MeasureChange:
    """Judge an area's count of shootings by what Displacement found there, and by nothing else.

    Fewer here is better only where it is fewer nearby too: what may have moved has changed.
    """
    if isinstance(finding, Message):  # why there is none
        return MeasureChange(MeasureVerdict.NO_BASELINE, finding)
    verdict = Verdict(finding.verdict)
    if verdict in {Verdict.TOO_FEW, Verdict.TOO_EARLY}:
        judged = MeasureVerdict.TOO_FEW
    elif verdict is Verdict.MORE or verdict in FEWER_NEAR:
        judged = verdict_of(1 if verdict is Verdict.MORE else -1, direction)
    else:
        is_same = verdict is Verdict.NO_CHANGE
        judged = MeasureVerdict.NO_CHANGE if is_same else MeasureVerdict.MOVED
    return MeasureChange(judged, finding.headline)


def _judged(direction: Direction, found: YearToDate, message: Message) -> MeasureChange:
    is_few = found.verdict == "few"
    verdict = MeasureVerdict.TOO_FEW if is_few else verdict_of(SIGNS[found.verdict], direction)
    counts = format_counts(found.n_before, found.n_now, 1, 1, 1.0)
    span, year = month_range_text(found.period), found.before.start.year
    what = msg("measures.in_months", what=counts, span=span, year=year)
    return MeasureChange(verdict, message, found.n_now - found.n_before, what=what)


# ---- What the city's own data count of a measure: beside every value that somebody typed.


COUNTED = "gun-violence"
"""The kind of measure that the dataset itself holds."""
MOST_BACK = 4
"""Quarters before work began of which the last that the data cover is counted."""


class CountFromData(NamedTuple):
    """Homicides and nonfatal shootings of a quarter and a place."""

    homicides: int
    nonfatal: int
    victims: int | None  # people hit; None where the files do not say

    @property
    def incidents(self) -> int:
        """All incidents."""
        return self.homicides + self.nonfatal


def count_quarter(
    dataset: Dataset, records: Records, quarter: Quarter, place: str = ""
) -> CountFromData | None:
    """Count a quarter in a core service area, a neighborhood or the whole city (no place).

    Each month of an area that was redrawn on the ground it had then, as displacement does: values
    were typed of that. Before its first month, on its first ground.

    None where the data do not cover the quarter, or the place is neither.
    """
    report = dataset.report
    if report["data_from"] is None or report["data_through"] is None:
        return None
    first, last = (date.fromisoformat(report[name]) for name in ("data_from", "data_through"))
    if not (first <= quarter.first_day and quarter.last_day <= last):
        return None
    inside = _inside(dataset.incidents, records, place)
    if inside is None:
        return None
    when = dataset.incidents["occurred_at"]
    after = pd.Timestamp(quarter.plus(1).first_day)
    found = dataset.incidents[inside & (when >= pd.Timestamp(quarter.first_day)) & (when < after)]
    kinds = found["kind"].value_counts()
    victims = found["victims"]
    people = None if victims.isna().any() else int(victims.sum())
    return CountFromData(int(kinds.get("homicide", 0)), int(kinds.get("nonfatal", 0)), people)


def _inside(incidents: pd.DataFrame, records: Records, place: str) -> pd.Series | None:
    """Return which incidents are in a place; None where nothing has that name."""
    if not place:  # all that the city's files hold, as Briefing counts: without a place, too
        return pd.Series(True, index=incidents.index)
    area = core_area(records, place)
    if area is not None:
        columns = [name for name in incidents.columns if name.startswith("cell_r")]
        month, is_in = month_index(incidents["occurred_at"]), np.zeros(len(incidents), dtype=bool)
        for number, version in enumerate(area.versions):
            wanted = {f"{cell:x}" for cell in version.cells}
            is_own = incidents[columns].isin(wanted).any(axis=1).to_numpy()
            is_then = (month >= version.since.index) | (number == 0)
            is_in = np.where(is_then, is_own, is_in)
        # A cell at the border has incidents beyond it too, which are in no area.
        return ~incidents["flags"].str.contains("outside_study_area") & is_in
    is_there = incidents["neighborhood"] == place
    return is_there if is_there.any() else None


def known_at_start(
    dataset: Dataset | None, plan: Plan | None, records: Records, area: str, on: date
) -> dict[str, Any]:
    """Return an area's measures as known on the day on which work in it begins.

    What nobody typed and the data hold is counted, in the last quarter before that they cover.
    """
    kept = values_as_of(records.values, area, on)
    if dataset is None:
        return kept
    ids = [COUNTED] if plan is None else [one.id for one in plan.measures if one.kind == COUNTED]
    for place in (area, ""):
        for n_back in range(1, MOST_BACK + 1):
            quarter = Quarter.of(on).plus(-n_back)
            found = count_quarter(dataset, records, quarter, place)
            if found is not None:
                numbers = {"value": found.incidents, "numerator": None, "denominator": None}
                for one in ids:
                    known = {"quarter": str(quarter), **numbers, "is_counted": True}
                    kept.setdefault(f"{one}/{place or CITY}", known)
                break
    return kept


def differing(dataset: Dataset, records: Records, value: Value, kind: str) -> Message | None:
    """Return a sentence where a typed value differs from what the data hold; else None."""
    if kind != COUNTED or value.value is None:
        return None
    counted = count_quarter(dataset, records, value.quarter, value.place)
    if counted is None:
        return None
    found = counted.victims if value.basis == "victims" else counted.incidents
    if found is None or found == value.value:
        return None
    return msg("measures.differs", quarter=value.quarter, typed=f"{value.value:g}", found=found)


def differing_in(
    dataset: Dataset, records: Records, plan: Plan, quarter: Quarter
) -> tuple[Message, ...]:
    """Return a sentence, with its place, for each value of a quarter that the data contradict."""
    kinds = {one.id: one.kind for one in plan.measures}
    said = []
    for value in latest(records.values):
        if value.quarter == quarter:
            message = differing(dataset, records, value, kinds.get(value.measure, ""))
            if message is not None:
                area = core_area(records, value.place)
                place = value.place if area is None else called(area.place_name, area.key)
                where = place or msg("measures.whole_city")
                said.append(msg("term.pair", name=where, text=message))
    return tuple(said)


def require_read(differences: Sequence[Message], *, is_read: bool) -> None:
    """Refuse to approve values that the data contradict, until somebody has read which."""
    if differences and not is_read:
        raise ParamError("measures.differs_unread", n=len(differences))


YEAR = 4
"""Quarters in a year, which holds each season once."""


@dataclass(frozen=True)
class MeasureLine:
    """One measure in one place."""

    measure: PlanMeasure  # as the plan has it
    place: str  # an area's letter or a neighborhood's name; empty: the whole city
    definition: MeasureRow | None  # the city's definition, baseline and target; None if not set
    revision: int  # revision of `settled`; 0 if not set
    shown: ShownValue  # the latest figure, and the place it belongs to
    compared: tuple[tuple[Quarter, Quarter], ...]  # first and last quarter of before and of after
    begun: Quarter | None  # in which work began here; None: it has not, or this is no area
    change: MeasureChange  # whether it changed by more than chance would explain
    progress: Progress  # where it stands against its target
    history: tuple[Value, ...]  # the newest revision of each quarter, oldest first
    revised: tuple[Message, ...]  # changes made after a value was first reported
    last: Quarter | None  # the newest quarter with a reported value
    is_approved: bool  # whether that quarter is approved


def measure_lines(
    plan: Plan,
    records: Records,
    place: str = "",
    city: YearToDate | Message | None = None,
    finding: Statement | Message | None = None,
) -> tuple[MeasureLine, ...]:
    """Return each of the plan's measures as it stands in a place.

    What the change of a count of shootings is, no quarters say: in the city its year so far
    (`city`), in an area in service what Displacement found there (`finding`).
    """
    area = next((row for row in records.areas if row.key == place), None)
    values: dict[str, list[Value]] = {}
    for row in records.values:  # noqa: PD011 - a field, and no table's
        if row.place in {"", place}:
            values.setdefault(row.measure, []).append(row)
    settled = {row.key: row for row in records.measures}
    approved = {row.key for row in records.quarters if row.is_approved}
    known = area, approved, city, finding
    return tuple(
        _line(one, place, settled.get(one.id), values.get(one.id, ()), known)
        for one in plan.measures
    )


def _line(
    measure: PlanMeasure,
    place: str,
    settled: MeasureRow | None,
    values: Sequence[Value],
    known: tuple[
        AreaRow | None,
        set[str],
        YearToDate | Message | None,
        Statement | Message | None,
    ],
) -> MeasureLine:
    area, approved, city_year, finding = known
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
        judged = assess_city_change(measure.direction, valued, city_year)
    elif measure.kind == COUNTED and finding is not None and valued:
        judged = assess_finding(measure.direction, finding)
    else:
        before, after = _spans(history, area)
        compared = tuple((side[0].quarter, side[-1].quarter) for side in (before, after) if side)
        judged = assess_change(measure.kind, measure.direction, before, after, HIGHEST_DISPERSION)
    return MeasureLine(
        measure=measure,
        place=place,
        definition=settled,
        revision=0 if settled is None else settled.revision,
        shown=shown,
        compared=compared,
        begun=None if area is None or area.execution_on is None else Quarter.of(area.execution_on),
        change=judged,
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


def measure_row(line: MeasureLine) -> dict[str, Any]:
    """Return a measure as a machine-readable row."""
    settled = line.definition
    values: dict[str, object] = {
        "measure": line.measure.id,
        "name": line.measure.name,
        "kind": line.measure.kind,
        "direction": line.measure.direction,
        "quarter": line.last,
        "value": format_value(line.history[-1], line.measure.kind) if line.history else None,
        "baseline": None if settled is None else settled.baseline,
        "target": None if settled is None else settled.target,
        "progress": line.progress,
        "change": line.change.verdict,
        "sentence": render(line.change.message),
        "lacks": "; ".join(render(message) for message in lacks(line)),
        "revised": "; ".join(render(message) for message in line.revised),
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def lacks(line: MeasureLine) -> tuple[Message, ...]:
    """List what a measure still lacks: what the plan left open and nobody has set since."""
    settled = line.definition
    if settled is None:
        return line.measure.lacks
    there = {
        "plan.no_definition": bool(settled.definition),
        "label.no_baseline": settled.baseline is not None,
        "label.no_target": settled.target is not None,
    }
    return tuple(message for message in line.measure.lacks if not there[message.key])


# ---- The plan's measures at a quarterly review: now, baseline, target, and a one-word verdict.


@dataclass(frozen=True)
class MeasureStatus:
    """A measure as shown at a review."""

    line: MeasureLine  # the measure
    is_current: bool  # whether it has a value for the last completed quarter or later
    now: str  # the current value in words; empty if there is none
    baseline: str  # the baseline in words; empty if there is none
    target: str  # the target in words; empty if there is none
    is_met: bool  # whether the target is met now
    word: Message  # the verdict
    what: Message | None  # the two values compared; None if nothing was, or it is old

    @property
    def is_significant(self) -> bool:
        """Whether it changed by more than chance would explain; all else is shown in gray."""
        claims = {MeasureVerdict.BETTER, MeasureVerdict.WORSE, MeasureVerdict.MOVED}
        return self.is_current and self.line.change.verdict in claims


def measure_statuses(measures: Sequence[MeasureLine], today: date) -> tuple[MeasureStatus, ...]:
    """Return how each measure stands at a review, those with a value first."""
    due = Quarter.of(today).plus(-1)
    found = [_at_quarter(line, due) for line in measures]
    return tuple(sorted(found, key=lambda at: (not at.now, not at.line.measure.is_overarching)))


def _at_quarter(line: MeasureLine, due: Quarter) -> MeasureStatus:
    is_current = line.last is not None and line.last >= due
    settled = line.definition
    baseline, target = (None, None) if settled is None else (settled.baseline, settled.target)
    return MeasureStatus(
        line=line,
        is_current=is_current,
        now=figure_words(line.history[-1], line.measure.kind) if line.history else "",
        baseline=_figure(line, baseline),
        target=_figure(line, target),
        is_met=is_current and line.progress is Progress.MET,
        word=_word(line, is_current=is_current),
        what=line.change.what if is_current else None,
    )


def _figure(line: MeasureLine, number: float | None) -> str:
    """Format a baseline or target the way the measure's values are formatted."""
    if number is None:
        return ""
    measure = line.measure
    return figure_words(Value(measure.id, line.last or Quarter(1, 1), value=number), measure.kind)


def _word(line: MeasureLine, *, is_current: bool) -> Message:
    if line.last is None:
        return msg("meeting.no_value")
    if not is_current:
        return msg("label.no_update", since=line.last)
    if line.change.message.key in {"measures.no_range", "measures.stated"}:
        return msg("meeting.not_judged")
    return msg(
        {
            MeasureVerdict.BETTER: "meeting.better",
            MeasureVerdict.WORSE: "meeting.worse",
            MeasureVerdict.MOVED: "meeting.moved",
            MeasureVerdict.NO_CHANGE: "meeting.no_change",
            MeasureVerdict.TOO_FEW: "label.too_few",
            MeasureVerdict.NO_VALUE: "meeting.no_value",
            MeasureVerdict.NO_BASELINE: "meeting.nothing_before",
        }[line.change.verdict]
    )


# Cases before and after shooting reviews began: each quarter's shootings followed equally long.


def review_effects(
    plan: Plan, records: Records, today: date
) -> tuple[tuple[PlanMeasure, Message], ...]:
    """Compare the whole city's cases before and after the action that each measure names."""
    begun = {row.key: row.start for row in records.actions}
    found = []
    for measure in plan.measures:
        if measure.since_action:
            values = [v for v in records.values if v.measure == measure.id and not v.place]  # noqa: PD011
            start = begun.get(measure.since_action)
            found.append((measure, _effect(measure, latest(values), start, today)))
    return tuple(found)


def _effect(
    measure: PlanMeasure, history: Sequence[Value], begun: date | None, today: date
) -> Message:
    action = measure.since_action
    if not history:
        return msg("shoot_review.no_value", action=action)
    months = {cohort_months(value.basis) for value in history}
    if None in months or len(months) > 1:
        return msg("shoot_review.no_cohort")
    (lag,) = months
    if begun is None or begun > today or lag is None:
        return msg("shoot_review.not_begun", action=action)
    began = Quarter.of(begun)
    followed = [value for value in history if is_followed(value.quarter, lag, today)]
    before, after = spans_at(followed, began)
    if not after or not before:
        key = "shoot_review.too_early" if not after else "shoot_review.nothing_before"
        return msg(key, action=action, began=began, months=lag)
    change = assess_change(measure.kind, measure.direction, before, after, HIGHEST_DISPERSION)
    known = {"action": action, "began": began, "months": lag, "said": change.message}
    spans = {"before": _span(before), "after": _span(after)}
    message = msg("shoot_review.told", left=len(history) - len(followed), **known, **spans)
    if change.low is None or change.verdict is MeasureVerdict.TOO_FEW:
        return message
    ends = {"low": 100 * change.low, "high": 100 * (change.high or 0.0)}
    return msg("shoot_review.with_range", said=message, **ends)


def is_followed(quarter: Quarter, months: int, today: date) -> bool:
    """Return whether all shootings of a quarter have been followed so many months."""
    over = Month(quarter.last_day.year, quarter.last_day.month).plus(months)
    return Month(today.year, today.month) > over


def _span(side: Sequence[Value]) -> Message | str:
    """Return the quarters of one side: one, or the first and the last."""
    first, last = str(side[0].quarter), str(side[-1].quarter)
    return first if first == last else msg("term.span", first=first, last=last)
