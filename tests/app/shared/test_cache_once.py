"""What is worked out once for all viewers: never an old answer, and not the same work twice."""

import json
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.io import to_json

from csa.program.store.records import Records
from csa_app.shared import cache, theme
from csa_app.shared.cache import once

DONE = []


def work(*given, **named):
    """Note that it was done, and return a new object."""
    DONE.append((given, named))
    return object()


def forgetful(given):
    """Note that it was done, and keep nothing that it was given."""
    DONE.append(type(given))


@pytest.fixture(autouse=True)
def _none_yet(monkeypatch):
    DONE.clear()
    cache._answer.clear()
    monkeypatch.setattr(theme, "is_dark", lambda: False)


def frame(**changed):
    return pd.DataFrame({"n": [1, 2, 3], "name": ["a", "b", "c"]} | changed)


def test_equal_content_is_worked_out_once_though_it_is_another_object():
    asked = once(work)
    first = asked(frame(), at=np.array([1.0]), of=MappingProxyType({"a": 1}))
    assert asked(frame(), at=np.array([1.0]), of=MappingProxyType({"a": 1})) is first
    assert len(DONE) == 1


@pytest.mark.parametrize(
    ("given", "other"),
    [
        (frame(), frame(n=[1, 2, 4])),
        (frame(), frame(name=["a", "b", "d"])),
        (frame(), frame().set_axis([1, 2, 3])),
        (frame(), frame().astype({"n": float})),
        (np.array([1.0, 2.0]), np.array([1.0, np.nextafter(2.0, 3.0)])),
        (("ab", "c"), ("a", "bc")),
        (1, True),
        (MappingProxyType({"a": 1}), MappingProxyType({"a": 2})),
    ],
)
def test_a_change_of_one_value_is_worked_out_anew(given, other):
    asked = once(work)
    assert asked(given) is not asked(other)
    assert asked(given) is not asked(named=given)
    assert len(DONE) == 3


def test_other_colors_and_other_work_have_answers_of_their_own(monkeypatch):
    light = once(work)(1)
    monkeypatch.setattr(theme, "is_dark", lambda: True)
    assert once(work)(1) is not light
    assert once(frame)() is not light


def test_a_shared_object_is_known_by_itself_and_no_later_one_is_taken_for_it():
    asked = once(forgetful)
    for _ in range(50):  # a freed object's address is given to the next
        asked(SimpleNamespace(of=Records()))
    assert len(DONE) == 50
    asked, kept = once(work), Records()
    assert asked(kept) is asked(kept)
    assert asked(kept) is not asked(replace(kept))


def test_a_figure_is_kept_as_it_is_sent_and_answered_so():
    shown = once(figure)([3, 1, 2])
    assert isinstance(shown, cache.SentFigure)
    assert json.loads(to_json(shown, validate=False)) == json.loads(figure([3, 1, 2]).to_json())
    shown.to_dict()["layout"]["title"] = "other"
    assert "title" not in shown.to_dict()["layout"]


def figure(heights):
    """Draw bars."""
    return go.Figure(go.Bar(y=np.array(heights)))


def test_a_function_that_may_know_more_than_it_is_given_is_refused():
    with pytest.raises(TypeError, match="may depend on more"):
        once(lambda: None)


def test_what_fails_is_tried_again():
    def failing(answer=[]):  # noqa: B006 - counts its calls
        answer.append(1)
        raise ValueError(len(answer))

    failing.__qualname__ = "failing"
    for times in (1, 2):
        with pytest.raises(ValueError, match=str(times)):
            once(failing)()
