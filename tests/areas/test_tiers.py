"""Tiers: exact probabilities against draws and integrals, and no tier where all is chance."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import gamma

from csa.areas.shrinkage import Estimate, fit_prior, shrink
from csa.areas.tiers import (
    TierFacts,
    assign_tiers,
    explain_tier,
    probability_below,
    probability_in_top,
)
from csa.base.errors import ParamError
from tests.sentences import says

laws = st.builds(Estimate.of_gamma, st.floats(0.5, 60), st.floats(0.3, 4))
land = st.floats(0.2, 3)


def law(n, rate=1.0):
    return Estimate.of_gamma(n, rate)


def facts(name, incidents, estimate, area_km2=1.0):
    return TierFacts(name, incidents, area_km2, estimate)


def sentences(*given_facts):
    return [str(message) for message in explain_tier(*given_facts)]


# ---- By hand --------------------------------------------------------------------------------


def test_of_two_waiting_times_the_shorter_is_told_by_their_rates():
    # Exponential laws of rates 3 and 1: the first is below the second 3 times in 4.
    assert probability_below(law(1, 3.0), law(1, 1.0), (1, 1)) == pytest.approx(0.75)


def test_the_same_count_on_twice_the_land_is_the_lower_rate():
    # Rates per km2 of exponential laws: 2 and 1, so 2 times in 3.
    assert probability_below(law(1), law(1), (2.0, 1.0)) == pytest.approx(2 / 3)
    assert probability_below(law(1), law(1), (1.0, 2.0)) == pytest.approx(1 / 3)


def test_two_counts_that_chance_can_explain_share_a_tier():
    prior = fit_prior([0] * 60 + [1] * 20 + [2] * 10 + [3] * 5 + [5] * 3 + [8] * 2)
    eight, two = shrink(8, prior), shrink(2, prior)
    below = probability_below(two, eight, (1, 1))
    assert below > 0.9  # although their intervals, (.36, 3.51) and (2.76, 8.77), overlap
    assert two.high > eight.low
    assert assign_tiers([two, eight, shrink(7, prior)], [1, 1, 1], 0.2) == [2, 1, 1]


def test_areas_far_apart_have_their_own_tiers_and_the_citys_usual_has_none():
    areas = [law(20), law(400), law(100), law(90), law(10)]
    assert assign_tiers(areas, [1] * 5, 12) == [3, 1, 2, 2, None]


def test_a_tier_is_measured_from_its_first_not_from_the_area_before():
    # 100, 90, 80 ...: each is within chance of the one before, yet the last is not of the first.
    areas = [law(100 - 8 * step) for step in range(6)]
    tiers = assign_tiers(areas, [1] * 6, 1)
    first = 0
    for place in range(1, 6):
        is_below = probability_below(areas[place], areas[first], (1, 1)) > 0.9
        assert tiers[place] == tiers[place - 1] + is_below
        first = place if is_below else first
    assert tiers[-1] > 1
    assert all(
        probability_below(later, area, (1, 1)) < 0.9 for area, later in itertools.pairwise(areas)
    )


def test_a_large_area_does_not_lead_because_it_is_large():
    assert assign_tiers([law(100), law(80)], [4.0, 0.5], 1) == [2, 1]
    assert list(probability_in_top([law(100), law(80)], [4.0, 0.5], 1, seed=1)) == [0, 1]


def test_two_sentences_say_why_an_area_has_its_tier():
    a, c = facts("A", 40, law(40)), facts("C", 1, law(1.2))
    assert sentences(a, 1, 5.0) == [
        says("tier.counted", name="A", n=40, low=30, high=51),
        says("tier.member", usual=5.0, tier=1),
    ]
    assert sentences(c, None, 5.0) == [
        says("tier.counted", name="C", low=0, high=4, n=1),
        says("tier.none", usual=5.0),
    ]


def test_all_areas_of_a_tier_on_as_much_land_have_the_same_second_sentence():
    numbers = [100, 95, 90, 20]
    tiers = assign_tiers([law(n) for n in numbers], [1] * 4, 5.0)
    assert tiers == [1, 1, 1, 2]
    said = [
        sentences(facts(f"Area {n}", n, law(n)), tier, 5.0)[1]
        for n, tier in zip(numbers, tiers, strict=True)
    ]
    assert said[0] == said[1] == said[2]
    assert said[3] == said[0].replace("tier 1", "tier 2")
    assert not any("Area" in one for one in said)


def test_what_is_usual_in_the_city_is_said_for_the_areas_own_land():
    a = facts("A", 40, law(40), area_km2=2.0)
    assert "about 10.0 would be usual" in sentences(a, 1, 5.0)[1]


# ---- At the edge ----------------------------------------------------------------------------


def test_no_area_has_no_tier_and_one_area_is_its_own_first():
    assert assign_tiers([], [], 1.0) == []
    assert assign_tiers([law(30)], [1], 1.0) == [1]
    assert assign_tiers([law(30)], [1], 100.0) == [None]


def test_equal_areas_share_a_tier_and_a_place_in_the_top():
    areas = [law(30)] * 4
    assert assign_tiers(areas, [1] * 4, 1.0) == [1] * 4
    assert probability_in_top(areas, [1] * 4, 1, seed=3) == pytest.approx([0.25] * 4, abs=0.03)
    flat = [Estimate.sure(2.0)] * 4
    assert probability_in_top(flat, [1] * 4, 2, seed=3) == pytest.approx([0.5] * 4, abs=0.03)
    flat[2] = Estimate.sure(math.nextafter(2.0, 0))  # the same but for rounding
    assert probability_in_top(flat, [1] * 4, 2, seed=3) == pytest.approx([0.5] * 4, abs=0.03)
    assert probability_below(law(30), law(30), (1, 1)) == pytest.approx(0.5)


def test_of_equal_rates_the_surer_is_the_first_of_a_tier_whatever_the_order():
    # Both are 100 a km2. Of 82, it is 91 % sure that it is below the surer, 77 % of the other.
    surer, other, lower = law(100), law(20, 0.2), law(82)
    assert assign_tiers([surer, other, lower], [1] * 3, 1.0) == [1, 1, 2]
    assert assign_tiers([other, surer, lower], [1] * 3, 1.0) == [1, 1, 2]


def test_a_lower_bound_that_only_equals_the_citys_mean_is_no_tier():
    area = law(30)
    assert assign_tiers([area], [1], area.low) == [None]
    assert assign_tiers([area], [1], area.low * 0.999) == [1]


def test_in_a_flat_city_no_area_has_a_tier_and_it_is_said_why():
    flat = [Estimate.sure(2.0), Estimate.sure(4.0)]
    assert assign_tiers(flat, [1, 1], 1.0) == [None, None]
    assert sentences(facts("A", 7, flat[0]), None, 2.0) == [
        "A had 7 incidents.",
        says("tier.flat", usual=2.0),
    ]


def test_what_is_sure_is_compared_as_it_is():
    low, high = Estimate.sure(1.0), Estimate.sure(3.0)
    assert probability_below(low, high, (1, 1)) == 1
    assert probability_below(high, low, (1, 1)) == 0
    assert probability_below(low, low, (1, 1)) == 0
    assert probability_below(low, high, (1, 4)) == 0
    open_law = law(2.0, 1.5)
    below = gamma.cdf(3.0 / 2, 2.0, scale=1 / 1.5 / 1)
    assert probability_below(open_law, high, (1, 2)) == pytest.approx(below)
    assert probability_below(high, open_law, (2, 1)) == pytest.approx(1 - below)


def test_where_as_many_are_chosen_as_there_are_all_are_sure_to_be():
    areas = [law(3), law(30)]
    for k in (2, 3, 99):
        assert list(probability_in_top(areas, [1, 1], k, seed=1)) == [1, 1]
    assert list(probability_in_top([], [], 1, seed=1)) == []


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("km2", [0.0, -1.0, math.nan])
def test_an_area_without_land_is_refused(km2):
    with pytest.raises(ParamError, match="must have land"):
        assign_tiers([law(3)], [km2], 1.0)
    with pytest.raises(ParamError, match="must have land"):
        probability_in_top([law(3)], [km2], 1, seed=1)
    with pytest.raises(ParamError, match="must have land"):
        probability_below(law(3), law(3), (1.0, km2))


def test_a_top_of_none_and_no_draws_are_refused():
    with pytest.raises(ParamError, match="k must be 1 or more; 0 is not"):
        probability_in_top([law(3)], [1], 0, seed=1)
    with pytest.raises(ParamError, match="n_draws must be 1 or more"):
        probability_in_top([law(3)], [1], 1, seed=1, n_draws=0)


# ---- True in general ------------------------------------------------------------------------


@given(laws, laws, land, land)
def test_the_probability_is_that_of_the_integral(one, other, km2, other_km2):
    def density(rate):
        below = gamma.cdf(rate, one.alpha, scale=1 / (one.rate * km2))
        return below * gamma.pdf(rate, other.alpha, scale=1 / (other.rate * other_km2))

    scale = 1 / (other.rate * other_km2)
    ends = gamma.ppf([1e-9, 0.1, 0.5, 0.9, 1 - 1e-9], other.alpha, scale=scale)
    parts = [quad(density, *ends[at : at + 2], limit=200)[0] for at in range(4)]
    found = probability_below(one, other, (km2, other_km2))
    assert found == pytest.approx(sum(parts), abs=1e-4)
    assert found + probability_below(other, one, (other_km2, km2)) == pytest.approx(1)


def test_the_probability_is_that_of_a_hundred_thousand_draws():
    random = np.random.default_rng(8)
    for alpha, rate, km2 in [(3, 1.2, 1.5), (8, 2.0, 0.7), (0.6, 0.5, 1.0)]:
        drawn = random.gamma(alpha, 1 / rate, 100_000) / km2
        others = random.gamma(5, 1 / 1.1, 100_000) / 1.3
        exact = probability_below(law(alpha, rate), law(5, 1.1), (km2, 1.3))
        assert exact == pytest.approx((drawn < others).mean(), abs=0.006)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.5, 1.0, 2.0])), max_size=12),
    st.randoms(use_true_random=False),
)
def test_tiers_do_not_depend_on_the_order_of_rows(rows, random):
    def tiers_of(order):
        areas = [law(rows[place][0] + 0.5, 1.2) for place in order]
        found = assign_tiers(areas, [rows[place][1] for place in order], 4.0)
        return dict(zip(order, found, strict=True))

    places = list(range(len(rows)))
    shuffled = random.sample(places, len(places))
    tiers = tiers_of(places)
    assert tiers == tiers_of(shuffled)
    given_tiers = sorted({tier for tier in tiers.values() if tier})
    assert given_tiers == list(range(1, len(given_tiers) + 1))
    for one in places:  # the higher rate never has the later tier
        for other in places:
            per_km2 = [(rows[place][0] + 0.5) / rows[place][1] for place in (one, other)]
            if tiers[one] and tiers[other] and per_km2[0] > per_km2[1]:
                assert tiers[one] <= tiers[other]


def test_who_is_in_the_top_is_who_is_counted_there_draw_by_draw():
    areas, km2 = [law(6), law(8, 1.5), law(5), law(2), law(9)], [1.0, 0.8, 1.2, 0.4, 2.0]
    random = np.random.default_rng(21)
    counted = np.zeros(5)
    for _ in range(4_000):
        drawn = [random.gamma(a.alpha) / a.rate / size for a, size in zip(areas, km2, strict=True)]
        for place in sorted(range(5), key=lambda place: -drawn[place])[:2]:
            counted[place] += 1 / 4_000
    found = probability_in_top(areas, km2, 2, seed=4, n_draws=20_000)
    assert found == pytest.approx(counted, abs=0.03)
    assert found.sum() == pytest.approx(2)
    again = probability_in_top(areas, km2, 2, seed=4, n_draws=20_000)
    assert (found == again).all()
