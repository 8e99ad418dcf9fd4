"""Candidate areas of any past period, for proposals and backtests; `walkable` chooses the cells."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from csa.areas.choices import AreaSettings, resolve_dbscan, suggest_dbscan
from csa.areas.expected import N_RINGS, CellCounts, estimate_area, fit_field
from csa.areas.forming import (
    NOISE,
    AreaSet,
    NeighborGraph,
    form_areas,
    limited_areas,
    link,
    refuse_large_cells,
)
from csa.areas.proposal import Proposal
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import StudyArea
from csa.areas.walkable import ROUNDING, min_incidents_per_cell
from csa.areas.window import PeriodIncidents
from csa.base.arrays import Bools, Floats, Ints
from csa.base.params import LAND_SHARE, AreaParams, DbscanParams, DocumentedDbscan, Period
from csa.geo.cells import CellSet
from csa.geo.grid import Grid

# ---- Radius and minimum from the city's own data: the density at which areas hold a share of land.


TYPICAL_EPS_M = 200.0
EPS_RANGE_M = (100.0, 600.0)
EPS_STEP_M = 10.0
LEAST_SAMPLES = 3
"""Two incidents within a few streets are chance; with fewer incidents the radius widens instead."""

N_HALVINGS = 12
CLOSE_ENOUGH = 0.97


def find_density(
    areas_at: Callable[[float], Sequence[CellSet]],
    expected: Floats,
    grid: Grid,
    land_share: float = LAND_SHARE,
) -> float:
    """Find the density at which areas cover as much land as they may, and no more.

    By halving between the density of a fifth of the land and that of the busiest cell.

    Parameters
    ----------
    areas_at
        Finds areas at a density, incidents per km2.
    expected
        (m,) incidents that each cell is expected to hold.
    grid
        The study area's cells.
    land_share
        The share of the study area's land that areas may cover.

    Returns
    -------
    float
        Incidents per km2; infinity where nothing is expected, or all lies in one small place.
    """
    size = grid.area_km2.to_numpy(dtype=np.float64)
    per_km2 = np.sort(expected / size)[::-1]
    if not per_km2.max(initial=0.0):
        return math.inf
    most_km2, best_km2, best = land_share * float(size.sum()), 0.0, math.inf
    high, low = float(per_km2[0]), float(per_km2[min(len(per_km2) - 1, len(per_km2) // 5)])
    for _ in range(N_HALVINGS):
        middle = math.sqrt(low * high) if low else high / 2
        km2 = math.fsum(grid.size_km2(area) for area in areas_at(middle))
        low, high = (low, middle) if km2 <= most_km2 else (middle, high)
        if best_km2 < km2 <= most_km2:
            best_km2, best = km2, middle
        if best_km2 >= CLOSE_ENOUGH * most_km2:
            break
    return best


def radius_for(per_km2: float) -> DbscanParams:
    """Choose the radius in which as dense a place holds `LEAST_SAMPLES`, and the minimum."""
    low_m, high_m = EPS_RANGE_M
    if not math.isfinite(per_km2):
        return DbscanParams(high_m, LEAST_SAMPLES)
    least_m = 1000 * math.sqrt(LEAST_SAMPLES / (math.pi * per_km2))
    eps_m = EPS_STEP_M * math.ceil(max(least_m, TYPICAL_EPS_M) / EPS_STEP_M)
    eps_m = min(max(eps_m, low_m), high_m)
    asked = per_km2 * math.pi * (eps_m / 1000) ** 2
    return DbscanParams(eps_m, max(LEAST_SAMPLES, round(asked)))


def document(
    located: StudyArea, period: Period, choices: AreaSettings, documented: DocumentedDbscan | None
) -> DocumentedDbscan:
    """Return the radius and minimum that are documented, else those that the data lead to.

    The density at which areas cover their share of the land, and the radius in which enough
    incidents are that dense.
    """
    if documented is not None:
        return documented
    limit_km2 = search_size_limit(choices)
    if (period, limit_km2) not in located.searched:
        located.searched[period, limit_km2] = _search(located, period, limit_km2)
    return located.searched[period, limit_km2]


def search_size_limit(choices: AreaSettings) -> float:
    """Return the size limit that a density is searched under: without one, the usual one."""
    return choices.max_area_km2 or AreaSettings().max_area_km2


def _search(located: StudyArea, period: Period, limit_km2: float) -> DocumentedDbscan:
    window, expected, grid = located.window(period), located.expected(period), located.grid
    xy, at = window.xy[~window.is_suspect], window.at[~window.is_suspect]
    counts, everyone = np.bincount(at, minlength=len(expected)), np.ones(len(at), dtype=bool)
    graphs: dict[float, NeighborGraph] = {}
    least_expected = located.least(period)
    too_much_km2 = LAND_SHARE * float(grid.area_km2.sum()) * (1 + ROUNDING)

    def areas_at(per_km2: float) -> list[CellSet]:
        params = AreaParams(radius_for(per_km2), located.resolution, limit_km2, per_km2)
        refuse_large_cells(grid, params)
        eps_m, least = params.dbscan.eps_m, params.dbscan.min_samples
        if eps_m not in graphs:
            graphs.clear()  # radii mostly go one way, and each graph of a large city is large
            graphs[eps_m] = link(xy, at, grid, eps_m)
        reached = graphs[eps_m].reached(everyone, least)
        areas = limited_areas(reached, expected, counts, grid, params, least_expected)
        firm, km2 = [], 0.0
        doubtless = _drop_doubtful(areas, window, grid)
        doubtless.sort(key=lambda area: -float(expected[grid.at(area)].sum()))
        for area in _worth_serving(doubtless, located, period):
            firm.append(area)
            km2 += grid.size_km2(area)
            if km2 > too_much_km2:  # how much more does not matter, and each estimate takes long
                break
        return firm

    per_km2 = find_density(areas_at, expected, grid)
    dbscan, n_incidents = radius_for(per_km2), max(1, len(window))
    dense_per_km2 = per_km2 if math.isfinite(per_km2) else None
    return DocumentedDbscan(
        dbscan.eps_m, dbscan.min_samples, n_incidents, LEAST_SAMPLES, dense_per_km2
    )


def resolve_params(
    located: StudyArea, period: Period, choices: AreaSettings, documented: DocumentedDbscan | None
) -> AreaParams:
    """Return the parameters: what was chosen, else what is suggested for so many incidents."""
    known = document(located, period, choices, documented)
    return params_for(known, choices, int(located.counts(period).sum()))


def params_for(documented: DocumentedDbscan, choices: AreaSettings, n_incidents: int) -> AreaParams:
    """Fit documented values to a number of incidents; what was chosen by hand stands."""
    suggested = suggest_dbscan(documented, n_incidents)
    dbscan, dense_per_km2 = resolve_dbscan(choices, suggested), None
    if dbscan == suggested and documented.dense_per_km2 is not None:
        dense_per_km2 = documented.dense_per_km2 * n_incidents / documented.at_incidents
    return AreaParams(dbscan, choices.resolution, choices.max_area_km2, dense_per_km2)


def find_areas(
    located: StudyArea, period: Period, params: AreaParams, window: PeriodIncidents | None = None
) -> AreaSet:
    """Find the candidate areas of a period, from what was known at its end.

    With a size limit, incidents at points that may stand for unknown places find no area, and an
    area that owes them a third of its incidents or more is not proposed; nor is one that is
    expected to hold too few a year to be worth serving, corrected for chance or not. Without,
    clusters are plain.
    """
    window = located.window(period) if window is None else window
    expected, least = located.expected(period), located.least(period)
    if not params.is_limited:
        return form_areas(window.xy, window.at, located.grid, params, expected)
    is_used = ~window.is_suspect
    xy, at = window.xy[is_used], window.at[is_used]
    found = form_areas(xy, at, located.grid, params, expected, least)
    doubtless = _drop_doubtful(found.areas, window, located.grid)
    firm = tuple(_worth_serving(doubtless, located, period))

    def find_labels() -> tuple[Ints, Bools]:
        cluster_id = np.full(len(is_used), NOISE, dtype=np.int64)
        is_core = np.zeros(len(is_used), dtype=bool)
        cluster_id[is_used], is_core[is_used] = found.labels
        return cluster_id, is_core

    def find_fringe() -> CellSet:
        return found.fringe.union(*found.areas).difference(*firm)

    return AreaSet(firm, find_labels, find_fringe)


def find_areas_by_period(
    located: StudyArea, asked: Iterable[tuple[Period, AreaParams]]
) -> Iterator[tuple[CellSet, ...]]:
    """Find the areas of one period after another, as `find_areas`.

    Windows month by month have nearly all of their incidents in common: as long as the radius is
    the same, what lies near each other is found once.
    """

    def radius(one: tuple[Period, AreaParams]) -> float | None:
        return one[1].dbscan.eps_m if one[1].is_limited else None

    for eps_m, alike in itertools.groupby(asked, radius):
        windows = [*alike]
        if eps_m is None or len(windows) == 1:
            yield from (find_areas(located, *window).areas for window in windows)
        else:
            yield from _linked_once(located, windows, eps_m)


def _linked_once(
    located: StudyArea, windows: Sequence[tuple[Period, AreaParams]], eps_m: float
) -> Iterator[tuple[CellSet, ...]]:
    """Find the areas of periods under a size limit, all with one radius."""
    is_asked = np.zeros(len(located.month), dtype=bool)
    for period, params in windows:
        refuse_large_cells(located.grid, params)
        is_asked |= period.contains(located.month)
    rows, grid = np.flatnonzero(is_asked & ~located.is_suspect), located.grid
    at, month = located.positions[rows], located.month[rows]
    graph = link(located.xy[rows], at, grid, eps_m)
    for period, params in windows:
        is_in = period.contains(month)
        reached = graph.reached(is_in, params.dbscan.min_samples)
        counts = np.bincount(at[is_in], minlength=len(grid.area_km2))
        expected, least = located.expected(period), located.least(period)
        areas = limited_areas(reached, expected, counts, grid, params, least)
        firm = _drop_doubtful(areas, located.window(period), grid)
        yield tuple(sorted(_worth_serving(firm, located, period), key=grid.middle))


def _drop_doubtful(areas: Sequence[CellSet], window: PeriodIncidents, grid: Grid) -> list[CellSet]:
    """Leave out areas that owe too many of their incidents to suspect points."""
    if not window.is_suspect.any():
        return [*areas]
    of_all, suspect = (
        np.bincount(at, minlength=len(grid.area_km2))
        for at in (window.at, window.at[window.is_suspect])
    )
    places = [grid.at(area) for area in areas]
    return [
        area
        for area, at in zip(areas, places, strict=True)
        if not Proposal.is_doubtful(int(suspect[at].sum()), int(of_all[at].sum()))
    ]


def find_corners(
    located: StudyArea, period: Period, params: AreaParams, areas: Sequence[CellSet]
) -> list[CellSet]:
    """Find places as dense as areas that are expected to hold too little to be areas."""
    if not params.is_limited:
        return []
    grid, counts = located.grid, located.counts(period)
    is_dense = located.expected(period) >= min_incidents_per_cell(grid, params)
    for area in areas:
        is_dense[grid.at(area)] = False
    pieces = grid.pieces(np.flatnonzero(is_dense).tolist())
    return [grid.cells(one) for one in pieces if counts[[*one]].sum() >= LEAST_SAMPLES]


SURELY = 2.0
"""An area that is expected to hold so many times what it must is worth serving in any case."""


def _worth_serving(
    areas: Sequence[CellSet], located: StudyArea, period: Period
) -> Iterator[CellSet]:
    """Leave out areas that, corrected for chance, are expected to hold too little."""
    least, expected = located.least(period), located.expected(period)
    estimator = Estimator(located, period) if areas and least else None
    for area in areas:
        if (
            estimator is None
            or expected[located.grid.at(area)].sum() >= SURELY * least
            or (estimate := estimator.estimate(area)).is_sure
            or estimate.mean >= least
        ):
            yield area


class Estimator:
    """Estimates areas of one period: the city's field is fitted once, each area once."""

    def __init__(self, located: StudyArea, period: Period) -> None:
        self._located = located
        counts = located.counts(period).astype(np.float64)
        grid = located.grid
        self._cells = CellCounts(
            counts, grid.area_km2.to_numpy(), grid.around(N_RINGS), grid.center_xy, grid.apart_m
        )
        fields = located.fields
        if period not in fields:
            fields[period] = fit_field(self._cells)
        self._period, self._field = period, fields[period]

    def estimate(self, area: CellSet) -> Estimate:
        """Estimate an area's expected count in a period as long, corrected for chance."""
        places = self._located.place(area)
        make = partial(estimate_area, places, self._cells, self._field)
        return self._located.estimate(self._period, places, make)


def estimate_areas(
    located: StudyArea, period: Period, areas: Sequence[CellSet]
) -> tuple[Estimate, ...]:
    """Estimate each area's expected count in a period as long, corrected for chance."""
    estimator = Estimator(located, period)
    return tuple(estimator.estimate(area) for area in areas)
