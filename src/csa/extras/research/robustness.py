"""Second opinions on what changed: before the start, and in places that nobody served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.params import Period
from csa.change.analyze import Displacement
from csa.change.zoning import draw_zones, ring_width_m, zone_counts
from csa.geo.cells import CellSet

MAX_SETS = 2_000
LEAST_SETS = 10
"""With fewer sets a rank says nothing: the lowest of nine comes up by chance one time in nine."""
SEED = 20201001

BEFORE_COLUMNS = ["quarter", "core_ratio", "ring_ratio"]


@dataclass(frozen=True)
class PlaceboInSpace:
    """The areas' net change among that of as many candidates that nobody served."""

    n_candidates: int  # candidates of that start that share no cell with an area or its ring
    n_sets: int  # sets of as many of them as there are areas
    ratio: float  # incidents since in areas and rings, as a multiple of what was expected
    n_lower: int  # sets with a ratio as low, or lower

    @property
    def chance(self) -> float:
        """How often a set never served does as well, the areas themselves counted as one."""
        return (1 + self.n_lower) / (1 + self.n_sets)


def ratios_before(quarters: pd.DataFrame) -> pd.DataFrame:
    """List counted over expected in all areas, and around them, in each quarter before the start.

    A course that fell, or rose, before the start would have gone on without it.

    Parameters
    ----------
    quarters
        As `csa.change.quarters.build_quarters`.

    Returns
    -------
    pandas.DataFrame
        `quarter`, `core_ratio`, `ring_ratio`; a ratio is missing where nothing was expected.
    """
    rows = quarters[(quarters["area_id"] == "") & ~quarters["is_after"]]
    ratio = rows["incidents"] / rows["expected"].where(rows["expected"] > 0)
    table = rows.assign(ratio=ratio).pivot_table(
        index="quarter", columns="zone", values="ratio", dropna=False
    )
    table = table.reindex(columns=["core", "ring"]).reset_index()
    return table.set_axis(BEFORE_COLUMNS, axis="columns")


def rank_among_unserved(
    located: StudyArea, displaced: Displacement, candidates: Sequence[CellSet]
) -> PlaceboInSpace | None:
    """Rank the areas' net change among that of sets of candidates that nobody served.

    All are compared with one expectation, which knows nothing after the start: what each cell was
    expected to have, as the rest of the city went.

    Parameters
    ----------
    located
        The city's incidents, on the cells that the areas are followed on.
    displaced
        The areas as they were followed; since the month in which all were.
    candidates
        Candidates as they were known at that start, in any order.

    Returns
    -------
    PlaceboInSpace or None
        None with fewer than ten possible sets of candidates apart from the areas and their rings.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), JASA 105, pp. 493-505: permutation over places.
    """
    served = [located.place(ground.versions[-1].cells) for ground in displaced.chosen.designated]
    zones = displaced.places.zones
    taken = np.concatenate([*zones.cores, *zones.rings, *served])
    never = [at for cells in candidates if len(at := located.place(cells))]
    never = [at for at in never if not np.isin(at, taken).any()]
    n_areas = len(displaced.places.zones.cores)
    if comb(len(never), n_areas) < LEAST_SETS:
        return None
    counted, expected = _in_all(located, displaced, [*displaced.places.zones.cores, *never])
    sets = _sets(len(never), n_areas) + n_areas
    others = counted[sets].sum(axis=1) / expected[sets].sum(axis=1)
    own = float(counted[:n_areas].sum() / expected[:n_areas].sum())
    return PlaceboInSpace(len(never), len(sets), own, int((others <= own).sum()))


def _in_all(
    located: StudyArea, displaced: Displacement, cores: Sequence[Ints]
) -> tuple[Ints, Floats]:
    """Count each place with its ring since the start, and what was expected: (n,) each."""
    grid = located.grid
    zones = draw_zones(cores, grid.center_xy, ring_width_m(grid))
    core, ring, rest = zone_counts(located, zones, Period(displaced.since_all, displaced.until))
    base = displaced.places.base
    per_cell = located.expected(base)
    before = int(located.counts(base)[zones.rest].sum())
    both = [np.concatenate(pair) for pair in zip(zones.cores, zones.rings, strict=True)]
    expected = np.array([per_cell[cells].sum() for cells in both]) * rest.sum() / max(before, 1)
    return core.sum(axis=1) + ring.sum(axis=1), expected


def _sets(n_candidates: int, n_areas: int) -> Ints:
    """List all sets of candidates, or so many drawn by lot: (sets, n_areas)."""
    if comb(n_candidates, n_areas) <= MAX_SETS:
        return np.array(list(combinations(range(n_candidates), n_areas)))
    random = np.random.default_rng(SEED)
    return np.array([random.choice(n_candidates, n_areas, replace=False) for _ in range(MAX_SETS)])
