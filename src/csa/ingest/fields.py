"""The content of a row: when, where, and which incident and person it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from csa.base.compact import find_fineness, write_times
from csa.base.crs import to_lonlat
from csa.city.config import CityBasics
from csa.city.layouts import Source
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
