"""All that an observer knows: every figure ever published, as bounds on one unknown table.

The unknown table has a row for each *group* (atoms that no published place separates) and a column
for each *block* of months that no publication divides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any, TypeAlias

import numpy as np

from csa.base.arrays import Bools
from csa.base.errors import PrivacyError
from csa.base.params import Month
from csa.disclosure.atoms import Atoms, Ints
from csa.disclosure.published import Publication, Sum

Official: TypeAlias = Mapping[str, int] | Mapping[Month, int]

NOWHERE = ("", "")
OPEN = np.iinfo(np.int64).max // 4
"""No upper bound."""


@dataclass(frozen=True)
class Rows:
    """Bounds on sums of the table: of a mask's groups, over a range of blocks."""

    mask: Ints  # (r,) positions of masks
    start: Ints  # (r,) first block counted
    until: Ints  # (r,) first block not counted
    low: Ints  # (r,) lower bound, included
    high: Ints  # (r,) upper bound, included; equal to `low` for an exact figure

    @property
    def is_exact(self) -> Bools:
        """Which are exact figures."""
        return np.asarray(self.low == self.high, dtype=bool)


@dataclass(frozen=True)
class Knowledge:
    """What an observer knows, and the truth."""

    truth: Ints  # (g, b) incidents by group and block, as the data have them now
    masks: Bools  # (p, g) which groups each place, or sum of places, is
    names: tuple[tuple[str, str], ...]  # geography and place of each mask
    layers: tuple[tuple[int, ...], ...]  # geography at one publication, for each mask
    rows: Rows  # the bounds
    city: Ints  # (b,) the whole city's incidents, known to everybody
    windows: tuple[tuple[int, int], ...]
    quarters: tuple[tuple[int, int], ...]  # the blocks of each covered quarter
    spans: tuple[tuple[int, int], ...]
    gaps: tuple[tuple[int, int], ...]
    ids: tuple[str, ...]  # names of the publications
    quarter_ids: tuple[str, ...]  # names of the quarters
    span_ids: tuple[str, ...]  # names of the spans
    figures: tuple[Mapping[tuple[str, str], int], ...]


@dataclass
class _Masks:
    """Masks of atoms, each once."""

    n_atoms: int
    found: dict[bytes, int] = field(default_factory=dict)
    flags: list[Bools] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)

    def add(self, flags: Bools, name: tuple[str, str]) -> int:
        """Return the position of a mask, adding it if it is new."""
        code = flags.tobytes()
        if code not in self.found:
            self.found[code] = len(self.flags)
            self.flags.append(flags)
            self.names.append(name)
        return self.found[code]


def know(atoms: Atoms, publications: Sequence[Publication], official: Official) -> Knowledge:
    """Put together all that was published."""
    edges = edges_of(atoms, publications)
    at = {month: number for number, month in enumerate(edges)}
    masks = _Masks(len(atoms.counts))
    lines: list[tuple[int, int, int, int, int]] = []
    layers: list[tuple[int, ...]] = []
    figures: list[dict[tuple[str, str], int]] = []
    nowhere = masks.add(_nowhere(atoms), NOWHERE)
    for published in publications:
        of_place = _resolve(atoms, published, masks)
        _refuse_lost(published, of_place, masks)
        layers += [tuple(sorted(set(inner.values()))) for inner in of_place.values()]
        span = at[published.start.index], at[published.until.index]
        lines += [(mask, *span, *bounds) for mask, bounds in _told(published, of_place)]
        figures.append({(g, p): mask for g, inner in of_place.items() for p, mask in inner.items()})
        for each in published.sums:
            mask = _mask_of_sum(each, of_place, masks)
            figures[-1][figure_of(each)] = mask
            if each.count is not None:  # a held-back count has its mask all the same
                months = at[each.start.index], at[each.until.index]
                lines.append((mask, *months, each.count, each.count))
        lines.append((nowhere, *span, -1, -1))  # its count is published too: see below
    table = _blocks(atoms, edges)
    groups = _groups(np.array(masks.flags, dtype=bool).reshape(-1, masks.n_atoms))
    truth = np.zeros((groups.max(initial=-1) + 1, table.shape[1]), dtype=np.int64)
    np.add.at(truth, groups, table)
    of_group = np.zeros((len(masks.flags), len(truth)), dtype=bool)
    of_group[:, groups] = np.array(masks.flags, dtype=bool).reshape(-1, masks.n_atoms)
    rows = _rows(lines, truth, of_group)
    quarters = tuple(quarters_of(edges))
    gaps = tuple(dict.fromkeys(gaps_of(publications)))
    spans = tuple(dict.fromkeys([*spans_of(publications), *gaps]))
    return Knowledge(
        truth,
        of_group,
        tuple(masks.names),
        tuple(dict.fromkeys(layers)),
        rows,
        _city(truth, edges, official),
        tuple((at[p.start.index], at[p.until.index]) for p in publications),
        tuple((at[q], at[q + QUARTER_MONTHS]) for q in quarters),
        tuple((at[a.index], at[b.index]) for a, b in spans),
        tuple((at[a.index], at[b.index]) for a, b in gaps),
        tuple(p.id for p in publications),
        tuple(f"{q // 12}-Q{q % 12 // QUARTER_MONTHS + 1}" for q in quarters),
        tuple(f"{a}/{b}" for a, b in spans),
        tuple(figures),
    )


def _nowhere(atoms: Atoms) -> Bools:
    flags = np.ones(len(atoms.counts), dtype=bool)
    for names in atoms.members.values():
        flags &= names == ""
    return flags


def _resolve(atoms: Atoms, published: Publication, masks: _Masks) -> dict[str, dict[str, int]]:
    """Find each published place in the data."""
    found: dict[str, dict[str, int]] = {}
    for geography in dict.fromkeys([*published.counts, *published.classes]):
        tables = (published.counts, published.classes, published.places)
        places = dict.fromkeys(p for table in tables for p in table.get(geography, {}))
        found[geography] = {
            place: masks.add(
                _atoms_of_place(atoms, published, geography, place), (geography, place)
            )
            for place in places
        }
    return found


def _refuse_lost(
    published: Publication, of_place: Mapping[str, Mapping[str, int]], masks: _Masks
) -> None:
    """Refuse a number for a place that is no longer in the data: it could not be checked."""
    for geography, counts in published.counts.items():
        for place, count in counts.items():
            if count and not masks.flags[of_place[geography][place]].any():
                raise _unknown(published, geography, place)


def _atoms_of_place(atoms: Atoms, published: Publication, geography: str, place: str) -> Bools:
    members = published.places.get(geography, {}).get(place, ())
    if members in {(), (place,)}:
        column = atoms.members.get(geography)
        if column is None:
            raise _unknown(published, geography, place)
        return np.asarray(column == place, dtype=bool)
    kinds = {member[:2] for member in members}  # of an H3 cell: its mode and resolution
    columns = [
        column
        for column in atoms.members.values()
        if any(name[:2] in kinds and len(name) == len(members[0]) for name in set(column))
    ]
    if not columns and len(atoms.counts):
        raise _unknown(published, geography, place)
    flags = np.zeros(len(atoms.counts), dtype=bool)
    for column in columns:
        flags |= np.isin(column.astype(str), members)
    return flags


def _unknown(published: Publication, geography: str, place: str) -> PrivacyError:
    return PrivacyError("privacy.unknown_place", id=published.id, geography=geography, place=place)


def _told(
    published: Publication, of_place: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[int, tuple[int, int]]]:
    for geography, counts in published.counts.items():
        for place, count in counts.items():
            if count is not None:
                yield of_place[geography][place], (count, count)
    for geography, classes in published.classes.items():
        for place, (low, high) in classes.items():
            yield of_place[geography][place], (low, OPEN if high is None else high)


def figure_of(each: Sum) -> tuple[str, str]:
    """Name a sum by its geography and its places, one after the other."""
    return each.geography, ", ".join(each.places)


def _mask_of_sum(each: Sum, of_place: Mapping[str, Mapping[str, int]], masks: _Masks) -> int:
    flags = np.zeros(masks.n_atoms, dtype=bool)
    for place in each.places:
        flags |= masks.flags[of_place[each.geography][place]]
    return masks.add(flags, figure_of(each))


def _blocks(atoms: Atoms, edges: Sequence[int]) -> Ints:
    first = atoms.first.index
    columns = [atoms.counts[:, a - first : b - first].sum(axis=1) for a, b in pairwise(edges)]
    return (
        np.stack(columns, axis=1) if columns else np.zeros((len(atoms.counts), 0), dtype=np.int64)
    )


def _groups(flags: Bools) -> Ints:
    """Return a number for each atom: the same for atoms in the same masks."""
    if not flags.shape[1]:
        return np.zeros(0, dtype=np.int64)
    packed = np.ascontiguousarray(np.packbits(flags, axis=0).T)
    whole = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    return np.asarray(np.unique(whole, return_inverse=True)[1], dtype=np.int64).ravel()


def _rows(lines: list[tuple[int, int, int, int, int]], truth: Ints, masks: Bools) -> Rows:
    """Join bounds on the same sum; incidents without a place are taken as known from the data."""
    joined: dict[tuple[int, int, int], tuple[int, int]] = {}
    for mask, start, until, lowest, highest in lines:
        true = int(truth[masks[mask], start:until].sum())
        low, high = (true, true) if lowest < 0 else (lowest, highest)
        was = joined.get((mask, start, until), (0, OPEN))
        now = max(was[0], low), min(was[1], high)
        joined[mask, start, until] = now if now[0] <= now[1] else (low, high)
    keys = np.array([*joined], dtype=np.int64).reshape(-1, 3)
    bounds = np.array([*joined.values()], dtype=np.int64).reshape(-1, 2)
    return Rows(keys[:, 0], keys[:, 1], keys[:, 2], bounds[:, 0], bounds[:, 1])


def _city(truth: Ints, edges: Sequence[int], official: Official) -> Ints:
    told: dict[str, Any] = {str(month): count for month, count in official.items()}
    city = np.asarray(truth.sum(axis=0), dtype=np.int64)
    for number, (a, b) in enumerate(pairwise(edges)):
        months = [str(Month(m // 12, m % 12 + 1)) for m in range(a, b)]
        if all(month in told for month in months):
            city[number] = sum(int(told[month]) for month in months)
    return city


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
