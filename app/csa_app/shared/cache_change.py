"""Cached as in `csa_app.shared.cache`: the change in areas, since a start and by month."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from csa.areas.choices import AreaSettings
from csa.areas.places import candidate_rows
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.change.analyze import Displacement
from csa.change.follow import candidates_since
from csa.change.lineage_windows import (
    FollowedWindows,
    NamedArea,
    add_named_areas,
    follow_windows,
    name_tracks,
)
from csa.change.outcomes import OutcomeFollowed, follow_outcomes
from csa.city.history import DatasetVersion, load_history
from csa.city.selection import AreaSelection
from csa.reports.briefing.places import Recent, count_recent
from csa_app.shared.area_status import area_statuses
from csa_app.shared.cache import (
    AS_STORED,
    SETTINGS,
    analysis,
    as_stored,
    located,
    of_city,
)
from csa_app.shared.city_session import CitySession
from csa_app.shared.following import Following, show_change


def following(session: CitySession, choices: AreaSettings, since: str) -> Following | None:
    """Follow the areas that were known at a start; None where there were none."""
    then = analysis(session, choices).proposed(Month.parse(since))
    if then.is_empty:
        return None
    stands = area_statuses(session, then).values()
    names = tuple((area.letter or area.area_id, area.place_name) for area in stands)
    return _following(session, choices, since, names)


@of_city(max_entries=SETTINGS)
def _following(
    session: CitySession, choices: AreaSettings, since: str, names: tuple[tuple[str, str], ...]
) -> Following | None:
    start = Month.parse(since)
    areas = candidates_since(analysis(session, choices).proposed(start), start, names)
    change = analysis(session, choices).change(areas, start)
    return None if change is None else show_change(change)


@of_city(max_entries=8, keys=AS_STORED)
def following_core(
    session: CitySession, choices: AreaSettings, areas: AreaSelection
) -> Following | None:
    """Follow the designated areas; None where none has a whole month yet."""
    change = analysis(session, as_stored(choices)).change(areas)
    return None if change is None else show_change(change)


def core(session: CitySession, choices: AreaSettings, areas: AreaSelection) -> Displacement | None:
    """Follow the designated areas, each since its own day.

    None where none has a whole month yet.
    """
    change = analysis(session, as_stored(choices)).change(areas)
    return None if change is None else change.displaced


@of_city(max_entries=SETTINGS)
def lineage(
    session: CitySession,
    choices: AreaSettings,
    chosen: AreaSelection,
    _progress: ProgressCallback = no_progress,
) -> pd.DataFrame:
    """Trace areas from window to window: another start only names the same areas anew."""
    start = None if chosen.versions or chosen.period is None else chosen.period.until
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    then = {area_id: NamedArea(name, cells, start) for area_id, name, cells in named}
    now = {
        area_id: NamedArea(name, cells)
        for area_id, name, cells in candidate_rows(analysis(session, choices).proposal.areas)
    }
    known = add_named_areas(then, now)  # an id means the same here as elsewhere on the page
    windows = _windows(session, replace(choices, until=None), _progress)
    return name_tracks(located(session, choices), windows, known, session.config.city.units)


@of_city(max_entries=SETTINGS)
def _windows(
    session: CitySession, choices: AreaSettings, _progress: ProgressCallback
) -> FollowedWindows:
    documented = analysis(session, choices).suggestion.documented
    return follow_windows(located(session, choices), choices, documented, progress=_progress)


def outcomes(
    session: CitySession, choices: AreaSettings, displaced: Displacement
) -> tuple[OutcomeFollowed, ...]:
    """Follow the same areas by the city's other signals."""
    since = None if displaced.chosen.versions else displaced.since_all
    return _outcomes(session, choices, displaced.chosen, since)


@of_city(max_entries=8)
def _outcomes(
    session: CitySession, choices: AreaSettings, chosen: AreaSelection, since: Month | None
) -> tuple[OutcomeFollowed, ...]:
    return follow_outcomes(session, choices, chosen, since)


@of_city(max_entries=4)
def history(session: CitySession) -> tuple[DatasetVersion, ...]:
    """Return what each version of the dataset counted by month."""
    return load_history(session.own_folder)


@of_city(max_entries=SETTINGS)
def recent(session: CitySession, choices: AreaSettings) -> Recent | None:
    """Count the incidents of the last 12 whole months."""
    return count_recent(session.dataset, choices)
