"""How many incidents each cell is expected to hold: past counts of several ages, spread.

One age and one width of kernel suit one city and one part of it. So counts of four ages are each
spread over seven distances, and the share that each of these maps has in the whole is learned from
the city's own past Januaries: what was known then, against what came in the twelve months after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csa.base.arrays import Bools, Floats, Ints
from csa.base.chances import negative_binomial, negative_binomial_at_least
from csa.base.stats import DISPERSION
from csa.geo.spirals import OUTSIDE

AGES = ("last 12 months", "last 36 months", "all, halved every 58 months", "all")
"""Which incidents count for how much; the third loses 1/e in 84 months."""

MEMORY_MONTHS = 84.0
WIDTHS_M = (0, 60, 120, 200, 300, 500, 900)
"""Standard deviations, in metres, by which counts are spread."""

HORIZON_MONTHS = 12
LEAST_MONTHS = 12
"""A January is learned from only if a year was known before it."""

PRIOR_INCIDENTS = 0.5
"""Each map begins with a share worth half an incident: with no past January all count alike."""

NARROW_M = tuple(width_m for width_m in WIDTHS_M if width_m <= 200)

NEW_SHARE = 0.7
NEW_MAP = ("last 12 months", 200)
"""In a new place a block is expected to hold seven tenths of what the last year alone, spread a
little, leads one to expect, if that is more."""

NEW_RINGS = 2
NEW_CHANCE = 0.01
NEW_LEAST = 5
"""A place of 19 blocks is new if chance would give as many as it held in the last year, 5 or more,
in one city of a hundred: by what the years before lead one to expect, counts varying more than
Poisson's (`DISPERSION`)."""

N_STEPS = 100
"""Steps of expectation maximization: more change no area in Philadelphia."""


@dataclass(frozen=True)
class Stack:
    """The share of each map in what is expected, and the Januaries that taught it."""

    shares: Floats  # (k,) of `map_names`, adding up to 1
    januaries: tuple[str, ...]  # (YYYY-MM)

    def to_plain(self) -> dict[str, object]:
        """Write as plain values, the largest share first."""
        rows = sorted(zip(map_names(), self.shares.tolist(), strict=True), key=lambda row: -row[1])
        return {
            "januaries": list(self.januaries),
            "horizon_months": HORIZON_MONTHS,
            "shares": [
                {"incidents": age, "spread_m": width, "share": round(share, 4)}
                for (age, width), share in rows
            ],
        }


def map_names() -> list[tuple[str, int | None]]:
    """Name each map by its incidents and the distance that they are spread over.

    The last, of even land, has no distance.
    """
    return [(age, width) for width in WIDTHS_M for age in AGES] + [("even over the land", None)]


def of_known(shares: Floats, by_age: Floats) -> Floats:
    """Leave out maps of an age without any incident: the others count for as much more.

    `shares` (k,) of `map_names`, `by_age` (m, 4) as `Ground.by_age`.
    """
    is_known = np.append(np.tile(by_age.any(axis=0), len(WIDTHS_M)), len(by_age) > 0)
    known = np.where(is_known, shares, 0.0)
    return np.asarray(known / (known.sum() or 1.0))


def with_new(mixture: Floats, new: Floats, is_new: Bools) -> Floats:
    """Raise cells of new places to what the last year leads one to expect, if that is more.

    Nothing is taken from others for it, so shares may add up to a little more than 1. All (m,).
    """
    return np.asarray(np.where(is_new, np.maximum(mixture, NEW_SHARE * new), mixture))


def find_new(around: Ints, came: Floats, expected: Floats) -> Bools:
    """Find the places that held more in a year than the years before lead one to expect.

    Parameters
    ----------
    around
        (m, p) positions of each cell and of those around it; -1 outside the study area.
    came
        (m,) incidents of the year.
    expected
        (m,) as many as the years before lead one to expect.

    Returns
    -------
    numpy.ndarray
        (m,) whether each cell is of such a place.
    """
    is_in = around != OUTSIDE

    def of_places(values: Floats) -> Floats:
        return np.asarray(np.where(is_in, values[around], 0.0).sum(axis=1))

    n, usual = of_places(came), of_places(expected)
    middle = np.flatnonzero((n >= NEW_LEAST) & (n > usual))  # the mean itself is no surprise
    # Counts whose variance is so many times their mean are negative binomial. So many and no more
    # are less likely than so many or more, and that is found in a tenth of the time.
    size = np.maximum(usual, np.finfo(float).tiny) / (DISPERSION - 1)
    for chance in (negative_binomial, negative_binomial_at_least):
        is_rare = chance(n[middle], size[middle], 1 / DISPERSION) * len(around) < NEW_CHANCE
        middle = middle[is_rare]
    held = np.zeros(len(around), dtype=bool)
    held[around[middle][is_in[middle]]] = True
    return held


def learn(known: Sequence[tuple[Floats, Floats]], januaries: Sequence[str] = ()) -> Stack:
    """Learn each map's share from what came after past Januaries.

    The shares under which what came is most likely (a mixture, by expectation maximization), with
    a prior worth half an incident a map.

    Parameters
    ----------
    known
        For each past January the maps, (c, k), of the c cells where incidents came, and how
        many came in each, (c,).
    januaries
        Their names.

    References
    ----------
    Dempster, Laird & Rubin (1977), JRSS B 39, pp. 1-38. Wolpert (1992), Neural Networks 5,
    pp. 241-259 (stacking).
    """
    n_maps = len(map_names())
    shares = np.full(n_maps, 1 / n_maps)
    for _ in range(N_STEPS):
        owed = np.zeros(n_maps)
        for maps, came in known:
            total = maps @ shares
            owed += np.divide(came, total, out=np.zeros(len(came)), where=total > 0) @ maps
        shares = PRIOR_INCIDENTS + shares * owed
        shares /= shares.sum()
    return Stack(shares, tuple(januaries))
