"""Cases before and after shooting reviews began: each quarter's shootings followed equally long.

Of cases alone, never of persons. A quarter that has not been followed so long yet is left out: its
share would be unfairly low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.stats import HIGHEST_DISPERSION
from csa.program.plan.items import Plan, PlanMeasure
from csa.program.plan.measure_change import MeasureChange, MeasureVerdict, assess_change
from csa.program.plan.measures import Quarter, Value, cohort_months, latest
from csa.program.store.records import Records
from csa.reports.briefing.measuring import spans_at


@dataclass(frozen=True)
class ReviewEffect:
    """One measure of cases before and after an action began."""

    measure: PlanMeasure
    action: str  # the action's number
    began: Quarter | None  # in which it began; None if it has not
    months: int | None  # how long each quarter's cases are followed; None if that is not said
    before: tuple[Value, ...]
    after: tuple[Value, ...]  # only quarters that have been followed to their end
    change: MeasureChange | None  # None where nothing can be compared
    message: Message  # what can be said


def review_effects(plan: Plan, records: Records, today: date) -> tuple[ReviewEffect, ...]:
    """Compare the whole city's cases before and after the action that each measure names."""
    begun = {row.key: row.start for row in records.actions}
    return tuple(
        _effect(
            measure,
            latest([v for v in records.values if v.measure == measure.id and not v.place]),
            begun.get(measure.since_action),
            today,
        )
        for measure in plan.measures
        if measure.since_action
    )


def _effect(
    measure: PlanMeasure, history: Sequence[Value], begun: date | None, today: date
) -> ReviewEffect:
    action = measure.since_action
    began = None if begun is None or begun > today else Quarter.of(begun)
    if not history:
        return _untold(measure, None, None, msg("shoot_review.no_value", action=action))
    months = {cohort_months(value.basis) for value in history}
    if None in months or len(months) > 1:
        return _untold(measure, began, None, msg("shoot_review.no_cohort"))
    (lag,) = months
    if began is None or lag is None:
        return _untold(measure, began, lag, msg("shoot_review.not_begun", action=action))
    followed = [value for value in history if is_followed(value.quarter, lag, today)]
    before, after = (tuple(side) for side in spans_at(followed, began))
    change = assess_change(measure.kind, measure.direction, before, after, HIGHEST_DISPERSION)
    if not after or not before:
        key = "shoot_review.too_early" if not after else "shoot_review.nothing_before"
        told = {"action": action, "began": began, "months": lag}
        return ReviewEffect(measure, action, began, lag, before, after, None, msg(key, **told))
    message = msg(
        "shoot_review.told",
        action=action,
        began=began,
        said=change.message,
        before=_span(before),
        after=_span(after),
        months=lag,
        left=len(history) - len(followed),
    )
    if change.low is not None and change.verdict is not MeasureVerdict.TOO_FEW:
        ends = {"low": 100 * change.low, "high": 100 * (change.high or 0.0)}
        message = msg("shoot_review.with_range", said=message, **ends)
    return ReviewEffect(measure, action, began, lag, before, after, change, message)


def _untold(
    measure: PlanMeasure, began: Quarter | None, months: int | None, message: Message
) -> ReviewEffect:
    return ReviewEffect(measure, measure.since_action, began, months, (), (), None, message)


def is_followed(quarter: Quarter, months: int, today: date) -> bool:
    """Return whether all shootings of a quarter have been followed so many months."""
    over = Month(quarter.last_day.year, quarter.last_day.month).plus(months)
    return Month(today.year, today.month) > over


def _span(side: Sequence[Value]) -> Message | str:
    """Return the quarters of one side: one, or the first and the last."""
    first, last = str(side[0].quarter), str(side[-1].quarter)
    return first if first == last else msg("shoot_review.span", first=first, last=last)
