"""Rows into incidents: one event, however many people were hit."""

from __future__ import annotations

import pandas as pd

from csa.base.schema import YES_NO_UNKNOWN

FOLDED_COLUMNS = (
    "incident_id",
    "occurred_at",
    "kind",
    "victims",
    "gun",
    "domestic",
    "lon",
    "lat",
    "address",
    "source",
    "has_time",
    "is_reported",
    "has_number",
)


def fold_incidents(rows: pd.DataFrame) -> pd.DataFrame:
    """Fold used rows into incidents.

    An incident takes its earliest time and, among rows at that time, the first by (lon, lat).
    It is a homicide when any of its rows is; a flag is yes when any row says yes.
    """
    if rows.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in FOLDED_COLUMNS})
    order = ["incident_id", "occurred_at", "lon", "lat", "address", "has_time", "is_reported"]
    rows = rows.sort_values(order, na_position="last", kind="stable")
    said = {flag: strongest(rows[flag], rows["incident_id"]) for flag in ("gun", "domestic")}
    incidents = rows.assign(**said).drop_duplicates("incident_id").set_index("incident_id")
    # "homicide" sorts before "nonfatal".
    incidents["kind"] = rows.groupby("incident_id")["kind"].min()
    incidents["victims"] = _victims(rows)
    incidents["source"] = _sources(rows)
    return incidents.reset_index()[list(FOLDED_COLUMNS)]


def _sources(rows: pd.DataFrame) -> pd.Series:
    pairs = rows[["incident_id", "source"]].drop_duplicates().sort_values(["incident_id", "source"])
    first = pairs.drop_duplicates("incident_id").set_index("incident_id")["source"]
    several = pairs[pairs["incident_id"].duplicated(keep=False)].groupby("incident_id")["source"]
    joined: pd.Series = pd.concat([first.drop(list(several.groups)), several.agg("; ".join)])
    return joined


def strongest(answers: pd.Series, by: pd.Series) -> pd.Series:
    """Return for each row the strongest answer of its group: yes before no before unknown."""
    rank = answers.map({word: place for place, word in enumerate(YES_NO_UNKNOWN)})
    first: pd.Series = rank.groupby(by).transform("min")
    return first.map(dict(enumerate(YES_NO_UNKNOWN)))


def _victims(rows: pd.DataFrame) -> pd.Series:
    by_layout = rows.groupby(["incident_id", "source"])["is_victim"]
    count = by_layout.sum(min_count=1).astype("Int64")
    is_known = by_layout.count() == by_layout.size()
    return count.where(is_known).groupby(level="incident_id").max()
