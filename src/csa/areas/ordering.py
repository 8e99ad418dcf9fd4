"""The one order of areas: by one criterion come tiers, who is first, and how sure that is.

What an area's criterion is worth is not known exactly. It is drawn many times from what is known,
and the same draws say who cannot be told apart, and who is among the first how often.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.shrinkage import Estimate
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.message import Message, msg
from csa.city.types import ComponentName

# ---- The criterion that areas are ordered by: its components, their weights, and what each may be.


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
                raise ParamError("param.at_least", name=f"weight of {name}", least=0, given=weight)
        if not sum(kept.values()) > 0:
            raise ParamError("priorities.no_weight")
        object.__setattr__(self, "by_component", MappingProxyType(kept))

    @classmethod
    def of(cls, weights: Mapping[ComponentName, float]) -> Weights:
        """Take what a city's file gives."""
        return cls({str(name): weight for name, weight in weights.items()})

    def to_dict(self) -> dict[str, float]:
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
            raise ParamError("param.unknown", kind="component", given=given, known=known)
        weights = np.array([self.by_component.get(name, 0.0) for name in COMPONENTS])
        return np.asarray(weights / weights.sum())


NEXT_YEAR = Weights({"expected": 1.0})
"""By default areas stand in the order of the shootings of the period adjusted for chance."""


def weights_from_summary(summary: Mapping[str, Any]) -> Weights:
    """Return the criterion that a proposal's tiers go by."""
    return Weights(summary["order"])


@dataclass(frozen=True)
class AreaDistribution:
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
    laws: tuple[AreaDistribution, ...]  # what is drawn of each of the n areas
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
    laws = tuple(AreaDistribution(*law) for law in zip(seeds, estimates, *numbers, strict=True))
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


N_WEIGHTINGS = 1000
SURE_ENOUGH = 0.9
"""How sure it must be that an area is below the first of a tier to start the next tier."""

ORDER_COLUMNS = {
    "priority_index": "the criterion: the component's standard deviations above the areas' mean, "
    "or the weighted mean of several",
    "tier": "1 for the highest by the criterion; empty where an area stands in no order",
    "in_top_probability": "how sure it is that the area is among the first",
    "top_share": "share of 1,000 random weightings in which the area is among the first",
    "is_first": "whether it is among the first",
}


def order_areas(
    components: Components,
    weights: Weights,
    is_ordered: Bools,
    capacity: int,
    *,
    seed: int = SEED,
) -> pd.DataFrame:
    """Put areas in one order: tiers, the first, and how sure both are.

    An area starts a tier when it is surely below the first of the last tier. That intervals
    overlap would be no rule: A may overlap B, and B C, but not A C.

    Parameters
    ----------
    components
        What is known of n areas.
    weights
        The criterion.
    is_ordered
        (n,) which of them stand in an order: not those that cannot be told apart from the city, or
        that rest on suspect points.
    capacity
        How many areas can be served first, at least 1.
    seed
        Of the lots that decide between equal areas, and of random weightings.

    Returns
    -------
    pandas.DataFrame
        `ORDER_COLUMNS`, on the index of `components`; an area that stands in no order has NaN.

    Raises
    ------
    ParamError
        If a weight names no component, the capacity is below 1, or risk has a weight and
        `csa risk` has not run.
    """
    if capacity < 1:
        raise ParamError("param.at_least", name="capacity", least=1, given=capacity)
    shares = weights.shares()
    index = components.table.index
    if shares[-1] and len(index) and components.table[ONLY_CHOSEN].isna().all():
        raise ParamError("priorities.no_risk")
    found = pd.DataFrame(dict.fromkeys(ORDER_COLUMNS, np.nan), index=index, dtype="float64").assign(
        tier=pd.array([pd.NA] * len(index), dtype="Int64"), is_first=False
    )
    placed = np.flatnonzero(is_ordered)
    if not len(placed):
        return found
    values = components.table.iloc[placed]
    standard = standardise(values).to_numpy()
    scores = standard @ shares
    drawn = _drawn_scores(components, placed, shares)
    order = np.lexsort((*_ties(drawn), -np.round(scores, 9)))
    tiers = assign_tiers(drawn, order)
    rows = index[placed]
    found.loc[rows, "priority_index"] = scores
    found.loc[rows, "tier"] = pd.array(tiers, dtype="Int64")
    found.loc[rows, "in_top_probability"] = top_probability(drawn, capacity, seed=seed)
    is_drawn = np.array([name != ONLY_CHOSEN for name in COMPONENTS]) | (shares > 0)
    found.loc[rows, "top_share"] = _share_of_weightings(standard[:, is_drawn], capacity, seed)
    found.loc[rows[order[:capacity]], "is_first"] = True
    return found


def assign_tiers(drawn: Floats, order: Ints) -> list[int]:
    """Assign areas to tiers by draws of their criterion, (draws, n), the highest first in `order`.

    Examples
    --------
    Three draws of three areas; the third is below the first in all of them:

    >>> drawn = np.array([[9.0, 8.0, 1.0], [8.0, 9.0, 2.0], [9.0, 7.0, 1.0]])
    >>> assign_tiers(drawn, np.array([0, 1, 2]))
    [1, 1, 2]
    """
    tiers = [0] * drawn.shape[1]
    tier, first = 0, -1
    for place in order.tolist():
        if not tier or float((drawn[:, place] < drawn[:, first]).mean()) > SURE_ENOUGH:
            tier, first = tier + 1, place
        tiers[place] = tier
    return tiers


def top_probability(drawn: Floats, k: int, *, seed: int) -> Floats:
    """Return how often each area is among the k highest of a draw, equal ones by lot: (n,)."""
    n = drawn.shape[1]
    if k >= n:
        return np.ones(n)
    lot = np.random.default_rng(seed).random(drawn.shape)
    top = np.lexsort((lot, -drawn), axis=1)[:, :k]
    return np.asarray(np.bincount(top.ravel(), minlength=n) / len(drawn))


def exceeds_city_mean(
    estimates: Sequence[Estimate], area_km2: Sequence[float], city_per_km2: float
) -> Bools:
    """Return which areas have more than the city's mean for as much land, beyond chance: (n,)."""
    refuse_no_land(area_km2)
    return np.array(
        [
            not one.is_sure and one.low > city_per_km2 * km2
            for one, km2 in zip(estimates, area_km2, strict=True)
        ],
        dtype=bool,
    )


def _drawn_scores(components: Components, placed: Ints, shares: Floats) -> Floats:
    """Weigh draws of n areas on the scale of their values: (draws, n)."""
    values, counted = components.table.iloc[placed], np.flatnonzero(shares)
    if len(counted) == 1:  # one component needs no scale, even if its values are all alike
        only = components.draw(placed, counted.tolist())[:, :, 0]
        return np.asarray(np.where(np.isnan(only), values.iloc[:, counted[0]].mean(), only))
    means, sds = find_scale(values)
    apart = components.draw(placed) - means
    return np.asarray((np.where(np.isnan(apart), 0.0, apart) / sds) @ shares)


def _ties(drawn: Floats) -> tuple[Floats, ...]:
    """Order equal areas by the bounds of what is drawn, so that rows' order does not matter."""
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    return np.round(-high, 9), np.round(-low, 9)


def _share_of_weightings(standard: Floats, k: int, seed: int) -> Floats:
    """Compute how often each area would be first if the weights were drawn at random: (n,)."""
    random = np.random.default_rng(seed)
    weightings = random.dirichlet(np.ones(standard.shape[1]), N_WEIGHTINGS)
    weighed = weightings @ standard.T  # (weightings, n)
    top = np.argsort(-weighed, axis=1, kind="stable")[:, :k]
    return np.asarray(np.bincount(top.ravel(), minlength=len(standard)) / N_WEIGHTINGS)


def describe_order(weights: Weights) -> Message:
    """Name the criterion that areas are ordered by."""
    return msg(
        {
            "expected": "order.expected",
            "density": "order.density",
            "homicides": "order.homicides",
            "lasting": "order.lasting",
            "recent": "order.recent",
            "people": "order.people",
            "risk": "order.risk",
            "several": "order.several",
        }[weights.only or "several"]
    )


@dataclass(frozen=True)
class TierFacts:
    """What is said about an area when its tier is explained."""

    name: str  # its letter or its place name
    incidents: int  # counted in it
    area_km2: float  # its land
    estimate: Estimate  # the incidents expected in a period as long


def explain_tier(
    area: TierFacts, tier: int | None, city_per_km2: float, weights: Weights = NEXT_YEAR
) -> tuple[Message, Message]:
    """Explain in two sentences why an area has its tier, or none.

    All areas of a tier have the same second sentence: nothing in it says who comes before whom.
    """
    estimate = area.estimate
    usual = city_per_km2 * area.area_km2
    if estimate.is_sure:
        counted = msg("tier.counted_flat", n=area.incidents, name=area.name)
        return counted, msg("tier.flat", usual=usual)
    counted = msg(
        "tier.counted",
        n=area.incidents,
        name=area.name,
        low=math.floor(estimate.low),
        high=math.ceil(estimate.high),
    )
    if tier is None:
        return counted, msg("tier.none", usual=usual)
    order = str(describe_order(weights))
    return counted, msg("tier.member", usual=usual, tier=tier, order=order)
