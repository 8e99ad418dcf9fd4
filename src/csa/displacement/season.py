"""A month against the same months of earlier years: the summer rise is no displacement."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.stats import norm

from csa import words
from csa.displacement.expectation import Expectation
from csa.errors import ParamError, PeriodError, TableError
from csa.message import Message, say
from csa.params import Month

USUAL_SHARE = 0.9
"""How often a month as usual lies within its range."""

LEAST_YEARS = 2
"""One earlier year cannot show what is usual."""

LEAST_USUAL = 3.0
"""With fewer a month even none at all would be no surprise (exp(-3) is 5 %), so that a city
could be told of a rise, and never of a fall."""

LEAST_FOR_SHARE = 10
"""Incidents: on fewer no change is told as a share."""

MAX_YEARS = 50


class SeasonVerdict(StrEnum):
    """What is said of a month beside the same months of earlier years: a closed set."""

    MORE = "more"
    FEWER = "fewer"
    USUAL = "usual"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class MonthCompared:
    """A month, the month before it, and the same months of earlier years.

    Parameters
    ----------
    month
        Which.
    incidents
        Counted in it.
    previous_month_incidents
        Counted in the month before; None where that is not covered. Shown, never judged by.
    same_months
        Year to count, oldest first, of the same months that are covered.
    usual
        Mean of the same months; None without one.
    low, high
        The least and the greatest count that would be as usual, both included; None where there
        is too few to say.
    verdict
        `more` above `high`, `fewer` below `low`.
    """

    month: Month
    incidents: int
    previous_month_incidents: int | None
    same_months: Mapping[int, int]
    usual: float | None
    low: int | None
    high: int | None
    verdict: SeasonVerdict

    @property
    def change_share(self) -> float | None:
        """How much more than usual, as a share of it; None below `LEAST_FOR_SHARE`."""
        if self.usual is None or self.usual < LEAST_FOR_SHARE:
            return None
        return self.incidents / self.usual - 1


def compare_month(
    counts: Mapping[str, int] | pd.Series, month: Month, *, dispersion: float = 1.0, years: int = 5
) -> MonthCompared:
    """Compare a month with the same months of earlier years.

    With n same months of mean m, a month as usual is taken to be negative binomial with mean m
    and variance `dispersion * m * (1 + 1 / n)`: counts vary by chance, and m rests on n of them.
    At dispersion 1 this is what a flat Gamma prior foretells of a Poisson count. `low` and `high`
    leave out at most 5 % at each end, so that it lies between them at least 9 times in 10.
    Years are taken to be alike: a trend over them is not allowed for, nor a leap day.

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
        The verdict is `too few` with fewer than `LEAST_YEARS` same months, or fewer than
        `LEAST_USUAL` incidents in them on average.

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
    Gelman, Carlin, Stern, Dunson, Vehtari & Rubin (2013), Bayesian Data Analysis, ch. 2.6.
    """
    if not (math.isfinite(dispersion) and dispersion >= 1):
        raise ParamError("season.dispersion", given=dispersion)
    if not 1 <= years <= MAX_YEARS:
        raise ParamError("season.years", given=years, most=MAX_YEARS)
    known = _checked(counts)
    if month not in known:
        raise PeriodError("season.not_covered", month=words.month(str(month)))
    earlier = [
        Month(month.year - n, month.number) for n in range(min(years, month.year - 1), 0, -1)
    ]
    same = {one.year: known[one] for one in earlier if one in known}
    usual = sum(same.values()) / len(same) if same else None
    bounds = _usual_range(same, dispersion)
    return MonthCompared(
        month=month,
        incidents=known[month],
        previous_month_incidents=known.get(month.plus(-1)) if month > Month(1, 1) else None,
        same_months=MappingProxyType(same),
        usual=usual,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        verdict=_judge(known[month], bounds),
    )


def as_message(compared: MonthCompared, what: tuple[str, str]) -> Message:
    """Say how a month compares.

    Parameters
    ----------
    compared
        Of `compare_month`.
    what
        What is counted, in the reader's words: one of them, and many.

    Returns
    -------
    Message
        The month, the month before, the same months, and what that says.
    """
    n, before = compared.incidents, compared.previous_month_incidents
    return say(
        _key_of(compared),
        n=n,
        month=words.month(str(compared.month)),
        what=what[0] if n == 1 else what[1],
        before=words.speak("season.no_before") if before is None else f"{before:,}",
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


def _usual_range(same: Mapping[int, int], dispersion: float) -> tuple[int, int] | None:
    total, n_years = sum(same.values()), len(same)
    if n_years < LEAST_YEARS or total < LEAST_USUAL * n_years:
        return None
    expected = Expectation(
        mean=np.array([total / n_years]),
        relative_error=np.array([math.sqrt(dispersion / total)]),
        dispersion=dispersion,
    )
    low, high = expected.bounds(float(norm.isf((1 - USUAL_SHARE) / 2)))
    return int(low[0]), int(high[0])


def _judge(incidents: int, bounds: tuple[int, int] | None) -> SeasonVerdict:
    if bounds is None:
        return SeasonVerdict.TOO_FEW
    if incidents > bounds[1]:
        return SeasonVerdict.MORE
    return SeasonVerdict.FEWER if incidents < bounds[0] else SeasonVerdict.USUAL


def _key_of(compared: MonthCompared) -> str:
    if compared.verdict is SeasonVerdict.MORE:
        return "season.more"
    if compared.verdict is SeasonVerdict.FEWER:
        return "season.fewer"
    if compared.verdict is SeasonVerdict.USUAL:
        return "season.usual"
    if not compared.same_months:
        return "season.no_year"
    return "season.one_year" if len(compared.same_months) < LEAST_YEARS else "season.too_few"


def _years_words(years: list[int]) -> str:
    """Write years as first and last where none is missing between them, else one by one."""
    is_run = len(years) > 1 and years[-1] - years[0] == len(years) - 1
    if is_run:
        return words.speak("season.from_to", first=str(years[0]), last=str(years[-1]))
    return ", ".join(map(str, years))


def _range_words(counts: list[int]) -> str:
    if len(set(counts)) < 2:
        return "".join(f"{count:,}" for count in counts[:1])
    return words.speak("season.from_to", first=f"{min(counts):,}", last=f"{max(counts):,}")
