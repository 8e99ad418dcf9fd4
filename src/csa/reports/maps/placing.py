"""Space already used on a map, so that no label covers another."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from csa.reports.maps.marks import Mark
from csa.reports.maps.sheet import Style

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

    def are_free(self, shapes: Shapes) -> npt.NDArray[np.bool_]:
        """Return, for each shape, whether it touches nothing in use."""
        taken = np.array(self.taken, dtype=object)
        touches = shapely.intersects(taken[:, None], shapes[None, :])
        return np.asarray(~touches.any(axis=0), dtype=np.bool_)

    def is_free(self, box: shapely.Geometry) -> bool:
        """Return whether a label fits inside the frame without touching anything in use."""
        one = np.array([box], dtype=object)
        return bool(shapely.covers(self.frame, box)) and bool(self.are_free(one)[0])

    def undo(self, n_placed: int, n_taken: int, n_marks: int) -> None:
        """Undo the latest placements."""
        del self.placed[n_placed:], self.taken[n_taken:], self.marks[n_marks:]

    def put(self, text: str, box: shapely.Geometry, marks: Iterable[Mark]) -> None:
        """Place a label."""
        self.placed.append(Placed(text, box))
        self.taken.append(box)
        self.marks.extend(marks)


def box_around(x: float, y: float, width: float, height: float) -> shapely.Geometry:
    """Return a box around its center."""
    return shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
