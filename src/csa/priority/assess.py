"""Assess candidate areas: what is known of each beside its count, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.city_scale import CityScale
from csa.areas.concentration import Concentration, measure_concentration
from csa.areas.criterion import Components, Weights, draw_components, weights_of
from csa.areas.finding import estimate_areas
from csa.areas.fitted_risk import relative_risk
from csa.areas.gate import (
    MIN_MONTHS,
    GateAnswer,
    can_compare,
    can_locate,
    can_test_cells,
    finest_resolution,
)
from csa.areas.hot_cells import find_hot_cells
from csa.areas.locating import locate_incidents, require_fitting
from csa.areas.ordering import ORDER_COLUMNS, TierFacts, explain_tier, order_areas
from csa.areas.proposal import Proposal
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import StudyArea
from csa.base.arrays import Ints
from csa.base.errors import CsaError
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.params import Month, Period
from csa.base.stats import DISPERSION
from csa.dataset.versioned import City
from csa.geo import cells as h3_cells
from csa.priority.assessment import SEED, YEAR, AssessmentInput, judged_table

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
    answers: Mapping[str, GateAnswer]  # what the data can answer
    finest: int | None  # the finest resolution at which cells may be tested; None for none
    concentration: Concentration  # how unevenly incidents lie on the land, beside chance
    cells: pd.DataFrame | None  # Gi* of every cell, as `csa.areas.hot_cells.find_hot_cells`
    city_per_km2: float  # the city's incidents per km2 in the period

    @property
    def n_without_tier(self) -> int:
        """The number of areas that do not differ from the city."""
        return int(self.table["tier"].isna().sum())


def assess_areas(
    city: City,
    proposal: Proposal,
    tell: Tell = silent,
    located: StudyArea | None = None,
) -> AreaAssessment:
    """Assess how sure each candidate area is.

    Parameters
    ----------
    city
        The city that the proposal was made from.
    proposal
        All candidates of one run.
    tell
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
    tell("cells")
    asked = _ask(city, proposal, located)
    tell("estimates")
    estimates = estimate_areas(asked.located, asked.period, asked.areas)
    counts = asked.located.counts(asked.period)
    city_per_km2 = float(counts.sum() / asked.located.land.total_km2)
    scale = _tested_scale(asked, int(counts.sum()))
    can_test = can_test_cells(int(counts.sum()), len(scale.cells)).can
    cells = _hot_cells(asked, scale, counts) if can_test else None
    tell("stability")
    table = judged_table(asked, estimates, city_per_km2)
    table["tier"] = pd.array(proposal.areas["tier"].tolist(), dtype="Int64")
    table["hot_cells"] = _count_hot(asked, scale, cells)
    risk = relative_risk(city, asked.areas, asked.period.until)
    table["relative_risk"] = risk.mean
    n_homicides = proposal.summary["totals"]["located_homicides"]
    share = n_homicides / max(1, int(counts.sum()))
    components = draw_components(table, estimates, share, risk_draws=risk.draws)
    weights = weights_of(proposal.summary)
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
    choices = Choices(
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
            why = say("tier.doubtful", suspect=int(row["suspect"]))
        elif row["months_covered"] < MIN_MONTHS:
            why = say("tier.too_short", n=row["months_covered"], needed=MIN_MONTHS)
        reasons[area_id] = counted, why
    return reasons


def _answers(
    asked: AssessmentInput, scale: CityScale, n_incidents: int, table: pd.DataFrame
) -> dict[str, GateAnswer]:
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
