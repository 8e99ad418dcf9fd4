"""Area labels of a map; none hides another, and those that do not fit go to the list beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from csa.base.arrays import Bools
from csa.base.schema import UNASSIGNED
from csa.geo.palette import PAPER
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
from csa.reports.maps.sheet import MapArea, Style

# ---- An area's label on a map: a letter in its badge, and its name in one line or several.


NAME_EMS = 12.0
"""Longest line of an area's name, in ems."""


@dataclass(frozen=True)
class AreaLabel:
    """A letter in its badge, with the lines of a name beside it; a candidate may have no letter."""

    letter: str
    lines: tuple[str, ...]
    size: float

    @property
    def badge_px(self) -> float:
        """The badge's width; 0 without a letter."""
        if not self.letter:
            return 0.0
        wide = width_px(self.letter, self.size, is_bold=True) + 0.7 * self.size
        return max(wide, 1.4 * self.size)

    @property
    def name_px(self) -> float:
        """The name's width, with room on both sides; 0 without lines."""
        widest = max((width_px(line, self.size) for line in self.lines), default=0.0)
        return widest + 0.8 * self.size if self.lines else 0.0

    @property
    def height_px(self) -> float:
        """The height of both."""
        return (max(len(self.lines), 1) * LINE_HEIGHT + 0.25) * self.size

    def marks(self, box: shapely.Geometry, is_served: bool) -> list[Mark]:  # noqa: FBT001
        """Draw it into a box: dark where the area is served."""
        left, top, right, bottom = shapely.bounds(box)
        middle, badge = (top + bottom) / 2, left + self.badge_px
        fill, ink = (PAPER.ink, PAPER.casing) if is_served else (PAPER.casing, PAPER.ink)
        frame = Fill((shapely.box(left, top, right, bottom),), PAPER.casing, PAPER.ink, 2.0)
        marks: list[Mark] = [frame]
        if self.letter:
            x = (left + badge) / 2
            marks += [
                Fill((shapely.box(left, top, badge, bottom),), fill, PAPER.ink, 2.0),
                Words(self.letter, x, middle, self.size, ink, is_bold=True, align="center"),
            ]
        step = LINE_HEIGHT * self.size
        first = middle - step * (len(self.lines) - 1) / 2
        x = badge + 0.4 * self.size
        named = enumerate(self.lines)
        marks += [Words(line, x, first + n * step, self.size, PAPER.ink) for n, line in named]
        return marks


def label_forms(area: MapArea, style: Style) -> list[AreaLabel]:
    """Return the forms of a label, the fullest first."""
    size, small = style.text_px, style.small_px
    letter = area.letter if is_writable(area.letter) or not area.letter else "?"
    short = AreaLabel(letter, (), small)
    if not is_writable(area.name):
        return [short]
    if not letter:
        short = AreaLabel("", wrap(area.name, small, NAME_EMS * small, 4), small)
    return [AreaLabel(letter, wrap(area.name, size, NAME_EMS * size, 4), size), short]


Shapes = npt.NDArray[np.object_]

WAYS = tuple((math.cos(turn), math.sin(turn)) for turn in np.arange(24) * math.pi / 12)
"""Directions, starting east, clockwise on the sheet."""


@dataclass(frozen=True)
class Placed:
    """A label in its place."""

    text: str  # what it says
    box: shapely.Geometry  # area it covers, in pixels


@dataclass
class Labels:
    """Labels placed so far."""

    frame: shapely.Geometry  # the map's frame, in pixels
    style: Style  # text sizes
    placed: list[Placed] = field(default_factory=list)  # labels, with what each covers
    marks: list[Mark] = field(default_factory=list)  # their fills, lines and words
    taken: list[shapely.Geometry] = field(default_factory=list)  # shapes that no label may touch
    outlines: list[shapely.Geometry] = field(default_factory=list)

    def are_free(self, shapes: Shapes) -> Bools:
        """Return, for each shape, whether it touches nothing in use."""
        touches = shapely.intersects(np.array(self.taken, dtype=object)[:, None], shapes[None, :])
        return np.asarray(~touches.any(axis=0), dtype=np.bool_)

    def is_free(self, box: shapely.Geometry) -> bool:
        """Return whether a label fits inside the frame without touching anything in use."""
        one = np.array([box], dtype=object)
        return bool(shapely.covers(self.frame, box)) and bool(self.are_free(one)[0])

    def put(self, text: str, box: shapely.Geometry, marks: Iterable[Mark]) -> None:
        """Place a label."""
        self.placed.append(Placed(text, box))
        self.taken.append(box)
        self.marks.extend(marks)


def box_around(x: float, y: float, width: float, height: float) -> shapely.Geometry:
    """Return a box around its center."""
    return shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


STRAIGHT_SHARE = 0.985
"""Chord over length from which a street is straight enough to carry its name."""


def place_names(
    labels: Labels,
    names: Sequence[tuple[str, shapely.Geometry]],
    color: str,
    least_share: float = 0.7,
) -> None:
    """Place neighborhood names where they fit, the largest first.

    At least `least_share` of a name lies in its own neighborhood.
    """
    size = labels.style.name_px
    called = [one for one in names if one[0] != UNASSIGNED]
    order = sorted(called, key=lambda one: (-shapely.area(one[1]), one[0]))
    for name, shape in order:
        inside = shapely.intersection(shape, labels.frame)
        if not shapely.is_empty(inside) and is_writable(name):
            _place_name(labels, name, inside, size, color, least_share)


def _place_name(
    labels: Labels, name: str, shape: shapely.Geometry, size: float, color: str, least_share: float
) -> None:
    left, _, right, _ = shapely.bounds(shape)
    room = max(1.1 * (right - left), 4 * size)
    lines = wrap(name, size, min(room, NAME_EMS * size), 3)
    if " ".join(lines) != " ".join(name.split()):
        return  # part of a name is useless
    step = LINE_HEIGHT * size
    width = max(width_px(line, size) for line in lines) + 0.3 * size
    height = len(lines) * LINE_HEIGHT * size
    for point in (shapely.centroid(shape), shapely.point_on_surface(shape)):
        x, y = point.x, point.y
        box = box_around(x, y, width, height)
        holds = shapely.area(shapely.intersection(box, shape)) / shapely.area(box)
        if holds >= least_share and _is_open(labels, box):
            first = y - step * (len(lines) - 1) / 2
            said = [
                Words(line, x, first + n * step, size, color, align="center", halo_px=size / 5)
                for n, line in enumerate(lines)
            ]
            labels.put(name, box, said)
            return


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
    named = [label_forms(area, labels.style)[0] for area, _ in seen]
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
    shown = [
        (area, shape)
        for area, shape in seen
        if (area.letter or labels.style.names_all) and not shapely.is_empty(shape)
    ]
    land = shapely.union_all([shape for _, shape in shown])
    order = list(range(len(shown)))
    unplaced: list[int] = []
    forms = [label_forms(area, labels.style) for area, _ in shown]
    if is_lettered:
        forms = [some[-1:] for some in forms]
    n_placed, n_taken, n_marks = len(labels.placed), len(labels.taken), len(labels.marks)
    for _ in range(MOST_TRIES):
        del labels.placed[n_placed:], labels.taken[n_taken:], labels.marks[n_marks:]
        unplaced = [at for at in order if not _place_area(labels, *shown[at], land, forms[at])]
        if not unplaced:
            break
        order = [*unplaced, *(at for at in order if at not in unplaced)]
    labels.outlines.extend(shapely.buffer(shapely.boundary(shape), 3.0) for _, shape in shown)
    outside = [area.letter for area, shape in seen if shapely.is_empty(shape) and not is_near]
    without = [shown[at][0].letter for at in sorted(unplaced)]
    return [letter for letter in outside if letter], [letter for letter in without if letter]


def _place_area(
    labels: Labels,
    area: MapArea,
    shape: shapely.Geometry,
    land: shapely.Geometry,
    forms: Sequence[AreaLabel],
) -> bool:
    best: tuple[float, AreaLabel, shapely.Geometry, shapely.Geometry] | None = None
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
    labels: Labels, label: AreaLabel, shape: shapely.Geometry, land: shapely.Geometry
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


def _around(label: AreaLabel, shape: shapely.Geometry) -> Iterable[shapely.Geometry]:
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
