"""Which counts below ten can be derived from all publications, and proof that the others are safe.

A count is *safe* when two tables of whole numbers are shown that agree with everything published
and differ in it by two or more, so that at least three values remain possible between them. It is
*exposed* when the solver shows that such tables do not exist, or does not find them in so many
steps: what is not shown to be safe is not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csa.disclosure.atoms import Atoms, Ints
from csa.disclosure.knowledge import Official, know
from csa.disclosure.model import (
    Floats,
    Model,
    Range,
    Solution,
    greatest,
    kinds_of,
    model_of,
    segments_of,
)
from csa.disclosure.published import Publication
from csa.disclosure.search import (
    WIDTH,
    Search,
    agreeing_table,
    show_by_block,
    show_by_chain,
    show_by_place,
)
from csa.disclosure.targets import Targets, list_targets

Kind: TypeAlias = Literal["period", "quarter", "piece"]
MAX_LINEAR, MAX_WHOLE = 6_000, 1_500
"""Numbers in one linear, and one whole-number program; of a larger table a part may change. The
linear one is quick, its bounds are proof, and its best table often has whole numbers by itself."""
ALL_NODES, FEW_NODES = 2000, 20
"""Branches of a whole-number program: as many as a small one needs, a few of a large one."""
SMALL = 400
"""Numbers in a table that is quickly solved as a whole."""


@dataclass(frozen=True)
class Exposed:
    """A count below ten that can be derived."""

    kind: Kind
    when: str  # the publication or the quarter, `YYYY-Qn`
    places: tuple[tuple[str, str], ...]  # geography and name
    low: int  # the lowest value that remains possible
    high: int  # the highest value that remains possible
    is_proven: bool  # whether no other values are possible; else none were found


def find_exposed(
    atoms: Atoms, publications: Sequence[Publication], official: Official
) -> tuple[Exposed, ...]:
    """Find the counts below ten that can be derived from everything ever published."""
    search = begin(atoms, publications, official)
    return tuple(exposed for exposed, _ in settle_open(search))


def begin(
    atoms: Atoms,
    publications: Sequence[Publication],
    official: Official,
    only: frozenset[tuple[bytes, Range]] | None = None,
) -> Search:
    """Begin a search."""
    known = know(atoms, publications, official)
    targets = list_targets(known)
    known, base = agreeing_table(known)
    search = Search(known, targets, base, targets.is_secret.copy())
    if only is not None:
        for row, column in np.argwhere(search.is_open):
            if code(targets, row, column) not in only:
                search.is_open[row, column] = False
    return search


def code(targets: Targets, row: int, column: int) -> tuple[bytes, Range]:
    """Return a count's code, by which it is found again when other figures are held back."""
    return targets.masks[row].tobytes(), targets.ranges[column]


def settle_open(search: Search) -> Iterator[tuple[Exposed, tuple[int, int]]]:
    """Show counts to be safe, the quick way first, and yield those that are not."""
    show_by_chain(search)
    if search.base.size > SMALL:
        show_by_block(search)
        show_by_place(search)
    for row, column in sorted(map(tuple, np.argwhere(search.is_open)), key=lambda rc: rc[::-1]):
        if search.is_open[row, column]:
            exposed = decide(search, int(row), int(column))
            if exposed is not None:
                yield exposed, (int(row), int(column))


def decide(search: Search, row: int, column: int) -> Exposed | None:
    """Ask the solver about one count: over all tables, or over as many groups as it can take."""
    for n_variables, whole in ((MAX_LINEAR, False), (MAX_WHOLE, True)):
        model, gain = _question(search, row, column, n_variables)
        is_all = len(model.groups) == len(search.base)
        if not (whole or is_all):
            continue  # a part's bounds do not prove anything
        nodes = ALL_NODES if gain.size <= SMALL else FEW_NODES
        ends = []
        for sign in (1.0, -1.0):
            answer = greatest(model, sign * gain, nodes=nodes, whole=whole)
            ends.append(_bound(answer))
            if answer.change is not None and answer.change.any():
                search.take(model, answer.change)
        if not search.is_open[row, column]:
            return None
        if is_all and sum(ends) < WIDTH:  # tables cannot differ by more
            return _exposed(search, row, column, is_proven=True)
    return _exposed(search, row, column, is_proven=False)


def _question(search: Search, row: int, column: int, n_variables: int) -> tuple[Model, Floats]:
    """Ask for one count: which changes are allowed, and what each adds to it."""
    targets = search.targets
    segments = segments_of(search.known, also=targets.ranges[column])
    groups = _nearest(search, row, max(n_variables // len(segments), 1))
    a, b = targets.ranges[column]
    at = np.array([c >= a and d <= b for c, d in segments])
    gain = (targets.masks[row][groups][:, None] & at[None, :]).astype(np.float64)
    return model_of(search.known, search.base, groups, segments), gain


def _nearest(search: Search, row: int, n_groups: int) -> Ints:
    """Choose the groups that may change: the count's own, those of its kinds, the busiest."""
    inside = search.targets.masks[row]
    kinds = kinds_of(search.known)
    alike = np.isin(kinds, kinds[inside])
    order = np.lexsort((-search.base.sum(axis=1), ~alike, ~inside))
    return np.sort(order[:n_groups])


def _bound(answer: Solution) -> float:
    return float(np.floor(answer.bound + 1e-6)) if np.isfinite(answer.bound) else np.inf


def _exposed(search: Search, row: int, column: int, *, is_proven: bool) -> Exposed:
    known, targets = search.known, search.targets
    span = targets.ranges[column]
    is_quarter = bool(targets.is_quarter[column])
    kind: Kind = "quarter" if is_quarter else "period"
    if not targets.is_place[row]:
        kind = "piece"
    named = (
        *zip(known.windows, known.ids, strict=True),
        *zip(known.quarters, known.quarter_ids, strict=True),
        *zip(known.spans, known.span_ids, strict=True),
    )
    when = next(name for one, name in named if one == span)
    low, high = int(search.low[row, column]), int(search.high[row, column])
    return Exposed(kind, when, targets.labels[row], low, high, is_proven)
