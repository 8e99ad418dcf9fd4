"""One area's sheet: what a team wants to know before it walks there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.proposal import Proposal
from csa.areas.window import month_index
from csa.base.arrays import Ints
from csa.base.errors import CsaError
from csa.base.params import Month, Period
from csa.city.dataset import Dataset

# ---- A period's incidents by month, by day of the week and by part of the day.


PARTS = ("06-14", "14-22", "22-06")
"""Three parts of eight hours; the night belongs to the day on which it began."""


MIN_INCIDENTS_BY_PART = 30
"""With fewer, 21 boxes of day and part would show chance."""


NIGHT_ENDS = 6


FIRST_DAYS = 7
"""The data's first day is that of the first row: in the first week it is not a late start."""


YEAR = 12
USUALLY_MANY = 7
"""At a mean of 7, a month without incidents happens by chance once in a thousand months."""


def count_by_month(
    incidents: pd.DataFrame, period: Period, data_from: date, data_through: date
) -> pd.DataFrame:
    """Count incidents by month."""
    months = [period.start.plus(step) for step in range(period.months)]
    names = [str(month) for month in months]
    when = incidents["occurred_at"].dt.strftime("%Y-%m")
    first = Month(data_from.year, data_from.month)
    last = Month(data_through.year, data_through.month)
    begins_late = data_from.day > FIRST_DAYS
    ends_early = data_through.day < pd.Period(str(last)).days_in_month
    return pd.DataFrame(
        {
            "month": names,
            "incidents": when.value_counts().reindex(names, fill_value=0).to_numpy(),
            "homicides": when[incidents["kind"] == "homicide"]
            .value_counts()
            .reindex(names, fill_value=0)
            .to_numpy(),
            "is_partial": [
                (month == first and begins_late) or (month == last and ends_early)
                for month in months
            ],
            "is_covered": [first <= month <= last for month in months],
        }
    )


def empty_months(dataset: Dataset) -> Mapping[Month, bool]:
    """List the whole covered months without any incident, and whether data may be missing.

    So they may where the other months up to a year away usually have `USUALLY_MANY`. Every
    comparison asks here.
    """
    covered = dataset.complete_months
    if covered is None:
        return {}
    month = month_index(dataset.incidents["occurred_at"])
    steps = month[covered.contains(month)] - covered.start.index
    counts, empty = np.bincount(steps, minlength=covered.months), dict[Month, bool]()
    for n in np.flatnonzero(counts == 0).tolist():
        near = counts[max(0, n - YEAR) : n + YEAR + 1]
        near = near[near > 0]
        empty[covered.start.plus(n)] = bool(len(near)) and bool(near.mean() >= USUALLY_MANY)
    return empty


def silent_months(dataset: Dataset) -> tuple[Month, ...]:
    """List the whole covered months of which data may be missing."""
    return tuple(month for month, is_silent in empty_months(dataset).items() if is_silent)


def count_by_part(incidents: pd.DataFrame) -> pd.DataFrame | None:
    """Count incidents by day of the week and part of the day."""
    timed = incidents[~has_flag(incidents, "no_time")]
    if len(timed) < MIN_INCIDENTS_BY_PART:
        return None
    began = timed["occurred_at"] - pd.Timedelta(hours=NIGHT_ENDS)
    counts = np.zeros((7, len(PARTS)), dtype=np.int64)  # (days, parts)
    np.add.at(counts, (began.dt.day_of_week.to_numpy(), began.dt.hour.to_numpy() // 8), 1)
    return pd.DataFrame(counts, columns=list(PARTS))


def has_flag(incidents: pd.DataFrame, flag: str) -> pd.Series:
    """Return which incidents carry a flag."""
    return incidents["flags"].str.split(";").map(lambda flags: flag in flags).astype(bool)


@dataclass(frozen=True)
class Sheet:
    """What is known about one area; no single incident."""

    area: Mapping[str, Any]  # what is counted in it: a proposal's columns, without its geometry
    usual: tuple[int, int] | None
    by_month: pd.DataFrame  # as `csa.areas.sheets.count_by_month`
    by_part: pd.DataFrame | None  # as `csa.areas.sheets.count_by_part`
    without_time: int  # incidents whose time of day is unknown
    reported_time: int  # incidents whose time is that of the report


def build_sheet(dataset: Dataset, proposal: Proposal, area_id: str) -> Sheet:
    """Make a candidate's sheet."""
    if proposal.summary["data_fingerprint"] != dataset.fingerprint:
        raise CsaError("sheet.other_data")
    found = proposal.areas[proposal.areas["area_id"] == area_id]
    if found.empty:
        raise CsaError("sheet.no_area", area_id=area_id, n=len(proposal.areas))
    labels = proposal.labels
    wanted = labels.loc[labels["area_id"] == area_id, "incident_id"]
    rows = np.flatnonzero(dataset.incidents["incident_id"].isin(wanted))
    area = {str(name): value for name, value in found.drop(columns="geometry").iloc[0].items()}
    return sheet_on(dataset, proposal, area, rows)


def sheet_on(dataset: Dataset, proposal: Proposal, area: Mapping[str, Any], rows: Ints) -> Sheet:
    """Make the sheet of any ground, from what is counted there and the places of its incidents."""
    incidents, params = dataset.incidents.iloc[rows], proposal.summary["params"]
    period = Period(Month.parse(params["start"]), Month.parse(params["until"]))
    first = date.fromisoformat(dataset.report["data_from"])
    through = date.fromisoformat(proposal.summary["data_through"])
    return Sheet(
        area,
        expected_range(area["expected_low"], area["expected_high"]),
        count_by_month(incidents, period, first, through),
        count_by_part(incidents),
        int(has_flag(incidents, "no_time").sum()),
        int(has_flag(incidents, "reported_time").sum()),
    )


def expected_range(low: float | None, high: float | None) -> tuple[int, int] | None:
    """Widen an interval of the expected number to whole incidents."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return None
    return math.floor(low), math.ceil(high)
