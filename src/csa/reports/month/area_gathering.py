"""The areas of a report, those in service or else the month's candidates, with their facts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.by_time import count_by_month, count_by_part, has_flag
from csa.areas.choices import Choices
from csa.areas.finding import estimate_areas
from csa.areas.locating import locate_incidents
from csa.areas.places import cells_of, in_order
from csa.areas.proposal import Proposal
from csa.areas.sheets import usual_number
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import StudyArea
from csa.base.params import Period
from csa.config.evidence import EvidenceStudy
from csa.dataset.versioned import City
from csa.decisions.registry import core_areas
from csa.decisions.store.records import Records
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet
from csa.geo.ground import resolution_of
from csa.geo.neighborhoods import estimate_population
from csa.reports.briefing import ActionLine
from csa.reports.briefing.working import here, work_plan
from csa.reports.month.alike import match
from csa.reports.month.area_facts import (
    CANDIDATE,
    AreaFacts,
    AreaMonth,
    AreaMove,
    Help,
    Times,
)
from csa.reports.month.helping import helps_of
from csa.risk.why import why_here

YEAR = 12


@dataclass(frozen=True)
class MonthSeen:
    """A month's proposals and data, from which the facts of areas are gathered."""

    city: City  # nothing in its dataset is later than the month
    choices: Choices  # how areas are proposed
    period: Period  # the months counted
    now: Proposal  # the month's proposal
    before: Proposal | None  # the proposal a month earlier
    stability: Mapping[str, float]
    first: frozenset[str]  # ids of the month's candidates that come first
    located: StudyArea  # the incidents on cells of the resolution of `choices`
    next12: pd.DataFrame  # as `csa.priority.next12.next12_of`, of `now`
    risk: Mapping[str, Any] | None = None  # what `csa risk` found by then; None if it has not run
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


@dataclass(frozen=True)
class _Row:
    """An area's identity, before anything is counted."""

    area_id: str
    name: str
    state: str
    since: date | None
    cells: CellSet


def areas_of(
    seen: MonthSeen, records: Records, lines: Sequence[ActionLine], today: date
) -> tuple[AreaFacts, ...]:
    """Gather the facts of a month's areas: those in service, else its candidates."""
    rows = _served(records) or _candidates(seen.now)
    found: list[AreaFacts] = []
    by_size = {seen.located.resolution: (seen.located, list[_Row]())}
    for row in rows:
        size = resolution_of(min(row.cells))
        if size not in by_size:
            alike = replace(seen.choices, resolution=size)
            by_size[size] = locate_incidents(seen.city, alike), []
        by_size[size][1].append(row)
    for located, alike_rows in by_size.values():
        on_land = [located.grid.on_land(row.cells) for row in alike_rows]
        estimates = estimate_areas(located, seen.period, on_land)
        helps = helps_of(seen.city, [row.cells for row in alike_rows])
        for row, estimate, helped in zip(alike_rows, estimates, helps, strict=True):
            found.append(_facts(seen, located, row, estimate, helped))
    found.sort(key=lambda area: in_order(area.area_id, area.name))
    return tuple(
        replace(
            area,
            lines=() if area.is_candidate else here(lines, area.letter),
            work=None if area.is_candidate else work_plan(records, area.letter, lines, today),
        )
        for area in found
    )


def _served(records: Records) -> list[_Row]:
    return [
        _Row(area.key, area.place_name, area.state, area.since, area.cells)
        for area in core_areas(records)
    ]


def _candidates(proposal: Proposal) -> list[_Row]:
    areas = proposal.areas
    named = zip(areas["area_id"], areas["place_name"], cells_of(areas), strict=True)
    return [_Row(str(area_id), str(name), CANDIDATE, None, own) for area_id, name, own in named]


def _facts(
    seen: MonthSeen, located: StudyArea, row: _Row, estimate: Estimate, helped: Help | None
) -> AreaFacts:
    at_now, at_before = match(row.cells, seen.now), match(row.cells, seen.before)
    tier, tier_before = _tier(seen.now, at_now), _tier(seen.before, at_before)
    known = None if estimate.is_sure else (estimate.low, estimate.high)
    shape = h3_cells.outline(row.cells)
    is_in = np.isin(located.cells, np.fromiter(row.cells, dtype=np.uint64))
    year = Period.before(seen.period.until, YEAR)
    candidate = "" if at_now is None else str(seen.now.areas["area_id"].iloc[at_now])
    rows = located.rows[is_in & seen.period.holds(located.month)]
    incidents = located.dataset.incidents.iloc[rows]
    n_suspect = int(has_flag(incidents, "suspect_point").sum())
    return AreaFacts(
        area_id=row.area_id,
        letter="" if row.state == CANDIDATE else row.area_id,
        name=row.name,
        state=row.state,
        since=row.since,
        cells=row.cells,
        shape=shape,
        km2=float(located.grid.size_km2(located.grid.on_land(row.cells))),
        incidents=len(incidents),
        recent_12=int((is_in & year.holds(located.month)).sum()),
        usual=None if known is None else usual_number(*known),
        next12=_next12(seen, candidate),
        people=estimate_population(shape, seen.city.dataset.neighborhoods),
        tier=tier,
        is_first=candidate in seen.first,
        tier_before=tier_before,
        move=_move(seen, (at_now, at_before), (tier, tier_before)),
        is_doubtful=bool(len(incidents)) and Proposal.is_doubtful(n_suspect, len(incidents)),
        stability=seen.stability.get(candidate),
        times=_times(seen, incidents),
        help=helped,
        why=why_here(seen.city, row.cells, seen.risk, seen.studies),
        verdict=None,
        lines=(),
        work=None,
    )


def _next12(seen: MonthSeen, candidate: str) -> tuple[int, int, int] | None:
    """Return what to expect in the candidate that an area is, or mostly lies in."""
    if candidate not in seen.next12.index:
        return None
    expected, low, high = seen.next12.loc[[candidate]].to_numpy(dtype=np.float64)[0].tolist()
    return None if math.isnan(expected) else (round(expected), int(low), int(high))


def _tier(proposal: Proposal | None, at: int | None) -> int | None:
    if proposal is None or at is None:
        return None
    tier = proposal.areas["tier"].iloc[at]
    return None if tier is None or math.isnan(tier) else int(tier)


def _move(
    seen: MonthSeen, at: tuple[int | None, int | None], tiers: tuple[int | None, int | None]
) -> AreaMove:
    if seen.before is None:
        return AreaMove.UNKNOWN
    is_now, was_before = (place is not None for place in at)
    if not (is_now and was_before):
        return {
            (True, False): AreaMove.NEW,
            (False, True): AreaMove.GONE,
            (False, False): AreaMove.ABSENT,
        }[is_now, was_before]
    # Having no tier ranks below every tier: the area cannot be told apart from the city.
    now, before = (math.inf if tier is None else tier for tier in tiers)
    if now == before:
        return AreaMove.SAME
    return AreaMove.HIGHER if now < before else AreaMove.LOWER


def _times(seen: MonthSeen, incidents: pd.DataFrame) -> Times:
    first, through = (
        date.fromisoformat(seen.city.dataset.report[name]) for name in ("data_from", "data_through")
    )
    by_month = count_by_month(incidents, seen.period, first, through)
    by_part = count_by_part(incidents)
    return Times(
        tuple(
            AreaMonth(str(month), int(n) if covered else None, bool(partial))
            for month, n, partial, covered in by_month[
                ["month", "incidents", "is_partial", "is_covered"]
            ].itertuples(index=False)
        ),
        None if by_part is None else tuple(tuple(map(int, row)) for row in by_part.to_numpy()),
        int(has_flag(incidents, "no_time").sum()),
        int(has_flag(incidents, "reported_time").sum()),
    )
