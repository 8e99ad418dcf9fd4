"""Assess candidate areas: what is known of each beside its count, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.choices import Choices
from csa.areas.concentration import Concentration, measure_concentration
from csa.areas.finding import estimate_areas, places_of
from csa.areas.gate import (
    MIN_MONTHS,
    GateAnswer,
    can_compare,
    can_locate,
    can_test_cells,
    finest_resolution,
)
from csa.areas.hot_cells import find_hot_cells
from csa.areas.proposal import Proposal
from csa.areas.shrinkage import Estimate
from csa.areas.study_area import locate_incidents
from csa.areas.tiers import TierFacts, explain_tier, probability_in_top
from csa.base.arrays import Ints
from csa.base.errors import CsaError, ParamError
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.params import Month, Period
from csa.dataset.versioned import City
from csa.geo import cells as h3_cells
from csa.priority.assessment import SEED, YEAR, AssessmentInput, judged_table
from csa.priority.index import Weights, choose, priority_index, sensitivity

RESOLUTIONS = (6, 7, 8, 9, 10)
DISPERSION = 1.6
"""Variance over mean of an area's yearly counts, if a city's own is not known yet."""

CHOSEN_COLUMNS = {
    "in_top_probability": "how sure it is that the area is among the first by expected_per_km2",
    "priority_index": "weighted mean of the standardised components",
    "top_share": "share of 1,000 random weightings in which the area is among the first",
    "is_first": "whether these weights put it among the first",
}
COMPONENTS = {
    "expected": "expected",
    "density": "expected_per_km2",
    "homicides": "homicides",
    "lasting": "months_active",
    "recent": "recent_12",
    "people": "people",
}
"""Name of a component of the priority index to the column that it is made of."""


@dataclass(frozen=True)
class AreaAssessment:
    """What is known of how sure each candidate area is.

    Fields: `table`, `estimates`, `why`, `answers`, `finest`, `concentration`, `cells`,
    `city_per_km2`.
    """

    table: pd.DataFrame  # `JUDGED_COLUMNS`, an area a row, west to east
    estimates: tuple[Estimate, ...]  # what is expected in each
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
    cover: pd.DataFrame | None = None,
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
    cover
        The study area's cells with their centers; None finds them.

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
    >>> assessment.n_without_tier  # cannot be told apart from the rest of the city
    1
    """
    if proposal.summary["data_fingerprint"] != city.dataset.fingerprint:
        raise CsaError("sheet.other_data")
    tell("cells")
    asked = _ask(city, proposal, cover)
    tell("estimates")
    estimates = estimate_areas(asked.located, asked.period, asked.areas)
    counts = asked.located.counts(asked.period)
    city_per_km2 = float(counts.sum() / asked.located.land.total_km2)
    cells = _hot_cells(asked, counts)
    tell("stability")
    table = judged_table(asked, estimates, city_per_km2)
    table["tier"] = pd.array(proposal.areas["tier"].tolist(), dtype="Int64")
    table["hot_cells"] = _count_hot(asked, cells)
    return AreaAssessment(
        table,
        estimates,
        _reasons(table, estimates, city_per_km2, proposal.summary["params"]["months_covered"]),
        _answers(asked, int(counts.sum()), table),
        _finest(asked, int(counts.sum())),
        _concentration(asked, counts),
        cells,
        city_per_km2,
    )


def prioritize(assessment: AreaAssessment, weights: Weights, capacity: int) -> pd.DataFrame:
    """Choose which areas come first by some weights, and measure how firm that is.

    Parameters
    ----------
    assessment
        What `assess_areas` knows of each area.
    weights
        How much each component of the priority index counts: `expected`, `density`, `homicides`,
        `lasting`, `recent`, `people`.
    capacity
        How many areas can be served first, at least 1.

    Returns
    -------
    pandas.DataFrame
        Index `area_id`, west to east: `in_top_probability` and `top_share` (0 to 1),
        `priority_index` (standard deviations) and `is_first`. An area that rests on suspect
        points has NaN, and is never among the first.

    Raises
    ------
    ParamError
        If a weight names no component, or the capacity is below 1.

    Examples
    --------
    >>> assessment = csa.assess_areas(city, proposal)
    >>> chosen = csa.prioritize(assessment, csa.Weights({"expected": 1, "homicides": 1}), 3)
    >>> int(chosen["is_first"].sum()), round(float(chosen["in_top_probability"].sum()), 6)
    (3, 3.0)
    """
    first = choose_first(assessment, weights, capacity)
    parts = components_of(assessment)
    areas = assessment.table["area_id"].tolist()
    chosen = pd.DataFrame(
        {"in_top_probability": np.nan, "priority_index": np.nan, "top_share": np.nan},
        index=pd.Index(areas, name="area_id"),
    )
    if len(parts):
        firm = [area_id in parts.index for area_id in areas]
        estimates = [
            one for one, is_firm in zip(assessment.estimates, firm, strict=True) if is_firm
        ]
        sizes = assessment.table.loc[firm, "area_km2"].tolist()
        chosen.loc[firm, "in_top_probability"] = probability_in_top(
            estimates, sizes, capacity, seed=SEED
        )
        chosen.loc[firm, "priority_index"] = priority_index(parts, weights)
        chosen.loc[firm, "top_share"] = sensitivity(parts, capacity, seed=SEED)
    chosen["is_first"] = [area_id in first for area_id in areas]
    return chosen


def choose_first(judgement: AreaAssessment, weights: Weights, capacity: int) -> list[str]:
    """Choose the areas that come first by given weights."""
    unknown = sorted(set(weights.by_component) - set(COMPONENTS))
    if unknown:
        raise ParamError(
            "priorities.component", given=", ".join(unknown), known=", ".join(COMPONENTS)
        )
    if capacity < 1:
        raise ParamError("priorities.at_least_one", name="capacity", given=capacity)
    parts = components_of(judgement)
    if parts.empty:
        return []
    return [str(area_id) for area_id in choose(priority_index(parts, weights), capacity)]


def components_of(judgement: AreaAssessment) -> pd.DataFrame:
    """List the components of the priority index."""
    table = judgement.table[~judgement.table["is_doubtful"].astype(bool)].set_index("area_id")
    return pd.DataFrame(
        {name: table[column].astype("float64") for name, column in COMPONENTS.items()}
    )


def _ask(city: City, proposal: Proposal, cover: pd.DataFrame | None) -> AssessmentInput:
    params = proposal.summary["params"]
    period = Period(Month.parse(params["start"]), Month.parse(params["until"]))
    choices = Choices(
        period.until,
        period.months,
        resolution=params["resolution"],
        max_area_km2=params["max_area_km2"],
        kinds=tuple(params["kinds"]),
    )
    located = locate_incidents(city, choices, cover)
    areas = tuple(
        frozenset(h3_cells.from_text(cells).tolist()) for cells in proposal.areas["cells"]
    )
    places = tuple(places_of(located, area) for area in areas)
    return AssessmentInput(located, city.config, proposal, period, areas, places)


def _hot_cells(asked: AssessmentInput, counts: Ints) -> pd.DataFrame | None:
    """Test every cell, if there are enough incidents for so many cells."""
    if not can_test_cells(int(counts.sum()), len(counts)).can:
        return None
    index = asked.located.cover.index
    land = asked.located.land
    return find_hot_cells(
        pd.Series(counts, index=index), pd.Series(land.area_km2, index=index), land.neighbours
    )


def _concentration(asked: AssessmentInput, counts: Ints) -> Concentration:
    index = asked.located.cover.index
    by_cell, land = pd.Series(counts, index=index), asked.located.land
    return measure_concentration(by_cell, pd.Series(land.area_km2, index=index), seed=SEED)


def _count_hot(asked: AssessmentInput, cells: pd.DataFrame | None) -> pd.arrays.IntegerArray:
    if cells is None:
        return pd.array([pd.NA] * len(asked.areas), dtype="Int64")
    is_hot = cells["is_hot"].to_numpy()
    return pd.array([int(is_hot[places].sum()) for places in asked.places], dtype="Int64")


def _reasons(
    table: pd.DataFrame, estimates: Sequence[Estimate], city_per_km2: float, months: int
) -> dict[str, tuple[Message, Message]]:
    """Explain each area's tier; the first of a tier has the highest rate."""
    facts = [
        TierFacts(
            f"{row['place_name']} ({row['area_id']})", int(row["incidents"]), row["area_km2"], one
        )
        for row, one in zip(table.to_dict("records"), estimates, strict=True)
    ]
    tiers = [None if pd.isna(tier) else int(tier) for tier in table["tier"]]
    reasons = {
        area_id: explain_tier(area, tier, city_per_km2)
        for area_id, area, tier in zip(table["area_id"], facts, tiers, strict=True)
    }
    if months < MIN_MONTHS:
        too_short = say("tier.too_short", n=months, needed=MIN_MONTHS)
        reasons = {area_id: (counted, too_short) for area_id, (counted, _) in reasons.items()}
    for row in table[table["is_doubtful"].astype(bool)].to_dict("records"):
        counted, _ = reasons[row["area_id"]]
        reasons[row["area_id"]] = counted, say("tier.doubtful", suspect=int(row["suspect"]))
    return reasons


def _answers(
    asked: AssessmentInput, n_incidents: int, table: pd.DataFrame
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
        "test_cells": can_test_cells(n_incidents, len(asked.located.cover), months=months),
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
