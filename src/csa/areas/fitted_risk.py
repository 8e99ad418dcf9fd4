"""The relative risk score of blocks as `csa risk` stored it: a layer of maps, and a criterion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from csa.areas.criterion import N_DRAWS, SEED
from csa.base.arrays import Bools, Cells, Floats
from csa.base.params import Month
from csa.dataset.kept import load_newest
from csa.dataset.versioned import City
from csa.geo.cells import CellSet, from_text
from csa.geo.ground import parents, refine, resolution_of

KEPT_NAME = "risk"
KEPT_PARAMS = {"format": 2}
"""What is stored without how many places are many is not read: `csa risk` makes it again."""

Z_90 = 1.645
"""Standard errors on either side of a 90 % interval."""


@dataclass(frozen=True)
class FittedRisk:
    """The factors that hold in each block, where they could be compared, and how much each is."""

    cells: Cells  # (n,) sorted
    holds: Bools  # (n, k) whether each factor holds
    log_rrv: Floats  # (k,) logarithm of each factor's relative risk value
    se: Floats  # (k,) its standard error
    until: Month | None  # first month that the factors did not learn from; None without incidents

    @cached_property
    def score(self) -> Floats:
        """(n,) the product of a block's relative risk values over the smallest product."""
        product = np.exp(self.holds @ self.log_rrv)
        return np.asarray(product / product.min(initial=np.inf))

    @cached_property
    def place_of(self) -> dict[int, int]:
        """The place of each cell."""
        return {cell: place for place, cell in enumerate(self.cells.tolist())}

    @cached_property
    def resolution(self) -> int:
        """The H3 resolution of its cells."""
        return resolution_of(self.cells[0]) if len(self.cells) else 0

    def places_in(self, area: CellSet) -> list[int]:
        """List the places of an area's blocks, those that were compared."""
        blocks = set(parents(refine(area, self.resolution), self.resolution).tolist())
        return [self.place_of[cell] for cell in sorted(blocks) if cell in self.place_of]

    def mean_in(self, area: CellSet) -> float:
        """Return the mean score of an area's blocks; NaN where none was compared."""
        known = self.score[self.places_in(area)]
        return math.fsum(known) / len(known) if len(known) else math.nan

    def draw_in(self, area: CellSet) -> Floats:
        """Draw what an area's mean score may be: (4000,), the factors drawn alike for all areas."""
        places = self.places_in(area)
        if not places:
            return np.full(N_DRAWS, math.nan)
        z = np.random.default_rng(SEED).standard_normal((N_DRAWS, len(self.se)))
        kinds, n = np.unique(self.holds[places], axis=0, return_counts=True)
        drawn = np.exp((self.log_rrv + z * self.se) @ kinds.T)
        lowest = float(np.exp(self.holds @ self.log_rrv).min())
        return np.asarray(drawn @ n / n.sum() / lowest)


def read_kept(city: City) -> dict[str, Any] | None:
    """Read the risk terrain stored for a dataset, else the newest of older data."""
    return load_newest(city, KEPT_NAME, KEPT_PARAMS, dict, lambda kept: str(kept["data_through"]))


def fitted_risk(kept: Mapping[str, Any]) -> FittedRisk:
    """Return the factors of each block of what was stored."""
    places, factors = [from_text(texts) for texts in kept["places"]], kept["factors"]
    cells = np.unique(np.concatenate([from_text(kept["compared"]), *places]))
    none = np.zeros((len(cells), 0), dtype=bool)
    holds = np.column_stack([none, *(np.isin(cells, one) for one in places)]).astype(bool)
    rrv, low, high = (np.array([one[name] for one in factors]) for name in ("rrv", "low", "high"))
    se = (np.log(high) - np.log(low)) / (2 * Z_90)
    learned = kept["learned"]
    until = None if learned is None else Month.parse(learned["through"]).plus(1)
    return FittedRisk(cells, holds, np.log(rrv), se, until)


def load_fitted(city: City) -> FittedRisk | None:
    """Read the blocks' scores of a city; None where `csa risk` has not run."""
    kept = read_kept(city)
    return None if kept is None else fitted_risk(kept)


@dataclass(frozen=True)
class AreaRisk:
    """The relative risk of areas."""

    mean: list[float]  # (n,) the mean score of each area's blocks; NaN where unknown
    draws: Floats | None  # (4000, n) what each may be; None where all are unknown


def relative_risk(city: City, areas: Sequence[CellSet], until: Month) -> AreaRisk:
    """Return the relative risk of areas, as far as it is known by a month.

    Factors that learned from later months are unknown: nothing later may say who comes first.
    """
    fitted = load_fitted(city)
    if fitted is None or fitted.until is None or fitted.until > until:
        return AreaRisk([math.nan] * len(areas), None)
    drawn = [fitted.draw_in(area) for area in areas]
    draws = np.column_stack([np.zeros((N_DRAWS, 0)), *drawn])
    return AreaRisk([fitted.mean_in(area) for area in areas], draws)
