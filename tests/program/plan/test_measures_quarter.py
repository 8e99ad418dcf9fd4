"""Quarters: written, counted, begun and ended."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.errors import ParamError
from csa.program.plan.measures import Quarter

days = st.dates(date(1, 1, 1), date(9999, 12, 31))


# ---- By hand --------------------------------------------------------------------------------


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (date(2026, 3, 31), "2026-Q1"),
        (date(2026, 4, 1), "2026-Q2"),
        (date(2026, 12, 31), "2026-Q4"),
        (date(2027, 1, 1), "2027-Q1"),
    ],
)
def test_the_last_and_the_first_day_of_a_quarter(day, written):
    assert str(Quarter.of(day)) == written


def test_a_quarter_is_over_on_the_day_after_its_last():
    assert not Quarter(2026, 2).is_over(date(2026, 6, 30))
    assert Quarter(2026, 2).is_over(date(2026, 7, 1))


def test_the_last_quarter_there_is_has_a_last_day():
    assert Quarter(9999, 4).last_day == date(9999, 12, 31)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-1",
        "2026-Q5",
        "2026-Q0",
        "2026Q1",
        "26-Q1",
        "0000-Q1",
        "2026-Q1\n",
        "٢٠٢٦-Q1",
    ],
)
def test_what_is_no_quarter_is_refused_with_an_example(text):
    with pytest.raises(ParamError, match="A quarter must be written like 2026-Q1, not '"):
        Quarter.parse(text)


@pytest.mark.parametrize(("year", "number"), [(2026, 5), (2026, 0), (0, 1), (10000, 1)])
def test_a_quarter_outside_the_calendar_is_refused(year, number):
    with pytest.raises(ParamError, match="2026-Q1"):
        Quarter(year, number)


# ---- True in general ------------------------------------------------------------------------


@given(days)
def test_every_day_lies_in_its_quarter_which_reads_back(day):
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day
    assert Quarter.parse(str(quarter)) == quarter


@given(st.dates(date(2, 1, 1), date(9990, 1, 1)), st.integers(-4, 30))
def test_quarters_follow_each_other_without_a_gap(day, n):
    quarter = Quarter.of(day)
    assert quarter.plus(1).first_day == quarter.last_day + timedelta(days=1)
    assert quarter.plus(n).plus(-n) == quarter
    assert (quarter.plus(n) > quarter) == (n > 0)
