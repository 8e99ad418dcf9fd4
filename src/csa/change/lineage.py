"""What became of each area, month after month; when one appeared, and when one is gone.

Neighboring windows of 36 months share 35 of them, so that areas come and go at the edge of what is
proposed while nothing changes. `appeared` and `gone` are therefore reported only where the counts
of fixed cells changed against the city's; otherwise an area was `redrawn`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.special import fdtri, ndtr, ndtri

from csa.areas.places import PART, SAME, match_areas
from csa.base.arrays import Floats
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.base.stats import compare_counts
from csa.geo.cells import jaccard

# ---- Which area is which, month after month: tracks, versions and letters, by shared cells.


Cells: TypeAlias = frozenset[int]

SAME_VERSION = 0.8
"""Jaccard with a version's first shape under which it is a new version: a fifth of the cells
lost. Measured from the first shape, so that many small steps cannot carry it away unseen."""

CLEARLY = 0.2
"""An area grew or shrank if its number of cells changed by more than this share."""

MEMORY_MONTHS = 12
"""A track keeps its number for so many months without an area, in case one returns there."""


class ShapeChange(StrEnum):
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


Why: TypeAlias = tuple[ShapeChange, tuple[int, ...]]  # the change, and the source tracks


@dataclass(frozen=True)
class WindowAreas:
    """The areas proposed from one window of months."""

    until: Month  # the window's first month that is not counted
    areas: tuple[Cells, ...]  # n areas, each a set of cells, without overlap
    middles_m: tuple[tuple[float, float], ...]  # n middles (x, y), meters

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
class AreaObservation:
    """One track in one month."""

    until: Month  # the window's first month that is not counted
    track: int  # the track's number, from 1
    version: int  # the version's number, from 1
    change: ShapeChange  # how its cells changed
    cells: Cells  # its shape; empty where it is no longer proposed
    drawn: Cells  # the first shape of its version
    former: Cells  # its last shape before; empty for a new track
    from_tracks: tuple[int, ...] = ()  # where it was split or merged

    @property
    def jaccard(self) -> float | None:
        """Jaccard with its last shape; None without one."""
        return jaccard(self.cells, self.former) if self.former else None


def track_ids(snapshots: Sequence[WindowAreas]) -> list[AreaObservation]:
    """Follow areas from window to window by the cells that they share.

    An area keeps its track if it is the best match of the track's last shape (see `match_areas`),
    also after up to `MEMORY_MONTHS` in which it was not proposed, if the two are then at least
    half the same. Its version rises when it was split or merged, when Jaccard with the version's
    first shape is below `SAME_VERSION`, or when it grew clearly since.
    """
    sightings: list[AreaObservation] = []
    living: dict[int, AreaObservation] = {}
    absent: dict[int, AreaObservation] = {}
    n_tracks = 0
    for place, snapshot in enumerate(snapshots):
        if place and snapshot.until != snapshots[place - 1].until.plus(1):
            raise ParamError("lineage.months", month=str(snapshot.until))
        oldest = snapshot.until.index - MEMORY_MONTHS - 1
        absent = {t: last for t, last in absent.items() if last.until.index >= oldest}
        seen = _follow_step(snapshot, living, absent, n_tracks)
        if not place:
            seen = [replace(one, change=ShapeChange.FIRST) for one in seen]
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
    living: Mapping[int, AreaObservation],
    absent: Mapping[int, AreaObservation],
    n_tracks: int,
) -> list[AreaObservation]:
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
            why = told.get(place, (ShapeChange.BACK, ()))
            seen.append(_continue(absent[back[place]], snapshot.until, cells, why))
        else:
            n_tracks += 1
            change, sources = told.get(place, (ShapeChange.NEW, ()))
            own = (n_tracks, 1, change, cells, cells, frozenset[int](), sources)
            seen.append(AreaObservation(snapshot.until, *own))
    for track, last in living.items():
        if track not in kept.values():  # merged into another one, or no longer proposed
            gone = (ShapeChange.LEFT, ())
            change, sources = next((why for why in merges.values() if track in why[1]), gone)
            own = (track, last.version, change, frozenset[int](), last.drawn, last.cells, sources)
            seen.append(AreaObservation(snapshot.until, *own))
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
            told[place] = ShapeChange.SPLIT, (*told.get(place, (ShapeChange.SPLIT, ()))[1], track)
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
            told[place] = ShapeChange.MERGED, sources
    return told


def _name_change(last: AreaObservation, cells: Cells) -> ShapeChange:
    """Name what became of a shape since the first one of its version."""
    growth = (len(cells) - len(last.drawn)) / len(last.drawn)
    if jaccard(last.drawn, cells) >= SAME_VERSION and growth <= CLEARLY:
        return ShapeChange.PERSISTS
    if jaccard(last.cells, cells) < SAME or abs(growth) <= CLEARLY:
        return ShapeChange.REDRAWN
    return ShapeChange.GREW if growth > 0 else ShapeChange.SHRANK


def _continue(last: AreaObservation, until: Month, cells: Cells, why: Why) -> AreaObservation:
    """Continue a track; its version rises where its shape is no longer the version's."""
    is_same = _name_change(last, cells) == ShapeChange.PERSISTS
    is_same &= why[0] not in {ShapeChange.SPLIT, ShapeChange.MERGED}
    drawn = last.drawn if is_same else cells
    version = last.version + (not is_same)
    return AreaObservation(until, last.track, version, why[0], cells, drawn, last.cells, why[1])


Counts: TypeAlias = tuple[int, int, int, int]
Counter: TypeAlias = Callable[[Cells, Month], Counts]
Look: TypeAlias = tuple[Cells, Month]
Locator: TypeAlias = Callable[[Cells, Month], Floats]

MAX_CHANCE = 0.005
"""A change of fixed cells against the city is reported if chance makes it at most this often."""

WAIT_MONTHS = MEMORY_MONTHS
"""An area that came or left is tested in that month, and in so many after it."""

LOOK_BACK_MONTHS = 24
"""A window of 36 months keeps an area for up to two years after its incidents stopped; by then the
test has no power and the area is a remnant. So its shapes in those months are tested too."""

MOVE_CHANCE = 0.05
"""A move is reported if chance makes one as far in at most 1 of 20, and never below 2.4 times its
standard error."""


class Event(StrEnum):
    """What became of an area."""

    FIRST = "first"
    PERSISTS = "persists"
    GREW = "grew"
    SHRANK = "shrank"
    SPLIT = "split"
    MERGED = "merged"
    APPEARED = "appeared"
    GONE = "gone"
    REDRAWN = "redrawn"


UNTESTED = {
    ShapeChange.NEW: Event.REDRAWN,
    ShapeChange.BACK: Event.REDRAWN,
    ShapeChange.LEFT: Event.REDRAWN,
} | {
    ShapeChange(event): Event(event)
    for event in ("first", "persists", "grew", "shrank", "split", "merged", "redrawn")
}
"""The event reported for each change without a passed test."""

LINEAGE_COLUMNS = {
    "month": "the window's first month that is not counted, YYYY-MM",
    "track": "the area's number, from 1; the same as long as the area persists",
    "version": "from 1; a new one where the area was clearly redrawn",
    "event": "first, persists, grew, shrank, split, merged, appeared, gone or redrawn",
    "jaccard": "cells shared with its last shape, by all cells of both; empty where there is none",
    "n_cells": "its cells; 0 where it is no longer proposed",
    "gained_cells": "cells that its last shape lacked",
    "lost_cells": "cells that only its last shape had",
    "last_12": "incidents in its cells, or its last ones, in the last 12 months",
    "before_24": "incidents in the same cells in the 24 months before",
    "p": "chance of as great a change against the city, 1 if it went the other way; where it left, "
    "the least in the two years before; empty where not tested",
    "moved_m": "how far its incidents' middle moved since its first shape; empty where not told",
    "moved_se_m": "standard error of that move; empty where not measured",
    "from_tracks": "where it was split or merged: the tracks it comes from, with spaces between",
}
DTYPES = (
    *("str", "int64", "int64", "str", "float64", "int64", "int64", "int64", "int64", "int64"),
    *("float64", "float64", "float64", "str"),
)


@dataclass(frozen=True)
class CentroidShift:
    """How far a middle moved."""

    distance_m: float  # between the two middles
    se_m: float  # standard error along that line; NaN with fewer than 3 incidents on either side
    is_significant: bool  # whether it is further than chance carries it


@dataclass(frozen=True)
class Change12:
    """Fixed cells against the city: the last 12 months compared with the 24 before."""

    p: float  # how often chance alone makes as great a change, in either direction
    is_more: bool  # whether their share of the city's incidents went up


def trace_lineage(
    snapshots: Sequence[WindowAreas],
    count: Counter,
    *,
    dispersion: float,
    locate: Locator | None = None,
    sightings: Sequence[AreaObservation] | None = None,
) -> pd.DataFrame:
    """List month by month what became of each area, as `track_ids` sees it if that is known.

    `appeared` is reported once: in the first month in which the test passes, from that of a new
    area on and within `WAIT_MONTHS` after it; before that it is `redrawn`, afterwards as its cells
    change. The same for `gone`, on the last shape of an area that left, and when it left also on
    each of its shapes in the `LOOK_BACK_MONTHS` before. What was split off or merged is not tested:
    its cells were proposed before, or still are.
    """
    if not math.isfinite(dispersion):
        raise ParamError("param.number", name="dispersion", given=dispersion)
    months = [snapshot.until for snapshot in snapshots]
    seen = track_ids(snapshots) if sightings is None else sightings
    by_track = sorted(seen, key=lambda one: one.track)
    rows: list[dict[str, object]] = []
    for _, of_track in groupby(by_track, key=lambda one: one.track):
        track = list(of_track)
        first = track[0]
        rows += [
            row | _move_since(first, one, locate, dispersion)
            for one, row in _tell_track(track, months, count, dispersion)
        ]
    columns = zip(LINEAGE_COLUMNS, DTYPES, strict=True)
    table = pd.DataFrame(rows, columns=list(LINEAGE_COLUMNS)).astype(dict(columns))
    return table.sort_values(["month", "track"], ignore_index=True)


def compare_with_city(counts: Counts, dispersion: float) -> Change12:
    """Test whether fixed cells changed against the city: exact, then widened by the dispersion.

    The exact p becomes standard deviations, which are divided by the root of the dispersion, as
    every standard error is multiplied by it. (Divided counts would have to be rounded, which for
    few incidents would decide the result.)

    References
    ----------
    Przyborowski & Wilenski (1940), Biometrika 31, pp. 313-323.
    """
    now, before, city_now, city_before = counts
    if min(counts) < 0:
        raise ParamError("param.at_least", name="counts", least=0, given=min(counts))
    if not (city_now and city_before):
        return Change12(1.0, is_more=False)
    z = ndtri(compare_counts(now, before, city_now, city_before) / 2)
    p = 2 * float(ndtr(z / math.sqrt(max(1.0, dispersion))))
    return Change12(p, is_more=now * city_before > before * city_now)


def measure_move(xy_before: Floats, xy_after: Floats, *, dispersion: float = 1.0) -> CentroidShift:
    """Measure how far the middle of incidents moved, and whether that is more than chance.

    A distance is never below 0, and 2 standard errors are passed by chance in 1 of 7 (a plane
    has two directions). So the line is Hotelling's, at `MOVE_CHANCE`: 2.45 standard errors with
    many incidents, more with few.

    References
    ----------
    Hotelling (1931), Annals of Mathematical Statistics 2, pp. 360-378.
    """
    for xy in (xy_before, xy_after):
        if xy.ndim != 2 or xy.shape[1] != 2 or not np.isfinite(xy).all():
            raise TableError("lineage.places")
    least = min(len(xy_before), len(xy_after))
    if least == 0:
        return CentroidShift(math.nan, math.nan, is_significant=False)
    step = xy_after.mean(axis=0) - xy_before.mean(axis=0)  # (2,) meters
    meters = float(np.hypot(*step))
    if least < 3:
        return CentroidShift(meters, math.nan, is_significant=False)
    apart = [np.cov(xy, rowvar=False) / len(xy) for xy in (xy_before, xy_after)]
    spread = (apart[0] + apart[1]) * max(1.0, dispersion)  # (2, 2) square meters
    along = step @ spread @ step / meters**2 if meters else np.trace(spread) / 2
    se_m = math.sqrt(max(float(along), 0.0))
    free = least - 1
    line = math.sqrt(2 * free / (free - 1) * fdtri(2, free - 1, 1 - MOVE_CHANCE))
    return CentroidShift(meters, se_m, is_significant=meters > line * se_m)


def _tell_track(
    track: Sequence[AreaObservation], months: Sequence[Month], count: Counter, dispersion: float
) -> Iterator[tuple[AreaObservation, dict[str, object]]]:
    """Yield what became of one track, month by month, with the tests that are still open."""
    by_month = {one.until: one for one in track}
    last, since, is_gone = track[0], track[0].until, False
    open_by = {Event.APPEARED: -1, Event.GONE: -1}  # months' indices
    for month in months[months.index(since) :]:
        seen = by_month.get(month)
        if seen is not None:
            last = seen
            if seen.change == ShapeChange.NEW or (seen.cells and is_gone):
                since, is_gone = month, False
                open_by[Event.APPEARED] = month.index + WAIT_MONTHS
            is_left = seen.change == ShapeChange.LEFT
            open_by[Event.GONE] = month.index + WAIT_MONTHS if is_left else -1
        event = Event.APPEARED if last.cells else Event.GONE
        looks = [(last.cells or last.former, month)]
        counts = count(*looks[0])
        if seen is not None and seen.change == ShapeChange.LEFT:
            # Its shapes before, each as it was then: the last one is only a remnant.
            start = max(since, month.plus(-LOOK_BACK_MONTHS))
            looks += [(o.cells, o.until) for o in track if o.cells and start <= o.until < month]
        p = _least_p(looks, event, count, dispersion) if month.index <= open_by[event] else None
        if p is not None and p <= MAX_CHANCE:
            open_by[event], is_gone = -1, event == Event.GONE
        elif seen is None:
            continue
        else:
            event = UNTESTED[seen.change]
        # Reported later than it left, it has no more cells to lose.
        one = seen or replace(last, until=month, former=frozenset())
        yield (
            one,
            {
                "month": str(one.until),
                "track": one.track,
                "version": one.version,
                "event": event.value,
                "jaccard": one.jaccard,
                "n_cells": len(one.cells),
                "gained_cells": len(one.cells - one.former),
                "lost_cells": len(one.former - one.cells),
                "last_12": counts[0],
                "before_24": counts[1],
                "p": p,
                "from_tracks": " ".join(map(str, one.from_tracks)),
            },
        )


def _least_p(looks: Sequence[Look], event: Event, count: Counter, dispersion: float) -> float:
    """Return the smallest p of shapes in their months; 1 where none changed in that direction."""
    changes = [compare_with_city(count(*look), dispersion) for look in looks]
    asked = [one.p for one in changes if one.is_more == (event == Event.APPEARED)]
    return min(asked, default=1.0)


def _move_since(
    first: AreaObservation, one: AreaObservation, locate: Locator | None, dispersion: float
) -> dict[str, object]:
    if locate is None or not one.cells or one is first:
        return {}
    places = locate(first.cells, first.until), locate(one.cells, one.until)
    move = measure_move(*places, dispersion=dispersion)
    return {"moved_m": move.distance_m if move.is_significant else None, "moved_se_m": move.se_m}
