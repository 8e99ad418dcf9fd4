"""Which of DBSCAN's settings to suggest: of those about as good in past years, the simplest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csa.base.message import Message, msg
from csa.base.params import LAND_SHARE

MIN_ORIGINS = 3
"""With fewer past years the differences between settings are chance."""

NEAR = 0.35
"""How far apart two settings may be, in logarithms (about 40%), to stand for each other."""

ROUNDING = 1e-9
ALIKE = 0.999
"""Differences below a thousandth of the land are rounding."""


@dataclass(frozen=True)
class SettingScore:
    """One setting of DBSCAN, and how it did in past years."""

    eps_m: float  # radius in meters
    min_samples: int  # minimum count, for the documented number of incidents
    hit_shares: tuple[float, ...]  # share of the next incidents that its areas caught, by origin
    area_shares: tuple[float, ...]  # on which part of the land, by origin
    n_areas: tuple[int, ...]  # how many candidate areas it gave, by origin

    @property
    def mean_hit_share(self) -> float:
        """Mean over origins."""
        return float(np.mean(self.hit_shares))

    @property
    def mean_areas(self) -> float:
        """Mean number of areas over origins."""
        return float(np.mean(self.n_areas))


def choose_setting(tried: Sequence[SettingScore]) -> SettingScore | None:
    """Choose, among settings that past years cannot distinguish from the best, the fewest areas.

    References
    ----------
    Breiman, Friedman, Olshen & Stone (1984), Classification and Regression Trees, section 3.4.3
    (the rule of one standard error).
    """
    comparable = comparable_settings(tried)
    if not comparable or len(comparable[0].hit_shares) < MIN_ORIGINS:
        return None
    best = max(comparable, key=lambda one: one.mean_hit_share)
    as_good = [one for one in comparable if _is_as_good(one, best)]
    return min(as_good, key=lambda one: (one.mean_areas, -one.mean_hit_share, one.eps_m))


def comparable_settings(tried: Sequence[SettingScore]) -> list[SettingScore]:
    """Keep the settings whose areas covered as much land as any at each origin."""
    most = [max(shares) for shares in zip(*(one.area_shares for one in tried), strict=True)]
    return [
        one
        for one in tried
        if any(one.area_shares)
        and all(
            share >= ALIKE * as_much for share, as_much in zip(one.area_shares, most, strict=True)
        )
    ]


def _is_as_good(one: SettingScore, best: SettingScore) -> bool:
    apart = np.array(best.hit_shares) - np.array(one.hit_shares)
    error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
    # Behind in one year alone means behind by exactly one error: rounding must not decide.
    return float(apart.mean()) <= error * (1 + ROUNDING)


def explain_choice(
    chosen: SettingScore | None, tried: Sequence[SettingScore], n_origins: int
) -> Message:
    """Explain why a setting is suggested."""
    if n_origins and not tried:
        return msg("backtest.searched", land=LAND_SHARE)
    if chosen is None:
        return msg("backtest.too_few_years", n=n_origins, needed=MIN_ORIGINS)
    best = max(one.mean_hit_share for one in comparable_settings(tried))
    return msg(
        "backtest.why_setting",
        n=n_origins,
        eps_m=chosen.eps_m,
        min_samples=chosen.min_samples,
        hit_share=chosen.mean_hit_share,
        best_share=best,
        n_settings=len(tried),
        n_areas=chosen.mean_areas,
    )


def explain_override(
    eps_m: float, min_samples: float, tried: Sequence[SettingScore], chosen: SettingScore | None
) -> Message:
    """Explain what choosing another setting would have cost in past years."""

    def apart(one: SettingScore) -> float:
        return abs(math.log(one.eps_m / eps_m)) + abs(math.log(one.min_samples / min_samples))

    near = min(comparable_settings(tried), key=apart, default=None)
    if near is None or chosen is None or apart(near) > NEAR:
        return msg("backtest.override_unknown")
    return msg(
        "backtest.override",
        eps_m=near.eps_m,
        min_samples=near.min_samples,
        hit_share=near.mean_hit_share,
        suggested_share=chosen.mean_hit_share,
    )
