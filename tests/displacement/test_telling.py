"""One sentence for each verdict, with its numbers; and before and after never alone."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csa import words
from csa.displacement.expectation import Expectation
from csa.displacement.telling import KEYS, say_before_after, say_verdict
from csa.displacement.verdict import Judged, Track, Verdict, judge_place
from csa.params import Month

general = settings(derandomize=True, deadline=None, database=None, max_examples=80)
SINCE = Month(2020, 2)
WHO = "the 12 areas together"


def track_of(counted, expected, low, high, *, is_told=True):
    n = len(counted)
    mean = np.array(expected, dtype=np.float64)
    return Track(
        np.array(counted),
        Expectation(mean, np.zeros(n)),
        np.array(low),
        np.array(high),
        np.zeros(n),
        np.full(n, is_told),
    )


def judged_of(core, ring=None):
    """An area after one and after two months; the second is the one told of."""
    core = track_of([5, core], [50.0, 200.4], [30, 160], [70, 240])
    ring = None if ring is None else track_of([9, ring], [40.0, 1500.5], [20, 1400], [60, 1600])
    return judge_place(core, ring, 3.0, frozenset({-1, 1}))


def few(counted, expected):
    core = track_of(counted, expected, counted, counted, is_told=False)
    return Judged(core, None, 3.0, (Verdict.TOO_FEW,) * len(counted))


# ---- By hand -------------------------------------------------------------------------------

SAID = {
    Verdict.NO_CHANGE: (200, 1500, "No change shown since February 2020: "),
    Verdict.FEWER: (120, 1500, "Fewer here, and no displacement shown since February 2020: "),
    Verdict.MORE: (290, 1500, "More here since February 2020: "),
    Verdict.FEWER_MORE_NEXT: (120, 1700, "Fewer here and more next door since February 2020: "),
    Verdict.FEWER_FEWER_NEXT: (120, 1300, "Fewer here and next door since February 2020: "),
    Verdict.MORE_FEWER_NEXT: (290, 1300, "More here and fewer next door since February 2020: "),
    Verdict.SAME_MORE_NEXT: (200, 1700, "No change here and more next door since February 2020: "),
}


@pytest.mark.parametrize("verdict", SAID)
def test_each_verdict_is_one_sentence_with_what_was_counted_and_what_could_have_come(verdict):
    core, ring, begins = SAID[verdict]
    judged = judged_of(core, ring)
    assert judged.verdicts[1] is verdict
    said = say_verdict(judged, 2, SINCE, WHO)
    assert said.key == "displacement.said"
    assert str(said) == (
        f"{begins}the 12 areas together had {core} shootings, where about 200 were to be expected "
        f"and 160 to 240 could have come anyway; around, there were {ring:,}, where about 1,500 "
        "were to be expected and 1,400 to 1,600 could have come anyway."
    )


def test_every_verdict_has_its_own_words():
    assert set(KEYS) == set(Verdict) == {*SAID, Verdict.TOO_FEW}
    assert len(set(KEYS.values())) == len(Verdict)


def test_an_area_without_a_ring_is_told_of_alone():
    said = say_verdict(judged_of(120), 2, SINCE, "West End (A)")
    assert said.key == "displacement.said_alone"
    assert str(said) == (
        "Fewer here, and no displacement shown since February 2020: West End (A) had 120 "
        "shootings, where about 200 were to be expected and 160 to 240 could have come anyway."
    )


def test_what_is_said_is_of_the_months_that_were_asked_for():
    said = str(say_verdict(judged_of(120, 1700), 1, SINCE, WHO))
    assert "had 5 shootings, where about 50" in said
    assert "around, there were 9, where about 40" in said
    assert said.startswith("Fewer here and next door since February 2020")


@pytest.mark.parametrize(
    ("counted", "expected", "at", "until"),
    [
        # A mean of 11 is needed: 1 and 3 in two months are 1 a month, 11 months; 9 are left.
        ([0, 1], [1.0, 3.0], 2, "December 2020"),
        # 2 a month: 5.5, so 6 months in all.
        ([2], [2.0], 1, "July 2020"),
        # 10 and 10 in one month: 2 months in all.
        ([10], [10.0], 1, "March 2020"),
        ([5, 5], [6.0, 6.0], 2, "May 2020"),
    ],
)
def test_too_few_names_the_month_by_which_there_may_be_enough(counted, expected, at, until):
    said = say_verdict(few(counted, expected), at, SINCE, "West End (A)")
    assert said.key == "displacement.said_too_few_until"
    assert said.values == {
        "who": "West End (A)", "n": counted[at - 1], "since": "February 2020", "until": until,
    }  # fmt: skip


def test_too_few_is_said_with_the_count_and_the_month_to_wait_for():
    assert str(say_verdict(few([0, 1], [1.0, 3.0]), 2, SINCE, "West End (A)")) == (
        "Too few to say: West End (A) had 1 shooting since February 2020. "
        "By December 2020 there may be enough."
    )
    assert str(say_verdict(few([2], [2.0]), 1, SINCE, WHO)) == (
        "Too few to say: the 12 areas together had 2 shootings since February 2020. "
        "By July 2020 there may be enough."
    )


def test_before_and_after_are_told_a_month_beside_what_such_areas_do_by_themselves():
    told, usual = say_before_after((1200, 24), (450, 12), -0.163, 5)
    assert str(told) == (
        "Before: 1,200 shootings in 24 months, 50.0 a month. Since: 450 in 12, 37.5 a month."
    )
    assert str(usual) == (
        "In 5 past years areas picked this way fell about 16 % by themselves over as long, "
        "against the rest of the city."
    )


def test_where_such_areas_usually_rise_that_is_said():
    _, usual = say_before_after((120, 24), (45, 12), 0.04, 1)
    assert str(usual) == (
        "In one past year areas picked this way rose about 4 % by themselves over as long, "
        "against the rest of the city."
    )


def test_where_no_past_year_is_known_that_is_said_and_how_to_know_it():
    _, usual = say_before_after((120, 24), (45, 12), None, 0)
    assert str(usual) == (
        "What such areas do by themselves is not known here: csa backtest measures it on past "
        "years."
    )


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_months", [1, 24, 40])
def test_where_nothing_came_and_nothing_is_expected_no_month_is_named(n_months):
    judged = few([0] * n_months, [0.0] * n_months)
    said = say_verdict(judged, n_months, SINCE, "West End (A)")
    assert said.key == "displacement.said_too_few"
    assert str(said) == "Too few to say: West End (A) had 0 shootings since February 2020."


@pytest.mark.parametrize(("pace", "is_named"), [(0.44, True), (0.4399, False)])
def test_a_wait_of_over_two_years_is_not_promised(pace, is_named):
    # At 0.44 a month a mean of 11 takes 25 months.
    said = say_verdict(few([0], [2 * pace]), 1, SINCE, WHO)
    assert ("until" in said.values) == is_named


def test_where_the_rest_of_the_city_is_too_small_no_month_is_named():
    said = say_verdict(few([40], [40.0]), 1, SINCE, WHO)
    assert said.key == "displacement.said_too_few"


def test_on_few_incidents_no_percent_is_told_but_what_is_usual():
    told, usual = say_before_after((3, 24), (5, 12), -0.1, 3)
    assert "%" not in str(told)
    assert (
        str(told) == "Before: 3 shootings in 24 months, 0.1 a month. Since: 5 in 12, 0.4 a month."
    )
    assert str(usual).count("%") == 1


@pytest.mark.parametrize(
    ("change", "key"),
    [(-0.01, "fall"), (-0.0099, "same"), (0.0, "same"), (0.0099, "same"), (0.01, "rise")],
)
def test_a_change_of_less_than_one_in_a_hundred_is_told_as_none(change, key):
    usual = say_before_after((3, 24), (5, 12), change, 2)[1]
    assert usual.key == f"displacement.usual_{key}"
    assert str(usual).startswith("In 2 past years areas picked this way")


# ---- True in general -----------------------------------------------------------------------


@general
@given(
    counted=st.integers(0, 21),
    expected=st.floats(0, 21),
    n_months=st.integers(1, 24),
)
def test_after_the_months_named_the_mean_is_enough_and_a_month_before_it_is_not(
    counted, expected, n_months
):
    judged = few([counted] * n_months, [expected] * n_months)
    said = say_verdict(judged, n_months, SINCE, WHO)
    named = re.search(r"By (\w+ \d{4}) there", str(said))
    pace = (counted + expected) / 2 / n_months
    if named is None:
        assert pace * n_months >= 11 or pace * (n_months + 24) < 11 + 1e-9
        return
    by_name = {words.month(str(SINCE.plus(step))): step + 1 for step in range(60)}
    months = by_name[named[1]]
    assert pace * months >= 11 - 1e-9
    assert pace * (months - 1) < 11 + 1e-9


@general
@given(core=st.integers(0, 400), ring=st.none() | st.integers(1000, 2000))
def test_no_sentence_says_that_anything_moved_or_tells_a_percent(core, ring):
    said = str(say_verdict(judged_of(core, ring), 2, SINCE, WHO))
    assert not re.search(r"%|moved|significant|hot ?spot", said)
    assert said.count(".") == 1
    assert said.endswith(".")
