"""The analyst's choices: what is taken and what is refused."""

import math

import pytest
from hypothesis import given, strategies as st

from csa.base.errors import ParamError
from csa.base.params import AreaParams, DbscanParams, Month, Period, require_resolution

MONTHS = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))
BLOCK_AND_A_HALF = DbscanParams(eps_m=150, min_samples=10)


# ---- By hand --------------------------------------------------------------------------------


def test_a_month_is_read_as_written():
    assert Month.parse("2020-08") == Month(2020, 8)
    assert str(Month(2020, 8)) == "2020-08"
    assert str(Month(33, 8)) == "0033-08"


def test_areas_have_two_square_kilometers_at_resolution_10_unless_told():
    params = AreaParams(BLOCK_AND_A_HALF)
    assert (params.resolution, params.max_area_km2, params.is_limited) == (10, 2.0, True)


def test_a_size_limit_of_zero_is_no_limit():
    assert not AreaParams(BLOCK_AND_A_HALF, max_area_km2=0).is_limited


# ---- At the edge ----------------------------------------------------------------------------


def test_a_period_of_one_month_is_a_period():
    assert Period(Month(2020, 12), Month(2021, 1)).months == 1


def test_the_first_month_of_all_is_january_of_the_year_1():
    assert Month.parse("0001-01") == Month(1, 1)
    assert Period.before(Month(1, 2), 1).start == Month(1, 1)


def test_a_hundred_years_are_the_longest_period():
    assert Period.before(Month(2020, 1), 1200).start == Month(1920, 1)


def test_the_ends_of_each_range_are_taken():
    assert DbscanParams(eps_m=5000, min_samples=2).eps_m == 5000
    assert DbscanParams(eps_m=math.ulp(0), min_samples=2).eps_m > 0
    for resolution in (6, 11):
        require_resolution(resolution)
        assert AreaParams(BLOCK_AND_A_HALF, resolution).resolution == resolution


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020",
        "2020-8",
        "2020-13",
        "2020-00",
        "0000-01",
        "2020-08-01",
        "20-08",
        "2020-08\n",
        " 2020-08",
        "August 2020",
        "2020/08",
        "-2020-08",
        "12020-08",
    ],
)
def test_what_is_no_month_is_refused_with_the_option_and_the_text(text):
    with pytest.raises(ParamError) as refused:
        Month.parse(text, "--until")
    assert str(refused.value) == f"--until must be a month like 2020-08, not '{text}'."


@pytest.mark.parametrize("until", [Month(2020, 8), Month(2020, 7), Month(2019, 12)])
def test_a_period_without_a_month_is_refused(until):
    with pytest.raises(ParamError, match=rf"from 2020-08 to before {until} has no months"):
        Period(Month(2020, 8), until)


@pytest.mark.parametrize(
    ("until", "months"),
    [
        (Month(2020, 1), 0),
        (Month(2020, 1), -1),
        (Month(2020, 1), 1201),
        (Month(1, 1), 1),
        (Month(1, 12), 12),
    ],
)
def test_too_few_or_too_many_months_are_refused(until, months):
    with pytest.raises(ParamError, match=rf"months must be 1 to 1200 .*, not {months}"):
        Period.before(until, months)


@pytest.mark.parametrize("eps_m", [0, -1, 5000.1, math.inf, -math.inf, math.nan])
def test_a_radius_outside_its_range_is_refused(eps_m):
    with pytest.raises(ParamError, match=rf"eps_m must be above 0 .* 5000 meters, not {eps_m}"):
        DbscanParams(eps_m=eps_m, min_samples=10)


@pytest.mark.parametrize("min_samples", [1, 0, -5])
def test_a_cluster_of_one_is_refused(min_samples):
    with pytest.raises(ParamError, match=f"min_samples must be 2 or more, not {min_samples}."):
        DbscanParams(eps_m=150, min_samples=min_samples)


@pytest.mark.parametrize("resolution", [5, 12, 0, -1, 15, 16])
def test_a_resolution_of_no_use_in_a_city_is_refused(resolution):
    sentence = f"The H3 resolution must be 6 to 11, not {resolution}. 10 is about a block; 9 is seven times as large."
    with pytest.raises(ParamError, match=sentence):
        require_resolution(resolution)
    with pytest.raises(ParamError, match=sentence):
        AreaParams(BLOCK_AND_A_HALF, resolution)


@pytest.mark.parametrize("limit_km2", [-0.1, math.nan, math.inf])
def test_a_size_limit_that_is_no_size_is_refused(limit_km2):
    with pytest.raises(ParamError, match=rf"max_area_km2 must be 0 .*, not {limit_km2}"):
        AreaParams(BLOCK_AND_A_HALF, max_area_km2=limit_km2)


# ---- True in general ------------------------------------------------------------------------


@given(MONTHS)
def test_a_month_written_and_read_again_is_the_same(month):
    assert Month.parse(str(month)) == month


@given(st.builds(Month, st.integers(500, 3000), st.integers(1, 12)), st.integers(-400, 400))
def test_so_many_months_later_is_so_many_turns_of_the_calendar(month, months):
    year, number = month.year, month.number
    for _ in range(abs(months)):
        number += 1 if months > 0 else -1
        if number == 13:
            year, number = year + 1, 1
        if number == 0:
            year, number = year - 1, 12
    assert month.plus(months) == Month(year, number)


@given(MONTHS, MONTHS)
def test_months_are_in_the_order_of_their_text(one, other):
    assert (one < other) == (str(one) < str(other))


@given(st.builds(Month, st.integers(102, 9000), st.integers(1, 12)), st.integers(1, 1200))
def test_a_period_before_a_month_has_as_many_months_as_asked_and_ends_there(until, months):
    period = Period.before(until, months)
    assert (period.months, period.until) == (months, until)
    assert period.start < until


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(-5, 50))
def test_dbscan_takes_exactly_what_lies_in_its_ranges(eps_m, min_samples):
    is_good = 0 < eps_m <= 5000 and min_samples >= 2
    try:
        DbscanParams(eps_m, min_samples)
    except ParamError:
        assert not is_good
    else:
        assert is_good
