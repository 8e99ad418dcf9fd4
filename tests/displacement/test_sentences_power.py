"""The power table: complete, never falling where it must not, and two rows measured anew."""

import math
from itertools import product

import numpy as np
import pytest

from benchmarks.displacement import DROPS, HORIZONS, YEARLY, judge_cities, power_city, power_of
from csa.displacement.sentences import POWER, PowerPoint
from tests.workers import slowly

PUBLISHED_CITIES = 1000


def point(yearly, drop, moved, months):
    (found,) = (
        one
        for one in POWER
        if (one.incidents_yearly, one.drop_share, one.moved, one.months)
        == (yearly, drop, moved, months)
    )
    return found


# ---- By hand --------------------------------------------------------------------------------


def test_each_change_number_and_time_has_one_point():
    asked = set(product(YEARLY, DROPS, (False, True), HORIZONS))
    listed = [(one.incidents_yearly, one.drop_share, one.moved, one.months) for one in POWER]
    assert len(POWER) == len(asked) == 128
    assert set(listed) == asked
    assert point(40, 0.6, True, 24) == PowerPoint(40, 0.6, True, 24, 0.071, 1.0)
    assert point(20, 0.4, False, 12) == PowerPoint(20, 0.4, False, 12, 0.0, 0.775)


# ---- At the edge ----------------------------------------------------------------------------


def least_found(drop, moved, share):
    """Tell the least number a year with which a tenth is found within two years."""
    found = [n for n in YEARLY if getattr(point(n, drop, moved, 24), share) >= 0.1]
    return min(found, default=None)


@pytest.mark.parametrize(
    ("moved", "share", "least"),
    [
        (False, "single_share", [400, 80, 40, 20]),
        (True, "single_share", [None, 120, 80, 40]),
        (False, "pooled_share", [20, 5, 5, 5]),
        (True, "pooled_share", [80, 10, 5, 5]),
    ],
)
def test_below_the_stated_numbers_nothing_is_found(moved, share, least):
    assert [least_found(drop, moved, share) for drop in DROPS] == least


# ---- True in general ------------------------------------------------------------------------


def test_later_all_together_and_what_only_ends_are_found_no_less_often():
    for one in POWER:
        assert 0 <= one.single_share <= one.pooled_share <= 1
        if one.months == 12:
            later = point(one.incidents_yearly, one.drop_share, one.moved, 24)
            assert later.single_share >= one.single_share
            assert later.pooled_share >= one.pooled_share
        if one.moved:
            ended = point(one.incidents_yearly, one.drop_share, False, one.months)
            assert ended.pooled_share >= one.pooled_share
            assert ended.single_share >= one.single_share


def test_more_incidents_and_larger_drops_are_found_no_less_often():
    """Within four standard errors of a difference between two rows."""
    for one in POWER:
        larger = [
            *(point(n, one.drop_share, one.moved, one.months) for n in YEARLY),
            *(point(one.incidents_yearly, drop, one.moved, one.months) for drop in DROPS),
        ]
        for other in larger:
            is_larger = (other.incidents_yearly, other.drop_share) >= (
                one.incidents_yearly,
                one.drop_share,
            )
            if is_larger:
                assert other.pooled_share >= one.pooled_share - 4 * math.sqrt(
                    0.5 / PUBLISHED_CITIES
                )


@pytest.mark.parametrize(("yearly", "drop", "moved"), [(20, 0.4, False), *slowly((40, 0.6, True))])
def test_two_rows_measured_anew_with_fewer_cities_are_the_published_ones(yearly, drop, moved):
    """250 other cities: within four standard errors of the difference, at least two in 250."""
    n_cities = 250
    verdicts = judge_cities(power_city(yearly, drop, is_moved=moved), n_cities, seed=7)
    for months in HORIZONS:
        each = power_of(verdicts, months, is_moved=moved)
        published = point(yearly, drop, moved, months)
        for share, told in zip(
            (published.single_share, published.pooled_share), each.T, strict=True
        ):
            error = np.std(told) * math.sqrt(1 / n_cities + 1 / PUBLISHED_CITIES)
            assert told.mean() == pytest.approx(share, abs=max(4 * error, 2 / n_cities))
