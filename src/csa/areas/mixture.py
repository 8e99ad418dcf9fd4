"""How many incidents each cell is expected to hold: past counts of several ages, spread.

One age and one width of kernel suit one city and one part of it. So counts of four ages are each
spread over seven distances, and the share that each of these maps has in the whole is learned from
the city's own past Januaries: what was known then, against what came in the twelve months after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from csa.base.arrays import AnyFloats, Bools, Floats, Ints
from csa.base.stats import DISPERSION, negative_binomial, negative_binomial_at_least
from csa.geo.cells import OUTSIDE
from csa.geo.grid import Grid, for_all

AGES = ("last 12 months", "last 36 months", "all, halved every 58 months", "all")
"""Which incidents count for how much; the third loses 1/e in 84 months."""

MEMORY_MONTHS = 84.0
WIDTHS_M = (0, 60, 120, 200, 300, 500, 900)
"""Standard deviations, in meters, by which counts are spread."""

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
class MapMixture:
    """The share of each map in what is expected, and the Januaries that taught it."""

    shares: Floats  # (k,) of `map_names`, adding up to 1
    januaries: tuple[str, ...]  # (YYYY-MM)

    def to_dict(self) -> dict[str, object]:
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


def renormalize_shares(shares: Floats, by_age: Floats) -> Floats:
    """Leave out maps of an age without any incident: the others count for as much more.

    `shares` (k,) of `map_names`, `by_age` (m, 4) as `Ground.by_age`.
    """
    is_known = np.append(np.tile(by_age.any(axis=0), len(WIDTHS_M)), len(by_age) > 0)
    known = np.where(is_known, shares, 0.0)
    return np.asarray(known / (known.sum() or 1.0))


def raise_emerging(mixture: Floats, new: Floats, is_new: Bools) -> Floats:
    """Raise cells of new places to what the last year leads one to expect, if that is more.

    Nothing is taken from others for it, so shares may add up to a little more than 1. All (m,).
    """
    return np.asarray(np.where(is_new, np.maximum(mixture, NEW_SHARE * new), mixture))


def find_new_places(around: Ints, came: Floats, expected: Floats) -> Bools:
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


def fit_shares(known: Sequence[tuple[Floats, Floats]], januaries: Sequence[str] = ()) -> MapMixture:
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
    return MapMixture(shares, tuple(januaries))


# ---- Counts of several ages, spread by a walk from cell to cell: the maps that `stack` adds up.


BLOCK = 1_000_000
"""Incidents that are weighed at once."""

Counts = TypeVar("Counts", Floats, csr_array)


def diffusion(neighbors: Ints, area_km2: Floats) -> csr_array:
    """Return one step of a random walk from cell to cell that leaves even density as it is.

    Repeated, it is a Gaussian kernel that loses nothing over the edge of the city.

    Parameters
    ----------
    neighbors
        (m, 6) positions of each cell's neighbors; -1 outside the study area.
    area_km2
        (m,) land, above 0.

    Returns
    -------
    scipy.sparse.csr_array
        (m, m): counts before to counts after.
    """
    n_cells = len(area_km2)
    here, column = np.nonzero(neighbors != OUTSIDE)
    there = neighbors[here, column]
    flow = np.minimum(area_km2[here], area_km2[there]) / area_km2[here] / 7
    stay = 1 - np.bincount(here, flow, minlength=n_cells)
    own = np.arange(n_cells)
    entries = (np.r_[flow, stay], (np.r_[there, own], np.r_[here, own]))
    return csr_array(coo_array(entries, shape=(n_cells, n_cells)))


def step_m(area_km2: Floats) -> float:
    """Return the standard deviation of one step of `diffusion`, along one axis, in meters.

    Six of seven parts move by the distance d between two centers: the variance is 6/7 of d^2 / 2.
    """
    apart_km = np.sqrt(2 * float(np.median(area_km2)) / np.sqrt(3))
    return float(1000 * apart_km * np.sqrt(3 / 7))


def weigh(months_ago: Floats) -> Floats:
    """Weigh incidents by age, one column for each of `AGES`.

    Returns (n, 4); 0 for what had not happened.
    """
    return np.stack([*_by_age(months_ago)], axis=1)


def _by_age(months_ago: Floats) -> Iterator[Floats]:
    """Yield the columns of `weigh`, one at a time: of ten million incidents each takes much."""
    is_past = months_ago > 0
    yield (is_past & (months_ago < 12)).astype(np.float64)
    yield (is_past & (months_ago < 36)).astype(np.float64)
    yield np.where(is_past, np.exp(-np.maximum(months_ago, 0) / MEMORY_MONTHS), 0.0)
    yield is_past.astype(np.float64)


def _sum_by_age(at: Ints, months_ago: AnyFloats, n_cells: int) -> list[Floats]:
    """Add up the columns of `weigh` by cell, in blocks but in one order: the sums are the same."""
    sums = [np.zeros(n_cells) for _ in AGES]
    for start in range(0, len(at), BLOCK):
        block = slice(start, start + BLOCK)
        for total, weights in zip(sums, _by_age(months_ago[block].astype(np.float64)), strict=True):
            np.add.at(total, at[block], weights)
    return sums


def _sum(at: Ints, weights: Floats, n_cells: int) -> Floats:
    """Add up weights by cell: (m,)."""
    return np.bincount(at, weights, n_cells).astype(np.float64)


def _shares(columns: Iterable[Floats]) -> Floats:
    """Return each cell's share of sums, c times (m,): (m, c), adding up to 1 each, or all 0."""
    counts = np.stack([*columns], axis=1).astype(np.float64)
    totals = counts.sum(axis=0)
    return np.asarray(counts / np.where(totals > 0, totals, 1.0))


_GROUNDS: WeakKeyDictionary[Grid, Ground] = WeakKeyDictionary()
"""Made once for a grid, while that is in use."""


@dataclass(frozen=True)
class Ground:
    """The cells of a study area, and the walk that spreads counts over them."""

    area_km2: Floats  # (m,)
    walk: csr_array  # as `diffusion`

    @classmethod
    def of(cls, neighbors: Ints, area_km2: Floats) -> Ground:
        """Make it of the cells' neighbors, (m, 6), and land."""
        return cls(area_km2, diffusion(neighbors, area_km2))

    @classmethod
    def on(cls, grid: Grid) -> Ground:
        """Take that of a grid, which all who count on it share."""
        if grid not in _GROUNDS:
            made = cls.of(grid.neighbors, grid.area_km2.to_numpy(dtype=np.float64))
            _GROUNDS[grid] = cls(made.area_km2, for_all(made.walk))
        return _GROUNDS[grid]

    def spread(self, counts: Counts, widths_m: Sequence[int] = WIDTHS_M) -> list[Counts]:
        """Spread counts, (m, c), over each distance: between whole steps in proportion."""
        step, n_done, now, found = step_m(self.area_km2), 0, counts, []
        for width_m in widths_m:
            n_steps = (width_m / step) ** 2
            while n_done + 1 <= n_steps:
                now, n_done = self.walk @ now, n_done + 1
            part = n_steps - n_done
            found.append((1 - part) * now + part * (self.walk @ now) if part else now)
        return found

    def by_age(self, at: Ints, months_ago: AnyFloats) -> Floats:
        """Return each cell's share of the incidents of each age: (m, 4), adding up to 1 or 0."""
        return _shares(_sum_by_age(at, months_ago, len(self.area_km2)))

    def new_map(self, by_age: Floats) -> Floats:
        """Draw the map that what is expected in new places rests on: (m,)."""
        age, width_m = NEW_MAP
        return self.spread(by_age[:, [AGES.index(age)]], (width_m,))[0][:, 0]

    def mixtures(self, days: Sequence[tuple[Floats, Floats]]) -> list[Floats]:
        """Add up the maps of some days by what share each has: (m,) for each day.

        A day is its incidents, `by_age`, and the shares of `map_names`. To spread is linear, so
        what is to be spread farther is added to what is spread less far on its way: one column
        for a day, where to draw each map takes one for each age.
        """
        if not len(self.area_km2):
            return [np.zeros(0) for _ in days]
        if not days:
            return []
        step, steps = step_m(self.area_km2), dict[int, Floats]()
        even = self.area_km2 / self.area_km2.sum()
        for number, width_m in enumerate(WIDTHS_M):
            its = slice(number * len(AGES), (number + 1) * len(AGES))
            columns = np.stack([by_age @ shares[its] for by_age, shares in days], axis=1)
            n_steps = (width_m / step) ** 2
            whole = int(n_steps)
            for n, part in ((whole, 1 - (n_steps - whole)), (whole + 1, n_steps - whole)):
                if part:
                    steps[n] = steps.get(n, 0.0) + part * columns
        mixed = np.zeros((len(even), len(days)))
        for n in range(max(steps), -1, -1):
            mixed = self.walk @ mixed
            if n in steps:
                mixed += steps[n]
        return [
            column + shares[-1] * even for column, (_, shares) in zip(mixed.T, days, strict=True)
        ]

    def maps(self, at: Ints, months_ago: AnyFloats) -> Floats:
        """Draw the maps that a day's past gives.

        Returns (m, k): where the next incident would be by each map of `map_names`, adding up to
        1 each; 0 everywhere for an age without incidents.
        """
        return self.maps_of_days(at, [months_ago])[0]

    def maps_of_days(self, at: Ints, pasts: Iterable[AnyFloats]) -> list[Floats]:
        """Draw the maps of several days, as `maps`: a step for all at once is quicker."""
        n_cells, n_ages = len(self.area_km2), len(AGES)
        if not n_cells:
            return [np.zeros((0, len(map_names()))) for _ in pasts]
        shares = [self.by_age(at, months_ago) for months_ago in pasts]
        spread = self.spread(np.concatenate(shares, axis=1))
        even = (self.area_km2 / self.area_km2.sum())[:, None]
        days = (slice(n_ages * day, n_ages * (day + 1)) for day in range(len(shares)))
        return [np.concatenate([*(one[:, day] for one in spread), even], axis=1) for day in days]


class Subsamples:
    """Expects again from some of the past: by narrow maps drawn anew, and wide ones as they are.

    Spread over 300 m and more, a map hardly changes when a fifth of its incidents is left out.
    """

    def __init__(
        self,
        ground: Ground,
        stack: MapMixture,
        at: Ints,
        months_ago: Floats,
        is_new: Bools | None = None,
        is_asked: Bools | None = None,
    ) -> None:
        n_ages, n_narrow = len(AGES), len(NARROW_M) * len(AGES)
        self._n_cells = len(ground.area_km2)
        everywhere = np.ones(self._n_cells, dtype=bool)
        self._asked = np.flatnonzero(everywhere if is_asked is None else is_asked)
        past = ground.by_age(at, months_ago)
        known = renormalize_shares(stack.shares, past)
        wide = np.where(np.arange(len(known)) < n_narrow, 0.0, known)
        self._wide = ground.mixtures([(past, wide)])[0][self._asked]
        occupied, self._at = np.unique(at, return_inverse=True)
        ones = (np.ones(len(occupied)), (occupied, np.arange(len(occupied))))
        alone = csr_array(ones, shape=(len(ground.area_km2), len(occupied)))
        spread = ground.spread(alone, NARROW_M)
        by_age = [
            sum(share * one for share, one in zip(known[age:n_narrow:n_ages], spread, strict=True))
            for age in range(n_ages)
        ]
        self._narrow = hstack(by_age, format="csr")[self._asked]
        self._new = spread[NARROW_M.index(NEW_MAP[1])][self._asked]
        self._is_new = (~everywhere if is_new is None else is_new)[self._asked]
        self._weights, self._n_occupied = weigh(months_ago), len(occupied)

    def shares(self, kept: Bools) -> Floats:
        """Return the share of what comes that each cell holds by some of the past: (m,).

        It is 0 in cells that were not asked for.
        """
        at, n = self._at[kept], self._n_occupied
        by_cell = _shares(_sum(at, one, n) for one in self._weights[kept].T)
        new = self._new @ by_cell[:, AGES.index(NEW_MAP[0])]
        shares = np.zeros(self._n_cells)
        mixture = self._wide + self._narrow @ by_cell.T.ravel()
        shares[self._asked] = raise_emerging(mixture, new, self._is_new)
        return shares
