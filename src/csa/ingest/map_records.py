"""A map's points as records: each feature a row of text, as every other format is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import shapely

from csa.base.crs import tables_to_lonlat
from csa.base.errors import SourceError
from csa.ingest.gdal import read_map
from csa.ingest.record_columns import column_texts


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
