"""What may be published of a draft: small counts are held back, and as few others as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TypeAlias

from csa.disclosure.atoms import HIDDEN, LOWEST, THRESHOLD, Atoms
from csa.disclosure.exposure import begin, code, settle_open
from csa.disclosure.knowledge import Official, figure_of
from csa.disclosure.published import Publication
from csa.disclosure.targets import Range

Figure: TypeAlias = tuple[str, str]
"""Geography and place of a count."""
Code: TypeAlias = tuple[bytes, Range]
Codes: TypeAlias = frozenset[Code]


@dataclass(frozen=True)
class _Found:
    """An exposed count: its code, and the draft's figures that it comes from or overlaps."""

    code: Code
    own: frozenset[Figure]
    touching: frozenset[Figure]
    geographies: frozenset[str]


def settle(
    atoms: Atoms, draft: Publication, earlier: Sequence[Publication], official: Official
) -> Publication:
    """Hold back what would reveal a count below ten, together with all earlier publications."""
    for before in earlier:
        if before.id == draft.id and _same_places(before, draft):
            return before
    shown = _without_small(draft)
    for before in earlier:
        if (before.id, before.start, before.until) == (draft.id, draft.start, draft.until):
            shown = _as_before(shown, before)
    doubtful: Codes | None = None
    anyway: Codes | None = None
    while True:
        found = list(_exposed(atoms, (*earlier, shown), official, doubtful))
        codes = frozenset(each.code for each in found)
        if anyway is None and found:
            silent = _exposed(atoms, (*earlier, _silent(shown)), official, codes)
            anyway = frozenset(each.code for each in silent)
        mine = [each for each in found if each.code not in (anyway or ())]
        if not mine:
            return shown
        # What is revealed anyway stays so, and what is safe stays safe when less is published.
        doubtful = frozenset(each.code for each in mine)
        less = _hold_back(shown, mine)
        if less is None:
            less = _hold_back_others(atoms, earlier, shown, official, mine)
        if less is None:
            return shown
        shown = less


def _same_places(one: Publication, other: Publication) -> bool:
    def places(given: Publication) -> object:
        return (
            {g: sorted(inner) for g, inner in given.counts.items()},
            {g: sorted(inner) for g, inner in given.classes.items()},
            {g: {p: sorted(m) for p, m in inner.items()} for g, inner in given.places.items()},
        )

    return (one.start, one.until) == (other.start, other.until) and places(one) == places(other)


def _as_before(shown: Publication, before: Publication) -> Publication:
    """Use what was published of the same places in the same quarter, under whatever name."""
    counts = {geography: _counts_then(geography, shown, before) for geography in shown.counts}
    classes = {
        geography: {
            place: before.classes.get(geography, {}).get(place, bounds)
            for place, bounds in inner.items()
        }
        for geography, inner in shown.classes.items()
    }
    told = {(s.geography, s.places, s.start, s.until): s.count for s in before.sums}
    sums = tuple(
        replace(s, count=told.get((s.geography, s.places, s.start, s.until), s.count))
        for s in shown.sums
    )
    totals = {**shown.totals, **before.totals}
    return replace(shown, counts=counts, classes=classes, totals=totals, sums=sums)


def _counts_then(geography: str, shown: Publication, before: Publication) -> dict[str, int | None]:
    """Return the counts of the same cells: a candidate's letter may belong to another by now."""
    then = {name: sorted(cells) for name, cells in before.places.get(geography, {}).items()}
    told = before.counts.get(geography, {})

    def count_of(place: str, count: int | None) -> int | None:
        here = sorted(shown.places.get(geography, {}).get(place, ()))
        is_same = then.get(place, []) == here
        names = [place] if is_same else [name for name, cells in then.items() if cells == here]
        return next((told[name] for name in names if name in told), count)

    return {place: count_of(place, count) for place, count in shown.counts[geography].items()}


def _exposed(
    atoms: Atoms, published: tuple[Publication, ...], official: Official, only: Codes | None
) -> Iterator[_Found]:
    """Find what is exposed, and which figures of the last publication it comes from."""
    search = begin(atoms, published, official, only)
    figures = search.known.figures[-1]
    for exposed, (row, column) in settle_open(search):
        mask, sources = search.targets.masks[row], search.targets.sources[row]
        yield _Found(
            code(search.targets, row, column),
            frozenset(figure for figure, at in figures.items() if at in sources),
            frozenset(f for f, at in figures.items() if (search.known.masks[at] & mask).any()),
            frozenset(geography for geography, _ in exposed.places),
        )


def _without_small(draft: Publication) -> Publication:
    """Hold back the counts below ten."""
    counts = {
        geography: {
            place: None if count is None or count < THRESHOLD else count
            for place, count in inner.items()
        }
        for geography, inner in draft.counts.items()
    }
    small = tuple(
        replace(each, count=None) if (each.count or 0) < THRESHOLD else each for each in draft.sums
    )
    return replace(draft, counts=counts, sums=small)


def _silent(shown: Publication) -> Publication:
    """Hold back every figure: what is revealed even then is not due to the draft."""
    return replace(
        shown,
        counts={g: dict.fromkeys(inner) for g, inner in shown.counts.items()},
        classes={g: dict.fromkeys(inner, HIDDEN) for g, inner in shown.classes.items()},
        sums=tuple(replace(each, count=None) for each in shown.sums),
    )


def _hold_back(shown: Publication, found: list[_Found]) -> Publication | None:
    """Hold back one more figure for each exposed count: one it comes from, or overlaps."""
    told = _told(shown)
    chosen: set[Figure] = set()
    for each in found:
        candidates = _candidates(told, each)
        if candidates and not chosen.intersection(candidates):
            chosen.add(min(candidates, key=lambda figure: (told[figure], figure)))
    return _without(shown, chosen) if chosen else None


def _hold_back_others(
    atoms: Atoms,
    earlier: Sequence[Publication],
    shown: Publication,
    official: Official,
    found: list[_Found],
) -> Publication | None:
    """Hold back the fewest figures elsewhere that help; if none do, the fewest map cells.

    None where no cell is left either.
    """
    codes = frozenset(each.code for each in found)
    kinds = frozenset(kind for each in found for kind in each.geographies)

    def is_safe(tried: Publication) -> bool:
        return next(_exposed(atoms, (*earlier, tried), official, codes), None) is None

    def least(
        figures: Sequence[Figure],
        without: Callable[[Publication, AbstractSet[Figure]], Publication],
    ) -> Publication | None:
        if not figures or not is_safe(without(shown, frozenset(figures))):
            return None
        return without(shown, fewest_figures(figures, lambda some: is_safe(without(shown, some))))

    told = _told(shown)
    touching = frozenset(figure for each in found for figure in each.touching)
    cells = _cells_told(shown, touching)
    counts = sorted(told, key=lambda figure: (figure[0] not in kinds, told[figure], figure))
    less = least(counts, _without) or least(cells, _hide_cells)
    if less is None and cells:  # neither helps alone
        return _hide_cells(shown, touching.intersection(cells) or frozenset(cells))
    return less


def fewest_figures(
    figures: Sequence[Figure], helps: Callable[[AbstractSet[Figure]], bool]
) -> frozenset[Figure]:
    """Find the fewest of some figures, all of which help.

    The least number from the first on that helps is found by halving. The last of them is needed;
    whether any before it are is asked in the same way.
    """
    needed: list[Figure] = []
    rest = list(figures)
    while rest and not (needed and helps(frozenset(needed))):
        low, high = 0, len(rest) - 1  # rest[: high + 1] helps
        while low < high:
            middle = (low + high) // 2
            if helps(frozenset([*needed, *rest[: middle + 1]])):
                high = middle
            else:
                low = middle + 1
        needed.append(rest[low])
        rest = rest[:low]
    return frozenset(needed)


def _without(shown: Publication, chosen: AbstractSet[Figure]) -> Publication:
    """Hold back some figures."""
    kept = {
        geography: {p: None if (geography, p) in chosen else n for p, n in inner.items()}
        for geography, inner in shown.counts.items()
    }
    sums = tuple(replace(s, count=None) if figure_of(s) in chosen else s for s in shown.sums)
    return replace(shown, counts=kept, sums=sums)


def _told(shown: Publication) -> dict[Figure, int]:
    """List the counts that are still published."""
    counts = {(g, p): n for g, inner in shown.counts.items() for p, n in inner.items()}
    counts.update({figure_of(each): each.count for each in shown.sums})
    return {figure: count for figure, count in counts.items() if count is not None}


def _candidates(told: Mapping[Figure, int], found: _Found) -> list[Figure]:
    """List the published counts that it comes from, else those that it overlaps."""
    for kind in (found.own, found.touching):
        candidates = [figure for figure in told if figure in kind]
        if candidates:
            return candidates
    return []


def _cells_told(shown: Publication, touching: AbstractSet[Figure]) -> list[Figure]:
    """List the cells above the lowest class: those that exposed counts touch, then by class."""
    told = {
        (geography, place): bounds
        for geography, inner in shown.classes.items()
        for place, bounds in inner.items()
        if bounds not in (LOWEST, HIDDEN)
    }
    return sorted(told, key=lambda figure: (figure not in touching, told[figure][0], figure))


def _hide_cells(shown: Publication, chosen: AbstractSet[Figure]) -> Publication:
    """Put cells in the lowest class, which is then labeled `few, or held back`."""
    classes = {
        geography: {
            place: HIDDEN if (geography, place) in chosen or bounds == LOWEST else bounds
            for place, bounds in inner.items()
        }
        for geography, inner in shown.classes.items()
    }
    return replace(shown, classes=classes)
