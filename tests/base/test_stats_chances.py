"""Tails of counts: against scipy.stats, whose code for them is another, and by hand at the ends."""

import numpy as np
import pytest
from scipy import stats

from csa.base.stats import (
    binomial_lower_tail,
    binomial_upper_tail,
    control_false_discovery,
    hypergeometric,
    negative_binomial,
    negative_binomial_at_least,
    negative_binomial_at_most,
    negative_binomial_count,
    poisson_at_most,
    poisson_count,
    poisson_upper_tail,
)

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
