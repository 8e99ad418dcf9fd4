"""Areas followed each since its own day, redrawn or not: what is said of one is its own."""

from dataclasses import replace

import numpy as np
import pytest
from tests.change.followed import EAST, SMALLER, WEST, alike, chosen_of, counted_slowly, served

from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.base.text import render
from csa.change.analyze import analyze_displacement
from csa.change.sentences import answers, name_all, state_change
from csa.city.selection import AreaVersion

FIRST, LATER, UNTIL = Month(2018, 2), Month(2019, 2), Month(2020, 2)


@pytest.fixture(scope="module")
def staggered(located):
    lives = [(AreaVersion(WEST, FIRST),), (AreaVersion(EAST, LATER),)]
    return analyze_displacement(located, served(*lives))


# ---- By hand -------------------------------------------------------------------------------


def test_areas_that_begin_together_are_followed_as_with_one_start(located):
    together = analyze_displacement(
        located, served((AreaVersion(WEST, LATER),), (AreaVersion(EAST, LATER),))
    )
    plain = analyze_displacement(located, chosen_of(WEST, EAST), LATER)
    assert not together.is_staggered
    for one, other in zip(
        (together.pooled, *together.by_area), (plain.pooled, *plain.by_area), strict=True
    ):
        alike(one, other)
    assert together.alarm_chance == plain.alarm_chance == pytest.approx(0.07)


def test_each_is_counted_from_its_own_month_and_all_together_add_up(staggered, testville):
    west, east = staggered.by_area
    assert (len(west.verdicts), len(east.verdicts)) == (24, 12)
    assert west.core.counted[-1] == sum(counted_slowly(testville[0], WEST, Period(FIRST, UNTIL)))
    assert east.core.counted[-1] == sum(counted_slowly(testville[0], EAST, Period(LATER, UNTIL)))
    pooled = staggered.pooled.core
    assert len(pooled.counted) == 24
    np.testing.assert_array_equal(
        pooled.counted, west.core.counted + np.pad(east.core.counted, (12, 0))
    )
    np.testing.assert_allclose(
        pooled.expectation.mean,
        west.core.expectation.mean + np.pad(east.core.expectation.mean, (12, 0)),
    )


def test_a_redrawn_area_is_counted_on_each_version_in_its_time(located, testville):
    life = (AreaVersion(WEST, FIRST), AreaVersion(SMALLER, LATER))
    (redrawn,) = analyze_displacement(located, served(life)).by_area
    before = sum(counted_slowly(testville[0], WEST, Period(FIRST, LATER)))
    after = sum(counted_slowly(testville[0], SMALLER, Period(LATER, UNTIL)))
    assert redrawn.core.counted[11] == before
    assert redrawn.core.counted[-1] == before + after
    (whole,) = analyze_displacement(located, served((AreaVersion(WEST, FIRST),))).by_area
    (small,) = analyze_displacement(located, served((AreaVersion(SMALLER, FIRST),))).by_area
    mean = redrawn.core.expectation.mean
    np.testing.assert_allclose(mean[:12], whole.core.expectation.mean[:12])
    # From then on it grows as the smaller one does: by what the rest of the city has.
    grown, own = np.diff(mean[11:]), np.diff(small.core.expectation.mean[11:])
    np.testing.assert_allclose(grown, own, rtol=0.05)


def test_the_sentence_says_since_when_for_how_many(staggered):
    said = render(state_change(staggered).sentence)
    assert "since February 2018, the 2 areas together, each counted from its first month" in said
    assert "(A since February 2018 and B since February 2019)" in said
    assert "Place B (B) had" in render(state_change(staggered, "B").sentence)
    assert "since February 2019" in render(state_change(staggered, "B").sentence)
    one = answers(staggered)["single"][1]
    assert (one["since"], one["months"]) == ("2019-02", 12)
    assert one["core"]["counted"] == int(staggered.by_area[1].core.counted[-1])
    assert "(A and C since" in name_all(
        replace(
            staggered,
            starts=(FIRST, LATER, FIRST),
            chosen=served(*[(AreaVersion(WEST, FIRST),)] * 3),
        )
    )


# ---- True in general -----------------------------------------------------------------------


def test_adding_redrawing_or_retiring_another_changes_nothing_that_was_told(located, staggered):
    """From the month on in which another begins its e-value must reach more; nothing else differs."""
    west = analyze_displacement(located, served((AreaVersion(WEST, FIRST),))).by_area[0]
    alike(staggered.by_area[0], west, 12)
    np.testing.assert_array_equal(
        staggered.by_area[0].core.evidence, [np.inf] * 12 + [100.0] * (len(west.verdicts) - 12)
    )
    lives = [
        (AreaVersion(WEST, FIRST),),
        (AreaVersion(EAST, LATER), AreaVersion(frozenset(sorted(EAST)[:3]), Month(2019, 8))),
    ]
    alike(analyze_displacement(located, served(*lives)).by_area[0], west, 12)
    # The order in which they are listed is nobody's either.
    turned = analyze_displacement(located, served(*lives[::-1]))
    alike(turned.by_area[1], west, 12)


def test_alarms_are_no_more_frequent_than_is_said(staggered):
    """The first alone has 5 in 100, the second half of 1, all together 4, e-values 2."""
    assert staggered.alarm_chance == pytest.approx(0.05 + 0.005 + 0.04 + 0.02)


# ---- At the edge ---------------------------------------------------------------------------


def test_a_start_that_is_given_is_that_of_all(located):
    lives = [(AreaVersion(WEST, FIRST),), (AreaVersion(EAST, LATER),)]
    found = analyze_displacement(located, served(*lives), Month(2019, 6))
    assert found.starts == (Month(2019, 6),) * 2


def test_a_redraw_from_a_later_month_on_counts_later(located):
    life = (AreaVersion(WEST, FIRST), AreaVersion(SMALLER, UNTIL))
    found = analyze_displacement(located, served(life))
    alike(found.pooled, analyze_displacement(located, served(life[:1])).pooled)
    assert found.chosen.cells == (WEST,)


def test_an_earlier_version_outside_the_study_area_gets_its_sentence(located):
    elsewhere = frozenset({0x8A2A1072B59FFFF})
    life = (AreaVersion(elsewhere, FIRST), AreaVersion(WEST, LATER))
    with pytest.raises(ParamError, match="A"):
        analyze_displacement(located, served(life))


def test_an_area_that_has_not_begun_is_refused(located):
    lives = [(AreaVersion(WEST, FIRST),), (AreaVersion(EAST, UNTIL),)]
    with pytest.raises(PeriodError):
        analyze_displacement(located, served(*lives))
    chosen = served(*lives).started_before(UNTIL)
    assert analyze_displacement(located, chosen).chosen.area_ids == ("A",)
