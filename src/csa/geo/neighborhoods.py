"""Which neighborhood a point or a cell lies in, and how many people live in cells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT, equal_area, to_metres


def assign_neighborhoods(
    lon: pd.Series, lat: pd.Series, neighborhoods: gpd.GeoDataFrame
) -> pd.Series:
    """Name the neighborhood of each point."""
    names = np.full(len(lon), "", dtype=object)
    is_located = (lon.notna() & lat.notna()).to_numpy()
    xy = np.column_stack([lon.to_numpy(float), lat.to_numpy(float)])[is_located]
    points = np.asarray(shapely.points(xy), dtype=object)  # (n,)
    in_order = neighborhoods.sort_values("name")
    tree = shapely.STRtree(points)
    place, which = tree.query(in_order.geometry.to_numpy(), predicate="intersects")
    first = pd.Series(place).groupby(which).min()
    hit = np.flatnonzero(is_located)[first.index.to_numpy(dtype=np.intp)]
    names[hit] = in_order["name"].to_numpy()[first.to_numpy(dtype=np.intp)]
    return pd.Series(names, index=lon.index, dtype="str")


def is_inside(lon: pd.Series, lat: pd.Series, study_area: shapely.Geometry) -> pd.Series:
    """Return which points lie in the study area, its border included."""
    shapely.prepare(study_area)
    inside = shapely.intersects_xy(study_area, lon.to_numpy(float), lat.to_numpy(float))
    return pd.Series(inside & lon.notna().to_numpy(), index=lon.index)


def people_in(outline: shapely.Geometry, neighborhoods: gpd.GeoDataFrame) -> float | None:
    """Estimate how many people live inside an outline, by areal weighting.

    Each neighborhood's people are spread evenly over its land.
    """
    if "population" not in neighborhoods or not neighborhoods["population"].notna().any():
        return None
    # One system per city: areas are exact anywhere in it, and making one takes milliseconds.
    west, south, east, north = neighborhoods.total_bounds
    metric = equal_area((west + east) / 2, (south + north) / 2)
    near = neighborhoods[neighborhoods.intersects(outline)]
    if near.empty:
        return None
    shapes = to_metres(near.geometry, metric).to_numpy()
    drawn = to_metres(gpd.GeoSeries([outline], crs=LONLAT), metric).iloc[0]
    overlap_m2 = shapely.area(shapely.intersection(shapes, drawn))
    is_known = near["population"].notna().to_numpy()
    if not overlap_m2[is_known].sum() or overlap_m2[is_known].sum() < 0.9 * overlap_m2.sum():
        return None
    share = overlap_m2 / shapely.area(shapes)
    return float(np.nansum(near["population"].to_numpy(dtype=float) * share))
