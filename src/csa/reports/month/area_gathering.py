"""The areas of a report, those in service or else the month's candidates, with their facts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from csa.analysis.analysis import Analysis
from csa.areas.places import in_order, list_cells
from csa.areas.priority.area_counts import count_areas
from csa.areas.proposal import Proposal
from csa.areas.sheets import sheet_on
from csa.base.crs import LONLAT, to_metres
from csa.base.text import natural_sort_key
from csa.city.dataset import City, Dataset
from csa.city.loading import EvidenceStudy
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, best_match
from csa.geo.neighborhoods import estimate_populations
from csa.geo.services import count_services, gaps
from csa.reports.briefing.lines import ActionLine, actions_for_area, work_plan
from csa.reports.month.facts import AreaFacts, AreaServices, Service, TierMove, Unserved
from csa.risk.explanation import explain_area

# ---- Match areas and candidates that are the same place, whatever their letters and cell sizes.


def unlike(areas: Sequence[AreaFacts], proposal: Proposal | None) -> tuple[str, ...]:
    """Name the candidates of a proposal that are none of some areas, and do not lie in one."""
    if proposal is None:
        return ()
    shapes = list_cells(proposal.areas)
    served = {best_match(area.cells, shapes) for area in areas}
    lost = _unmatched(proposal, [area.cells for area in areas])
    return tuple(name for name, at in lost if at not in served)


def _unmatched(proposal: Proposal, grounds: Sequence[CellSet]) -> list[tuple[str, int]]:
    """List the candidates that are the same place as none of some grounds, with their rows."""
    named = enumerate(zip(proposal.areas["place_name"], list_cells(proposal.areas), strict=True))
    found = [(str(name), at) for at, (name, own) in named if best_match(own, grounds) is None]
    return sorted(found, key=lambda one: natural_sort_key(one[0]))


def not_served(areas: Sequence[AreaFacts], now: Proposal, table: pd.DataFrame) -> list[Unserved]:
    """List a month's candidates that are not in service, with how certain they are."""
    rows = table.set_index("place_name", drop=False).loc[list(unlike(areas, now))]
    tiers = [None if pd.isna(tier) else int(tier) for tier in rows["tier"].tolist()]
    doubtful = rows["is_doubtful"].astype(bool).tolist()
    shapes = now.areas.set_index("place_name").geometry.loc[rows["place_name"]].tolist()
    return list(map(Unserved, map(str, rows["place_name"]), tiers, doubtful, shapes))


def lost_names(before: Proposal, now: Proposal) -> tuple[str, ...]:
    """Name the candidates of one month that are gone a month later."""
    return tuple(name for name, _ in _unmatched(before, list_cells(now.areas)))


def match(cells: CellSet, proposal: Proposal | None) -> int | None:
    """Return the position of the candidate that is the same place as an area."""
    return None if proposal is None else best_match(cells, list_cells(proposal.areas))


# ---- Services in and near areas: how many, which kinds are missing, and where they are.


MIN_PEOPLE = 500
"""Residents below which no rate is given: one service more or less would double it."""


def services_by_area(city: City, areas: Sequence[CellSet]) -> list[AreaServices | None]:
    """Return the services of each area; None if the city has no list."""
    services, near = city.dataset.services, city.config.services
    if services is None or near is None:
        return [None] * len(areas)
    shapes = [h3_cells.outline(cells) for cells in areas]
    names = [str(at) for at in range(len(areas))]
    outlined = gpd.GeoDataFrame({"area_id": names}, geometry=shapes, crs=LONLAT)
    crs = city.config.city.metric_crs
    lacking = gaps(count_services(outlined, services, near.near_m, crs))
    points = to_metres(services.geometry, crs).to_numpy()
    outlines = to_metres(outlined.geometry, crs).to_numpy()
    found: list[AreaServices | None] = []
    populations = estimate_populations(shapes, city.dataset.neighborhoods)
    for name, outline, people in zip(names, outlines, populations, strict=True):
        away_m = np.asarray(shapely.distance(outline, points), dtype=np.float64).round(1)
        close = _near(services, away_m, near.near_m)
        n_inside = sum(one.metres == 0 for one in close)
        rate = None if people is None or people < MIN_PEOPLE else n_inside / (people / 1000)
        found.append(AreaServices(close, n_inside, lacking.get(name, ()), rate))
    return found


def _near(
    services: gpd.GeoDataFrame, away_m: npt.NDArray[np.float64], near_m: float
) -> tuple[Service, ...]:
    names, kinds = services["name"].tolist(), services["kind"].tolist()
    lon, lat = services.geometry.x.tolist(), services.geometry.y.tolist()
    order = sorted(
        np.flatnonzero(away_m <= near_m).tolist(), key=lambda at: (away_m[at], names[at], kinds[at])
    )
    return tuple(
        Service(number, names[at], kinds[at], lon[at], lat[at], float(away_m[at]))
        for number, at in enumerate(order, start=1)
    )


def services_per_1k(dataset: Dataset) -> float | None:
    """Return the whole city's services per 1,000 residents; None if unknown."""
    people = dataset.report.get("population")
    if dataset.services is None or people is None or people < MIN_PEOPLE:
        return None
    return int(dataset.services.intersects(dataset.study_area).sum()) / (float(people) / 1000)


@dataclass(frozen=True)
class MonthContext:
    """A month's proposals and answers, from which the facts of areas are gathered."""

    analysis: Analysis  # nothing in its dataset is later than the month
    now: Proposal  # the month's proposal
    before: Proposal | None  # the proposal a month earlier
    stability: Mapping[str, float]
    first: frozenset[str]  # ids of the month's candidates that come first
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


def gather_areas(
    seen: MonthContext, lines: Sequence[ActionLine], today: date
) -> tuple[AreaFacts, ...]:
    """Gather the facts of a month's areas: those in service, else its candidates."""
    analysis, proposed = seen.analysis, seen.now.areas
    services = {area.key: area for area in analysis.core_areas}
    areas = [(area.key, area.place_name, area.cells) for area in services.values()] or list(
        zip(proposed["area_id"], proposed["place_name"], list_cells(proposed), strict=True)
    )
    counts = count_areas(analysis.city, areas, seen.now, analysis.on_cells, analysis.backtest)
    helps = services_by_area(analysis.city, [cells for *_, cells in areas])
    found = []
    for own, helped in zip(counts.values(), helps, strict=True):
        key, is_served = own.area_id, own.area_id in services
        at_now, at_before = match(own.cells, seen.now), match(own.cells, seen.before)
        tier, tier_before = _tier(seen.now, at_now), _tier(seen.before, at_before)
        candidate = "" if at_now is None else str(proposed["area_id"].iloc[at_now])
        next12 = None if own.next12 is None else (round(own.next12[0]), *own.next12[1:])
        area = AreaFacts(
            **vars(own) | {"next12": next12},
            service=services.get(key),
            shape=h3_cells.outline(own.cells),
            tier=tier,
            is_first=candidate in seen.first,
            tier_before=tier_before,
            move=_move(seen, (at_now, at_before), (tier, tier_before)),
            stability=seen.stability.get(candidate),
            times=sheet_on(analysis.city.dataset, seen.now, vars(own), own.rows),
            help=helped,
            why=explain_area(analysis.city, own.cells, analysis.risk, seen.studies),
            lines=actions_for_area(lines, key) if is_served else (),
            work=work_plan(analysis.records, key, lines, today) if is_served else None,
        )
        found.append(area)
    return tuple(sorted(found, key=lambda area: in_order(area.area_id, area.place_name)))


def _tier(proposal: Proposal | None, at: int | None) -> int | None:
    if proposal is None or at is None:
        return None
    tier = proposal.areas["tier"].iloc[at]
    return None if tier is None or math.isnan(tier) else int(tier)


def _move(
    seen: MonthContext, at: tuple[int | None, int | None], tiers: tuple[int | None, int | None]
) -> TierMove:
    if seen.before is None:
        return TierMove.UNKNOWN
    at_now, at_before = at
    if at_now is None:
        return TierMove.ABSENT if at_before is None else TierMove.GONE
    if at_before is None:
        return TierMove.NEW
    # Having no tier ranks below every tier: the area cannot be told apart from the city.
    now, before = (math.inf if tier is None else tier for tier in tiers)
    if now == before:
        return TierMove.SAME
    return TierMove.HIGHER if now < before else TierMove.LOWER
