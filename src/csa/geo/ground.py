"""Areas as ground: cells of two resolutions compared at the finer one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from weakref import WeakKeyDictionary

import h3.api.numpy_int as h3
import numpy as np

from csa.base.arrays import Cells
from csa.geo.cells import CellSet

RESOLUTION_BITS = np.uint64(52)


def resolution_of(cell: int) -> int:
    """Return the H3 resolution of a cell."""
    return int(cell) >> 52 & 0xF


def finest(areas: Iterable[CellSet]) -> int:
    """Return the finest resolution among areas' cells; 0 where there are none."""
    return max((_resolutions_of(area)[1] for area in areas), default=0)


_RESOLUTIONS: WeakKeyDictionary[CellSet, tuple[int, int]] = WeakKeyDictionary()
"""Known while somebody holds the area: areas of one city are compared hundreds of times."""


def _resolutions_of(area: CellSet) -> tuple[int, int]:
    """Return the coarsest and the finest resolution of an area's cells; 0 where it has none."""
    found = _RESOLUTIONS.get(area)
    if found is None:
        each = {resolution_of(cell) for cell in area} or {0}
        found = _RESOLUTIONS[area] = min(each), max(each)
    return found


def refine(cells: CellSet, resolution: int) -> CellSet:
    """Return the cells of a finer resolution that make up the same ground; finer cells stay.

    A cell's children cover it nearly: their centers lie in it, and they part it with no other.
    """
    return cells if _resolutions_of(cells)[0] >= resolution else _refined(cells, resolution)


@lru_cache(maxsize=2**8)
def _refined(cells: CellSet, resolution: int) -> CellSet:
    return frozenset(
        child
        for cell in cells
        for child in (
            h3.cell_to_children(cell, resolution) if resolution_of(cell) < resolution else [cell]
        )
    )


def on_one_grid(areas: Iterable[CellSet]) -> list[CellSet]:
    """Return areas as cells of the finest resolution among them, so that ground is compared."""
    listed = list(areas)
    finer = finest(listed)
    return [refine(area, finer) for area in listed]


def holds(ground: CellSet, area: CellSet) -> float:
    """Return the share of an area's ground that another holds, on the finer of their grids."""
    one, other = on_one_grid((ground, area))
    return len(one & other) / len(other) if other else 0.0


def n_shared(one: CellSet, other: CellSet) -> int:
    """Count the cells that two grounds share, on the finer of their grids."""
    fine, also = on_one_grid((one, other))
    return len(fine & also)


HALF = 0.5
"""Share of an area's ground that a place must hold to be that area."""


def holder(area: CellSet, places: Sequence[CellSet]) -> int | None:
    """Return which place is an area: the one that holds most of its ground, at least half of it.

    Of equal ones, the smallest.
    """
    held = [(holds(place, area), -len(place)) for place in places]
    best = max(range(len(held)), key=held.__getitem__, default=None)
    return best if best is not None and held[best][0] >= HALF else None


def jaccard(one: CellSet, other: CellSet) -> float:
    """Return the Jaccard index of two areas' ground: the share of all cells that is in both."""
    if one and other and resolution_of(min(one)) != resolution_of(min(other)):
        one, other = on_one_grid((one, other))
    shared = len(one & other)
    return shared / max(1, len(one) + len(other) - shared)


def parents(cells: Iterable[int] | Cells, resolution: int) -> Cells:
    """Find the larger cell that each (valid) cell lies in, nearly; itself if it is no smaller."""
    listed = np.asarray(list(cells), dtype=np.uint64)
    own = listed >> RESOLUTION_BITS & np.uint64(15)
    # A parent is its child's number with another resolution, and no digit finer than that.
    coarser = np.minimum(own, np.uint64(resolution))
    finer = (np.uint64(1) << np.uint64(3) * (np.uint64(15) - coarser)) - np.uint64(1)
    parent = listed - (own - coarser << RESOLUTION_BITS) | finer
    return np.where(own > coarser, parent, listed)
