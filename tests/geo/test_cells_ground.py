"""Ground of two resolutions: by hand, at the edge, and true in general."""

from weakref import ref

import h3.api.basic_int as h3
import pytest
from hypothesis import given, strategies as st

from csa.geo.cells import (
    best_match,
    cell_resolution,
    covered_share,
    finest,
    jaccard,
    refine,
    to_finest_resolution,
)

MIDDLE = h3.latlng_to_cell(39.1, -94.58, 9)
CHILDREN = frozenset(h3.cell_to_children(MIDDLE, 10))
NEAR = sorted(h3.grid_disk(MIDDLE, 2))
some_cells = st.sets(st.sampled_from(NEAR), min_size=1).map(frozenset)


def test_a_place_is_the_area_of_which_it_holds_half():
    area = frozenset({1, 2, 3, 4})
    found = [covered_share(frozenset(place), area) for place in ({1}, {1, 2, 9}, {1, 2, 3, 4, 5})]
    assert found == [0.25, 0.5, 1]
    assert best_match(area, [frozenset({1}), frozenset({1, 2, 9}), frozenset({3, 4, 2})]) == 2
    assert best_match(area, [frozenset({1, 2, 9}), frozenset({3, 4})]) == 1  # the smaller of equals
    assert best_match(area, [frozenset({1})]) is None
    assert best_match(area, []) is None
    assert covered_share(frozenset({1}), frozenset()) == 0
    # On one ground, whatever the size of the cells.
    assert (
        covered_share(CHILDREN, frozenset({MIDDLE}))
        == covered_share(frozenset({MIDDLE}), CHILDREN)
        == 1
    )


def test_a_cell_and_its_own_children_are_one_ground():
    assert refine(frozenset({MIDDLE}), 10) == CHILDREN
    assert jaccard(frozenset({MIDDLE}), CHILDREN) == 1
    assert jaccard(CHILDREN, frozenset({MIDDLE})) == 1


def test_three_of_seven_children_are_three_sevenths_of_a_cell_and_half_of_two_is_half():
    three = frozenset(sorted(CHILDREN)[:3])
    assert jaccard(frozenset({MIDDLE}), three) == pytest.approx(3 / 7)
    two = frozenset(NEAR[:2])
    assert jaccard(two, frozenset(h3.cell_to_children(NEAR[0], 10))) == 0.5


def test_areas_are_compared_at_the_finest_resolution_among_them():
    one, other, third = to_finest_resolution([frozenset({MIDDLE}), CHILDREN, frozenset({NEAR[0]})])
    assert one == other == CHILDREN
    assert {cell_resolution(cell) for cell in third} == {10}
    assert to_finest_resolution([frozenset({MIDDLE})]) == [frozenset({MIDDLE})]


def test_an_area_that_nobody_holds_is_held_by_no_comparison():
    area = frozenset(h3.grid_disk(h3.latlng_to_cell(39.1, -94.578, 10), 3))
    assert (finest([area]), refine(area, 10), refine(area, 9)) == (10, area, area)
    assert refine(area, 10) is area
    one, larger = min(area), h3.latlng_to_cell(39.2, -94.6, 9)
    mixed = frozenset({one, larger})
    assert refine(mixed, 10) == {one, *h3.cell_to_children(larger, 10)}
    assert (finest([mixed]), refine(mixed, 9)) == (10, mixed)
    assert (finest([]), finest([frozenset()]), refine(frozenset(), 9)) == (0, 0, frozenset())
    held = ref(area)
    del area
    assert held() is None


def test_no_ground_shares_nothing():
    assert to_finest_resolution([]) == []
    assert to_finest_resolution([frozenset(), CHILDREN]) == [frozenset(), CHILDREN]
    assert jaccard(frozenset(), CHILDREN) == jaccard(frozenset(), frozenset()) == 0


@given(some_cells, some_cells)
def test_what_two_areas_share_is_the_same_at_any_resolution_of_either(one, other):
    share = len(one & other) / len(one | other)
    for left in (one, refine(one, 10)):
        for right in (other, refine(other, 10)):
            assert jaccard(left, right) == pytest.approx(share)
