"""Positions on a map: metres to pixels, the length of the scale bar, the direction of north."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from csa.base.crs import METRES_PER_FOOT, METRES_PER_MILE, project, to_lonlat
from csa.base.errors import MapError
from csa.base.text import Speaker
from csa.geo.cells import outline
from csa.reports.maps.sheet import MapSheet

FOCUS_PAD_M = 250.0
"""Margin around an area on its own sheet: two blocks, to show how to get there."""

EDGE_SHARE = 0.025
"""Margin around the city, as a share of its size."""

SMALLEST_M = 200.0
"""Smallest extent of a map, since one point has no size."""

TOLERANCE_PX = 0.35
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels; or west, south, east, north, in metres."""


@dataclass(frozen=True)
class MapView:
    """A map's frame on the sheet, and what it shows."""

    box: Box  # left, top, right, bottom, in pixels
    west_m: float  # x at the frame's left edge, in the metric CRS
    north_m: float  # y at the frame's top edge, in the metric CRS
    px_per_m: float  # the scale
    metric_crs: str  # the projected CRS, in metres

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
        metres = project(lonlat[:, 0], lonlat[:, 1], self.metric_crs)
        x_px = self.box[0] + (metres[:, 0] - self.west_m) * self.px_per_m
        y_px = self.box[1] + (self.north_m - metres[:, 1]) * self.px_per_m
        return np.column_stack([x_px, y_px])


def extent_m(sheet: MapSheet) -> Box:
    """Return the extent that a map must show."""
    shapes = [sheet.focus] if sheet.focus is not None else []
    shapes = [shape for shape in shapes if not shapely.is_empty(shape)]
    pad_m = FOCUS_PAD_M if shapes else 0.0
    if not shapes:
        shapes = _whole(sheet)
    corners = shapely.get_coordinates(np.array(shapes, dtype=object))
    metres = project(corners[:, 0], corners[:, 1], sheet.metric_crs)
    metres = metres[np.isfinite(metres).all(axis=1)]
    if not len(metres):
        raise MapError("map_sheet.nothing")
    west, south = metres.min(axis=0) - pad_m
    east, north = metres.max(axis=0) + pad_m
    wide = max((east - west) * EDGE_SHARE, (SMALLEST_M - (east - west)) / 2)
    high = max((north - south) * EDGE_SHARE, (SMALLEST_M - (north - south)) / 2)
    return float(west - wide), float(south - high), float(east + wide), float(north + high)


def _whole(sheet: MapSheet) -> list[shapely.Geometry]:
    """List the city's outline, else its neighborhoods, else whatever lies in it."""
    if not shapely.is_empty(sheet.study_area):
        return [sheet.study_area]
    named: list[shapely.Geometry] = [
        shape for shape in sheet.neighborhoods.geometry if not _is_nothing(shape)
    ]
    if named:
        return named
    shapes = [area.shape for area in sheet.areas if not _is_nothing(area.shape)]
    if sheet.cells:
        shapes.append(outline(cell for cell, _ in sheet.cells))
    if not shapes:
        raise MapError("map_sheet.nothing")
    return shapes


def _is_nothing(shape: shapely.Geometry | None) -> bool:
    return shape is None or bool(shapely.is_empty(shape))


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
    bars = _us_bars(language) if units == "us" else _metric_bars(language)
    fitting = [bar for bar in bars if bar[0] <= room_m] or bars[:1]
    metres, label = fitting[-1]
    return metres * view.px_per_m, label


def _us_bars(language: str) -> list[tuple[float, str]]:
    speak = Speaker(language)
    bars = [(n * METRES_PER_FOOT, speak("map_sheet.feet", n=n)) for n in (50, 100, 200, 500, 1000)]
    bars.append((METRES_PER_MILE / 4, speak("map_sheet.quarter_mile")))
    bars.append((METRES_PER_MILE / 2, speak("map_sheet.half_mile")))
    whole = (1, 2, 5, 10, 20, 50, 100, 200)
    return bars + [(n * METRES_PER_MILE, speak("map_sheet.miles", n=n)) for n in whole]


def _metric_bars(language: str) -> list[tuple[float, str]]:
    speak = Speaker(language)
    bars = [(float(n), speak("map_sheet.metres", n=n)) for n in (20, 50, 100, 200, 500)]
    whole = (1, 2, 5, 10, 20, 50, 100, 200)
    return bars + [(n * 1000.0, speak("map_sheet.kilometres", n=n)) for n in whole]


def north_degrees(view: MapView, x_m: float, y_m: float) -> float:
    """Return the direction of north at a point, in degrees: a projected grid is slightly turned."""
    (lon,), (lat,) = to_lonlat(np.array([x_m]), np.array([y_m]), view.metric_crs)
    here, there = project(np.array([lon, lon]), np.array([lat, lat + 0.01]), view.metric_crs)
    east_m, north_m = there - here
    return float(np.degrees(np.arctan2(east_m, north_m)))
