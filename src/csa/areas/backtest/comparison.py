"""One method of choosing against another, in pairs, with the range that chance allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.backtest.scoring import BASELINES, FoldScore
from csa.base.message import Message, msg
from csa.base.params import LAND_SHARE, Month
from csa.base.text import method_phrase, tr

LEAST_YEARS = 2
VERDICT_KEYS = {
    "better": "backtest.better",
    "as good": "backtest.as_good",
    "worse": "backtest.worse",
    "one year": "backtest.one_year",
}


@dataclass(frozen=True)
class MethodComparison:
    """One method against another on the same days and the same land.

    Fields: `method`, `baseline`, `hit_share`, `baseline_hit_share`, `difference`, `low`,
    `high`, `n_years`.
    """

    method: str  # the method's name
    baseline: str  # the baseline's name
    hit_share: float  # the method's mean over origins
    baseline_hit_share: float  # the baseline's mean over origins
    difference: float  # mean difference of the hit shares
    low: float  # lower bound of the difference, 90% interval
    high: float  # upper bound of the difference, 90% interval
    n_years: int  # past years compared

    @property
    def ratio(self) -> float:
        """The method's mean hit share over the baseline's; NaN where the baseline caught none."""
        if not self.baseline_hit_share:
            return math.nan
        return self.hit_share / self.baseline_hit_share

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `as good` where the interval includes zero; or `one year`.

        One year cannot show how years differ, so it tells nothing.
        """
        if self.n_years < LEAST_YEARS:
            return "one year"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "as good"


def explain_comparison(
    comparison: MethodComparison | None,
    origins: Sequence[Month],
    horizon_months: int,
    land: str,
    best_share: float | None,
) -> str:
    """Describe how areas did on some land, beside the best other method, and the best possible."""
    if comparison is None:
        return tr("backtest.nothing_came")
    n_days = len(origins)
    is_yearly = len({origin.year for origin in origins}) == n_days
    by_months = tr("backtest.next_months", n=horizon_months)
    meaning = tr(
        "backtest.meaning",
        days=tr("backtest.years", n=n_days) if is_yearly else tr("backtest.days", n=n_days),
        came=tr("backtest.next_year") if horizon_months == 12 else by_months,
        hit=100 * comparison.hit_share,
        land=land,
        way=method_phrase(comparison.baseline),
        other=100 * comparison.baseline_hit_share,
        verdict=tr(VERDICT_KEYS[comparison.verdict]),
        low=100 * comparison.low,
        high=100 * comparison.high,
    )
    return (
        meaning
        if best_share is None
        else f"{meaning} {tr('backtest.best', share=100 * best_share)}"
    )


def best_baseline(table: pd.DataFrame) -> str:
    """Name the baseline with the highest mean hit share."""
    means = table.groupby("method")["hit_share"].mean()
    return max(BASELINES, key=lambda name: means[name])


def compare(
    judged: Sequence[FoldScore], method: str, baseline: str, *, seed: int, n_resamples: int = 2000
) -> MethodComparison:
    """Compare two methods in pairs, with a bootstrap over origins and incidents.

    Chance in the incidents is already part of how origins differ. Resampled in full within each, it
    would count twice, and the interval would hold the truth 98 times in 100 instead of 90: so
    within an origin it is divided by the square root of their number. Simulated with 1 to 12
    origins of 1,500 incidents, the interval then holds the truth 87 to 91 times in 100; with 3 to
    12, where origins truly differ as much as by chance, 83 to 88 times. A single origin cannot
    show how origins differ.

    References
    ----------
    Davison & Hinkley (1997), Bootstrap Methods and their Application, section 3.8 (levels of
    resampling).
    """
    rng = np.random.default_rng(seed)
    resampled = np.empty((len(judged), n_resamples))
    ours, theirs = np.empty(len(judged)), np.empty(len(judged))
    for number, one in enumerate(judged):
        future, mine, other = one.trial.future, one.parts[method], one.parts[baseline]
        came = np.flatnonzero(future)
        n_future = int(future.sum())
        ours[number] = mine @ future / n_future
        theirs[number] = other @ future / n_future
        drawn = rng.multinomial(n_future, future[came] / n_future, size=n_resamples)
        apart = ours[number] - theirs[number]
        luck = drawn @ (mine - other)[came] / n_future - apart
        resampled[number] = apart + luck / math.sqrt(len(judged))
    origins = rng.integers(len(judged), size=(len(judged), n_resamples))
    means = np.take_along_axis(resampled, origins, axis=0).mean(axis=0)
    # Rounded: differences after twelve decimals do not make a method better or worse.
    difference, low, high = (
        round(float(number), 12) + 0.0
        for number in ((ours - theirs).mean(), *np.quantile(means, [0.05, 0.95]))
    )
    caught = float(ours.mean()), float(theirs.mean())
    n_years = len({one.trial.origin.year for one in judged})
    return MethodComparison(method, baseline, *caught, difference, low, high, n_years)


# Which of DBSCAN's settings to suggest: of those about as good in past years, the simplest.

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
