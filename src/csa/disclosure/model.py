"""Whole-number tables that agree with all that was published, as a solver sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from csa.base.arrays import Bools
from csa.disclosure.atoms import Ints
from csa.disclosure.knowledge import OPEN, Knowledge

Range: TypeAlias = tuple[int, int]
Floats: TypeAlias = npt.NDArray[np.float64]
FOUND, NONE_FOUND, CUT_SHORT = 0, 2, 1
"""What scipy's milp says: solved, without a solution, stopped."""


@dataclass(frozen=True)
class Model:
    """Changes of a known table, of some groups in some segments; the rest stays as it is."""

    groups: Ints  # (s,) which groups may change
    segments: tuple[Range, ...]  # ranges of blocks, each taken as one; ascending, without overlap
    matrix: sparse.csr_array  # which changes each bounded sum adds up
    low: Floats  # lower bounds on those sums
    high: Floats  # upper bounds on those sums
    floor: Floats  # (s * segments,) least change
    ceiling: Floats  # (s * segments,) greatest change


@dataclass(frozen=True)
class Solution:
    """What the solver found."""

    change: Ints | None  # (s, segments) the best whole-number change found
    bound: float  # no change has a sum above it
    is_impossible: bool = False  # whether no table agrees with the bounds


def row_sums(known: Knowledge, table: Ints) -> Ints:
    """Sum a table over each row.

    Returns (r,) sums.
    """
    ahead = np.zeros((table.shape[0], table.shape[1] + 1))
    np.cumsum(table, axis=1, out=ahead[:, 1:])
    by_mask = known.masks.astype(np.float64) @ ahead
    rows = known.rows
    found = by_mask[rows.mask, rows.until] - by_mask[rows.mask, rows.start]
    return np.asarray(np.rint(found), dtype=np.int64)


def segments_of(known: Knowledge, *, also: Range | None = None) -> tuple[Range, ...]:
    """Join blocks that no row separates."""
    edges = {0, known.truth.shape[1], *known.rows.start.tolist(), *known.rows.until.tolist()}
    if also is not None:
        edges.update(also)
    ends = sorted(edges)
    return tuple(pairwise(ends))


def model_of(
    known: Knowledge,
    base: Ints,
    groups: Ints,
    segments: Sequence[Range],
    *,
    cap: int = OPEN,
    rows: Bools | None = None,
) -> Model:
    """Write down which changes of a table agree with all that was published."""
    starts = np.array([a for a, _ in segments], dtype=np.int64)
    ends = np.array([b for _, b in segments], dtype=np.int64)
    held = np.arange(len(known.rows.mask)) if rows is None else np.flatnonzero(rows)
    mask, slack_low, slack_high, inside = _clipped(known, base, held, starts, ends)
    wide = sparse.csr_array(known.masks[mask][:, groups].astype(np.float64))
    matrix = _outer(wide, inside)
    if rows is None:
        city = sparse.kron(np.ones((1, len(groups))), sparse.eye_array(len(segments)))
        matrix = sparse.csr_array(sparse.vstack([matrix, city]))
        slack_low = np.concatenate([slack_low, np.zeros(len(segments))])
        slack_high = np.concatenate([slack_high, np.zeros(len(segments))])
    held_now = np.stack([base[groups, a:b].sum(axis=1) for a, b in segments], axis=1).ravel()
    ceiling = np.full(held_now.shape, np.inf if cap == OPEN else float(cap))
    return Model(
        groups,
        tuple(segments),
        sparse.csr_array(matrix),
        slack_low,
        slack_high,
        -np.minimum(held_now, cap).astype(np.float64),
        ceiling,
    )


def _clipped(
    known: Knowledge, base: Ints, held: Ints, starts: Ints, ends: Ints
) -> tuple[Ints, Floats, Floats, Bools]:
    """Join rows that bound the same sum of changes: mask, lowest, highest, which segments."""
    rows = known.rows
    now = row_sums(known, base)[held]
    inside = (starts >= rows.start[held, None]) & (ends <= rows.until[held, None])
    low = (rows.low[held] - now).astype(np.float64)
    high = np.where(rows.high[held] == OPEN, np.inf, (rows.high[held] - now).astype(np.float64))
    some = inside.any(axis=1)
    keys = np.concatenate([rows.mask[held][some, None], inside[some]], axis=1).astype(np.int64)
    unique, at = np.unique(keys, axis=0, return_inverse=True)
    lowest, highest = np.full(len(unique), -np.inf), np.full(len(unique), np.inf)
    np.maximum.at(lowest, at.ravel(), low[some])
    np.minimum.at(highest, at.ravel(), high[some])
    return unique[:, 0], lowest, highest, unique[:, 1:].astype(bool)


def _outer(wide: sparse.csr_array, inside: Bools) -> sparse.csr_array:
    """Spread each row's groups over its segments: (r, s) and (r, t) to (r, s * t)."""
    n_segments = inside.shape[1]
    coo = wide.tocoo()
    per_row = inside.sum(axis=1)
    where = np.split(np.nonzero(inside)[1], np.cumsum(per_row)[:-1]) if len(inside) else []
    rows, columns = coo.coords
    repeated = per_row[rows]
    new_rows = np.repeat(rows, repeated)
    new_columns = np.repeat(columns, repeated) * n_segments
    parts = [where[row] for row in rows]
    new_columns = new_columns + (np.concatenate(parts) if parts else 0)
    shape = (wide.shape[0], wide.shape[1] * n_segments)
    return sparse.csr_array((np.ones(len(new_rows)), (new_rows, new_columns)), shape=shape)


def greatest(
    model: Model, gain: Floats, *, nodes: int = 2000, gap: float = 0.0, whole: bool = True
) -> Solution:
    """Find the change with the greatest gain."""
    cost = -np.asarray(gain, dtype=np.float64).ravel()
    solved: Any = milp(
        cost,
        integrality=np.full(len(cost), int(whole)),
        bounds=Bounds(model.floor, model.ceiling),
        constraints=LinearConstraint(model.matrix, model.low, model.high)
        if model.matrix.shape[0]
        else None,
        options={"node_limit": nodes, "mip_rel_gap": gap},
    )
    if solved.x is None:
        return Solution(None, np.inf, solved.status == NONE_FOUND)
    bound = -float(solved.fun)
    if whole:
        bound = np.inf if solved.mip_dual_bound is None else -float(solved.mip_dual_bound)
    elif solved.status != FOUND:
        bound = np.inf
    change = np.rint(solved.x).astype(np.int64)
    return Solution(change.reshape(len(model.groups), -1) if agrees(model, change) else None, bound)


def agrees(model: Model, change: Ints) -> bool:
    """Check whether a change agrees with all bounds, by plain addition."""
    at = model.matrix @ change.ravel()
    is_held = bool(((at >= model.low) & (at <= model.high)).all())
    return is_held and bool((change.ravel() >= model.floor).all())
