"""Classes of density for the public map: no bound is below ten or depends on a count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from csa.base.errors import ParamError

THRESHOLD = 10
"""A count below it is never published."""

Class: TypeAlias = tuple[int, int | None]
"""Lowest and highest count in it; None where it is open above."""
LOWEST: Class = (0, THRESHOLD - 1)
CLASSES: tuple[Class, ...] = (LOWEST, (10, 19), (20, 39), (40, 79), (80, None))
HIDDEN: Class = (0, None)
"""Few, or held back: the lowest class of a map with a cell that may not be published."""


def classes_up_to(greatest: int) -> tuple[Class, ...]:
    """List the classes of a map whose busiest cell has so many.

    The bounds double and are the same for every city and quarter: a bound that follows the counts
    (quantiles, natural breaks) is the count of some cell, and a class of one cell reveals its
    count. A colour keeps its meaning from one quarter to the next, too.
    """
    return tuple(bounds for bounds in CLASSES if bounds[0] <= max(greatest, 0))


def class_of(count: int, classes: Sequence[Class]) -> int:
    """Return the class of a count."""
    for position, (low, high) in enumerate(classes):
        if count >= low and (high is None or count <= high):
            return position
    raise ParamError("privacy.no_class", given=count)
