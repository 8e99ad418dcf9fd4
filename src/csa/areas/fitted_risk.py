"""The relative risk score of blocks as `csa risk` stored it: a layer of maps, and a criterion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from csa.base.arrays import Cells, Floats
from csa.base.params import Month
from csa.dataset.versioned import City, load_newest
from csa.geo.cells import CellSet, from_text, parents
from csa.geo.ground import refine, resolution_of

KEPT_NAME = "risk"


@dataclass(frozen=True)
class FittedRisk:
    """The score of each block in which the factors could be compared."""

    cells: Cells  # (n,) sorted
    score: Floats  # (n,) its factors' values multiplied, over the smallest product
    until: Month | None  # first month that the factors did not learn from; None without incidents

    @cached_property
    def of_cell(self) -> dict[int, float]:
        """The score of each cell."""
        return dict(zip(self.cells.tolist(), self.score.tolist(), strict=True))

    @cached_property
    def resolution(self) -> int:
        """The H3 resolution of its cells."""
        return resolution_of(self.cells[0]) if len(self.cells) else 0

    def mean_in(self, area: CellSet) -> float:
        """Return the mean score of an area's blocks; NaN where none was compared."""
        blocks = set(parents(refine(area, self.resolution), self.resolution).tolist())
        known = [self.of_cell[cell] for cell in sorted(blocks) if cell in self.of_cell]
        return math.fsum(known) / len(known) if known else math.nan


def read_kept(city: City) -> dict[str, Any] | None:
    """Read the risk terrain stored for a dataset, else the newest of older data."""
    return load_newest(city, KEPT_NAME, {}, dict, lambda kept: str(kept["data_through"]))


def fitted_risk(kept: Mapping[str, Any]) -> FittedRisk:
    """Return the blocks' scores of what was stored."""
    places = [from_text(texts) for texts in kept["places"]]
    cells = np.unique(np.concatenate([from_text(kept["compared"]), *places]))
    product = np.ones(len(cells))
    for factor, holds in zip(kept["factors"], places, strict=True):
        product[np.isin(cells, holds)] *= factor["rrv"]
    learned = kept["learned"]
    until = None if learned is None else Month.parse(learned["through"]).plus(1)
    return FittedRisk(cells, product / product.min(initial=np.inf), until)


def load_fitted(city: City) -> FittedRisk | None:
    """Read the blocks' scores of a city; None where `csa risk` has not run."""
    kept = read_kept(city)
    return None if kept is None else fitted_risk(kept)


def relative_risk(city: City, areas: Sequence[CellSet], until: Month) -> list[float]:
    """Return the mean score of each area's blocks; NaN where it is unknown by a month.

    Factors that learned from later months are unknown: nothing later may say who comes first.
    """
    fitted = load_fitted(city)
    if fitted is None or fitted.until is None or fitted.until > until:
        return [math.nan] * len(areas)
    return [fitted.mean_in(area) for area in areas]
