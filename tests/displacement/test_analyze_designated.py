"""All ground ever designated: an area that ended or was redrawn stays in the verdict of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.params import Month, Period
from csa.base.text import render
from csa.dataset.chosen import DesignatedGround, GroundVersion, designated_ground, in_service
from csa.displacement.analyze import analyze_displacement
from csa.displacement.telling import name_all, say_ground, say_one
from tests.displacement.test_analyze_staggered import SMALLER, alike, served
from tests.displacement.test_zoning import EAST, WEST, counted_slowly

FIRST, LATER, UNTIL = Month(2018, 2), Month(2019, 2), Month(2020, 2)
WEST_LIFE, EAST_LIFE = (GroundVersion(WEST, FIRST),), (GroundVersion(EAST, LATER),)


def test_a_retirement_changes_no_number_of_all_together(located):
    before = analyze_displacement(located, served(WEST_LIFE, EAST_LIFE))
    periods = [Period.before(FIRST, 36), Period.before(LATER, 36)]
    ended = in_service(
        ["A", "B"],
        ["Place A", "Place B"],
        [WEST_LIFE, EAST_LIFE],
        periods,
        ended={"A": Month(2019, 6)},
    )
    after = analyze_displacement(located, ended)
    alike(after.pooled, before.pooled)
    for one, other in zip(after.single, before.single, strict=True):
        alike(one, other)
    assert "no longer in service: A" in name_all(after)
    kept, served_count = say_ground(after)
    assert kept.key == "displacement.all_ground"
    # From February 2018 through May 2019, sixteen whole months.
    assert served_count.values["n"] == after.single[0].core.counted[15]
    assert say_ground(before) == ()
    assert "Place A (A), no longer in service," in render(say_one(after, "A"))


def test_ground_that_a_redraw_gave_up_is_counted_on_for_all_and_not_for_the_area(
    located, testville
):
    life = (GroundVersion(WEST, FIRST), GroundVersion(SMALLER, LATER))
    found = analyze_displacement(located, served(life))
    whole = sum(counted_slowly(testville[0], WEST, Period(FIRST, UNTIL)))
    assert found.pooled.core.counted[-1] == whole > found.single[0].core.counted[-1]
    plain = analyze_displacement(located, served(WEST_LIFE))
    np.testing.assert_array_equal(found.pooled.core.counted, plain.pooled.core.counted)
    np.testing.assert_allclose(
        found.pooled.core.expectation.mean, plain.pooled.core.expectation.mean
    )


def test_ground_designated_again_counts_once_and_since_the_first_time(located, testville):
    again = in_service(
        ["B"],
        ["Place B"],
        [(GroundVersion(WEST, LATER),)],
        [Period.before(LATER, 36)],
        ended={"A": Month(2018, 9)},
        former=[DesignatedGround(WEST_LIFE, Period.before(FIRST, 36))],
    )
    found = analyze_displacement(located, again)
    assert str(found.since) == str(FIRST)
    counts = [sum(counted_slowly(testville[0], WEST, Period(one, UNTIL))) for one in (FIRST, LATER)]
    assert [int(found.pooled.core.counted[-1]), int(found.single[0].core.counted[-1])] == counts
    alike(found.pooled, analyze_displacement(located, served(WEST_LIFE)).pooled)


CELLS = st.frozensets(st.sampled_from(sorted(WEST | EAST)), min_size=1)
MONTHS = st.integers(0, 30).map(FIRST.plus)


@st.composite
def grounds(draw):
    def one():
        months = sorted(draw(st.sets(MONTHS, min_size=1, max_size=3)))
        return DesignatedGround(tuple(GroundVersion(draw(CELLS), since) for since in months), None)

    return [one() for _ in range(draw(st.integers(1, 4)))]


@given(grounds())
def test_each_cell_counts_once_from_its_first_month_and_for_ever(given_grounds):
    first = {}
    for ground in given_grounds:
        for version in ground.versions:
            for cell in version.cells:
                first[cell] = min(first.get(cell, version.since), version.since)
    found = designated_ground(given_grounds, 10)
    begun = {}
    for ground in found:
        for version, later in zip(ground.versions, ground.versions[1:], strict=False):
            assert version.cells < later.cells
            assert version.since < later.since
        for version in ground.versions:
            for cell in version.cells:
                begun.setdefault(cell, []).append(version.since)
    assert {cell: min(months) for cell, months in begun.items()} == first
    last = [ground.versions[-1].cells for ground in found]
    assert sum(map(len, last)) == len(frozenset().union(*last))


@pytest.mark.parametrize("month", [FIRST, LATER])
def test_one_area_that_was_never_redrawn_is_itself_all(located, month):
    found = analyze_displacement(located, served((GroundVersion(WEST, month),)))
    assert found.pooled is found.single[0]
