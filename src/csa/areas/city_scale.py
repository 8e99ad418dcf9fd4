"""The city seen from afar: cells large enough to be tested and shaded, made of the finer ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from csa.areas.study_area import StudyArea
from csa.areas.window import CountedCells
from csa.base.arrays import Cells, Floats, Ints
from csa.geo.cells import AFAR, find_neighbors, parents
from csa.geo.neighborhoods import people_per_km2

PASSING_SHARE = 0.05
"""People are where nobody lives, too: so much of the exposure is even over the land."""


@dataclass(frozen=True)
class CityScale:
    """A study area's cells in larger ones.

    Fields: `cells`, `place`, `area_km2`.
    """

    cells: Cells  # (c,) the larger cells, ascending
    place: Ints  # (m,) the larger cell that each cell of the study area lies in
    area_km2: Floats  # (c,) land

    @classmethod
    def of(cls, located: StudyArea, resolution: int = AFAR) -> CityScale:
        """Take a study area's cells together; never finer than they are."""
        own = located.cover.index.to_numpy()
        cells, place = np.unique(parents(own, resolution), return_inverse=True)
        land = np.bincount(place, located.grid.area_km2.to_numpy(), minlength=len(cells))
        return cls(cells, place.astype(np.int64), land.astype(np.float64))

    @property
    def index(self) -> pd.Index:
        """The larger cells, as tables have them."""
        return pd.Index(self.cells, name="cell")

    @cached_property
    def neighbors(self) -> csr_array:
        """(c, c) which of them touch, as `csa.geo.cells.find_neighbors`."""
        return find_neighbors(self.cells)

    def add_up(self, of_cells: npt.ArrayLike) -> pd.Series:
        """Add up what the study area's cells have: (c,)."""
        sums = np.bincount(self.place, np.asarray(of_cells), minlength=len(self.cells))
        return pd.Series(sums, index=self.index)

    def count(self, counts: Ints) -> pd.Series:
        """Add up counts by cell: (c,) incidents."""
        return self.add_up(counts).round().astype("int64")

    def exposure(self, located: StudyArea, neighborhoods: gpd.GeoDataFrame) -> pd.Series:
        """Return what incidents are set against: people where they are known, else land.

        Returns (c,) shares, adding up to 1.
        """
        land: pd.Series = self.add_up(located.grid.area_km2) / self.area_km2.sum()
        cover = located.cover
        per_km2 = people_per_km2(cover["lon"], cover["lat"], cover["area_km2"], neighborhoods)
        if per_km2 is None:
            return land
        people = self.add_up(per_km2 * located.grid.area_km2.to_numpy())
        shares: pd.Series = (1 - PASSING_SHARE) * people / people.sum() + PASSING_SHARE * land
        return shares


def count_afar(counted: CountedCells, resolution: int = AFAR) -> dict[int, int]:
    """Add up a proposal's cells in larger ones, for maps of a whole city.

    Parameters
    ----------
    counted
        What a proposal's cells hold: of any resolution; those that are as large already stay.

    Returns
    -------
    dict
        Larger cell to its incidents, ascending; only cells with any.
    """
    larger, place = np.unique(parents(counted.cells, resolution), return_inverse=True)
    sums = np.bincount(place, counted.incidents, minlength=len(larger))
    return dict(zip(larger.tolist(), sums.astype(int).tolist(), strict=True))
