"""Names on a map: neighborhoods inside their borders, streets along their lines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import shapely

from csa.reports.maps.labels import NAME_EMS
from csa.reports.maps.marks import LINE_HEIGHT, Words, is_writable, width_px, wrap
from csa.reports.maps.palette import PAPER
from csa.reports.maps.placing import Labels, box_around

STRAIGHT_SHARE = 0.985
"""Chord over length from which a street is straight enough to carry its name."""


def place_names(
    labels: Labels, names: Sequence[tuple[str, shapely.Geometry]], colour: str, most: int
) -> None:
    """Place neighborhood names where they fit, the largest first."""
    size = labels.style.name_px
    order = sorted(names, key=lambda one: (-shapely.area(one[1]), one[0]))
    n_written = 0
    for name, shape in order:
        inside = shapely.intersection(shape, labels.frame)
        if n_written == most or shapely.is_empty(inside) or not is_writable(name):
            continue
        n_written += _place_name(labels, name, inside, size, colour)


def _place_name(
    labels: Labels, name: str, shape: shapely.Geometry, size: float, colour: str
) -> bool:
    left, _, right, _ = shapely.bounds(shape)
    room = max(1.1 * (right - left), 4 * size)
    lines = wrap(name, size, min(room, NAME_EMS * size), 3)
    if " ".join(lines) != " ".join(name.split()):
        return False  # part of a name is useless
    width = max(width_px(line, size) for line in lines) + 0.3 * size
    height = len(lines) * LINE_HEIGHT * size
    for point in (shapely.centroid(shape), shapely.point_on_surface(shape)):
        x, y = point.x, point.y
        box = box_around(x, y, width, height)
        holds = shapely.area(shapely.intersection(box, shape)) / shapely.area(box)
        if holds < 0.7 or not _is_open(labels, box):
            continue
        step = LINE_HEIGHT * size
        first = y - step * (len(lines) - 1) / 2
        labels.put(
            name,
            box,
            [
                Words(line, x, first + n * step, size, colour, align="center", halo_px=size / 5)
                for n, line in enumerate(lines)
            ],
        )
        return True
    return False


def place_streets(labels: Labels, streets: Sequence[tuple[str, shapely.Geometry]]) -> None:
    """Place each street's name along it, once, where the street is straight and free."""
    size = labels.style.name_px
    longest = sorted(streets, key=lambda one: (-shapely.length(one[1]), one[0]))
    for name, lines in longest:
        if not is_writable(name):
            continue
        length = width_px(name, size) + size
        whole = shapely.line_merge(shapely.intersection(lines, labels.frame))
        for line in shapely.get_parts(whole):
            if shapely.length(line) > length and _along(labels, name, line, length, size):
                break


def _along(labels: Labels, name: str, line: shapely.Geometry, length: float, size: float) -> bool:
    whole = float(shapely.length(line))
    starts = np.arange(0, whole - length, size)
    from_middle = np.argsort(abs(starts + length / 2 - whole / 2), kind="stable")
    lines = np.array([line], dtype=object)
    for start in starts[from_middle]:
        at = np.array([start, start + length])
        ends = shapely.get_coordinates(shapely.line_interpolate_point(lines, at))  # (2, 2) pixels
        (x1, y1), (x2, y2) = ends[np.lexsort((ends[:, 1], ends[:, 0]))].tolist()
        if math.hypot(x2 - x1, y2 - y1) < STRAIGHT_SHARE * length:
            continue
        chord = shapely.LineString([(x1, y1), (x2, y2)])
        box = shapely.buffer(chord, 0.65 * size, cap_style="flat")
        if not _is_open(labels, box):
            continue
        angle = -math.degrees(math.atan2(y2 - y1, x2 - x1))
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        ink, halo = PAPER.quiet, size / 6
        words = Words(name, x, y, size, ink, align="center", halo_px=halo, angle=angle)
        labels.put(name, box, [words])
        return True
    return False


def _is_open(labels: Labels, box: shapely.Geometry) -> bool:
    lines = np.array(labels.outlines, dtype=object)
    return labels.is_free(box) and not (len(lines) and shapely.intersects(lines, box).any())
