"""Tiers, not false ranks: areas that do not differ clearly share a tier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammainc

from csa.areas.shrinkage import Estimate
from csa.base.arrays import Floats
from csa.base.errors import ParamError
from csa.base.message import Message, say

SURE_ENOUGH = 0.9
"""How sure it must be that an area is below the first of a tier to start the next tier."""


@dataclass(frozen=True)
class TierFacts:
    """What is said about an area when its tier is explained."""

    name: str  # its letter or its place name
    incidents: int  # counted in it
    area_km2: float  # its land
    estimate: Estimate  # the incidents expected in a period as long


def probability_below(one: Estimate, other: Estimate, exposures: tuple[float, float]) -> float:
    """Return the probability that one area's rate is below another's.

    References
    ----------
    Two independent Gammas: the first's share of their sum, each divided by its scale, is a
    Beta. Johnson, Kotz & Balakrishnan (1994), Continuous Univariate Distributions, ch. 17.
    """
    _refuse_no_land(exposures)
    rate, other_rate = one.rate * exposures[0], other.rate * exposures[1]
    if one.is_sure and other.is_sure:
        return float(one.mean / exposures[0] < other.mean / exposures[1])
    if one.is_sure:
        return 1 - float(gammainc(other.alpha, other_rate * one.mean / exposures[0]))
    if other.is_sure:
        return float(gammainc(one.alpha, rate * other.mean / exposures[1]))
    return float(betainc(one.alpha, other.alpha, rate / (rate + other_rate)))


def assign_tiers(
    estimates: Sequence[Estimate], area_km2: Sequence[float], city_per_km2: float
) -> list[int | None]:
    """Assign areas to tiers: an area starts one when it is surely below the first of the last tier.

    Tiers compare rates per km2, so a large area does not lead because it is large. That
    intervals overlap would be no rule: A may overlap B, and B C, but not A C.

    Parameters
    ----------
    estimates
        Of n areas, in any order.
    area_km2
        Their land.
    city_per_km2
        The study area's incidents per km2 in the same period.

    Returns
    -------
    list of int or None
        Length n, from 1, the highest rates; None for an area whose lower bound does not exceed
        the study area's mean for as much land, or has no spread (a flat city).

    Raises
    ------
    ParamError
        If an area has no land.

    Examples
    --------
    >>> prior = csa.Prior(alpha=1.0, beta=0.1)
    >>> estimates = [csa.shrink(n, prior) for n in (100, 92, 40, 2)]
    >>> csa.assign_tiers(estimates, [1.0, 1.0, 1.0, 1.0], city_per_km2=5.0)
    [1, 1, 2, None]
    """
    _refuse_no_land(area_km2)
    areas = list(zip(estimates, area_km2, strict=True))
    told_apart = [
        place
        for place, (area, km2) in enumerate(areas)
        if not area.is_sure and area.low > city_per_km2 * km2
    ]
    tiers: list[int | None] = [None] * len(areas)
    tier, first = 0, -1
    for place in sorted(told_apart, key=lambda place: _highest_first(*areas[place])):
        if not tier or _is_surely_below(areas[place], areas[first]):
            tier, first = tier + 1, place
        tiers[place] = tier
    return tiers


def probability_in_top(
    estimates: Sequence[Estimate],
    area_km2: Sequence[float],
    k: int,
    *,
    seed: int,
    n_draws: int = 4000,
) -> Floats:
    """Return each area's probability of being among the k with the highest rates per km2.

    Returns (n,), 0 to 1, with sum k.
    """
    for name, given in (("k", k), ("n_draws", n_draws)):
        if given < 1:
            raise ParamError("priorities.at_least_one", name=name, given=given)
    _refuse_no_land(area_km2)
    n = len(estimates)
    if k >= n:
        return np.ones(n)
    random = np.random.default_rng(seed)
    per_km2 = np.empty((n_draws, n))
    for place, (area, km2) in enumerate(zip(estimates, area_km2, strict=True)):
        if area.is_sure:  # rounded, as sums of land taken in another order are not quite equal
            per_km2[:, place] = round(area.mean / km2, 9)
        else:
            per_km2[:, place] = random.gamma(area.alpha, 1 / area.rate, n_draws) / km2
    lot = random.random((n_draws, n))
    top = np.lexsort((lot, -per_km2), axis=1)[:, :k]  # (n_draws, k) places
    shares: Floats = np.bincount(top.ravel(), minlength=n) / n_draws
    return shares


def explain_tier(area: TierFacts, tier: int | None, city_per_km2: float) -> tuple[Message, Message]:
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
    return counted, say("tier.member", usual=usual, tier=tier)


def _highest_first(area: Estimate, km2: float) -> tuple[float, float, float]:
    """Order by rate per km2, ties by their bounds, so that the order of rows does not matter."""
    return -area.mean / km2, -area.low / km2, -area.high / km2


def _is_surely_below(one: tuple[Estimate, float], other: tuple[Estimate, float]) -> bool:
    return probability_below(one[0], other[0], (one[1], other[1])) > SURE_ENOUGH


def _refuse_no_land(area_km2: Sequence[float]) -> None:
    for given in area_km2:
        if not given > 0:
            raise ParamError("priorities.no_land", given=given)
