"""The year so far against the same months of the year before: an exact test of two counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from csa.areas.window import is_of, month_index
from csa.base.errors import TableError
from csa.base.params import Month, Period
from csa.base.stats import DISPERSION, compare_counts
from csa.dataset.versioned import Dataset

YEAR = 12
MAX_CHANCE = 0.05
"""A difference that chance alone makes less often than this is reported as real."""


@dataclass(frozen=True)
class YearToDate:
    """A year's whole months so far beside the same months of the year before."""

    period: Period  # january to the last whole month
    before: Period  # the same months a year earlier
    n_now: int  # incidents this year
    n_before: int  # incidents in the same months before
    probability: float

    @property
    def verdict(self) -> str:
        """`more` or `fewer` than chance alone would give, or `usual`."""
        if self.probability >= MAX_CHANCE:
            return "usual"
        return "more" if self._is_higher else "fewer"

    @property
    def _is_higher(self) -> bool:
        return self.n_now * _days(self.before) > self.n_before * _days(self.period)


def city_year(dataset: Dataset, kinds: tuple[str, ...], until: Month) -> YearToDate | None:
    """Compare the whole city's incidents of some kinds; None where the data are too short."""
    if dataset.whole_months is None:
        return None
    counted = dataset.incidents.loc[is_of(dataset.incidents, kinds), "occurred_at"]
    return compare_year_to_date(counted, dataset.whole_months, until)


def compare_year_to_date(
    occurred_at: pd.Series, covered: Period, until: Month
) -> YearToDate | None:
    """Compare a year's whole months so far with the same months of the year before."""
    if occurred_at.isna().any():
        raise TableError("counts.no_time", n=int(occurred_at.isna().sum()))
    end = min(until, covered.until)
    if end <= covered.start:
        return None
    period = Period(Month(end.plus(-1).year, 1), end)
    before = Period(period.start.plus(-YEAR), end.plus(-YEAR))
    if before.start < covered.start:
        return None
    index = month_index(occurred_at)
    n_now, n_before = (int(months.holds(index).sum()) for months in (period, before))
    probability = compare_counts(
        round(n_now / DISPERSION), round(n_before / DISPERSION), _days(period), _days(before)
    )
    return YearToDate(period, before, n_now, n_before, probability)


def months_missing(covered: Period, months: int, horizon_months: int) -> int:
    """Return how many more months of data it takes until a past January can be scored."""
    first = covered.start.plus(months)
    january = first if first.number == 1 else Month(first.year + 1, 1)
    return max(0, january.index + horizon_months - covered.until.index)


def _days(months: Period) -> int:
    first, after = (date(end.year, end.number, 1) for end in (months.start, months.until))
    return (after - first).days
