"""What incidents look like in time: months, days and parts."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.areas.sheets import (
    MIN_INCIDENTS_BY_PART,
    PARTS,
    count_by_month,
    count_by_part,
    empty_months,
    has_flag,
    silent_months,
)
from csa.base.params import Month, Period

MONDAY = pd.Timestamp(2020, 6, 1, 12)


def incidents(*times, kinds=None, flags=None):
    return pd.DataFrame(
        {
            "occurred_at": pd.Series(list(times), dtype="datetime64[s]"),
            "kind": pd.Series(kinds or ["nonfatal"] * len(times), dtype="str"),
            "flags": pd.Series(flags or [""] * len(times), dtype="str"),
        }
    )


# ---- By hand --------------------------------------------------------------------------------


def test_incidents_and_homicides_are_counted_month_by_month():
    made = incidents(
        pd.Timestamp(2020, 1, 1),
        pd.Timestamp(2020, 1, 31, 23, 59, 59),
        pd.Timestamp(2020, 3, 1),
        pd.Timestamp(2019, 12, 31, 23, 59, 59),
        pd.Timestamp(2020, 4, 1),
        kinds=["homicide", "nonfatal", "homicide", "homicide", "nonfatal"],
    )
    period = Period(Month(2020, 1), Month(2020, 4))
    counted = count_by_month(made, period, date(2015, 1, 1), date(2020, 12, 31))
    assert counted["month"].tolist() == ["2020-01", "2020-02", "2020-03"]
    assert counted["incidents"].tolist() == [2, 0, 1]
    assert counted["homicides"].tolist() == [1, 0, 1]


def test_the_night_belongs_to_the_day_on_which_it_began():
    at = [
        (pd.Timestamp(2020, 6, 1, 6), 0, "06-14"),  # Monday, first minute of the day
        (pd.Timestamp(2020, 6, 1, 13, 59), 0, "06-14"),
        (pd.Timestamp(2020, 6, 1, 14), 0, "14-22"),
        (pd.Timestamp(2020, 6, 1, 22), 0, "22-06"),
        (pd.Timestamp(2020, 6, 2, 5, 59), 0, "22-06"),  # Tuesday's small hours: Monday's night
        (pd.Timestamp(2020, 6, 1, 5, 59), 6, "22-06"),  # Monday's: Sunday's night
        (pd.Timestamp(2020, 6, 7, 23), 6, "22-06"),
    ]
    times = [when for when, _, _ in at for _ in range(5)]
    counted = count_by_part(incidents(*times))
    wanted = np.zeros((7, 3), dtype=int)
    for _, day, part in at:
        wanted[day, PARTS.index(part)] += 5
    assert counted[list(PARTS)].to_numpy().tolist() == wanted.tolist()
    assert counted.index.tolist() == list(range(7))


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("through", "partial", "covered"),
    [
        (date(2020, 2, 28), [False, True, False], [True, True, False]),  # of a leap year
        (date(2020, 2, 29), [False, False, False], [True, True, False]),
        (date(2020, 1, 1), [True, False, False], [True, False, False]),
        (date(2019, 12, 5), [False, False, False], [False, False, False]),
        (date(2021, 6, 5), [False, False, False], [True, True, True]),
    ],
)
def test_a_month_in_which_the_data_end_is_partial_and_later_ones_are_not_covered(
    through, partial, covered
):
    counted = count_by_month(
        incidents(), Period(Month(2020, 1), Month(2020, 4)), date(2015, 1, 1), through
    )
    assert counted["is_partial"].tolist() == partial
    assert counted["is_covered"].tolist() == covered
    assert counted["incidents"].tolist() == [0, 0, 0]


def test_with_fewer_than_thirty_times_no_part_of_the_day_is_told():
    enough = incidents(*[MONDAY] * MIN_INCIDENTS_BY_PART)
    assert MIN_INCIDENTS_BY_PART == 30
    assert count_by_part(enough)["06-14"].tolist() == [30, 0, 0, 0, 0, 0, 0]
    assert count_by_part(enough.iloc[1:]) is None
    assert count_by_part(incidents()) is None


def test_a_flag_is_a_whole_word_of_the_list():
    flags = ["", "no_time", "reported_time;no_time", "no_time_at_all"]
    found = has_flag(incidents(*[MONDAY] * 4, flags=flags), "no_time")
    assert found.tolist() == [False, True, True, False]
    assert has_flag(incidents(), "no_time").tolist() == []


# ---- True in general ------------------------------------------------------------------------


moments = st.lists(
    st.datetimes(*pd.to_datetime(["2019-11-01", "2021-02-01"]).to_pydatetime()).map(
        lambda t: t.replace(microsecond=0)
    ),
    max_size=60,
)


@given(moments, st.integers(1, 14))
def test_each_incident_of_the_period_is_in_its_month_and_no_other(times, n_months):
    period = Period(Month(2020, 1), Month(2020, 1).plus(n_months))
    counted = count_by_month(incidents(*times), period, date(2019, 12, 1), date(2021, 12, 31))
    assert len(counted) == n_months
    for name, n in zip(counted["month"], counted["incidents"], strict=True):
        assert n == sum(f"{when:%Y-%m}" == name for when in times)
    assert not counted["homicides"].any()


@given(moments, st.randoms())
def test_the_boxes_hold_every_time_once_whatever_the_row_order(times, chance):
    times = times + [MONDAY + timedelta(hours=n) for n in range(30)]
    mixed = chance.sample(times, len(times))
    one, other = count_by_part(incidents(*times)), count_by_part(incidents(*mixed))
    assert one.equals(other)
    assert one.to_numpy().sum() == len(times)
    nights = sum(when.hour >= 22 or when.hour < 6 for when in times)
    assert one["22-06"].sum() == nights


def test_months_before_the_data_begin_are_not_covered():
    period = Period(Month(2019, 11), Month(2020, 3))
    counted = count_by_month(incidents(), period, date(2020, 1, 15), date(2020, 2, 29))
    assert counted["is_covered"].tolist() == [False, False, True, True]
    assert counted["is_partial"].tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("counts", "silent"),
    [
        ([10, 0, 12, 0, 9], [1, 3]),
        ([6, 0, 6], []),  # a small town may have none
        ([7, 0, 7], [1]),
        ([9] * 12 + [0] + [9] * 12 + [1] * 20, [12]),  # many in the years around it alone
        ([7] * 12 + [1] * 20 + [0] + [1] * 12, []),
        ([0, 0], []),
        ([], []),
    ],
)
def test_a_month_without_any_is_silent_only_where_there_are_usually_many_around_it(counts, silent):
    first = Month(2018, 1)
    days = [
        pd.Timestamp(f"{first.plus(n)}-05") for n, count in enumerate(counts) for _ in range(count)
    ]
    covered = Period(first, first.plus(len(counts))) if counts else None
    dataset = SimpleNamespace(incidents=incidents(*days), complete_months=covered)
    empty = [first.plus(n) for n, count in enumerate(counts) if not count]
    assert list(empty_months(dataset)) == empty
    assert silent_months(dataset) == tuple(first.plus(n) for n in silent)
