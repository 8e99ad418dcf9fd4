"""Letters west to east, and place names that distinguish areas of one neighborhood.

No label, number or order follows the count: on a wall "Area 1" reads as "worst".
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

COMPASS = ("east", "northeast", "north", "northwest", "west", "southwest", "south", "southeast")
CENTER = "center"


def letter(number: int) -> str:
    """Return the letter of an area: A to Z, then AA, AB and so on."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, len(ascii_uppercase))
        text = ascii_uppercase[place] + text
    return text


def name_places(neighborhoods: Sequence[str], xy: npt.NDArray[np.float64]) -> list[str]:
    """Name areas after their neighborhood, with a compass word where two would be equal."""
    names = list(neighborhoods)
    for name in sorted(set(neighborhoods)):
        same = [place for place, other in enumerate(neighborhoods) if other == name]
        if len(same) > 1:
            told_apart = [f"{name}, {word}" for word in compass_words(xy[same])]
            if set(told_apart) & set(neighborhoods):  # "Oak, west" is a neighborhood itself
                told_apart = [f"{name}, {word}" for word in _from_the_west(len(same))]
            for place, told in zip(same, told_apart, strict=True):
                names[place] = told
    return names


def _from_the_west(n: int) -> list[str]:
    return [f"{place + 1} of {n} from the west" for place in range(n)]


def compass_words(xy: npt.NDArray[np.float64]) -> list[str]:
    """Return a different compass word for each place, as seen from their common middle."""
    if len(xy) > len(COMPASS) + 1:
        return _from_the_west(len(xy))
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
