"""Whether past years would have gained by ordering areas by relative risk, not by what is expected.

Only years after those that the factors learned from are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from csa.areas.backtest.comparison import MethodComparison, compare
from csa.areas.backtest.origins import SEED, BacktestSpec, make_trial
from csa.areas.backtest.scoring import Fold, FoldScore
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.land import take_areas
from csa.areas.risk_score import load_fitted
from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats
from csa.base.errors import TableError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import DocumentedDbscan, Period
from csa.city.dataset import City
from csa.city.results import load_latest_result, save_result

KEPT_NAME = "risk-order"
RISK, EXPECTED = "risk", "expected"


@dataclass(frozen=True)
class RiskOrderGain:
    """What the first areas by relative risk caught, beside the first by what is expected."""

    origins: tuple[str, ...]  # first months that were not known (YYYY-MM)
    capacity: int  # how many areas come first
    horizon_months: int  # months after each origin that were scored
    comparison: MethodComparison  # by risk against by what is expected, on the same land

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {**asdict(self), "origins": list(self.origins)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> RiskOrderGain:
        """Read it from plain values."""
        try:
            values = {**plain, "origins": tuple(plain["origins"])}
            return cls(**{**values, "comparison": MethodComparison(**plain["comparison"])})
        except (KeyError, TypeError) as error:
            raise TableError("backtest.bad_record") from error


def measure_risk_order(
    city: City,
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    question: BacktestSpec,
    progress: ProgressCallback = no_progress,
) -> RiskOrderGain | None:
    """Score the first areas by relative risk and by what is expected, on exactly the same land.

    None where `csa risk` has not run, or no origin lies after the months that it learned from.
    """
    fitted = load_fitted(city)
    if fitted is None or fitted.until is None:
        return None
    capacity = city.config.priorities.capacity
    judged = []
    for origin in (one for one in question.origins if one >= fitted.until):
        progress("origin")
        period = Period.before(origin, choices.months)
        found = find_areas(located, period, resolve_params(located, period, choices, documented))
        trial = make_trial(located, period, question, found.areas)
        risk = np.nan_to_num([fitted.mean_in(area) for area in found.areas], nan=0.0)
        if trial.areas and trial.future.sum():
            judged.append(_score(trial, located, risk, capacity))
    if not judged:
        return None
    return RiskOrderGain(
        tuple(str(one.trial.origin) for one in judged),
        capacity,
        question.horizon_months,
        compare(judged, RISK, EXPECTED, seed=SEED),
    )


def _score(trial: Fold, located: StudyArea, risk: Floats, capacity: int) -> FoldScore:
    """Take areas in both orders, as much land as the first by what is expected have."""
    land = located.land
    expected = np.array([trial.expected[area].sum() for area in trial.areas])
    first = np.argsort(-expected, kind="stable")[:capacity]
    budget_km2 = float(sum(land.area_km2[trial.areas[at]].sum() for at in first))
    parts = {
        name: take_areas(trial.areas, score, trial.expected, land, budget_km2).part
        for name, score in ((RISK, risk), (EXPECTED, expected))
    }
    return FoldScore(trial, parts, 0.0)


def describe_risk_order(gain: RiskOrderGain) -> Message:
    """State what ordering by risk would have gained, also where that is nothing."""
    found = gain.comparison
    key = {
        "better": "backtest.risk_better",
        "as good": "backtest.risk_no_gain",
        "worse": "backtest.risk_worse",
        "one year": "backtest.risk_one_year",
    }[found.verdict]
    return msg(
        key,
        n=len(gain.origins),
        months=gain.horizon_months,
        k=gain.capacity,
        risk=100 * found.hit_share,
        expected=100 * found.baseline_hit_share,
        low=100 * found.low,
        high=100 * found.high,
    )


def save_risk_order(gain: RiskOrderGain, city: City) -> None:
    """Store it beside the dataset."""
    save_result(city, KEPT_NAME, {}, {**gain.to_dict()})


def load_risk_order(city: City) -> RiskOrderGain | None:
    """Read what was stored for a dataset, else the newest of older data."""
    return load_latest_result(city, KEPT_NAME, {}, RiskOrderGain.of, lambda one: max(one.origins))
