"""The areas of a report, those in service or else the month's candidates, with their facts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from csa.areas.by_time import count_by_month, count_by_part, has_flag
from csa.areas.choices import Choices
from csa.areas.places import cells_of, in_order
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.backtest.record import Record
from csa.base.params import Period
from csa.config.evidence import EvidenceStudy
from csa.dataset.versioned import City
from csa.decisions.registry import core_areas
from csa.decisions.store.records import Records
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet
from csa.priority.area_counts import AreaCounts, count_areas, locating
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
    record: Record | None = None  # what past years show, for the year after
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
    redrawn_on: date | None = None


def areas_of(
    seen: MonthSeen, records: Records, lines: Sequence[ActionLine], today: date
) -> tuple[AreaFacts, ...]:
    """Gather the facts of a month's areas: those in service, else its candidates."""
    rows = _served(records) or _candidates(seen.now)
    areas = [(row.area_id, row.name, row.cells) for row in rows]
    locate = locating(seen.city, seen.now, seen.located)
    counts = count_areas(seen.city, areas, seen.now, locate, seen.record)
    helps = helps_of(seen.city, [row.cells for row in rows])
    found = [
        _facts(seen, row, counts[row.area_id], helped)
        for row, helped in zip(rows, helps, strict=True)
    ]
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
        _Row(area.key, area.place_name, area.state, area.since, area.cells, area.redrawn_on)
        for area in core_areas(records)
    ]


def _candidates(proposal: Proposal) -> list[_Row]:
    areas = proposal.areas
    named = zip(areas["area_id"], areas["place_name"], cells_of(areas), strict=True)
    return [_Row(str(area_id), str(name), CANDIDATE, None, own) for area_id, name, own in named]


def _facts(seen: MonthSeen, row: _Row, counts: AreaCounts, helped: Help | None) -> AreaFacts:
    at_now, at_before = match(row.cells, seen.now), match(row.cells, seen.before)
    tier, tier_before = _tier(seen.now, at_now), _tier(seen.before, at_before)
    candidate = "" if at_now is None else str(seen.now.areas["area_id"].iloc[at_now])
    return AreaFacts(
        area_id=row.area_id,
        letter="" if row.state == CANDIDATE else row.area_id,
        name=row.name,
        state=row.state,
        since=row.since,
        cells=row.cells,
        redrawn_on=row.redrawn_on,
        shape=h3_cells.outline(row.cells),
        km2=counts.area_km2,
        incidents=counts.incidents,
        homicides=counts.homicides,
        recent_12=counts.recent_12,
        usual=counts.usual,
        next12=None if counts.next12 is None else (round(counts.next12[0]), *counts.next12[1:]),
        people=counts.population,
        tier=tier,
        is_first=candidate in seen.first,
        tier_before=tier_before,
        move=_move(seen, (at_now, at_before), (tier, tier_before)),
        is_doubtful=counts.is_doubtful,
        stability=seen.stability.get(candidate),
        times=_times(seen, seen.city.dataset.incidents.iloc[counts.rows]),
        help=helped,
        why=why_here(seen.city, row.cells, seen.risk, seen.studies),
        verdict=None,
        lines=(),
        work=None,
    )


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
