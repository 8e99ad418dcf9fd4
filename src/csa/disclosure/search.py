"""Tables that agree with all that was published, however revised, and differ in what is secret."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from csa.base.arrays import Bools
from csa.disclosure.atoms import Ints
from csa.disclosure.knowledge import Knowledge, Rows
from csa.disclosure.model import (
    Floats,
    Model,
    greatest,
    kinds_of,
    model_of,
    row_sums,
    safe_chains,
    safe_transfers,
)
from csa.disclosure.targets import Targets, sums

WIDTH = 2
"""Highest less lowest possible value of a safe count: at least three values, so that one event more
or less never shows, and a guess is never certain, nor one of two."""
SEED = 20
CAP = 4
"""No number of a table tried changes by more: others then change as well."""
QUICK_NODES = 20
QUICK_GAP = 0.3
ROUNDS = 6
PART = 30


@dataclass
class Search:
    """A search for tables that show counts to be safe."""

    known: Knowledge  # what was published
    targets: Targets  # what must stay uncertain
    base: Ints  # (g, b) a table that agrees with all that was published
    is_open: Bools  # (q, n_ranges) what is not shown to be safe yet
    low: Ints = field(init=False)
    high: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the one table that is known."""
        self.at_base = sums(self.targets.masks, self.base, self.targets.ranges)
        self.low, self.high = self.at_base.copy(), self.at_base.copy()
        self.sparse = sparse.csc_array(self.targets.masks.astype(np.float64))
        self.random = np.random.default_rng(SEED)

    def take(self, model: Model, change: Ints) -> bool:
        """Take a table into account; return whether it showed anything new."""
        was = int(self.is_open.sum())
        # integers below 2**53: exact as floats, and fast
        moved = self.sparse[:, model.groups] @ change.astype(np.float64)
        starts = np.array([a for a, _ in model.segments])
        ends = np.array([b for _, b in model.segments])
        for number, (a, b) in enumerate(self.targets.ranges):
            inside, apart = (starts >= a) & (ends <= b), (ends <= a) | (starts >= b)
            if not (inside | apart).all() or not inside.any():
                continue
            value = self.at_base[:, number] + np.rint(moved[:, inside].sum(axis=1)).astype(np.int64)
            self.low[:, number] = np.minimum(self.low[:, number], value)
            self.high[:, number] = np.maximum(self.high[:, number], value)
        self.is_open &= self.high - self.low < WIDTH
        return int(self.is_open.sum()) < was

    def try_tables(self, model: Model, rounds: int, only: Bools | None = None) -> None:
        """Look for tables in which as many open counts as possible differ."""
        for _ in range(rounds):
            gain = self._gain(model, self.is_open if only is None else self.is_open & only)
            if not gain.any():
                return
            news = False
            for sign in (1.0, -1.0):
                answer = greatest(model, sign * gain, nodes=QUICK_NODES, gap=QUICK_GAP)
                if answer.change is not None and answer.change.any():
                    news |= self.take(model, answer.change)
            if not news:
                return

    def _gain(self, model: Model, wanted: Bools) -> Floats:
        """Weigh each number by the open counts that it is in, up or down at random."""
        ranges = np.array(self.targets.ranges)
        segments = np.array(model.segments)
        inside = (segments[None, :, 0] >= ranges[:, None, 0]) & (
            segments[None, :, 1] <= ranges[:, None, 1]
        )
        signs = self.random.choice([-1.0, 1.0], size=wanted.shape) * wanted
        weights = self.sparse[:, model.groups].T @ signs  # (s, n_ranges)
        return np.asarray(weights @ inside.astype(np.float64))


def show_by_chain(search: Search) -> None:
    """Move incidents in time without the solver."""
    targets = search.targets
    search.is_open &= ~safe_transfers(search.known, search.base, targets.masks, targets.ranges)
    safe = safe_chains(search.known, search.base, targets.masks[targets.is_place])
    for number, span in enumerate(search.known.quarters):
        column = targets.ranges.index(span)
        search.is_open[targets.is_place, column] &= ~safe[:, number]


def show_by_block(search: Search) -> None:
    """Move incidents between places within one block of months, all groups at once."""
    known = search.known
    groups = np.arange(len(known.truth))
    for block in range(known.truth.shape[1]):
        search.try_tables(
            model_of(known, search.base, groups, ((block, block + 1),), cap=CAP), ROUNDS
        )


def show_by_place(search: Search) -> None:
    """Move incidents in time and place at once, of each place and some others."""
    known, targets = search.known, search.targets
    segments = tuple((block, block + 1) for block in range(known.truth.shape[1]))
    size = search.base.sum(axis=1)
    order = np.argsort(-size, kind="stable")
    kinds = kinds_of(known)
    for row in np.flatnonzero(search.is_open.any(axis=1)):
        if not search.is_open[row].any():
            continue
        inside = targets.masks[row]
        alike = np.isin(kinds, kinds[inside]) & ~inside
        parts = [order[chosen[order]][:PART] for chosen in (inside, alike, ~inside & ~alike)]
        some = search.random.permutation(len(known.truth))[:PART]
        groups = np.unique(np.concatenate([*parts, some]))
        only = search.is_open.copy()
        only[np.arange(len(only)) != row] = False
        model = model_of(known, search.base, groups, segments, cap=CAP)
        search.try_tables(model, ROUNDS, only)


NODES = 50
PART = 100
SMALL_COST = 1e-3
"""The cost of a change beside what is forgiven, so that a table near the data is preferred."""


def agreeing_table(known: Knowledge) -> tuple[Knowledge, Ints]:
    """Return a table that agrees with all that was published; the true one if it does.

    Where figures were revised, an observer who takes all of them for the same truth looks for a
    table that fits; if none exists, the smallest sum of differences is forgiven.
    """
    base = known.truth
    now, city = row_sums(known, base), base.sum(axis=0)
    rows = known.rows
    if ((now >= rows.low) & (now <= rows.high)).all() and (city == known.city).all():
        return known, base
    few = _near(known, now)
    change, forgiven_sum = _least_change(known, few)
    if forgiven_sum > 0 and len(few) < len(base):
        change, _ = _least_change(known, np.arange(len(base)))
    base = base + change
    now = row_sums(known, base)
    forgiven = Rows(
        rows.mask,
        rows.start,
        rows.until,
        np.minimum(rows.low, now),
        np.maximum(rows.high, now),
    )
    exact = rows.is_exact
    low = np.where(exact, now, forgiven.low)
    high = np.where(exact, now, forgiven.high)
    forgiven = replace(forgiven, low=low, high=high)
    return replace(known, rows=forgiven, city=base.sum(axis=0)), base


def _near(known: Knowledge, now: Ints) -> Ints:
    """Choose the groups of figures that do not fit, those of no exact figure, and the busiest."""
    rows = known.rows
    broken = np.unique(rows.mask[(now < rows.low) | (now > rows.high)])
    inside = np.asarray(known.masks[broken].any(axis=0), dtype=bool)
    exact = known.masks[np.unique(rows.mask[rows.is_exact])]
    untold = ~np.asarray(exact.any(axis=0), dtype=bool)
    order = np.argsort(-known.truth.sum(axis=1), kind="stable")
    kinds = (inside, untold & ~inside, ~untold & ~inside)
    return np.sort(np.concatenate([order[kind[order]][:PART] for kind in kinds]))


def _least_change(known: Knowledge, groups: Ints) -> tuple[Ints, float]:
    """Find the change that leaves the least to forgive, and return how much that is."""
    truth = known.truth
    n_blocks = truth.shape[1]
    segments = tuple((block, block + 1) for block in range(n_blocks))
    model = model_of(known, truth, groups, segments)
    n_plain = len(groups) * n_blocks
    wanted = (known.city - truth.sum(axis=0)).astype(np.float64)
    low, high = model.low.copy(), model.high.copy()
    low[-n_blocks:] = high[-n_blocks:] = wanted
    broken = np.flatnonzero((low > 0) | (high < 0))
    size = len(low), len(broken)
    slack = sparse.csr_array((np.ones(len(broken)), (broken, np.arange(len(broken)))), shape=size)
    matrix = sparse.csr_array(sparse.hstack([model.matrix, -model.matrix, slack, -slack]))
    ceiling = np.concatenate(
        [np.full(n_plain, np.inf), -model.floor, np.full(2 * len(broken), np.inf)]
    )
    whole = Model(np.arange(1), segments, matrix, low, high, np.zeros(len(ceiling)), ceiling)
    gain = np.concatenate([np.full(2 * n_plain, -SMALL_COST), np.full(2 * len(broken), -1.0)])
    answer = greatest(whole, gain, nodes=NODES, gap=0.05)
    change = np.zeros_like(truth)
    if answer.change is None:  # pragma: no cover - forgiving all of it is always a solution
        return change, np.inf
    found = answer.change.ravel()
    moved = found[:n_plain] - found[n_plain : 2 * n_plain]
    change[groups] = moved.reshape(len(groups), n_blocks)
    return change, float(found[2 * n_plain :].sum())
