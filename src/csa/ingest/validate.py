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

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from csa.base.compact import (
    count_different,
    find_fineness,
    find_repeats,
    to_categories,
    write_times,
)
from csa.base.crs import distance_m, to_lonlat
from csa.base.errors import SourceError
from csa.base.message import Message, msg
from csa.city.config import CityBasics, CityConfig
from csa.city.layouts import Point, Source
from csa.ingest.columns import FileLayout, has_rule_fields, rule_fields
from csa.ingest.parse import (
    is_nowhere,
    parse_clock,
    parse_dates,
    parse_hours,
    parse_locations,
    parse_numbers,
    plain_id,
    shift_zone,
)
from csa.ingest.record_columns import OpenRecords, RecordBlock
from csa.ingest.rules import (
    Unnamed,
    UnnamedValues,
    answer,
    assign_labels,
    matches_any,
    matches_rule,
)

# The content of a row: when, where, and which incident and person it is about.

OCCURRED, REPORTED = ("date", "time", "hour"), ("reported_date", "reported_time")
"""Fields with times; the first of each is the day that the others belong to."""
PLACE = ("lon", "lat", "x", "y", "location")
DECIMALS = 6
"""Of degrees, a tenth of a meter: two exports of one list differ by less, and would otherwise give
other clusters. Rounded before anything depends on it."""
OWN = "occurred_at"
"""A row's own time."""


def read_times(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, city: CityBasics
) -> dict[str, pd.Series]:
    """Read when each row happened, or was reported."""
    blank = pd.Series("", index=index, dtype="str")

    def read(date_field: str, time_field: str, hour_field: str) -> tuple[pd.Series, pd.Series]:
        zone = source.time_zone or city.time_zone
        days, has_clock = parse_dates(fields.get(date_field, blank), source.date_formats, zone)
        if time_field in fields:
            clock = parse_clock(fields[time_field], source.time_formats)
        elif hour_field in fields:
            clock = parse_hours(fields[hour_field])
        else:
            clock = (days - days.dt.normalize()).where(has_clock & source.has_time)
        has_time = clock.notna() & days.notna()
        times = days.dt.normalize() + clock.fillna(pd.Timedelta(0))
        return times.where(days >= pd.Timestamp(city.earliest_date)), has_time

    times, has_time = read("date", "time", "hour")
    reported, reported_has_time = read("reported_date", "reported_time", "")
    is_reported = times.isna() & reported.notna()
    times = times.where(~is_reported, reported)
    has_time = has_time.where(~is_reported, reported_has_time) & times.notna()
    if source.time_zone and source.time_zone != city.time_zone:
        # A date without a time is a day, not midnight there: it keeps its day.
        times = times.where(~has_time, shift_zone(times, source.time_zone, city.time_zone))
    return {
        "occurred_at": times.astype("datetime64[us]"),
        "has_time": has_time,
        "is_reported": (is_reported | (source.dates_are == "reported")) & times.notna(),
    }


def read_places(
    source: Source, fields: Mapping[str, pd.Series], index: pd.Index, in_play: pd.Series
) -> dict[str, pd.Series]:
    """Read place and address of shootings only: most rows of a police file are not shootings."""
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
            x, y = (
                parse_numbers(fields[name], are_degrees=x_field == "lon")
                for name in (x_field, y_field)
            )
            is_none = is_nowhere(x, y)
            x, y = np.where(is_none, np.nan, x), np.where(is_none, np.nan, y)
            lon, lat = to_lonlat(x, y, source.crs)
            break
    if "location" in fields:
        text_lon, text_lat = parse_locations(fields["location"])
        is_open = np.isnan(lon) | np.isnan(lat)
        lon, lat = np.where(is_open, text_lon, lon), np.where(is_open, text_lat, lat)
    # Impossible degrees stay for now: they show that the columns are swapped.
    is_none = np.isnan(lon) | np.isnan(lat) | is_nowhere(lon, lat)
    found = {"lon": lon, "lat": lat}
    return {name: np.where(is_none, np.nan, at).round(DECIMALS) for name, at in found.items()}


def _addresses(fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    parts = [
        fields[name].str.replace(r"\.0$", "", regex=True)
        for name in ("address", "address_2")
        if name in fields
    ]
    if not parts and "location" in fields:
        parts = [line_of(fields["location"], 0)]
    if not parts:
        return pd.Series("", index=index, dtype="str")
    text = parts[0] if len(parts) == 1 else parts[0].str.cat(parts[1], sep=" ")
    return text.str.replace(r"\s+", " ", regex=True).str.strip()


def line_of(location: pd.Series, number: int) -> pd.Series:
    """Take a line of a location such as `1 A ST / KANSAS CITY, MO 64112 / (39.0, -94.6)`."""
    lines = [text.strip().split("\n") for text in location]
    taken = [listed[number] if len(listed) > 2 else "" for listed in lines]
    return pd.Series(taken, index=location.index, dtype="str")


class IncidentNames:
    """Name each row's incident: by its number, else by a hash of the fields that identify it.

    The hash is of texts, and how a time is written depends on the finest one of the whole file: so
    rows are named once all blocks have been seen.
    """

    def __init__(self, source: Source, city: CityBasics) -> None:
        self._source, self._city = source, city
        self._is_numbered = source.incident_from == ("incident_id",)
        self._finest: dict[str, int] = {}  # place in `FINENESS` of each column's finest time

    def parts(self, rows: pd.DataFrame, fields: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
        """Return what a block's rows are named by, besides what they hold already."""
        if self._is_numbered:
            number = plain_id(fields["incident_id"])
            self._look(OWN, rows.loc[number == "", OWN])
            return {"number": number}
        times = _named_times(self._source, fields, rows, self._city)
        found: dict[str, pd.Series] = {}
        for name in self._source.incident_from:
            if name in times:
                found[f"part {name}"] = times[name]
            elif name != "day" and name not in PLACE:
                found[f"part {name}"] = plain_id(fields[name]).str.casefold()
        for part, column in {OWN: rows[OWN], **found}.items():
            self._look(part, column)
        return found

    def name(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Name the rows of a block, in place of their parts, once all blocks have been seen."""
        if self._is_numbered:
            number = rows.pop("number")
            has_number = number != ""
            blank = rows.loc[~has_number]
            hashed = _hashed(self._source.name, self._texts(blank, (OWN, "lon", "lat", "address")))
            number.loc[~has_number] = hashed
            return rows.assign(incident_id=number, has_number=has_number)
        parts = list[pd.Series]()
        for name in self._source.incident_from:
            if name == "day":
                parts.append(rows[OWN].dt.normalize().astype("str"))
            elif name in PLACE:
                parts += [rows["lon"].astype("str"), rows["lat"].astype("str")]
            else:
                parts += self._texts(rows, (f"part {name}",))
        rows = rows.drop(columns=[name for name in rows if str(name).startswith("part ")])
        return rows.assign(incident_id=_hashed(self._source.name, parts), has_number=False)

    def _look(self, name: str, column: pd.Series) -> None:
        """Note how fine the times of a block are."""
        if pd.api.types.is_datetime64_dtype(column):
            self._finest[name] = max(find_fineness(column), self._finest.get(name, 0))

    def _texts(self, rows: pd.DataFrame, names: Sequence[str]) -> list[pd.Series]:
        """Write columns as texts, times as the finest of the file is written."""
        texts = []
        for name in names:
            column = rows[name]
            if pd.api.types.is_datetime64_dtype(column):
                texts.append(write_times(column, self._finest.get(name, 0)))
            else:
                texts.append(column.astype("str"))
        return texts


def _named_times(
    source: Source, fields: Mapping[str, pd.Series], rows: pd.DataFrame, city: CityBasics
) -> dict[str, pd.Series]:
    """Read the time from the named parts; without a date there, the row's own time is used."""
    times: dict[str, pd.Series] = {}
    for parts in (OCCURRED, REPORTED):
        names = {parts[0], *source.incident_from} & set(parts)
        named = {name: fields[name] for name in names if name in fields}
        read = read_times(source, named, rows.index, city)["occurred_at"]
        times |= dict.fromkeys(parts, read.fillna(rows["occurred_at"]))
    return times


def _hashed(name: str, parts: list[pd.Series]) -> pd.Series:
    texts = zip(*(part.fillna("") for part in parts), strict=True)
    ids = [
        "x" + hashlib.sha256("\x1f".join((name, *text)).encode()).hexdigest()[:15] for text in texts
    ]
    return pd.Series(ids, index=parts[0].index, dtype="str")


def name_rows(source: Source, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Return each row's id where the file has one; "" where it does not."""
    none = pd.Series("", index=index, dtype="str")
    if not source.row_id_from or any(name not in fields for name in source.row_id_from):
        return none
    named, is_named = pd.Series(source.name, index=index, dtype="str"), pd.Series(True, index=index)
    for part in (plain_id(fields[name]) for name in source.row_id_from):
        named, is_named = named.str.cat(part, sep="\x1f"), is_named & (part != "")
    return named.where(is_named, none)


# ---- Text that a layout cannot read: a wrong format, system or column shows in many rows at once.


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
                self._example[about] = (
                    found if known is None else min(known, found, key=itemgetter(0))
                )

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
                yield msg(key, name=name, source=source.name, **counts, **example)
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
                yield msg(key, name=name, source=source.name, columns=columns, **counts)


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
REASON = pd.CategoricalDtype(list(REASONS))
LOOKED_AT_AGAIN = ("", "excluded_by_rule")
"""Reasons of rows that later steps need; of the others, most of a police file, the line, the day
and the reason are enough."""


REPEATED = ("reason", "rule", "kind", "gun", "domestic", "address")
"""Columns of rows in which few texts stand many times."""


@dataclass(frozen=True)
class FileSummary:
    """A file without its text, which would fill the memory over many years."""

    name: str  # the file's name, without its folder
    sha256: str  # of the file's bytes, 64 hex digits
    n_read: int  # how many records it holds, readable or not
    unreadable: tuple[int, ...]  # lines at which the records begin that could not be read


@dataclass(frozen=True)
class ValidatedFile:
    """One file's rows, each with its reason for rejection, if any."""

    summary: FileSummary  # the file
    source: Source  # the layout that it was read by
    blocks: list[pd.DataFrame]  # rows used, or left out by a rule, in order; `settle` takes them
    aside: pd.DataFrame  # `line`, `reason` and `occurred_at` of the others
    notes: tuple[Message, ...]  # what the file does not contain
    unnamed: tuple[Unnamed, ...]  # values that no rule names, where a rule would matter


def validate_file(
    reading: OpenRecords, layout: FileLayout, config: CityConfig, path: Path | None = None
) -> ValidatedFile:
    """Check each row of a file by itself, a block at a time."""
    source, name = layout.source, reading.name
    spelled = layout.spelled(reading.header)
    mangled, unread = _Mangled(), Unread(source, spelled)
    unnamed, names = UnnamedValues(source, spelled), IncidentNames(source, config.city)
    kept, aside, n_rows, has_nonfatal = [], [], 0, False
    for block in reading.blocks:
        fields = layout.fields(block.columns)
        rows = _judge(block, source, fields, names, config)
        mangled.add(fields)
        unread.add(rows, fields)
        unnamed.add(rows, fields)
        is_kept = rows["reason"].isin(LOOKED_AT_AGAIN)
        held = {column: to_categories(rows.loc[is_kept, column]) for column in REPEATED}
        kept.append(rows[is_kept].assign(**held))
        thin = rows.loc[~is_kept, ["line", "reason", "occurred_at"]]
        aside.append(thin.astype({"reason": REASON}))
        n_rows += len(rows)
        has_nonfatal = has_nonfatal or bool((rows["kind"] == "nonfatal").any())
    mangled.refuse(path or Path(name))
    blocks = _named(kept, names)
    n_read = n_rows + len(reading.unreadable)
    summary = FileSummary(name, reading.sha256, n_read, tuple(reading.unreadable))
    texts = (source.note, source.nonfatal_note if has_nonfatal else "")
    is_silent = _is_silent(source, layout.positions)
    notes = (
        *reading.notes,
        *_layout_notes(source, layout.positions, name),
        *unread.notes(blocks, name),
        *[msg("source.note_victims_unknown", name=name)] * is_silent,
        *(msg("term.pair", name=name, text=text) for text in texts if text),
    )
    thin = pd.concat(aside, ignore_index=True)
    return ValidatedFile(summary, source, blocks, thin, notes, unnamed.counts())


def _named(blocks: list[pd.DataFrame], names: IncidentNames) -> list[pd.DataFrame]:
    """Name the rows of all blocks, and mark those that are as one before them."""
    marks = np.concatenate([block.pop("mark").to_numpy("uint64") for block in blocks])
    ends = np.cumsum([len(block) for block in blocks])
    is_identical = np.split(find_repeats(marks), ends[:-1])
    pairs = zip(blocks, is_identical, strict=True)
    return [names.name(block).assign(is_identical=alike) for block, alike in pairs]


def _judge(
    block: RecordBlock,
    source: Source,
    fields: Mapping[str, pd.Series],
    names: IncidentNames,
    config: CityConfig,
) -> pd.DataFrame:
    """Check each row of a block: what it says, and the first reason to reject it."""
    index = pd.RangeIndex(len(block.lines))
    kinds = {"nonfatal": source.nonfatal, "homicide": source.homicide}
    kind = assign_labels(pd.Series("", index=index), kinds, fields)
    rows = pd.DataFrame(
        {
            "line": np.asarray(block.lines, dtype="int64"),
            "reason": "",
            "rule": _excluded(source, fields, index),
            "kind": kind,
            "gun": answer(source.gun, fields, index),
            "domestic": answer(source.domestic, fields, index),
            "is_victim": _victims(source, fields, index),
            "mark": np.asarray(block.marks, dtype="int64").view("uint64"),
            **read_times(source, fields, index, config.city),
            **read_places(source, fields, index, in_play=kind != ""),
        },
        index=index,
    )
    rows["rule"] = rows["rule"].where(rows["rule"] != "", _at_points(rows, config.points))
    rows = rows.assign(**names.parts(rows, fields))
    rows["row_id"] = name_rows(source, fields, index)
    rows["reason"] = _reasons(rows, source, fields)
    return rows


class _Mangled:
    """Incident numbers such as 2.0152E+11: many incidents would become one."""

    def __init__(self) -> None:
        self._n, self._example = 0, ""

    def add(self, fields: Mapping[str, pd.Series]) -> None:
        """Look for such numbers in a block."""
        if "incident_id" in fields:
            numbers = fields["incident_id"].str.strip()
            is_mangled = numbers.str.fullmatch(r"\d(\.\d+)?[eE]\+\d+").astype(bool)
            self._example = self._example or next(iter(numbers[is_mangled]), "")
            self._n += int(is_mangled.sum())

    def refuse(self, path: Path) -> None:
        """Refuse a file that has some."""
        if self._n:
            raise SourceError("source.mangled", path=path, n=self._n, example=self._example)


def _layout_notes(source: Source, fields: Collection[str], name: str) -> Iterator[Message]:
    """Note that a file cannot show nonfatal shootings."""
    if not has_rule_fields(source.nonfatal, fields):
        missing = ", ".join(field for field in rule_fields(source.nonfatal) if field not in fields)
        if missing:
            yield msg("source.note_homicides_only", name=name, missing=missing)


def _counts_victims(source: Source, fields: Collection[str]) -> bool:
    return bool(source.victims_from) and set(source.victims_from) <= set(fields)


def _is_silent(source: Source, fields: Collection[str]) -> bool:
    """Check whether a file cannot show which rows are victims, nor how many each has."""
    return not (
        _counts_victims(source, fields)
        or source.rows_are == "victims"
        or has_rule_fields(source.victim, fields)
    )


def _victims(source: Source, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Return which rows are victims, or how many each has; NA where the file cannot show it."""
    if _counts_victims(source, fields):
        counts = [parse_numbers(fields[name]) for name in source.victims_from]
        people = np.nansum(counts, axis=0)  # (n rows,)
        return pd.Series(people, index=index).round().astype("Int64")
    if source.rows_are == "victims":
        return pd.Series(True, index=index, dtype="boolean")
    mask = matches_any(source.victim, fields, index)
    return (
        pd.Series(pd.NA, index=index, dtype="boolean") if mask is None else mask.astype("boolean")
    )


def _excluded(source: Source, fields: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Name the first rule that leaves a row out; "" where none does."""
    named = pd.Series("", index=index, dtype="str")
    for exclusion in source.exclude:
        mask = matches_rule(exclusion.when, fields, index)
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
