"""Layers of places as yes-or-no columns on the grid: near a place, or where many are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import cKDTree

from csa.base.arrays import Bools, Floats, Ints, Objects

if TYPE_CHECKING:
    from csa.extras.risk.layers import FactorLayer

N_STEPS = 6
"""Half-blocks: from within one to within three whole blocks."""

MANY_STEPS = (2, 4, 6)
STREET_STEPS = 8
MANY_SD = 2.0
"""Many: over so many standard deviations above the mean number of places in reach, over the blocks
compared. Over all land, parks and water included, the line would be lower."""


@dataclass(frozen=True)
class Form:
    """How a layer's places may matter: being near one, or many of them near.

    Fields: `layer`, `kind`, `extent_m`, `at_least`.
    """

    layer: int  # its place among the layers
    kind: Literal["near", "many"]
    extent_m: float  # meters from a cell's center
    at_least: int = 1  # how many places


@dataclass(frozen=True)
class Rasters:
    """Each layer in each form, as columns over the cells."""

    forms: tuple[Form, ...]  # p of them
    columns: Floats  # (m, p) 1 where the form holds, else 0
    n_places: tuple[int, ...]  # places of each layer in the city


def rasterize(
    layers: Sequence[FactorLayer], center_xy: Floats, spacing_m: float, is_compared: Bools
) -> Rasters:
    """Draw each layer on the grid, in each form.

    Parameters
    ----------
    layers
        Places in meters, in the grid's system.
    center_xy
        (m, 2) meters: the cells' centers.
    spacing_m
        From a cell's center to the next: a block.
    is_compared
        (m,) the cells over which the mean and the deviation of "many" are taken.
    """
    made: list[tuple[Form, Bools]] = []
    n_places = []
    for number, layer in enumerate(layers):
        shapes = layer.shapes.to_numpy()
        if (shapely.get_type_id(shapes) == 0).all():
            xy = shapely.get_coordinates(shapes)
            made += _point_forms(number, xy, center_xy, spacing_m / 2, is_compared)
        else:
            away_m = _nearest(shapes, center_xy, N_STEPS * spacing_m / 2)
            made += _near_forms(number, away_m, spacing_m / 2)
        n_places.append(_n_in_reach(shapes, center_xy, spacing_m))
    return _as_rasters(made, len(center_xy), n_places)


def draw_points(
    xy: Floats, center_xy: Floats, spacing_m: float, is_compared: Bools, rows: Ints
) -> Rasters:
    """Draw one layer of points in each form, on some rows of the grid alone."""
    made = [*_point_forms(0, xy, center_xy, spacing_m / 2, is_compared)]
    return _as_rasters([(form, holds[rows]) for form, holds in made], len(rows), [len(xy)])


def _as_rasters(made: Sequence[tuple[Form, Bools]], m: int, n_places: Sequence[int]) -> Rasters:
    columns = [holds for _, holds in made]
    drawn = np.column_stack(columns).astype(np.float64) if columns else np.zeros((m, 0))
    return Rasters(tuple(form for form, _ in made), drawn, tuple(n_places))


def _near_forms(number: int, away_m: Floats, half_m: float) -> Iterator[tuple[Form, Bools]]:
    for step in range(1, N_STEPS + 1):
        yield Form(number, "near", step * half_m), away_m <= step * half_m


def _point_forms(
    number: int, xy: Floats, center_xy: Floats, half_m: float, is_compared: Bools
) -> Iterator[tuple[Form, Bools]]:
    tree = cKDTree(xy)
    yield from _near_forms(number, np.asarray(tree.query(center_xy)[0]), half_m)
    for step in MANY_STEPS:
        reached = tree.query_ball_point(center_xy, step * half_m, return_length=True)
        n_near = np.asarray(reached, dtype=np.int64)
        at_least = _many(n_near[is_compared])
        yield Form(number, "many", step * half_m, at_least), n_near >= at_least


def _many(n_near: Ints) -> int:
    """Return the lowest number over the line; one place is not many."""
    line = n_near.mean() + MANY_SD * n_near.std() if len(n_near) else 0.0
    return max(math.floor(line) + 1, 2)


def _nearest(shapes: Objects, center_xy: Floats, most_m: float) -> Floats:
    """Return how far each center is from the nearest shape: (m,), infinite beyond the most."""
    found = np.full(len(center_xy), np.inf)
    (cell, _), away = shapely.STRtree(shapes).query_nearest(
        shapely.points(center_xy),
        max_distance=most_m * 1.001,
        return_distance=True,
        all_matches=False,
    )
    found[cell] = away
    return found


def _n_in_reach(shapes: Objects, center_xy: Floats, spacing_m: float) -> int:
    """Count the places that lie in the city, to within a block."""
    middles = shapely.get_coordinates(shapely.point_on_surface(shapes))
    away_m, _ = cKDTree(center_xy).query(middles, distance_upper_bound=spacing_m)
    return int(np.isfinite(away_m).sum())


def street_meters(lines: gpd.GeoSeries, center_xy: Floats, spacing_m: float) -> Floats:
    """Return how many meters of street lie in each cell: (m,), measured every few meters."""
    step_m = spacing_m / STREET_STEPS
    parts = shapely.get_parts(shapely.segmentize(lines.to_numpy(), step_m))
    xy, number = shapely.get_coordinates(parts, return_index=True)
    is_on = np.diff(number) == 0
    middle = ((xy[1:] + xy[:-1]) / 2)[is_on]
    length_m = np.hypot(*(xy[1:] - xy[:-1])[is_on].T)
    away_m, cell = cKDTree(center_xy).query(middle, distance_upper_bound=spacing_m)
    is_in = np.isfinite(away_m)
    in_cells = np.bincount(np.asarray(cell)[is_in], length_m[is_in], minlength=len(center_xy))
    return in_cells.astype(np.float64)
