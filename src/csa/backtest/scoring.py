"""How well would this have worked? Choose from the past, score on what came next.

Every method is scored on exactly the same area of land: a method that takes more land catches more,
and the accuracy index of small areas rises by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.land import Land, take_areas, take_cells, take_units
from csa.base.arrays import Floats, Ints
from csa.base.params import Month

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
"""The types of columns that are not shares."""


@dataclass(frozen=True)
class Trial:
    """What was known on one past day, and what came next."""

    origin: Month  # the first month that was not known
    counts: Ints  # (m,) incidents of the period before
    last_year: Ints  # (m,) incidents of the 12 months before
    xy: Floats  # (n, 2) metres
    areas: Sequence[Ints]  # places of each candidate area's cells
    per_km2: Floats  # the areas' shrunken estimates per km2
    future: Ints  # (m,) incidents of the months scored


@dataclass(frozen=True)
class TrialScore:
    """One trial, scored."""

    trial: Trial  # what was known, and what came
    parts: Mapping[str, Floats]  # method to (m,) the part of each cell that it takes, 0 to 1
    filled_share: float  # the part of the areas' budget that is cells beside areas


def judge_trial(trial: Trial, land: Land, area_share: float, *, seed: int) -> TrialScore:
    """Score every method, choosing from what was known, on exactly the same area."""
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
    return TrialScore(trial, parts, taken.filled_share)


def judge_areas(trial: Trial, land: Land, area_share: float) -> TrialScore:
    """Score areas alone, beside the best possible choice of as much land; quick."""
    budget_km2 = area_share * land.total_km2
    taken = take_areas(trial.areas, trial.per_km2, trial.counts, land, budget_km2)
    same_km2 = min(budget_km2, float((taken.part * land.area_km2).sum()))
    parts = {"areas": taken.part, "ceiling": _best_possible(trial.future, land, same_km2)}
    return TrialScore(trial, parts, taken.filled_share)


def _best_possible(future: Ints, land: Land, budget_km2: float) -> Floats:
    order = np.argsort(-(future / land.area_km2), kind="stable")
    return take_cells(order, land, budget_km2)


def _busiest_neighborhoods(trial: Trial, land: Land, budget_km2: float) -> Floats:
    """Take the neighborhoods with most incidents per km2 last year; land outside all comes last."""
    units, unit = np.unique(land.neighborhood, return_inverse=True)
    per_km2 = np.bincount(unit, trial.last_year) / np.bincount(unit, land.area_km2)
    order = units[np.lexsort((-per_km2, units < 0))]
    return take_units(order.tolist(), land.neighborhood, land, budget_km2)


def _drawn(land: Land, budget_km2: float, seed: int) -> Floats:
    """Draw cells at random many times; return the part of each that is taken on average."""
    rng = np.random.default_rng(seed)
    n_cells = len(land.area_km2)
    total = np.zeros(n_cells)
    for _ in range(RANDOM_DRAWS):
        total += take_cells(rng.permutation(n_cells), land, budget_km2)
    return total / RANDOM_DRAWS


def tabulate(judged: Sequence[TrialScore], land: Land, horizon_months: int) -> pd.DataFrame:
    """List what each method caught at each origin."""
    rows = [
        _row(one, method, part, land, horizon_months)
        for one in judged
        for method, part in one.parts.items()
    ]
    return as_table(rows)


def as_table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a table of rows, each column of its kind however many rows there are."""
    if any(set(row) != set(BACKTEST_COLUMNS) for row in rows):
        raise ValueError(rows)
    table = pd.DataFrame(rows, columns=list(BACKTEST_COLUMNS))
    return table.astype({name: _KINDS.get(name, "float64") for name in BACKTEST_COLUMNS})


def _row(
    one: TrialScore, method: str, part: Floats, land: Land, horizon_months: int
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
