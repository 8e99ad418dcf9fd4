"""One sentence for each verdict, with its numbers; and before and after never alone."""

import math
import re

import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm, poisson
from tests.change.courses import far_of, judge, track_of
from tests.sentences import says

from csa.base import text as csa_text
from csa.base.params import Month
from csa.change.past import CORE, NOT_CHOSEN, PRIOR_SPREAD
from csa.change.sentences import (
    FALLS,
    KEYS,
    STUDIED,
    BeforeAfter,
    band_words,
    describe_before_after,
    describe_net_change,
    describe_power,
    describe_reach,
    describe_result,
    edge_words,
    name_verdict,
    than_expected,
)
from csa.change.verdict import AreaResult, band_edges, moved_share, net_change
from csa.city.preregistration import Verdict

SINCE = Month(2020, 2)
WHO = "the 12 areas together"


def judged_of(core, ring=None):
    """Judge an area after two months: 200 expected in it and 1,500 around it, by chance alone."""
    here = track_of([core // 2, core - core // 2], 100, line=3.0)
    near = None if ring is None else track_of([ring // 2, ring - ring // 2], 750, line=3.0)
    return judge(here, near)


def says_power(judged):
    """Return what stands beside no change."""
    return str(describe_power(judged.core, 1))


def bounds(mean):
    """Return the least and the greatest count that three deviations of chance alone allow."""
    return int(poisson.ppf(norm.sf(3.0), mean)), int(poisson.isf(norm.sf(3.0), mean))


def course_of(areas, months, rest=(0, 0), expected=0.0):
    """What areas had before and since; a rest of nothing is not told of."""
    return BeforeAfter(months, areas, rest, expected)


def few(counted, expected, line=3.0):
    """Make an area too small to tell, of counts and what was expected each month."""
    core = track_of(
        [one - last for one, last in zip(counted, [0, *counted], strict=False)],
        [one - last for one, last in zip(expected, [0.0, *expected], strict=False)],
        line=line,
        is_told=False,
    )
    return AreaResult(core, None, line, (Verdict.TOO_FEW,) * len(counted))


# ---- By hand -------------------------------------------------------------------------------

SAID = {
    Verdict.NO_CHANGE: (200, 1500),
    Verdict.FEWER_UNKNOWN: (120, 1500),
    Verdict.MORE: (290, 1500),
    Verdict.FEWER_MOVED: (60, 1640),
    Verdict.MORE_NEXT: (200, 1700),
}


@pytest.mark.parametrize("verdict", SAID)
def test_each_verdict_is_told_with_what_was_counted_and_what_could_have_come(verdict):
    core, ring = SAID[verdict]
    judged = judged_of(core, ring)
    assert judged.verdicts[1] is verdict
    (low, high), (ring_low, ring_high) = bounds(200), bounds(1500)
    assert (low, high, ring_low, ring_high) == (159, 244, 1385, 1618)
    said = [
        says(
            "displacement.said",
            verdict=name_verdict(verdict),
            since="February 2020",
            who=WHO,
            counted=core,
            expected=200.0,
            low=low,
            high=high,
        ),
        says("displacement.next_door", counted=ring, expected=1500.0, low=ring_low, high=ring_high),
    ]
    told = str(describe_result(judged, 2, SINCE, WHO))
    power = [says_power(judged)] if verdict is Verdict.NO_CHANGE else []
    assert told == " ".join([*said, *power])
    net = net_change(judged, 1)
    assert str(describe_net_change(judged, 1)).startswith(
        says(
            "displacement.net",
            change=than_expected(core + ring - 1700),
            low=than_expected(net.low),
            high=than_expected(net.high),
        )
    )


@pytest.mark.parametrize(
    ("core", "errors", "far"),
    [
        (600, (0.03, 0.03), "two miles (3,000 m)"),
        (816, (0.03, 0.1), "a mile (1,500 m)"),
        # No farther than the first band that would be missed.
        (816, (0.1, 0.03), "half a mile (750 m)"),
        (852, (0.03, 0.03), "half a mile (750 m)"),  # fewer within 750 m: all of it was not there
        (864, (0.03, 0.03), None),
    ],
)
def test_a_fall_says_how_far_out_all_of_it_would_have_been_noticed(core, errors, far):
    """One deviation of 1,000 is 43.6, so a band is named from 1,122 on.

    184 more are above that 90 times in 100, 148 more 71, 136 more 62 times. Known to 10%, one
    deviation is 105, and a band is named from 1,299 on.
    """
    judged = far_of(1000, 1000, 1000, core=core, errors=errors)
    key = "displacement.reach_none" if far is None else "displacement.reach"
    said = says(key, **({} if far is None else {"far": far}))
    assert str(describe_reach(judged, 11)) == said
    assert said in str(describe_result(judged, 12, SINCE, WHO))
    assert describe_reach(judged, 10) is None  # before the first yearly look


def test_where_more_came_farther_out_or_nothing_fell_no_reach_is_said():
    assert describe_reach(far_of(1000, 1000, 1200), 11) is None
    assert describe_reach(far_of(1000, 1000, 1000, core=1000), 11) is None


def test_every_verdict_has_its_own_words():
    others = {Verdict.FEWER, Verdict.FEWER_WIDE, Verdict.FEWER_ONCE, Verdict.MORE_ONCE}
    others |= {Verdict.FEWER_MOVED_ON, Verdict.FEWER_MOVED_FAR, Verdict.FEWER_FEWER_NEXT}
    others |= {Verdict.TOO_FEW, Verdict.TOO_EARLY}
    assert set(KEYS) == set(Verdict) == {*SAID, *others}
    assert len({name_verdict(one) for one in Verdict}) == len(Verdict)


def test_an_area_without_a_ring_is_told_of_alone():
    assert str(describe_result(judged_of(120), 2, SINCE, "West End (A)")) == says(
        "displacement.said",
        verdict="Fewer here; may have moved",
        since="February 2020",
        who="West End (A)",
        counted=120,
        expected=200.0,
        low=159,
        high=244,
    )


def test_of_a_ring_with_too_few_only_that_is_said_and_nothing_of_both_together():
    judged = judge(track_of([60, 60], 100, line=3.0), track_of([20, 10], 750, is_told=False))
    said = str(describe_result(judged, 2, SINCE, WHO))
    assert said.endswith(": 159 to 244). " + says("displacement.next_door_few", n=30))
    assert describe_net_change(judged, 1) is None


def test_what_is_said_is_of_the_months_that_were_asked_for():
    judged = judge(track_of([50, 80], 100, line=3.0), track_of([600, 750], 750, line=3.0))
    said = str(describe_result(judged, 1, SINCE, WHO))
    assert said.startswith("Fewer here; may have moved: since February 2020, ")
    low, high = bounds(100)
    assert f"had 50 shootings; about 100 were expected (no-change range: {low} to {high})" in said
    assert "Nearby there were 600; about 750 were expected (no-change range: 669 to 833)." in said


def test_a_fall_that_was_shown_and_is_kept_is_told_with_the_month_that_showed_it_last():
    """6 of 10 a month for a year, then 8: shown until August 2021, the nineteenth month."""
    judged = judge(track_of([6] * 12 + [8] * 12, 10, line=2.86, error=0.1))
    assert judged.shown_before(23) == 18
    core = judged.core
    assert str(describe_result(judged, 24, SINCE, WHO)) == says(
        "displacement.said_kept",
        verdict=name_verdict(Verdict.FEWER_UNKNOWN),
        last="August 2021",
        since="February 2020",
        who=WHO,
        counted=168,
        expected=240.0,
        low=core.bound_low[23],
        high=core.bound_high[23],
    )


@pytest.mark.parametrize(("rate", "verdict"), [(4, Verdict.FEWER_ONCE), (20, Verdict.MORE_ONCE)])
def test_what_is_over_is_told_with_its_months_and_what_came_since(rate, verdict):
    judged = judge(track_of([rate] * 12 + [10] * 11, 10, line=2.86))
    assert judged.verdicts[-1] is verdict
    assert str(describe_result(judged, 23, SINCE, WHO)) == says(
        "displacement.said_once",
        verdict=name_verdict(verdict),
        since="February 2020",
        until="January 2021",
        who=WHO,
        counted=12 * rate,
        expected=120.0,
        later=110,
        later_expected=110.0,
    )


@pytest.mark.parametrize(
    ("core", "ring", "key"),
    [
        (60, 1640, "moved"),  # 140 here, and 140 next door
        (120, 1500, "moved_none"),
        (120, 1440, "moved_none"),  # fewer there too, within chance
        (155, 1520, "moved_unknown"),  # of 45, anything
    ],
)
def test_which_share_of_a_fall_is_found_next_door_is_told_as_far_as_it_is_known(core, ring, key):
    judged = judged_of(core, ring)
    found = moved_share(judged, 1)
    values = {
        "moved": {"share": "100%", "low": f"{100 * found.low:.0f}%", "high": "100%"},
        "moved_none": {"high": f"{100 * min(found.high, 1):.0f}%"},
        "moved_unknown": {},
    }[key]
    said = str(describe_net_change(judged, 1))
    assert said.endswith(says(f"displacement.{key}", missing=200.0 - core, **values))


@pytest.mark.parametrize("verdict", [Verdict.MORE, Verdict.MORE_NEXT])
def test_where_nothing_can_have_moved_next_door_no_share_is_told(verdict):
    net = says("displacement.net", change="", low="", high="").partition(":")[0]
    said = str(describe_net_change(judged_of(*SAID[verdict]), 1))
    assert said.startswith(net)
    assert said.count(".") == 1


def test_beside_no_change_stands_how_often_falls_would_have_been_shown():
    """Of 200, below 159 is shown: of a mean of 160 so are 46 in 100, of 140 94."""
    assert (FALLS, STUDIED) == ((0.2, 0.3), (0.07, 0.23))
    shown = [round(100 * poisson.cdf(158, mean)) for mean in (160, 140)]
    assert shown == [46, 94]
    told = says(
        "displacement.power",
        lesser="20%",
        n_lesser=46,
        larger="30%",
        n_larger=94,
        least="7%",
        most="23%",
    )
    assert str(describe_result(judged_of(200, 1500), 2, SINCE, WHO)).endswith(f"1,618). {told}")
    assert str(describe_power(judged_of(200).core, 1)) == told
    # Of one of several areas, only the larger, since little is found in one.
    one = says("displacement.power_one", larger="60%", n_larger=100)
    assert str(describe_result(judged_of(200), 2, SINCE, WHO, is_one=True)).endswith(f"). {one}")


@pytest.mark.parametrize(
    ("change", "words"),
    [(-80.4, "80 fewer"), (12, "12 more"), (-0.4, "0 more"), (-1234.5, "1,234 fewer")],
)
def test_a_difference_is_a_number_fewer_or_more(change, words):
    assert than_expected(change) == words


@pytest.mark.parametrize(
    ("key", "values", "prior"),
    [
        ("change_page.how_no_past", {}, CORE),
        ("follow.usual_unknown", {"options": ""}, CORE),
        ("follow.usual_other_way", {}, CORE),
        ("follow.no_past_year", {"since": "May 2020"}, CORE),
        ("follow.usual_since", {"since": "May 2020"}, NOT_CHOSEN),
        ("follow.usual_earlier", {"since": "May 2020"}, NOT_CHOSEN),
    ],
)
def test_what_is_assumed_where_no_past_is_known_is_told_as_it_is(key, values, prior):
    told, error = says(key, **values).replace(" %", "%"), math.hypot(prior.error, PRIOR_SPREAD)
    assert f"{100 * error:.0f}%" in told
    assert (f"{100 * (1 - prior.ratio):.0f}%" in told) == (prior is CORE)


@pytest.mark.parametrize(
    ("counted", "expected", "at", "until"),
    [
        # At 3 deviations none is a surprise from 6.61 expected on, by Poisson's law.
        ([0, 1], [1.0, 3.0], 2, "June 2020"),  # 1.5 a month: 7.5 in the fifth
        ([2], [2.0], 1, "May 2020"),  # 2 a month: 8 in the fourth
        ([6], [6.6], 1, "March 2020"),
    ],
)
def test_too_few_names_the_month_by_which_there_may_be_enough(counted, expected, at, until):
    said = describe_result(few(counted, expected), at, SINCE, "West End (A)")
    assert said.key == "displacement.said_too_few_until"
    assert said.values == {
        "who": "West End (A)", "n": counted[at - 1], "since": "February 2020", "until": until,
    }  # fmt: skip


def test_before_and_after_are_told_a_month_beside_what_such_areas_do_by_themselves():
    told, usual = describe_before_after(course_of((1200, 450), (24, 12)), -0.163, 5, 12)
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
    assert str(usual) == (says("displacement.usual_fall", n=5, share="16%", within=12))


def test_where_no_past_year_is_known_what_is_assumed_is_said():
    _, usual = describe_before_after(course_of((120, 45), (24, 12)), None, 0, 0)
    assert str(usual) == (says("displacement.usual_unknown"))


def rest_said(areas, rest, expected):
    told, _ = describe_before_after(course_of(areas, (24, 12), rest, expected), None, 0, 0)
    _, _, said = str(told).partition("a month. Since: ")
    return said.partition(" a month. ")[2]


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_months", [1, 24, 40])
def test_where_nothing_came_and_nothing_is_expected_no_month_is_named(n_months):
    judged = few([0] * n_months, [0.0] * n_months)
    said = describe_result(judged, n_months, SINCE, "West End (A)")
    assert said.key == "displacement.said_too_few"
    assert str(said) == says(
        "displacement.said_too_few", who="West End (A)", n=0, since="February 2020"
    )


@pytest.mark.parametrize(("pace", "is_named"), [(0.265, True), (0.264, False)])
def test_a_wait_of_over_two_years_is_not_promised(pace, is_named):
    # At 6.61 / 25 a month it takes 25 months until none would be a surprise.
    said = describe_result(few([0], [pace]), 1, SINCE, WHO)
    assert ("until" in said.values) == is_named


def test_where_the_rest_of_the_city_is_too_small_no_month_is_named():
    said = describe_result(few([40], [40.0]), 1, SINCE, WHO)
    assert said.key == "displacement.said_too_few"


@pytest.mark.parametrize(
    ("change", "key"),
    [(-0.01, "fall"), (-0.0099, "same"), (0.0, "same"), (0.0099, "same"), (0.01, "rise")],
)
def test_a_change_of_less_than_one_in_a_hundred_is_told_as_none(change, key):
    usual = describe_before_after(course_of((3, 5), (24, 12)), change, 2, 12)[1]
    assert usual.key == f"displacement.usual_{key}"
    assert str(usual).startswith("After 2 past starts, areas picked this way")


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


def test_a_rest_that_reads_the_same_before_and_since_stayed():
    assert (
        rest_said((100, 40), (2000, 1000), 40.0) == "The rest of the city stayed at 83.3 a month."
    )
    assert "went from 83.3 to 83.4" in rest_said((100, 40), (2000, 1001), 40.0)


def test_where_the_rest_had_nothing_before_it_is_not_told_of():
    assert rest_said((100, 40), (0, 7), 40.0) == ""


def test_where_no_fall_can_be_shown_at_all_that_is_said():
    core = track_of([30], 30, line=6.0)
    assert core.bound_low[0] > 0
    assert str(describe_power(core, 0)) == says(
        "displacement.power_never", larger="30%", least="7%", most="23%"
    )


def test_a_share_is_never_told_as_more_than_all_nor_its_ends_in_the_wrong_order():
    """80 fewer here and 200 more next door: at least 159% of the fall, which is all of it."""
    judged = judged_of(120, 1700)
    assert moved_share(judged, 1).low > 1
    told = says("displacement.moved", missing=80.0, share="100%", low="100%", high="100%")
    assert str(describe_net_change(judged, 1)).endswith(told)


# ---- True in general -----------------------------------------------------------------------


@given(
    counted=st.integers(0, 21),
    expected=st.floats(0, 21),
    n_months=st.integers(1, 24),
)
def test_in_the_month_named_none_at_all_would_show_and_in_no_month_before(
    counted, expected, n_months
):
    """None shows where its chance by Poisson's law is below that of 3 deviations."""
    judged = few([counted] * n_months, [expected] * n_months)
    said = describe_result(judged, n_months, SINCE, WHO)
    named = re.search(r"before (\w+ \d{4})\.", str(said))

    def is_enough(months):
        return poisson.cdf(0, expected * months / n_months) < norm.sf(3)

    by_name = {csa_text.month(str(SINCE.plus(step))): step + 1 for step in range(60)}
    first = next((n for n in range(n_months, n_months + 25) if is_enough(n)), None)
    assert (None if named is None else by_name[named[1]]) == (None if first == n_months else first)


@pytest.mark.parametrize("band", [0, 1, 2])
def test_distances_in_words_are_those_that_are_counted(band):
    inner, outer = band_edges(band)
    meters = f"{inner:,.0f} to {outer:,.0f} m" if band else f"{outer:,.0f} m"
    assert f"({meters})" in band_words(band)
    assert f"({outer:,.0f} m)" in edge_words(band)
