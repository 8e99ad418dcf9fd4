"""Pieces of a set of cells, and the holes in them."""

from __future__ import annotations

from collections.abc import Iterable

from csa.geo.cells import centres, disk


def contiguous_parts(cells: Iterable[int]) -> list[frozenset[int]]:
    """Split a set of cells into pieces that do not touch."""
    left = {int(cell) for cell in cells}
    parts = []
    while left:
        part: set[int] = set()
        edge = {min(left)}
        while edge:
            part |= edge
            left -= edge
            edge = {near for cell in edge for near in disk(cell)} & left
        parts.append(frozenset(part))
    return parts


def fill_holes(cells: Iterable[int]) -> frozenset[int]:
    """Add the cells that pieces of a set of cells enclose."""
    filled: set[int] = set()
    for part in contiguous_parts(cells):
        around = {near for cell in part for near in disk(cell)} - part
        rims = contiguous_parts(around)
        outside = _outermost(rims)
        filled |= part
        # The cells around a piece form its outer rim and one rim along each hole.
        for rim in rims:
            if rim is not outside:
                filled |= _flood(rim, part)
    return frozenset(filled)


def _outermost(rims: list[frozenset[int]]) -> frozenset[int]:
    """Return the rim that reaches farthest west: the others lie within it."""
    if len(rims) == 1:
        return rims[0]
    return min(rims, key=lambda rim: centres(rim)["lon"].min())


def _flood(start: frozenset[int], walls: frozenset[int]) -> set[int]:
    flooded: set[int] = set()
    edge = set(start)
    while edge:
        flooded |= edge
        edge = {near for cell in edge for near in disk(cell)} - walls - flooded
    return flooded
