"""One area's sheet: what a team wants to know before it walks there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.by_time import count_by_month, count_by_part, has_flag
from csa.areas.proposal import Proposal
from csa.base.arrays import Ints
from csa.base.errors import CsaError
from csa.base.params import Month, Period
from csa.dataset.versioned import Dataset


@dataclass(frozen=True)
class Sheet:
    """What is known about one area; no single incident."""

    area: Mapping[str, Any]  # what is counted in it: a proposal's columns, without its geometry
    usual: tuple[int, int] | None
    by_month: pd.DataFrame  # as `csa.areas.by_time.count_by_month`
    by_part: pd.DataFrame | None  # as `csa.areas.by_time.count_by_part`
    without_time: int  # incidents whose time of day is unknown
    reported_time: int  # incidents whose time is that of the report


def sheet_of(dataset: Dataset, proposal: Proposal, area_id: str) -> Sheet:
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
        usual_number(area["expected_low"], area["expected_high"]),
        count_by_month(incidents, period, first, through),
        count_by_part(incidents),
        int(has_flag(incidents, "no_time").sum()),
        int(has_flag(incidents, "reported_time").sum()),
    )


def usual_number(low: float | None, high: float | None) -> tuple[int, int] | None:
    """Widen an interval of the expected number to whole incidents."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return None
    return math.floor(low), math.ceil(high)
