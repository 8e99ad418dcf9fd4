"""How sure one count is, and whether two counts differ by more than chance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtr, ndtri

from csa.base.arrays import Ints
from csa.base.chances import binomial_at_least, binomial_at_most
from csa.base.errors import ParamError, TableError

DISPERSION = 1.6
"""Variance over mean of counts of fixed places, where a city's own is not known: one shooting
answers another. It is 1.5 to 1.65 in Philadelphia. A nominal 5 % test of Poisson counts would then
be one of 12 %."""

HIGHEST_DISPERSION = 1.65
"""The highest measured (METHODS 28), where nothing may be claimed too easily."""


LEVEL = 0.05
"""How often chance alone may be called a change."""


class CountChange(NamedTuple):
    """Whether a count differs from an earlier one by more than chance."""

    probability: float  # how often chance alone would make them differ as much
    low: int  # the no-change range: from this count
    high: int  # to this one, no change would be shown
    is_enough: bool  # whether any split of the same sum would show a change

    @property
    def is_shown(self) -> bool:
        """Whether a change is shown."""
        return self.probability < LEVEL


def as_counts(given: npt.ArrayLike) -> Ints:
    """Refuse what cannot be counts of incidents."""
    counts = np.asarray(given, dtype=np.float64)
    is_count = (counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts)
    if not is_count.all():
        raise TableError("counts.not_whole", given=f"{counts[~is_count][0]:g}")
    return counts.astype(np.int64)


def count_interval(n: int, coverage: float = 0.95) -> tuple[float, float]:
    """Return the exact Poisson interval of the expected number behind a count.

    It is an interval of the expected number, not of the next count, which varies more. Incidents
    that lead to others, and a place chosen because its count was high, make it too narrow.

    References
    ----------
    Garwood (1936), Biometrika 28, pp. 437-442.
    """
    tail = (1 - coverage) / 2
    low = float(gammaincinv(n, tail)) if n else 0.0
    return low, float(gammaincinv(n + 1, 1 - tail))


def compare_counts(n_now: int, n_before: int, exposure_now: float, exposure_before: float) -> float:
    """Compute how often chance alone would make two counts differ as much, given their sum.

    If both have the same rate, the share of their sum that falls into one is binomial. The smaller
    tail is doubled, so that false alarms are at most as frequent as stated. For counts that vary
    more than Poisson counts (one shooting answers another) they are more frequent.

    References
    ----------
    Przyborowski & Wilenski (1940), Biometrika 31, pp. 313-323.
    """
    if min(n_now, n_before) < 0:
        raise ParamError("counts.negative", given=min(n_now, n_before))
    if not min(exposure_now, exposure_before) > 0:
        raise ParamError("counts.time", given=min(exposure_now, exposure_before))
    both = n_now + n_before
    share = exposure_now / (exposure_now + exposure_before)
    few, many = binomial_at_most(n_now, both, share), binomial_at_least(n_now, both, share)
    return min(1.0, 2 * float(min(few, many)))


def chance_of(
    n_now: int, n_before: int, exposure_now: float, exposure_before: float, dispersion: float
) -> float:
    """Compute the same for counts that vary more than Poisson counts.

    The probability as a number of standard deviations, divided by the root of the dispersion.
    """
    p = compare_counts(n_now, n_before, exposure_now, exposure_before)
    return min(1.0, 2 * float(ndtr(ndtri(p / 2) / math.sqrt(dispersion))))


def find_change(
    n_now: int, n_before: int, exposure_now: float, exposure_before: float, dispersion: float
) -> CountChange:
    """Test a count against an earlier one; the range is where the same test shows no change."""

    def p(now: int, before: int = n_before) -> float:
        return chance_of(now, before, exposure_now, exposure_before, dispersion)

    low = high = round(n_before * exposure_now / exposure_before)
    while low and p(low - 1) >= LEVEL:
        low -= 1
    while p(high + 1) >= LEVEL:
        high += 1
    n = n_now + n_before
    return CountChange(p(n_now), low, high, min(p(n, 0), p(0, n)) < LEVEL)
