"""Areas that a team can walk: dense places that touch, not too small and not too large.

A place is a cell with those around it, about `MIN_AREA_KM2`. Places and cells that are as dense as
DBSCAN asks for make areas where they touch; cells at an area's rim that are less dense are left out
while it stays large enough. An area is kept if what it holds beyond that density pays for a place
of its own.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from operator import ne

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from csa.areas.shrinkage import OUTSIDE
from csa.base.arrays import Bools, Floats
from csa.base.params import AreaParams
from csa.geo.cells import CellSet, Grid

MIN_AREA_KM2 = 0.1
"""About a block and those around it; less is a corner, not a place."""

ROUGHLY = 0.9
"""A place may be so much smaller: seven cells of resolution 10 are .09 to .11 km2."""

MAX_RINGS = 6
OPENING_KM2 = 0.015
"""An area must hold as many incidents more than the density asks for as this land at that density:
without it more areas are as small as can be, and catch no more."""

ROUNDING = 1e-9
Places = frozenset[int]


def required(grid: Grid, params: AreaParams) -> Floats:
    """Return how many incidents a cell must be expected to hold to be dense.

    A density for its land. If none is given: DBSCAN asks for `min_samples` in a circle of `eps_m`,
    a cell for as many for its land; where it is larger than the circle, as many.

    Returns (m,).
    """
    size = grid.area_km2.to_numpy(dtype=np.float64)
    if params.dense_per_km2 is not None:
        return np.asarray(params.dense_per_km2 * size)
    circle_km2 = math.pi * (params.dbscan.eps_m / 1000) ** 2
    return np.asarray(params.dbscan.min_samples * np.minimum(1.0, size / circle_km2))


def walkable_areas(
    reached: Bools,
    expected: Floats,
    needed: Floats,
    grid: Grid,
    max_area_km2: float,
    opening_km2: float = OPENING_KM2,
) -> list[CellSet]:
    """Make areas of the dense cells among those reached.

    Parameters
    ----------
    reached
        (m,) which cells may belong to an area.
    expected
        (m,) incidents.
    needed
        (m,) incidents that a dense cell is expected to hold, as `required`.
    grid
        The study area's cells.
    max_area_km2
        The size limit.
    opening_km2
        What a place of its own costs, as land at the density asked for.

    Returns
    -------
    list of frozenset
        Disjoint, contiguous sets of cells, in no order.
    """
    return _Ground(reached, expected, needed, grid, max_area_km2, opening_km2).areas()


def _rings(size: Floats) -> int:
    """Return how many rings around a cell make a place of about the least size."""
    typical = float(np.median(size)) if len(size) else 1.0
    return next(
        (k for k in range(MAX_RINGS) if (1 + 3 * k * (k + 1)) * typical >= ROUGHLY * MIN_AREA_KM2),
        MAX_RINGS,
    )


class _Ground:
    """The cells of one map, as places in the grid, and areas made of them."""

    def __init__(
        self,
        reached: Bools,
        expected: Floats,
        needed: Floats,
        grid: Grid,
        max_area_km2: float,
        opening_km2: float,
    ) -> None:
        self.grid, self.size = grid, grid.area_km2.to_numpy(dtype=np.float64)
        self.max_km2 = max_area_km2 * (1 + ROUNDING)
        # A part that fits may lack one cell of the limit.
        cell_km2 = float(self.size.max(initial=0.0))
        self.min_km2 = max(0.0, min(MIN_AREA_KM2, max_area_km2 - cell_km2)) * (1 - ROUNDING)
        self.surplus = expected - needed
        self.is_free = reached.copy()
        self.is_dense = reached & (self.surplus >= -ROUNDING * needed)
        self.opening = opening_km2 * float(np.max(needed / self.size, initial=0.0))
        # Densest first, then west, then south: so the order of cells decides nothing.
        free = np.flatnonzero(reached)
        density = np.round(expected[free] / self.size[free], 9)
        order = free[np.lexsort((*grid.centre_xy[free].T[::-1], -density))]
        self.rank = np.full(len(reached), len(order))
        self.rank[order] = np.arange(len(order))

    def areas(self) -> list[CellSet]:
        """Make areas of dense places that touch."""
        taken = np.zeros(len(self.size), dtype=bool)
        for piece in self.parts(self.dense_places() | self.is_dense):
            area = self.grown(self.trimmed(piece))
            if self.worth(area) > 0:
                taken[list(area)] = True
        parts = [part for piece in self.parts(taken) for part in self.split(piece)]
        return self._filled(parts)

    def dense_places(self) -> Bools:
        """Return the cells of all places that are dense on average: (m,)."""
        around = self.grid.around(_rings(self.size))[self.is_free]
        is_in = (around != OUTSIDE) & self.is_free[around]
        surplus = np.where(is_in, self.surplus[around], 0.0).sum(axis=1)
        km2 = np.where(is_in, self.size[around], 0.0).sum(axis=1)
        is_dense = (surplus >= 0) & (km2 >= ROUGHLY * self.min_km2)
        held = np.zeros(len(self.size), dtype=bool)
        held[around[is_dense][is_in[is_dense]]] = True
        return held

    def trimmed(self, piece: Places) -> Places:
        """Leave out cells that are not dense, the least dense first, if the rest still touches."""
        left, km2, places = set(piece), self.km2(piece), np.array(list(piece))
        sparse = places[~self.is_dense[places]]
        sparse = sparse[np.argsort(-self.rank[sparse])]
        around, sizes = self.grid.neighbors[sparse].tolist(), self.size[sparse].tolist()
        for place, near, size in zip(sparse.tolist(), around, sizes, strict=True):
            if km2 - size >= self.min_km2 and _is_at_rim(near, left):
                left.remove(place)
                km2 -= size
        return frozenset(left)

    def worth(self, piece: Places) -> float:
        """Return what a piece holds beyond the density and the price of a place of its own."""
        return math.fsum(self.surplus[list(piece)].tolist()) - self.opening if piece else 0.0

    def km2(self, piece: Iterable[int]) -> float:
        """Add up the land of places."""
        return math.fsum(self.size[list(piece)].tolist())

    def parts(self, mask: Bools) -> list[Places]:
        """Split places into pieces that touch."""
        inside = np.flatnonzero(mask)
        number = np.full(len(mask) + 1, -1)  # the last is for -1, outside the study area
        number[inside] = np.arange(len(inside))
        near = number[self.grid.neighbors[inside]]
        is_near = near >= 0
        ends = np.cumsum(is_near.sum(axis=1))
        links = (np.ones(int(is_near.sum())), near[is_near], np.r_[0, ends])
        n_parts, part = connected_components(csr_array(links, shape=(len(inside),) * 2))
        return [frozenset(inside[part == one].tolist()) for one in range(n_parts)]

    def grown(self, core: Places) -> Places:
        """Grow a piece to the least size by the densest free cell beside it; empty if it cannot."""
        km2 = self.km2(core)
        if km2 >= self.min_km2:
            return core
        piece, beside = set(core), _Beside(self, core)
        while km2 < self.min_km2:
            place = beside.pop()
            if place is None:
                return frozenset()
            piece.add(place)
            km2 += self.size[place]
            beside.add_around(place)
        return frozenset(piece)

    def split(self, piece: Places) -> list[Places]:
        """Split a piece over the limit: parts grow from its densest cell by the densest beside."""
        if self.km2(piece) <= self.max_km2:
            return [piece]
        order = np.array(list(piece))
        order = order[np.argsort(self.rank[order])]
        number = np.full(len(self.size) + 1, OUTSIDE)  # the last is for -1, outside the study area
        number[order] = np.arange(len(order))
        near, size = number[self.grid.neighbors[order]].tolist(), self.size[order].tolist()
        left, parts, least_km2 = set(range(len(order))), [], min(size)
        for seed in range(len(order)):
            if seed in left:
                part = _grow_part(seed, left, near, size, (least_km2, self.max_km2))
                left -= part
                parts.append(frozenset(order[list(part)].tolist()))
        return [part for part in parts if self.km2(part) >= self.min_km2]

    def _mask(self, places: Iterable[int]) -> Bools:
        mask = np.zeros(len(self.size), dtype=bool)
        mask[list(places)] = True
        return mask

    def _cells(self, places: Places) -> CellSet:
        return frozenset(self.grid.area_km2.index.to_numpy()[list(places)].tolist())

    def _filled(self, parts: list[Places]) -> list[CellSet]:
        """Fill holes, the smallest first, where the filled one fits and takes no other's cell."""
        grid, areas = self.grid, [self._cells(part) for part in parts]
        held = frozenset[int]().union(*areas)
        filled = []
        for area, part in zip(areas, parts, strict=True):
            whole = area
            without = grid.without_holes(area) if self.has_holes(part) else area
            holes = grid.contiguous_parts(without - area)
            for hole in sorted(
                holes, key=lambda one: (round(grid.size_km2(one), 9), grid.middle(one))
            ):
                if not hole & held and grid.size_km2(whole | hole) <= self.max_km2:
                    whole |= hole
            filled.append(whole)
        return filled

    def has_holes(self, part: Places) -> bool:
        """Check whether a piece that hangs together encloses cells, by Euler's formula.

        Its cells, less the pairs that touch, and with the threes that meet at a corner, are 1 less
        its holes. To look is much quicker than to find them, and few have any. Beside one of the
        earth's twelve pentagons, all in the sea, neighbors are in no order, and it may be wrong.
        """
        places = list(part)
        mask = np.append(self._mask(part), False)
        is_near = mask[self.grid.neighbors[places]]
        pairs = int(is_near.sum()) // 2
        threes = int((is_near & np.roll(is_near, 1, axis=1)).sum()) // 3
        return len(places) - pairs + threes != 1


def _grow_part(
    seed: int,
    left: set[int],
    near: list[list[int]],
    size: list[float],
    km2_of: tuple[float, float],
) -> set[int]:
    """Grow a part from a cell by the densest beside that fits; cells are numbered by density.

    Given are the smallest cell's land and the limit: once that is reached nothing more fits.
    """
    least_km2, max_km2 = km2_of
    part, km2, seen, beside = set[int](), 0.0, {seed}, [seed]
    while beside and (not part or km2 + least_km2 <= max_km2):
        place = heapq.heappop(beside)
        if not part or km2 + size[place] <= max_km2:
            part.add(place)
            km2 += size[place]
            for other in near[place]:
                if other in left and other not in seen:
                    seen.add(other)
                    heapq.heappush(beside, other)
    return part


def _is_at_rim(around: Sequence[int], piece: set[int]) -> bool:
    """Check whether a cell's neighbors in a piece follow one another around: then they touch."""
    held = [near in piece for near in around]
    return bool(sum(map(ne, held, [*held[1:], held[0]])) == 2)


class _Beside:
    """The cells beside a growing piece, the densest first."""

    def __init__(self, ground: _Ground, piece: Iterable[int]) -> None:
        self.near, self.rank, self.is_free = ground.grid.neighbors, ground.rank, ground.is_free
        self.seen, self.heap = set(piece), list[tuple[int, int]]()
        for place in sorted(self.seen):
            self.add_around(place)

    def add_around(self, place: int) -> None:
        """Add the free cells around a place."""
        for near in self.near[place].tolist():
            if near != OUTSIDE and near not in self.seen and self.is_free[near]:
                self.seen.add(near)
                heapq.heappush(self.heap, (int(self.rank[near]), near))

    def pop(self) -> int | None:
        """Take the densest; None where none is left."""
        if not self.heap:
            return None
        return heapq.heappop(self.heap)[1]
