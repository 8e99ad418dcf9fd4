"""Trends and categories of cells over periods: the printed fixture, slow definitions, by hand."""

import itertools
import math
from collections import Counter
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binom, kendalltau
from tests.areas.priority.assessed import slow_hot_cells
from tests.change.followed import SINCE, cell_at, middles, short_of
from tests.towns import KNOT, line, town_of, with_other_future

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.city.dataset import City
from csa.extras.research import emerging
from csa.extras.research.emerging import (
    EMERGING_COLUMNS,
    Category,
    classify,
    find_emerging,
    mann_kendall,
    screen_word,
)

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


def cell_9_at(place):
    return h3.latlng_to_cell(place[1], place[0], 9)


def slow_cold_cells(counts, land):
    """Exact lower tails of a cell and its neighbors, then the largest rank that passes."""
    n, total, p = int(sum(counts.values())), sum(land.values()), {}
    for cell in land:
        near = [other for other in h3.grid_disk(cell, 1) if other in land]
        share = sum(land[other] for other in near) / total
        p[cell] = binom.cdf(sum(counts.get(other, 0) for other in near), n, share)
    passing = [v for rank, v in enumerate(sorted(p.values()), 1) if v <= 0.05 * rank / len(p)]
    return {cell for cell, value in p.items() if value <= max(passing, default=-1)}


def slow_z(counts, land):
    """Gi* with weights of one, self included; 0 where it is undefined."""
    x = np.array([counts.get(cell, 0) for cell in land], dtype=float)
    n, mean, s, found = len(x), x.mean(), x.std(), []
    at = {cell: place for place, cell in enumerate(land)}
    for cell in land:
        near = [at[other] for other in h3.grid_disk(cell, 1) if other in at]
        w = len(near)
        spread = s * np.sqrt((n * w - w**2) / (n - 1))
        found.append((x[near].sum() - mean * w) / spread if spread else 0.0)
    return dict(zip(land, found, strict=True))


LATE, TURNED, MILD = (-94.5602, 39.0203), (-94.5202, 39.0203), (-94.5903, 39.0404)


def crowd():
    """Many incidents everywhere; places always, lately and hardly busy, and one quiet and then busy."""
    rng = np.random.default_rng(21)
    around = np.array(middles(int(one, 16) for one in h3.grid_disk(cell_9_at(TURNED), 2)))
    lines = []
    for quarter in range(12):
        spots = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (700, 2))
        if quarter < 6:
            apart = np.abs(spots[:, None] - around[None]).max(axis=2).min(axis=1)
            spots = spots[apart > 0.003]
        spots = [tuple(spot) for spot in spots] + [KNOT] * 30 + [MILD] * (6 + quarter * 5 % 12)
        spots += [LATE] * 40 * (quarter == 11) + [TURNED] * 40 * (quarter in {8, 11})
        lines += [
            (place, f"{2017 + quarter // 4}-{quarter % 4 * 3 + n % 3 + 1:02d}-{n % 28 + 1:02d}")
            for n, place in enumerate(spots)
        ]
    lines += [(KNOT, "2017-01-01"), (KNOT, "2019-12-31")]
    return [line(number, *one) for number, one in enumerate(lines)]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    return locate_incidents(
        City(*town_of(tmp_path_factory.mktemp("crowded"), crowd())[::-1]), AreaSettings()
    )


@pytest.mark.long
def test_cells_newly_and_always_busy_are_those_of_a_slow_test_quarter_by_quarter(
    crowded, monkeypatch
):
    asked = []

    def spy(is_hot, z, *, is_cold):
        asked.append((is_hot, z, is_cold))
        return classify(is_hot, z, is_cold=is_cold)

    monkeypatch.setattr("csa.extras.research.emerging.classify", spy)
    found = find_emerging(crowded)
    land = Counter()
    for cell, km2 in crowded.grid.area_km2.items():
        land[h3.cell_to_parent(f"{cell:x}", 9)] += km2
    shares = {cell: km2 / sum(land.values()) for cell, km2 in land.items()}
    own = np.array([h3.cell_to_parent(f"{cell:x}", 9) for cell in crowded.cells.tolist()])
    when = crowded.month - Month(2017, 1).index
    hot, cold, z = [], [], []
    for quarter in range(12):
        counts = Counter(own[when // 3 == quarter].tolist())
        hot.append(slow_hot_cells(counts, shares))
        cold.append(slow_cold_cells(counts, land))
        z.append(slow_z(counts, land))
    ever = sorted(set().union(*hot))
    ((is_hot, scores, is_cold),) = asked
    assert is_hot.tolist() == [[cell in each for each in hot] for cell in ever]
    assert is_cold.tolist() == [[cell in each for each in cold] for cell in ever]
    assert scores == pytest.approx(np.array([[each[cell] for each in z] for cell in ever]))
    rows = [
        [cell, str(category), screen_word(category, row), row.sum(), 12, row[-1]]
        for cell, category, row in zip(
            ever, classify(is_hot, scores, is_cold=is_cold), is_hot, strict=True
        )
        if category != Category.NONE
    ]
    assert not any(
        category == Category.NONE and screen_word(category, row)
        for category, row in zip(classify(is_hot, scores, is_cold=is_cold), is_hot, strict=True)
    )
    assert found.columns.tolist() == list(EMERGING_COLUMNS)
    assert found.drop(columns="z").to_numpy().tolist() == rows
    assert found["z"].tolist() == pytest.approx([z[-1][row[0]] for row in rows], abs=0.0051)


@pytest.mark.parametrize(("expected", "is_cold"), [(2.6, True), (2.5, False)])
def test_none_where_as_many_were_due_that_chance_leaves_none_in_one_of_twenty(expected, is_cold):
    # Of 10 incidents in all: 0.74 ** 10 is .0492, 0.75 ** 10 is .0563.
    around = pd.DataFrame({"incidents_around": [0], "expected_around": [expected]})
    assert emerging._is_cold(around, 10).tolist() == [is_cold]


def test_a_place_always_busy_persists_one_of_late_is_new_and_a_quiet_one_oscillates(crowded):
    found = find_emerging(crowded).set_index("cell")
    at = [cell_9_at(place) for place in (KNOT, LATE, TURNED)]
    assert found.loc[at, "category"].tolist() == ["persistent", "new", "oscillating"]
    assert found.loc[at, "word"].tolist() == ["persistent", "new", ""]
    assert found.loc[at, "hot_periods"].tolist() == [12, 1, 2]


@pytest.mark.parametrize(
    ("quarters", "told"),
    [
        (range(9), ["", "fading"]),
        (range(1, 10), ["", "fading"]),
        (range(11), ["historical", "persistent"]),
        (range(8), None),
        (range(2, 11), None),
    ],
)
def test_a_fading_cell_is_told_of_though_it_has_no_category(quarters, told):
    hot = np.zeros((1, 12), dtype=bool)
    hot[0, list(quarters)] = True
    cell = np.array([cell_at(KNOT)], dtype=np.uint64)
    found = emerging._emerging_table(cell, hot, np.zeros_like(hot), [np.zeros(1)] * 12)
    assert found[["category", "word"]].to_numpy().tolist() == ([] if told is None else [told])


def test_three_years_tell_of_cells_and_a_month_less_of_none(testville):
    assert len(find_emerging(short_of(testville, "2017-02-01", "2020-01-31"))) > 0
    for first, last in (("2017-03-01", "2020-01-31"), ("2017-02-01", "2020-01-30")):
        none = find_emerging(short_of(testville, first, last))
        assert none.columns.tolist() == list(EMERGING_COLUMNS)
        assert len(none) == 0


def test_quarters_without_an_incident_make_no_cell_busy_or_quiet(testville):
    dataset, config = testville
    when = dataset.incidents["occurred_at"]
    table = dataset.incidents[(when < "2018-01-01") | (when >= "2019-01-01")]
    empty = replace(dataset, incidents=table.reset_index(drop=True))
    found = find_emerging(locate_incidents(City(config, empty), AreaSettings()))
    assert len(found) > 0
    assert (found["hot_periods"] <= 8).all()
    none = replace(dataset, incidents=table.iloc[:0])
    assert len(find_emerging(locate_incidents(City(config, none), AreaSettings()))) == 0


def test_what_came_after_a_month_changes_no_cell_of_then(testville, located):
    dataset, config = testville
    other = locate_incidents(
        City(config, with_other_future(dataset, SINCE, "moved")), AreaSettings(), located.cover
    )
    for until in (Month(2019, 1), SINCE):
        assert find_emerging(located, until).equals(find_emerging(other, until))
    assert not find_emerging(located).equals(find_emerging(other))
