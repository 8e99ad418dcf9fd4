"""The tables of displacement: every incident by area, zone and month, and the classic numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.study_area import StudyArea
from csa.areas.window import month_index
from csa.base.arrays import Bools, Floats, Ints
from csa.base.params import Month, Period
from csa.change.analyze import Displacement
from csa.change.expectation import Baseline
from csa.change.past import BEFORE_MONTHS, PastChange
from csa.change.verdict import COVERAGE, expect, norm_z
from csa.change.zoning import Control, match_control, monthly_counts, zone_counts

PANEL_COLUMNS = {
    "area_id": "the area's letter; empty for the rest, and for what has no place",
    "zone": "core, ring, rest, unlocated, outside or control",
    "month": "YYYY-MM",
    "incidents": "in the month",
    "homicides": "of them, homicides",
}
QUARTER_COLUMNS = {
    "area_id": "the area's letter; empty for all together",
    "zone": "core or ring",
    "quarter": "YYYY-MM, its first month",
    "months": "whole months of it that the data cover",
    "incidents": "in those months",
    "expected": "in those months, if nothing changed but what changes everywhere",
    "low": "of the range that nine in ten such counts lie in",
    "high": "its upper end",
    "is_after": "whether it lies after the start",
}
NEWEST_COLUMNS = {
    "area_id": "the area's letter; empty for all together",
    "zone": "core or ring",
    "month": "YYYY-MM: the newest whole month, the one before, the same month of earlier years",
    "incidents": "in the month",
}
EARLIER_YEARS = 5
"""How many earlier years the newest month is shown beside."""

QUARTER = 3

LEAST_EARLIER = 24
"""Months before those that chose the areas: with fewer, rates of cells are mostly chance."""


@dataclass(frozen=True)
class Controls:
    """The cells that areas are compared with."""

    pooled: Control  # the controls of all areas together
    single: tuple[Control, ...]  # the control of each area
    is_known: bool  # whether there were enough earlier years to match by


def match_controls(located: StudyArea, displaced: Displacement) -> Controls:
    """Find for each area cells that were like it in the years before those that chose it."""
    zones, km2 = displaced.places.zones, located.grid.area_km2.to_numpy()
    earlier = _earlier_per_km2(located, displaced)

    def match(core: Ints) -> Control:
        found = match_control(core, zones.rest, earlier, km2)
        return found if found.is_close else Control(zones.rest, found.rate_ratio)

    single = tuple(match(core) for core in zones.cores)
    return Controls(match(np.concatenate(zones.cores)), single, earlier is not None)


def _earlier_per_km2(located: StudyArea, displaced: Displacement) -> Floats | None:
    """Estimate how frequent shootings were, smoothed, before the months that chose the areas."""
    period = displaced.chosen.period
    chosen_from = displaced.places.base.start if period is None else period.start
    start = located.dataset.require_months().start
    n_months = min(chosen_from, displaced.since_all).index - start.index
    if n_months < LEAST_EARLIER:
        return None
    earlier = Period(start, start.plus(n_months))
    expected = located.expected(earlier)
    return np.asarray(expected / located.grid.area_km2.to_numpy(), dtype=np.float64)


def panel_months(located: StudyArea, since: Month) -> Period:
    """Return the panel's months: from two years before the start to the month of the last day."""
    report = located.dataset.report
    first, last = (Month.parse(report[name][:7]) for name in ("data_from", "data_through"))
    start = max(first, since.plus(-BEFORE_MONTHS))
    return Period(start, last.plus(1))


def build_panel(located: StudyArea, displaced: Displacement, controls: Controls) -> pd.DataFrame:
    """Count incidents by area, zone and month.

    Core, ring, rest, unlocated and outside add up to every incident of the month; control rows
    repeat incidents of the rest.
    """
    period = panel_months(located, displaced.since_all)
    counted = _zones_and_controls(located, displaced, controls, period)
    is_homicide = located.column("kind").eq("homicide").to_numpy()
    killed = _zones_and_controls(located, displaced, controls, period, is_homicide)
    months = [str(period.start.plus(step)) for step in range(period.months)]
    everything = _everything(located, period)
    parts = []
    for (zone, area_id), incidents in counted.items():
        parts.append(_rows(zone, area_id, months, incidents, killed[zone, area_id]))
    for zone, (incidents, homicides) in everything.items():
        parts.append(_rows(zone, "", months, incidents, homicides))
    return pd.concat(parts, ignore_index=True)[list(PANEL_COLUMNS)]


def _rows(
    zone: str, area_id: str, months: list[str], incidents: Ints, homicides: Ints
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "area_id": area_id,
            "zone": zone,
            "month": months,
            "incidents": incidents,
            "homicides": homicides,
        }
    )


def _zones_and_controls(
    located: StudyArea,
    displaced: Displacement,
    controls: Controls,
    period: Period,
    is_counted: Bools | None = None,
) -> dict[tuple[str, str], Ints]:
    core, ring, rest = zone_counts(located, displaced.places.zones, period, is_counted)
    names = displaced.chosen.area_ids
    found = {("core", name): row for name, row in zip(names, core, strict=True)}
    found |= {("ring", name): row for name, row in zip(names, ring, strict=True)}
    found["rest", ""] = rest
    alike = [(name, one) for name, one in zip(names, controls.single, strict=True)]
    for name, control in [*alike, ("", controls.pooled)]:
        groups = np.full(len(located.grid.area_km2), -1, dtype=np.int64)
        groups[control.cells] = 0
        found["control", name] = monthly_counts(located, groups, 1, period, is_counted)[0]
    return found


def _everything(located: StudyArea, period: Period) -> dict[str, tuple[Ints, Ints]]:
    """Count by month what has no usable place, and what lies outside the study area."""
    incidents = located.dataset.incidents
    incidents = incidents[incidents["kind"].isin(located.kinds)]
    month = month_index(incidents["occurred_at"]) - period.start.index
    is_in = (month >= 0) & (month < period.months)
    has_place = incidents[["lon", "lat"]].notna().all(axis=1).to_numpy()
    is_homicide = incidents["kind"].eq("homicide").to_numpy()
    groups = np.zeros(len(located.grid.area_km2), dtype=np.int64)

    def by_month(chosen: Bools) -> Ints:
        counts = np.bincount(month[is_in & chosen], minlength=period.months)
        return counts.astype(np.int64)

    def inside(is_counted: Bools | None) -> Ints:
        return monthly_counts(located, groups, 1, period, is_counted).reshape(-1)

    is_killed_inside = located.column("kind").eq("homicide").to_numpy()
    return {
        "unlocated": (by_month(~has_place), by_month(~has_place & is_homicide)),
        "outside": (
            by_month(has_place) - inside(None),
            by_month(has_place & is_homicide) - inside(is_killed_inside),
        ),
    }


def build_latest_month(located: StudyArea, displaced: Displacement) -> pd.DataFrame:
    """Count areas and rings in the newest month, beside the month before and earlier years.

    On the cells that are followed now, whenever each area began.
    """
    newest, covered = displaced.until.plus(-1), located.dataset.require_months()
    wanted = [newest, newest.plus(-1), *(newest.plus(-12 * n) for n in range(1, EARLIER_YEARS + 1))]
    months = [one for one in wanted if one >= covered.start]
    period = Period(min(months), displaced.until)
    core, ring, _ = zone_counts(located, displaced.places.zones, period)
    at = [one.index - period.start.index for one in months]
    names = ["", *displaced.chosen.area_ids]
    rows = [
        (area_id, zone, str(one), int(counts[place]))
        for zone, table in (("core", core), ("ring", ring))
        for area_id, counts in zip(names, np.vstack([table.sum(axis=0), table]), strict=True)
        for one, place in zip(months, at, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(NEWEST_COLUMNS))


def build_quarters(located: StudyArea, displaced: Displacement) -> pd.DataFrame:
    """Count areas and rings by quarter, beside what would come if nothing changed.

    Quarters are counted from the start, backward and forward, so that none holds months of both.
    Before the start the usual change does not apply yet: what is expected is the corrected base.
    """
    starts = _quarter_starts(located, displaced)
    spans = [Period(a, min(a.plus(QUARTER), displaced.until)) for a in starts]
    counted = [zone_counts(located, displaced.places.zones, span) for span in spans]
    core, ring = (np.stack([one[zone].sum(axis=1) for one in counted], axis=1) for zone in (0, 1))
    rest = np.array([int(one[2].sum()) for one in counted], dtype=np.int64)
    ends = [span.until.index - displaced.since_all.index for span in spans]
    quarters = [(str(span.start), span.months) for span in spans]
    rows: list[tuple[object, ...]] = []
    for area_id, zone, counts, base in _followed(displaced, core, ring):
        usual = _usual_at(displaced.usual_core if zone == "core" else displaced.usual_ring, ends)
        before = max(displaced.places.rest_before, 1)
        expected = expect(base, before, rest, usual, displaced.dispersion.value)
        low, high = expected.bounds(norm_z(COVERAGE))
        numbers = (one.tolist() for one in (counts, expected.mean, low, high))
        rows += [
            (area_id, zone, *quarter, *of_quarter, end > 0)
            for quarter, end, *of_quarter in zip(quarters, ends, *numbers, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(QUARTER_COLUMNS))


def _quarter_starts(located: StudyArea, displaced: Displacement) -> list[Month]:
    since, first = displaced.since_all, located.dataset.require_months().start.index
    back = min(BEFORE_MONTHS, since.index - first) // QUARTER
    forth = math.ceil((displaced.until.index - since.index) / QUARTER)
    return [since.plus(QUARTER * step) for step in range(-back, forth)]


def _followed(
    displaced: Displacement, core: Ints, ring: Ints
) -> Iterator[tuple[str, str, Ints, Baseline]]:
    """Yield letter, zone, counts by quarter and base: all together, then each."""
    places = displaced.places
    yield "", "core", core.sum(axis=0), Baseline.total(places.cores)
    rings = [base for base in places.rings if base is not None]
    if rings:
        yield "", "ring", ring.sum(axis=0), Baseline.total(rings)
    for area, area_id in enumerate(displaced.chosen.area_ids):
        yield area_id, "core", core[area], places.cores[area]
        base = places.rings[area]
        if base is not None:
            yield area_id, "ring", ring[area], base


def _usual_at(usual: PastChange, ends: Sequence[int]) -> PastChange:
    """Return the usual ratio after so many months; 1 before the start."""
    at = np.array([end - 1 for end in ends])
    is_after = at >= 0
    ratio = np.where(is_after, usual.ratio[at.clip(0)], 1.0)
    error = np.where(is_after, usual.relative_error[at.clip(0)], 0.0)
    return PastChange(ratio, error)
