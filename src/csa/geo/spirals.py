"""Each cell with those around it, ring by ring, as places in a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import h3.api.numpy_int as h3
import numpy as np
from h3 import H3BaseException
from scipy.sparse import csr_array

from csa.base.arrays import Cells, Floats, Ints

NO_CELL = np.uint64(0)
OUTSIDE = -1
"""In place of a place: no cell of the list is there."""

MOST_PLACES = 50_000_000
RINGS = tuple(slice(3 * k * (k - 1) + 1 if k else 0, 3 * k * (k + 1) + 1) for k in range(5))
"""The columns of a spiral that hold ring 0 (the cell itself) to ring 4."""

AROUND = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Steps to a cell's six neighbors, one after another around it, in h3's local coordinates."""


def spirals(cells: Iterable[int] | Cells, steps: int) -> Ints:
    """Find each cell's neighbors in the list, ring by ring: of 32 bits, they take half."""
    return _spirals(np.asarray(list(cells), dtype=np.uint64).tobytes(), steps)


@lru_cache(maxsize=4)
def _spirals(cells: bytes, steps: int) -> Ints:
    listed = np.frombuffer(cells, dtype=np.uint64)
    found = _spirals_on_plane(listed, steps)
    if found is None:
        found = _spirals_on_globe(listed, steps)
    found.flags.writeable = False
    return found


def _spirals_on_plane(listed: Cells, steps: int) -> Ints | None:
    """Find them by the cells' coordinates around the first one; None where they have none.

    Near one of h3's twelve pentagons, and too far from the first cell, there are no such
    coordinates.
    """
    cells = listed.tolist()
    if not cells or np.isin(_base_cells(listed), _base_cells(h3.get_pentagons(0))).any():
        return None
    try:
        ij = np.array([h3.cell_to_local_ij(cells[0], cell) for cell in cells], dtype=np.int64)
    except H3BaseException:
        return None
    ij -= ij.min(axis=0) - steps
    if np.prod(ij.max(axis=0) + steps) > MOST_PLACES:
        return None
    place = np.full(ij.max(axis=0) + 1 + steps, OUTSIDE, dtype=np.int32)
    place[tuple(ij.T)] = np.arange(len(cells))
    return np.stack([place[tuple((ij + step).T)] for step in _spiral_steps(steps)], axis=1)


def ring_pairs(spirals: Ints, ring: int) -> tuple[Ints, Ints]:
    """Return the places of both ends of each pair so many steps apart, from either end."""
    others = spirals[:, RINGS[ring]]
    is_there = others != OUTSIDE
    return np.repeat(np.arange(len(others)), is_there.sum(axis=1)), others[is_there]


def mean_apart_m(spirals: Ints, centre_xy: Floats) -> Floats:
    """Return the mean distance of cells no, one, two ... steps apart, as far as there are any.

    `spirals` of at least four rings, (m, K); `centre_xy` (m, 2) metres.
    """
    x_m, y_m = np.ascontiguousarray(centre_xy.T)
    apart_m = [0.0]
    for ring in range(1, len(RINGS)):
        here, there = ring_pairs(spirals, ring)
        if not len(there):
            break
        apart_m.append(float(np.hypot(x_m[here] - x_m[there], y_m[here] - y_m[there]).mean()))
    return np.array(apart_m)


def _base_cells(cells: Iterable[int] | Cells) -> Cells:
    """Return which of h3's 122 base cells each cell lies in."""
    return np.unique(np.asarray(list(cells), dtype=np.uint64) >> np.uint64(45) & np.uint64(127))


def _spiral_steps(steps: int) -> Iterator[tuple[int, int]]:
    """Yield the way to each place of a spiral: around each ring, one neighbor after another."""
    yield 0, 0
    for ring in range(1, steps + 1):
        i, j = ring * AROUND[4][0], ring * AROUND[4][1]
        for di, dj in AROUND:
            for _ in range(ring):
                yield i, j
                i, j = i + di, j + dj


def _spirals_on_globe(listed: Cells, steps: int) -> Ints:
    near = np.full((len(listed), 1 + 3 * steps * (steps + 1)), NO_CELL, dtype=np.uint64)
    for row, cell in enumerate(listed.tolist()):
        for step in range(steps + 1):
            ring = h3.grid_ring(cell, step)
            start = 1 + 3 * step * (step - 1) if step else 0
            # Around one of h3's twelve pentagons a ring is shorter; the rest stays empty.
            near[row, start : start + len(ring)] = ring
    order = np.argsort(listed)
    at = np.searchsorted(listed, near, sorter=order).clip(max=len(listed) - 1)
    places = order[at]  # (m, 1 + 3 steps (steps + 1)) places in the list
    return np.where(listed[places] == near, places, OUTSIDE).astype(np.int32)


def find_neighbors(cells: Iterable[int] | Cells, steps: int = 1) -> csr_array[np.float64]:
    """Find which cells of a list lie within some steps of one another.

    Parameters
    ----------
    cells
        Different cells of one resolution, length m, in any order.
    steps
        How many rings of neighbors.

    Returns
    -------
    scipy.sparse.csr_array
        (m, m), in the order of the list: 1.0 for the cell itself and for its neighbors in it.

    Examples
    --------
    >>> import shapely
    >>> cells = csa.cover(shapely.Point(-94.58, 39.10).buffer(0.02), 8)
    >>> neighbors = csa.find_neighbors(cells.index)
    >>> int(neighbors.sum(axis=1).max())  # a cell and its six neighbors
    7
    """
    around = spirals(cells, steps)
    row, column = np.nonzero(around >= 0)
    ones = np.ones(len(row))
    return csr_array((ones, (row, around[row, column])), shape=(len(around), len(around)))
