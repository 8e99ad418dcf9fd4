"""How a place's last year compares with the years before, from published counts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

from csa.reports.public.facts import PublicFacts, Years

MOST_YEARS = 5
"""Years compared: the last one with up to four before it."""
WIDE = 1.96
CHANGE_VARIANCE = 4.0
"""Of the change that each published count has: 2 q / (1 - q)^2 for q = 1/2."""


@dataclass(frozen=True)
class YearTrend:
    """The last year against the mean of the years before, with its 95 % range."""

    first: int  # the first of the years before
    last: int  # the last year
    ratio: float  # of the last year's count to that mean
    low: float  # low end of the ratio's range
    high: float  # high end of the ratio's range

    @property
    def verdict(self) -> Literal["fewer", "more", "unclear"]:
        """Whether the range leaves no change out."""
        return "fewer" if self.high < 1 else "more" if self.low > 1 else "unclear"


def latest(years: Years) -> Years:
    """Return the years that are compared and shown."""
    return years[-MOST_YEARS:]


def trend_of(years: Years, dispersion: float = 1.0) -> YearTrend | None:
    """Compare the last year with those before; None where one of them is fewer than 10.

    On the logarithm of the ratio: counts vary as Poisson counts times the dispersion, and each
    published count has its own small change besides.
    """
    shown = latest(years)
    counts = [count for _, count in shown if count is not None]
    if len(shown) < 2 or len(counts) < len(shown):
        return None
    *before, last = counts
    total = sum(before)
    ratio = last / (total / len(before))
    variance = dispersion * (1 / last + 1 / total)
    variance += CHANGE_VARIANCE * (1 / last**2 + len(before) / total**2)
    reach = exp(WIDE * sqrt(variance))
    return YearTrend(shown[0][0], shown[-1][0], ratio, ratio / reach, ratio * reach)


def dispersion_of(facts: PublicFacts) -> float:
    """Estimate how much more than Poisson counts the neighborhoods' years vary, at least 1.

    Pearson's statistic over its degrees of freedom, around each place's mean and the common
    course of the years, less what the small changes add.
    """
    tables = [_told(place.years) for place in facts.districts]
    tables = [counts for counts in tables if len(counts) >= 2]
    length = max((len(counts) for counts in tables), default=0)
    tables = [counts for counts in tables if len(counts) == length]
    if len(tables) < 2:
        return 1.0
    of_year = [sum(year) for year in zip(*tables, strict=True)]
    whole = sum(of_year)
    statistic = 0.0
    for counts in tables:
        for count, year in zip(counts, of_year, strict=True):
            expected = sum(counts) * year / whole
            statistic += ((count - expected) ** 2 - CHANGE_VARIANCE) / expected
    return max(1.0, statistic / ((len(tables) - 1) * (length - 1)))


def _told(years: Years) -> Sequence[int]:
    shown = latest(years)
    counts = [count for _, count in shown if count is not None]
    return counts if len(counts) == len(shown) else ()


def percent(ratio: float) -> int:
    """Return how many percent a ratio is away from 1."""
    return round(100 * abs(ratio - 1))
