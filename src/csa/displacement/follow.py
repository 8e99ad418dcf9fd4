"""Areas followed since a start: all that the files of `csa displace` are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from csa.areas.choices import Choices
from csa.areas.study_area import locate_incidents
from csa.backtest.recording import load_suggestion, suggestion_of
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.dataset.chosen import Chosen
from csa.dataset.history import list_revisions, load_history
from csa.dataset.versioned import City
from csa.displacement.analyze import Displacement, analyze_displacement
from csa.displacement.classic_measures import (
    Evidence,
    PatternChange,
    compare_city,
    compare_newest,
    measure_evidence,
)
from csa.displacement.lineage_windows import Chance, Known, find_emerging, trace_lineage
from csa.displacement.panel import Controls, match_controls, panel_of
from csa.displacement.past_cohorts import load_chance, load_past
from csa.displacement.season import MonthCompared


@dataclass(frozen=True)
class FollowedAreas:
    """Followed areas, and everything reported beside them."""

    city: City  # the city's file, its incidents and its places
    displaced: Displacement  # what changed
    controls: Controls  # what areas are compared with, beside the rest of the city
    pooled: Evidence  # the classic numbers of all areas together
    single: tuple[Evidence, ...]  # the classic numbers of each area
    pattern: PatternChange  # whether the city's pattern moved
    newest: MonthCompared  # the newest whole month beside the same months of earlier years
    panel: pd.DataFrame  # as `csa.displacement.panel.panel_of`
    lineage: pd.DataFrame  # as `csa.displacement.lineage_windows.trace_lineage`
    emerging: pd.DataFrame  # as `csa.displacement.lineage_windows.find_emerging`
    revisions: pd.DataFrame  # as `csa.dataset.history.list_revisions`
    lineage_months: int  # length of each window of the lineage
    chance: Chance | None  # how often areas appear and go by chance
    is_past_known: bool  # whether `csa backtest` has stored what areas of past years did
    past_options: str  # its options for the same parameters

    @property
    def changed_months(self) -> pd.DataFrame:
        """The months whose count has changed since they were first reported."""
        return self.revisions[self.revisions["now"] != self.revisions["first_reported"]]


@dataclass(frozen=True)
class FollowSource:
    """Where areas are followed.

    Fields: `city`, `choices`.
    """

    city: City  # its file, its dataset, and where past years are stored
    choices: Choices  # how areas are proposed; the resolution is that of the areas followed


def follow_areas(
    source: FollowSource, chosen: Chosen, since: Month | None, tell: Tell = silent
) -> FollowedAreas:
    """Follow areas, and gather everything reported beside them."""
    city, choices = source.city, source.choices
    tell("cells")
    located = locate_incidents(city, choices)
    way = _way_of(choices, chosen)
    past = load_past(city, way)
    displaced = analyze_displacement(located, chosen, since, past or (), tell)
    controls = match_controls(located, displaced)
    pooled, single = measure_evidence(located, displaced, controls)
    areas = suggestion_of(city.config, load_suggestion(city, choices)).areas
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    known = {area_id: Known(name, cells) for area_id, name, cells in named}
    lineage = trace_lineage(located, choices, areas, displaced.until, known, tell)
    return FollowedAreas(
        city,
        displaced,
        controls,
        pooled,
        single,
        compare_city(located, displaced),
        compare_newest(located, displaced),
        panel_of(located, displaced, controls),
        lineage,
        find_emerging(located, displaced.until),
        list_revisions(load_history(city.folder)),
        choices.months,
        load_chance(city, choices),
        past is not None,
        _options(choices, way),
    )


def _way_of(choices: Choices, chosen: Chosen) -> Choices:
    """Take months and size limit from the areas themselves, so that past years are comparable."""
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
