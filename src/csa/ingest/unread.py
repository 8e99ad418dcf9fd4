"""Text that a layout cannot read: a wrong format, system or column shows in many rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

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


def unread_notes(
    rows: pd.DataFrame,
    fields: Mapping[str, pd.Series],
    spelled: Mapping[str, str],
    source: Source,
    name: str,
) -> Iterator[Message]:
    """Warn where a format, a system or a column of the city's file is wrong."""
    reason = rows["reason"]
    is_used = reason == ""
    times, places = ("time", "hour"), ("lon", "lat", "x", "y", "location")
    sought = (
        ("source.note_bad_dates", ("date", "reported_date"), reason == "bad_date", WARN_SHARE),
        ("source.note_bad_times", times, is_used & ~rows["has_time"] & _says(times, fields), MOST),
        (
            "source.note_bad_places",
            places,
            is_used & rows["lon"].isna() & _says(places, fields),
            MOST,
        ),
    )
    for key, names, is_bad, share in sought:
        n_shootings = int((is_used | is_bad).sum())
        if is_bad.any() and is_bad.sum() >= share * n_shootings:
            example = _example(rows[is_bad], names, fields, spelled)
            counts = {"n": int(is_bad.sum()), "n_shootings": n_shootings}
            yield say(key, name=name, source=source.name, **counts, **example)
    used = rows[is_used]
    for key, ids, said in (
        ("source.note_few_incidents", used["incident_id"], source.incident_from),
        ("source.note_few_rows", used.loc[used["row_id"] != "", "row_id"], source.row_id_from),
    ):
        if len(ids) >= MIN_ROWS and len(ids) > MAX_EACH * ids.nunique():
            columns = ", ".join(spelled.get(field, field).strip() for field in said)
            counts = {"n": len(ids), "n_different": ids.nunique()}
            yield say(key, name=name, source=source.name, columns=columns, **counts)


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
) -> dict[str, Any]:
    """Find a text that was not read, preferably not a number: coordinates come in pairs."""
    found = [(name, fields[name][bad.index].str.strip()) for name in names if name in fields]
    filled = [(name, text[text != ""]) for name, text in found]
    words = [(name, text[pd.to_numeric(text, errors="coerce").isna()]) for name, text in filled]
    name, text = next(pair for pair in (*words, *filled, *found) if len(pair[1]))
    example, line = text.iloc[0], bad.loc[text.index[0], "line"]
    return {"example": example[:MAX_CHARACTERS], "line": int(line), "column": spelled[name].strip()}
