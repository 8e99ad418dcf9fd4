"""The line for all looks: printed values, an exact case, random walks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from csa.base.errors import ParamError
from csa.displacement import verdict
from csa.displacement.verdict import MAX_LOOKS, boundary_z, crossing_chance
from tests.properties import examples

general = examples(0.3)


def walks_that_cross(z, looks, n_walks, seed):
    """Let sums of normal months walk, and tell the share that is ever beyond the line."""
    random = np.random.default_rng(seed)
    sums, crossed = np.zeros(n_walks), np.zeros(n_walks, dtype=bool)
    for look in range(1, looks + 1):
        sums += random.standard_normal(n_walks)
        crossed |= np.abs(sums) > z * math.sqrt(look)
    return crossed.mean()


# ---- By hand --------------------------------------------------------------------------------


def test_one_look_is_the_usual_two_sided_line():
    assert boundary_z(0.05, 1) == pytest.approx(1.959964, abs=1e-6)
    assert boundary_z(0.01, 1) == pytest.approx(2.575829, abs=1e-6)


@pytest.mark.parametrize(
    ("looks", "printed"), [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (10, 2.555), (20, 2.672)]
)
def test_pococks_printed_lines_at_five_percent(looks, printed):
    """Pocock (1977), table 1; Jennison & Turnbull (2000), table 2.1."""
    assert boundary_z(0.05, looks) == pytest.approx(printed, abs=0.0011)


def test_two_years_of_months_at_five_percent():
    assert boundary_z(0.05, 24) == pytest.approx(2.70, abs=0.005)


# ---- At the edge ----------------------------------------------------------------------------


def test_a_rare_alarm_at_many_looks_is_still_followed():
    """The share of walks that cross is at least the last look's, and at most all looks'."""
    z = boundary_z(1e-6, 60)
    assert norm.isf(5e-7) + 0.2 < z < norm.isf(5e-7 / 60) - 0.05


def test_two_looks_are_a_square_of_the_two_normal_sums():
    z = boundary_z(0.03, 2)
    law = multivariate_normal([0, 0], [[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]])
    inside = law.cdf([z, z], lower_limit=[-z, -z])
    assert 1 - inside == pytest.approx(0.03, abs=1e-5)


@pytest.mark.parametrize("alpha", [1e-9, 1e-16])
def test_of_an_alarm_too_rare_to_follow_the_line_is_on_the_safe_side(alpha):
    z = boundary_z(alpha, 36)
    assert norm.isf(alpha / 2) < z <= norm.isf(alpha / 2 / 36)


def test_where_the_machines_digits_end_the_line_is_that_of_looks_alone(monkeypatch):
    monkeypatch.setattr(verdict, "_chance", lambda *_: 0.0)
    line = boundary_z.__wrapped__(0.03, 12)
    assert line == pytest.approx(norm.isf(0.015 / 12))


def test_the_most_looks_have_a_line(monkeypatch):
    """Its law itself takes seconds to follow; here as if looks told nothing of each other."""
    monkeypatch.setattr(verdict, "_chance", lambda z, looks: 2 * norm.sf(z) * looks)
    assert MAX_LOOKS == 600
    most = boundary_z.__wrapped__(0.05, MAX_LOOKS)
    assert most == pytest.approx(norm.isf(0.025 / 600), abs=1e-5)


def test_a_line_that_is_nearly_always_crossed_is_low():
    assert 0 < boundary_z(0.99, 1) < boundary_z(0.99, 24) < 1


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 1.2, math.nan])
def test_a_chance_outside_its_range_is_refused(alpha):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        boundary_z(alpha, 24)


@pytest.mark.parametrize("looks", [0, -1, MAX_LOOKS + 1])
def test_no_look_and_too_many_are_refused(looks):
    with pytest.raises(ParamError, match=f"1 to 600 looks; {looks} is not"):
        boundary_z(0.05, looks)


@pytest.mark.parametrize("looks", [0, MAX_LOOKS + 1])
def test_a_line_without_a_look_or_with_too_many_is_refused(looks):
    with pytest.raises(ParamError, match="1 to 600 looks"):
        crossing_chance((2.0,) * looks)


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "looks"), [(0.05, 24), (0.025, 24), (0.2, 6), (0.05, 60), (0.01, 12)]
)
def test_as_many_random_walks_cross_as_is_said(alpha, looks):
    """200,000 walks: within four standard errors of the simulation."""
    n_walks = 200_000
    share = walks_that_cross(boundary_z(alpha, looks), looks, n_walks, seed=looks)
    assert share == pytest.approx(alpha, abs=4 * math.sqrt(alpha * (1 - alpha) / n_walks))


def test_as_many_random_walks_cross_a_line_that_rises_as_is_said():
    line = (2.4,) * 12 + (2.6,) * 12
    random, n_walks = np.random.default_rng(8), 100_000
    sums, crossed = np.zeros(n_walks), np.zeros(n_walks, dtype=bool)
    for look, z in enumerate(line, start=1):
        sums += random.standard_normal(n_walks)
        crossed |= np.abs(sums) > z * math.sqrt(look)
    assert crossing_chance(line) == pytest.approx(crossed.mean(), abs=0.003)
    assert crossing_chance((boundary_z(0.05, 24),) * 24) == pytest.approx(0.05, abs=1e-5)


@general
@given(alpha=st.floats(0.0005, 0.5), looks=st.integers(1, 24))
def test_the_line_lies_between_one_look_and_looks_that_tell_nothing_of_each_other(alpha, looks):
    z = boundary_z(alpha, looks)
    assert norm.isf(alpha / 2) <= z <= norm.isf(alpha / 2 / looks)
    assert boundary_z(alpha, looks + 1) > z
    assert boundary_z(alpha / 2, looks) > z
