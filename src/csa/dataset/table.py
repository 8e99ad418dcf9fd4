"""A dataset's tables: texts that repeat held once, hashed, written and read by blocks; shapes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from csa.base.compact import BLOCK, find_fineness, give_back, hold_once, write_times
from csa.base.crs import LONLAT
from csa.base.reading import parse_json

REPEATED = ("kind", "gun", "domestic", "neighborhood", "source", "flags")
"""Columns of incidents, beside the cells, in which few texts stand many times."""
ROW_GROUP = 200_000
TYPES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_timestamp,
)
"""Of the columns of all tables, beside their shapes."""
DEGREES = {"authority": "EPSG", "code": 4326}
"""As GeoParquet names `LONLAT`."""


def hold_repeated(incidents: pd.DataFrame) -> pd.DataFrame:
    """Hold each text that repeats once; a shooting then takes a third of the memory."""
    return incidents.assign(**{name: hold_once(incidents[name]) for name in _repeated(incidents)})


def _repeated(names: Iterable[object]) -> list[str]:
    texts = map(str, names)
    return [name for name in texts if name in REPEATED or name.startswith("cell_r")]


def fingerprint(
    incidents: pd.DataFrame, neighborhoods: gpd.GeoDataFrame, study_area: shapely.Geometry
) -> str:
    """Hash the incidents and the places, never a file's bytes."""
    digest = hashlib.sha256()
    _hash_columns(digest, incidents)
    _hash_columns(digest, pd.DataFrame(neighborhoods.drop(columns="geometry")))
    _hash_shapes(digest, [*neighborhoods.geometry, study_area])
    return digest.hexdigest()


def layer_fingerprint(layer: gpd.GeoDataFrame) -> str:
    """Hash a layer: its columns and its shapes, never a file's bytes."""
    digest = hashlib.sha256()
    _hash_columns(digest, pd.DataFrame(layer.drop(columns="geometry")))
    _hash_shapes(digest, layer.geometry.to_numpy())
    return digest.hexdigest()


def _hash_shapes(digest: hashlib._Hash, shapes: Sequence[shapely.Geometry] | np.ndarray) -> None:
    """Hash shapes, a block at a time: one by one they take five times as long."""
    for start in range(0, len(shapes), BLOCK):
        block = np.array(shapes[start : start + BLOCK], dtype=object)
        digest.update(b"".join(shapely.to_wkb(shapely.normalize(block))))


def _hash_columns(digest: hashlib._Hash, table: pd.DataFrame) -> None:
    """Hash a table's columns, a block at a time: as one text they take ten times the memory."""
    for name, column in table.items():
        digest.update(f"\x1d{name}\x1e".encode())
        write = _writer(column)
        for start in range(0, len(column), BLOCK):
            texts = write(column.iloc[start : start + BLOCK])
            digest.update(("\x1f" * bool(start) + "\x1f".join(texts)).encode())


def _writer(column: pd.Series) -> Callable[[pd.Series], Iterable[str]]:
    """Return what writes a block of a column as texts."""
    if pd.api.types.is_float_dtype(column):
        return lambda block: map(repr, block.tolist())
    if pd.api.types.is_datetime64_dtype(column):  # days are written by the finest of them all
        fineness = find_fineness(column)
        return lambda block: map(str, write_times(block, fineness))
    if isinstance(column.dtype, pd.CategoricalDtype) and not column.hasnans:
        known = column.cat.categories.astype("str").to_numpy(dtype=object)
        return lambda block: known[block.cat.codes]
    return lambda block: map(str, block.astype("str").to_numpy(dtype=object))


def incidents_parquet(incidents: pd.DataFrame) -> bytes:
    """Write incidents as Parquet, each text as a text, a group of rows at a time."""
    names = dict.fromkeys(_repeated(incidents), "str")
    buffer = io.BytesIO()
    schema = pa.Schema.from_pandas(incidents.iloc[:0].astype(names), preserve_index=False)
    with pq.ParquetWriter(buffer, schema) as writer:
        for start in range(0, max(len(incidents), 1), ROW_GROUP):
            group = incidents.iloc[start : start + ROW_GROUP].astype(names)
            writer.write_table(pa.Table.from_pandas(group, schema, preserve_index=False))
    return buffer.getvalue()


def _read_schema(path: Path) -> pa.Schema:
    """Read which columns a table has; refuse one of bytes or lists, as none is written."""
    schema = pq.read_schema(path)
    for one in schema:
        is_known = one.name == "geometry" or any(is_of(one.type) for is_of in TYPES)
        if not is_known:
            raise ValueError(f"{path}: {one}")
    return schema


def read_incidents(path: Path) -> pd.DataFrame:
    """Read a table of incidents, each text that repeats once.

    Raises
    ------
    ValueError
        If a column is of another type than those that are written.
    """
    table = pq.read_table(path, read_dictionary=_repeated(_read_schema(path).names))
    incidents = table.to_pandas(split_blocks=True, self_destruct=True)
    del table
    give_back()
    return hold_repeated(incidents)


def read_geometries(path: Path) -> gpd.GeoDataFrame:
    """Read a table of shapes in degrees, as each of a dataset is.

    Its coordinate system is known by its number; to build it from the file takes 20 ms each time.

    Raises
    ------
    ValueError
        If the file holds no shapes, broken ones, or some in another system.
    """
    try:
        about = parse_json(_read_schema(path).metadata[b"geo"].decode())["columns"]["geometry"]
        is_sound = about["encoding"] == "WKB" and about["crs"]["id"] == DEGREES
        rows = pd.read_parquet(path)
        shapes = shapely.from_wkb(rows["geometry"].to_numpy())
    except (KeyError, TypeError, shapely.errors.ShapelyError) as error:
        raise ValueError(path) from error
    if not is_sound or shapely.is_missing(shapes).any():
        raise ValueError(path)
    return gpd.GeoDataFrame(rows.assign(geometry=shapes), geometry="geometry", crs=LONLAT)
