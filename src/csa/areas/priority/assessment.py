"""The table of an assessment: what is known beside each area's count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.choices import AreaSettings
from csa.areas.city_scale import CityScale
from csa.areas.concentration import Concentration, find_hot_cells, measure_concentration
from csa.areas.finding import estimate_areas, find_areas, resolve_params
from csa.areas.locating import locate_incidents, require_fitting
from csa.areas.ordering import (
    ORDER_COLUMNS,
    Components,
    TierFacts,
    Weights,
    draw_components,
    explain_tier,
    order_areas,
    weights_from_summary,
)
from csa.areas.proposal import Proposal
from csa.areas.risk_score import relative_risk
from csa.areas.shrinkage import Estimate
from csa.areas.stability import SAME_AREA, measure_stability
from csa.areas.study_area import StudyArea
from csa.areas.sufficiency import (
    MIN_MONTHS,
    Sufficiency,
    can_compare,
    can_locate,
    can_test_cells,
    finest_resolution,
)
from csa.base.arrays import Ints
from csa.base.errors import CsaError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import AreaParams, DbscanParams, DocumentedDbscan, Month, Period
from csa.base.stats import DISPERSION, count_interval
from csa.city.dataset import City
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet, jaccard

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
    "incidents_low": "exact 95% Poisson interval of the expected count",
    "incidents_high": "its upper end",
    "expected": "incidents expected in a period as long, adjusted for chance",
    "expected_low": "90% interval",
    "expected_high": "its upper end",
    "expected_per_km2": "expected over the area's land",
    "expected_per_km2_low": "90% interval",
    "expected_per_km2_high": "its upper end",
    "next12_expected": "incidents to expect in the 12 months after the period",
    "next12_low": "90% of what may come: chance, the area's own course and the city's",
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


def build_assessment_table(
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
    choices = AreaSettings(
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
    params = resolve_params(asked.located, period, choices, as_now)
    before = find_areas(asked.located, period, params).areas
    return [
        "yes" if any(jaccard(area, other) >= SAME_AREA for other in before) else "no"
        for area in asked.areas
    ]


# ---- Assess candidate areas: what is known of each beside its count, and how sure it is.


RESOLUTIONS = (6, 7, 8, 9, 10)
TESTED = (9, 8, 7, 6)
"""Resolutions of the cells that are tested, the first with enough incidents for so many cells."""

CHOSEN_COLUMNS = {name: told for name, told in ORDER_COLUMNS.items() if name != "tier"}


@dataclass(frozen=True)
class AreaAssessment:
    """What is known of how sure each candidate area is.

    Fields: `table`, `estimates`, `components`, `weights`, `why`, `answers`, `finest`,
    `concentration`, `cells`, `city_per_km2`.
    """

    table: pd.DataFrame  # `JUDGED_COLUMNS`, an area a row, west to east
    estimates: tuple[Estimate, ...]  # what is expected in each
    components: Components  # what an order can be made of
    weights: Weights  # the criterion that its tiers go by
    why: Mapping[str, tuple[Message, Message]]  # area to two sentences
    answers: Mapping[str, Sufficiency]  # what the data can answer
    finest: int | None  # the finest resolution at which cells may be tested; None for none
    concentration: Concentration  # how unevenly incidents lie on the land, beside chance
    cells: pd.DataFrame | None  # Gi* of every cell, as `csa.areas.concentration.find_hot_cells`
    city_per_km2: float  # the city's incidents per km2 in the period

    @property
    def n_without_tier(self) -> int:
        """The number of areas that do not differ from the city."""
        return int(self.table["tier"].isna().sum())


def assess_areas(
    city: City,
    proposal: Proposal,
    progress: ProgressCallback = no_progress,
    located: StudyArea | None = None,
) -> AreaAssessment:
    """Assess how sure each candidate area is.

    Parameters
    ----------
    city
        The city that the proposal was made from.
    proposal
        All candidates of one run.
    progress
        Called with the name of each step as it begins.
    located
        The city's incidents as the proposal has them; None locates them.

    Returns
    -------
    AreaAssessment
        `table` has an area a row; beside it estimates, reasons of the tiers, hot cells and how
        concentrated incidents are. No area is a result.

    Raises
    ------
    CsaError
        If the proposal was made from other data.

    Examples
    --------
    >>> assessment = csa.assess_areas(city, proposal)
    >>> assessment.table["area_id"].tolist() == proposal.areas["area_id"].tolist()
    True
    >>> assessment.n_without_tier  # each can be told apart from the rest of the city
    0
    """
    if proposal.summary["data_fingerprint"] != city.dataset.fingerprint:
        raise CsaError("sheet.other_data")
    progress("cells")
    asked = _ask(city, proposal, located)
    progress("estimates")
    estimates = estimate_areas(asked.located, asked.period, asked.areas)
    counts = asked.located.counts(asked.period)
    city_per_km2 = float(counts.sum() / asked.located.land.total_km2)
    scale = _tested_scale(asked, int(counts.sum()))
    can_test = can_test_cells(int(counts.sum()), len(scale.cells)).can
    cells = _hot_cells(asked, scale, counts) if can_test else None
    progress("stability")
    table = build_assessment_table(asked, estimates, city_per_km2)
    table["tier"] = pd.array(proposal.areas["tier"].tolist(), dtype="Int64")
    table["hot_cells"] = _count_hot(asked, scale, cells)
    risk = relative_risk(city, asked.areas, asked.period.until)
    table["relative_risk"] = risk.mean
    n_homicides = proposal.summary["totals"]["located_homicides"]
    share = n_homicides / max(1, int(counts.sum()))
    components = draw_components(table, estimates, share, risk_draws=risk.draws)
    weights = weights_from_summary(proposal.summary)
    return AreaAssessment(
        table,
        estimates,
        components,
        weights,
        _reasons(table, estimates, city_per_km2, weights),
        _answers(asked, scale, int(counts.sum()), table),
        _finest(asked, int(counts.sum())),
        measure_concentration(
            scale.count(counts), pd.Series(scale.area_km2, index=scale.index), seed=SEED
        ),
        cells,
        city_per_km2,
    )


def prioritize(assessment: AreaAssessment, weights: Weights, capacity: int) -> pd.DataFrame:
    """Put areas in one order, and measure how firm that is.

    One criterion gives the tiers and who comes first: by default the shootings expected in the
    next 12 months.

    Parameters
    ----------
    assessment
        What `assess_areas` knows of each area.
    weights
        The criterion: how much each component counts: `expected`, `density`, `homicides`,
        `lasting`, `recent`, `people`, and `risk` where `csa risk` has run.
    capacity
        How many areas can be served first, at least 1.

    Returns
    -------
    pandas.DataFrame
        Index `area_id`, west to east: `priority_index` (standard deviations), `tier` (1 for the
        highest), `in_top_probability` and `top_share` (0 to 1), and `is_first`. An area that
        cannot be told apart from the city, or rests on suspect points, stands in no order: it has
        NaN, and is never among the first.

    Raises
    ------
    ParamError
        If a weight names no component, the capacity is below 1, or risk has a weight and
        `csa risk` has not run.

    Examples
    --------
    >>> assessment = csa.assess_areas(city, proposal)
    >>> chosen = csa.prioritize(assessment, csa.Weights({"expected": 1, "homicides": 1}), 3)
    >>> int(chosen["is_first"].sum()), round(float(chosen["in_top_probability"].sum()), 6)
    (3, 3.0)
    """
    is_ordered = assessment.table["tier"].notna().to_numpy(dtype=bool)
    return order_areas(assessment.components, weights, is_ordered, capacity)


def reorder(assessment: AreaAssessment, weights: Weights) -> AreaAssessment:
    """Give the areas the tiers of another criterion, and their reasons."""
    if weights.is_same(assessment.weights):
        return assessment
    ordered = prioritize(assessment, weights, 1)
    table = assessment.table.assign(tier=ordered["tier"].array)
    why = _reasons(table, assessment.estimates, assessment.city_per_km2, weights)
    return replace(assessment, table=table, weights=weights, why=why)


def _ask(city: City, proposal: Proposal, located: StudyArea | None) -> AssessmentInput:
    params = proposal.summary["params"]
    period = Period(Month.parse(params["start"]), Month.parse(params["until"]))
    choices = AreaSettings(
        period.until,
        period.months,
        resolution=params["resolution"],
        max_area_km2=params["max_area_km2"],
        kinds=tuple(params["kinds"]),
    )
    if located is None:
        located = locate_incidents(city, choices)
    require_fitting(located, city, choices)
    areas = tuple(
        frozenset(h3_cells.from_text(cells).tolist()) for cells in proposal.areas["cells"]
    )
    places = tuple(located.place(area) for area in areas)
    return AssessmentInput(located, city, proposal, period, areas, places)


def _tested_scale(asked: AssessmentInput, n_incidents: int) -> CityScale:
    """Return the finest cells of the city's scale that can be tested; else the finest of all."""
    scales = (CityScale.of(asked.located, resolution) for resolution in TESTED)
    testable = (one for one in scales if can_test_cells(n_incidents, len(one.cells)).can)
    return next(testable, CityScale.of(asked.located))


def _hot_cells(asked: AssessmentInput, scale: CityScale, counts: Ints) -> pd.DataFrame:
    """Test every cell that is large enough, against people where they are known."""
    exposure = scale.exposure(asked.located, asked.located.dataset.neighborhoods)
    return find_hot_cells(scale.count(counts), exposure, scale.neighbors)


def _count_hot(
    asked: AssessmentInput, scale: CityScale, cells: pd.DataFrame | None
) -> pd.arrays.IntegerArray:
    """Count each area's cells that lie in a hot one."""
    if cells is None:
        return pd.array([pd.NA] * len(asked.areas), dtype="Int64")
    is_hot = cells["is_hot"].to_numpy()[scale.place]
    return pd.array([int(is_hot[places].sum()) for places in asked.places], dtype="Int64")


def _reasons(
    table: pd.DataFrame, estimates: Sequence[Estimate], city_per_km2: float, weights: Weights
) -> dict[str, tuple[Message, Message]]:
    """Explain each area's tier."""
    reasons = {}
    for row, estimate in zip(table.to_dict("records"), estimates, strict=True):
        name, area_id = str(row["place_name"]), str(row["area_id"])
        facts = TierFacts(name, int(row["incidents"]), row["area_km2"], estimate)
        tier = None if pd.isna(row["tier"]) else int(row["tier"])
        counted, why = explain_tier(facts, tier, city_per_km2, weights)
        if row["is_doubtful"]:
            why = msg("tier.doubtful", suspect=int(row["suspect"]))
        elif row["months_covered"] < MIN_MONTHS:
            why = msg("tier.too_short", n=row["months_covered"], needed=MIN_MONTHS)
        reasons[area_id] = counted, why
    return reasons


def _answers(
    asked: AssessmentInput, scale: CityScale, n_incidents: int, table: pd.DataFrame
) -> dict[str, Sufficiency]:
    """List what the data can answer, comparing a year with a year."""
    months = asked.proposal.summary["params"]["months_covered"]
    until = min(asked.period.until, asked.covered.until)
    reach = max(0, until.index - asked.covered.start.index)
    if months < asked.period.months:
        reach = min(reach, months)  # a period that ends beyond the data has fewer of them
    yearly = table["incidents"] * YEAR / max(1, months)
    one = float(yearly.median()) if len(yearly) else 0.0
    return {
        "locate": can_locate(asked.period.months, reach),
        "test_cells": can_test_cells(n_incidents, len(scale.cells), months=months),
        "compare_one": can_compare(one, months=YEAR, dispersion=DISPERSION),
        "compare_all": can_compare(float(yearly.sum()), months=YEAR, dispersion=DISPERSION),
    }


def _finest(asked: AssessmentInput, n_incidents: int) -> int | None:
    """Find the finest cells that may be tested; a city's cells are counted by their mean size."""
    cells = {
        resolution: math.ceil(asked.located.land.total_km2 / h3_cells.mean_km2(resolution))
        for resolution in RESOLUTIONS
    }
    cells[asked.params.resolution] = len(asked.located.cover)
    return finest_resolution(n_incidents, cells)
