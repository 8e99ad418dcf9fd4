"""The city's places: what candidate areas are called and numbered, the same from month to month.

A proposal draws its areas anew each time. One that is mostly a place seen before keeps that
place's number and name; another gets the next number, and a name that no place has. What was
seen is kept beside the dataset, and carried on when the data are replaced by newer ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from csa.base.crs import METERS_PER_MILE
from csa.base.errors import CsaError, TableError
from csa.base.params import Month
from csa.base.text import natural_sort_key, tr
from csa.city.results import list_results, read_result, result_path, save_result
from csa.geo.cells import CellSet, as_text, finest, from_text, jaccard, refine, to_finest_resolution

if TYPE_CHECKING:
    import pandas as pd

    from csa.city.dataset import City

Cells: TypeAlias = frozenset[int]
Former = TypeVar("Former", int, str)

SAME = 0.5
"""Jaccard at which two shapes are one area, whatever else is near: of two shapes that do not
overlap, at most one can share more than half."""

PART = 0.2
"""From this share of the cells on, a later area is a part of an earlier one, or the reverse."""

NAME, KIND, FORMAT_VERSION = "places", "places", 1
PARAMS = {"places": FORMAT_VERSION}
LASTING, PASSING = "c-", "x-"
"""Begin the ids of candidates: of places that are kept, and of others, which are counted anew in
each run. Letters are those of core service areas."""


@dataclass(frozen=True)
class PastCandidate:
    """A place that was a candidate area."""

    number: int  # its number, from 1, never another place's; below 0 where it is not kept
    name: str  # what it is called
    cells: CellSet  # its cells when last seen
    until: Month  # when last seen: the first month not counted


Places: TypeAlias = tuple[PastCandidate, ...]


def candidate_id(number: int) -> str:
    """Return the id of a candidate in files."""
    return f"{LASTING}{number}" if number > 0 else f"{PASSING}{-number}"


def candidate_number(area_id: str) -> int:
    """Return the number in a candidate's id, below 0 where its place is not kept."""
    number = int(area_id[len(LASTING) :])
    return number if area_id.startswith(LASTING) else -number


def is_candidate(area_id: str) -> bool:
    """Return whether an id is a candidate's, not the letter of a core service area."""
    return area_id.startswith((LASTING, PASSING))


def called(place_name: str, area_id: str) -> str:
    """Return what readers call an area: a candidate by its name alone, others with their letter."""
    if not area_id or is_candidate(area_id):
        return place_name
    return tr("term.with", name=place_name, of=area_id)


def in_order(area_id: str, place_name: str) -> tuple[int, str, tuple[object, ...]]:
    """Return a key to sort areas by: letters, A before AA, then candidates by name."""
    if area_id and not is_candidate(area_id):
        return len(area_id), area_id, ()
    return 10**6, "", natural_sort_key(place_name)


def match_areas(
    former: Mapping[Former, Cells],
    areas: Mapping[int, Cells],
    *,
    at_least: float | None = None,
    part: float = PART,
) -> dict[int, Former]:
    """Match areas with earlier ones, each with at most one, most alike first."""
    pairs = []
    for name, number in _pairs_that_share(former, areas):
        alike = jaccard(former[name], areas[number])
        one, other = to_finest_resolution((former[name], areas[number]))
        shared = len(one & other) / min(len(one), len(other))
        if alike >= at_least if at_least is not None else shared >= part:
            pairs.append((-alike, name, number))
    matched: dict[int, Former] = {}
    for _, name, number in sorted(pairs):
        if number not in matched and name not in matched.values():
            matched[number] = name
    return matched


def _pairs_that_share(
    former: Mapping[Former, Cells], areas: Mapping[int, Cells]
) -> Iterator[tuple[Former, int]]:
    """Yield which areas share any ground: few of the pairs of many areas do."""
    finer = finest([*former.values(), *areas.values()])
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, later in areas.items():
        for cell in refine(later, finer):
            numbers[cell].append(number)
    for name, earlier in former.items():
        touched = {number for cell in refine(earlier, finer) for number in numbers.get(cell, ())}
        yield from ((name, number) for number in touched)


def recognize(areas: Sequence[Cells], places: Places) -> tuple[PastCandidate | None, ...]:
    """Return which known place each area is: half of the smaller one's ground is the other's.

    None for an area that was never seen. No two areas are one place.
    """
    known = {place.number: place for place in places}
    shapes = {number: place.cells for number, place in known.items()}
    found = match_areas(shapes, dict(enumerate(areas)), part=SAME)
    return tuple(known[found[at]] if at in found else None for at in range(len(areas)))


def number_areas(
    recognized: Sequence[PastCandidate | None], places: Places, *, is_kept: bool = True
) -> tuple[int, ...]:
    """Return each area's number: a known place's own, else the next that was never used.

    Where nothing will be kept that is one below 0: lasting numbers are never another place's.
    """
    step = 1 if is_kept else -1
    following = max([0, *(step * place.number for place in places)])
    numbers = []
    for place in recognized:
        following += place is None
        numbers.append(step * following if place is None else place.number)
    return tuple(numbers)


def see(areas: Sequence[tuple[str, str, Cells]], until: Month, places: Places) -> Places:
    """Add what a proposal shows to the places known: id, name and cells of each of its areas."""
    seen = {candidate_number(area_id): (name, cells) for area_id, name, cells in areas}
    kept = {place.number: place for place in places}
    for number, (name, cells) in seen.items():
        kept[number] = PastCandidate(number, name, cells, until)
    return tuple(kept[number] for number in sorted(kept))


def next_id(known: Iterable[str]) -> Callable[[int], str]:
    """Return what names further candidates, counted from 0, unlike any known one."""
    numbers = [candidate_number(one) for one in known if is_candidate(one)]
    last = min([0, *numbers])
    return lambda number: candidate_id(last - 1 - number)


def candidate_rows(areas: pd.DataFrame) -> list[tuple[str, str, Cells]]:
    """List a proposal's areas: id, name and cells of each."""
    ids, names = areas["area_id"].astype(str), areas["place_name"].astype(str)
    return list(zip(ids, names, list_cells(areas), strict=True))


def list_cells(areas: pd.DataFrame) -> list[Cells]:
    """List each area's cells."""
    return [frozenset(from_text(cells).tolist()) for cells in areas["cells"]]


def load_places(city: City) -> Places:
    """Read the places known: what was kept last, for this dataset or another of the city.

    A file that cannot be read is passed over.
    """
    if city.folder is None:
        return ()
    found: list[Places] = []
    for path in (result_path(city, NAME, PARAMS), *list_results(city, NAME, PARAMS)):
        with suppress(CsaError):
            kept = read_result(path)
            found += [] if kept is None else [_from_plain(kept)]
    return max(found, key=_age, default=())


def save_places(city: City, areas: Sequence[tuple[str, str, Cells]], until: Month) -> None:
    """Keep what the city's own proposal shows; a folder that cannot be written is left as it is."""
    if city.folder is None:
        return
    known = load_places(city)
    seen = see(areas, until, known)
    with suppress(CsaError, OSError):
        if seen != known or not result_path(city, NAME, PARAMS).is_file():
            save_result(city, NAME, PARAMS, _to_plain(seen))


def _age(places: Places) -> tuple[Month, int]:
    """Return how late places were kept: two files of one month differ by what was added."""
    last = max((place.until for place in places), default=Month(1, 1))
    return last, max((place.number for place in places), default=0)


def _to_plain(places: Places) -> dict[str, Any]:
    listed = [
        {
            "number": place.number,
            "name": place.name,
            "until": str(place.until),
            "cells": as_text(sorted(place.cells)),
        }
        for place in places
    ]
    return {"kind": KIND, "format_version": FORMAT_VERSION, "places": listed}


def _from_plain(kept: Mapping[str, Any]) -> Places:
    try:
        if kept["kind"] != KIND or kept["format_version"] != FORMAT_VERSION:
            raise TableError("learned.damaged")
        places = tuple(
            PastCandidate(
                int(one["number"]),
                str(one["name"]),
                frozenset(from_text(one["cells"]).tolist()),
                Month.parse(one["until"]),
            )
            for one in kept["places"]
        )
    except (CsaError, KeyError, TypeError, ValueError) as error:
        raise TableError("learned.damaged") from error
    numbers, names = {one.number for one in places}, {one.name for one in places}
    if len(numbers) < len(places) or len(names) < len(places) or min(numbers, default=1) < 1:
        raise TableError("learned.damaged")
    return places


# ---- Place names that distinguish areas of one neighborhood, and the letters of areas in service.


COMPASS = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
CENTER = "center"
Floats = npt.NDArray[np.float64]


def letter(number: int) -> str:
    """Return the letter of an area: A to Z, then AA, AB and so on."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, len(ascii_uppercase))
        text = ascii_uppercase[place] + text
    return text


def name_places(
    neighborhoods: Sequence[str],
    xy: Floats,
    taken: Collection[str] = (),
    middles: Mapping[str, Floats] | None = None,
    units: str = "metric",
) -> list[str]:
    """Name areas after their neighborhood, with compass words where two would be equal.

    Where one neighborhood holds more areas than the compass has words, each is told by its
    distance and direction from the neighborhood's middle. No name that is taken is given again.

    Parameters
    ----------
    neighborhoods
        The neighborhood of each of n areas.
    xy
        (n, 2) the areas' middles, meters.
    taken
        Names of other places.
    middles
        The middle of each neighborhood, meters; where unknown, that of its areas.
    units
        `us` gives distances in miles, `metric` in kilometers.
    """
    names = list(neighborhoods)
    for name in sorted(set(neighborhoods)):
        same = [place for place, other in enumerate(neighborhoods) if other == name]
        used = {*taken, *names} - {name}
        if len(same) == 1 and not any(is_named_after(one, {name}) for one in taken):
            continue
        told = [f"{name}, {word}" for word in compass_words(xy[same])] if len(same) > 1 else []
        if not told or used & set(told):  # "Oak, west" is a place itself
            middle = (middles or {}).get(name, xy[same].mean(axis=0))
            told = _told_by_distance(name, xy[same] - middle, used, units)
        for place, text in zip(same, told, strict=True):
            names[place] = text
    return names


def is_named_after(name: str, neighborhoods: Collection[str]) -> bool:
    """Return whether a place is named after one of some neighborhoods."""
    return base_of(name, neighborhoods) is not None


def base_of(name: str, neighborhoods: Collection[str]) -> str | None:
    """Return which of some neighborhoods a place is named after: the longest; None for none."""
    parts = name.split(", ")
    bases = [", ".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((base for base in bases if base in neighborhoods), None)


def _told_by_distance(name: str, apart_m: Floats, used: Collection[str], units: str) -> list[str]:
    """Name places by distance and direction, as roughly as still tells each from all others."""
    word, meters = ("mi", METERS_PER_MILE) if units == "us" else ("km", 1000.0)
    sectors = np.round(np.arctan2(apart_m[:, 1], apart_m[:, 0]) / (np.pi / 4)).astype(int) % 8
    far = np.hypot(*apart_m.T) / meters
    told: list[str] = []
    for digits in (None, 1, 2, 3):
        told = [
            f"{name}, {COMPASS[sector]}"
            if digits is None
            else f"{name}, {distance:.{digits}f} {word} {COMPASS[sector]} of its center"
            for distance, sector in zip(far, sectors, strict=True)
        ]
        if len({*told}) == len(told) and not {*told} & {*used}:
            return told
    free = ((text, f"{text} ({number})") for number in count(2) for text in told)
    given: dict[int, str] = {}
    for at, text in enumerate(told):
        names = (name for base, name in free if base == text)
        given[at] = next(name for name in names if name not in used and name not in given.values())
    return [given[at] for at in range(len(told))]


def compass_words(xy: Floats) -> list[str]:
    """Return a different compass word for each place, as seen from their common middle.

    None where there are more places than words.
    """
    if len(xy) > len(COMPASS) + 1:
        return []
    from_middle = xy - xy.mean(axis=0)
    reach = np.hypot(*from_middle.T).max() or 1.0
    turns = np.arange(len(COMPASS)) * np.pi / 4
    ideal = np.column_stack([np.cos(turns), np.sin(turns)])
    words = [*COMPASS]
    if len(xy) > 2:
        ideal = np.vstack([ideal, [0.0, 0.0]])
        words.append(CENTER)
    apart = from_middle[:, None, :] / reach - ideal[None, :, :]
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - loads late

    rows, columns = linear_sum_assignment((apart**2).sum(axis=2))
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return [words[chosen[place]] for place in range(len(xy))]
