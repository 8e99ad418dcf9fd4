"""Which cells the clusters of DBSCAN reach, without clustering: what a search asks for many times.

Labels say which cluster an incident is in; an area's cells need only whether it is in one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from csa.base.arrays import Bools, Floats, Ints
from csa.geo.cells import Grid


@dataclass(frozen=True)
class Graph:
    """Which of a period's incidents and cells lie within eps; made once for all minimums."""

    place: Ints  # (n,) the distinct place of each incident
    at: Ints  # (p,) the cell of each distinct place, by its number in the grid
    places: csr_array  # (p, p) whether two places lie within eps; each pair once
    cells: csr_array  # (m, p) whether a cell's center lies within eps of a place

    def reached(self, kept: Bools, least: int) -> Bools:
        """Return which cells the DBSCAN clusters of a subset of the incidents reach."""
        weights = np.bincount(self.place[kept], minlength=len(self.at)).astype(np.float64)
        is_core = (weights > 0) & (self._around(weights) >= least)
        in_cluster = (weights > 0) & (self._around(is_core.astype(np.float64)) > 0)
        is_reached = np.asarray(self.cells @ is_core.astype(np.float64) > 0)
        is_reached[self.at[in_cluster]] = True
        return is_reached

    def _around(self, weights: Floats) -> Floats:
        """Add up weights within eps of each place, with its own: (p,)."""
        summed: Floats = self.places @ weights + self.places.T @ weights + weights
        return summed


def link(xy: Floats, at: Ints, grid: Grid, eps_m: float) -> Graph:
    """Link incidents and cells that lie within eps."""
    points = np.ascontiguousarray(xy).view(np.complex128).ravel()  # sorted as pairs, but quickly
    _, first, place = np.unique(points, return_index=True, return_inverse=True)
    tree = cKDTree(xy[first])
    # Where coordinates are exact there are millions of pairs: each is held once, in five bytes.
    near = tree.query_pairs(eps_m, output_type="ndarray").astype(np.int32)
    reach = cKDTree(grid.centre_xy).sparse_distance_matrix(tree, eps_m, output_type="ndarray")
    return Graph(
        place,
        at[first],
        _links(near[:, 0], near[:, 1], (tree.n, tree.n)),
        _links(reach["i"], reach["j"], (len(grid.centre_xy), tree.n)),
    )


def _links(rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=shape)
