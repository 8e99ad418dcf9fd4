"""What was counted in each cell of a study area, held without the cells that have none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.base.arrays import Bools, Cells, Ints
from csa.geo.grid import Grid


@dataclass(frozen=True)
class CountedCells:
    """The cells that hold any incident of a period: one in ten, and an app keeps many periods."""

    grid: Grid  # the study area's cells
    places: Ints  # (c,) the place of each in the grid, ascending
    incidents: Ints  # (c,) 1 or more
    homicides: Ints  # (c,) of them

    @classmethod
    def of(cls, grid: Grid, at: Ints, is_homicide: Bools) -> CountedCells:
        """Count incidents, each at the place of its cell: both (n,)."""
        places, of_place = np.unique(at, return_inverse=True)
        counted = (
            np.bincount(one, minlength=len(places)) for one in (of_place, of_place[is_homicide])
        )
        columns = [one.astype(np.int32) for one in (places, *counted)]
        for one in columns:
            one.flags.writeable = False  # many threads share them
        return cls(grid, *columns)

    @property
    def cells(self) -> Cells:
        """(c,) the cells."""
        return self.grid.h3_cells[self.places]

    def table(self) -> pd.DataFrame:
        """List every cell of the study area, those without any incident too.

        Returns columns `cell`, as text, `area_km2`, `incidents`, `homicides`, `incidents_per_km2`.
        """
        table = self.grid.listed.copy(deep=False)
        for name, counts in (("incidents", self.incidents), ("homicides", self.homicides)):
            column = np.zeros(len(table), dtype=np.int64)
            column[self.places] = counts
            table[name] = column
        table["incidents_per_km2"] = (table["incidents"] / self.grid.area_km2.to_numpy()).round(2)
        return table


NOTHING_COUNTED = CountedCells.of(
    Grid.of_none(), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
)
"""Of a proposal that has its areas alone."""
