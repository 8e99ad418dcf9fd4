"""Neighborhoods of points and people of outlines, on squares that can be checked by eye."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st

from csa.geo.neighborhoods import (
    assign_neighborhoods,
    estimate_population,
    estimate_populations,
    is_inside,
)

LON, LAT, SIDE = -94.6, 39.0, 0.01


def square(column, row, width=1.0, height=1.0):
    west, south = LON + column * SIDE, LAT + row * SIDE
    return shapely.box(west, south, west + width * SIDE, south + height * SIDE)


def town(**squares):
    """Neighborhoods by name: a square's column and row, and its people."""
    return gpd.GeoDataFrame(
        {
            "name": list(squares),
            "population": [people for _, _, people in squares.values()],
            "geometry": [square(column, row) for column, row, _ in squares.values()],
        },
        crs="EPSG:4326",
    )


def two():
    """Zion in the west, Ashland in the east, side by side; 1,000 and 300 people."""
    return town(Zion=(0, 0, 1000.0), Ashland=(1, 0, 300.0))


def points(*at, index=None):
    """Points in squares' units from the south-western corner."""
    lon = pd.Series([LON + x * SIDE for x, _ in at], index=index, dtype=float)
    lat = pd.Series([LAT + y * SIDE for _, y in at], index=index, dtype=float)
    return lon, lat


# ---- By hand -------------------------------------------------------------------------------


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_point_on_a_border_goes_to_the_first_name_of_the_alphabet(order):
    lon, lat = pd.Series([LON + SIDE]), pd.Series([LAT + SIDE / 2])
    named = assign_neighborhoods(lon, lat, two().iloc[order])
    assert named.tolist() == ["Ashland"]


def test_an_unlocated_point_has_no_name_and_shifts_no_other():
    lon, lat = points((0.5, 0.5), (0.5, 0.5), (1.5, 0.5), (1.5, 0.5), index=[7, 3, 5, 1])
    lon[7] = lat[5] = np.nan
    found = assign_neighborhoods(lon, lat, two()).to_dict()
    assert found == {7: "", 3: "Zion", 5: "", 1: "Ashland"}


def test_where_no_point_is_located_none_has_a_name():
    lon = pd.Series([np.nan, np.nan])
    assert assign_neighborhoods(lon, lon, two()).tolist() == ["", ""]
    assert is_inside(lon, lon, square(0, 0)).tolist() == [False, False]


def test_no_points_have_no_names():
    none = pd.Series([], dtype=float)
    assert assign_neighborhoods(none, none, two()).tolist() == []
    assert is_inside(none, none, square(0, 0)).tolist() == []


def test_where_there_are_no_neighborhoods_no_point_has_a_name():
    assert assign_neighborhoods(*points((0.5, 0.5)), two().iloc[:0]).tolist() == [""]


def test_rows_that_share_an_index_label_keep_their_own_names():
    lon, lat = points((0.5, 0.5), (1.5, 0.5), (5, 5), index=[0, 0, 1])
    assert assign_neighborhoods(lon, lat, two()).tolist() == ["Zion", "Ashland", ""]


def test_the_border_of_the_study_area_belongs_to_it():
    lon, lat = pd.Series([LON, LON + SIDE]), pd.Series([LAT, LAT + SIDE / 2])
    assert is_inside(lon, lat, square(0, 0)).tolist() == [True, True]


def test_a_point_with_only_one_coordinate_is_not_inside():
    lon, lat = points((0.5, 0.5), (0.5, 0.5))
    lon[0] = lat[1] = np.nan
    assert is_inside(lon, lat, square(0, 0)).tolist() == [False, False]


def test_people_of_an_outline_that_only_touches_a_neighborhood_are_unknown():
    assert estimate_population(square(-1, 0), two()) is None


def test_what_lies_beyond_the_citys_border_has_no_people_of_the_city():
    whole = estimate_population(square(0, 0), two())
    assert estimate_population(square(-0.5, 0), two()) == pytest.approx(whole / 2, rel=1e-4)


def test_nine_tenths_of_known_population_are_enough_and_less_is_not():
    places = town(Known=(0, 0, 1000.0), Unknown=(1, 0, np.nan))
    enough = estimate_population(square(0.08, 0), places)
    assert enough == pytest.approx(920, rel=1e-4)
    assert estimate_population(square(0.12, 0), places) is None


# ---- Refused (unknown is no number) --------------------------------------------------------


@pytest.mark.parametrize("column", ["absent", "empty"])
def test_where_no_population_is_known_people_are_unknown(column):
    places = two()
    if column == "absent":
        places = places.drop(columns="population")
    else:
        places["population"] = np.nan
    assert estimate_population(square(0, 0), places) is None


def test_an_outline_far_from_every_neighborhood_has_unknown_people():
    assert estimate_population(square(9, 9), two()) is None


def test_an_outline_in_a_neighborhood_of_unknown_population_has_unknown_people():
    places = town(Known=(0, 0, 10.0), Unknown=(1, 0, np.nan))
    assert estimate_population(square(1, 0), places) is None


def test_nobody_living_there_is_a_number_and_not_unknown():
    assert estimate_population(square(0, 0), town(Park=(0, 0, 0.0))) == 0


# ---- True in general -----------------------------------------------------------------------

NAMES = {(0, 0): "D", (1, 0): "B", (2, 0): "C", (0, 1): "A", (1, 1): "E", (2, 1): "F"}


@given(at=st.lists(st.tuples(st.floats(-0.5, 3.5), st.floats(-0.5, 2.5)), max_size=20))
def test_names_are_those_read_off_the_squared_paper(at):
    places = town(**{name: (*where, 1.0) for where, name in NAMES.items()})
    is_clear = [min(x % 1, 1 - x % 1) > 1e-6 and min(y % 1, 1 - y % 1) > 1e-6 for x, y in at]
    at = [place for place, clear in zip(at, is_clear, strict=True) if clear]
    lon, lat = points(*at, index=range(100, 100 + len(at)))
    named = assign_neighborhoods(lon, lat, places)
    assert named.tolist() == [NAMES.get((int(x // 1), int(y // 1)), "") for x, y in at]
    assert named.index.equals(lon.index)
    assert is_inside(lon, lat, square(0, 0, 3, 2)).tolist() == [name != "" for name in named]


@given(at=st.lists(st.tuples(st.floats(-1.5, 3.5), st.floats(-1.5, 2.5)), max_size=8))
def test_of_several_outlines_at_once_each_has_its_own_people(at):
    people = (1200.0, np.nan, 40.0, 0.0, 510.0, 77.0)
    places = town(
        **{name: (*where, n) for (where, name), n in zip(NAMES.items(), people, strict=True)}
    )
    outlines = [square(*corner, 1.2, 0.7) for corner in at]
    alone = [estimate_population(outline, places) for outline in outlines]
    assert estimate_populations(outlines, places) == alone
    assert estimate_populations(outlines, places.drop(columns="population")) == [None] * len(at)


@given(cut=st.floats(0.01, 2.99), people=st.lists(st.integers(0, 9000), min_size=6, max_size=6))
def test_people_west_and_east_of_a_line_add_up_to_everyone(cut, people):
    squares = {
        name: (*where, float(n)) for (where, name), n in zip(NAMES.items(), people, strict=True)
    }
    places = town(**squares)
    west, east = square(0, 0, cut, 2), square(cut, 0, 3 - cut, 2)
    assert estimate_population(west, places) + estimate_population(east, places) == pytest.approx(
        sum(people), rel=2e-4, abs=1e-6
    )
    slow = sum(
        n * min(max(cut - column, 0), 1) for (column, _), n in zip(NAMES, people, strict=True)
    )
    assert estimate_population(west, places) == pytest.approx(
        slow, rel=2e-3, abs=1e-3 * max(people) + 1e-6
    )
