"""Rows into incidents: one event, however many people were hit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from csa.base.arrays import Ints
from csa.base.compact import find_shared, stack, to_categories
from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.schema import KINDS, YES_NO_UNKNOWN
from csa.ingest.validate import REASONS, ValidatedFile

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


# Check what only all files together can show: the end of the data, and repeated rows.

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
