"""The line that an unchanged count seldom crosses at any of many monthly looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from csa.base.arrays import Floats
from csa.base.errors import ParamError
from csa.city.preregistration import ALARM_CHANCE, EVIDENCE_CHANCE, PLANNED_LOOKS

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
