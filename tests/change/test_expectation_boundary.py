"""The line for all looks: printed values, an exact case, random walks, and who has which chance."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm
from tests.properties import examples

from csa.base.errors import ParamError
from csa.change import expectation
from csa.change.expectation import (
    MAX_LOOKS,
    AlarmChances,
    alarm_chance,
    boundary_z,
    chance_by,
    chances,
    crossing_chance,
    line_of,
    planned_looks,
)
from csa.city.preregistration import ALARM_CHANCE

general = examples(0.3)


def walks_that_cross(line, n_walks, seed):
    """Return the share of random walks of normal months that are ever beyond a line."""
    random = np.random.default_rng(seed)
    sums, crossed = np.zeros(n_walks), np.zeros(n_walks, dtype=bool)
    for look, z in enumerate(line, start=1):
        sums += random.standard_normal(n_walks)
        crossed |= np.abs(sums) > z * math.sqrt(look)
    return crossed.mean()


def error_of(share, n_walks):
    """Return four standard errors of a simulated share."""
    return 4 * math.sqrt(share * (1 - share) / n_walks)


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


def test_all_areas_together_have_four_fifths_of_the_chance_and_cores_most_of_it():
    """All together 3.2% and 0.8%; of single areas 0.7% and 0.3%, shared equally."""
    assert ALARM_CHANCE == 0.05
    assert chances(12) == (AlarmChances(0.032, 0.008), AlarmChances(0.007 / 12, 0.003 / 12))
    assert chances(2)[1].both == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("months", "looks"), [(0, 24), (1, 24), (24, 24), (25, 36), (36, 36), (37, 48)]
)
def test_the_line_is_drawn_for_two_years_then_for_whole_years(months, looks):
    assert planned_looks(months) == looks


def test_each_month_has_the_line_for_its_own_years_and_the_whole_chance_that_is_given():
    later = [boundary_z(0.032, looks) for looks in [24] * 24 + [36] * 12 + [48]]
    assert line_of(0.032, 37).tolist() == later
    assert line_of(0.032, 0).size == 0


def test_each_year_after_two_spends_a_stated_chance_more():
    """Of twelve areas: 7% in two years, e-values among them; then 7.7, 8.2 and 8.5."""
    told = [round(100 * alarm_chance(12, months), 1) for months in (1, 24, 25, 36, 48, 60)]
    assert told == [7.0, 7.0, 7.7, 7.7, 8.2, 8.5]
    assert chance_by(AlarmChances(0.03, 0.01), 24) == pytest.approx(0.04)
    by_hand = sum(crossing_chance(tuple(line_of(chance, 36))) for chance in (0.035, 0.015))
    assert alarm_chance(1, 36) == chance_by(AlarmChances(0.035, 0.015), 30) == by_hand


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1e-9, 1e-16])
def test_of_an_alarm_too_rare_to_follow_the_line_is_on_the_safe_side(alpha):
    z = boundary_z(alpha, 36)
    assert norm.isf(alpha / 2) < z <= norm.isf(alpha / 2 / 36)


def test_where_the_machines_digits_end_the_line_is_that_of_looks_alone(monkeypatch):
    monkeypatch.setattr(expectation, "_chance", lambda *_: 0.0)
    line = boundary_z.__wrapped__(0.03, 12)
    assert line == pytest.approx(norm.isf(0.015 / 12))


def test_the_most_looks_have_a_line(monkeypatch):
    """Its law itself takes seconds to follow; here as if looks told nothing of each other."""
    monkeypatch.setattr(expectation, "_chance", lambda z, looks: 2 * norm.sf(z) * looks)
    assert MAX_LOOKS == 600
    most = boundary_z.__wrapped__(0.05, MAX_LOOKS)
    assert most == pytest.approx(norm.isf(0.025 / 600), abs=1e-5)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0, 1, -0.05, 1.2, math.nan])
def test_a_chance_outside_its_range_is_refused(alpha):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        boundary_z(alpha, 24)


@pytest.mark.parametrize("looks", [0, -1, MAX_LOOKS + 1])
def test_no_look_and_too_many_are_refused(looks):
    with pytest.raises(ParamError, match=f"looks must be 1 to 600, not {looks}"):
        boundary_z(0.05, looks)


@pytest.mark.parametrize("looks", [0, MAX_LOOKS + 1])
def test_a_line_without_a_look_or_with_too_many_is_refused(looks):
    with pytest.raises(ParamError, match="looks must be 1 to 600"):
        crossing_chance((2.0,) * looks)


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alpha", "looks"), [(0.05, 24), (0.008, 24), (0.2, 6), (0.05, 60), (0.01, 12)]
)
def test_as_many_random_walks_cross_as_is_said(alpha, looks):
    line, n_walks = (boundary_z(alpha, looks),) * looks, 200_000
    assert crossing_chance(line) == pytest.approx(alpha, abs=1e-5)
    share = walks_that_cross(line, n_walks, seed=looks)
    assert share == pytest.approx(alpha, abs=error_of(alpha, n_walks))


@general
@given(alpha=st.floats(0.0005, 0.5), looks=st.integers(1, 24))
def test_the_line_lies_between_one_look_and_looks_that_tell_nothing_of_each_other(alpha, looks):
    z = boundary_z(alpha, looks)
    assert norm.isf(alpha / 2) <= z <= norm.isf(alpha / 2 / looks)
    assert boundary_z(alpha, looks + 1) > z
    assert boundary_z(alpha / 2, looks) > z


@given(n_areas=st.integers(1, 200))
def test_all_chances_together_are_one_in_twenty(n_areas):
    pooled, single = chances(n_areas)
    together = pooled.both if n_areas == 1 else pooled.both + n_areas * single.both
    assert together == pytest.approx(ALARM_CHANCE)
