"""How many incidents each cell would have if its past went on: older months count for less.

A cell's count in one period is mostly chance. Its count over all years, and the counts around it,
predict the next shootings better, as the backtest measures. Expected numbers choose an area's
cells; they are never shown or added to a count.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtri
from scipy.optimize import nnls
from threadpoolctl import ThreadpoolController

from csa.areas.shrinkage import Estimate
from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError
from csa.geo.cells import OUTSIDE, RINGS, ring_pairs

# ---- How many threads linear algebra may use: matrices here are small, and more cost more.


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    """Find the loaded libraries once; that takes milliseconds, a limit microseconds."""
    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """Limit linear algebra to one thread within a `with` block.

    Threads that wait for one another on a busy machine made estimates of areas 30 times slower.
    """
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


N_RINGS = 4
"""Rings over which likeness is measured."""

CONTEXT_RINGS = 3
"""Rings around an area whose counts are used; a fourth makes no visible difference."""

RANGES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Ranges tried, in distances between neighbors."""

LEAST_PAIRS = 0.05
"""Where almost no pairs are found, their share of the expected counts as this: a log needs one."""

BEYOND_CHANCE = 3.0
"""Standard errors of excess pairs above which a city is not flat; chance passes 1 time in 25."""

MAX_CELLS = 1500
"""With more cells of its own, an area's count is large enough to be used alone."""

MAX_AROUND = 250
BLOCK_M = 400.0
"""With more cells around an area, those are taken together in squares of this side."""

MAX_ITERATIONS = 60
OWN_ITERATIONS = 3
TOLERANCE = 1e-5
NEXT_TO_NOTHING = 1e-13
"""So little, times its variance, says nothing of a unit: rounding would say more."""
MAX_STEP = 1.0
"""A cell's expected number changes at most e-fold in an iteration, or it may overshoot."""


@dataclass(frozen=True)
class CellCounts:
    """The study area's m cells: what was counted, and where they lie."""

    counts: Floats  # (m,) incidents
    area_km2: Floats  # (m,) land, above 0; cells are clipped to the study area
    spirals: Ints  # (m, K) positions of each cell itself, its first ring, its second ...
    center_xy: Floats  # (m, 2) meters: the cells' centers
    apart_m: Floats  # (r,) as `csa.geo.cells.mean_apart_m` of both: as many rings are heard

    def __post_init__(self) -> None:
        """Refuse spirals that are too short."""
        least = RINGS[N_RINGS].stop
        if self.spirals.shape[1] < least:
            raise ParamError("priorities.spirals", given=self.spirals.shape[1], least=least)

    @property
    def per_km2(self) -> float:
        """Incidents per km2 of the study area; 0 without any land."""
        land_km2 = float(self.area_km2.sum())
        return float(self.counts.sum()) / land_km2 if land_km2 else 0.0


@dataclass(frozen=True)
class Field:
    """How expected numbers vary from cell to cell, on the scale of their logarithm."""

    per_km2: float  # incidents per km2 of the study area
    own_variance: float  # variance that is a cell's alone
    shared_variance: float  # variance that it shares with those near
    range_m: float  # meters over which likeness falls e-fold

    def covariance(self, xy: Floats, n_cells: Floats) -> Floats:
        """Return the covariance of the logarithms between places of some cells each.

        What is a cell's alone is averaged out over many. Returns (n, n).
        """
        apart_m = np.hypot(*(np.subtract.outer(of, of) for of in xy.T))
        shared: Floats = np.exp(np.divide(apart_m, -self.range_m, out=apart_m), out=apart_m)
        shared *= self.shared_variance
        # A trace more on the diagonal: nearly equal rows cannot be factored.
        shared[np.diag_indices(len(xy))] += self.own_variance / n_cells + 1e-6
        return shared


def fit_field(cells: CellCounts) -> Field | None:
    """Fit the field on all cells of the study area, from pairs of incidents.

    How many more pairs of incidents lie in the same cell, and in cells one to four rings
    apart, than if the city were alike everywhere; the logarithm of that is the field's
    covariance.

    References
    ----------
    Moller, Syversveen & Waagepetersen (1998), Scandinavian Journal of Statistics 25,
    pp. 451-482.
    """
    if not cells.per_km2:
        return None
    excess, expected = count_pairs(cells)
    apart_m = cells.apart_m
    if not _is_beyond_chance(excess, expected):
        return None
    ratios = np.maximum(1 + excess / expected, LEAST_PAIRS)
    # A logarithm's variance is about one over the pairs that it rests on, each counted twice.
    weights = np.sqrt(expected * ratios / 2)
    logs = np.log(ratios)
    own = (np.arange(len(logs)) == 0).astype(np.float64)
    spacing_m = float(apart_m[1]) if len(apart_m) > 1 else 1.0
    least, best = math.inf, Field(cells.per_km2, 0.0, 0.0, spacing_m)
    for steps in RANGES:
        range_m = steps * spacing_m
        columns = np.stack([own, np.exp(-apart_m / range_m)], axis=1) * weights[:, None]
        (own_variance, shared_variance), misfit = nnls(columns, logs * weights)
        if misfit < least - 1e-12:  # rounding must not decide
            least = float(misfit)
            best = Field(cells.per_km2, float(own_variance), float(shared_variance), range_m)
    return best if best.own_variance + best.shared_variance > 0 else None


def estimate_area(
    area: npt.ArrayLike, cells: CellCounts, field: Field | None, coverage: float = 0.9
) -> Estimate:
    """Estimate the expected number in an area, chosen for its count or not.

    Simulated with areas of blocks, found as `csa.areas.forming` finds them: 90% intervals hold the
    expected number of chosen areas 88 to 92 times in 100, and 80 to 82 where cells as large as an
    area have nothing in common with their neighbors: estimates there are 9 to 15% too low.

    References
    ----------
    Opper & Archambeau (2009), Neural Computation 21, pp. 786-792 (the Gaussian that comes
    nearest). Rasmussen & Williams (2006), Gaussian Processes, section 3.4 (its equations).
    """
    inside = np.unique(np.asarray(area, dtype=np.int64))
    if not len(inside):
        raise ParamError("priorities.no_cells")
    if field is None:
        return Estimate.sure(cells.per_km2 * float(cells.area_km2[inside].sum()))
    if len(inside) > MAX_CELLS:
        return Estimate.of_gamma(float(cells.counts[inside].sum()) + 0.5, 1.0, coverage)
    with single_thread():
        own, log_covariance = _condition(_units(inside, cells), len(inside), field)
    total = float(own.sum())
    variance = float(own @ np.expm1(log_covariance) @ own)
    return Estimate.of_gamma(total**2 / variance, total / variance, coverage)


def count_pairs(cells: CellCounts) -> tuple[Floats, Floats]:
    """Return, by ring, the pairs beyond those expected, and those expected.

    Each pair is counted from both its ends. Products of what is left after the city's mean
    have the same excess as products of counts, and less noise: a city's rim, where cells have
    fewer neighbors, no longer counts.
    """
    flat = cells.per_km2 * cells.area_km2
    left = cells.counts - flat
    excess = [float((left**2 - cells.counts).sum())]
    expected = [float((flat**2).sum())]
    for ring in range(1, len(cells.apart_m)):
        here, there = ring_pairs(cells.spirals, ring)
        excess.append(float(left[here] @ left[there]))
        expected.append(float(flat[here] @ flat[there]))
    return np.array(excess), np.array(expected)


def _is_beyond_chance(excess: Floats, expected: Floats) -> bool:
    """Check whether there are more pairs, up to some ring, than chance would give.

    In a flat city the excess has a mean of 0 and a variance of twice the pairs expected.
    """
    return bool((np.cumsum(excess) / np.sqrt(2 * np.cumsum(expected))).max() > BEYOND_CHANCE)


@dataclass(frozen=True)
class _Units:
    """An area's cells, then what lies around it: cells, or squares of many."""

    counts: Floats  # (u,)
    area_km2: Floats  # (u,)
    xy: Floats  # (u, 2) meters
    n_cells: Floats  # (u,) how many cells each is made of


def _units(inside: Ints, cells: CellCounts) -> _Units:
    around = np.unique(cells.spirals[inside, : RINGS[CONTEXT_RINGS].stop])
    around = np.setdiff1d(around[around != OUTSIDE], inside)
    if len(around) > MAX_AROUND:
        squares = np.floor(cells.center_xy[around] / BLOCK_M)
        _, unit = np.unique(squares, axis=0, return_inverse=True)
    else:
        unit = np.arange(len(around))
    unit = np.r_[np.arange(len(inside)), len(inside) + unit.ravel()]
    places = np.r_[inside, around]
    n_cells = np.bincount(unit)
    xy = [np.bincount(unit, column) / n_cells for column in cells.center_xy[places].T]
    counts, area_km2 = (
        np.bincount(unit, of[places]).astype(np.float64) for of in (cells.counts, cells.area_km2)
    )
    return _Units(counts, area_km2, np.stack(xy, axis=1), n_cells.astype(np.float64))


def _condition(units: _Units, n_own: int, field: Field) -> tuple[Floats, Floats]:
    """Find the first units' expected numbers given all counts, and their logarithms' covariance.

    The Gaussian that comes nearest to what is known, by Newton's steps: as for the most
    likely field, but with the expected numbers under the Gaussian in the place of those at
    its top, for a mean of exponentials is above the exponential of the mean.
    """
    # As columns, which is LAPACK's order; a covariance is the same either way.
    numbers, prior = units.counts, field.covariance(units.xy, units.n_cells).T
    flat, spread = field.per_km2 * units.area_km2, np.diag(prior)
    start = np.log(flat) - spread / 2
    expected = (numbers + 3 * flat) / 4
    logs = np.log(expected) - start - spread / (1 + spread * expected) / 2  # above the start
    # One table serves all steps, and LAPACK works in it: a server gives large ones back at once,
    # and to be given new ones took longer than to compute with them.
    factor, root = np.empty_like(prior, order="F"), np.sqrt(expected)
    for _ in range(MAX_ITERATIONS):
        root = np.sqrt(expected)
        np.multiply(root[:, None], prior, out=factor)
        factor *= root
        factor[np.diag_indices(len(numbers))] += 1
        _, info = dpotrf(factor, lower=True, overwrite_a=True, clean=True)
        pull = expected * logs + numbers - expected
        solved, _ = dpotrs(factor, root * (prior @ pull), lower=True)
        if info or not np.isfinite(solved).all():  # LAPACK itself says nothing of NaN
            raise np.linalg.LinAlgError("an area's counts, land or places are no finite numbers")
        aim = prior @ (pull - root * solved)
        step = np.clip(aim - logs, -MAX_STEP, MAX_STEP)
        logs = logs + step
        dtrtri(factor, lower=True, overwrite_c=True)
        variance = np.minimum((1 - np.einsum("ij,ij->j", factor, factor)) / expected, spread)
        variance = np.where(expected * spread < NEXT_TO_NOTHING, spread, variance)
        expected = _expect(start + logs, variance, expected)
        if np.abs(step).max() < TOLERANCE:
            break
    # Prior less posterior is the square of what is known.
    known = np.asfortranarray(root[:, None] * prior[:, :n_own])
    known = dtrmm(1.0, factor, known, lower=True, overwrite_b=True)
    return expected[:n_own], prior[:n_own, :n_own] - known.T @ known


def _expect(logs: Floats, variance: Floats, before: Floats) -> Floats:
    """Find the expected numbers, each with the variance that it would itself leave.

    A variance was found under the number before. What all others say of a unit is kept: with it
    number and variance follow from each other, which spares whole rounds.
    """
    others, expected = 1 / variance - before, before
    for _ in range(OWN_ITERATIONS):
        precision = others + expected
        miss = logs + 0.5 / precision - np.log(expected)
        step = miss / (1 + expected / precision**2 / 2)
        expected = expected * np.exp(np.clip(step, -MAX_STEP, MAX_STEP))
    return expected
