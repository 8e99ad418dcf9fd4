"""This year so far against the same months of the year before."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.areas.year_to_date import compare_year_to_date, months_missing
from csa.base.errors import TableError
from csa.base.params import Month, Period, whole_months
from csa.base.stats import compare_counts


def times(*days):
    return pd.Series(pd.to_datetime(list(days)))


def both_years(n_now, n_before, year=2020):
    """So many incidents in March of a year, and of the year before."""
    return times(*[f"{year}-03-05 10:00"] * n_now, *[f"{year - 1}-03-05 10:00"] * n_before)


COVERED = Period(Month(2018, 1), Month(2020, 8))


# ---- By hand --------------------------------------------------------------------------------


def test_whole_months_of_this_year_are_set_beside_the_same_of_last_year():
    when = times(
        "2020-01-01 00:00", "2020-07-31 23:59", "2020-08-01 00:00",  # August is not over
        "2019-01-01 00:00", "2019-07-31 23:00", "2019-07-31 23:59",
        "2019-08-01 00:00", "2018-12-31 23:59",
    )  # fmt: skip
    found = compare_year_to_date(when, COVERED, Month(2020, 9))
    assert found.period == Period(Month(2020, 1), Month(2020, 8))
    assert found.before == Period(Month(2019, 1), Month(2019, 8))
    assert (found.n_now, found.n_before) == (2, 3)
    assert found.verdict == "usual"


def test_far_more_far_fewer_and_about_as_many():
    for n_now, n_before, verdict in ((90, 50, "more"), (50, 90, "fewer"), (70, 60, "usual")):
        found = compare_year_to_date(both_years(n_now, n_before), COVERED, Month(2020, 9))
        assert found.verdict == verdict


def test_the_day_more_of_a_leap_year_counts():
    found = compare_year_to_date(both_years(45, 38), COVERED, Month(2020, 9))
    days = 31 + 29 + 31 + 30 + 31 + 30 + 31
    # as sure as 1.6 times fewer: 45 / 1.6 is 28.1, 38 / 1.6 is 23.75
    assert found.probability == compare_counts(28, 24, days, 212)


def test_an_earlier_month_looks_no_further():
    found = compare_year_to_date(both_years(4, 2), COVERED, Month(2020, 3))
    assert (found.n_now, found.n_before) == (0, 0)
    assert found.period == Period(Month(2020, 1), Month(2020, 3))


def test_a_month_that_is_not_over_is_not_whole():
    whole = whole_months(date(2015, 1, 2), date(2020, 8, 21))
    assert whole == Period(Month(2015, 1), Month(2020, 8))
    assert whole_months(date(2015, 1, 7), date(2020, 8, 21)) == whole
    assert whole_months(date(2015, 1, 8), date(2020, 8, 31)) == Period(
        Month(2015, 2), Month(2020, 9)
    )


def test_a_city_with_one_year_needs_three_more_before_a_january_and_after_it():
    """2017 alone: January 2020 has 36 months before it, and 2020 after it; 36 are missing."""
    one_year = Period(Month(2017, 1), Month(2018, 1))
    assert months_missing(one_year, 36, 12) == 36
    assert months_missing(one_year, 6, 12) == 12  # January 2018
    assert months_missing(Period(Month(2017, 1), Month(2020, 12)), 36, 12) == 1
    assert months_missing(Period(Month(2017, 1), Month(2021, 1)), 36, 12) == 0
    assert months_missing(Period(Month(2017, 2), Month(2021, 1)), 36, 12) == 12


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incident_in_either_year_is_no_difference():
    found = compare_year_to_date(both_years(0, 0), COVERED, Month(2020, 9))
    assert (found.n_now, found.n_before, found.verdict) == (0, 0, "usual")


def test_right_after_new_year_the_year_before_is_looked_at_whole():
    covered = Period(Month(2018, 1), Month(2020, 1))
    found = compare_year_to_date(both_years(7, 5, 2019), covered, Month(2020, 2))
    assert found.period == Period(Month(2019, 1), Month(2020, 1))
    assert (found.n_now, found.n_before) == (7, 5)


def test_data_that_lack_a_month_of_the_year_before_are_not_compared():
    for start in (Month(2019, 2), Month(2020, 1)):
        covered = Period(start, Month(2020, 8))
        assert compare_year_to_date(both_years(9, 9), covered, Month(2020, 9)) is None
    covered = Period(Month(2019, 1), Month(2020, 8))
    assert compare_year_to_date(both_years(9, 9), covered, Month(2020, 9)) is not None
    assert compare_year_to_date(both_years(9, 9), covered, Month(2019, 1)) is None


def test_three_weeks_of_data_hold_no_whole_month():
    assert whole_months(date(2020, 8, 1), date(2020, 8, 21)) is None
    assert whole_months(date(2020, 8, 9), date(2020, 8, 31)) is None


# ---- Refused --------------------------------------------------------------------------------


def test_an_incident_without_a_time_is_refused():
    with pytest.raises(TableError):
        compare_year_to_date(times("2020-01-01", None), COVERED, Month(2020, 9))


# ---- True in general ------------------------------------------------------------------------


@given(st.integers(0, 200), st.integers(1, 200), st.integers(1, 60), st.integers(1, 24))
def test_with_the_missing_months_a_january_can_be_judged_and_with_one_less_none(
    start, n_covered, months, horizon_months
):
    first = Month(2000, 1).plus(start)

    def has_january(n):
        until = first.plus(n).index
        fits = range(first.index + months, until - horizon_months + 1)
        return any(index % 12 == 0 for index in fits)

    missing = months_missing(Period(first, first.plus(n_covered)), months, horizon_months)
    assert has_january(n_covered + missing)
    assert missing == 0 or not has_january(n_covered + missing - 1)
