"""Tables with geometry as a file of layers, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import geopandas as gpd
import pyogrio

from csa.base.io import made_in_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STILL = "2020-01-01T00:00:00Z"
"""A GeoPackage notes when it was written: the same proposal must give the same bytes."""
ONE_AT_A_TIME = Lock()
"""GDAL's settings are the whole process's, and an app's readers are threads of one."""


def geopackage(layers: Mapping[str, gpd.GeoDataFrame]) -> bytes:
    """Write tables as the layers of a GeoPackage."""

    def write(path: Path) -> None:
        with ONE_AT_A_TIME:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STILL})
            try:
                for layer, table in layers.items():
                    pyogrio.write_dataframe(table, path, layer=layer, geometry_type="Unknown")
            finally:
                pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})

    return made_in_file(write, ".gpkg")


def draw_areas(areas: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, axes: Axes) -> Axes:
    """Draw cells by their incidents, and the areas' outlines with their ids."""
    cells.plot(ax=axes, color="#f6f5f1", edgecolor="none")
    counted = cells[cells["incidents"] > 0]
    if len(counted):
        counted.plot("incidents", ax=axes, cmap="BuPu", legend=True, legend_kwds={"shrink": 0.5})
    if len(areas):
        areas.boundary.plot(ax=axes, color="#1f2430", linewidth=1.2)
    middles = areas.representative_point()
    for name, x, y in zip(areas["area_id"], middles.x, middles.y, strict=True):
        axes.annotate(name, (x, y), ha="center", fontsize=8)
    axes.set_axis_off()
    return axes
