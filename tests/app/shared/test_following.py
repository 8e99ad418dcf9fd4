"""Areas followed since a start: their order, classes of change, and what is usual."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import nbinom, norm
from tests.sentences import says

from csa.base.params import Month
from csa.change.expectation import Baseline, Expectation
from csa.change.past import PastCohort, PastYear, mean_past_change
from csa.change.sentences import describe_power, describe_result
from csa.change.verdict import CumulativeCounts, classify_change
from csa.city.selection import AreaSelection
from csa_app.shared.following import Following, levels


def track(counted, mean, *, line=3.0, told=True):
    """One month of sums: of 100 expected nine in ten lie from 75 to 127."""
    expectation = Expectation(np.array([float(mean)]), np.array([0.1]), 1.5)
    return CumulativeCounts(np.array([counted]), expectation, np.array([line]), np.array([told]))


def past_year(core_before, rest_before, came, rest):
    year = PastYear("2015-01", Baseline(10.0, 1.0), 100, np.array(came), np.array(rest))
    return PastCohort(year, year, 3, core_before, rest_before)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counted", "level"),
    [(100, 0), (75, 0), (74, -1), (58, -1), (57, -2), (127, 0), (128, 1), (153, 1), (154, 2)],
)
def test_a_sum_has_one_of_five_classes(counted, level):
    """About 100 are expected; nine in ten lie from 75 to 127, and the boundary is 58 to 153."""
    assert (track(100, 100).bound_low[0], track(100, 100).bound_high[0]) == (58, 153)
    assert levels(track(counted, 100)) == [level]


def test_past_years_are_averaged_after_as_many_months():
    years = [past_year(20, 100, [8, 8], [50, 50]), past_year(20, 100, [10, 2], [50, 10])]
    # 16 of 20 while the rest stayed: a fifth fewer. 12 of 20 while the rest fell to 60: none.
    assert mean_past_change(years, 2) == pytest.approx((-0.2 + 0.0) / 2)
    assert mean_past_change(years, 1) == pytest.approx((-0.2 + 0.0) / 2)
    assert mean_past_change(years[:1], 2) == pytest.approx(-0.2)


@pytest.fixture
def several():
    """Two areas of which 20 came in a year where 21 were expected."""
    expected = Expectation(np.arange(10.0, 22.0), np.full(12, 0.1))
    core = CumulativeCounts(np.arange(9, 21), expected, np.full(12, 2.9), np.full(12, True))
    judged = classify_change(core, None, None, frozenset({-1, 1}))
    return SimpleNamespace(
        area_ids=("A", "B"),
        results=lambda _: judged,
        late=lambda _: 0,
        place_name=lambda area_id: area_id or "the 2 areas",
        displaced=SimpleNamespace(
            since=Month(2020, 1),
            since_all=Month(2020, 1),
            past=(),
            pooled=judged,
            by_area=(judged, judged),
            starts=(Month(2020, 1),) * 2,
            chosen=AreaSelection(("A", "B"), ("Oak", "Elm"), (frozenset(), frozenset()), 10),
            basis="past years",
            is_staggered=False,
        ),
        course=SimpleNamespace(
            before=SimpleNamespace(months=24),
            core=(48, 0),
            rest_before=2400,
            rest_monthly=(50,) * 6 + (10,) * 6,
        ),
    )


@pytest.mark.parametrize(
    ("area_id", "who", "is_one"), [("B", "Elm (B)", True), ("", "the 2 areas together", False)]
)
def test_one_area_and_all_are_told_beside_what_would_have_been_shown(several, area_id, who, is_one):
    judged = several.results(area_id)
    assert judged.verdicts[11] == "no clear change"
    told = Following.sentence(several, area_id, 11)
    assert told == describe_result(judged, 12, Month(2020, 1), who, is_one=is_one)
    assert str(told).endswith(str(describe_power(judged.core, 11, is_one=is_one)))


def test_the_rest_is_told_to_the_month_on_screen(several):
    told, _ = Following.describe_usual(several, 5)
    assert str(told).endswith("Since: 14 in 6, 2.3 a month. The rest of the city went from 100.0 to 50.0 a month.")  # fmt: skip
    told, _ = Following.describe_usual(several, 11)
    assert str(told).endswith(says("displacement.rest_fell", rest_before=100.0, rest_after=30.0))


def test_an_area_that_began_later_is_early_in_its_own_first_months(several):
    early = several.results("A").withheld_early()
    several.results = lambda area_id: early.later(5) if area_id == "B" else early
    told = [[Following.is_early(several, at, one) for at in (1, 2, 6, 7)] for one in ("", "B")]
    assert told == [[True, False, False, False], [False, False, True, False]]


# ---- At the edge ----------------------------------------------------------------------------


def test_letters_are_listed_as_they_are_given_and_then_candidates_by_name():
    named = {
        "AB": "Ash", "c-1": "Oak", "B": "Yew", "c-10": "Elm, 10 km east of its center",
        "AA": "Box", "c-9": "Elm, 2.5 km east of its center", "A": "Fir", "c-2": "Ash, north",
    }  # fmt: skip
    chosen = SimpleNamespace(place_names=tuple(named.values()))
    areas = SimpleNamespace(area_ids=tuple(named), displaced=SimpleNamespace(chosen=chosen))
    candidates = ["c-2", "c-9", "c-10", "c-1"]
    assert Following.by_letter.fget(areas) == ["A", "B", "AA", "AB", *candidates]


@pytest.mark.parametrize(
    ("area_id", "name"), [("c-7", "Oak"), ("B", "Elm (B)"), ("", "the 2 areas together")]
)
def test_a_candidate_is_called_by_its_name_alone_and_another_with_its_letter(area_id, name):
    chosen = SimpleNamespace(place_names=("Oak", "Elm"), retired=())
    areas = SimpleNamespace(area_ids=("c-7", "B"), displaced=SimpleNamespace(chosen=chosen))
    assert Following.place_name(areas, area_id) == name


def test_with_too_few_incidents_no_class_is_told_however_far_the_sum():
    assert levels(track(500, 100, told=False)) == [None]


def test_without_a_past_year_nothing_is_usual():
    assert mean_past_change([], 12) is None
    assert mean_past_change([past_year(0, 100, [1], [5])], 1) is None


# ---- True in general ------------------------------------------------------------------------


@given(st.integers(0, 300), st.floats(12, 150), st.floats(1.7, 4.5))
def test_classes_are_those_of_nine_in_ten_and_of_the_boundary(counted, mean, line):
    """The law is a negative binomial's, of variance 1.5 mean + (mean / 10)^2, from scipy."""
    variance = 1.5 * mean + (0.1 * mean) ** 2
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    wanted = 0
    for tail in (0.05, norm.sf(line)):
        wanted += int(counted > law.isf(tail)) - int(counted < law.ppf(tail))
    assert levels(track(counted, mean, line=line)) == [wanted]
