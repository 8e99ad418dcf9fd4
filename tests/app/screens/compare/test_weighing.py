"""Capacity and weights: from a link nothing is trusted, and what is written is read back."""

import json

import pytest
from hypothesis import given, strategies as st

from csa.areas.ordering import COMPONENTS, Weights
from csa.base.errors import CsaError
from csa.city.config import MAX_CAPACITY, Priorities
from csa.city.loading import load_city
from csa_app.screens.compare.weighing import (
    Weighing,
    default_weighing,
    weighing_from_text,
    weighing_to_text,
)


@pytest.fixture(scope="module")
def own(root):
    return default_weighing(load_city(root / "config" / "sample.toml"))


# ---- By hand -------------------------------------------------------------------------------


def test_the_city_s_own_weights_name_every_component(own):
    assert own.capacity == 5
    assert dict(own.weights.by_component) == {
        "expected": 1,
        "density": 0,
        "homicides": 0,
        "lasting": 0,
        "recent": 0,
        "people": 0,
        "risk": 0,
    }


def test_a_link_that_names_some_weights_leaves_the_others_as_the_city_s(own):
    found = weighing_from_text('{"capacity": 3, "weights": {"homicides": 2.5}}', own)
    assert found.capacity == 3
    assert found.weights.by_component["homicides"] == 2.5
    assert found.weights.by_component["expected"] == 1


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 5000,
        '{"capacity": 3}',
        '{"capacity": 0, "weights": {}}',
        '{"capacity": 31, "weights": {}}',
        '{"capacity": 2.5, "weights": {}}',
        '{"capacity": true, "weights": {}}',
        '{"capacity": 3, "weights": {"worth": 1}}',
        '{"capacity": 3, "weights": {"density": -1}}',
        '{"capacity": 3, "weights": {"density": 3.5}}',
        '{"capacity": 3, "weights": {"density": 0.3}}',
        '{"capacity": 3, "weights": {"density": "1"}}',
        '{"capacity": 3, "weights": {"density": true}}',
        '{"capacity": 3, "weights": {}, "more": 1}',
        '{"capacity": 3, "weights": {"density": NaN}}',
        '{"capacity": 3, "weights": []}',
        '{"capacity": 3, "weights": null}',
        '{"capacity": 3, "weights": "ab"}',
        '"ab"',
        json.dumps({"capacity": 3, "weights": dict.fromkeys(COMPONENTS, 0)}),
    ],
)
def test_a_link_that_no_widget_could_have_written_is_refused(text, own):
    with pytest.raises(CsaError):
        weighing_from_text(text, own)


@pytest.mark.parametrize(
    ("capacity", "weights"), [(31, {}), (5, {"density": 0.25}), (5, {"density": 3.5})]
)
def test_no_city_file_may_hold_what_the_widgets_cannot_show(capacity, weights):
    with pytest.raises(ValueError, match=r"capacity|weights"):
        Priorities(capacity=capacity, weights={"expected": 1.0, **weights})


# ---- True in general -----------------------------------------------------------------------


@given(
    capacity=st.integers(1, MAX_CAPACITY),
    steps=st.lists(st.integers(0, 6), min_size=len(COMPONENTS), max_size=len(COMPONENTS)).filter(
        any
    ),
)
def test_what_is_written_is_read_back(own, capacity, steps):
    weights = Weights({name: step / 2 for name, step in zip(COMPONENTS, steps, strict=True)})
    Priorities(capacity=capacity, weights=dict(weights.by_component))  # a city may have them too
    written = weighing_to_text(Weighing(capacity, weights))
    assert len(written) < 200
    found = weighing_from_text(written, own)
    assert (found.capacity, dict(found.weights.by_component)) == (
        capacity,
        dict(weights.by_component),
    )
