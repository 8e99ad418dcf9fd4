"""Results with geometry for notebooks and other programs: tables, files, a picture, a map."""

from __future__ import annotations

import base64
import html
import io
import json
import sqlite3
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import geopandas as gpd
import pyogrio
import shapely

from csa.base.errors import ParamError
from csa.base.io import json_bytes, made_in_file, write_file
from csa.geo.cells import outline
from csa.geo.palette import PAPER

if TYPE_CHECKING:
    import folium
    from matplotlib.axes import Axes

STILL = "2020-01-01T00:00:00Z"
"""A GeoPackage notes when it was written: the same result must give the same bytes."""
ONE_AT_A_TIME = Lock()
"""GDAL's settings are the whole process's, and an app's readers are threads of one."""
NO_STYLES: Mapping[str, str] = MappingProxyType({})
AREA_INK, LAND_INK = "#1f2430", "#f6f5f1"
N_SHOWN = 10
"""Rows of a table that a notebook shows."""


class MapResult:
    """What a result with geometry can do; no layer has a single incident."""

    LAYERS: ClassVar[tuple[str, ...]]
    """Names of its tables with geometry; the first is what it is about."""
    SHOWN: ClassVar[tuple[str, ...]]
    """Columns of the first layer that a notebook shows."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, in a sentence or two."""

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer, WGS 84, with columns that any format of files can hold."""
        found: gpd.GeoDataFrame = getattr(self, name)
        return found

    @abstractmethod
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw it with matplotlib: on given axes, else on a new figure."""

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The first layer as GeoJSON's values."""
        name = self.LAYERS[0]
        return {**json.loads(self.layer(name).to_json(drop_id=True)), "name": name}

    def geopackage(self) -> bytes:
        """Write a GeoPackage with all layers."""
        return geopackage({name: self.layer(name) for name in self.LAYERS})

    def to_file(self, path: Path | str, layer: str | None = None) -> None:
        """Write a layer, else the first, by the path's ending: .gpkg (all), .parquet or .geojson.

        Raises
        ------
        ParamError
            If the path ends in something else, or there is no such layer.
        OutputError
            If it cannot be written.
        """
        path, name = Path(path), layer or self.LAYERS[0]
        if name not in self.LAYERS:
            raise ParamError(
                "param.unknown", kind="layer", given=name, known=", ".join(self.LAYERS)
            )
        if path.suffix == ".gpkg":
            content = self.geopackage()
        elif path.suffix == ".parquet":
            buffer = io.BytesIO()
            self.layer(name).to_parquet(buffer, index=False)
            content = buffer.getvalue()
        elif path.suffix == ".geojson":
            is_first = name == self.LAYERS[0]
            rest = None if is_first else self.layer(name).to_json(drop_id=True).encode()
            content = rest or json_bytes(self.__geo_interface__)
        else:
            raise ParamError("proposal.format", path=path)
        write_file(path, content)

    def explore(self) -> folium.Map:
        """Draw the first layer on a map to move about, which holds its code and asks no network.

        A proposal's map also holds its cells' incidents by month, with a brush over the months:
        finer than any file of `to_file`, so a notebook saved with it is for the team alone.
        """
        from csa.geo import cell_time  # noqa: PLC0415 - folium loads late

        table = self.layer(self.LAYERS[0])
        table = table[~table.geometry.is_empty]
        places = table.get("place_name", table["area_id"])
        shown = [name for name in self.SHOWN if name not in {"area_id", "place_name"}]
        areas = [
            cell_time.pack_area(str(row["area_id"]), str(place), shape, lines, letter="")
            for row, place, shape in zip(
                table.to_dict("records"), places, table.geometry, strict=True
            )
            for lines in [[f"{name}: {row[name]}" for name in shown]]
        ]
        west, south, east, north = table.total_bounds.tolist()
        options = cell_time.ground_options(
            {"layers": {}}, [[south, west], [north, east]], PAPER, units="us"
        )
        drawn = cell_time.ground_map(options)
        message = {"areas": areas, "selected": "", "whole": True}
        cell_time.CellTimeLayer({**message, "time": self.time_message()}).add_to(drawn)
        return drawn

    def time_message(self) -> dict[str, Any] | None:
        """Return the cells by month for `csa.geo.cell_time`; None where it has none."""
        return None

    def _repr_html_(self) -> str:
        """Show a sentence, a map and the first ten rows in a notebook."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - loads late

        picture, figure = io.BytesIO(), Figure(figsize=(7, 7), layout="constrained")
        self.plot(figure.add_subplot())
        figure.savefig(picture, dpi=72, metadata={"Software": None})
        table = self.layer(self.LAYERS[0])[list(self.SHOWN)].head(N_SHOWN)
        rows = table.to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format)
        code, title = base64.b64encode(picture.getvalue()).decode(), html.escape(self.title)
        image = f'<img alt="{title}" src="data:image/png;base64,{code}">'
        return f"<p>{title}</p>{image}{rows}"


def geopackage(
    layers: Mapping[str, gpd.GeoDataFrame], styles: Mapping[str, str] = NO_STYLES
) -> bytes:
    """Write tables as the layers of a GeoPackage; styles are QGIS's, by layer."""

    def write(path: Path) -> None:
        with ONE_AT_A_TIME:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STILL})
            try:
                for layer, table in layers.items():
                    pyogrio.write_dataframe(table, path, layer=layer, geometry_type="Unknown")
            finally:
                pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
        if styles:
            with closing(sqlite3.connect(path)) as database, database:
                _add_styles(database, styles)

    return made_in_file(write, ".gpkg")


def _add_styles(database: sqlite3.Connection, styles: Mapping[str, str]) -> None:
    """Add the table in which QGIS looks for the style of a layer."""
    database.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, f_table_catalog TEXT, "
        "f_table_schema TEXT, f_table_name TEXT, f_geometry_column TEXT, styleName TEXT, "
        "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT, "
        "ui TEXT, update_time DATETIME)"
    )
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
        (STILL,),
    )
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
        "f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, update_time) "
        "VALUES ('', '', ?, 'geom', ?, ?, '', 1, 'csa', ?)",
        [(layer, layer, style, STILL) for layer, style in styles.items()],
    )


def outlines(sets: Iterable[Iterable[int]]) -> list[shapely.Geometry]:
    """Draw the outline of each set of cells; an empty shape for an empty one."""
    listed = map(list, sets)
    shapes = [outline(cells) if cells else shapely.MultiPolygon() for cells in listed]
    return list(shapely.set_precision(shapes, 1e-7))


def on_axes(axes: Axes | None) -> Axes:
    """Return axes to draw on, without a frame: those given, else of a new figure."""
    if axes is None:
        import matplotlib.pyplot as plt  # noqa: PLC0415 - loads late

        axes = plt.subplots(figsize=(7, 7))[1]
    axes.set_axis_off()
    return axes


def draw_areas(areas: gpd.GeoDataFrame, ground: gpd.GeoDataFrame, axes: Axes) -> Axes:
    """Draw the ground, by its incidents where it has them, and the areas' outlines with ids."""
    ground.plot(ax=axes, color=LAND_INK, edgecolor="none")
    counted = ground[ground["incidents"] > 0] if "incidents" in ground else ground.iloc[:0]
    if len(counted):
        counted.plot("incidents", ax=axes, cmap="BuPu", legend=True, legend_kwds={"shrink": 0.5})
    if len(areas):
        areas.boundary.plot(ax=axes, color=AREA_INK, linewidth=1.2)
    middles = areas.representative_point()
    for name, x, y in zip(areas["area_id"], middles.x, middles.y, strict=True):
        axes.annotate(name, (x, y), ha="center", fontsize=8)
    return axes
