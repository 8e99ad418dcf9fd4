"""Past days judged: all Januaries for the record, or those that somebody names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.study_area import locate
from csa.backtest.comparison import MethodComparison
from csa.backtest.origins import AREA_SHARE, HORIZON_MONTHS, BacktestQuestion, run_backtest
from csa.backtest.record import Record
from csa.backtest.recording import make_record, suggestion_of
from csa.backtest.scoring import as_table
from csa.backtest.variants import run_variants
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.config.city import Areas, CityConfig
from csa.dataset.versioned import Dataset
from csa.displacement.lineage_windows import Chance, measure_chance
from csa.displacement.past import PastCohort as After
from csa.displacement.past_cohorts import make_past

CHANCE_SEED = 20201001


@dataclass(frozen=True)
class BacktestRequest:
    """What is asked of the past."""

    dataset: Dataset  # a city's incidents and places
    config: CityConfig  # the same city's file
    choices: Choices  # how areas are proposed; radius and minimum are left to the suggestion
    question: BacktestQuestion  # origins, horizon and land
    with_variants: bool  # whether other ways of forming areas are scored too


@dataclass(frozen=True)
class BacktestResult:
    """What the past answers."""

    asked: BacktestRequest  # what was asked
    used: Record | None  # the record whose values areas were found with; None for the city file's
    made: Record | None  # the record made of it; None where the days were named
    table: pd.DataFrame  # as `csa.backtest.scoring.tabulate`
    comparison: MethodComparison | None  # areas against the best other way; None where nothing came
    variants: pd.DataFrame  # as `csa.backtest.variants.run_variants`; empty where none was tried
    after: tuple[After, ...] | None = None  # what areas of past years did afterwards
    chance: Chance | None = None  # how often areas come and go by chance


def ask_question(
    origins: Sequence[Month], horizon_months: int | None, area_share: float | None
) -> BacktestQuestion:
    """Ask about past days."""
    return BacktestQuestion(
        tuple(origins),
        HORIZON_MONTHS if horizon_months is None else horizon_months,
        AREA_SHARE if area_share is None else area_share,
    )


def judge_past_years(asked: BacktestRequest, tell: Tell = silent) -> BacktestResult:
    """Make the record of past years."""
    record = make_record(asked.dataset, asked.config, asked.choices, tell)
    # Its areas are those that it suggests itself; so are the ones that other ways start from.
    areas = suggestion_of(asked.config, record).areas
    located = locate(asked.dataset, asked.config, asked.choices)
    after = make_past(located, asked.choices, areas, tell)
    tell("shuffle")
    is_long = bool(asked.question.origins)
    chance = measure_chance(located, asked.choices, areas, seed=CHANCE_SEED) if is_long else None
    variants = _score_variants(asked, areas, tell)
    table, comparison = record.table, record.comparison
    return BacktestResult(asked, record, record, table, comparison, variants, after, chance)


def judge_named(asked: BacktestRequest, tell: Tell = silent) -> BacktestResult:
    """Judge the days that somebody names, with the city file's values.

    What past years suggest was chosen from years that may lie after such a day.
    """
    tell("cells")
    located = locate(asked.dataset, asked.config, asked.choices)
    areas = asked.config.areas
    found = run_backtest(located, asked.choices, areas, asked.question, tell)
    variants = _score_variants(asked, areas, tell)
    return BacktestResult(asked, None, None, found.table, found.comparison, variants)


def _score_variants(asked: BacktestRequest, areas: Areas, tell: Tell) -> pd.DataFrame:
    if not asked.with_variants:
        return as_table([])
    located = locate(asked.dataset, asked.config, asked.choices)
    return run_variants(located, asked.choices, areas, asked.question, tell)
