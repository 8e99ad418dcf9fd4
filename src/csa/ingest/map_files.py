"""Open map files: GeoJSON, GeoPackage and shapefile only, without any network access.

GDAL goes by what a file holds, not by its name: a text named .geojson can be a program that reads
other files and hosts. So its other drivers are taken away, and its ways to a network, for the
whole process and before the first file is opened. A GeoJSON alone can still name the host that
knows its coordinate system (`crs`, of type `link`): what GDAL fetches by itself comes back empty.
"""

from __future__ import annotations

import ctypes
import os
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio import _io
from shapely.errors import ShapelyError

from csa.base.arrays import Objects
from csa.base.crs import finite_shapes, tables_to_lonlat
from csa.base.errors import SourceError
from csa.base.safe_parsing import parse_json, unpack_zip
from csa.ingest.job import begin_file
from csa.ingest.record_columns import column_texts

MOST_VERTICES = 2_000_000
"""Of a file's polygons."""
MOST_GROWTH, SPARE = 4, 10_000
"""By what polygons' vertices may grow where they are repaired or joined, and so many more."""
DRIVERS = frozenset({"ESRI Shapefile", "GPKG", "GeoJSON"})
MAX_UNPACKED = 500_000_000
"""Bytes of a map's archive when unpacked."""
MAX_COUNTED = 20_000_000
"""Bytes of a GeoJSON whose features are counted by a second reader."""
MOST_CELLS = 20_000_000
"""Cells of a table of points: all of it is held."""
BLANKS = b"\xef\xbb\xbf \t\r\n"
BROKEN = (RuntimeError, ValueError, LookupError, ArithmeticError, TypeError, NameError,
          ShapelyError)  # fmt: skip
"""What GDAL, pyogrio, pyproj or shapely raise on a broken map: pyogrio's own are of the first, and
where it cannot read a layer's columns it fails on a name of its own."""
RESPONSE_BYTES = 1024
"""More than the size of GDAL's CPLHTTPResult, which stays empty."""

_GDAL = ctypes.CDLL(_io.__file__)  # the library that pyogrio brought along
_GDAL.VSICalloc.restype = ctypes.c_void_p


def _nothing(*_: int | None) -> int:
    return int(_GDAL.VSICalloc(ctypes.c_size_t(1), ctypes.c_size_t(RESPONSE_BYTES)))


_FETCH = ctypes.CFUNCTYPE(ctypes.c_void_p, *[ctypes.c_void_p] * 6)(_nothing)  # GDAL holds it


def _close_gdal() -> None:
    others = ",".join(name for name in pyogrio.list_drivers() if name not in DRIVERS)
    no_host = {"CPL_VSIL_CURL_ALLOWED_FILENAME": "none"}
    pyogrio.set_gdal_config_options({"GDAL_SKIP": others, **no_host})
    _GDAL.GDALAllRegister()  # where GDAL reads what to skip
    _GDAL.CPLHTTPSetFetchCallback(_FETCH, None)


_close_gdal()


def read_map(path: Path, unreadable: SourceError, *, of_points: bool = False) -> pd.DataFrame:
    """Read the first layer of a map file, or that of points; a shape beyond repair is none.

    Rings are closed.
    """
    begin_file(path)
    with _opened(path, unreadable):
        layer = _point_layer(path) if of_points else None
        where = _condition(path, layer)
        table: pd.DataFrame = pyogrio.read_dataframe(
            path.absolute(), layer=layer, where=where, on_invalid="fix"
        )
    _refuse_lost(path, len(table), unreadable)
    if isinstance(table, gpd.GeoDataFrame):
        shapes = finite_shapes(table.geometry)
        refuse_vast(shapes.to_numpy(), path)
        return table.set_geometry(shapes)
    return table


def refuse_vast(shapes: Objects, path: Path) -> None:
    """Refuse polygons of more vertices than a page can work with."""
    n = int(shapely.get_num_coordinates(shapes).sum())
    if n > MOST_VERTICES:
        raise SourceError("source.vast_polygons", path=path, n=n, most=MOST_VERTICES)


def refuse_tangled(made: Objects, given: Objects, path: Path) -> None:
    """Refuse polygons that cross so often that, repaired or joined, they are far more."""
    n, n_given = (int(shapely.get_num_coordinates(shapes).sum()) for shapes in (made, given))
    if n > MOST_GROWTH * n_given + SPARE:
        raise SourceError("source.tangled", path=path, n=n, n_given=n_given)


def _point_layer(path: Path) -> str | None:
    """Return the layer of points, None if none is; refuse several, and too large a table."""
    layers = pyogrio.list_layers(path.absolute()).tolist()
    named = [str(name) for name, kind in layers if "Point" in str(kind)]
    if len(named) > 1:
        raise SourceError("source.many_layers", path=path, names=", ".join(named[:10]))
    layer = next(iter(named), None)
    about = pyogrio.read_info(path.absolute(), layer=layer)
    n_rows = int(about["features"])
    if where := _condition(path, layer):
        _, ids, *_ = pyogrio.raw.read(
            path.absolute(), layer, columns=[], read_geometry=False, return_fids=True, where=where
        )
        n_rows = len(ids)
    n_cells = n_rows * (len(about["fields"]) + 1)
    if n_cells > MOST_CELLS:
        raise SourceError("source.vast_map", path=path, n=n_cells, most=MOST_CELLS)
    return layer


def _condition(path: Path, layer: str | None) -> str | None:
    """Return a condition that all rows of a GeoPackage meet; None for other maps.

    Without one GDAL believes the number of rows that the file has written beside them.
    """
    driver = pyogrio.read_info(path.absolute(), layer=layer)["driver"]
    return "1 = 1" if driver == "GPKG" else None


@contextmanager
def _opened(path: Path, unreadable: SourceError) -> Iterator[None]:
    """Refuse with a sentence whatever GDAL says of a file; an absolute path is no address."""
    try:
        if zipfile.is_zipfile(path):
            for _ in unpack_zip(path.read_bytes(), MAX_UNPACKED):
                pass  # what would fill the memory is refused
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of shapes: they are counted
            yield
    except OSError as error:
        key = "source.absent" if not os.access(path, os.F_OK) else "source.unreadable"
        raise SourceError(key, path=path, why=error.strerror) from error
    except BROKEN as error:
        if not os.access(path, os.F_OK):
            raise SourceError("source.absent", path=path) from error
        raise unreadable from error


def _refuse_lost(path: Path, n_read: int, unreadable: SourceError) -> None:
    """Refuse a GeoJSON of which GDAL passed over a feature: it does so without a word."""
    if path.stat().st_size > MAX_COUNTED or path.is_dir():
        return
    content = path.read_bytes()
    if not content.lstrip(BLANKS).startswith(b"{"):
        return
    try:
        found = parse_json(content)
    except ValueError as error:
        raise unreadable from error
    n_all = len(found["features"]) if isinstance(found.get("features"), list) else n_read
    if n_all != n_read:
        raise SourceError("source.lost_features", path=path, n=n_all - n_read, n_all=n_all)


# ---- A map's points as records: each feature a row of text, as every other format is.


def read_map_rows(path: Path) -> Iterator[Sequence[str]]:
    """Yield a map's columns, then its features, as text: points in degrees, else as x and y."""
    is_zip = path.suffix.casefold() == ".zip"
    what = "a zip file in which no map can be read" if is_zip else "a map that cannot be read"
    unreadable = SourceError("source.not_text", path=path, what=what)
    table = read_map(path, unreadable, of_points=True)
    columns = {str(name): table[name] for name in table.columns if name != "geometry"}
    if isinstance(table, gpd.GeoDataFrame):
        has_crs = table.crs is not None
        shapes = (tables_to_lonlat(table, str(path)) if has_crs else table).geometry
        points = gpd.GeoSeries(shapes.map(_only_point), index=table.index)
        if has_crs:
            columns["geometry"] = points.to_wkb()
        else:
            columns |= {axis: getattr(points, axis) for axis in ("x", "y") if axis not in columns}
    yield [*columns]
    cells = (pa.array(column, from_pandas=True) for column in columns.values())
    yield from zip(*map(column_texts, cells), strict=True)


def _only_point(shape: shapely.Geometry | None) -> shapely.Point | None:
    """Return a shape that is a point, or several of which there is one; None for any other."""
    if isinstance(shape, shapely.MultiPoint) and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if not isinstance(shape, shapely.Point) or shape.is_empty:
        return None
    return shapely.Point(shape.x, shape.y)
