"""The record of past years: how each method of choosing did, stored beside the dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from csa.areas.backtest.comparison import MethodComparison, SettingScore
from csa.areas.backtest.scoring import BACKTEST_COLUMNS, as_table
from csa.areas.window import describe_period, name_kinds, uses_suggested
from csa.base.errors import TableError
from csa.base.message import Message, msg
from csa.base.safe_parsing import number, parse_count
from csa.base.text import land_percent, percent

FORMAT_VERSION = 1
KIND = "record of past years"


@dataclass(frozen=True)
class FollowUpChange:
    """What areas chosen this way did afterwards, without any work there because of this tool."""

    origin: str  # when they were chosen (YYYY-MM)
    n_areas: int  # how many
    before_share: float  # their share of the city's incidents in the period that chose them
    last_year_share: float  # in the last 12 months of it
    after_share: float  # in the 12 months after it


@dataclass(frozen=True)
class BacktestRecord:
    """What past years show, for one dataset and one set of parameters."""

    fingerprint: str  # of the dataset
    method_version: str  # of the proposal's method
    params: Mapping[str, Any]  # period, resolution, size limit, land share and horizon
    table: pd.DataFrame  # as `csa.areas.backtest.scoring.tabulate`
    comparison: (
        MethodComparison | None
    )  # areas against the best other method; None without a past year
    tried: tuple[SettingScore, ...]  # settings of DBSCAN tried
    suggested: SettingScore | None  # the setting suggested; None where there are too few years
    usual_changes: tuple[FollowUpChange, ...]  # what chosen areas did afterwards, by origin

    @property
    def n_origins(self) -> int:
        """The number of past years scored."""
        return int(self.table["origin"].nunique())

    @property
    def usual_fall_share(self) -> float | None:
        """Mean fall of chosen areas' share of the city, last year to next; None without one."""
        if not self.usual_changes:
            return None
        falls = [
            1 - one.after_share / one.last_year_share
            for one in self.usual_changes
            if one.last_year_share
        ]
        return sum(falls) / len(falls) if falls else None


def record_to_plain(record: BacktestRecord) -> dict[str, Any]:
    """Write a record as plain values."""
    rows = record.table[list(BACKTEST_COLUMNS)].to_dict("records")
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "fingerprint": record.fingerprint,
        "method_version": record.method_version,
        "params": dict(record.params),
        "table": [{str(name): _or_none(value) for name, value in row.items()} for row in rows],
        "comparison": None if record.comparison is None else asdict(record.comparison),
        "tried": [asdict(one) for one in record.tried],
        "suggested": None if record.suggested is None else asdict(record.suggested),
        "usual_changes": [asdict(one) for one in record.usual_changes],
    }


def record_from_plain(plain: Mapping[str, Any]) -> BacktestRecord:
    """Read a record from plain values."""
    try:
        if plain["kind"] != KIND or plain["format_version"] != FORMAT_VERSION:
            raise TableError("backtest.bad_record")
        comparison, suggested = plain["comparison"], plain["suggested"]
        return BacktestRecord(
            str(plain["fingerprint"]),
            str(plain["method_version"]),
            dict(plain["params"]),
            _judged_table(plain["table"]),
            None if comparison is None else _compared(comparison),
            _all_tried(plain["tried"]),
            None if suggested is None else _all_tried([suggested])[0],
            tuple(_changed(one) for one in plain["usual_changes"]),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise TableError("backtest.bad_record") from error


def _all_tried(rows: Sequence[Mapping[str, Any]]) -> tuple[SettingScore, ...]:
    return tuple(
        SettingScore(
            _positive(row["eps_m"]),
            int(_positive(parse_count(row["min_samples"]))),
            *_by_origin(row),
        )
        for row in rows
    )


def _by_origin(
    row: Mapping[str, Any],
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[int, ...]]:
    hit_shares = tuple(_share(share) for share in row["hit_shares"])
    area_shares = tuple(_share(share) for share in row["area_shares"])
    n_areas = tuple(parse_count(n) for n in row["n_areas"])
    if not len(hit_shares) == len(area_shares) == len(n_areas):
        raise ValueError(row)
    return hit_shares, area_shares, n_areas


def _judged_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    for row in rows:
        for name, value in row.items():
            if name in {"origin", "method"}:
                _text(value)
            elif value is not None:
                number(value)
    return as_table(rows)


def _compared(row: Mapping[str, Any]) -> MethodComparison:
    for name, value in row.items():
        if name in {"method", "baseline"}:
            _text(value)
        elif name == "n_years":
            parse_count(value)
        else:
            number(value, least=-1, most=1)
    return MethodComparison(**row)


def _changed(row: Mapping[str, Any]) -> FollowUpChange:
    shares = {
        name: _share(row[name]) for name in ("before_share", "last_year_share", "after_share")
    }
    return FollowUpChange(
        **{**row, **shares, "origin": _text(row["origin"]), "n_areas": parse_count(row["n_areas"])}
    )


def _positive(value: Any) -> float:
    if not number(value, most=1e6):
        raise ValueError(value)
    return float(value)


def _share(value: Any) -> float:
    return number(value, most=1)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124


# ---- What areas hold of the incidents that chose them, and what such areas caught next.


class Held(NamedTuple):
    """What areas hold."""

    n: int  # how many they are
    inside: int  # incidents of the proposal's months
    km2: float


def describe_areas_hold(summary: Mapping[str, Any], record: BacktestRecord | None) -> Message:
    """Describe what a proposal's candidate areas hold, as far as past years let it be told.

    Parameters
    ----------
    summary
        Of the proposal.
    record
        Past years scored with the settings that the proposal suggests; None where there are none.
    """
    totals = summary["totals"]
    found = Held(totals["areas"], totals["in_areas"], totals["areas_km2"])
    return _told(found, summary, record, is_served=False)


def describe_core_areas_hold(
    found: Held, summary: Mapping[str, Any], record: BacktestRecord | None
) -> Message:
    """Describe what the areas in service hold, of the same months and by the same rule."""
    return _told(found, summary, record, is_served=True)


def _told(
    found: Held, summary: Mapping[str, Any], record: BacktestRecord | None, *, is_served: bool
) -> Message:
    params, totals = summary["params"], summary["totals"]
    is_estimated = bool(summary.get("land_is_estimated"))
    what = name_kinds(params["kinds"], is_proxy=summary["nonfatal_is_proxy"])
    values = {
        "n": found.n,
        "incidents": totals["located"],
        "what": what,
        "land": land_percent(found.km2 / totals["study_area_km2"], is_estimated=is_estimated),
        "period": describe_period(params),
    }
    caught = None
    if record is not None and uses_suggested(params):
        caught = _caught(record, is_estimated=is_estimated)
    if caught is None:
        return msg("found.served_alone" if is_served else "found.candidates_alone", **values)
    return msg(
        "found.served" if is_served else "found.candidates",
        **values,
        inside=found.inside,
        share=percent(found.inside / totals["located"]),
        caught=caught,
    )


def describe_record(record: BacktestRecord | None, *, is_estimated: bool) -> Message:
    """Describe what areas caught in past years, or why nobody knows."""
    if record is None:
        return msg("briefing.no_record")
    caught = _caught(record, is_estimated=is_estimated)
    return msg("briefing.record_short") if caught is None else caught


def _caught(record: BacktestRecord, *, is_estimated: bool) -> Message | None:
    """Describe what areas caught of the next year's incidents; None where nothing could be scored.

    Areas, as many and as large as they were, were cut or filled up to the same land as other ways.
    """
    areas = record.table[record.table["method"] == "areas"]
    share = float(np.mean(areas["hit_share"])) if len(areas) else np.nan
    if np.isnan(share):
        return None
    return msg(
        "found.caught",
        n=record.n_origins,
        share=percent(share),
        land=land_percent(float(np.mean(areas["area_share"])), is_estimated=is_estimated),
    )
