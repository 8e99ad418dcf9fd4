"""Areas on the grid since each one's own start: whose each cell was in which month."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from csa.areas.finding import Estimator
from csa.areas.study_area import StudyArea
from csa.base.arrays import Ints
from csa.base.params import Month, Period
from csa.dataset.chosen import GroundVersion
from csa.displacement.courses import GroundPart
from csa.displacement.zoning import (
    Zones,
    base_months,
    draw_zones,
    estimate_base,
    monthly_counts,
    reach_m,
)
from csa.geo.cells import CellSet
from csa.geo.ground import refine


@dataclass(frozen=True)
class GroundInTime:
    """Areas followed until a month, each since its own start and redrawn or not."""

    located: StudyArea  # the city's incidents, on cells of the areas' finest resolution
    lives: tuple[tuple[GroundVersion, ...], ...]  # of each of n areas, the first version first
    until: Month  # the first month that is not over
    _zones: dict[tuple[tuple[int, CellSet], ...], tuple[list[int], Zones]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _estimators: dict[Month, Estimator] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _before: dict[Month, Ints] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def starts(self) -> tuple[Month, ...]:
        """The first month of each area."""
        return tuple(versions[0].since for versions in self.lives)

    def known_with(self, area: int) -> list[int]:
        """List the areas that were followed when one began, itself included."""
        return [other for other, since in enumerate(self.starts) if since <= self.starts[area]]

    def alone(self, area: int) -> tuple[list[GroundPart], list[GroundPart]]:
        """Return an area and its ring, beside the others as they were when it began.

        So nothing that is said of it changes when another is added or redrawn.
        """
        others = [one for one in self.known_with(area) if one != area]
        newest = sorted(others, key=lambda one: (-self.starts[one].index, one))
        cores, rings = [], []
        for version, span in self._spans(area):
            shapes = {area: refine(version.cells, self.located.resolution)}
            taken = shapes[area]
            for one in newest:  # ground that several had counts as the newest's
                own = refine(self._at(one, self.starts[area]), self.located.resolution)
                shapes[one] = own - taken
                taken |= own
            core, ring, rest = self._drawn(shapes, area)
            cores.append(self._part(core, rest, area, span))
            if len(ring):
                rings.append(self._part(ring, rest, area, span))
        return cores, rings

    def together(self, area: int) -> list[GroundPart]:
        """Return an area's ring beside all others: without what was in any area in its month."""
        parts = []
        moments = sorted({version.since for versions in self.lives for version in versions})
        for since, end in zip(moments, [*moments[1:], self.until], strict=True):
            if since < self.starts[area]:
                continue
            begun = [one for one, start in enumerate(self.starts) if start <= since]
            shapes = {one: self._at(one, since) for one in begun}
            _, ring, rest = self._drawn(shapes, area)
            if len(ring):
                parts.append(self._part(ring, rest, area, Period(since, end)))
        return parts

    def _at(self, area: int, month: Month) -> CellSet:
        """Return the cells of an area as they were in a month."""
        return [version for version in self.lives[area] if version.since <= month][-1].cells

    def _spans(self, area: int) -> list[tuple[GroundVersion, Period]]:
        versions = self.lives[area]
        ends = [*(version.since for version in versions[1:]), self.until]
        spans = [Period(one.since, end) for one, end in zip(versions, ends, strict=True)]
        return list(zip(versions, spans, strict=True))

    def _drawn(self, shapes: dict[int, CellSet], area: int) -> tuple[Ints, Ints, Ints]:
        """Return the places of an area, of its ring, and of the rest of the city."""
        key = tuple(sorted(shapes.items()))
        if key not in self._zones:
            grid = self.located.grid
            at = {one: self.located.place(cells) for one, cells in key}
            at = {one: places for one, places in at.items() if len(places)}
            zones = draw_zones([*at.values()], grid.centre_xy, reach_m(grid))
            self._zones[key] = list(at), zones
        drawn, zones = self._zones[key]
        place = drawn.index(area)
        return zones.cores[place], zones.rings[place], zones.rest

    def estimator(self, since: Month) -> Estimator:
        """Return what estimates the months before a start: it knows each area that it was asked."""
        if since not in self._estimators:
            self._estimators[since] = Estimator(self.located, base_months(self.located, since))
        return self._estimators[since]

    def _counts_before(self, since: Month) -> Ints:
        if since not in self._before:
            self._before[since] = self.located.counts(base_months(self.located, since))
        return self._before[since]

    def _part(self, cells: Ints, rest: Ints, area: int, span: Period) -> GroundPart:
        """Count some cells in some of the months since an area's start."""
        since = self.starts[area]
        groups = np.full(len(self.located.grid.area_km2), -1, dtype=np.int64)
        groups[cells], groups[rest] = 0, 1
        monthly = monthly_counts(self.located, groups, 2, Period(since, self.until))
        month = np.arange(monthly.shape[1]) + since.index
        monthly = monthly * span.holds(month)
        return GroundPart(
            estimate_base(self.located, self.estimator(since), cells),
            int(self._counts_before(since)[rest].sum()),
            monthly[0],
            monthly[1],
        )
