"""How old the data is, in the reader's words; and every reason has its own."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.ingest.validate import REASONS
from csa_app.screens.data import parts
from csa_app.shared import phrases

TODAY = date(2026, 3, 15)


class Day(date):
    """A day on which the reader looks."""

    @classmethod
    def today(cls):
        return TODAY


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(phrases, "date", Day)


@pytest.mark.parametrize(
    ("through", "words"),
    [
        (TODAY, "0 days"),
        (date(2026, 3, 14), "one day"),
        (date(2026, 1, 14), "60 days"),
        (date(2026, 1, 13), "2 months"),  # 61 days
        (date(2025, 3, 15), "12 months"),
        (date(2024, 4, 1), "23 months"),
        (date(2024, 3, 15), "2.0 years"),
        (date(2020, 8, 21), "5.6 years"),
        (date(2026, 3, 16), "0 days"),  # a zone ahead of the reader's
    ],
)
def test_age_is_said_in_days_then_months_then_years(through, words):
    assert phrases.age_words(through, TODAY) == words


@given(st.integers(0, 20_000))
def test_an_age_is_near_the_truth(n_days):
    said = phrases.age_words(TODAY - timedelta(days=n_days), TODAY)
    number, unit = said.replace("one", "1").replace(",", "").split()
    of = {"day": 1, "days": 1, "months": 30.44, "years": 365.28}[unit]
    assert abs(float(number) * of - n_days) <= 0.06 * max(n_days, 1) + of / 2


def test_every_reason_for_which_a_row_is_lost_has_words():
    assert len({parts.reason_words(reason) for reason in REASONS}) == len(REASONS)


def test_a_reason_without_words_is_our_fault_and_is_found_at_once():
    with pytest.raises(KeyError):
        parts.reason_words("no_such_reason")


def test_people_that_a_source_cannot_count_are_unknown_and_not_none():
    assert parts.count_of_victims({"victims": None}) == "unknown"
    assert parts.count_of_victims({"victims": 0}) == "0"
    assert parts.count_of_victims({"victims": 12345}) == "12,345"


@pytest.mark.parametrize(
    ("incidents", "is_named"), [(1, False), (4, False), (5, True), (900, True)]
)
def test_an_address_of_few_incidents_is_not_shown(incidents, is_named):
    """A list of known points may name one with a single incident: somebody's home."""
    said = parts.place_of_point({"incidents": incidents, "address": "900 E 12TH ST"})
    assert (said == "900 E 12TH ST") is is_named
    assert is_named or ("12TH" not in said and "fewer than 5" in said)


def test_a_point_without_an_address_says_that_the_file_has_none():
    said = parts.place_of_point({"incidents": 5, "address": ""})
    assert said == says("data.no_address")


def test_the_expected_number_at_a_point_is_unknown_where_the_city_named_it():
    assert parts.expected_text({"expected": None}) == parts.expected_text({}) == "unknown"
    assert parts.expected_text({"expected": 1.25}) == "1.2"
