"""The layers of a map from the bottom up: land, water, cells, streets, neighborhoods, areas."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import shapely

from csa.base.errors import MapError
from csa.geo.cells import draw_cells
from csa.reports.maps.marks import Fill, Mark, Stroke
from csa.reports.maps.palette import PAPER, class_colours
from csa.reports.maps.sheet import MapSheet, Style
from csa.reports.maps.view import MapView

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
    few, more = _cells(sheet, view, city)
    marks: list[Mark] = [Fill((city,), PAPER.land), *few]
    marks.append(Fill(_layer(sheet, view, "parks"), PAPER.park))
    water = _layer(sheet, view, "water")
    is_line = np.array([shapely.get_dimensions(shape) == 1 for shape in water], dtype=bool)
    lakes = tuple(shape for shape, line in zip(water, is_line, strict=True) if not line)
    streams = tuple(shape for shape, line in zip(water, is_line, strict=True) if line)
    marks += [Stroke(streams, PAPER.water, style.outline_px * 0.6), Fill(lakes, PAPER.water)]
    marks += [*more, *_streets(sheet, style, view)]
    marks += _neighborhoods(sheet, style, view)
    if not shapely.is_empty(city):
        marks.append(Fill((shapely.difference(view.frame, city),), PAPER.ground, alpha=VEIL))
        marks.append(Stroke((city,), PAPER.faint, style.outline_px * 0.5))
    return marks


def _city(sheet: MapSheet, view: MapView) -> shapely.Geometry:
    """Return the city without gaps thinner than a line, which neighborhoods leave along a creek."""
    (city,) = view.draw([shapely.make_valid(sheet.study_area)])
    closed = shapely.buffer(city, GAP_PX, join_style="mitre", mitre_limit=2.0)
    return shapely.buffer(closed, -GAP_PX, join_style="mitre", mitre_limit=2.0)


def _neighborhoods(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    named = view.draw(sheet.neighborhoods.geometry)
    if view.px_per_m >= NEAR_PX_PER_M:  # up close, a solid line would be taken for a street
        once = shapely.line_merge(shapely.union_all(shapely.boundary(np.array(named, object))))
        return [Stroke((once,), PAPER.faint, 2.0, is_dashed=True)]  # dashes drawn twice fill in
    edge = PAPER.faint if style.is_projected else PAPER.hairline
    return [Stroke(named, edge, 1.6)]


def _cells(sheet: MapSheet, view: MapView, city: shapely.Geometry) -> tuple[list[Mark], list[Mark]]:
    """Draw the lowest class as one pale field under the water, and the others cell by cell."""
    if not sheet.cells:
        return [], []
    levels = np.array([level for _, level in sheet.cells])
    n_classes = len(sheet.class_words)
    wrong = levels[(levels < 0) | (levels >= n_classes)]
    if len(wrong):
        raise MapError("map_sheet.no_class", level=int(wrong[0]) + 1, n_classes=n_classes)
    shapes = np.array(view.draw(draw_cells([cell for cell, _ in sheet.cells])), dtype=object)
    if not shapely.is_empty(city):
        shapely.prepare(city)
        is_edge = ~shapely.contains_properly(city, shapes)
        shapes[is_edge] = shapely.intersection(shapes[is_edge], city)
    colours = class_colours(n_classes)
    few: list[Mark] = [Fill(tuple(shapes[levels == 0]), colours[0], colours[0], 1.0)]
    more: list[Mark] = [
        Fill(tuple(shapes[levels == level]), colours[level], PAPER.casing, 1.2)
        for level in range(1, n_classes)
    ]
    return few, more


def _layer(sheet: MapSheet, view: MapView, name: str) -> tuple[shapely.Geometry, ...]:
    text = sheet.layers.get(name, "")
    if not text:
        return ()
    return view.draw(shapely.get_parts(shapely.get_parts(shapely.from_geojson(text))))


def _streets(sheet: MapSheet, style: Style, view: MapView) -> list[Mark]:
    main = _layer(sheet, view, "main_streets")
    if view.px_per_m >= NEAR_PX_PER_M:
        small = _layer(sheet, view, "streets")
        wide = 0.5 * style.name_px
        return [
            Stroke(small, PAPER.hairline, wide + 3),
            Stroke(main, PAPER.faint, 2 * wide + 3),
            Stroke(small, PAPER.ground, wide),
            Stroke(main, PAPER.ground, 2 * wide),
        ]
    marks: list[Mark] = [Stroke(main, PAPER.main_street, 2.2)]
    if view.px_per_m >= STREETS_FROM_PX_PER_M and not style.is_projected:
        marks.insert(0, Stroke(_layer(sheet, view, "streets"), PAPER.street, 1.0))
    return marks


def draw_areas(sheet: MapSheet, style: Style, shapes: Sequence[shapely.Geometry]) -> list[Mark]:
    """Draw area outlines in a white casing, core service areas heavier."""
    marks: list[Mark] = []
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


def named_streets(sheet: MapSheet, view: MapView) -> list[tuple[str, shapely.Geometry]]:
    """Return the main streets with their names."""
    text = sheet.layers.get("main_streets", "")
    if not text:
        return []
    rows = json.loads(text)["features"]
    shapes = view.draw(shapely.get_parts(shapely.from_geojson(text)))
    names = [str(row["properties"].get("name", "")) for row in rows]
    return [(name, shape) for name, shape in zip(names, shapes, strict=True) if name]
