"""A month against its season and the year before it: the summer rise is not displacement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from csa.base import text as csa_text
from csa.base.errors import ParamError, PeriodError, TableError
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.change.expectation import WIDEST, Expectation

USUAL_SHARE = 0.9
"""How often, at least, an ordinary month lies within its range."""

YEAR = 12

LEAST_YEARS = 2
"""One earlier year, with the year before it, cannot show how far such years differ."""

LEAST_USUAL = 3.0
"""With fewer a month even zero would not be surprising (exp(-3) is 5%), so that a rise could be
reported, but never a fall."""

MAX_YEARS = 50

TAIL = (1 - USUAL_SHARE) / 2
Part = tuple[int, int]
"""The count of a month, and of the twelve before it."""


class SeasonVerdict(StrEnum):
    """How a month compares with the same months of earlier years."""

    MORE = "more"
    FEWER = "fewer"
    USUAL = "usual"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class MonthCompared:
    """A month, the month before it, and the same months of earlier years.

    Fields: `month`, `incidents`, `previous_month_incidents`, `same_months`, `n_years`, `usual`,
    `low`, `high`, `verdict`.
    """

    month: Month  # which
    incidents: int  # counted in it
    previous_month_incidents: int | None  # counted in the month before
    same_months: Mapping[int, int]
    n_years: int
    usual: float | None  # what the year before the month and the season together expect
    low: int | None  # the lowest usual count
    high: int | None  # the highest usual count
    verdict: SeasonVerdict  # `more` above `high`, `fewer` below `low`


def compare_month(
    counts: Mapping[str, int] | pd.Series, month: Month, *, dispersion: float = 1.0, years: int = 5
) -> MonthCompared:
    """Compare a month with the same months of earlier years.

    Years differ, and a city rises and falls for years: so a month is compared with the twelve
    before it. What part of the twelve before them the same months of n earlier years were is the
    season; its mean part of the newest twelve is expected. `low` and `high` are the wider of two
    ranges, each of 9 in 10: by chance alone (a negative binomial count, the season resting on
    counts too); and by how far those n parts differ, that is Student's prediction of one more of
    them, on logarithms. A leap day is not allowed for.

    Parameters
    ----------
    counts
        Incidents by month (`YYYY-MM`), zeros included, of the months that are covered to their
        end and no other: an absent month is one that is not covered.
    month
        Which to compare.
    dispersion
        Variance over mean of such counts, 1 or more.
    years
        How many years to look back, 1 to 50; those that are not covered are left out.

    Returns
    -------
    MonthCompared
        The verdict is `too few` with fewer than two same months that have a covered year before
        them, with fewer than 3 incidents expected, or where the range would say nothing.

    Raises
    ------
    ParamError
        If dispersion or years are outside their range, or a key is no month.
    PeriodError
        If the month is not covered.
    TableError
        If a count is not a whole number, 0 or more.

    References
    ----------
    Hahn & Meeker (1991), Statistical Intervals, section 4.7: a range for one more of few.

    Examples
    --------
    >>> summer_high = [10, 10, 10, 10, 10, 20, 30, 20, 10, 10, 10, 10]
    >>> months = [(y, m) for y in range(2015, 2021) for m in range(1, 13)]
    >>> counts = {f"{y}-{m:02d}": summer_high[m - 1] for y, m in months}
    >>> july = csa.compare_month(counts, csa.Month(2020, 7))
    >>> str(july.verdict), july.usual, july.low < 30 < july.high
    ('usual', 30.0, True)
    """
    if not (math.isfinite(dispersion) and dispersion >= 1):
        raise ParamError("param.at_least", name="dispersion", least=1, given=dispersion)
    if not 1 <= years <= MAX_YEARS:
        raise ParamError("param.between", name="years", low=1, high=MAX_YEARS, given=years)
    known = _checked(counts)
    if month not in known:
        raise PeriodError("season.not_covered", month=csa_text.month(str(month)))
    earlier = [
        Month(month.year - n, month.number) for n in range(min(years, month.year - 1), 0, -1)
    ]
    same = {one.year: known[one] for one in earlier if one in known}
    year_before = _year_before(known, month)
    parts = [
        (known[one], before)
        for one in earlier
        if one in known and (before := _year_before(known, one))
    ]
    usual = None if year_before is None or not parts else _expected(parts, year_before)
    bounds = None if year_before is None else _usual_range(parts, year_before, dispersion)
    verdict = SeasonVerdict.TOO_FEW if bounds is None else SeasonVerdict.USUAL
    if bounds is not None and not bounds[0] <= known[month] <= bounds[1]:
        is_more = known[month] > bounds[1]
        verdict = SeasonVerdict.MORE if is_more else SeasonVerdict.FEWER
    return MonthCompared(
        month=month,
        incidents=known[month],
        previous_month_incidents=known.get(month.plus(-1)) if month > Month(1, 1) else None,
        same_months=MappingProxyType(same),
        n_years=0 if year_before is None else len(parts),
        usual=usual,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        verdict=verdict,
    )


def as_message(compared: MonthCompared, what: tuple[str, str]) -> Message:
    """Describe how a month compares with others."""
    n, before = compared.incidents, compared.previous_month_incidents
    return msg(
        _key_of(compared),
        n=n,
        month=csa_text.month(str(compared.month)),
        what=what[0] if n == 1 else what[1],
        before=csa_text.tr("season.no_before") if before is None else f"{before:,}",
        years=_years_words(list(compared.same_months)),
        counted=_range_words(list(compared.same_months.values())),
        low=compared.low,
        high=compared.high,
    )


def _checked(counts: Mapping[str, int] | pd.Series) -> dict[Month, int]:
    known = {}
    for text, count in counts.items():
        if not (0 <= count < math.inf and count == math.floor(count)):
            raise TableError("season.count", month=text, given=count)
        known[Month.parse(str(text))] = int(count)
    return known


def _year_before(known: Mapping[Month, int], month: Month) -> int | None:
    """Count the twelve months before; None where they are not all covered."""
    if month.index - YEAR < Month(1, 1).index:
        return None
    counts = [known.get(month.plus(-ago)) for ago in range(1, YEAR + 1)]
    found = [count for count in counts if count is not None]
    return sum(found) if len(found) == YEAR else None


def _expected(parts: Sequence[Part], year_before: int) -> float:
    return year_before * sum(count for count, _ in parts) / sum(before for _, before in parts)


def _usual_range(
    parts: Sequence[Part], year_before: int, dispersion: float
) -> tuple[int, int] | None:
    if len(parts) < LEAST_YEARS or _expected(parts, year_before) < LEAST_USUAL:
        return None
    ranges = (
        _range_by_chance(parts, year_before, dispersion),
        _range_by_years(parts, year_before),
    )
    low, high = min(one[0] for one in ranges), max(one[1] for one in ranges)
    return None if high - low > WIDEST * _expected(parts, year_before) else (low, high)


def _range_by_chance(parts: Sequence[Part], year_before: int, dispersion: float) -> tuple[int, int]:
    season = sum(count for count, _ in parts)
    expected = Expectation(
        mean=np.array([_expected(parts, year_before)]),
        relative_error=np.array([math.sqrt(dispersion * (1 / season + 1 / year_before))]),
        dispersion=dispersion,
    )
    low, high = expected.bounds(-float(ndtri(TAIL)))
    return int(low[0]), int(high[0])


def _range_by_years(parts: Sequence[Part], year_before: int) -> tuple[int, int]:
    n_years = len(parts)
    logs = np.log([max(count, 0.5) / before for count, before in parts])  # 0 has no logarithm
    error = float(logs.std(ddof=1)) * math.sqrt(1 + 1 / n_years)
    half = -float(stdtrit(n_years - 1, TAIL)) * error
    middle = year_before * math.exp(float(logs.mean()))
    return math.floor(middle * math.exp(-half)), math.ceil(middle * math.exp(half))


def _key_of(compared: MonthCompared) -> str:
    if compared.verdict is SeasonVerdict.MORE:
        return "season.more"
    if compared.verdict is SeasonVerdict.FEWER:
        return "season.fewer"
    if compared.verdict is SeasonVerdict.USUAL:
        return "season.usual"
    if not compared.same_months:
        return "season.no_year"
    return "season.one_year" if compared.n_years < LEAST_YEARS else "season.too_few"


def _years_words(years: list[int]) -> str:
    """Write years as first and last where none is missing between them, else one by one."""
    is_run = len(years) > 1 and years[-1] - years[0] == len(years) - 1
    if is_run:
        return csa_text.tr("term.span", first=str(years[0]), last=str(years[-1]))
    return ", ".join(map(str, years))


def _range_words(counts: list[int]) -> str:
    if len(set(counts)) < 2:
        return "".join(f"{count:,}" for count in counts[:1])
    return csa_text.tr("term.span", first=f"{min(counts):,}", last=f"{max(counts):,}")
