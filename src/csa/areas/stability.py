"""Whether the same areas would be found if chance had left a fifth of the incidents out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from csa.areas.forming import limited_areas, link, widen
from csa.areas.mixture import Ground, MapMixture, Subsamples
from csa.base.arrays import Bools, Floats, Ints
from csa.base.params import AreaParams
from csa.geo.cells import CellSet, jaccard
from csa.geo.grid import Grid

KEPT_SHARE = 0.8
N_SUBSAMPLES = 200
SAME_AREA = 0.5
"""Two sets of cells are the same area if their Jaccard index is one half or more."""


@dataclass(frozen=True)
class PastIncidents:
    """All incidents before the end of a period, on a grid."""

    xy: Floats  # (n, 2) meters
    at: Ints  # (n,) the place of each one's cell in the grid
    months_ago: Floats  # (n,) months before the period's end
    period_months: int  # the period's length: DBSCAN runs on the incidents of so many months
    ground: Ground  # the cells, and the walk that spreads counts over them
    stack: MapMixture  # how the maps of the past are combined
    is_new: Bools  # (m,) which cells are of a place that newly began
    least: float = 0.0  # incidents that an area must be expected to hold in the period

    @property
    def is_in_period(self) -> Bools:
        """Which of them are in the period."""
        return self.months_ago < self.period_months


def measure_stability(
    areas: Sequence[CellSet],
    past: PastIncidents,
    grid: Grid,
    params: AreaParams,
    *,
    seed: int,
    n_subsamples: int = N_SUBSAMPLES,
) -> Floats:
    """Find areas again from random four fifths of the incidents, and see which come back.

    Incidents are left out, not drawn again with repetition: a bootstrap repeats places and so
    makes them denser. `min_samples` is scaled by the share that remains.
    """
    found = np.zeros(len(areas))
    if not len(areas):
        return found
    rng = np.random.default_rng(seed)
    again = _Again(past, grid, params)
    n_past, owners = len(past.at), defaultdict[int, list[int]](list)
    for own, area in enumerate(areas):
        for cell in area:
            owners[cell].append(own)
    for _ in range(n_subsamples):
        kept = np.zeros(n_past, dtype=bool)
        kept[rng.choice(n_past, round(KEPT_SHARE * n_past), replace=False)] = True
        touched = {
            (own, other)
            for other in again.areas(kept)
            for cell in owners.keys() & other
            for own in owners[cell]
        }
        back = {own for own, other in touched if jaccard(areas[own], other) >= SAME_AREA}
        found[list(back)] += 1
    return found / n_subsamples


class _Again:
    """Finds areas again from some of the incidents, with what all subsamples share."""

    def __init__(self, past: PastIncidents, grid: Grid, params: AreaParams) -> None:
        self.past, self.grid = past, grid
        self.in_period = past.is_in_period
        self.graph = link(
            past.xy[self.in_period], past.at[self.in_period], grid, params.dbscan.eps_m
        )
        least = max(2, round(KEPT_SHARE * params.dbscan.min_samples))
        dense_per_km2 = params.dense_per_km2
        self.params = replace(
            params,
            dbscan=replace(params.dbscan, min_samples=least),
            dense_per_km2=None if dense_per_km2 is None else KEPT_SHARE * dense_per_km2,
        )
        # No cluster of a part reaches a cell that none of the whole, with that minimum, does.
        is_reached = self.graph.reached(np.ones(int(self.in_period.sum()), dtype=bool), least)
        is_reached = widen(is_reached, grid) if past.least else is_reached
        self.subsamples = Subsamples(
            past.ground, past.stack, past.at, past.months_ago, past.is_new, is_reached
        )
        self.cells = grid.h3_cells

    def areas(self, kept: Bools) -> list[CellSet]:
        """Find areas as `csa.areas.forming.form_areas` would.

        Without a size limit the areas are nearly the same: clusters that touch are one from the
        start, so that a piece too small to be an area may join one. That is 30 times quicker, and
        changed shares by at most .03 in Philadelphia.
        """
        least = self.params.dbscan.min_samples
        in_period = kept[self.in_period]
        is_reached = self.graph.reached(in_period, least)
        at = self.past.at[self.in_period][in_period]
        counts = np.bincount(at, minlength=len(self.cells))
        if self.params.is_limited:
            expected = self.subsamples.shares(kept) * int(in_period.sum())
            worth = KEPT_SHARE * self.past.least  # a fifth fewer are expected
            return limited_areas(is_reached, expected, counts, self.grid, self.params, worth)
        reached = frozenset(self.cells[is_reached].tolist())
        pieces = self.grid.contiguous_parts(self.grid.filled(reached))
        return [piece for piece in pieces if counts[self.grid.at(piece)].sum() >= least]
