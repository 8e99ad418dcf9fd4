"""The one comparison of the whole city with itself: its year so far against the year before."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import date

from csa.areas.choices import AreaSettings, resolve_period
from csa.areas.sheets import empty_months
from csa.areas.window import is_in_period, name_kinds
from csa.base import text as csa_text
from csa.base.message import Message, msg
from csa.base.params import Month, Period
from csa.base.stats import DISPERSION, CountChange, find_change
from csa.city.dataset import City

YEAR = 12


@dataclass(frozen=True)
class YearToDate:
    """The city's months of a year compared with the same months of the year before.

    Fields: `what`, `period`, `before`, `n_now`, `n_before`, `change`, `empty`.
    """

    what: Message  # names what is counted
    period: Period  # january to the last whole month
    before: Period  # the same months a year earlier
    n_now: int  # incidents this year
    n_before: int  # incidents in the same months before
    change: CountChange  # whether they differ by more than chance, and the no-change range
    empty: tuple[Month, ...] = ()  # of these months, those without any incident

    @property
    def verdict(self) -> str:
        """`more` or `fewer` than chance explains, `usual`, or `few`: too few to tell."""
        if not self.change.is_enough:
            return "few"
        if not self.change.is_shown:
            return "usual"
        return "more" if self.n_now > self.change.high else "fewer"


def city_year(city: City, choices: AreaSettings) -> YearToDate | Message:
    """Compare the whole city's year so far with the same months of the year before.

    All incidents of the kinds chosen, with or without a location, through the end chosen. A message
    says why not: the data lack a month, a month without any incident suggests a missing file, or
    there is only one, which `csa.compare_month` compares with its season.
    """
    covered = city.dataset.complete_months
    until = resolve_period(city.dataset, choices).until
    period = None if covered is None else months_so_far(covered, until)
    if period is None:
        return msg("briefing.not_comparable")
    before = _year_earlier(period)
    empty = {
        month: is_silent
        for month, is_silent in empty_months(city.dataset).items()
        if before.start <= month < before.until or period.start <= month < period.until
    }
    if n_silent := sum(empty.values()):
        return msg("briefing.silent", n=n_silent)
    n_now, n_before = (
        int(is_in_period(city.dataset.incidents, span, choices.kinds).sum())
        for span in (period, before)
    )
    what = name_kinds(choices.kinds, is_proxy=city.config.city.nonfatal_is_proxy)
    if period.months == 1:
        name = csa_text.month(str(period.start))
        return msg("briefing.one_month_so_far", month=name, n=n_now, what=what, before=n_before)
    return replace(compare_years(what, period, n_now, n_before), empty=tuple(empty))


def months_so_far(covered: Period, until: Month) -> Period | None:
    """Return a year's whole months so far; None where the same of the year before are lacking."""
    end = min(until, covered.until)
    if end <= covered.start:
        return None
    period = Period(Month(end.plus(-1).year, 1), end)
    return None if period.start.plus(-YEAR) < covered.start else period


def compare_years(what: Message, period: Period, n_now: int, n_before: int) -> YearToDate:
    """Compare counts of some months and of the same months a year earlier."""
    before = _year_earlier(period)
    change = find_change(n_now, n_before, _days(period), _days(before), DISPERSION)
    return YearToDate(what, period, before, n_now, n_before, change)


def describe_year(found: YearToDate | Message) -> Message:
    """Describe the city's year so far, or why it is not compared."""
    if isinstance(found, Message):
        return found
    gap = describe_empty(found)
    return msg(
        "briefing.this_year",
        now=found.n_now,
        what=found.what,
        span=month_range_text(found.period),
        before=found.n_before,
        year=found.before.start.year,
        verdict=msg(
            {
                "more": "label.more_than_chance",
                "fewer": "label.fewer_than_chance",
                "usual": "briefing.usual",
                "few": "label.too_few",
            }[found.verdict]
        ),
        low=found.change.low,
        high=found.change.high,
        gap="" if gap is None else f" {csa_text.render(gap)}",
    )


def describe_empty(found: YearToDate) -> Message | None:
    """Name the compared months without any incident, if a difference could rest on them."""
    if not found.empty or found.verdict == "few":
        return None
    months = [csa_text.month(str(month)) for month in found.empty]
    return msg("briefing.empty", n=len(months), months=csa_text.first_names(months, 3))


def month_range_text(period: Period) -> Message:
    """Name a year's months: "from January through July 2020"."""
    first, last = period.start, period.until.plus(-1)
    if first == last:
        return msg("briefing.one_month", month=csa_text.month(str(first)))
    name = calendar.month_name[first.number]
    return msg("briefing.months", first=name, last=csa_text.month(str(last)))


def months_missing(covered: Period, months: int, horizon_months: int) -> int:
    """Return how many more months of data it takes until a past January can be scored."""
    first = covered.start.plus(months)
    january = first if first.number == 1 else Month(first.year + 1, 1)
    return max(0, january.index + horizon_months - covered.until.index)


def _year_earlier(months: Period) -> Period:
    return Period(months.start.plus(-YEAR), months.until.plus(-YEAR))


def _days(months: Period) -> int:
    first, after = (date(end.year, end.number, 1) for end in (months.start, months.until))
    return (after - first).days
