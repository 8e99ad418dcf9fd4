"""Made-up cities with known factors, or none: clustered incidents, clustered places, one crowd.

Layers follow where people are, and so do incidents; both have clusters of their own beside that.
"""

from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import project
from csa.extras.risk.layers import FactorLayer
from csa.geo import cells as h3_cells
from csa.geo.grid import Grid

CRS = "EPSG:32618"
LAYERS = (  # places, meters that a cluster spreads over, places in a cluster
    (60, 600, 2),
    (150, 300, 5),
    (300, 500, 4),
    (300, 400, 6),
    (600, 500, 3),
    (600, 250, 8),
    (1500, 500, 5),
    (3000, 400, 10),
)
PLANTED = {2: (2.0, 4), 4: (1.8, 2), 5: (1.6, 3)}
"""Number of a layer to its relative risk value and its half-blocks."""


@cache
def ground(km=13.0, resolution=10):
    """Return a square city's cells: about 11,000 blocks."""
    half = km / 222
    square = shapely.box(-75.1 - half * 1.305, 40 - half, -75.1 + half * 1.305, 40 + half)
    cover = h3_cells.cover_study_area(square, resolution)
    centers = h3_cells.centers(cover.index.to_numpy())
    xy = project(centers["lon"].to_numpy(), centers["lat"].to_numpy(), CRS)
    return Grid(cover["area_km2"], xy)


def field(xy, rng, range_m, sd, n_waves=200):
    """Draw a smooth field by random waves: (m,), of mean 0."""
    waves = rng.normal(size=(2, n_waves)) / range_m
    return (
        sd * np.sqrt(2 / n_waves) * np.cos(xy @ waves + rng.uniform(0, 2 * np.pi, n_waves)).sum(1)
    )


def places(xy, crowd, rng, n, spread_m, n_in_cluster):
    """Draw clustered points, their clusters by where the crowd is: (n, 2) meters."""
    at = rng.choice(len(xy), size=max(1, n // n_in_cluster), p=crowd / crowd.sum())
    points = np.repeat(xy[at], n_in_cluster, axis=0)
    return points + rng.normal(size=points.shape) * spread_m


def layer(name, points):
    return FactorLayer(name, gpd.GeoSeries(gpd.points_from_xy(*np.asarray(points).T), crs=CRS))


@dataclass(frozen=True)
class MadeUpCity:
    grid: Grid
    layers: list
    incidents: np.ndarray  # the cell of each
    street_m: np.ndarray  # where the crowd is, as a street map knows it: nearly


def make_city(seed, planted=None, n_incidents=6000):
    """Make a city whose incidents follow a crowd, a field of their own, and planted factors."""
    grid, rng = ground(), np.random.default_rng(seed)
    xy = grid.center_xy
    crowd = field(xy, rng, 2500, 0.7)
    risk = crowd + field(xy, rng, 500 if planted else (500, 900)[seed % 2], 0.45)
    risk = risk + rng.normal(size=len(xy)) * 0.4
    street_m = grid.spacing_m * np.exp(crowd + rng.normal(size=len(xy)) * 0.2)
    layers = []
    for number, shape in enumerate(LAYERS):
        own = np.exp(crowd + field(xy, rng, 700, 0.5))
        points = places(xy, own, rng, *shape)
        layers.append(layer(f"layer {number}", points))
        if planted and number in planted:
            rrv, steps = planted[number]
            away_m = np.sqrt(_nearest_square(xy, points))
            risk = risk + np.log(rrv) * (away_m <= steps * grid.spacing_m / 2)
    rate = np.exp(risk) * grid.area_km2.to_numpy()
    counts = rng.poisson(rate * n_incidents / rate.sum())
    return MadeUpCity(grid, layers, np.repeat(grid.area_km2.index.to_numpy(), counts), street_m)


def _nearest_square(xy, points):
    """Return squared distances to the nearest point, the slow and obvious way."""
    best = np.full(len(xy), np.inf)
    for x, y in points:
        np.minimum(best, (xy[:, 0] - x) ** 2 + (xy[:, 1] - y) ** 2, out=best)
    return best


def recovered(model, grid, planted=PLANTED):
    """Return, by planted factor: found, within a step, and whether its interval holds the truth."""
    rows = []
    for number, (rrv, steps) in planted.items():
        found = [one for one in model.factors if one.layer.name == f"layer {number}"]
        step = round(found[0].extent_m / (grid.spacing_m / 2)) if found else -9
        is_right = bool(found) and found[0].form == "near" and abs(step - steps) <= 1
        covers = found[0].low <= rrv <= found[0].high if found else None
        rows.append((number, bool(found), is_right, covers))
    return pd.DataFrame(rows, columns=["layer", "is_found", "is_right", "covers"])
