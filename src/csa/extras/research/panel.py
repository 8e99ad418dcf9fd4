"""The panel: every incident by area, zone and month, and what has no place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csa.areas.study_area import StudyArea
from csa.areas.window import month_index
from csa.base.arrays import Bools, Ints
from csa.base.params import Month, Period
from csa.change.analyze import Displacement
from csa.change.controls import Controls
from csa.change.past import BEFORE_MONTHS
from csa.change.zoning import monthly_counts, zone_counts

PANEL_COLUMNS = {
    "area_id": "the area's letter; empty for the rest, and for what has no place",
    "zone": "core, ring, rest, unlocated, outside or control",
    "month": "YYYY-MM",
    "incidents": "in the month",
    "homicides": "of them, homicides",
}


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
