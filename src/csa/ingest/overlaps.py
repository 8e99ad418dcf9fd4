"""Files of one layout that tell of the same incidents: downloads of one list.

Their victims count once. Pages and years of a list share no incident, but those that a border cuts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from csa.base.arrays import Ints
from csa.base.message import Message, say
from csa.ingest.incidents import split_rows

MIN_SHARED, MIN_SHARED_SHARE = 3, 0.5
"""Incidents that two downloads share at least, and of those on the days that both have, in the file
with fewer. Lists of the dead and the hurt, and pages in any order, share a tenth."""


def find_lists(rows: pd.DataFrame) -> tuple[Ints | None, tuple[Message, ...]]:
    """Find the files that are downloads of one list.

    Return the list that each file is of, by the file's number, and a note; None where no two are.
    """
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
    return connected_components(graph, directed=False)[1], (say("source.note_overlap", n=n_once),)


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
