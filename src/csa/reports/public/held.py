"""How much of what was counted is told, and why the rest is not."""

from __future__ import annotations

from dataclasses import dataclass

from csa.disclosure.classes import LOWEST, THRESHOLD
from csa.disclosure.published import Publication
from csa.reports.public.counts import AREA, CELL, DISTRICT


@dataclass(frozen=True)
class HeldBack:
    """How many figures of a geography are told, and why the others are not."""

    told: int  # with their number, or the class that they are in
    below: int  # fewer than 10
    beyond: int  # ten or more, but they would give away another


def count_held_back(draft: Publication, settled: Publication) -> dict[str, HeldBack]:
    """Count what is told and what is not, for whoever publishes."""
    found = {}
    for geography in (AREA, DISTRICT):
        true, told = draft.counts[geography], settled.counts[geography]
        hidden = [true[place] for place, count in told.items() if count is None]
        below = sum(count is not None and count < THRESHOLD for count in hidden)
        found[geography] = HeldBack(len(told) - len(hidden), below, len(hidden) - below)
    true_classes, shown = draft.classes[CELL], settled.classes[CELL]
    below = sum(bounds == LOWEST for bounds in true_classes.values())
    lowered = sum(shown[c] != bounds != LOWEST for c, bounds in true_classes.items())
    found[CELL] = HeldBack(len(shown) - below - lowered, below, lowered)
    return found
