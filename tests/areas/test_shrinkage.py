"""Shrinkage: the published fixtures, and whether intervals hold what they promise."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad
from scipy.stats import gamma, poisson

from csa.areas.shrinkage import Estimate, Prior, fit_prior, marshall_rates, shrink
from csa.base.errors import ParamError

FIXTURE = [0] * 60 + [1] * 20 + [2] * 10 + [3] * 5 + [5] * 3 + [8] * 2


# ---- By hand --------------------------------------------------------------------------------


def test_the_prior_of_a_hundred_cells_is_that_of_the_worked_example():
    prior = fit_prior(FIXTURE)
    assert (prior.alpha, prior.beta) == pytest.approx((0.491742, 0.571793), abs=5e-7)


@pytest.mark.parametrize(
    ("n", "mean", "low", "high"), [(8, 5.4026, 2.755, 8.769), (2, 1.5853, 0.362, 3.513)]
)
def test_a_cells_count_is_drawn_toward_the_city_as_in_the_worked_example(n, mean, low, high):
    found = shrink(n, fit_prior(FIXTURE))
    assert found.mean == pytest.approx(mean, abs=5e-5)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-4)


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [[], [3], [0, 0, 0], [2, 2, 2], [0, 1, 0, 1], [0, 2, 0, 2, 1]])
def test_no_spread_beyond_chance_is_a_flat_city(counts):
    assert fit_prior(counts) is None


def test_in_a_flat_city_every_count_is_the_citys_mean():
    for n in (0, 1, 50):
        found = shrink(n, None, city_mean=2.5)
        assert (found.mean, found.low, found.high, found.is_sure) == (2.5, 2.5, 2.5, True)
    assert not shrink(3, Prior(1, 1)).is_sure


def test_rates_of_equal_places_of_none_and_of_nobody():
    assert marshall_rates([5, 5], [1000, 1000]).tolist() == pytest.approx([0.005, 0.005])
    assert marshall_rates([7], [1000]).tolist() == pytest.approx([0.007])
    assert marshall_rates([0, 0], [1000, 500]).tolist() == [0, 0]
    assert marshall_rates([], []).tolist() == []
    assert np.isnan(marshall_rates([0, 1], [0, 0])).all()
    # Where nobody lives there is no rate of one's own: the city's, 20 in 2,000.
    assert marshall_rates([19, 1, 0], [1000, 1000, 0])[2] == pytest.approx(0.01)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 90, math.nan])
def test_a_coverage_that_is_no_share_is_refused(coverage):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        shrink(3, Prior(1, 1), coverage)
    with pytest.raises(ParamError, match="above 0 and below 1"):
        shrink(3, None, coverage, city_mean=1.0)


def test_a_flat_city_without_its_mean_is_refused():
    with pytest.raises(ParamError, match="Give city_mean"):
        shrink(3, None)


@pytest.mark.parametrize("people", [-1, math.nan])
def test_a_population_below_zero_or_unknown_is_refused(people):
    with pytest.raises(ParamError, match="number of people must be 0 or more"):
        marshall_rates([1, 2], [1000, people])


# ---- True in general ------------------------------------------------------------------------


@given(st.integers(0, 60), st.floats(0.2, 8), st.floats(0.05, 5), st.sampled_from([0.5, 0.9]))
def test_the_estimate_is_bayes_rule_integrated_number_by_number(n, alpha, beta, coverage):
    def weight(expected):
        return poisson.pmf(n, expected) * gamma.pdf(expected, alpha, scale=1 / beta)

    found = shrink(n, Prior(alpha, beta), coverage)
    center, reach = found.mean, 12 * math.sqrt(found.alpha) / found.rate
    ends = [0, found.low, found.high, center + reach + 20 / found.rate]
    shares = [quad(weight, *ends[at : at + 2], limit=200)[0] for at in range(3)]
    assert shares[1] / sum(shares) == pytest.approx(coverage, abs=2e-4)
    assert shares[0] == pytest.approx(shares[2], abs=2e-3 * sum(shares))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9000)), min_size=1, max_size=9))
def test_rates_are_those_of_marshalls_formula_place_by_place(places):
    total = sum(people for _, people in places)
    mean = sum(n for n, _ in places) / total
    spread = sum(people * (n / people - mean) ** 2 for n, people in places) / total
    excess = max(spread - mean / (total / len(places)), 0)
    rates = marshall_rates(*zip(*places, strict=True))
    for (n, people), rate in zip(places, rates, strict=True):
        kept = excess / (excess + mean / people) if excess else 0
        assert rate == pytest.approx(mean + kept * (n / people - mean), rel=1e-9, abs=1e-15)


def test_an_estimate_made_from_its_law_has_the_bounds_of_that_law():
    found = Estimate.of_gamma(4.0, 2.0, 0.8)
    shares = gamma.cdf([found.low, found.high], 4.0, scale=0.5)
    assert shares.tolist() == pytest.approx([0.1, 0.9])
    assert found.mean == 2
