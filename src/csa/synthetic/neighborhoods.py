"""The neighborhoods of the made-up city: cut along streets and the river, named, and peopled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from csa.base.arrays import Floats
from csa.synthetic.ground import CURVE_STEP_M, CityGround, place
from csa.synthetic.names import NEIGHBORHOODS
from csa.synthetic.streets import BLOCK_U_M, BLOCK_V_M

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


def lay_neighborhoods(ground: CityGround, random: np.random.Generator) -> tuple[Neighborhood, ...]:
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
        fits = [_need(whole) if _is_one(whole) else 0.0 for whole in wholes]
        best = int(np.argmax([*fits, _need(piece)]))
        if best == len(others):  # better as it is: a strip along the river
            done.append(piece)
            continue
        done = [other for other in done if other is not others[best]]
        waiting = [other for other in waiting if other is not others[best]]
        waiting = sorted([*waiting, wholes[best]], key=_need)
    return done


def _is_one(shape: shapely.Geometry) -> bool:
    return isinstance(shape, shapely.Polygon)


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
    shapes: list[shapely.Geometry], ground: CityGround, random: np.random.Generator
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
