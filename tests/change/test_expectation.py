"""Expected counts: tails and bounds against a law added up slowly and drawn by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm

from csa.change.expectation import MAX_Z, Baseline, Expectation


def expecting(mean, relative_error=0.0, dispersion=1.0):
    return Expectation(np.array([float(mean)]), np.array([float(relative_error)]), dispersion)


def slow_law(mean, variance, most=600):
    """Give the chance of 0, 1, 2, ... incidents, one from the other, term by term."""
    if mean == 0:
        return [1.0] + [0.0] * most
    if variance <= mean * (1 + 1e-12):
        chances = [math.exp(-mean)]
        for k in range(1, most + 1):
            chances.append(chances[-1] * mean / k)
        return chances
    size = mean**2 / (variance - mean)
    stop = mean / variance
    chances = [stop**size]
    for k in range(1, most + 1):
        chances.append(chances[-1] * (size + k - 1) / k * (1 - stop))
    return chances


# ---- By hand --------------------------------------------------------------------------------


def test_what_is_expected_of_several_sets_adds_up():
    assert Baseline.total([Baseline(3.0, 2.0), Baseline(5.0, 0.5)]) == Baseline(8.0, 2.5)
    assert Baseline.total([]) == Baseline(0.0, 0.0)


def test_z_is_the_normal_number_of_the_exact_tail():
    at = expecting(10)
    assert at.z(np.array([3]))[0] == pytest.approx(norm.ppf(sum(slow_law(10, 10)[:4])))
    assert at.z(np.array([18]))[0] == pytest.approx(norm.isf(1 - sum(slow_law(10, 10)[:18])))


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("dispersion", [1.0, 1.6])
@pytest.mark.parametrize("relative_error", [0.0, 0.3])
def test_where_nothing_is_expected_only_nothing_is_no_surprise(dispersion, relative_error):
    none = expecting(0, relative_error, dispersion)
    low, high = none.bounds(2.7)
    assert (low[0], high[0]) == (0, 0)
    assert none.z(np.array([0]))[0] == 0.0
    assert none.z(np.array([1]))[0] == MAX_Z
    few, many = none.tails(np.array([0]))
    assert (few[0], many[0]) == (1.0, 1.0)


def test_no_months_have_no_expectation():
    none = Expectation(np.zeros(0), np.zeros(0), 1.6)
    assert none.z(np.zeros(0, dtype=np.int64)).size == 0
    assert [side.size for side in none.bounds(2.0)] == [0, 0]


def test_narrow_and_wide_counts_stand_side_by_side():
    both = Expectation(np.array([10.0, 10.0, 0.0]), np.array([0.0, 0.5, 0.5]))
    low, high = both.bounds(2.0)
    assert low[0] == expecting(10).bounds(2.0)[0][0]
    assert low[1] == expecting(10, 0.5).bounds(2.0)[0][0]
    assert low[1] < low[0]
    assert high[1] > high[0]
    assert high[2] == 0
    few, many = both.tails(np.array([4, 4, 0]))
    assert few[0] == pytest.approx(expecting(10).tails(np.array([4]))[0][0])
    assert many[1] == pytest.approx(expecting(10, 0.5).tails(np.array([4]))[1][0])


@pytest.mark.parametrize(("mean", "dispersion"), [(1e4, 1 + 1e-13), (1e6, 1 + 1e-12)])
def test_a_dispersion_a_hair_above_one_is_chance_alone(mean, dispersion):
    """Two standard deviations below: P(X <= mean - 2 sqrt(mean)) is .0227 by both laws."""
    count = np.array([round(mean - 2 * math.sqrt(mean))])
    few, _ = expecting(mean, 0.0, dispersion).tails(count)
    assert few[0] == pytest.approx(norm.cdf(-2), abs=2e-4)


def test_bounds_far_out_are_counts_and_never_narrower():
    expected = Expectation(np.array([0.73, 12.0, 400.0]), np.array([0.001, 0.2, 0.1]), 1.3)
    before = expected.bounds(1.0)
    for z in (3.0, 5.0, 7.0, 8.0, 8.3, 9.0, 37.0):
        low, high = expected.bounds(z)
        assert (low <= before[0]).all()
        assert (high >= before[1]).all()
        assert (high < 10_000).all()
        before = low, high


def test_a_count_beyond_all_chance_has_the_largest_z():
    at = expecting(3.0)
    assert at.z(np.array([5000]))[0] == MAX_Z
    assert expecting(5000.0).z(np.array([0]))[0] == -MAX_Z


# ---- True in general ------------------------------------------------------------------------

means = st.floats(0.05, 60)
errors = st.sampled_from([0.0, 0.04, 0.3, 1.0])
dispersions = st.sampled_from([1.0, 1.3, 1.6, 3.0])


@given(mean=means, error=errors, dispersion=dispersions, count=st.integers(0, 120))
def test_tails_are_the_law_added_up(mean, error, dispersion, count):
    at = expecting(mean, error, dispersion)
    law = slow_law(mean, dispersion * mean + (error * mean) ** 2, 4000)
    few, many = at.tails(np.array([count]))
    assert few[0] == pytest.approx(math.fsum(law[: count + 1]), abs=1e-9)
    assert many[0] == pytest.approx(1 - math.fsum(law[:count]), abs=1e-9)


@given(mean=means, error=errors, dispersion=dispersions, z=st.floats(0.5, 4))
def test_counts_at_the_bounds_are_no_surprise_and_one_beyond_is(mean, error, dispersion, z):
    at = expecting(mean, error, dispersion)
    law = slow_law(mean, dispersion * mean + (error * mean) ** 2, 4000)
    tail = 0.5 * math.erfc(z / math.sqrt(2))
    low, high = (int(side[0]) for side in at.bounds(z))
    assert math.fsum(law[: low + 1]) >= tail * (1 - 1e-6)
    assert math.fsum(law[:low]) < tail * (1 + 1e-6)
    assert 1 - math.fsum(law[:high]) > tail * (1 - 1e-6) - 1e-12
    assert 1 - math.fsum(law[: high + 1]) <= tail * (1 + 1e-6) + 1e-12
