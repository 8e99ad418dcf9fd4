"""What became of each area, month after month; when one appeared, and when one is gone.

Neighbouring windows of 36 months share 35 of them, so that areas come and go at the edge of what is
proposed while nothing changes. `appeared` and `gone` are therefore reported only where the counts
of fixed cells changed against the city's; otherwise an area was `redrawn`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.special import fdtri, ndtr, ndtri

from csa.base.arrays import Floats
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.base.stats import compare_counts
from csa.displacement.identity import (
    MEMORY_MONTHS,
    AreaChange,
    Cells,
    Sighting,
    WindowAreas,
    follow_areas,
)

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
    AreaChange.NEW: Event.REDRAWN,
    AreaChange.BACK: Event.REDRAWN,
    AreaChange.LEFT: Event.REDRAWN,
} | {
    AreaChange(event): Event(event)
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
class MiddleMove:
    """How far a middle moved."""

    metres: float  # between the two middles
    se_m: float  # standard error along that line; NaN with fewer than 3 incidents on either side
    is_told: bool  # whether it is further than chance carries it


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
    sightings: Sequence[Sighting] | None = None,
) -> pd.DataFrame:
    """List month by month what became of each area, as `follow_areas` sees it if that is known.

    `appeared` is reported once: in the first month in which the test passes, from that of a new
    area on and within `WAIT_MONTHS` after it; before that it is `redrawn`, afterwards as its cells
    change. The same for `gone`, on the last shape of an area that left, and when it left also on
    each of its shapes in the `LOOK_BACK_MONTHS` before. What was split off or merged is not tested:
    its cells were proposed before, or still are.
    """
    if not math.isfinite(dispersion):
        raise ParamError("lineage.dispersion", given=dispersion)
    months = [snapshot.until for snapshot in snapshots]
    seen = follow_areas(snapshots) if sightings is None else sightings
    by_track = sorted(seen, key=lambda one: one.track)
    rows: list[dict[str, object]] = []
    for _, of_track in groupby(by_track, key=lambda one: one.track):
        track = list(of_track)
        first = track[0]
        rows += [
            _row_of(told) | _move_since(first, told, locate, dispersion)
            for told in _tell_track(track, months, count, dispersion)
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
        raise ParamError("counts.negative", given=min(counts))
    if not (city_now and city_before):
        return Change12(1.0, is_more=False)
    z = ndtri(compare_counts(now, before, city_now, city_before) / 2)
    p = 2 * float(ndtr(z / math.sqrt(max(1.0, dispersion))))
    return Change12(p, is_more=now * city_before > before * city_now)


def measure_move(xy_before: Floats, xy_after: Floats, *, dispersion: float = 1.0) -> MiddleMove:
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
        return MiddleMove(math.nan, math.nan, is_told=False)
    step = xy_after.mean(axis=0) - xy_before.mean(axis=0)  # (2,) metres
    metres = float(np.hypot(*step))
    if least < 3:
        return MiddleMove(metres, math.nan, is_told=False)
    apart = [np.cov(xy, rowvar=False) / len(xy) for xy in (xy_before, xy_after)]
    spread = (apart[0] + apart[1]) * max(1.0, dispersion)  # (2, 2) square metres
    along = step @ spread @ step / metres**2 if metres else np.trace(spread) / 2
    se_m = math.sqrt(max(float(along), 0.0))
    free = least - 1
    line = math.sqrt(2 * free / (free - 1) * fdtri(2, free - 1, 1 - MOVE_CHANCE))
    return MiddleMove(metres, se_m, is_told=metres > line * se_m)


@dataclass(frozen=True)
class _Told:
    """A row of the table: a sighting, its event, and the counts behind it."""

    sighting: Sighting
    event: Event
    counts: Counts
    p: float | None


def _tell_track(
    track: Sequence[Sighting], months: Sequence[Month], count: Counter, dispersion: float
) -> Iterator[_Told]:
    """Yield what became of one track, month by month, with the tests that are still open."""
    by_month = {one.until: one for one in track}
    last, since, is_gone = track[0], track[0].until, False
    open_by = {Event.APPEARED: -1, Event.GONE: -1}  # months' indices
    for month in months[months.index(since) :]:
        seen = by_month.get(month)
        if seen is not None:
            last = seen
            if seen.change == AreaChange.NEW or (seen.cells and is_gone):
                since, is_gone = month, False
                open_by[Event.APPEARED] = month.index + WAIT_MONTHS
            is_left = seen.change == AreaChange.LEFT
            open_by[Event.GONE] = month.index + WAIT_MONTHS if is_left else -1
        event = Event.APPEARED if last.cells else Event.GONE
        looks = [(last.cells or last.former, month)]
        counts = count(*looks[0])
        if seen is not None and seen.change == AreaChange.LEFT:
            looks += _look_back(track, max(since, month.plus(-LOOK_BACK_MONTHS)), month)
        p = _least_p(looks, event, count, dispersion) if month.index <= open_by[event] else None
        if p is not None and p <= MAX_CHANCE:
            open_by[event], is_gone = -1, event == Event.GONE
        elif seen is None:
            continue
        else:
            event = UNTESTED[seen.change]
        # Reported later than it left, it has no more cells to lose.
        yield _Told(seen or replace(last, until=month, former=frozenset()), event, counts, p)


def _look_back(track: Sequence[Sighting], start: Month, month: Month) -> list[Look]:
    """List a track's shapes before a month, each as it was then: the last one is only a remnant."""
    return [(one.cells, one.until) for one in track if one.cells and start <= one.until < month]


def _least_p(looks: Sequence[Look], event: Event, count: Counter, dispersion: float) -> float:
    """Return the smallest p of shapes in their months; 1 where none changed in that direction."""
    changes = [compare_with_city(count(*look), dispersion) for look in looks]
    asked = [one.p for one in changes if one.is_more == (event == Event.APPEARED)]
    return min(asked, default=1.0)


def _row_of(told: _Told) -> dict[str, object]:
    one = told.sighting
    return {
        "month": str(one.until),
        "track": one.track,
        "version": one.version,
        "event": told.event.value,
        "jaccard": one.jaccard,
        "n_cells": len(one.cells),
        "gained_cells": len(one.cells - one.former),
        "lost_cells": len(one.former - one.cells),
        "last_12": told.counts[0],
        "before_24": told.counts[1],
        "p": told.p,
        "from_tracks": " ".join(str(track) for track in one.from_tracks),
    }


def _move_since(
    first: Sighting, told: _Told, locate: Locator | None, dispersion: float
) -> dict[str, object]:
    one = told.sighting
    if locate is None or not one.cells or one is first:
        return {}
    places = locate(first.cells, first.until), locate(one.cells, one.until)
    move = measure_move(*places, dispersion=dispersion)
    return {"moved_m": move.metres if move.is_told else None, "moved_se_m": move.se_m}
