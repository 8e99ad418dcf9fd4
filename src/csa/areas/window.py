"""The incidents of one period, and which of them stand at points that may mean nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from csa.base.arrays import Bools, Cells, Ints
from csa.base.message import Message, msg
from csa.base.params import Period
from csa.base.schema import KINDS
from csa.base.text import day
from csa.geo.grid import Grid

UNIX_MONTH = 1970 * 12
"""January 1970, from which numpy counts, in months since the year 0."""


@dataclass(frozen=True)
class PeriodIncidents:
    """The incidents of the period that lie in the study area."""

    table: pd.DataFrame  # all incidents of the dataset
    rows: Ints  # (n,) the place of each of the period in it
    xy: npt.NDArray[np.float64]  # (n, 2) meters
    at: Ints  # (n,) the place of each one's cell in the grid
    n_unlocated: int  # incidents of the period without a place
    n_outside: int  # incidents of the period outside the study area

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> pd.Series:
        """Take one column of the n incidents."""
        return take(self.table, name, self.rows)

    @cached_property
    def is_suspect(self) -> Bools:
        """(n,) whether each is at a point that may stand for unknown places."""
        return is_suspect(self.table)[self.rows]


def take(incidents: pd.DataFrame, name: str, rows: Ints) -> pd.Series:
    """Take one column of some rows, numbered anew."""
    return incidents[name].iloc[rows].reset_index(drop=True)


def is_suspect(incidents: pd.DataFrame) -> Bools:
    """Return whether each incident is at a point that may stand for unknown places: (n,)."""
    return incidents["flags"].str.contains("suspect_point").to_numpy(dtype=bool)


def is_placed(incidents: pd.DataFrame) -> Bools:
    """Return whether each incident has a place: (n,)."""
    return (incidents["lon"].notna() & incidents["lat"].notna()).to_numpy(dtype=bool)


def is_in_period(incidents: pd.DataFrame, period: Period, kinds: tuple[str, ...]) -> Bools:
    """Return whether each incident is of a period and of some kinds, located or not: (n,)."""
    when = incidents["occurred_at"]
    is_in = (when >= pd.Timestamp(f"{period.start}-01")) & (
        when < pd.Timestamp(f"{period.until}-01")
    )
    return is_in.to_numpy() & isin_kinds(incidents, kinds)


def month_index(occurred_at: pd.Series) -> Ints:
    """Return the month of each time, in months since the year 0: (n,)."""
    months = occurred_at.to_numpy(dtype="datetime64[M]").astype(np.int64)
    return months + UNIX_MONTH


def name_kinds(kinds: Sequence[str], *, is_proxy: bool) -> Message:
    """Name what is counted: shootings, homicides, or the city's nonfatal kind."""
    if list(kinds) == ["homicide"]:
        return msg("find.homicides")
    if list(kinds) == ["nonfatal"]:
        return msg("find.nonfatal")
    return msg("find.reports" if is_proxy else "public.shootings")


def describe_period(params: Mapping[str, Any]) -> Message:
    """Name the days that the data of a proposal with these parameters cover."""
    first, last = (date.fromisoformat(params[f"covered_{end}"]) for end in ("from", "through"))
    return msg("map.period", first=day(first), last=day(last))


def uses_suggested(params: Mapping[str, Any]) -> bool:
    """Check whether a proposal's radius and minimum are the suggested ones."""
    return all(params[name] == value for name, value in params["suggested"].items())


def isin_kinds(incidents: pd.DataFrame, kinds: tuple[str, ...]) -> Bools:
    """Return whether each incident is of some kinds: (n,)."""
    if set(kinds) == set(KINDS):
        return np.ones(len(incidents), dtype=bool)
    return incidents["kind"].isin(kinds).to_numpy(dtype=bool)


# ---- What was counted in each cell of a study area, held without the cells that have none.


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
