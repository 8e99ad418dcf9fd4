"""Areas and rings by quarter, and the newest month among its like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from csa.areas.sheets import silent_months
from csa.areas.study_area import StudyArea
from csa.areas.window import month_index
from csa.base.arrays import Ints
from csa.base.params import Month, Period
from csa.change.analyze import Displacement
from csa.change.expectation import Baseline
from csa.change.past import BEFORE_MONTHS, PastChange
from csa.change.season import MonthCompared, compare_month
from csa.change.verdict import COVERAGE, expect, norm_z
from csa.change.zoning import zone_counts

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


def compare_newest(located: StudyArea, displaced: Displacement) -> MonthCompared:
    """Compare the city's newest whole month with the same months of earlier years.

    The city's, not the areas': those were chosen because some of these years were high.
    """
    incidents = located.dataset.incidents
    month = month_index(incidents.loc[incidents["kind"].isin(located.kinds), "occurred_at"])
    covered = located.dataset.require_months()
    counts = np.bincount(
        month[covered.contains(month)] - covered.start.index, minlength=covered.months
    ).tolist()
    newest = displaced.until.plus(-1)
    silent = {*silent_months(located.dataset)} - {newest}
    months = ((covered.start.plus(step), count) for step, count in enumerate(counts))
    by_month = {str(month): count for month, count in months if month not in silent}
    return compare_month(by_month, newest, dispersion=displaced.dispersion.value)


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
