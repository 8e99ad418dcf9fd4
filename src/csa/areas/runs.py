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
from csa.base.params import AreaParams, DbscanParams, Period
from csa.config.city import CityConfig
from csa.dataset.versioned import Dataset
from csa.geo import cells as h3_cells
from csa.geo.grid import Grid

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Window:
    """The incidents of the period that lie in the study area.

    Parameters
    ----------
    incidents
        n incidents.
    xy
        (n, 2) metres.
    cells
        The cell of each.
    n_unlocated
        Incidents of the period without a place.
    n_outside
        Incidents of the period outside the study area.
    """

    incidents: pd.DataFrame
    xy: npt.NDArray[np.float64]  # (n, 2) metres
    cells: h3_cells.Cells
    n_unlocated: int
    n_outside: int


@dataclass(frozen=True)
class Told:
    """What areas tell of their incidents, as arrays: a table is slow where areas are many.

    Parameters
    ----------
    victims
        Numbers; NaN where unknown.
    domestic, neighborhood
        Texts.
    is_suspect
        Whether each lies at a point that may stand for others.
    lonlat
        (n, 2) degrees.
    """

    victims: Floats
    domestic: Objects
    neighborhood: Objects
    is_suspect: npt.NDArray[np.bool_]
    lonlat: Floats  # (n, 2) degrees


@dataclass(frozen=True)
class Run:
    """All that one proposal was made from.

    Parameters
    ----------
    dataset
        The city's incidents and places.
    config
        The city's file.
    period
        The months asked for.
    kinds
        The kinds of incident counted.
    window
        The period's incidents.
    suggestion
        The values suggested, whatever the count, and where they come from.
    suggested
        The suggested choices of DBSCAN for this count.
    params
        The choices made.
    grid
        The study area's cells.
    found
        The areas, and what became of each incident.
    estimates
        What is expected in each area.
    """

    dataset: Dataset
    config: CityConfig
    period: Period
    kinds: tuple[str, ...]
    window: Window
    suggestion: Suggestion
    suggested: DbscanParams
    params: AreaParams
    grid: Grid
    found: AreaSet
    estimates: tuple[Estimate, ...]

    @cached_property
    def area_of_cell(self) -> dict[int, str]:
        """The letter of the area that each cell belongs to."""
        return {cell: letter(n) for n, area in enumerate(self.found.areas) for cell in area}

    @cached_property
    def is_homicide(self) -> npt.NDArray[np.bool_]:
        """Which of the window's incidents are homicides."""
        return (self.window.incidents["kind"] == "homicide").to_numpy(dtype=bool)

    @cached_property
    def told(self) -> Told:
        """What areas tell of the window's incidents."""
        incidents = self.window.incidents
        return Told(
            incidents["victims"].to_numpy(dtype="float64", na_value=np.nan),
            incidents["domestic"].to_numpy(dtype=object),
            incidents["neighborhood"].to_numpy(dtype=object),
            incidents["flags"].str.contains("suspect_point").to_numpy(dtype=bool),
            incidents[["lon", "lat"]].to_numpy(dtype="float64"),
        )
