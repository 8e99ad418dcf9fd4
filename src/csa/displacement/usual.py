"""What usually happens anyway: what areas chosen the same way did in past years.

An area is chosen because its count was high, and it falls afterwards, whoever works there. The part
that chance explains is in its expected count; the rest is measured on past years.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csa.base.arrays import Floats, Ints
from csa.displacement.expectation import Baseline

PRIOR_CORE = 0.95
PRIOR_RING = 1.0
PRIOR_ERROR = 0.10
"""Without past years: about what Philadelphia's seven years showed (0.90, from 0.83 to 0.97, for
areas; 0.98 for their rings), with an error that covers a city without any fall."""

NO_FALL = 1.0
"""The usual ratio for areas not chosen by the months before: without chance that could end."""

PRIOR_SPREAD = 0.05
PRIOR_YEARS = 2
"""From year to year the ratio moves by about a twentieth beyond chance; few past years cannot show
how much, so this prior counts as two of them where they show less."""


@dataclass(frozen=True)
class PastYear:
    """Incidents after one past day, in the cells of areas chosen that day."""

    origin: str  # the first month that was not known, `YYYY-MM`
    base: Baseline  # what was expected of the cells in the months before
    before: int  # incidents of the rest of the city in those months
    monthly: Ints  # (n,) incidents of the cells in each month after
    compared: Ints  # (n,) those of the rest of the city

    def ratio(self, n_months: int, dispersion: float) -> tuple[float, float]:
        """Return what came as a multiple of what was expected, and its error by chance."""
        came, rest = int(self.monthly[:n_months].sum()), int(self.compared[:n_months].sum())
        if not (came and rest and self.before and self.base.mean):
            return 0.0, math.inf
        own = self.base.variance / self.base.mean**2
        error = math.sqrt(dispersion * (1 / came + 1 / rest + 1 / self.before + own))
        return came * self.before / (self.base.mean * rest), error


@dataclass(frozen=True)
class Usual:
    """What usually happens, as a multiple of the expected count corrected for chance."""

    ratio: Floats  # (M,) after each number of months
    relative_error: Floats  # (M,) of the ratio in a future period
    past: Floats  # (years, M) the ratios that it rests on

    @property
    def n_years(self) -> int:
        """How many past years it rests on."""
        return len(self.past)


def settle_usual(
    past: Sequence[PastYear], n_months: int, prior_ratio: float, dispersion: float
) -> Usual:
    """Estimate what usually happens, from past years and, where they are few, from elsewhere.

    Each number of months is compared with past years after as many. A past year that does not reach
    so far is used up to its last whole month, with an added error for the months beyond, of which
    only `PRIOR_ERROR` is known; beyond the longest, that error is common to all.
    """
    ratios, errors = np.zeros((len(past), n_months)), np.zeros((len(past), n_months))
    for year, one in enumerate(past):
        for month in range(n_months):
            ratios[year, month], error = one.ratio(month + 1, dispersion)
            errors[year, month] = math.hypot(error, _beyond(len(one.monthly), month + 1))
    found = [_settle(ratios[:, m], errors[:, m], prior_ratio) for m in range(n_months)]
    ratio, relative_error = np.array(found, dtype=np.float64).reshape(-1, 2).T
    reach = max((len(one.monthly) for one in past), default=n_months)
    lacking = np.array([_beyond(reach, month + 1) for month in range(n_months)])
    return Usual(ratio, np.hypot(relative_error, lacking), ratios)


def _beyond(reach: int, n_months: int) -> float:
    """Return the added error for months beyond the reach of past years."""
    return PRIOR_ERROR * max(0, n_months - reach) / n_months


def _settle(ratios: Floats, errors: Floats, prior_ratio: float) -> tuple[float, float]:
    """Join one length's ratios.

    Their logarithms are normal around a common mean, from which years differ by chance and by
    a spread of their own (DerSimonian & Laird 1986, Controlled Clinical Trials 7, pp. 177-188).
    """
    known = ratios > 0
    logs, chance = np.log(ratios[known]), errors[known] ** 2
    spread = _spread(logs, chance)
    weights = 1 / (chance + spread)
    precision = float(weights.sum()) + PRIOR_ERROR**-2
    mean = (float(weights @ logs) + math.log(prior_ratio) * PRIOR_ERROR**-2) / precision
    return math.exp(mean), math.sqrt(1 / precision + spread)


def _spread(logs: Floats, chance: Floats) -> float:
    """Estimate the variance between years, shrunk toward that found elsewhere if that is larger."""
    others = max(0, len(logs) - 1)
    found = 0.0
    if others:
        weights = 1 / chance
        mean = float(weights @ logs / weights.sum())
        beyond = float(weights @ (logs - mean) ** 2) - others
        found = max(0.0, beyond / float(weights.sum() - (weights**2).sum() / weights.sum()))
    drawn = (others * found + PRIOR_YEARS * PRIOR_SPREAD**2) / (others + PRIOR_YEARS)
    return max(found, drawn)
