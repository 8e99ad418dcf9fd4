"""Taking land in order, up to an exact area: every method of choosing is compared on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from csa.base.arrays import Floats, Ints

MAX_FILLED_SHARE = 0.10
"""At most this part of the area may be cells beside areas, so that areas are what is scored."""

REACH = 4.0
"""Beyond four bandwidths a Gaussian kernel holds 0.03% of its mass."""


@dataclass(frozen=True)
class Land:
    """A study area's cells."""

    area_km2: Floats  # (m,) land of each cell
    center_xy: Floats  # (m, 2) meters
    neighbours: csr_array  # (m, m) whether two cells touch; a cell may count as its own neighbor
    neighborhood: Ints  # (m,) number of the neighborhood that each cell lies in; -1 for none

    @cached_property
    def total_km2(self) -> float:
        """The study area's land."""
        return float(self.area_km2.sum())

    def around(self, cell: int) -> Ints:
        """List the cells that touch one."""
        first, last = self.neighbours.indptr[cell : cell + 2]
        return np.asarray(self.neighbours.indices[first:last], dtype=np.int64)

    def density(self, xy: Floats, bandwidth_m: float) -> Floats:
        """Estimate the density of incidents at each cell's center by a Gaussian kernel.

        Returns (m,) incidents per km2.
        """
        if not len(xy):
            return np.zeros(len(self.area_km2))
        pairs = cKDTree(self.center_xy).sparse_distance_matrix(
            cKDTree(xy), REACH * bandwidth_m, output_type="ndarray"
        )
        kernel = np.exp(-0.5 * (pairs["v"] / bandwidth_m) ** 2)
        total = np.bincount(pairs["i"], kernel, minlength=len(self.area_km2))
        density: Floats = total / (2 * np.pi * (bandwidth_m / 1000) ** 2)
        return density


def take_cells(order: Ints, land: Land, budget_km2: float) -> Floats:
    """Take cells in an order up to an exact area; the one that crosses it in part.

    Returns (m,) the part of each cell that is taken, 0 to 1.
    """
    sizes = land.area_km2[order]
    before = np.cumsum(sizes) - sizes
    taken = np.zeros(len(sizes))
    taken[order] = np.clip((budget_km2 - before) / sizes, 0.0, 1.0)
    return taken


def take_units(order: Sequence[int], unit: Ints, land: Land, budget_km2: float) -> Floats:
    """Take whole units of cells in an order; of the one that crosses the area an even part.

    Returns (m,) the part of each cell that is taken, 0 to 1.
    """
    taken, left = np.zeros(len(unit)), budget_km2
    for number in order:
        is_in = unit == number
        size = float(land.area_km2[is_in].sum())
        taken[is_in] = min(1.0, left / size)
        left -= size
        if left <= 0:
            break
    return taken


@dataclass(frozen=True)
class TakenAreas:
    """What candidate areas cover of a budget of land."""

    part: Floats  # (m,) the part of each cell that is taken, 0 to 1
    filled_share: float  # the part of the budget that is cells beside areas


def take_areas(
    areas: Sequence[Ints], per_km2: Floats, counts: Floats, land: Land, budget_km2: float
) -> TakenAreas:
    """Take candidate areas by their estimate per km2, up to an exact area.

    The last is cut to the cells nearest its densest cell. Where areas cover less than the
    budget, the next-densest cells adjacent to areas fill it, at most a tenth of it.
    """
    taken, left = np.zeros(len(land.area_km2)), budget_km2
    for number in np.argsort(-np.asarray(per_km2), kind="stable"):
        for cell in _from_the_densest(areas[number], counts, land):
            part = min(1.0, left / land.area_km2[cell])
            taken[cell] = part
            left = max(0.0, left - part * land.area_km2[cell])
        if left <= 0:
            return TakenAreas(taken, 0.0)
    filled_km2 = _fill(taken, counts, land, min(left, MAX_FILLED_SHARE * budget_km2))
    return TakenAreas(taken, filled_km2 / budget_km2)


def _from_the_densest(area: Ints, counts: Floats, land: Land) -> Iterator[int]:
    densest = area[np.argmax(counts[area] / land.area_km2[area])]
    apart = np.hypot(*(land.center_xy[area] - land.center_xy[densest]).T)
    yield from area[np.argsort(apart, kind="stable")].tolist()


def _fill(taken: Floats, counts: Floats, land: Land, budget_km2: float) -> float:
    """Take the densest cells beside what is taken; return how much land that was."""
    left = budget_km2
    beside = {
        near for cell in np.flatnonzero(taken).tolist() for near in land.around(cell).tolist()
    }
    beside = {cell for cell in beside if not taken[cell]}
    while left > 0 and beside:
        cell = min(beside, key=lambda near: (-counts[near] / land.area_km2[near], near))
        taken[cell] = min(1.0, left / land.area_km2[cell])
        left = max(0.0, left - land.area_km2[cell])
        beside |= set(land.around(cell).tolist())
        beside = {near for near in beside if not taken[near]}
    return budget_km2 - left
