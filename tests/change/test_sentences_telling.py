"""One answer for every page: each area's sentence, and the classic count in words."""

from dataclasses import replace

import pytest
from tests.change.courses import judge, track_of
from tests.change.followed import EAST, SINCE, WEST, chosen_of

from csa.base.params import Month
from csa.change.analyze import analyze_displacement
from csa.change.sentences import answers, describe_result, each, moved_somewhere, state_change
from csa.city.preregistration import Verdict


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(WEST, EAST), SINCE)


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize("n_months", [None, 12, 5])
def test_one_area_is_told_as_all_are_in_the_month_asked_for(displaced, n_months):
    at = n_months or 12
    for number, (letter, (judged, since)) in enumerate(each(displaced).items()):
        assert (judged, since) == (displaced.by_area[number], SINCE)
        told = describe_result(judged, at, since, f"Place {letter} ({letter})", is_one=True)
        assert str(state_change(displaced, letter, n_months).sentence) == str(told)
    together = describe_result(displaced.pooled, at, SINCE, "the 2 areas together")
    assert str(state_change(displaced, n_months=n_months).sentence) == str(together)


def test_what_is_over_has_no_range_of_all_months_since_the_start(displaced):
    """Fewer for 9 months, and since then as before: all 12 together are below their range."""
    over = judge(track_of([2] * 9 + [10] * 3, 10, line=2.86))
    pooled = replace(over, verdicts=(*over.verdicts[:-1], Verdict.FEWER_ONCE))
    assert pooled.core.counted[-1] < pooled.core.bound_low[-1]
    told = state_change(replace(displaced, pooled=pooled))
    assert (told.verdict, told.low, told.high) == (Verdict.FEWER_ONCE, None, None)
    assert state_change(replace(displaced, pooled=over), n_months=9).low is not None


def test_answers_hold_what_is_said_and_the_newest_numbers(displaced):
    told = answers(displaced)
    assert told["through"] == str(Month(2020, 1))
    assert told["pooled"]["sentence"] == str(state_change(displaced).sentence)
    assert told["pooled"]["verdict"] == displaced.pooled.verdicts[-1]
    assert [one["area_id"] for one in told["single"]] == ["A", "B"]
    for one, judged in zip(told["single"], displaced.by_area, strict=True):
        assert one["core"]["counted"] == judged.core.counted[-1]
        assert (one["ring"]["low"], one["ring"]["high"]) == (
            judged.ring.bound_low[-1],
            judged.ring.bound_high[-1],
        )


def test_it_moved_somewhere_where_one_area_shows_it_and_all_together_do_not(displaced):
    first, second = displaced.by_area
    moved = replace(first, verdicts=(*first.verdicts[:-1], Verdict.FEWER_MOVED))
    found = replace(displaced, by_area=(moved, second))
    last = len(first.verdicts) - 1
    assert moved_somewhere(found, last) == ["A"]
    assert moved_somewhere(found, last - 1) == moved_somewhere(displaced, last) == []
    everywhere = replace(found, pooled=replace(found.pooled, verdicts=moved.verdicts))
    assert moved_somewhere(everywhere, last) == []


def test_where_it_moved_is_asked_of_each_area_in_its_own_month(displaced):
    """An area that began three months later is three verdicts behind; before that it has none."""
    first, second = displaced.by_area
    own = replace(second, verdicts=(Verdict.FEWER_MOVED, *second.verdicts[4:]))
    found = replace(displaced, starts=(SINCE, SINCE.plus(3)), by_area=(first, own))
    assert [moved_somewhere(found, at) for at in (2, 3, 4)] == [[], ["B"], []]


# ---- At the edge ---------------------------------------------------------------------------
