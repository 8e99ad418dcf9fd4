"""How far a sum may stray when it is checked every month: a boundary valid for all looks."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from csa.base.arrays import Floats
from csa.base.errors import ParamError

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
        raise ParamError("displacement.alpha", given=alpha)
    if not 1 <= looks <= MAX_LOOKS:
        raise ParamError("displacement.looks", given=looks, most=MAX_LOOKS)
    least = float(norm.isf(alpha / 2))
    most = float(norm.isf(alpha / 2 / looks))  # as if looks were independent
    if not _chance(most, looks) < alpha < _chance(least, looks):
        return most  # one look, or too rare for floating point; this errs on the safe side
    return float(brentq(lambda z: _chance(z, looks) - alpha, least, most, xtol=1e-6))


@lru_cache(maxsize=256)
def crossing_chance(line: tuple[float, ...]) -> float:
    """Compute how often an unchanged sum crosses a line that may differ from look to look."""
    if not 1 <= len(line) <= MAX_LOOKS:
        raise ParamError("displacement.looks", given=len(line), most=MAX_LOOKS)
    nodes, weights = _gauss(POINTS * math.ceil(max(line) * math.sqrt(len(line))))
    density = norm.pdf(nodes * line[0])  # of the first month's sum
    width = line[0]
    for look, z in enumerate(line[1:], start=2):
        wider = z * math.sqrt(look)  # where the sum has not crossed: from -wider to wider
        step = norm.pdf(nodes[:, None] * wider - nodes * width)
        density = step @ (weights * width * density)
        width = wider
    return 1.0 - width * float(weights @ density)


def _chance(z: float, looks: int) -> float:
    return crossing_chance((z,) * looks)


@lru_cache(maxsize=64)
def _gauss(n_points: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    return nodes, weights
