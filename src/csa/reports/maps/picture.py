"""Paint marks into a PNG with a figure of its own: no global state, the same bytes each time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
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

from csa.reports.maps.marks import HALF_CAPITAL, Mark, Stroke, Words, font_path
from csa.reports.maps.palette import PAPER
from csa.reports.maps.view import Box

DOTS = 72
"""One point is one pixel: letters and lines are given in pixels."""

DASHED = (0, (4.0, 4.0))
"""Dash pattern, in line widths."""

COLOURS = 96
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
        for artist in (artist for mark in marks for artist in _artists(mark, upright)):
            order += 1
            artist.set_zorder(order)
            figure.add_artist(artist)
            if frame is not None:
                left, top, right, bottom = frame
                artist.set_clip_box(Bbox([[left, height - bottom], [right, height - top]]))
    canvas.draw()  # type: ignore[no-untyped-call]
    return _png(np.asarray(canvas.buffer_rgba()), dpi)  # type: ignore[no-untyped-call]


def _png(pixels: np.ndarray, dpi: int) -> bytes:
    whole = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    few = whole.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", compress_level=7, dpi=(dpi, dpi))
    return out.getvalue()


def _artists(mark: Mark, upright: Affine2D) -> Iterable[Artist]:
    if isinstance(mark, Words):
        yield _text(mark, upright)
        return
    path = _path(mark.shapes)
    if path is None:
        return
    if isinstance(mark, Stroke):
        line: dict[str, Any] = {"facecolor": "none", "edgecolor": mark.colour}
        line |= {"linewidth": mark.width_px, "linestyle": DASHED if mark.is_dashed else "solid"}
        yield _patch(path, upright, line, 1.0)
        return
    edge: dict[str, Any] = {
        "edgecolor": mark.edge or "none",
        "linewidth": mark.edge_px if mark.edge else 0.0,
    }
    yield _patch(path, upright, {"facecolor": mark.colour, **edge}, mark.alpha)


def _patch(path: Path, upright: Affine2D, colours: dict[str, Any], alpha: float) -> PathPatch:
    return PathPatch(
        path,
        transform=upright,
        alpha=alpha,
        antialiased=True,
        joinstyle="round",
        capstyle="round",
        hatch=None,
        **colours,
    )


def _text(words: Words, upright: Affine2D) -> Text:
    halo = (
        [withStroke(linewidth=2 * words.halo_px, foreground=PAPER.casing, joinstyle="round")]
        if words.halo_px
        else []
    )
    lean = np.radians(words.angle)
    drop = HALF_CAPITAL * words.size_px
    return Text(
        words.x + drop * np.sin(lean),
        words.y + drop * np.cos(lean),
        words.text,
        transform=upright,
        color=words.colour,
        fontproperties=FontProperties(fname=font_path(is_bold=words.is_bold), size=words.size_px),
        horizontalalignment=words.align,
        verticalalignment="baseline",
        rotation=words.angle,
        rotation_mode="anchor",
        parse_math=False,
        usetex=False,
        path_effects=halo,
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
    is_ring = shapely.is_closed(lines)[which]
    codes[is_last & is_ring] = Path.CLOSEPOLY
    return Path(xy, codes)
