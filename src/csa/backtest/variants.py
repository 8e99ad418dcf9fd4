"""Alternatives to the areas as proposed: other ways of forming them, other settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.finding import document, find_areas, settle_params
from csa.areas.study_area import StudyArea
from csa.backtest.origins import BacktestQuestion, make_trial, refuse_outside
from csa.backtest.scoring import as_table, judge_areas, tabulate
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
        for name, found in list_variants(located, period, choices, documented):
            trial = make_trial(located, period, question, found)
            one = judge_areas(trial, located.land, question.area_share)
            table = tabulate([one], located.land, question.horizon_months)
            tables.append(table[table["method"] == "areas"].assign(method=name))
    return pd.concat(tables, ignore_index=True)


def list_variants(
    located: StudyArea, period: Period, choices: Choices, documented: DocumentedDbscan | None
) -> Iterator[tuple[str, Sequence[CellSet]]]:
    """Form areas without a size limit, and with other settings of DBSCAN."""
    known = document(located, period, choices, documented)
    params = settle_params(located, period, choices, known)
    yield "plain_dbscan", find_areas(located, period, replace(params, max_area_km2=0.0)).areas
    for eps_m, min_samples, swept in _settings(located, period, choices, known):
        yield f"areas_{eps_m:g}m_{min_samples}", find_areas(located, period, swept).areas


def _settings(
    located: StudyArea, period: Period, choices: Choices, documented: DocumentedDbscan
) -> Iterator[tuple[float, int, AreaParams]]:
    """Yield radius, minimum at the documented count, and both for this period's count."""
    free = replace(choices, eps_m=None, min_samples=None)
    for radius in SWEPT_RADII:
        eps_m = round(radius * documented.eps_m, 1)
        asked = documented.min_samples * radius**2
        for min_samples in sorted({max(2, round(asked * density)) for density in SWEPT_DENSITY}):
            swept = replace(documented, eps_m=eps_m, min_samples=min_samples)
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
        for eps_m, min_samples, params in _settings(located, period, choices, documented):
            found = find_areas(located, period, params).areas
            one = judge_areas(
                make_trial(located, period, question, found), located.land, question.area_share
            )
            part, future = one.parts["areas"], one.trial.future
            hit_share = float(part @ future / future.sum()) if future.sum() else 0.0
            area_share = float(part @ located.land.area_km2) / located.land.total_km2
            rows.setdefault((eps_m, min_samples), []).append((hit_share, area_share, len(found)))
    return tuple(
        Tried(*setting, *(tuple(column) for column in zip(*caught, strict=True)))
        for setting, caught in rows.items()
    )
