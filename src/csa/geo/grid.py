"""The study area's cells: how large they are, where they lie, which touch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from csa.base.arrays import Floats, Ints

CellSet = frozenset[int]

MIN_RING = 6
"""Fewer cells cannot enclose a hole."""


@dataclass(frozen=True)
class Grid:
    """The study area's cells, and what can be done with sets of them."""

    area_km2: pd.Series  # clipped area of each cell, index `cell`
    centre_xy: Floats  # (m, 2) metres: the cells' centres, in the order of `area_km2`
    disk: Callable[[int], CellSet]  # returns a cell with its neighbours
    contiguous_parts: Callable[[Iterable[int]], list[CellSet]]
    fill_holes: Callable[[Iterable[int]], CellSet]  # returns a set of cells without its holes

    def size_km2(self, cells: Iterable[int]) -> float:
        """Add up the clipped areas of cells."""
        return math.fsum(self.sizes[cell] for cell in cells)

    @cached_property
    def sizes(self) -> dict[int, float]:
        """Clipped area of each cell in km2, for quick look-ups."""
        return dict(zip(self.area_km2.index.tolist(), self.area_km2.tolist(), strict=True))

    @cached_property
    def places(self) -> dict[int, int]:
        """Each cell's place in `area_km2`."""
        return {cell: place for place, cell in enumerate(self.area_km2.index.tolist())}

    def on_land(self, cells: Iterable[int]) -> CellSet:
        """Keep the cells of the study area."""
        return frozenset(cell for cell in cells if cell in self.sizes)

    def without_holes(self, piece: CellSet) -> CellSet:
        """Fill the holes of a piece with cells of the study area."""
        if len(piece) < MIN_RING:
            return piece
        whole = self.on_land(self.fill_holes(piece))
        if len(whole) == len(piece):
            return piece
        return next(part for part in self.contiguous_parts(whole) if piece <= part)

    def count(self, cells: Iterable[int]) -> Ints:
        """Count how often each cell of the study area is named.

        Returns (m,) int64, in the order of `area_km2`.
        """
        at = [self.places[int(cell)] for cell in cells]
        return np.bincount(np.asarray(at, dtype=np.int64), minlength=len(self.area_km2))

    @cached_property
    def _centres(self) -> dict[int, tuple[float, float]]:
        xy = map(tuple, self.centre_xy.tolist())
        return dict(zip(self.area_km2.index.tolist(), xy, strict=True))

    def middle(self, cells: Iterable[int]) -> tuple[float, float]:
        """Find the middle of a set of cells: the mean of their centres."""
        x_m, y_m = zip(*(self._centres[cell] for cell in cells), strict=True)
        return math.fsum(x_m) / len(x_m), math.fsum(y_m) / len(y_m)
