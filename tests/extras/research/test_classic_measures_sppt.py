"""Whether a pattern moved: small cities by hand, a slow loop, cities where nothing moved."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import false_discovery_control, fisher_exact

from csa.base.errors import ParamError, TableError
from csa.extras.research.classic_measures import compare_patterns


def slow_patterns(before, after, alpha):
    """Test cell by cell, and adjust by the printed rule: q is the least of p m / rank above."""
    n_before, n_after = sum(before), sum(after)
    p = {
        cell: fisher_exact([[a, b], [n_before - a, n_after - b]]).pvalue
        for cell, (a, b) in enumerate(zip(before, after, strict=True))
        if a or b
    }
    ranked = sorted(p, key=p.get)
    q = {
        cell: min(p[other] * len(p) / (at + 1) for at, other in enumerate(ranked) if at >= rank)
        for rank, cell in enumerate(ranked)
    }
    return p, q, {cell for cell in q if q[cell] <= alpha}


# ---- By hand --------------------------------------------------------------------------------


def test_one_cell_that_empties_into_another_leaves_the_rest_alike():
    before = [40, 0, 20, 20, 20, 0]
    after = [0, 40, 20, 20, 20, 0]
    found = compare_patterns(before, after)
    assert found.changed.tolist() == [True, True, False, False, False, False]
    assert found.p[2:5].tolist() == pytest.approx([1, 1, 1])
    assert found.s_index == pytest.approx(3 / 5)
    assert found.s_index_all == pytest.approx(4 / 6)


def test_it_says_which_form_of_the_test_this_is():
    said = compare_patterns([3, 0, 1], [1, 0, 1], alpha=0.1).method
    assert said.key == "research.sppt_method"
    assert dict(said.values) == {"cells": 2, "alpha": 0.1}
    assert "Fisher" in str(said)
    assert "2 cells" in str(said)
    assert "Benjamini and Hochberg, 0.1" in str(said)


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"), [([], []), ([0, 0], [0, 0]), ([0, 0], [3, 1]), ([3, 1], [0, 0])]
)
def test_a_period_without_any_incident_has_no_pattern_to_compare(before, after):
    found = compare_patterns(before, after)
    assert found.s_index is None
    assert found.s_index_all is None
    assert (found.n_cells, found.n_tested) == (len(before), 0)
    assert found.changed.tolist() == [False] * len(before)
    assert found.changed.dtype == bool
    assert np.isnan(found.p).all()
    assert np.isnan(found.q).all()
    assert len(found.p) == len(found.q) == len(before)


def test_a_single_cell_cannot_change_its_share():
    found = compare_patterns([5], [9])
    assert found.p.tolist() == [1]
    assert found.s_index == 1


def test_q_equal_to_alpha_is_a_change():
    q = compare_patterns([9, 1, 4], [1, 9, 4]).q[0]
    assert compare_patterns([9, 1, 4], [1, 9, 4], alpha=q).changed.tolist() == [True, True, False]
    below = compare_patterns([9, 1, 4], [1, 9, 4], alpha=np.nextafter(q, 0))
    assert not below.changed.any()


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-1, 0.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(wrong):
    for pair in (([1, wrong], [2, 3]), ([1, 2], [wrong, 3])):
        with pytest.raises(TableError, match="whole numbers"):
            compare_patterns(*pair)


def test_patterns_of_different_cells_are_refused():
    with pytest.raises(TableError, match="3 and 2 cells"):
        compare_patterns([1, 2, 3], [1, 2])
    with pytest.raises(TableError, match="same cells"):
        compare_patterns([[1, 2], [3, 4]], [[1, 2], [3, 4]])


@pytest.mark.parametrize("alpha", [0, 1, -0.05, math.nan])
def test_an_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        compare_patterns([1, 2], [2, 1], alpha=alpha)


# ---- True in general ------------------------------------------------------------------------

cities = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 2, 5, 30]), st.sampled_from([0, 0, 1, 3, 8, 40])),
    min_size=1,
    max_size=12,
)


@given(cities, st.sampled_from([0.05, 0.3]))
def test_each_cell_is_tested_as_by_hand(cells, alpha):
    before, after = zip(*cells, strict=True)
    found = compare_patterns(before, after, alpha=alpha)
    if not (sum(before) and sum(after)):
        assert found.n_tested == 0
        return
    p, q, changed = slow_patterns(before, after, alpha)
    tested = sorted(p)
    assert np.flatnonzero(~np.isnan(found.p)).tolist() == tested
    assert found.p[tested].tolist() == pytest.approx([p[cell] for cell in tested])
    assert found.q[tested].tolist() == pytest.approx([q[cell] for cell in tested])
    assert found.q[tested] == pytest.approx(false_discovery_control(found.p[tested]))
    assert found.n_tested == len(tested)
    assert found.n_cells == len(cells)
    assert set(np.flatnonzero(found.changed)) == changed
    assert found.s_index == pytest.approx(1 - len(changed) / len(tested))
    assert found.s_index_all == pytest.approx(1 - len(changed) / len(cells))
