"""Read map layers: a CSV of points, or a map file of points, lines or polygons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.arrays import Bools
from csa.base.crs import LONLAT, tables_to_lonlat, to_lonlat
from csa.base.errors import CrsError, SourceError
from csa.base.text import first_names
from csa.ingest.columns import normalise_header
from csa.ingest.map_files import read_map
from csa.ingest.parse import parse_numbers
from csa.ingest.records import FileRecords, read_records

TABLES = (".csv", ".tsv", ".txt")


class PlacedFile(Protocol):
    """What is known of a layer's file: its columns of places, and their system."""

    @property
    def lon_column(self) -> str:
        """Column of the longitude."""

    @property
    def lat_column(self) -> str:
        """Column of the latitude."""

    @property
    def crs(self) -> str | None:
        """The system of a file that names none."""


def read_shapes(path: Path, crs: str | None, section: str) -> gpd.GeoDataFrame:
    """Read a file of points, lines or polygons."""
    table = read_map(path, SourceError("layers.unreadable", path=path))
    if not isinstance(table, gpd.GeoDataFrame) or table.geometry.isna().all():
        raise SourceError("layers.no_shapes", path=path)
    if table.crs is None and crs is None:
        raise CrsError("layers.no_crs", path=path, section=section)
    known = table if crs is None or table.crs is not None else table.set_crs(crs)
    return tables_to_lonlat(known, str(path)).reset_index(drop=True)


def as_table(records: FileRecords) -> pd.DataFrame:
    """Return records as a table of texts; of columns with one name, the first."""
    table = pd.concat(records.columns, axis=1).set_axis(list(records.header), axis=1)
    return table.loc[:, ~table.columns.duplicated()]


def require_column(table: pd.DataFrame, column: str, path: Path) -> str:
    """Find a column, ignoring the case and punctuation of its name."""
    spelled = [str(name) for name in table.columns if name != "geometry"]
    exact = [name for name in spelled if name == column]
    alike = [name for name in spelled if normalise_header(name) == normalise_header(column)]
    for name in (*exact, *alike):
        return name
    raise SourceError("places.no_column", path=path, column=column, found=first_names(spelled))


def read_rows(
    path: Path, layer: PlacedFile, columns: Sequence[str], section: str
) -> tuple[gpd.GeoDataFrame, int]:
    """Read some columns of a layer, and its places."""
    if path.suffix.lower() in TABLES:
        table, n_unreadable = _read_points(path, layer)
    else:
        table, n_unreadable = read_shapes(path, layer.crs, section), 0
    named = {column: table[require_column(table, column, path)] for column in columns}
    rows = gpd.GeoDataFrame(named, geometry=table.geometry, crs=LONLAT)
    is_degrees, is_nowhere = _judge_places(rows.geometry)
    if 2 * (~is_degrees & ~is_nowhere).sum() > (~is_nowhere).sum():
        raise SourceError("layers.not_degrees", path=path, section=section)
    shapes = rows.geometry.to_numpy().copy()
    shapes[~is_degrees | is_nowhere] = None
    return rows.set_geometry(gpd.GeoSeries(shapes, crs=LONLAT)), n_unreadable


def _judge_places(shapes: gpd.GeoSeries) -> tuple[Bools, Bools]:
    """Return which shapes lie on the globe, and which have no place: missing, empty, or at 0, 0."""
    bounds = shapes.bounds.to_numpy(dtype=float)  # (n, 4) degrees
    is_degrees = (np.abs(bounds) <= [180, 90, 180, 90]).all(axis=1)
    return is_degrees, np.isnan(bounds).any(axis=1) | (bounds == 0).all(axis=1)


def _read_points(path: Path, layer: PlacedFile) -> tuple[gpd.GeoDataFrame, int]:
    records = read_records(path)
    table = as_table(records)
    x, y = (
        parse_numbers(table[require_column(table, column, path)], are_degrees=not layer.crs)
        for column in (layer.lon_column, layer.lat_column)
    )
    lon, lat = to_lonlat(x, y, layer.crs or LONLAT)
    is_known = np.isfinite(lon) & np.isfinite(lat)
    shapes = np.full(len(table), None, dtype=object)
    shapes[is_known] = shapely.points(lon[is_known], lat[is_known])
    points = gpd.GeoSeries(shapes, index=table.index, crs=LONLAT)
    return gpd.GeoDataFrame(table, geometry=points), len(records.unreadable)
