"""This year so far against the same months of the year before."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats
from tests.sentences import says

from csa.areas.choices import AreaSettings
from csa.areas.year_to_date import (
    city_year,
    compare_years,
    describe_empty,
    describe_year,
    months_missing,
    months_so_far,
)
from csa.base.message import Message, msg
from csa.base.params import Month, Period, complete_months
from csa.base.text import render
from csa.city.dataset import open_city
from csa.city.loading import load_city

JANUARY_TO_JULY = Period(Month(2020, 1), Month(2020, 8))
WHAT = msg("public.shootings")


def compared(n_now, n_before, period=JANUARY_TO_JULY):
    return compare_years(WHAT, period, n_now, n_before)


@pytest.fixture(scope="module")
def city(root, sample_folder):
    return open_city(load_city(root / "config" / "sample.toml"), sample_folder)


@pytest.fixture
def without():
    """A city whose files lack a month."""

    def cut(city, month):
        incidents = city.dataset.incidents
        is_left = incidents["occurred_at"].dt.strftime("%Y-%m") != month
        kept = incidents[is_left].reset_index(drop=True)
        return replace(city, dataset=replace(city.dataset, incidents=kept))

    return cut


# ---- By hand --------------------------------------------------------------------------------


def test_all_incidents_of_the_same_months_are_counted_with_or_without_a_place(city):
    found = city_year(city, AreaSettings(until=Month(2020, 8)))
    when = city.dataset.incidents["occurred_at"]
    assert (found.period, found.before) == (
        JANUARY_TO_JULY,
        Period(Month(2019, 1), Month(2019, 8)),
    )
    assert [found.n_now, found.n_before] == [
        int(((when >= f"{year}-01-01") & (when < f"{year}-08-01")).sum()) for year in (2020, 2019)
    ]
    assert city.dataset.incidents["lon"].isna().any()
    message = describe_year(found)
    assert message.key == "briefing.this_year"
    assert {name: message.values[name] for name in ("now", "before", "low", "high")} == {
        "now": found.n_now,
        "before": found.n_before,
        "low": found.change.low,
        "high": found.change.high,
    }


def test_far_more_far_fewer_about_as_many_and_too_few():
    """Of 1 and 0, and of 3 and 2, no split would show a change."""
    cases = ((90, 50, "more"), (50, 90, "fewer"), (70, 60, "usual"), (1, 0, "few"), (3, 2, "few"))
    for n_now, n_before, verdict in cases:
        assert compared(n_now, n_before).verdict == verdict
    assert compared(0, 0).verdict == "few"


def test_the_test_is_the_exact_one_with_chance_widened_by_the_dispersion():
    """By scipy's exact test: p to standard deviations, over the root of 1.6, and back."""
    found = compared(475, 376)
    share = 213 / (213 + 212)  # January to July: the day more of a leap year counts
    exact = 2 * min(stats.binom.cdf(475, 851, share), stats.binom.sf(474, 851, share))
    widened = 2 * stats.norm.sf(stats.norm.isf(exact / 2) / np.sqrt(1.6))
    assert found.change.probability == pytest.approx(widened, rel=1e-9)
    assert found.verdict == "more"


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_change_is_shown_just_where_the_count_leaves_the_no_change_range(n_now, n_before):
    change = compared(n_now, n_before).change
    assert change.is_shown == (not change.low <= n_now <= change.high)
    assert change.low <= n_before * 213 / 212 + 1
    assert change.high >= n_before


def test_a_month_that_is_not_over_is_not_whole():
    whole = complete_months(date(2015, 1, 2), date(2020, 8, 21))
    assert whole == Period(Month(2015, 1), Month(2020, 8))
    assert complete_months(date(2015, 1, 7), date(2020, 8, 21)) == whole
    assert complete_months(date(2015, 1, 8), date(2020, 8, 31)) == Period(
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


def test_right_after_new_year_the_year_before_is_looked_at_whole():
    covered = Period(Month(2018, 1), Month(2020, 1))
    assert months_so_far(covered, Month(2020, 2)) == Period(Month(2019, 1), Month(2020, 1))


def test_data_that_lack_a_month_of_the_year_before_are_not_compared():
    for start in (Month(2019, 2), Month(2020, 1)):
        assert months_so_far(Period(start, Month(2020, 8)), Month(2020, 9)) is None
    covered = Period(Month(2019, 1), Month(2020, 8))
    assert months_so_far(covered, Month(2020, 9)) == JANUARY_TO_JULY
    assert months_so_far(covered, Month(2019, 1)) is None


def test_a_silent_month_of_either_year_is_a_reason_and_of_an_earlier_year_none(city, without):
    said = city_year(without(city, "2019-05"), AreaSettings(until=Month(2020, 8)))
    assert isinstance(said, Message)
    assert render(describe_year(said)) == says("briefing.silent", n=1)
    assert city_year(without(city, "2018-05"), AreaSettings(until=Month(2020, 8))) == city_year(
        city, AreaSettings(until=Month(2020, 8))
    )


def test_an_empty_month_of_a_city_with_few_is_named_and_one_that_is_not_compared_is_not(city):
    """4 a month, none in May 2019: 27 now, 24 before."""
    few = city.dataset.incidents.iloc[:0]
    days = [
        f"{year}-{number:02d}-05"
        for year in (2018, 2019)
        for number in range(1, 13)
        for _ in range(4)
    ]
    days = [day for day in days if day[:7] not in {"2019-05", "2019-10"}]
    days += [f"2020-{number:02d}-07" for number in range(1, 8) for _ in range(4)][1:]
    few = few.reindex(range(len(days))).assign(
        kind="nonfatal", occurred_at=np.array(days, dtype="datetime64[s]")
    )
    dataset = replace(city.dataset, incidents=few)
    found = city_year(replace(city, dataset=dataset), AreaSettings(until=Month(2020, 8)))
    assert (found.n_now, found.n_before, found.empty) == (27, 24, (Month(2019, 5),))
    gap = says("briefing.empty", n=1, months="May 2019")
    assert render(describe_empty(found)) == gap
    assert render(describe_year(found)).endswith(f" {gap}")
    assert describe_empty(replace(found, n_now=1, change=compared(1, 1).change)) is None


def test_one_month_is_not_judged_against_the_year_before(city):
    """It is against its season, by `compare_month`: two ranges for one month would differ."""
    said = city_year(city, AreaSettings(until=Month(2020, 2)))
    when = city.dataset.incidents["occurred_at"].dt.strftime("%Y-%m")
    counted = {month: int((when == month).sum()) for month in ("2020-01", "2019-01")}
    assert said.key == "briefing.one_month_so_far"
    assert (said.values["n"], said.values["before"]) == (counted["2020-01"], counted["2019-01"])
    assert "chance" not in render(said)


def test_three_weeks_of_data_hold_no_whole_month():
    assert complete_months(date(2020, 8, 1), date(2020, 8, 21)) is None
    assert complete_months(date(2020, 8, 9), date(2020, 8, 31)) is None


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
