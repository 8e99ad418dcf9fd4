"""The priority index: standardised by hand, weighed, and shaken by weights drawn by lot."""

import math
import statistics
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.errors import ParamError, TableError
from csa.priority.index import (
    Weights,
    choose,
    list_unknown,
    priority_index,
    sensitivity,
    standardise,
)

numbers = st.one_of(st.none(), st.integers(-50, 50))
tables = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=9).map(
    lambda rows: pd.DataFrame(rows, columns=["a", "b", "c"], dtype="float64")
)


def table(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=list("ABCDEFGHIJ")[:n], dtype="float64")


# ---- By hand --------------------------------------------------------------------------------


def test_components_are_counted_in_standard_deviations_from_their_mean():
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population SD 2.
    found = standardise(table(incidents=[2, 4, 4, 4, 5, 5, 7, 9]))
    assert found["incidents"].tolist() == [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]


def test_the_index_is_the_weighted_mean_of_the_components():
    components = table(incidents=[0, 2], need=[5, 3])  # standardised: -1, 1 and 1, -1
    found = priority_index(components, Weights({"incidents": 3, "need": 1}))
    assert found.to_dict() == {"A": -0.5, "B": 0.5}
    assert found.name == "priority_index"


def test_what_is_unknown_counts_as_the_mean_and_is_named():
    components = table(incidents=[0, math.nan, 2], need=[1, 1, math.nan])
    assert standardise(components)["incidents"].tolist() == [-1, 0, 1]
    assert list_unknown(components) == [("B", "incidents"), ("C", "need")]


def test_the_chosen_stand_in_the_order_of_the_rows_not_of_the_index():
    index = pd.Series([1.0, 3.0, 2.0], index=["A", "B", "C"])
    assert choose(index, 2) == ["B", "C"]
    assert choose(pd.Series([3.0, 1.0, 5.0], index=["A", "B", "C"]), 2) == ["A", "C"]


def test_with_two_opposite_components_an_area_leads_under_half_of_the_weightings():
    # A leads where the first weight is above a half: half of all weightings.
    found = sensitivity(table(one=[1, 0], other=[0, 1]), 1, seed=1, n_weightings=20_000)
    assert found.to_dict() == pytest.approx({"A": 0.5, "B": 0.5}, abs=0.012)


def test_an_area_that_leads_in_everything_leads_whatever_the_weights():
    found = sensitivity(table(one=[1, 2, 9], other=[4, 1, 8]), 1, seed=1)
    assert found.to_dict() == {"A": 0, "B": 0, "C": 1}
    assert found.name == "top_share"


# ---- At the edge ----------------------------------------------------------------------------


def test_a_component_that_is_the_same_everywhere_says_nothing():
    same = standardise(table(same=[0.1] * 7, unknown=[math.nan] * 7, zero=[0] * 7))
    assert (same == 0).all().all()


def test_one_area_has_an_index_of_zero_and_is_chosen():
    components = table(incidents=[7])
    index = priority_index(components, Weights({"incidents": 1}))
    assert index.tolist() == [0]
    assert choose(index, 1) == ["A"]
    assert sensitivity(components, 1, seed=1).tolist() == [1]


def test_no_area_gives_empty_tables():
    components = pd.DataFrame({"incidents": pd.Series(dtype="float64")})
    assert standardise(components).empty
    assert priority_index(components, Weights({"incidents": 1})).empty
    assert choose(pd.Series(dtype="float64"), 3) == []
    assert sensitivity(components, 3, seed=1).empty
    assert list_unknown(components) == []


def test_of_equal_areas_those_before_are_chosen():
    assert choose(pd.Series([1.0, 2.0, 2.0, 2.0], index=list("ABCD")), 2) == ["B", "C"]
    equal = table(incidents=[4] * 4)
    assert sensitivity(equal, 2, seed=1).tolist() == [1, 1, 0, 0]


def test_where_as_many_are_chosen_as_there_are_all_are():
    assert choose(pd.Series([1.0, 2.0], index=list("AB")), 5) == ["A", "B"]
    assert sensitivity(table(incidents=[1, 2]), 5, seed=1).tolist() == [1, 1]


def test_a_component_without_a_weight_counts_nothing():
    components = table(incidents=[0, 2], need=[5, 3])
    for weights in ({"incidents": 2}, {"incidents": 2, "need": 0}):
        assert priority_index(components, Weights(weights)).tolist() == [-1, 1]


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [-1, math.nan, math.inf])
def test_a_weight_below_zero_or_unknown_is_refused(weight):
    with pytest.raises(ParamError, match="The weight of need must be a number of 0 or more"):
        Weights({"incidents": 1, "need": weight})


@pytest.mark.parametrize("weights", [{}, {"incidents": 0, "need": 0}])
def test_weights_that_are_all_zero_are_refused(weights):
    with pytest.raises(ParamError, match="Give at least one"):
        Weights(weights)


def test_weights_cannot_be_changed_after_they_are_made():
    given_weights = {"incidents": 1.0}
    weights = Weights(given_weights)
    given_weights["incidents"] = 5.0
    assert weights.by_component["incidents"] == 1
    with pytest.raises(TypeError):
        weights.by_component["incidents"] = 5.0


def test_a_weight_for_a_component_that_is_not_there_is_refused():
    with pytest.raises(ParamError, match=r"There is no component poverty\. There are: incidents"):
        priority_index(table(incidents=[1, 2]), Weights({"poverty": 1}))


def test_an_infinite_number_is_refused_by_its_name():
    with pytest.raises(TableError, match="need holds an infinite number"):
        standardise(table(incidents=[1, 2], need=[1, math.inf]))


def test_a_choice_of_none_is_refused():
    with pytest.raises(ParamError, match="k must be 1 or more; 0 is not"):
        choose(pd.Series([1.0]), 0)
    with pytest.raises(ParamError, match="k must be 1 or more"):
        sensitivity(table(incidents=[1]), 0, seed=1)
    with pytest.raises(ParamError, match="n_weightings must be 1 or more"):
        sensitivity(table(incidents=[1]), 1, seed=1, n_weightings=0)
    with pytest.raises(ParamError, match="components must be 1 or more"):
        sensitivity(pd.DataFrame(index=["A"]), 1, seed=1)


# ---- True in general ------------------------------------------------------------------------


@given(tables)
def test_a_standardised_component_is_what_the_textbook_says(components):
    found = standardise(components)
    for name in components:
        known = [x for x in components[name] if not math.isnan(x)]
        sd = statistics.pstdev(known) if known else 0
        for given_number, standard in zip(components[name], found[name], strict=True):
            if math.isnan(given_number) or sd == 0:
                assert standard == 0
            else:
                expected = (given_number - statistics.fmean(known)) / sd
                assert standard == pytest.approx(expected, abs=1e-9)


@given(tables, st.integers(1, 6), st.integers(0, 99))
def test_shares_add_up_to_the_areas_chosen_and_change_no_argument(components, k, seed):
    before = components.copy()
    shares = sensitivity(components, k, seed=seed, n_weightings=50)
    assert shares.sum() == pytest.approx(min(k, len(components)))
    assert shares.between(0, 1).all()
    assert (shares == sensitivity(components, k, seed=seed, n_weightings=50)).all()
    pd.testing.assert_frame_equal(components, before)


def test_shares_are_those_counted_weighting_by_weighting():
    random = np.random.default_rng(5)
    components = table(a=[3, 1, 2, 5, 0], b=[0, 4, 2, 1, 5], c=[2, 2, 5, 0, 1])
    counted = dict.fromkeys(components.index, 0.0)
    for _ in range(3000):
        cuts = sorted([0.0, random.random(), random.random(), 1.0])  # evenly on the triangle
        weights = dict(zip("abc", np.diff(cuts), strict=True))
        for area in choose(priority_index(components, Weights(weights)), 2):
            counted[area] += 1 / 3000
    found = sensitivity(components, 2, seed=6, n_weightings=20_000)
    assert found.to_dict() == pytest.approx(counted, abs=0.035)


@given(tables, st.floats(0.1, 9), st.floats(0.1, 9))
def test_only_the_proportions_of_the_weights_matter(components, weight, times):
    one = priority_index(components, Weights({"a": weight, "b": 1}))
    other = priority_index(components, Weights({"a": weight * times, "b": times}))
    assert one.to_list() == pytest.approx(other.to_list(), abs=1e-9)


def test_sixty_areas_are_shaken_in_a_tenth_of_a_second():
    random = np.random.default_rng(2)
    components = pd.DataFrame(random.random((60, 8)))
    sensitivity(components, 12, seed=1)
    taken = []
    for _ in range(3):
        begun = time.thread_time()
        sensitivity(components, 12, seed=1)
        taken.append(time.thread_time() - begun)
    assert min(taken) < 0.1
