"""An external score beside areas: shares of land by hand, and nothing hidden by ties or gaps."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from shapely.geometry import Point, box

from csa.areas.risk_score import RISK_COLUMNS, find_highest, risk_in
from csa.base.crs import LONLAT
from csa.base.errors import CrsError

UTM = "EPSG:32615"
EAST, NORTH = 360_000.0, 4_320_000.0  # in Kansas City


def in_meters(shapes):
    """Put shapes drawn in meters around 0, 0 onto the globe."""
    moved = [shapely.affinity.translate(shape, EAST, NORTH) for shape in shapes]
    return gpd.GeoSeries(moved, crs=UTM).to_crs(LONLAT)


def areas_of(*shapes):
    letters = [chr(65 + place) for place in range(len(shapes))]
    return gpd.GeoDataFrame({"area_id": letters}, geometry=in_meters(shapes), crs=LONLAT)


def scored(*places):
    """Make scored shapes of (score, shape in meters)."""
    scores = [float(place[0]) for place in places]
    return gpd.GeoDataFrame(
        {"score": scores}, geometry=in_meters([place[1] for place in places]), crs=LONLAT
    )


def square(column, row=0, side=100):
    return box(column * side, row * side, (column + 1) * side, (row + 1) * side)


STRIP = scored(*((column, square(column)) for column in range(10)))  # 10 squares of 1 ha
NEVER = float("nan")


def figures(table):
    columns = ["highest_share", "mean_score", "scored_share", "share_of_highest"]
    return table[columns].to_numpy(dtype=float)


# ---- By hand --------------------------------------------------------------------------------


def test_shares_and_the_mean_of_two_areas_on_a_strip_of_ten_hectares():
    # The highest fifth is squares 8 and 9. A holds half of 7 and all of 8; B a quarter of 9.
    areas = areas_of(box(750, 0, 900, 100), box(900, 0, 1000, 25))
    table = risk_in(areas, STRIP, 0.2, UTM)
    mean_a = (7 * 0.5 + 8 * 1.0) / 1.5
    expected = [[2 / 3, mean_a, 1.0, 0.5], [1.0, 9.0, 1.0, 0.125]]
    assert figures(table) == pytest.approx(np.array(expected), abs=1e-4)
    assert table["area_id"].tolist() == ["A", "B"]
    assert table["points"].isna().all()
    assert list(table.columns) == list(RISK_COLUMNS)


def test_the_highest_are_as_much_land_as_was_asked_for():
    highest = find_highest(STRIP, 0.2, UTM)
    assert (highest.score, highest.share) == (8.0, pytest.approx(0.2, abs=1e-4))
    assert STRIP.loc[highest.is_highest, "score"].tolist() == [8.0, 9.0]


def test_points_are_counted():
    points = scored(*((column, Point(column * 100 + 50, 50)) for column in range(10)))
    table = risk_in(areas_of(box(600, 0, 900, 100)), points, 0.2, UTM)
    assert table["points"].tolist() == [3]  # 6, 7 and 8; highest are 8 and 9
    assert figures(table)[0] == pytest.approx([1 / 3, 7.0, NEVER, 0.5], nan_ok=True)


# ---- At the edge ----------------------------------------------------------------------------


def test_an_area_without_scored_land_is_unknown_and_not_low():
    table = risk_in(areas_of(box(0, 500, 100, 600)), STRIP, 0.2, UTM)
    assert figures(table)[0] == pytest.approx([NEVER, NEVER, 0.0, 0.0], nan_ok=True)


def test_an_area_half_of_whose_land_is_scored_says_so():
    table = risk_in(areas_of(box(900, 0, 1000, 200)), STRIP, 0.2, UTM)
    assert figures(table)[0] == pytest.approx([0.5, 9.0, 0.5, 0.5], abs=1e-4)


def test_a_point_on_the_border_of_two_areas_is_the_first_ones():
    points = scored((1, Point(0, 0)), (2, Point(100, 100)))
    areas = areas_of(square(0), square(1))
    assert risk_in(areas, points, 0.5, UTM)["points"].tolist() == [2, 0]


def test_equal_scores_are_taken_together_and_the_true_share_is_told():
    coarse = scored(*((column >= 6, square(column)) for column in range(10)))
    highest = find_highest(coarse, 0.1, UTM)
    assert (highest.score, highest.share) == (1.0, pytest.approx(0.4, abs=1e-4))
    alike = scored(*((5, square(column)) for column in range(10)))
    assert find_highest(alike, 0.1, UTM).share == pytest.approx(1.0)


def test_overlapping_polygons_are_no_more_land_than_there_is():
    twice = scored((2, square(0)), (2, square(0)), (1, square(1)))
    table = risk_in(areas_of(box(0, 0, 400, 100)), twice, 0.3, UTM)
    assert figures(table)[0] == pytest.approx([0.25, 5 / 3, 0.5, 1.0], abs=1e-4)


def test_no_area_gives_the_same_columns():
    points = scored((1, Point(50, 50)))
    for risk in (STRIP, points):
        table = risk_in(areas_of(square(0)).iloc[:0], risk, 0.2, UTM)
        assert table.empty
        assert list(table.columns) == list(RISK_COLUMNS)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263", "EPSG:3857"])
def test_degrees_feet_and_web_mercator_are_refused(crs):
    with pytest.raises(CrsError, match="meters"):
        risk_in(areas_of(square(0)), STRIP, 0.2, crs)


# ---- True in general ------------------------------------------------------------------------

scores = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@given(scores=scores, top_share=st.sampled_from([0.05, 0.1, 0.25, 0.5]), as_points=st.booleans())
def test_areas_that_cover_everything_hold_all_of_the_highest(scores, top_share, as_points):
    shape = (lambda k: square(k).centroid) if as_points else square
    risk = scored(*((score, shape(column)) for column, score in enumerate(scores)))
    half = len(scores) * 50
    areas = areas_of(box(-10, -10, half + 10, 110), box(half + 10, -10, half * 2 + 20, 110))
    table = risk_in(areas, risk, top_share, UTM)
    assert table["share_of_highest"].sum() == pytest.approx(1.0, abs=1e-6)
    assert table["highest_share"].dropna().between(0, 1).all()
    means = table["mean_score"].dropna()
    assert means.between(min(scores) - 1e-9, max(scores) + 1e-9).all()
    highest = find_highest(risk, top_share, UTM)
    assert highest.share >= top_share - 1e-9
    # One score lower would not have been needed: without the lowest of them it is too little.
    n_above = sum(score > highest.score for score in scores)
    assert n_above / len(scores) < top_share + 1e-6
    assert highest.is_highest.tolist() == [score >= highest.score for score in scores]
    if as_points:
        assert table["points"].sum() == len(scores)
