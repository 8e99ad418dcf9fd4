"""What was shown and is over: its months and counts by hand, and the last month by a slow search."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import nbinom, norm, poisson
from tests.change.courses import BOTH, judge, track_of
from tests.properties import examples

from csa.change import verdict
from csa.change.expectation import line_of
from csa.change.verdict import Fade
from csa.city.preregistration import Verdict

LINE = 0.032  # the chance of all areas' own cells together


def judged_of(monthly, expected=10, error=0.05, believed=BOTH):
    """Judge an area without a ring, at each month's own line."""
    track = track_of(monthly, expected, error=error, line=line_of(LINE, len(monthly)))
    return judge(track, None, believed)


def differs(before, after):
    """Return how many deviations months after are above what those before would have given.

    Each is incidents and what was expected. The rate before is known to Poisson's error and a tenth.
    """
    (came_before, would_before), (came, would) = before, after
    mean = would * came_before / would_before
    variance = mean + mean**2 * (1 / came_before + 0.1**2)
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    return norm.isf(law.sf(came - 1))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_months", [24, 47])
def test_a_fall_by_60_percent_that_lasted_a_year_is_over_and_told_with_its_months(n_months):
    """4 of 10 a month for 12 months: 48 where 120 were expected, then as many as expected."""
    judged = judged_of([4] * 12 + [10] * (n_months - 12))
    later = 10 * (n_months - 12)
    over = Fade(-1, 12, 48, pytest.approx(120), later, pytest.approx(later))
    assert judged.fade_at(n_months - 1) == over
    assert judged.verdicts[11:] == (
        *(Verdict.FEWER_UNKNOWN,) * 3,
        *(Verdict.FEWER_ONCE,) * (n_months - 14),
    )
    assert [one.months for one in judged.ended[14:]] == [12] * (n_months - 14)
    # After two years all months together show it still, after four no longer.
    assert judged.core.sign[n_months - 1] == (-1 if n_months == 24 else 0)


def test_a_rise_that_ended_is_over_too():
    judged = judged_of([18] * 10 + [10] * 10)
    assert judged.fade_at(19) == Fade(1, 10, 180, pytest.approx(100), 100, pytest.approx(100))
    assert judged.verdicts[9] is Verdict.MORE
    assert judged.verdicts[19] is Verdict.MORE_ONCE


@pytest.mark.parametrize("rate", [4, 6, 7])
def test_a_fall_that_lasts_is_not_over(rate):
    judged = judged_of([rate] * 47)
    assert judged.verdicts[-1] is Verdict.FEWER_UNKNOWN
    assert set(judged.ended) == {None}


def test_neither_is_one_that_grows_weaker_but_is_shown_by_the_later_months_alone():
    """2 of 10, then 6: another rate by far, and 60 of 100 are fewer by themselves."""
    judged = judged_of([2] * 12 + [6] * 20)
    assert differs((24, 120), (120, 200)) > 3
    assert judged.verdicts[-1] is Verdict.FEWER_UNKNOWN
    assert judged.fade_at(31) is None


def test_a_blip_that_was_shown_and_is_not_any_more_is_over():
    """2 of 10 in each of four months, then as expected."""
    judged = judged_of([2] * 4 + [10] * 20)
    assert judged.core.sign[[1, 3, 23]].tolist() == [-1, -1, 0]
    assert judged.fade_at(23) == Fade(-1, 4, 8, pytest.approx(40), 200, pytest.approx(200))
    assert judged.verdicts[23] is Verdict.FEWER_ONCE
    # Nothing was believed of it, so nothing is over.
    assert set(judged_of([2] * 4 + [10] * 20, believed=frozenset({1})).ended) == {None}


@pytest.mark.parametrize("later", [7, 8, 9, 10, 11])
@pytest.mark.parametrize("is_shown", [True, False])
def test_months_must_differ_much_while_all_show_the_change_and_somewhat_when_they_do_not(
    later, is_shown
):
    """6 of 10 for a year, then more for half a year: by 3 deviations, or by 2 where not shown.

    54, 60 and 66 after 72 are 1.98, 2.57 and 3.12 deviations more.
    """
    track = track_of([6] * 12 + [later] * 6, 10, error=0.05, line=line_of(LINE, 18))
    found = verdict.find_fade(track, -1, 17, is_shown=is_shown)
    apart = differs((72, 120), (6 * later, 60))
    assert {9: 1.98, 10: 2.57, 11: 3.12}.get(later, apart) == pytest.approx(apart, abs=0.005)
    assert (found is not None) == (apart >= (3 if is_shown else 2))


# ---- At the edge ----------------------------------------------------------------------------


def test_less_than_three_later_months_do_not_call_it_over(monkeypatch):
    """A month of 16 after twelve of 4 differs by itself; with the two before it it does not."""
    monthly = [4] * 12 + [16, 16, 16]
    judged = judged_of(monthly)
    assert judged.ended[12] is None
    assert judged.fade_at(14) == Fade(-1, 12, 48, pytest.approx(120), 48, pytest.approx(30))
    monkeypatch.setattr(verdict, "LATER_MONTHS", 1)
    assert judged_of(monthly).ended[12] == Fade(
        -1, 12, 48, pytest.approx(120), 16, pytest.approx(10)
    )


def test_within_the_first_three_months_nothing_can_be_over():
    judged = judged_of([2, 40, 40, 40], expected=40)
    assert judged.core.sign[0] == -1
    assert judged.ended[:3] == (None,) * 3
    assert judged.ended[3].months == 1


def test_where_nothing_was_expected_before_or_after_nothing_can_be_over():
    for expected in ([0] * 6, [40, 0, 0, 0, 0, 0], [0, 0, 0, 40, 0, 0]):
        track = track_of([5] * 6, expected)
        assert verdict.find_fade(track, 1, 5, is_shown=True) is None


def test_a_fall_to_none_at_all_is_not_over_by_a_single_incident():
    """None of 30, then 1 of 7.5: it goes on. With 8 of 7.5 it is over."""
    assert judged_of([0] * 12 + [0, 0, 1], 2.5).verdicts[-1] is Verdict.FEWER_UNKNOWN
    assert judged_of([0] * 12 + [2, 3, 3], 2.5).verdicts[-1] is Verdict.FEWER_ONCE


def test_a_change_the_other_way_is_told_as_that_and_no_more_as_over():
    """4 of 10 for a year, then 22 for two: a fall, no longer, then in all more."""
    judged = judged_of([4] * 12 + [22] * 24)
    assert judged.verdicts[11] is Verdict.FEWER_UNKNOWN
    assert Verdict.FEWER_ONCE in judged.verdicts
    assert judged.core.sign[-1] == 1
    assert judged.verdicts[-1] is Verdict.MORE


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.long
@examples(2)
@given(seed=st.integers(0, 2**32), ends=st.integers(4, 20))
def test_the_last_month_is_the_likeliest_of_all_that_leave_three(seed, ends):
    random = np.random.default_rng(seed)
    monthly = [*random.poisson(4, ends), *random.poisson(11, 24 - ends)]
    expected = random.uniform(8, 12, 24)
    judged = judged_of(monthly, expected)
    found_at = [at for at, found in enumerate(judged.ended) if found is not None]
    for at in found_at[:: max(1, len(found_at) - 1)]:  # the first, and the last
        found = judged.ended[at]
        counted, mean = monthly[: at + 1], expected[: at + 1]
        by_month = {last + 1: slow_likelihood(counted, mean, last) for last in range(at + 1 - 3)}
        assert found.months <= at + 1 - 3
        assert by_month[found.months] == pytest.approx(max(by_month.values()))
        assert (found.counted, found.later_counted) == (
            sum(counted[: found.months]),
            sum(counted[found.months :]),
        )
        assert found.expected == pytest.approx(sum(mean[: found.months]))
        assert found.later_expected == pytest.approx(sum(mean[found.months :]))


def slow_likelihood(counted, expected, last):
    """Return the log-likelihood of months: Poisson's, at one rate up to a month and another after."""
    parts = (
        (counted[: last + 1], expected[: last + 1]),
        (counted[last + 1 :], expected[last + 1 :]),
    )
    return sum(
        poisson.logpmf(came, would * sum(part) / sum(means)).sum()
        for part, means in parts
        for came, would in zip(part, means, strict=True)
    )
