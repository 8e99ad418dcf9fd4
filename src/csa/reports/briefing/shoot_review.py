"""Cases before and after shooting reviews began: each quarter's shootings followed equally long.

Of cases alone, never of persons. A quarter that has not been followed so long yet is left out: its
share would be unfairly low.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.stats import HIGHEST_DISPERSION
from csa.program.plan.items import Plan, PlanMeasure
from csa.program.plan.measure_change import MeasureVerdict, assess_change
from csa.program.plan.measures import Quarter, Value, cohort_months, latest
from csa.program.store.records import Records
from csa.reports.briefing.measuring import spans_at


def review_effects(
    plan: Plan, records: Records, today: date
) -> tuple[tuple[PlanMeasure, Message], ...]:
    """Compare the whole city's cases before and after the action that each measure names."""
    begun = {row.key: row.start for row in records.actions}
    found = []
    for measure in plan.measures:
        if measure.since_action:
            values = [v for v in records.values if v.measure == measure.id and not v.place]
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
    return first if first == last else msg("label.span", first=first, last=last)
