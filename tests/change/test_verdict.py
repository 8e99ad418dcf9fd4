"""Verdicts: every pair of signs, counts at the boundary, what is left within a distance, what is kept."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import nbinom, norm, poisson
from tests.change.courses import (
    BOTH,
    RestOfCity,
    as_usual,
    course_of,
    far_of,
    follow,
    judge,
    track_of,
)
from tests.properties import examples

from csa.change.expectation import Baseline, Expectation, line_of
from csa.change.verdict import (
    BY_SIGN,
    AreaResult,
    Look,
    accumulate,
    follow_net,
    last_net_test,
    moved_share,
    net_change,
)
from csa.city.preregistration import BAND_Z, NET_Z, Verdict

UNKNOWN = "fewer here; may have moved"
SENTENCES = {
    (-1, -1): UNKNOWN,
    (-1, 0): UNKNOWN,
    (-1, 1): "fewer here, more nearby",
    (0, -1): "no clear change",
    (0, 0): "no clear change",
    (0, 1): "more nearby",
    (1, -1): "more here",
    (1, 0): "more here",
    (1, 1): "more here",
}
SHOWN = {-1: 50, 0: 100, 1: 150}
"""Where 100 are expected, 74 to 128 could be chance."""


def verdict_of(here, there, believed=BOTH, **ring):
    """Judge one month that shows these signs in the core and in the ring."""
    near = None if there is None else track_of([SHOWN[there]], 100, **ring)
    (found,) = judge(track_of([SHOWN[here]], 100), near, believed).verdicts
    return found


def slow_bounds(mean, variance, z):
    """Ask scipy's laws for the least and the greatest count that is no surprise."""
    tail = norm.sf(z)
    if variance <= mean:
        return poisson.ppf(tail, mean), poisson.isf(tail, mean)
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    return law.ppf(tail), law.isf(tail)


# ---- By hand --------------------------------------------------------------------------------


def test_areas_together_have_enough_once_the_longest_followed_has_and_all_had_before():
    def enough(*before):
        starts = zip(before, ([6, 6, 6], [0, 6, 6]), strict=True)  # the other starts a month later
        of = [course_of([1] * 3, Baseline(5.0, 1.0), RestOfCity(n, after), as_usual(3))
              for n, after in starts]  # fmt: skip
        return accumulate(of, 1.0, 2.7).has_enough.tolist()

    assert enough(11, 40) == [False, True, True]
    assert enough(10, 40) == [False] * 3


def test_every_pair_of_signs_has_its_verdict():
    pairs = list(itertools.product((-1, 0, 1), repeat=2))
    assert set(BY_SIGN) == set(pairs) == set(SENTENCES)
    for here, there in pairs:
        assert verdict_of(here, there) == SENTENCES[here, there]


def test_the_verdicts_are_a_closed_set_of_fourteen_and_eleven_claim_a_change():
    others = {"fewer here and within 750 m", "fewer here and within 1,500 m"}
    others |= {f"fewer here, more {band} m away" for band in ("750 to 1,500", "1,500 to 3,000")}
    others |= {f"{sign} for a while, no longer" for sign in ("fewer", "more")}
    others |= {"too small to tell", "too early to tell"}
    others |= {"fewer here and nearby"}
    assert set(map(str, Verdict)) == set(SENTENCES.values()) | others
    assert len(Verdict) == 14
    assert not [one for one in Verdict for word in ("in all", "citywide", "overall") if word in one]
    assert {one for one in Verdict if not one.is_alarm} == {
        Verdict.NO_CHANGE,
        Verdict.TOO_FEW,
        Verdict.TOO_EARLY,
    }


def net_of(core, ring, error):
    """Follow an area and its ring: 300 expected in one, 600 in the other, as the rest went."""
    rest = RestOfCity(3000, np.array([600, 900]))
    courses = [
        course_of(core, Baseline(600.0, 400.0), rest, as_usual(2, 0.9, 0.2)),
        course_of(ring, Baseline(1200.0, 900.0), rest, as_usual(2, 1.0, 0.3)),
    ]
    return follow_net(courses[:1], courses[1:], [as_usual(2, 0.5, error)] * 2, 1.6)


def test_core_and_ring_together_by_hand():
    """Expected is the sum of both; known as well as past starts tell of sums: by .04 of it.

    Of half the base in two months: .9 x 300 + 600 = 870. Dispersion is 1.6.
    """
    net = net_of([60, 90], [240, 300], 0.04)
    assert net.counted.tolist() == [300, 690]
    assert net.expectation.mean == pytest.approx([0.2 * (540 + 1200), 870.0])
    own = (0.9 * 0.5 * 20) ** 2 + (0.5 * 30) ** 2  # of each one's cells: independent
    shared = 870 * math.sqrt(1.6 * (1 / 3000 + 1 / 1500) + 0.04**2)
    error = math.sqrt(1.6 * own + shared**2) / 870
    assert net.expectation.relative_error[1] == pytest.approx(error)
    bounds = slow_bounds(870, 1.6 * 870 + (870 * error) ** 2, NET_Z)
    assert (net.bound_low[1], net.bound_high[1]) == bounds
    assert net.has_enough.tolist() == [True, True]


def test_core_and_ring_together_say_nothing_where_half_their_range_is_more_than_the_core():
    """1,000 expected here, 2,000 in both: 1.64 deviations are 1,000 at an error of .303."""
    for error, is_told in ((0.302, True), (0.304, False)):
        assert year_of(0, 996, error=error).net.has_enough[11] == is_told


def year_of(core, ring, error=0.05):
    """Thirteen months, 1,000 expected in core and in ring by the twelfth."""
    near, here = (track_of([n // 12] * 13, 1000 / 12, error=0.05, line=3.0) for n in (ring, core))
    return judge(here, near, net_error=error)


def test_fewer_within_750_m_is_said_only_where_all_of_the_fall_cannot_have_moved_there():
    """404 fewer of 2,000, where 1.96 deviations are some 215: asked after 12 months."""
    told = year_of(600, 996).verdicts
    assert told[-3:] == (Verdict.FEWER_UNKNOWN, Verdict.FEWER, Verdict.FEWER)
    for might in (year_of(684, 1128), year_of(600, 996, error=0.12)):  # 188, or hardly known
        assert might.verdicts[-1] is Verdict.FEWER_UNKNOWN
        assert Verdict.FEWER not in might.verdicts


def test_where_more_came_nearby_nothing_is_said_of_what_lies_within():
    """1,000 fewer and 300 more: both together fewer by far, but some of it moved nearby."""
    found = year_of(0, 1296)
    assert found.net.sign[11:].tolist() == [-1, -1]
    assert found.verdicts[-3:] == (Verdict.FEWER_MOVED,) * 3
    assert {one.n_within for one in found.looks} == {0}


@pytest.mark.parametrize(("months", "look"), [(1, 0), (11, 0), (12, 12), (23, 12), (24, 24)])
def test_core_and_ring_are_asked_together_once_a_year(months, look):
    assert last_net_test(months) == look


def test_what_was_once_shown_is_kept_though_the_sum_has_come_back_within_the_boundary():
    """6 of 10 a month for a year, then 8: shown after 8 to 19 months, and nothing says it is over."""
    judged = judge(track_of([6] * 12 + [8] * 12, 10, line=line_of(0.032, 24), error=0.1))
    assert judged.core.sign.tolist() == [0] * 7 + [-1] * 12 + [0] * 5
    assert judged.verdicts == (Verdict.NO_CHANGE,) * 7 + (Verdict.FEWER_UNKNOWN,) * 17
    assert [judged.shown_before(at) for at in (6, 7, 18, 19, 23)] == [None, None, None, 18, 18]
    assert set(judged.ended) == {None}


def test_the_first_alarm_is_the_first_month_that_claims_a_change():
    told = [Verdict.TOO_FEW, Verdict.NO_CHANGE, Verdict.FEWER, Verdict.MORE, Verdict.NO_CHANGE]
    assert AreaResult(track_of([9] * 5, 9), None, 2.7, tuple(told)).first_alarm == 3
    assert AreaResult(track_of([9] * 2, 9), None, 2.7, tuple(told[:2])).first_alarm is None


def test_before_its_day_an_area_has_nothing_and_says_nothing():
    judged = judge(track_of([50, 50], 100), track_of([90, 90], 100))
    late = judged.later(2)
    assert late.verdicts == (Verdict.TOO_FEW, Verdict.TOO_FEW, *judged.verdicts)
    assert late.ended == (None,) * 4
    for one, other in ((late.core, judged.core), (late.ring, judged.ring), (late.net, judged.net)):
        assert one.counted.tolist() == [0, 0, *other.counted]
        assert one.expectation.mean.tolist() == [0, 0, *other.expectation.mean]
        assert one.boundary_z.tolist() == [other.boundary_z[0]] * 2 + other.boundary_z.tolist()
        assert one.sign.tolist() == [0, 0, *other.sign]
        assert not one.has_enough[:2].any()


@pytest.mark.parametrize(
    ("mean", "error", "dispersion", "line", "drop"),
    [
        (200, 0.0, 1.0, 2.86, 0.2),
        (200, 0.1, 1.6, 2.86, 0.4),
        (40, 0.15, 1.3, 4.03, 0.6),
        (40, 0.05, 1.0, 2.86, 0.0),
    ],
)
def test_as_many_simulated_falls_are_shown_as_is_said(mean, error, dispersion, line, drop):
    """Rates drawn around the fallen mean, as far as the error and the dispersion say."""
    n_draws, fallen = 20_000, (1 - drop) * mean
    random = np.random.default_rng(int(1000 * drop + mean))
    spread = (dispersion - 1) * fallen + (error * fallen) ** 2
    rates = random.gamma(fallen**2 / spread, spread / fallen, n_draws) if spread else fallen
    counts, often = np.unique(random.poisson(rates, n_draws), return_counts=True)
    track = track_of([mean], mean, error=error, dispersion=dispersion, line=line)
    shown = [n for n in counts if track_like(track, n).sign[0] < 0]
    share = often[np.isin(counts, shown)].sum() / n_draws
    told = track.power(0, drop)
    assert told == pytest.approx(share, abs=4 * math.sqrt(max(told, 1e-3) / n_draws))


@pytest.mark.parametrize(
    ("mean", "error", "more"), [(200, 0.0, 60), (900, 0.05, 250), (40, 0.1, 0)]
)
def test_as_many_simulated_rises_of_a_band_are_named_as_is_said(mean, error, more):
    """An oracle of gamma and Poisson draws, counted against scipy's law and no code of ours."""
    variance = 1.3 * mean + (error * mean) ** 2
    line = slow_bounds(mean, variance, BAND_Z)[1]
    raised = mean + more
    extra = 0.3 * raised + (error * raised) ** 2
    rng = np.random.default_rng(54)
    drawn = rng.poisson(rng.gamma(raised**2 / extra, extra / raised, 200_000))
    track = track_of([0], mean, error=error, dispersion=1.3)
    assert track.power_of_more(0, more, BAND_Z) == pytest.approx(np.mean(drawn > line), abs=0.004)


def track_like(track, counted):
    """Count something else where as much was expected."""
    law = track.expectation
    return track_of(
        [counted],
        law.mean[0],
        error=law.relative_error[0],
        dispersion=law.dispersion,
        line=track.boundary_z[0],
    )


# ---- At the edge ----------------------------------------------------------------------------


def test_below_a_mean_of_eleven_more_is_not_said_but_fewer_is():
    """The mean of counted and expected: 10 expected and 12 counted is just enough."""
    compared = RestOfCity(100, np.array([100]))
    for counted, sign in ((12, 1), (11, 0), (0, -1)):
        track = follow(np.array([counted]), Baseline(10.0, 0.0), compared, as_usual(1), 1.0, 0.1)
        assert track.sign[0] == sign


@pytest.mark.parametrize(("mean", "said"), [(9.3, Verdict.TOO_FEW), (9.4, Verdict.FEWER_UNKNOWN)])
def test_where_not_even_a_complete_stop_would_show_it_is_too_small_to_tell(mean, said):
    """None of 9.4 has a chance of 8.3e-5 by Poisson's law: 3.767 deviations; of 9.3, 3.742."""
    found = judge(track_of([0], mean, line=3.75))
    assert (found.verdicts, found.core.power(0, 1.0) > 0) == ((said,), said is not Verdict.TOO_FEW)
    steady = judge(track_of([round(mean)], mean, line=3.75))
    assert steady.verdicts == ((said if said is Verdict.TOO_FEW else Verdict.NO_CHANGE),)


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [(10, 100, False), (100, 10, False), (0, 100, False), (100, 0, False), (11, 11, True)],
)
def test_with_too_few_in_the_rest_of_the_city_nothing_is_said(before, after, is_told):
    compared = RestOfCity(before, np.array([after]))
    track = follow(np.array([300]), Baseline(100.0, 10.0), compared, as_usual(1), 1.6, 2.7)
    assert track.has_enough[0] == is_told
    assert is_told or track.sign[0] == 0
    assert np.isfinite(track.expectation.mean).all()
    assert np.isfinite(track.z).all()


def test_where_nothing_was_expected_many_incidents_are_more():
    compared = RestOfCity(1000, np.array([1000]))
    for counted, sign in ((0, 0), (21, 0), (22, 1)):  # 22 and none make 11 on average
        track = follow(np.array([counted]), Baseline(0.0, 0.0), compared, as_usual(1), 1.6, 2.7)
        assert track.sign[0] == sign
        assert (track.bound_low[0], track.bound_high[0]) == (0, 0)


def test_an_area_without_a_ring_is_judged_alone():
    assert [verdict_of(sign, None) for sign in (-1, 0, 1)] == [
        UNKNOWN,
        "no clear change",
        "more here",
    ]
    judged = judge(track_of([50] * 24, 100))
    assert set(judged.verdicts) == {Verdict.FEWER_UNKNOWN}
    assert judged.ring is judged.net is None


def test_a_ring_with_too_few_to_say_shows_nothing_and_both_together_neither():
    ring = track_of([150] + [0] * 11, 100 / 12, is_told=False)
    judged = judge(track_of([4] * 12, 100 / 12), ring)
    assert set(judged.verdicts[-3:]) == {Verdict.FEWER_UNKNOWN}
    assert judged.ring.counted.tolist() == ring.counted.tolist()
    assert not judged.ring.has_enough.any()
    assert not judged.net.has_enough.any()
    assert judged.boundary_z == 2.7


def test_beyond_even_a_wide_range_a_change_is_said():
    """Of 100, known within a half: at 2.7 deviations 13 to 290 are no surprise."""
    for counted, said in (
        (12, Verdict.FEWER_UNKNOWN),
        (13, Verdict.NO_CHANGE),
        (290, Verdict.NO_CHANGE),
        (291, Verdict.MORE),
    ):
        assert judge(track_of([counted], 100, error=0.5)).verdicts == (said,)


# ---- Farther out, and zeros ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "said", "look"),
    [
        ((1000, 1000, 1000), Verdict.FEWER_WIDE, Look(None, 2, is_none_farther=True)),
        ((1000, 1200, 1000), Verdict.FEWER_MOVED_ON, Look(1, 1)),
        ((1000, 1000, 1200), Verdict.FEWER_MOVED_FAR, Look(2, 2)),
        ((1110, 1110, 1200), Verdict.FEWER_MOVED_FAR, Look(2, 1)),
        ((1200, 1000, 1150), Verdict.FEWER_MOVED, Look(0, 0)),
        ((1400, 1400, 1000), Verdict.FEWER_MOVED, Look(0, 0)),
        ((1110, 1110, 1000), Verdict.FEWER, Look(None, 1, is_none_farther=True)),
        # A low ring: a band is named that surprises more than it; else none may have half of 400.
        ((850, 1000, 1200), Verdict.FEWER_MOVED_FAR, Look(2, 2)),
        ((850, 1200, 1000), Verdict.FEWER_MOVED_ON, Look(1, 1)),
        ((700, 1000, 1200), Verdict.FEWER_UNKNOWN, Look(None, 2)),
        ((700, 1200, 1000), Verdict.FEWER_UNKNOWN, Look(None, 1)),
        ((700, 1116, 1000), Verdict.FEWER_FEWER_NEXT, Look(None, 2, is_none_farther=True)),
        ((700, 1000, 1116), Verdict.FEWER_FEWER_NEXT, Look(None, 2, is_none_farther=True)),
        ((700, 1128, 1000), Verdict.FEWER_UNKNOWN, Look(None, 1)),
        ((700, 1000, 1128), Verdict.FEWER_UNKNOWN, Look(None, 2)),
    ],
)
def test_the_band_of_the_largest_surprise_is_named_and_fewer_never_beyond_its_edge(
    counts, said, look
):
    """One deviation of 1,000 is 43.6, so 1,121 and more is told as more."""
    found = far_of(*counts)
    assert (found.verdicts[-1], found.looks[-1]) == (said, look)
    asked = {Verdict.FEWER_UNKNOWN, Verdict.FEWER_MOVED}
    assert found.verdicts[10] in asked  # by the ring alone, month by month


@pytest.mark.parametrize(("band", "said"), [(1068, Verdict.FEWER_WIDE), (1092, Verdict.FEWER)])
def test_fewer_within_1500_m_is_said_only_where_half_of_the_fall_cannot_be_in_the_band(band, said):
    """304 fewer: 1,152 in the band, known to 3%, would give 1,073 or more 95 times in 100."""
    assert 1068 < slow_bounds(1152, 1152 + 34.56**2, norm.isf(0.05))[0] <= 1092
    found = far_of(1000, band, 1000, core=700)
    assert found.farther.wide.sign[11] == -1  # of 3,000, 216 or 240 fewer: beyond 207
    assert found.farther.bands[0].counts.z[11] < BAND_Z
    assert found.verdicts[-1] is said


def test_the_net_is_of_the_core_and_the_band_that_more_came_in():
    """400 fewer here and 400 more far away: 0, and all of it moved there."""
    found = far_of(1000, 1000, 1400)
    assert found.looks[-1].moved_to == 2
    assert net_change(found, 11).change == pytest.approx(0, abs=12)
    share = moved_share(found, 11)
    assert share.share == pytest.approx(1, abs=0.03)
    assert share.low < 1 < share.high


def test_a_hidden_move_is_within_the_range_of_the_net():
    """Half the core's 400 in what it is compared with: it raises what is expected of both."""
    one = far_of(1000, 1000, 1000)
    known = net_change(one, 11)
    spread = net_change(replace(one, net=replace(one.net, leverage=np.full(12, 0.5))), 11)
    assert (spread.change, spread.low) == (known.change, known.low)
    assert spread.high == pytest.approx(known.high / 1.5)


def slow_e_value(counts, mean, variance):
    """Average ratios of likelihoods by scipy's laws, for each count."""
    if variance <= mean:
        laws = [poisson(left * mean) for left in (0.02, 0.2, 0.4, 0.6, 1.0)]
    else:
        size = mean**2 / (variance - mean)
        laws = [nbinom(size, size / (size + left * mean)) for left in (0.02, 0.2, 0.4, 0.6, 1.0)]
    *fallen, same = (law.pmf(counts) for law in laws)
    return sum(fallen) / 4 / same


@given(
    mean=st.floats(0.5, 300),
    error=st.sampled_from([0.0, 0.1, 0.3]),
    dispersion=st.sampled_from([1.0, 1.4]),
    asked=st.sampled_from([50.0, 650.0]),
)
def test_e_values_are_their_slow_definition(mean, error, dispersion, asked):
    law = Expectation(np.array([mean]), np.array([error]), dispersion)
    counts = np.arange(math.ceil(mean) + 1)
    slow = slow_e_value(counts, mean, law.variance[0])
    found = [law.e_values(np.array([float(n)]))[0] for n in counts]
    assert found == pytest.approx(slow, rel=1e-6)
    shows = [n for n in counts if slow[n] >= asked]
    assert law.least_without(np.array([asked]))[0] == len(shows)


def test_an_area_of_thirty_expected_and_none_counted_has_fewer():
    """As an e-value against 12 areas at .02; 39 expected, known within 15%, were too few to say."""
    empty = replace(
        track_of([0] * 24, 30 / 24, error=0.15, dispersion=1.3, line=3.56),
        evidence=np.full(24, 12 / 0.02),
    )
    said = judge(empty).verdicts
    assert said[-1] is Verdict.FEWER_UNKNOWN
    assert Verdict.NO_CHANGE not in said


def test_too_few_in_the_core_is_too_few_whatever_the_ring():
    core = track_of([50, 50], 100, is_told=[False, True])
    judged = judge(core, track_of([150, 150], 100))
    assert judged.verdicts == (Verdict.TOO_FEW, Verdict.FEWER_MOVED)


def test_where_only_fewer_is_believed_more_here_and_fewer_next_door_are_luck():
    fewer = frozenset({-1})
    assert [verdict_of(one, 1, fewer) for one in (-1, 0, 1)] == [
        "fewer here, more nearby",
        *["more nearby"] * 2,
    ]
    assert [verdict_of(one, -1, fewer) for one in (-1, 0, 1)] == [
        UNKNOWN,
        *["no clear change"] * 2,
    ]
    # Nor do both together say that it did not move.
    core, ring = (track_of([n] * 12, 100) for n in (50, 97))
    assert judge(core, ring).verdicts[-1] is Verdict.FEWER
    assert set(judge(core, ring, fewer).verdicts) == {Verdict.FEWER_UNKNOWN}
    assert [verdict_of(one, one, frozenset()) for one in (-1, 1)] == ["no clear change"] * 2
    assert verdict_of(1, -1, frozenset({1})) is Verdict.MORE


def test_no_months_have_no_verdict():
    judged = judge(track_of([], 9), track_of([], 9))
    assert judged.verdicts == ()
    assert judged.first_alarm is None


def test_where_not_even_none_at_all_would_be_a_surprise_no_fall_can_be_shown():
    """None of 30 has a chance of 9.4e-14: within the line at 7.4 deviations; at 5 some are not."""
    assert track_of([0], 30, line=7.4).power(0, 1.0) == 0.0
    track = track_of([0], 30, line=5.0)
    assert 0 < track.bound_low[0] < 15
    assert track.power(0, 0.5) == pytest.approx(poisson.cdf(track.bound_low[0] - 1, 15))


# ---- Refused --------------------------------------------------------------------------------


# ---- True in general ------------------------------------------------------------------------

months = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 300)), min_size=1, max_size=8)


@given(
    months=months,
    base=st.integers(0, 400),
    before=st.integers(1, 2000),
    ratio=st.sampled_from([0.85, 1.0]),
    dispersion=st.sampled_from([1.0, 1.6]),
    z=st.sampled_from([1.96, 2.7, 3.3]),
)
def test_a_track_is_its_slow_definition(months, base, before, ratio, dispersion, z):
    monthly, rest = (np.array(side) for side in zip(*months, strict=True))
    usual = as_usual(len(months), ratio, 0.05)
    track = follow(
        monthly, Baseline(base, base / 2), RestOfCity(before, rest), usual, dispersion, z
    )
    counted = so_far = 0
    for month, (own, other) in enumerate(months):
        counted, so_far = counted + own, so_far + other
        mean = base * so_far / before * ratio
        assert track.counted[month] == counted
        assert track.expectation.mean[month] == pytest.approx(mean)
        enough = so_far >= 11 and before >= 11
        assert track.has_enough[month] == enough
        if mean == 0:
            continue
        doubt = dispersion * (0.5 / base + 1 / before + 1 / so_far) + 0.05**2
        low, high = slow_bounds(mean, dispersion * mean + doubt * mean**2, z)
        assert (track.bound_low[month], track.bound_high[month]) == (max(low, 0), high)
        sign = int(counted > high and (counted + mean) / 2 >= 11) - int(counted < low)
        assert track.sign[month] == (sign if enough else 0)


@given(seed=st.integers(0, 2**32))
def test_a_count_beyond_the_boundary_is_as_surprising_as_the_boundary(seed):
    random = np.random.default_rng(seed)
    rest, monthly = random.poisson(60, 24), random.poisson(random.uniform(3, 12), 24)
    base = Baseline(float(random.integers(100, 400)), 60.0)
    track = follow(monthly, base, RestOfCity(2000, rest), as_usual(24, 1.0, 0.1), 1.4, 2.0)
    beyond = np.sign(track.z) * (np.abs(track.z) >= 2.0 - 1e-9)
    beyond[(beyond > 0) & ~track.is_enough] = 0
    assert beyond.tolist() == track.sign.tolist()


@examples(2)
@given(seed=st.integers(0, 2**32), believed=st.sampled_from([BOTH, frozenset({-1})]))
def test_no_later_month_changes_what_was_said_of_an_earlier_one(seed, believed):
    """Of areas that fall, end, rise and fall again, with rings that do so too."""
    random = np.random.default_rng(seed)
    rates = np.repeat(random.choice([0.2, 0.7, 1.0, 1.6], size=(2, 6)), 6, axis=1)
    core, ring = random.poisson(9 * rates)
    line, n = line_of(0.032, 36), int(random.integers(1, 36))
    whole, cut = (
        judge(*(track_of(one[:m], 9, error=0.08, line=line[:m]) for one in (core, ring)), believed)
        for m in (36, n)
    )
    assert whole.verdicts[:n] == cut.verdicts
    assert whole.ended[:n] == cut.ended


@examples(2)
@given(seed=st.integers(0, 2**32))
def test_a_change_that_was_shown_is_told_until_it_is_over_or_another_is_shown(seed):
    random = np.random.default_rng(seed)
    rates = np.repeat(random.choice([0.3, 0.7, 1.0, 1.5], size=4), 9)
    judged = judge(track_of(random.poisson(9 * rates), 9, error=0.08, line=line_of(0.032, 36)))
    kept = 0
    for sign, fade, said in zip(judged.core.sign, judged.ended, judged.verdicts, strict=True):
        kept = sign or kept
        if said is Verdict.TOO_FEW:
            continue
        if fade is None:
            wanted = {-1: Verdict.FEWER_UNKNOWN, 0: Verdict.NO_CHANGE, 1: Verdict.MORE}[kept]
        else:
            wanted = Verdict.FEWER_ONCE if kept < 0 else Verdict.MORE_ONCE
            assert fade.sign == kept
        assert said is wanted


@given(
    mean=st.floats(1, 500),
    error=st.floats(0, 0.5),
    dispersion=st.floats(1, 3),
    drops=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_larger_fall_is_shown_no_less_often_and_none_no_more_than_the_line_allows(
    mean, error, dispersion, drops
):
    track = track_of([0], mean, error=error, dispersion=dispersion, line=2.9)
    lesser, larger = (track.power(0, drop) for drop in sorted(drops))
    assert 0 <= lesser <= larger + 1e-9 <= 1 + 1e-9
    assert track.power(0, 0.0) < norm.sf(2.9)
