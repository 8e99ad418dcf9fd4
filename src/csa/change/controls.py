"""The cells that areas are compared with: like them in the years before those that chose them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.params import Period
from csa.change.analyze import Displacement
from csa.change.zoning import Control, match_control

LEAST_EARLIER = 24
"""Months before those that chose the areas: with fewer, rates of cells are mostly chance."""


@dataclass(frozen=True)
class Controls:
    """The cells that areas are compared with."""

    pooled: Control  # the controls of all areas together
    single: tuple[Control, ...]  # the control of each area
    is_known: bool  # whether there were enough earlier years to match by


def match_controls(located: StudyArea, displaced: Displacement) -> Controls:
    """Find for each area cells that were like it in the years before those that chose it."""
    zones, km2 = displaced.places.zones, located.grid.area_km2.to_numpy()
    earlier = _earlier_per_km2(located, displaced)

    def match(core: Ints) -> Control:
        found = match_control(core, zones.rest, earlier, km2)
        return found if found.is_close else Control(zones.rest, found.rate_ratio)

    single = tuple(match(core) for core in zones.cores)
    return Controls(match(np.concatenate(zones.cores)), single, earlier is not None)


def _earlier_per_km2(located: StudyArea, displaced: Displacement) -> Floats | None:
    """Estimate how frequent shootings were, smoothed, before the months that chose the areas."""
    period = displaced.chosen.period
    chosen_from = displaced.places.base.start if period is None else period.start
    start = located.dataset.require_months().start
    n_months = min(chosen_from, displaced.since_all).index - start.index
    if n_months < LEAST_EARLIER:
        return None
    earlier = Period(start, start.plus(n_months))
    expected = located.expected(earlier)
    return np.asarray(expected / located.grid.area_km2.to_numpy(), dtype=np.float64)
