"""What the data can answer: the floors, when there would be enough, and the power claimed."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.areas.sufficiency import (
    can_compare,
    can_locate,
    can_test_cells,
    detectable_drop,
    finest_resolution,
    months_needed,
)
from csa.base.errors import ParamError

TIMES = 200_000


def share_found(mean, drop, seed, *, with_rings=False, variance_ratio=1.0):
    """Let areas drop and controls stay, many times; test each with z from the counts alone."""
    rng = np.random.default_rng(seed)

    def counts(expected):
        if variance_ratio == 1:
            return rng.poisson(expected, TIMES)
        rates = rng.gamma(expected / (variance_ratio - 1), variance_ratio - 1, TIMES)
        return rng.poisson(rates)

    before, after = counts(mean), counts(mean * (1 - drop))
    others = [counts(mean) for _ in range(6 if with_rings else 2)]
    signs = [-1, 1, 1, -1, -1, 1][: len(others)]
    change = after - before + sum(sign * one for sign, one in zip(signs, others, strict=True))
    variance = (before + after + sum(others)) * variance_ratio
    return float(np.mean(change < -1.6449 * np.sqrt(np.maximum(variance, 1))))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n_incidents", "n_cells", "can", "is_firm"),
    [
        (1000, 850, True, False),
        (1000, 851, False, False),
        (1000, 450, True, True),
        (1000, 451, True, False),
        (20, 17, True, False),  # .85 times 20 is 17, and not a hair less
        (20, 9, True, True),
    ],
)
def test_cells_may_be_tested_up_to_85_for_100_incidents_and_better_up_to_45(
    n_incidents, n_cells, can, is_firm
):
    answer = can_test_cells(n_incidents, n_cells)
    assert (answer.can, answer.is_sufficient) == (can, is_firm)


def test_too_few_incidents_for_the_cells_are_said_with_the_months_it_would_take():
    answer = can_test_cells(490, 1000, months=12)
    assert (answer.question, answer.n, answer.needed) == ("test_cells", 490, 1177)
    assert answer.more_months == 17  # 28.8 months at the pace of 490 a year
    assert str(answer.message) == (says("gate.cells_wait", incidents=490, cells=1000, n=17))


def test_without_a_pace_the_number_of_incidents_needed_is_said():
    answer = can_test_cells(490, 1000)
    assert answer.more_months is None
    assert "At least 1,177 incidents would be needed" in str(answer.message)


def test_the_finest_resolution_whose_cells_pass_is_chosen():
    cells = {7: 150, 9: 3700, 8: 600}
    assert finest_resolution(5000, cells) == 9
    assert finest_resolution(1000, cells) == 8
    assert finest_resolution(200, cells) == 7
    assert finest_resolution(100, cells) is None


@pytest.mark.parametrize(
    ("months", "covered", "can", "is_firm", "more", "says"),
    [
        (12, 12, False, False, 12, "About 12 more months"),
        (36, 23, False, False, 1, "About one more month"),
        (12, 60, False, False, 0, "a period of 24 to 36"),
        (23, 24, False, False, 0, "the period has 23"),
        (24, 24, True, False, 0, "24 months are enough to tell where; 36"),
        (36, 35, True, False, 0, "35 months are enough to tell where; 36"),
        (36, 36, True, True, 0, "36 months are enough"),
        (48, 60, True, True, 0, "48 months are enough"),
    ],
)
def test_24_to_36_months_say_where(months, covered, can, is_firm, more, says):
    answer = can_locate(months, covered)
    assert (answer.question, answer.can, answer.is_sufficient) == ("locate", can, is_firm)
    assert (answer.n, answer.needed, answer.more_months) == (min(months, covered), 24, more)
    assert says in str(answer.message)


def test_a_drop_to_be_found_is_the_printed_formula():
    assert detectable_drop(100) == pytest.approx(2.486 * 20 / 100)
    assert detectable_drop(100, with_rings=True) == pytest.approx(2.486 * math.sqrt(800) / 100)
    assert detectable_drop(100, dispersion=1.6) == pytest.approx(2.486 * math.sqrt(640) / 100)
    assert detectable_drop(100, dispersion=0.5) == detectable_drop(100)


@pytest.mark.parametrize(("with_rings", "times"), [(False, 1), (True, 2)])
def test_even_a_total_stop_needs_a_mean_of_25_and_with_rings_of_50(with_rings, times):
    assert detectable_drop(24.7 * times, with_rings=with_rings) > 1
    assert detectable_drop(25 * times, with_rings=with_rings) < 1
    assert detectable_drop(25 * times, with_rings=with_rings) == pytest.approx(0.9944)
    assert detectable_drop(11 * times, with_rings=with_rings) is not None
    assert detectable_drop(10.99 * times, with_rings=with_rings) is None


@pytest.mark.parametrize(
    ("mean", "with_rings", "can", "is_firm", "says"),
    [
        (10.99, False, False, False, "(about 10.9 incidents"),
        (11, False, True, False, "miss even a large drop"),
        (24.9, False, True, False, "comes with its range"),
        (25, False, True, True, "detect a 100% drop"),
        (100, False, True, True, "detect a 50% drop"),
        (21.9, True, False, False, "At least 22 would be needed"),
        (22, True, True, False, "comes with its range"),
        (49.9, True, True, False, "comes with its range"),
        (50, True, True, True, "detect a 100% drop"),
    ],
)
def test_below_a_mean_of_11_no_change_is_tested_and_below_25_none_without_its_range(
    mean, with_rings, can, is_firm, says
):
    answer = can_compare(mean, with_rings=with_rings)
    assert (answer.question, answer.can, answer.is_sufficient) == ("compare", can, is_firm)
    assert (answer.n, answer.needed) == (mean, 22 if with_rings else 11)
    assert says in str(answer.message)


def test_too_few_to_compare_says_how_much_longer_a_period_would_have_to_be():
    answer = can_compare(3.5, months=3)
    assert answer.more_months == 7  # 11 come in 9.4 months
    assert "incidents per period). Each period would need to be about 7 months longer." in str(
        answer.message
    )
    assert "about one month longer" in str(can_compare(10, months=3).message)
    assert can_compare(14, months=12).more_months == 0


def test_where_counts_vary_more_than_chance_a_mean_of_25_is_not_firm():
    assert can_compare(25).is_sufficient
    assert not can_compare(25, dispersion=1.6).is_sufficient
    assert can_compare(40, dispersion=1.6).is_sufficient


def test_months_more_are_counted_at_the_same_pace():
    assert months_needed(10, 20, 12) == 12
    assert months_needed(10, 21, 12) == 14  # 25.2 months
    assert months_needed(20, 20, 12) == months_needed(30, 20, 12) == 0


# ---- At the edge ----------------------------------------------------------------------------


def test_no_incidents_have_no_pace():
    assert months_needed(0, 5, 12) is None
    assert months_needed(5, 9, 0) is None
    assert months_needed(1e-308, 11, 3) is None
    answer = can_test_cells(0, 100, months=12)
    assert (answer.can, answer.more_months) == (False, None)
    assert "incidents: 0, cells: 100" in str(answer.message)
    assert not can_compare(0, months=12).can
    assert detectable_drop(0) is None
    assert not can_locate(36, 0).can


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: can_test_cells(-1, 10), "n_incidents"),
        (lambda: can_test_cells(10, 0), "n_cells"),
        (lambda: can_test_cells(1, 10, months=-1), "months"),
        (lambda: finest_resolution(10, {8: 0}), "n_cells"),
        (lambda: can_locate(0, 10), "months"),
        (lambda: can_locate(24, -1), "months_covered"),
        (lambda: can_compare(math.nan), "mean_count"),
        (lambda: detectable_drop(-1), "mean_count"),
        (lambda: detectable_drop(math.inf), "mean_count"),
        (lambda: detectable_drop(50, dispersion=-1), "dispersion"),
        (lambda: months_needed(-1, 5, 12), "n"),
        (lambda: months_needed(1, 5, -12), "months"),
    ],
)
def test_numbers_below_their_least_are_refused_by_name(ask, name):
    with pytest.raises(ParamError, match=f"{name} must be"):
        ask()


# ---- True in general ------------------------------------------------------------------------


@given(n_incidents=st.integers(0, 10_000), n_cells=st.integers(1, 10_000))
def test_needed_is_the_least_number_of_incidents_that_passes(n_incidents, n_cells):
    answer = can_test_cells(n_incidents, n_cells)
    needed = int(answer.needed)
    assert can_test_cells(needed, n_cells).can
    assert not can_test_cells(needed - 1, n_cells).can
    assert answer.can == (n_incidents >= needed)
    assert answer.can or not answer.is_sufficient


@given(n=st.integers(1, 500), needed=st.integers(1, 500), months=st.integers(1, 60))
def test_after_the_months_more_there_is_enough_and_not_one_month_before(n, needed, months):
    more = months_needed(n, needed, months)
    assert n * (months + more) >= needed * months
    if more:
        assert n * (months + more - 1) < needed * months


@given(mean=st.floats(0, 200), with_rings=st.booleans(), months=st.sampled_from([None, 3, 12]))
def test_an_answer_always_speaks_plainly_and_is_refused_only_as_too_few(mean, with_rings, months):
    answer = can_compare(mean, with_rings=with_rings, months=months)
    text = str(answer.message)
    assert text.startswith("Too few") == (not answer.can)
    assert answer.is_sufficient <= answer.can
    assert answer.can == (mean >= answer.needed)
    assert not re.search("hot spot|worst|dangerous|offender|score|significant", text)


@pytest.mark.parametrize("mean", [25, 40, 100, 400])
@pytest.mark.parametrize("with_rings", [False, True])
def test_the_detectable_drop_is_found_at_least_four_times_in_five(mean, with_rings):
    mean *= 2 if with_rings else 1
    drop = detectable_drop(mean, with_rings=with_rings)
    found = share_found(mean, drop, seed=mean, with_rings=with_rings)
    assert 0.795 <= found <= 0.92
    if mean >= 400:
        assert found <= 0.83
