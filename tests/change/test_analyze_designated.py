"""All ground ever designated: an area that ended or was redrawn stays in the verdict of all."""

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.change.followed import EAST, SMALLER, WEST, alike, counted_slowly, served

from csa.base.params import Month, Period
from csa.base.text import render
from csa.change.analyze import analyze_displacement
from csa.change.sentences import describe_area_basis, name_all, state_change
from csa.city.selection import (
    AreaVersion,
    ServedSpan,
    designated_ground,
    follow_services,
)

FIRST, LATER, UNTIL = Month(2018, 2), Month(2019, 2), Month(2020, 2)
WEST_LIFE, EAST_LIFE = (AreaVersion(WEST, FIRST),), (AreaVersion(EAST, LATER),)


def service(letter, versions, ended=None):
    return ServedSpan(
        letter, f"Place {letter}", versions, Period.before(versions[0].since, 36), ended
    )


def test_a_retirement_changes_no_number_of_all_together(located):
    before = analyze_displacement(located, served(WEST_LIFE, EAST_LIFE))
    ended = follow_services(
        [service("A", WEST_LIFE, ended=Month(2019, 6)), service("B", EAST_LIFE)]
    )
    after = analyze_displacement(located, ended)
    alike(after.pooled, before.pooled)
    for one, other in zip(after.by_area, before.by_area, strict=True):
        alike(one, other)
    assert "no longer in service: A" in name_all(after)
    kept, served_count = describe_area_basis(after)
    assert kept.key == "displacement.all_ground"
    # From February 2018 through May 2019, sixteen whole months.
    assert served_count.values["n"] == after.by_area[0].core.counted[15]
    assert describe_area_basis(before) == ()
    assert "Place A (A), no longer in service," in render(state_change(after, "A").sentence)


def test_ground_that_a_redraw_gave_up_is_counted_on_for_all_and_not_for_the_area(
    located, testville
):
    life = (AreaVersion(WEST, FIRST), AreaVersion(SMALLER, LATER))
    found = analyze_displacement(located, served(life))
    whole = sum(counted_slowly(testville[0], WEST, Period(FIRST, UNTIL)))
    assert found.pooled.core.counted[-1] == whole > found.by_area[0].core.counted[-1]
    plain = analyze_displacement(located, served(WEST_LIFE))
    np.testing.assert_array_equal(found.pooled.core.counted, plain.pooled.core.counted)
    np.testing.assert_allclose(
        found.pooled.core.expectation.mean, plain.pooled.core.expectation.mean
    )


def test_ground_designated_again_counts_once_and_since_the_first_time(located, testville):
    again = follow_services(
        [
            service("A", WEST_LIFE, ended=Month(2018, 9)),
            service("B", (AreaVersion(WEST, LATER),)),
        ]
    )
    found = analyze_displacement(located, again)
    assert str(found.since) == str(FIRST)
    counts = [sum(counted_slowly(testville[0], WEST, Period(one, UNTIL))) for one in (FIRST, LATER)]
    assert [int(found.pooled.core.counted[-1]), int(found.by_area[0].core.counted[-1])] == counts
    alike(found.pooled, analyze_displacement(located, served(WEST_LIFE)).pooled)


CELLS = st.frozensets(st.sampled_from(sorted(WEST | EAST)), min_size=1)
MONTHS = st.integers(0, 30).map(FIRST.plus)


@st.composite
def grounds(draw):
    def one():
        months = sorted(draw(st.sets(MONTHS, min_size=1, max_size=3)))
        versions = tuple(AreaVersion(draw(CELLS), since) for since in months)
        return ServedSpan("", "", versions, None)

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
    found = analyze_displacement(located, served((AreaVersion(WEST, month),)))
    assert found.pooled is found.by_area[0]


# ---- At the edge ---------------------------------------------------------------------------

HALF_WEST = frozenset(sorted(WEST)[:3])


def test_a_new_designation_that_has_not_begun_leaves_the_verdict_as_it_was(located):
    before = analyze_displacement(
        located, follow_services([service("A", WEST_LIFE, ended=Month(2019, 1))])
    )
    for letter in ("A", "B"):
        areas = follow_services(
            [
                service("A", WEST_LIFE, ended=Month(2019, 1)),
                service(letter, (AreaVersion(WEST, UNTIL.plus(1)),)),
            ]
        )
        found = analyze_displacement(located, areas.started_before(UNTIL))
        assert (found.chosen.area_ids, found.chosen.retired) == (("A",), ("A",))
        alike(found.pooled, before.pooled)


def test_a_redraw_to_come_leaves_a_retired_area_its_ground_of_now(located):
    areas = follow_services(
        [
            service("A", (AreaVersion(HALF_WEST, FIRST),), ended=Month(2019, 1)),
            service("B", (AreaVersion(WEST, LATER), AreaVersion(EAST, UNTIL.plus(1)))),
        ]
    )
    found = analyze_displacement(located, areas.started_before(UNTIL))
    assert (found.chosen.area_ids, found.chosen.cells) == (("B",), (WEST,))
    assert found.chosen.retired == ("A",)


def test_an_area_that_ended_before_it_began_is_neither_counted_nor_named(located):
    areas = follow_services(
        [service("A", WEST_LIFE), service("Z", (AreaVersion(EAST, UNTIL.plus(1)),), ended=UNTIL)]
    )
    found = analyze_displacement(located, areas.started_before(UNTIL))
    assert (found.chosen.area_ids, found.chosen.retired) == (("A",), ())
    assert "no longer in service" not in name_all(found)


def test_ground_that_was_served_before_under_the_letter_is_named_since_then(located):
    areas = follow_services(
        [
            service("B", WEST_LIFE, ended=Month(2018, 9)),
            service("B", (AreaVersion(WEST, LATER),)),
        ]
    )
    assert "B since February 2018" in name_all(
        analyze_displacement(located, areas.started_before(UNTIL))
    )


def test_a_retired_area_of_which_another_serves_a_part_stops_nothing(located):
    """Three areas of which two had the same ground: each is judged, and each cell counts once."""
    third = Month(2019, 6)
    areas = follow_services(
        [
            service("A", WEST_LIFE, ended=Month(2019, 1)),
            service("B", (AreaVersion(HALF_WEST, LATER),)),
            service("C", (AreaVersion(EAST, third),)),
        ]
    )
    found = analyze_displacement(located, areas)
    assert found.chosen.area_ids == ("A", "B", "C")
    alone = analyze_displacement(located, served(WEST_LIFE)).pooled.core
    np.testing.assert_array_equal(found.pooled.core.counted[:16], alone.counted[:16])


def test_finer_cells_of_a_retired_area_stop_nothing(located):
    coarse = frozenset({h3.cell_to_parent(min(WEST), 9)})
    finer = frozenset(h3.cell_to_children(min(coarse), 10))
    areas = follow_services(
        [
            service("A", (AreaVersion(coarse, FIRST),), ended=Month(2019, 1)),
            service("B", (AreaVersion(frozenset(sorted(finer)[:3]), LATER),)),
        ]
    )
    assert len(analyze_displacement(located, areas).by_area) == 2
