"""How many incidents each cell would have if its past went on: older months count for less.

A cell's count in one period is mostly chance. Its count over all years, and the counts around it,
predict the next shootings better, as the backtest measures. Expected numbers choose an area's
cells; they are never shown or added to a count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from csa.base.arrays import Floats, Ints
from csa.geo.grid import Grid

MEMORY_MONTHS = 84.0
"""After so many months a month counts for 1/e; after five years, for half."""

SPREAD_M = 300.0
"""Standard deviation in metres of the kernel that spreads a cell's past over its surroundings."""

OWN_SHARE = 0.6
"""This part of a cell's past stays in the cell, the rest is spread."""

RECENT_MONTHS = 12
RECENT_SHARE = 0.7
"""A cell may also go on like its last 12 months, at seven tenths: of a year's count, that is about
what remains the year after. So a place that has newly begun is found within months."""

OWN_SPREAD_M = 90.0
FINE_KM2 = 0.03
"""A much smaller cell than one of resolution 9 keeps nothing: what would stay in it is spread over
about as much land, by a kernel of `OWN_SPREAD_M`."""

REACH = 4.0
"""Beyond four standard deviations a Gaussian kernel holds 0.03 % of its mass."""

BLOCK = 2000
"""Occupied cells handled at once: bounds the memory at fine resolutions."""


def recall(months_ago: npt.ArrayLike) -> Floats:
    """Weigh incidents by how long ago they were.

    Returns (n,) exp(-months / `MEMORY_MONTHS`).
    """
    return np.asarray(np.exp(-np.asarray(months_ago, dtype=np.float64) / MEMORY_MONTHS))


def expect_incidents(recalled: Floats, recent: Floats, n_incidents: int, grid: Grid) -> Floats:
    """Return how many incidents each cell would have if its past went on.

    The larger of two numbers: all its past, weighted by age, or its last months at a discount. A
    part of a cell's past stays in it, the rest is spread by a Gaussian kernel around its centre.

    Returns (m,) expected incidents in a period as long.
    """
    return combine(spread(_shares(recalled), grid), spread(_shares(recent), grid), n_incidents)


def combine(lasting: Floats, passing: Floats, n_incidents: int) -> Floats:
    """Return, for each cell, the larger of what all its past and its last months lead to expect.

    Returns (m,) expected incidents.
    """
    expected: Floats = np.maximum(lasting, RECENT_SHARE * passing) * n_incidents
    return expected


def _shares(counts: Floats) -> Floats:
    total = counts.sum()
    return counts / total if total else np.zeros(len(counts))


def spread(counts: Floats, grid: Grid) -> Floats:
    """Spread a part of each cell's count over its surroundings.

    Returns (m,) `OWN_SHARE` of the cell's own and the rest by the kernel.
    """
    occupied = np.flatnonzero(counts > 0)
    mixed = np.zeros(len(counts))
    for cell, near, weight in _weights(occupied, grid):
        mixed += np.bincount(near, weight * counts[cell], minlength=len(counts))
    return mixed


def spread_matrix(occupied: Ints, grid: Grid) -> csr_array:
    """Return `spread` as a matrix, for many counts of the same cells.

    Returns (m, k): counts of the occupied cells to spread counts of all.
    """
    if not len(occupied):
        return csr_array((len(grid.area_km2), 0))
    number = np.full(len(grid.area_km2), -1)
    number[occupied] = np.arange(len(occupied))
    triples = [(number[cell], near, weight) for cell, near, weight in _weights(occupied, grid)]
    column, row, weights = (np.concatenate(parts) for parts in zip(*triples, strict=True))
    return csr_array((weights, (row, column)), shape=(len(grid.area_km2), len(occupied)))


def _weights(occupied: Ints, grid: Grid) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield cells, cells near them, and the part of the first's count that goes to the second."""
    size = grid.area_km2.to_numpy()
    for cell, near, kernel in _kernels(occupied, grid, SPREAD_M):
        yield cell, near, (1 - OWN_SHARE) * kernel * size[near]
    if not len(size) or float(np.median(size)) >= FINE_KM2:
        yield occupied, occupied, np.full(len(occupied), OWN_SHARE)
        return
    for cell, near, kernel in _kernels(occupied, grid, OWN_SPREAD_M):
        yield cell, near, OWN_SHARE * kernel * size[near]


def _kernels(occupied: Ints, grid: Grid, deviation_m: float) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield, in blocks, cells, cells near them, and the kernel between: per km2."""
    everywhere = cKDTree(grid.centre_xy)
    for start in range(0, len(occupied), BLOCK):
        block = occupied[start : start + BLOCK]
        pairs = cKDTree(grid.centre_xy[block]).sparse_distance_matrix(
            everywhere, REACH * deviation_m, output_type="ndarray"
        )
        kernel = np.exp(-0.5 * (pairs["v"] / deviation_m) ** 2)
        yield block[pairs["i"]], pairs["j"], kernel / (2 * np.pi * (deviation_m / 1000) ** 2)
