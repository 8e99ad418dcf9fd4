"""A new city from its file alone: what it means, what is in doubt, and the city's file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT
from csa.base.errors import ParamError, SourceError
from csa.base.message import Message, msg
from csa.base.text import UNSEEN, day, tr
from csa.city.types import FieldName
from csa.ingest.columns import normalise_header
from csa.ingest.delimited import is_value
from csa.ingest.infer_columns import (
    DAY_FIRST,
    FORMS_LOOKED_AT,
    ORDER,
    Ambiguity,
    Questions,
    TextColumn,
    are_turned,
    named_columns,
)
from csa.ingest.infer_incidents import GuessedRules, RowClues, mark_kinds
from csa.ingest.infer_neighborhoods import (
    FAR_DEGREES,
    estimate_land,
    infer_neighborhoods,
    outline_neighborhoods,
)
from csa.ingest.infer_places import LocationColumns, choose_city, infer_location, name_city
from csa.ingest.infer_rules import distinguishes_kinds, doubt_rules, guess_rules
from csa.ingest.infer_when import (
    DateTimeColumns,
    guess_when,
    middle_hour,
    reported_clocks,
    resolve_time_zone,
    unread_clocks,
)
from csa.ingest.infer_words import kind_in_name
from csa.ingest.map_files import refuse_tangled
from csa.ingest.parse import COUNTED, EPOCH_S, EXCEL_DAY, has_clock, parse_dates, parse_numbers
from csa.ingest.polygons import join_polygons, read_polygons
from csa.ingest.records import FileRecords, read_records

# ---- A new city's files of shootings as tables: those with the same columns are one.


ALIKE = 1e-6
"""Degrees: a tenth of a meter."""


@dataclass(frozen=True)
class ShootingTable:
    """Files of shootings with the same columns, read as one table."""

    name: str  # the first file's
    files: tuple[Path, ...]
    columns: tuple[TextColumn, ...]
    n_rows: int
    notes: tuple[Message, ...]
    named: str = ""  # what of a file's name tells that it is of this table, if columns do not
    given: frozenset[str] = frozenset()  # columns that somebody named: no others are read as those
    crs: str = ""  # the system of x and y, where the first file names one that is not degrees


def read_tables(files: Sequence[Path]) -> tuple[ShootingTable, ...]:
    """Read a city's files, those with the same columns as one table.

    Raises
    ------
    SourceError
        If a file is absent, cannot be read, or has no line of column names.
    """
    alike: dict[frozenset[str], list[tuple[Path, FileRecords]]] = {}
    for file in files:
        if not file.is_file():
            raise ParamError("start.no_file", path=file)
        records = read_records(file)
        if not records.lines:
            raise SourceError("start.no_rows", path=file.name)
        spelled = frozenset(map(normalise_header, records.header))
        alike.setdefault(spelled, []).append((file, records))
    return tuple(table for group in alike.values() for table in _by_name(group))


def _by_name(group: Sequence[tuple[Path, FileRecords]]) -> list[ShootingTable]:
    """Join files of the same columns, but for kinds that their names alone tell."""
    whole = _table(group)
    parts: dict[str, list[tuple[Path, FileRecords]]] = {}
    for file, records in group:
        parts.setdefault(kind_in_name(file.name)[0], []).append((file, records))
    if len(parts) < 2 or distinguishes_kinds(whole.columns):
        return [whole]
    named = [(kind_in_name(part[0][0].name)[1], part) for part in parts.values()]
    return [replace(_table(part), named=name) for name, part in named]


def _table(group: Sequence[tuple[Path, FileRecords]]) -> ShootingTable:
    """Join files of the same columns, in the first one's order."""
    (first, records), *others = group
    order = [normalise_header(name) for name in records.header]
    parts = [records.columns]
    for _, more in others:
        names = [normalise_header(name) for name in more.header]
        parts.append(tuple(more.columns[names.index(name)] for name in order))
    joined = [pd.concat(same, ignore_index=True) for same in zip(*parts, strict=True)]
    columns = named_columns(replace(records, columns=tuple(joined)))
    for column in columns if others else ():
        _refuse_two_orders(column, [file for file, _ in group], [p[column.position] for p in parts])
    _refuse_no_header(columns, first)
    notes = tuple(note for _, one in group for note in one.notes)
    files = tuple(file for file, _ in group)
    n_rows = len(joined[0])
    return ShootingTable(first.name, files, tuple(columns), n_rows, notes, crs=records.crs)


def _refuse_two_orders(
    column: TextColumn, files: Sequence[Path], parts: Sequence[pd.Series]
) -> None:
    """Refuse a column whose days begin with the month in one file and with the day in another."""
    seen: dict[bool, tuple[Path, str]] = {}
    for file, texts in zip(files, parts, strict=True):
        part = replace(column, texts=texts.str.strip())
        orders = {bool(DAY_FIRST.search(form)) for form in part.formats if ORDER.match(form)}
        if len(orders) == 1:
            seen.setdefault(orders.pop(), (file, part.distinct[0]))
    if len(seen) > 1:
        (file, first), (other, second) = seen[False], seen[True]
        told = {"file": file.name, "first": first, "other": other.name, "second": second}
        raise SourceError("start.two_orders", column=column.header, **told)


def _refuse_no_header(columns: Sequence[TextColumn], file: Path) -> None:
    """Refuse a file whose first line is data: names of columns are hardly ever numbers or days."""
    heads = [one.header for one in columns]
    odd = [head for head in heads if is_value(head)]
    if len(odd) * 3 >= max(1, len(heads)):
        raise SourceError("start.no_header", path=file.name, first=", ".join(heads[:4]))


def _are_alike(one: TextColumn, other: TextColumn) -> bool:
    """Check whether columns hold the same texts, or the same numbers but for their last digits."""
    if one.texts.equals(other.texts):
        return True
    left, right = (parse_numbers(column.texts) for column in (one, other))
    is_close = np.allclose(left, right, rtol=0, atol=ALIKE, equal_nan=True)
    return one.is_number and bool(is_close)


def refuse_same_names(
    columns: Sequence[TextColumn], taken: Mapping[FieldName, TextColumn], name: str
) -> None:
    """Refuse two columns of one name that differ: a city's file could not say which is meant."""
    for column in taken.values():
        same = [one for one in columns if one.name == column.name]
        if any(not _are_alike(one, same[0]) for one in same[1:]):
            headers = ", ".join(one.header for one in same)
            raise SourceError("start.same_names", path=name, columns=headers)


US_ZONES = re.compile(
    r"America/(New_York|Detroit|Chicago|Denver|Boise|Phoenix|Los_Angeles|Anchorage|Indiana/.*"
    r"|Kentucky/.*|North_Dakota/.*|Juneau|Menominee)|Pacific/Honolulu"
)
US_DAYS = re.compile(r"%m[/-]%d[/-]%[yY]")
AT_SEA = ("Etc/", "Antarctica/")
"""Zones of the open sea, and of no city, begin so."""
MANY_TIMES, UNIVERSAL_NIGHT, AMERICAS = 100, (2.5, 9.0), (-170.0, -30.0)
"""Times of day that would not all be from one to noon by chance; where shootings have the middle of
their hours in the Americas, if they are written in universal time; degrees east."""
FEW = 200
"""With fewer incidents, areas are few and mostly without a tier."""


@dataclass(frozen=True)
class ShootingList:
    """What a table of shootings was understood to be."""

    table: ShootingTable
    when: DateTimeColumns
    where: LocationColumns
    rules: GuessedRules
    city_column: TextColumn | None = None  # the column of cities, where the file holds several
    city_names: tuple[str, ...] = ()  # of them, this city's
    n_elsewhere: int = 0  # rows far from this city, which no column tells from its own

    @property
    def columns(self) -> dict[str, TextColumn]:
        """The fields and the columns that they are read from."""
        cities = {"city": self.city_column} if self.city_column else {}
        parts = (self.rules.columns, self.when.columns, self.where.columns, cities)
        return {str(name): column for part in parts for name, column in part.items()}


@dataclass(frozen=True)
class NewCity:
    """What a new city's files were understood to be.

    Fields: `id`, `name`, `lists`, `time_zone`, `metric_crs`, `units`, `doubts`, `notes`, `places`,
    `named_by`, `source`.
    """

    id: str
    name: str
    lists: tuple[ShootingList, ...]  # one for each layout among the files
    time_zone: str
    metric_crs: str
    units: str
    doubts: tuple[Ambiguity, ...]  # what has two likely readings, in the order to ask
    notes: tuple[Message, ...]  # what a reader should know
    places: gpd.GeoDataFrame | None  # the land, made from the incidents; None where it was given
    named_by: tuple[str, ...] = ()  # the columns that its neighborhoods' names are from
    source: tuple[str, ...] = ()  # addresses that its files were downloaded from

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of shootings, layout by layout."""
        return tuple(file for one in self.lists for file in one.table.files)


def understand(
    files: Path | Sequence[Path],
    places: Path | None = None,
    *,
    name: str = "",
    crs: str | None = None,
    answers: Mapping[str, int] | None = None,
) -> NewCity:
    """Understand a city's files of shootings: columns, formats, systems, kinds, incidents.

    Parameters
    ----------
    files
        CSV, JSON, Excel, Parquet or maps of points, one row an incident, a victim or a person.
    places
        Polygons of the city's neighborhoods; without them the land is made from the incidents.
    name
        What the city is called; else the file's name.
    crs
        The coordinate system of x and y, where the file has no degrees, and of polygons that
        name none.
    answers
        The number of the reading chosen, by `Doubt.about`; the likeliest (0) where there is none.

    Returns
    -------
    NewCity
        The readings, with `doubts`: all that were asked, answered or not.

    Raises
    ------
    SourceError
        If a file cannot be read, or says no day, no place, or not who was shot.
    """
    tables = read_tables([files] if isinstance(files, Path) else files)
    return understand_tables(tables, covered_area(places, crs), name=name, crs=crs, answers=answers)


def understand_tables(
    tables: Sequence[ShootingTable],
    area: shapely.Geometry | None = None,
    *,
    name: str = "",
    crs: str | None = None,
    answers: Mapping[str, int] | None = None,
    lines: gpd.GeoDataFrame | None = None,
) -> NewCity:
    """Understand tables that were read: as `understand`, with polygons' land, and named streets."""
    questions = Questions(answers or {})
    lists = []
    for number, table in enumerate(tables, start=1):
        with questions.of(table.name, number):
            lists.append(_understand_list(table, area, crs, questions))
    lonlat = pd.concat([one.where.lonlat for one in lists], ignore_index=True)
    zone = _time_zone(lonlat)
    metric_crs, notes = _metric_crs(lonlat)
    given = " ".join(UNSEEN.sub("", name).split())
    title, origin = given, ""
    if not given:
        stem, first = Path(tables[0].name.removesuffix(".gz")).stem, lists[0]
        title, origin = name_city(first.table.columns, first.where.lonlat, stem, zone)
    if origin in ("file", "zone", "nowhere"):
        key = "start.name_unknown" if origin == "nowhere" else "start.name_guessed"
        notes.append(msg(key, name=title))
    land, named_by = None, tuple[str, ...]()
    if area is None:
        land, named_by, messages = _estimate_places(lists, title, lines)
        notes += messages
    # Of two lists one may hold the homicides, the other what was survived.
    has_both = any(one.rules.homicide for one in lists) and any(one.rules.nonfatal for one in lists)
    of_one_kind = {"start.homicides_only", "start.nonfatal_only"} if has_both else set()
    is_us = any(US_DAYS.search(one.when.date_formats[0]) for one in lists)
    is_mirrored = US_ZONES.fullmatch(_time_zone(lonlat.assign(lon=-lonlat["lon"])))
    if lonlat["lon"].min() > 0 and (is_us or is_mirrored):
        notes.append(msg("start.no_minus", zone=zone))
    return NewCity(
        slugify(title),
        title,
        tuple(lists),
        zone,
        metric_crs,
        "us" if US_ZONES.fullmatch(zone) else "metric",
        tuple(questions.doubts),
        (
            *(note for table in tables for note in table.notes),
            *notes,
            *(note for one in lists for note in one.rules.notes if note.key not in of_one_kind),
        ),
        land,
        named_by,
    )


def refuse_unsure(city: NewCity) -> None:
    """Refuse rules that somebody has to look at first, where nobody is asked."""
    for note in city.notes:
        if note.key in ("start.most_left_out", "start.not_assaults"):
            raise SourceError("start.unsure", why=note)


def _estimate_places(
    lists: Sequence[ShootingList], rest: str, lines: gpd.GeoDataFrame | None
) -> tuple[gpd.GeoDataFrame, tuple[str, ...], list[Message]]:
    """Make a city's land from its incidents, and its neighborhoods from a column of names."""
    found = [infer_neighborhoods(one.table.columns, one.where.lonlat, lines) for one in lists]
    places = [
        one.where.lonlat.assign(name=its.names) for one, its in zip(lists, found, strict=True)
    ]
    known = pd.concat(places, ignore_index=True)
    land = outline_neighborhoods(estimate_land(known[["lon", "lat"]]), known, known["name"], rest)
    headers = tuple(dict.fromkeys(name for its in found for name in its.headers))
    key = "start.land_named" if headers else "start.land_made"
    key = "start.land_streets" if any(its.are_streets for its in found) else key
    notes = [note for its in found for note in its.notes]
    return land, headers, [*notes, msg(key, n=len(land), columns=", ".join(headers))]


def slugify(title: str) -> str:
    """Return a city's id: its name in small letters, a hyphen for all else."""
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-") or "city"


def _understand_list(
    table: ShootingTable,
    area: shapely.Geometry | None,
    crs: str | None,
    questions: Questions,
) -> ShootingList:
    """Understand one table: when, where, what, and last the clock, by the shootings' own hours."""
    columns = table.columns
    given = {one.header: one for one in columns if one.header in table.given}
    places = [one for name, one in given.items() if name in ("longitude", "latitude")]
    where = infer_location(places or columns, area, crs or table.crs or None, questions, table.name)
    if where.lonlat.empty:
        raise SourceError("start.no_place", path=table.name)
    lonlat, city_column, city_names = choose_city(columns, where.lonlat, area, questions)
    n_elsewhere = len(where.lonlat) - len(lonlat) if city_column is None else 0
    where = replace(where, lonlat=lonlat)
    is_us = bool(US_ZONES.fullmatch(_zone_on_land(where.lonlat, table.name)))
    timely = [
        one for one in columns if one.header == "date" or not ("date" in given and one.formats)
    ]
    when = guess_when(timely, questions, is_us=is_us)
    if when is None:
        turned = [one.header for one in columns if are_turned(one.distinct[:FORMS_LOOKED_AT])]
        if turned:
            raise SourceError("start.turned_days", path=table.name, column=turned[0])
        raise SourceError("start.no_day", path=table.name)
    fields = [*(f for f in ("date", "time", "hour") if f in when.columns), *where.columns]
    taken = {**when.columns, **where.columns}
    moments = pd.concat([taken[name].texts for name in fields], axis=1).agg("|".join, axis=1)
    times, _ = parse_dates(taken["date"].texts, when.date_formats, "UTC")
    days = times.dt.strftime("%Y-%m-%d").fillna("")
    clues = RowClues(tuple(fields), moments, days, given.get("incident_id"))
    telling = [given["kind"]] if "kind" in given else columns
    rules = guess_rules(columns, telling, clues, questions, table.name)
    homicide, nonfatal = mark_kinds(rules, rules.columns, table.n_rows)
    is_shot = homicide | nonfatal
    rules.notes += doubt_rules(telling, rules, homicide, nonfatal, table.name)
    when = resolve_time_zone(when, is_shot, questions)
    if n_elsewhere:
        rules.notes.append(msg("start.rows_elsewhere", n=n_elsewhere))
    rules.notes += _time_notes(columns, when, times.dropna())
    lon = float(where.lonlat["lon"].median())
    rules.notes += _zone_note(when, times[is_shot].dropna(), lon)
    refuse_same_names(columns, {**rules.columns, **when.columns, **where.columns}, table.name)
    return ShootingList(table, when, where, rules, city_column, city_names, n_elsewhere)


def _zone_note(when: DateTimeColumns, shot: pd.Series, lon: float) -> Iterator[Message]:
    """Note times that lie as universal time does, and have no mark."""
    is_marked = any("%z" in form or form in COUNTED for form in when.date_formats)
    is_other = not {"time", "hour"}.isdisjoint(when.columns) or shot.dt.hour.between(1, 12).all()
    if is_marked or is_other or not any(map(has_clock, when.date_formats)):
        return
    middle = middle_hour(shot)
    is_late = UNIVERSAL_NIGHT[0] <= middle <= UNIVERSAL_NIGHT[1]
    if is_late and len(shot) >= MANY_TIMES and AMERICAS[0] <= lon <= AMERICAS[1]:
        yield msg("start.maybe_universal", column=when.columns["date"].header, hour=round(middle))


def _time_notes(
    columns: Sequence[TextColumn], when: DateTimeColumns, times: pd.Series
) -> Iterator[Message]:
    """Note what of the time is lost, or read from numbers that may be others."""
    date = when.columns["date"]
    has_times = when.has_time and any(map(has_clock, when.date_formats))
    is_alone = {"time", "hour"}.isdisjoint(when.columns)  # else the hours are another column's
    is_half = has_times and is_alone and times.dt.hour.between(1, 12).all()
    if is_half and len(times) >= MANY_TIMES:
        yield msg("start.half_day", column=date.header)
    if not has_times and is_alone:
        if unread := unread_clocks(columns):
            yield msg("start.no_clock", columns=", ".join(unread))
        if reported := reported_clocks(columns):
            yield msg("start.reported_clock", columns=", ".join(reported))
    if when.date_formats[0] in (EPOCH_S, EXCEL_DAY) and len(times):
        first, last = (day(one.date()) for one in (times.min(), times.max()))
        told = {"column": date.header, "example": date.distinct[0]}
        yield msg("start.counted_days", **told, first=first, last=last)


def covered_area(places: Path | None, crs: str | None = None) -> shapely.Geometry | None:
    """Read the land that polygons cover, in degrees; `crs` is their system if they name none."""
    if places is None:
        return None
    return union_polygons(read_polygons(places, crs or LONLAT), places)


def union_polygons(polygons: gpd.GeoDataFrame, path: Path) -> shapely.Geometry:
    """Join a file's polygons, broken ones repaired; refuse those that cross too often for it."""
    valid = polygons.geometry.make_valid(method="structure")
    refuse_tangled(valid.to_numpy(), polygons.geometry.to_numpy(), path)
    return join_polygons(valid, path)


def _time_zone(lonlat: pd.DataFrame) -> str:
    from timezonefinder import TimezoneFinder  # noqa: PLC0415 - loads late

    lon, lat = (float(lonlat[axis].median()) for axis in ("lon", "lat"))
    return TimezoneFinder().timezone_at(lng=lon, lat=lat) or "UTC"


def _zone_on_land(lonlat: pd.DataFrame, name: str) -> str:
    """Return the time zone of a list's middle; refuse one in the open sea."""
    zone = _time_zone(lonlat)
    if not zone.startswith(AT_SEA):
        return zone
    lon, lat = lonlat["lon"], lonlat["lat"]
    turned = (
        ("start.if_swapped", lat, lon),
        ("start.if_west", -lon, lat),
        ("start.if_south", lon, -lat),
        ("start.if_southwest", -lon, -lat),
    )
    hints = []
    for key, x, y in turned:
        there = (
            _time_zone(pd.DataFrame({"lon": x, "lat": y})) if y.abs().median() <= 90 else AT_SEA[0]
        )
        if not there.startswith(AT_SEA):
            hints.append(tr(key, zone=there))
    where = f"{lon.median():.2f}, {lat.median():.2f}"
    raise SourceError("start.at_sea", path=name, where=where, hints=" ".join(hints))


def _metric_crs(lonlat: pd.DataFrame) -> tuple[str, list[Message]]:
    """Return the UTM zone of the middle, and a note where a city lies in two."""
    middle = lonlat.median()
    shape = gpd.GeoSeries.from_xy([middle["lon"]], [middle["lat"]], crs=LONLAT)
    try:
        crs = shape.estimate_utm_crs().to_string()
    except RuntimeError as error:
        where = f"{middle['lon']:.2f}, {middle['lat']:.2f}"
        raise SourceError("start.nowhere", where=where) from error
    near = lonlat["lon"][(lonlat["lon"] - middle["lon"]).abs() <= FAR_DEGREES]
    zones = np.floor((near.to_numpy() + 180) / 6).astype(int) + 1
    numbers, counts = np.unique(zones, return_counts=True)
    two = numbers[counts >= 0.01 * counts.sum()]
    if len(two) < 2:
        return crs, []
    return crs, [msg("start.two_zones", zones=" and ".join(map(str, two.tolist())), crs=crs)]
