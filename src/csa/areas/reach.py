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
    places: csr_array  # (p, p) whether two places lie within eps; each with itself
    cells: csr_array  # (m, p) whether a cell's centre lies within eps of a place

    def reached(self, kept: Bools, least: int) -> Bools:
        """Return which cells the DBSCAN clusters of a subset of the incidents reach."""
        weights = np.bincount(self.place[kept], minlength=len(self.at)).astype(np.float64)
        is_core = (weights > 0) & (self.places @ weights >= least)
        in_cluster = (weights > 0) & (self.places @ is_core.astype(np.float64) > 0)
        is_reached = np.asarray(self.cells @ is_core.astype(np.float64) > 0)
        is_reached[self.at[in_cluster]] = True
        return is_reached


def link(xy: Floats, at: Ints, grid: Grid, eps_m: float) -> Graph:
    """Link incidents and cells that lie within eps."""
    points = np.ascontiguousarray(xy).view(np.complex128).ravel()  # sorted as pairs, but quickly
    _, first, place = np.unique(points, return_index=True, return_inverse=True)
    tree = cKDTree(xy[first])
    return Graph(
        place,
        at[first],
        _within(tree, tree, eps_m),
        _within(cKDTree(grid.centre_xy), tree, eps_m),
    )


def _within(rows: cKDTree, columns: cKDTree, eps_m: float) -> csr_array:
    pairs = rows.sparse_distance_matrix(columns, eps_m, output_type="ndarray")
    ones = np.ones(len(pairs))
    return csr_array((ones, (pairs["i"], pairs["j"])), shape=(rows.n, columns.n))
