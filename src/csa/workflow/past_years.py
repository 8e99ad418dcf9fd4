"""Past days scored: all Januaries for the record, or days named by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from csa.areas.backtest.by_risk import RiskOrderGain, measure_risk_order, save_risk_order
from csa.areas.backtest.comparison import MethodComparison
from csa.areas.backtest.origins import AREA_SHARE, HORIZON_MONTHS, BacktestSpec, backtest_areas
from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.recording import build_suggestion, make_record, run_variants, save_record
from csa.areas.backtest.scoring import BACKTEST_COLUMNS, METHODS, as_table
from csa.areas.choices import AreaSettings
from csa.areas.file_format import SHARE_DIGITS, list_rows, list_versions, round_share, write_header
from csa.areas.locating import locate_incidents
from csa.areas.proposal import METHOD_VERSION, plain
from csa.areas.study_area import StudyArea
from csa.base.io import KEPT, csv_bytes, json_bytes, replace_folder, require_writable
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import DocumentedDbscan, Month
from csa.base.processes import Mapper, worker_map
from csa.base.schema import KINDS
from csa.change.follow import measure_past_cohorts, save_chance, save_past
from csa.change.lineage_windows import ChanceRates, measure_chance
from csa.change.past import PastCohort as After
from csa.city.dataset import City

CHANCE_SEED = 20201001


@dataclass(frozen=True)
class BacktestRequest:
    """The inputs of a backtest."""

    city: City  # the city's file, its incidents and its places
    choices: AreaSettings  # how areas are proposed; radius and minimum are left to the suggestion
    question: BacktestSpec  # origins, horizon and land
    with_variants: bool  # whether other ways of forming areas are scored too


@dataclass(frozen=True)
class BacktestResult:
    """The results of a backtest."""

    request: BacktestRequest  # what was asked
    made: BacktestRecord | None  # the new record; None where the days were named
    table: pd.DataFrame  # as `csa.areas.backtest.scoring.tabulate`
    comparison: MethodComparison | None  # areas against the best other; None without incidents
    variants: pd.DataFrame  # as `csa.areas.backtest.recording.run_variants`; empty if not asked for
    by_risk: RiskOrderGain | None = None  # what ordering areas by risk would have gained
    after: tuple[After, ...] | None = None  # what areas of past years did afterwards
    chance: ChanceRates | None = None  # how often areas come and go by chance


def make_spec(
    origins: Sequence[Month], horizon_months: int | None, area_share: float | None
) -> BacktestSpec:
    """Score past days."""
    return BacktestSpec(
        tuple(origins),
        HORIZON_MONTHS if horizon_months is None else horizon_months,
        AREA_SHARE if area_share is None else area_share,
    )


def score_past_years(
    asked: BacktestRequest, progress: ProgressCallback = no_progress
) -> BacktestResult:
    """Make the record of past years."""
    with worker_map(len(asked.city.dataset.incidents)) as apply:
        record = make_record(asked.city, asked.choices, progress, apply)
        # Its areas use the values that it suggests; so do those that the variants start from.
        documented = build_suggestion(asked.city.config, record).documented
        located = locate_incidents(asked.city, asked.choices)
        known = located, asked.choices, documented
        after = measure_past_cohorts(*known, progress, apply)
        chance = None
        if asked.question.origins:
            chance = measure_chance(*known, seed=CHANCE_SEED, progress=progress, apply=apply)
        others = _score_others(asked, located, documented, progress, apply)
    return BacktestResult(asked, record, record.table, record.comparison, *others, after, chance)


def save_past_years(past: BacktestResult, city: City, choices: AreaSettings) -> None:
    """Write the record, what past areas did, and what chance gives, beside the dataset."""
    if past.after is not None:
        save_past(past.after, city, choices)
    if past.chance is not None:
        save_chance(past.chance, city, choices)
    if past.made is not None:
        save_record(past.made, city, choices)
        if past.by_risk is not None:
            save_risk_order(past.by_risk, city)


def score_named_days(
    asked: BacktestRequest, progress: ProgressCallback = no_progress
) -> BacktestResult:
    """Score the days that the user names, with the city file's values.

    What past years suggest was chosen from years that may lie after such a day.
    """
    found = backtest_areas(asked.city, asked.question, asked.choices, progress)
    located = locate_incidents(asked.city, asked.choices)
    with worker_map(len(asked.city.dataset.incidents)) as apply:
        documented = asked.city.config.areas.documented
        others = _score_others(asked, located, documented, progress, apply)
    return BacktestResult(asked, None, found.table, found.comparison, *others)


def _score_others(
    asked: BacktestRequest,
    located: StudyArea,
    documented: DocumentedDbscan | None,
    progress: ProgressCallback,
    apply: Mapper,
) -> tuple[pd.DataFrame, RiskOrderGain | None]:
    """Score other ways of forming areas, where asked, and of ordering them."""
    known = located, asked.choices, documented, asked.question, progress
    variants = run_variants(*known, apply) if asked.with_variants else as_table([])
    return variants, measure_risk_order(asked.city, *known)


# ---- The files of a backtest: what each method of choosing caught, and what was asked.


MARKER = "backtest.json"


def make_backtest(
    asked: BacktestRequest,
    out: Path | None,
    *,
    is_named: bool,
    progress: ProgressCallback = no_progress,
) -> tuple[BacktestResult, dict[str, Any]]:
    """Score the past; write the folder first, then the record beside the dataset."""
    if out is not None:
        require_writable(out)
    if not is_named:
        require_writable(asked.city.own_folder / KEPT / "record")
    past = (score_named_days if is_named else score_past_years)(asked, progress)
    account = backtest_account(past)
    progress("write")
    if out is not None:
        replace_folder(out, MARKER, backtest_files(account, past))
    save_past_years(past, asked.city, asked.choices)
    return past, account


def backtest_account(past: BacktestResult) -> dict[str, Any]:
    """Summarize what a backtest asked, with which values, and its results."""
    question = past.request.question
    return {
        **write_header("backtest", past.request.city),
        "question": {
            "origins": [str(origin) for origin in question.origins],
            "horizon_months": question.horizon_months,
            "area_share": question.area_share,
        },
        "params": _params(past),
        "methods": _means(past.table),
        "comparison": _compared(past.comparison),
        "verdict": None if past.comparison is None else past.comparison.verdict,
        **({} if past.by_risk is None else {"risk_order": past.by_risk.to_dict()}),
        "record": _recorded(past.made),
        "method_version": METHOD_VERSION,
        "versions": list_versions(),
    }


def _params(past: BacktestResult) -> dict[str, Any]:
    choices = past.request.choices
    suggestion = build_suggestion(past.request.city.config, past.made)
    values = ("eps_m", "min_samples", "at_incidents", "min_samples_floor")
    return {
        "months": choices.months,
        "resolution": choices.resolution,
        "max_area_km2": choices.max_area_km2,
        "kinds": [kind for kind in KINDS if kind in choices.kinds],
        **{name: getattr(suggestion.documented, name, None) for name in values},
        "suggested_by": suggestion.source,
    }


def _means(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Average each method over origins; the difference is to areas."""
    means = table.groupby("method")[["hit_share", "area_share"]].mean()
    if means.empty:
        return {}
    means["difference"] = means["hit_share"] - means["hit_share"].to_dict()["areas"]
    rows = means.round(SHARE_DIGITS).to_dict("index")
    return {
        method: {str(name): plain(value) for name, value in rows[method].items()}
        for method in METHODS
    }


def _compared(comparison: MethodComparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    values = {**asdict(comparison), "ratio": comparison.ratio}
    return {name: plain(value) for name, value in values.items()}


def _recorded(record: BacktestRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "suggested": None if record.suggested is None else asdict(record.suggested),
        "usual_fall_share": plain(record.usual_fall_share),
        "usual_changes": [asdict(one) for one in record.usual_changes],
    }


def backtest_files(account: Mapping[str, Any], past: BacktestResult) -> dict[str, bytes]:
    """Write a backtest as files, the same bytes for the same backtest."""
    columns = list(BACKTEST_COLUMNS)
    return {
        "backtest.csv": csv_bytes(columns, list_rows(past.table, columns, round_share)),
        "variants.csv": csv_bytes(columns, list_rows(past.variants, columns, round_share)),
        MARKER: json_bytes(account),
    }
