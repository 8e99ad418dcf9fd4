"""The files of a backtest: what each method of choosing caught, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from csa.areas.file_format import (
    SHARE_DIGITS,
    list_rows,
    list_versions,
    round_share,
    write_header,
)
from csa.areas.proposal import METHOD_VERSION, plain
from csa.backtest.comparison import MethodComparison
from csa.backtest.record import Record
from csa.backtest.recording import suggestion_of
from csa.backtest.scoring import BACKTEST_COLUMNS, METHODS
from csa.base.io import csv_bytes, json_bytes
from csa.base.schema import KINDS
from csa.workflow.past_years import BacktestResult

MARKER = "backtest.json"


def backtest_account(past: BacktestResult) -> dict[str, Any]:
    """Summarize what a backtest asked, with which values, and its results."""
    question = past.asked.question
    return {
        **write_header("backtest", past.asked.city),
        "question": {
            "origins": [str(origin) for origin in question.origins],
            "horizon_months": question.horizon_months,
            "area_share": question.area_share,
        },
        "params": _params(past),
        "methods": _means(past.table),
        "comparison": _compared(past.comparison),
        "verdict": None if past.comparison is None else past.comparison.verdict,
        **({} if past.by_risk is None else {"risk_order": past.by_risk.to_plain()}),
        "record": _recorded(past.made),
        "method_version": METHOD_VERSION,
        "versions": list_versions(),
    }


def _params(past: BacktestResult) -> dict[str, Any]:
    choices, suggestion = past.asked.choices, suggestion_of(past.asked.city.config, past.used)
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


def _recorded(record: Record | None) -> dict[str, Any] | None:
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
