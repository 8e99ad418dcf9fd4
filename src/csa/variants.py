"""What was tried beside the areas as proposed: other ways of forming them, other settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from csa.backtesting import Question, judge, make_trial, refuse_outside
from csa.choices import Choices
from csa.city import Areas
from csa.finding import places_of, settle_params
from csa.hotspots.areas import form_areas
from csa.hotspots.expected import spread
from csa.hotspots.grid import CellSet, Floats
from csa.log import Tell, silent
from csa.params import AreaParams, Period
from csa.priorities.backtest import Judged, tabulate
from csa.priorities.shrinkage import fit_block_prior, shrink
from csa.priorities.suggestion import Tried
from csa.windows import Located

SWEPT_EPS_M = (150.0, 200.0, 250.0, 300.0)
SWEPT_DENSITY = (0.85, 1.0, 1.15)
"""Times the documented density: min_samples in a circle of eps_m."""


def run_variants(
    located: Located, choices: Choices, areas: Areas, question: Question, tell: Tell = silent
) -> pd.DataFrame:
    """Score other ways of forming areas, and other settings of DBSCAN, at the same origins.

    Areas are taken by the plain shrunken estimate of blocks as large.

    Parameters
    ----------
    located
        The city's incidents.
    choices
        How areas are proposed.
    areas
        The documented values.
    question
        Origins, horizon and land.
    tell
        Called with each step as it begins.

    Returns
    -------
    pandas.DataFrame
        As `csa.priorities.backtest.tabulate`, the variant's name as `method`.

    Raises
    ------
    PeriodError
        If an origin has no month of data before it, or not the whole horizon after it.
    """
    refuse_outside(located.dataset, question)
    tables = [tabulate([], located.land, question.horizon_months)]
    for origin in question.origins:
        tell("variants")
        period = Period.before(origin, choices.months)
        for name, found in _variants(located, period, choices, areas):
            trial = make_trial(
                located, period, question, found, _block_per_km2(located, period, found)
            )
            one = judge(trial, located, question)
            alone = Judged(
                trial,
                {"areas": one.parts["areas"], "ceiling": one.parts["ceiling"]},
                one.filled_share,
            )
            table = tabulate([alone], located.land, question.horizon_months)
            tables.append(table[table["method"] == "areas"].assign(method=name))
    return pd.concat(tables, ignore_index=True)


def _variants(
    located: Located, period: Period, choices: Choices, areas: Areas
) -> Iterator[tuple[str, Sequence[CellSet]]]:
    """Form areas without a size limit; by the period's counts alone; by memory alone; swept."""
    params = settle_params(located, period, choices, areas)
    window = located.window(period)
    whole = AreaParams(params.dbscan, params.resolution, 0)
    counts = located.counts(period).astype(np.float64)
    memory = located.expected(period, with_recent=False)
    for way, how, expected in (
        ("plain_dbscan", whole, counts),
        ("window_only", params, spread(counts, located.grid)),
        ("memory_only", params, memory),
    ):
        yield way, form_areas(window.xy, window.cells, located.grid, how, expected).areas
    expected = located.expected(period)
    for eps_m, min_samples, swept in _settings(located, period, choices, areas):
        found = form_areas(window.xy, window.cells, located.grid, swept, expected).areas
        yield f"areas_{eps_m:g}m_{min_samples}", found


def _settings(
    located: Located, period: Period, choices: Choices, areas: Areas
) -> Iterator[tuple[float, int, AreaParams]]:
    """Yield radius, minimum at the documented count, and both for this period's count."""
    free = replace(choices, eps_m=None, min_samples=None)
    for eps_m in SWEPT_EPS_M:
        asked = areas.min_samples * (eps_m / areas.eps_m) ** 2
        for min_samples in sorted({max(2, round(asked * density)) for density in SWEPT_DENSITY}):
            swept = areas.model_copy(update={"eps_m": eps_m, "min_samples": min_samples})
            yield eps_m, min_samples, settle_params(located, period, free, swept)


def sweep_settings(
    located: Located, choices: Choices, areas: Areas, question: Question, tell: Tell = silent
) -> tuple[Tried, ...]:
    """Try settings of DBSCAN around the documented ones at past origins, on the same land.

    Parameters
    ----------
    located
        The city's incidents.
    choices
        How areas are proposed.
    areas
        The documented values.
    question
        Origins, horizon and land.
    tell
        Called with each step as it begins.

    Returns
    -------
    tuple of Tried
        Each setting with what it caught.

    Raises
    ------
    PeriodError
        If an origin has no month of data before it, or not the whole horizon after it.
    """
    refuse_outside(located.dataset, question)
    hits: dict[tuple[float, int], list[float]] = {}
    numbers: dict[tuple[float, int], list[int]] = {}
    for origin in question.origins:
        tell("variants")
        period = Period.before(origin, choices.months)
        window, expected = located.window(period), located.expected(period)
        for eps_m, min_samples, params in _settings(located, period, choices, areas):
            found = form_areas(window.xy, window.cells, located.grid, params, expected).areas
            trial = make_trial(
                located, period, question, found, _block_per_km2(located, period, found)
            )
            part = judge(trial, located, question).parts["areas"]
            came = trial.future.sum()
            hits.setdefault((eps_m, min_samples), []).append(
                float(part @ trial.future / came) if came else 0.0
            )
            numbers.setdefault((eps_m, min_samples), []).append(len(found))
    return tuple(
        Tried(*setting, tuple(shares), tuple(numbers[setting])) for setting, shares in hits.items()
    )


def _block_per_km2(located: Located, period: Period, found: Sequence[CellSet]) -> Floats:
    """Estimate areas by the prior of blocks as large: quick, and near enough to order them."""
    counts, grid = located.counts(period), located.grid
    per_km2 = np.zeros(len(found))
    most = located.spirals.shape[1]
    for number, area in enumerate(found):
        at = places_of(located, area)
        prior = fit_block_prior(counts, located.spirals, min(len(at), most))
        usual = float(counts.mean() * len(at))
        estimate = shrink(int(counts[at].sum()), prior, city_mean=usual)
        per_km2[number] = estimate.mean / grid.size_km2(area)
    return per_km2
