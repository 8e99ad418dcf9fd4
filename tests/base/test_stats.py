"""What is a count, how sure it is, and how far two part: printed values, sums, simulations."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats
from scipy.stats import binomtest, poisson

from csa.base.errors import ParamError, TableError
from csa.base.stats import (
    as_counts,
    binomial_lower_tail,
    binomial_upper_tail,
    compare_counts,
    control_false_discovery,
    count_interval,
    hypergeometric,
    negative_binomial,
    negative_binomial_at_least,
    negative_binomial_at_most,
    negative_binomial_count,
    poisson_at_most,
    poisson_count,
    poisson_upper_tail,
)


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


BINOMIAL = (binomial_lower_tail, binomial_upper_tail)
POISSON = (poisson_at_most, poisson_upper_tail)
NEGATIVE_BINOMIAL = (negative_binomial_at_most, negative_binomial_at_least)

RNG = np.random.default_rng(20261129)
N = 20_000
COUNTS = RNG.integers(-3, 120, N)
MEANS = np.r_[np.zeros(50), RNG.random(N - 50) * 60]
SIZES, CHANCES = RNG.random(N) * 80 + 1e-3, RNG.uniform(0.02, 1, N)
CLOSE = {"rtol": 1e-11, "atol": 1e-290}


def test_binomial_tails_are_those_of_scipy_stats():
    trials = RNG.integers(0, 4000, N)
    counts = np.where(RNG.random(N) < 0.1, trials, np.minimum(trials + 1, RNG.integers(-2, 300, N)))
    share = np.where(RNG.random(N) < 0.05, RNG.integers(0, 2, N), RNG.random(N) ** 3)
    few, many = (tail(counts, trials, share) for tail in BINOMIAL)
    np.testing.assert_allclose(few, stats.binom.cdf(counts, trials, share), rtol=1e-9, atol=1e-200)
    np.testing.assert_allclose(many, stats.binom.sf(counts - 1, trials, share), **CLOSE)


def test_poisson_tails_are_those_of_scipy_stats():
    few, many = (tail(COUNTS, MEANS) for tail in POISSON)
    np.testing.assert_allclose(few, stats.poisson.cdf(COUNTS, MEANS), **CLOSE)
    np.testing.assert_allclose(many, stats.poisson.sf(COUNTS - 1, MEANS), **CLOSE)


def test_negative_binomial_tails_are_those_of_scipy_stats():
    few, many = (tail(COUNTS, SIZES, CHANCES) for tail in NEGATIVE_BINOMIAL)
    np.testing.assert_allclose(few, stats.nbinom.cdf(COUNTS, SIZES, CHANCES), **CLOSE)
    np.testing.assert_allclose(many, stats.nbinom.sf(COUNTS - 1, SIZES, CHANCES), **CLOSE)


def test_chances_of_one_count_are_those_of_scipy_stats():
    counts = np.maximum(COUNTS, 0)
    found = negative_binomial(counts, SIZES, CHANCES)
    np.testing.assert_allclose(found, stats.nbinom.pmf(counts, SIZES, CHANCES), rtol=1e-10)
    assert negative_binomial(0, 1e-307, 0.5) == negative_binomial(0, 2.0, 1.0) == 1


def test_chances_of_drawing_so_many_are_those_of_scipy_stats():
    for _ in range(300):
        red, blue = RNG.integers(0, [3000, 20_000]) // RNG.integers(1, 500)
        n = int(RNG.integers(0, red + blue + 1))
        found = hypergeometric(int(red), int(blue), n)
        wanted = stats.hypergeom.pmf(np.arange(n + 1), red + blue, red, n)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-290)
    assert hypergeometric(0, 0, 0).tolist() == [1]
    assert hypergeometric(3, 1, 2).tolist() == pytest.approx([0, 1 / 2, 1 / 2])


def test_counts_at_a_tail_are_those_of_scipy_stats():
    tail = RNG.uniform(1e-9, 1 - 1e-9, N) ** 3
    assert (poisson_count(tail, MEANS) == stats.poisson.ppf(tail, MEANS)).all()
    found = negative_binomial_count(tail, SIZES, CHANCES)
    assert (found == stats.nbinom.ppf(tail, SIZES, CHANCES)).all()


def test_a_count_is_the_lowest_that_reaches_its_own_tail():
    """Where the tail is exactly that of a count, rounding may not lift it by one."""
    counts, means = np.arange(60), np.full(60, 25.0)
    assert (poisson_count(poisson_at_most(counts, means), means) == counts).all()
    sizes, chances = np.full(60, 8.5), np.full(60, 0.25)
    few = negative_binomial_at_most(counts, sizes, chances)
    assert (negative_binomial_count(few, sizes, chances) == counts).all()


def test_a_trace_of_a_size_is_a_count_of_none():
    sizes = np.array([1e-300, 1e-20, 1e-14])
    for tail in (0.025, 0.5, 0.975):
        found = negative_binomial_count(np.full(3, tail), sizes, np.full(3, 0.625))
        assert found.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("at_most", "at_least", "law"),
    [(*BINOMIAL, (4, 0.5)), (*POISSON, (2.0,)), (*NEGATIVE_BINOMIAL, (3.5, 0.4))],
)
def test_no_count_is_below_zero_and_both_tails_share_the_count_itself(at_most, at_least, law):
    assert [float(at_most(-1, *law)), float(at_least(-1, *law))] == [0.0, 1.0]
    assert float(at_least(0, *law)) == 1.0
    for k in range(5):
        own = at_most(k, *law) - at_most(k - 1, *law)
        assert at_most(k, *law) + at_least(k, *law) - 1 == pytest.approx(own)


@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_q_are_those_of_scipy_stats(n):
    p = np.round(RNG.random(n) ** 2, 2)  # with equal ones
    wanted = stats.false_discovery_control(p) if n else p
    assert control_false_discovery(p).tolist() == pytest.approx(wanted.tolist())
