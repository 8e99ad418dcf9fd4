"""The streets of the made-up city: a bent grid, main streets every half mile, blocks between.

Streets of constant v are named after trees and birds, streets of constant u are numbered. A
block is the piece of a street between two corners; its middle is where incidents are put.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from csa.base.arrays import Bools, Floats
from csa.synthetic.ground import CREEK, RIVER, CityGround, is_within, river_v, smooth
from csa.synthetic.names import DIAGONALS, PARKWAY, STREETS
from csa.synthetic.planted import FEATURES

BLOCK_U_M, BLOCK_V_M = 200.0, 130.0
N_U, N_V = 47, 60
"""Corners of the grid on either side of the middle."""

MAIN_U, MAIN_V = 4, 6
"""Every so many streets there is a main street: 800 and 780 m."""

BRIDGE_U = 8
CORE_M = 4300.0
MIN_LINE_M = 60.0
NAME_STEP = 11
"""Step through the list of names, so that Almond is not next to Alder."""

PEOPLED_M = 1300.0
"""Around a planted place every street is built, so that it has enough blocks."""

FIELD = (-12000, -12000, 12000, 12000)
DIAGONAL_WAYS = (
    ((200, -150), (1900, -1150), (4300, -1900), (6900, -2750)),
    ((-500, -300), (-2300, -1700), (-4300, -4900)),
    ((-300, 300), (-3000, 700), (-5600, 1500), (-8300, 1650)),
)


@dataclass(frozen=True)
class Streets:
    """Lines to draw and blocks to put incidents on, metres on the plan."""

    lines: tuple[tuple[str, str, shapely.LineString], ...]
    block_uv: Floats  # (n, 2) middles of the blocks
    block_names: tuple[str, ...]  # such as `2300 block of Alder St`, length n


def lay_streets(ground: CityGround, random: np.random.Generator) -> Streets:
    """Lay out the streets."""
    built = _built(random)
    along, across = (_segments(ground, built, is_along=way) for way in (True, False))
    lines = [
        *_grid_lines(along, ground.limit, is_along=True),
        *_grid_lines(across, ground.limit, is_along=False),
        *_roads(ground),
    ]
    uv_along, names_along = _blocks(along, is_along=True)
    uv_across, names_across = _blocks(across, is_along=False)
    return Streets(
        tuple(lines), np.vstack([uv_along, uv_across]), tuple(names_along + names_across)
    )


def _built(random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return how densely each superblock is built: 0 fields, 1 every second street, 2 all."""
    n_i, n_j = 2 * N_U // MAIN_U + 2, 2 * N_V // MAIN_V + 2
    i, j = np.meshgrid(np.arange(n_i), np.arange(n_j), indexing="ij")
    u = (i * MAIN_U - N_U + 2) * BLOCK_U_M
    v = (j * MAIN_V - N_V + 3) * BLOCK_V_M
    from_middle = np.hypot(u + 300, v - 300)
    dice = random.random(u.shape)
    outness = np.clip((from_middle - CORE_M) / 4000, 0, 1)
    for u_near, v_near in (feature.middle for feature in FEATURES):
        outness = np.where(np.hypot(u - u_near, v - v_near) < PEOPLED_M, 0.0, outness)
    return np.where(dice > 1.15 * outness, 2, np.where(dice > 0.45 * outness, 1, 0))


def _segments(ground: CityGround, built: npt.NDArray[np.int64], *, is_along: bool) -> Bools:
    """Return which pieces of the grid exist, (street, piece)."""
    streets = np.arange(-N_V, N_V + 1) if is_along else np.arange(-N_U, N_U + 1)
    pieces = np.arange(-N_U, N_U) if is_along else np.arange(-N_V, N_V)
    street, piece = np.meshgrid(streets, pieces, indexing="ij")
    every = MAIN_V if is_along else MAIN_U
    is_main = street % every == 0
    i, j = (piece, street) if is_along else (street, piece)
    density = built[(i + N_U) // MAIN_U, (j + N_V) // MAIN_V]
    is_half = np.asarray(street % 2 == 0)
    exists: Bools = is_main | (density == 2) | ((density == 1) & is_half)
    exists &= _is_clear(
        ground, _points(street, piece, is_along=is_along), is_main, is_along=is_along
    )
    # A single block between two gaps is not a street.
    before, after = np.roll(exists, 1, axis=1), np.roll(exists, -1, axis=1)
    before[:, 0] = after[:, -1] = False
    lasting: Bools = exists & (before | after)
    return lasting


def _points(
    street: npt.NDArray[np.int64], piece: npt.NDArray[np.int64], *, is_along: bool
) -> Floats:
    """Return start, middle and end of each piece, (3, streets, pieces, 2)."""
    ends = [piece + part for part in (0.0, 0.5, 1.0)]
    if is_along:
        pairs = [(end * BLOCK_U_M, street * BLOCK_V_M) for end in ends]
    else:
        pairs = [(street * BLOCK_U_M, end * BLOCK_V_M) for end in ends]
    return np.stack([np.stack(np.broadcast_arrays(*pair), axis=-1) for pair in pairs])


def _is_clear(ground: CityGround, points: Floats, is_main: Bools, *, is_along: bool) -> Bools:
    shape = points.shape[1:3]

    def touches(area: shapely.Geometry) -> Bools:
        flat = [is_within(part.reshape(-1, 2), area).reshape(shape) for part in points]
        touched: Bools = np.logical_or.reduce(flat)
        return touched

    beyond = shapely.difference(shapely.box(*FIELD), shapely.buffer(ground.limit, -30))
    is_midway_in = is_within(points[1].reshape(-1, 2), ground.limit).reshape(shape)
    is_in_city = np.where(is_main, is_midway_in, ~touches(beyond))
    shore = shapely.union_all([shapely.buffer(shape, 35) for shape in ground.water.values()])
    green = shapely.union_all(list(ground.parks.values()))
    corner = np.round(points[0][..., 0] / BLOCK_U_M).astype(np.int64)
    is_bridge = np.zeros(shape, bool) if is_along else (corner % BRIDGE_U == 0)
    lakes = [shape for name, shape in ground.water.items() if name not in (RIVER, CREEK)]
    is_dry = ~touches(shore) | (is_bridge & ~touches(shapely.union_all(lakes)))
    # Every main street crosses the creek, where the river is not near.
    river = shapely.union_all([*lakes, shapely.buffer(ground.water[RIVER], 35)])
    is_dry |= is_main & ~touches(river)
    clear: Bools = is_in_city & is_dry & (is_main | ~touches(green))
    return clear


def street_name(number: int, *, is_along: bool) -> str:
    """Name a street of the grid."""
    if is_along:
        name = STREETS[(number + N_V) * NAME_STEP % len(STREETS)]
        return f"{name} {'Blvd' if number % MAIN_V == 0 else 'St'}"
    order = number + N_U + 1
    ending = (
        "th" if order % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(order % 10, "th")
    )
    return f"{order}{ending} {'Ave' if number % MAIN_U == 0 else 'St'}"


def _grid_lines(
    exists: Bools, limit: shapely.Polygon, *, is_along: bool
) -> Iterator[tuple[str, str, shapely.LineString]]:
    """Join pieces into unbroken runs; a long run gets a point every half mile to bend at."""
    n_street, n_piece, every = (N_V, N_U, MAIN_V) if is_along else (N_U, N_V, MAIN_U)
    for row, pieces in enumerate(exists):
        street = row - n_street
        edges = np.flatnonzero(np.diff(np.concatenate([[0], pieces.astype(int), [0]])))
        for start, end in edges.reshape(-1, 2):
            stops = np.unique([*range(start, end, MAIN_U), end]) - n_piece
            ends = stops * (BLOCK_U_M if is_along else BLOCK_V_M)
            side = np.full(len(ends), street * (BLOCK_V_M if is_along else BLOCK_U_M))
            pair = (ends, side) if is_along else (side, ends)
            line = shapely.LineString(np.column_stack(pair))
            kind = "main" if street % every == 0 else "minor"
            for part in _line_parts(shapely.intersection(line, limit)):
                yield street_name(street, is_along=is_along), kind, part


def _roads(ground: CityGround) -> Iterator[tuple[str, str, shapely.LineString]]:
    """Draw the roads that are older than the grid, and the one along the river."""
    inner = shapely.buffer(ground.limit, -20)
    lakes = [shape for name, shape in ground.water.items() if name != CREEK]
    dry = shapely.difference(inner, shapely.union_all(lakes))
    for name, way in zip(DIAGONALS, DIAGONAL_WAYS, strict=True):
        for part in _line_parts(shapely.intersection(smooth(shapely.LineString(way)), dry)):
            yield name, "main", part
    u = np.arange(-6600.0, 7400.0, 120.0)
    bank = shapely.LineString(np.column_stack([u, river_v(u)])).parallel_offset(430, "right")
    for part in _line_parts(shapely.intersection(shapely.simplify(bank, 6), dry)):
        yield PARKWAY, "main", part


def _line_parts(shape: shapely.Geometry) -> list[shapely.LineString]:
    return [part for part in shapely.get_parts(shape) if shapely.length(part) > MIN_LINE_M]


def _blocks(exists: Bools, *, is_along: bool) -> tuple[Floats, list[str]]:
    row, column = np.nonzero(exists)
    n_street, n_piece = (N_V, N_U) if is_along else (N_U, N_V)
    street, piece = row - n_street, column - n_piece
    uv = _points(street, piece, is_along=is_along)[1]
    names = [
        f"{100 * int(number)} block of {street_name(int(one), is_along=is_along)}"
        for number, one in zip(column + 1, street, strict=True)
    ]
    return uv, names
