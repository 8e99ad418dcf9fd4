"""How well would this have worked? Choose from the past, score on what came next.

Every way of choosing is judged on exactly the same area of land: a way that takes more land
catches more, and the accuracy index of small areas rises by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.params import Month
from csa.priorities.land import Floats, Ints, Land, take_areas, take_cells, take_units

BANDWIDTHS_M = (150, 200, 300, 500)
TIE_BANDWIDTH_M = 300
RANDOM_DRAWS = 200
METHODS = (
    "areas",
    "count",
    "kde_150",
    "kde_200",
    "kde_300",
    "kde_500",
    "neighborhoods",
    "random",
    "ceiling",
)
BASELINES = ("count", "kde_150", "kde_200", "kde_300", "kde_500", "neighborhoods")
"""What a city could do without this tool, from the same data."""

BACKTEST_COLUMNS = {
    "origin": "first month that was not known (YYYY-MM)",
    "horizon_months": "months after it that were scored",
    "method": "way of choosing",
    "area_km2": "land chosen, the same for every method of an origin",
    "area_share": "of the study area's land",
    "hit_share": "share of the incidents that came, inside what was chosen",
    "pai": "hit_share over area_share",
    "pei_star": "pai over the best possible at that area",
    "n_future": "incidents that came, inside the study area",
    "filled_share": "part of the area that is cells beside areas",
}
_KINDS = {"origin": "str", "method": "str", "horizon_months": "int64", "n_future": "int64"}
"""Of columns that hold no shares."""


@dataclass(frozen=True)
class Trial:
    """What was known on one day of the past, and what came.

    Parameters
    ----------
    origin
        The first month that was not known.
    counts
        (m,) incidents of the period before.
    last_year
        (m,) incidents of the 12 months before.
    xy
        (n, 2) metres: the period's incidents.
    areas
        Places of each candidate area's cells.
    per_km2
        The areas' shrunken estimates per km2.
    future
        (m,) incidents of the months scored.
    """

    origin: Month
    counts: Ints
    last_year: Ints
    xy: Floats  # (n, 2) metres
    areas: Sequence[Ints]
    per_km2: Floats
    future: Ints


@dataclass(frozen=True)
class Judged:
    """One trial judged.

    Parameters
    ----------
    trial
        What was known, and what came.
    parts
        Method to (m,) the part of each cell that it takes, 0 to 1.
    filled_share
        The part of the areas' budget that is cells beside areas.
    """

    trial: Trial
    parts: Mapping[str, Floats]
    filled_share: float


def judge_trial(trial: Trial, land: Land, area_share: float, *, seed: int) -> Judged:
    """Let every method choose from what was known, on exactly the same area.

    Parameters
    ----------
    trial
        What was known.
    land
        The study area's cells.
    area_share
        The part of the study area's land that is chosen. Where areas cover less even with the
        cells that fill them, all methods choose as little.
    seed
        Of the random draws.

    Returns
    -------
    Judged
        What each of `METHODS` takes.
    """
    budget_km2 = area_share * land.total_km2
    taken = take_areas(trial.areas, trial.per_km2, trial.counts, land, budget_km2)
    same_km2 = min(budget_km2, float((taken.part * land.area_km2).sum()))
    densities = {h: land.density(trial.xy, h) for h in BANDWIDTHS_M}
    by_count = np.lexsort((-densities[TIE_BANDWIDTH_M], -trial.counts))
    parts = {"areas": taken.part, "count": take_cells(by_count, land, same_km2)}
    for bandwidth_m, density in densities.items():
        order = np.argsort(-density, kind="stable")
        parts[f"kde_{bandwidth_m}"] = take_cells(order, land, same_km2)
    parts["neighborhoods"] = _busiest_neighborhoods(trial, land, same_km2)
    parts["random"] = _drawn(land, same_km2, seed)
    parts["ceiling"] = _best_possible(trial.future, land, same_km2)
    return Judged(trial, parts, taken.filled_share)


def judge_areas(trial: Trial, land: Land, area_share: float) -> Judged:
    """Let areas alone choose, beside the best possible on as much land: quick.

    Parameters
    ----------
    trial
        What was known.
    land
        The study area's cells.
    area_share
        The part of the study area's land that is chosen.

    Returns
    -------
    Judged
        What `areas` and `ceiling` take.
    """
    budget_km2 = area_share * land.total_km2
    taken = take_areas(trial.areas, trial.per_km2, trial.counts, land, budget_km2)
    same_km2 = min(budget_km2, float((taken.part * land.area_km2).sum()))
    parts = {"areas": taken.part, "ceiling": _best_possible(trial.future, land, same_km2)}
    return Judged(trial, parts, taken.filled_share)


def _best_possible(future: Ints, land: Land, budget_km2: float) -> Floats:
    order = np.argsort(-(future / land.area_km2), kind="stable")
    return take_cells(order, land, budget_km2)


def _busiest_neighborhoods(trial: Trial, land: Land, budget_km2: float) -> Floats:
    """Take the neighborhoods with most incidents per km2 last year; land of none comes last."""
    units, unit = np.unique(land.neighborhood, return_inverse=True)
    per_km2 = np.bincount(unit, trial.last_year) / np.bincount(unit, land.area_km2)
    order = units[np.lexsort((-per_km2, units < 0))]
    return take_units(order.tolist(), land.neighborhood, land, budget_km2)


def _drawn(land: Land, budget_km2: float, seed: int) -> Floats:
    """Draw cells at random, many times; the part of each that is taken on average."""
    rng = np.random.default_rng(seed)
    n_cells = len(land.area_km2)
    total = np.zeros(n_cells)
    for _ in range(RANDOM_DRAWS):
        total += take_cells(rng.permutation(n_cells), land, budget_km2)
    return total / RANDOM_DRAWS


def tabulate(judged: Sequence[Judged], land: Land, horizon_months: int) -> pd.DataFrame:
    """List what each method caught at each origin.

    Parameters
    ----------
    judged
        Trials judged.
    land
        The study area's cells.
    horizon_months
        Months after each origin that were scored.

    Returns
    -------
    pandas.DataFrame
        `BACKTEST_COLUMNS`; shares are NaN where nothing came or nothing was chosen.
    """
    rows = [
        _row(one, method, part, land, horizon_months)
        for one in judged
        for method, part in one.parts.items()
    ]
    return as_table(rows)


def as_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a table of rows, each column of its kind however many rows there are.

    Parameters
    ----------
    rows
        Values by name; None for what is not known.

    Returns
    -------
    pandas.DataFrame
        `BACKTEST_COLUMNS`.

    Raises
    ------
    ValueError
        If a row has other names, or a value is of another kind.
    """
    if any(set(row) != set(BACKTEST_COLUMNS) for row in rows):
        raise ValueError(rows)
    table = pd.DataFrame(rows, columns=list(BACKTEST_COLUMNS))
    return table.astype({name: _KINDS.get(name, "float64") for name in BACKTEST_COLUMNS})


def _row(
    one: Judged, method: str, part: Floats, land: Land, horizon_months: int
) -> dict[str, object]:
    future = one.trial.future
    n_future = int(future.sum())
    area_km2 = float((part * land.area_km2).sum())
    area_share = area_km2 / land.total_km2
    hit_share = float((part * future).sum() / n_future) if n_future else np.nan
    best = float((one.parts["ceiling"] * future).sum() / n_future) if n_future else np.nan
    return {
        "origin": str(one.trial.origin),
        "horizon_months": horizon_months,
        "method": method,
        "area_km2": area_km2,
        "area_share": area_share,
        "hit_share": hit_share,
        "pai": hit_share / area_share if area_share else np.nan,
        "pei_star": hit_share / best if best else np.nan,
        "n_future": n_future,
        "filled_share": one.filled_share if method == "areas" else 0.0,
    }


@dataclass(frozen=True)
class Comparison:
    """One method against another on the same days and the same land.

    Parameters
    ----------
    method, baseline
        Their names.
    hit_share, baseline_hit_share
        Their means over origins.
    difference
        Mean difference of the hit shares.
    low, high
        Between which the difference lies with 90 % confidence.
    """

    method: str
    baseline: str
    hit_share: float
    baseline_hit_share: float
    difference: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """The method's mean hit share over the baseline's; NaN where the baseline caught none."""
        if not self.baseline_hit_share:
            return math.nan
        return self.hit_share / self.baseline_hit_share

    @property
    def verdict(self) -> str:
        """`better`, `worse`, or `as good`: the interval holds zero."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "as good"


def best_baseline(table: pd.DataFrame) -> str:
    """Name the baseline with the highest mean hit share.

    Parameters
    ----------
    table
        As `tabulate` gives.

    Returns
    -------
    str
        Of `BASELINES`; of equals the first.
    """
    means = table.groupby("method")["hit_share"].mean()
    return max(BASELINES, key=lambda name: means[name])


def compare(
    judged: Sequence[Judged], method: str, baseline: str, *, seed: int, n_resamples: int = 2000
) -> Comparison:
    """Compare two methods in pairs, with a bootstrap over origins and incidents.

    The luck of incidents is already in how origins differ. Drawn again in full within each, it
    would count twice, and the interval would hold the truth 98 times in 100 instead of 90: so
    within an origin it is divided by the square root of their number. Simulated with 1 to 12
    origins of 1,500 incidents, the interval then holds the truth 87 to 91 times in 100; with 3
    to 12, where origins differ in truth as much as by luck, 83 to 88 times. A single origin
    cannot show how origins differ.

    Parameters
    ----------
    judged
        Trials judged, each with some incident that came.
    method, baseline
        Names of methods.
    seed
        Of the bootstrap.
    n_resamples
        How often origins, and within each its incidents, are drawn again.

    Returns
    -------
    Comparison
        The mean difference with its 90 % interval.

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
    # Rounded: what sums leave behind after twelve places makes no method better or worse.
    difference, low, high = (
        round(float(number), 12) + 0.0
        for number in ((ours - theirs).mean(), *np.quantile(means, [0.05, 0.95]))
    )
    return Comparison(
        method, baseline, float(ours.mean()), float(theirs.mean()), difference, low, high
    )
