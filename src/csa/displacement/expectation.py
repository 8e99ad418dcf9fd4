"""Which counts would not be surprising, given that the expectation itself is uncertain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom, norm, poisson

from csa.base.arrays import Floats, Ints

MAX_Z = 37.0
"""Beyond it a probability is too small for floating point."""


@dataclass(frozen=True)
class Baseline:
    """What was expected of some cells in the months before, corrected for chance."""

    mean: float  # incidents
    variance: float  # of the mean

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
        few = np.asarray(poisson.cdf(counts, self.mean), dtype=np.float64)
        many = np.asarray(poisson.sf(counts - 1, self.mean), dtype=np.float64)
        size, chance = self._law()
        wide = np.isfinite(size)
        few[wide] = nbinom.cdf(counts[wide], size[wide], chance[wide])
        many[wide] = nbinom.sf(counts[wide] - 1, size[wide], chance[wide])
        return few, many

    def z(self, counts: Ints) -> Floats:
        """Compute how surprising counts are, in standard deviations of a normal distribution.

        Returns (n,) below 0 for few, above 0 for many.
        """
        few, many = self.tails(counts)
        lower, upper = np.minimum(norm.ppf(few), 0.0), np.maximum(norm.isf(many), 0.0)
        return np.clip(np.where(counts < self.mean, lower, upper), -MAX_Z, MAX_Z)

    def bounds(self, z: float | Floats) -> tuple[Ints, Ints]:
        """Return the lowest and the highest count that are less surprising than z.

        Returns (n,) each, both counts included.
        """
        tail = np.broadcast_to(np.asarray(norm.sf(z), dtype=np.float64), self.mean.shape)
        low = np.asarray(poisson.ppf(tail, self.mean), dtype=np.float64)
        high = np.asarray(poisson.isf(tail, self.mean), dtype=np.float64)
        size, chance = self._law()
        wide = np.isfinite(size)
        low[wide] = nbinom.ppf(tail[wide], size[wide], chance[wide])
        high[wide] = nbinom.isf(tail[wide], size[wide], chance[wide])
        return low.astype(np.int64), high.astype(np.int64)

    def _law(self) -> tuple[Floats, Floats]:
        """Return the negative binomial's size and probability; the size is infinite for Poisson."""
        extra = self.variance - self.mean
        is_wide = extra > 1e-9 * self.mean  # nearer to Poisson, rounding would spoil the law
        size = np.full(len(self.mean), np.inf)
        size[is_wide] = self.mean[is_wide] ** 2 / extra[is_wide]
        chance = np.ones(len(self.mean))
        chance[is_wide] = self.mean[is_wide] / self.variance[is_wide]
        return size, chance
