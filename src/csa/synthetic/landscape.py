"""The ground of the made-up city: where it lies, its limit, its river, lakes and parks.

Everything is drawn on a plan of meters, u along the streets named after trees and v along the
numbered ones, with the middle of the city at 0, 0. `place` bends the plan a little, so that streets
are not perfectly straight, and places it on the earth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from csa.base.arrays import Bools, Floats
from csa.base.crs import equal_area, to_lonlat
from csa.synthetic.names import DIAGONALS, NEIGHBORHOODS, PARKWAY, STREETS

LON, LAT = -101.40, 41.78
"""Grass and dunes: the nearest hamlets lie over 20 km beyond the city limit."""

DIGITS = 5
"""Decimals of a degree in files: about a meter."""

TURN = np.radians(9.0)
RIVER_WIDTH_M = 190.0
RIVER_STEP_M = 80.0
CURVE_STEP_M = 390.0

# Corners of the city limit, meters on the plan: steps where land was added a farm at a time.
LIMIT = (
    (-8600, -1200), (-8600, 1800), (-7400, 2600), (-7400, 4300), (-5200, 4300), (-5200, 5600),
    (-4300, 6300), (-3000, 6300), (-3000, 7000), (800, 7000), (1400, 6400), (3600, 6400),
    (3600, 5000), (5400, 5000), (6300, 3600), (8300, 3400), (8300, 600), (9000, 300),
    (9000, -2600), (7300, -2900), (7300, -4700), (5900, -4700), (5200, -5500), (5200, -6900),
    (1700, -6900), (1700, -7500), (-1800, -7500), (-2300, -6200), (-4300, -6200),
    (-4300, -4900), (-6000, -4900), (-6600, -3900), (-7900, -3200),
)  # fmt: skip

# West, south, east, north in meters: between main streets, so that these go around.
PARKS = (
    ("Thistledown Park", (-1560, -1520, -840, -820)),
    ("Old Orchard Park", (40, 40, 360, 350)),
    ("Pelligrew Park", (3240, -2300, 3960, -1600)),
    ("Sorrel Commons", (-4360, -2340, -3840, -1600)),
    ("Lanternfield Park", (-3960, 4720, -3240, 5420)),
    ("Windrow Park", (840, 4720, 1560, 5430)),
    ("Copperleaf Park", (5640, 40, 6360, 740)),
    ("Marlow Green", (1640, -4640, 2360, -3940)),
    ("Hollin Park", (-2960, -4640, -2440, -3940)),
    ("Quarrystone Park", (-6760, 40, -6040, 740)),
    ("Ferrin Park", (4040, 2380, 4760, 3080)),
    ("Saddler Woods", (-7560, -1520, -6440, -20)),
    ("Tamsin Woods", (2440, -6980, 3960, -5500)),
)
LAKES = (("Saddler Pond", (-7000, -800), 260), ("Heron Lake", (3200, -6200), 330))
RIVERSIDE_PARK = "Ondry Riverside Park"
RIVER = "Ondry River"
CREEK = "Sorrel Creek"
CREEK_WIDTH_M = 45.0
CREEK_COURSE = (
    (-5900, -4700), (-5000, -3900), (-5250, -3000), (-4500, -2650), (-4650, -1500),
    (-3750, -1000), (-4050, 0), (-3450, 650), (-3700, 1500), (-3300, 2100), (-3050, 2700),
)  # fmt: skip


@dataclass(frozen=True)
class Landscape:
    """The shapes on which a city is built, meters on the plan."""

    limit: shapely.Polygon  # the city limit, one polygon
    river_line: shapely.LineString
    water: Mapping[str, shapely.Geometry]  # name to polygon, inside the limit
    parks: Mapping[str, shapely.Geometry]  # name to polygon, inside the limit, without water


def make_landscape() -> Landscape:
    """Lay out the limit, the river, the lakes and the parks."""
    limit = shapely.Polygon(LIMIT)
    along = np.arange(-10400.0, 10400.0, RIVER_STEP_M)
    river_line = shapely.LineString(np.column_stack([along, river_v(along)]))
    river = shapely.intersection(_river_bed(along), limit)
    lakes = {name: _lake(middle, radius_m) for name, middle, radius_m in LAKES}
    course = smooth(shapely.LineString(CREEK_COURSE))
    creek = shapely.difference(shapely.buffer(course, CREEK_WIDTH_M / 2, quad_segs=2), river)
    creek = max(shapely.get_parts(shapely.intersection(creek, limit)), key=shapely.area)
    wet = shapely.union_all([river, creek, *lakes.values()])
    parks = {name: shapely.box(*sides) for name, sides in PARKS}
    banks = shapely.buffer(shapely.LineString(_reach(-3400, -900)), 330, quad_segs=4)
    parks[RIVERSIDE_PARK] = banks
    dry = {
        name: shapely.difference(shapely.intersection(shape, limit), wet)
        for name, shape in parks.items()
    }
    return Landscape(limit, river_line, {RIVER: river, CREEK: creek, **lakes}, dry)


def river_v(u: Floats) -> Floats:
    """Return where the middle of the river runs."""
    slow, quick = 1000 * np.sin(u / 2100), 500 * np.sin(u / 900 + 1)
    return np.asarray(2300 - 0.28 * u + slow + quick, dtype=np.float64)


def _reach(start: float, end: float) -> Floats:
    along = np.arange(start, end, RIVER_STEP_M)
    return np.column_stack([along, river_v(along)])  # (n, 2) meters


def _river_bed(along: Floats) -> shapely.Geometry:
    """Widen the line into a bed: wider in its bends, as rivers are."""
    wide = RIVER_WIDTH_M * (1 + 0.3 * np.sin(along / 700))
    pieces = [
        shapely.buffer(shapely.LineString(_reach(start, start + 2.1 * RIVER_STEP_M)), width / 2)
        for start, width in zip(along[:-1], wide[:-1], strict=True)
    ]
    return shapely.simplify(shapely.union_all(pieces), 4.0)


def smooth(line: shapely.LineString) -> shapely.LineString:
    """Cut the corners of a line twice (Chaikin)."""
    points = shapely.get_coordinates(line)
    for _ in range(2):
        first = 0.75 * points[:-1] + 0.25 * points[1:]
        second = 0.25 * points[:-1] + 0.75 * points[1:]
        inner = np.stack([first, second], axis=1).reshape(-1, 2)
        points = np.vstack([points[:1], inner[1:-1], points[-1:]])
    return shapely.LineString(points)


def _lake(middle: tuple[float, float], radius_m: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = radius_m * (1 + 0.18 * np.sin(2 * angle + 1) + 0.1 * np.sin(3 * angle))
    ring = [middle[0] + radius * np.cos(angle) * 1.25, middle[1] + radius * np.sin(angle) * 0.8]
    return shapely.Polygon(np.column_stack(ring))


def place(uv: Floats) -> Floats:
    """Place points of the plan on the earth.

    Returns (n, 2) degrees, longitude and latitude, WGS 84, rounded as files hold them.
    """
    xy = bend(uv)
    lon, lat = to_lonlat(xy[:, 0], xy[:, 1], equal_area(LON, LAT))
    return np.column_stack([lon, lat]).round(DIGITS)


def bend(uv: Floats) -> Floats:
    """Turn and bend the plan; distances change by less than one in ten.

    Returns (n, 2) meters east and north of the middle of the city.
    """
    u, v = uv[:, 0], uv[:, 1]
    x = u * np.cos(TURN) - v * np.sin(TURN) + 260 * np.sin(v / 4400)
    y = u * np.sin(TURN) + v * np.cos(TURN) + 230 * np.sin(u / 4000 + 1)
    return np.column_stack([x, y])


def place_shapes(shapes: Iterable[shapely.Geometry]) -> list[shapely.Geometry]:
    """Place shapes of the plan on the earth, their long edges bent with them."""
    fine = np.asarray(shapely.segmentize(list(shapes), CURVE_STEP_M), dtype=object)
    return list(shapely.transform(fine, place))


def is_within(uv: Floats, shape: shapely.Geometry) -> Bools:
    """Return which points lie in a shape."""
    shapely.prepare(shape)
    inside: Bools = shapely.contains_xy(shape, uv[:, 0], uv[:, 1])
    return inside


# ---- What is planted: how many incidents each year holds, and the places where they concentrate.


FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2020, 8, 21)

HOMICIDES = {2015: 110, 2016: 128, 2017: 147, 2018: 137, 2019: 150, 2020: 125}
NONFATAL = {2015: 402, 2016: 447, 2017: 498, 2018: 472, 2019: 491, 2020: 412}
"""Incidents in the city, a year each, 2020 through the last day."""

PUBLISHED = ("2015 homicide", "2019 homicide", "2019 nonfatal", "2020 homicide", "2020 nonfatal")
"""Those of a real plan; the years between are made up."""

YEARS = tuple(HOMICIDES)
TURN_MONTH = "2019-07"
"""From here on the cooling area cools and its ring warms."""

COOLED_TO = 0.2
EASED, EASED_TO = "southeast", 0.1
"""The place whose shootings fall from that month on without moving next door, and to what share."""
RING_SHARE = 0.048


@dataclass(frozen=True)
class Feature:
    """A place where incidents are planted."""

    name: str  # short, for truth.json
    kind: str  # `steady`, `easing`, `cooling`, `ring`, `appearing` or `institution`
    middle: tuple[float, float]  # u and v, meters on the plan
    outer_m: float  # outer radius in meters
    yearly_share: tuple[float, ...]  # share of a year's incidents, by year
    inner_m: float = 0.0  # inner radius in meters; above 0 only for a ring
    first_month: str = "2015-01"  # `YYYY-MM`, included
    last_month: str = "2020-08"  # `YYYY-MM`, included

    def holds(self, uv: Floats) -> Bools:
        """Return which points of the plan lie in it."""
        meters = self.distance_m(uv)
        return (meters >= self.inner_m) & (meters <= self.outer_m)

    def distance_m(self, uv: Floats) -> Floats:
        """Measure how far points are from its middle, on the ground."""
        x_m, y_m = (bend(uv) - bend(np.array([self.middle]))).T
        return np.asarray(np.hypot(x_m, y_m), dtype=np.float64)


def _steady(name: str, u: float, v: float, outer_m: float, share: float) -> Feature:
    return Feature(name, "steady", (u, v), outer_m, (share,) * len(YEARS))


COOLING_SHARE = 0.064
FEATURES = (
    _steady("west side", -2700, -650, 550, 0.070),
    _steady("south of the middle", 900, -1690, 600, 0.072),
    _steady("east side", 3300, 260, 500, 0.060),
    replace(_steady(EASED, 2500, -3380, 550, 0.062), kind="easing"),
    _steady("south side", -900, -3510, 450, 0.052),
    _steady("north bank", -1500, 4550, 500, 0.054),
    Feature(
        "cooling",
        "cooling",
        (4900, -1950),
        420,
        (COOLING_SHARE,) * 4 + (COOLING_SHARE * 0.6, COOLING_SHARE * COOLED_TO),
    ),
    Feature(
        "ring of cooling",
        "ring",
        (4900, -1950),
        950,
        (0.0,) * 4 + (RING_SHARE * 0.5, RING_SHARE),
        inner_m=500,
        first_month=TURN_MONTH,
    ),
    Feature(
        "appearing",
        "appearing",
        (-5700, 650),
        400,
        (0.0,) * 5 + (0.08,),
        first_month="2020-02",
    ),
    # In a quiet quarter: what is put there happened elsewhere.
    Feature("institution", "institution", (2500, 4550), 0.0, (0.012,) * len(YEARS)),
)
"""On both banks of the river; the rest is spread over the city."""

BACKGROUND = "background"


# ---- The streets of the made-up city: a bent grid, main streets every half mile, blocks between.


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
    """Lines to draw and blocks to put incidents on, meters on the plan."""

    lines: tuple[tuple[str, str, shapely.LineString], ...]
    block_uv: Floats  # (n, 2) middles of the blocks
    block_names: tuple[str, ...]  # such as `2300 block of Alder St`, length n


def lay_streets(ground: Landscape, random: np.random.Generator) -> Streets:
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


def _segments(ground: Landscape, built: npt.NDArray[np.int64], *, is_along: bool) -> Bools:
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


def _is_clear(ground: Landscape, points: Floats, is_main: Bools, *, is_along: bool) -> Bools:
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


def _roads(ground: Landscape) -> Iterator[tuple[str, str, shapely.LineString]]:
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


# ---- The neighborhoods of the made-up city: cut along streets and the river, named, and peopled.


PEOPLE = 480_000
MIDDLE = np.array([-300.0, 300.0])
SMALLEST_KM2, GROWTH_KM2_PER_KM = 1.2, 0.36
MESH_M = 0.5
MAX_SIZE = 1.9
MIN_ROUNDNESS = 0.38
"""4 pi area / perimeter squared: a square has 0.79, a strip of one to five 0.44."""


@dataclass(frozen=True)
class Neighborhood:
    """One neighborhood."""

    name: str  # invented
    shape: shapely.Geometry  # polygon in degrees, WGS 84
    people: int  # how many live there


def lay_neighborhoods(ground: Landscape, random: np.random.Generator) -> tuple[Neighborhood, ...]:
    """Cut the city into neighborhoods."""
    halves = shapely.ops.split(ground.limit, ground.river_line)
    # Each bank by itself: the two sides of a river have different names.
    banks = [_merge_small(_cut(bank, random)) for bank in shapely.get_parts(halves)]
    shapes = _one_mesh([piece for bank in banks for piece in bank])
    order = np.argsort([shapely.centroid(shape).x for shape in shapes], kind="stable")
    shapes = [shapes[place_in] for place_in in order]
    names = random.permutation(np.array(NEIGHBORHOODS))[: len(shapes)]
    people = _share_people(shapes, ground, random)
    return tuple(
        Neighborhood(str(name), shapely.transform(shape, place), int(count))
        for name, shape, count in zip(names, shapes, people, strict=True)
    )


def _wanted_m2(shape: shapely.Geometry) -> float:
    from_middle_km = np.hypot(*(shapely.get_coordinates(shapely.centroid(shape))[0] - MIDDLE)) / 1e3
    return float(1e6 * (SMALLEST_KM2 + GROWTH_KM2_PER_KM * from_middle_km))


def _cut(shape: shapely.Geometry, random: np.random.Generator) -> list[shapely.Geometry]:
    """Halve a piece along a street, across its longer side, until it is small enough."""
    if shapely.area(shape) < 1.5 * _wanted_m2(shape):
        return [shape]
    west, south, east, north = shapely.bounds(shape)
    is_wide = east - west > north - south
    low, high, step = (west, east, BLOCK_U_M) if is_wide else (south, north, BLOCK_V_M)
    cut = step * round((low + (high - low) * random.uniform(0.38, 0.62)) / step)
    near = shapely.box(west, south, cut, north) if is_wide else shapely.box(west, south, east, cut)
    parts = [shapely.intersection(shape, near), shapely.difference(shape, near)]
    polygons = [
        part for half in parts for part in shapely.get_parts(half) if shapely.area(part) > 1
    ]
    return [piece for polygon in polygons for piece in _cut(polygon, random)]


def _merge_small(pieces: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Join each piece that is small or thin to the neighbor with which it makes the best one."""
    waiting = sorted(pieces, key=_need)
    done: list[shapely.Geometry] = []
    while waiting:
        piece = waiting.pop(0)
        if _need(piece) >= 1:
            return [piece, *waiting, *done]
        others = [*waiting, *done]
        wholes = [shapely.union(piece, other) for other in others]
        fits = [_need(whole) if isinstance(whole, shapely.Polygon) else 0.0 for whole in wholes]
        best = int(np.argmax([*fits, _need(piece)]))
        if best == len(others):  # better as it is: a strip along the river
            done.append(piece)
            continue
        done = [other for other in done if other is not others[best]]
        waiting = [other for other in waiting if other is not others[best]]
        waiting = sorted([*waiting, wholes[best]], key=_need)
    return done


def _need(piece: shapely.Geometry) -> float:
    """Return how fit a piece is as a neighborhood; below 1 it is better joined to another."""
    area_m2, wanted_m2 = shapely.area(piece), _wanted_m2(piece)
    roundness = 4 * np.pi * area_m2 / shapely.length(piece) ** 2
    fits = float(min(area_m2 / (0.5 * wanted_m2), roundness / MIN_ROUNDNESS))
    return fits if area_m2 < MAX_SIZE * wanted_m2 else 0.0


def _one_mesh(pieces: list[shapely.Geometry]) -> list[shapely.Geometry]:
    """Give common borders the same points, so that bending and rounding leave no gap."""
    edges = [shapely.boundary(piece) for piece in pieces]
    borders = shapely.line_merge(shapely.union_all(edges, grid_size=MESH_M))
    lines = shapely.get_parts(shapely.segmentize(borders, CURVE_STEP_M))
    faces = shapely.get_parts(shapely.polygonize(lines))
    middles = shapely.point_on_surface(faces)
    whose = [int(np.flatnonzero(shapely.contains(pieces, middle))[0]) for middle in middles]
    return [
        shapely.union_all(
            [face for face, owner in zip(faces, whose, strict=True) if owner == number]
        )
        for number in range(len(pieces))
    ]


def _share_people(
    shapes: list[shapely.Geometry], ground: Landscape, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Spread the people: denser toward the middle, none on water or in parks."""
    empty = shapely.union_all([*ground.water.values(), *ground.parks.values()])
    land_m2 = np.array([shapely.area(shapely.difference(shape, empty)) for shape in shapes])
    middles = np.array([shapely.get_coordinates(shapely.centroid(shape))[0] for shape in shapes])
    from_middle_km = np.hypot(*(middles - MIDDLE).T) / 1000
    weight = land_m2 * np.exp(-from_middle_km / 4.2) * random.uniform(0.7, 1.3, len(shapes))
    return shares(weight, PEOPLE)


def shares(weights: Floats, total: int) -> npt.NDArray[np.int64]:
    """Divide a whole number in proportion, largest remainders first."""
    exact = weights / weights.sum() * total
    whole: npt.NDArray[np.int64] = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole
