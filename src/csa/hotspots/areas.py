"""Clusters into candidate areas: disjoint, contiguous sets of cells, under a size limit.

An area is a set of cell ids: stable, comparable by set operations, and no address shows.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from csa.errors import ParamError
from csa.hotspots.clusters import NOISE, cluster_points
from csa.params import AreaParams, DbscanParams

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
CellSet = frozenset[int]
Counts = Mapping[int, int]
_Order = tuple[float, float, float]

GROWTH = 1.05
"""min_samples rises by a twentieth, at least by one, until an oversize cluster fits."""


@dataclass(frozen=True)
class Grid:
    """The study area's cells, and what can be done with sets of them.

    Parameters
    ----------
    area_km2
        Clipped area of each cell, index `cell`.
    centre_xy
        (m, 2) metres: the cells' centres, in the order of `area_km2`.
    disk
        A cell to itself and its neighbours.
    contiguous_parts
        A set of cells to its pieces that do not touch.
    fill_holes
        A set of cells to itself without holes.
    """

    area_km2: pd.Series
    centre_xy: Floats
    disk: Callable[[int], CellSet]
    contiguous_parts: Callable[[Iterable[int]], list[CellSet]]
    fill_holes: Callable[[Iterable[int]], CellSet]

    def size_km2(self, cells: Iterable[int]) -> float:
        """Add up the clipped areas of cells.

        Parameters
        ----------
        cells
            Cells of the study area.

        Returns
        -------
        float
            Square kilometres.
        """
        return math.fsum(self.sizes[cell] for cell in cells)

    @cached_property
    def sizes(self) -> dict[int, float]:
        """Clipped area of each cell in km2, for quick look-ups."""
        return dict(zip(self.area_km2.index.tolist(), self.area_km2.tolist(), strict=True))

    @cached_property
    def _centres(self) -> dict[int, tuple[float, float]]:
        xy = map(tuple, self.centre_xy.tolist())
        return dict(zip(self.area_km2.index.tolist(), xy, strict=True))

    def middle(self, cells: Iterable[int]) -> tuple[float, float]:
        """Find the middle of a set of cells: the mean of their centres.

        Parameters
        ----------
        cells
            Cells of the study area, at least one.

        Returns
        -------
        tuple of float
            x and y in metres; sorted, areas run west to east, then south to north.
        """
        x_m, y_m = zip(*(self._centres[cell] for cell in cells), strict=True)
        return math.fsum(x_m) / len(x_m), math.fsum(y_m) / len(y_m)


@dataclass(frozen=True)
class AreaSet:
    """Candidate areas, west to east, and what became of each incident.

    Parameters
    ----------
    areas
        Disjoint, contiguous sets of cells, west to east.
    cluster_id
        Length n: the final cluster of each incident, numbered west to east; -1 for noise.
    is_core
        Length n: whether it is a core incident of that cluster.
    fringe
        Cells that plain DBSCAN would have put into an area and the size limit left out.
    """

    areas: tuple[CellSet, ...]
    cluster_id: Ints
    is_core: Bools
    fringe: CellSet


@dataclass(frozen=True)
class _Cluster:
    members: Ints  # places in the table of incidents
    is_core: Bools  # of the members
    cells: CellSet


def form_areas(
    xy: Floats, cells: npt.NDArray[np.uint64], grid: Grid, params: AreaParams
) -> AreaSet:
    """Cluster incidents and form candidate areas from the clusters.

    Parameters
    ----------
    xy
        (n, 2) metres.
    cells
        (n,) the cell of each incident; all in the grid.
    grid
        The study area's cells.
    params
        DBSCAN's choices, and the size limit.

    Returns
    -------
    AreaSet
        The areas. With no size limit `cluster_id` is plain DBSCAN's partition.

    Raises
    ------
    ParamError
        If a single whole cell is larger than the size limit.
    """
    _refuse_large_cells(grid, params)
    labels, is_core = cluster_points(xy, params.dbscan)
    first = list(_clusters(np.arange(len(xy)), labels, is_core, xy, cells, grid, params.dbscan))
    fitting = [
        part for cluster in first for part in _until_it_fits(cluster, xy, cells, grid, params)
    ]
    fitting.sort(key=lambda cluster: _westmost_core(cluster, xy))
    counts = Counter(cells.tolist())
    claimed = _claim(fitting, cells)
    pieces = [piece for owned in claimed for piece in grid.contiguous_parts(owned)]
    dense = [piece for piece in pieces if _count(piece, counts) >= params.dbscan.min_samples]
    areas = _merge_touching(_without_holes(dense, grid, params), counts, grid, params)
    inside: CellSet = frozenset().union(*areas)
    fringe = frozenset().union(*(cluster.cells for cluster in first)) - inside
    return AreaSet(
        areas=tuple(sorted(areas, key=grid.middle)),
        cluster_id=_final_labels(fitting, len(xy)),
        is_core=_final_cores(fitting, len(xy)),
        fringe=fringe,
    )


def _refuse_large_cells(grid: Grid, params: AreaParams) -> None:
    if params.is_limited and len(grid.area_km2) and grid.area_km2.max() > params.max_area_km2:
        raise ParamError(
            "param.cell_over_limit",
            resolution=params.resolution,
            cell_km2=float(grid.area_km2.max()),
            limit_km2=params.max_area_km2,
        )


def _clusters(  # noqa: PLR0913
    members: Ints,
    labels: Ints,
    is_core: Bools,
    xy: Floats,
    cells: npt.NDArray[np.uint64],
    grid: Grid,
    dbscan: DbscanParams,
) -> Iterator[_Cluster]:
    for label in range(labels.max(initial=NOISE) + 1):
        is_in = labels == label
        inside, core = members[is_in], is_core[is_in]
        held = frozenset(int(cell) for cell in cells[inside])
        reached = _cells_near(xy[inside[core]], grid, dbscan.eps_m)
        filled = grid.fill_holes(held | reached)
        yield _Cluster(inside, core, _on_land(filled, grid))


def _cells_near(xy: Floats, grid: Grid, eps_m: float) -> CellSet:
    """Return the cells whose centre lies within eps of a core incident."""
    metres, _ = cKDTree(xy).query(grid.centre_xy, distance_upper_bound=np.nextafter(eps_m, np.inf))
    return frozenset(int(cell) for cell in grid.area_km2.index[metres <= eps_m])


def _on_land(cells: CellSet, grid: Grid) -> CellSet:
    return frozenset(cell for cell in cells if cell in grid.sizes)


def _until_it_fits(
    cluster: _Cluster,
    xy: Floats,
    cells: npt.NDArray[np.uint64],
    grid: Grid,
    params: AreaParams,
) -> Iterator[_Cluster]:
    """Cluster an oversize cluster again, inside itself, ever more densely, until parts fit."""
    waiting = [(cluster, params.dbscan.min_samples)]
    while waiting:
        part, min_samples = waiting.pop()
        if _fits(part.cells, grid, params):
            yield part
            continue
        higher = max(min_samples + 1, math.ceil(min_samples * GROWTH))
        dbscan = DbscanParams(params.dbscan.eps_m, higher)
        labels, is_core = cluster_points(xy[part.members], dbscan)
        inner = _clusters(part.members, labels, is_core, xy, cells, grid, dbscan)
        waiting.extend((smaller, higher) for smaller in inner)


def _fits(cells: CellSet, grid: Grid, params: AreaParams) -> bool:
    if not params.is_limited:
        return True
    pieces = grid.contiguous_parts(cells)
    return all(grid.size_km2(piece) <= params.max_area_km2 for piece in pieces)


def _westmost_core(cluster: _Cluster, xy: Floats) -> tuple[float, float]:
    core = xy[cluster.members[cluster.is_core]]
    x_m, y_m = core[np.lexsort((core[:, 1], core[:, 0]))[0]]
    return float(x_m), float(y_m)


def _claim(clusters: list[_Cluster], cells: npt.NDArray[np.uint64]) -> list[CellSet]:
    """Give each cell to the cluster with most incidents in it; ties to the western one."""
    best: dict[int, tuple[int, int]] = {}
    for number, cluster in enumerate(clusters):
        held = Counter(cells[cluster.members].tolist())
        for cell in cluster.cells:
            claim = (-held[cell], number)
            best[cell] = min(best.get(cell, claim), claim)
    owned: list[set[int]] = [set() for _ in clusters]
    for cell, (_, number) in best.items():
        owned[number].add(cell)
    return [frozenset(cells_owned) for cells_owned in owned]


def _count(cells: CellSet, counts: Counts) -> int:
    return sum(counts.get(cell, 0) for cell in cells)


def _without_holes(pieces: list[CellSet], grid: Grid, params: AreaParams) -> list[CellSet]:
    """Fill what a thin piece left behind inside another, where that holds no area and fits."""
    filled = []
    for piece in pieces:
        whole = _on_land(grid.fill_holes(piece), grid)
        is_free = not any(whole & other for other in pieces if other is not piece)
        filled.append(whole if is_free and _fits(whole, grid, params) else piece)
    return filled


def _merge_touching(
    pieces: list[CellSet], counts: Counts, grid: Grid, params: AreaParams
) -> list[CellSet]:
    """Merge touching areas while the union fits, densest pair first; ties west, then south."""
    areas = dict(enumerate(sorted(pieces, key=grid.middle)))
    rims = {number: _rim(area, grid) for number, area in areas.items()}
    unions: dict[tuple[int, int], tuple[_Order, CellSet]] = {}

    def consider(one: int, other: int) -> None:
        if rims[one] & areas[other]:
            union = _union(areas[one], areas[other], grid, params)
            if union is not None:
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


def _union(one: CellSet, other: CellSet, grid: Grid, params: AreaParams) -> CellSet | None:
    """Join two areas and fill what they enclose; None where that is over the limit."""
    union = one | other
    if params.is_limited and grid.size_km2(union) > params.max_area_km2:
        return None
    union = _on_land(grid.fill_holes(union), grid)
    if params.is_limited and grid.size_km2(union) > params.max_area_km2:
        return None
    return union


def _densest_first(area: CellSet, counts: Counts, grid: Grid) -> _Order:
    density = _count(area, counts) / grid.size_km2(area)
    return (-round(density, 9), *grid.middle(area))


def _final_labels(clusters: list[_Cluster], n: int) -> Ints:
    labels = np.full(n, NOISE, dtype=np.int64)
    for number, cluster in enumerate(clusters):
        labels[cluster.members] = number
    return labels


def _final_cores(clusters: list[_Cluster], n: int) -> Bools:
    is_core = np.zeros(n, dtype=bool)
    for cluster in clusters:
        is_core[cluster.members[cluster.is_core]] = True
    return is_core
