"""A background in meters: clipped, merged, simplified, and written as RFC 7946 asks."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from shapely.geometry import GeometryCollection, LineString, MultiLineString, Point, Polygon, box

from csa.base.crs import LONLAT
from csa.base.errors import CrsError
from csa.ingest.basemap import (
    MIN_AREA_M2,
    box_lonlat,
    draw_lines,
    draw_polygons,
    feature_collection,
    frame,
    name_lines,
)

UTM = "EPSG:32615"
EAST, NORTH = 360_000.0, 4_320_000.0  # in Kansas City
CANVAS = box(EAST - 1000, NORTH - 1000, EAST + 1000, NORTH + 1000)


def layer(*shapes):
    """Put shapes drawn in meters around 0, 0 onto the globe."""
    moved = [shape and shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoSeries(moved, crs=UTM).to_crs(LONLAT)


def measured(shape):
    """Bring what was drawn back to meters around 0, 0."""
    back = gpd.GeoSeries([shape], crs=LONLAT).to_crs(UTM)[0]
    return shapely.affinity.translate(back, -EAST, -NORTH)


def lines(*shapes, tolerance_m=3.0):
    return draw_lines(layer(*shapes), CANVAS, tolerance_m, UTM)


def polygons(*shapes, tolerance_m=3.0):
    return draw_polygons(layer(*shapes), CANVAS, tolerance_m, UTM)


# ---- By hand --------------------------------------------------------------------------------


def test_pieces_of_one_street_become_one_line_and_a_bend_of_a_meter_is_straightened():
    street = lines(LineString([(0, 0), (50, 1), (100, 0)]), LineString([(200, 0), (100, 0)]))
    assert len(street.geoms) == 1
    assert shapely.get_num_coordinates(street) == 2
    assert measured(street).length == pytest.approx(200, abs=2)


def test_a_bend_of_ten_meters_stays():
    street = lines(LineString([(0, 0), (50, 10), (100, 0)]))
    assert shapely.get_num_coordinates(street) == 3
    less = LineString([(0, 0), (50, 4), (100, 0)])
    assert [shapely.get_num_coordinates(lines(less, tolerance_m=m)) for m in (3, 5)] == [3, 2]


def test_lines_that_meet_at_a_crossing_keep_their_corner():
    middle = (0, 0)
    cross = lines(*(LineString([middle, end]) for end in ((90, 0), (-90, 0), (0, 90), (0, -90))))
    assert len(cross.geoms) == 4


def test_what_runs_out_of_the_box_is_cut_there():
    road = measured(lines(LineString([(-3000, 0), (3000, 0)])))
    assert road.bounds == pytest.approx((-1000, 0, 1000, 0), abs=1.5)
    lake = measured(polygons(box(0, 0, 3000, 500)))
    assert lake.bounds == pytest.approx((0, 0, 1000, 500), abs=1.5)


def test_polygons_that_touch_are_one_and_small_ones_are_left_out():
    two = polygons(box(0, 0, 100, 100), box(100, 0, 200, 100), box(500, 500, 515, 515))
    assert len(two.geoms) == 1
    assert measured(two).area == pytest.approx(20_000, rel=0.03)
    assert 15 * 15 < MIN_AREA_M2 < 20 * 20 + 1


def test_named_lines_are_one_feature_a_name():
    streets = layer(
        LineString([(0, 0), (100, 0)]),
        LineString([(0, 50), (100, 50)]),
        LineString([(100, 0), (200, 0)]),
        LineString([(0, 90), (100, 90)]),
    )
    features = name_lines(["Oak", "", "Oak", "Elm"], streets, CANVAS, 3, UTM)
    assert [properties for _, properties in features] == [{}, {"name": "Elm"}, {"name": "Oak"}]
    assert [shapely.get_num_geometries(shape) for shape, _ in features] == [1, 1, 1]
    shared = layer(*[LineString([(0, 0), (100, 0)])] * 3)
    features = name_lines(["Oak", "Elm", "Oak"], shared, CANVAS, 3, UTM)
    assert [properties for _, properties in features] == [{"name": "Elm"}, {"name": "Oak"}]


def test_the_frame_is_the_neighborhoods_box_and_a_margin():
    blocks = gpd.GeoDataFrame(geometry=layer(box(0, 0, 100, 100), box(300, 400, 500, 600)))
    drawn = frame(blocks, 2000, UTM)
    expected = (EAST - 2000, NORTH - 2000, EAST + 2500, NORTH + 2600)
    assert drawn.bounds == pytest.approx(expected, abs=0.01)
    west, south, east, north = box_lonlat(drawn, UTM)
    assert west < -94.61 < -94.60 < east
    assert 38.9 < south < 39.02 < north < 39.2


def test_a_collection_has_a_feature_a_line_and_five_decimals():
    text = feature_collection(
        [(lines(LineString([(0, 0), (100, 0)])), {"name": "Çay"}), (shapely.MultiPolygon(), {})]
    )
    parsed = json.loads(text)
    assert parsed["type"] == "FeatureCollection"
    (feature,) = parsed["features"]
    assert feature["properties"] == {"name": "Çay"}
    assert feature["geometry"]["type"] == "MultiLineString"
    flat = np.array(feature["geometry"]["coordinates"]).ravel()
    assert (flat == flat.round(5)).all()
    assert len(text.splitlines()) == 3
    assert max(len(str(number).split(".")[1]) for number in flat) <= 5
    ponds = polygons(*(Point(x, x).buffer(150) for x in (-800, 0, 123, 777)))
    coordinates = shapely.get_coordinates(ponds)
    assert (coordinates == coordinates.round(5)).all()


# ---- At the edge ----------------------------------------------------------------------------


def test_nothing_and_what_is_of_another_kind_draw_nothing():
    for shapes in ([], [None], [Point(0, 0)], [LineString([(5000, 0), (6000, 0)])]):
        assert lines(*shapes).is_empty
        assert polygons(*shapes).is_empty
    assert polygons(box(5000, 0, 6000, 900)).is_empty
    assert lines(LineString([(0, 0), (0.1, 0)])).is_empty  # nothing is left at a meter
    assert json.loads(feature_collection([])) == {"type": "FeatureCollection", "features": []}


def test_a_hole_stays_a_hole_and_rings_run_as_rfc_7946_asks():
    pond = box(0, 0, 400, 400).difference(box(100, 100, 300, 300))
    (drawn,) = polygons(pond).geoms
    assert drawn.exterior.is_ccw
    assert not drawn.interiors[0].is_ccw
    assert measured(drawn).area == pytest.approx(160_000 - 40_000, rel=0.02)


def test_a_bow_tie_and_a_collection_are_drawn():
    bow_tie = Polygon([(0, 0), (200, 200), (200, 0), (0, 200)])
    assert measured(polygons(bow_tie)).area == pytest.approx(20_000, rel=0.05)
    mixed = GeometryCollection([box(0, 0, 100, 100), MultiLineString([[(0, 0), (50, 0)]])])
    assert measured(polygons(mixed)).area == pytest.approx(10_000, rel=0.05)
    assert measured(lines(mixed)).length == pytest.approx(50, abs=2)


def test_heights_are_left_out():
    assert not shapely.has_z(lines(LineString([(0, 0, 5), (100, 0, 7)])))
    pond = Polygon([(0, 0, 5), (100, 0, 5), (100, 100, 5), (0, 100, 7)])
    assert not shapely.has_z(polygons(pond))


def test_a_street_that_stands_twice_also_the_other_way_round_is_drawn_once():
    street = LineString([(0, 0), (100, 40)])
    assert lines(street, street.reverse(), street) == lines(street)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263"])
def test_degrees_and_feet_are_refused(crs):
    with pytest.raises(CrsError, match="meters"):
        draw_lines(layer(LineString([(0, 0), (1, 1)])), CANVAS, 3, crs)
    with pytest.raises(CrsError, match="meters"):
        frame(gpd.GeoDataFrame(geometry=layer(box(0, 0, 1, 1))), 2000, crs)


# ---- True in general ------------------------------------------------------------------------

spot = st.tuples(st.integers(-80, 80), st.integers(-80, 80)).map(
    lambda xy: (xy[0] * 10, xy[1] * 10)
)
streets = st.lists(
    st.lists(spot, min_size=2, max_size=6, unique=True).map(LineString), min_size=1, max_size=8
)


@given(streets=streets, tolerance_m=st.sampled_from([1.0, 5.0, 20.0]))
def test_no_street_moves_farther_than_the_tolerance_and_a_meter(streets, tolerance_m):
    drawn = measured(lines(*streets, tolerance_m=tolerance_m))
    before = shapely.union_all(streets)
    assert shapely.hausdorff_distance(before, drawn, densify=0.2) <= tolerance_m + 1.5
    assert drawn.length <= sum(street.length for street in streets) + 2 * len(streets) * 6


@given(streets=streets, seed=st.randoms(use_true_random=False))
def test_order_and_direction_change_no_byte(streets, seed):
    turned = [street.reverse() if seed.random() < 0.5 else street for street in streets]
    seed.shuffle(turned)
    once, again = (feature_collection([(lines(*some), {})]) for some in (streets, turned))
    assert once == again


@given(
    corners=st.lists(
        st.tuples(spot, st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=6
    ),
    tolerance_m=st.sampled_from([1.0, 5.0, 20.0]),
)
def test_parks_stay_valid_inside_the_box_and_as_large_as_they_were(corners, tolerance_m):
    parks = [box(x, y, x + width * 10, y + height * 10) for (x, y), width, height in corners]
    drawn = polygons(*parks, tolerance_m=tolerance_m)
    assert drawn.is_valid
    inside = shapely.union_all(parks).intersection(box(-1000, -1000, 1000, 1000))
    room = inside.length * (tolerance_m + 1.5) + len(parks) * MIN_AREA_M2
    assert abs(measured(drawn).area - inside.area) <= room
    turned = polygons(*reversed(parks), tolerance_m=tolerance_m)
    assert feature_collection([(drawn, {})]) == feature_collection([(turned, {})])
