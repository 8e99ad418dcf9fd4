"""Spirals and neighbors: compared with h3's own rings, and with walks from center to center."""

from itertools import pairwise

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.geo.disks import MIDDLE, NEIGHBORS, NUMBER, UNIVERSE

from csa.geo.cells import find_neighbors, spirals


def test_a_spiral_names_the_cell_then_ring_after_ring_each_going_around():
    listed = sorted(h3.grid_disk(MIDDLE, 4), reverse=True)
    spiral = spirals(listed, 2)
    assert spiral.shape == (61, 19)
    assert spiral.dtype == np.int32
    row = [listed[place] for place in spiral[listed.index(MIDDLE)]]
    assert row[0] == MIDDLE
    assert sorted(row[1:7]) == sorted(h3.grid_ring(MIDDLE, 1))
    assert sorted(row[7:]) == sorted(h3.grid_ring(MIDDLE, 2))
    for ring_of in (row[1:7], row[7:]):  # each next to the one before: it goes around
        assert all(h3.grid_distance(a, b) == 1 for a, b in pairwise([*ring_of, ring_of[0]]))


def test_no_cells_have_no_neighbours():
    assert spirals([], 2).shape == (0, 19)
    assert find_neighbors([]).shape == (0, 0)


def test_around_a_pentagon_the_shorter_ring_ends_empty():
    pentagon = h3.get_pentagons(9)[0]
    listed = list(h3.grid_disk(pentagon, 2))
    spiral = spirals(listed, 2)[listed.index(pentagon)]
    assert spiral.dtype == np.int32
    assert (spiral >= 0).sum() == len(listed) == 16
    assert (spiral[:6] >= 0).all()
    assert spiral[6] == -1
    assert set(spiral[7:17]) == {listed.index(cell) for cell in h3.grid_ring(pentagon, 2)}


@pytest.mark.parametrize("place", [(39.1, -94.58), (-33.45, -70.66), (64.1, -21.9), (35.7, 139.7)])
@pytest.mark.parametrize("resolution", [7, 9, 10])
def test_spirals_by_coordinates_are_h3s_own_ring_by_ring(place, resolution):
    middle = h3.latlng_to_cell(*place, resolution)
    listed = sorted(set(h3.grid_disk(middle, 6)) - set(h3.grid_ring(middle, 3)))
    for row, cell in zip(spirals(listed, 3), listed, strict=True):
        for steps, part in enumerate((row[:1], row[1:7], row[7:19], row[19:])):
            near = set(h3.grid_ring(cell, steps))
            assert {listed[at] for at in part if at >= 0} == near & set(listed)
            assert (part < 0).sum() == len(near - set(listed))
        # One neighbor after another around the cell: each is beside the next.
        around = [listed[at] if at >= 0 else None for at in row[1:7]]
        for one, other in pairwise([*around, around[0]]):
            assert one is None or other is None or h3.grid_distance(one, other) == 1


def test_beside_a_pentagon_spirals_are_h3s_own():
    pentagon = next(iter(h3.get_pentagons(7)))
    listed = sorted(h3.grid_disk(pentagon, 3))
    row = spirals(listed, 2)[listed.index(pentagon)]
    assert {listed[at] for at in row[1:7] if at >= 0} == set(h3.grid_ring(pentagon, 1))
    assert (row[1:7] < 0).sum() == 1


@given(cells=st.lists(st.sampled_from(UNIVERSE), unique=True, max_size=60), steps=st.integers(1, 3))
def test_neighbors_are_what_so_many_steps_from_center_to_center_can_reach(cells, steps):
    at = [NUMBER[cell] for cell in cells]
    one_step = np.eye(len(UNIVERSE), dtype=int) + NEIGHBORS
    reached = np.linalg.matrix_power(one_step, steps)[np.ix_(at, at)] > 0
    joined = find_neighbors(cells, steps)
    assert (joined.toarray() == reached).all()
    spiral = spirals(cells, steps)
    assert spiral.shape == (len(cells), 1 + 3 * steps * (steps + 1))
    assert spiral[:, 0].tolist() == list(range(len(cells)))
    for row, near in enumerate(spiral):
        assert sorted(near[near >= 0]) == np.flatnonzero(reached[row]).tolist()
