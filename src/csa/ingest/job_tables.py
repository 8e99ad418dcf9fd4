"""Tables between a job and its parent: Arrow files, and shapes as WKB in them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

SHAPES = "shapes"
"""The column of a list of shapes."""


def save_table(value: Any, folder: Path) -> tuple[Any, ...] | None:
    """Write a table, a column, an array or a shape; return how to load it, None for all else."""
    if isinstance(value, gpd.GeoSeries):
        places = gpd.GeoDataFrame({SHAPES: value}, geometry=SHAPES)
        return "shapes", value.name, save_table(places, folder)
    if isinstance(value, pd.DataFrame):
        return _save_frame(value, folder)
    if isinstance(value, pd.Series):
        return "column", value.name, _write(value.to_frame("0"), folder)
    if isinstance(value, np.ndarray | np.generic):
        content = io.BytesIO()
        np.save(content, value, allow_pickle=False)
        return "array", content.getvalue()
    return ("shape", shapely.to_wkb(value)) if isinstance(value, shapely.Geometry) else None


def _save_frame(table: pd.DataFrame, folder: Path) -> tuple[Any, ...]:
    if not isinstance(table, gpd.GeoDataFrame):
        return "table", _write(table, folder)
    name = str(table.geometry.name)
    bare = pd.DataFrame(table).assign(**{name: shapely.to_wkb(table.geometry.to_numpy())})
    crs = None if table.crs is None else table.crs.to_json()
    return "places", _write(bare, folder), name, crs


def load_table(pid: tuple[Any, ...], folder: Path) -> Any:
    """Load what was written."""
    kind, *about = pid
    if kind == "places":
        name, geometry, crs = about
        table = _read(name, folder)
        shapes = shapely.from_wkb(table[geometry].to_numpy(dtype=object))
        return gpd.GeoDataFrame(table.assign(**{geometry: shapes}), geometry=geometry, crs=crs)
    if kind == "shapes":
        return load_table(about[1], folder)[SHAPES].rename(about[0])
    if kind == "table":
        return _read(about[0], folder)
    if kind == "column":
        return _read(about[1], folder)["0"].rename(about[0])
    if kind == "array":
        return np.load(io.BytesIO(about[0]), allow_pickle=False)[()]
    return shapely.from_wkb(about[0])


def _write(table: pd.DataFrame, folder: Path) -> str:
    content = pa.Table.from_pandas(table)
    path = folder / f"{uuid4().hex}.arrow"
    with path.open("wb") as file, pa.ipc.new_file(file, content.schema) as writer:
        writer.write_table(content)
    return path.name


def _read(name: str, folder: Path) -> pd.DataFrame:
    with pa.OSFile(str(folder / Path(name).name)) as file:
        content = pa.ipc.open_file(file).read_all()
    content.validate(full=True)
    table: pd.DataFrame = content.to_pandas()
    # Arrow forgets that categories are texts where there is none.
    empty = [name for name in table.select_dtypes("category") if table[name].cat.categories.empty]
    texts = pd.CategoricalDtype(pd.Index([], dtype="str"))
    return table.astype(dict.fromkeys(empty, texts))
