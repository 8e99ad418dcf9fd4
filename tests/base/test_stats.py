"""What is a count, how sure it is, and how far two part: printed values, sums, simulations."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from csa.base.errors import ParamError, TableError
from csa.base.stats import as_counts, compare_counts, count_interval


def by_definition(n_now, n_before, share):
    """Add up the ways, one by one."""
    both = n_now + n_before
    ways = [math.comb(both, k) * share**k * (1 - share) ** (both - k) for k in range(both + 1)]
    return min(1.0, 2 * min(sum(ways[: n_now + 1]), sum(ways[n_now:])))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [
        (0, 0.0, 3.689),
        (1, 0.0253, 5.572),
        (3, 0.619, 8.767),
        (10, 4.795, 18.390),
        (100, 81.36, 121.63),
    ],
)
def test_a_counts_interval_is_that_of_the_printed_table(n, low, high):
    assert count_interval(n) == pytest.approx((low, high), abs=0.005)


@pytest.mark.parametrize(("more", "fewer", "printed"), [(6, 2, 0.289062), (12, 4, 0.076813)])
def test_six_against_two_and_twelve_against_four_as_printed(more, fewer, printed):
    assert compare_counts(more, fewer, 1, 1) == pytest.approx(printed, abs=1e-6)
    assert compare_counts(fewer, more, 1, 1) == pytest.approx(printed, abs=1e-6)


def test_counts_of_any_shape_come_back_as_whole_numbers():
    counts = as_counts([[3.0, 0.0], [1.0, 2.0]])
    assert counts.tolist() == [[3, 0], [1, 2]]
    assert counts.dtype == np.int64


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incident_in_either_time_is_no_difference():
    assert compare_counts(0, 0, 1, 1) == 1


def test_no_incident_against_some_is_the_chance_of_none_doubled():
    assert compare_counts(0, 5, 1, 1) == pytest.approx(2 / 2**5)
    assert compare_counts(5, 0, 1, 3) == pytest.approx(2 / 4**5)


def test_no_counts_at_all_are_counts():
    assert as_counts([]).tolist() == []
    assert as_counts([]).dtype == np.int64


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (-1, r"Count them again\."),
        (0.5, r"Incidents by cell must be whole numbers, 0 or more, not 0\.5\."),
        (math.nan, r"Count them again\."),
        (math.inf, r"Count them again\."),
    ],
)
def test_what_is_no_count_is_refused(wrong, said):
    with pytest.raises(TableError, match=said):
        as_counts([0, wrong, 3])


def test_a_negative_count_and_no_time_are_refused():
    for pair in ((-1, 2), (2, -1)):
        with pytest.raises(ParamError, match=r"n_now and n_before must be 0 or more, not -1\."):
            compare_counts(*pair, 1, 1)
    for exposure in (0, -1, math.nan):
        with pytest.raises(ParamError, match="above 0"):
            compare_counts(1, 2, exposure, exposure)
    for exposures in ((0, 1), (1, 0)):
        with pytest.raises(ParamError, match=r"exposure must be a number above 0, not 0\."):
            compare_counts(1, 2, *exposures)


# ---- True in general ------------------------------------------------------------------------


@given(st.integers(0, 3000), st.sampled_from([0.8, 0.95, 0.99]))
def test_at_each_end_of_an_interval_the_count_is_just_a_surprise(n, coverage):
    low, high = count_interval(n, coverage)
    assert low <= n <= high
    assert poisson.cdf(n, high) == pytest.approx((1 - coverage) / 2)
    if n:
        assert poisson.sf(n - 1, low) == pytest.approx((1 - coverage) / 2)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.1, 0.9))
def test_the_probability_is_the_doubled_smaller_tail(n_now, n_before, share):
    found = compare_counts(n_now, n_before, share, 1 - share)
    assert found == pytest.approx(by_definition(n_now, n_before, share), abs=1e-9)
    assert found == pytest.approx(compare_counts(n_before, n_now, 1 - share, share), abs=1e-9)


@given(st.integers(0, 200), st.integers(1, 200))
def test_in_equal_times_it_is_the_exact_binomial_test(n_now, n_before):
    found = compare_counts(n_now, n_before, 30, 30)
    assert found == pytest.approx(binomtest(n_now, n_now + n_before).pvalue)
