"""Dispersion of counts of fixed places: small tables by hand, scipy's test, made-up cities."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2_contingency

from csa.base.errors import ParamError, TableError
from csa.change.expectation import block_counts, estimate_dispersion, measure_dispersion

# ---- By hand --------------------------------------------------------------------------------


def test_the_last_whole_years_are_added_up():
    monthly = np.array([range(26), [1] * 26])
    assert block_counts(monthly, 12).tolist() == [[sum(range(2, 14)), sum(range(14, 26))], [12, 12]]
    assert block_counts(monthly, 1).tolist() == monthly.tolist()


def test_the_largest_measured_dispersion_counts():
    """Places that take turns by years: one chi-square, over 10 x 131 or 10 x 10 degrees."""
    turns = np.kron(np.eye(11, dtype=int) * 2 + 1, np.ones((1, 12), dtype=int))
    found = estimate_dispersion(turns)
    assert found.by_block[1] == pytest.approx(5280 / 13 / 1310)
    assert found.by_block[12] == pytest.approx(5280 / 13 / 100)
    assert found.value == found.by_block[12]
    assert (found.n_units, found.n_months) == (11, 132)


def test_the_largest_counts_where_it_is_that_of_months():
    """Places that take turns by months, 11 a month over 11 x 35 degrees, are even by years."""
    found = estimate_dispersion(np.tile(np.eye(12, dtype=int), (1, 3)))
    assert dict(found.by_block) == {1: pytest.approx(36 * 11 / 385), 12: pytest.approx(0)}
    assert found.value == found.by_block[1]


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((0, 0)),
        np.zeros((3, 4)),
        [[1, 2, 3]],
        [[1], [2]],
        [[1, 2, 3], [0, 0, 0]],
        [[1, 0], [4, 0]],
    ],
)
def test_one_place_or_one_period_with_incidents_says_nothing(counts):
    assert measure_dispersion(counts) is None
    assert estimate_dispersion(counts, (1,)).value == 1


def test_places_and_months_without_any_incident_are_left_out():
    counts = [[0, 2, 0, 7], [0, 0, 0, 0], [0, 5, 0, 3]]
    assert measure_dispersion(counts) == pytest.approx(measure_dispersion([[2, 7], [5, 3]]))
    assert estimate_dispersion(counts).n_units == 2
    assert estimate_dispersion(counts).n_months == 4


def test_counts_more_even_than_chance_count_as_chance():
    found = estimate_dispersion(np.ones((8, 24), dtype=int))
    assert found.by_block[1] == pytest.approx(0)
    assert found.value == 1


def test_a_block_is_used_from_twenty_degrees_of_freedom_on():
    rng = np.random.default_rng(3)
    enough, too_few = rng.poisson(9, (6, 5)), rng.poisson(9, (20, 2))  # 5 x 4 and 19 x 1
    assert estimate_dispersion(enough, (1,)).by_block[1] == measure_dispersion(enough)
    assert estimate_dispersion(too_few, (1,)).by_block == {1: None}


def test_places_without_any_incident_are_no_degrees_of_freedom():
    counts = np.vstack([np.random.default_rng(3).poisson(9, (5, 5)), np.zeros((9, 5))])
    assert estimate_dispersion(counts, (1,)).by_block == {1: None}


def test_a_short_history_is_measured_by_months_alone():
    found = estimate_dispersion(np.random.default_rng(5).poisson(3, (30, 11)))
    assert found.by_block[12] is None
    assert found.by_block[1] is not None


def test_a_block_longer_than_the_history_has_no_column():
    assert block_counts([[1, 2], [3, 4]], 3).shape == (2, 0)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, 0.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong):
    for measure in (measure_dispersion, estimate_dispersion, lambda table: block_counts(table, 1)):
        with pytest.raises(TableError, match="whole numbers"):
            measure([[1, 2], [wrong, 3]])


def test_a_list_of_counts_without_periods_is_refused():
    for measure in (measure_dispersion, estimate_dispersion, lambda table: block_counts(table, 1)):
        with pytest.raises(TableError, match="not 1 dimensions"):
            measure([1, 2, 3])


@pytest.mark.parametrize("months", [0, -12])
def test_a_block_without_a_month_is_refused(months):
    with pytest.raises(ParamError, match="months must be 1 or more"):
        block_counts([[1, 2], [3, 4]], months)
    with pytest.raises(ParamError, match="months must be 1 or more"):
        estimate_dispersion([[1, 2], [3, 4]], (1, months))


# ---- True in general ------------------------------------------------------------------------

tables = st.tuples(st.integers(2, 7), st.integers(2, 7)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 9))
)


@given(tables)
def test_it_is_pearsons_chi_square_over_its_degrees_of_freedom(table):
    held = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    found = measure_dispersion(table)
    if min(held.shape) < 2:
        assert found is None
    else:
        oracle = chi2_contingency(held, correction=False)
        assert found == pytest.approx(oracle.statistic / oracle.dof)


@given(tables, st.integers(1, 8))
def test_blocks_hold_each_of_the_last_months_once(table, months):
    blocks = block_counts(table, months)
    n_months = table.shape[1]
    for unit, row in enumerate(blocks.tolist()):
        starts = range(n_months % months, n_months, months)
        assert row == [sum(table[unit, start : start + months].tolist()) for start in starts]
