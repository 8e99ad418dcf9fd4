"""What a city's files are made into: a dataset, areas, their order, a change, a month's facts.

The single commands, a new month and a fleet make them here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.analysis import save_place_names
from csa.areas.ordering import Weights
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.priority.assessment import prioritize, reorder
from csa.areas.priority.files import (
    AssessedProposal,
    join_chosen,
    priorities_account,
    priorities_files,
)
from csa.base.extra import extras_of, shipped_extras
from csa.base.logging import ProgressCallback, no_progress
from csa.base.memory import tune_malloc
from csa.base.params import Month
from csa.change.files import displacement_account, displacement_files
from csa.change.follow import FollowedAreas
from csa.city.config import CityConfig
from csa.city.dataset import City, save_dataset
from csa.city.selection import AreaSelection
from csa.ingest.intake import Intake, ingest_city
from csa.ingest.sources import Inputs
from csa.program.plan.items import Plan
from csa.program.registry import AreaStatus, match_statuses, served_as
from csa.program.secret import public_secret
from csa.program.store.engine import Store
from csa.reports.briefing.areas import CORE_AREAS, core_area_rows, core_areas_file
from csa.reports.month.facts import Facts
from csa.reports.month.gathering import gather_month
from csa.reports.month.month_end import ReportInputs, needs_public

COLUMN_BYTES = 512 * 1024
"""A column of a block of rows is larger: held in a heap, ten million rows left 150 MB of holes."""


def make_dataset(
    config: CityConfig, inputs: Inputs, out: Path, progress: ProgressCallback = no_progress
) -> tuple[Intake, str]:
    """Judge every row of a city's files, and write a dataset; return its version too."""
    tune_malloc(COLUMN_BYTES, n_heaps=1)
    intake = ingest_city(config, inputs, progress)
    progress("write")
    version = save_dataset(intake.dataset, intake.rejected, out)
    notes = save_place_names(City(config, intake.dataset, out), progress)
    return replace(intake, messages=(*intake.messages, *notes)), version


def tidy_store(config: CityConfig, store: Store) -> None:
    """Do what extras do to a store each time that data are read."""
    for extra in shipped_extras():
        if extra.upkeep:
            resolve_name(extra.upkeep)(store, config.city.clock.today())


@dataclass(frozen=True)
class PrioritiesMade:
    """How sure each candidate area is, and which come first."""

    found: AssessedProposal
    table: pd.DataFrame  # each area, and whether it is chosen
    standing: Mapping[str, AreaStatus]  # by candidate
    counts: Mapping[str, AreaCounts]  # of areas in service, by letter
    account: Mapping[str, Any]
    files: dict[str, bytes]


def make_priorities(analysis: Analysis, first: tuple[Weights, int] | None = None) -> PrioritiesMade:
    """Assess candidate areas and order them; `first` is by what, and how many, else the city's."""
    own = analysis.city.config.priorities
    weights, n_first = first or (Weights.of(own.weights), own.capacity)
    found, areas, counts = analysis.priorities, analysis.core_areas, analysis.counts
    found = replace(found, assessment=reorder(found.assessment, weights))
    chosen = prioritize(found.assessment, weights, n_first)
    standing = match_statuses(found.proposal.areas, areas)
    table = served_as(found.assessment.table, standing)
    found = replace(found, assessment=replace(found.assessment, table=table))
    account = priorities_account(found, weights, n_first)
    if areas:
        account["core_areas"] = core_area_rows(areas, counts)
    files = priorities_files(account, found.assessment, chosen)
    if areas:
        files[CORE_AREAS] = core_areas_file(areas, counts)
    table = join_chosen(found.assessment, chosen)
    return PrioritiesMade(found, table, standing, counts, account, files)


@dataclass(frozen=True)
class ChangeMade:
    """What changed in areas that were followed."""

    followed: FollowedAreas
    account: Mapping[str, Any]
    files: dict[str, bytes]
    sentences: Sequence[str] = ()  # what extras say of it


def make_change(
    analysis: Analysis, areas: AreaSelection | None = None, since: Month | None = None
) -> ChangeMade:
    """Follow areas, each since its own day or all since a month."""
    followed = analysis.follow(areas, since)
    account, files, sentences = displacement_account(followed), dict[str, bytes](), list[str]()
    for extra in extras_of(analysis.city.config):
        if extra.exports:
            added, account[extra.name] = resolve_name(extra.exports)(followed)
            files |= added
            sentences += account[extra.name]["sentences"]
    return ChangeMade(followed, account, files | displacement_files(account, followed), sentences)


def gather_facts(
    analysis: Analysis,
    plan: Plan | None,
    store: Store | None,
    month: Month,
    audience: str,
    inputs: ReportInputs,
) -> Facts:
    """Gather a month's facts for a report; what the public is told only where it is needed."""
    with_public = needs_public({audience}, is_served=bool(analysis.core_areas))
    inputs = replace(inputs, with_public=with_public, secret=public_secret(store))
    return gather_month(analysis, plan, month, inputs)
