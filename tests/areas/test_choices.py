"""Suggested choices: the city's documented values, in proportion to the incidents."""

import math

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError
from tests.properties import examples

from csa.areas.choices import suggest_dbscan
from csa.base.params import DbscanParams
from csa.city.config import Areas

general = examples(3)


def documented(**changed):
    values = {"eps_m": 250.0, "min_samples": 10, "at_incidents": 1500, "min_samples_floor": 4}
    return Areas(**(values | changed)).documented


# ---- By hand -------------------------------------------------------------------------------


def test_the_documented_count_has_the_documented_values():
    assert suggest_dbscan(documented(), 1500) == DbscanParams(250, 10)


def test_the_minimum_is_rounded_to_the_nearest_whole_number():
    assert suggest_dbscan(documented(), 1570).min_samples == 10
    assert suggest_dbscan(documented(), 1580).min_samples == 11


def test_below_the_floor_the_radius_widens_so_that_the_density_stays():
    # 240 incidents ask for 1.6; 4 is 2.5 times that, on a circle of 2.5 times the area
    assert suggest_dbscan(documented(), 240) == DbscanParams(395, 4)


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 10, 150])
def test_however_few_the_incidents_the_floor_holds_and_the_radius_at_most_doubles(n):
    assert suggest_dbscan(documented(), n) == DbscanParams(500, 4)


@pytest.mark.parametrize(("n", "eps_m"), [(530, 250), (524, 268), (600, 250)])
def test_the_radius_widens_only_where_the_rounded_minimum_is_below_the_floor(n, eps_m):
    assert suggest_dbscan(documented(), n) == DbscanParams(eps_m, 4)


@pytest.mark.parametrize("eps_m", [2501, 4000, 5000])
def test_a_widened_radius_is_never_longer_than_a_radius_may_be(eps_m):
    assert suggest_dbscan(documented(eps_m=eps_m), 1) == DbscanParams(5000, 4)


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"eps_m": 0}, {"min_samples": 1}, {"at_incidents": 0}, {"min_samples_floor": 1}]
)
def test_documented_values_outside_their_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        documented(**wrong)


# ---- True in general -----------------------------------------------------------------------


@general
@given(n=st.integers(0, 20_000), more=st.integers(0, 5000), floor=st.integers(2, 12))
def test_more_incidents_never_ask_for_a_lower_minimum_nor_for_a_longer_radius(n, more, floor):
    areas = documented(min_samples_floor=floor)
    few, many = suggest_dbscan(areas, n), suggest_dbscan(areas, n + more)
    assert floor <= few.min_samples <= many.min_samples
    assert 500 >= few.eps_m >= many.eps_m >= 250
    if few.min_samples > floor:
        assert abs(few.min_samples - n / 150) <= 0.5
        assert few.eps_m == 250


@general
@given(n=st.integers(1, 3000), floor=st.integers(2, 12))
def test_where_the_radius_widens_less_than_twofold_the_density_asked_for_stays(n, floor):
    suggested = suggest_dbscan(documented(min_samples_floor=floor), n)
    if 250 < suggested.eps_m < 500:
        asked = suggested.min_samples / (math.pi * suggested.eps_m**2)
        assert asked == pytest.approx(n / 150 / (math.pi * 250**2), rel=0.005)
