"""Which area is which, month after month: tracks, versions and letters, by shared cells.

A proposal draws its areas anew each month. Areas are followed by the cells that they share with
those of the month before: one that persists keeps its track, and one that is redrawn is a new
version of the same track.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from csa.areas.places import PART, SAME, match_areas
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.geo.ground import jaccard

Cells: TypeAlias = frozenset[int]

SAME_VERSION = 0.8
"""Jaccard with a version's first shape under which it is a new version: a fifth of the cells
lost. Measured from the first shape, so that many small steps cannot carry it away unseen."""

CLEARLY = 0.2
"""An area grew or shrank if its number of cells changed by more than this share."""

MEMORY_MONTHS = 12
"""A track keeps its number for so many months without an area, in case one returns there."""


class AreaChange(StrEnum):
    """How an area's cells changed against the month before."""

    FIRST = "first"
    NEW = "new"
    BACK = "back"
    PERSISTS = "persists"
    GREW = "grew"
    SHRANK = "shrank"
    REDRAWN = "redrawn"
    SPLIT = "split"
    MERGED = "merged"
    LEFT = "left"


Why: TypeAlias = tuple[AreaChange, tuple[int, ...]]  # the change, and the source tracks


@dataclass(frozen=True)
class WindowAreas:
    """The areas proposed from one window of months."""

    until: Month  # the window's first month that is not counted
    areas: tuple[Cells, ...]  # n areas, each a set of cells, without overlap
    middles_m: tuple[tuple[float, float], ...]  # n middles (x, y), metres

    def __post_init__(self) -> None:
        """Refuse areas that are empty or overlap, and a number of middles that does not match."""
        n_cells = sum(len(cells) for cells in self.areas)
        if not all(self.areas) or len(frozenset().union(*self.areas)) < n_cells:
            raise TableError("lineage.areas", month=str(self.until))
        if len(self.middles_m) != len(self.areas):
            n_middles, n_areas = len(self.middles_m), len(self.areas)
            raise TableError("lineage.middles", n_middles=n_middles, n_areas=n_areas)

    def west_to_east(self) -> list[Cells]:
        """Return the areas in an order that does not depend on how they were listed."""
        placed = zip(self.middles_m, self.areas, strict=True)
        return [cells for _, cells in sorted(placed, key=lambda one: (one[0], min(one[1])))]


@dataclass(frozen=True)
class Sighting:
    """One track in one month."""

    until: Month  # the window's first month that is not counted
    track: int  # the track's number, from 1
    version: int  # the version's number, from 1
    change: AreaChange  # how its cells changed
    cells: Cells  # its shape; empty where it is no longer proposed
    drawn: Cells  # the first shape of its version
    former: Cells  # its last shape before; empty for a new track
    from_tracks: tuple[int, ...] = ()  # where it was split or merged

    @property
    def jaccard(self) -> float | None:
        """Jaccard with its last shape; None without one."""
        return jaccard(self.cells, self.former) if self.former else None


def follow_areas(snapshots: Sequence[WindowAreas]) -> list[Sighting]:
    """Follow areas from window to window by the cells that they share.

    An area keeps its track if it is the best match of the track's last shape (see `match_areas`),
    also after up to `MEMORY_MONTHS` in which it was not proposed, if the two are then at least
    half the same. Its version rises when it was split or merged, when Jaccard with the version's
    first shape is below `SAME_VERSION`, or when it grew clearly since.
    """
    sightings: list[Sighting] = []
    living: dict[int, Sighting] = {}
    absent: dict[int, Sighting] = {}
    n_tracks = 0
    for place, snapshot in enumerate(snapshots):
        if place and snapshot.until != snapshots[place - 1].until.plus(1):
            raise ParamError("lineage.months", month=str(snapshot.until))
        oldest = snapshot.until.index - MEMORY_MONTHS - 1
        absent = {t: last for t, last in absent.items() if last.until.index >= oldest}
        seen = _follow_step(snapshot, living, absent, n_tracks)
        if not place:
            seen = [replace(one, change=AreaChange.FIRST) for one in seen]
        sightings += seen
        absent |= living
        living = {one.track: one for one in seen if one.cells}
        absent = {track: last for track, last in absent.items() if track not in living}
        n_tracks = max([n_tracks, *living])
    return sightings


def carry_letters(
    tracks: Mapping[int, Cells], known: Mapping[str, Cells], following: Callable[[int], str]
) -> dict[int, str]:
    """Assign tracks their ids: a known area's own, or the next that was never used."""
    letters = match_areas(known, tracks, at_least=SAME)
    number = 0
    for track in sorted(tracks):
        if track in letters:
            continue
        while following(number) in known:
            number += 1
        letters[track] = following(number)
        number += 1
    return dict(sorted(letters.items()))


def _follow_step(
    snapshot: WindowAreas,
    living: Mapping[int, Sighting],
    absent: Mapping[int, Sighting],
    n_tracks: int,
) -> list[Sighting]:
    """Assign each area of a window its track, and end each track that is no longer there."""
    areas = dict(enumerate(snapshot.west_to_east()))
    shapes = {track: last.cells for track, last in living.items()}
    kept = match_areas(shapes, areas)
    others = {place: cells for place, cells in areas.items() if place not in kept}
    left = {track: last.cells for track, last in absent.items()}
    back = match_areas(left, others, at_least=SAME)
    merges = _list_merges(shapes, areas, kept)
    told = _list_splits(shapes, areas, kept) | merges
    seen = []
    for place, cells in areas.items():
        if place in kept:
            last = living[kept[place]]
            why = told.get(place, (_name_change(last, cells), ()))
            seen.append(_continue(last, snapshot.until, cells, why))
        elif place in back:
            why = told.get(place, (AreaChange.BACK, ()))
            seen.append(_continue(absent[back[place]], snapshot.until, cells, why))
        else:
            n_tracks += 1
            why = told.get(place, (AreaChange.NEW, ()))
            seen.append(_begin(n_tracks, snapshot.until, cells, why))
    ended = [living[track] for track in living if track not in kept.values()]
    seen += [_end(last, snapshot.until, merges) for last in ended]
    return sorted(seen, key=lambda one: one.track)


def _list_splits(
    former: Mapping[int, Cells], areas: Mapping[int, Cells], kept: Mapping[int, int]
) -> dict[int, Why]:
    """List the parts of tracks that were split, leaving out what continues another track."""
    told: dict[int, Why] = {}
    for track, cells in former.items():
        parts = [
            place
            for place, area in areas.items()
            if kept.get(place, track) == track and len(cells & area) / len(cells) >= PART
        ]
        for place in parts if len(parts) > 1 else []:
            told[place] = AreaChange.SPLIT, (*told.get(place, (AreaChange.SPLIT, ()))[1], track)
    return told


def _list_merges(
    former: Mapping[int, Cells], areas: Mapping[int, Cells], kept: Mapping[int, int]
) -> dict[int, Why]:
    """List merged areas and their tracks, leaving out tracks that go on elsewhere."""
    told: dict[int, Why] = {}
    for place, track in kept.items():
        area = areas[place]
        sources = tuple(
            other
            for other, cells in former.items()
            if (other == track or other not in kept.values())
            and len(cells & area) / len(area) >= PART
        )
        if len(sources) > 1:
            told[place] = AreaChange.MERGED, sources
    return told


def _name_change(last: Sighting, cells: Cells) -> AreaChange:
    """Name what became of a shape since the first one of its version."""
    growth = (len(cells) - len(last.drawn)) / len(last.drawn)
    if jaccard(last.drawn, cells) >= SAME_VERSION and growth <= CLEARLY:
        return AreaChange.PERSISTS
    if jaccard(last.cells, cells) < SAME or abs(growth) <= CLEARLY:
        return AreaChange.REDRAWN
    return AreaChange.GREW if growth > 0 else AreaChange.SHRANK


def _begin(track: int, until: Month, cells: Cells, why: Why) -> Sighting:
    return Sighting(until, track, 1, why[0], cells, cells, frozenset(), why[1])


def _continue(last: Sighting, until: Month, cells: Cells, why: Why) -> Sighting:
    """Continue a track; its version rises where its shape is no longer the version's."""
    is_same = _name_change(last, cells) == AreaChange.PERSISTS
    is_same &= why[0] not in {AreaChange.SPLIT, AreaChange.MERGED}
    drawn = last.drawn if is_same else cells
    version = last.version + (not is_same)
    return Sighting(until, last.track, version, why[0], cells, drawn, last.cells, why[1])


def _end(last: Sighting, until: Month, merges: Mapping[int, Why]) -> Sighting:
    """End a track: merged into another one, or no longer proposed."""
    into = next((why for why in merges.values() if last.track in why[1]), (AreaChange.LEFT, ()))
    no_cells: Cells = frozenset()
    return Sighting(
        until, last.track, last.version, into[0], no_cells, last.drawn, last.cells, into[1]
    )
