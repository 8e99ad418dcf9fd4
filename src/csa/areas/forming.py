"""Clusters into candidate areas: disjoint, contiguous sets of cells, under a size limit.

An area is a set of cell ids: stable, comparable by set operations, and without addresses. DBSCAN
finds where incidents lie close together; of the cells that its clusters reach, an area keeps
those dense enough for as long as their past goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from csa.areas.clusters import cluster_points
from csa.areas.plain import clusters_of, whole_areas
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError
from csa.base.params import AreaParams
from csa.geo.grid import CellSet, Grid


@dataclass(frozen=True)
class AreaSet:
    """Candidate areas, west to east, and what became of each incident."""

    areas: tuple[CellSet, ...]  # disjoint, contiguous sets of cells, west to east
    cluster_id: Ints
    is_core: Bools  # length n: whether it is a core incident
    find_fringe: Callable[[], CellSet]  # returns the cells that clusters reach but no area holds

    @cached_property
    def fringe(self) -> CellSet:
        """Cells that clusters reach and no area keeps."""
        return self.find_fringe()


def form_areas(
    xy: Floats,
    cells: npt.NDArray[np.uint64],
    grid: Grid,
    params: AreaParams,
    expected: Floats,
) -> AreaSet:
    """Cluster incidents and form candidate areas from the clusters."""
    _refuse_large_cells(grid, params)
    dbscan = params.dbscan
    labels, is_core = cluster_points(xy, dbscan)
    clusters = list(clusters_of(labels, is_core, xy, cells, grid, dbscan.eps_m))
    reached: CellSet = frozenset().union(*(cluster.cells for cluster in clusters))
    if params.is_limited:
        counts = dict(zip(grid.sizes, grid.count(cells).tolist(), strict=True))
        dense = keep_dense(reached, expected, grid, params)
        areas = walkable_areas(dense, expected, grid, params)
        areas = [area for area in areas if _total(area, counts) >= dbscan.min_samples]
    else:
        areas = whole_areas(clusters, cells, grid, dbscan.min_samples)
    in_order = tuple(sorted(areas, key=grid.middle))

    def find_fringe() -> CellSet:
        filled = (cluster.filled(grid) for cluster in clusters)
        return frozenset().union(*filled).difference(*in_order)

    return AreaSet(in_order, labels, is_core, find_fringe)


def _refuse_large_cells(grid: Grid, params: AreaParams) -> None:
    if params.is_limited and len(grid.area_km2) and grid.area_km2.max() > params.max_area_km2:
        raise ParamError(
            "param.cell_over_limit",
            resolution=params.resolution,
            cell_km2=float(grid.area_km2.max()),
            limit_km2=params.max_area_km2,
        )


def _total(area: CellSet, counts: dict[int, int]) -> int:
    return sum(counts[cell] for cell in area)


def keep_dense(reached: Iterable[int], expected: Floats, grid: Grid, params: AreaParams) -> CellSet:
    """Keep the cells that remain as dense as DBSCAN requires.

    DBSCAN asks for `min_samples` incidents in a circle of `eps_m`. A cell is dense when it is
    expected to hold as many for its land; where it is larger than the circle, as many.
    """
    circle_km2 = math.pi * (params.dbscan.eps_m / 1000) ** 2
    least = params.dbscan.min_samples
    return frozenset(
        cell
        for cell in reached
        if expected[grid.places[cell]] >= least * min(1.0, grid.sizes[cell] / circle_km2)
    )


def walkable_areas(
    dense: CellSet, expected: Floats, grid: Grid, params: AreaParams
) -> list[CellSet]:
    """Make areas of dense cells that touch; split those over the size limit."""
    pieces = _filled(grid.contiguous_parts(dense), grid, params)
    areas: list[CellSet] = []
    taken = {cell for piece in pieces for cell in piece}
    for piece in pieces:
        if _fits(piece, grid, params):
            areas.append(piece)
        else:
            areas += _part(piece, taken - piece, _Densest(expected, grid), params)
    return areas


def _fits(cells: CellSet, grid: Grid, params: AreaParams) -> bool:
    return grid.size_km2(cells) <= params.max_area_km2


def _filled(pieces: list[CellSet], grid: Grid, params: AreaParams) -> list[CellSet]:
    """Fill the holes of pieces if the filled one fits; pieces inside a hole are merged into it."""
    wholes = [_fill(piece, grid, params) for piece in pieces]
    return [one for one in wholes if not any(one < other for other in wholes)]


def _fill(piece: CellSet, grid: Grid, params: AreaParams) -> CellSet:
    """Fill holes, the smallest first, ties west then south, while the filled piece fits."""
    holes = grid.contiguous_parts(grid.without_holes(piece) - piece)
    for hole in sorted(holes, key=lambda hole: (round(grid.size_km2(hole), 9), grid.middle(hole))):
        if _fits(piece | hole, grid, params):
            piece |= hole
    return piece


@dataclass(frozen=True)
class _Densest:
    """Orders cells: densest first, then west, then south."""

    expected: Floats
    grid: Grid

    def __call__(self, cell: int) -> tuple[float, float, float]:
        density = self.expected[self.grid.places[cell]] / self.grid.sizes[cell]
        return (-round(float(density), 9), *self.grid.middle([cell]))


def _part(piece: CellSet, others: set[int], order: _Densest, params: AreaParams) -> list[CellSet]:
    """Split a piece over the limit: areas grow from its densest cell by the densest neighbour."""
    grid, free, parts = order.grid, set(piece), []
    taken = set(others)
    rank = {cell: place for place, cell in enumerate(sorted(piece, key=order))}
    while free:
        seed = min(free, key=rank.__getitem__)
        part: CellSet = frozenset({seed})
        beside = grid.disk(seed) & (free - part)
        while grown := _grown(part, sorted(beside, key=rank.__getitem__), taken, grid, params):
            beside = beside.union(*map(grid.disk, grown - part)) & (free - grown)
            part = grown
        free -= part
        taken |= part
        parts.append(part)
    return parts


def _grown(
    part: CellSet, beside: list[int], taken: set[int], grid: Grid, params: AreaParams
) -> CellSet | None:
    """Add the first neighbour with which the part, its holes filled, fits."""
    size_km2 = grid.size_km2(part)
    for cell in beside:
        # Toward the end most do not fit, and few close a ring. So the quick checks come first.
        if size_km2 + grid.sizes[cell] > params.max_area_km2 * (1 + 1e-9):
            continue
        whole = part | {cell}
        if len(grid.contiguous_parts(grid.disk(cell) - whole)) > 1:
            whole = grid.without_holes(whole)
        if not whole & taken and _fits(whole, grid, params):
            return whole
    return None
