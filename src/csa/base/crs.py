"""The one module for coordinates: every EPSG code and every reprojection is here.

Longitude before latitude, always. Lengths and areas are measured only in a projected
system in meters: US city files are often in US survey feet, which differ by a factor of 3.28.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from csa.base.errors import CrsError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

LONLAT = "EPSG:4326"
"""Longitude and latitude in degrees, WGS 84: what H3, GeoJSON and web maps use."""

CURRENT_DATUMS = (
    "WGS 84", "NAD83", "ETRS89", "SIRGAS 2000", "OSGB36", "GDA94", "GDA2020", "NZGD2000", "JGD2011",
    "Hartebeesthoek94", "CGCS2000", "MAGNA-SIRGAS",
)  # fmt: skip
"""How the names of those begin that countries measure in today."""
METERS_PER_FOOT, METERS_PER_MILE = 0.3048, 1609.344
"""For text and maps of a city whose units are `us`; everything is measured in meters."""


def parse_crs(text: Any) -> CRS:
    """Read a coordinate system from text such as `EPSG:32615`."""
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise CrsError("crs.unknown", given=str(text)) from error


def is_metric(crs: Any) -> bool:
    """Check whether lengths and areas are in meters."""
    if crs is None:
        return False
    return _is_metric(parse_crs(crs))


@lru_cache(maxsize=256)
def _is_metric(known: CRS) -> bool:
    # Web Mercator counts in meters that are 1.3 times too short at 40 degrees.
    is_mercator = known.to_epsg() == 3857 or "Mercator" in _method(known)
    in_meters = all(axis.unit_name == "metre" for axis in known.axis_info)
    return known.is_projected and in_meters and not (is_mercator and not _is_transverse(known))


def _method(crs: CRS) -> str:
    operation = crs.coordinate_operation
    return "" if operation is None else operation.method_name


def _is_transverse(crs: CRS) -> bool:
    return "Transverse" in _method(crs) or "Oblique" in _method(crs)


def require_meters(crs: Any) -> None:
    """Refuse a coordinate system in which lengths are not meters."""
    if crs is None:
        raise CrsError("crs.unset")
    if not is_metric(crs):
        known = parse_crs(crs)
        unit = known.axis_info[0].unit_name if known.axis_info else "unknown units"
        if known.is_projected and unit == "metre":
            unit = "meters that grow with latitude"
        raise CrsError("crs.not_meters", given=known.name, unit=unit)


def project(lon: Floats, lat: Floats, crs: Any) -> Floats:
    """Project longitudes and latitudes.

    Returns (n, 2) meters, x and y.
    """
    require_meters(crs)
    to_meters = Transformer.from_crs(LONLAT, parse_crs(crs), always_xy=True)
    x_m, y_m = to_meters.transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.column_stack([x_m, y_m])  # (n, 2) meters


def to_lonlat(x: Floats, y: Floats, crs: Any) -> tuple[Floats, Floats]:
    """Turn coordinates of any known system into longitude and latitude."""
    source = parse_crs(crs)
    easting, northing = np.asarray(x, float), np.asarray(y, float)
    if source == CRS.from_user_input(LONLAT):
        return easting, northing
    if not (source.is_geographic or source.is_projected):  # heights, or a system of no place
        raise CrsError("crs.unknown", given=source.name)
    back = Transformer.from_crs(source, LONLAT, always_xy=True)
    lon, lat = back.transform(easting, northing)
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    bad = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)


def tables_to_lonlat(table: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    """Bring a table of polygons or points into longitude and latitude."""
    if table.crs is None:
        raise CrsError("layers.no_crs", path=source, section="places")
    try:
        turned = table.to_crs(LONLAT)
    except (CRSError, ProjError) as error:  # a system of no place on the earth
        raise CrsError("crs.unknown", given=str(table.crs.name)) from error
    return turned.set_geometry(finite_shapes(turned.geometry))


def to_meters(shapes: gpd.GeoSeries, crs: Any) -> gpd.GeoSeries:
    """Project geometries into a system in meters."""
    require_meters(crs)
    if shapes.crs is None:
        raise CrsError("crs.unset")
    return finite_shapes(shapes.to_crs(crs))


def finite_shapes(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Put none in place of a shape that reaches beyond all numbers: no system is made for it."""
    corners = shapes.get_coordinates()
    is_wild = ~np.isfinite(corners.to_numpy()).all(axis=1)
    if not is_wild.any():
        return shapes
    found: gpd.GeoSeries = shapes.where(~shapes.index.isin(corners.index[is_wild]))
    return found


@lru_cache(maxsize=256)
def equal_area(lon: float, lat: float) -> CRS:
    """Return an equal-area system in meters, centered on a place."""
    return CRS.from_proj4(
        f"+proj=laea +lat_0={lat:.4f} +lon_0={lon:.4f} +datum=WGS84 +units=m +no_defs"
    )


def distance_m(lon: Floats, lat: Floats, to_lon: float, to_lat: float) -> Floats:
    """Measure how far places are from one place, along the ellipsoid."""
    many_lon, many_lat = np.asarray(lon, float), np.asarray(lat, float)
    ends = np.full(many_lon.shape, to_lon), np.full(many_lon.shape, to_lat)
    return np.asarray(Geod(ellps="WGS84").inv(many_lon, many_lat, *ends)[2])


def made_for(crs: Any) -> tuple[float, float, float, float] | None:
    """Return the box that a system is made for, and three degrees around it."""
    use = parse_crs(crs).area_of_use
    return None if use is None else (use.west - 3, use.south - 3, use.east + 3, use.north + 3)


def is_made_for(crs: Any, lon: float, lat: float) -> bool:
    """Check whether a system is made for a place, give or take three degrees."""
    box = made_for(crs)
    return box is None or (box[0] <= lon <= box[2] and box[1] <= lat <= box[3])


def systems_near(lon: float, lat: float, authority: str = "EPSG") -> list[str]:
    """List projected coordinate systems in use at a point, those of the country's zones first."""
    from pyproj.aoi import AreaOfInterest  # noqa: PLC0415 - loads late
    from pyproj.database import query_crs_info  # noqa: PLC0415 - loads late
    from pyproj.enums import PJType  # noqa: PLC0415 - loads late

    here = AreaOfInterest(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)
    found = query_crs_info(authority, PJType.PROJECTED_CRS, here, contains=True)

    def size(info: Any) -> float:
        area = info.area_of_use
        return float((area.east - area.west) * (area.north - area.south))

    codes = [f"{info.auth_name}:{info.code}" for info in sorted(found, key=size)]
    return [code for code in dict.fromkeys((*codes, "EPSG:3857")) if _can_be_used(code)]


def is_current(code: str) -> bool:
    """Check whether a system rests on a datum in use: of two with the same grid the likelier."""
    datum = CRS.from_user_input(code).geodetic_crs
    return datum is not None and datum.name.startswith(CURRENT_DATUMS)


def _can_be_used(code: str) -> bool:
    """Check whether a system leads to degrees: some in the register have no formula here."""
    try:
        Transformer.from_crs(code, LONLAT, always_xy=True)
    except ProjError:
        return False
    return True
