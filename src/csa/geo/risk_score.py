"""How much of an area an external score calls high; the score is shown, never mixed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.crs import to_metres

RISK_COLUMNS = {
    "area_id": "letter of the area",
    "highest_share": "share of the area's land (of its points) that is highest-scored",
    "mean_score": "mean score of its scored land, by area (of its points)",
    "scored_share": "share of the area's land that is scored; empty for points",
    "points": "scored points in the area; empty for polygons",
    "share_of_highest": "share of the city's highest-scored land (points) that lies in the area",
}
ALMOST = 1e-9


@dataclass(frozen=True)
class Highest:
    """The highest-scored places of a city."""

    score: float  # the lowest score that counts as highest
    share: float  # share of the scored land (of the points) that has at least this score
    is_highest: pd.Series  # boolean, index of the scored places


def find_highest(risk: gpd.GeoDataFrame, top_share: float, metric_crs: Any) -> Highest:
    """Find the highest-scored share of the scored land.

    Places are taken by score, highest first, until their land (for points: their number) is
    at least `top_share` of all; places with the same score are taken together.
    """
    weight = _weights(to_metres(risk.geometry, metric_crs).to_numpy())
    by_score = pd.Series(weight).groupby(risk["score"].to_numpy()).sum().sort_index(ascending=False)
    shares = by_score.cumsum() / by_score.sum()
    place = int((shares >= top_share - ALMOST).to_numpy().argmax())
    score = float(shares.index[place])
    return Highest(score, float(shares.iloc[place]), risk["score"] >= score)


def risk_in(
    areas: gpd.GeoDataFrame, risk: gpd.GeoDataFrame, top_share: float, metric_crs: Any
) -> pd.DataFrame:
    """Compute how much of each area an external score calls high."""
    outlines = to_metres(areas.geometry, metric_crs).to_numpy()
    places = to_metres(risk.geometry, metric_crs).to_numpy()
    score = risk["score"].to_numpy(dtype=float)
    is_highest = find_highest(risk, top_share, metric_crs).is_highest.to_numpy()
    of_place = _of_points if _are_points(places) else _of_polygons
    figures = of_place(outlines, places, score, is_highest)
    table = figures.assign(area_id=areas["area_id"].astype("str").to_numpy())
    return table[list(RISK_COLUMNS)]


def _are_points(places: np.ndarray[Any, Any]) -> bool:
    return bool((shapely.get_dimensions(places) == 0).all())


def _weights(places: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.ones(len(places)) if _are_points(places) else shapely.area(places)


def _of_points(
    outlines: np.ndarray[Any, Any],
    points: np.ndarray[Any, Any],
    score: np.ndarray[Any, np.dtype[np.float64]],
    is_highest: np.ndarray[Any, np.dtype[np.bool_]],
) -> pd.DataFrame:
    """Count points; one on a shared border belongs to the first area."""
    point, area = shapely.STRtree(outlines).query(points, predicate="intersects")
    first = pd.Series(area, dtype="int64").groupby(point).min()
    inside = pd.DataFrame(
        {"score": score[first.index], "is_highest": is_highest[first.index]},
        index=first.to_numpy(),
    )
    by_area = inside.groupby(level=0)
    every = pd.RangeIndex(len(outlines))
    n_highest = by_area["is_highest"].sum().reindex(every, fill_value=0)
    return pd.DataFrame(
        {
            "highest_share": by_area["is_highest"].mean().reindex(every),
            "mean_score": by_area["score"].mean().reindex(every),
            "scored_share": np.nan,
            "points": by_area.size().reindex(every, fill_value=0).astype("Int64"),
            "share_of_highest": n_highest / is_highest.sum(),
        }
    )


def _of_polygons(
    outlines: np.ndarray[Any, Any],
    polygons: np.ndarray[Any, Any],
    score: np.ndarray[Any, np.dtype[np.float64]],
    is_highest: np.ndarray[Any, np.dtype[np.bool_]],
) -> pd.DataFrame:
    """Measure land; where scored polygons overlap, their land counts once in a share."""
    tree = shapely.STRtree(polygons)
    all_highest_m2 = shapely.area(shapely.union_all(polygons[is_highest]))
    rows = []
    for outline in outlines:
        hit = tree.query(outline, predicate="intersects")
        pieces = shapely.intersection(polygons[hit], outline)
        piece_m2 = shapely.area(pieces)
        high_m2 = shapely.area(shapely.union_all(pieces[is_highest[hit]]))
        scored_m2 = shapely.area(shapely.union_all(pieces))
        land_m2 = shapely.area(outline)
        is_scored = scored_m2 > 0
        rows.append(
            {
                "highest_share": high_m2 / land_m2 if is_scored else np.nan,
                "mean_score": np.average(score[hit], weights=piece_m2) if is_scored else np.nan,
                "scored_share": scored_m2 / land_m2,
                "points": pd.NA,
                "share_of_highest": high_m2 / all_highest_m2,
            }
        )
    columns = ["highest_share", "mean_score", "scored_share", "points", "share_of_highest"]
    return pd.DataFrame(rows, columns=columns).astype(
        {column: "Int64" if column == "points" else "float64" for column in columns}
    )
