"""How much of an area an external score calls high; the score is shown, never mixed in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.areas.ordering import N_DRAWS, SEED
from csa.base.arrays import Bools, Cells, Floats, Ints
from csa.base.crs import to_meters
from csa.base.params import Month
from csa.base.text import tr
from csa.city.dataset import City
from csa.city.results import load_latest_result
from csa.geo.cells import CellSet, cell_resolution, from_text, parents, refine

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
    weight = _weights(to_meters(risk.geometry, metric_crs).to_numpy())
    by_score = pd.Series(weight).groupby(risk["score"].to_numpy()).sum().sort_index(ascending=False)
    shares = by_score.cumsum() / by_score.sum()
    place = int((shares >= top_share - ALMOST).to_numpy().argmax())
    score = float(shares.index[place])
    return Highest(score, float(shares.iloc[place]), risk["score"] >= score)


def risk_in(
    areas: gpd.GeoDataFrame, risk: gpd.GeoDataFrame, top_share: float, metric_crs: Any
) -> pd.DataFrame:
    """Compute how much of each area an external score calls high."""
    outlines = to_meters(areas.geometry, metric_crs).to_numpy()
    places = to_meters(risk.geometry, metric_crs).to_numpy()
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


# ---- The relative risk score of blocks as `csa risk` stored it: a layer of maps, and a criterion.


KEPT_NAME = "risk"
KEPT_PARAMS = {"format": 3}
"""What is stored without what controls reach is not read: `csa risk` makes it again."""

Z_90 = 1.645
"""Standard errors on either side of a 90% interval."""


@dataclass(frozen=True)
class FittedRisk:
    """The factors that hold in each block, where they could be compared, and how much each is."""

    cells: Cells  # (n,) sorted
    holds: Bools  # (n, k) whether each factor holds
    log_rrv: Floats  # (k,) logarithm of each factor's relative risk value
    se: Floats  # (k,) its standard error
    until: Month | None  # first month that the factors did not learn from; None without incidents

    @cached_property
    def score(self) -> Floats:
        """(n,) the product of a block's relative risk values over the smallest product."""
        product = np.exp(self.holds @ self.log_rrv)
        return np.asarray(product / product.min(initial=np.inf))

    @cached_property
    def place_of(self) -> dict[int, int]:
        """The place of each cell."""
        return {cell: place for place, cell in enumerate(self.cells.tolist())}

    @cached_property
    def resolution(self) -> int:
        """The H3 resolution of its cells."""
        return cell_resolution(self.cells[0]) if len(self.cells) else 0

    def places_in(self, area: CellSet) -> list[int]:
        """List the places of an area's blocks, those that were compared."""
        blocks = set(parents(refine(area, self.resolution), self.resolution).tolist())
        return [self.place_of[cell] for cell in sorted(blocks) if cell in self.place_of]

    def mean_in(self, area: CellSet) -> float:
        """Return the mean score of an area's blocks; NaN where none was compared."""
        known = self.score[self.places_in(area)]
        return math.fsum(known) / len(known) if len(known) else math.nan

    def draw_in(self, area: CellSet) -> Floats:
        """Draw what an area's mean score may be: (4000,), the factors drawn alike for all areas."""
        places = self.places_in(area)
        if not places:
            return np.full(N_DRAWS, math.nan)
        z = np.random.default_rng(SEED).standard_normal((N_DRAWS, len(self.se)))
        kinds, n = np.unique(self.holds[places], axis=0, return_counts=True)
        drawn = np.exp((self.log_rrv + z * self.se) @ kinds.T)
        lowest = float(np.exp(self.holds @ self.log_rrv).min())
        return np.asarray(drawn @ n / n.sum() / lowest)


def load_risk(city: City) -> dict[str, Any] | None:
    """Read the risk terrain stored for a dataset, else the newest of older data."""
    return load_latest_result(
        city, KEPT_NAME, KEPT_PARAMS, dict, lambda kept: str(kept["data_through"])
    )


def fitted_risk(kept: Mapping[str, Any]) -> FittedRisk:
    """Return the factors of each block of what was stored."""
    places, factors = [from_text(texts) for texts in kept["places"]], kept["factors"]
    cells = np.unique(np.concatenate([from_text(kept["compared"]), *places]))
    none = np.zeros((len(cells), 0), dtype=bool)
    holds = np.column_stack([none, *(np.isin(cells, one) for one in places)]).astype(bool)
    rrv, low, high = (np.array([one[name] for one in factors]) for name in ("rrv", "low", "high"))
    se = (np.log(high) - np.log(low)) / (2 * Z_90)
    learned = kept["learned"]
    until = None if learned is None else Month.parse(learned["through"]).plus(1)
    return FittedRisk(cells, holds, np.log(rrv), se, until)


def load_fitted(city: City) -> FittedRisk | None:
    """Read the blocks' scores of a city; None where `csa risk` has not run."""
    kept = load_risk(city)
    return None if kept is None else fitted_risk(kept)


BOUNDS = (1.5, 2.0, 3.0, 5.0)
"""Scores at which classes end; a block without a factor is not colored."""


def risk_classes() -> tuple[str, ...]:
    """Return what each class of relative risk scores is called, lowest first."""
    between = [tr("risk.class_between", low=low, high=high) for low, high in pairwise(BOUNDS)]
    lowest = tr("risk.class_under", high=BOUNDS[0])
    return (lowest, *between, tr("risk.class_over", low=BOUNDS[-1]))


def risk_level(score: Floats) -> Ints:
    """Return each block's class, (m,); -1 where no factor holds."""
    return np.where(score > 1.0, np.searchsorted(BOUNDS, score, side="right"), -1)


@dataclass(frozen=True)
class AreaRisk:
    """The relative risk of areas."""

    mean: list[float]  # (n,) the mean score of each area's blocks; NaN where unknown
    draws: Floats | None  # (4000, n) what each may be; None where all are unknown


def relative_risk(city: City, areas: Sequence[CellSet], until: Month) -> AreaRisk:
    """Return the relative risk of areas, as far as it is known by a month.

    Factors that learned from later months are unknown: nothing later may say who comes first.
    """
    fitted = load_fitted(city)
    if fitted is None or fitted.until is None or fitted.until > until:
        return AreaRisk([math.nan] * len(areas), None)
    drawn = [fitted.draw_in(area) for area in areas]
    draws = np.column_stack([np.zeros((N_DRAWS, 0)), *drawn])
    return AreaRisk([fitted.mean_in(area) for area in areas], draws)
