"""Text that a layout cannot read: a wrong format, system or column shows in many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from csa.base.compact import count_different
from csa.base.message import Message, say
from csa.config.layouts import Source

WARN_SHARE = 0.05
"""Losing a row in twenty is more than typing errors."""

MOST = 0.5
"""Times and places are often missing; if most of the given ones cannot be read, the city's file is
wrong."""

MIN_ROWS, MAX_EACH = 100, 20
"""More people per incident, or rows per row id, than in any real list."""

MAX_CHARACTERS = 60
FIELDS = {
    "dates": ("date", "reported_date"),
    "times": ("time", "hour"),
    "places": ("lon", "lat", "x", "y", "location"),
}


class Unread:
    """What a layout cannot read of a file, block by block."""

    def __init__(self, source: Source, spelled: Mapping[str, str]) -> None:
        self._source, self._spelled = source, spelled
        self._bad: dict[str, int] = dict.fromkeys(FIELDS, 0)
        self._shootings: dict[str, int] = dict.fromkeys(FIELDS, 0)
        self._example: dict[str, tuple[int, dict[str, Any]]] = {}

    def add(self, rows: pd.DataFrame, fields: Mapping[str, pd.Series]) -> None:
        """Count what cannot be read of a block."""
        reason = rows["reason"]
        is_used = reason == ""
        is_bad = {
            "dates": reason == "bad_date",
            "times": is_used & ~rows["has_time"] & _says(FIELDS["times"], fields),
            "places": is_used & rows["lon"].isna() & _says(FIELDS["places"], fields),
        }
        for about, mask in is_bad.items():
            self._bad[about] += int(mask.sum())
            self._shootings[about] += int((is_used | mask).sum())
            known = self._example.get(about)
            if mask.any() and (known is None or known[0]):
                found = _example(rows[mask], FIELDS[about], fields, self._spelled)
                self._example[about] = found if known is None else min(known, found, key=_rank)

    def notes(self, blocks: Sequence[pd.DataFrame], name: str) -> Iterator[Message]:
        """Warn where a format, a system or a column of the city's file is wrong."""
        source = self._source
        for key, about, share in (
            ("source.note_bad_dates", "dates", WARN_SHARE),
            ("source.note_bad_times", "times", MOST),
            ("source.note_bad_places", "places", MOST),
        ):
            n, n_shootings = self._bad[about], self._shootings[about]
            if n and n >= share * n_shootings:
                example = self._example[about][1]
                counts = {"n": n, "n_shootings": n_shootings}
                yield say(key, name=name, source=source.name, **counts, **example)
        for key, column, said in (
            ("source.note_few_incidents", "incident_id", source.incident_from),
            ("source.note_few_rows", "row_id", source.row_id_from),
        ):
            is_one = [(rows["reason"] == "") & (rows[column] != "") for rows in blocks]
            ids = (rows.loc[mask, column] for rows, mask in zip(blocks, is_one, strict=True))
            n = sum(int(mask.sum()) for mask in is_one)
            if n >= MIN_ROWS and n > MAX_EACH * (n_different := count_different(ids)):
                columns = ", ".join(self._spelled.get(field, field).strip() for field in said)
                counts = {"n": n, "n_different": n_different}
                yield say(key, name=name, source=source.name, columns=columns, **counts)


def _rank(found: tuple[int, dict[str, Any]]) -> int:
    return found[0]


def _says(names: Sequence[str], fields: Mapping[str, pd.Series]) -> pd.Series | bool:
    """Return which rows hold a value; some files write 0 for unknown."""
    texts = [fields[name].str.strip() for name in names if name in fields]
    if not texts:
        return False
    said = [(text != "") & (pd.to_numeric(text, errors="coerce") != 0) for text in texts]
    return pd.concat(said, axis=1).any(axis=1)


def _example(
    bad: pd.DataFrame,
    names: Sequence[str],
    fields: Mapping[str, pd.Series],
    spelled: Mapping[str, str],
) -> tuple[int, dict[str, Any]]:
    """Find a text that was not read, preferably not a number: coordinates come in pairs.

    Returns its rank too, 0 for the best.
    """
    found = [(name, fields[name][bad.index].str.strip()) for name in names if name in fields]
    filled = [(name, text[text != ""]) for name, text in found]
    words = [(name, text[pd.to_numeric(text, errors="coerce").isna()]) for name, text in filled]
    ranked = enumerate((*words, *filled, *found))
    rank, (name, text) = next(pair for pair in ranked if len(pair[1][1]))
    example, line = text.iloc[0][:MAX_CHARACTERS], int(bad.loc[text.index[0], "line"])
    return rank, {"example": example, "line": line, "column": spelled[name].strip()}
