"""Areas that a team can walk: dense places that touch, not too small and not too large.

Cells that are as dense as DBSCAN asks for make areas where they touch. Those that are expected to
hold too little to be worth serving grow by the densest cell beside them, or one cell away, until
they are; cells at an area's rim that are less dense are left out while it stays worth it. An area
is kept if what it holds beyond that density pays for a place of its own.

Where nothing is asked of an area, it must be about `MIN_AREA_KM2` instead, and places, cells with
those around them of that size, count as dense where they are on average.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from operator import ne

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from csa.base.arrays import Bools, Floats
from csa.base.params import AreaParams
from csa.geo.cells import OUTSIDE, CellSet
from csa.geo.grid import Grid, Piece

MIN_AREA_KM2 = 0.1
"""About a block and those around it; less is a corner, not a place."""

ROUGHLY = 0.9
"""A place may be so much smaller: seven cells of resolution 10 are .09 to .11 km2."""

MAX_RINGS = 6
OPENING_KM2 = 0.015
"""An area must hold as many incidents more than the density asks for as this land at that density:
without it more areas are as small as can be, and catch no more."""

ROUNDING = 1e-9


def min_incidents_per_cell(grid: Grid, params: AreaParams) -> Floats:
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


def walkable_areas(  # noqa: PLR0913 - what areas are made of
    reached: Bools,
    expected: Floats,
    needed: Floats,
    grid: Grid,
    max_area_km2: float,
    opening_km2: float = OPENING_KM2,
    least: float = 0.0,
) -> list[CellSet]:
    """Make areas of the dense cells among those reached.

    Parameters
    ----------
    reached
        (m,) which cells may belong to an area.
    expected
        (m,) incidents.
    needed
        (m,) incidents that a dense cell is expected to hold, as `min_incidents_per_cell`.
    grid
        The study area's cells.
    max_area_km2
        The size limit.
    opening_km2
        What a place of its own costs, as land at the density asked for.
    least
        Incidents that an area must be expected to hold; with 0 it must be large enough instead.

    Returns
    -------
    list of frozenset
        Disjoint, contiguous sets of cells, in no order.
    """
    return _Ground(reached, expected, needed, grid, max_area_km2, opening_km2, least).areas()


def _rings(size: Floats) -> int:
    """Return how many rings around a cell make a place of about the least size."""
    typical = float(np.median(size)) if len(size) else 1.0
    return next(
        (k for k in range(MAX_RINGS) if (1 + 3 * k * (k + 1)) * typical >= ROUGHLY * MIN_AREA_KM2),
        MAX_RINGS,
    )


class _Ground:
    """The cells of one map that areas may be made of, and areas made of them.

    They are numbered by density, the densest first, then west, then south.
    """

    def __init__(  # noqa: PLR0913 - as `walkable_areas`
        self,
        reached: Bools,
        expected: Floats,
        needed: Floats,
        grid: Grid,
        max_area_km2: float,
        opening_km2: float,
        least: float = 0.0,
    ) -> None:
        self.least = least * (1 - ROUNDING)
        self.grid, size = grid, grid.area_km2.to_numpy(dtype=np.float64)
        self.max_km2 = max_area_km2 * (1 + ROUNDING)
        # A part that fits may lack one cell of the limit.
        cell_km2 = float(size.max(initial=0.0))
        min_km2 = 0.0 if least else MIN_AREA_KM2
        self.min_km2 = max(0.0, min(min_km2, max_area_km2 - cell_km2)) * (1 - ROUNDING)
        self.opening = opening_km2 * float(np.max(needed / size, initial=0.0))
        free = np.flatnonzero(reached)
        density = np.round(expected[free] / size[free], 9)
        self.places = free[np.lexsort((*grid.center_xy[free].T[::-1], -density))]
        self.number = np.full(len(reached) + 1, OUTSIDE)  # the last is for what is outside
        self.number[self.places] = np.arange(len(self.places))
        within_two = self.number[grid.around(2)[self.places]]
        self.around = within_two[:, 1:7]  # (f, 6)
        surplus = (expected - needed)[self.places]
        is_dense = surplus >= -ROUNDING * needed[self.places]
        self.n_heard = 18 if least else 6  # two rings, or one
        # One list: thousands of small ones would be slow.
        self._heard: list[int] = within_two[:, 1 : 1 + self.n_heard].ravel().tolist()
        self.size: list[float] = size[self.places].tolist()
        self.expected: list[float] = expected[self.places].tolist()
        self.surplus: list[float] = surplus.tolist()
        self.is_dense: list[bool] = is_dense.tolist()

    def near(self, cell: int) -> list[int]:
        """List the six cells around one, in order; `OUTSIDE` for what no area may take."""
        first = self.n_heard * cell
        return self._heard[first : first + 6] if cell != OUTSIDE else []

    def areas(self) -> list[CellSet]:
        """Make areas of dense places that touch."""
        taken = np.zeros(len(self.size), dtype=bool)
        is_dense = np.array(self.is_dense, dtype=bool)
        for piece in self.parts(is_dense if self.least else is_dense | self.dense_places()):
            area = self.grow_to_minimum(self.trim_sparse_rim(piece))
            if self.net_surplus(area) > 0:
                taken[list(area)] = True
        parts = [part for piece in self.parts(taken) for part in self.split(piece)]
        return self._filled([part for part in parts if self.holds(part) >= self.least])

    def dense_places(self) -> Bools:
        """Return the cells of all places that are dense on average: (f,)."""
        typical_rings = _rings(self.grid.area_km2.to_numpy(dtype=np.float64))
        around = self.number[self.grid.around(typical_rings)[self.places]]
        is_in = around != OUTSIDE
        surplus = np.where(is_in, np.array(self.surplus)[around], 0.0).sum(axis=1)
        km2 = np.where(is_in, np.array(self.size)[around], 0.0).sum(axis=1)
        is_dense = (surplus >= 0) & (km2 >= ROUGHLY * self.min_km2)
        held = np.zeros(len(self.size), dtype=bool)
        held[around[is_dense][is_in[is_dense]]] = True
        return held

    def trim_sparse_rim(self, piece: Piece) -> Piece:
        """Leave out cells that are not dense, the least dense first, if the rest still touches."""
        left, km2 = set(piece), self.km2(piece)  # with a floor all of its cells are dense
        for cell in sorted((one for one in piece if not self.is_dense[one]), reverse=True):
            if km2 - self.size[cell] >= self.min_km2 and _is_at_rim(self.near(cell), left):
                left.remove(cell)
                km2 -= self.size[cell]
        return left

    def net_surplus(self, piece: Piece) -> float:
        """Return what a piece holds beyond the density and the price of a place of its own."""
        return math.fsum(self.surplus[cell] for cell in piece) - self.opening if piece else 0.0

    def holds(self, piece: Iterable[int]) -> float:
        """Add up what cells are expected to hold."""
        return math.fsum(self.expected[cell] for cell in piece)

    def km2(self, piece: Iterable[int]) -> float:
        """Add up the land of cells."""
        return math.fsum(self.size[cell] for cell in piece)

    def parts(self, mask: Bools) -> list[Piece]:
        """Split cells into pieces that touch."""
        inside = np.flatnonzero(mask)
        number = np.full(len(mask) + 1, OUTSIDE)
        number[inside] = np.arange(len(inside))
        near = number[self.around[inside]]
        is_near = near != OUTSIDE
        ends = np.cumsum(is_near.sum(axis=1))
        links = (np.ones(int(is_near.sum())), near[is_near], np.r_[0, ends])
        _, part = connected_components(csr_array(links, shape=(len(inside),) * 2))
        order = np.argsort(part, kind="stable")
        pieces = np.split(inside[order], np.flatnonzero(np.diff(part[order])) + 1)
        return [set(piece.tolist()) for piece in pieces if len(piece)]

    def grow_to_minimum(self, core: Piece) -> Piece:
        """Grow a piece by the densest cell beside it; empty if it cannot.

        To the least size, or to what it must be expected to hold: then also by a cell one away,
        with the densest that joins it.
        """
        km2, held = self.km2(core), self.holds(core)
        piece, seen = set(core), {OUTSIDE, *core}
        beside: list[int] = []

        def look_around(cell: int) -> None:
            first = self.n_heard * cell
            new = [near for near in self._heard[first : first + self.n_heard] if near not in seen]
            seen.update(new)
            for near in new:
                heapq.heappush(beside, near)

        if km2 < self.min_km2 or held < self.least:
            for cell in core:
                look_around(cell)
        while km2 < self.min_km2 or held < self.least:
            if not beside or km2 > self.max_km2:
                return set()
            cell = heapq.heappop(beside)
            for joined in () if cell in piece else self._joining(cell, piece):
                piece.add(joined)
                km2 += self.size[joined]
                held += self.expected[joined]
                look_around(joined)
        return piece

    def _joining(self, cell: int, piece: Piece) -> tuple[int, ...]:
        """Return a cell near a piece, with the densest between them if they do not touch."""
        around = self.near(cell)
        if not piece.isdisjoint(around):
            return (cell,)
        between = [near for near in around if not piece.isdisjoint(self.near(near))]
        return (min(between), cell) if between else ()

    def split(self, piece: Piece) -> list[Piece]:
        """Split a piece over the limit: parts grow from its densest cell by the densest beside."""
        if self.km2(piece) <= self.max_km2:
            return [piece]
        least_km2, left, parts = min(self.size[cell] for cell in piece), set(piece), []
        for seed in sorted(piece):
            if seed in left:
                part = self._part(seed, left, least_km2)
                left -= part
                parts.append(part)
        return [part for part in parts if self.km2(part) >= self.min_km2]

    def _part(self, seed: int, left: Piece, least_km2: float) -> Piece:
        """Grow a part by the densest beside that fits; at the limit not even the least does."""
        part, km2, seen, beside = set[int](), 0.0, {seed}, [seed]
        while beside and (not part or km2 + least_km2 <= self.max_km2):
            cell = heapq.heappop(beside)
            if not part or km2 + self.size[cell] <= self.max_km2:
                part.add(cell)
                km2 += self.size[cell]
                for near in self.near(cell):
                    if near in left and near not in seen:
                        seen.add(near)
                        heapq.heappush(beside, near)
        return part

    def _filled(self, parts: list[Piece]) -> list[CellSet]:
        """Fill holes, the smallest first, where the filled one fits and takes no other's cell."""
        grid, filled = self.grid, []
        areas: list[Piece] = [{*self.places[[*part]].tolist()} for part in parts]
        held = set[int]().union(*areas)
        for area in areas:
            whole = grid.cells(area)
            holes = [grid.cells(hole) for hole in grid.holes(area) if not hole & held]
            holes.sort(key=lambda one: (round(grid.size_km2(one), 9), grid.middle(one)))
            for hole in holes:
                if grid.size_km2(whole | hole) <= self.max_km2:
                    whole |= hole
            filled.append(whole)
        return filled


def _is_at_rim(around: Sequence[int], piece: Piece) -> bool:
    """Check whether a cell's neighbors in a piece follow one another around: then they touch."""
    held = [near in piece for near in around]
    return bool(sum(map(ne, held, [*held[1:], held[0]])) == 2)
