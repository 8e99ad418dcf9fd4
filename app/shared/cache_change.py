"""Cached as in `app.shared.cache`: the change in areas, since a start and by month."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from app.shared.cache import located, proposal, proposal_then, suggesting
from app.shared.cache_now import SETTINGS, of_city
from app.shared.cache_packed import packed
from app.shared.city_session import Opened
from app.shared.following import Following, ask_change, show_change
from app.shared.standing import standing_of
from app.shared.turns import in_turn
from csa.analysis.analysis import Analysis
from csa.areas.choices import Choices
from csa.areas.places import areas_of, cells_of
from csa.backtest.recording import suggestion_of
from csa.base.logging import Tell, silent
from csa.base.params import Month
from csa.dataset.chosen import Chosen
from csa.dataset.history import Edition, load_history
from csa.displacement.analyze import Displacement
from csa.displacement.follow import Change, candidates_since, load_past
from csa.displacement.lineage_windows import (
    FollowedWindows,
    Known,
    beside,
    follow_windows,
    name_tracks,
)
from csa.displacement.outcomes import OutcomeFollowed, follow_outcomes
from csa.displacement.past import PastCohort
from csa.displacement.second_opinions import PlaceboInSpace, rank_among_unserved
from csa.reports.briefing.places import Recent, count_recent


def following(opened: Opened, choices: Choices, since: str) -> Following | None:
    """Follow the areas that were known at a start, once for each set of choices."""
    then = proposal_then(opened, choices, Month.parse(since))
    if then.is_empty:
        return None
    stands = standing_of(opened, then).values()
    names = tuple((one.letter or one.area_id, one.place_name) for one in stands)
    return _following(opened.key, choices, since, names, opened)


@packed(max_entries=SETTINGS)
def _following(
    key: str, choices: Choices, since: str, names: tuple[tuple[str, str], ...], _opened: Opened
) -> Following | None:
    start = Month.parse(since)
    areas = candidates_since(proposal_then(_opened, choices, start), start, names)
    change = in_turn(ask_change, quick=True)(_analysis(_opened, choices), areas, start)
    return None if change is None else in_turn(show_change, quick=True)(change)


def _analysis(opened: Opened, choices: Choices) -> Analysis:
    return Analysis(opened, choices, None, located(opened, choices))


def following_core(opened: Opened, choices: Choices, areas: Chosen) -> Following | None:
    """Follow the designated areas; None where none has a whole month yet."""
    change = _change(opened, choices, areas)
    if change is None:
        return None
    return _following_core(opened.key, choices, change.displaced.chosen, change)


@of_city(max_entries=8)
def _following_core(key: str, choices: Choices, chosen: Chosen, _change: Change) -> Following:
    return in_turn(show_change, quick=True)(_change)


def past(opened: Opened, choices: Choices) -> tuple[PastCohort, ...] | None:
    """Return what areas of past years did afterwards, if it was computed and stored."""
    return _past(opened.key, replace(choices, until=None, eps_m=None, min_samples=None), opened)


@of_city(max_entries=16)
def _past(key: str, choices: Choices, _opened: Opened) -> tuple[PastCohort, ...] | None:
    return load_past(_opened, choices)


def lineage(opened: Opened, choices: Choices, chosen: Chosen, tell: Tell = silent) -> pd.DataFrame:
    """Trace areas from window to window: another start only names the same areas anew."""
    return _lineage(opened.key, choices, chosen, opened, tell)


@packed(max_entries=SETTINGS)
def _lineage(
    key: str, choices: Choices, chosen: Chosen, _opened: Opened, _tell: Tell
) -> pd.DataFrame:
    start = None if chosen.lives or chosen.period is None else chosen.period.until
    named = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    then = {area_id: Known(name, cells, start) for area_id, name, cells in named}
    now = {
        area_id: Known(name, cells)
        for area_id, name, cells in areas_of(proposal(_opened, choices).areas)
    }
    known = beside(then, now)  # an id means the same here as elsewhere on the page
    windows = _windows(key, replace(choices, until=None), _opened, _tell)
    on_cells, naming = located(_opened, choices), in_turn(name_tracks, quick=True)
    return naming(on_cells, windows, known, _opened.config.city.units)


@packed(max_entries=SETTINGS)
def _windows(key: str, choices: Choices, _opened: Opened, _tell: Tell) -> FollowedWindows:
    documented = suggestion_of(_opened.config, suggesting(_opened, choices)).documented
    following_all = in_turn(follow_windows)
    return following_all(located(_opened, choices), choices, documented, tell=_tell)


def outcomes(
    opened: Opened, choices: Choices, displaced: Displacement
) -> tuple[OutcomeFollowed, ...]:
    """Follow the same areas by the city's other signals, once."""
    since = "" if displaced.chosen.lives else str(displaced.since_all)
    return _outcomes(opened.key, choices, displaced.chosen, since, opened)


@of_city(max_entries=8)
def _outcomes(
    key: str, choices: Choices, chosen: Chosen, since: str, _opened: Opened
) -> tuple[OutcomeFollowed, ...]:
    start = Month.parse(since) if since else None
    return in_turn(follow_outcomes)(_opened, choices, chosen, start)


def unserved(opened: Opened, choices: Choices, displaced: Displacement) -> PlaceboInSpace | None:
    """Rank the areas' net change among candidates of their start that nobody served, once."""
    same = choices.as_fine_as(displaced.chosen.resolution)
    since = str(displaced.since_all)
    return _unserved(opened.key, same, displaced.chosen, since, opened, displaced)


@of_city(max_entries=SETTINGS)
def _unserved(
    key: str,
    choices: Choices,
    chosen: Chosen,
    since: str,
    _opened: Opened,
    _displaced: Displacement,
) -> PlaceboInSpace | None:
    then = proposal_then(_opened, choices, Month.parse(since))
    on_cells = located(_opened, choices).on_ground_of(chosen.grounds)
    return in_turn(rank_among_unserved, quick=True)(
        on_cells, _displaced, list(cells_of(then.areas))
    )


def history(opened: Opened) -> tuple[Edition, ...]:
    """Return what each version of the dataset counted by month, once."""
    return _history(opened.key, opened)


@of_city(max_entries=4)
def _history(key: str, _opened: Opened) -> tuple[Edition, ...]:
    return load_history(_opened.own_folder)


def recent(opened: Opened, choices: Choices) -> Recent | None:
    """Count the incidents of the last 12 whole months, once."""
    return _recent(opened.key, Choices(until=choices.until, kinds=choices.kinds), opened)


@of_city(max_entries=8)
def _recent(key: str, choices: Choices, _opened: Opened) -> Recent | None:
    return count_recent(_opened.dataset, choices)


def core(opened: Opened, choices: Choices, areas: Chosen) -> Displacement | None:
    """Follow the designated areas, each since its own day, once for each set of areas.

    None where none has a whole month yet.
    """
    change = _change(opened, choices, areas)
    return None if change is None else change.displaced


def _change(opened: Opened, choices: Choices, areas: Chosen) -> Change | None:
    known, name = _changes(opened.key), _name(choices, areas)
    if name not in known:
        begun = areas.begun(opened.dataset.require_months().until) or areas
        same = choices.as_fine_as(begun.resolution)
        analysis = Analysis(opened, choices, None, located(opened, same))
        known[name] = in_turn(ask_change, quick=True)(analysis, areas, None)
    return known[name]


def _name(choices: Choices, areas: Chosen) -> tuple[object, ...]:
    return replace(choices, until=None, eps_m=None, min_samples=None), areas


@of_city(max_entries=2)
def _changes(key: str) -> dict[tuple[object, ...], Change | None]:
    return {}
