"""An area's label on a map: a letter in its badge, and its name in one line or several."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from csa.reports.maps.marks import (
    LINE_HEIGHT,
    Fill,
    Mark,
    Words,
    is_writable,
    width_px,
    wrap,
)
from csa.reports.maps.palette import PAPER
from csa.reports.maps.sheet import MapArea, Style

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
