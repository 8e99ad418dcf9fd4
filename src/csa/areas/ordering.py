"""The one order of areas: by one criterion come tiers, who is first, and how sure that is.

What an area's criterion is worth is not known exactly. It is drawn many times from what is known,
and the same draws say who cannot be told apart, and who is among the first how often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.criterion import (
    COMPONENTS,
    NEXT_YEAR,
    ONLY_CHOSEN,
    SEED,
    Components,
    Weights,
    find_scale,
    refuse_no_land,
    standardise,
)
from csa.areas.shrinkage import Estimate
from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError
from csa.base.message import Message, say

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
        raise ParamError("priorities.at_least_one", name="capacity", given=capacity)
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


def stands_out(
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


def say_order(weights: Weights) -> Message:
    """Name the criterion that areas are ordered by."""
    return say(
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
        counted = say("tier.counted_flat", n=area.incidents, name=area.name)
        return counted, say("tier.flat", usual=usual)
    counted = say(
        "tier.counted",
        n=area.incidents,
        name=area.name,
        low=math.floor(estimate.low),
        high=math.ceil(estimate.high),
    )
    if tier is None:
        return counted, say("tier.none", usual=usual)
    key = {
        "expected": "tier.member_expected",
        "density": "tier.member_density",
        "homicides": "tier.member_homicides",
        "lasting": "tier.member_lasting",
        "recent": "tier.member_recent",
        "people": "tier.member_people",
        "risk": "tier.member_risk",
        "several": "tier.member_several",
    }[weights.only or "several"]
    return counted, say(key, usual=usual, tier=tier)
