"""A census layer for the fairness page: people and groups by place, from a file of polygons."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd

from csa.config.public import CensusSource
from csa.ingest.shapes import read_shapes, require_column

PERCENT = 100.0


def read_census(path: Path, source: CensusSource) -> gpd.GeoDataFrame:
    """Read a census layer: `people`, and a share (0 to 1) in each group's column."""
    found = read_shapes(path, None, "public.census")

    def numbers(column: str) -> pd.Series:
        return pd.to_numeric(found[require_column(found, column, path)], errors="coerce")

    scale = PERCENT if source.is_percent else 1.0
    shares = {group.column: numbers(group.column) / scale for group in source.groups}
    table = {"people": numbers(source.people_column), **shares}
    return gpd.GeoDataFrame(table, geometry=found.geometry, crs=found.crs)
