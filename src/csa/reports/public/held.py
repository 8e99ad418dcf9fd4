"""How many figures are published, and why the others are not."""

from __future__ import annotations

from dataclasses import dataclass

from csa.disclosure.classes import LOWEST, THRESHOLD
from csa.disclosure.published import Publication
from csa.reports.public.counts import AREA, CELL, DISTRICT


@dataclass(frozen=True)
class HeldBack:
    """How many figures of a geography are published, and why the others are not."""

    told: int  # published, by number or class
    below: int  # fewer than 10
    beyond: int  # ten or more, but they would reveal another


def count_held_back(draft: Publication, settled: Publication) -> dict[str, HeldBack]:
    """Count the figures published and held back, for the publisher."""
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
