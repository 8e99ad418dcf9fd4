"""How the city's count of shootings changed: the comparison that Briefing makes, and its rule."""

from __future__ import annotations

from collections.abc import Sequence

from csa.areas.year_to_date import YearToDate, compare_years, say_months, say_year
from csa.base.message import Message, say
from csa.base.params import Month, Period
from csa.plan.measures import (
    Direction,
    MeasureChange,
    MeasureVerdict,
    Value,
    counts_told,
    verdict_of,
)

MONTHS = 3
SIGNS = {"more": 1, "fewer": -1, "usual": 0}


def judge_city(
    direction: Direction, values: Sequence[Value], city: YearToDate | Message | None
) -> MeasureChange:
    """Judge the city's year so far: as the data count it, else by the values of its quarters.

    Values of people hit are compared with such values alone. One per quarter, the oldest first.
    """
    if isinstance(city, YearToDate) and values[-1].basis != "victims":
        return _judged(direction, city, say_year(city))
    found = _of_quarters(values)
    if isinstance(found, Message):
        return MeasureChange(MeasureVerdict.NO_BASELINE, found)
    return _judged(direction, found, say("measures.city_year", **say_year(found).values))


def _of_quarters(values: Sequence[Value]) -> YearToDate | Message:
    """Compare a year's quarters so far with the same quarters of the year before."""
    last = values[-1].quarter
    now, before = (
        [one for one in values if one.quarter.year == year and one.quarter.number <= last.number]
        for year in (last.year, last.year - 1)
    )
    if min(len(now), len(before)) < last.number:
        return say("measures.no_same_quarters", last=last)
    bases = sorted({value.basis for value in (*now, *before)})
    if len(bases) > 1:
        return say("measures.basis_changed", listed=", ".join(bases))
    first = Month(last.year, 1)
    what = say("measures.people_shot" if bases == ["victims"] else "find.shootings")
    return compare_years(
        what,
        Period(first, first.plus(MONTHS * last.number)),
        *(round(sum(value.value or 0 for value in side)) for side in (now, before)),
    )


def _judged(direction: Direction, found: YearToDate, message: Message) -> MeasureChange:
    is_few = found.verdict == "few"
    verdict = MeasureVerdict.TOO_FEW if is_few else verdict_of(SIGNS[found.verdict], direction)
    what = say(
        "measures.in_months",
        what=counts_told(found.n_before, found.n_now, 1, 1, 1.0),
        span=say_months(found.period),
        year=found.before.start.year,
    )
    return MeasureChange(verdict, message, found.n_now - found.n_before, what=what)
