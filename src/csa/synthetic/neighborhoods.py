"""The neighborhoods of the made-up city: cut along streets and the river, named, and peopled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops

from csa.synthetic.ground import CURVE_STEP_M, Ground, place
from csa.synthetic.names import NEIGHBORHOODS
from csa.synthetic.streets import BLOCK_U_M, BLOCK_V_M

Floats = npt.NDArray[np.float64]

PEOPLE = 480_000
MIDDLE = np.array([-300.0, 300.0])
SMALLEST_KM2, GROWTH_KM2_PER_KM = 1.2, 0.36
MESH_M = 0.5
MIN_ROUNDNESS = 0.38
"""4 pi area / perimeter squared: a square has 0.79, a strip of one to five 0.44."""


@dataclass(frozen=True)
class Neighborhood:
    """One neighborhood.

    Parameters
    ----------
    name
        Invented.
    shape
        Polygon in degrees, WGS 84.
    people
        How many live there.
    """

    name: str
    shape: shapely.Polygon
    people: int


def lay_neighborhoods(ground: Ground, random: np.random.Generator) -> tuple[Neighborhood, ...]:
    """Cut the city into neighborhoods.

    Parameters
    ----------
    ground
        The land.
    random
        Where the cuts fall, who is called what, and how many live where.

    Returns
    -------
    tuple of Neighborhood
        West to east; together they are the city, without gap or overlap.
    """
    halves = shapely.ops.split(ground.limit, ground.river_line)
    pieces = [piece for half in shapely.get_parts(halves) for piece in _cut(half, random)]
    pieces = _merge_small(pieces)
    shapes = _one_mesh(pieces)
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


def _cut(shape: shapely.Polygon, random: np.random.Generator) -> list[shapely.Polygon]:
    """Halve a piece along a street, across its longer side, until it is small enough."""
    if shape.area < 1.5 * _wanted_m2(shape):
        return [shape]
    west, south, east, north = shape.bounds
    is_wide = east - west > north - south
    low, high, step = (west, east, BLOCK_U_M) if is_wide else (south, north, BLOCK_V_M)
    cut = step * round((low + (high - low) * random.uniform(0.38, 0.62)) / step)
    near = shapely.box(west, south, cut, north) if is_wide else shapely.box(west, south, east, cut)
    parts = [shapely.intersection(shape, near), shapely.difference(shape, near)]
    polygons = [part for half in parts for part in shapely.get_parts(half) if part.area > 1]
    return [piece for polygon in polygons for piece in _cut(polygon, random)]


def _merge_small(pieces: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Give each piece that is small or thin to the neighbor with the longest common border."""
    left = list(pieces)
    while len(left) > 1:
        need = [_need(piece) for piece in left]
        worst = int(np.argmin(need))
        if need[worst] >= 1:
            break
        piece = left.pop(worst)
        shared = [shapely.length(shapely.intersection(piece, other)) for other in left]
        best = int(np.argmax(shared))
        left[best] = shapely.union(left[best], piece)
    return left


def _need(piece: shapely.Polygon) -> float:
    """Tell how well a piece stands alone; below 1 it does not."""
    roundness = 4 * np.pi * piece.area / piece.length**2
    return float(min(piece.area / (0.5 * _wanted_m2(piece)), roundness / MIN_ROUNDNESS))


def _one_mesh(pieces: list[shapely.Polygon]) -> list[shapely.Polygon]:
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
    shapes: list[shapely.Polygon], ground: Ground, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Spread the people: denser toward the middle, none on water or in parks."""
    empty = shapely.union_all([*ground.water.values(), *ground.parks.values()])
    land_m2 = np.array([shapely.area(shapely.difference(shape, empty)) for shape in shapes])
    middles = np.array([shapely.get_coordinates(shapely.centroid(shape))[0] for shape in shapes])
    from_middle_km = np.hypot(*(middles - MIDDLE).T) / 1000
    weight = land_m2 * np.exp(-from_middle_km / 4.2) * random.uniform(0.7, 1.3, len(shapes))
    return shares(weight, PEOPLE)


def shares(weights: Floats, total: int) -> npt.NDArray[np.int64]:
    """Divide a whole number in proportion, largest remainders first.

    Parameters
    ----------
    weights
        Not negative, length n, not all zero.
    total
        What is divided.

    Returns
    -------
    numpy.ndarray
        int64, length n, with exactly that sum.
    """
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole
