"""All that one proposal was made from, and what is reported of its incidents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from csa.areas.forming import AreaSet
from csa.areas.places import KnownPlace, Places, candidate_id, number_areas, recognize
from csa.areas.reach import NOISE
from csa.areas.shrinkage import Estimate
from csa.areas.stack import Stack
from csa.areas.window import PeriodIncidents, month_index, take
from csa.base.arrays import Bools, Floats, Ints, Objects
from csa.base.compact import name_each
from csa.base.params import AreaParams, DbscanParams, DocumentedDbscan, Period
from csa.dataset.versioned import City
from csa.geo.grid import Grid


@dataclass(frozen=True)
class AreaIncidents:
    """What is reported of the k incidents in areas, as arrays: a table is slow for many areas."""

    area: Ints  # (k,) the place in `found.areas` of the area of each
    month: Ints  # (k,) months since the year 0
    is_homicide: Bools
    victims: Floats  # NaN where unknown
    domestic: Objects  # texts
    neighborhood: Objects  # texts
    is_suspect: Bools  # whether each lies at a point that may stand for others
    lonlat: Floats  # (k, 2) degrees

    @classmethod
    def of(cls, window: PeriodIncidents, area_of: Ints) -> AreaIncidents:
        """Take the window's incidents that are in an area; (n,) `NOISE` where one is in none."""
        inside = np.flatnonzero(area_of != NOISE)
        of_areas = partial(take, window.table, rows=window.rows[inside])
        return cls(
            area_of[inside],
            month_index(of_areas("occurred_at")),
            of_areas("kind").eq("homicide").to_numpy(dtype=bool),
            of_areas("victims").to_numpy(dtype="float64", na_value=np.nan),
            name_each(of_areas("domestic")),
            name_each(of_areas("neighborhood")),
            window.is_suspect[inside],
            np.column_stack([of_areas(name).to_numpy(dtype="float64") for name in ("lon", "lat")]),
        )


@dataclass(frozen=True)
class Run:
    """All that one proposal was made from."""

    city: City  # the city's file, its incidents and its places
    period: Period  # the months asked for
    kinds: tuple[str, ...]  # the kinds of incident counted
    window: PeriodIncidents  # the period's incidents
    documented: DocumentedDbscan  # the values suggested, whatever the count
    suggested_by: str  # where they come from, as `csa.areas.choices.Suggestion`
    suggested: DbscanParams  # the suggested choices of DBSCAN for this count
    params: AreaParams  # the choices made
    grid: Grid  # the study area's cells
    found: AreaSet  # the areas, and what became of each incident
    estimates: tuple[Estimate, ...]  # what is expected in each area
    places: Places  # the city's places known before
    is_own: bool  # whether the choices are the city file's, so that new places are kept
    stack: Stack  # how the past's maps are combined in what each cell is expected to hold

    @cached_property
    def recognized(self) -> tuple[KnownPlace | None, ...]:
        """The known place that each area is; None for one that was never seen."""
        return recognize(self.found.areas, self.places)

    @cached_property
    def area_ids(self) -> tuple[str, ...]:
        """The id of each area: its place's number, whatever the month."""
        is_kept = self.is_own or not self.places  # where none is kept, no number is another's
        numbers = number_areas(self.recognized, self.places, is_kept=is_kept)
        return tuple(map(candidate_id, numbers))

    @cached_property
    def area_of_cell(self) -> Ints:
        """(m,) the place in `found.areas` of the area that each cell is in; `NOISE`: none."""
        return self.grid.number(self.found.areas, NOISE)

    @cached_property
    def area_of(self) -> Ints:
        """(n,) the place in `found.areas` of the area that each incident lies in; `NOISE`: none."""
        return self.area_of_cell[self.window.at]

    @cached_property
    def is_homicide(self) -> Bools:
        """Which of the window's incidents are homicides."""
        return (self.window.column("kind") == "homicide").to_numpy(dtype=bool)

    @cached_property
    def told(self) -> AreaIncidents:
        """What is reported of the incidents in areas, in the order of the window's."""
        return AreaIncidents.of(self.window, self.area_of)
