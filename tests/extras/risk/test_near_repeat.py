"""Near repeats: pairs counted by hand, lots that keep places and days, and what is said of them."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.sentences import refuses

from csa.base.errors import TableError
from csa.base.message import msg
from csa.extras.risk.near_repeat import (
    KNOX_COLUMNS,
    describe_near_repeats,
    first_of_events,
    measure_located,
    measure_near_repeats,
)


def slowly(xy, days):
    """Count pairs within 200 m and 14 days, the slow and obvious way."""
    return sum(
        np.hypot(*(np.subtract(xy[a], xy[b]))) <= 200 and abs(days[a] - days[b]) <= 14
        for a, b in itertools.combinations(range(len(xy)), 2)
    )


def test_both_limits_are_included_by_hand():
    xy = [(0, 0), (200, 0), (0, 201), (0, 0), (90, 0)]
    days = [0, 14, 0, 15, 7]
    found = measure_near_repeats(xy, days, n_draws=9)
    rows = found.table.set_index(["to_m", "to_days"])["observed"]
    # 0-1: 200 m, 14 days. 0-4: 90 m, 7 days. 1-4: 110 m, 7 days. 3-4: 90 m, 8. 1-3: 200 m, 1 day.
    assert rows[rows > 0].to_dict() == {(200, 14): 1, (100, 7): 1, (200, 7): 2, (100, 14): 1}
    assert (found.observed, found.n_near) == (5, 6)
    assert list(found.table.columns) == list(KNOX_COLUMNS)


def test_the_time_of_day_is_cut_off():
    days = pd.to_datetime(["2020-01-01 23:59", "2020-01-16 00:01"]).to_numpy()
    assert measure_near_repeats([(0, 0), (5, 0)], days, n_draws=1).observed == 0
    days = pd.to_datetime(["2020-01-01 00:01", "2020-01-15 23:59"]).to_numpy()
    assert measure_near_repeats([(0, 0), (5, 0)], days, n_draws=1).observed == 1


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_those_of_the_slow_way_and_expected_is_the_mean_over_all_days(seed):
    rng = np.random.default_rng(seed)
    xy, days = rng.uniform(0, 1500, (150, 2)), rng.integers(0, 200, 150)
    found = measure_near_repeats(xy, days, n_draws=999, seed=seed)
    assert found.observed == slowly(xy, days)
    # Dealt at random, each near pair has the days of a random pair of incidents.
    soon = np.mean([abs(a - b) <= 14 for a, b in itertools.combinations(days, 2)])
    assert found.expected == pytest.approx(found.n_near * soon, rel=0.03)
    assert found.table["observed"].sum() == found.observed


def located(xy, days):
    """A study area of incidents at any hour, so many days after a New Year."""
    hours = np.random.default_rng(1).uniform(0, 24, len(xy))
    when = pd.Series(pd.Timestamp("2019-01-01") + pd.to_timedelta(days * 24 + hours, unit="h"))
    is_suspect = np.zeros(len(xy), dtype=bool)
    return SimpleNamespace(xy=xy, is_suspect=is_suspect, column=lambda _name: when)


def test_places_busy_for_two_months_alone_are_busy_months_and_no_near_repeats():
    """Six places, each busy in two months of the year on days that say nothing."""
    rng = np.random.default_rng(8)
    turn = np.repeat(np.arange(6), 150)
    xy = rng.uniform(0, 1000, (900, 2)) + np.outer(turn, [3000, 0])
    first = np.array([0, 59, 120, 181, 243, 304])  # January, March, May ... of 2019
    found = measure_located(located(xy, first[turn] + rng.integers(0, 59, 900)))
    assert found.in_years.later_ratio > 2
    assert found.in_years.is_shown
    assert found.in_months.later_ratio == pytest.approx(1, abs=0.1)
    assert not found.in_months.is_shown
    assert describe_near_repeats(found) == msg(
        "near_repeat.busy",
        later=found.in_months.later,
        months=found.in_months.later_ratio,
        months_p=found.in_months.later_p,
        years=found.in_years.later_ratio,
        years_p=found.in_years.later_p,
        same_day=found.in_months.observed - found.in_months.later,
    )


def test_what_follows_within_days_is_shown_against_both_and_what_does_not_against_neither():
    rng = np.random.default_rng(9)
    xy, days = rng.uniform(0, 6000, (200, 2)), rng.integers(0, 360, 200)
    again = located(np.vstack([xy, xy + 30]), np.concatenate([days, days + 3]))
    assert describe_near_repeats(measure_located(again)).key == "near_repeat.shown"
    alone = located(rng.uniform(0, 1500, (300, 2)), rng.integers(0, 360, 300))
    assert describe_near_repeats(measure_located(alone)).key == "near_repeat.none"


def test_two_of_one_day_may_be_one_event_and_show_nothing():
    rng = np.random.default_rng(10)
    xy, days = rng.uniform(0, 60000, (100, 2)), rng.integers(0, 360, 100)
    xy, days = np.vstack([xy, xy + 20]), np.concatenate([days, days])
    found = measure_near_repeats(xy, days, n_draws=99)
    assert (found.p, found.observed - found.later) == (0.01, 100)
    assert not found.is_shown


def test_people_hit_at_once_under_several_numbers_are_one_event():
    xy = np.array([(0.0, 0), (0, 0), (150, 0), (0, 0), (400, 0)])
    when = ["10:00", "10:00", "10:50", "11:55", "10:00"]
    stamps = pd.Series(pd.to_datetime([f"2020-01-01 {one}" for one in when]))
    assert first_of_events(xy, stamps).tolist() == [0, 3, 4]


def test_where_every_lot_gives_as_many_p_is_one():
    found = measure_near_repeats([(0, 0), (0, 0)], [0, 3], n_draws=19)
    assert (found.observed, found.ratio, found.p, found.later_p) == (1, 1.0, 1.0, 1.0)
    assert not found.is_shown


def test_no_incident_and_one_alone_are_too_few():
    for xy, days in (([], []), ([(0, 0)], [3])):
        found = measure_near_repeats(xy, days, n_draws=9)
        assert (found.observed, found.ratio, found.is_shown) == (0, None, False)


def test_what_cannot_be_compared_is_refused():
    with refuses("near_repeat.table", TableError):
        measure_near_repeats([(0, 0), (1, 1)], [1])
    with pytest.raises(TableError):
        measure_near_repeats([(0, np.nan)], [1])
    with refuses("param.at_least"):
        measure_near_repeats([(0, 0)], [1], n_draws=0)


def test_places_busy_in_one_year_alone_are_no_near_repeats():
    rng = np.random.default_rng(5)
    year = np.repeat([0, 1], 300)
    xy = rng.uniform(0, 1000, (600, 2)) + np.outer(year, [3000, 0])
    days = rng.integers(0, 365, 600) + 365 * year
    assert measure_near_repeats(xy, days, n_draws=199).is_shown
    assert not measure_near_repeats(xy, days, year, n_draws=199).is_shown
