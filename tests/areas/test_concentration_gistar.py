"""Gi* and the exact test of hot cells: the printed fixture, slow definitions, random maps."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control
from tests.workers import slowly

from csa.areas.concentration import COLUMNS, find_hot_cells, measure_gi_star
from csa.base.errors import ParamError, TableError

CELLS = [(column, row) for row in range(30) for column in range(50)]  # axial coordinates
STEPS = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)]


def hexagons(cells):
    """Join each cell with itself and with the six around it that are listed."""
    number = {cell: n for n, cell in enumerate(cells)}
    pairs = [
        (n, number[q + dq, r + dr])
        for n, (q, r) in enumerate(cells)
        for dq, dr in STEPS
        if (q + dq, r + dr) in number
    ]
    rows, columns = np.array(pairs).T
    return csr_array((np.ones(len(pairs)), (rows, columns)), shape=(len(cells), len(cells)))


NEIGHBOURS = hexagons(CELLS)
LAND = pd.Series(np.random.default_rng(2).uniform(0.3, 1, len(CELLS)))


def find(counts, exposure=None, neighbours=None, **options):
    counts = pd.Series(counts)
    exposure = pd.Series(np.ones(len(counts)) if exposure is None else exposure, counts.index)
    return find_hot_cells(counts, exposure, neighbours, **options)


def row_of(n):
    """Join n cells in a row with those beside them."""
    return csr_array(np.abs(np.subtract.outer(range(n), range(n))) <= 1, dtype=float)


def slow_gi_star(values, weights):
    """Write the formula out, cell by cell."""
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum(value**2 for value in values) / n - mean**2)
    z = []
    for i in range(n):
        total = sum(weights[i, j] for j in range(n))
        squares = sum(weights[i, j] ** 2 for j in range(n))
        above = sum(weights[i, j] * values[j] for j in range(n)) - mean * total
        z.append(above / (deviation * math.sqrt((n * squares - total**2) / (n - 1))))
    return z


def slow_tail(k, n, share):
    """Add up the chances of k, k + 1, ... n incidents."""
    return sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))


def maps_with_a_hot_cell(n_incidents, n_maps, seed):
    """Throw incidents at random on the land; tell the share of maps with any hot cell."""
    rng = np.random.default_rng(seed)
    maps = rng.multinomial(n_incidents, LAND / LAND.sum(), size=n_maps)
    called = [find_hot_cells(pd.Series(one), LAND, NEIGHBOURS)["is_hot"].any() for one in maps]
    return np.mean(called)


# ---- By hand --------------------------------------------------------------------------------


def test_gi_star_of_the_six_printed_points():
    xy = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)])
    apart = np.hypot(*(xy[:, None] - xy[None]).T)
    z = measure_gi_star(np.array([2, 3, 3.2, 5, 8, 7]), csr_array(apart <= 15, dtype=float))
    printed = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert z == pytest.approx(printed, abs=1e-8)


def test_five_incidents_in_a_row_of_five_cells_by_hand():
    found = find([0, 0, 0, 1, 4], neighbours=row_of(5))
    assert list(found) == list(COLUMNS)
    assert found["incidents_around"].tolist() == [0, 0, 1, 5, 5]
    assert found["expected_around"].tolist() == pytest.approx([2, 3, 3, 3, 2])
    p = [1, 1, 1 - 0.4**5, 0.6**5, 0.4**5]
    assert found["p"].tolist() == pytest.approx(p)
    assert found["q"].tolist() == pytest.approx([1, 1, 1, 0.6**5 * 5 / 2, 0.4**5 * 5])
    assert not found["is_hot"].any()
    assert find([0, 0, 0, 1, 4], neighbours=row_of(5), alpha=0.06)["is_hot"].tolist() == [
        *[False] * 4,
        True,
    ]


# ---- At the edge ----------------------------------------------------------------------------


def test_no_cells_have_an_empty_table():
    found = find(np.zeros(0, dtype=int), neighbours=csr_array((0, 0)))
    assert found.empty
    assert list(found) == list(COLUMNS)
    assert found["is_hot"].dtype == bool


def test_a_neighbourhood_of_everything_has_no_z_and_is_never_hot():
    found = find([1, 2, 6], [0.1, 0.2, 0.7], row_of(3))
    assert found["z"].isna().tolist() == [False, True, False]
    assert found["p"][1] == found["q"][1] == 1.0
    one = find([4], neighbours=row_of(1))
    assert one["z"].isna().all()
    assert one["p"].tolist() == [1.0]


@pytest.mark.parametrize("seed", range(20))
def test_rounded_shares_of_everything_are_not_above_everything(seed):
    exposure = np.random.default_rng(seed).uniform(0.1, 1, 17)
    found = find(range(17), exposure, csr_array(np.ones((17, 17))))
    assert found["p"].tolist() == pytest.approx([1.0] * 17)


def test_q_equal_to_alpha_is_hot():
    counts, neighbours = [0, 0, 0, 1, 4], row_of(5)
    q = find(counts, neighbours=neighbours)["q"][4]
    assert find(counts, neighbours=neighbours, alpha=q)["is_hot"][4]
    assert not find(counts, neighbours=neighbours, alpha=np.nextafter(q, 0))["is_hot"][4]


def test_small_whole_number_weights_do_not_overflow():
    found = find([200, 0, 100], neighbours=row_of(3).astype(np.int8))
    assert found["incidents_around"].tolist() == [200, 300, 100]


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, 0.5, math.nan])
def test_what_is_no_count_is_refused(wrong):
    with pytest.raises(TableError, match="whole numbers"):
        find([1, 2, wrong], neighbours=row_of(3))


@pytest.mark.parametrize("wrong", [-1.0, 0.0, math.nan, math.inf])
def test_a_cell_where_nothing_can_be_expected_is_refused(wrong):
    with pytest.raises(TableError, match="above 0"):
        find([1, 2, 3], [1.0, wrong, 1.0], row_of(3))


def test_tables_of_different_cells_are_refused():
    counts = pd.Series([1, 2, 3])
    with pytest.raises(TableError, match="3 cells, but land or expected counts for 2"):
        find_hot_cells(counts, pd.Series([1.0, 1.0]), row_of(3))
    with pytest.raises(TableError, match="in a different order"):
        find_hot_cells(counts, pd.Series([1.0, 1.0, 1.0], index=[0, 2, 1]), row_of(3))
    for neighbours in (row_of(2), csr_array(np.ones((3, 4)))):
        with pytest.raises(TableError, match="For 3 cells the neighbors"):
            find(counts, neighbours=neighbours)
        with pytest.raises(TableError, match="For 3 cells the neighbors"):
            measure_gi_star(np.arange(3.0), neighbours)


def test_weights_and_neighbourhoods_without_their_own_cell_are_refused():
    without = row_of(3).toarray()
    np.fill_diagonal(without, 0)
    weighted = csr_array(without * 0.5 + np.eye(3))
    for neighbours in (weighted, csr_array(without)):
        with pytest.raises(TableError, match="neighbor of itself"):
            find([1, 2, 3], neighbours=neighbours)


@pytest.mark.parametrize("alpha", [0, 1, -0.05, math.nan])
def test_an_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        find([1, 2, 3], neighbours=row_of(3), alpha=alpha)


# ---- True in general ------------------------------------------------------------------------

small_maps = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([0.25, 0.5, 1.0, 1.7])), min_size=1, max_size=12
)


@given(cells=small_maps, joined=st.integers(0, 2**32))
def test_each_column_is_its_slow_definition(cells, joined):
    counts, land = zip(*cells, strict=True)
    m, n = len(counts), sum(counts)
    weights = np.random.default_rng(joined).integers(0, 2, (m, m))
    np.fill_diagonal(weights, 1)
    found = find(counts, land, csr_array(weights.astype(float)))
    around = [sum(counts[j] for j in range(m) if weights[i, j]) for i in range(m)]
    share = [sum(land[j] for j in range(m) if weights[i, j]) / sum(land) for i in range(m)]
    assert found["incidents_around"].tolist() == around
    assert found["expected_around"].tolist() == pytest.approx([n * part for part in share])
    p = [slow_tail(k, n, min(part, 1.0)) for k, part in zip(around, share, strict=True)]
    assert found["p"].tolist() == pytest.approx(p, rel=1e-8, abs=1e-12)
    q = false_discovery_control(found["p"])
    assert found["q"].tolist() == pytest.approx(q.tolist(), rel=1e-9)
    assert found["is_hot"].tolist() == [one <= 0.05 for one in found["q"]]
    is_defined = (weights.sum(axis=1) < m) & (len(set(counts)) > 1)
    assert found["z"].notna().tolist() == is_defined.tolist()
    if is_defined.all():
        assert found["z"].tolist() == pytest.approx(slow_gi_star(counts, weights), abs=1e-6)


def test_the_order_of_the_cells_changes_no_cells_figures_and_no_argument_is_changed():
    rng = np.random.default_rng(7)
    counts = pd.Series(rng.poisson(0.4, len(CELLS)), index=[f"{q},{r}" for q, r in CELLS])
    land = pd.Series(LAND.to_numpy(), index=counts.index)
    before = counts.copy(), land.copy(), NEIGHBOURS.copy()
    found = find_hot_cells(counts, land, NEIGHBOURS)
    pd.testing.assert_series_equal(counts, before[0])
    pd.testing.assert_series_equal(land, before[1])
    assert (before[2] != NEIGHBOURS).nnz == 0
    order = rng.permutation(len(CELLS))
    again = find_hot_cells(
        counts.iloc[order], land.iloc[order], hexagons([CELLS[n] for n in order])
    )
    pd.testing.assert_frame_equal(again.loc[found.index], found)


@pytest.mark.long
@pytest.mark.parametrize("n_incidents", [150, *slowly(50, 600, 2000)])
def test_of_1000_random_maps_at_most_one_in_twenty_shows_a_hot_cell(n_incidents):
    assert maps_with_a_hot_cell(n_incidents, 1000, seed=n_incidents) <= 0.05
