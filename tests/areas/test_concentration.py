"""How unevenly incidents lie: the printed fixtures, slow definitions, and random maps."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.areas.concentration import (
    expected_repeat_cells,
    generalized_gini,
    gini,
    measure_concentration,
    share_of_land_for,
)
from csa.base.errors import ParamError, TableError

maps_of_cells = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0.5, 1.0, 2.0, 3.0])), min_size=1, max_size=12
)


def series(*values):
    return pd.Series(values, index=[f"cell {n}" for n in range(len(values))])


def slow_gini(counts):
    """Compare every cell with every other: half the mean gap over the mean."""
    gaps = sum(abs(one - other) for one in counts for other in counts)
    return gaps / (2 * len(counts) * sum(counts))


def slow_land(counts, land, share):
    """Take whole cells, densest first, then the part of the next one that is still missing."""
    missing, taken = Fraction(share) * sum(counts), Fraction(0)
    densest = sorted(zip(counts, land, strict=True), key=lambda cell: -cell[0] / cell[1])
    for count, km2 in densest:
        if missing <= 0:
            break
        part = min(Fraction(1), missing / count) if count else Fraction(1)
        taken += part * Fraction(km2)
        missing -= part * count
    return float(taken / sum(map(Fraction, land)))


# ---- By hand --------------------------------------------------------------------------------


def test_five_two_and_one_in_ten_cells_have_a_gini_of_point_eight():
    counts = [5, 2, 1] + [0] * 7
    assert gini(counts) == pytest.approx(0.80)
    assert generalized_gini(counts) == pytest.approx(0.75)


def test_half_of_the_incidents_lie_in_the_densest_cell_not_in_the_one_with_most():
    # Per km2: 2, 8, 1. Half of 12 is 6: the 4 in half a km2, then 2 of the 6 in 3 km2.
    assert share_of_land_for([6, 4, 2], [3.0, 0.5, 2.0], 0.5) == pytest.approx(1.5 / 5.5)


def test_chance_gives_seven_repeat_cells_to_150_shootings_on_1500_cells():
    expected = expected_repeat_cells(150, np.ones(1500))
    assert expected == pytest.approx(7.0, abs=0.05)
    by_hand = 1500 * (1 - (1499 / 1500) ** 150 - 150 / 1500 * (1499 / 1500) ** 149)
    assert expected == pytest.approx(by_hand, rel=1e-9)


def test_two_incidents_meet_in_a_cell_as_often_as_its_share_of_land_squared():
    assert expected_repeat_cells(2, [3.0, 1.0]) == pytest.approx(0.75**2 + 0.25**2)


def test_all_figures_of_a_map_stand_together():
    counts, land = series(5, 2, 1, *[0] * 7), series(*[1.0] * 10)
    found = measure_concentration(counts, land, seed=1)
    assert (found.n_incidents, found.n_cells, found.repeat_cells) == (8, 10, 2)
    assert found.repeat_cells_by_chance == pytest.approx(10 * (1 - 0.9**8 - 0.8 * 0.9**7))
    assert found.generalized_gini == pytest.approx(0.75)
    assert found.land_for_half_share == pytest.approx(0.08)
    assert found.land_for_half_low < found.land_for_half_share_by_chance < found.land_for_half_high
    assert found.is_beyond_chance


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [[], [0], [0, 0, 0]])
def test_without_incidents_nothing_is_concentrated(counts):
    land = np.ones(len(counts))
    assert math.isnan(gini(counts))
    assert math.isnan(generalized_gini(counts))
    assert math.isnan(share_of_land_for(counts, land, 0.5))
    assert expected_repeat_cells(0, land) == 0
    found = measure_concentration(series(*counts), pd.Series(land, series(*counts).index), seed=1)
    assert (found.n_incidents, found.n_cells, found.repeat_cells) == (0, len(counts), 0)
    assert math.isnan(found.land_for_half_share)
    assert math.isnan(found.land_for_half_share_by_chance)
    assert math.isnan(found.land_for_half_low)
    assert not found.is_beyond_chance


def test_in_one_cell_chance_and_map_are_the_same():
    found = measure_concentration(series(4), series(2.0), seed=1)
    assert found.land_for_half_share == found.land_for_half_low == found.land_for_half_high == 0.5
    assert not found.is_beyond_chance


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, 0.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong):
    for measure in (gini, generalized_gini):
        with pytest.raises(TableError, match="whole numbers"):
            measure([1, wrong])
    with pytest.raises(TableError, match="whole numbers"):
        share_of_land_for([1, wrong], [1.0, 1.0], 0.5)
    with pytest.raises(TableError, match="whole numbers"):
        expected_repeat_cells(wrong, [1.0])


@pytest.mark.parametrize("wrong", [-1.0, 0.0, math.nan, math.inf])
def test_cells_without_land_are_refused(wrong):
    with pytest.raises(TableError, match="above 0"):
        share_of_land_for([1, 1], [1.0, wrong], 0.5)
    with pytest.raises(TableError, match="above 0"):
        expected_repeat_cells(3, [1.0, wrong])


def test_counts_and_land_of_different_cells_are_refused():
    with pytest.raises(TableError, match="2 cells, but land or expected counts for 1"):
        share_of_land_for([1, 1], [1.0], 0.5)
    with pytest.raises(TableError, match="in a different order"):
        measure_concentration(series(1, 2), series(1.0, 2.0).iloc[::-1], seed=1)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, math.nan])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(ParamError, match="above 0 and at most 1"):
        share_of_land_for([1], [1.0], share)


def test_too_few_random_maps_are_refused():
    with pytest.raises(ParamError, match="100 or more"):
        measure_concentration(series(1), series(1.0), seed=1, n_maps=99)
    measure_concentration(series(1), series(1.0), seed=1, n_maps=100)


# ---- True in general ------------------------------------------------------------------------


@given(cells=maps_of_cells)
def test_gini_is_half_the_mean_gap_between_cells_over_their_mean(cells):
    counts = [count for count, _ in cells]
    if sum(counts):
        assert gini(counts) == pytest.approx(slow_gini(counts), abs=1e-12)
        assert -1e-12 <= generalized_gini(counts) <= gini(counts) + 1e-12


@given(cells=maps_of_cells, share=st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0]))
def test_the_land_is_that_of_taking_cell_after_cell(cells, share):
    counts, land = zip(*cells, strict=True)
    if sum(counts):
        assert share_of_land_for(counts, land, share) == pytest.approx(
            slow_land(counts, land, share), abs=1e-9
        )


@given(cells=maps_of_cells, seed=st.integers(0, 99))
def test_the_order_of_the_cells_changes_nothing_that_was_observed(cells, seed):
    counts, land = np.array(cells).T
    if counts.sum():
        order = np.random.default_rng(seed).permutation(len(counts))
        assert generalized_gini(counts[order]) == pytest.approx(generalized_gini(counts))
        assert share_of_land_for(counts[order], land[order], 0.5) == pytest.approx(
            share_of_land_for(counts, land, 0.5)
        )


def test_random_maps_have_as_many_repeat_cells_as_expected():
    land = np.random.default_rng(3).uniform(0.1, 1, 300)
    maps = np.random.default_rng(4).multinomial(100, land / land.sum(), size=4000)
    repeats = (maps > 1).sum(axis=1)
    error = repeats.std() / math.sqrt(len(repeats))
    assert repeats.mean() == pytest.approx(expected_repeat_cells(100, land), abs=4 * error)


@pytest.mark.long
def test_random_maps_are_called_beyond_chance_one_time_in_twenty_whatever_the_cells_size():
    land = np.random.default_rng(5).uniform(0.02, 1, 150)
    maps = np.random.default_rng(6).multinomial(60, land / land.sum(), size=400)
    land = series(*land)
    called = [
        measure_concentration(series(*counts), land, seed=seed, n_maps=100).is_beyond_chance
        for seed, counts in enumerate(maps)
    ]
    assert 0.02 <= np.mean(called) <= 0.085  # 5%, more or less three standard errors


def test_the_same_seed_gives_the_same_figures_and_no_argument_is_changed():
    counts, land = series(3, 0, 1, 2), series(1.0, 2.0, 0.5, 1.0)
    before = counts.copy(), land.copy()
    one, again = (measure_concentration(counts, land, seed=8) for _ in range(2))
    assert one == again
    assert one != measure_concentration(counts, land, seed=9)
    assert one != measure_concentration(counts, land, seed=8, n_maps=100)
    assert one == measure_concentration(counts, land, seed=8, n_maps=200)
    pd.testing.assert_series_equal(counts, before[0])
    pd.testing.assert_series_equal(land, before[1])
