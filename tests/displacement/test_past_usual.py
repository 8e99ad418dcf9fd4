"""What usually happens anyway: ratios by hand, and the joined mean against a slow likelihood."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from csa.displacement.expectation import Baseline
from csa.displacement.past import PastYear, settle_usual

PRIOR_ERROR, PRIOR_SPREAD, PRIOR_YEARS = 0.10, 0.05, 2  # as docs/METHODS.md states them


def year(monthly, compared, *, mean=100.0, variance=50.0, before=1000, origin="2020-01"):
    return PastYear(origin, Baseline(mean, variance), before, np.array(monthly), np.array(compared))


def slow_spread(logs, chance):
    """Estimate the variance between years by moments, year by year."""
    if len(logs) < 2:
        return PRIOR_SPREAD**2
    weights = [1 / one for one in chance]
    total = sum(weights)
    mean = sum(w * log for w, log in zip(weights, logs, strict=True)) / total
    q = sum(w * (log - mean) ** 2 for w, log in zip(weights, logs, strict=True))
    others = len(logs) - 1
    found = max(0.0, (q - others) / (total - sum(w**2 for w in weights) / total))
    return max(found, (others * found + PRIOR_YEARS * PRIOR_SPREAD**2) / (others + PRIOR_YEARS))


def likeliest(logs, chance, spread, prior):
    """Seek the mean that makes the past years, and what is known elsewhere, likeliest."""

    def unlikely(mean):
        years = sum(
            norm.logpdf(log, mean, math.sqrt(one + spread))
            for log, one in zip(logs, chance, strict=True)
        )
        return -(years + norm.logpdf(math.log(prior), mean, PRIOR_ERROR))

    return minimize_scalar(unlikely, bracket=(-1, 1), tol=1e-10).x, unlikely


# ---- By hand --------------------------------------------------------------------------------


def test_the_ratio_of_a_past_year_by_hand():
    """90 came where 100 times 500 / 1,000 = 50 were expected: 1.8."""
    one = year([40, 50], [200, 300])
    ratio, error = one.ratio(2, 1.6)
    assert ratio == pytest.approx(90 / 50)
    assert error == pytest.approx(math.sqrt(1.6 * (1 / 90 + 1 / 500 + 1 / 1000 + 50 / 100**2)))
    assert one.ratio(1, 1.0)[0] == pytest.approx(40 / (100 * 0.2))


def test_without_past_years_what_is_known_elsewhere_stands_with_its_doubt():
    usual = settle_usual([], 24, 0.95, 1.6)
    assert usual.n_years == 0
    assert usual.ratio == pytest.approx(np.full(24, 0.95))
    assert usual.relative_error == pytest.approx(np.full(24, math.sqrt(0.10**2 + 0.05**2)))


def test_one_past_year_moves_it_by_its_weight():
    one = year([45], [500])  # a ratio of .9
    ratio, error = one.ratio(1, 1.0)
    spread = 0.05**2
    weight = 1 / (error**2 + spread)
    usual = settle_usual([one], 1, 1.0, 1.0)
    assert usual.ratio[0] == pytest.approx(math.exp(weight * math.log(ratio) / (weight + 100)))
    assert usual.relative_error[0] == pytest.approx(math.sqrt(1 / (weight + 100) + spread))
    assert usual.past.tolist() == [[pytest.approx(0.9)]]


def test_many_alike_past_years_outweigh_what_is_known_elsewhere():
    past = [year([8500], [10_000], mean=10_000.0, variance=1.0, before=10_000)] * 20
    usual = settle_usual(past, 1, 1.0, 1.0)
    assert usual.ratio[0] == pytest.approx(0.85, abs=0.002)
    assert usual.relative_error[0] < 0.03
    assert usual.n_years == 20


# ---- At the edge ----------------------------------------------------------------------------


def test_after_more_months_than_a_past_year_has_its_last_stands():
    usual = settle_usual([year([20, 30], [200, 200])], 4, 1.0, 1.0)
    assert usual.past[0, 1] == usual.past[0, 2] == usual.past[0, 3]
    assert usual.past[0, 0] == pytest.approx(1.0)
    assert usual.past[0, 1] == pytest.approx(50 / 40)


def test_beyond_the_months_that_past_years_reach_the_doubt_grows():
    """Of 4 months half are known, of the rest nothing but a tenth: 5 % of doubt more."""
    past = [year([20, 30], [200, 200]), year([22, 28], [200, 200])]
    usual = settle_usual(past, 4, 1.0, 1.0)
    known = settle_usual(past, 2, 1.0, 1.0)
    assert usual.relative_error[:2] == pytest.approx(known.relative_error)
    assert usual.ratio[3] != pytest.approx(usual.ratio[1], rel=1e-9)  # the prior weighs more
    errors = [math.hypot(one.ratio(4, 1.0)[1], 0.05) for one in past]
    logs = [math.log(one.ratio(4, 1.0)[0]) for one in past]
    spread = slow_spread(logs, [error**2 for error in errors])
    precision = sum(1 / (error**2 + spread) for error in errors) + PRIOR_ERROR**-2
    assert usual.relative_error[3] == pytest.approx(math.sqrt(1 / precision + spread + 0.05**2))


def test_a_past_year_that_reaches_less_far_weighs_less():
    long, short = year([25] * 4, [200] * 4), year([15] * 2, [200] * 2)
    both = settle_usual([long, short], 4, 1.0, 1.0).ratio[3]
    whole = settle_usual([long, year([15] * 4, [200] * 4)], 4, 1.0, 1.0).ratio[3]
    assert whole < both < settle_usual([long], 4, 1.0, 1.0).ratio[3]


def test_years_that_differ_more_than_elsewhere_are_taken_at_their_word():
    """Seven years that differ by a fifth, and hardly by chance: no less is taken."""
    ratios = np.exp(0.2 * np.array([-1.5, -1, -0.5, 0, 0.5, 1, 1.5]))
    past = [year([round(1e6 * r)], [10**6], mean=1e6, variance=1.0, before=10**6) for r in ratios]
    error = settle_usual(past, 1, 1.0, 1.0).relative_error[0]
    assert error >= np.log(ratios).std(ddof=1)


@pytest.mark.parametrize(
    "silent",
    [
        year([0], [500]),
        year([50], [0]),
        year([50], [500], before=0),
        year([50], [500], mean=0.0),
    ],
    ids=["no incident", "no incident in the rest", "none before", "nothing expected"],
)
def test_a_past_year_that_cannot_be_told_counts_for_nothing(silent):
    assert silent.ratio(1, 1.0) == (0.0, math.inf)
    alone = settle_usual([silent], 1, 0.95, 1.0)
    assert alone.ratio[0] == pytest.approx(0.95)
    assert alone.relative_error[0] == pytest.approx(math.sqrt(0.10**2 + 0.05**2))
    loud = year([45], [500])
    both, one = settle_usual([silent, loud], 1, 0.95, 1.0), settle_usual([loud], 1, 0.95, 1.0)
    assert both.ratio[0] == one.ratio[0]
    assert both.relative_error[0] == one.relative_error[0]
    assert both.past.tolist() == [[0.0], [pytest.approx(0.9)]]


def test_a_first_month_without_incidents_is_skipped_and_the_next_is_told():
    usual = settle_usual([year([0, 40], [200, 200])], 2, 1.0, 1.0)
    assert usual.past[0].tolist() == [0.0, pytest.approx(1.0)]


def test_no_months_settle_nothing():
    usual = settle_usual([year([40], [400])], 0, 1.0, 1.0)
    assert usual.ratio.size == usual.relative_error.size == 0


# ---- True in general ------------------------------------------------------------------------

years = st.lists(
    st.tuples(st.integers(20, 400), st.integers(200, 2000), st.integers(200, 2000)),
    min_size=1,
    max_size=8,
)


@given(past=years, dispersion=st.sampled_from([1.0, 1.6]), prior=st.sampled_from([0.95, 1.0]))
def test_the_joined_ratio_is_the_likeliest_and_its_error_the_likelihoods(past, dispersion, prior):
    made = [year([n], [rest], before=before) for n, rest, before in past]
    told = [one.ratio(1, dispersion) for one in made]
    logs = [math.log(ratio) for ratio, _ in told]
    chance = [error**2 for _, error in told]
    spread = slow_spread(logs, chance)
    mean, unlikely = likeliest(logs, chance, spread, prior)
    usual = settle_usual(made, 1, prior, dispersion)
    assert math.log(usual.ratio[0]) == pytest.approx(mean, abs=1e-6)
    step = 1e-3
    bend = (unlikely(mean + step) - 2 * unlikely(mean) + unlikely(mean - step)) / step**2
    assert usual.relative_error[0] == pytest.approx(math.sqrt(1 / bend + spread), rel=1e-4)


@given(past=years, seed=st.integers(0, 2**32))
def test_the_order_of_past_years_changes_nothing(past, seed):
    made = [year([n], [rest], before=before) for n, rest, before in past]
    order = np.random.default_rng(seed).permutation(len(made))
    one = settle_usual(made, 1, 0.95, 1.3)
    other = settle_usual([made[place] for place in order], 1, 0.95, 1.3)
    assert other.ratio[0] == pytest.approx(one.ratio[0], rel=1e-9)
    assert other.relative_error[0] == pytest.approx(one.relative_error[0], rel=1e-9)


@given(past=years, times=st.integers(2, 5))
def test_a_rise_of_the_whole_city_in_a_past_year_changes_only_its_error(past, times):
    for n, rest, before in past:
        plain, risen = (
            year([n], [rest], before=before),
            year([n * times], [rest * times], before=before),
        )
        assert risen.ratio(1, 1.6)[0] == pytest.approx(plain.ratio(1, 1.6)[0])
        assert risen.ratio(1, 1.6)[1] < plain.ratio(1, 1.6)[1]


def test_the_next_year_lies_within_two_errors_nine_times_in_ten():
    """1,500 cities, 7 past years that differ by .05: 95 % intervals hold the next year's true
    ratio in 89.9 %, since seven years cannot quite say how much years differ. What that does to
    false alarms is in test_claims.py."""
    random, held, n_cities = np.random.default_rng(17), 0, 1500
    for _ in range(n_cities):
        mean = 0.95 * math.exp(0.10 * random.normal())
        past = []
        for _ in range(7):
            true = mean * math.exp(0.05 * random.normal())
            base = random.poisson(1000)
            came, rest, before = random.poisson([1000 * true, 2000, 2000])
            past.append(year([came], [rest], mean=float(base), variance=float(base), before=before))
        usual = settle_usual(past, 1, 0.95, 1.0)
        off = math.log(mean * math.exp(0.05 * random.normal()) / usual.ratio[0])
        held += abs(off) <= 1.96 * usual.relative_error[0]
    assert 0.87 <= held / n_cities <= 0.97
