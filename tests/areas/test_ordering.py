"""One order: tiers and the first from the same draws, against exact laws, integrals and counts."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.integrate import quad
from scipy.stats import gamma
from tests.sentences import refuses, says

from csa.areas.ordering import (
    NEXT_YEAR,
    Components,
    TierFacts,
    Weights,
    assign_tiers,
    draw_components,
    exceeds_city_mean,
    explain_tier,
    order_areas,
)
from csa.areas.shrinkage import Estimate, fit_prior, shrink
from csa.base.errors import ParamError

DENSITY = Weights({"density": 1})
SEVERAL = Weights({"expected": 1, "people": 1})


def law(n, rate=1.0):
    return Estimate.of_gamma(n, rate)


def known(estimates, km2=1.0, **columns):
    """Make what is known of areas that are alike but for their estimates and some columns."""
    n = len(estimates)
    rows = pd.DataFrame(
        {
            "area_id": [f"A{place}" for place in range(n)],
            "incidents": 20,
            "homicides": 5,
            "area_km2": km2,
            "months_active": 9,
            "recent_12": 7,
            "people": 1000,
            "cells": [f"8a2658a80{place:02x}7fff" for place in range(n)],
            **columns,
        }
    )
    return draw_components(rows, estimates, 0.25)


def order(estimates, weights=NEXT_YEAR, capacity=1, is_ordered=None, **columns):
    chosen = np.ones(len(estimates), dtype=bool) if is_ordered is None else np.array(is_ordered)
    return order_areas(known(estimates, **columns), weights, chosen, capacity)


def tiers(*given_, **columns):
    return [None if pd.isna(tier) else tier for tier in order(*given_, **columns)["tier"]]


def below(one, other, km2=1.0, other_km2=1.0):
    """Integrate the probability that one rate is below the other."""

    def density(rate):
        under = gamma.cdf(rate, one.alpha, scale=1 / (one.rate * km2))
        return under * gamma.pdf(rate, other.alpha, scale=1 / (other.rate * other_km2))

    scale = 1 / (other.rate * other_km2)
    ends = gamma.ppf([1e-9, 0.1, 0.5, 0.9, 1 - 1e-9], other.alpha, scale=scale)
    return sum(quad(density, *ends[at : at + 2], limit=200)[0] for at in range(4))


def facts(name, incidents, estimate, area_km2=1.0):
    return TierFacts(name, incidents, area_km2, estimate)


def sentences(*given_):
    return [str(message) for message in explain_tier(*given_)]


# ---- By hand --------------------------------------------------------------------------------


def test_a_small_dense_area_does_not_lead_over_one_of_many_shootings():
    # .1 km2 with 24 expected, and 1.2 km2 with 315: the order is by what is expected.
    assert tiers([law(24), law(315)], km2=[0.1, 1.2]) == [2, 1]
    assert tiers([law(24), law(315)], DENSITY, km2=[0.1, 1.2]) == [1, 1]  # 240 and 262, not sure
    assert tiers([law(60), law(315)], DENSITY, km2=[0.1, 1.2]) == [1, 2]


def test_two_counts_that_chance_can_explain_share_a_tier():
    prior = fit_prior([0] * 60 + [1] * 20 + [2] * 10 + [3] * 5 + [5] * 3 + [8] * 2)
    eight, two = shrink(8, prior), shrink(2, prior)
    assert below(two, eight) > 0.9  # although their intervals overlap
    assert two.high > eight.low
    assert tiers([two, eight, shrink(7, prior)]) == [2, 1, 1]


def test_a_tier_is_measured_from_its_first_not_from_the_area_before():
    drawn = np.array([[10.0, 9.0, 8.0]] * 8 + [[8.0, 9.0, 10.0]] * 2)  # below: 8 of 10, then 8
    assert assign_tiers(drawn, np.array([0, 1, 2])) == [1, 1, 1]
    drawn = np.array([[10.0, 10.5, 9.0]] * 4 + [[10.0, 9.0, 9.5]] * 6)  # third: 10 of 10, then 4
    assert assign_tiers(drawn, np.array([0, 1, 2])) == [1, 1, 2]


def test_what_is_certain_has_as_many_tiers_as_values():
    found = order([law(9)] * 4, Weights({"people": 1}), 2, people=[700, 900, 900, 100])
    assert found["tier"].tolist() == [2, 1, 1, 3]
    assert found["in_top_probability"].tolist() == [0, 1, 1, 0]


def test_several_components_are_the_weighted_mean_of_standard_deviations():
    # People 0, 2: -1, 1. Expected 30, 10: 1, -1. Weights 3 to 1.
    weights = Weights({"people": 3, "expected": 1})
    found = order([law(30), law(10)], weights, people=[0, 2])
    assert found["priority_index"].tolist() == pytest.approx([-0.5, 0.5])
    assert found["tier"].tolist() == [2, 1]
    assert found["is_first"].tolist() == [False, True]


def test_an_area_that_leads_in_everything_leads_whatever_the_weights():
    found = order(
        [law(90, 2.0), law(90)],
        people=[500, 900],
        months_active=[3, 30],
        recent_12=[1, 9],
        homicides=[1, 9],
    )
    assert found["top_share"].tolist() == [0, 1]


def test_an_area_stands_out_by_its_lower_bound_for_its_land():
    areas = [law(30), law(30), Estimate.sure(9.0), law(2)]
    assert exceeds_city_mean(areas, [1.0, 4.0, 1.0, 1.0], 8.0).tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert not exceeds_city_mean([law(30)], [1], law(30).low).any()  # it only equals it
    assert exceeds_city_mean([law(30)], [1], law(30).low * 0.999).all()


def test_two_sentences_say_why_an_area_has_its_tier():
    a, c = facts("A", 40, law(40)), facts("C", 1, law(1.2))
    assert sentences(a, 1, 5.0) == [
        says("tier.counted", name="A", n=40, low=30, high=51),
        says("tier.member", usual=5.0, tier=1, order=says("order.expected")),
    ]
    assert sentences(a, 1, 5.0, SEVERAL)[1] == says(
        "tier.member", usual=5.0, tier=1, order=says("order.several")
    )
    assert sentences(c, None, 5.0) == [
        says("tier.counted", name="C", low=0, high=4, n=1),
        says("tier.none", usual=5.0),
    ]
    assert sentences(facts("A", 7, Estimate.sure(2.0)), None, 2.0) == [
        "A had 7 incidents.",
        says("tier.flat", usual=2.0),
    ]


def test_risk_orders_areas_only_where_somebody_chose_it():
    alike = [law(12), law(12), law(12)]
    by_risk = order(alike, Weights({"risk": 1}), relative_risk=[1.2, 3.0, np.nan])
    assert by_risk["tier"].tolist() == [3, 1, 2]  # unknown counts as the mean of the others
    assert by_risk["is_first"].tolist() == [False, True, False]
    known_risk, unknown = order(alike, relative_risk=[1.0, 9.0, 2.0]), order(alike)
    pd.testing.assert_frame_equal(known_risk, unknown)  # random weightings leave it out, too


# ---- At the edge ----------------------------------------------------------------------------


def test_no_area_stands_in_no_order_and_one_is_its_own_first():
    assert order([]).empty
    assert not order([law(9), law(8)], is_ordered=[False, False])["is_first"].any()
    found = order([law(30)], capacity=3).iloc[0]
    assert (found["tier"], found["in_top_probability"], found["is_first"]) == (1, 1, True)
    assert found["priority_index"] == 0


def test_an_area_that_stands_in_no_order_has_nothing_and_changes_nothing():
    areas = [law(400), law(20), law(100)]
    found = order(areas, is_ordered=[False, True, True], capacity=2)
    assert found.iloc[0].drop("is_first").isna().all()
    assert found["is_first"].tolist() == [False, True, True]
    assert found["tier"].tolist()[1:] == [2, 1]
    alone = order(areas[1:], SEVERAL, 2, None, people=[1000, 1000])
    among = order(areas, SEVERAL, 2, [False, True, True], people=[9000, 1000, 1000])
    assert among["tier"].tolist()[1:] == alone["tier"].tolist()
    assert among["priority_index"].tolist()[1:] == alone["priority_index"].tolist()


def test_equal_areas_share_a_tier_and_a_place_in_the_top():
    found = order([law(30)] * 4, capacity=1)
    assert found["tier"].tolist() == [1] * 4
    assert found["in_top_probability"].tolist() == pytest.approx([0.25] * 4, abs=0.03)
    flat = [Estimate.sure(2.0), Estimate.sure(math.nextafter(2.0, 0))] * 2  # but for rounding
    found = order(flat, DENSITY, capacity=2)
    assert found["tier"].tolist() == [1] * 4
    assert found["in_top_probability"].tolist() == pytest.approx([0.5] * 4, abs=0.03)


# ---- Refused --------------------------------------------------------------------------------


def test_no_capacity_no_component_and_no_land_are_refused():
    with pytest.raises(ParamError, match=r"capacity must be 1 or more, not 0\."):
        order([law(3)], capacity=0)
    with pytest.raises(ParamError, match="No component is called beauty"):
        order([law(3)], Weights({"beauty": 1}))
    with pytest.raises(ParamError, match="must have land"):
        exceeds_city_mean([law(3)], [0.0], 1.0)


def test_risk_that_nobody_measured_is_refused_as_a_criterion():
    for weights in (Weights({"risk": 1}), Weights({"risk": 0.5, "expected": 2})):
        with refuses("priorities.no_risk"):
            order([law(9), law(5)], weights)
    assert order([], Weights({"risk": 1})).empty


# ---- True in general ------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0.5, 1.0, 2.0])), max_size=9),
    st.sampled_from([NEXT_YEAR, DENSITY, SEVERAL, Weights({"homicides": 1})]),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_tiers_and_the_first_are_one_order_whatever_the_order_of_rows(rows, weights, k, random):
    areas = [law(n + 0.5, 1.2) for n, _ in rows]
    everything = known(areas, km2=[km2 for _, km2 in rows])
    places = random.sample(range(len(rows)), len(rows))
    shuffled = Components(
        everything.table.iloc[places], tuple(everything.laws[at] for at in places)
    )
    chosen = np.ones(len(rows), dtype=bool)
    found = order_areas(everything, weights, chosen, k)
    again = order_areas(shuffled, weights, chosen, k).loc[found.index]
    pd.testing.assert_series_equal(found["tier"], again["tier"])
    assert found["in_top_probability"].sum() == pytest.approx(min(k, len(rows)))
    assert found["is_first"].sum() == min(k, len(rows))
    by_index = found.sort_values("priority_index", ascending=False)
    assert by_index["tier"].is_monotonic_increasing
    assert sorted(set(found["tier"])) == list(range(1, found["tier"].nunique() + 1))
    assert by_index["is_first"].tolist() == sorted(by_index["is_first"], reverse=True) or (
        by_index["priority_index"].round(9).duplicated().any()
    )


@pytest.mark.parametrize(("n", "km2"), [(66, 1.0), (75, 1.0), (79, 1.0), (60, 0.8)])
def test_a_new_tier_opens_where_the_integral_says_so(n, km2):
    first, later = law(100), law(n)
    chance = below(later, first, km2)
    assert abs(chance - 0.9) > 0.02  # draws decide as the integral does, but next to it
    found = tiers([first, later], DENSITY, km2=[1.0, km2])
    assert found == [1, 2 if chance > 0.9 else 1]


def test_who_is_in_the_top_is_who_is_counted_there_draw_by_draw():
    areas, km2 = [law(6), law(8, 1.5), law(5), law(2), law(9)], [1.0, 0.8, 1.2, 0.4, 2.0]
    random = np.random.default_rng(21)
    counted = np.zeros(5)
    for _ in range(4_000):
        drawn = [random.gamma(a.alpha) / a.rate / size for a, size in zip(areas, km2, strict=True)]
        for place in sorted(range(5), key=lambda place: -drawn[place])[:2]:
            counted[place] += 1 / 4_000
    found = order(areas, DENSITY, 2, km2=km2)
    assert found["in_top_probability"].tolist() == pytest.approx(counted, abs=0.04)


def test_shares_of_weightings_are_those_counted_weighting_by_weighting():
    people, lasting = [5, 3, 9, 1], [1, 9, 4, 6]
    random = np.random.default_rng(5)
    columns = {"people": people, "months_active": lasting}
    parts = known([law(9)] * 4, **columns).table.drop(columns="risk")  # nobody chose it
    counted = np.zeros(4)
    standard = ((parts - parts.mean()) / parts.std(ddof=0).replace(0, np.inf)).to_numpy()
    for _ in range(4000):
        cuts = np.diff(np.r_[0, np.sort(random.random(5)), 1])  # evenly on the simplex
        counted[np.argmax(standard @ cuts)] += 1 / 4000
    found = order([law(9)] * 4, **columns)["top_share"]
    assert found.tolist() == pytest.approx(counted, abs=0.05)
