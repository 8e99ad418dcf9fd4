"""Windows that somebody names: exact chances, too few, refused; and what was agreed."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.sentences import refuses

from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.base.text import render
from csa.change.evaluation import WindowCounts, count_windows, describe_windows, parse_window
from csa.city.dataset import Dataset
from csa.city.preregistration import check_seal, preregister

YEAR_23, YEAR_24 = (Period(Month(year, 1), Month(year + 1, 1)) for year in (2023, 2024))


def city(own, rest):
    """Make a city of one cell and the rest, with so many in each of two years."""
    by_year = {2023: (own[0], rest[0]), 2024: (own[1], rest[1])}
    return SimpleNamespace(
        counts=lambda period: np.array(by_year[period.start.year]),
        place=lambda _: np.array([0]),
        dataset=Dataset(
            pd.DataFrame(), None, None, {"data_from": "2022-01-01", "data_through": "2025-06-30"}
        ),
    )


def asked(own, rest=(1000, 1000)):
    return count_windows(city(own, rest), frozenset({1}), YEAR_23, YEAR_24)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "p", "verdict"),
    [
        ((7, 2), 0.1796875, "too small to tell"),  # 2 (1 + 9 + 36) / 2^9
        ((9, 2), 0.0654296875, "too small to tell"),  # 2 (1 + 11 + 55) / 2^11
        ((12, 10), 0.83, "no clear change"),
        ((30, 8), 0.0005, "fewer"),
        ((8, 30), 0.0005, "more"),
    ],
)
def test_two_windows_have_their_exact_chance_and_few_say_nothing(own, p, verdict):
    found = asked(own)
    assert found.p == pytest.approx(p, abs=0.005)
    assert found.verdict == verdict
    told = render(describe_windows(found, "Hadderley (A)"))
    assert f"{own[0]} in January 2023 to December 2023 and {own[1]} in January 2024" in told
    assert f"p = {found.p:.2g}" in told
    assert told.startswith(verdict.capitalize())


def test_a_fall_of_the_whole_city_is_none_of_the_area():
    found = asked((40, 20), (1000, 500))
    assert found.p < 0.05
    assert found.p_rest == pytest.approx(1.0, abs=0.12)
    assert found.verdict == "no clear change"


def test_windows_of_two_lengths_are_compared_by_their_months():
    half = Period(Month(2024, 1), Month(2024, 7))
    found = WindowCounts(YEAR_23, half, (40, 20), (1000, 500), 1.0, 1.0)
    assert found.verdict == "no clear change"
    many = WindowCounts(YEAR_23, half, (40, 39), (1000, 500), 0.001, 0.001)
    assert many.verdict == "more"  # as many in half of the time


# ---- At the edge and refused ----------------------------------------------------------------


def test_with_nothing_in_the_rest_of_the_city_nothing_is_told():
    found = asked((30, 8), (0, 10))
    assert found.p_rest is None
    assert found.verdict == "no clear change"
    assert "p = -" in render(describe_windows(found, "A"))


def test_overlapping_windows_and_those_beyond_the_data_are_refused():
    late = Period(Month(2023, 8), Month(2024, 8))
    for before, after in ((YEAR_23, late), (YEAR_24, YEAR_23), (YEAR_23, YEAR_23)):
        with refuses("evaluate.overlap", PeriodError):
            count_windows(city((1, 1), (1, 1)), frozenset({1}), before, after)
    beyond = Period(Month(2025, 1), Month(2025, 8))
    with refuses("evaluate.outside", PeriodError):
        count_windows(city((1, 1), (1, 1)), frozenset({1}), YEAR_23, beyond)


def test_a_window_is_read_with_both_its_ends():
    assert parse_window("2023-01:2023-12", "--before") == YEAR_23
    assert parse_window("2023-01", "--before") == Period(Month(2023, 1), Month(2023, 2))
    with pytest.raises(ParamError):
        parse_window("2023-13:2024-01", "--before")
    with pytest.raises(ParamError):
        parse_window("2023-05:2023-01", "--before")


def test_without_a_seal_or_with_a_broken_one_nothing_was_agreed():
    agreed = preregister(["8a2a1072b59ffff"], date(2024, 3, 5))
    assert check_seal(agreed, "A") == agreed
    for sealed in ({}, agreed | {"since": "2020-01"}):
        with refuses("evaluate.broken_seal"):
            check_seal(sealed, "A")
