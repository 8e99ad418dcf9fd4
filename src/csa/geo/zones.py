"""Which cells stand for polygons that people drew, and how well they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from csa.base.arrays import Floats
from csa.base.crs import LONLAT, equal_area, to_metres
from csa.base.errors import ParamError
from csa.geo.cells import M2_PER_KM2, CellSet, clipped_km2, cover_study_area

SLIVER_M2 = 100.0
"""A part of a zone smaller than a garage is a slip of the hand."""
LEAST_INSIDE = 0.5
"""So much of a zone's land lies in the city, at least."""
MOST = 0.5
"""A cell belongs to a zone that has more than this share of its land."""


@dataclass(frozen=True)
class ZoneCells:
    """A zone's land in the city, and the cells that stand for it."""

    shape: shapely.Geometry  # as drawn, without slivers, WGS 84
    cells: CellSet
    area_km2: float  # of the zone, in the city
    inside_share: float  # of what was drawn, so much lies in the city
    missed_share: float  # of the zone's land, so much is in no cell of it
    extra_share: float  # land of its cells beyond the zone, as a share of the zone's land
    n_slivers: int  # parts left out

    @property
    def evidence(self) -> dict[str, float]:
        """The figures, as a zone keeps them."""
        names = ("area_km2", "inside_share", "missed_share", "extra_share")
        return {name: round(float(getattr(self, name)), 4) for name in names}


def fit_cells(drawn: shapely.Geometry, study_area: shapely.Geometry, resolution: int) -> ZoneCells:
    """Find the cells most of whose land lies in polygons, and what they miss or add.

    Parameters
    ----------
    drawn
        Valid polygons, WGS 84.
    study_area
        The city, WGS 84.
    resolution
        H3 resolution of the cells.

    Returns
    -------
    ZoneCells
        Land outside the city counts for nothing, of the zone and of cells.

    Raises
    ------
    ParamError
        If most of the zone lies outside the city, or it holds most of no cell.
    """
    parts = shapely.get_parts(drawn)
    is_land = _km2(parts) * M2_PER_KM2 >= SLIVER_M2
    if not is_land.any():
        raise ParamError("zone.too_small")
    shape = shapely.union_all(parts[is_land])
    inside = _polygons(shapely.intersection(shape, study_area))
    inside_share = 0.0 if shapely.is_empty(inside) else float(_km2([inside])[0] / _km2([shape])[0])
    if inside_share < LEAST_INSIDE:
        raise ParamError("zone.outside", share=inside_share)
    own = cover_study_area(inside, resolution)["area_km2"]
    held, land = own.to_numpy(), clipped_km2(own.index.to_numpy(), study_area)
    belongs = held > MOST * land
    if not belongs.any():
        raise ParamError("zone.too_small")
    zone_km2 = float(held.sum())
    return ZoneCells(
        shape,
        frozenset(own.index[belongs].tolist()),
        zone_km2,
        inside_share,
        float(held[~belongs].sum()) / zone_km2,
        float((land - held)[belongs].sum()) / zone_km2,
        int((~is_land).sum()),
    )


def _polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Keep what has land: where polygons only touch, lines and points are left."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _km2(shapes: Iterable[shapely.Geometry]) -> Floats:
    """Measure land on the ellipsoid, (n,) square kilometers."""
    series = gpd.GeoSeries(list(shapes), crs=LONLAT)
    west, south, east, north = series.total_bounds
    metric = equal_area((west + east) / 2, (south + north) / 2)
    return np.asarray(to_metres(series, metric).area / M2_PER_KM2, dtype=np.float64)
