"""Fewer here, or next door: the papers' printed numbers, and simulated cities."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm

from csa.base.errors import ParamError
from csa.extras.research.classic_measures import WeightedChange, measure_wdd

TREATED, CONTROL = WeightedChange(207, 110), WeightedChange(308, 318)
RING, RING_CONTROL = WeightedChange(178, 157), WeightedChange(150, 140)


# ---- By hand --------------------------------------------------------------------------------


def test_the_papers_difference_and_its_parts_as_printed():
    found = measure_wdd(TREATED, CONTROL, RING, RING_CONTROL)
    assert found.total.estimate == -118
    assert found.total.se == pytest.approx(39.59798, abs=1e-5)
    assert found.total.z == pytest.approx(-2.97995, abs=1e-5)
    assert (found.total.low, found.total.high) == pytest.approx((-195.61, -40.39), abs=0.005)
    assert found.local.estimate == -107
    assert found.local.se == pytest.approx(30.7083, abs=1e-4)
    assert found.displacement.estimate == -11
    assert found.displacement.se == 25
    assert (found.dispersion, found.coverage) == (1, 0.95)


# ---- At the edge ----------------------------------------------------------------------------


def test_without_a_ring_only_the_local_part_is_told():
    found = measure_wdd(TREATED, CONTROL)
    assert found.local == measure_wdd(TREATED, CONTROL, RING, RING_CONTROL).local
    assert found.total is None
    assert found.displacement is None


def test_without_any_incident_there_is_no_z():
    nothing = WeightedChange(0, 0)
    part = measure_wdd(nothing, nothing).local
    assert (part.estimate, part.se, part.z, part.low, part.high) == (0, 0, None, 0, 0)


def test_a_dispersion_below_one_counts_as_one():
    assert measure_wdd(TREATED, CONTROL, dispersion=0.4) == measure_wdd(TREATED, CONTROL)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, math.nan, math.inf])
def test_what_is_no_count_and_no_weight_is_refused(wrong):
    for pair in ((wrong, 3), (3, wrong)):
        with pytest.raises(ParamError, match="count must be 0 or more"):
            WeightedChange(*pair)
    for weights in ((wrong, 1), (1, wrong), (0, 1), (1, 0)):
        with pytest.raises(ParamError, match="weight must be a number above 0"):
            WeightedChange(3, 3, *weights)


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
def test_a_dispersion_that_is_none_is_refused(wrong):
    with pytest.raises(ParamError, match="dispersion must be a number above 0"):
        measure_wdd(TREATED, CONTROL, dispersion=wrong)


@pytest.mark.parametrize("wrong", [0, 1, 95, math.nan])
def test_a_coverage_outside_its_range_is_refused(wrong):
    with pytest.raises(ParamError, match="coverage must be above 0 and below 1"):
        measure_wdd(TREATED, CONTROL, coverage=wrong)


def test_a_ring_without_a_control_and_a_control_without_a_ring_are_refused():
    for ring, control in ((RING, None), (None, RING_CONTROL)):
        with pytest.raises(ParamError, match="of both, or of neither"):
            measure_wdd(TREATED, CONTROL, ring, control)


def test_shared_controls_of_different_counts_are_refused():
    for other in (WeightedChange(307, 318), WeightedChange(308, 317)):
        with pytest.raises(ParamError, match="its counts differ"):
            measure_wdd(TREATED, CONTROL, RING, other, shared_control=True)


# ---- True in general ------------------------------------------------------------------------

counts = st.integers(0, 500)
weights = st.sampled_from([0.5, 1.0, 2.0, 3.0])
changes = st.builds(WeightedChange, counts, counts, weights, weights)


@given(changes, changes, changes, changes, st.floats(1, 4), st.sampled_from([0.8, 0.95]))
def test_it_is_the_sum_over_eight_counts_with_their_signs(a, c, b, d, dispersion, coverage):
    found = measure_wdd(a, c, b, d, dispersion=dispersion, coverage=coverage)
    terms = np.array(
        [
            [sign * when, count, weight]
            for change, sign in ((a, 1), (c, -1), (b, 1), (d, -1))
            for when, count, weight in (
                (1, change.after, change.after_weight),
                (-1, change.before, change.before_weight),
            )
        ]
    )
    coefficients = terms[:, 0] / terms[:, 2]
    covariance = np.diag(terms[:, 1]) * dispersion
    for part, rows in (
        (found.total, slice(0, 8)),
        (found.local, slice(0, 4)),
        (found.displacement, slice(4, 8)),
    ):
        gradient = coefficients[rows]
        assert part.estimate == pytest.approx(gradient @ terms[rows, 1])
        assert part.se == pytest.approx(math.sqrt(gradient @ covariance[rows, rows] @ gradient))
        if part.se:
            assert part.z == pytest.approx(part.estimate / part.se)
            bounds = norm.interval(coverage, part.estimate, part.se)
            assert (part.low, part.high) == pytest.approx(bounds)


@given(changes, changes, counts, counts, weights, weights, weights, weights)
def test_a_shared_control_is_one_place_with_summed_coefficients(a, b, n0, n1, w0, w1, v0, v1):
    shared = measure_wdd(
        a, WeightedChange(n0, n1, w0, w1), b, WeightedChange(n0, n1, v0, v1), shared_control=True
    ).total
    one = WeightedChange(n0, n1, 1 / (1 / w0 + 1 / v0), 1 / (1 / w1 + 1 / v1))
    nothing = WeightedChange(0, 0)
    apart = measure_wdd(a, one, b, nothing).total
    assert (shared.estimate, shared.se) == pytest.approx((apart.estimate, apart.se))
