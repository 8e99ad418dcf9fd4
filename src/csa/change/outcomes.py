"""Other signals of a city, such as shots-fired alerts: beside shootings, never among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_for_areas
from csa.base.errors import CsaError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import Month
from csa.base.text import month, render
from csa.change.analyze import Displacement, analyze_displacement
from csa.change.sentences import counts_at, name_all, name_verdict
from csa.city.config import Outcome
from csa.city.dataset import City, open_dataset
from csa.city.preregistration import Verdict
from csa.city.selection import AreaSelection
from csa.geo.cells import parents

PLACE_RESOLUTION = 8
"""Places by which two signals are compared: cells of .7 km2."""
LEAST_PLACES = 10


@dataclass(frozen=True)
class OutcomeFollowed:
    """What another signal did in the same areas and months.

    Fields: `id`, `outcome`, `displaced`, `why_not`, `together`, `n_places`, `n_months`.
    """

    id: str  # its name in the city's file
    outcome: Outcome
    displaced: Displacement | None  # as shootings are followed; None where it cannot be
    why_not: Message | None  # why it cannot be followed
    together: float | None  # rank correlation with shootings by place; None where too few
    n_places: int  # cells compared
    n_months: int  # months that both cover


def follow_outcomes(
    city: City,
    choices: AreaSettings,
    chosen: AreaSelection,
    since: Month | None,
    progress: ProgressCallback = no_progress,
) -> tuple[OutcomeFollowed, ...]:
    """Follow the same areas by each other signal that the city's file names."""
    found = []
    for name, outcome in city.config.outcomes.items():
        progress("outcome")
        try:
            found.append(_follow(city, choices, chosen, since, name, outcome))
        except CsaError as error:
            found.append(OutcomeFollowed(name, outcome, None, error.message, None, 0, 0))
    return tuple(found)


def _follow(
    city: City,
    choices: AreaSettings,
    chosen: AreaSelection,
    since: Month | None,
    name: str,
    outcome: Outcome,
) -> OutcomeFollowed:
    folder = city.own_folder.parent / outcome.dataset
    other = open_dataset(folder)
    same_land = replace(
        other,
        neighborhoods=city.dataset.neighborhoods,
        study_area=city.dataset.study_area,
    )
    its = City(city.config, same_land, folder)
    # Shootings chose these areas: by this signal nothing is known of how such areas go on.
    same = chosen.undated()
    located = locate_for_areas(its, replace(choices, kinds=AreaSettings().kinds), chosen.all_cells)
    displaced = analyze_displacement(located, same, since, ())
    together, n_places, n_months = _together(city.dataset.incidents, other.incidents)
    return OutcomeFollowed(name, outcome, displaced, None, together, n_places, n_months)


def _together(shootings: pd.DataFrame, others: pd.DataFrame) -> tuple[float | None, int, int]:
    """Compare how often both came in each place, in the months that both cover."""
    spans = [(one["occurred_at"].min(), one["occurred_at"].max()) for one in (shootings, others)]
    first, last = max(a for a, _ in spans), min(b for _, b in spans)
    if pd.isna(first) or pd.isna(last) or first >= last:
        return None, 0, 0
    counts = []
    for incidents in (shootings, others):
        inside = incidents[incidents["occurred_at"].between(first, last)]
        cells = inside.filter(like="cell_r").iloc[:, -1].dropna()
        numbers = np.array([int(cell, 16) for cell in cells if cell], dtype=np.uint64)
        counts.append(pd.Series(parents(numbers, PLACE_RESOLUTION)).value_counts())
    both = pd.concat(counts, axis=1).fillna(0)
    n_months = (last.year - first.year) * 12 + last.month - first.month + 1
    if len(both) < LEAST_PLACES or (both.nunique() < 2).any():
        return None, len(both), n_months
    from scipy.stats import spearmanr  # noqa: PLC0415 - loads late

    return float(spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic), len(both), n_months


def describe_outcome(found: OutcomeFollowed) -> Iterator[Message]:
    """Describe what another signal did in all areas together, and how well both go together."""
    name = found.outcome.name
    if found.displaced is None:
        why = "" if found.why_not is None else render(found.why_not)
        yield msg("outcome.not_followed", name=name, why=why)
        return
    judged = found.displaced.pooled
    verdict = judged.verdicts[-1]
    is_open = verdict in {Verdict.TOO_FEW, Verdict.TOO_EARLY}
    yield msg(
        "outcome.not_judged" if is_open else "outcome.said",
        name=name,
        verdict=name_verdict(verdict),
        who=name_all(found.displaced),
        since=month(str(found.displaced.since)),
        **counts_at(judged.core, -1),
    )
    if found.together is None:
        yield msg("outcome.together_unknown")
    else:
        yield msg("outcome.together", rho=found.together, n=found.n_places, months=found.n_months)


def outcome_account(found: OutcomeFollowed) -> dict[str, Any]:
    """Return what is said of another signal as plain values."""
    displaced = found.displaced
    return {
        "id": found.id,
        "name": found.outcome.name,
        "verdict": None if displaced is None else str(displaced.pooled.verdicts[-1]),
        "sentences": [render(one) for one in describe_outcome(found)],
        "single": []
        if displaced is None
        else [
            {
                "area_id": area_id,
                "verdict": str(judged.verdicts[-1]),
                "counted": int(judged.core.counted[-1]),
                "expected": round(float(judged.core.expectation.mean[-1]), 2),
            }
            for area_id, judged in zip(displaced.chosen.area_ids, displaced.by_area, strict=True)
        ],
        "rank_correlation": None if found.together is None else round(found.together, 3),
        "places": found.n_places,
        "months": found.n_months,
    }
