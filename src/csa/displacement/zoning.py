"""Areas, their rings and the rest of the city on the grid: by month, and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from csa.areas.finding import Estimator
from csa.areas.study_area import StudyArea
from csa.areas.year_to_date import whole_months
from csa.base.arrays import Ints
from csa.base.errors import PeriodError
from csa.base.params import Month, Period
from csa.displacement.dispersion import Dispersion, estimate_dispersion
from csa.displacement.expectation import Baseline
from csa.displacement.past import BEFORE_MONTHS, PastCohort
from csa.displacement.usual import PastYear
from csa.displacement.zones import Zones, draw_zones
from csa.geo.cells import parents
from csa.geo.grid import CellSet

Claims = npt.NDArray[np.bool_]

BASE_MONTHS = 36
"""Months before the start that expected counts rest on, as in proposals."""

LEAST_BEFORE = 12
"""Without a whole year before, seasons would look like change."""

HISTORY_MONTHS = 60
BLOCK_STEPS = 2
"""Places of the city's history are cells two levels coarser: about as many incidents as an area,
without a choice by count."""


@dataclass(frozen=True)
class FollowedPlaces:
    """Areas to be followed, on the grid."""

    zones: Zones  # areas, rings and the rest
    cores: tuple[Baseline, ...]  # what was expected of each area before the start
    rings: tuple[Baseline | None, ...]  # what was expected of each ring; None without a ring
    rest_before: int  # incidents of the rest in the same months
    base: Period  # those months
    cells: tuple[CellSet, ...]  # of each area, its cells in the study area
    n_outside: int  # how many cells of areas lie outside and were left out


def place_areas(located: StudyArea, areas: Sequence[CellSet], since: Month) -> FollowedPlaces:
    """Put areas on the grid, with their expected counts before a start."""
    grid = located.grid
    inside = tuple(grid.on_land(area) for area in areas)
    n_outside = sum(map(len, areas)) - sum(map(len, inside))
    at = [np.array(sorted(grid.places[cell] for cell in area), dtype=np.int64) for area in inside]
    zones = draw_zones(at, located.spirals, grid.centre_xy)
    base = base_months(located, since)
    estimator = Estimator(located, base)
    cells = grid.area_km2.index.to_numpy()

    def estimate(places: Ints) -> Baseline | None:
        if not len(places):
            return None
        found = estimator.estimate(frozenset(cells[places].tolist()))
        return Baseline(found.mean, 0.0 if found.is_sure else found.alpha / found.rate**2)

    cores = tuple(one for one in map(estimate, zones.cores) if one is not None)
    rings = tuple(estimate(ring) for ring in zones.rings)
    rest_before = int(located.counts(base)[zones.rest].sum())
    return FollowedPlaces(zones, cores, rings, rest_before, base, inside, n_outside)


def base_months(located: StudyArea, since: Month) -> Period:
    """Return the months before a start that expectations rest on."""
    covered = covered_months(located)
    if covered.months <= LEAST_BEFORE:
        # Any start would be refused, so the message does not suggest one.
        raise PeriodError("displacement.short", n=covered.months, least=LEAST_BEFORE)
    start = max(covered.start.index, since.index - BASE_MONTHS)
    if since.index - start < LEAST_BEFORE:
        raise PeriodError(
            "displacement.before",
            since=since,
            least=LEAST_BEFORE,
            first=covered.start.plus(LEAST_BEFORE),
        )
    return Period(since.plus(start - since.index), since)


def covered_months(located: StudyArea) -> Period:
    """Return the whole months that the data cover."""
    report = located.dataset.report
    if report["data_from"] is None or report["data_through"] is None:
        raise PeriodError("period.no_data")
    first, last = (date.fromisoformat(report[name]) for name in ("data_from", "data_through"))
    covered = whole_months(first, last)
    if covered is None:
        raise PeriodError("backtest.no_month")
    return covered


def monthly_counts(
    located: StudyArea,
    groups: Ints,
    n_groups: int,
    period: Period,
    is_counted: Claims | None = None,
) -> Ints:
    """Count incidents by group of cells and month.

    Returns (n_groups, months).
    """
    group, month = groups[located.positions], located.month - period.start.index
    is_in = (group >= 0) & (month >= 0) & (month < period.months)
    if is_counted is not None:
        is_in &= is_counted
    flat = group[is_in] * period.months + month[is_in]
    counts = np.bincount(flat, minlength=n_groups * period.months)
    return counts.reshape(n_groups, period.months)


def zone_counts(
    located: StudyArea, zones: Zones, period: Period, is_counted: Claims | None = None
) -> tuple[Ints, Ints, Ints]:
    """Count incidents of areas, of their rings and of the rest by month.

    Returns (n, months), (n, months), (months,).
    """
    n = len(zones.cores)
    groups = np.full(len(located.grid.area_km2), 2 * n, dtype=np.int64)
    for area, (core, ring) in enumerate(zip(zones.cores, zones.rings, strict=True)):
        groups[core], groups[ring] = area, n + area
    counts = monthly_counts(located, groups, 2 * n + 1, period, is_counted)
    return counts[:n], counts[n : 2 * n], counts[2 * n]


def measure_history(located: StudyArea, since: Month) -> Dispersion:
    """Estimate how much counts of fixed places varied in the years before a start."""
    start = max(covered_months(located).start.index, since.index - HISTORY_MONTHS)
    period = Period(since.plus(start - since.index), since)
    blocks = parents(located.grid.area_km2.index.to_numpy(), BLOCK_STEPS)
    numbers, groups = np.unique(blocks, return_inverse=True)
    return estimate_dispersion(monthly_counts(located, groups, len(numbers), period))


def past_of(located: StudyArea, areas: Sequence[CellSet], origin: Month, months: int) -> PastCohort:
    """Count what came in, around and outside areas chosen on a past day, before and after it."""
    places = place_areas(located, areas, origin)
    core, ring, rest = zone_counts(located, places.zones, Period(origin, origin.plus(months)))
    rings = [base for base in places.rings if base is not None]
    name, before = str(origin), places.rest_before
    core_before, _, rest_before = zone_counts(
        located, places.zones, Period.before(origin, BEFORE_MONTHS)
    )
    return PastCohort(
        PastYear(name, Baseline.total(places.cores), before, core.sum(axis=0), rest),
        PastYear(name, Baseline.total(rings), before, ring.sum(axis=0), rest),
        len(areas),
        int(core_before.sum()),
        int(rest_before.sum()),
    )
