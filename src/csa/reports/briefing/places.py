"""Places where things are measured and done: areas, candidates, neighborhoods and the city."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from csa.areas.choices import AreaSettings
from csa.areas.window import month_index
from csa.base.params import Period
from csa.base.text import natural_sort_key, tr
from csa.city.dataset import Dataset
from csa.geo.cells import as_text, best_match, bin_points, cell_resolution
from csa.program.registry import CoreArea
from csa.program.store.records import Records
from csa.reports.briefing.lines import ActionLine

AREA, PROPOSED, NEIGHBORHOOD, CITY = "area", "proposed", "neighborhood", "city"
YEAR_MONTHS = 12
LIVE = frozenset({"on-track", "at-risk", "blocked"})
"""Statuses of an action in progress."""
UNSERVED = frozenset({"retired"})


@dataclass(frozen=True)
class Place:
    """A place that readers can choose."""

    kind: str
    key: str  # its letter in the store, its id in the proposal, or its name; empty for the city
    name: str  # its name
    state: str = ""  # for an area, its last step; otherwise empty
    cells: tuple[str, ...] = ()  # H3 cells, 15 hexadecimal digits each
    letter: str = ""  # the matching area's id in the proposal on screen, if any
    n_shot: int | None = None  # incidents in the last 12 whole months
    n_live: int = 0  # actions in progress that are meant for it

    @property
    def id(self) -> str:
        """Id used in links, such as `area:B`."""
        return f"{self.kind}:{self.key}"

    @property
    def value_place(self) -> str | None:
        """Name of this place in measure values; None if it cannot have any yet."""
        return None if self.kind == PROPOSED else self.key

    @property
    def lacks_action(self) -> bool:
        """Whether people were shot in a served area that has no action in progress."""
        is_served = self.kind == AREA and self.state not in UNSERVED
        return is_served and bool(self.n_shot) and not self.n_live


@dataclass(frozen=True)
class Recent:
    """Incidents of the last 12 whole months."""

    period: Period  # the months
    by_cell: Mapping[str, int]  # count by cell, for each resolution in the data
    by_neighborhood: Mapping[str, int]  # count by name
    total: int  # whole city, located or not
    resolutions: frozenset[int]  # those in the data

    def of_cells(self, cells: Collection[str]) -> int | None:
        """Count the incidents of some cells."""
        sizes = {cell_resolution(int(cell, 16)) for cell in cells}
        if not sizes <= self.resolutions:
            return None
        return sum(self.by_cell.get(cell, 0) for cell in cells)


def count_recent(dataset: Dataset, choices: AreaSettings) -> Recent | None:
    """Count the incidents of the last 12 whole months, by cell and neighborhood."""
    incidents, covered = dataset.incidents, dataset.complete_months
    if covered is None:
        return None
    until = covered.until if choices.until is None else min(covered.until, choices.until)
    period = Period.before(until, YEAR_MONTHS)
    if period.start < covered.start:
        return None
    is_in = period.contains(month_index(incidents["occurred_at"]))
    counted = incidents[is_in & incidents["kind"].isin(choices.kinds)]
    columns = [str(name) for name in counted.columns if str(name).startswith("cell_r")]
    # A cell at the border has incidents beyond it too, which are in no area.
    inside = counted[~counted["flags"].str.contains("outside_study_area")]
    by_cell: dict[str, int] = {}
    for name in columns:
        by_cell |= _counts(inside[name])
    sizes = {int(name.removeprefix("cell_r")) for name in columns}
    # A dataset made before the city's areas had such cells holds none of them.
    if choices.resolution not in sizes and {"lon", "lat"} <= set(counted.columns):
        placed = inside.dropna(subset=["lon", "lat"])
        cells = bin_points(placed["lon"], placed["lat"], choices.resolution)
        by_cell |= _counts(pd.Series(as_text(cells)))
        sizes.add(choices.resolution)
    return Recent(period, by_cell, _counts(counted["neighborhood"]), len(counted), frozenset(sizes))


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(n) for name, n in column.value_counts().items() if n and str(name)}


def live_by_area(lines: Iterable[ActionLine]) -> dict[str, int]:
    """Count the actions in progress by area."""
    found: dict[str, int] = {}
    for line in lines:
        if line.state.status in LIVE:
            for area in line.state.areas or ("",):
                found[area] = found.get(area, 0) + 1
    return found


def areas_without_action(areas: Iterable[CoreArea], lines: Iterable[ActionLine]) -> tuple[str, ...]:
    """Return the letters of areas in service in which no action is under way."""
    live = live_by_area(lines)
    return tuple(area.key for area in areas if not live.get(area.key))


def list_places(
    records: Records,
    proposed: Sequence[tuple[str, str, Sequence[str]]],
    neighborhoods: Iterable[str],
    recent: Recent | None,
    live: Mapping[str, int],
) -> tuple[Place, ...]:
    """List the places to choose from, first those with shootings and no action in progress."""
    cells = {step.area: tuple(step.cells) for step in records.steps}
    letters = {key: _same(own, proposed) for key, own in cells.items()}
    areas = []
    for area in records.areas:
        own, letter = cells.get(area.key, ()), letters.get(area.key, "")
        known = AREA, area.key, area.place_name, area.state, own, letter
        areas.append(Place(*known, _shot(recent, own), live.get(area.key, 0)))
    around = frozenset(neighborhoods)  # a candidate is not all of the neighborhood of its name
    matched, candidates = {place.letter for place in areas}, []
    for letter, name, ground in sorted(proposed, key=lambda one: natural_sort_key(one[1])):
        if letter not in matched:
            called = tr("public.around", name=name) if name in around else name
            known = PROPOSED, letter, called, "", tuple(ground), letter
            candidates.append(Place(*known, _shot(recent, ground)))
    counts = {} if recent is None else recent.by_neighborhood
    named = [
        Place(NEIGHBORHOOD, name, name, n_shot=None if recent is None else counts.get(name, 0))
        for name in sorted(around, key=natural_sort_key)
    ]
    city = Place(CITY, "", "", n_shot=None if recent is None else recent.total)
    served = [place for place in areas if place.state not in UNSERVED]
    served.sort(key=lambda place: not place.lacks_action)
    ended = [place for place in areas if place.state in UNSERVED]
    return (*served, *candidates, city, *named, *ended)


def _shot(recent: Recent | None, cells: Sequence[str]) -> int | None:
    return None if recent is None or not cells else recent.of_cells(cells)


def _same(cells: Sequence[str], proposed: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    """Return the letter of the candidate that is the same place as an area."""
    at = best_match(_ground(cells), [_ground(other) for _, _, other in proposed])
    return "" if at is None else proposed[at][0]


def _ground(cells: Iterable[str]) -> frozenset[int]:
    return frozenset(int(cell, 16) for cell in cells)
