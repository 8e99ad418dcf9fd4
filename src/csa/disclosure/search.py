"""A search for tables that agree with all that was published and differ in what is secret."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from csa.base.arrays import Bools
from csa.disclosure.atoms import Ints
from csa.disclosure.chains import kinds_of, safe_chains, safe_transfers
from csa.disclosure.knowledge import Knowledge
from csa.disclosure.model import Floats, Model, greatest, model_of
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
