"""The criterion that areas are ordered by: its components, their weights, and what each may be."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.shrinkage import Estimate
from csa.base.arrays import Floats
from csa.base.errors import ParamError, TableError
from csa.config.types import ComponentName

SEED = 20201001
N_DRAWS = 4000
ALIKE_INCIDENTS = 20.0
"""An area's share of homicides is drawn toward the city's as by so many incidents more: of
seventeen places with 700 incidents or more, shares of cells differ beyond chance in eight, as by
12 to 72."""

COMPONENTS = {
    "expected": "expected",
    "density": "expected_per_km2",
    "homicides": "homicides",
    "lasting": "months_active",
    "recent": "recent_12",
    "people": "people",
    "risk": "relative_risk",
}
"""Name of a component of the criterion to the column that it is made of."""

ONLY_CHOSEN = "risk"
"""Counts only where somebody gave it a weight: it is in no random weighting."""


@dataclass(frozen=True)
class Weights:
    """The criterion: how much each component counts; only their proportions matter.

    Fields: `by_component`.
    """

    by_component: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse values that are not weights; store a copy that cannot be changed."""
        kept = {name: float(weight) for name, weight in self.by_component.items()}
        for name, weight in kept.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ParamError("priorities.weight", name=name, given=weight)
        if not sum(kept.values()) > 0:
            raise ParamError("priorities.no_weight")
        object.__setattr__(self, "by_component", MappingProxyType(kept))

    @classmethod
    def of(cls, weights: Mapping[ComponentName, float]) -> Weights:
        """Take what a city's file gives."""
        return cls({str(name): weight for name, weight in weights.items()})

    def to_plain(self) -> dict[str, float]:
        """Write the components that count, as files do."""
        return {name: weight for name, weight in self.by_component.items() if weight}

    @property
    def only(self) -> str | None:
        """The one component that counts; None where several do."""
        counted = [name for name, weight in self.by_component.items() if weight > 0]
        return counted[0] if len(counted) == 1 else None

    def is_same(self, other: Weights) -> bool:
        """Whether both give the same order: their proportions are the same."""
        return bool(np.allclose(self.shares(), other.shares()))

    def shares(self) -> Floats:
        """Return each component's share, in the order of `COMPONENTS`: (7,), adding up to 1."""
        unknown = sorted(set(self.by_component) - set(COMPONENTS))
        if unknown:
            given, known = ", ".join(unknown), ", ".join(COMPONENTS)
            raise ParamError("priorities.component", given=given, known=known)
        weights = np.array([self.by_component.get(name, 0.0) for name in COMPONENTS])
        return np.asarray(weights / weights.sum())


NEXT_YEAR = Weights({"expected": 1.0})
"""By default areas stand in the order of the shootings of the period adjusted for chance."""


def weights_of(summary: Mapping[str, Any]) -> Weights:
    """Return the criterion that a proposal's tiers go by."""
    return Weights(summary["order"])


@dataclass(frozen=True)
class AreaLaw:
    """What the numbers of an area that are not known exactly are drawn from."""

    seed: tuple[int, int]  # of the criterion, and its first cell
    estimate: Estimate  # the number expected in it
    area_km2: float  # its land
    killed: float  # its homicides, with the city's part of `ALIKE_INCIDENTS`
    wounded: float  # its other incidents, likewise
    recent: float  # its incidents of the last year

    def draw(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Draw expected number, density, homicides and the last year: (4000,) each, ever alike."""
        random = np.random.default_rng(self.seed)
        expected = self.estimate.draw(random, N_DRAWS)
        share = random.beta(max(self.killed, 1e-9), max(self.wounded, 1e-9), N_DRAWS)
        density = np.round(expected / self.area_km2, 9)  # land added up in another order differs
        return expected, density, expected * share, random.gamma(self.recent + 0.5, size=N_DRAWS)


@dataclass(frozen=True)
class Components:
    """What each area has of each component: the value, and draws of what it may be.

    Fields: `table`, `laws`, `risk_draws`.
    """

    table: pd.DataFrame  # (n, 7): index `area_id`; NaN where unknown
    laws: tuple[AreaLaw, ...]  # what is drawn of each of the n areas
    risk_draws: Floats | None = None  # (4000, n) what their risk may be; None for the table's

    def __post_init__(self) -> None:
        """Refuse draws of other areas than the table's."""
        n_areas, drawn = len(self.table), self.risk_draws
        if len(self.laws) != n_areas or (drawn is not None and drawn.shape[1] != n_areas):
            raise ValueError("a law and a column of risk draws are needed for each area")

    def draw(
        self, places: Iterable[int], columns: Sequence[int] = range(len(COMPONENTS))
    ) -> Floats:
        """Draw what some areas may have of some components, by their places in the table.

        Returns (4000, areas, columns), the same each time; what is unknown counts as the mean.
        Kept, they would take a thousand times the rest.
        """
        listed, values = list(places), self.table.to_numpy(dtype=np.float64)
        found = np.empty((N_DRAWS, len(listed), len(columns)))
        for at, place in enumerate(listed):
            *_, lasting, _, people, risk = values[place]
            expected, density, homicides, recent = self.laws[place].draw()
            drawn = None if self.risk_draws is None else self.risk_draws[:, place]
            every = (
                expected,
                density,
                homicides,
                lasting,
                recent,
                people,
                risk if drawn is None else drawn,
            )
            for to, column in enumerate(columns):
                found[:, at, to] = every[column]
        return found


def draw_components(
    table: pd.DataFrame,
    estimates: Sequence[Estimate],
    homicide_share: float,
    seed: int = SEED,
    risk_draws: Floats | None = None,
) -> Components:
    """Draw what each area may have of each component.

    The number expected from its estimate; homicides as a part of it, their share drawn toward the
    city's; incidents of the last year as counts that come again; risk as its factors' intervals
    have it. Months and people are as counted.

    Parameters
    ----------
    table
        n areas with `area_id`, `incidents`, `homicides`, `area_km2`, `months_active`,
        `recent_12`, `people`, `relative_risk` and `cells`, a text.
    estimates
        What is expected in each.
    homicide_share
        Homicides of the city's incidents, 0 to 1.
    seed
        An area's draws depend on this and its cells: not on which others there are.
    risk_draws
        (4000, n) what each area's relative risk may be; None takes the table's as sure.

    Returns
    -------
    Components
        Index `area_id`, in the order of rows.
    """
    names = ["months_active", "people", "recent_12", "homicides", "relative_risk"]
    known = table.reindex(columns=names).astype("float64")
    lasting, people, recent, homicides, risk = known.to_numpy().T
    incidents, km2 = (table[name].to_numpy(dtype=np.float64) for name in ("incidents", "area_km2"))
    refuse_no_land(km2)
    killed = homicides + ALIKE_INCIDENTS * homicide_share
    wounded = incidents - homicides + ALIKE_INCIDENTS * (1 - homicide_share)
    seeds = [(seed, int(str(cells).split()[0], 16)) for cells in table["cells"]]
    numbers = (of.tolist() for of in (km2, killed, wounded, recent))
    laws = tuple(AreaLaw(*law) for law in zip(seeds, estimates, *numbers, strict=True))
    means = np.array([estimate.mean for estimate in estimates], dtype=np.float64)
    values = (
        means,
        np.round(means / km2, 9),
        means * killed / np.maximum(killed + wounded, 1e-9),
        lasting,
        recent,
        people,
        risk,
    )
    index = pd.Index(table["area_id"], name="area_id")
    components = pd.DataFrame(dict(zip(COMPONENTS, values, strict=True)), index=index)
    return Components(components, laws, risk_draws)


def standardise(components: pd.DataFrame) -> pd.DataFrame:
    """Put components on one scale: how many standard deviations above the areas' mean.

    Returns (x - mean) / SD of the n areas, on the index of `components`.
    """
    means, sds = find_scale(components)
    numbers = components.to_numpy(dtype=np.float64)
    apart = np.where(np.isnan(numbers), 0, numbers - means)
    return pd.DataFrame(apart / sds, index=components.index, columns=components.columns)


def find_scale(components: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return each component's mean and SD; infinite where areas do not differ."""
    numbers = components.to_numpy(dtype=np.float64)  # (n, components)
    for column in np.flatnonzero(np.isinf(numbers).any(axis=0)).tolist():
        raise TableError("priorities.infinite", name=components.columns[column])
    is_known = ~np.isnan(numbers)
    n_known = np.maximum(is_known.sum(axis=0), 1)
    means = np.where(is_known, numbers, 0).sum(axis=0) / n_known
    sds = np.sqrt((np.where(is_known, numbers - means, 0) ** 2).sum(axis=0) / n_known)
    lowest = np.where(is_known, numbers, np.inf).min(axis=0, initial=np.inf)
    highest = np.where(is_known, numbers, -np.inf).max(axis=0, initial=-np.inf)
    varies = (lowest < highest) & (sds > 0)  # rounding alone may give equal numbers an SD
    return means, np.where(varies, sds, np.inf)


def list_unknown(components: pd.DataFrame) -> list[tuple[Hashable, str]]:
    """List the values that are unknown and therefore counted as the mean."""
    rows, columns = np.nonzero(components.isna().to_numpy())
    areas, names = components.index.tolist(), components.columns.tolist()
    return [(areas[row], names[column]) for row, column in zip(rows, columns, strict=True)]


def refuse_no_land(area_km2: Floats | Sequence[float]) -> None:
    """Refuse an area without land."""
    for given in area_km2:
        if not given > 0:
            raise ParamError("priorities.no_land", given=float(given))
