"""Place names that distinguish areas of one neighborhood, and the letters of areas in service.

No label, number or order follows the count: on a wall "Area 1" reads as "worst".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from csa.base.crs import METRES_PER_MILE

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
        (n, 2) the areas' middles, metres.
    taken
        Names of other places.
    middles
        The middle of each neighborhood, metres; where unknown, that of its areas.
    units
        `us` gives distances in miles, `metric` in kilometres.
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
    word, metres = ("mi", METRES_PER_MILE) if units == "us" else ("km", 1000.0)
    sectors = np.round(np.arctan2(apart_m[:, 1], apart_m[:, 0]) / (np.pi / 4)).astype(int) % 8
    far = np.hypot(*apart_m.T) / metres
    told: list[str] = []
    for digits in (None, 1, 2, 3):
        told = [
            f"{name}, {COMPASS[sector]}"
            if digits is None
            else f"{name}, {distance:.{digits}f} {word} {COMPASS[sector]} of its middle"
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
    rows, columns = linear_sum_assignment((apart**2).sum(axis=2))
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return [words[chosen[place]] for place in range(len(xy))]
