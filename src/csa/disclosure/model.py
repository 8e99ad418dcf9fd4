"""Whole-number tables that agree with all that was published: as a solver sees them, and a proof.

The quick proof for quarters: incidents change their quarter, and no published sum sees it. All
periods published are equally long, say L quarters. Then each holds exactly one of the quarters
q, q + L, q + 2L ...: a *chain*. Take an incident from each quarter of one chain and add one to each
of another: no period's sum changes. A place elsewhere in the city does the opposite, so that the
city's totals stay as well.
"""

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
FOUND = 0
"""What scipy's milp says when it has solved."""


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
        return Solution(None, np.inf)
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


UNITS = 2
"""How many moves must be possible at once: a count then differs by so much between two tables."""
CELL_SLACK = 2 * UNITS
"""A move takes an incident from a cell and adds one, in two places: this far from its bounds at
most."""


def safe_chains(known: Knowledge, base: Ints, masks: Bools) -> Bools:
    """Return where so many incidents can be moved that no quarter of a place is known.

    Returns (q, n_quarters) where three values or more are possible.
    """
    n_quarters = len(known.quarters)
    unknown = np.zeros((len(masks), n_quarters), dtype=bool)
    length = _length(known)
    if length is None:
        return unknown
    blocks = [a + int(base[:, a:b].sum(axis=0).argmax()) for a, b in known.quarters]
    table = np.where(_is_bound_otherwise(known)[:, None], 0, base[:, blocks])
    found = _safe(_chain_least(table, length), masks, length, n_quarters)
    number = kinds_of(known)
    may_lose, may_gain = _slack(known, base, CELL_SLACK)
    is_free = may_lose & may_gain
    joined = np.zeros((number.max(initial=-1) + 1, n_quarters), dtype=np.int64)
    np.add.at(joined, number, np.where(is_free[:, None], table, 0))
    least = _chain_least(joined, length)
    free, size = _inside(masks & is_free, number), np.bincount(number, minlength=len(joined))
    whole = _inside(masks, number)  # a kind is moved as a whole: all or nothing of it inside
    found |= _safe(least, whole == size, length, n_quarters, whole == 0)
    return found | _directed(least, free > 0, length, n_quarters)


def _inside(masks: Bools, number: Ints) -> Ints:
    """Count each mask's groups of each kind."""
    counted = np.zeros((number.max(initial=-1) + 1, len(masks)), dtype=np.int64)
    np.add.at(counted, number, masks.T)
    return counted.T


def _directed(least: Ints, has: Bools, length: int, n_quarters: int) -> Bools:
    """Return where a kind can gain in a chain, in one place, what it loses in the others."""
    own_else = least.sum(axis=1, keepdims=True) - least
    others = least.sum(axis=0, keepdims=True) - least
    can = np.minimum(own_else, others) >= UNITS  # (kinds, length)
    safe = has.astype(np.int64) @ can.astype(np.int64) > 0
    return np.asarray(safe[:, np.arange(n_quarters) % length], dtype=bool)


def safe_transfers(known: Knowledge, base: Ints, masks: Bools, ranges: tuple[Range, ...]) -> Bools:
    """Return which counts change when incidents move to a place in all the same exact figures.

    Returns (q, n_ranges) where three values or more are possible.
    """
    number = kinds_of(known)
    may_lose, may_gain = _slack(known, base, UNITS)
    down = np.zeros((len(masks), base.shape[1]))
    up = np.zeros_like(down)
    for kind in range(number.max(initial=-1) + 1):
        groups = np.flatnonzero(number == kind)
        inside = masks[:, groups]
        lost = np.where(may_lose[groups, None], base[groups], 0).astype(np.float64)
        of_mask = inside.astype(np.float64) @ lost  # (q, b)
        gaining = may_gain[groups]
        down += of_mask * _any(~inside & gaining)
        up += (lost.sum(axis=0) - of_mask) * _any(inside & gaining)
    ahead = np.concatenate([np.zeros((len(masks), 1)), np.cumsum(down + up, axis=1)], axis=1)
    starts, ends = np.array(ranges, dtype=np.int64).reshape(-1, 2).T
    return np.asarray(ahead[:, ends] - ahead[:, starts] >= UNITS, dtype=bool)


def _length(known: Knowledge) -> int | None:
    """Return the number of quarters of every period; None where they differ or are not whole."""
    starts = {a: n for n, (a, _) in enumerate(known.quarters)}
    ends = {b: n + 1 for n, (_, b) in enumerate(known.quarters)}
    lengths = set()
    for a, b in known.windows:
        if a not in starts or b not in ends:
            return None
        lengths.add(ends[b] - starts[a])
    return lengths.pop() if len(lengths) == 1 else None


def _is_bound_otherwise(known: Knowledge) -> Bools:
    """Return the groups in a row whose range is not a published period."""
    rows = known.rows
    spans = set(known.windows)
    ranges = zip(rows.start.tolist(), rows.until.tolist(), strict=True)
    other = np.array([span not in spans for span in ranges], dtype=bool)
    return np.asarray(known.masks[rows.mask[other]].any(axis=0), dtype=bool)


def kinds_of(known: Knowledge) -> Ints:
    """Return a number for each group: the same for groups in the same exact figures.

    Returns (g,) equal where incidents may change places unseen by any exact figure.
    """
    exact = known.masks[np.unique(known.rows.mask[known.rows.is_exact])]
    return np.unique(exact.T, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def _slack(known: Knowledge, base: Ints, units: int) -> tuple[Bools, Bools]:
    """Return the groups that may lose, and that may gain, so many units within all class bounds."""
    rows = known.rows
    loose = ~rows.is_exact
    now = row_sums(known, base)[loose]
    mask, low, high = rows.mask[loose], rows.low[loose], rows.high[loose]
    at_low = (low > 0) & (now - low < units)
    at_high = (high != OPEN) & (high - now < units)
    blocked = (_any(known.masks[mask[at].astype(np.int64)].T)[:, 0] for at in (at_low, at_high))
    may_lose, may_gain = (~flags for flags in blocked)
    return may_lose, may_gain


def _any(flags: Bools) -> Bools:
    """Return, for each row, whether any flag is set, as one column."""
    return np.asarray(flags.any(axis=1, keepdims=True), dtype=bool)


def _chain_least(table: Ints, length: int) -> Ints:
    """Return the minimum of each chain: so many incidents can leave it."""
    least = np.full((len(table), length), np.iinfo(np.int64).max // 4, dtype=np.int64)
    for quarter in range(table.shape[1]):
        at = quarter % length
        least[:, at] = np.minimum(least[:, at], table[:, quarter])
    return np.where(least > np.iinfo(np.int64).max // 8, 0, least)


def _safe(
    least: Ints, inside: Bools, length: int, n_quarters: int, outside: Bools | None = None
) -> Bools:
    """Count the moves down and up that a place and the rest of the city can make together."""
    own = inside.astype(np.int64) @ least  # (q, length)
    others = (~inside if outside is None else outside).astype(np.int64) @ least
    own_else = own.sum(axis=1, keepdims=True) - own
    others_else = others.sum(axis=1, keepdims=True) - others
    down = np.minimum(np.minimum(own, others_else), UNITS)
    up = np.minimum(np.minimum(own_else, others), UNITS)
    safe = down + up >= UNITS
    return np.asarray(safe[:, np.arange(n_quarters) % length], dtype=bool)
