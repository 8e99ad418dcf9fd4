"""One sentence for each verdict, with its numbers; and before and after never alone."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from csa.base import text as csa_text
from csa.base.params import Month
from csa.displacement.expectation import Expectation
from csa.displacement.sentences import (
    KEYS,
    POWER,
    Course,
    find_power,
    row_for,
    say_before_after,
    say_power,
    say_single,
    say_verdict,
)
from csa.displacement.verdict import AreaVerdict, Track, Verdict, judge_place
from tests.sentences import says

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


def course_of(areas, months, rest=(0, 0), expected=0.0):
    """What areas had before and since; a rest of nothing is not told of."""
    return Course(months, areas, rest, expected)


def few(counted, expected):
    core = track_of(counted, expected, counted, counted, is_told=False)
    return AreaVerdict(core, None, 3.0, (Verdict.TOO_FEW,) * len(counted))


# ---- By hand -------------------------------------------------------------------------------

SAID = {
    Verdict.NO_CHANGE: (200, 1500, "No change shown since February 2020: "),
    Verdict.FEWER_UNKNOWN: (
        120,
        1500,
        "Fewer here; whether it moved cannot be told since February 2020: ",
    ),
    Verdict.MORE: (290, 1500, "More here since February 2020: "),
    Verdict.FEWER_MORE_NEXT: (120, 1700, "Fewer here and more next door since February 2020: "),
    Verdict.FEWER_FEWER_NEXT: (120, 1300, "Fewer here and next door since February 2020: "),
    Verdict.MORE_FEWER_NEXT: (290, 1300, "More here and fewer next door since February 2020: "),
    Verdict.SAME_MORE_NEXT: (200, 1700, "No change here and more next door since February 2020: "),
}


@pytest.mark.parametrize("verdict", SAID)
def test_each_verdict_is_short_sentences_with_what_was_counted_and_what_could_have_come(verdict):
    core, ring, begins = SAID[verdict]
    judged = judged_of(core, ring)
    assert judged.verdicts[1] is verdict
    said = say_verdict(judged, 2, SINCE, WHO)
    assert said.key == "displacement.said"
    assert str(said) == (
        f"{begins}the 12 areas together had {core} shootings; about 200 were expected "
        f"(160 to 240 could be chance). Next door there were {ring:,}; about 1,500 "
        "were expected (1,400 to 1,600)."
    )


def test_every_verdict_has_its_own_words():
    assert set(KEYS) == set(Verdict) == {*SAID, Verdict.FEWER, Verdict.TOO_FEW}
    assert len(set(KEYS.values())) == len(Verdict)


def test_an_area_without_a_ring_is_told_of_alone():
    said = say_verdict(judged_of(120), 2, SINCE, "West End (A)")
    assert said.key == "displacement.said_alone"
    assert str(said) == (
        says(
            "displacement.said_alone",
            verdict="Fewer here; whether it moved cannot be told",
            since="February 2020",
            who="West End (A)",
            counted=120,
            expected=200,
            low=160,
            high=240,
        )
    )


def test_that_nothing_moved_is_said_with_core_and_ring_together_when_they_were_asked():
    core = track_of(
        [10 * n for n in range(1, 15)],
        [20.0 * n for n in range(1, 15)],
        [15 * n for n in range(1, 15)],
        [40 * n for n in range(1, 15)],
    )
    ring = track_of(
        [30 * n for n in range(1, 15)],
        [30.0 * n for n in range(1, 15)],
        [0] * 14,
        [60 * n for n in range(1, 15)],
    )
    judged = judge_place(core, ring, 3.0, frozenset({-1, 1}))
    assert say_verdict(judged, 11, SINCE, WHO).key == "displacement.said"
    assert judged.verdicts[10:] == (Verdict.FEWER_UNKNOWN, *[Verdict.FEWER] * 3)
    assert str(say_verdict(judged, 14, SINCE, WHO)) == (
        says(
            "displacement.said_net",
            verdict="Fewer here, and no displacement shown",
            since="February 2020",
            who="the 12 areas together",
            counted=140,
            expected=280,
            low=210,
            high=560,
            ring_counted=420,
            ring_expected=420,
            ring_low=0,
            ring_high=840,
            look=12,
            net_counted=480,
            net_expected=600,
            net_low=552,
            net_high=648,
        )
    )


@pytest.mark.parametrize("n_months", [3, 30])
def test_of_a_range_that_spans_more_than_twice_its_middle_only_that_it_cannot_be_told(n_months):
    """9 to 515 about 160, as a city read: the doubt is too large, and more months mend nothing."""
    mean = np.array([160.0] * n_months)
    core = Track(
        np.full(n_months, 150), Expectation(mean, np.full(n_months, 0.9)),
        np.full(n_months, 9), np.full(n_months, 515), np.zeros(n_months), np.ones(n_months, bool),
    )  # fmt: skip
    judged = judge_place(core, None, 3.0, frozenset({-1, 1}))
    for tell in (say_verdict, say_single):
        assert str(tell(judged, n_months, SINCE, WHO)) == (
            says(
                "displacement.said_too_wide",
                who="the 12 areas together",
                n=150,
                since="February 2020",
            )
        )


def test_of_a_ring_with_too_wide_a_range_only_the_count_is_told():
    ring = track_of([9, 30], [10.0, 30.0], [0, 0], [60, 90])
    judged = judge_place(judged_of(120).core, ring, 3.0, frozenset({-1, 1}))
    assert str(say_verdict(judged, 2, SINCE, WHO)).endswith(
        "(160 to 240 could be chance). Next door there were 30: too few to say."
    )


def test_what_is_said_is_of_the_months_that_were_asked_for():
    said = str(say_verdict(judged_of(120, 1700), 1, SINCE, WHO))
    assert "had 5 shootings; about 50 were expected (30 to 70" in said
    assert "Next door there were 9; about 40 were expected (20 to 60)." in said
    assert said.startswith("Fewer here and next door since February 2020")


@pytest.mark.parametrize(
    ("counted", "expected", "at", "until"),
    [
        # At 3 deviations chance alone spans twice what is expected up to some 9 incidents;
        # 1 and 3 in two months are 1 a month on average: a mean of 11 takes 11 months.
        ([0, 1], [1.0, 3.0], 2, "December 2020"),
        ([2], [2.0], 1, "July 2020"),
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
        says(
            "displacement.said_too_few_until",
            who="West End (A)",
            n=1,
            since="February 2020",
            until="December 2020",
        )
    )
    assert str(say_verdict(few([2], [2.0]), 1, SINCE, WHO)) == (
        says(
            "displacement.said_too_few_until",
            who="the 12 areas together",
            n=2,
            since="February 2020",
            until="July 2020",
        )
    )


def test_before_and_after_are_told_a_month_beside_what_such_areas_do_by_themselves():
    told, usual = say_before_after(course_of((1200, 450), (24, 12)), -0.163, 5, 12)
    assert str(told) == (
        says(
            "displacement.before_after",
            before=1200,
            months_before=24,
            before_monthly=50.0,
            after=450,
            months_after=12,
            after_monthly=37.5,
        )
    )
    assert str(usual) == (says("displacement.usual_fall", n=5, share="16 %", within=12))


def test_where_such_areas_usually_rise_that_is_said():
    _, usual = say_before_after(course_of((120, 45), (24, 12)), 0.04, 1, 9)
    assert str(usual) == (says("displacement.usual_rise", share="4 %", within=9, n=1))


def test_where_no_past_year_is_known_what_is_assumed_is_said():
    _, usual = say_before_after(course_of((120, 45), (24, 12)), None, 0, 0)
    assert str(usual) == (says("displacement.usual_unknown"))


def rest_said(areas, rest, expected):
    told, _ = say_before_after(course_of(areas, (24, 12), rest, expected), None, 0, 0)
    _, _, said = str(told).partition("a month. Since: ")
    return said.partition(" a month. ")[2]


def test_where_the_rest_fell_too_a_fall_here_was_to_be_expected():
    assert rest_said((814, 192), (1507, 426), 201.0) == (
        says("displacement.rest_fell", rest_before=62.8, rest_after=35.5)
    )


def test_where_the_rest_rose_a_rise_here_was_to_be_expected():
    assert rest_said((522, 252), (504, 319), 299.0) == (
        says("displacement.rest_rose", rest_before=21.0, rest_after=26.6)
    )


def test_beside_no_change_in_one_area_stands_how_seldom_a_large_fall_is_found():
    core = track_of([9, 20], [11.0, 20.4], [3, 6], [24, 40])
    judged = judge_place(core, None, 3.0, frozenset({-1, 1}))
    said = str(say_single(judged, 2, SINCE, "West End (A)"))
    # 20.4 in two months are 122 a year: there such a fall is found in most areas.
    assert said == str(say_verdict(judged, 2, SINCE, "West End (A)"))
    core = track_of([1] * 11 + [20], [1.0] * 11 + [21.0], [0] * 12, [42] * 12)
    judged = judge_place(core, None, 3.0, frozenset({-1, 1}))
    assert str(say_single(judged, 12, SINCE, "West End (A)")) == (
        "No change shown since February 2020: West End (A) had 20 shootings; about 21 were "
        "expected (0 to 42 could be chance). With about 21 expected a year in an area, even "
        "60 % fewer there would hardly ever be found within 12 months: look at all areas together."
    )


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_months", [1, 24, 40])
def test_where_nothing_came_and_nothing_is_expected_no_month_is_named(n_months):
    judged = few([0] * n_months, [0.0] * n_months)
    said = say_verdict(judged, n_months, SINCE, "West End (A)")
    assert said.key == "displacement.said_too_few"
    assert str(said) == says(
        "displacement.said_too_few", who="West End (A)", n=0, since="February 2020"
    )


@pytest.mark.parametrize(("pace", "is_named"), [(0.44, True), (0.4399, False)])
def test_a_wait_of_over_two_years_is_not_promised(pace, is_named):
    # At 0.44 a month a mean of 11 takes 25 months.
    said = say_verdict(few([0], [2 * pace]), 1, SINCE, WHO)
    assert ("until" in said.values) == is_named


def test_where_the_rest_of_the_city_is_too_small_no_month_is_named():
    said = say_verdict(few([40], [40.0]), 1, SINCE, WHO)
    assert said.key == "displacement.said_too_few"


def test_on_few_incidents_no_percent_is_told_but_what_is_usual():
    told, usual = say_before_after(course_of((3, 5), (24, 12)), -0.1, 3, 12)
    assert "%" not in str(told)
    assert str(told) == says(
        "displacement.before_after",
        before=3,
        months_before=24,
        before_monthly=0.1,
        after=5,
        months_after=12,
        after_monthly=0.4,
    )
    assert str(usual).count("%") == 1


@pytest.mark.parametrize(
    ("change", "key"),
    [(-0.01, "fall"), (-0.0099, "same"), (0.0, "same"), (0.0099, "same"), (0.01, "rise")],
)
def test_a_change_of_less_than_one_in_a_hundred_is_told_as_none(change, key):
    usual = say_before_after(course_of((3, 5), (24, 12)), change, 2, 12)[1]
    assert usual.key == f"displacement.usual_{key}"
    assert str(usual).startswith("In 2 past years areas picked this way")


@pytest.mark.parametrize(
    ("rest", "expected", "reason"),
    [
        ((2000, 951), 40.0, ""),  # a fall of less than a twentieth explains nothing
        ((2000, 950), 40.0, ", so fewer would be expected here too"),
        ((2000, 950), 50.0, ""),  # as many expected as there were: no reason
        ((2000, 950), 60.0, ""),
        ((2000, 1050), 60.0, ", so more would be expected here too"),
        ((2000, 1050), 40.0, ""),  # the rest rose, and fewer were expected all the same
        ((2000, 0), 40.0, ", so fewer would be expected here too"),
    ],
)
def test_the_rest_is_a_reason_only_where_what_was_expected_went_its_way(rest, expected, reason):
    last = f"{rest[1] / 12:.1f}"
    assert rest_said((100, 40), rest, expected) == (
        f"The rest of the city went from 83.3 to {last} a month{reason}."
    )


def test_where_the_rest_had_nothing_before_it_is_not_told_of():
    assert rest_said((100, 40), (0, 7), 40.0) == ""


@pytest.mark.parametrize(
    ("yearly", "n_months", "said"),
    [
        (5, 1, "would hardly ever be found within 12 months"),
        (5.4, 13, "would hardly ever be found within 24 months"),
        (10, 24, "would hardly ever be found within 24 months"),
        (20, 12, "would hardly ever be found within 12 months"),
        (20, 40, "9 times in 100 within 24 months"),
        (
            30,
            12,
            "would hardly ever be found within 12 months",
        ),  # as near to 20 as to 40: the lesser
        (40, 24, None),
        (80, 12, None),
        (9000, 12, None),
    ],
)
def test_how_seldom_a_fall_by_60_percent_is_found_in_an_area_of_that_size(yearly, n_months, said):
    told = say_power(yearly, n_months)
    assert (told is None) == (said is None)
    if told is not None:
        text = str(told)
        assert said in text
        assert text.startswith(f"With about {yearly:.0f} expected a year in an area, even 60 % ")
        assert text.endswith(": look at all areas together.")


@pytest.mark.parametrize("core", [120, 290])
def test_beside_a_change_or_too_few_nothing_is_said_of_what_is_found(core):
    judged = judged_of(core, 1500)
    assert say_single(judged, 2, SINCE, WHO) == say_verdict(judged, 2, SINCE, WHO)
    few_only = few([3], [3.0])
    assert say_single(few_only, 1, SINCE, WHO) == say_verdict(few_only, 1, SINCE, WHO)


# ---- True in general -----------------------------------------------------------------------


def test_what_is_found_is_said_of_the_points_that_were_measured():
    for point, n_months in product(POWER, (1, 12, 13, 24, 25)):
        if point.moved:
            continue
        found = find_power(point.incidents_yearly, point.drop_share, n_months)
        assert found.months == (12 if n_months <= 12 else 24)
        assert (found.incidents_yearly, found.drop_share, found.moved) == (
            point.incidents_yearly,
            point.drop_share,
            False,
        )


@given(st.floats(0, 1000))
def test_the_row_that_is_taken_promises_no_more_than_the_area_has(yearly):
    row = row_for(yearly)
    below = {one.incidents_yearly for one in POWER if one.incidents_yearly <= yearly}
    assert row == max(below, default=min(one.incidents_yearly for one in POWER))


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

    def is_enough(months):
        mean = expected * months / n_months
        low, high = poisson.ppf(norm.sf(3.0), mean), poisson.isf(norm.sf(3.0), mean)
        return (counted * months / n_months + mean) / 2 >= 11 and high - low <= 2 * mean

    by_name = {csa_text.month(str(SINCE.plus(step))): step + 1 for step in range(60)}
    first = next((n for n in range(n_months, n_months + 25) if is_enough(n)), None)
    assert (None if named is None else by_name[named[1]]) == (None if first == n_months else first)


@given(core=st.integers(0, 400), ring=st.none() | st.integers(1000, 2000))
def test_no_sentence_says_that_anything_moved_or_tells_a_percent(core, ring):
    said = str(say_verdict(judged_of(core, ring), 2, SINCE, WHO))
    said = said.replace("whether it moved cannot be told", "")
    assert not re.search(r"%|moved|significant|hot ?spot", said)
    assert said.count(".") == (1 if ring is None else 2)
    assert said.endswith(".")
