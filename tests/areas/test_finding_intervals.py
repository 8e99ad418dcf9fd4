"""Whether nine of ten intervals hold the expected number, by the very chain that finds areas."""

import numpy as np
import pytest
from benchmarks import coverage
from benchmarks.coverage import MAPS, PERIOD, ground, held_in, hot_in_flat, tier_in_flat
from tests.workers import slowly

from csa.areas.shrinkage import Estimate

# ---- By hand: is the simulation what it says? -------------------------------------------------


@pytest.mark.parametrize("kind", coverage.KINDS_OF_RATES)
def test_a_city_has_the_rates_that_it_was_made_with_in_each_month(kind):
    on, random = ground(), np.random.default_rng(4)
    rates = coverage.make_rates(kind, 3.0, on, random)
    assert rates.mean() == pytest.approx(3.0)
    located = coverage.by_rates(rates, on, random)
    counts = located.counts(PERIOD)
    expected = on.inside @ rates
    assert counts.sum() == pytest.approx(rates.sum(), abs=4 * np.sqrt(rates.sum()))
    assert np.var(counts - expected) == pytest.approx(expected.mean(), rel=0.25)  # Poisson
    by_month = np.bincount(located.month - located.month.min())
    assert len(by_month) == 96
    assert by_month.max() < 2 * by_month.min()


def test_an_interval_below_around_and_above_what_is_expected():
    one = Estimate(5, 3, 8, 1, 1)
    assert [coverage.side_of(one, expected) for expected in (2, 3, 5, 8, 9)] == [1, 0, 0, 0, -1]


# ---- True in general ------------------------------------------------------------------------


def held(kind, mean, n_cities):
    told = [held_in(kind, mean, seed) for seed in range(n_cities)]
    chosen, anywhere = (
        np.array([side for one in told if not one["is_flat"] for side in one[name]])
        for name in ("chosen", "anywhere")
    )
    return np.mean(chosen == 0), np.mean(anywhere == 0), np.mean(chosen > 0)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "n_cities"),
    [("smooth", 18), ("planted", 30)],  # about 40 areas each: a standard error of .05
)
def test_nine_of_ten_chosen_areas_have_what_their_interval_says(kind, n_cities):
    chosen, anywhere, too_high = held(kind, 1.0, n_cities)
    assert 0.8 <= chosen <= 1.0
    assert anywhere >= 0.8
    assert too_high <= 0.15


@pytest.mark.long
@pytest.mark.parametrize(
    ("n", "n_cities"),
    [(coverage.FLAT[0], 4), *slowly(*((n, 60) for n in coverage.FLAT))],
)
def test_where_all_is_luck_areas_are_found_but_have_no_tier_19_times_in_20(n, n_cities):
    told = [tier_in_flat(n, seed) for seed in range(n_cities)]
    assert np.mean([n_areas for n_areas, _ in told]) > 1  # else it would prove nothing
    assert np.mean([has_tier for _, has_tier in told]) <= 0.05


@pytest.mark.parametrize("n", [MAPS[0], *slowly(*MAPS[1:])])
def test_of_random_maps_at_most_one_in_twenty_shows_a_hot_cell(n):
    assert np.mean([hot_in_flat(n, seed) for seed in range(200)]) <= 0.05


# ---- On Philadelphia ------------------------------------------------------------------------
