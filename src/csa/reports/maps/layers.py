"""The layers of a map, and where on the sheet they lie: meters to pixels, scale, north."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from csa.base.crs import METERS_PER_FOOT, METERS_PER_MILE, project, to_lonlat
from csa.base.errors import MapError
from csa.base.text import Translator
from csa.geo.cells import draw_cells
from csa.geo.palette import PAPER, class_colors
from csa.reports.maps.marks import Fill, Mark, Stroke
from csa.reports.maps.sheet import MapSheet, Style

FOCUS_PAD_M = 250.0
"""Margin around an area on its own sheet: two blocks, to show how to get there."""

EDGE_SHARE = 0.025
"""Margin around the city, as a share of its size."""

SMALLEST_M = 200.0
"""Smallest extent of a map, since one point has no size."""

TOLERANCE_PX = 0.35
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels; or west, south, east, north, in meters."""


@dataclass(frozen=True)
class MapView:
    """A map's frame on the sheet, and what it shows."""

    box: Box  # left, top, right, bottom, in pixels
    west_m: float  # x at the frame's left edge, in the metric CRS
    north_m: float  # y at the frame's top edge, in the metric CRS
    px_per_m: float  # the scale
    metric_crs: str  # the projected CRS, in meters

    @property
    def frame(self) -> shapely.Geometry:
        """The frame as a polygon, in pixels."""
        return shapely.box(*self.box)

    def draw(self, shapes: Iterable[shapely.Geometry]) -> tuple[shapely.Geometry, ...]:
        """Project shapes onto the sheet, clipped to the frame and simplified to the pixel."""
        drawn = np.array(list(shapes), dtype=object)
        if not len(drawn):
            return ()
        drawn = shapely.transform(drawn, self._to_px)
        drawn = shapely.simplify(drawn, TOLERANCE_PX)
        spare = 40.0  # outlines are clipped this far outside the frame, so that none runs along it
        left, top, right, bottom = self.box
        wide = (left - spare, top - spare, right + spare, bottom + spare)
        return tuple(shapely.clip_by_rect(drawn, *wide))

    def _to_px(self, lonlat: Any) -> Any:
        meters = project(lonlat[:, 0], lonlat[:, 1], self.metric_crs)
        x_px = self.box[0] + (meters[:, 0] - self.west_m) * self.px_per_m
        y_px = self.box[1] + (self.north_m - meters[:, 1]) * self.px_per_m
        return np.column_stack([x_px, y_px])


def extent_m(sheet: MapSheet) -> Box:
    """Return the extent that a map must show."""
    is_near = sheet.focus is not None and not shapely.is_empty(sheet.focus)
    pad_m = FOCUS_PAD_M if is_near else 0.0
    corners = shapely.get_coordinates(sheet.focus if is_near else sheet.study_area)
    meters = project(corners[:, 0], corners[:, 1], sheet.metric_crs)
    meters = meters[np.isfinite(meters).all(axis=1)]
    if not len(meters):
        raise MapError("map_sheet.nothing")
    west, south = meters.min(axis=0) - pad_m
    east, north = meters.max(axis=0) + pad_m
    wide = max((east - west) * EDGE_SHARE, (SMALLEST_M - (east - west)) / 2)
    high = max((north - south) * EDGE_SHARE, (SMALLEST_M - (north - south)) / 2)
    return float(west - wide), float(south - high), float(east + wide), float(north + high)


def fit(extent: Box, box: Box, metric_crs: str) -> MapView:
    """Fit an extent into a frame, centered."""
    west, south, east, north = extent
    width, height = box[2] - box[0], box[3] - box[1]
    px_per_m = min(width / (east - west), height / (north - south))
    west_m = (west + east) / 2 - width / 2 / px_per_m
    north_m = (south + north) / 2 + height / 2 / px_per_m
    return MapView(box, west_m, north_m, px_per_m, metric_crs)


def scale_bar(view: MapView, units: str, language: str, longest_px: float) -> tuple[float, str]:
    """Return the length and label of a scale bar."""
    room_m = longest_px / view.px_per_m
    t, whole = Translator(language), (1, 2, 5, 10, 20, 50, 100, 200)
    if units == "us":
        bars = [(n * METERS_PER_FOOT, t("map_sheet.feet", n=n)) for n in (50, 100, 200, 500, 1000)]
        bars.append((METERS_PER_MILE / 4, t("map_sheet.quarter_mile")))
        bars.append((METERS_PER_MILE / 2, t("map_sheet.half_mile")))
        bars += [(n * METERS_PER_MILE, t("map_sheet.miles", n=n)) for n in whole]
    else:
        bars = [(float(n), t("map_sheet.meters", n=n)) for n in (20, 50, 100, 200, 500)]
        bars += [(n * 1000.0, t("map_sheet.kilometers", n=n)) for n in whole]
    fitting = [bar for bar in bars if bar[0] <= room_m] or bars[:1]
    meters, label = fitting[-1]
    return meters * view.px_per_m, label


def north_degrees(view: MapView, x_m: float, y_m: float) -> float:
    """Return the direction of north at a point, in degrees: a projected grid is slightly turned."""
    (lon,), (lat,) = to_lonlat(np.array([x_m]), np.array([y_m]), view.metric_crs)
    here, there = project(np.array([lon, lon]), np.array([lat, lat + 0.01]), view.metric_crs)
    east_m, north_m = there - here
    return float(np.degrees(np.arctan2(east_m, north_m)))


STREETS_FROM_PX_PER_M = 0.12
"""Scale from which small streets are drawn; from farther away they would be one gray."""

NEAR_PX_PER_M = 0.35
"""Scale from which a street is drawn as wide as it is, with two sides."""

VEIL = 0.62
"""How much of what lies outside the city is hidden, so that the city stands out."""


GAP_PX = 2.5

AREA_SHARE = 0.16
"""Width of an area's line as a share of a middling area's width."""

THINNEST_PX = 2.0


def draw_ground(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    """Draw everything below the labels, except the areas."""
    city = _city(sheet, view)
    few, more = _classes(sheet, view, city)
    marks: list[Mark] = [Fill((city,), PAPER.land), *few]
    marks.append(Fill(_layer(sheet, view, "parks"), PAPER.park))
    streams, lakes = lines_and_faces(sheet, view, "water")
    marks += [Stroke(streams, PAPER.water, style.outline_px * 0.6), Fill(lakes, PAPER.water)]
    marks += [*more, *_streets(sheet, style, view)]
    marks += _neighborhoods(sheet, view)
    marks.append(Fill((shapely.difference(view.frame, city),), PAPER.ground, alpha=VEIL))
    return [*marks, Stroke((city,), PAPER.faint, style.outline_px * 0.5)]


def _city(sheet: MapSheet, view: MapView) -> shapely.Geometry:
    """Return the city without gaps thinner than a line, which neighborhoods leave along a creek."""
    (city,) = view.draw([shapely.make_valid(sheet.study_area)])
    closed = shapely.buffer(city, GAP_PX, join_style="mitre", mitre_limit=2.0)
    return shapely.buffer(closed, -GAP_PX, join_style="mitre", mitre_limit=2.0)


def _neighborhoods(sheet: MapSheet, view: MapView) -> list[Mark]:
    named = view.draw(sheet.neighborhoods.geometry)
    if view.px_per_m >= NEAR_PX_PER_M:  # up close, a solid line would be taken for a street
        once = shapely.line_merge(shapely.union_all(shapely.boundary(np.array(named, object))))
        return [Stroke((once,), PAPER.faint, 2.0, is_dashed=True)]  # dashes drawn twice fill in
    return [Stroke(named, PAPER.hairline, 1.6)]


def _classes(
    sheet: MapSheet, view: MapView, city: shapely.Geometry
) -> tuple[list[Mark], list[Mark]]:
    """Draw the lowest class as one pale field under the water, and the others cell by cell."""
    if not (sheet.cells or sheet.shaded):
        return [], []
    levels = np.array([level for _, level in sheet.shaded or sheet.cells])
    n_classes = len(sheet.class_words)
    wrong = levels[(levels < 0) | (levels >= n_classes)]
    if len(wrong):
        raise MapError("map_sheet.no_class", level=int(wrong[0]) + 1, n_classes=n_classes)
    drawn = [shape for shape, _ in sheet.shaded] or draw_cells([cell for cell, _ in sheet.cells])
    shapes = np.array(view.draw(drawn), dtype=object)
    shapely.prepare(city)
    is_edge = ~shapely.contains_properly(city, shapes)
    shapes[is_edge] = shapely.intersection(shapes[is_edge], city)
    colors = class_colors(n_classes)
    few: list[Mark] = [Fill(tuple(shapes[levels == 0]), colors[0], colors[0], 1.0)]
    more: list[Mark] = [
        Fill(tuple(shapes[levels == level]), colors[level], PAPER.casing, 1.2)
        for level in range(1, n_classes)
    ]
    return few, more


def _layer(sheet: MapSheet, view: MapView, name: str) -> tuple[shapely.Geometry, ...]:
    text = sheet.layers.get(name, "")
    if not text:
        return ()
    return view.draw(shapely.get_parts(shapely.get_parts(shapely.from_geojson(text))))


def lines_and_faces(
    sheet: MapSheet, view: MapView, name: str
) -> tuple[tuple[shapely.Geometry, ...], tuple[shapely.Geometry, ...]]:
    """Return a layer's lines, and its other shapes."""
    shapes = np.array(_layer(sheet, view, name), dtype=object)
    is_line = shapely.get_dimensions(shapes) == 1
    return tuple(shapes[is_line]), tuple(shapes[~is_line])


def _streets(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    main = _layer(sheet, view, "main_streets")
    if view.px_per_m >= NEAR_PX_PER_M:
        small, wide = _layer(sheet, view, "streets"), 0.5 * style.name_px
        sides = [Stroke(small, PAPER.hairline, wide + 3), Stroke(main, PAPER.faint, 2 * wide + 3)]
        return [*sides, Stroke(small, PAPER.ground, wide), Stroke(main, PAPER.ground, 2 * wide)]
    marks: list[Mark] = [Stroke(main, PAPER.main_street, 2.2)]
    if view.px_per_m >= STREETS_FROM_PX_PER_M:
        marks.insert(0, Stroke(_layer(sheet, view, "streets"), PAPER.street, 1.0))
    return marks


def draw_areas(
    sheet: MapSheet,
    style: Style,
    shapes: Sequence[shapely.Geometry],
    zones: tuple[shapely.Geometry, ...] = (),
) -> list[Mark]:
    """Draw zones, then area outlines in a white casing, core service areas heavier."""
    dashed = Stroke(zones, PAPER.outline, style.outline_px, is_dashed=True)
    marks: list[Mark] = [dashed] if zones else []
    sizes = shapely.area(np.array(shapes, dtype=object))
    middling = float(np.sqrt(np.median(sizes[sizes > 0]))) if (sizes > 0).any() else 0.0
    thin = max(THINNEST_PX, AREA_SHARE * middling)
    for is_served in (False, True):
        wide = min(outline_px(style, is_served=is_served), thin * (1.5 if is_served else 1.0))
        pairs = zip(sheet.areas, shapes, strict=True)
        ours = tuple(shape for area, shape in pairs if area.is_served is is_served)
        marks += [
            Stroke(ours, PAPER.casing, wide + min(5.0, 1.5 * wide)),
            Stroke(ours, PAPER.outline, wide),
        ]
    return marks


def outline_px(style: Style, *, is_served: bool) -> float:
    """Return the width of an area's outline, wider for a served area."""
    return style.outline_px * (1.6 if is_served else 1.0)


def named_places(sheet: MapSheet, view: MapView) -> list[tuple[str, shapely.Geometry]]:
    """Return the neighborhoods with their names."""
    names = map(str, sheet.neighborhoods["name"])
    return list(zip(names, view.draw(sheet.neighborhoods.geometry), strict=True))


def named_streets(sheet: MapSheet, view: MapView) -> list[tuple[str, shapely.Geometry]]:
    """Return the main streets with their names."""
    text = sheet.layers.get("main_streets", "")
    if not text:
        return []
    rows = json.loads(text)["features"]
    shapes = view.draw(shapely.get_parts(shapely.from_geojson(text)))
    names = [str(row["properties"].get("name", "")) for row in rows]
    return [(name, shape) for name, shape in zip(names, shapes, strict=True) if name]
