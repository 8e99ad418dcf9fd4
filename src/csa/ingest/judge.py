"""Judge every row of a file: used, or rejected for one reason; nothing is lost uncounted.

The reasons, in the order in which they are asked; a row is counted under the first that holds:

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

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csa.city import City, CityConfig, Point, Source
from csa.crs import distance_m, to_lonlat
from csa.errors import SourceError
from csa.ingest.columns import Layout, fields_of
from csa.ingest.parse import (
    parse_clock,
    parse_dates,
    parse_hours,
    parse_locations,
    parse_numbers,
    shift_zone,
)
from csa.ingest.records import Records
from csa.ingest.rules import answer, any_holds, holds
from csa.message import Message, say

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
WARN_SHARE = 0.05
"""Losing a row in twenty is no typing error any more."""


@dataclass(frozen=True)
class FileSummary:
    """A file without its text, which would fill the memory over many years.

    Parameters
    ----------
    name
        The file's name, without its folder.
    sha256
        Of the file's bytes, 64 hex digits.
    header
        Column names as the file spells them.
    n_read
        How many records it holds, readable or not.
    unreadable
        Lines at which the records begin that could not be read.
    """

    name: str
    sha256: str
    header: tuple[str, ...]
    n_read: int
    unreadable: tuple[int, ...]


@dataclass(frozen=True)
class JudgedFile:
    """One file's rows, each with its reason for rejection or none.

    Parameters
    ----------
    summary
        The file.
    source
        The layout that it was read by.
    rows
        A row a readable record, in the file's order: `line`, `reason` ("" where used),
        `rule`, `kind`, `gun`, `domestic`, `is_victim`, `occurred_at`, `has_time`,
        `is_reported`, `lon`, `lat`, `address`, `incident_id`, `row_id`, `has_number`,
        `is_identical`.
    notes
        What the file cannot tell.
    """

    summary: FileSummary
    source: Source
    rows: pd.DataFrame
    notes: tuple[Message, ...]


def judge_file(
    records: Records, layout: Layout, config: CityConfig, path: Path | None = None
) -> JudgedFile:
    """Judge each row of a file by itself.

    Parameters
    ----------
    records
        The file's records.
    layout
        The layout that its header satisfies.
    config
        The city.
    path
        The file, for messages; its name unless given.

    Returns
    -------
    JudgedFile
        Every readable row, with a reason where it is not used. What only all files together
        can tell, the end of the data and repeated rows, is still open.

    Raises
    ------
    SourceError
        If a spreadsheet has written the incident numbers as powers of ten.
    """
    source = layout.source
    index = pd.RangeIndex(len(records.rows))
    fields = {
        name: pd.Series([row[position] for row in records.rows], index=index, dtype="str")
        for name, position in layout.positions.items()
    }
    _refuse_mangled(fields, path or Path(records.name))
    kind, notes = _kinds(source, fields, index, records.name)
    victims, victim_notes = _victims(source, fields, index, records.name)
    times = _times(source, fields, index, config.city)
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
            **_places(source, fields, index, in_play=kind != ""),
        },
        index=index,
    )
    rows["rule"] = rows["rule"].where(rows["rule"] != "", _at_points(rows, config.points))
    rows["incident_id"], rows["has_number"] = _incident_ids(source, fields, rows)
    rows["row_id"] = _row_ids(source, fields, index)
    rows["is_identical"] = _identical(records)
    rows["reason"] = _reasons(rows, source, fields)
    summary = FileSummary(
        records.name, records.sha256, records.header, records.n_read, tuple(records.unreadable)
    )
    notes += _date_warnings(rows, fields, records.name)
    texts = (source.note, source.nonfatal_note if (kind == "nonfatal").any() else "")
    said = tuple(say("source.note_text", name=records.name, text=text) for text in texts if text)
    return JudgedFile(summary, source, rows, (*records.notes, *notes, *victim_notes, *said))


def _refuse_mangled(fields: Mapping[str, pd.Series], path: Path) -> None:
    """Refuse numbers such as 2.0152E+11: many incidents would become one."""
    if "incident_id" in fields:
        numbers = fields["incident_id"].str.strip()
        mangled = numbers[numbers.str.fullmatch(r"\d(\.\d+)?[eE]\+\d+").astype(bool)]
        if len(mangled):
            example = mangled.iloc[0]
            raise SourceError("source.mangled", path=path, n=len(mangled), example=example)


def _date_warnings(rows: pd.DataFrame, fields: Mapping[str, pd.Series], name: str) -> list[Message]:
    """Warn where a format that is lacking, not a typing error, loses rows."""
    is_shooting = rows["reason"].isin(["", "bad_date"])
    is_bad = rows["reason"] == "bad_date"
    if not is_bad.any() or is_bad.sum() < WARN_SHARE * is_shooting.sum():
        return []
    text = fields.get("date", fields.get("reported_date"))
    example = "" if text is None else text[is_bad].iloc[0]
    n_bad, n_shootings = int(is_bad.sum()), int(is_shooting.sum())
    return [
        say("source.note_bad_dates", n=n_bad, n_shootings=n_shootings, name=name, example=example)
    ]


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
    """Tell whose rows are victims'; NA where the file cannot tell."""
    if source.rows_are == "victims":
        return pd.Series(True, index=index, dtype="boolean"), []
    mask = any_holds(source.victim, fields, index)
    if mask is None:
        unknown = pd.Series(pd.NA, index=index, dtype="boolean")
        return unknown, [say("source.note_victims_unknown", name=name)]
    return mask.astype("boolean"), []


def _times(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, city: City
) -> dict[str, pd.Series]:
    blank = pd.Series("", index=index, dtype="str")

    def read(date_field: str, time_field: str, hour_field: str) -> tuple[pd.Series, pd.Series]:
        zone = source.time_zone or city.time_zone
        days, has_clock = parse_dates(fields.get(date_field, blank), source.date_formats, zone)
        if time_field in fields:
            clock = parse_clock(fields[time_field], source.time_formats)
        elif hour_field in fields:
            clock = parse_hours(fields[hour_field])
        else:
            clock = (days - days.dt.normalize()).where(has_clock)
        has_time = clock.notna() & days.notna()
        times = days.dt.normalize() + clock.fillna(pd.Timedelta(0))
        return times.where(days >= pd.Timestamp(city.earliest_date)), has_time

    times, has_time = read("date", "time", "hour")
    reported, reported_has_time = read("reported_date", "reported_time", "")
    is_reported = times.isna() & reported.notna()
    times = times.where(~is_reported, reported)
    if source.time_zone and source.time_zone != city.time_zone:
        times = _to_city_zone(times, has_time, source.time_zone, city.time_zone)
    return {
        "occurred_at": times.astype("datetime64[us]"),
        "has_time": has_time.where(~is_reported, reported_has_time) & times.notna(),
        "is_reported": (is_reported | (source.dates_are == "reported")) & times.notna(),
    }


def _to_city_zone(times: pd.Series, has_time: pd.Series, there: str, here: str) -> pd.Series:
    # A date without a time is a day, not midnight there: it keeps its day.
    return times.where(~has_time, shift_zone(times, there, here))


def _places(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, in_play: pd.Series
) -> dict[str, pd.Series]:
    """Read place and address of shootings alone: most rows of a police file are none."""
    some = {name: column[in_play] for name, column in fields.items()}
    found = pd.DataFrame(_positions(source, some, index[in_play]), index=index[in_play])
    found["address"] = _addresses(some, index[in_play])
    found = found.reindex(index)
    return {"lon": found["lon"], "lat": found["lat"], "address": found["address"].fillna("")}


def _positions(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index
) -> dict[str, np.ndarray]:
    lon = np.full(len(index), np.nan)
    lat = np.full(len(index), np.nan)
    for x_field, y_field in (("lon", "lat"), ("x", "y")):
        if x_field in fields and y_field in fields:
            x, y = parse_numbers(fields[x_field]), parse_numbers(fields[y_field])
            is_nowhere = (x == 0) & (y == 0)
            x, y = np.where(is_nowhere, np.nan, x), np.where(is_nowhere, np.nan, y)
            lon, lat = to_lonlat(x, y, source.crs)
            break
    if "location" in fields:
        text_lon, text_lat = parse_locations(fields["location"])
        is_open = np.isnan(lon) | np.isnan(lat)
        lon, lat = np.where(is_open, text_lon, lon), np.where(is_open, text_lat, lat)
    # Impossible degrees stay for now: they tell that the columns are swapped.
    is_nowhere = np.isnan(lon) | np.isnan(lat) | ((lon == 0) & (lat == 0))
    return {"lon": np.where(is_nowhere, np.nan, lon), "lat": np.where(is_nowhere, np.nan, lat)}


def _addresses(fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    parts = [
        fields[name].str.replace(r"\.0$", "", regex=True)
        for name in ("address", "address_2")
        if name in fields
    ]
    if not parts and "location" in fields:
        parts = [_line_of(fields["location"], 0)]
    if not parts:
        return pd.Series("", index=index, dtype="str")
    text = parts[0] if len(parts) == 1 else parts[0].str.cat(parts[1], sep=" ")
    return text.str.replace(r"\s+", " ", regex=True).str.strip()


def _line_of(location: pd.Series, number: int) -> pd.Series:
    """Take a line of a location such as `1 A ST / KANSAS CITY, MO 64112 / (39.0, -94.6)`."""
    lines = [text.strip().split("\n") for text in location]
    taken = [listed[number] if len(listed) > 2 else "" for listed in lines]
    return pd.Series(taken, index=location.index, dtype="str")


def _plain_id(text: pd.Series) -> pd.Series:
    """Strip blanks and the `.0` that a spreadsheet adds to a number."""
    return text.str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _incident_ids(
    source: Source, fields: Mapping[str, pd.Series], rows: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Name each row's incident: by its number, else by a hash of what makes it one."""
    if source.incident_from == ("incident_id",):
        number = _plain_id(fields["incident_id"])
        has_number = number != ""
        blank = rows.loc[~has_number]
        parts = [blank[name] for name in ("occurred_at", "lon", "lat", "address")]
        number.loc[~has_number] = _hashed(source.name, parts)
        return number, has_number
    parts = []
    for name in source.incident_from:
        if name in ("date", "time", "hour", "reported_date", "reported_time"):
            parts.append(rows["occurred_at"])
        elif name in ("lon", "lat", "x", "y", "location"):
            parts += [rows["lon"].round(6), rows["lat"].round(6)]
        else:
            parts.append(_plain_id(fields[name]).str.casefold())
    return _hashed(source.name, parts), pd.Series(False, index=rows.index)


def _hashed(name: str, parts: list[pd.Series]) -> pd.Series:
    columns = [part.astype("str").fillna("") for part in parts]
    texts = zip(*columns, strict=True)
    ids = [
        "x" + hashlib.sha256("\x1f".join((name, *text)).encode()).hexdigest()[:15] for text in texts
    ]
    return pd.Series(ids, index=parts[0].index, dtype="str")


def _row_ids(source: Source, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Name each row where the file does; "" where it does not."""
    none = pd.Series("", index=index, dtype="str")
    if not source.row_id_from or any(name not in fields for name in source.row_id_from):
        return none
    parts = [_plain_id(fields[name]) for name in source.row_id_from]
    is_named = pd.concat([part != "" for part in parts], axis=1).all(axis=1)
    named = parts[0]
    for part in parts[1:]:
        named = named.str.cat(part, sep="\x1f")
    return (source.name + "\x1f" + named).where(is_named, none)


def _identical(records: Records) -> np.ndarray:
    """Mark the rows that repeat an earlier one in every field."""
    seen: set[tuple[str, ...]] = set()
    repeats = np.zeros(len(records.rows), dtype=bool)
    for number, row in enumerate(records.rows):
        whole = tuple(row)
        repeats[number] = whole in seen
        seen.add(whole)
    return repeats


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
        city = _line_of(fields["location"], 1).str.replace(r",.*", "", regex=True)
    if source.city_names and city is not None:
        text = city.str.strip().str.casefold()
        # A blank, or a zip code typed into the wrong field, is no other city.
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
    """Give each row the first reason that holds for it.

    Parameters
    ----------
    index
        Index of the rows.
    faults
        Reason to the rows for which it holds, in the order in which they are asked.

    Returns
    -------
    pandas.Series
        The reason, by `index`; "" where none holds.
    """
    reason = pd.Series("", index=index, dtype="str")
    for name, mask in faults.items():
        reason[mask & (reason == "")] = name
    return reason
