"""What is left of core and ring and which share moved: by hand, by Fieller's theorem, and at the edge."""

import math

import pytest
from hypothesis import given, strategies as st
from scipy.optimize import brentq
from scipy.stats import nbinom
from tests.change.courses import judge, track_of
from tests.properties import examples

from csa.change.verdict import MovedShare, NetChange, moved_share, net_change

EACH_SIDE = 1.6448536


def judged_of(core, ring, *, errors=(0.05, 0.05, 0.05), dispersion=1.3, mean=(400, 500), **near):
    """Judge one month of core and ring: 400 and 500 expected, known to .05, both together too."""
    here = track_of([core], mean[0], error=errors[0], dispersion=dispersion)
    there = track_of([ring], mean[1], error=errors[1], dispersion=dispersion, **near)
    return judge(here, there, net_error=errors[2])


def fieller(judged):
    """Return where 5% and 95% of ratios of two normal numbers that go together lie.

    A ratio is below q as often as the one less q times the other is below 0.
    Fieller (1954), Journal of the Royal Statistical Society B 16, pp. 175-185.
    """
    core, ring, net = (one.expectation for one in (judged.core, judged.ring, judged.net))
    here, there, both = (float(one.variance[0]) for one in (core, ring, net))
    missing = core.mean[0] - judged.core.counted[0]
    more = judged.ring.counted[0] - ring.mean[0]
    # Neither can make up for the other, nor go with it, by more than there is.
    most = 0.99 * math.sqrt(here * there)
    covariance = min(max((both - here - there) / 2, -most), most)

    def z(q):
        spread = there + q**2 * here + 2 * q * covariance
        return (q * missing - more) / math.sqrt(spread)

    return tuple(
        brentq(lambda q, side=side: z(q) - side, -9, 9) for side in (-EACH_SIDE, EACH_SIDE)
    )


# ---- By hand --------------------------------------------------------------------------------


def test_what_is_left_in_all_by_hand():
    """900 expected, 640 counted: 260 fewer. Variance 1.3 x 900 + 45 squared = 3,195."""
    law = nbinom(900**2 / (3195 - 900), 900 / 3195)
    low, high = law.ppf(0.05), law.isf(0.05)
    assert (low, high) == (809, 995)
    assert net_change(judged_of(200, 440), 0) == NetChange(
        pytest.approx(-260), 640 - high, 640 - low
    )


def test_the_share_that_moved_by_hand():
    """200 of 400 are missing here; next door are 50 more than 500: a quarter."""
    found = moved_share(judged_of(200, 550), 0)
    assert (found.missing, found.share) == (pytest.approx(200), pytest.approx(0.25))
    assert found.low < 0.25 < found.high
    # As many fewer next door as here: of what is missing, none came, and more is missing there.
    assert moved_share(judged_of(200, 300), 0).share == pytest.approx(-1)


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("core", [330, 400, 700])
def test_without_a_fall_no_share_of_it_moved(core):
    judged = judged_of(core, 600)
    assert judged.core.sign[0] >= 0
    assert moved_share(judged, 0) is None
    assert net_change(judged, 0) is not None


def test_without_a_ring_or_with_too_few_in_it_nothing_is_told():
    alone = judge(track_of([200], 400))
    few = judged_of(200, 500, is_told=False)
    for judged in (alone, few):
        assert judged.core.sign[0] == -1
        assert net_change(judged, 0) is None
        assert moved_share(judged, 0) is None


def test_of_a_fall_that_may_be_none_the_share_is_endless():
    """One that a low line shows: 1.2 deviations, so that the fall may be none or less."""
    core = track_of([350], 400, error=0.1, line=1.0)
    found = moved_share(judge(core, track_of([600], 500, error=0.05), net_error=0.05), 0)
    assert found.missing == pytest.approx(50)
    assert found.share == pytest.approx(2)
    assert found.high == math.inf


def test_a_sum_known_better_than_its_parts_allow_is_taken_for_all_but_sure():
    """Errors of core and ring cannot make up for each other by more than there are."""
    judged = judged_of(40, 700, errors=(0.2, 0.02, 0.0), dispersion=1.0)
    found = moved_share(judged, 0)
    assert (found.low, found.high) == pytest.approx(fieller(judged), abs=0.02)
    assert found.low < found.share < found.high


# ---- True in general ------------------------------------------------------------------------


@examples(1)
@given(
    core=st.integers(40, 200),
    moved=st.floats(0, 1),
    error=st.floats(0.02, 0.08),
    known=st.floats(0.02, 0.08),
)
def test_the_share_is_within_its_interval_and_the_same_each_time(core, moved, error, known):
    ring = 500 + round(moved * (400 - core))
    judged = judged_of(core, ring, errors=(error, error, known))
    found = moved_share(judged, 0)
    assert found == moved_share(judged, 0)
    assert isinstance(found, MovedShare)
    assert found.share == pytest.approx(moved, abs=1 / (400 - core))
    assert found.low <= found.share <= found.high
    assert (found.low, found.high) == pytest.approx(fieller(judged), abs=0.03)


@given(core=st.integers(0, 900), ring=st.integers(200, 900), moved=st.integers(0, 200))
def test_what_only_moves_next_door_changes_nothing_in_all(core, ring, moved):
    one, two = judged_of(core + moved, ring), judged_of(core, ring + moved)
    assert net_change(one, 0) == net_change(two, 0)
    found = net_change(one, 0)
    assert found.low <= found.change <= found.high
