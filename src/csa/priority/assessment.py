"""The table of an assessment: what is known beside each area's count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.choices import Choices
from csa.areas.finding import find_areas, settle_params
from csa.areas.gate import MIN_MONTHS
from csa.areas.proposal import Proposal
from csa.areas.shrinkage import Estimate
from csa.areas.stability import SAME_AREA, measure_stability
from csa.areas.study_area import StudyArea
from csa.base.arrays import Ints
from csa.base.params import AreaParams, DbscanParams, DocumentedDbscan, Month, Period
from csa.base.stats import count_interval
from csa.dataset.versioned import City
from csa.geo.cells import CellSet
from csa.geo.ground import jaccard

SEED = 20201001
YEAR = 12
LOOK_BACK = 24
MIN_PEOPLE = 500
MAX_YEARS_OLD = 10

JUDGED_COLUMNS = {
    "area_id": "as in the proposal",
    "served_as": "letter of the core service area that it is (core_areas.csv counts that one's own "
    "ground); empty for another candidate",
    "place_name": "as in the proposal",
    "tier": "1 for the highest by the order; empty where it cannot be told apart from the city",
    "incidents": "in the period",
    "incidents_low": "exact Poisson interval of the usual number, 95 %",
    "incidents_high": "its upper end",
    "expected": "incidents expected in a period as long, adjusted for chance",
    "expected_low": "90 % interval",
    "expected_high": "its upper end",
    "expected_per_km2": "expected over the area's land",
    "expected_per_km2_low": "90 % interval",
    "expected_per_km2_high": "its upper end",
    "next12_expected": "incidents to expect in the 12 months after the period",
    "next12_low": "90 % of what may come: chance, the area's own course and the city's",
    "next12_high": "its upper end",
    "times_city": "expected_per_km2 over the city's incidents per km2",
    "stability_share": "share of 200 random four fifths of the incidents that give the area again",
    "was_candidate": "yes, no or unknown: whether it was an area twelve months before",
    "months_active": "months of the period with at least one incident",
    "months_covered": "months of the period that the data cover",
    "homicides": "of the incidents",
    "recent_12": "incidents of the last 12 months",
    "earlier_yearly": "incidents a year in the 24 months before those; empty where not covered",
    "incidents_24": "incidents of the last 24 months, for the draw",
    "homicides_24": "of them, homicides",
    "hot_cells": "its cells in larger ones (resolution 9) that hold more than chance would put "
    "there; empty where incidents are too few to say",
    "suspect": "incidents at a point that may stand for unknown places",
    "is_doubtful": "whether that is a third of them or more: look first; no tier until then",
    "area_km2": "land",
    "people": "residents by areal weighting; empty where unknown",
    "per_1k_yearly": "expected per 1,000 residents a year; empty where they are few or unknown",
    "relative_risk": "mean relative risk score of its blocks (csa risk); empty where unknown",
    "cells": "H3 cells, 15 hex digits, sorted",
}


@dataclass(frozen=True)
class AssessmentInput:
    """The inputs of an assessment."""

    located: StudyArea  # the city's incidents
    city: City  # the city's file, and what is stored beside its dataset
    proposal: Proposal  # all candidates of one run
    period: Period  # the months counted
    areas: tuple[CellSet, ...]  # each area's cells
    places: tuple[Ints, ...]  # their places in the grid

    @property
    def params(self) -> AreaParams:
        """How the areas were found."""
        params = self.proposal.summary["params"]
        dbscan = DbscanParams(params["eps_m"], params["min_samples"])
        return AreaParams(
            dbscan, params["resolution"], params["max_area_km2"], params["dense_per_km2"]
        )

    @property
    def covered(self) -> Period:
        """The months that the data reach, whole or not."""
        report = self.located.dataset.report
        last = Month.parse(report["data_through"][:7])
        return Period(Month.parse(report["data_from"][:7]), last.plus(1))


def judged_table(
    asked: AssessmentInput, estimates: Sequence[Estimate], city_per_km2: float
) -> pd.DataFrame:
    """List what is known of each area, except its tier and its hot cells."""
    areas = asked.proposal.areas
    kept = ["area_id", "served_as", "place_name", "incidents", "homicides", "suspect", "population"]
    table = pd.DataFrame(areas[kept]).rename(columns={"population": "people"})
    table["is_doubtful"] = [
        Proposal.is_doubtful(n_suspect, n)
        for n_suspect, n in zip(table["suspect"], table["incidents"], strict=True)
    ]
    table["cells"] = [" ".join(cells) for cells in areas["cells"]]
    table["area_km2"] = [asked.located.grid.size_km2(area) for area in asked.areas]
    table = table.join(_estimated(table, estimates, city_per_km2)).join(_timed(asked))
    table["people"] = table["people"].astype("Float64").round().astype("Int64")
    table["per_1k_yearly"] = _rates(table, asked)
    table["stability_share"] = measure_stability(
        asked.areas,
        asked.located.past(asked.period),
        asked.located.grid,
        asked.params,
        seed=SEED,
    )
    table["was_candidate"] = _earlier(asked)
    return table.reindex(columns=list(JUDGED_COLUMNS))


def _estimated(
    table: pd.DataFrame, estimates: Sequence[Estimate], city_per_km2: float
) -> pd.DataFrame:
    intervals = [count_interval(int(n)) for n in table["incidents"]]
    numbers = pd.DataFrame(
        {
            "incidents_low": [low for low, _ in intervals],
            "incidents_high": [high for _, high in intervals],
            "expected": [_known(one, one.mean) for one in estimates],
            "expected_low": [_known(one, one.low) for one in estimates],
            "expected_high": [_known(one, one.high) for one in estimates],
        },
        index=table.index,
        dtype="float64",
    )
    for name in ("expected", "expected_low", "expected_high"):
        per_km2 = name.replace("expected", "expected_per_km2")
        numbers[per_km2] = numbers[name] / table["area_km2"].to_numpy(dtype=np.float64)
    numbers["times_city"] = numbers["expected_per_km2"] / (city_per_km2 or np.nan)
    return numbers


def _known(estimate: Estimate, number: float) -> float:
    """Return a number, or NaN where counts differ only by chance."""
    return np.nan if estimate.is_sure else number


def _timed(asked: AssessmentInput) -> pd.DataFrame:
    """Count each area's incidents by month, over all spans at once."""
    located, until = asked.located, min(asked.period.until, asked.covered.until)
    in_period = until.index - asked.period.start.index
    is_homicide = (located.column("kind") == "homicide").to_numpy()
    rows: list[dict[str, Any]] = []
    for places in asked.places:
        is_in = np.isin(located.positions, places) & (located.month < until.index)
        ago = until.index - located.month[is_in]  # 1 for the last month
        is_killed = is_homicide[is_in]
        earlier = int(((ago > YEAR) & (ago <= YEAR + LOOK_BACK)).sum())
        rows.append(
            {
                "months_active": len(np.unique(ago[ago <= in_period])),
                "recent_12": int((ago <= YEAR).sum()),
                "earlier_yearly": earlier / (LOOK_BACK // YEAR),
                "incidents_24": int((ago <= LOOK_BACK).sum()),
                "homicides_24": int((is_killed & (ago <= LOOK_BACK)).sum()),
            }
        )
    names = ["months_active", "recent_12", "earlier_yearly", "incidents_24", "homicides_24"]
    table = pd.DataFrame(rows, columns=names)
    if asked.covered.start > until.plus(-YEAR - LOOK_BACK):
        table["earlier_yearly"] = np.nan
    table["months_covered"] = asked.proposal.summary["params"]["months_covered"]
    return table


def _rates(table: pd.DataFrame, asked: AssessmentInput) -> pd.Series:
    """Return yearly rates where enough people live and were counted recently."""
    counted = asked.located.dataset.report.get("population_year")
    is_recent = counted is not None and asked.period.until.year - int(counted) <= MAX_YEARS_OLD
    people = table["people"].astype("float64")
    years = asked.proposal.summary["params"]["months_covered"] / YEAR
    rates: pd.Series = table["expected"] / years / (people / 1000)
    known: pd.Series = rates.where((people >= MIN_PEOPLE) & is_recent)
    return known


def _earlier(asked: AssessmentInput) -> list[str]:
    """Return whether each area would have been one twelve months before."""
    until = asked.period.until.plus(-YEAR)
    period = Period.before(until, asked.period.months)
    if until.plus(-MIN_MONTHS) < asked.covered.start:
        return ["unknown"] * len(asked.areas)
    choices = Choices(
        until,
        period.months,
        max_area_km2=asked.params.max_area_km2,
        resolution=asked.params.resolution,
        kinds=asked.located.kinds,
    )
    # The same density is asked for: the minimum follows the count, as the suggestion does.
    n_now = max(1, int(asked.located.counts(asked.period).sum()))
    dbscan = asked.params.dbscan
    floor, dense_per_km2 = min(dbscan.min_samples, 5), asked.params.dense_per_km2
    as_now = DocumentedDbscan(dbscan.eps_m, dbscan.min_samples, n_now, floor, dense_per_km2)
    params = settle_params(asked.located, period, choices, as_now)
    before = find_areas(asked.located, period, params).areas
    return [
        "yes" if any(jaccard(area, other) >= SAME_AREA for other in before) else "no"
        for area in asked.areas
    ]
