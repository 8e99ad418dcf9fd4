"""Check every row of a file: used, or rejected for one reason, and counted.

The reasons, in the order in which they are checked; a row is counted under the first that holds:

    unreadable          the record is broken: cut off, too long or short, or holds NUL bytes
    excluded_by_rule    a rule of the city's file leaves it out
    not_a_shooting      neither a homicide nor of the nonfatal kind
    not_a_victim        a suspect's, a witness's or an officer's row
    other_city          the row says that it happened in another city
    bad_date            no date, an impossible one, or one before the earliest
    after_data_end      after the file's last day, or after --as-of
    duplicate_row       the row's id came before
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csa.base.crs import distance_m
from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.config.city import CityConfig
from csa.config.layouts import Point, Source
from csa.ingest.columns import FileLayout, fields_of
from csa.ingest.fields import line_of, name_incidents, name_rows, read_places, read_times
from csa.ingest.parse import parse_numbers
from csa.ingest.records import FileRecords
from csa.ingest.rules import answer, any_holds, holds
from csa.ingest.unnamed import Unnamed, find_unnamed
from csa.ingest.unread import unread_notes

REASONS = (
    "unreadable",
    "excluded_by_rule",
    "not_a_shooting",
    "not_a_victim",
    "other_city",
    "bad_date",
    "after_data_end",
    "duplicate_row",
)


@dataclass(frozen=True)
class FileSummary:
    """A file without its text, which would fill the memory over many years."""

    name: str  # the file's name, without its folder
    sha256: str  # of the file's bytes, 64 hex digits
    n_read: int  # how many records it holds, readable or not
    unreadable: tuple[int, ...]  # lines at which the records begin that could not be read


@dataclass(frozen=True)
class JudgedFile:
    """One file's rows, each with its reason for rejection, if any."""

    summary: FileSummary  # the file
    source: Source  # the layout that it was read by
    rows: pd.DataFrame  # a row a readable record, in the file's order
    notes: tuple[Message, ...]  # what the file does not contain
    unnamed: tuple[Unnamed, ...]  # values that no rule names, where a rule would matter


def judge_file(
    records: FileRecords, layout: FileLayout, config: CityConfig, path: Path | None = None
) -> JudgedFile:
    """Check each row of a file by itself."""
    source = layout.source
    index = pd.RangeIndex(len(records.lines))
    fields = {name: records.columns[position] for name, position in layout.positions.items()}
    _refuse_mangled(fields, path or Path(records.name))
    kind, notes = _kinds(source, fields, index, records.name)
    victims, victim_notes = _victims(source, fields, index, records.name)
    times = read_times(source, fields, index, config.city)
    rows = pd.DataFrame(
        {
            "line": np.asarray(records.lines, dtype="int64"),
            "reason": "",
            "rule": _excluded(source, fields, index),
            "kind": kind,
            "gun": answer(source.gun, fields, index),
            "domestic": answer(source.domestic, fields, index),
            "is_victim": victims,
            **times,
            **read_places(source, fields, index, in_play=kind != ""),
        },
        index=index,
    )
    rows["rule"] = rows["rule"].where(rows["rule"] != "", _at_points(rows, config.points))
    rows = rows.assign(**name_incidents(source, fields, rows, config.city))
    rows["row_id"] = name_rows(source, fields, index)
    rows["is_identical"] = records.repeats()
    rows["reason"] = _reasons(rows, source, fields)
    summary = FileSummary(records.name, records.sha256, records.n_read, tuple(records.unreadable))
    spelled = {name: records.header[position] for name, position in layout.positions.items()}
    notes += unread_notes(rows, fields, spelled, source, records.name)
    texts = (source.note, source.nonfatal_note if (kind == "nonfatal").any() else "")
    said = tuple(say("source.note_text", name=records.name, text=text) for text in texts if text)
    all_notes = (*records.notes, *notes, *victim_notes, *said)
    unnamed = find_unnamed(source, fields, rows, spelled)
    return JudgedFile(summary, source, rows, all_notes, unnamed)


def _refuse_mangled(fields: Mapping[str, pd.Series], path: Path) -> None:
    """Refuse incident numbers such as 2.0152E+11: many incidents would become one."""
    if "incident_id" in fields:
        numbers = fields["incident_id"].str.strip()
        mangled = numbers[numbers.str.fullmatch(r"\d(\.\d+)?[eE]\+\d+").astype(bool)]
        if len(mangled):
            example = mangled.iloc[0]
            raise SourceError("source.mangled", path=path, n=len(mangled), example=example)


def _kinds(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, name: str
) -> tuple[pd.Series, list[Message]]:
    kind = pd.Series("", index=index)
    nonfatal = any_holds(source.nonfatal, fields, index)
    notes = []
    if nonfatal is None:
        missing = ", ".join(field for field in fields_of(source.nonfatal) if field not in fields)
        if missing:
            notes.append(say("source.note_homicides_only", name=name, missing=missing))
    else:
        kind[nonfatal] = "nonfatal"
    homicide = any_holds(source.homicide, fields, index)
    if homicide is not None:
        kind[homicide] = "homicide"
    return kind, notes


def _victims(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, name: str
) -> tuple[pd.Series, list[Message]]:
    """Return which rows are victims, or how many each has; NA where the file cannot show it."""
    if source.victims_from and set(source.victims_from) <= set(fields):
        counts = [parse_numbers(fields[name]) for name in source.victims_from]
        people = np.nansum(counts, axis=0)  # (n rows,)
        return pd.Series(people, index=index).round().astype("Int64"), []
    if source.rows_are == "victims":
        return pd.Series(True, index=index, dtype="boolean"), []
    mask = any_holds(source.victim, fields, index)
    if mask is None:
        unknown = pd.Series(pd.NA, index=index, dtype="boolean")
        return unknown, [say("source.note_victims_unknown", name=name)]
    return mask.astype("boolean"), []


def _excluded(source: Source, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Name the first rule that leaves a row out; "" where none does."""
    named = pd.Series("", index=index, dtype="str")
    for exclusion in source.exclude:
        mask = holds(exclusion.when, fields, index)
        if mask is not None:
            named[mask & (named == "")] = exclusion.name
    return named


def _at_points(rows: pd.DataFrame, points: Sequence[Point]) -> pd.Series:
    """Name the first point that a rule leaves out and that a row lies on."""
    named = pd.Series("", index=rows.index, dtype="str")
    for point in points:
        if point.exclude:
            lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
            is_there = distance_m(lon, lat, point.lon, point.lat) <= point.within_m
            named[is_there & (named == "")] = point.name
    return named


def _reasons(rows: pd.DataFrame, source: Source, fields: Mapping[str, pd.Series]) -> pd.Series:
    here = pd.Series(True, index=rows.index)
    city = fields.get("city")
    if city is None and "location" in fields:
        city = line_of(fields["location"], 1).str.replace(r",.*", "", regex=True)
    if source.city_names and city is not None:
        text = city.str.strip().str.casefold()
        # A blank, or a zip code typed into the wrong field, is not another city.
        is_named = text.str.contains("[a-z]", regex=True)
        here = text.isin([name.casefold() for name in source.city_names]) | ~is_named
    return first_reason(
        rows.index,
        {
            "excluded_by_rule": rows["rule"] != "",
            "not_a_shooting": rows["kind"] == "",
            "not_a_victim": rows["is_victim"].eq(other=False).fillna(value=False).astype(bool),
            "other_city": ~here,
            "bad_date": rows["occurred_at"].isna(),
        },
    )


def first_reason(index: pd.Index, faults: Mapping[str, pd.Series]) -> pd.Series:
    """Return for each row the first reason that holds."""
    reason = pd.Series("", index=index, dtype="str")
    for name, mask in faults.items():
        reason[mask & (reason == "")] = name
    return reason
