"""One period's incidents on the study area's cells, and the past before it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from csa.areas.expected import Field
from csa.areas.forming import yearly_floor
from csa.areas.land import Land
from csa.areas.mixture import (
    HORIZON_MONTHS,
    LEAST_MONTHS,
    NEW_RINGS,
    Ground,
    MapMixture,
    find_new_places,
    fit_shares,
    raise_emerging,
    renormalize_shares,
)
from csa.areas.shrinkage import Estimate
from csa.areas.stability import PastIncidents
from csa.areas.window import PeriodIncidents, is_in_period, is_placed, is_suspect, take
from csa.base.arrays import Bools, Cells, Floats, Ints
from csa.base.params import DocumentedDbscan, Month, Period
from csa.city.dataset import Dataset
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, cell_resolution, finest, refine
from csa.geo.grid import Grid
from csa.geo.neighborhoods import assign_neighborhoods

MOST_MONTHS = 44
"""So many months' maps are kept, those asked for last: a lineage asks for 36, viewers for all."""

MOST_ESTIMATES = 1000
"""So many estimates of areas are kept, half a kilobyte each."""

MOST_LESSON_BYTES = 8 * 2**20
"""A January's maps are kept for the next month that learns from it; over some 34,000 cells, of
which each takes 232 bytes, they are drawn again."""

TOGETHER, JANUARIES = 16, 4
"""Months worked out at once, and Januaries drawn: a step for 16 columns takes twice that for 4."""

Lesson: TypeAlias = tuple[Floats, Floats]

Key = TypeVar("Key")
Made = TypeVar("Made")


def _keep(kept: dict[Key, Made], key: Key, made: Made, most: int) -> None:
    """Keep what was asked for; what was asked for first gives way. Other threads may do so too."""
    kept.pop(key, None)
    for oldest in [*kept][: max(0, len(kept) + 1 - most)]:
        kept.pop(oldest, None)
    kept[key] = made


@dataclass(frozen=True)
class StudyArea:
    """A dataset's incidents that lie in the study area, of all months.

    Fields: `dataset`, `kinds`, `rows`, `xy`, `positions`, `month`, `grid`, `cover`.
    """

    dataset: Dataset  # the city's incidents and places
    kinds: tuple[str, ...]  # the kinds of incident counted
    rows: Ints  # (n,) the place of each in the dataset's incidents
    xy: Floats  # (n, 2) meters
    positions: Ints  # (n,) the place of each one's cell in the grid
    month: Ints  # (n,) months since the year 0
    grid: Grid  # the study area's cells
    cover: pd.DataFrame  # as `study_cells`

    @cached_property
    def cells(self) -> Cells:
        """(n,) the cell of each."""
        return self.grid.h3_cells[self.positions]

    def column(self, name: str) -> pd.Series:
        """Take one column of the n incidents."""
        return take(self.dataset.incidents, name, self.rows)

    def window(self, period: Period) -> PeriodIncidents:
        """Take a period's incidents."""
        is_in = period.contains(self.month)
        everything = self.dataset.incidents
        is_counted = is_in_period(everything, period, self.kinds)
        n_unlocated = int((is_counted & ~is_placed(everything)).sum())
        return PeriodIncidents(
            everything,
            self.rows[is_in],
            self.xy[is_in],
            self.positions[is_in],
            n_unlocated=n_unlocated,
            n_outside=int(is_counted.sum()) - n_unlocated - int(is_in.sum()),
        )

    def counts(self, period: Period) -> Ints:
        """Count a period's incidents by cell.

        Returns (m,) in the order of the grid.
        """
        is_in = period.contains(self.month)
        return np.bincount(self.positions[is_in], minlength=len(self.grid.area_km2))

    def months_ago(self, until: Month) -> Floats:
        """Return how long before a month each incident happened.

        Returns (n,) months.
        """
        return np.asarray(until.index - self.month - 0.5, dtype=np.float64)

    def expected(self, period: Period) -> Floats:
        """Return how many incidents each cell would have in a period as long, by all its past.

        Returns (m,) as `csa.areas.mixture`: nothing after the period's end is used.
        """
        n_in = int((period.contains(self.month) & ~self.is_suspect).sum())
        return self.foresee([period.until])[period.until] * n_in

    def least(self, period: Period) -> float:
        """Return how many incidents an area must be expected to hold in a period."""
        month = self.month[period.contains(self.month) & ~self.is_suspect]
        if not len(month):
            return 0.0
        first = max(period.start.index, int(self.month.min()))
        years = (period.until.index - first) / 12
        return yearly_floor(len(month) / years) * years

    def foresee(self, months: Sequence[Month]) -> dict[Month, Floats]:
        """Find where the next incident would be at some months: (m,) each, for several at once."""
        found = {month: at for month in months if (at := self._shares.get(month)) is not None}
        left = [month for month in dict.fromkeys(months) if month not in found]
        while left:
            now, left = left[:TOGETHER], left[TOGETHER:]
            past, fresh = [*map(self._by_age, now)], self._find_new(now)
            rows = zip(now, past, self._mix(now, past), fresh, strict=True)
            for month, by_age, mixed, is_new in rows:
                new = self.ground.new_map(by_age) if is_new.any() else mixed
                found[month] = raise_emerging(mixed, new, is_new)
        for month, shares in found.items():
            _keep(self._shares, month, shares, MOST_MONTHS)
        return found

    def _mix(self, taught: Sequence[Month], past: Sequence[Floats]) -> list[Floats]:
        """Mix maps of some pasts as was learned by some months: (m,) each."""
        stacks = (self.stack_at(month).shares for month in taught)
        days = [
            (one, renormalize_shares(shares, one)) for one, shares in zip(past, stacks, strict=True)
        ]
        return self.ground.mixtures(days)

    def is_new(self, until: Month) -> Bools:
        """Return which cells are of a place that newly began in the year before a month: (m,)."""
        return self._find_new([until])[0]

    def _find_new(self, months: Sequence[Month]) -> list[Bools]:
        """Find them once for each month, for all that are not known at once."""
        known = {month: self._new.get(month) for month in months}
        asked = {
            month: year
            for month, new in known.items()
            if new is None and (year := self._year_before(month)) is not None
        }
        mixed = self._mix([*asked], [self._by_age(year) for year in asked.values()])
        for (month, year), shares in zip(asked.items(), mixed, strict=True):
            came = self._year_after(year)
            is_new = find_new_places(self.grid.around(NEW_RINGS), came, shares * came.sum())
            known[month] = new = np.flatnonzero(is_new)
            _keep(self._new, month, new, MOST_MONTHS)
        every = np.arange(len(self.grid.area_km2))
        return [np.isin(every, [] if here is None else here) for here in known.values()]

    def _year_before(self, until: Month) -> Month | None:
        """Return the month a year before, if enough is known of what was before that."""
        before = until.plus(-HORIZON_MONTHS)
        first = int(self.month.min()) if len(self.month) else until.index
        return before if before.index - first >= LEAST_MONTHS else None

    @cached_property
    def _new(self) -> dict[Month, Ints]:
        """The places of cells that were new at the months last asked for: few or none."""
        return {}

    def _year_after(self, month: Month) -> Floats:
        """Count the incidents of the year after a month by cell: (m,), but for suspect points."""
        after = self.month - month.index
        is_in = (after >= 0) & (after < HORIZON_MONTHS) & ~self.is_suspect
        counts = np.bincount(self.positions[is_in], minlength=len(self.grid.area_km2))
        return counts.astype(np.float64)

    @cached_property
    def _shares(self) -> dict[Month, Floats]:
        """Where the next incident would be at the months last asked for: (m,) each."""
        return {}

    def _by_age(self, until: Month) -> Floats:
        """Return where the incidents of each age before a month were: (m, 4)."""
        return self.ground.by_age(self.positions, self._months_past(until))

    def _months_past(self, until: Month) -> npt.NDArray[np.float32]:
        """Return how long before a month each incident happened; -1 for what is not used."""
        # Halves are exact in 32 bits. What is not used has not happened: nothing is copied.
        months_ago = np.subtract(until.index - 0.5, self.month, dtype=np.float32)
        months_ago[self.is_suspect] = -1
        return months_ago

    def stack_at(self, until: Month) -> MapMixture:
        """Learn how to combine the maps from the Januaries whose year was over by a month."""
        if until not in self.stacks:
            self.stacks[until] = self._learn(until)
        return self.stacks[until]

    @cached_property
    def stacks(self) -> dict[Month, MapMixture]:
        """How the maps are combined at each month so far asked for."""
        return {}

    @cached_property
    def searched(self) -> dict[tuple[Period, float], DocumentedDbscan]:
        """What the data led to, by period and size limit: a search is not repeated."""
        return {}

    @cached_property
    def fields(self) -> dict[Period, Field | None]:
        """How expected numbers vary from cell to cell, by period: fitted once for each."""
        return {}

    def estimate(self, period: Period, places: Ints, make: Callable[[], Estimate]) -> Estimate:
        """Return what was made for a period and the places of an area's cells, once."""
        key = period, hashlib.sha256(places.tobytes()).digest()  # a ring's places take kilobytes
        known = self._estimates.get(key)
        if known is None:
            known = make()
            _keep(self._estimates, key, known, MOST_ESTIMATES)
        return known

    @cached_property
    def _estimates(self) -> dict[tuple[Period, bytes], Estimate]:
        """Estimates of areas: a map under another radius has half of its areas in common."""
        return {}

    def _learn(self, until: Month) -> MapMixture:
        first = int(self.month.min()) if len(self.month) else until.index
        years = range(-(-(first + LEAST_MONTHS) // 12), (until.index - HORIZON_MONTHS) // 12 + 1)
        januaries = tuple(Month(year, 1) for year in years)
        if januaries not in self._learned:
            self._learned[januaries] = fit_shares(self._teach(januaries), [*map(str, januaries)])
        return self._learned[januaries]

    @cached_property
    def _learned(self) -> dict[tuple[Month, ...], MapMixture]:
        """What each number of Januaries teaches: the same in every month of a year."""
        return {}

    def _teach(self, januaries: Sequence[Month]) -> list[Lesson]:
        """Return the maps of Januaries, and what came in the year after, where anything came."""
        lessons = {january: self._lessons.get(january) for january in januaries}
        left = [january for january, lesson in lessons.items() if lesson is None]
        while left:
            now, left = left[:JANUARIES], left[JANUARIES:]
            drawn = self.ground.maps_of_days(self.positions, map(self._months_past, now))
            for january, maps in zip(now, drawn, strict=True):
                counts = self._year_after(january)
                where = np.flatnonzero(counts)
                lesson = lessons[january] = maps[where], counts[where]
                if lesson[0].nbytes <= MOST_LESSON_BYTES:
                    self._lessons[january] = lesson
        return [lesson for lesson in lessons.values() if lesson is not None]

    @cached_property
    def _lessons(self) -> dict[Month, Lesson]:
        return {}

    @cached_property
    def is_suspect(self) -> Bools:
        """(n,) whether each incident is at a point that may stand for unknown places."""
        return is_suspect(self.dataset.incidents)[self.rows]

    @cached_property
    def ground(self) -> Ground:
        """The study area's cells, and the walk that spreads counts over them."""
        return Ground.on(self.grid)

    def past(self, period: Period) -> PastIncidents:
        """Take all incidents before a period's end, for subsampling."""
        months_ago = self.months_ago(period.until)
        # Sorted: a seed leaves the same incidents out, whatever the order of rows.
        order = np.lexsort((self.month, self.xy[:, 1], self.xy[:, 0]))
        past = order[(months_ago[order] > 0) & ~self.is_suspect[order]]
        return PastIncidents(
            self.xy[past],
            self.positions[past],
            months_ago[past],
            period.months,
            self.ground,
            self.stack_at(period.until),
            self.is_new(period.until),
            self.least(period),
        )

    @cached_property
    def land(self) -> Land:
        """The study area's cells as land that can be taken."""
        names = assign_neighborhoods(
            self.cover["lon"], self.cover["lat"], self.dataset.neighborhoods
        )
        numbers = pd.factorize(names.where(names != ""), sort=True)[0].astype(np.int64)
        size, center = self.cover["area_km2"].to_numpy(), self.grid.center_xy
        return Land(size, center, self.grid.touching, numbers)

    def place(self, area: CellSet) -> Ints:
        """Return the places of an area's ground in the grid, ascending; of its land alone."""
        return np.sort(self.grid.at(refine(frozenset(area), self.resolution)))

    @property
    def resolution(self) -> int:
        """The H3 resolution of the grid."""
        return cell_resolution(self.cover.index[0]) if len(self.cover) else 0

    def on_ground_of(self, areas: Iterable[CellSet]) -> StudyArea:
        """Count incidents at the edge of coarser areas on the side of the edge that they are on.

        An area's own cells say whether an incident is in it. Finer cells cover that ground only
        nearly, so an incident near its edge moves to the nearest cell on its side. One that is in
        an area of finer cells too is counted there.
        """
        by_size = sorted((area for area in areas if area), key=lambda area: finest([area]))
        if not by_size or finest([by_size[0]]) >= self.resolution:
            return self
        owner, by_cell = (np.full(n, -1) for n in (len(self.rows), len(self.grid.area_km2)))
        lon, lat = self.column("lon"), self.column("lat")
        for number, area in enumerate(by_size):
            is_fine = finest([area]) >= self.resolution
            own = self.cells if is_fine else h3_cells.bin_points(lon, lat, finest([area]))
            owner[np.isin(own, np.fromiter(area, dtype=np.uint64))] = number
            by_cell[self.place(area)] = number
        is_moved = owner != by_cell[self.positions]
        positions = self.positions.copy()
        for number in np.unique(owner[is_moved]).tolist():
            side = np.flatnonzero(by_cell == number)
            moved = np.flatnonzero(is_moved & (owner == number))
            if len(side):
                _, nearest = cKDTree(self.grid.center_xy[side]).query(self.xy[moved])
                positions[moved] = side[nearest]
        return replace(self, positions=positions) if is_moved.any() else self
