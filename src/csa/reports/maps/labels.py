"""Area labels of a map; none hides another, and those that do not fit go to the list beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from csa.reports.maps.marks import (
    LINE_HEIGHT,
    Fill,
    Mark,
    Stroke,
    Words,
    is_writable,
    width_px,
    wrap,
)
from csa.reports.maps.palette import PAPER
from csa.reports.maps.placing import WAYS, Labels, box_around
from csa.reports.maps.sheet import MapArea, Style

NAME_EMS = 12.0
"""Longest line of an area's name, in ems."""

REACHES = (0.35, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 20.0, 26.0)
"""Distances at which a label may stand from its area, in ems; nearer is better."""

CROWDED_SHARE = 0.35
"""Largest share of the land around areas that their names may cover."""

MOST_TRIES = 4
"""Most rounds of placing area labels; each starts with those that found no place before."""

N_NEAREST = 48
"""Positions weighed for a label: the free ones nearest to its area."""

LEADER_EMS = 0.9
"""Distance in ems from which a leader line ties a label to its area."""

COVER_COST = 14.0
CROSS_COST = 3.0
NAMELESS_COST = 6.0
"""Costs of a label, in ems: for covering areas, for a leader across other areas (by length), and
for showing only the letter."""


def is_crowded(labels: Labels, areas: Sequence[tuple[MapArea, shapely.Geometry]]) -> bool:
    """Return whether names beside the areas would cover too much of the map around them."""
    size = labels.style.text_px
    seen = [(area, shape) for area, shape in areas if not shapely.is_empty(shape)]
    if len(seen) < 2:
        return False
    named = [_label_forms(area, labels.style)[0] for area, _ in seen]
    covered = sum((label.badge_px + label.name_px) * label.height_px for label in named)
    hull = shapely.convex_hull(shapely.union_all([shape for _, shape in seen]))
    around = shapely.intersection(shapely.buffer(hull, 2 * size), labels.frame)
    return bool(covered > CROWDED_SHARE * shapely.area(around))


def place_areas(
    labels: Labels,
    areas: Sequence[tuple[MapArea, shapely.Geometry]],
    *,
    is_near: bool = False,
    is_lettered: bool = False,
) -> tuple[list[str], list[str]]:
    """Place area labels beside their areas: letter and name, or the letter alone if crowded."""
    seen = [(area, shapely.intersection(shape, labels.frame)) for area, shape in areas]
    shown = [(area, shape) for area, shape in seen if not shapely.is_empty(shape)]
    land = shapely.union_all([shape for _, shape in shown])
    order = list(range(len(shown)))
    unplaced: list[int] = []
    forms = [_label_forms(area, labels.style) for area, _ in shown]
    if is_lettered:
        forms = [some[-1:] for some in forms]
    before = (len(labels.placed), len(labels.taken), len(labels.marks))
    for _ in range(MOST_TRIES):
        labels.undo(*before)
        unplaced = [at for at in order if not _place_area(labels, *shown[at], land, forms[at])]
        if not unplaced:
            break
        order = [*unplaced, *(at for at in order if at not in unplaced)]
    labels.outlines.extend(shapely.buffer(shapely.boundary(shape), 3.0) for _, shape in shown)
    outside = [area.letter for area, shape in seen if shapely.is_empty(shape) and not is_near]
    return outside, [shown[at][0].letter for at in sorted(unplaced)]


def _place_area(
    labels: Labels,
    area: MapArea,
    shape: shapely.Geometry,
    land: shapely.Geometry,
    forms: Sequence[_Label],
) -> bool:
    best: tuple[float, _Label, shapely.Geometry, shapely.Geometry] | None = None
    for label in forms:
        found = _cheapest(labels, label, shape, land)
        if found is not None and (best is None or found[0] < best[0]):
            best = (found[0], label, *found[1:])
    if best is None:
        return False
    _, label, box, leader = best
    marks = label.marks(box, area.is_served)
    if shapely.length(leader) > LEADER_EMS * label.size:
        labels.taken.append(shapely.buffer(leader, 2.0))
        marks = [Stroke((leader,), PAPER.casing, 5.0), Stroke((leader,), PAPER.ink, 2.0), *marks]
    labels.put(" ".join((area.letter, *label.lines)), box, marks)
    return True


def _cheapest(
    labels: Labels, label: _Label, shape: shapely.Geometry, land: shapely.Geometry
) -> tuple[float, shapely.Geometry, shapely.Geometry] | None:
    """Return the nearest position that covers least, as its cost, box and leader line."""
    boxes = np.array(list(_around(label, shape)), dtype=object)
    boxes = boxes[labels.are_free(boxes) & shapely.covers(labels.frame, boxes)]
    leaders = shapely.shortest_line(boxes, shape)
    is_clear = labels.are_free(leaders)
    boxes, leaders = boxes[is_clear], leaders[is_clear]
    if not len(boxes):
        return None
    nearest = np.argsort(shapely.length(leaders), kind="stable")[:N_NEAREST]
    boxes, leaders = boxes[nearest], leaders[nearest]
    others = shapely.difference(land, shapely.buffer(shape, 1.0))
    small = min(float(shapely.area(boxes[0])), float(shapely.area(shape)) or 1.0)
    covered = np.minimum(shapely.area(shapely.intersection(boxes, land)) / small, 1.0)
    crossed = shapely.length(shapely.intersection(leaders, others))
    far = (shapely.length(leaders) + CROSS_COST * crossed) / label.size
    costs = far + COVER_COST * covered + (0 if label.lines else NAMELESS_COST)
    at = int(np.argmin(costs.round(6)))
    return float(costs[at]), boxes[at], leaders[at]


@dataclass(frozen=True)
class _Label:
    """A letter in its badge, with the lines of a name beside it."""

    letter: str
    lines: tuple[str, ...]
    size: float

    @property
    def badge_px(self) -> float:
        wide = width_px(self.letter, self.size, is_bold=True) + 0.7 * self.size
        return max(wide, 1.4 * self.size)

    @property
    def name_px(self) -> float:
        widest = max((width_px(line, self.size) for line in self.lines), default=0.0)
        return widest + 0.8 * self.size if self.lines else 0.0

    @property
    def height_px(self) -> float:
        return (max(len(self.lines), 1) * LINE_HEIGHT + 0.25) * self.size

    def marks(self, box: shapely.Geometry, is_served: bool) -> list[Mark]:  # noqa: FBT001
        left, top, right, bottom = shapely.bounds(box)
        middle, badge = (top + bottom) / 2, left + self.badge_px
        fill, ink = (PAPER.ink, PAPER.casing) if is_served else (PAPER.casing, PAPER.ink)
        marks: list[Mark] = [
            Fill((shapely.box(left, top, right, bottom),), PAPER.casing, PAPER.ink, 2.0),
            Fill((shapely.box(left, top, badge, bottom),), fill, PAPER.ink, 2.0),
            Words(
                self.letter,
                (left + badge) / 2,
                middle,
                self.size,
                ink,
                is_bold=True,
                align="center",
            ),
        ]
        step = LINE_HEIGHT * self.size
        first = middle - step * (len(self.lines) - 1) / 2
        x = badge + 0.4 * self.size
        named = enumerate(self.lines)
        marks += [Words(line, x, first + n * step, self.size, PAPER.ink) for n, line in named]
        return marks


def _label_forms(area: MapArea, style: Style) -> list[_Label]:
    size, small = style.text_px, style.small_px
    letter = area.letter if is_writable(area.letter) else "?"
    short = _Label(letter, (), small)
    if not is_writable(area.name):
        return [short]
    return [_Label(letter, wrap(area.name, size, NAME_EMS * size, 4), size), short]


def _around(label: _Label, shape: shapely.Geometry) -> Iterable[shapely.Geometry]:
    """Yield positions around a shape, nearest first."""
    left, top, right, bottom = shapely.bounds(shape)
    x, y = (left + right) / 2, (top + bottom) / 2
    width, height = label.badge_px + label.name_px, label.height_px
    size = label.size
    for reach in REACHES:
        # On the rectangle at which the box just clears the shape by `reach`.
        out_x = (right - left + width) / 2 + reach * size
        out_y = (bottom - top + height) / 2 + reach * size
        for way_x, way_y in WAYS:
            stretch = min(out_x / max(abs(way_x), 1e-9), out_y / max(abs(way_y), 1e-9))
            yield box_around(x + way_x * stretch, y + way_y * stretch, width, height)
