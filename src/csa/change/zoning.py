"""Areas, their rings and the rest of the city on the grid: by month, and what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from csa.areas.finding import Estimator
from csa.areas.study_area import StudyArea
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.change.area_series import SeriesPart
from csa.change.expectation import Baseline, Dispersion, estimate_dispersion
from csa.change.past import BEFORE_MONTHS, PastCohort, PastYear
from csa.city.dataset import City
from csa.city.preregistration import BAND_EDGES_M, BASE_MONTHS, RING_M
from csa.city.selection import AreaVersion
from csa.geo.cells import CellSet, parents, refine
from csa.geo.grid import Grid

TWO_STEPS = 2.1
"""Distances between neighbors: where cells are so large that `RING_M` is less, a ring is two steps;
three are at least 2.6."""

CONTROL_LAND = 3.0
"""A control has so many times its area's land: with less, chance alone moves it too much."""

CLOSE = 0.5
"""Controls where shootings were less than half, or more than twice, as frequent are refused."""


@dataclass(frozen=True)
class Zones:
    """The study area's cells, divided into areas, rings and the rest."""

    cores: tuple[Ints, ...]  # of each of n areas, the places of its cells in the grid
    rings: tuple[Ints, ...]  # of each area, those within `RING_M` of it that are in no area
    rest: Ints  # all others
    bands: tuple[tuple[Ints, ...], ...]  # of the rest, by band farther out and area


@dataclass(frozen=True)
class Control:
    """The cells that an area is compared with."""

    cells: Ints  # their places in the grid
    rate_ratio: float | None

    @property
    def is_close(self) -> bool:
        """Whether it was similar enough to the area to compare the two."""
        return self.rate_ratio is not None and CLOSE <= self.rate_ratio <= 1 / CLOSE


def draw_zones(cores: Sequence[Ints], center_xy: Floats, ring_m: float = RING_M) -> Zones:
    """Divide the study area's cells into areas, their rings and the rest.

    A cell near several areas goes to the one whose cells are nearest; then to the first.
    """
    owner = _owners(cores, len(center_xy))
    others = np.flatnonzero(owner < 0)
    edges = ring_m * np.array(BAND_EDGES_M) / RING_M
    most_m, others_xy = edges[-1] + 1, center_xy[others]
    nearest_m = np.full(len(owner), edges[-1])
    for area, core in enumerate(cores):
        near = others[_is_near(others_xy, center_xy[core], most_m)]
        meters, _ = cKDTree(center_xy[core]).query(center_xy[near], distance_upper_bound=most_m)
        # To the decimeter: cells of one distance differ in the last digits of their centers.
        apart_m = np.round(meters, 1)
        is_nearer = apart_m < nearest_m[near]
        owner[near[is_nearer]] = area
        nearest_m[near[is_nearer]] = apart_m[is_nearer]
    zone = np.searchsorted(edges, nearest_m[others], side="right")
    rings, *bands = (
        tuple(others[(owner[others] == area) & (zone == band)] for area in range(len(cores)))
        for band in range(len(edges))
    )
    # Of a large city, kept for each setting.
    rest = others[(owner[others] < 0) | (zone > 0)].astype(np.int32)
    return Zones(tuple(np.sort(core) for core in cores), rings, rest, tuple(bands))


def compared_with(zones: Zones, band: int) -> Ints:
    """Return what a band is compared with besides rings: all but the areas, rings and itself."""
    return np.setdiff1d(zones.rest, np.concatenate([*zones.bands[band]]))


def _is_near(xy: Floats, core_xy: Floats, most_m: float) -> Bools:
    """Return which points are in the rectangle around a core: few in a large city."""
    is_in = (xy >= core_xy.min(axis=0) - most_m) & (xy <= core_xy.max(axis=0) + most_m)
    return np.asarray(is_in.all(axis=1))


def ring_width_m(grid: Grid) -> float:
    """Return how far a ring reaches: `RING_M`, or two steps where cells are so large."""
    return max(RING_M, TWO_STEPS * grid.spacing_m)


def _owners(cores: Sequence[Ints], n_cells: int) -> Ints:
    owner = np.full(n_cells, -1, dtype=np.int64)
    for area, core in enumerate(cores):
        if not len(core):
            raise ParamError("displacement.no_cells", number=area + 1)
        taken = owner[core]
        if (taken >= 0).any():
            first = int(taken[taken >= 0][0])
            raise ParamError("displacement.shared_cells", first=first + 1, second=area + 1)
        owner[core] = area
    return owner


def match_control(
    core: Ints, rest: Ints, earlier_per_km2: Floats | None, area_km2: Floats
) -> Control:
    """Find cells where shootings were about as frequent as in an area, in earlier years.

    Never by the counts that chose the area: a cell outside all areas reaches a high count mostly by
    chance, and falls afterwards. Rates of earlier years must be corrected for chance.
    """
    if earlier_per_km2 is None or not len(rest):
        return Control(rest, None)
    own = _mean(earlier_per_km2, area_km2, core)
    if not own:
        return Control(rest, None)
    apart = np.abs(earlier_per_km2[rest] - own)
    order = rest[np.lexsort((rest, apart))]
    enough = CONTROL_LAND * float(area_km2[core].sum())
    n_taken = int(np.searchsorted(np.cumsum(area_km2[order]), enough)) + 1
    taken = np.sort(order[:n_taken])
    return Control(taken, _mean(earlier_per_km2, area_km2, taken) / own)


def _mean(per_km2: Floats, area_km2: Floats, cells: Ints) -> float:
    return float(np.average(per_km2[cells], weights=area_km2[cells]))


LEAST_BEFORE = 12
"""Without a whole year before, seasons would look like change."""

HISTORY_MONTHS = 60
HISTORY_RESOLUTION = 7
"""Places of the city's history are cells of 5 km2: about as many incidents as an area, without a
choice by count."""


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
    counted: tuple[int, ...] = ()  # incidents of each area in those months


def place_areas(
    located: StudyArea,
    areas: Sequence[CellSet],
    since: Month,
    estimator: Estimator | None = None,
) -> FollowedPlaces:
    """Put areas on the grid, with their expected counts before a start."""
    grid = located.grid
    at = [located.place(area) for area in areas]
    numbers = grid.h3_cells
    inside = tuple(frozenset(numbers[places].tolist()) for places in at)
    n_outside = sum(len(refine(area, located.resolution)) for area in areas) - sum(map(len, at))
    zones = draw_zones(at, grid.center_xy, ring_width_m(grid))
    base = base_months(located, since)
    estimator = estimator or Estimator(located, base)
    cores = tuple(estimate_base(located, estimator, core) for core in zones.cores)
    rings = tuple(
        estimate_base(located, estimator, ring) if len(ring) else None for ring in zones.rings
    )
    rest_before = int(located.counts(base)[zones.rest].sum())
    here = tuple(int(located.counts(base)[core].sum()) for core in zones.cores)
    return FollowedPlaces(zones, cores, rings, rest_before, base, inside, n_outside, here)


def estimate_base(located: StudyArea, estimator: Estimator, places: Ints) -> Baseline:
    """Estimate what is expected of some cells, by their places in the grid: one or more."""
    cells = located.grid.h3_cells
    found = estimator.estimate(frozenset(cells[places].tolist()))
    return Baseline(found.mean, 0.0 if found.is_sure else found.alpha / found.rate**2)


def base_months(located: StudyArea | City, since: Month) -> Period:
    """Return the months before a start that expectations rest on."""
    covered = located.dataset.require_months()
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


def monthly_counts(
    located: StudyArea,
    groups: Ints,
    n_groups: int,
    period: Period,
    is_counted: Bools | None = None,
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
    located: StudyArea, zones: Zones, period: Period, is_counted: Bools | None = None
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
    start = max(located.dataset.require_months().start.index, since.index - HISTORY_MONTHS)
    period = Period(since.plus(start - since.index), since)
    blocks = parents(located.grid.h3_cells, HISTORY_RESOLUTION)
    numbers, groups = np.unique(blocks, return_inverse=True)
    return estimate_dispersion(monthly_counts(located, groups, len(numbers), period))


def count_past(
    located: StudyArea, areas: Sequence[CellSet], origin: Month, months: int
) -> PastCohort:
    """Count what came in, around and outside areas chosen on a past day, before and after it."""
    places = place_areas(located, areas, origin)
    core, ring, rest = zone_counts(located, places.zones, Period(origin, origin.plus(months)))
    rings = [base for base in places.rings if base is not None]
    name, before = str(origin), places.rest_before
    core_before, _, rest_before = zone_counts(
        located, places.zones, Period.before(origin, BEFORE_MONTHS)
    )
    ring_base, ring_monthly = Baseline.total(rings), ring.sum(axis=0)
    counts, n_cells = located.counts(places.base), len(located.grid.area_km2)
    bands = []
    for number, parts in enumerate(places.zones.bands):
        band, others = np.concatenate([*parts]), compared_with(places.zones, number)
        groups = np.full(n_cells, -1, dtype=np.int64)
        groups[band], groups[others] = 0, 1
        monthly = monthly_counts(located, groups, 2, Period(origin, origin.plus(months)))
        bands.append(
            PastYear(
                name,
                Baseline.counted(int(counts[band].sum())),
                round(counts[others].sum() + ring_base.mean),
                monthly[0],
                monthly[1] + ring_monthly,
            )
        )
    return PastCohort(
        PastYear(name, Baseline.total(places.cores), before, core.sum(axis=0), rest),
        PastYear(name, ring_base, before, ring_monthly, rest),
        len(areas),
        int(core_before.sum()),
        int(rest_before.sum()),
        tuple(bands),
    )


# ---- Areas on the grid since each one's own start: whose each cell was in which month.


@dataclass(frozen=True)
class VersionedZones:
    """Areas followed until a month, each since its own start and redrawn or not."""

    located: StudyArea  # the city's incidents, on cells of the areas' finest resolution
    lives: tuple[tuple[AreaVersion, ...], ...]  # of each of n areas, the first version first
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

    def alone(self, area: int) -> tuple[list[SeriesPart], list[SeriesPart]]:
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
            zones, at = self._drawn(shapes, area)
            cores.append(self._part(zones.cores[at], zones.rest, area, span))
            if len(zones.rings[at]):
                rings.append(self._part(zones.rings[at], zones.rest, area, span))
        return cores, rings

    def together(self, area: int) -> list[SeriesPart]:
        """Return an area's ring beside all others: without what was in any area in its month."""
        return [
            self._part(zones.rings[at], zones.rest, area, span)
            for zones, at, span in self._moments(area)
            if len(zones.rings[at])
        ]

    def farther(self, area: int, band: int) -> tuple[list[SeriesPart], list[SeriesPart]]:
        """Return an area and a band farther out, beside all others.

        Both are compared with all but the areas and the band. What that had before is, in rings,
        the estimated number: their raw counts are low by chance, which would hide what moved far.
        """
        cores, parts = [], []
        for zones, at, span in self._moments(area):
            others = compared_with(zones, band)
            cores.append(self._part(zones.cores[at], others, area, span, zones.rings))
            if len(cells := zones.bands[band][at]):
                parts.append(self._part(cells, others, area, span, zones.rings, is_raw=True))
        return cores, parts

    def within(self, area: int) -> list[SeriesPart]:
        """Return an area, its ring and the first band, compared with all that is farther out."""
        parts = []
        for zones, at, span in self._moments(area):
            others = compared_with(zones, 0)
            near = [zones.cores[at], zones.rings[at], zones.bands[0][at]]
            parts += [
                self._part(cells, others, area, span, is_raw=number == len(near) - 1)
                for number, cells in enumerate(near)
                if len(cells)
            ]
        return parts

    def _moments(self, area: int) -> Iterator[tuple[Zones, int, Period]]:
        """Yield the zones beside all other areas since an area began, and its place in them."""
        moments = sorted({version.since for versions in self.lives for version in versions})
        for since, end in zip(moments, [*moments[1:], self.until], strict=True):
            if since < self.starts[area]:
                continue
            begun = [one for one, start in enumerate(self.starts) if start <= since]
            shapes = {one: self._at(one, since) for one in begun}
            yield *self._drawn(shapes, area), Period(since, end)

    def _at(self, area: int, month: Month) -> CellSet:
        """Return the cells of an area as they were in a month."""
        return [version for version in self.lives[area] if version.since <= month][-1].cells

    def _spans(self, area: int) -> list[tuple[AreaVersion, Period]]:
        versions = self.lives[area]
        ends = [*(version.since for version in versions[1:]), self.until]
        spans = [Period(one.since, end) for one, end in zip(versions, ends, strict=True)]
        return list(zip(versions, spans, strict=True))

    def _drawn(self, shapes: dict[int, CellSet], area: int) -> tuple[Zones, int]:
        """Return the zones around areas, and the place of one in them."""
        key = tuple(sorted(shapes.items()))
        if key not in self._zones:
            grid = self.located.grid
            at = {one: self.located.place(cells) for one, cells in key}
            at = {one: places for one, places in at.items() if len(places)}
            zones = draw_zones([*at.values()], grid.center_xy, ring_width_m(grid))
            self._zones[key] = list(at), zones
        drawn, zones = self._zones[key]
        return zones, drawn.index(area)

    def estimator(self, since: Month) -> Estimator:
        """Return what estimates the months before a start: it knows each area that it was asked."""
        if since not in self._estimators:
            self._estimators[since] = Estimator(self.located, base_months(self.located, since))
        return self._estimators[since]

    def _counts_before(self, since: Month) -> Ints:
        if since not in self._before:
            self._before[since] = self.located.counts(base_months(self.located, since))
        return self._before[since]

    def _part(
        self,
        cells: Ints,
        rest: Ints,
        area: int,
        span: Period,
        rings: Sequence[Ints] = (),
        *,
        is_raw: bool = False,
    ) -> SeriesPart:
        """Count some cells, and others with rings, in some of the months since an area's start."""
        since, compared = self.starts[area], [ring for ring in rings if len(ring)]
        groups = np.full(len(self.located.grid.area_km2), -1, dtype=np.int64)
        groups[np.concatenate([rest, *compared])] = 1
        groups[cells] = 0
        monthly = monthly_counts(self.located, groups, 2, Period(since, self.until))
        month = np.arange(monthly.shape[1]) + since.index
        monthly = monthly * span.contains(month)
        counts, estimator = self._counts_before(since), self.estimator(since)
        estimated = sum(estimate_base(self.located, estimator, ring).mean for ring in compared)
        return SeriesPart(
            Baseline.counted(int(counts[cells].sum()))
            if is_raw
            else estimate_base(self.located, estimator, cells),
            round(counts[rest].sum() + estimated),
            monthly[0],
            monthly[1],
        )
