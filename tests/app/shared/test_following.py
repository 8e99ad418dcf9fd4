"""Areas followed since a start: their order, classes of change, and what is usual."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, norm

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
        before=(48, 24),
        evidence=SimpleNamespace(rest_before=2400, rest_monthly=(50,) * 6 + (10,) * 6),
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


@given(st.integers(0, 300), st.floats(12, 150), st.floats(1.7, 4.5))
def test_classes_are_those_of_nine_in_ten_and_of_the_boundary(counted, mean, line):
    """The law is a negative binomial's, of variance 1.5 mean + (mean / 10)^2, from scipy."""
    variance = 1.5 * mean + (0.1 * mean) ** 2
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    wanted = 0
    for tail in (0.05, norm.sf(line)):
        wanted += int(counted > law.isf(tail)) - int(counted < law.ppf(tail))
    assert levels(track(counted, mean, line=line)) == [wanted]
