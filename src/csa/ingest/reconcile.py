"""Check what only all files together can show: the end of the data, and repeated rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from csa.base.arrays import Ints
from csa.base.compact import find_shared, stack
from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.schema import KINDS, YES_NO_UNKNOWN
from csa.ingest.incidents import split_rows, strongest
from csa.ingest.validate import REASONS, ValidatedFile

WORDS = {
    "reason": ["", *REASONS],
    "kind": ["", *KINDS],
    "gun": sorted(YES_NO_UNKNOWN),
    "domestic": sorted(YES_NO_UNKNOWN),
}
REPEAT_ORDER = ("lon", "lat", "is_victim", "incident_id", "source", "address")
MAX_ROWS_AFTER_END = 3
MIN_GAP_DAYS = 30
MIN_GAP_OVER_MEAN = 50
MAX_AS_OF_DAYS = 31


def find_data_end(days: pd.Series, as_of: date | None = None) -> pd.Timestamp | None:
    """Find the last day that the data cover."""
    stamps = _in_order(days)[::-1]
    if not len(stamps):
        return None if as_of is None else pd.Timestamp(as_of)
    found = pd.Timestamp(stamps[_n_strays(stamps)])
    if as_of is None:
        return found
    if (pd.Timestamp(as_of) - found).days > MAX_AS_OF_DAYS:
        raise ParamError("period.as_of", given=as_of, last=found.date())
    return pd.Timestamp(as_of)


def find_data_start(days: pd.Series) -> pd.Timestamp | None:
    """Find the first day that the data cover, by the same rule as the last."""
    stamps = _in_order(days)
    return pd.Timestamp(stamps[_n_strays(stamps)]) if len(stamps) else None


def _in_order(days: pd.Series) -> np.ndarray:
    stamps = days.dropna().to_numpy(dtype="datetime64[D]")
    stamps.sort()
    return stamps


def _n_strays(stamps: np.ndarray) -> int:
    """Count the rows at the beginning that a wide gap separates from the rest, at most 3."""
    n_gaps = len(stamps) - 1
    gaps = np.abs(np.diff(stamps[: MAX_ROWS_AFTER_END + 1])).astype("int64")
    mean_gap = abs(int((stamps[-1] - stamps[0]).astype("int64"))) / n_gaps if n_gaps else 0.0
    for n_strays in range(min(MAX_ROWS_AFTER_END, n_gaps), 0, -1):
        gap = gaps[n_strays - 1]
        if gap > MIN_GAP_DAYS and gap > MIN_GAP_OVER_MEAN * mean_gap:
            return n_strays
    return 0


def reconcile_files(
    files: Iterable[ValidatedFile], as_of: date | None
) -> tuple[pd.DataFrame, date | None]:
    """Check what only all files together can show: the end of the data and repeated rows."""
    blocks, days = [], []
    for number, file in enumerate(files):
        name = file.source.name
        for block in file.blocks:
            source = pd.Categorical([name] * len(block), [name])
            blocks.append(block.assign(file=np.int32(number), source=source))
        days += [block["occurred_at"] for block in (*file.blocks, file.aside)]
        file.blocks.clear()  # held twice otherwise
    rows = stack(blocks)
    for name, words in WORDS.items():
        rows[name] = rows[name].cat.set_categories(words)
    is_possible = (rows["lon"].abs() <= 180) & (rows["lat"].abs() <= 90)
    rows.loc[~is_possible, ["lon", "lat"]] = np.nan
    _exclude_elsewhere(rows)
    data_end = find_data_end(pd.concat(days), as_of)
    if data_end is not None:
        is_late = rows["occurred_at"].dt.normalize() > data_end
        rows.loc[is_late & (rows["reason"] == ""), "reason"] = "after_data_end"
    _reject_duplicates(rows)
    return rows, None if data_end is None else data_end.date()


def _exclude_elsewhere(rows: pd.DataFrame) -> None:
    """Leave an incident out of files that cannot mark it, if another file's rule left it out.

    One layout marks officer-involved shootings, another describes the same ones unmarked.
    """
    if not (rows["reason"] == "excluded_by_rule").any():
        return
    columns = ["source", "incident_id", "rule"]
    is_excluded = rows["has_number"] & (rows["reason"] == "excluded_by_rule")
    excluded = rows.loc[is_excluded, columns].astype("str")
    is_used = rows["has_number"] & (rows["reason"] == "")
    used = rows.loc[is_used & rows["incident_id"].isin(excluded["incident_id"]), columns[:2]]
    used = used.astype("str")
    kept = set(zip(used["source"], used["incident_id"], strict=True))
    rules = {
        number: (source, rule)
        for source, number, rule in excluded.itertuples(index=False)
        if (source, number) not in kept
    }
    told = used["incident_id"].map(rules)
    elsewhere = [
        place
        for place, rule, source in zip(told.index, told, used["source"], strict=True)
        if isinstance(rule, tuple) and rule[0] != source
    ]
    rows.loc[elsewhere, "reason"] = "excluded_by_rule"
    rows.loc[elsewhere, "rule"] = [told[place][1] for place in elsewhere]


def _reject_duplicates(rows: pd.DataFrame) -> None:
    """Keep one of the rows that share an id, whatever the order of rows.

    A person with two offenses has two rows: the homicide stays, and a flag is yes when either
    row says yes.
    """
    is_named = (rows["reason"] == "") & (rows["row_id"] != "")
    named = rows[is_named & find_shared(rows["row_id"])]
    shared = named[named["row_id"].duplicated(keep=False)]
    for flag in ("gun", "domestic"):
        rows.loc[shared.index, flag] = strongest(shared[flag], shared["row_id"])
    order = shared.assign(lacks_time=~shared["has_time"]).sort_values(
        ["row_id", "kind", "lacks_time", "occurred_at", "is_reported", *REPEAT_ORDER],
        na_position="last",
        kind="stable",
    )
    rows.loc[order.index[order["row_id"].duplicated()], "reason"] = "duplicate_row"


# ---- Files of one layout that tell of the same incidents: downloads of one list.


MIN_SHARED, MIN_SHARED_SHARE = 3, 0.5
"""Incidents that two downloads share at least, and of those on the days that both have, in the file
with fewer. Lists of the dead and the hurt, and pages in any order, share a tenth."""


def find_lists(rows: pd.DataFrame) -> tuple[Ints | None, tuple[Message, ...]]:
    """Find the files that are downloads of one list.

    Return the list that each file is of, by the file's number, and a note; None where no two are.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - loads late
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    shared = _shared(rows)
    is_list = [
        n >= MIN_SHARED and n >= MIN_SHARED_SHARE * _n_common(rows, *pair)
        for pair, n in zip(shared.index, shared["n"], strict=True)
    ]
    if not any(is_list):
        return None, ()
    one, other = (shared.index.get_level_values(level)[is_list] for level in (0, 1))
    n_files = int(rows["file"].max()) + 1
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(n_files, n_files))
    n_once = int(shared["n_once"][is_list].sum())
    return connected_components(graph, directed=False)[1], (msg("source.note_overlap", n=n_once),)


def _shared(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the incidents that two files of a layout share; `n_once`, each with its first two."""
    counted = [pd.DataFrame({"n": [], "n_once": []}, index=pd.MultiIndex.from_arrays([[], []]))]
    if len(rows["file"].unique()) > 1:
        keys = ["source", "incident_id"]
        for part in split_rows(rows):
            told = part[[*keys, "file"]].drop_duplicates().sort_values([*keys, "file"])
            told = told[told.duplicated(keys, keep=False)]
            pairs = told.merge(told, on=keys, suffixes=("", "_other"))
            pairs = pairs[pairs["file"] < pairs["file_other"]]
            once = ~pairs.duplicated(keys)
            counted.append(
                pairs.assign(n=1, n_once=once)
                .groupby(["file", "file_other"])[["n", "n_once"]]
                .sum()
            )
    return pd.concat(counted).groupby(level=[0, 1]).sum()


def _n_common(rows: pd.DataFrame, *files: int) -> int:
    """Count the incidents on the days that two files have in common, in the file with fewer."""
    told = [rows.loc[rows["file"] == file, ["occurred_at", "incident_id"]] for file in files]
    days = [one["occurred_at"].to_numpy("datetime64[D]") for one in told]
    since, until = max(one.min() for one in days), min(one.max() for one in days)
    return min(
        len(one.loc[(when >= since) & (when <= until), "incident_id"].unique())
        for one, when in zip(told, days, strict=True)
    )
