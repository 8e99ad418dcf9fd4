"""What must not be derived: counts below ten of places, quarters and pieces between places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from csa.base.arrays import Bools
from csa.disclosure.atoms import THRESHOLD, Ints
from csa.disclosure.knowledge import NOWHERE, Knowledge

Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Targets:
    """Sums of the table that must stay uncertain."""

    masks: Bools  # (q, g) which groups: places, then pieces between two of them
    labels: tuple[tuple[tuple[str, str], ...], ...]  # the places each comes from
    sources: tuple[tuple[int, ...], ...]  # the positions of their masks in what is known
    is_place: Bools  # (q,) whether each is a place itself
    ranges: tuple[Range, ...]  # ranges of blocks
    is_quarter: Bools  # (n_ranges,) whether each is a quarter
    is_secret: Bools


def list_targets(known: Knowledge) -> Targets:
    """List all that must stay uncertain."""
    is_place_mask = [name != NOWHERE for name in known.names]
    found: dict[bytes, int] = {}
    masks: list[Bools] = []
    sources: list[tuple[int, ...]] = []

    def add(flags: Bools, source: tuple[int, ...]) -> None:
        if flags.any() and flags.tobytes() not in found:
            found[flags.tobytes()] = len(masks)
            masks.append(flags)
            sources.append(source)

    for number, flags in enumerate(known.masks):
        if is_place_mask[number]:
            add(flags, (number,))
    n_places = len(masks)
    for flags, source in (*_pieces(known), *_remainders(known)):
        add(flags, source)
    ranges = tuple(dict.fromkeys([*known.windows, *known.quarters, *known.spans]))
    whole = {*known.windows, *known.gaps}
    of_masks = np.array(masks, dtype=bool).reshape(-1, known.truth.shape[0])
    is_place = np.arange(len(masks)) < n_places
    is_quarter = np.array([r in known.quarters and r not in known.windows for r in ranges], bool)
    is_whole = np.array([r in whole for r in ranges], bool)
    true = sums(of_masks, known.truth, ranges)
    is_secret = (true < THRESHOLD) & (is_place[:, None] | is_whole[None, :])
    labels = tuple(tuple(known.names[n] for n in source) for source in sources)
    return Targets(of_masks, labels, tuple(sources), is_place, ranges, is_quarter, is_secret)


def sums(
    masks: Bools, table: npt.NDArray[np.int64], ranges: tuple[Range, ...]
) -> npt.NDArray[np.int64]:
    """Sum a table over masks and ranges.

    Returns (q, n_ranges) sums.
    """
    by_block = masks.astype(np.float64) @ table.astype(np.float64)  # exact: far below 2**53
    ahead = np.concatenate([np.zeros((len(masks), 1)), np.cumsum(by_block, axis=1)], axis=1)
    starts = np.array([a for a, _ in ranges], dtype=np.int64)
    ends = np.array([b for _, b in ranges], dtype=np.int64)
    return np.asarray(np.rint(ahead[:, ends] - ahead[:, starts]), dtype=np.int64)


def _pieces(known: Knowledge) -> list[tuple[Bools, tuple[int, ...]]]:
    """Intersect places of different layers."""
    pieces: list[tuple[Bools, tuple[int, ...]]] = []
    flags = known.masks
    shared = flags.astype(np.float32) @ flags.astype(np.float32).T > 0
    for one, other in combinations(range(len(flags)), 2):
        if not shared[one, other]:
            continue
        pair = (one, other)
        first, second = flags[one], flags[other]
        pieces += [(first & second, pair), (first & ~second, pair), (second & ~first, pair)]
    nowhere = flags[known.names.index(NOWHERE)]
    for layer in filter(None, known.layers):
        rest = ~flags[list(layer)].any(axis=0) & ~nowhere
        pieces.append((rest, layer))
    return pieces


def _remainders(known: Knowledge) -> Iterator[tuple[Bools, tuple[int, ...]]]:
    """Subtract exact figures of several places from one another, as any reader can."""
    exact = set(known.rows.mask[known.rows.low == known.rows.high].tolist())
    layers = [np.array(layer) for layer in known.layers if exact.intersection(layer)]
    for layer in layers:
        yield from _small_together(known, layer)
    for layer, other in permutations(layers, 2):
        for place in other.tolist():
            yield from _beyond(known, place, layer)


def _small_together(known: Knowledge, layer: Ints) -> Iterator[tuple[Bools, tuple[int, ...]]]:
    """Join the small places of a geography: the city's total less all others reveals their sum."""
    flags = known.masks[layer]
    rest = ~flags.any(axis=0) & ~known.masks[known.names.index(NOWHERE)]
    true = sums(flags, known.truth, tuple(dict.fromkeys(known.windows)))
    for is_small in (true < THRESHOLD).T:
        together, source = flags[is_small].any(axis=0), tuple(layer[is_small].tolist())
        if source:
            yield from ((together, source), (together | rest, source))


def _beyond(known: Knowledge, place: int, layer: Ints) -> Iterator[tuple[Bools, tuple[int, ...]]]:
    """Subtract the places of a geography from one that they overlap, and it from them."""
    own, flags = known.masks[place], known.masks[layer]
    meets = (flags & own).any(axis=1)
    is_inside = meets & ~(flags & ~own).any(axis=1)
    source = (place, *layer[meets].tolist())
    if meets.sum() > 1:
        all_met = flags[meets].any(axis=0)
        yield from ((own & ~all_met, source), (all_met & ~own, source))
    if is_inside.sum() > 1:
        yield own & ~flags[is_inside].any(axis=0), source
