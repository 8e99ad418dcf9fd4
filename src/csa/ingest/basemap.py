"""Water, parks and streets made small enough for a map: clipped, merged, simplified in meters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT, tables_to_lonlat, to_meters
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.city import config
from csa.city.config import CityConfig
from csa.ingest.basemap_files import FORMAT_VERSION, KIND, LAYERS, Basemap
from csa.ingest.job import in_own_process
from csa.ingest.polygons import read_neighborhoods, require_zone
from csa.ingest.shapes import read_shapes, require_column
from csa.ingest.sources import data_folder, find_places


def read_streets(path: Path, basemap: config.BasemapSource) -> gpd.GeoDataFrame:
    """Read a city's streets."""
    table = read_shapes(path, basemap.crs, "basemap")
    classes = _text(table, basemap.street_class_column, path).str.casefold()
    wanted = [value.strip().casefold() for value in basemap.main_streets]
    names = _text(table, basemap.street_name_column, path)
    columns = {"name": names, "is_main": classes.isin(wanted)}
    return gpd.GeoDataFrame(columns, geometry=table.geometry, crs=LONLAT)


def _text(table: gpd.GeoDataFrame, column: str, path: Path) -> pd.Series:
    if not column:
        return pd.Series("", index=table.index, dtype="str")
    values = table[require_column(table, column, path)]
    return values.astype("str").where(values.notna(), "").str.strip()


Feature: TypeAlias = tuple[shapely.Geometry, Mapping[str, str]]
"""A shape (WGS 84) and its properties."""

Shapes: TypeAlias = np.ndarray[Any, Any]

DIGITS = 5
"""Decimals of a degree, about a meter: finer than any background is drawn."""

MIN_AREA_M2 = 400.0
"""Smaller ponds and lawns, 20 m by 20 m, are less than a pixel on a map of a city."""


def frame(neighborhoods: gpd.GeoDataFrame, margin_m: float, metric_crs: Any) -> shapely.Geometry:
    """Return the box around a city's neighborhoods that the basemap fills."""
    west, south, east, north = to_meters(neighborhoods.geometry, metric_crs).total_bounds
    return shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)


def draw_lines(
    shapes: gpd.GeoSeries, box: shapely.Geometry, tolerance_m: float, metric_crs: Any
) -> shapely.Geometry:
    """Clip lines to a box, join those that continue each other, and simplify them."""
    drawn = name_lines([""] * len(shapes), shapes, box, tolerance_m, metric_crs)
    return drawn[0][0] if drawn else shapely.MultiLineString()


def draw_polygons(
    shapes: gpd.GeoSeries, box: shapely.Geometry, tolerance_m: float, metric_crs: Any
) -> shapely.Geometry:
    """Clip polygons to a box, join those that touch, and simplify them."""
    parts, _ = _parts(shapes, metric_crs, dimension=2)
    parts = parts[shapely.intersects(parts, box)]
    parts = np.where(shapely.is_valid(parts), parts, shapely.make_valid(parts, method="structure"))
    joined = shapely.get_parts(shapely.union_all(shapely.intersection(parts, box)))
    joined = joined[shapely.area(joined) >= MIN_AREA_M2]
    drawn = _to_lonlat(shapely.simplify(joined, tolerance_m), metric_crs)
    on_grid = shapely.get_parts(shapely.set_precision(drawn, 10.0**-DIGITS))
    solid = on_grid[shapely.area(on_grid) > 0]
    whole: Any = shapely.normalize(shapely.multipolygons(solid))
    turned: shapely.Geometry = shapely.orient_polygons(whole)
    return turned


def name_lines(
    names: Sequence[str],
    shapes: gpd.GeoSeries,
    box: shapely.Geometry,
    tolerance_m: float,
    metric_crs: Any,
) -> list[Feature]:
    """Draw the lines of each name as one feature, in order of the names."""
    parts, at = _parts(shapes, metric_crs, dimension=1)
    clipped, of_part = shapely.get_parts(
        shapely.clip_by_rect(parts, *shapely.bounds(box)), return_index=True
    )
    turned = shapely.normalize(clipped)  # each line once, whatever its direction and its row
    own = np.asarray(names, dtype=object)[at[of_part]]
    lines = pd.DataFrame({"name": own, "wkb": shapely.to_wkb(turned), "line": turned})
    lines = lines[shapely.length(turned) > 0].sort_values(["name", "wkb"])
    lines = lines.drop_duplicates(["name", "wkb"])
    merged, given = _by_name(lines["line"].to_numpy(), lines["name"].to_numpy())
    joined, at = shapely.get_parts(shapely.line_merge(merged), return_index=True)
    drawn: Any = shapely.transform(
        _to_lonlat(shapely.simplify(joined, tolerance_m), metric_crs),
        lambda xy: np.round(xy, DIGITS),
    )
    is_drawn = shapely.length(drawn) > 0
    wholes, given = _by_name(drawn[is_drawn], given[at[is_drawn]])
    pairs = zip(shapely.normalize(wholes), given, strict=True)
    return [(whole, {"name": name} if name else {}) for whole, name in pairs]


def _by_name(lines: Shapes, names: Shapes) -> tuple[Shapes, Shapes]:
    """Return the lines of each name as one, and the names."""
    given, codes = np.unique(names, return_inverse=True)
    wholes: Any = shapely.multilinestrings(lines, indices=codes)
    return wholes, given


def feature_collection(features: Sequence[Feature]) -> str:
    """Write features as GeoJSON, one per line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": dict(properties),
                "geometry": json.loads(shapely.to_geojson(shape)),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for shape, properties in features
        if not shapely.is_empty(shape)
    ]
    inner = "\n" + ",\n".join(lines) + "\n" if lines else ""
    return f'{{"type":"FeatureCollection","features":[{inner}]}}\n'


def box_lonlat(box: shapely.Geometry, metric_crs: Any) -> tuple[float, float, float, float]:
    """Return a box's outermost longitudes and latitudes."""
    bounds = shapely.bounds(_to_lonlat(np.array([box]), metric_crs)[0])
    west, south, east, north = (round(float(value), DIGITS) for value in bounds)
    return west, south, east, north


def _parts(shapes: gpd.GeoSeries, metric_crs: Any, dimension: int) -> tuple[Shapes, Shapes]:
    """Return the single lines or polygons of a layer, in meters, and of which row each is."""
    placed = to_meters(shapes, metric_crs).to_numpy()
    parts, at = shapely.get_parts(shapely.force_2d(placed), return_index=True)
    is_kept = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    return parts[is_kept], at[is_kept]


def _to_lonlat(shapes: Shapes, metric_crs: Any) -> Shapes:
    table = gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(shapes), crs=metric_crs))
    degrees: Shapes = tables_to_lonlat(table, "").geometry.to_numpy()
    return degrees


# ---- From a city's own water, parks and streets to a basemap that needs no network.


MARGIN_M = 2000.0
"""Beyond the neighborhoods' box: what a reader sees when the city's edge is in the middle."""

TOLERANCE_M = {"water": 5.0, "parks": 5.0, "streets": 3.0, "main_streets": 5.0}
"""Main streets are drawn at every zoom, the others only close up."""


@dataclass(frozen=True)
class _Canvas:
    """Collects the drawn layers and the messages about them."""

    config: CityConfig
    folder: Path
    box: shapely.Geometry
    features: dict[str, list[Feature]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)


@in_own_process
def build_basemap(
    config: CityConfig,
    folder: Path,
    places: Path | None = None,
    progress: ProgressCallback = no_progress,
) -> tuple[Basemap, tuple[Message, ...]]:
    """Draw a city's basemap from the files in its data folder."""
    progress("places")
    inner = data_folder(config, folder)
    neighborhoods, _ = read_neighborhoods(places or find_places(config, inner), config.places)
    require_zone(neighborhoods, config.city)
    canvas = _Canvas(config, inner, frame(neighborhoods, MARGIN_M, config.city.metric_crs))
    for layer in ("water", "parks"):
        progress("layers")
        _draw_land(canvas, layer)
    progress("layers")
    _draw_streets(canvas)
    return _finish(canvas), tuple(canvas.notes)


def _find(canvas: _Canvas, layer: str, file: str) -> Path | None:
    if not file:
        canvas.skipped[layer] = "not described"
        canvas.notes.append(msg("basemap.note_undescribed", layer=layer))
        return None
    path = canvas.folder / file
    if not path.exists():
        canvas.skipped[layer] = "absent"
        values = {"file": file, "folder": canvas.folder}
        canvas.notes.append(msg("basemap.note_absent", layer=layer, **values))
        return None
    return path


def _draw_land(canvas: _Canvas, layer: str) -> None:
    basemap, crs = canvas.config.basemap, canvas.config.city.metric_crs
    path = _find(canvas, layer, basemap.water_file if layer == "water" else basemap.parks_file)
    if path is None:
        return
    shapes = read_shapes(path, basemap.crs, "basemap").geometry
    drawn = [draw_polygons(shapes, canvas.box, TOLERANCE_M[layer], crs)]
    if layer == "water":  # streams
        drawn.append(draw_lines(shapes, canvas.box, TOLERANCE_M[layer], crs))
    _keep(canvas, layer, [(shape, {}) for shape in drawn], path)


def _draw_streets(canvas: _Canvas) -> None:
    basemap, crs = canvas.config.basemap, canvas.config.city.metric_crs
    path = _find(canvas, "streets", basemap.streets_file)
    if path is None:
        canvas.skipped["main_streets"] = canvas.skipped["streets"]
        return
    streets = read_streets(path, basemap)
    main, minor = streets[streets["is_main"]], streets[~streets["is_main"]]
    if main.empty:
        canvas.notes.append(msg("basemap.note_no_main", file=path.name))
    for layer, rows in (("main_streets", main), ("streets", minor)):
        names, tolerance_m = list(rows["name"]), TOLERANCE_M[layer]
        canvas.features[layer] = name_lines(names, rows.geometry, canvas.box, tolerance_m, crs)
    _keep(canvas, "streets", canvas.features["streets"], path)


def _keep(canvas: _Canvas, layer: str, features: list[Feature], path: Path) -> None:
    """Add a drawn layer; report a file that holds nothing of the city."""
    drawn = [feature for feature in features if not shapely.is_empty(feature[0])]
    canvas.features[layer] = drawn
    if not drawn and not (layer == "streets" and canvas.features.get("main_streets")):
        canvas.notes.append(msg("basemap.note_outside", layer=layer, file=path.name))


def _finish(canvas: _Canvas) -> Basemap:
    texts, layers = {}, {}
    for name in LAYERS:
        features = canvas.features.get(name, [])
        texts[name] = feature_collection(features)
        content = texts[name].encode()
        layers[name] = {
            "features": len(features),
            "shapes": sum(int(shapely.get_num_geometries(shape)) for shape, _ in features),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    city, basemap = canvas.config.city, canvas.config.basemap
    manifest: dict[str, Any] = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": city.id,
        "city_name": city.name,
        "is_synthetic": city.is_synthetic,
        "source": basemap.source,
        "layers": layers,
        "skipped": dict(sorted(canvas.skipped.items())),
        "tolerance_m": TOLERANCE_M,
        "bounds": list(box_lonlat(canvas.box, city.metric_crs)),
    }
    return Basemap(manifest, texts)
