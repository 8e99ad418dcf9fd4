"""The one door for coordinates."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st

from csa.base import crs
from csa.base.errors import CrsError

UTM_15 = "EPSG:32615"
PHILADELPHIA_M = "EPSG:32129"  # Pennsylvania South, meters
PHILADELPHIA_FT = "EPSG:2272"  # the same projection, US survey feet
M_PER_US_FOOT = 1200 / 3937
WGS84_A_M = 6378137.0
WGS84_F = 1 / 298.257223563
NOT_METERS = [
    ("EPSG:4326", "degree"),
    ("EPSG:2272", "US survey foot"),
    ("EPSG:2222", "foot"),
    ("+proj=utm +zone=15 +units=km", "kilometre"),
    ("EPSG:4978", "metre"),  # from the earth's center: meters, but no map
]
LONS, LATS = st.floats(-179.9, 179.9), st.floats(-80, 80)
IN_PHILADELPHIA = st.tuples(st.floats(-75.28, -74.96), st.floats(39.87, 40.14))


def _haversine_m(lon, lat, to_lon, to_lat):
    """Great circle on the mean sphere: within 0.6% of the ellipsoid."""
    lon, lat, to_lon, to_lat = map(math.radians, (lon, lat, to_lon, to_lat))
    half = (
        math.sin((to_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
    )
    return 2 * 6371008.8 * math.asin(math.sqrt(min(1, half)))


def _box_area_m2(west, south, east, north):
    """Area between meridians and parallels on the ellipsoid, in closed form."""
    e = math.sqrt(WGS84_F * (2 - WGS84_F))

    def zone(lat):
        s = math.sin(math.radians(lat))
        return s / (1 - (e * s) ** 2) + math.log((1 + e * s) / (1 - e * s)) / (2 * e)

    b2 = (WGS84_A_M * (1 - WGS84_F)) ** 2
    return b2 / 2 * math.radians(east - west) * (zone(north) - zone(south))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "other", "meters"),
    [
        ((0, 0), (1, 0), 111319.491),  # a degree of the equator: 6378137 m times pi / 180
        ((0, 0), (0, 1), 110574.389),  # a degree northward from the equator
        ((0, 0), (0, 90), 10001965.729),  # the quarter meridian
        # Wellington to Salamanca, the example in GeographicLib's own documentation
        ((174.81, -41.32), (-5.50, 40.96), 19959679.267),
    ],
)
def test_known_distances_on_the_ellipsoid(place, other, meters):
    found = crs.distance_m(np.array([place[0]]), np.array([place[1]]), *other)
    assert found == pytest.approx([meters], abs=0.001)


def test_the_middle_meridian_of_a_zone_is_at_500_km_east():
    xy_m = crs.project(np.array([-93.0, -93.0]), np.array([0.0, 45.0]), UTM_15)
    # 4984944.378 m of meridian to 45 degrees, drawn at 0.9996
    assert xy_m == pytest.approx(np.array([[500000, 0], [500000, 4982950.400]]), abs=0.001)


def test_longitude_comes_before_latitude_on_the_way_in_and_out():
    xy_m = crs.project(np.array([-94.58]), np.array([39.10]), UTM_15)
    assert xy_m[0, 0] == pytest.approx(363_000, abs=1000)  # west of the middle
    assert xy_m[0, 1] == pytest.approx(4_329_000, abs=1500)  # north of the equator
    lon, lat = crs.to_lonlat(xy_m[:, 0], xy_m[:, 1], UTM_15)
    assert (lon[0], lat[0]) == pytest.approx((-94.58, 39.10), abs=1e-9)


def test_us_survey_feet_are_1200_of_3937_meters():
    x_ft, y_ft = np.array([2_694_000.0]), np.array([236_000.0])  # Philadelphia's City Hall
    lon, lat = crs.to_lonlat(x_ft, y_ft, PHILADELPHIA_FT)
    by_meters = crs.to_lonlat(x_ft * M_PER_US_FOOT, y_ft * M_PER_US_FOOT, PHILADELPHIA_M)
    assert (lon[0], lat[0]) == pytest.approx((by_meters[0][0], by_meters[1][0]), abs=1e-9)
    assert (lon[0], lat[0]) == pytest.approx((-75.163, 39.953), abs=0.005)


def test_an_equal_area_system_gives_the_area_on_the_ellipsoid():
    west, south, east, north = box = (-75.3, 39.85, -74.95, 40.15)
    shape = shapely.segmentize(shapely.box(*box), 0.002)
    found = crs.to_meters(gpd.GeoSeries([shape], crs=crs.LONLAT), crs.equal_area(-75.1, 40.0))
    assert found.area[0] == pytest.approx(_box_area_m2(west, south, east, north), rel=1e-6)


def test_a_table_is_brought_into_longitude_and_latitude():
    table = gpd.GeoDataFrame(
        {"name": ["a"]}, geometry=[shapely.Point(500000, 4982950.400)], crs=UTM_15
    )
    there = crs.tables_to_lonlat(table, "places.geojson")
    assert there.crs == crs.LONLAT
    assert list(there.columns) == ["name", "geometry"]
    assert (there.geometry.x[0], there.geometry.y[0]) == pytest.approx((-93, 45), abs=1e-7)
    assert table.crs == UTM_15


# ---- At the edge ----------------------------------------------------------------------------


def test_no_place_gives_no_distance_and_no_coordinate():
    none = np.array([])
    assert crs.distance_m(none, none, -75.1, 40.0).shape == (0,)
    assert crs.project(none, none, UTM_15).shape == (0, 2)
    assert [part.shape for part in crs.to_lonlat(none, none, PHILADELPHIA_FT)] == [(0,), (0,)]


def test_an_unknown_place_is_at_no_distance_and_its_neighbours_keep_theirs():
    lon, lat = [np.nan, 0.0, 0.0, np.nan, np.inf, 0.0], [0.0, np.nan, 1.0, np.nan, 0.0, -np.inf]
    meters = crs.distance_m(np.array(lon), np.array(lat), 0.0, 0.0)
    expected = [np.nan, np.nan, 110574.389, np.nan, np.nan, np.nan]
    assert meters == pytest.approx(expected, abs=0.001, nan_ok=True)


def test_degrees_pass_through_as_they_are():
    lon, lat = crs.to_lonlat(np.array([-75.1, np.nan]), np.array([40.0, np.nan]), crs.LONLAT)
    assert (lon[0], lat[0]) == (-75.1, 40.0)
    assert np.isnan([lon[1], lat[1]]).all()


def test_a_coordinate_off_the_map_is_unknown_in_both_directions():
    lon, lat = crs.to_lonlat(np.array([np.inf, np.nan, 2.7e6]), np.full(3, 2.4e5), PHILADELPHIA_FT)
    assert list(np.isnan(lon)) == list(np.isnan(lat)) == [True, True, False]


def test_meters_are_told_from_feet_and_from_nothing():
    assert crs.is_metric(UTM_15)
    assert crs.is_metric(PHILADELPHIA_M)
    assert not crs.is_metric(None)
    assert not any(crs.is_metric(code) for code, _ in NOT_METERS)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "unit"), NOT_METERS)
def test_degrees_feet_and_kilometers_are_refused_with_their_unit(code, unit):
    shapes = gpd.GeoSeries([shapely.Point(-75, 40)], crs=crs.LONLAT)
    for measure in (
        lambda: crs.require_meters(code),
        lambda: crs.project(np.array([-75.0]), np.array([40.0]), code),
        lambda: crs.to_meters(shapes, code),
    ):
        with pytest.raises(CrsError, match=rf"measured in {unit}\. .* such as EPSG:32615"):
            measure()


def test_no_system_at_all_is_refused():
    with pytest.raises(CrsError, match=r"Set one in meters, such as EPSG:32615\."):
        crs.require_meters(None)
    with pytest.raises(CrsError, match=r"Set one in meters, such as EPSG:32615\."):
        crs.to_meters(gpd.GeoSeries([shapely.Point(0, 0)]), UTM_15)


def test_polygons_without_a_system_are_refused_with_their_file_and_the_remedy():
    table = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)])
    with pytest.raises(CrsError, match=r"^hoods\.shp names no .* under \[places\]"):
        crs.tables_to_lonlat(table, "hoods.shp")


@pytest.mark.parametrize("text", ["EPSG:999999", "", "meters", "EPSG:"])
def test_a_system_that_nobody_knows_is_refused(text):
    with pytest.raises(
        CrsError,
        match=f"'{text}' is not a known coordinate system. Give a code such as EPSG:32615.",
    ):
        crs.parse_crs(text)


# ---- True in general ------------------------------------------------------------------------


@given(LONS, LATS, LONS, LATS)
def test_a_distance_is_the_great_circle_but_for_the_earths_flattening(lon, lat, to_lon, to_lat):
    there = crs.distance_m(np.array([lon]), np.array([lat]), to_lon, to_lat)[0]
    back = crs.distance_m(np.array([to_lon]), np.array([to_lat]), lon, lat)[0]
    assert there == pytest.approx(_haversine_m(lon, lat, to_lon, to_lat), rel=0.006, abs=0.01)
    assert there == pytest.approx(back, rel=1e-9, abs=1e-6)


@given(st.lists(IN_PHILADELPHIA, min_size=1, max_size=8))
def test_there_and_back_again_in_us_survey_feet(places):
    lon, lat = np.array(places).T
    xy_m = crs.project(lon, lat, PHILADELPHIA_M)
    x_ft, y_ft = (xy_m / M_PER_US_FOOT).T
    back_lon, back_lat = crs.to_lonlat(x_ft, y_ft, PHILADELPHIA_FT)
    assert back_lon == pytest.approx(lon, abs=1e-8)  # a millimeter
    assert back_lat == pytest.approx(lat, abs=1e-8)
