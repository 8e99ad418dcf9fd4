"""What needs many past proposals, computed once and stored: how they did, and what they suggest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from csa.areas.backtest.comparison import SettingScore, choose_setting
from csa.areas.backtest.origins import (
    AREA_SHARE,
    HORIZON_MONTHS,
    BacktestSpec,
    make_trial,
    past_januaries,
    refuse_outside,
    run_backtest,
)
from csa.areas.backtest.record import (
    BacktestRecord,
    FollowUpChange,
    record_from_plain,
    record_to_plain,
)
from csa.areas.backtest.scoring import FoldScore, as_table, score_areas, tabulate
from csa.areas.choices import AreaSettings, Suggestion
from csa.areas.finding import document, find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.areas.proposal import METHOD_VERSION
from csa.areas.study_area import StudyArea
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import AreaParams, DocumentedDbscan, Month, Period
from csa.base.processes import Mapper, announced
from csa.base.schema import KINDS
from csa.city.config import Areas, CityConfig
from csa.city.dataset import City, Dataset
from csa.city.results import load_latest_result, load_result, save_result
from csa.geo.cells import CellSet

# ---- Alternatives to the areas as proposed: other ways of forming them, other settings.


SWEPT_RADII = (0.6, 0.8, 1.0, 1.2)
"""Times the documented radius."""

SWEPT_DENSITY = (0.85, 1.0, 1.15)
"""Times the documented density: min_samples in a circle of eps_m."""


def run_variants(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    question: BacktestSpec,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> pd.DataFrame:
    """Score other ways of forming areas, and other settings of DBSCAN, at the same origins."""
    refuse_outside(located.dataset, question)
    tables = [as_table([])]
    scored = apply(
        partial(_score_variants, located, choices, documented, question), question.origins
    )
    tables += announced(scored, question.origins, progress, "variants")
    return pd.concat(tables, ignore_index=True)


def _score_variants(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    question: BacktestSpec,
    origin: Month,
) -> pd.DataFrame:
    period, tables = Period.before(origin, choices.months), []
    for name, areas in list_variants(located, period, choices, documented):
        trial = make_trial(located, period, question, areas)
        score = score_areas(trial, located.land, question.area_share)
        table = tabulate([score], located.land, question.horizon_months)
        tables.append(table[table["method"] == "areas"].assign(method=name))
    return pd.concat(tables, ignore_index=True)


def list_variants(
    located: StudyArea, period: Period, choices: AreaSettings, documented: DocumentedDbscan | None
) -> Iterator[tuple[str, Sequence[CellSet]]]:
    """Form areas without a size limit, and with other settings of DBSCAN."""
    known = document(located, period, choices, documented)
    params = resolve_params(located, period, choices, known)
    yield "plain_dbscan", find_areas(located, period, replace(params, max_area_km2=0.0)).areas
    for eps_m, min_samples, swept in _settings(located, period, choices, known):
        yield f"areas_{eps_m:g}m_{min_samples}", find_areas(located, period, swept).areas


def _settings(
    located: StudyArea, period: Period, choices: AreaSettings, documented: DocumentedDbscan
) -> Iterator[tuple[float, int, AreaParams]]:
    """Yield radius, minimum at the documented count, and both for this period's count."""
    free = replace(choices, eps_m=None, min_samples=None)
    for radius in SWEPT_RADII:
        eps_m = round(radius * documented.eps_m, 1)
        asked = documented.min_samples * radius**2
        for min_samples in sorted({max(2, round(asked * density)) for density in SWEPT_DENSITY}):
            swept = replace(documented, eps_m=eps_m, min_samples=min_samples)
            yield eps_m, min_samples, resolve_params(located, period, free, swept)


def sweep_settings(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan,
    question: BacktestSpec,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> tuple[SettingScore, ...]:
    """Try settings of DBSCAN around the documented ones at past origins."""
    refuse_outside(located.dataset, question)
    rows: dict[tuple[float, int], list[tuple[float, float, int]]] = {}
    scored = apply(
        partial(_score_settings, located, choices, documented, question), question.origins
    )
    for caught in announced(scored, question.origins, progress, "variants"):
        for setting, shares in caught.items():
            rows.setdefault(setting, []).append(shares)
    return tuple(
        SettingScore(*setting, *(tuple(column) for column in zip(*caught, strict=True)))
        for setting, caught in rows.items()
    )


def _score_settings(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan,
    question: BacktestSpec,
    origin: Month,
) -> dict[tuple[float, int], tuple[float, float, int]]:
    """Return what areas of each setting caught, the land they took, and how many they were."""
    caught, period = {}, Period.before(origin, choices.months)
    for eps_m, min_samples, params in _settings(located, period, choices, documented):
        areas = find_areas(located, period, params).areas
        trial = make_trial(located, period, question, areas)
        part = score_areas(trial, located.land, question.area_share).parts["areas"]
        future, land = trial.future, located.land
        hit_share = float(part @ future / future.sum()) if future.sum() else 0.0
        area_share = float(part @ land.area_km2) / land.total_km2
        caught[eps_m, min_samples] = hit_share, area_share, len(areas)
    return caught


NAME = "past-years"


def past_years(dataset: Dataset, choices: AreaSettings) -> tuple[Month, ...]:
    """List the past Januaries that a record scores."""
    if not 1 <= choices.months <= 1200:
        raise ParamError("param.months", given=choices.months)
    try:
        return past_januaries(dataset, choices.months, HORIZON_MONTHS)
    except PeriodError as error:
        if error.message.key != "backtest.no_month":
            raise
        return ()


def make_record(
    city: City,
    choices: AreaSettings,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> BacktestRecord:
    """Try settings at all past Januaries, choose the one to suggest, and score its areas.

    The areas scored are those that are then proposed. The years that choose a setting also score
    it; among settings about as good, that flatters it little.
    """
    progress("cells")
    located = locate_incidents(city, choices)
    default = city.config.areas
    origins = past_years(city.dataset, choices)
    question = BacktestSpec(origins)
    documented = default.documented
    tried: tuple[SettingScore, ...] = ()
    if documented is not None:
        tried = sweep_settings(located, choices, documented, question, progress, apply)
    suggested = choose_setting(tried)
    setting = _with_setting(documented, suggested)
    past = run_backtest(located, choices, setting, question, progress, apply)
    return BacktestRecord(
        city.dataset.fingerprint,
        METHOD_VERSION,
        {**record_params(choices, default), "origins": [str(origin) for origin in origins]},
        past.table,
        past.comparison,
        tried,
        suggested,
        tuple(measure_follow_up(score) for score in past.scores),
    )


def load_record(city: City, choices: AreaSettings) -> BacktestRecord | None:
    """Read the record stored beside a dataset for these parameters."""
    return load_result(city, NAME, _params(city, choices), record_from_plain)


def load_suggestion(city: City, choices: AreaSettings) -> BacktestRecord | None:
    """Read the record whose setting is suggested: this dataset's, else the latest of older data.

    New data come each month; a setting is chosen once a year, so an older record's stands until
    `csa backtest` is run again.
    """
    params = _params(city, choices)
    return load_latest_result(city, NAME, params, record_from_plain, _latest_origin)


def _latest_origin(record: BacktestRecord) -> tuple[str, int, str]:
    origins = record.table["origin"].tolist()
    return max(origins, default=""), record.n_origins, record.fingerprint


def save_record(record: BacktestRecord, city: City, choices: AreaSettings) -> None:
    """Write a record beside its dataset."""
    save_result(city, NAME, _params(city, choices), record_to_plain(record))


def _params(city: City, choices: AreaSettings) -> dict[str, object]:
    return {"method": METHOD_VERSION, **record_params(choices, city.config.areas)}


def record_params(choices: AreaSettings, areas: Areas) -> dict[str, object]:
    """List what a record depends on beside the dataset and the method."""
    return {
        "months": choices.months,
        "resolution": choices.resolution,
        "max_area_km2": float(choices.max_area_km2),
        "kinds": [kind for kind in KINDS if kind in choices.kinds],
        "horizon_months": HORIZON_MONTHS,
        "area_share": AREA_SHARE,
        "documented": {
            name: getattr(areas, name)
            for name in ("eps_m", "min_samples", "at_incidents", "min_samples_floor")
        },
    }


def build_suggestion(config: CityConfig, record: BacktestRecord | None) -> Suggestion:
    """Return the values that a proposal suggests, and where they come from."""
    chosen = None if record is None else record.suggested
    if chosen is None:
        return Suggestion.of(config.areas)
    return Suggestion(_with_setting(config.areas.documented, chosen), "past years")


def _with_setting(
    documented: DocumentedDbscan | None, chosen: SettingScore | None
) -> DocumentedDbscan | None:
    if documented is None or chosen is None:
        return documented
    return replace(documented, eps_m=chosen.eps_m, min_samples=chosen.min_samples)


def measure_follow_up(one: FoldScore) -> FollowUpChange:
    """Compare the year after with the years before, in a trial's areas."""
    trial = one.trial
    inside = np.zeros(len(trial.counts), dtype=bool)
    for area in trial.areas:
        inside[area] = True
    shares: Mapping[str, float] = {
        name: float(counts[inside].sum() / counts.sum()) if counts.sum() else 0.0
        for name, counts in (
            ("before_share", trial.counts),
            ("last_year_share", trial.last_year),
            ("after_share", trial.future),
        )
    }
    return FollowUpChange(str(trial.origin), len(trial.areas), **shares)
