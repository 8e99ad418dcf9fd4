"""How sure one count is, and whether two counts differ by more than chance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import (
    betainc,
    betaincc,
    betaln,
    gammaincinv,
    nbdtrik,
    ndtr,
    ndtri,
    pdtr,
    pdtrc,
    pdtrik,
    xlog1py,
    xlogy,
)

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError

# ---- Tails of counts by scipy.special: scipy.stats, which calls the same, takes .4 s to load.


Numbers = Floats | Ints | float


def binomial_lower_tail(counts: Numbers, n: Numbers, share: Numbers) -> Floats:
    """Return P(X <= count) for n trials that each succeed with this chance."""
    k, trials = _floats(counts), _floats(n)
    found: Floats = np.asarray(betaincc(np.maximum(k, 0) + 1, np.maximum(trials - k, 1), share))
    return np.where(k < trials, np.where(k >= 0, found, 0.0), 1.0)


def binomial_upper_tail(counts: Numbers, n: Numbers, share: Numbers) -> Floats:
    """Return P(X >= count) for n trials that each succeed with this chance."""
    k, trials = _floats(counts), _floats(n)
    found: Floats = np.asarray(betainc(np.maximum(k, 1), np.maximum(trials - k, 0) + 1, share))
    return np.where(k > 0, np.where(k <= trials, found, 0.0), 1.0)


def poisson_at_most(counts: Numbers, mean: Numbers) -> Floats:
    """Return P(X <= count)."""
    k = _floats(counts)
    return np.where(k >= 0, pdtr(np.maximum(k, 0), mean), 0.0)


def poisson_upper_tail(counts: Numbers, mean: Numbers) -> Floats:
    """Return P(X >= count)."""
    k = _floats(counts)
    return np.where(k > 0, pdtrc(np.maximum(k, 1) - 1, mean), 1.0)


def negative_binomial_at_most(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X <= count), for any size above 0."""
    k = _floats(counts)
    return np.where(k >= 0, betainc(size, np.maximum(k, 0) + 1, chance), 0.0)


def negative_binomial_at_least(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X >= count), for any size above 0."""
    k = _floats(counts)
    return np.where(k > 0, betaincc(size, np.maximum(k, 1), chance), 1.0)


def negative_binomial(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X = count), for counts of 0 or more and any size above 0."""
    k = _floats(counts)
    more = np.maximum(k, 1)
    ways = np.where(k > 0, -betaln(more, size) - np.log(more), 0.0)
    return np.asarray(np.exp(ways + xlogy(size, chance) + xlog1py(k, -_floats(chance))))


def hypergeometric(n_red: int, n_blue: int, n_drawn: int) -> Floats:
    """Return the chance of 0, 1 ... n red ones among n drawn of all: (n + 1,).

    From one number to the next by their ratio, in logarithms: the first may be next to nothing.
    """
    least, most = max(0, n_drawn - n_blue), min(n_drawn, n_red)
    k = np.arange(least, most, dtype=np.float64)
    ratios = (n_red - k) * (n_drawn - k) / ((k + 1) * (n_blue - n_drawn + k + 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    chances = np.zeros(n_drawn + 1)
    chances[least : most + 1] = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def poisson_count(tail: Floats, mean: Floats) -> Floats:
    """Return the lowest count that P(X <= count) reaches a tail at, above 0 and below 1."""
    above: Floats = np.ceil(pdtrik(tail, mean))
    below = np.maximum(above - 1, 0.0)  # pdtrik may come out a trace above a whole number
    return np.where(pdtr(below, mean) >= tail, below, above)


def negative_binomial_count(tail: Floats, size: Floats, chance: Floats) -> Floats:
    """Return the lowest count that P(X <= count) reaches a tail at, above 0 and below 1."""
    above: Floats = np.ceil(nbdtrik(tail, size, chance))
    below = np.maximum(above - 1, 0.0)
    found = np.where(betainc(size, below + 1, chance) >= tail, below, above)
    # Of a trace of a size nbdtrik knows nothing.
    return np.where(betainc(size, 1.0, chance) >= tail, 0.0, found)


def control_false_discovery(p: Floats) -> Floats:
    """Return the share of false ones among all that are no larger: q of (n,) p.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, pp. 289-300.
    """
    order = np.argsort(p)
    scaled = p[order] * (len(p) / np.arange(1, len(p) + 1))
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _floats(numbers: Numbers) -> Floats:
    return np.asarray(numbers, dtype=np.float64)


DISPERSION = 1.6
"""Variance over mean of counts of fixed places, where a city's own is not known: one shooting
answers another. It is 1.5 to 1.65 in Philadelphia. A nominal 5% test of Poisson counts would then
be one of 12%."""

HIGHEST_DISPERSION = 1.65
"""The highest measured (METHODS, 28), where nothing may be claimed too easily."""


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
        raise ParamError(
            "param.at_least", name="n_now and n_before", least=0, given=min(n_now, n_before)
        )
    if not min(exposure_now, exposure_before) > 0:
        raise ParamError("param.above_0", name="exposure", given=min(exposure_now, exposure_before))
    both = n_now + n_before
    share = exposure_now / (exposure_now + exposure_before)
    few, many = binomial_lower_tail(n_now, both, share), binomial_upper_tail(n_now, both, share)
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
