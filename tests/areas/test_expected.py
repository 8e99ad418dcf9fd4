"""Expected incidents: memory by hand, the kernel by full distances, old places and new ones."""

import math

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from csa.areas import expected as expecting
from csa.areas.expected import (
    FINE_KM2,
    MEMORY_MONTHS,
    OWN_SHARE,
    RECENT_SHARE,
    expect_incidents,
    recall,
    spread,
    spread_matrix,
)
from tests.areas.ground import EVEN, GRID, LAKESIDE, MIDDLE, TOWN, grid_of, metres
from tests.properties import examples

FINE_TOWN = sorted(
    fine for cell in h3.grid_disk(MIDDLE, 5) for fine in h3.cell_to_children(cell, 10)
)
FINE = grid_of(FINE_TOWN)  # cells of some .015 km2
AT_MIDDLE = TOWN.index(MIDDLE)
FAR = TOWN.index(max(TOWN, key=lambda cell: h3.grid_distance(cell, MIDDLE)))
counts_of = st.builds(
    lambda seed, share: np.where(
        np.random.default_rng(seed).random(len(TOWN)) < share,
        np.random.default_rng(seed + 1).gamma(2, 3, len(TOWN)),
        0.0,
    ),
    seed=st.integers(0, 999),
    share=st.sampled_from([0, 0.01, 0.1, 0.6, 1]),
)


def only(cell_counts, grid=GRID):
    counts = np.zeros(len(grid.area_km2))
    for at, n in cell_counts.items():
        counts[at] = n
    return counts


def spread_slowly(counts, grid):
    """Give each cell six tenths of its own; the rest by a Gaussian of 300 m, all to all."""
    sd_km = 0.3
    apart_km = cdist(grid.centre_xy, grid.centre_xy) / 1000
    per_km2 = np.exp(-(apart_km**2) / (2 * sd_km**2)) / (2 * math.pi * sd_km**2)
    per_km2[apart_km > 1.2] = 0  # beyond four standard deviations
    return 0.6 * counts + 0.4 * (per_km2 @ counts) * grid.area_km2.to_numpy()


def spread_finely(counts, grid):
    """As `spread_slowly`, but the six tenths too by a Gaussian: of 90 m."""
    apart_km = cdist(grid.centre_xy, grid.centre_xy) / 1000
    mixed = np.zeros(len(counts))
    for part, sd_km in ((0.4, 0.3), (0.6, 0.09)):
        per_km2 = np.exp(-(apart_km**2) / (2 * sd_km**2)) / (2 * math.pi * sd_km**2)
        per_km2[apart_km > 4 * sd_km] = 0
        mixed += part * (per_km2 @ counts) * grid.area_km2.to_numpy()
    return mixed


def expect_slowly(recalled, recent, n_incidents, grid):
    lasting = spread_slowly(recalled / recalled.sum(), grid) if recalled.any() else 0 * recalled
    passing = spread_slowly(recent / recent.sum(), grid) if recent.any() else 0 * recent
    return n_incidents * np.maximum(lasting, 0.7 * passing)


# ---- By hand -------------------------------------------------------------------------------


def test_half_is_remembered_after_five_years_and_a_third_after_eight():
    assert recall([0, 12, 58.2, 84, 96]) == pytest.approx(
        [1, 0.8669, 0.5, 0.3679, 0.3189], abs=1e-3
    )
    assert recall([0.5])[0] == pytest.approx(0.994065, abs=1e-6)
    assert MEMORY_MONTHS == 84


def test_a_cells_past_stays_with_it_by_six_tenths_and_the_kernel_gives_the_rest():
    mixed = spread(only({AT_MIDDLE: 10}), EVEN)
    # in the middle of the kernel 1 / (2 pi 0.09) = 1.768 per km2, on 0.125 km2
    assert mixed[AT_MIDDLE] == pytest.approx(6 + 4 * 1.7684 * 0.125, abs=1e-3)
    beside = TOWN.index(min(h3.grid_ring(MIDDLE, 1)))
    metres = np.hypot(*(EVEN.centre_xy[beside] - EVEN.centre_xy[AT_MIDDLE]))
    assert mixed[beside] == pytest.approx(
        4 * 1.7684 * 0.125 * math.exp(-0.5 * (metres / 300) ** 2), rel=1e-4
    )
    assert mixed[FAR] == 0


def test_a_larger_cell_is_given_more_of_what_is_spread_but_no_more_of_its_own():
    beside = TOWN.index(min(h3.grid_ring(MIDDLE, 1)))
    sizes = grid_of(TOWN, km2=0.125)
    sizes.area_km2.iloc[beside] = 0.25
    even, uneven = spread(only({AT_MIDDLE: 10}), EVEN), spread(only({AT_MIDDLE: 10}), sizes)
    assert uneven[beside] == pytest.approx(2 * even[beside])
    assert uneven[AT_MIDDLE] == even[AT_MIDDLE]


def test_inside_a_large_study_area_spreading_loses_and_adds_nothing():
    # 300 m is less than a cell's width: the sum over centres is near the integral, not equal to it
    mixed = spread(only({AT_MIDDLE: 100, TOWN.index(min(h3.grid_ring(MIDDLE, 2))): 60}), GRID)
    assert mixed.sum() == pytest.approx(160, rel=0.02)


def test_at_the_border_a_part_of_what_is_spread_is_lost():
    mixed = spread(only({FAR: 100}), GRID)
    assert 60 < mixed.sum() < 90


def test_as_many_are_expected_as_the_period_had_where_the_past_was_one_place():
    past = only({AT_MIDDLE: 40})
    for n_incidents in (10, 100):
        found = expect_incidents(past, past, n_incidents, GRID)
        assert found.sum() == pytest.approx(n_incidents, rel=0.02)
        assert found == pytest.approx(n_incidents / 40 * spread(past, GRID))


def test_a_place_that_has_newly_begun_is_found_by_its_last_months():
    # 90 of 100 recalled incidents were elsewhere, but 9 of the last 12 months' 10 were here
    lasting, recent = only({FAR: 90, AT_MIDDLE: 10}), only({FAR: 1, AT_MIDDLE: 9})
    found = expect_incidents(lasting, recent, 100, EVEN)
    own = 0.6 + 0.4 * 1.7684 * 0.125
    assert found[AT_MIDDLE] == pytest.approx(100 * 0.7 * 0.9 * own, rel=1e-3)
    assert found[FAR] == pytest.approx(100 * 0.9 * own, rel=1e-3)
    assert expect_incidents(lasting, only({FAR: 10}), 100, EVEN)[AT_MIDDLE] < 0.2 * found[AT_MIDDLE]


def test_a_place_that_ended_long_ago_fades():
    # two places with as many incidents, one of them over for 1, 5 and 10 years
    shares = []
    for years in (1, 5, 10):
        past = only({AT_MIDDLE: 50 * recall(12 * years), FAR: 50 * recall(0)})
        found = expect_incidents(past, only({}), 100, EVEN)
        shares.append(found[AT_MIDDLE] / found[FAR])
    assert shares == pytest.approx([0.867, 0.490, 0.240], abs=0.002)


def test_a_fine_cell_keeps_nothing_to_itself():
    size = float(FINE.area_km2.iloc[0])
    at = FINE_TOWN.index(h3.cell_to_center_child(MIDDLE, 10))
    mixed = spread(only({at: 10}, FINE), FINE)
    # in the middle of the narrow kernel 1 / (2 pi 0.0081) = 19.65 per km2, of the wide one 1.768
    assert mixed[at] == pytest.approx((6 * 19.649 + 4 * 1.7684) * size, rel=0.01)
    beside = FINE_TOWN.index(min(h3.grid_ring(FINE_TOWN[at], 1)))
    assert 0.2 * mixed[at] < mixed[beside] < mixed[at]


@pytest.mark.parametrize("resolution", [10, 11])
def test_at_finer_cells_a_place_is_expected_to_have_about_as_many_as_at_resolution_9(resolution):
    middle = metres([MIDDLE])[0]
    within = h3.grid_disk(MIDDLE, 5)
    fine = grid_of([f for cell in within for f in h3.cell_to_children(cell, resolution)])
    coarse = grid_of(within)
    # a hundred incidents around the middle of one cell, each in the cell that it falls into
    xy = middle + np.random.default_rng(3).normal(0, 60, (100, 2))
    near = {}
    for grid in (coarse, fine):
        counts = np.bincount(
            cdist(xy, grid.centre_xy).argmin(axis=1), minlength=len(grid.area_km2)
        ).astype(float)
        mixed = spread(counts, grid)
        assert mixed.sum() == pytest.approx(100, rel=0.02)  # well inside: nothing is lost
        for steps in (0, 1, 2):
            parents = set(h3.grid_disk(MIDDLE, steps))
            is_in = [h3.cell_to_parent(cell, 9) in parents for cell in grid.area_km2.index.tolist()]
            near.setdefault(steps, []).append(mixed[is_in].sum())
    # the cell itself has a little less, as its incidents lie up to its rim; its ring has that
    for steps, within_share in ((0, 0.25), (1, 0.03), (2, 0.01)):
        assert near[steps][1] == pytest.approx(near[steps][0], rel=within_share)


# ---- At the edge ---------------------------------------------------------------------------


def test_nothing_past_is_nothing_expected():
    nothing = np.zeros(len(TOWN))
    assert not spread(nothing, GRID).any()
    for n_incidents in (0, 50):
        assert not expect_incidents(nothing, nothing, n_incidents, GRID).any()


def test_nothing_in_the_last_months_leaves_all_to_the_lasting_past():
    past, nothing = only({AT_MIDDLE: 7}), np.zeros(len(TOWN))
    found = expect_incidents(past, nothing, 7, GRID)
    assert found == pytest.approx(spread(past, GRID))


def test_a_period_without_incidents_expects_none():
    past = only({AT_MIDDLE: 7})
    assert not expect_incidents(past, past, 0, GRID).any()


def test_one_cell_keeps_its_own_and_no_incident_is_recalled_by_none():
    lone = grid_of([MIDDLE], km2=0.125)
    assert spread(np.array([1.0]), lone) == pytest.approx([0.6 + 0.4 * 1.7684 * 0.125], abs=1e-4)
    assert recall([]).tolist() == []


def test_a_study_area_without_cells_expects_nothing():
    empty = grid_of([])
    assert spread(np.zeros(0), empty).tolist() == []
    assert expect_incidents(np.zeros(0), np.zeros(0), 5, empty).tolist() == []


def test_cells_that_hold_nothing_are_a_matrix_without_columns():
    for grid in (GRID, FINE, grid_of([])):
        matrix = spread_matrix(np.zeros(0, dtype=np.int64), grid)
        assert matrix.shape == (len(grid.area_km2), 0)
        assert (matrix @ np.zeros(0)).tolist() == [0.0] * len(grid.area_km2)


def test_a_city_of_cells_of_exactly_the_fine_size_keeps_their_own():
    cells = h3.grid_disk(MIDDLE, 1)
    at = sorted(cells).index(MIDDLE)
    for km2, own in ((FINE_KM2, 6.0), (0.999 * FINE_KM2, 6 * 19.649 * 0.999 * FINE_KM2)):
        mixed = spread(np.where(np.arange(7) == at, 10.0, 0.0), grid_of(cells, km2=km2))
        assert mixed[at] == pytest.approx(own + 4 * 1.7684 * km2, rel=2e-3)


def test_a_few_slivers_at_the_border_do_not_make_a_city_fine():
    grid = grid_of(TOWN)
    grid.area_km2.iloc[: len(TOWN) // 3] = 0.001
    assert spread(only({AT_MIDDLE: 10}, grid), grid)[AT_MIDDLE] > 6


def test_counts_stay_as_they_were():
    past, recent = only({AT_MIDDLE: 7}), only({FAR: 7})
    expect_incidents(past, recent, 9, GRID)
    assert past.tolist() == only({AT_MIDDLE: 7}).tolist()
    assert recent.tolist() == only({FAR: 7}).tolist()


# ---- True in general -----------------------------------------------------------------------


@given(counts=counts_of)
def test_spreading_is_what_all_distances_between_cells_say(counts):
    for grid in (GRID, EVEN):
        np.testing.assert_allclose(
            spread(counts, grid), spread_slowly(counts, grid), rtol=1e-9, atol=1e-12
        )
    wet = counts[: len(LAKESIDE.area_km2)]
    np.testing.assert_allclose(
        spread(wet, LAKESIDE), spread_slowly(wet, LAKESIDE), rtol=1e-9, atol=1e-12
    )


@examples(0.2)
@given(seed=st.integers(0, 999), n=st.integers(0, 40), block=st.sampled_from([7, 2000]))
def test_at_fine_cells_too_it_is_what_all_distances_say_and_the_matrix_does_the_same(
    seed, n, block
):
    rng = np.random.default_rng(seed)
    at = rng.choice(len(FINE_TOWN), n, replace=False)
    counts = np.zeros(len(FINE_TOWN))
    counts[at] = rng.gamma(2, 3, n)
    slow = spread_finely(counts, FINE)
    occupied = np.flatnonzero(counts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expecting, "BLOCK", block)
        np.testing.assert_allclose(spread(counts, FINE), slow, rtol=1e-9, atol=1e-12)
        matrix = spread_matrix(occupied, FINE)
    np.testing.assert_allclose(matrix @ counts[occupied], slow, rtol=1e-9, atol=1e-12)


@given(lasting=counts_of, recent=counts_of, n_incidents=st.integers(0, 500))
def test_expected_is_the_larger_of_the_lasting_past_and_seven_tenths_of_the_recent(
    lasting, recent, n_incidents
):
    found = expect_incidents(lasting, recent, n_incidents, GRID)
    np.testing.assert_allclose(
        found, expect_slowly(lasting, recent, n_incidents, GRID), rtol=1e-9, atol=1e-12
    )
    # never much more than the period had, and only the recent months can add to it
    assert found.sum() <= n_incidents * (1 + RECENT_SHARE) * 1.02


@examples(0.3)
@given(counts=counts_of, block=st.integers(1, 60))
def test_cells_handled_in_small_blocks_give_the_same(counts, block):
    at_once = spread(counts, GRID)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expecting, "BLOCK", block)
        np.testing.assert_allclose(spread(counts, GRID), at_once, rtol=1e-12)


@examples(0.3)
@given(counts=counts_of, block=st.sampled_from([7, 2000]))
def test_as_a_matrix_it_spreads_the_same(counts, block):
    occupied = np.flatnonzero(counts)
    assume(len(occupied))
    for grid in (GRID, EVEN):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(expecting, "BLOCK", block)
            matrix = spread_matrix(occupied, grid)
        assert matrix.shape == (len(counts), len(occupied))
        np.testing.assert_allclose(
            matrix @ counts[occupied], spread_slowly(counts, grid), rtol=1e-9, atol=1e-12
        )


@given(counts=counts_of, times=st.floats(0.1, 10))
def test_a_past_so_many_times_as_large_expects_the_same(counts, times):
    once = expect_incidents(counts, counts, 100, GRID)
    np.testing.assert_allclose(expect_incidents(times * counts, counts, 100, GRID), once, rtol=1e-9)
    assert (once >= OWN_SHARE * 100 * counts / max(counts.sum(), 1e-300) - 1e-9).all()


@given(months=st.lists(st.floats(0, 400), min_size=2, max_size=20))
def test_what_is_longer_ago_counts_for_less(months):
    weights = recall(sorted(months))
    assert (np.diff(weights) <= 0).all()
    assert ((weights > 0) & (weights <= 1)).all()
