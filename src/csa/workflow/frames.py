"""A city in memory, from a table of points or a file, understood as `csa start` understands it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.base.crs import LONLAT, made_for, parse_crs, tables_to_lonlat
from csa.base.errors import CrsError, SourceError, TableError
from csa.base.text import tr
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.ingest.columns import normalise_header
from csa.ingest.infer_columns import NO, YES
from csa.ingest.intake import ingest_city
from csa.ingest.job import shared_process
from csa.ingest.sources import find_inputs
from csa.workflow.city_file import city_file
from csa.workflow.companion_files import name_column_of, read_city
from csa.workflow.new_city import refuse_unsure, understand_tables

FILE = "shootings.csv"
"""What a table is called: where no column says so, its name says that each row is a shooting."""
NONFATAL = "nonfatal shooting"
"""A dataset's word alone, nonfatal, may be an injury of any sort in a file."""


def city_from_frame(
    frame: gpd.GeoDataFrame,
    date: str,
    killed: str | None,
    kind: str | None,
    number: str | None,
    city: str | None,
) -> City:
    """Understand a table of points, as `csa.city.dataset.City.from_frame`."""
    points = _points(frame)
    for name in filter(None, (date, killed, kind, number)):
        if name not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            raise TableError("frame.no_column", name=name, known=known)
    if lacking := _lacking(frame[date].notna()):
        raise TableError("frame.no_day", column=date, **lacking)
    given: dict[str, Any] = {"date": frame[date], "longitude": points.x, "latitude": points.y}
    if killed or kind:
        given["kind"] = _kinds(frame, killed, kind)
    if number is not None:
        given["incident_id"] = frame[number]
    named = {str(frame.geometry.name), date, killed, kind, number}
    columns = given | _others(frame, named, given)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        pd.DataFrame(columns).to_csv(path, index=False)
        try:
            made = city_from_files([path], None, city or "City", None, frozenset(given))
        except SourceError as error:
            if error.message.key == "start.no_shootings":
                raise TableError("frame.no_kind") from error
            raise
    report = made.dataset.report
    if n := sum(report["rows_rejected"].values()):
        unused = tr("frame.unused", n=n, total=len(frame), why=_why_unused(report))
        warnings.warn(unused, stacklevel=3)
    if n := report["merged_rows"]:
        warnings.warn(tr("source.note_merged", n=n), stacklevel=3)
    return made


def city_from_files(
    files: Sequence[Path],
    places: Path | None,
    name: str | None,
    crs: str | None,
    given: frozenset[str] = frozenset(),
) -> City:
    """Understand files, as `csa.city.dataset.City.from_file`."""
    with shared_process("csa.workflow.companion_files"), tempfile.TemporaryDirectory() as folder:
        tables, _, area = read_city(files, (), crs, places)
        tables = tuple(replace(one, given=given) for one in tables)
        city = understand_tables(tables, area, name=name or "", crs=crs)
        refuse_unsure(city)
        polygons = places or Path(folder) / "land.geojson"
        if city.places is not None:
            city.places.to_file(polygons, driver="GeoJSON")
        column = "name" if places is None else name_column_of(places, crs)
        path = Path(folder) / "city.toml"
        path.write_text(city_file(city, polygons.name, column, crs=crs), encoding="utf-8")
        config = load_city(path)
        intake = ingest_city(config, find_inputs(config, Path(folder), city.files, polygons))
    if not intake.dataset.report["incidents"]:
        why = _why_unused(intake.dataset.report)
        raise SourceError("start.none_left", path=city.files[0].name, why=why)
    return City(config, intake.dataset)


def _others(
    frame: gpd.GeoDataFrame, named: Collection[str | None], given: Collection[str]
) -> dict[str, pd.Series]:
    """Return the columns that nobody named, but for those called as what was named is now."""
    taken = {normalise_header(name) for name in given}
    others = [name for name in frame.columns if name not in named]
    return {str(name): frame[name] for name in others if normalise_header(str(name)) not in taken}


def _kinds(frame: gpd.GeoDataFrame, killed: str | None, kind: str | None) -> Any:
    """Return the kind of each row: its own word, or whether somebody was killed."""
    if not killed:
        return frame[kind].astype("str").replace("nonfatal", NONFATAL)
    words = frame[killed].astype("str").str.strip().str.casefold()
    said = words.map(dict.fromkeys(YES, 1.0) | dict.fromkeys(NO, 0.0))
    numbers = pd.to_numeric(frame[killed], errors="coerce").fillna(said)
    if lacking := _lacking(numbers.notna()):
        raise TableError("frame.not_killed", column=killed, **lacking)
    return np.where(numbers > 0, "homicide", NONFATAL)


def _why_unused(report: Mapping[str, Any]) -> str:
    lost = report["rows_rejected"].items()
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in lost if n)


def _points(frame: object) -> gpd.GeoSeries:
    """Return the points in degrees; refuse a table in which any row has none."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise TableError("frame.no_table")
    if frame.empty:
        raise TableError("frame.no_rows")
    if frame.crs is None:
        raise CrsError("frame.no_crs")
    shapes = frame.geometry
    kinds = shapes.geom_type.dropna()
    others = kinds[kinds != "Point"]
    if len(others):
        raise TableError("frame.no_points", n=len(others), kind=others.iloc[0])
    is_there = ~(shapes.isna() | shapes.is_empty)
    is_there &= np.isfinite(shapes.x) & np.isfinite(shapes.y)
    if lacking := _lacking(is_there):
        raise TableError("frame.no_place", **lacking)
    points = tables_to_lonlat(frame[[frame.geometry.name]], str(frame.crs)).geometry
    west, south, east, north = made_for(frame.crs) or (-180.0, -90.0, 180.0, 90.0)
    is_here = points.notna() & points.x.between(max(west, -180.0), min(east, 180.0))
    is_here &= points.y.between(max(south, -90.0), min(north, 90.0))
    # Degrees under a name of meters lie at its origin, in the sea.
    is_degrees = frame.crs.is_projected and (shapes.x.abs() <= 180).all()
    if is_degrees or not is_here.all():
        box = dict(zip(("west", "south", "east", "north"), shapes.total_bounds, strict=True))
        raise CrsError("frame.not_here", crs=parse_crs(frame.crs).name, **box)
    return points.set_crs(LONLAT)


def _lacking(is_there: pd.Series) -> dict[str, Any]:
    """Count the rows that lack something, and name the first of them; empty where none does."""
    missing = is_there.index[~is_there.to_numpy()]
    return {"n": len(missing), "first": missing[0]} if len(missing) else {}
