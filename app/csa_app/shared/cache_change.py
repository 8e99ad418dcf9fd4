"""Cached as in `csa_app.shared.cache`: the change in areas, since a start and by month."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.backtest.recording import build_suggestion
from csa.areas.choices import AreaSettings
from csa.areas.places import candidate_rows, list_cells
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.change.analyze import Displacement
from csa.change.follow import Change, candidates_since, load_past
from csa.change.lineage_windows import (
    FollowedWindows,
    NamedArea,
    add_named_areas,
    follow_windows,
    name_tracks,
)
from csa.change.outcomes import OutcomeFollowed, follow_outcomes
from csa.change.past import PastCohort
from csa.change.robustness import PlaceboInSpace, rank_among_unserved
from csa.city.history import DatasetVersion, load_history
from csa.city.selection import AreaSelection
from csa.reports.briefing.places import Recent, count_recent
from csa_app.shared.area_status import area_statuses
from csa_app.shared.cache import located, proposal, proposal_as_of, suggesting
from csa_app.shared.cache_now import SETTINGS, of_city
from csa_app.shared.cache_packed import packed
from csa_app.shared.city_session import CitySession
from csa_app.shared.fair_queue import in_turn
from csa_app.shared.following import Following, show_change


def following(session: CitySession, choices: AreaSettings, since: str) -> Following | None:
    """Follow the areas that were known at a start, once for each set of choices."""
    then = proposal_as_of(session, choices, Month.parse(since))
    if then.is_empty:
        return None
    stands = area_statuses(session, then).values()
    names = tuple((one.letter or one.area_id, one.place_name) for one in stands)
    return _following(session.key, choices, since, names, session)


@packed(max_entries=SETTINGS)
def _following(
    key: str,
    choices: AreaSettings,
    since: str,
    names: tuple[tuple[str, str], ...],
    _session: CitySession,
) -> Following | None:
    start = Month.parse(since)
    areas = candidates_since(proposal_as_of(_session, choices, start), start, names)
    change = in_turn(_analysis(_session, choices).change, quick=True)(areas, start)
    return None if change is None else in_turn(show_change, quick=True)(change)


def _analysis(session: CitySession, choices: AreaSettings) -> Analysis:
    return Analysis(session, choices, located=located(session, choices))


def following_core(
    session: CitySession, choices: AreaSettings, areas: AreaSelection
) -> Following | None:
    """Follow the designated areas; None where none has a whole month yet."""
    change = _change(session, choices, areas)
    if change is None:
        return None
    return _following_core(session.key, choices, change.displaced.chosen, change)


@of_city(max_entries=8)
def _following_core(
    key: str, choices: AreaSettings, chosen: AreaSelection, _change: Change
) -> Following:
    return in_turn(show_change, quick=True)(_change)


def past(session: CitySession, choices: AreaSettings) -> tuple[PastCohort, ...] | None:
    """Return what areas of past years did afterwards, if it was computed and stored."""
    return _past(session.key, replace(choices, until=None, eps_m=None, min_samples=None), session)


@of_city(max_entries=16)
def _past(key: str, choices: AreaSettings, _session: CitySession) -> tuple[PastCohort, ...] | None:
    return load_past(_session, choices)


def lineage(
    session: CitySession,
    choices: AreaSettings,
    chosen: AreaSelection,
    progress: ProgressCallback = no_progress,
) -> pd.DataFrame:
    """Trace areas from window to window: another start only names the same areas anew."""
    return _lineage(session.key, choices, chosen, session, progress)


@packed(max_entries=SETTINGS)
def _lineage(
    key: str,
    choices: AreaSettings,
    chosen: AreaSelection,
    _session: CitySession,
    _progress: ProgressCallback,
) -> pd.DataFrame:
    start = None if chosen.versions or chosen.period is None else chosen.period.until
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    then = {area_id: NamedArea(name, cells, start) for area_id, name, cells in named}
    now = {
        area_id: NamedArea(name, cells)
        for area_id, name, cells in candidate_rows(proposal(_session, choices).areas)
    }
    known = add_named_areas(then, now)  # an id means the same here as elsewhere on the page
    windows = _windows(key, replace(choices, until=None), _session, _progress)
    on_cells, naming = located(_session, choices), in_turn(name_tracks, quick=True)
    return naming(on_cells, windows, known, _session.config.city.units)


@packed(max_entries=SETTINGS)
def _windows(
    key: str, choices: AreaSettings, _session: CitySession, _progress: ProgressCallback
) -> FollowedWindows:
    documented = build_suggestion(_session.config, suggesting(_session, choices)).documented
    following_all = in_turn(follow_windows)
    return following_all(located(_session, choices), choices, documented, progress=_progress)


def outcomes(
    session: CitySession, choices: AreaSettings, displaced: Displacement
) -> tuple[OutcomeFollowed, ...]:
    """Follow the same areas by the city's other signals, once."""
    since = "" if displaced.chosen.versions else str(displaced.since_all)
    return _outcomes(session.key, choices, displaced.chosen, since, session)


@of_city(max_entries=8)
def _outcomes(
    key: str, choices: AreaSettings, chosen: AreaSelection, since: str, _session: CitySession
) -> tuple[OutcomeFollowed, ...]:
    start = Month.parse(since) if since else None
    return in_turn(follow_outcomes)(_session, choices, chosen, start)


def unserved(
    session: CitySession, choices: AreaSettings, displaced: Displacement
) -> PlaceboInSpace | None:
    """Rank the areas' net change among candidates of their start that nobody served, once."""
    same = choices.as_fine_as(displaced.chosen.resolution)
    since = str(displaced.since_all)
    return _unserved(session.key, same, displaced.chosen, since, session, displaced)


@of_city(max_entries=SETTINGS)
def _unserved(
    key: str,
    choices: AreaSettings,
    chosen: AreaSelection,
    since: str,
    _session: CitySession,
    _displaced: Displacement,
) -> PlaceboInSpace | None:
    then = proposal_as_of(_session, choices, Month.parse(since))
    on_cells = located(_session, choices).on_ground_of(chosen.all_cells)
    return in_turn(rank_among_unserved, quick=True)(
        on_cells, _displaced, list(list_cells(then.areas))
    )


def history(session: CitySession) -> tuple[DatasetVersion, ...]:
    """Return what each version of the dataset counted by month, once."""
    return _history(session.key, session)


@of_city(max_entries=4)
def _history(key: str, _session: CitySession) -> tuple[DatasetVersion, ...]:
    return load_history(_session.own_folder)


def recent(session: CitySession, choices: AreaSettings) -> Recent | None:
    """Count the incidents of the last 12 whole months, once."""
    return _recent(session.key, AreaSettings(until=choices.until, kinds=choices.kinds), session)


@of_city(max_entries=8)
def _recent(key: str, choices: AreaSettings, _session: CitySession) -> Recent | None:
    return count_recent(_session.dataset, choices)


def core(session: CitySession, choices: AreaSettings, areas: AreaSelection) -> Displacement | None:
    """Follow the designated areas, each since its own day, once for each set of areas.

    None where none has a whole month yet.
    """
    change = _change(session, choices, areas)
    return None if change is None else change.displaced


def _change(session: CitySession, choices: AreaSettings, areas: AreaSelection) -> Change | None:
    known, name = _changes(session.key), _name(choices, areas)
    if name not in known:
        begun = areas.started_before(session.dataset.require_months().until) or areas
        same = located(session, choices.as_fine_as(begun.resolution))
        analysis = Analysis(session, choices, located=same)
        known[name] = in_turn(analysis.change, quick=True)(areas)
    return known[name]


def _name(choices: AreaSettings, areas: AreaSelection) -> tuple[object, ...]:
    return replace(choices, until=None, eps_m=None, min_samples=None), areas


@of_city(max_entries=2)
def _changes(key: str) -> dict[tuple[object, ...], Change | None]:
    return {}
