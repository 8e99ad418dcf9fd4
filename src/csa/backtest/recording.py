"""What needs many past proposals, computed once and stored: how they did, and what they suggest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from csa.areas.choices import Choices, Suggestion
from csa.areas.locating import locate_incidents
from csa.areas.proposal import METHOD_VERSION
from csa.backtest.origins import (
    AREA_SHARE,
    HORIZON_MONTHS,
    BacktestQuestion,
    past_januaries,
    run_backtest,
)
from csa.backtest.record import Record, UsualChange, record_from_plain, record_to_plain
from csa.backtest.scoring import TrialScore
from csa.backtest.suggestion import Tried, choose_setting
from csa.backtest.variants import sweep_settings
from csa.base.errors import ParamError, PeriodError
from csa.base.logging import Tell, silent
from csa.base.params import DocumentedDbscan, Month
from csa.base.schema import KINDS
from csa.config.city import Areas, CityConfig
from csa.dataset.kept import kept_path, load_newest, load_own, save_kept
from csa.dataset.versioned import City, Dataset

NAME = "past-years"


def past_years(dataset: Dataset, choices: Choices) -> tuple[Month, ...]:
    """List the past Januaries that a record scores."""
    if not 1 <= choices.months <= 1200:
        raise ParamError("param.months", given=choices.months)
    try:
        return past_januaries(dataset, choices.months, HORIZON_MONTHS)
    except PeriodError as error:
        if error.message.key != "backtest.no_month":
            raise
        return ()


def make_record(city: City, choices: Choices, tell: Tell = silent) -> Record:
    """Try settings at all past Januaries, choose the one to suggest, and score its areas.

    The areas scored are those that are then proposed. The years that choose a setting also score
    it; among settings about as good, that flatters it little.
    """
    tell("cells")
    located = locate_incidents(city, choices)
    default = city.config.areas
    origins = past_years(city.dataset, choices)
    question = BacktestQuestion(origins)
    documented = default.documented
    tried: tuple[Tried, ...] = ()
    if documented is not None:
        tried = sweep_settings(located, choices, documented, question, tell)
    suggested = choose_setting(tried)
    judged = run_backtest(located, choices, _with_setting(documented, suggested), question, tell)
    return Record(
        city.dataset.fingerprint,
        METHOD_VERSION,
        {**record_params(choices, default), "origins": [str(origin) for origin in origins]},
        judged.table,
        judged.comparison,
        tried,
        suggested,
        tuple(find_usual_change(one) for one in judged.judged),
    )


def load_record(city: City, choices: Choices) -> Record | None:
    """Read the record stored beside a dataset for these parameters."""
    return load_own(city, NAME, _params(city, choices), record_from_plain)


def load_suggestion(city: City, choices: Choices) -> Record | None:
    """Read the record whose setting is suggested: this dataset's, else the latest of older data.

    New data come each month; a setting is chosen once a year, so an older record's stands until
    `csa backtest` is run again.
    """
    params = _params(city, choices)
    return load_newest(city, NAME, params, record_from_plain, _latest_origin)


def _latest_origin(record: Record) -> tuple[str, int, str]:
    origins = record.table["origin"].tolist()
    return max(origins, default=""), record.n_origins, record.fingerprint


def save_record(record: Record, city: City, choices: Choices) -> None:
    """Write a record beside its dataset."""
    save_kept(city, NAME, _params(city, choices), record_to_plain(record))


def record_path(city: City, choices: Choices) -> Path:
    """Return where the record of these choices is stored."""
    return kept_path(city, NAME, _params(city, choices))


def _params(city: City, choices: Choices) -> dict[str, object]:
    return {"method": METHOD_VERSION, **record_params(choices, city.config.areas)}


def record_params(choices: Choices, areas: Areas) -> dict[str, object]:
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


def suggestion_of(config: CityConfig, record: Record | None) -> Suggestion:
    """Return the values that a proposal suggests, and where they come from."""
    chosen = None if record is None else record.suggested
    if chosen is None:
        return Suggestion.of(config.areas)
    return Suggestion(_with_setting(config.areas.documented, chosen), "past years")


def _with_setting(
    documented: DocumentedDbscan | None, chosen: Tried | None
) -> DocumentedDbscan | None:
    if documented is None or chosen is None:
        return documented
    return replace(documented, eps_m=chosen.eps_m, min_samples=chosen.min_samples)


def find_usual_change(one: TrialScore) -> UsualChange:
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
    return UsualChange(str(trial.origin), len(trial.areas), **shares)
