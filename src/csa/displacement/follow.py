"""Areas followed since a start: all that the files of `csa displace` are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.study_area import locate
from csa.backtest.recording import load_suggestion, suggestion_of
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.config.city import CityConfig
from csa.dataset.chosen import Chosen
from csa.dataset.history import list_revisions, load_history
from csa.dataset.versioned import Dataset
from csa.displacement.analyze import Displacement, displace
from csa.displacement.classic_measures import (
    Evidence,
    compare_city,
    compare_newest,
    measure_evidence,
)
from csa.displacement.lineage_windows import Chance, Known, find_emerging, trace_lineage
from csa.displacement.panel import Controls, match_controls, panel_of
from csa.displacement.past_cohorts import load_chance, load_past
from csa.displacement.season import MonthCompared
from csa.displacement.sppt import PatternChange


@dataclass(frozen=True)
class Followed:
    """Areas followed, and what stands beside.

    Parameters
    ----------
    dataset
        The city's incidents and places.
    config
        The same city's file.
    displaced
        What changed.
    controls
        What areas are compared with, beside the rest of the city.
    pooled, single
        The classic numbers.
    pattern
        Whether the city's pattern moved.
    newest
        The newest whole month among its like.
    panel, lineage, emerging, revisions
        Tables.
    lineage_months
        Of each window of the lineage.
    chance
        How often areas appear and go by chance; None where `csa backtest` has not measured it.
    is_past_known
        Whether `csa backtest` has kept what areas of past years did.
    past_options
        With which options it would keep those of this way of choosing; empty where the city's
        own will do.
    """

    dataset: Dataset
    config: CityConfig
    displaced: Displacement
    controls: Controls
    pooled: Evidence
    single: tuple[Evidence, ...]
    pattern: PatternChange
    newest: MonthCompared
    panel: pd.DataFrame
    lineage: pd.DataFrame
    emerging: pd.DataFrame
    revisions: pd.DataFrame
    lineage_months: int
    chance: Chance | None
    is_past_known: bool
    past_options: str

    @property
    def changed_months(self) -> pd.DataFrame:
        """The months whose count is another than when they were first reported."""
        return self.revisions[self.revisions["now"] != self.revisions["first_reported"]]


@dataclass(frozen=True)
class Source:
    """Where areas are followed.

    Parameters
    ----------
    folder
        The dataset's folder, beside which past years are kept.
    dataset
        Its incidents.
    config
        The city's file.
    choices
        How areas are proposed; the resolution is that of the areas followed.
    """

    folder: Path
    dataset: Dataset
    config: CityConfig
    choices: Choices


def follow_areas(
    source: Source, chosen: Chosen, since: Month | None, tell: Tell = silent
) -> Followed:
    """Follow areas, and gather what stands beside.

    Parameters
    ----------
    source
        Where.
    chosen
        The areas.
    since
        The first month of after; None for a year before the end.
    tell
        Called with each step as it begins.

    Returns
    -------
    Followed
        All of it.

    Raises
    ------
    CsaError
        If the areas are outside the city, or the start outside the data.
    """
    kept = (source.folder, source.dataset, source.config, source.choices)
    tell("cells")
    located = locate(source.dataset, source.config, source.choices)
    way = _way_of(source.choices, chosen)
    past = load_past(source.folder, source.dataset, source.config, way)
    displaced = displace(located, chosen, since, past or (), tell)
    controls = match_controls(located, displaced)
    pooled, single = measure_evidence(located, displaced, controls)
    areas = suggestion_of(source.config, load_suggestion(*kept)).areas
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    known = {area_id: Known(name, cells) for area_id, name, cells in named}
    lineage = trace_lineage(located, source.choices, areas, displaced.until, known, tell)
    return Followed(
        source.dataset,
        source.config,
        displaced,
        controls,
        pooled,
        single,
        compare_city(located, displaced),
        compare_newest(located, displaced),
        panel_of(located, displaced, controls),
        lineage,
        find_emerging(located, displaced.until),
        list_revisions(load_history(source.folder)),
        source.choices.months,
        load_chance(*kept),
        past is not None,
        _options(source.choices, way),
    )


def _way_of(choices: Choices, chosen: Chosen) -> Choices:
    """Take months and size limit from the areas themselves: past years of another tell less."""
    months = choices.months if chosen.period is None else chosen.period.months
    limit = choices.max_area_km2 if chosen.max_area_km2 is None else chosen.max_area_km2
    return replace(choices, months=months, max_area_km2=limit)


def _options(choices: Choices, way: Choices) -> str:
    told = ""
    if way.months != choices.months:
        told += f" --months {way.months}"
    if way.max_area_km2 != choices.max_area_km2:
        told += f" --max-area-km2 {way.max_area_km2:g}"
    return told
