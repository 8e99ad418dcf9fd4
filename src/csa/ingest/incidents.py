"""Rows into incidents: one event, however many people were hit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from csa.base.arrays import Ints
from csa.base.compact import stack, to_categories
from csa.base.schema import YES_NO_UNKNOWN

PART = 200_000
"""Rows that are folded at once, and those of the last of their incidents."""
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
ROW_COLUMNS = (*(name for name in FOLDED_COLUMNS if name != "victims"), "is_victim", "file")
"""Columns of rows that incidents are made from, and the file."""
REPEATED = ("kind", "gun", "domestic", "address", "source")


def fold_incidents(rows: pd.DataFrame, list_of: Ints | None = None) -> pd.DataFrame:
    """Fold used rows into incidents, sorted by their ids.

    `list_of` names by a file's number the list of which it is a download, if several are of one.

    An incident takes its earliest time and, among rows at that time, the first by (lon, lat).
    It is a homicide when any of its rows is; a flag is yes when any row says yes.
    """
    return stack([_fold(part, list_of) for part in split_rows(rows)])


def split_rows(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield rows in parts, by their incidents' ids, each incident's in one and in their order.

    Of ten million rows one sort by all columns takes more memory than the rows.
    """
    ids = pa.array(rows["incident_id"], pa.large_string())
    order = pc.sort_indices(ids).to_numpy()
    start = 0
    while start < len(order) or not start:
        end = _end_of_incident(ids, order, min(start + PART, len(order)))
        part = rows.iloc[np.sort(order[start:end])]
        yield part.astype(dict.fromkeys(part.select_dtypes("category"), "str"))
        start = end or 1


def _end_of_incident(ids: pa.Array, order: Ints, end: int) -> int:
    """Return where the rows of the incident end that the row before a place is of."""
    while 0 < end < len(order):
        last = ids[int(order[end - 1])]
        is_same = pc.equal(ids.take(pa.array(order[end : end + PART])), last)
        n_same = int(np.argmin(np.append(is_same.to_numpy(zero_copy_only=False), False)))
        end += n_same
        if n_same < PART:
            return end
    return end


def _fold(rows: pd.DataFrame, list_of: Ints | None) -> pd.DataFrame:
    order = ["incident_id", "occurred_at", "lon", "lat", "address", "has_time", "is_reported"]
    rows = rows.sort_values(order, na_position="last", kind="stable")
    said = {flag: strongest(rows[flag], rows["incident_id"]) for flag in ("gun", "domestic")}
    incidents = rows.assign(**said).drop_duplicates("incident_id").set_index("incident_id")
    # "homicide" sorts before "nonfatal".
    incidents["kind"] = rows.groupby("incident_id")["kind"].min()
    incidents["victims"] = _victims(rows if list_of is None else _once(rows, list_of))
    incidents["source"] = _sources(rows)
    folded = incidents.reset_index()[list(FOLDED_COLUMNS)]
    return folded.assign(**{name: to_categories(folded[name]) for name in REPEATED})


def _sources(rows: pd.DataFrame) -> pd.Series:
    pairs = rows[["incident_id", "source"]].drop_duplicates().sort_values(["incident_id", "source"])
    first = pairs.drop_duplicates("incident_id").set_index("incident_id")["source"]
    several = pairs[pairs["incident_id"].duplicated(keep=False)].groupby("incident_id")["source"]
    joined: pd.Series = pd.concat([first.drop(list(several.groups)), several.agg("; ".join)])
    return joined


def strongest(answers: pd.Series, by: pd.Series) -> pd.Series:
    """Return for each row the strongest answer of its group: yes before no before unknown."""
    rank = answers.astype("str").map({word: place for place, word in enumerate(YES_NO_UNKNOWN)})
    first: pd.Series = rank.groupby(by).transform("min")
    return first.map(dict(enumerate(YES_NO_UNKNOWN)))


def _once(rows: pd.DataFrame, list_of: Ints) -> pd.DataFrame:
    """Keep of a list's downloads, for each incident, the rows of the one with most victims."""
    keys = ["incident_id", "source"]
    n_victims = rows.groupby([*keys, "file"])["is_victim"].transform("sum")
    ranked = rows.assign(list=list_of[rows["file"]], n=n_victims.astype("int64"))
    ranked = ranked.sort_values(["n", "file"], ascending=[False, True], kind="stable")
    return ranked[ranked["file"] == ranked.groupby([*keys, "list"])["file"].transform("first")]


def _victims(rows: pd.DataFrame) -> pd.Series:
    by_layout = rows.groupby(["incident_id", "source"])["is_victim"]
    count = by_layout.sum(min_count=1).astype("Int64")
    is_known = by_layout.count() == by_layout.size()
    return count.where(is_known).groupby(level="incident_id").max()
