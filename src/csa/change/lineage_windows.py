"""What became of areas, window after window; and which cells are newly, or no longer, busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from csa.areas.choices import AreaSettings
from csa.areas.finding import document, find_areas_by_period, resolve_params
from csa.areas.places import SAME, match_areas, name_places, next_id
from csa.areas.study_area import StudyArea
from csa.base.arrays import Floats, Ints
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import DocumentedDbscan, Month, Period
from csa.base.processes import Mapper, announced
from csa.base.schema import UNASSIGNED
from csa.change.lineage import (
    LINEAGE_COLUMNS,
    AreaObservation,
    Event,
    WindowAreas,
    carry_letters,
    trace_lineage as trace_tracks,
    track_ids,
)
from csa.change.zoning import measure_history
from csa.geo.cells import CellSet, best_match
from csa.geo.grid import Grid
from csa.geo.neighborhoods import assign_neighborhoods

WINDOWS, N_SHUFFLES = 36, 3
LEAST_WINDOW = 24
"""Windows of fewer months with data are mostly chance and are left out."""


TRACE_COLUMNS = {
    "month": LINEAGE_COLUMNS["month"],
    "last_month": "the last month that is counted, YYYY-MM",
    "area_id": "the area's letter or id, the same as long as it persists",
    "place_name": "its largest neighborhood",
    **{name: text for name, text in LINEAGE_COLUMNS.items() if name != "month"},
}


@dataclass(frozen=True)
class NamedArea:
    """An area that has a letter or a number."""

    place_name: str  # its name
    cells: CellSet  # its cells
    until: Month | None = None


Shapes: TypeAlias = Mapping[Month, Mapping[int, Ints]]
"""By window, the places of each track's cells; none where it is no longer proposed."""


@dataclass(frozen=True)
class FollowedWindows:
    """What became of areas, window after window, whatever they are called."""

    events: pd.DataFrame  # `LINEAGE_COLUMNS`
    shapes: Shapes  # by window, where anything was seen: which track was which cells


@dataclass(frozen=True)
class ChanceRates:
    """How often areas appear and go in shuffled months, that is by chance."""

    area_years: float  # areas times years that were followed
    appeared: int  # areas that appeared
    gone: int  # areas that are gone


def trace_lineage(  # noqa: PLR0913 - where, how, and what places are called
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    until: Month | None = None,
    known: Mapping[str, NamedArea] | None = None,
    progress: ProgressCallback = no_progress,
    *,
    units: str = "metric",
) -> pd.DataFrame:
    """Propose areas for each month's window, and trace what became of each."""
    followed = follow_windows(located, choices, documented, until, progress)
    return name_tracks(located, followed, known or {}, units)


def follow_windows(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    until: Month | None = None,
    progress: ProgressCallback = no_progress,
) -> FollowedWindows:
    """Propose areas for each month's window, and trace what became of each, without names.

    The windows end with the data, or with `until`: not with the choices' own.
    """
    snapshots = _snapshots(located, choices, documented, until, progress)
    if not snapshots:
        return FollowedWindows(pd.DataFrame({name: [] for name in LINEAGE_COLUMNS}), {})
    sightings = track_ids(snapshots)
    events = _trace(located, snapshots, choices.months, sightings)
    return FollowedWindows(events, _shapes_of(located.grid, sightings))


def name_tracks(
    located: StudyArea,
    followed: FollowedWindows,
    kept: Mapping[str, NamedArea],
    units: str = "metric",
) -> pd.DataFrame:
    """Give each track its id and its name: those of an area that has them, else new ones."""
    letters = _letters(located.grid, followed.shapes, kept)
    named = {track: kept[name].place_name for track, name in letters.items() if name in kept}
    last = _last_shapes(followed.shapes)
    new = {track: places for track, places in last.items() if track not in named}
    named |= _names(located, new, [one.place_name for one in kept.values()], units)
    events = followed.events
    told = events.assign(
        last_month=[str(Month.parse(name).plus(-1)) for name in events["month"]],
        area_id=events["track"].map(letters),
        place_name=events["track"].map(named),
    )
    return told[list(TRACE_COLUMNS)]


def _snapshots(
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    until: Month | None,
    progress: ProgressCallback,
) -> list[WindowAreas]:
    covered = located.dataset.require_months()
    last = (until or covered.until).index
    first = max(last - WINDOWS + 1, covered.start.index + min(LEAST_WINDOW, choices.months))
    found = []
    if first <= last:  # one density for all windows, that of the last
        latest = Period.before(covered.until.plus(last - covered.until.index), choices.months)
        documented = document(located, latest, choices, documented)
    ends = [covered.until.plus(index - covered.until.index) for index in range(first, last + 1)]
    located.foresee(ends)
    periods = [Period.before(end, choices.months) for end in ends]
    params = [resolve_params(located, period, choices, documented) for period in periods]
    windows = find_areas_by_period(located, zip(periods, params, strict=True))
    for end, sets in zip(ends, windows, strict=True):
        progress("window")
        found.append(WindowAreas(end, sets, tuple(map(located.grid.middle, sets))))
    return found


def _trace(
    located: StudyArea,
    snapshots: list[WindowAreas],
    months: int,
    sightings: list[AreaObservation] | None = None,
) -> pd.DataFrame:
    dispersion = measure_history(located, snapshots[-1].until).value
    city: dict[Month, tuple[Ints, Ints]] = {}

    def count(cells: CellSet, until: Month) -> tuple[int, int, int, int]:
        if until not in city:
            year = until.plus(-12)
            city[until] = (
                located.counts(Period(year, until)),
                located.counts(Period.before(year, 24)),
            )
        last, before = city[until]
        at = located.grid.at(cells)
        return int(last[at].sum()), int(before[at].sum()), int(last.sum()), int(before.sum())

    def locate(cells: CellSet, until: Month) -> Floats:
        is_of_area = np.zeros(len(located.grid.area_km2), dtype=bool)
        is_of_area[located.grid.at(cells)] = True
        is_in = Period.before(until, months).contains(located.month)
        return located.xy[is_of_area[located.positions] & is_in]

    return trace_tracks(snapshots, count, dispersion=dispersion, locate=locate, sightings=sightings)


def _shapes_of(grid: Grid, sightings: Iterable[AreaObservation]) -> Shapes:
    """List each window's areas as arrays: sets of as many cells take twenty times the memory."""
    shapes: dict[Month, dict[int, Ints]] = {}
    for one in sightings:
        shapes.setdefault(one.until, {})[one.track] = grid.at(one.cells).astype(np.int32)
    return shapes


def _areas_of(grid: Grid, shapes: Mapping[int, Ints]) -> dict[int, CellSet]:
    return {track: grid.cells(places) for track, places in shapes.items() if len(places)}


def _letters(grid: Grid, shapes: Shapes, known: Mapping[str, NamedArea]) -> dict[int, str]:
    """Assign tracks their ids: those of areas of an earlier window first, as they were then."""
    months = sorted(shapes)
    if not months:
        return {}
    kept: dict[int, str] = {}
    for until in sorted({one.until for one in known.values() if one.until is not None}):
        window = min(max(until, months[0]), months[-1])
        there = _areas_of(grid, shapes.get(window, {}))  # nothing, a month after all have left
        free = {track: cells for track, cells in there.items() if track not in kept}
        own = {name: one.cells for name, one in known.items() if one.until == until}
        kept |= match_areas(own, free, at_least=SAME)
    taken = set(kept.values())
    left = {name: one.cells for name, one in known.items() if name not in taken}
    last = _areas_of(grid, _last_shapes(shapes))
    others = {track: cells for track, cells in last.items() if track not in kept}
    return dict(sorted({**kept, **carry_letters(others, left, next_id(known))}.items()))


def add_named_areas(
    areas: Mapping[str, NamedArea], others: Mapping[str, NamedArea]
) -> dict[str, NamedArea]:
    """Add to areas the other places known, except those that are one of them."""
    shapes = [one.cells for one in others.values()]
    same = {best_match(area.cells, shapes) for area in areas.values()}
    left = {name: one for at, (name, one) in enumerate(others.items()) if at not in same}
    return {**left, **areas}


def _last_shapes(shapes: Shapes) -> dict[int, Ints]:
    last: dict[int, Ints] = {}
    for there in shapes.values():
        last |= {track: places for track, places in there.items() if len(places)}
    return last


def _names(
    located: StudyArea, shapes: Mapping[int, Ints], taken: Sequence[str], units: str = "metric"
) -> dict[int, str]:
    """Name each track after the neighborhood that most of its cells lie in."""
    if not shapes:
        return {}
    cover, cells = located.cover, located.grid.h3_cells
    at = assign_neighborhoods(cover["lon"], cover["lat"], located.dataset.neighborhoods)
    name_of = at.to_numpy(dtype=object)
    largest = []
    for places in shapes.values():
        counts = Counter(name or UNASSIGNED for name in name_of[places].tolist())
        largest.append(min(counts, key=lambda name: (-counts[name], name)))
    xy = np.array([located.grid.middle(cells[places]) for places in shapes.values()])
    own = {name: cells[name_of == name] for name in largest}
    middles = {name: np.array(located.grid.middle(own[name])) for name in own if len(own[name])}
    return dict(zip(shapes, name_places(largest, xy, taken, middles, units), strict=True))


def measure_chance(  # noqa: PLR0913 - where, how, how often, and who does the work
    located: StudyArea,
    choices: AreaSettings,
    documented: DocumentedDbscan | None,
    *,
    seed: int,
    n_shuffles: int = N_SHUFFLES,
    progress: ProgressCallback = no_progress,
    apply: Mapper = map,
) -> ChanceRates:
    """Follow areas in shuffled months, in which nothing lasts."""
    rng = np.random.default_rng(seed)
    n_months = located.dataset.require_months().months
    orders = [rng.permutation(n_months) for _ in range(n_shuffles)]
    total = ChanceRates(0.0, 0, 0)
    shuffles = apply(partial(_follow_shuffled, located, choices, documented), orders)
    for rates in announced(shuffles, orders, progress, "shuffle"):
        total = ChanceRates(
            total.area_years + rates.area_years,
            total.appeared + rates.appeared,
            total.gone + rates.gone,
        )
    return total


def _follow_shuffled(
    located: StudyArea, choices: AreaSettings, documented: DocumentedDbscan | None, order: Ints
) -> ChanceRates:
    """Follow areas in a city whose months stand in another order."""
    first = located.dataset.require_months().start.index
    month = located.month - first
    is_in = (month >= 0) & (month < len(order))
    moved = np.where(is_in, order[month.clip(0, len(order) - 1)], month)
    shuffled = replace(located, month=moved + first)
    snapshots = _snapshots(shuffled, choices, documented, None, no_progress)
    if not snapshots:
        return ChanceRates(0.0, 0, 0)
    events = Counter(_trace(shuffled, snapshots, choices.months)["event"])
    area_years = sum(len(window.areas) for window in snapshots) / 12
    return ChanceRates(area_years, events[Event.APPEARED], events[Event.GONE])
