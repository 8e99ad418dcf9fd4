"""Services in and near areas: counted once, measured from the edge in meters."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st

from csa.base.crs import LONLAT
from csa.base.errors import CrsError
from csa.geo.services import (
    LISTED,
    SERVICE_COLUMNS,
    count_kinds,
    count_services,
    gaps,
    list_services,
    sum_kinds,
)

UTM = "EPSG:32615"
EAST, NORTH = 360_000.0, 4_320_000.0  # in Kansas City


def in_meters(shapes):
    """Put shapes drawn in meters around 0, 0 onto the globe."""
    moved = [shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoSeries(moved, crs=UTM).to_crs(LONLAT)


def areas_of(*shapes):
    letters = [chr(65 + place) for place in range(len(shapes))]
    return gpd.GeoDataFrame({"area_id": letters}, geometry=in_meters(shapes))


def services_at(*places):
    """Make services of (name, kind, x_m, y_m)."""
    names, kinds = [place[0] for place in places], [place[1] for place in places]
    points = in_meters([shapely.Point(place[2:]) for place in places])
    return gpd.GeoDataFrame({"name": names, "kind": kinds}, geometry=points, crs=LONLAT)


def rows(table):
    return [tuple(row) for row in table.itertuples(index=False)]


BLOCK = shapely.box(0, 0, 500, 500)


# ---- By hand --------------------------------------------------------------------------------


def test_a_square_of_500_m_with_services_inside_near_and_far():
    services = services_at(
        ("Hope", "clinic", 250, 250),
        ("Care", "clinic", 700, 250),  # 200 m east of the edge
        ("Far", "clinic", 2000, 250),
        ("Oak", "school", 250, -300),  # 300 m south
        ("Pine", "school", 250, 1400),
    )
    table = count_services(areas_of(BLOCK), services, 800, UTM)
    assert rows(table) == [("A", "clinic", 1, 1, 0.0, "Hope"), ("A", "school", 0, 1, 300.0, "Oak")]
    assert gaps(table) == {"A": ()}


def test_each_area_has_a_row_for_each_kind_in_the_order_of_areas_and_alphabet():
    services = services_at(("Z", "school", 0, 0), ("Y", "church", 0, 0))
    table = count_services(areas_of(BLOCK, shapely.box(600, 0, 900, 300)), services, 800, UTM)
    found = table[["area_id", "kind"]].to_numpy().tolist()
    assert found == [["A", "church"], ["A", "school"], ["B", "church"], ["B", "school"]]
    assert table["nearest_m"].tolist() == [0.0, 0.0, 600.0, 600.0]


def test_vacant_land_is_counted_by_kind_with_the_edge_and_with_kinds_that_are_not_here():
    listed = services_at(
        ("1", "vacant lot", 1, 1),
        ("2", "vacant lot", 499, 250),
        ("3", "vacant lot", 520, 250),
        ("4", "vacant building", 900, 900),
    )
    (square,) = in_meters([BLOCK])
    assert count_kinds(square, listed) == {"vacant building": 0, "vacant lot": 2}


def test_the_inventory_says_where_each_service_is_and_what_is_known_of_it():
    services = services_at(
        ("Pine", "school", 700, 9), ("Hope", "clinic", 9, 9), ("Oak", "school", 0, 0)
    )
    services["capacity"] = pd.array([pd.NA, 40, 25], dtype="Int64")
    services["evaluated"] = ["", "yes", "no"]
    places = gpd.GeoDataFrame(
        {"name": ["West", "East"]},
        geometry=in_meters([BLOCK, shapely.box(-500, 0, 0, 500)]),
        crs=LONLAT,
    )
    listed = list_services(services, places)
    assert list(listed) == list(LISTED)
    assert listed["name"].tolist() == ["Hope", "Oak", "Pine"]
    assert listed["program"].tolist() == ["", "", ""]
    assert listed["neighborhood"].tolist() == ["West", "East", ""]  # a corner of two: the first
    near = count_services(areas_of(BLOCK, shapely.box(9000, 0, 9500, 500)), services, 800, UTM)
    clinic, school = sum_kinds(listed, near).to_dict("records")
    assert clinic == {
        "kind": "clinic", "places": 1, "people": 40, "known": 1, "evaluated": 1, "asked": 1,
        "lacking": ("B",),
    }  # fmt: skip
    assert [school[name] for name in ("people", "known", "evaluated", "asked")] == [25, 1, 0, 1]
    assert school["lacking"] == ("B",)
    bare = list_services(services[["name", "kind", "geometry"]], places)
    assert bare["capacity"].isna().all()
    assert sum_kinds(bare, near.head(0))["lacking"].tolist() == [(), ()]


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(("x_m", "y_m"), [(0, 0), (500, 0), (500, 250), (250, 500), (500.005, 250)])
def test_a_service_on_the_border_or_within_a_centimeter_of_it_is_inside(x_m, y_m):
    table = count_services(areas_of(BLOCK), services_at(("Hope", "clinic", x_m, y_m)), 800, UTM)
    assert rows(table) == [("A", "clinic", 1, 0, 0.0, "Hope")]


def test_a_service_at_exactly_the_distance_is_near_and_one_meter_on_it_is_not():
    services = services_at(("Here", "clinic", 1300, 0), ("There", "clinic", 1301, 0))
    assert count_services(areas_of(BLOCK), services, 800, UTM)["near"].tolist() == [1]


def test_of_two_as_near_the_first_in_the_alphabet_is_named():
    services = services_at(("Zeal", "clinic", 700, 0), ("Able", "clinic", -200, 0))
    assert count_services(areas_of(BLOCK), services, 800, UTM)["nearest_name"].tolist() == ["Able"]


def test_no_area_and_no_service_give_the_same_columns():
    some = services_at(("Hope", "clinic", 0, 0))
    for table in (
        count_services(areas_of(BLOCK).iloc[:0], some, 800, UTM),
        count_services(areas_of(BLOCK), some.iloc[:0], 800, UTM),
    ):
        assert table.empty
        assert list(table.columns) == list(SERVICE_COLUMNS)
        assert gaps(table) == {}


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263", "EPSG:3857"])
def test_degrees_feet_and_web_mercator_are_refused(crs):
    with pytest.raises(CrsError, match="meters"):
        count_services(areas_of(BLOCK), services_at(("Hope", "clinic", 0, 0)), 800, crs)


# ---- True in general ------------------------------------------------------------------------

spots = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["clinic", "school", "hub"]),
        st.integers(-15, 20).map(lambda step: step * 100.0 + 50.0),
        st.integers(-15, 20).map(lambda step: step * 100.0 + 50.0),
    ),
    min_size=1,
    max_size=12,
)


@given(spots=spots, near_m=st.integers(1, 8).map(lambda step: step * 100.0))
def test_inside_near_and_far_are_all_and_each_is_where_the_ruler_says(spots, near_m):
    table = count_services(areas_of(BLOCK), services_at(*spots), near_m, UTM)
    for kind in {spot[1] for spot in spots}:
        away = []
        for _, _, x_m, y_m in (spot for spot in spots if spot[1] == kind):
            beyond_x, beyond_y = max(-x_m, 0, x_m - 500), max(-y_m, 0, y_m - 500)
            away.append((beyond_x**2 + beyond_y**2) ** 0.5)
        row = table[table["kind"] == kind].iloc[0]
        n_far = sum(distance > near_m + 0.01 for distance in away)
        assert row["inside"] == sum(distance == 0 for distance in away)
        assert row["inside"] + row["near"] + n_far == len(away)
        assert row["nearest_m"] == pytest.approx(min(away), abs=0.06)


@given(spots=spots, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(spots, seed):
    turned = list(spots)
    seed.shuffle(turned)
    areas = areas_of(BLOCK, shapely.box(700, 0, 900, 900))
    once, again = (count_services(areas, services_at(*some), 400, UTM) for some in (spots, turned))
    pd.testing.assert_frame_equal(once, again)
    lacking = {area_id: set(kinds) for area_id, kinds in gaps(once).items()}
    for row in once.itertuples():
        assert (row.kind in lacking[row.area_id]) == (row.inside + row.near == 0)


def test_a_service_in_a_hole_of_an_area_is_near_and_not_inside():
    ring = BLOCK.difference(shapely.box(100, 100, 400, 400))
    table = count_services(areas_of(ring), services_at(("Hope", "clinic", 250, 250)), 800, UTM)
    assert rows(table) == [("A", "clinic", 0, 1, 150.0, "Hope")]
