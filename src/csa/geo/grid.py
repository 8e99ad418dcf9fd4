"""A study area's cells, each known by its place in the list, and what is done with sets of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from csa.base.arrays import Bools, Cells, Floats, Ints
from csa.geo.cells import (
    OUTSIDE,
    CellSet,
    as_text,
    fill_holes,
    find_neighbors,
    mean_apart_m,
    spirals,
)

USUAL_STEPS = 4
"""As far as most ask for what is around a cell."""

MIN_RING = 6
"""Fewer cells cannot enclose a hole."""

Piece = set[int]


def for_all(table: csr_array) -> csr_array:
    """Make a table that many threads share refuse to be written."""
    for part in (table.data, table.indices, table.indptr):
        part.flags.writeable = False
    return table


@dataclass(frozen=True, eq=False)
class Grid:
    """The study area's cells, and what can be done with sets of them."""

    area_km2: pd.Series  # clipped area of each cell, index `cell`, ascending
    center_xy: Floats  # (m, 2) meters: the cells' centers, in the order of `area_km2`

    @classmethod
    def of_none(cls) -> Grid:
        """Make a grid without any cell."""
        land_km2 = pd.Series([], pd.Index([], dtype=np.uint64, name="cell"), dtype=np.float64)
        return cls(land_km2.rename("area_km2"), np.zeros((0, 2)))

    def __post_init__(self) -> None:
        """Refuse cells in another order: they are searched."""
        if (self.h3_cells[1:] <= self.h3_cells[:-1]).any():
            raise ValueError("a grid's cells ascend, each once")

    @cached_property
    def h3_cells(self) -> Cells:
        """(m,) the cells, in the order of `area_km2`."""
        return self.area_km2.index.to_numpy(dtype=np.uint64)

    @cached_property
    def _km2(self) -> Floats:
        """(m,) clipped areas."""
        return self.area_km2.to_numpy(dtype=np.float64)

    def cells(self, places: Iterable[int]) -> CellSet:
        """Return the cells at some places."""
        return frozenset(self.h3_cells[[*places]].tolist())

    def at(self, cells: Iterable[int]) -> Ints:
        """Return the places in `area_km2` of those cells that are in it, in the order given."""
        # An array is taken whole: one by one, 300,000 cells take a third of a second.
        listed = cells if isinstance(cells, np.ndarray) else np.fromiter(cells, dtype=np.uint64)
        wanted, known = np.asarray(listed, dtype=np.uint64), self.h3_cells
        places = np.searchsorted(known, wanted)
        is_there = places < len(known)
        is_there[is_there] = known[places[is_there]] == wanted[is_there]
        return places[is_there]

    def _at_all(self, cells: Iterable[int]) -> Ints:
        """Return the places of cells that are all in `area_km2`."""
        listed = [*cells]
        places = self.at(listed)
        if len(places) < len(listed):
            raise KeyError(next(cell for cell in listed if not len(self.at([cell]))))
        return places

    def size_km2(self, cells: Iterable[int]) -> float:
        """Add up the clipped areas of cells."""
        return math.fsum(self._km2[self._at_all(cells)].tolist())

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The cells as files list them: `cell`, as text, and `area_km2`, rounded."""
        land = self.area_km2.round(6).array
        texts = pd.Series(as_text(self.area_km2.index), dtype="str")
        return pd.DataFrame({"cell": texts, "area_km2": land})

    @cached_property
    def neighbors(self) -> Ints:
        """(m, 6) places of each cell's neighbors in `area_km2`, or `OUTSIDE`."""
        return self.around(1)[:, 1:]

    def around(self, steps: int) -> Ints:
        """List the places of each cell and those within some steps, or `OUTSIDE`.

        Rings follow one another, so fewer steps are the first columns of one table, which grids of
        the same cells share.
        """
        if steps > USUAL_STEPS:
            return spirals(self.h3_cells, steps)
        return self._rings[:, : 1 + 3 * steps * (steps + 1)]

    @cached_property
    def _rings(self) -> Ints:
        return spirals(self.h3_cells, USUAL_STEPS)

    @cached_property
    def touching(self) -> csr_array[np.float64]:
        """(m, m) which cells are the same or touch, as `find_neighbors`."""
        return for_all(find_neighbors(self.h3_cells))

    @cached_property
    def apart_m(self) -> Floats:
        """(r,) mean distance in meters of cells no, one ... four steps apart, if any are."""
        return mean_apart_m(self._rings, self.center_xy)

    @cached_property
    def spacing_m(self) -> float:
        """The usual distance between the centers of neighbors; 0 for a single cell."""
        if len(self.center_xy) < 2:
            return 0.0
        apart_m = np.asarray(cKDTree(self.center_xy).query(self.center_xy, k=2)[0])
        return float(np.median(apart_m[:, 1]))  # (m, 2): itself first

    def on_land(self, cells: Iterable[int]) -> CellSet:
        """Keep the cells of the study area."""
        return self.cells(self.at(cells).tolist())

    def filled(self, cells: Iterable[int]) -> CellSet:
        """Add all cells of the study area that some of its cells enclose, behind water too."""
        found = set[int]()
        for piece in self.pieces(self.at(cells).tolist()):
            found |= piece
            if self._encloses(piece):
                whole = piece.union(*self.holes(piece))
                has_shore = (self.neighbors[[*whole]] == OUTSIDE).any()
                found |= {*self.at(fill_holes(self.cells(piece))).tolist()} if has_shore else whole
        return self.cells(found)

    def contiguous_parts(self, cells: Iterable[int]) -> list[CellSet]:
        """Split cells of the study area into pieces that do not touch."""
        return [self.cells(piece) for piece in self.pieces(self.at(cells).tolist())]

    def without_holes(self, cells: CellSet) -> CellSet:
        """Fill holes with the land that can be walked to from the piece around them."""
        pieces = self.pieces(self.at(cells).tolist())
        return cells.union(*(self.cells(hole) for piece in pieces for hole in self.holes(piece)))

    def pieces(self, places: Iterable[int]) -> list[Piece]:
        """Split places into pieces that touch, that with the first place first."""
        listed = np.array(sorted(places), dtype=np.int64)
        near = dict(zip(listed.tolist(), self.neighbors[listed].tolist(), strict=True))
        left, pieces = {*near}, []
        for start in near:
            if start in left:
                left.remove(start)
                piece, edge = {start}, [start]
                while edge:
                    found = left.intersection(near[edge.pop()])
                    left -= found
                    piece |= found
                    edge += found
                pieces.append(piece)
        return pieces

    def holes(self, piece: Piece) -> list[Piece]:
        """Find the holes of a piece that hangs together: land that can be walked to from it."""
        if not self._encloses(piece):
            return []
        around = self.neighbors[[*piece]]
        if (around == OUTSIDE).any():  # a rim that is partly no land is known to h3 alone
            whole = self.pieces(self.at(fill_holes(self.cells(piece))).tolist())
            return self.pieces(next(part for part in whole if piece <= part) - piece)
        # What lies around a piece forms its outer rim, which reaches farthest west, and one rim
        # along each hole.
        rims = self.pieces({*around.ravel().tolist()} - piece)
        rims.sort(key=lambda rim: float(self.center_xy[[*rim], 0].min()))
        return [self._flooded(rim, piece) for rim in rims[1:]]

    def _encloses(self, piece: Piece) -> bool:
        """Check whether a piece that hangs together encloses cells, by Euler's formula.

        Its cells, less the pairs that touch, and with the threes that meet at a corner, are 1 less
        its holes. To look is much quicker than to find them, and few have any. Beside one of the
        earth's twelve pentagons, all in the sea, neighbors are in no order, and it may be wrong.
        """
        if len(piece) < MIN_RING:
            return False
        mask = np.zeros(len(self.area_km2) + 1, dtype=bool)  # the last is for what is outside
        mask[[*piece]] = True
        is_near = mask[self.neighbors[[*piece]]]
        pairs = int(is_near.sum()) // 2
        threes = int((is_near & np.roll(is_near, 1, axis=1)).sum()) // 3
        return len(piece) - pairs + threes != 1

    def _flooded(self, start: Piece, walls: Piece) -> Piece:
        """Add all that is within the same walls."""
        found, edge = set(start), set(start)
        while edge:
            edge = {*self.neighbors[[*edge]].ravel().tolist()} - walls - found - {OUTSIDE}
            found |= edge
        return found

    def number(self, areas: Iterable[Iterable[int]], in_none: int) -> Ints:
        """Return which of some areas each cell is in: (m,), in the order of `area_km2`."""
        numbers = np.full(len(self.h3_cells), in_none, dtype=np.int64)
        for number, cells in enumerate(areas):
            numbers[self.at(cells)] = number
        return numbers

    def mask(self, cells: Iterable[int]) -> Bools:
        """Return which cells of the study area are in a set: (m,), in the order of `area_km2`."""
        is_in = np.zeros(len(self.h3_cells), dtype=bool)
        is_in[self.at(cells)] = True
        return is_in

    def middle(self, cells: Iterable[int]) -> tuple[float, float]:
        """Find the middle of a set of cells: the mean of their centers."""
        x_m, y_m = self.center_xy[self._at_all(cells)].T.tolist()
        return fmean(x_m), fmean(y_m)
