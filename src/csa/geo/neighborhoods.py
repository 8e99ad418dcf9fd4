"""Which neighborhood a point or a cell lies in, and how many people live in cells."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.arrays import Floats
from csa.base.crs import LONLAT, equal_area, to_meters

LEAST_KNOWN = 0.9
"""People are told where they are known for so much of the land that lies in any neighborhood."""


def assign_neighborhoods(
    lon: pd.Series, lat: pd.Series, neighborhoods: gpd.GeoDataFrame
) -> pd.Series:
    """Assign each point to the neighborhood it lies in.

    Parameters
    ----------
    lon, lat
        Degrees, WGS 84, length n; NaN where unlocated.
    neighborhoods
        With `name` and `geometry`, WGS 84.

    Returns
    -------
    pandas.Series
        The name, index of `lon`; "" outside all of them and where unlocated. A point on a
        border goes to the first name in order of the alphabet.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> from shapely.geometry import box
    >>> halves = gpd.GeoDataFrame(
    ...     {"name": ["West", "East"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326
    ... )
    >>> lon, lat = pd.Series([0.5, 1.0, 5.0]), pd.Series([0.5, 0.5, 0.5])
    >>> csa.assign_neighborhoods(lon, lat, halves).tolist()
    ['West', 'East', '']
    """
    x, y = lon.to_numpy(float), lat.to_numpy(float)
    eastward = np.argsort(x)  # points without a place come last, beyond every polygon
    in_line, in_order = x[eastward], neighborhoods.sort_values("name")
    names = np.append(in_order["name"].to_numpy(dtype=object), "")
    shapes = in_order.geometry.to_numpy()
    shapely.prepare(shapes)
    west, _, east, _ = shapely.bounds(shapes).T  # not numbers where there is no shape
    from_west = np.searchsorted(in_line, west)
    to_east = np.searchsorted(in_line, east, side="right")
    first = np.full(len(x), len(shapes))
    for number in reversed(range(len(shapes))):  # the first name is written last
        near = eastward[from_west[number] : to_east[number]]
        first[near[shapely.intersects_xy(shapes[number], x[near], y[near])]] = number
    return pd.Series(names[first], index=lon.index, dtype="str")


def is_inside(lon: pd.Series, lat: pd.Series, study_area: shapely.Geometry) -> pd.Series:
    """Return which points lie in the study area, its border included."""
    shapely.prepare(study_area)
    inside = shapely.intersects_xy(study_area, lon.to_numpy(float), lat.to_numpy(float))
    return pd.Series(inside & lon.notna().to_numpy(), index=lon.index)


def estimate_population(outline: shapely.Geometry, neighborhoods: gpd.GeoDataFrame) -> float | None:
    """Estimate how many people live inside an outline, by areal weighting.

    Each neighborhood's people are spread evenly over its land.

    Parameters
    ----------
    outline
        Polygon, WGS 84.
    neighborhoods
        With `geometry` (WGS 84) and `population` (NaN where unknown).

    Returns
    -------
    float or None
        People; None where no part of the outline has a known population, or where under
        nine tenths of what lies in any neighborhood has. What lies in none, beyond the city's
        border, has no people of the city.

    References
    ----------
    Goodchild & Lam (1980), Geo-Processing 1, pp. 297-312.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely.geometry import box
    >>> town = gpd.GeoDataFrame({"population": [800.0]}, geometry=[box(0, 0, 0.02, 0.02)], crs=4326)
    >>> round(csa.estimate_population(box(0, 0, 0.01, 0.02), town))
    400
    """
    return estimate_populations([outline], neighborhoods)[0]


def estimate_populations(
    outlines: Sequence[shapely.Geometry], neighborhoods: gpd.GeoDataFrame
) -> list[float | None]:
    """Estimate each outline's people as `estimate_population`, all projected at once."""
    found: list[float | None] = [None] * len(outlines)
    if "population" not in neighborhoods or not neighborhoods["population"].notna().any():
        return found
    # One system per city: areas are exact anywhere in it, and making one takes milliseconds.
    west, south, east, north = neighborhoods.total_bounds
    metric = equal_area((west + east) / 2, (south + north) / 2)
    tree = shapely.STRtree(neighborhoods.geometry.to_numpy())
    whose, near = tree.query(np.array(outlines, dtype=object), predicate="intersects")
    if not len(near):
        return found
    drawn = to_meters(gpd.GeoSeries([*outlines], crs=LONLAT), metric).to_numpy()
    touched, place = np.unique(near, return_inverse=True)
    shapes = to_meters(neighborhoods.iloc[touched].geometry, metric).to_numpy()
    people = neighborhoods["population"].to_numpy(dtype=float)[touched]
    overlaps_m2 = shapely.area(shapely.intersection(shapes[place], drawn[whose]))
    for number in np.unique(whose).tolist():
        at = np.flatnonzero(whose == number)
        at = at[np.argsort(near[at])]  # in the neighborhoods' order: a sum's last digit is the same
        overlap_m2, its = overlaps_m2[at], place[at]
        known_m2 = overlap_m2[np.isfinite(people[its])].sum()
        if known_m2 and known_m2 >= LEAST_KNOWN * overlap_m2.sum():
            share = overlap_m2 / shapely.area(shapes[its])
            found[number] = float(np.nansum(people[its] * share))
    return found


def people_per_km2(
    lon: pd.Series, lat: pd.Series, area_km2: pd.Series, neighborhoods: gpd.GeoDataFrame
) -> Floats | None:
    """Return how densely people live in each of m cells, spread evenly over its neighborhood.

    Returns (m,), 0 where not known; None where too few are known, as in `estimate_population`.
    """
    if "population" not in neighborhoods or not len(lon):
        return None
    names, land = assign_neighborhoods(lon, lat, neighborhoods).to_numpy(), area_km2.to_numpy()
    people = neighborhoods.groupby("name")["population"].sum(min_count=1)
    per_km2 = (people / pd.Series(land).groupby(names).sum()).reindex(names).to_numpy(np.float64)
    is_known = np.isfinite(per_km2)
    if land[is_known].sum() < LEAST_KNOWN * land[names != ""].sum() or not np.nansum(per_km2):
        return None
    return np.where(is_known, per_km2, 0.0)


def centroids(neighborhoods: gpd.GeoDataFrame, metric_crs: str) -> dict[str, Floats]:
    """Return each neighborhood's middle, (2,) meters; polygons of one name are one."""
    if neighborhoods.empty:
        return {}
    merged = neighborhoods.to_crs(metric_crs).dissolve("name").geometry.centroid
    xy = shapely.get_coordinates(merged.to_numpy())
    return dict(zip(map(str, merged.index), xy, strict=True))
