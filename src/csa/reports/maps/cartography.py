"""One cartography for printed and saved maps: `draw_map`.

The screen's interactive maps are folium's, the public's is SVG; every other map is drawn here, so
that the sheet in a resident's hand and the picture in a report say the same.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image

from csa.base.errors import MapError
from csa.geo.palette import PAPER
from csa.reports.maps.furniture import Notes, SheetLayout, draw_spots, place_services, share
from csa.reports.maps.labels import (
    Labels,
    Placed,
    is_crowded,
    place_areas,
    place_names,
    place_streets,
)
from csa.reports.maps.layers import (
    Box,
    MapView,
    draw_areas,
    draw_ground,
    extent_m,
    named_places,
    named_streets,
)
from csa.reports.maps.marks import HALF_CAPITAL, Mark, Stroke, Words, font_path
from csa.reports.maps.sheet import PRINT, MapSheet

DOTS = 72
"""One point is one pixel: letters and lines are given in pixels."""

DASHED = (0, (4.0, 4.0))
"""Dash pattern, in line widths."""

COLORS = 96
"""Size of the picture's own palette: a map has few colors, plus their blends at edges."""


def paint(
    layers: Sequence[tuple[Sequence[Mark], Box | None]], size_px: tuple[int, int], dpi: int
) -> bytes:
    """Paint marks into a PNG."""
    width, height = size_px
    figure = Figure(
        figsize=(width / DOTS, height / DOTS), dpi=DOTS, facecolor=PAPER.ground, edgecolor="none"
    )
    canvas = FigureCanvasAgg(figure)
    upright = Affine2D().scale(1, -1).translate(0, height)
    order = 0
    for marks, frame in layers:
        for artist in filter(None, (_artist(mark, upright) for mark in marks)):
            order += 1
            artist.set_zorder(order)
            figure.add_artist(artist)
            if frame is not None:
                left, top, right, bottom = frame
                artist.set_clip_box(Bbox([[left, height - bottom], [right, height - top]]))
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    whole = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    few = whole.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", compress_level=7, dpi=(dpi, dpi))
    return out.getvalue()


def _artist(mark: Mark, upright: Affine2D) -> Artist | None:
    if isinstance(mark, Words):
        return _text(mark, upright)
    path = _path(mark.shapes)
    if path is None:
        return None
    look: dict[str, Any]
    if isinstance(mark, Stroke):
        look = {"facecolor": "none", "edgecolor": mark.color, "linewidth": mark.width_px}
        look["linestyle"] = DASHED if mark.is_dashed else "solid"
    else:
        look = {"facecolor": mark.color, "edgecolor": mark.edge or "none", "alpha": mark.alpha}
        look["linewidth"] = mark.edge_px if mark.edge else 0.0
    look |= {"antialiased": True, "joinstyle": "round", "capstyle": "round"}
    return PathPatch(path, transform=upright, **look)


def _text(words: Words, upright: Affine2D) -> Text:
    halo = withStroke(linewidth=2 * words.halo_px, foreground=PAPER.casing, joinstyle="round")
    lean = np.radians(words.angle)
    drop = HALF_CAPITAL * words.size_px
    return Text(
        words.x + drop * np.sin(lean),
        words.y + drop * np.cos(lean),
        words.text,
        transform=upright,
        color=words.color,
        fontproperties=FontProperties(fname=font_path(is_bold=words.is_bold), size=words.size_px),
        horizontalalignment=words.align,
        verticalalignment="baseline",
        rotation=words.angle,
        rotation_mode="anchor",
        parse_math=False,
        usetex=False,
        path_effects=[halo] if words.halo_px else [],
    )


def _path(shapes: Iterable[shapely.Geometry]) -> Path | None:
    """Return one path of all rings and lines; holes run the other way, so they stay empty."""
    parts = shapely.get_parts(np.array(list(shapes), dtype=object))
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts = shapely.get_parts(parts)
    is_face = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings = shapely.get_rings(shapely.orient_polygons(parts[is_face]))
    is_line = (shapely.get_dimensions(parts) == 1) & ~is_face
    lines = np.concatenate([rings, parts[is_line]])
    lines = lines[~shapely.is_empty(lines)]
    if not len(lines):
        return None
    xy, which = shapely.get_coordinates(lines, return_index=True)
    codes = np.full(len(xy), Path.LINETO, dtype=Path.code_type)
    codes[np.r_[True, np.diff(which) > 0]] = Path.MOVETO
    is_last = np.r_[np.diff(which) > 0, True]
    codes[is_last & shapely.is_closed(lines)[which]] = Path.CLOSEPOLY
    return Path(xy, codes)


MOST_TURNS = 6
"""Most rounds of placing labels and then laying out what is said of them beside the map."""


@dataclass(frozen=True)
class Composition:
    """A map with everything in place, before it is painted."""

    size_px: tuple[int, int]  # width and height
    layout: SheetLayout  # how the map and its legend share the sheet
    ground: tuple[Mark, ...]  # the map, clipped to its frame
    furniture: tuple[Mark, ...]  # the legend and other parts beside the map
    labels: tuple[Placed, ...]  # labels on the map, with what each covers
    label_marks: tuple[Mark, ...]  # the labels' fills, lines and words
    notes: Notes  # the labels that did not fit on the map

    @property
    def words(self) -> tuple[Words, ...]:
        """All text on the sheet."""
        marks = (*self.furniture, *self.label_marks)
        return tuple(mark for mark in marks if isinstance(mark, Words))


def draw_map(sheet: MapSheet, size_px: tuple[int, int] = PRINT.size_px) -> bytes:
    """Draw a static map as PNG."""
    try:
        composed = compose_map(sheet, size_px)
        frame = composed.layout.view.box
        on_map, beside = (*composed.ground, *composed.label_marks), composed.furniture
        return paint([(on_map, frame), (beside, None)], composed.size_px, PRINT.dpi)
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError) as error:
        # ValueError: damaged GeoJSON, among others. RuntimeError: raised by the font library.
        raise MapError("map_sheet.undrawable", why=f"{type(error).__name__}: {error}") from error
    except shapely.GEOSException as error:
        raise MapError("map_sheet.undrawable", why=str(error)) from error


def compose_map(sheet: MapSheet, size_px: tuple[int, int] = PRINT.size_px) -> Composition:
    """Lay out a map: where everything stands, before it is painted."""
    extent = extent_m(sheet)
    found, turn = Notes(frozenset(area.is_served for area in sheet.areas)), 0
    while True:
        notes, turn = found, turn + 1  # they need lines beside the map, and so another layout
        layout = share(sheet, PRINT, size_px, extent, notes)
        labels, found = _label(sheet, layout.view, notes)
        if found == notes or turn == MOST_TURNS:
            break
    shapes = layout.view.draw(area.shape for area in sheet.areas)
    zones = tuple(layout.view.draw(sheet.zones))
    areas = draw_areas(sheet, PRINT, shapes, zones)
    ground = [*draw_ground(sheet, PRINT, layout.view), *areas]
    ground += draw_spots(sheet, PRINT, layout.view)
    furniture = (Stroke((layout.view.frame,), PAPER.hairline, 2.0), *layout.furniture)
    placed, marks = tuple(labels.placed), tuple(labels.marks)
    return Composition(size_px, layout, tuple(ground), furniture, placed, marks, notes)


def _label(sheet: MapSheet, view: MapView, notes: Notes) -> tuple[Labels, Notes]:
    """Place labels: areas first, then the names that help readers find their way."""
    labels = Labels(view.frame, PRINT)
    spots = view.draw(shapely.Point(lon, lat) for _, lon, lat, _ in sheet.services)
    numbers = [str(number) for *_, number in sheet.services]
    lacking = place_services(labels, list(zip(numbers, spots, strict=True)))
    pairs = list(zip(sheet.areas, view.draw(area.shape for area in sheet.areas), strict=True))
    is_near = sheet.focus is not None
    is_lettered = notes.is_lettered or is_crowded(labels, pairs)
    outside, unlabeled = place_areas(labels, pairs, is_near=is_near, is_lettered=is_lettered)
    kinds = frozenset(
        area.is_served for area, shape in pairs if shapely.intersects(shape, view.frame)
    )
    if sheet.street_names:
        place_streets(labels, named_streets(sheet, view))
    place_names(labels, named_places(sheet, view), PAPER.quiet)
    return labels, Notes(kinds, (*lacking, *outside), tuple(unlabeled), is_lettered)
