"""Which services lie in and near areas, how far the nearest is, and which kinds are lacking."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import to_meters

ON_BORDER_M = 0.01
"""A place this close to an area's edge lies on it, and so inside."""

SERVICE_COLUMNS = {
    "area_id": "letter of the area",
    "kind": "kind of service",
    "inside": "services of the kind in the area, its edge included",
    "near": "services outside it, at most near_m from its edge",
    "nearest_m": "meters from the area's edge to the nearest; 0 inside",
    "nearest_name": "name of the nearest; of several, the first in the alphabet",
}

LISTED = {
    "name": "of the place; may be empty",
    "kind": "kind of service",
    "program": "what is offered there; empty where not given",
    "capacity": "how many people it can serve; empty where not given",
    "evaluated": "`yes` or `no`: whether somebody has measured that it works; empty: not given",
    "neighborhood": "where it is; empty outside all",
}
"""Columns of the inventory of services."""


def count_services(
    areas: gpd.GeoDataFrame, services: gpd.GeoDataFrame, near_m: float, metric_crs: Any
) -> pd.DataFrame:
    """Count the services in and near each area, and find the nearest, kind by kind."""
    outlines = to_meters(areas.geometry, metric_crs).to_numpy()
    listed = services.sort_values(["kind", "name"], kind="stable")
    points = to_meters(listed.geometry, metric_crs).to_numpy()
    kind, name = (listed[column].to_numpy() for column in ("kind", "name"))
    kinds = sorted(set(kind))
    rows: list[tuple[object, ...]] = []
    for area_id, outline in zip(areas["area_id"], outlines, strict=True):
        away_m = shapely.distance(outline, points)  # (n services,) meters
        away_m = np.where(away_m <= ON_BORDER_M, 0.0, away_m)
        is_near = (away_m > 0) & (away_m <= near_m + ON_BORDER_M)
        for wanted in kinds:
            (of_kind,) = np.nonzero(kind == wanted)
            rounded_m = away_m[of_kind].round(1)
            first = of_kind[rounded_m.argmin()]  # ties: the first by name
            n_inside, n_near = int((away_m[of_kind] == 0).sum()), int(is_near[of_kind].sum())
            rows.append((area_id, wanted, n_inside, n_near, rounded_m.min(), name[first]))
    return pd.DataFrame(rows, columns=list(SERVICE_COLUMNS)).astype(
        {
            "area_id": "str",
            "kind": "str",
            "inside": "int64",
            "near": "int64",
            "nearest_m": "float64",
            "nearest_name": "str",
        }
    )


def gaps(table: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """List the kinds of service that an area has neither inside nor near."""
    is_lacking = (table["inside"] == 0) & (table["near"] == 0)
    return {
        str(area_id): tuple(sorted(table.loc[rows & is_lacking, "kind"]))
        for area_id in table["area_id"].unique()
        for rows in (table["area_id"] == area_id,)
    }


def places_inside(shape: shapely.Geometry, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the places in an area (WGS 84), its edge included."""
    shapely.prepare(shape)
    inside: gpd.GeoDataFrame = places[shapely.intersects(shape, places.geometry.to_numpy())]
    return inside


def count_kinds(shape: shapely.Geometry, places: gpd.GeoDataFrame) -> dict[str, int]:
    """Count the places in an area (WGS 84), its edge included, by kind; each kind of the list."""
    inside = places_inside(shape, places)["kind"]
    return {str(kind): int((inside == kind).sum()) for kind in sorted(places["kind"].unique())}


def list_services(services: gpd.GeoDataFrame, neighborhoods: gpd.GeoDataFrame) -> pd.DataFrame:
    """List every service with its details and its neighborhood, by kind and name."""
    blank = pd.Series("", index=services.index, dtype="str")
    unknown = pd.Series(pd.NA, index=services.index, dtype="Int64")
    table = pd.DataFrame(
        {
            name: services.get(name, unknown if name == "capacity" else blank)
            for name in LISTED
            if name != "neighborhood"
        }
    )
    named = neighborhoods.sort_values("name", kind="stable")
    tree = shapely.STRtree(named.geometry.to_numpy())
    point, place = tree.query(services.geometry.to_numpy(), predicate="intersects")
    first = pd.Series(place, dtype="int64").groupby(point).min()
    names = pd.Series(named["name"].to_numpy(), dtype="str").reindex(first.to_numpy())
    where = pd.Series(names.to_numpy(), index=first.index).reindex(range(len(table)))
    table["neighborhood"] = where.fillna("").to_numpy()
    return table.sort_values(["kind", "name"], kind="stable", ignore_index=True)


def sum_kinds(listed: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """Sum up each kind of service, with the areas that have none in or near them.

    Parameters are `list_services` and `count_services`. Returns a kind a row: `kind`, `places`,
    `people` and `known` (capacity, and of how many places it is known), `evaluated` and `asked`
    (how many of how many of which that is known), `lacking`.
    """
    lacking = near[(near["inside"] == 0) & (near["near"] == 0)]
    rows = [
        {
            "kind": kind,
            "places": len(own),
            "people": int(own["capacity"].sum()),
            "known": int(own["capacity"].notna().sum()),
            "evaluated": int((own["evaluated"] == "yes").sum()),
            "asked": int((own["evaluated"] != "").sum()),
            "lacking": tuple(lacking.loc[lacking["kind"] == kind, "area_id"]),
        }
        for kind, own in listed.groupby("kind", sort=True)
    ]
    names = ["kind", "places", "people", "known", "evaluated", "asked", "lacking"]
    return pd.DataFrame(rows, columns=names)
