"""The files of an assessment: what is known of each area, and which come first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from csa.areas.backtest.record import BacktestRecord
from csa.areas.choices import AreaSettings
from csa.areas.file_format import list_rows, list_versions, round_figures, write_header
from csa.areas.ordering import Weights
from csa.areas.priority.assessment import (
    CHOSEN_COLUMNS,
    JUDGED_COLUMNS,
    AreaAssessment,
)
from csa.areas.proposal import METHOD_VERSION, Proposal, plain
from csa.base.io import csv_bytes, json_bytes
from csa.base.text import render
from csa.city.dataset import City
from csa.geo.cells import as_text

# ---- Candidate areas found with the values that past years suggest, and how sure each is.


@dataclass(frozen=True)
class AssessedProposal:
    """Candidate areas and what is known of them."""

    city: City  # the city's file, its incidents and its places
    choices: AreaSettings  # what the analyst chose
    record: BacktestRecord | None  # what past years show; None where no record is stored
    proposal: Proposal  # all candidates
    assessment: AreaAssessment  # how sure each is

    @property
    def usual_fall_share(self) -> float | None:
        """Chosen areas' usual drop in share of the city in a year, 0 to below 1, or None."""
        usual = None if self.record is None else self.record.usual_fall_share
        return None if usual is None else min(max(usual, 0.0), 0.99)


MARKER = "priorities.json"
RENAMED = {"generalized_gini": "generalised_gini"}
"""Fields that files spell otherwise; columns and keys are a contract."""
PRIORITY_COLUMNS = {**JUDGED_COLUMNS, **CHOSEN_COLUMNS}
TESTED_COLUMNS = {
    "cell": "H3 cell, 15 hex digits",
    "incidents_around": "incidents in the cell and its neighbours",
    "expected_around": "expected there if incidents fell at random among people, or on land where "
    "people are not known",
    "z": "Gi*: how far the cells' sum lies from the mean, in standard deviations",
    "p": "how often chance alone would give as many",
    "q": "the same, with the number of cells tested allowed for",
    "is_hot": "whether q is at most 0.05",
}


def priorities_account(found: AssessedProposal, weights: Weights, capacity: int) -> dict[str, Any]:
    """Summarize what is known of areas, and by which weights some come first."""
    judgement = found.assessment
    return {
        **write_header("priorities", found.city),
        "params": dict(found.proposal.summary["params"]),
        "suggested_by": found.proposal.summary["params"]["suggested_by"],
        "capacity": capacity,
        "weights": dict(weights.by_component),
        "city_per_km2": judgement.city_per_km2,
        "tiers": {str(tier): n for tier, n in count_tiers(judgement).items()},
        "areas_without_tier": judgement.n_without_tier,
        "answers": {
            name: {
                "can": answer.can,
                "is_firm": answer.is_sufficient,
                "text": render(answer.message),
            }
            for name, answer in judgement.answers.items()
        },
        "finest_resolution": judgement.finest,
        "concentration": {
            RENAMED.get(name, name): plain(value)
            for name, value in asdict(judgement.concentration).items()
        },
        "why": {
            area_id: [render(sentence) for sentence in sentences]
            for area_id, sentences in judgement.why.items()
        },
        "method_version": METHOD_VERSION,
        "versions": list_versions(),
    }


def priorities_files(
    account: Mapping[str, Any], judgement: AreaAssessment, chosen: pd.DataFrame
) -> dict[str, bytes]:
    """Write an assessment as files, the same bytes for the same assessment."""
    columns = list(PRIORITY_COLUMNS)
    table = join_chosen(judgement, chosen)
    files = {"priorities.csv": csv_bytes(columns, list_rows(table, columns, round_figures))}
    if judgement.cells is not None:
        names = list(TESTED_COLUMNS)
        cells = judgement.cells.assign(cell=as_text(judgement.cells.index))
        files["cells.csv"] = csv_bytes(names, list_rows(cells, names, round_figures))
    return {**files, MARKER: json_bytes(account)}


def join_chosen(judgement: AreaAssessment, chosen: pd.DataFrame) -> pd.DataFrame:
    """Join the weighted order to what is known of each area."""
    # By position: both are west to east, and an empty table's letters have no type.
    table = judgement.table.reset_index(drop=True)
    return table.join(chosen.drop(columns="tier").reset_index(drop=True))[list(PRIORITY_COLUMNS)]


def count_tiers(judgement: AreaAssessment) -> dict[int, int]:
    """Count the areas of each tier."""
    counts = Counter(int(tier) for tier in judgement.table["tier"].dropna())
    return dict(sorted(counts.items()))
