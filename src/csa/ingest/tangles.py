"""Refuse polygons that would take minutes and gigabytes to repair or to join.

What GEOS needs rises with the pairs of edges that come near each other, and steeply with those that
cross: 29 kB of crossing holes took it minutes. The largest layer of the cities read so far has
26,000 vertices, six such pairs and a quarter of a crossing for each, and one polygon that crosses
itself, once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from csa.base.arrays import Bools, Floats, Ints, Objects
from csa.base.errors import SourceError

MOST_VERTICES = 2_000_000
"""Of a file's polygons."""
MOST_NEAR = 20_000_000
"""Pairs of edges whose boxes overlap: GEOS looks at each, and needs ten seconds for so many."""
MOST_CROSSINGS, MOST_OWN = 250_000, 10_000
"""Of a file's polygons, and of these such as lie within one shape, for which it is repaired."""
BLOCK, FIRST = 1_000_000, 4
"""Pairs that are looked at together, about; edges that are looked at first."""


def refuse_tangles(shapes: Objects, path: Path) -> None:
    """Refuse a file's polygons if GEOS could not work on them in seconds."""
    rings, shape_of = _rings(shapes)
    n_vertices = int(shapely.get_num_coordinates(rings).sum())
    if n_vertices > MOST_VERTICES:
        raise SourceError("source.vast_polygons", path=path, n=n_vertices, most=MOST_VERTICES)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    is_edge = ring_of[1:] == ring_of[:-1]
    edges = np.stack([xy[:-1][is_edge], xy[1:][is_edge]], axis=1)  # (n, 2, 2)
    shape_of = shape_of[ring_of[1:][is_edge]]
    lines = np.asarray(shapely.linestrings(edges), dtype=object)
    tree = shapely.STRtree(lines)
    # At random, so that the first edges tell how many others the next will have.
    order = np.random.default_rng(0).permutation(len(lines))
    done = seen = near = crossings = own = 0
    width = FIRST
    while done < len(lines):
        taken = order[done : done + width]
        one, other = tree.query(lines[taken])
        one = taken[one]
        done, seen = done + len(taken), seen + len(one)
        width = max(1, min(4 * width, BLOCK * done // seen))
        is_once = one < other
        one, other = one[is_once], other[is_once]
        is_crossing = _cross(edges[one], edges[other])
        near += len(one)
        crossings += int(is_crossing.sum())
        own += int((shape_of[one] == shape_of[other])[is_crossing].sum())
        for n, most in ((own, MOST_OWN), (crossings, MOST_CROSSINGS), (near, MOST_NEAR)):
            if n > most:
                raise SourceError("source.tangled", path=path, n=n, most=most)


def _rings(shapes: Objects) -> tuple[Objects, Ints]:
    """Return the rings of all polygons, also of those in collections, and the shape of each."""
    shape_of = np.arange(len(shapes))
    while (shapely.get_type_id(shapes) > 3).any():  # of several parts
        shapes, part_of = shapely.get_parts(shapes, return_index=True)
        shape_of = shape_of[part_of]
    rings, part_of = shapely.get_rings(shapes, return_index=True)
    return rings, shape_of[part_of]


def _cross(one: Floats, other: Floats) -> Bools:
    """Return which edges cross another, each in its inside; (n, 2, 2) both."""
    apart: Bools = (_sides(one, other) < 0) & (_sides(other, one) < 0)
    return apart


def _sides(line: Floats, edge: Floats) -> Floats:
    """Return less than 0 where the ends of an edge lie on both sides of a line."""
    with np.errstate(over="ignore", invalid="ignore"):  # a place beyond all numbers is on no side
        along, ends = line[:, 1] - line[:, 0], edge - line[:, :1]
        sides = along[:, None, 0] * ends[:, :, 1] - along[:, None, 1] * ends[:, :, 0]
        product: Floats = np.sign(sides[:, 0]) * np.sign(sides[:, 1])
    return product
