"""Check where incidents lie: swapped columns, another city, points that hold too many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from csa.base.crs import LONLAT, distance_m, project
from csa.base.errors import SourceError
from csa.city.layouts import Point, Source

NEAR_DEGREES = 0.25
"""About 25 km: a victim driven to the next town is still this city's file."""

MIN_SHARE_NEAR = 0.1
MAX_SHARE_SWAPPED = 0.05
AROUND_M = 500.0
MIN_AT_POINT = 5
MAX_CHANCE = 0.001


def check_positions(
    rows: pd.DataFrame, study_area: shapely.Geometry, path: Path, city: str, source: Source
) -> None:
    """Refuse a file whose points lie elsewhere: another city's, or latitude for longitude."""
    located = rows[["lon", "lat"]].dropna()
    if located.empty:
        return
    west, south, east, north = shapely.bounds(study_area)

    def is_near(x: pd.Series, y: pd.Series) -> pd.Series:
        is_in_x = x.between(west - NEAR_DEGREES, east + NEAR_DEGREES)
        return is_in_x & y.between(south - NEAR_DEGREES, north + NEAR_DEGREES)

    lon, lat = located["lon"], located["lat"]
    is_swapped = is_near(lat, lon) & ~is_near(lon, lat)
    if is_swapped.mean() > MAX_SHARE_SWAPPED:
        counts = {"n": int(is_swapped.sum()), "n_located": len(located)}
        raise SourceError("source.swapped", path=path, city=city, **counts)
    if is_near(lon, lat).mean() >= MIN_SHARE_NEAR:
        return
    middle = located.median()
    where = f"{middle['lon']:,.2f}, {middle['lat']:,.2f}"
    if is_near(-lon, lat).mean() >= MIN_SHARE_NEAR:
        raise SourceError("source.sign", path=path, where=where)
    if abs(middle["lon"]) > 180 or abs(middle["lat"]) > 180:
        raise SourceError("source.projected", path=path, where=where, source=source.name)
    if source.crs != LONLAT:
        named = {"crs": source.crs, "source": source.name}
        raise SourceError("source.wrong_crs", path=path, where=where, city=city, **named)
    raise SourceError("source.other_city", path=path, city=city, n=len(located), where=where)


def find_suspect_points(
    incidents: pd.DataFrame, points: Sequence[Point], crs: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Find points that hold an improbable number of incidents, or that the city's file names.

    A point is improbable when, were incidents spread over the other points within 500 m as
    they are, the chance of so many at one point would be below one in a thousand over all
    points of the city together (Poisson, Bonferroni), and it holds at least 5. A point that the
    city's file calls real is none.
    """
    from scipy.special import pdtrc  # noqa: PLC0415 - loads late

    columns = ["lon", "lat", "address", "incidents", "expected", "why"]
    is_suspect = np.zeros(len(incidents), dtype=bool)
    is_located = incidents[["lon", "lat"]].notna().all(axis=1).to_numpy()
    if not is_located.any():
        return pd.DataFrame(columns=columns), pd.Series(is_suspect, incidents.index)
    located = incidents.loc[is_located, ["lon", "lat", "address"]]
    by_point = located.groupby(["lon", "lat"], sort=True)["address"]
    table = by_point.size().rename("incidents").reset_index()
    table["expected"] = _expected(table, crs)
    chance = pdtrc(table["incidents"] - 1, table["expected"])  # P(at least so many), Poisson
    is_improbable = (chance * len(table) < MAX_CHANCE) & (table["incidents"] >= MIN_AT_POINT)
    table["why"] = np.where(is_improbable, "more incidents than chance would put there", "")
    for point in points:
        meters = distance_m(table["lon"].to_numpy(), table["lat"].to_numpy(), point.lon, point.lat)
        table.loc[meters <= point.within_m, "why"] = "" if point.is_real else point.name
    suspects = table[table["why"] != ""].copy()
    at_point = zip(suspects["lon"], suspects["lat"], strict=True)
    suspects["address"] = [_commonest(by_point.get_group(place)) for place in at_point]
    is_one = (table["why"] != "").to_numpy()
    # By place, not by label: those of ten million rows are eighty megabytes, and are kept.
    is_suspect[is_located] = is_one[by_point.ngroup()]
    suspects = suspects.sort_values(
        ["incidents", "lon", "lat"], ascending=[False, True, True], ignore_index=True
    )
    return suspects[columns], pd.Series(is_suspect, incidents.index)


def _commonest(addresses: pd.Series) -> str:
    named = addresses[addresses != ""].astype("str")  # as categories, each of the city is counted
    if named.empty:
        return ""
    counts = named.value_counts()
    return str(min(counts.index[counts == counts.max()]))


def _expected(table: pd.DataFrame, crs: str) -> np.ndarray:
    """Return the mean count of the other points within 500 m; 1 without other points."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - loads late

    xy = project(table["lon"].to_numpy(), table["lat"].to_numpy(), crs)  # (n, 2) meters
    is_near = np.isfinite(xy).all(axis=1)  # a place on the other side of the earth is beyond a map
    tree = cKDTree(xy[is_near])
    counts = table["incidents"].to_numpy(dtype=float)[is_near]
    means = np.ones(len(table))
    for row, (number, place) in zip(np.flatnonzero(is_near), enumerate(xy[is_near]), strict=True):
        others = [other for other in tree.query_ball_point(place, AROUND_M) if other != number]
        if others:
            means[row] = counts[others].mean()
    return means
