"""Classes of counts and scores: by hand, equal values together, and none lost."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sentences import says

from csa.program.registry import CoreArea
from csa_app.shared import legend
from csa_app.shared.legend import Classes, classify_counts, classify_scores, levels


def counts(*values):
    return np.array(values, dtype=np.int64)


# ---- By hand --------------------------------------------------------------------------------


def test_counts_from_one_to_twenty_end_at_the_named_percentiles():
    """Of 1 to 20, the percentile p lies at 1 + 19 p: 8.6, 13.35, 17.15, 19.05, 20."""
    found = classify_counts(np.arange(1, 21))
    assert found.upper == (8, 13, 17, 19, 20)
    assert found.words == ("1 to 8", "9 to 13", "14 to 17", "18 to 19", "20")


def test_ties_share_a_class_and_the_classes_become_fewer():
    found = classify_counts(counts(*[1] * 90, *[2] * 8, 3, 40))
    assert found.upper == (1, 2, 40)
    assert found.words == ("1", "2", "3 to 40")


def test_cells_without_incidents_are_in_no_class():
    assert classify_counts(counts(0, 0, 0, 4, 9)) == classify_counts(counts(4, 9))


def test_scores_are_in_five_classes_of_as_many_places():
    scores = np.linspace(0, 1, 11)
    found = classify_scores(scores)
    assert found.upper == pytest.approx((0.2, 0.4, 0.6, 0.8, 1.0))
    assert found.words == ("lowest fifth", "", "", "", "highest fifth")
    assert levels(pd.Series(scores), found) == "00011223344"


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("values", [(), (0, 0)])
def test_without_incidents_there_is_one_class(values):
    assert classify_counts(counts(*values)) == Classes((1.0,), ("1",))


def test_where_all_counts_are_equal_there_is_one_class():
    assert classify_counts(counts(3, 3, 3)) == Classes((3.0,), ("1 to 3",))
    assert classify_counts(counts(1)) == Classes((1.0,), ("1",))


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


@given(st.lists(st.integers(0, 500), max_size=200))
def test_every_count_is_in_one_class_and_the_words_say_which(values):
    found = classify_counts(counts(*values))
    assert 1 <= len(found.upper) == len(found.words) <= 5
    assert list(found.upper) == sorted(set(found.upper))
    spans = [tuple(map(int, words.replace(" to ", " ").split()))[::1] for words in found.words]
    spans = [(span[0], span[-1]) for span in spans]
    for value in filter(None, values):
        assert sum(low <= value <= high for low, high in spans) == 1
    assert spans[0][0] == 1
    assert not values or not max(values) or spans[-1][1] == max(values)


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
