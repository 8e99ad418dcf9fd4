"""Areas without a size limit: plain DBSCAN's clusters as sets of cells, whatever their size."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from csa.areas.clusters import NOISE
from csa.base.arrays import Bools, Floats, Ints
from csa.geo.grid import CellSet, Grid

_Order = tuple[float, float, float]


@dataclass(frozen=True)
class Cluster:
    """A cluster of DBSCAN, and the cells that it reaches."""

    members: Ints  # places of its incidents in the table
    cells: CellSet

    def filled(self, grid: Grid) -> CellSet:
        """Fill the holes that its cells enclose."""
        return grid.on_land(grid.fill_holes(self.cells))


def clusters_of(
    labels: Ints,
    is_core: Bools,
    xy: Floats,
    cells: npt.NDArray[np.uint64],
    grid: Grid,
    eps_m: float,
) -> Iterator[Cluster]:
    """Find the cells that each cluster reaches."""
    for label in range(labels.max(initial=NOISE) + 1):
        is_in = labels == label
        held = frozenset(int(cell) for cell in cells[is_in])
        reached = _cells_near(xy[is_in & is_core], grid, eps_m)
        yield Cluster(np.flatnonzero(is_in), held | reached)


def _cells_near(xy: Floats, grid: Grid, eps_m: float) -> CellSet:
    """Return the cells whose centre lies within eps of a core incident."""
    # Most cells of a city lie far from a cluster: a box around it leaves those out at once.
    edge_m = eps_m + 1  # a metre more, so that rounding does not decide
    low, high = xy.min(axis=0) - edge_m, xy.max(axis=0) + edge_m
    at = np.flatnonzero(((grid.centre_xy >= low) & (grid.centre_xy <= high)).all(axis=1))
    reach_m = np.nextafter(eps_m, np.inf)
    metres, _ = cKDTree(xy).query(grid.centre_xy[at], distance_upper_bound=reach_m)
    return frozenset(grid.area_km2.index.to_numpy()[at[metres <= eps_m]].tolist())


def whole_areas(
    clusters: list[Cluster], cells: npt.NDArray[np.uint64], grid: Grid, min_incidents: int
) -> list[CellSet]:
    """Make areas of whole clusters: disjoint, touching ones merged."""
    counts = Counter(cells.tolist())
    claimed = _claim(clusters, cells, grid)
    pieces = [piece for owned in claimed for piece in grid.contiguous_parts(owned)]
    dense = [piece for piece in pieces if _count(piece, counts) >= min_incidents]
    return _merge_touching(_without_holes(dense, grid), counts, grid)


def _claim(clusters: list[Cluster], cells: npt.NDArray[np.uint64], grid: Grid) -> list[CellSet]:
    """Give each cell to the cluster with most incidents in it; ties to the western one."""
    best: dict[int, tuple[int, int]] = {}
    for number, cluster in enumerate(clusters):
        held = Counter(cells[cluster.members].tolist())
        for cell in cluster.filled(grid):
            claim = (-held[cell], number)
            best[cell] = min(best.get(cell, claim), claim)
    owned: list[set[int]] = [set() for _ in clusters]
    for cell, (_, number) in best.items():
        owned[number].add(cell)
    return [frozenset(cells_owned) for cells_owned in owned]


def _count(cells: CellSet, counts: Mapping[int, int]) -> int:
    return sum(counts.get(cell, 0) for cell in cells)


def _without_holes(pieces: list[CellSet], grid: Grid) -> list[CellSet]:
    """Fill what a thin piece left behind inside another, where that holds no area."""
    filled = []
    for piece in pieces:
        whole = grid.without_holes(piece)
        is_free = not any(whole & other for other in pieces if other is not piece)
        filled.append(whole if is_free else piece)
    return filled


def _merge_touching(pieces: list[CellSet], counts: Mapping[int, int], grid: Grid) -> list[CellSet]:
    """Merge touching areas, densest pair first; ties west, then south."""
    areas = dict(enumerate(sorted(pieces, key=grid.middle)))
    rims = {number: _rim(area, grid) for number, area in areas.items()}
    unions: dict[tuple[int, int], tuple[_Order, CellSet]] = {}

    def consider(one: int, other: int) -> None:
        if rims[one] & areas[other]:
            union = grid.without_holes(areas[one] | areas[other])
            unions[one, other] = (_densest_first(union, counts, grid), union)

    for one, other in itertools.combinations(areas, 2):
        consider(one, other)
    while pair := _next_pair(unions, areas):
        _, merged = unions[pair]
        for number in pair:
            del areas[number]
        for stale in [other for other in unions if set(other) & set(pair)]:
            del unions[stale]
        new = 1 + max(rims)
        others = list(areas)
        areas[new], rims[new] = merged, _rim(merged, grid)
        for number in others:
            consider(number, new)
    return list(areas.values())


def _next_pair(
    unions: dict[tuple[int, int], tuple[_Order, CellSet]], areas: dict[int, CellSet]
) -> tuple[int, int] | None:
    """Choose the densest pair whose union swallows no third area in its holes."""
    for pair in sorted(unions, key=lambda pair: (unions[pair][0], pair)):
        union = unions[pair][1]
        if all(not union & area for number, area in areas.items() if number not in pair):
            return pair
    return None


def _rim(area: CellSet, grid: Grid) -> CellSet:
    return frozenset().union(*(grid.disk(cell) for cell in area))


def _densest_first(area: CellSet, counts: Mapping[int, int], grid: Grid) -> _Order:
    density = _count(area, counts) / grid.size_km2(area)
    return (-round(density, 9), *grid.middle(area))
