"""How well would this have worked? Choose from the past, score on what came next.

Every method is scored on exactly the same area of land: a method that takes more land catches more,
and the accuracy index of small areas rises by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csa.areas.finding import find_density
from csa.areas.land import Land, TakenAreas, take_areas, take_cells, take_units
from csa.areas.walkable import walkable_areas
from csa.base.arrays import Floats, Ints
from csa.base.params import Month
from csa.geo.cells import CellSet, mean_km2
from csa.geo.grid import Grid

TIE_BANDWIDTH_M = 300
MIX_M = (60, 250)
RANDOM_DRAWS = 200
BASELINES = (
    "count_36",
    "count_all",
    "kde_150_36",
    "kde_150_all",
    "kde_300_all",
    "kde_mix_all",
    "neighborhoods",
    "count_areas",
)
"""What a city could do without this tool, from the same data: `36` the months of a proposal, `all`
everything known; `count_areas` are cells by count, grown to areas as walkable as the proposed."""

METHODS = ("areas", "blocks", *BASELINES, "random", "ceiling")

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
class Fold:
    """What was known on one past day, and what came next."""

    origin: Month  # the first month that was not known
    counts: Ints  # (m,) incidents of the period before
    counts_all: Ints  # (m,) all incidents before
    last_year: Ints  # (m,) incidents of the 12 months before
    xy: Floats  # (n, 2) meters: of the period
    xy_all: Floats  # (N, 2) meters: of all before
    expected: Floats  # (m,) what the past leads to expect
    areas: Sequence[Ints]  # places of each candidate area's cells
    future: Ints  # (m,) incidents of the months scored
    limit_km2: float = 2.0  # no area is larger, nor one grown from counts


@dataclass(frozen=True)
class FoldScore:
    """One trial, scored."""

    trial: Fold  # what was known, and what came
    parts: Mapping[str, Floats]  # method to (m,) the part of each cell that it takes, 0 to 1
    filled_share: float  # the part of the areas' budget that is cells beside areas


def score_fold(trial: Fold, land: Land, grid: Grid, area_share: float, *, seed: int) -> FoldScore:
    """Score every method, choosing from what was known, on exactly the same area."""
    budget_km2 = area_share * land.total_km2
    taken = _taken(trial.areas, trial.expected, land, budget_km2)
    same_km2 = min(budget_km2, float((taken.part * land.area_km2).sum()))

    def most(density: Floats) -> Floats:
        return take_cells(np.argsort(-density, kind="stable"), land, same_km2)

    tie = land.density(trial.xy_all, TIE_BANDWIDTH_M)
    narrow, wide = (land.density(trial.xy_all, width_m) for width_m in MIX_M)
    parts = {
        "areas": taken.part,
        "blocks": most(trial.expected / land.area_km2),
        "count_36": take_cells(np.lexsort((-tie, -trial.counts)), land, same_km2),
        "count_all": take_cells(np.lexsort((-tie, -trial.counts_all)), land, same_km2),
        "kde_150_36": most(land.density(trial.xy, 150)),
        "kde_150_all": most(land.density(trial.xy_all, 150)),
        "kde_300_all": most(tie),
        "kde_mix_all": most(narrow + wide),
        "neighborhoods": _busiest_neighborhoods(trial, land, same_km2),
        "count_areas": _counted_areas(
            trial.counts_all + tie / (1 + tie.max()), land, grid, same_km2, trial.limit_km2
        ),
        "random": _drawn(land, same_km2, seed),
        "ceiling": _best_possible(trial.future, land, same_km2),
    }
    return FoldScore(trial, parts, taken.filled_share)


def _taken(areas: Sequence[Ints], expected: Floats, land: Land, budget_km2: float) -> TakenAreas:
    """Take areas by what is expected for their land, up to an exact area."""
    per_km2 = [float(expected[area].sum() / land.area_km2[area].sum()) for area in areas]
    return take_areas(areas, np.array(per_km2), expected, land, budget_km2)


def _counted_areas(
    score: Floats, land: Land, grid: Grid, budget_km2: float, limit_km2: float
) -> Floats:
    """Grow cells by their counts to walkable areas; cells fill up what these leave of the land."""
    share = budget_km2 / land.total_km2 if land.total_km2 else 0.0
    everywhere, size = np.ones(len(score), dtype=bool), land.area_km2

    def areas_at(per_km2: float) -> list[CellSet]:
        return walkable_areas(everywhere, score, per_km2 * size, grid, limit_km2)

    per_km2 = find_density(areas_at, score, grid, share)
    part = np.zeros(len(score))
    if math.isfinite(per_km2):
        areas = [np.flatnonzero(grid.mask(area)) for area in areas_at(per_km2)]
        part = _taken(areas, score, land, budget_km2).part
    return _filled_up(part, score, land, budget_km2)


def _filled_up(part: Floats, score: Floats, land: Land, budget_km2: float) -> Floats:
    """Take cells by their counts beside what is taken, up to an exact area."""
    order = np.argsort(-score, kind="stable")
    free_km2 = ((1 - part) * land.area_km2)[order]
    left_km2 = budget_km2 - float((part * land.area_km2).sum())
    more = np.zeros(len(part))
    more[order] = np.clip(left_km2 - (np.cumsum(free_km2) - free_km2), 0.0, free_km2)
    return np.asarray(part + more / land.area_km2)


def score_areas(trial: Fold, land: Land, area_share: float) -> FoldScore:
    """Score areas alone, beside the best possible choice of as much land; quick."""
    budget_km2 = area_share * land.total_km2
    taken = _taken(trial.areas, trial.expected, land, budget_km2)
    same_km2 = min(budget_km2, float((taken.part * land.area_km2).sum()))
    parts = {"areas": taken.part, "ceiling": _best_possible(trial.future, land, same_km2)}
    return FoldScore(trial, parts, taken.filled_share)


def _best_possible(future: Ints, land: Land, budget_km2: float) -> Floats:
    order = np.argsort(-(future / land.area_km2), kind="stable")
    return take_cells(order, land, budget_km2)


def _busiest_neighborhoods(trial: Fold, land: Land, budget_km2: float) -> Floats:
    """Take the neighborhoods with most incidents per km2; land outside all comes last."""
    units, unit = np.unique(land.neighborhood, return_inverse=True)
    per_km2 = np.bincount(unit, trial.counts_all) / np.bincount(unit, land.area_km2)
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


def tabulate(judged: Sequence[FoldScore], land: Land, horizon_months: int) -> pd.DataFrame:
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


def is_best_informative(table: pd.DataFrame, resolution: int) -> bool:
    """Check whether a year has as many incidents as the land chosen has blocks.

    Fewer lie on so few blocks that the best possible is arithmetic: nearly all of them.
    """
    areas = table[table["method"] == "areas"]
    per_year = (areas["n_future"] * 12 / areas["horizon_months"]).mean()
    return bool(per_year >= areas["area_km2"].mean() / mean_km2(resolution))


def _row(
    one: FoldScore, method: str, part: Floats, land: Land, horizon_months: int
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
