"""Which months figures cover, and which follow from two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from csa.base.errors import PrivacyError
from csa.base.params import Month
from csa.disclosure.atoms import Atoms
from csa.disclosure.published import Publication

QUARTER_MONTHS = 3


def edges_of(atoms: Atoms, publications: Sequence[Publication]) -> list[int]:
    """List the months at which a block begins, and the end of the last."""
    edges: set[int] = set()
    for each in publications:
        starts = [each.start.index, *(s.start.index for s in each.sums)]
        ends = [each.until.index, *(s.until.index for s in each.sums)]
        if min(starts) < atoms.first.index or max(ends) > atoms.until.index:
            raise PrivacyError(
                "privacy.period",
                id=each.id,
                start=each.start,
                until=each.until,
                first=atoms.first,
                end=atoms.until,
            )
        edges.update(starts, ends)
    if not edges:
        return []
    low, high = min(edges), max(edges)
    whole = range(-(-low // QUARTER_MONTHS) * QUARTER_MONTHS, high + 1, QUARTER_MONTHS)
    return sorted(edges.union(whole))


def spans_of(publications: Sequence[Publication]) -> Iterator[tuple[Month, Month]]:
    """List the months that sums cover, and the rest of their period."""
    for published in publications:
        for each in published.sums:
            edges = ((published.start, each.start), (each.until, published.until))
            yield each.start, each.until
            yield from ((a, b) for a, b in edges if a.index < b.index)


def gaps_of(publications: Sequence[Publication]) -> Iterator[tuple[Month, Month]]:
    """List the months that one period has beyond another with the same first or last month."""
    for one, other in combinations(publications, 2):
        if one.start == other.start and one.until != other.until:
            yield _in_order(one.until, other.until)
        if one.until == other.until and one.start != other.start:
            yield _in_order(one.start, other.start)


def _in_order(one: Month, other: Month) -> tuple[Month, Month]:
    return (one, other) if one.index < other.index else (other, one)


def quarters_of(edges: Sequence[int]) -> Iterator[int]:
    """List the quarters that lie between edges."""
    for edge in edges:
        if edge % QUARTER_MONTHS == 0 and edge + QUARTER_MONTHS <= edges[-1]:
            yield edge
