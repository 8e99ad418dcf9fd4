"""One method of choosing against another, in pairs, with the range that chance allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.backtest.scoring import BASELINES, FoldScore
from csa.base.params import Month
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
