"""The report on a run: what was read and lost, by reason, and what a reader should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from csa.base.message import Message, say
from csa.base.schema import FLAGS, KINDS, YES_NO_UNKNOWN
from csa.config.city import CityConfig
from csa.ingest.judge import REASON, REASONS, JudgedFile
from csa.ingest.settle import find_data_start
from csa.ingest.unnamed import count_unnamed

COUNTED = "counted"
"""Where in an account the counts of incidents will stand."""
WARN_UNLOCATED_SHARE = 0.03
WARN_OUTSIDE_SHARE = 0.05


def account(files: Sequence[JudgedFile], rows: pd.DataFrame, config: CityConfig) -> dict[str, Any]:
    """Count what was read and lost."""
    return {
        "inputs": _inputs(files),
        **count_rows(files, rows),
        COUNTED: {},
        "data_from": _data_from(files, rows),
        "months": {},
        "rules": _rules(files, rows, config),
        "unnamed": count_unnamed(
            [(file.source.name, each) for file in files for each in file.unnamed]
        ),
    }


def find_warnings(incidents: pd.DataFrame) -> tuple[Message, ...]:
    """Warn if so many incidents have no place, or lie outside, that areas mislead."""
    warnings = []
    is_unlocated, is_outside = (
        _has_flag(incidents, name) for name in ("unlocated", "outside_study_area")
    )
    if is_unlocated.mean() > WARN_UNLOCATED_SHARE:
        years = incidents.loc[is_unlocated, "occurred_at"].dt.year.value_counts()
        year = int(years.index[years == years.max()].min())
        values = {"percent": 100 * is_unlocated.mean(), "n": int(is_unlocated.sum())}
        warnings.append(say("source.note_unlocated", year=year, **values))
    if is_outside.mean() > WARN_OUTSIDE_SHARE:
        values = {"percent": 100 * is_outside.mean(), "n": int(is_outside.sum())}
        warnings.append(say("source.note_outside", **values))
    return tuple(warnings)


def _data_from(files: Sequence[JudgedFile], rows: pd.DataFrame) -> str | None:
    """Return the first day of the rows that are used; if none is, of all."""
    days = rows.loc[rows["reason"] == "", "occurred_at"]
    if days.empty:
        days = pd.concat([rows["occurred_at"], *(file.aside["occurred_at"] for file in files)])
    start = find_data_start(days)
    return None if start is None else start.date().isoformat()


def _inputs(files: Sequence[JudgedFile]) -> list[dict[str, Any]]:
    return [
        {
            "name": file.summary.name,
            "sha256": file.summary.sha256,
            "source": file.source.name,
            "rows_read": file.summary.n_read,
        }
        for file in files
    ]


def count_rows(files: Sequence[JudgedFile], rows: pd.DataFrame) -> dict[str, Any]:
    """Count what became of the rows."""
    counted = Counter(rows["reason"].value_counts().to_dict())
    for file in files:
        counted.update(file.aside["reason"].value_counts().to_dict())
    rejected = {reason: int(counted[reason]) for reason in REASONS}
    rejected["unreadable"] = sum(len(file.summary.unreadable) for file in files)
    is_used = rows["reason"] == ""
    return {
        "rows_read": sum(file.summary.n_read for file in files),
        "rows_used": int(is_used.sum()),
        "rows_rejected": rejected,
        "identical_rows": int((is_used & rows["is_identical"] & (rows["row_id"] == "")).sum()),
    }


def with_incidents(accounted: Mapping[str, Any], incidents: pd.DataFrame) -> dict[str, Any]:
    """Fill in what is counted of incidents, where an account has a place for it."""
    filled: dict[str, Any] = {}
    for name, value in accounted.items():
        filled |= _incident_counts(incidents) if name == COUNTED else {name: value}
    return filled | {"months": _months(incidents)}


def _incident_counts(incidents: pd.DataFrame) -> dict[str, Any]:
    homicides = incidents.loc[incidents["kind"] == "homicide", ["gun"]]
    times = incidents["occurred_at"]
    is_unknown = incidents["victims"].isna()
    known = incidents["victims"].dropna()
    return {
        "incidents": len(incidents),
        "homicides": len(homicides),
        "nonfatal": len(incidents) - len(homicides),
        "homicides_by_gun": {
            word: int((homicides["gun"] == word).sum()) for word in YES_NO_UNKNOWN
        },
        "domestic": {word: int((incidents["domestic"] == word).sum()) for word in YES_NO_UNKNOWN},
        "victims": int(known.sum()) if len(known) or incidents.empty else None,
        "incidents_without_victim_count": int(is_unknown.sum()),
        **{name: int(_has_flag(incidents, name).sum()) for name in FLAGS},
        "first_date": None if times.empty else times.min().date().isoformat(),
        "last_date": None if times.empty else times.max().date().isoformat(),
        "incidents_in_several_sources": int(incidents["source"].str.contains("; ").sum()),
    }


def _has_flag(incidents: pd.DataFrame, name: str) -> pd.Series:
    return incidents["flags"].str.contains(name, regex=False).astype(bool)


def _months(incidents: pd.DataFrame) -> dict[str, dict[str, int]]:
    if incidents.empty:
        return {}
    months = incidents["occurred_at"].to_numpy(dtype="datetime64[M]")
    first, numbers = months.min(), (months - months.min()).astype("int64")
    n_months = int(numbers.max()) + 1
    of_kind = (numbers[incidents["kind"] == kind] for kind in KINDS)
    by_kind = [np.bincount(found, minlength=n_months) for found in of_kind]
    return {
        str(first + number): dict(zip(KINDS, map(int, counts), strict=True))
        for number, counts in enumerate(zip(*by_kind, strict=True))
    }


def _rules(
    files: Sequence[JudgedFile], rows: pd.DataFrame, config: CityConfig
) -> list[dict[str, Any]]:
    """List each rule of the city's file with what it left out, zero included."""
    left_out = rows[rows["reason"] == "excluded_by_rule"]
    rules = {rule.name: rule.why for file in files for rule in file.source.exclude}
    rules |= {point.name: point.why for point in config.points if point.exclude}
    return [
        {
            "name": name,
            "why": why,
            "rows": int((left_out["rule"] == name).sum()),
            "incidents": int(left_out.loc[left_out["rule"] == name, "incident_id"].nunique()),
        }
        for name, why in rules.items()
    ]


def list_rejected(files: Sequence[JudgedFile], rows: pd.DataFrame) -> pd.DataFrame:
    """List every row that was not used, by its position, never its content."""
    names = list(dict.fromkeys(file.summary.name for file in files))
    parts = [rows.loc[rows["reason"] != "", ["file", "line", "reason"]]]
    for number, file in enumerate(files):
        broken = pd.DataFrame({"line": file.summary.unreadable, "reason": "unreadable"})
        parts += [one.assign(file=number) for one in (file.aside[["line", "reason"]], broken)]
    # A police file has millions of them: each name and each reason is held once.
    table = pd.concat([part.astype({"line": "int64", "reason": REASON}) for part in parts])
    table = table.sort_values(["file", "line"], ignore_index=True)
    codes = np.array([names.index(file.summary.name) for file in files])
    taken = codes[table["file"].to_numpy()]
    table["reason"] = table["reason"].cat.remove_unused_categories()
    return table.assign(file=pd.Categorical.from_codes(taken, pd.Index(names)))
