"""Classes of counts and scores: by hand, equal values together, and none lost."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.program.registry import CoreArea
from csa_app.shared import legend
from csa_app.shared.legend import Classes, classify_scores, levels

# ---- By hand --------------------------------------------------------------------------------


def test_scores_are_in_five_classes_of_as_many_places():
    scores = np.linspace(0, 1, 11)
    found = classify_scores(scores)
    assert found.upper == pytest.approx((0.2, 0.4, 0.6, 0.8, 1.0))
    assert found.words == ("lowest fifth", "", "", "", "highest fifth")
    assert levels(pd.Series(scores), found) == "00011223344"


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("scores", [(0.5,), (0.5, 0.5, 0.5)])
def test_where_all_scores_are_equal_no_place_is_called_highest(scores):
    found = classify_scores(np.array(scores))
    assert found.upper == (0.5,)
    assert found.words == ("all equal",)
    assert levels(pd.Series(scores), found) == "0" * len(scores)


@pytest.mark.parametrize(
    "scores", [(1.0, 2.0), (1.0, 2.0, 2.0), (1.0, *[2.0] * 9), (*[1.0] * 9, 2.0)]
)
def test_two_scores_are_lowest_and_highest_and_no_fifths(scores):
    found = classify_scores(np.array(scores))
    assert found.words == ("lowest", "highest")
    assert levels(pd.Series([1.0, 2.0]), found) == "01"


# ---- Refused --------------------------------------------------------------------------------


def test_names_from_files_cannot_be_html_in_the_legend(monkeypatch):
    said = []
    monkeypatch.setattr(legend.st, "html", said.append)
    bad = "<script>alert(1)</script>"
    legend.show_legend(bad, Classes((1.0,), (bad,)), ("#111111", "#222222"), [(bad, bad)])
    assert "<script" not in said[0]
    assert said[0].count("&lt;script&gt;") == 4
    assert "#222222" in said[0]
    assert "#111111" not in said[0]


# ---- True in general ------------------------------------------------------------------------


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80))
def test_a_higher_score_is_never_in_a_lower_class_and_equal_ones_together(values):
    found = classify_scores(np.array(values))
    assert 1 <= len(found.upper) == len(found.words) <= 5
    digits = levels(pd.Series(values), found)
    pairs = sorted(zip(values, digits, strict=True))
    assert [digit for _, digit in pairs] == sorted(digits)
    assert len({(value, digit) for value, digit in pairs}) == len(set(values))
    assert max(digits) == str(len(found.upper) - 1)


def test_outlines_are_named_with_the_year_of_the_first_service():
    def core(*years):
        days = [date(year, 3, 1) for year in years]
        return [CoreArea("A", "", "designated", day, day, (), {}) for day in days]

    candidate = ("candidate", says("legend.candidate"))
    assert legend.outlines_of([]) == [candidate]
    one = ("core", says("legend.core", year="2019"))
    assert legend.outlines_of(core(2019, 2019)) == [one, candidate]
    several = ("core", says("legend.core_several", year="2018"))
    assert legend.outlines_of(core(2020, 2018), has_candidates=False) == [several]
    assert legend.outlines_of([], has_first=True)[-1] == ("first", says("compare.mark_first"))
