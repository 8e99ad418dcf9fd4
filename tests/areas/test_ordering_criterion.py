"""The criterion: components on one scale by hand, weights refused, and draws of what may be."""

import math
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.areas.ordering import (
    COMPONENTS,
    NEXT_YEAR,
    Weights,
    draw_components,
    list_unknown,
    standardise,
)
from csa.areas.shrinkage import Estimate
from csa.base.errors import ParamError, TableError

numbers = st.one_of(st.none(), st.integers(-50, 50))
tables = st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=9).map(
    lambda rows: pd.DataFrame(rows, columns=["a", "b", "c"], dtype="float64")
)


def table(**columns):
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=list("ABCDEFGHIJ")[:n], dtype="float64")


def areas(n=2, **columns):
    """Make n areas alike but for some columns."""
    alike = {
        "area_id": list("ABCDEFGHIJ")[:n],
        "incidents": 20,
        "homicides": 5,
        "area_km2": 1.0,
        "months_active": 9,
        "recent_12": 7,
        "people": 1000,
        "cells": [f"8a2658a80{place:02x}7fff 8a2658a80ff7fff" for place in range(n)],
    }
    return pd.DataFrame({**alike, **columns})


# ---- By hand --------------------------------------------------------------------------------


def test_what_is_unknown_counts_as_the_mean_and_is_named():
    components = table(incidents=[0, math.nan, 2], need=[1, 1, math.nan])
    assert standardise(components)["incidents"].tolist() == [-1, 0, 1]
    assert list_unknown(components) == [("B", "incidents"), ("C", "need")]


def test_an_areas_share_of_homicides_is_drawn_toward_the_citys_as_by_twenty_more_incidents():
    estimates = [Estimate.of_gamma(40, 2.0), Estimate.sure(20.0)]
    found = draw_components(areas(homicides=[10, 0], incidents=[20, 0]), estimates, 0.25)
    # (10 + 5) / 40 of 20 expected, and the city's quarter of 20 where nothing was counted
    assert found.table["homicides"].tolist() == pytest.approx([7.5, 5.0])
    assert found.draw([0, 1], [2])[:, :, 0].mean(axis=0) == pytest.approx([7.5, 5.0], rel=0.03)


def test_values_are_of_the_columns_that_they_are_named_after():
    rows = areas(area_km2=[2.0, 0.5], people=[1000, None], months_active=[3, 4], recent_12=[1, 9])
    found = draw_components(rows, [Estimate.of_gamma(8, 2.0), Estimate.sure(3.0)], 0.3)
    assert list(found.table.columns) == list(COMPONENTS)
    assert found.table["expected"].tolist() == [4, 3]
    assert found.table["density"].tolist() == [2, 6]
    assert found.table["lasting"].tolist() == [3, 4]
    assert found.table["recent"].tolist() == [1, 9]
    assert found.table["people"].isna().tolist() == [False, True]
    assert np.isnan(found.draw([1])[:, 0, 5]).all()
    assert not np.isnan(found.draw([0, 1], range(5))).any()


def test_a_criterion_of_one_component_knows_it():
    assert NEXT_YEAR.only == "expected"
    assert Weights({"density": 2, "people": 0}).only == "density"
    assert Weights({"density": 2, "people": 1}).only is None
    assert Weights({"density": 2}).is_same(Weights({"density": 1, "people": 0}))
    assert not Weights({"density": 2}).is_same(NEXT_YEAR)


# ---- At the edge ----------------------------------------------------------------------------


def test_no_area_gives_empty_tables():
    found = draw_components(areas(0), [], 0.3)
    assert found.table.empty
    assert found.draw([]).shape[1:] == (0, len(COMPONENTS))
    assert standardise(found.table).empty
    assert list_unknown(found.table) == []


def test_a_city_of_homicides_alone_or_of_none_has_its_share():
    for share, expected in ((0.0, 0.0), (1.0, 10.0)):
        rows = areas(1, homicides=20 if share else 0)
        found = draw_components(rows, [Estimate.of_gamma(10, 1.0)], share)
        assert found.table["homicides"].tolist() == pytest.approx([expected])
        assert found.draw([0], [2]).mean() == pytest.approx(expected, abs=0.3)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [-1, math.nan, math.inf])
def test_a_weight_below_zero_or_unknown_is_refused(weight):
    with pytest.raises(ParamError, match="weight of people must be 0 or more, not"):
        Weights({"expected": 1, "people": weight})


def test_components_that_nobody_knows_are_named_in_order():
    weights = Weights(dict.fromkeys(["zeal", "ease", "luck", "cost"], 1))
    with pytest.raises(ParamError, match="cost, ease, luck, zeal"):
        weights.shares()


@pytest.mark.parametrize("weights", [{}, {"expected": 0, "people": 0}])
def test_weights_that_are_all_zero_are_refused(weights):
    with pytest.raises(ParamError, match="Give at least one"):
        Weights(weights)


def test_a_weight_for_a_component_that_is_not_there_is_refused():
    with pytest.raises(ParamError, match=r"No component is called poverty\. Choose from expected"):
        Weights({"poverty": 1}).shares()


def test_an_infinite_number_is_refused_by_its_name():
    with pytest.raises(TableError, match="need contains an infinite number"):
        standardise(table(incidents=[1, 2], need=[1, math.inf]))


@pytest.mark.parametrize("km2", [0.0, -1.0, math.nan])
def test_an_area_without_land_is_refused(km2):
    with pytest.raises(ParamError, match="must have land"):
        draw_components(areas(1, area_km2=km2), [Estimate.sure(1.0)], 0.3)


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


def test_an_areas_risk_is_drawn_as_it_was_given_and_laws_belong_to_areas():
    laws, wide = [Estimate.of_gamma(n, 1.0) for n in (9, 5, 7)], np.arange(12000.0).reshape(4000, 3)
    rows = areas(3, relative_risk=[1.0, 2.0, 3.0])
    found = draw_components(rows, laws, 0.3, risk_draws=wide)
    assert (found.draw([2, 0], [6])[:, :, 0] == wide[:, [2, 0]]).all()
    assert draw_components(rows, laws, 0.3).draw([2, 0], [6])[5, :, 0].tolist() == [3.0, 1.0]
    for other in ({"laws": found.laws[:2]}, {"risk_draws": wide[:, :2]}):
        with pytest.raises(ValueError, match="for each area"):
            replace(found, **other)


def test_an_areas_draws_do_not_depend_on_which_others_there_are():
    laws = [Estimate.of_gamma(n, 1.0) for n in (9, 5, 7)]
    rows = areas(3, homicides=[1, 2, 3], relative_risk=[1.0, 2.0, 3.0])
    known = draw_components(rows, laws, 0.3)
    both, again = known.draw(range(3)), known.draw([2, 0], [6, 2])
    alone = draw_components(rows.iloc[[2]], laws[2:], 0.3).draw([0])
    assert (both[:, 2] == alone[:, 0]).all()
    assert (again == both[:, [2, 0]][:, :, [6, 2]]).all()  # whichever are asked for, and when
    assert not (both[:, 0] == both[:, 1]).any(axis=0)[0]
