"""Past days scored: all Januaries for the record, or days named by the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.locating import locate_incidents
from csa.backtest.by_risk import RiskOrderGain, measure_risk_order, save_risk_order
from csa.backtest.comparison import MethodComparison
from csa.backtest.origins import AREA_SHARE, HORIZON_MONTHS, BacktestQuestion, backtest_areas
from csa.backtest.record import Record
from csa.backtest.recording import make_record, save_record, suggestion_of
from csa.backtest.scoring import as_table
from csa.backtest.variants import run_variants
from csa.base.logging import Tell, silent
from csa.base.params import DocumentedDbscan, Month
from csa.dataset.versioned import City
from csa.displacement.follow import make_past, save_chance, save_past
from csa.displacement.lineage_windows import Chance, measure_chance
from csa.displacement.past import PastCohort as After

CHANCE_SEED = 20201001


@dataclass(frozen=True)
class BacktestRequest:
    """The inputs of a backtest."""

    city: City  # the city's file, its incidents and its places
    choices: Choices  # how areas are proposed; radius and minimum are left to the suggestion
    question: BacktestQuestion  # origins, horizon and land
    with_variants: bool  # whether other ways of forming areas are scored too


@dataclass(frozen=True)
class BacktestResult:
    """The results of a backtest."""

    asked: BacktestRequest  # what was asked
    used: Record | None  # the record with the values used; None for the city file's values
    made: Record | None  # the new record; None where the days were named
    table: pd.DataFrame  # as `csa.backtest.scoring.tabulate`
    comparison: MethodComparison | None  # areas against the best other; None without incidents
    variants: pd.DataFrame  # as `csa.backtest.variants.run_variants`; empty if not asked for
    after: tuple[After, ...] | None = None  # what areas of past years did afterwards
    chance: Chance | None = None  # how often areas come and go by chance
    by_risk: RiskOrderGain | None = None  # what ordering areas by risk would have gained


def ask_question(
    origins: Sequence[Month], horizon_months: int | None, area_share: float | None
) -> BacktestQuestion:
    """Score past days."""
    return BacktestQuestion(
        tuple(origins),
        HORIZON_MONTHS if horizon_months is None else horizon_months,
        AREA_SHARE if area_share is None else area_share,
    )


def judge_past_years(asked: BacktestRequest, tell: Tell = silent) -> BacktestResult:
    """Make the record of past years."""
    record = make_record(asked.city, asked.choices, tell)
    # Its areas use the values that it suggests; so do those that the variants start from.
    documented = suggestion_of(asked.city.config, record).documented
    located = locate_incidents(asked.city, asked.choices)
    after = make_past(located, asked.choices, documented, tell)
    tell("shuffle")
    is_long = bool(asked.question.origins)
    chance = (
        measure_chance(located, asked.choices, documented, seed=CHANCE_SEED) if is_long else None
    )
    variants = _score_variants(asked, documented, tell)
    by_risk = measure_risk_order(
        asked.city, located, asked.choices, documented, asked.question, tell
    )
    table, comparison = record.table, record.comparison
    return BacktestResult(
        asked, record, record, table, comparison, variants, after, chance, by_risk
    )


def keep_past_years(past: BacktestResult, city: City, choices: Choices) -> None:
    """Write the record, what past areas did, and what chance gives, beside the dataset."""
    if past.after is not None:
        save_past(past.after, city, choices)
    if past.chance is not None:
        save_chance(past.chance, city, choices)
    if past.made is not None:
        save_record(past.made, city, choices)
        if past.by_risk is not None:
            save_risk_order(past.by_risk, city)


def judge_named(asked: BacktestRequest, tell: Tell = silent) -> BacktestResult:
    """Score the days that the user names, with the city file's values.

    What past years suggest was chosen from years that may lie after such a day.
    """
    found = backtest_areas(asked.city, asked.question, asked.choices, tell)
    documented = asked.city.config.areas.documented
    variants = _score_variants(asked, documented, tell)
    located = locate_incidents(asked.city, asked.choices)
    by_risk = measure_risk_order(
        asked.city, located, asked.choices, documented, asked.question, tell
    )
    return BacktestResult(
        asked, None, None, found.table, found.comparison, variants, by_risk=by_risk
    )


def _score_variants(
    asked: BacktestRequest, documented: DocumentedDbscan | None, tell: Tell
) -> pd.DataFrame:
    if not asked.with_variants:
        return as_table([])
    located = locate_incidents(asked.city, asked.choices)
    return run_variants(located, asked.choices, documented, asked.question, tell)
