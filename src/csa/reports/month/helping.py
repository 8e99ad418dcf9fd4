"""Services in and near areas: how many, which kinds are missing, and where they are."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from csa.base.crs import LONLAT, to_metres
from csa.dataset.versioned import City, Dataset
from csa.geo import cells as h3_cells
from csa.geo.cells import CellSet
from csa.geo.neighborhoods import estimate_populations
from csa.geo.services import gaps, services_of
from csa.reports.month.area_facts import Help, Service

MIN_PEOPLE = 500
"""Residents below which no rate is given: one service more or less would double it."""


def helps_of(city: City, areas: Sequence[CellSet]) -> list[Help | None]:
    """Return the services of each area; None if the city has no list."""
    services, near = city.dataset.services, city.config.services
    if services is None or near is None:
        return [None] * len(areas)
    shapes = [h3_cells.outline(cells) for cells in areas]
    names = [str(at) for at in range(len(areas))]
    outlined = gpd.GeoDataFrame({"area_id": names}, geometry=shapes, crs=LONLAT)
    crs = city.config.city.metric_crs
    lacking = gaps(services_of(outlined, services, near.near_m, crs))
    points = to_metres(services.geometry, crs).to_numpy()
    outlines = to_metres(outlined.geometry, crs).to_numpy()
    found: list[Help | None] = []
    populations = estimate_populations(shapes, city.dataset.neighborhoods)
    for name, outline, people in zip(names, outlines, populations, strict=True):
        away_m = np.asarray(shapely.distance(outline, points), dtype=np.float64).round(1)
        close = _near(services, away_m, near.near_m)
        n_inside = sum(one.metres == 0 for one in close)
        rate = None if people is None or people < MIN_PEOPLE else n_inside / (people / 1000)
        found.append(Help(close, n_inside, lacking.get(name, ()), rate))
    return found


def _near(
    services: gpd.GeoDataFrame, away_m: npt.NDArray[np.float64], near_m: float
) -> tuple[Service, ...]:
    names, kinds = services["name"].tolist(), services["kind"].tolist()
    lon, lat = services.geometry.x.tolist(), services.geometry.y.tolist()
    order = sorted(
        np.flatnonzero(away_m <= near_m).tolist(),
        key=lambda at: (away_m[at], names[at], kinds[at]),
    )
    return tuple(
        Service(number, names[at], kinds[at], lon[at], lat[at], float(away_m[at]))
        for number, at in enumerate(order, start=1)
    )


def services_per_1k(dataset: Dataset) -> float | None:
    """Return the whole city's services per 1,000 residents; None if unknown."""
    people = dataset.report.get("population")
    if dataset.services is None or people is None or people < MIN_PEOPLE:
        return None
    n_inside = int(dataset.services.intersects(dataset.study_area).sum())
    return n_inside / (float(people) / 1000)
