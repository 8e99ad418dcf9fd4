"""Guess where a table's rows lie: degrees, a text of both, or meters and feet of some system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from csa.base.crs import LONLAT, distance_m, is_current, systems_near, to_lonlat
from csa.base.errors import CrsError, SourceError
from csa.base.message import msg
from csa.base.text import tr
from csa.city.types import FieldName
from csa.ingest.infer_columns import (
    Interpretation,
    Questions,
    TextColumn,
    is_location,
)
from csa.ingest.infer_neighborhoods import plain_name
from csa.ingest.infer_words import HEADERS, is_kind
from csa.ingest.parse import is_nowhere, parse_locations, parse_numbers

PRECISE = re.compile(r"[.,]\d{3}")
"""Three decimals or more: no other column has them."""
MANY = 0.75
"""Share of coordinates that must be numbers: some are withheld, in words."""
MOST_SYSTEMS, AUTHORITIES = 3, ("EPSG", "ESRI")
"""Systems that are asked about; who lists them: feet of some states are with the second alone."""
LEAST_INSIDE = 0.8
"""Share of points that must lie in the given polygons for a system to be a likely one."""


@dataclass(frozen=True)
class LocationColumns:
    """The columns that say where."""

    columns: Mapping[FieldName, TextColumn]  # lon and lat, or x and y, or location
    crs: str  # their coordinate system
    lonlat: pd.DataFrame  # `lon` and `lat` in degrees of the rows that have them


def infer_location(
    columns: Sequence[TextColumn],
    area: shapely.Geometry | None,
    crs: str | None,
    questions: Questions,
    name: str,
) -> LocationColumns:
    """Guess the coordinates; refuse where nothing says where."""
    columns = [one for one in columns if not one.is_a("private")]
    fine = [one for one in columns if not one.is_a("coarse")]
    if len(fine) < len(columns):
        with suppress(SourceError):
            return infer_location(fine, area, crs, questions, name)
    numeric = [one for one in columns if _are_many(one.degrees)]
    names = (*HEADERS["latitude"].words, *HEADERS["longitude"].words)
    by_name = sorted(numeric, key=lambda one: one.name not in names)
    lats = [one for one in by_name if one.is_a("latitude")]
    lons = [one for one in by_name if one.is_a("longitude")]
    # What is in degrees is in no other system: the one given is then of polygons.
    if lats and lons and _is_degrees(lons[0], 180) and _is_degrees(lats[0], 180):
        return _in_degrees(lons[0], lats[0], questions)
    located = [one for one in columns if is_location(one)]
    if located:
        return LocationColumns(
            {"location": located[0]}, LONLAT, _known(*parse_locations(located[0].texts))
        )
    xs = [one for one in numeric if one.name == "x" or one.is_a("x") or one in lons]
    ys = [one for one in numeric if one.name == "y" or one.is_a("y") or one in lats]
    if not (xs and ys):
        xs, ys = ([one for one in numeric if one.is_a(way)] for way in ("east", "north"))
    if xs and ys:
        x, y = xs[0], ys[0]
        if crs is None and _is_degrees(x, 180) and _is_degrees(y, 90):
            return _in_degrees(x, y, questions)
        return _projected(x, y, area, crs, questions, name)
    pair = _unnamed_pair(numeric)
    if pair is not None:
        return _in_degrees(*pair, questions, is_named=False)
    raise SourceError("start.no_place", path=name)


def _are_many(numbers: pd.Series) -> bool:
    return len(numbers) > 0 and float(numbers.notna().mean()) >= MANY


def _is_degrees(column: TextColumn, most: float) -> bool:
    return bool((column.degrees.dropna().abs() <= most).mean() >= 0.95)


def _in_degrees(
    lon: TextColumn,
    lat: TextColumn,
    questions: Questions,
    *,
    is_named: bool = True,
) -> LocationColumns:
    """Take two columns as degrees; asked where names and values do not say the same."""
    is_beyond = bool((lat.degrees.abs() > 90).mean() > 0.05)
    is_odd = is_beyond or _looks_swapped(lon, lat)
    if is_odd or not is_named:
        as_named = Interpretation(msg("start.lon_lat", lon=lon.header, lat=lat.header), (lon, lat))
        swapped = Interpretation(msg("start.lon_lat", lon=lat.header, lat=lon.header), (lat, lon))
        readings = [swapped, as_named] if is_odd else [as_named, swapped]
        example = (lon.distinct[0], lat.distinct[0])
        question = msg("start.which_lon", first=example[0], second=example[1])
        lon, lat = questions.resolve("longitude", question, readings)
    lonlat = _known(*(pd.Series(parse_numbers(one.texts, are_degrees=True)) for one in (lon, lat)))
    return LocationColumns({"lon": lon, "lat": lat}, LONLAT, lonlat)


def _looks_swapped(lon: TextColumn, lat: TextColumn) -> bool:
    """Check for the Americas' signs: a positive longitude beside a negative latitude."""
    middle_lon, middle_lat = float(lon.degrees.median()), float(lat.degrees.median())
    return -170 < middle_lat < -50 and 15 < middle_lon < 72


def _unnamed_pair(numeric: Sequence[TextColumn]) -> tuple[TextColumn, TextColumn] | None:
    """Return two columns that could be longitude and latitude by their values alone."""
    precise = [
        one
        for one in numeric
        if one.share(lambda text: bool(PRECISE.search(text))) >= 0.8 and _is_degrees(one, 180)
    ]
    west = [one for one in precise if -170 < float(one.degrees.median()) < -20]
    north = [one for one in precise if 0 < float(one.degrees.median()) < 72]
    if west and north:
        return west[0], north[0]
    return (precise[0], precise[1]) if len(precise) == 2 else None


def _projected(
    x: TextColumn,
    y: TextColumn,
    area: shapely.Geometry | None,
    crs: str | None,
    questions: Questions,
    name: str,
) -> LocationColumns:
    """Find the system of projected coordinates: the one given, or those that fall in the city."""
    both = pd.DataFrame(
        {axis: parse_numbers(one.texts) for axis, one in (("x", x), ("y", y))}
    ).dropna()
    both = both[(both != 0).all(axis=1)]
    columns: dict[FieldName, TextColumn] = {"x": x, "y": y}
    if crs is None and area is None:
        example = (x.distinct[0], y.distinct[0])
        raise SourceError("start.which_system", path=name, x=example[0], y=example[1])
    if crs is None and area is not None:
        west, south, east, north = shapely.bounds(area)
        sample = both.sample(min(len(both), 500), random_state=0)
        middle = (west + east) / 2, (south + north) / 2
        inside: list[str] = []
        for authority in AUTHORITIES:
            near = systems_near(*middle, authority) if not inside else ()
            inside += [one for one in near if _share_inside(sample, one, area) >= LEAST_INSIDE]
        systems = sorted(inside, key=lambda one: not is_current(one))[:MOST_SYSTEMS]
        if not systems:
            raise SourceError("start.no_system", path=name)
        readings = [Interpretation(msg("start.in_system", crs=one), one) for one in systems]
        if len(readings) > 1:
            question = msg("start.which_of_systems", x=x.header, y=y.header)
            crs = questions.resolve("system", question, readings)
        else:
            crs = systems[0]
    lon, lat = to_lonlat(both["x"].to_numpy(), both["y"].to_numpy(), str(crs))
    lonlat = pd.DataFrame({"lon": lon, "lat": lat}, index=both.index)
    return LocationColumns(columns, str(crs), lonlat)


def _share_inside(points: pd.DataFrame, crs: str, area: shapely.Geometry) -> float:
    try:
        lon, lat = to_lonlat(points["x"].to_numpy(), points["y"].to_numpy(), crs)
    except CrsError:  # such a system is no candidate
        return 0.0
    return float(np.mean(shapely.contains_xy(area, lon, lat)))


def _known(lon: pd.Series, lat: pd.Series) -> pd.DataFrame:
    both = pd.DataFrame({"lon": lon, "lat": lat}).dropna()
    is_there = ~is_nowhere(both["lon"].to_numpy(), both["lat"].to_numpy())
    return both[is_there & (both["lat"].abs() <= 90) & (both["lon"].abs() <= 180)]


# Of which city a file's rows are, where it holds several, and what that city is called.

SEVERAL, MOST_CITIES = 0.1, 9
"""Share of rows from which on another city is one to ask about; so many are asked about at most."""
APART_DEGREES = 0.5
"""Places so far from all others are of another city."""
ZONE_CITY_M = 60_000.0


def choose_city(
    columns: Sequence[TextColumn],
    lonlat: pd.DataFrame,
    area: shapely.Geometry | None,
    questions: Questions,
) -> tuple[pd.DataFrame, TextColumn | None, tuple[str, ...]]:
    """Ask which city is meant where a file holds several: by a column, else by where they lie.

    That with the most rows is the likeliest, within polygons if there are any. Returns the places
    of its rows, and the column with the values that are this city's.
    """
    for column in columns:
        if not column.is_a("city") or column.is_a("private"):
            continue
        folded = column.texts[lonlat.index].str.casefold()
        counts = folded[folded.str.contains(r"[^\W\d_]{2}")].value_counts()
        large = counts.index[counts >= max(2, SEVERAL * len(folded))][:MOST_CITIES]
        if len(large) > 1:
            inside = folded
            if area is not None:
                inside = folded[shapely.contains_xy(area, lonlat["lon"], lonlat["lat"])]
            order = sorted(large, key=lambda one: -int((inside == one).sum()))
            readings = [
                Interpretation(
                    msg("start.is_city", city=plain_name(one.upper()), n=counts[one]), one
                )
                for one in order
            ]
            question = msg("start.which_city", column=column.header)
            chosen = str(questions.resolve("city", question, readings))
            return lonlat.loc[folded == chosen], column, (chosen,)
    return lonlat if area is not None else _choose_place(lonlat, questions), None, ()


def _choose_place(lonlat: pd.DataFrame, questions: Questions) -> pd.DataFrame:
    """Ask which of several groups of places far apart is the city's."""
    spots, spot = np.unique(lonlat.round(1).to_numpy(), axis=0, return_inverse=True)
    near = cKDTree(spots).sparse_distance_matrix(cKDTree(spots), APART_DEGREES)
    group = connected_components(near)[1][spot.ravel()]
    counts = np.bincount(group)
    large = [
        int(g) for g in np.argsort(-counts, kind="stable") if counts[g] >= SEVERAL * len(group)
    ]
    if len(large) < 2:
        return lonlat
    readings = []
    for number in large[:MOST_CITIES]:
        lon, lat = lonlat[group == number].median()
        words = msg("start.is_place", lon=round(lon, 2), lat=round(lat, 2), n=int(counts[number]))
        readings.append(Interpretation(words, number))
    chosen = questions.resolve("city", msg("start.which_place"), readings)
    chosen_rows: pd.DataFrame = lonlat.loc[lonlat.index[group == chosen]]
    return chosen_rows


def name_city(
    columns: Sequence[TextColumn], lonlat: pd.DataFrame, stem: str, zone: str
) -> tuple[str, str]:
    """Guess what a city is called: by a column, by its file's name without what it is a file of.

    A file's name that says nothing gives the name of the time zone's own city, where that is near;
    else there is none. Returns the name, and what it is from: `column`, `file`, `zone`, `nowhere`.
    """
    for column in columns:
        if column.is_a("city") and not column.is_a("private"):
            counts = column.texts[lonlat.index].str.casefold().value_counts()
            counts = counts[counts.index.str.contains(r"[^\W\d_]{2}")]
            if len(counts) and counts.iloc[0] > len(lonlat) / 2:
                return plain_name(str(counts.index[0]).upper()), "column"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", stem).split()
    words = [word for word in words if len(word) > 1 and not is_kind("file_word", word)]
    if not all(is_kind("part_of_city", word) for word in words):
        return plain_name(" ".join(words).upper()), "file"
    lon, lat = lonlat[["lon", "lat"]].median()
    there = _zone_place(zone)
    if there is not None and float(distance_m(lon, lat, *there)) <= ZONE_CITY_M:
        return zone.rsplit("/", 1)[-1].replace("_", " "), "zone"
    return tr("start.unnamed_city"), "nowhere"


def _zone_place(zone: str) -> tuple[float, float] | None:
    """Return where the city is that a time zone is named after, in degrees, nearly."""
    listed = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in listed.splitlines():
        parts = line.split("\t")
        if len(parts) > 2 and parts[2] == zone:
            (south, lat), (west, lon) = re.findall(r"([+-])(\d+)", parts[1])
            degrees = int(lon[:3]) + int(lon[3:5]) / 60, int(lat[:2]) + int(lat[2:4]) / 60
            return degrees[0] * (1 - 2 * (west == "-")), degrees[1] * (1 - 2 * (south == "-"))
    return None
