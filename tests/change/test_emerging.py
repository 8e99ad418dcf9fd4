"""Trends and categories of cells over periods: the printed fixture, slow definitions, by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import kendalltau

from csa.base.errors import ParamError, TableError
from csa.change.emerging import Category, classify, mann_kendall, screen_word

UP = np.arange(20.0)
FLAT = np.tile([0.0, 1.0], 15)


def marks(text):
    """Read a row of periods: + more than chance gives, - fewer, . neither."""
    return np.array([[mark == "+" for mark in text]]), np.array([[mark == "-" for mark in text]])


def category(text, score=FLAT, **options):
    """Classify one cell written as marks, with a score of as many periods."""
    is_hot, is_cold = marks(text)
    given = np.asarray(score, dtype=float)[None, : len(text)]
    return classify(is_hot, given, is_cold=is_cold, **options)[0].value


def word(text):
    """Choose the screen's word for one cell written as marks."""
    return screen_word(Category(category(text)), marks(text)[0][0])


def slow_s(values):
    """Count pairs that go up, less those that go down."""
    pairs = itertools.combinations(values, 2)
    return sum((later > earlier) - (later < earlier) for earlier, later in pairs)


def slow_category(hot, cold, trend):
    """Say METHODS' sentences over again, each in full; return all that hold."""
    n, last = len(hot), hot[-1]
    often = sum(hot) >= 0.9 * n - 1e-9
    run = next((k for k in range(n) if not hot[n - 1 - k]), n)
    held = set()
    if last and not any(hot[:-1]):
        held.add("new")
    if run >= 2 and not any(hot[: n - run]) and not often:
        held.add("consecutive")
    if often and last:
        held.add({1: "intensifying", -1: "diminishing", 0: "persistent"}[trend])
    if often and not last:
        held.add("historical")
    is_other = last and not often and not held & {"new", "consecutive"}
    if is_other:
        held.add("oscillating" if any(cold) else "sporadic")
    return held


# ---- By hand --------------------------------------------------------------------------------


def test_the_printed_trend():
    trend = mann_kendall([1, 2, 2, 3, 5, 4, 6, 7])
    assert trend.s == 25
    assert trend.variance == pytest.approx(64.3333, abs=1e-4)
    assert trend.z == pytest.approx(2.992218, abs=1e-6)
    assert trend.p == pytest.approx(math.erfc(2.992218 / math.sqrt(2)), abs=1e-7)


# ---- At the edge ----------------------------------------------------------------------------


def test_equal_values_and_single_ones_have_no_trend():
    for values in ([4.0] * 12, [1.0], []):
        trend = mann_kendall(values)
        assert (trend.s, trend.variance, trend.z, trend.p) == (0, 0, 0, 1)
    assert mann_kendall(np.zeros((0, 12))).p.shape == (0,)


def test_nine_tenths_is_often_and_less_is_not():
    assert category("..+" + "+" * 17) == "persistent"  # 18 of 20
    assert category("...+" + "+" * 16) == "consecutive"  # 17 of 20
    assert category("." + "+" * 10) == "persistent"  # 10 of 11
    assert category(".." + "+" * 9) == "consecutive"  # 9 of 11


def test_a_trend_is_told_below_alpha_and_not_at_it():
    p = float(mann_kendall(UP[:10]).p)
    assert category("+" * 10, UP, alpha=p) == "persistent"
    assert category("+" * 10, UP, alpha=np.nextafter(p, 1)) == "intensifying"


def test_no_cells_have_no_categories():
    none = np.zeros((0, 12), dtype=bool)
    assert classify(none, np.zeros((0, 12))) == ()


def test_without_marks_of_fewer_none_was_ever_cold():
    is_hot, is_cold = marks("+.-......+")
    assert classify(is_hot, FLAT[None, :10]) == (Category.SPORADIC,)
    assert classify(is_hot, FLAT[None, :10], is_cold=is_cold) == (Category.OSCILLATING,)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "given"), [((2, 9), 9), ((2, 0), 0), ((12,), 1)])
def test_fewer_than_ten_periods_are_refused(shape, given):
    with pytest.raises(ParamError, match=f"10 periods or more, not {given}\\."):
        classify(np.zeros(shape, dtype=bool), np.zeros(shape))


def test_tables_of_other_shapes_are_refused():
    is_hot = np.zeros((2, 10), dtype=bool)
    with pytest.raises(TableError, match="one is 2 by 11"):
        classify(is_hot, np.zeros((2, 11)))
    with pytest.raises(TableError, match="one is 1 by 10"):
        classify(is_hot, np.zeros((2, 10)), is_cold=np.zeros((1, 10), dtype=bool))


def test_a_cell_that_is_both_is_refused():
    is_hot = np.eye(2, 10, dtype=bool)
    with pytest.raises(TableError, match="more and fewer"):
        classify(is_hot, np.zeros((2, 10)), is_cold=is_hot)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_missing_or_endless_score_is_refused(wrong):
    with pytest.raises(TableError, match="blank or infinite"):
        mann_kendall([1.0, wrong, 3.0])
    with pytest.raises(TableError, match="blank or infinite"):
        classify(np.zeros((1, 10), dtype=bool), np.full((1, 10), wrong))
    with pytest.raises(TableError, match="one column per period"):
        mann_kendall(np.zeros((2, 3, 4)))


@pytest.mark.parametrize("alpha", [0, 1, -0.05, math.nan])
def test_an_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ParamError, match="above 0 and below 1"):
        category("+" * 10, alpha=alpha)


# ---- True in general ------------------------------------------------------------------------


@given(rows=st.lists(st.lists(st.integers(0, 6), min_size=7, max_size=7), min_size=1, max_size=5))
def test_s_is_its_slow_definition_and_scipys_tau(rows):
    trend = mann_kendall(rows)
    assert trend.s.tolist() == [slow_s(values) for values in rows]
    for place, values in enumerate(rows):
        if len(set(values)) > 1:
            ties = sum(math.comb(values.count(value), 2) for value in set(values))
            tau = kendalltau(range(7), values).statistic
            assert trend.s[place] == pytest.approx(tau * math.sqrt(21 * (21 - ties)))
        assert mann_kendall(values).p == trend.p[place]


@pytest.mark.parametrize(
    "values", [[1, 2, 3, 4, 5], [1, 1, 2, 2, 2], [0, 0, 0, 5], [1, 2, 2, 3, 9]]
)
def test_the_variance_is_that_of_all_orders(values):
    every = [slow_s(order) for order in itertools.permutations(values)]
    assert np.mean(every) == 0
    assert mann_kendall(values).variance == pytest.approx(np.var(every))


cells = st.integers(10, 22).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from("+++++++++.-"), min_size=n, max_size=n)
        | st.lists(st.sampled_from("+..-"), min_size=n, max_size=n)
        | st.lists(st.sampled_from(".........+"), min_size=n, max_size=n),
        st.lists(st.integers(0, 40), min_size=n, max_size=n) | st.just([*range(n)]),
    )
)


@given(cell=cells)
def test_a_cell_has_the_one_category_that_holds_and_none_where_none_does(cell):
    text, score = cell
    trend = mann_kendall(score)
    direction = int(np.sign(trend.s)) if trend.p < 0.05 else 0
    held = slow_category([mark == "+" for mark in text], [mark == "-" for mark in text], direction)
    assert len(held) <= 1
    assert category(text, score) == (held.pop() if held else "none")


@given(cell=cells)
def test_a_word_is_said_only_where_its_sentence_holds(cell):
    text = "".join(cell[0])
    n, hot = len(text), text.count("+")
    if hot - text[-2:].count("+") >= 0.9 * (n - 2) - 1e-9 and "+" not in text[-2:]:
        expected = "fading"
    elif hot >= 0.9 * n - 1e-9:
        expected = "persistent"
    else:
        expected = "new" if hot == 1 and text[-1] == "+" else ""
    assert word(text) == expected
