"""Which counts would not be surprising, given that the expectation itself is uncertain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.stats import (
    as_counts,
    negative_binomial_at_least,
    negative_binomial_at_most,
    negative_binomial_count,
    poisson_at_most,
    poisson_count,
    poisson_upper_tail,
)
from csa.city.preregistration import ALARM_CHANCE, EVIDENCE_CHANCE, PLANNED_LOOKS

# The line that an unchanged count seldom crosses at any of many monthly looks.

POINTS = 4
"""Points at which the distribution of the sum is computed, for each unit of its width, so that they
stay closer than the sum's own step. Four times as many would not change a digit that is used."""

MAX_LOOKS = 600


@lru_cache(maxsize=256)
def boundary_z(alpha: float, looks: int) -> float:
    """Find the line that an unchanged sum crosses at any of so many looks with a given chance.

    Each month adds as much, and the sum so far is measured in its own standard deviations. Where
    part of the error is common to all months, the looks are more alike than here, so that the line
    is crossed more rarely than stated.

    References
    ----------
    Armitage, McPherson & Rowe (1969), JRSS A 132, pp. 235-244. Pocock (1977), Biometrika 64,
    pp. 191-199.
    """
    if not 0 < alpha < 1:
        raise ParamError("param.between_0_1", name="alpha", given=alpha)
    if not 1 <= looks <= MAX_LOOKS:
        raise ParamError("param.between", name="looks", low=1, high=MAX_LOOKS, given=looks)
    least = -float(ndtri(alpha / 2))
    most = -float(ndtri(alpha / 2 / looks))  # as if looks were independent
    if not _chance(most, looks) < alpha < _chance(least, looks):
        return most  # one look, or too rare for floating point; this errs on the safe side
    return float(brentq(lambda z: _chance(z, looks) - alpha, least, most, xtol=1e-6))


@lru_cache(maxsize=256)
def crossing_chance(line: tuple[float, ...]) -> float:
    """Compute how often an unchanged sum crosses a line that may differ from look to look."""
    if not 1 <= len(line) <= MAX_LOOKS:
        raise ParamError("param.between", name="looks", low=1, high=MAX_LOOKS, given=len(line))
    nodes, weights = _gauss(POINTS * math.ceil(max(line) * math.sqrt(len(line))))
    density = _normal(nodes * line[0])  # of the first month's sum
    width = line[0]
    for look, z in enumerate(line[1:], start=2):
        wider = z * math.sqrt(look)  # where the sum has not crossed: from -wider to wider
        step = _normal(nodes[:, None] * wider - nodes * width)
        density = step @ (weights * width * density)
        width = wider
    return 1.0 - width * float(weights @ density)


def _normal(x: Floats) -> Floats:
    """Return the density of the standard normal distribution."""
    return np.asarray(np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))


def _chance(z: float, looks: int) -> float:
    return crossing_chance((z,) * looks)


@lru_cache(maxsize=64)
def _gauss(n_points: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    return nodes, weights


@dataclass(frozen=True)
class AlarmChances:
    """How often an unchanged place may raise an alarm in the planned months."""

    core: float  # by its own cells
    ring: float  # by the cells around it

    @property
    def both(self) -> float:
        """By either."""
        return self.core + self.ring


POOLED = AlarmChances(0.032, 0.008)
"""Of all areas together: four fifths of the chance, since they show most."""

SINGLES = AlarmChances(0.007, 0.003)
"""Of all single areas, shared equally."""

ALONE = AlarmChances(0.035, 0.015)
"""Of an area that is the only one."""


def chances(n_areas: int) -> tuple[AlarmChances, AlarmChances]:
    """Share the chance of a false alarm between all areas together and each alone."""
    if n_areas == 1:
        return ALONE, ALONE
    return POOLED, AlarmChances(SINGLES.core / n_areas, SINGLES.ring / n_areas)


def planned_looks(n_months: int) -> int:
    """Return for how many months the boundary is drawn."""
    return max(PLANNED_LOOKS, 12 * math.ceil(n_months / 12))


def line_of(chance: float, n_months: int) -> Floats:
    """Draw the boundary of a core or of a ring that has so much of the chance.

    Each month has the line for its own two, three, four ... years, whatever has passed since, so
    that verdicts stay. So each year after two adds a little to the chance of an alarm; see
    `alarm_chance`.

    Returns (n_months,) standard deviations.
    """
    looks = [planned_looks(month) for month in range(1, n_months + 1)]
    return np.array([boundary_z(chance, n) for n in looks], dtype=np.float64)


def alarm_chance(n_areas: int, n_months: int) -> float:
    """Compute how often an unchanged city raises any alarm by the end of the given year."""
    evidence = EVIDENCE_CHANCE if n_areas > 1 else 0.0
    if planned_looks(n_months) == PLANNED_LOOKS:
        return ALARM_CHANCE + evidence
    together, alone = (chance_by(shared, n_months) for shared in chances(n_areas))
    return together if n_areas == 1 else together + n_areas * alone + evidence


def chance_by(shared: AlarmChances, n_months: int) -> float:
    """Compute how often either line is crossed without a change, by the year's end."""
    looks = planned_looks(n_months)
    if looks == PLANNED_LOOKS:
        return shared.both
    lines = (line_of(chance, looks).tolist() for chance in (shared.core, shared.ring))
    return sum(crossing_chance(tuple(line)) for line in lines)


LEAST_FREEDOM = 20
"""Degrees of freedom below which a measured dispersion is itself mostly chance: at 20 its standard
error is a third of it."""


@dataclass(frozen=True)
class Dispersion:
    """How much more counts of fixed places vary than Poisson's."""

    value: float  # variance over mean, 1 or more: the largest measured
    by_block: Mapping[int, float | None]  # what was measured, by the months in a block
    n_units: int  # places with any incident
    n_months: int  # months of history


def measure_dispersion(counts: npt.ArrayLike) -> float | None:
    """Measure variance over mean of counts of places, given each period's total.

    Pearson's chi-square over its degrees of freedom, where each place has one share of the city
    in all periods. So neither a season nor a rise of the whole city counts as dispersion.

    Parameters
    ----------
    counts
        (n_units, n_periods) incidents of fixed places in periods of equal length.

    Returns
    -------
    float or None
        About 1 where incidents come independently. Places and periods without any incident say
        nothing and are left out; None where fewer than two of either are left.

    Raises
    ------
    TableError
        If the counts are not a table of whole numbers of 0 or more.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 4.5.2.

    Examples
    --------
    >>> csa.measure_dispersion([[10, 20], [20, 40]])  # all doubled: no dispersion
    0.0
    >>> csa.measure_dispersion([[10, 20], [20, 10]]) > 3
    True
    """
    table = _without_empty(_as_table(counts))
    return _chi_square(table) / _freedom(table) if _freedom(table) else None


def block_counts(monthly: npt.ArrayLike, months: int) -> Ints:
    """Add up the last whole blocks of so many months.

    Returns (n_units, n_months // months).
    """
    if months < 1:
        raise ParamError("param.at_least", name="months", least=1, given=months)
    table = _as_table(monthly)
    n_units, n_months = table.shape
    n_blocks = n_months // months
    last = table[:, n_months - n_blocks * months :]
    return np.asarray(last.reshape(n_units, n_blocks, months).sum(axis=2), dtype=np.int64)


def estimate_dispersion(
    monthly: npt.ArrayLike, block_months: tuple[int, ...] = (1, 12)
) -> Dispersion:
    """Estimate how much counts of fixed places vary, from the city's own months.

    Measured in blocks of several lengths, of which the largest value is used: one shooting answers
    another within weeks, which months show; but places also drift from year to year, which years
    show and months hide in their noise. The largest of several errs upward, if at all, and so
    toward claiming too little.
    """
    table = _as_table(monthly)
    by_block: dict[int, float | None] = {}
    for months in block_months:
        counts = _without_empty(block_counts(table, months))
        is_enough = _freedom(counts) >= LEAST_FREEDOM
        by_block[months] = measure_dispersion(counts) if is_enough else None
    value = max([1.0, *(found for found in by_block.values() if found is not None)])
    n_units = int(table.any(axis=1).sum())
    return Dispersion(value, MappingProxyType(by_block), n_units, table.shape[1])


def _as_table(given: npt.ArrayLike) -> Ints:
    counts = as_counts(given)
    if counts.ndim != 2:
        raise TableError("displacement.no_table", given=counts.ndim)
    return counts


def _without_empty(table: Ints) -> Ints:
    """Leave out places and periods without any incident."""
    return table[np.ix_(table.any(axis=1), table.any(axis=0))]


def _freedom(table: Ints) -> int:
    return (len(table) - 1) * (len(table.T) - 1) if table.size else 0


def _chi_square(table: Ints) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


MAX_LOG = 700.0
"""Of a number that floating point can hold."""

MAX_Z = 37.0
"""Beyond it a probability is too small for floating point."""

WIDEST = 2
"""A range that spans more than so many times what is expected says nothing."""

LEFT_SHARES = (0.02, 0.2, 0.4, 0.6)
"""Shares of the expected count that may be left: an e-value weighs falls to each alike."""


@dataclass(frozen=True)
class Baseline:
    """What was expected of some cells in the months before, corrected for chance."""

    mean: float  # incidents
    variance: float  # of the mean

    @staticmethod
    def counted(incidents: int) -> Baseline:
        """Expect what was counted, of cells that no count chose."""
        return Baseline(float(incidents), float(incidents))

    @staticmethod
    def total(bases: Sequence[Baseline]) -> Baseline:
        """Add up what is expected of several sets of cells."""
        return Baseline(math.fsum(b.mean for b in bases), math.fsum(b.variance for b in bases))


@dataclass(frozen=True)
class Expectation:
    """Expected counts, and how far chance and error may carry them.

    A count varies more than Poisson's, and the expected number was itself estimated: together a
    negative binomial distribution with variance `dispersion * mean + (relative_error * mean)^2`.
    """

    mean: Floats  # (n,) expected incidents, 0 or more
    relative_error: Floats  # (n,) standard error of the expected number, as a share of it
    dispersion: float = 1.0  # variance over mean of such counts, 1 or more

    @property
    def variance(self) -> Floats:
        """(n,) variance of the counts to come."""
        spread = (self.relative_error * self.mean) ** 2
        return np.asarray(self.dispersion * self.mean + spread, dtype=np.float64)

    def tails(self, counts: Ints) -> tuple[Floats, Floats]:
        """Compute the probability of counts as low, and of counts as high.

        Returns (n,) each: P(X <= count) and P(X >= count).
        """
        few, many = poisson_at_most(counts, self.mean), poisson_upper_tail(counts, self.mean)
        size, chance = self._law()
        wide = np.isfinite(size)
        law = counts[wide], size[wide], chance[wide]
        few[wide], many[wide] = negative_binomial_at_most(*law), negative_binomial_at_least(*law)
        return few, many

    def z(self, counts: Ints) -> Floats:
        """Compute how surprising counts are, in standard deviations of a normal distribution.

        Returns (n,) below 0 for few, above 0 for many.
        """
        few, many = self.tails(counts)
        lower, upper = np.minimum(ndtri(few), 0.0), np.maximum(-ndtri(many), 0.0)
        return np.clip(np.where(counts < self.mean, lower, upper), -MAX_Z, MAX_Z)

    def bounds(self, z: float | Floats) -> tuple[Ints, Ints]:
        """Return the lowest and the highest count that are less surprising than z.

        Returns (n,) each, both counts included. From z = 8 on the highest is that of 8, for no
        number lies nearer to 1.
        """
        below = np.broadcast_to(ndtr(-np.asarray(z)), self.mean.shape)
        size, chance = self._law()
        wide = np.isfinite(size)

        def reaching(tail: Floats) -> Ints:
            count = poisson_count(tail, self.mean)
            count[wide] = negative_binomial_count(tail[wide], size[wide], chance[wide])
            return count.astype(np.int64)

        return reaching(below), reaching(np.minimum(1 - below, np.nextafter(1.0, 0.0)))

    def e_values(self, counts: Floats) -> Floats:
        """Compute the evidence of fewer: how much better falls explain counts than no change does.

        Returns (n,) the mean over `LEFT_SHARES` of the likelihood of a fall to that share, over
        that of what is expected. It falls as the count grows.

        References
        ----------
        Vovk & Wang (2021), Annals of Statistics 49, pp. 1736-1754.
        """
        size, _ = self._law()
        mean, left = self.mean, np.array(LEFT_SHARES)[:, None]
        is_wide = np.isfinite(size)
        wide = np.where(is_wide, size, 1.0)
        by_law = (wide + counts) * (np.log(wide + mean) - np.log(wide + left * mean))
        logs = counts * np.log(left) + np.where(is_wide, by_law, (1 - left) * mean)
        return np.asarray(np.exp(np.minimum(logs, MAX_LOG)).mean(axis=0), dtype=np.float64)

    def least_without(self, evidence: Floats) -> Ints:
        """Return the least count whose e-value does not reach the evidence asked for: (n,)."""
        low: Ints = np.zeros(len(self.mean), dtype=np.int64)
        high = np.ceil(self.mean).astype(np.int64) + 1
        while (low < high).any():
            middle = (low + high) // 2
            shows = self.e_values(middle.astype(np.float64)) >= evidence
            low, high = np.where(shows, middle + 1, low), np.where(shows, high, middle)
        return low

    def _law(self) -> tuple[Floats, Floats]:
        """Return the negative binomial's size and probability; the size is infinite for Poisson."""
        extra = self.variance - self.mean
        is_wide = extra > 1e-9 * self.mean  # nearer to Poisson, rounding would spoil the law
        size = np.full(len(self.mean), np.inf)
        size[is_wide] = self.mean[is_wide] ** 2 / extra[is_wide]
        chance = np.ones(len(self.mean))
        chance[is_wide] = self.mean[is_wide] / self.variance[is_wide]
        return size, chance
