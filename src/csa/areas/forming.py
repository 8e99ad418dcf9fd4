"""Clusters into candidate areas: disjoint, contiguous sets of cells, under a size limit.

An area is a set of cell ids: stable, comparable by set operations, and without addresses. DBSCAN
finds where incidents lie close together; of the cells that its clusters reach, an area keeps
those dense enough for as long as their past goes on.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from csa.areas.walkable import OPENING_KM2, min_incidents_per_cell, walkable_areas
from csa.base.arrays import Bools, Floats, Ints
from csa.base.crs import require_meters
from csa.base.errors import ParamError
from csa.base.params import AreaParams, DbscanParams
from csa.geo.cells import OUTSIDE, CellSet
from csa.geo.grid import Grid

# ---- The clusters of DBSCAN, and which cells they reach, from which incidents lie near each other.


NOISE = -1


@dataclass(frozen=True)
class Links:
    """Which of some incidents lie within a radius of each other."""

    place: Ints  # (n,) the distinct place of each incident
    xy: Floats  # (p, 2) meters: the distinct places, west to east, then south to north
    places: csr_array  # (p, p) whether two places lie within the radius; each pair once

    def label(self, least: int) -> tuple[Ints, Bools]:
        """Return the cluster of each incident, and whether it is a core one: (n,) each."""
        label, is_core = self.label_places(least)
        return label[self.place], is_core[self.place]

    def label_places(self, least: int) -> tuple[Ints, Bools]:
        """Return the cluster of each distinct place, and whether it is a core one: (p,) each.

        Clusters are numbered by their westernmost core; who is near two is in the western one.
        """
        if least not in self._labels:
            self._labels[least] = self._label(least)
        return self._labels[least]

    @cached_property
    def _labels(self) -> dict[int, tuple[Ints, Bools]]:
        return {}

    def _label(self, least: int) -> tuple[Ints, Bools]:
        is_core = self.cores(np.bincount(self.place).astype(np.float64), least)
        cores = np.flatnonzero(is_core)
        label = np.full(len(is_core), len(is_core), dtype=np.int64)
        # Numbered by the first core of each. Each pair once is a directed graph, without a copy.
        between = self.places[cores][:, cores]
        label[cores] = connected_components(between, directed=True, connection="weak")[1]
        one, other = self.places.nonzero()
        is_border = is_core[one] != is_core[other]
        one, other = one[is_border], other[is_border]
        for here, near in ((one, other), (other, one)):
            is_rim = is_core[near]
            np.minimum.at(label, here[is_rim], label[near[is_rim]])
        label[label == len(is_core)] = NOISE
        return label, is_core

    def cores(self, weights: Floats, least: int) -> Bools:
        """Return which places have enough incidents around: (p,), by how many each holds."""
        return (weights > 0) & (self.around(weights) >= least)

    def around(self, weights: Floats) -> Floats:
        """Add up weights within the radius of each place, with its own: (p,)."""
        summed: Floats = self.places @ weights + self.places.T @ weights + weights
        return summed


@dataclass(frozen=True)
class NeighborGraph:
    """Which of a period's incidents and cells lie within a radius."""

    links: Links
    at: Ints  # (p,) the cell of each distinct place, by its number in the grid
    cells: csr_array  # (m, p) whether a cell's center lies within the radius of a place

    def reached(self, kept: Bools, least: int) -> Bools:
        """Return which cells the DBSCAN clusters of a subset of the incidents reach."""
        weights = np.bincount(self.links.place[kept], minlength=len(self.at)).astype(np.float64)
        is_core = self.links.cores(weights, least)
        in_cluster = (weights > 0) & (self.links.around(is_core.astype(np.float64)) > 0)
        is_reached = np.asarray(self.cells @ is_core.astype(np.float64) > 0)
        is_reached[self.at[in_cluster]] = True
        return is_reached

    def reached_by_each(self, least: int) -> list[Ints]:
        """Return which cells each cluster of all incidents reaches, by their numbers: ascending."""
        label, is_core = self.links.label_places(least)
        cell, place = self.cells.nonzero()
        is_near, is_in = is_core[place], label != NOISE
        labels = np.r_[label[place[is_near]], label[is_in]]
        n_cells = self.cells.shape[0]
        # As one number each, which are sorted much quicker than pairs.
        reached = np.unique(labels * n_cells + np.r_[cell[is_near], self.at[is_in]])
        ends = np.searchsorted(reached, np.arange(label.max(initial=NOISE) + 2) * n_cells)
        return [reached[start:end] % n_cells for start, end in itertools.pairwise(ends)]


def link(xy: Floats, at: Ints, grid: Grid, eps_m: float) -> NeighborGraph:
    """Link incidents and cells that lie within eps."""
    links = link_places(xy, eps_m)
    cell = np.empty(len(links.xy), dtype=at.dtype)
    cell[links.place] = at
    reach = cKDTree(grid.center_xy).sparse_distance_matrix(
        cKDTree(links.xy), eps_m, output_type="ndarray"
    )
    return NeighborGraph(
        links, cell, _links(reach["i"], reach["j"], (len(grid.center_xy), len(links.xy)))
    )


def link_places(xy: Floats, eps_m: float) -> Links:
    """Link incidents that lie within eps; those at one place are one."""
    pairs = np.ascontiguousarray(xy, dtype=np.float64)
    points = pairs.view(np.complex128).ravel()  # sorted as pairs, but quickly
    _, first, place = np.unique(points, return_index=True, return_inverse=True)
    distinct = xy[first]
    # Where coordinates are exact there are millions of pairs: each is held once, in five bytes.
    near = cKDTree(distinct).query_pairs(eps_m, output_type="ndarray").astype(np.int32)
    shape = (len(distinct), len(distinct))
    return Links(place, distinct, _links(near[:, 0], near[:, 1], shape))


def _links(rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=shape)


MIN_INCIDENTS = 3
"""An area smaller than DBSCAN's circle needs fewer than `min_samples`, never fewer than this."""


def label_clusters(incidents: gpd.GeoDataFrame, params: DbscanParams) -> pd.DataFrame:
    """Label each incident with the cluster it belongs to.

    Clusters are numbered from 0, west to east (then south to north) by their westmost core
    incident. An incident within reach of two clusters goes to the western one. The labels depend
    on where incidents are, never on the order of rows.

    Parameters
    ----------
    incidents
        One point for each of n incidents, in a projected CRS in meters.
    params
        Radius (meters) and minimum count.

    Returns
    -------
    pandas.DataFrame
        Index of `incidents`: `cluster_id` (int64; -1 marks noise) and `is_core`. All noise is a
        result; so is n = 0.

    Raises
    ------
    CrsError
        If the CRS is unset, geographic, or not in meters.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, pp. 226-231.

    Examples
    --------
    >>> import geopandas as gpd
    >>> x, y = [500, 0, 10, 510, 20, 505, 9000], [0, 0, 0, 0, 0, 5, 0]
    >>> incidents = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs="EPSG:32615")
    >>> csa.label_clusters(incidents, csa.DbscanParams(eps_m=50, min_samples=3)).cluster_id.tolist()
    [1, 0, 0, 1, 0, 1, -1]
    """
    require_meters(incidents.crs)
    xy = incidents.geometry.get_coordinates().to_numpy(dtype=np.float64)  # (n, 2) meters
    labels, is_core = cluster_points(xy, params)
    return pd.DataFrame({"cluster_id": labels, "is_core": is_core}, index=incidents.index)


def cluster_points(xy: Floats, params: DbscanParams) -> tuple[Ints, Bools]:
    """Cluster points in meters: identical ones are folded into one weighted point.

    The labels are those of scikit-learn's plain run on the points sorted by x, then y, bit for
    bit; where points stand for blocks, in a tenth of its memory.
    """
    return link_places(xy, params.eps_m).label(params.min_samples)


_Order = tuple[float, float, float]


@dataclass(frozen=True)
class Cluster:
    """A cluster of DBSCAN, and the cells that it reaches."""

    members: Ints  # places of its incidents in the table
    cells: CellSet


def list_clusters(graph: NeighborGraph, least: int, grid: Grid) -> Iterator[Cluster]:
    """List the clusters, west to east: the incidents of each, and the cells that it reaches."""
    labels, _ = graph.links.label(least)
    cells = grid.h3_cells
    for label, at in enumerate(graph.reached_by_each(least)):
        yield Cluster(np.flatnonzero(labels == label), frozenset(cells[at].tolist()))


def merge_clusters(
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
        for cell in grid.filled(cluster.cells):
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
    at = [*grid.at(area)]
    return grid.cells({*at, *grid.neighbors[at].ravel().tolist()} - {OUTSIDE})


def _densest_first(area: CellSet, counts: Mapping[int, int], grid: Grid) -> _Order:
    density = _count(area, counts) / grid.size_km2(area)
    return (-round(density, 9), *grid.middle(area))


@dataclass(frozen=True)
class AreaSet:
    """Candidate areas, west to east, and what became of each incident."""

    areas: tuple[CellSet, ...]  # disjoint, contiguous sets of cells, west to east
    find_labels: Callable[[], tuple[Ints, Bools]]  # returns what `labels` holds
    find_fringe: Callable[[], CellSet]  # returns the cells that clusters reach but no area holds

    @cached_property
    def labels(self) -> tuple[Ints, Bools]:
        """The cluster of each of n incidents, and whether it is a core one: (n,) each."""
        return self.find_labels()

    @property
    def cluster_id(self) -> Ints:
        """(n,) the cluster of each incident; `NOISE` for none."""
        return self.labels[0]

    @property
    def is_core(self) -> Bools:
        """(n,) whether each is a core incident."""
        return self.labels[1]

    @cached_property
    def fringe(self) -> CellSet:
        """Cells that clusters reach and no area keeps."""
        return self.find_fringe()


def form_areas(
    xy: Floats, at: Ints, grid: Grid, params: AreaParams, expected: Floats, least: float = 0.0
) -> AreaSet:
    """Cluster incidents and form candidate areas from the clusters.

    By their places in meters, and by the place of each one's cell in the grid; `least` is what an
    area must be expected to hold.
    """
    refuse_large_cells(grid, params)
    dbscan, cells = params.dbscan, grid.h3_cells[at]
    graph = link(xy, at, grid, dbscan.eps_m)

    def clusters() -> Iterator[Cluster]:
        return list_clusters(graph, dbscan.min_samples, grid)

    def find_labels() -> tuple[Ints, Bools]:
        return graph.links.label(dbscan.min_samples)

    if params.is_limited:
        reached = graph.reached(np.ones(len(xy), dtype=bool), dbscan.min_samples)
        counts = np.bincount(at, minlength=len(grid.area_km2))
        areas = limited_areas(reached, expected, counts, grid, params, least)
    else:
        areas = merge_clusters(list(clusters()), cells, grid, dbscan.min_samples)
    in_order = tuple(sorted(areas, key=grid.middle))

    def find_fringe() -> CellSet:
        filled = (grid.filled(cluster.cells) for cluster in clusters())
        return frozenset().union(*filled).difference(*in_order)

    return AreaSet(in_order, find_labels, find_fringe)


FLOOR_SHARE, FLOOR_A_YEAR = 0.01, (1.0, 3.0)
"""An area worth serving is expected to hold so much of a city's incidents; so many a year at least
and at most. With fewer not even a complete stop would show for years."""
SERVED_OPENING_KM2 = 0.01
"""Of areas that must hold so many, the price of a place of its own, as `OPENING_KM2`: with .015
they catch 1.5% less in Philadelphia, with .005 they are a fifth more, and smaller."""
RINGS_BEYOND = 2
"""An area that must hold so many may take cells so far from those that clusters reach."""


def yearly_floor(n_a_year: float) -> float:
    """Return how many incidents a year an area must be expected to hold, in a city with so many."""
    return float(np.clip(FLOOR_SHARE * n_a_year, *FLOOR_A_YEAR))


def widen(reached: Bools, grid: Grid) -> Bools:
    """Return the cells that an area which must hold so many may take: (m,)."""
    around, wider = grid.around(RINGS_BEYOND)[reached], reached.copy()
    wider[around[around != OUTSIDE]] = True
    return wider


def limited_areas(
    reached: Bools,
    expected: Floats,
    counts: Ints,
    grid: Grid,
    params: AreaParams,
    least: float = 0.0,
) -> list[CellSet]:
    """Find areas under a size limit among the cells that clusters reach; in no order.

    By what each of the grid's cells is expected to hold, and what was counted in it: (m,) each.
    Each area is expected to hold `least` or more.
    """
    needed = min_incidents_per_cell(grid, params)
    reached = widen(reached, grid) if least else reached
    opening = SERVED_OPENING_KM2 if least else OPENING_KM2
    limit_km2 = params.max_area_km2
    areas = walkable_areas(reached, expected, needed, grid, limit_km2, opening, least)
    counted = min(MIN_INCIDENTS, params.dbscan.min_samples)
    return [area for area in areas if counts[grid.at(area)].sum() >= counted]


def refuse_large_cells(grid: Grid, params: AreaParams) -> None:
    """Refuse cells of which one alone is over the size limit."""
    if params.is_limited and len(grid.area_km2) and grid.area_km2.max() > params.max_area_km2:
        raise ParamError(
            "param.cell_over_limit",
            resolution=params.resolution,
            cell_km2=float(grid.area_km2.max()),
            limit_km2=params.max_area_km2,
        )
