"""One run: its period, its incidents, its grid and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.areas.choices import Suggestion
from csa.areas.forming import AreaSet
from csa.areas.names import letter
from csa.areas.shrinkage import Estimate
from csa.base.arrays import Floats, Objects
from csa.base.params import AreaParams, DbscanParams, Period
from csa.config.city import CityConfig
from csa.dataset.versioned import Dataset
from csa.geo import cells as h3_cells
from csa.geo.grid import Grid


@dataclass(frozen=True)
class PeriodIncidents:
    """The incidents of the period that lie in the study area."""

    incidents: pd.DataFrame  # n incidents
    xy: npt.NDArray[np.float64]  # (n, 2) metres
    cells: h3_cells.Cells  # the cell of each
    n_unlocated: int  # incidents of the period without a place
    n_outside: int  # incidents of the period outside the study area


@dataclass(frozen=True)
class AreaIncidents:
    """What is reported of areas' incidents, as arrays: a table is slow for many areas."""

    victims: Floats  # NaN where unknown
    domestic: Objects  # texts
    neighborhood: Objects  # texts
    is_suspect: npt.NDArray[np.bool_]  # whether each lies at a point that may stand for others
    lonlat: Floats  # (n, 2) degrees


@dataclass(frozen=True)
class Run:
    """All that one proposal was made from."""

    dataset: Dataset  # the city's incidents and places
    config: CityConfig  # the city's file
    period: Period  # the months asked for
    kinds: tuple[str, ...]  # the kinds of incident counted
    window: PeriodIncidents  # the period's incidents
    suggestion: Suggestion  # the values suggested, whatever the count, and where they come from
    suggested: DbscanParams  # the suggested choices of DBSCAN for this count
    params: AreaParams  # the choices made
    grid: Grid  # the study area's cells
    found: AreaSet  # the areas, and what became of each incident
    estimates: tuple[Estimate, ...]  # what is expected in each area

    @cached_property
    def area_of_cell(self) -> dict[int, str]:
        """The letter of the area that each cell belongs to."""
        return {cell: letter(n) for n, area in enumerate(self.found.areas) for cell in area}

    @cached_property
    def is_homicide(self) -> npt.NDArray[np.bool_]:
        """Which of the window's incidents are homicides."""
        return (self.window.incidents["kind"] == "homicide").to_numpy(dtype=bool)

    @cached_property
    def told(self) -> AreaIncidents:
        """What is reported of the window's incidents."""
        incidents = self.window.incidents
        return AreaIncidents(
            incidents["victims"].to_numpy(dtype="float64", na_value=np.nan),
            incidents["domestic"].to_numpy(dtype=object),
            incidents["neighborhood"].to_numpy(dtype=object),
            incidents["flags"].str.contains("suspect_point").to_numpy(dtype=bool),
            incidents[["lon", "lat"]].to_numpy(dtype="float64"),
        )
