"""Alternatives to the areas as proposed: other ways of forming them, other settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from csa.areas.choices import Choices
from csa.areas.expected import spread
from csa.areas.finding import Estimator, document, settle_params
from csa.areas.forming import form_areas
from csa.areas.study_area import StudyArea
from csa.backtest.origins import BacktestQuestion, make_trial, refuse_outside
from csa.backtest.scoring import TrialScore, as_table, judge_areas, tabulate
from csa.backtest.suggestion import Tried
from csa.base.logging import Tell, silent
from csa.base.params import AreaParams, DocumentedDbscan, Period
from csa.geo.cells import CellSet

SWEPT_RADII = (0.6, 0.8, 1.0, 1.2)
"""Times the documented radius."""

SWEPT_DENSITY = (0.85, 1.0, 1.15)
"""Times the documented density: min_samples in a circle of eps_m."""


def run_variants(
    located: StudyArea,
    choices: Choices,
    documented: DocumentedDbscan | None,
    question: BacktestQuestion,
    tell: Tell = silent,
) -> pd.DataFrame:
    """Score other ways of forming areas, and other settings of DBSCAN, at the same origins."""
    refuse_outside(located.dataset, question)
    tables = [as_table([])]
    for origin in question.origins:
        tell("variants")
        period = Period.before(origin, choices.months)
        estimator = Estimator(located, period)
        for name, found in list_variants(located, period, choices, documented):
            one = judge_variant(located, period, question, found, estimator)
            table = tabulate([one], located.land, question.horizon_months)
            tables.append(table[table["method"] == "areas"].assign(method=name))
    return pd.concat(tables, ignore_index=True)


def judge_variant(
    located: StudyArea,
    period: Period,
    question: BacktestQuestion,
    found: Sequence[CellSet],
    estimator: Estimator,
) -> TrialScore:
    """Score the areas of one variant by what came after."""
    trial = make_trial(located, period, question, found, estimator.per_km2(found))
    return judge_areas(trial, located.land, question.area_share)


def list_variants(
    located: StudyArea, period: Period, choices: Choices, documented: DocumentedDbscan | None
) -> Iterator[tuple[str, Sequence[CellSet]]]:
    """Form areas without a size limit; by the period's counts alone; by memory alone; swept."""
    known = document(located, period, choices, documented)
    params = settle_params(located, period, choices, known)
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
    for eps_m, min_samples, swept in _settings(located, period, choices, known):
        found = form_areas(window.xy, window.cells, located.grid, swept, expected).areas
        yield f"areas_{eps_m:g}m_{min_samples}", found


def _settings(
    located: StudyArea, period: Period, choices: Choices, documented: DocumentedDbscan
) -> Iterator[tuple[float, int, AreaParams]]:
    """Yield radius, minimum at the documented count, and both for this period's count."""
    free = replace(choices, eps_m=None, min_samples=None)
    for radius in SWEPT_RADII:
        eps_m = round(radius * documented.eps_m, 1)
        asked = documented.min_samples * radius**2
        for min_samples in sorted({max(2, round(asked * density)) for density in SWEPT_DENSITY}):
            swept = replace(documented, eps_m=eps_m, min_samples=min_samples, dense_per_km2=None)
            yield eps_m, min_samples, settle_params(located, period, free, swept)


def sweep_settings(
    located: StudyArea,
    choices: Choices,
    documented: DocumentedDbscan,
    question: BacktestQuestion,
    tell: Tell = silent,
) -> tuple[Tried, ...]:
    """Try settings of DBSCAN around the documented ones at past origins."""
    refuse_outside(located.dataset, question)
    rows: dict[tuple[float, int], list[tuple[float, float, int]]] = {}
    for origin in question.origins:
        tell("variants")
        period = Period.before(origin, choices.months)
        window, expected = located.window(period), located.expected(period)
        estimator = Estimator(located, period)
        for eps_m, min_samples, params in _settings(located, period, choices, documented):
            found = form_areas(window.xy, window.cells, located.grid, params, expected).areas
            one = judge_variant(located, period, question, found, estimator)
            part, future = one.parts["areas"], one.trial.future
            hit_share = float(part @ future / future.sum()) if future.sum() else 0.0
            area_share = float(part @ located.land.area_km2) / located.land.total_km2
            rows.setdefault((eps_m, min_samples), []).append((hit_share, area_share, len(found)))
    return tuple(
        Tried(*setting, *(tuple(column) for column in zip(*caught, strict=True)))
        for setting, caught in rows.items()
    )
