"""Classes of published counts, the same in map, legend and table."""

from __future__ import annotations

from typing import TypeAlias

from csa.disclosure.keys import THRESHOLD

Class: TypeAlias = tuple[int, int | None]
"""Lowest and highest count in it; None where it is open above."""
CLASSES: tuple[Class, ...] = ((0, THRESHOLD - 1), (10, 19), (20, 39), (40, 79), (80, None))
"""The bounds double and are the same for every city and quarter: a color keeps its meaning."""


def classes_up_to(greatest: int) -> tuple[Class, ...]:
    """List the classes of a map whose greatest published count is given."""
    return tuple(bounds for bounds in CLASSES if bounds[0] <= max(greatest, 0))


def class_of(count: int | None) -> int:
    """Return the position of a published count's class; the lowest where none was published."""
    return sum(low <= (count or 0) for low, _ in CLASSES) - 1
