"""Taking land up to an exact area: cut by hand, and whatever the land, never more nor less."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.areas.land import lands, places, settled, square

from csa.areas.land import MAX_FILLED_SHARE, take_areas, take_cells, take_units

# ---- By hand -------------------------------------------------------------------------------


def test_the_cell_that_crosses_the_area_counts_in_part():
    land = square(2, [1, 2, 4, 1])
    # 2 km2, then 1, then 1.5 of the 4
    assert take_cells(places(1, 0, 2, 3), land, 4.5).tolist() == [1, 1, 0.375, 0]
    assert take_cells(places(2, 0, 1, 3), land, 1.0).tolist() == [0, 0, 0.25, 0]


def test_areas_are_taken_densest_first_and_the_last_is_cut_around_its_densest_cell():
    # 6 7 8    the west column is one area, the east column another, denser one
    # 3 4 5
    # 0 1 2
    land = square(3)
    counts = places(1, 0, 9, 2, 0, 9, 5, 0, 9)
    areas, per_km2 = [places(0, 3, 6), places(2, 5, 8)], np.array([8 / 3, 9.0])
    taken = take_areas(areas, per_km2, counts, land, 4.5)
    # all of the east; of the west its densest cell, 6, and a half of the next to it, 3
    assert taken.part.tolist() == [0, 0, 1, 0.5, 0, 1, 1, 0, 1]
    assert taken.filled_share == 0


def test_where_areas_cover_less_the_densest_cells_beside_them_fill_a_tenth():
    land = square(3)
    counts = places(0, 3, 0, 0, 20, 4, 30, 0, 30)  # 6 and 8 touch the middle at a corner alone
    taken = take_areas([places(4)], np.array([20.0]), counts, land, 1.05)
    assert taken.part == pytest.approx([0, 0, 0, 0, 1, 0.05, 0, 0, 0])
    assert taken.filled_share == pytest.approx(0.05 / 1.05)
    # of 5 km2 a tenth is half a cell, though four are missing
    taken = take_areas([places(4)], np.array([20.0]), counts, land, 5.0)
    assert taken.part == pytest.approx([0, 0, 0, 0, 1, 0.5, 0, 0, 0])
    assert taken.filled_share == pytest.approx(0.1)


def test_what_fills_is_ordered_by_what_it_holds_for_its_land():
    # beside the area lie 1 (three on 1 km2) and 2 (two on 0.5 km2): the second is denser
    land, counts = square(2, [10, 1, 0.5, 1]), places(99, 3, 2, 0)
    taken = take_areas([places(0)], np.array([9.9]), counts, land, 10.25)
    assert taken.part == pytest.approx([1, 0, 0.5, 0])


def test_the_kernel_by_hand():
    land = square(2)
    # one incident in cell 0's middle, 1,000 m bandwidth: 1 / (2 pi) per km2 there
    found = land.density(np.array([[0.0, 0.0]]), 1000)
    assert found == pytest.approx(
        [0.159155, 0.159155 * math.exp(-0.5), 0.159155 * math.exp(-0.5), 0.159155 * math.exp(-1)],
        rel=1e-5,
    )
    assert land.density(np.array([[0.0, 0.0], [0.0, 0.0]]), 1000) == pytest.approx(2 * found)


# ---- At the edge ---------------------------------------------------------------------------


def test_no_budget_takes_nothing_and_all_the_land_takes_all():
    land = square(2, [1, 2, 4, 1])
    order = places(3, 2, 1, 0)
    assert not take_cells(order, land, 0.0).any()
    assert take_cells(order, land, 8.0).tolist() == [1, 1, 1, 1]
    assert take_cells(order, land, 80.0).tolist() == [1, 1, 1, 1]
    assert take_units([0], places(0, 0, 0, 0), land, 80.0).tolist() == [1, 1, 1, 1]


def test_without_an_area_nothing_is_taken_and_nothing_filled():
    taken = take_areas([], np.zeros(0), places(1, 2, 3, 4), square(2), 1.0)
    assert not taken.part.any()
    assert taken.filled_share == 0


def test_an_area_of_all_the_land_leaves_nothing_to_fill_with():
    land = square(2)
    taken = take_areas([places(0, 1, 2, 3)], np.array([1.0]), places(0, 0, 0, 0), land, 5.0)
    assert taken.part.tolist() == [1, 1, 1, 1]
    assert taken.filled_share == 0


def test_equal_areas_are_taken_in_the_order_given():
    taken = take_areas([places(3), places(0)], np.ones(2), places(1, 1, 1, 1), square(2), 1.5)
    assert taken.part.tolist() == [0.5, 0, 0, 1]


def test_no_incident_has_no_density():
    assert square(2).density(np.zeros((0, 2)), 200).tolist() == [0, 0, 0, 0]


# ---- True in general -----------------------------------------------------------------------


@given(land=lands(), seed=st.integers(0, 999), share=st.floats(0, 1.2))
def test_the_land_taken_is_the_budget_to_a_billionth_and_at_most_one_cell_is_cut(land, seed, share):
    order = np.random.default_rng(seed).permutation(len(land.area_km2))
    taken = take_cells(order, land, share * land.total_km2)
    assert taken @ land.area_km2 == pytest.approx(min(share, 1) * land.total_km2, abs=1e-9)
    cut = (taken > 1e-9) & (taken < 1 - 1e-9)
    assert cut.sum() <= 1
    assert np.all(np.diff(taken[order]) <= 1e-12)  # none before one that comes earlier


@given(land=lands(), share=st.floats(0, 1.2))
def test_whole_neighborhoods_are_taken_and_one_evenly(land, share):
    order = sorted(set(land.neighborhood.tolist()))
    taken = take_units(order, land.neighborhood, land, share * land.total_km2)
    assert taken @ land.area_km2 == pytest.approx(min(share, 1) * land.total_km2, abs=1e-9)
    for number in order:
        assert len(set(taken[land.neighborhood == number].tolist())) == 1


@given(given=settled())
def test_areas_take_the_budget_or_all_they_have_and_at_most_a_tenth_is_filled(given):
    areas, per_km2, counts, land, budget_km2 = given
    taken = take_areas(areas, per_km2, counts, land, budget_km2)
    inside = np.zeros(len(counts), dtype=bool)
    for area in areas:
        inside[area] = True
    in_areas_km2 = float((taken.part * land.area_km2)[inside].sum())
    filled_km2 = float((taken.part * land.area_km2)[~inside].sum())
    assert in_areas_km2 == pytest.approx(min(budget_km2, land.area_km2[inside].sum()), abs=1e-9)
    assert 0 <= taken.filled_share <= MAX_FILLED_SHARE + 1e-12
    assert filled_km2 == pytest.approx(taken.filled_share * budget_km2, abs=1e-9)
    assert in_areas_km2 + filled_km2 <= budget_km2 + 1e-9
    assert (taken.part >= 0).all()
    assert (taken.part <= 1).all()


@given(given=settled())
def test_no_area_is_begun_before_every_denser_one_is_taken_whole(given):
    areas, per_km2, counts, land, budget_km2 = given
    part = take_areas(areas, per_km2, counts, land, budget_km2).part
    order = sorted(range(len(areas)), key=lambda k: (-per_km2[k], k))
    for earlier, later in itertools.pairwise(order):
        if part[areas[later]].max() > 1e-9:
            assert part[areas[earlier]].min() == pytest.approx(1)


@given(given=settled())
def test_what_fills_touches_an_area_or_what_filled_before(given):
    areas, per_km2, counts, land, budget_km2 = given
    part = take_areas(areas, per_km2, counts, land, budget_km2).part
    reached = {cell for area in areas for cell in area.tolist()}
    filled = set(np.flatnonzero(part).tolist()) - reached
    while near := {cell for cell in filled if reached & set(land.around(cell).tolist())}:
        reached |= near
        filled -= near
    assert not filled


@given(
    land=lands(),
    seed=st.integers(0, 999),
    n=st.integers(0, 40),
    bandwidth_m=st.sampled_from([150, 500, 2000]),
)
def test_the_kernel_is_the_sum_over_incidents_one_by_one(land, seed, n, bandwidth_m):
    xy = np.random.default_rng(seed).uniform(-1000, 6000, (n, 2))
    slow = []
    for x, y in land.center_xy:
        total = 0.0
        for at_x, at_y in xy:
            meters = math.hypot(x - at_x, y - at_y)
            if meters <= 4 * bandwidth_m:
                total += math.exp(-(meters**2) / (2 * bandwidth_m**2))
        slow.append(total / (2 * math.pi * (bandwidth_m / 1000) ** 2))
    np.testing.assert_allclose(land.density(xy, bandwidth_m), slow, rtol=1e-9, atol=1e-12)
