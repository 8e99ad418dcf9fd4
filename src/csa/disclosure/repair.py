"""A table that agrees with figures that were revised since: the least that must be forgiven."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from csa.disclosure.atoms import Ints
from csa.disclosure.knowledge import Knowledge, Rows
from csa.disclosure.model import Model, greatest, model_of, row_sums

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
