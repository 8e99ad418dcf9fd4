"""Numbered services on an area's sheet, each at or beside its place; signs of vacant land."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from csa.reports.maps.labels import WAYS, Labels
from csa.reports.maps.layers import MapView
from csa.reports.maps.marks import Fill, Mark, Stroke, Words, moved, width_px
from csa.reports.maps.palette import PAPER
from csa.reports.maps.sheet import MapSheet, Style

SPOT = 0.42
"""Half the width of a sign of vacant land, in small letters' height."""
CORNERS = (
    ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
)
"""A sign for each kind: square, triangle, diamond; the first hollow, so that gray print tells."""


def place_services(labels: Labels, services: Sequence[tuple[str, shapely.Geometry]]) -> list[str]:
    """Place numbered services, each at its location or, if that is taken, beside it."""
    size = labels.style.small_px
    missing = []
    for number, point in services:
        radius = max(0.85 * size, 0.5 * width_px(number, size, is_bold=True) + 0.3 * size)
        if shapely.is_empty(point) or not shapely.covers(labels.frame, point):
            missing.append(number)
            continue
        x, y = shapely.get_coordinates(point)[0]
        spots = [(x, y)] + [
            (x + reach * radius * way_x, y + reach * radius * way_y)
            for reach in (2.2, 3.5, 5.0)
            for way_x, way_y in WAYS
        ]
        discs = [shapely.Point(spot).buffer(radius + 1.5) for spot in spots]
        free = [disc for disc in discs if labels.is_free(disc)]
        if not free:
            missing.append(number)
            continue
        labels.put(number, free[0], _service_marks(number, free[0], point, size))
    return missing


def _service_marks(
    number: str, disc: shapely.Geometry, point: shapely.Geometry, size: float
) -> list[Mark]:
    middle = shapely.centroid(disc)
    marks: list[Mark] = []
    if shapely.distance(middle, point) > 1:
        marks.append(Stroke((shapely.shortest_line(middle, point),), PAPER.accent, 2.0))
        marks.append(Fill((shapely.buffer(point, 3.5),), PAPER.accent))
    marks.append(Fill((disc,), PAPER.accent, PAPER.casing, 2.0))
    ink = PAPER.casing
    marks.append(Words(number, middle.x, middle.y, size, ink, is_bold=True, align="center"))
    return marks


def spot_sign(number: int, style: Style) -> Fill:
    """Draw the sign of a kind of vacant land, at the origin."""
    size = SPOT * style.small_px
    shape = shapely.Polygon([(x * size, y * size) for x, y in CORNERS[number % len(CORNERS)]])
    colour = PAPER.casing if number % 2 == 0 else PAPER.ink
    return Fill((shape,), colour, PAPER.ink, 2.0)


def draw_spots(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    """Draw each vacant place where it is, by the sign of its kind."""
    marks: list[Mark] = []
    for number, kind in enumerate(sheet.spot_kinds):
        sign = spot_sign(number, style)
        at = shapely.points([(lon, lat) for own, lon, lat in sheet.spots if own == kind])
        xy = shapely.get_coordinates(np.array(view.draw(at), dtype=object)).tolist()
        marks += [moved(sign, x, y) for x, y in xy]
    return marks
