"""The change in areas since a start, month by month: all that the Displacement page shows."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.areas.places import called, in_order
from csa.base.crs import LONLAT
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import month, tr
from csa.change.analyze import Displacement
from csa.change.controls import Controls, match_controls
from csa.change.course import Course, count_course
from csa.change.follow import Change
from csa.change.past import mean_past_change, usual_reach
from csa.change.quarters import build_latest_month, build_quarters
from csa.change.sentences import (
    BeforeAfter,
    before_and_after,
    describe_before_after,
    state_change,
)
from csa.change.verdict import COVERAGE, AreaResult, CumulativeCounts, norm_z
from csa.change.zoning import Control
from csa.city.preregistration import Verdict
from csa.geo.cells import cell_corners, outline
from csa.geo.grid import Grid

Level = int | None
"""How a sum differs from what was expected, -2 to 2; None if there are too few incidents."""


@dataclass(frozen=True)
class Following:
    """The areas known at a start, and how they changed."""

    shapes: gpd.GeoDataFrame  # `area_id`, `place_name` and outline of each area
    displaced: Displacement  # all together and each, with the letters that other pages use
    controls: Controls  # the comparison places most similar to each
    quarters: pd.DataFrame  # as `csa.change.quarters.build_quarters`
    newest: pd.DataFrame  # as `csa.change.quarters.build_latest_month`
    grid: Grid  # the study area's cells
    course: Course  # before and after
    frame: tuple[tuple[float, ...], ...]  # southwest and northeast corners around areas and rings

    @property
    def is_core(self) -> bool:
        """Whether these are core service areas, each followed since its own day."""
        return bool(self.displaced.chosen.versions)

    @property
    def area_ids(self) -> tuple[str, ...]:
        """Letters or ids, in the order of the proposal."""
        return self.displaced.chosen.area_ids

    def since(self, area_id: str) -> Month:
        """Return the first month of an area's service, or of the first of all."""
        if area_id not in self.area_ids:
            return self.displaced.since
        return self.displaced.starts[self.area_ids.index(area_id)]

    def late(self, area_id: str) -> int:
        """Return how many months after the first area one began; 0 for all together."""
        return self.since(area_id).index - self.displaced.since.index

    @property
    def by_letter(self) -> list[str]:
        """Letters, A before AA, then candidates by name."""
        names = dict(zip(self.area_ids, self.displaced.chosen.place_names, strict=True))
        return sorted(self.area_ids, key=lambda one: in_order(one, names[one]))

    @property
    def months(self) -> list[str]:
        """The completed months since the start, `YYYY-MM`."""
        since = self.displaced.since
        return [str(since.plus(step)) for step in range(self.displaced.until.index - since.index)]

    def results(self, area_id: str) -> AreaResult:
        """Return the verdicts on an area, or on all, by the months since the first start."""
        if area_id not in self.area_ids:
            return self.displaced.pooled
        late, judged = self.late(area_id), self.displaced.by_area[self.area_ids.index(area_id)]
        return judged.later(late) if late else judged

    def is_early(self, at: int, area_id: str = "") -> bool:
        """Return whether too little time has passed to judge an area, or all together."""
        return self.results(area_id).verdicts[at] is Verdict.TOO_EARLY

    def control(self, area_id: str) -> Control:
        """Return the comparison places of an area, or of all."""
        if area_id not in self.area_ids:
            return self.controls.pooled
        return self.controls.single[self.area_ids.index(area_id)]

    def place_name(self, area_id: str) -> str:
        """Return the place name of an area, or the words for all."""
        if area_id not in self.area_ids:
            return tr("displacement.all_areas", n=len(self.area_ids))
        chosen = self.displaced.chosen
        name = called(chosen.place_names[self.area_ids.index(area_id)], area_id)
        return tr("change_page.ended", name=name) if area_id in chosen.retired else name

    def sentence(self, area_id: str, at: int) -> Message:
        """Return the sentence on an area, or all, after a number of months."""
        if area_id not in self.area_ids:
            return state_change(self.displaced, n_months=at + 1).sentence
        n_months = at + 1 - self.late(area_id)
        if n_months < 1:
            since = month(str(self.since(area_id)))
            return msg("change_page.not_yet", who=self.place_name(area_id), since=since)
        return state_change(self.displaced, area_id, n_months).sentence

    def describe_usual(self, at: int) -> tuple[Message, ...]:
        """Compare the areas before and after with the rest of the city and with what is usual.

        Where areas began in different months, by the last month alone: since all are followed.
        """
        core, found = self.displaced.pooled.core, self.course
        if self.displaced.is_staggered:
            is_last = at == len(self.months) - 1
            return before_and_after(self.displaced, found) if is_last else ()
        course = BeforeAfter(
            (found.before.months, at + 1),
            (found.core[0], int(core.counted[at])),
            (found.rest_before, sum(found.rest_monthly[: at + 1])),
            float(core.expectation.mean[at]),
        )
        past = self.displaced.past
        usual, within = mean_past_change(past, at + 1), usual_reach(past, at + 1)
        return describe_before_after(course, usual, len(past), within)

    def too_few(self, at: int) -> list[str]:
        """List the areas with too few incidents to judge."""
        verdicts = {one: self.results(one).verdicts[at] for one in self.by_letter}
        return [one for one, verdict in verdicts.items() if verdict is Verdict.TOO_FEW]


def show_change(change: Change) -> Following:
    """Gather what the page shows of areas, as they were followed."""
    located, displaced = change.located, change.displaced
    chosen = displaced.chosen
    shapes = gpd.GeoDataFrame(
        {"area_id": chosen.area_ids, "place_name": chosen.place_names},
        geometry=[outline(cells) for cells in chosen.cells],
        crs=LONLAT,
    )
    zones, cells = displaced.places.zones, located.grid.h3_cells
    lonlat, _ = cell_corners(cells[np.concatenate([*zones.cores, *zones.rings])])
    corners = (lonlat.min(axis=0), lonlat.max(axis=0))
    return Following(
        shapes,
        displaced,
        match_controls(located, displaced),
        build_quarters(located, displaced),
        build_latest_month(located, displaced),
        located.grid,
        count_course(located, displaced),
        tuple(tuple(corner.round(5)[::-1].tolist()) for corner in corners),
    )


def levels(track: CumulativeCounts) -> list[Level]:
    """Sort each month's sum into five classes, by the verdict's boundary and by chance alone."""
    low, high = track.expectation.bounds(norm_z(COVERAGE))
    is_fewer, is_more = track.counted < low, track.counted > high
    found = is_more.astype(np.int64) - is_fewer + track.sign
    return [
        int(np.clip(level, -2, 2)) if told else None
        for level, told in zip(found, track.has_enough, strict=True)
    ]
