"""Water, parks and streets made small enough for a map: clipped, merged, simplified in metres."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import shapely

from csa.base.crs import tables_to_lonlat, to_metres

Feature: TypeAlias = tuple[shapely.Geometry, Mapping[str, str]]
"""A shape (WGS 84) and its properties."""

Shapes: TypeAlias = np.ndarray[Any, Any]

DIGITS = 5
"""Decimals of a degree, about a metre: finer than any background is drawn."""

MIN_AREA_M2 = 400.0
"""Smaller ponds and lawns, 20 m by 20 m, are less than a pixel on a map of a city."""


def frame(neighborhoods: gpd.GeoDataFrame, margin_m: float, metric_crs: Any) -> shapely.Geometry:
    """Return the box around a city's neighborhoods that the basemap fills."""
    west, south, east, north = to_metres(neighborhoods.geometry, metric_crs).total_bounds
    return shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)


def draw_lines(
    shapes: gpd.GeoSeries, box: shapely.Geometry, tolerance_m: float, metric_crs: Any
) -> shapely.Geometry:
    """Clip lines to a box, join those that continue each other, and simplify them."""
    parts = _parts(shapes, metric_crs, dimension=1)
    lines = shapely.get_parts(shapely.clip_by_rect(parts, *shapely.bounds(box)))
    lines = _distinct(lines[shapely.length(lines) > 0])
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    drawn = _rounded(_to_lonlat(shapely.simplify(merged, tolerance_m), metric_crs))
    drawn = drawn[shapely.length(drawn) > 0]
    whole: shapely.Geometry = shapely.normalize(shapely.multilinestrings(drawn))
    return whole


def draw_polygons(
    shapes: gpd.GeoSeries, box: shapely.Geometry, tolerance_m: float, metric_crs: Any
) -> shapely.Geometry:
    """Clip polygons to a box, join those that touch, and simplify them."""
    parts = _parts(shapes, metric_crs, dimension=2)
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
    """Join lines into one feature per name."""
    named = np.asarray(names, dtype=object)
    features = []
    for name in sorted(set(names)):
        drawn = draw_lines(shapes[named == name], box, tolerance_m, metric_crs)
        features += [(drawn, {"name": name} if name else {})]
    return [feature for feature in features if not shapely.is_empty(feature[0])]


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


def _parts(shapes: gpd.GeoSeries, metric_crs: Any, dimension: int) -> Shapes:
    """Return the single lines or polygons of a layer, in metres."""
    placed = to_metres(shapes, metric_crs).to_numpy()
    parts = shapely.get_parts(shapely.force_2d(placed[~shapely.is_missing(placed)]))
    kept: Shapes = parts[(shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)]
    return kept


def _distinct(lines: Shapes) -> Shapes:
    """Sort lines, each once, whatever their order and direction."""
    turned = shapely.normalize(lines)
    _, first = np.unique(np.asarray(shapely.to_wkb(turned), dtype=object), return_index=True)
    distinct: Shapes = turned[first]
    return distinct


def _to_lonlat(shapes: Shapes, metric_crs: Any) -> Shapes:
    table = gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(shapes), crs=metric_crs))
    degrees: Shapes = tables_to_lonlat(table, "").geometry.to_numpy()
    return degrees


def _rounded(shapes: Any) -> Any:
    return shapely.transform(shapes, lambda xy: np.round(xy, DIGITS))
