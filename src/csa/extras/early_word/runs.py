"""Early word: shootings in an area within days, and runs of them that chance would seldom give.

How seldom is held by simulation: the city's own incidents, their days dealt anew within two
months, so that places, months and the city's busy days stay and what follows from one another goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from csa.base.arrays import Bools, Floats, Ints
from csa.base.stats import poisson_upper_tail
from csa.city.dataset import Dataset

NEWEST_DAYS = 14
"""Nothing older is word: who acts on it needs days, not weeks."""
BASE_DAYS = 730
"""What is usual in an area is the mean of so many days before."""
BLOCK_MONTHS = 2
"""Days are dealt anew within so many months."""
LAGS_DAYS = (0.0, 2.0, 7.0)
"""Mean days until a shooting is in the file, each tried: a file does not say, the worst counts."""
MOST_A_YEAR = 2.0
"""False runs over all areas in a year, at most."""
LEAST = 2
"""One shooting is no run."""
N_DEALS = 30
CHANCES = 10.0 ** -np.arange(2, 8.01, 0.25)
"""Chances below which a run may be told, from which the simulation takes one."""


@dataclass(frozen=True)
class AreaDays:
    """Incidents in areas by day."""

    area_ids: tuple[str, ...]
    area: Ints  # (n,) the place of each one's area in the list; -1: in none of them
    day: Ints  # (n,) days since `first`
    first: date
    n_days: int  # to the last day of the data


def days_in_areas(
    dataset: Dataset, areas: Mapping[str, Bools], through: date, kinds: Sequence[str]
) -> AreaDays:
    """Return the incidents of some kinds by area and day; `areas` says which lie in each: (n,).

    An incident in two areas, as zones may overlap, counts in both.
    """
    every = dataset.incidents
    first = date.fromisoformat(dataset.report["data_from"])
    n_days = (through - first).days + 1
    days = (every["occurred_at"].dt.normalize() - pd.Timestamp(first)).dt.days.to_numpy()
    is_in = every["kind"].isin(kinds).to_numpy() & (days >= 0) & (days < n_days)
    inside = [is_in & own for own in areas.values()]
    rest = is_in & ~np.logical_or.reduce([*inside, np.zeros(len(every), dtype=bool)])
    rows = [np.flatnonzero(own) for own in (*inside, rest)]
    places = [*range(len(inside)), -1]
    area = np.repeat(places, [len(own) for own in rows])
    return AreaDays(tuple(areas), area, days[np.concatenate(rows)], first, n_days)


def scan(found: AreaDays, lag: Ints) -> tuple[Floats, Ints]:
    """Return how seldom each day's newest shootings would come, and over how many days.

    Of all windows of 1 to 14 days that end on a day, the one that chance would give most seldom.
    Only what was in the file by that day counts. Returns chances and lengths, (areas, days).
    """
    shape = len(found.area_ids), found.n_days
    own = found.area >= 0
    area, day, late = found.area[own], found.day[own], lag[own]
    daily = np.zeros(shape)
    np.add.at(daily, (area, day), 1)
    before = np.cumsum(np.pad(daily, ((0, 0), (BASE_DAYS + NEWEST_DAYS, 0))), axis=1)
    known = np.minimum(np.arange(found.n_days) - NEWEST_DAYS + 1, BASE_DAYS).clip(1)
    past = before[:, BASE_DAYS : BASE_DAYS + found.n_days] - before[:, : found.n_days]
    rate = (past + 0.5) / known  # (areas, days) a day
    chance, length = np.ones(shape), np.ones(shape, dtype=np.int64)
    for days in range(1, NEWEST_DAYS + 1):
        change = np.zeros((shape[0], shape[1] + NEWEST_DAYS + 1))
        seen = late < days
        np.add.at(change, (area[seen], (day + late)[seen].clip(max=shape[1])), 1)
        np.add.at(change, (area[seen], (day + days)[seen].clip(max=shape[1])), -1)
        counted = np.cumsum(change, axis=1)[:, : shape[1]]
        tail = np.where(counted >= LEAST, poisson_upper_tail(counted, rate * days), 1.0)
        length[tail < chance] = days
        chance = np.minimum(chance, tail)
    return chance, length


def deal_days(found: AreaDays, rng: np.random.Generator) -> AreaDays:
    """Deal the days of incidents anew among those of the same two months."""
    when = pd.Timestamp(found.first) + pd.to_timedelta(found.day, unit="D")
    block = (when.year.to_numpy() * 12 + when.month.to_numpy() - 1) // BLOCK_MONTHS
    order = np.lexsort((rng.random(len(block)), block))
    in_place = np.argsort(block, kind="stable")
    day = np.empty_like(found.day)
    day[in_place] = found.day[order]
    return AreaDays(found.area_ids, found.area, day, found.first, found.n_days)


def draw_lags(n: int, mean_days: float, rng: np.random.Generator) -> Ints:
    """Draw how many days late each incident is in the file."""
    if not mean_days:
        return np.zeros(n, dtype=np.int64)
    return np.asarray(rng.geometric(1 / (1 + mean_days), n) - 1, dtype=np.int64)


def count_runs(chance: Floats, limit: float) -> int:
    """Count the runs that would be told: each area is silent for 14 days after one."""
    n = 0
    for row in chance:
        silent = -1
        for day in np.flatnonzero(row < limit):
            if day > silent:
                n, silent = n + 1, int(day) + NEWEST_DAYS - 1
    return n


@dataclass(frozen=True)
class WatchLimit:
    """The chance below which a run is told, and how often that is false."""

    chance: float  # 0 where no limit is strict enough: no run is told
    false_a_year: float  # over all areas, of the worst lag tried
    years: float  # simulated, for each lag


def hold_false_words(found: AreaDays, seed: int = 58, n_deals: int = N_DEALS) -> WatchLimit:
    """Find the least strict chance that gives at most two false runs a year over all areas.

    Two standard errors are added to what the simulation gives, at the worst of several lags.
    """
    begin = min(BASE_DAYS, found.n_days // 2)
    years = (found.n_days - begin) / 365.25
    if years <= 0 or not (found.area >= 0).any():
        return WatchLimit(0.0, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    runs = np.zeros((len(LAGS_DAYS), n_deals, len(CHANCES)))
    for at, mean_days in enumerate(LAGS_DAYS):
        for deal in range(n_deals):
            dealt = deal_days(found, rng)
            chance = scan(dealt, draw_lags(len(dealt.day), mean_days, rng))[0][:, begin:]
            runs[at, deal] = [count_runs(chance, limit) for limit in CHANCES]
    mean = runs.mean(axis=1) / years
    error = runs.std(axis=1, ddof=1) / years / np.sqrt(n_deals)
    worst = (mean + 2 * error).max(axis=0)
    allowed = np.flatnonzero(worst <= MOST_A_YEAR)
    if not len(allowed):
        return WatchLimit(0.0, 0.0, years * n_deals)
    at = int(allowed[0])
    return WatchLimit(float(CHANCES[at]), float(mean.max(axis=0)[at]), years * n_deals)
