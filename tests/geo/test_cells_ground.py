"""Ground of two resolutions: by hand, at the edge, and true in general."""

import itertools

import h3.api.basic_int as h3
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from csa.geo.cells import jaccard, on_one_grid, outline, refine, resolution_of, spirals

MIDDLE = h3.latlng_to_cell(39.1, -94.58, 9)
CHILDREN = frozenset(h3.cell_to_children(MIDDLE, 10))
NEAR = sorted(h3.grid_disk(MIDDLE, 2))
some_cells = st.sets(st.sampled_from(NEAR), min_size=1).map(frozenset)


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
    one, other, third = on_one_grid([frozenset({MIDDLE}), CHILDREN, frozenset({NEAR[0]})])
    assert one == other == CHILDREN
    assert {resolution_of(cell) for cell in third} == {10}
    assert on_one_grid([frozenset({MIDDLE})]) == [frozenset({MIDDLE})]


def test_no_ground_shares_nothing():
    assert on_one_grid([]) == []
    assert on_one_grid([frozenset(), CHILDREN]) == [frozenset(), CHILDREN]
    assert jaccard(frozenset(), CHILDREN) == jaccard(frozenset(), frozenset()) == 0


@given(some_cells, some_cells)
def test_what_two_areas_share_is_the_same_at_any_resolution_of_either(one, other):
    share = len(one & other) / len(one | other)
    for left in (one, refine(one, 10)):
        for right in (other, refine(other, 10)):
            assert jaccard(left, right) == pytest.approx(share)


def test_the_share_is_nearly_that_of_the_land_itself():
    one = frozenset(h3.grid_disk(MIDDLE, 2))
    other = frozenset(h3.grid_disk(h3.cell_to_center_child(NEAR[-1], 10), 7))
    a, b = outline(one), outline(other)
    land = shapely.area(shapely.intersection(a, b)) / shapely.area(shapely.union(a, b))
    assert jaccard(one, other) == pytest.approx(land, abs=0.03)


@pytest.mark.parametrize("place", [(39.1, -94.58), (-33.45, -70.66), (64.1, -21.9), (35.7, 139.7)])
@pytest.mark.parametrize("resolution", [7, 9, 10])
def test_spirals_by_coordinates_are_h3s_own_ring_by_ring(place, resolution):
    middle = h3.latlng_to_cell(*place, resolution)
    listed = sorted(set(h3.grid_disk(middle, 6)) - set(h3.grid_ring(middle, 3)))
    for row, cell in zip(spirals(listed, 3), listed, strict=True):
        for ring, part in enumerate((row[:1], row[1:7], row[7:19], row[19:])):
            near = set(h3.grid_ring(cell, ring))
            assert {listed[at] for at in part if at >= 0} == near & set(listed)
            assert (part < 0).sum() == len(near - set(listed))
        # One neighbor after another around the cell: each is beside the next.
        ring = [listed[at] if at >= 0 else None for at in row[1:7]]
        for one, other in itertools.pairwise([*ring, ring[0]]):
            assert one is None or other is None or h3.grid_distance(one, other) == 1


def test_beside_a_pentagon_spirals_are_h3s_own():
    pentagon = next(iter(h3.get_pentagons(7)))
    listed = sorted(h3.grid_disk(pentagon, 3))
    row = spirals(listed, 2)[listed.index(pentagon)]
    assert {listed[at] for at in row[1:7] if at >= 0} == set(h3.grid_ring(pentagon, 1))
    assert (row[1:7] < 0).sum() == 1
