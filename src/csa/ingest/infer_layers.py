"""Guess what a file beside a city's shootings is: people, streets, parks, water, places that help.

By its name, its columns and its shapes. What is not one of these, or is of another city, is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT, tables_to_lonlat
from csa.base.errors import CsaError, SourceError
from csa.base.message import Message, msg
from csa.ingest.columns import normalise_header
from csa.ingest.infer_neighborhoods import plain_name
from csa.ingest.infer_words import FILE_KINDS, HEADERS, is_kind
from csa.ingest.map_files import read_map
from csa.ingest.parse import parse_numbers
from csa.ingest.records import read_records
from csa.ingest.shapes import TABLES, as_table

PEOPLE = re.compile(r"(?:tot(?:al)?)?(?:pop(?:ulation)?|people|residents)(?:total|tot|\d{2,4})?")
YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
MOST_KINDS, MOST_BYTES = 30, 100_000_000
LEAST_NEAR, LEAST_JOINED = 0.5, 0.5
"""Share of a layer's places that must lie in the city; of neighborhoods that must have people."""


@dataclass(frozen=True)
class GuessedLayer:
    """A file beside the shootings, and how the city's file names it."""

    path: Path
    role: str  # population, services, streets, parks or water
    settings: Mapping[str, Any]  # its columns, as the city's file writes them
    n: int  # rows that it holds
    rank: float  # of several for one role, the one with the most
    lines: gpd.GeoDataFrame | None = field(default=None, compare=False)  # streets with a `name`


def guess_layer(
    path: Path, neighborhoods: gpd.GeoDataFrame | None, area: Any, crs: str | None = None
) -> GuessedLayer | Message | None:
    """Guess what a file is to a city; None where it is nothing that a city's file names.

    `area` is the city's land in degrees, `neighborhoods` its polygons as published, if it has any;
    `crs` is the system of shapes that name none: without it, they are told of.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        table, lonlat = _read(path, crs)
    except (CsaError, OSError) as error:  # no table and no map: nothing to name
        is_unnamed = isinstance(error, CsaError) and error.message.key == "layers.no_crs"
        return msg("start.layer_no_crs", path=path.name) if is_unnamed else None
    if table.empty:
        return None
    stem = normalise_header(path.stem)
    if table.geometry.notna().any():
        if not _is_near(table, area):
            return None
        found = _placed(path, stem, table, lonlat)
        named = {key: one for key, one in lonlat.items() if key == "crs"}
        return None if found is None else replace(found, settings={**found.settings, **named})
    return None if neighborhoods is None else _joined(path, table, neighborhoods)


def _read(path: Path, crs: str | None) -> tuple[gpd.GeoDataFrame, dict[str, Any]]:
    """Read a file's columns as text, its shapes in degrees, and how its places are read."""
    if path.suffix.casefold() not in TABLES:
        found = read_map(path, SourceError("layers.unreadable", path=path))
        if not isinstance(found, gpd.GeoDataFrame):
            raise SourceError("layers.no_shapes", path=path)
        if crs and found.crs is None:
            return tables_to_lonlat(found.set_crs(crs), str(path)), {"crs": crs}
        return tables_to_lonlat(found, str(path)), {}
    records = read_records(path)
    table = as_table(records)
    lon, lat = (_column_of(table, HEADERS[axis].words) for axis in ("longitude", "latitude"))
    shapes: Any = np.full(len(table), None, dtype=object)
    if lon and lat:
        xy = np.column_stack([parse_numbers(table[axis], are_degrees=True) for axis in (lon, lat)])
        is_placed = np.isfinite(xy).all(axis=1)
        shapes[is_placed] = shapely.points(xy[is_placed])
    placed = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=LONLAT))
    return placed, {"lon_column": lon, "lat_column": lat} if lon and lat else {}


def _column_of(table: pd.DataFrame, names: tuple[str, ...]) -> str:
    """Find the column of one of these names, spelled in any way; empty where there is none."""
    spelled = {normalise_header(str(column)): str(column) for column in table.columns[::-1]}
    return next((spelled[name] for name in names if name in spelled), "")


def _is_near(table: gpd.GeoDataFrame, area: Any) -> bool:
    shapes = table.geometry.to_numpy()
    middles = shapely.point_on_surface(shapes[~shapely.is_missing(shapes)])
    inside = shapely.intersects(shapely.box(*shapely.bounds(area)), middles)
    return bool(inside.mean() >= LEAST_NEAR)


def _placed(
    path: Path, stem: str, table: gpd.GeoDataFrame, lonlat: dict[str, Any]
) -> GuessedLayer | None:
    """Guess what points, lines or polygons are."""
    kinds = set(table.geom_type.dropna().str.removeprefix("Multi"))
    counted = _people_column(table)
    if counted and kinds <= {"Polygon", "Point"} and _year(path, counted):
        settings = {"count_column": counted, "year": _year(path, counted), **lonlat}
        # Polygons of people come before points, which are coarse.
        return GuessedLayer(path, "population", settings, len(table), float("Polygon" in kinds))
    if kinds <= {"LineString"} and is_kind("streets_file", stem):
        settings, lines = _street_columns(table), None
        if "street_name_column" in settings:
            named = table[
                table[settings["street_name_column"]].map(lambda one: isinstance(one, str))
            ]
            names = named[settings["street_name_column"]].str.upper().map(plain_name)
            lines = gpd.GeoDataFrame({"name": names}, geometry=named.geometry)
            lines.attrs["file"] = path.name
        length = float(shapely.length(table.geometry.to_numpy()).sum())
        return GuessedLayer(path, "streets", settings, len(table), length, lines)
    if kinds <= {"Polygon", "LineString"} and is_kind("water_file", stem):
        return GuessedLayer(path, "water", {}, len(table), len(table))
    if kinds <= {"Polygon"} and is_kind("parks_file", stem):
        return GuessedLayer(path, "parks", {}, len(table), len(table))
    return _helpful(path, stem, table, lonlat)


def _helpful(
    path: Path, stem: str, table: gpd.GeoDataFrame, lonlat: dict[str, Any]
) -> GuessedLayer | None:
    """Take a file of places that help, by what its name says they are."""
    settings: dict[str, Any] = {"name_column": _name_column(table), **lonlat}
    kind = next((kind for kind, pattern in FILE_KINDS.items() if re.search(pattern, stem)), "")
    if kind:
        return GuessedLayer(path, "services", {**settings, "kind": kind}, len(table), len(table))
    column = _column_of(table, ("kind", "type", "category", "servicetype"))
    if is_kind("services_file", stem) and column and table[column].nunique() <= MOST_KINDS:
        settings["kind_column"] = column
        return GuessedLayer(path, "services", settings, len(table), len(table))
    return None


def _name_column(table: pd.DataFrame) -> str:
    """Return the column that names places, empty where there is none."""
    texts = [str(one) for one in table.columns if "name" in normalise_header(str(one))]
    return _column_of(table, HEADERS["name_of_thing"].holds) or next(iter(texts), "")


def _street_columns(table: gpd.GeoDataFrame) -> dict[str, Any]:
    """Find which column tells main streets from others, by the words that it holds."""
    settings: dict[str, Any] = {}
    for column in table.columns.drop("geometry"):
        values = sorted({str(one) for one in table[column].dropna() if isinstance(one, str)})
        if not 2 <= len(values) <= MOST_KINDS:
            continue
        minor = [value for value in values if is_kind("minor_street", value)]
        others = [value for value in values if value not in minor]
        main = [value for value in others if minor or is_kind("main_street", value)]
        if main and len(main) < len(values):
            settings |= {"street_class_column": str(column), "main_streets": main}
            break
    named = _name_column(table)
    if named and named != settings.get("street_class_column"):
        settings["street_name_column"] = named
    return settings


def _people_column(table: pd.DataFrame) -> str:
    for column in table.columns:
        if PEOPLE.fullmatch(normalise_header(str(column))):
            people = parse_numbers(table[column].astype("str"))
            if np.isfinite(people).mean() >= LEAST_JOINED and np.nanmin(people) >= 0:
                return str(column)
    return ""


def _year(path: Path, column: str) -> int | None:
    """Return the year that the people's column or the file names."""
    found = YEAR.search(column) or YEAR.search(path.stem)
    return int(found.group(1)) if found else None


def _joined(
    path: Path, table: pd.DataFrame, neighborhoods: gpd.GeoDataFrame
) -> GuessedLayer | None:
    """Take a table of people by neighborhood: by the columns whose values are the same."""
    counted = _people_column(table)
    year = _year(path, counted) if counted else None
    if year is None:
        return None
    best: tuple[float, str, str] = (0.0, "", "")
    for theirs in neighborhoods.columns.drop("geometry"):
        wanted = set(_keys(neighborhoods[theirs]))
        for ours in table.columns.drop(["geometry", counted]):
            share = len(wanted & set(_keys(table[ours]))) / max(1, len(wanted))
            if share > best[0]:
                best = (share, str(ours), str(theirs))
    if best[0] < LEAST_JOINED:
        return None
    settings = {"join_column": best[1], "count_column": counted, "year": year, "id": best[2]}
    return GuessedLayer(path, "population", settings, len(table), 2.0)


def _keys(values: pd.Series) -> pd.Series:
    text = values.dropna().astype("str").str.strip().str.casefold()
    return text.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
