"""The ground of the made-up city: where it lies, its limit, its river, lakes and parks.

Everything is drawn on a plan of metres, u along the streets named after trees and v along the
numbered ones, with the middle of the city at 0, 0. `place` bends the plan a little, so that streets
are not perfectly straight, and places it on the earth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops

from csa.base.arrays import Bools, Floats
from csa.base.crs import equal_area, to_lonlat

LON, LAT = -101.40, 41.78
"""Grass and dunes: the nearest hamlets lie over 20 km beyond the city limit."""

DIGITS = 5
"""Decimals of a degree in files: about a metre."""

TURN = np.radians(9.0)
RIVER_WIDTH_M = 190.0
RIVER_STEP_M = 80.0
CURVE_STEP_M = 390.0

# Corners of the city limit, metres on the plan: steps where land was added a farm at a time.
LIMIT = (
    (-8600, -1200), (-8600, 1800), (-7400, 2600), (-7400, 4300), (-5200, 4300), (-5200, 5600),
    (-4300, 6300), (-3000, 6300), (-3000, 7000), (800, 7000), (1400, 6400), (3600, 6400),
    (3600, 5000), (5400, 5000), (6300, 3600), (8300, 3400), (8300, 600), (9000, 300),
    (9000, -2600), (7300, -2900), (7300, -4700), (5900, -4700), (5200, -5500), (5200, -6900),
    (1700, -6900), (1700, -7500), (-1800, -7500), (-2300, -6200), (-4300, -6200),
    (-4300, -4900), (-6000, -4900), (-6600, -3900), (-7900, -3200),
)  # fmt: skip

# West, south, east, north in metres: between main streets, so that these go around.
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
class CityGround:
    """The shapes on which a city is built, metres on the plan."""

    limit: shapely.Polygon  # the city limit, one polygon
    river_line: shapely.LineString
    water: Mapping[str, shapely.Geometry]  # name to polygon, inside the limit
    parks: Mapping[str, shapely.Geometry]  # name to polygon, inside the limit, without water


def lay_ground() -> CityGround:
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
    return CityGround(limit, river_line, {RIVER: river, CREEK: creek, **lakes}, dry)


def river_v(u: Floats) -> Floats:
    """Return where the middle of the river runs."""
    slow, quick = 1000 * np.sin(u / 2100), 500 * np.sin(u / 900 + 1)
    return np.asarray(2300 - 0.28 * u + slow + quick, dtype=np.float64)


def _reach(start: float, end: float) -> Floats:
    along = np.arange(start, end, RIVER_STEP_M)
    return np.column_stack([along, river_v(along)])  # (n, 2) metres


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

    Returns (n, 2) metres east and north of the middle of the city.
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
