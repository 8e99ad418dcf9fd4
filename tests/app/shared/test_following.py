"""Areas followed since a start: their order, classes of change, and what is usual."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, norm

from app.shared.following import Following, levels
from csa.base.params import Month
from csa.displacement.expectation import Baseline, Expectation
from csa.displacement.past import PastCohort, PastYear, usual_change
from csa.displacement.verdict import Track, judge_place
from tests.sentences import says


def track(counted, mean, low, high, told=True):
    """One month of sums, with its boundary."""
    one = np.array([counted]), np.array([float(mean)])
    expectation = Expectation(one[1], np.array([0.1]), 1.5)
    bounds = np.array([low]), np.array([high])
    return Track(one[0], expectation, *bounds, np.zeros(1), np.array([told]))


def past_year(core_before, rest_before, came, rest):
    year = PastYear("2015-01", Baseline(10.0, 1.0), 100, np.array(came), np.array(rest))
    return PastCohort(year, year, 3, core_before, rest_before)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted", "level"), [(100, 0), (60, -1), (40, -1), (39, -2), (150, 1), (180, 1), (181, 2)]
)
def test_a_sum_has_one_of_five_classes(counted, level):
    """About 100 are expected; nine in ten lie from 75 to 127, and the boundary is 40 to 180."""
    assert levels(track(counted, 100, 40, 180)) == [level]


def test_past_years_are_averaged_after_as_many_months():
    years = [past_year(20, 100, [8, 8], [50, 50]), past_year(20, 100, [10, 2], [50, 10])]
    # 16 of 20 while the rest stayed: a fifth fewer. 12 of 20 while the rest fell to 60: none.
    assert usual_change(years, 2) == pytest.approx((-0.2 + 0.0) / 2)
    assert usual_change(years, 1) == pytest.approx((-0.2 + 0.0) / 2)
    assert usual_change(years[:1], 2) == pytest.approx(-0.2)


@pytest.fixture
def several():
    """Two areas of which 20 came in a year where 21 were expected."""
    core = Track(
        np.arange(9, 21),
        Expectation(np.arange(10.0, 22.0), np.full(12, 0.1)),
        np.zeros(12, dtype=int),
        np.full(12, 40),
        np.zeros(12),
        np.full(12, True),
    )
    judged = judge_place(core, None, 3.0, frozenset({-1, 1}))
    return SimpleNamespace(
        area_ids=("A", "B"),
        judged=lambda _: judged,
        late=lambda _: 0,
        place_name=lambda area_id: area_id or "the 2 areas",
        displaced=SimpleNamespace(
            since=Month(2020, 1),
            past=(),
            pooled=judged,
            single=(judged, judged),
            starts=(Month(2020, 1),) * 2,
            chosen=SimpleNamespace(area_ids=("A", "B"), place_names=("Oak", "Elm")),
            is_staggered=False,
        ),
        before=(48, 24),
        evidence=SimpleNamespace(rest_before=2400, rest_monthly=(50,) * 6 + (10,) * 6),
    )


def test_one_of_several_areas_is_told_with_how_seldom_a_fall_is_found(several):
    assert "With about 21 expected a year in an area" in str(Following.sentence(several, "B", 11))
    assert "found" not in str(Following.sentence(several, "", 11))
    several.displaced.chosen.area_ids = ("A",)  # alone: the whole chance of all together
    several.displaced.chosen.place_names = ("Oak",)
    several.displaced.single, several.displaced.starts = (
        several.displaced.single[:1],
        several.displaced.starts[:1],
    )
    assert "found" not in str(Following.sentence(several, "A", 11))


def test_the_rest_is_told_to_the_month_on_screen(several):
    told, _ = Following.say_usual(several, 5)
    assert str(told).endswith("Since: 14 in 6, 2.3 a month. The rest of the city went from 100.0 to 50.0 a month.")  # fmt: skip
    told, _ = Following.say_usual(several, 11)
    assert str(told).endswith(says("displacement.rest_fell", rest_before=100.0, rest_after=30.0))


# ---- At the edge ----------------------------------------------------------------------------


def test_a_sum_at_the_end_of_the_range_is_still_as_expected():
    """Mean 100, variance 250: the ends of nine in ten by scipy's own law."""
    least, most = (int(end) for end in nbinom.interval(0.9, 100**2 / 150, 100 / 250))
    found = [levels(track(n, 100, 40, 180))[0] for n in (least - 1, least, most, most + 1)]
    assert found == [-1, 0, 0, 1]


def test_letters_are_listed_as_they_are_given_and_then_candidates_by_name():
    named = {
        "AB": "Ash", "c-1": "Oak", "B": "Yew", "c-10": "Elm, 10 km east of its middle",
        "AA": "Box", "c-9": "Elm, 2.5 km east of its middle", "A": "Fir", "c-2": "Ash, north",
    }  # fmt: skip
    chosen = SimpleNamespace(place_names=tuple(named.values()))
    areas = SimpleNamespace(area_ids=tuple(named), displaced=SimpleNamespace(chosen=chosen))
    candidates = ["c-2", "c-9", "c-10", "c-1"]
    assert Following.by_letter.fget(areas) == ["A", "B", "AA", "AB", *candidates]


@pytest.mark.parametrize(
    ("area_id", "name"), [("c-7", "Oak"), ("B", "Elm (B)"), ("", "the 2 areas together")]
)
def test_a_candidate_is_called_by_its_name_alone_and_another_with_its_letter(area_id, name):
    chosen = SimpleNamespace(place_names=("Oak", "Elm"))
    areas = SimpleNamespace(area_ids=("c-7", "B"), displaced=SimpleNamespace(chosen=chosen))
    assert Following.place_name(areas, area_id) == name


def test_with_too_few_incidents_no_class_is_told_however_far_the_sum():
    assert levels(track(500, 100, 40, 180, told=False)) == [None]


def test_without_a_past_year_nothing_is_usual():
    assert usual_change([], 12) is None
    assert usual_change([past_year(0, 100, [1], [5])], 1) is None


# ---- True in general ------------------------------------------------------------------------


@given(st.integers(0, 300), st.floats(12, 150), st.integers(0, 60), st.integers(0, 60))
def test_classes_are_those_of_nine_in_ten_and_of_the_boundary(counted, mean, below, above):
    """The law is a negative binomial's, of variance 1.5 mean + (mean / 10)^2, from scipy."""
    variance = 1.5 * mean + (0.1 * mean) ** 2
    size, chance = mean**2 / (variance - mean), mean / variance
    tail = norm.sf(1.6448536269514722)
    least, most = nbinom.ppf(tail, size, chance), nbinom.isf(tail, size, chance)
    low, high = math.floor(least) - below, math.ceil(most) + above  # wider, as boundaries are
    wanted = 0
    if counted > most:
        wanted = 2 if counted > high else 1
    if counted < least:
        wanted = -2 if counted < low else -1
    assert levels(track(counted, mean, low, high)) == [wanted]
