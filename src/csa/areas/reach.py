"""The clusters of DBSCAN, and which cells they reach, from which incidents lie near each other.

What lies within a radius is found once, for as many minimums and subsets as are asked for. Labels
say which cluster an incident is in; an area's cells need only whether it is in one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from csa.base.arrays import Bools, Floats, Ints
from csa.geo.grid import Grid

NOISE = -1


@dataclass(frozen=True)
class Links:
    """Which of some incidents lie within a radius of each other."""

    place: Ints  # (n,) the distinct place of each incident
    xy: Floats  # (p, 2) metres: the distinct places, west to east, then south to north
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
class Graph:
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


def link(xy: Floats, at: Ints, grid: Grid, eps_m: float) -> Graph:
    """Link incidents and cells that lie within eps."""
    links = link_places(xy, eps_m)
    cell = np.empty(len(links.xy), dtype=at.dtype)
    cell[links.place] = at
    reach = cKDTree(grid.centre_xy).sparse_distance_matrix(
        cKDTree(links.xy), eps_m, output_type="ndarray"
    )
    return Graph(links, cell, _links(reach["i"], reach["j"], (len(grid.centre_xy), len(links.xy))))


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
