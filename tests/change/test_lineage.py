"""What became of areas: by hand, with made-up counts; in a city where nothing changes, or does."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.ndimage import label, uniform_filter
from scipy.stats import binomtest, norm
from tests.workers import slowly

from csa.base.errors import ParamError, TableError
from csa.base.params import Month
from csa.change.lineage import (
    DTYPES,
    LINEAGE_COLUMNS,
    Event,
    WindowAreas,
    compare_with_city,
    measure_move,
    trace_lineage,
)

START = Month(2020, 1)
QUIET = (5, 10, 250, 500)
MORE = (30, 10, 250, 500)
FEWER = (1, 50, 250, 500)


def row(first, n):
    """Return n cells of a street, numbered from its west end."""
    return frozenset(range(first, first + n))


def windows(*months):
    """Make a window of each list of areas; an area's middle is that of its cells."""
    return [
        WindowAreas(
            START.plus(place),
            tuple(areas),
            tuple((sum(cells) / len(cells), 0.0) for cells in areas),
        )
        for place, areas in enumerate(months)
    ]


def trace(months, counts=None, dispersion=1.0, locate=None):
    """Trace areas; `counts` holds what is counted in a month after the start, else QUIET."""

    def count(_, until):
        return (counts or {}).get(until.index - START.index, QUIET)

    return trace_lineage(windows(*months), count, dispersion=dispersion, locate=locate)


def events(months, counts=None, **options):
    """Tell (month after the start, event) for each row."""
    table = trace(months, counts, **options)
    after = [Month.parse(month).index - START.index for month in table["month"]]
    return list(zip(after, table["event"], strict=True))


def slow_p(now, before, city_now, city_before):
    """Add up the chances of each split of the sum, in whole fractions; double the smaller tail."""
    n, share = now + before, Fraction(city_now, city_now + city_before)
    chance = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    return float(min(1, 2 * min(sum(chance[now:]), sum(chance[: now + 1]))))


# ---- A city of squares: busy places, thinned to 250 incidents a year ---------------------------

SIDE = 20
PLACES = [(2, 2), (2, 9), (2, 16), (9, 2), (9, 9), (9, 16), (16, 5), (16, 13)]
MONTHS = 84
LEAST = 20
"""A cell is proposed with so many incidents in 36 months, its eight neighbours' included."""


def monthly_rates(strengths):
    """Return what each cell expects a month: a quiet city, and busy places of 9 cells."""
    city = np.full((SIDE, SIDE), 110 / SIDE**2)
    for (top, left), strength in zip(PLACES, strengths, strict=True):
        city[top : top + 3, left : left + 3] += strength / 9
    return city.ravel() * 250 / city.sum() / 12


def throw(rng, monthly, dispersion):
    """Throw incidents, months by cells: some lead to more in the same cell."""
    mean = (1 + dispersion) / 2  # of a geometric sequence with that variance over mean
    begun = rng.poisson(monthly / mean)
    more = rng.negative_binomial(np.maximum(begun, 1), 1 / mean) if dispersion > 1 else 0
    return np.where(begun > 0, begun + more, 0)


def propose(counts, least=LEAST):
    """Propose runs of cells with many incidents in 36 months, stepping by a month."""
    total = np.vstack([np.zeros((1, SIDE**2)), counts.cumsum(axis=0)])
    made = []
    for until in range(36, len(counts) + 1):
        window = (total[until] - total[until - 36]).reshape(SIDE, SIDE)
        runs, n = label(9 * uniform_filter(window, 3, mode="constant") >= least - 1e-9)
        areas = [np.flatnonzero(runs == number) for number in range(1, n + 1)]
        areas = [cells for cells in areas if len(cells) > 1]
        middles = tuple((float((a % SIDE).mean()), float((a // SIDE).mean())) for a in areas)
        made.append(
            WindowAreas(START.plus(until), tuple(frozenset(a.tolist()) for a in areas), middles)
        )
    return made


def counter(counts):
    total = np.vstack([np.zeros((1, SIDE**2), dtype=int), counts.cumsum(axis=0)])

    def count(cells, until):
        at, where = until.index - START.index, list(cells)
        now, before = total[at] - total[at - 12], total[at - 12] - total[at - 36]
        return int(now[where].sum()), int(before[where].sum()), int(now.sum()), int(before.sum())

    return count


def trace_city(seed, monthly, dispersion, least=LEAST):
    counts = throw(np.random.default_rng(seed), monthly, dispersion)
    return trace_lineage(propose(counts, least), counter(counts), dispersion=dispersion)


@cache
def unchanged(dispersion, strongest, least):
    """Trace twelve cities in which nothing changes."""
    tables = []
    for seed in range(12):
        strengths = np.random.default_rng(1000 + seed).uniform(1, strongest, len(PLACES))
        monthly = np.tile(monthly_rates(strengths), (MONTHS, 1))
        tables.append(trace_city(seed, monthly, dispersion, least).assign(city=seed))
    return pd.concat(tables, ignore_index=True)


# ---- By hand --------------------------------------------------------------------------------


def test_the_columns_are_those_of_the_description():
    table = trace([[row(0, 5)], [row(0, 4), row(9, 2)]])
    assert list(table) == list(LINEAGE_COLUMNS)
    assert [str(kind) for kind in table.dtypes] == list(DTYPES)
    assert table["month"].tolist() == ["2020-01", "2020-02", "2020-02"]
    assert table["track"].tolist() == [1, 1, 2]
    assert table["event"].tolist() == ["first", "persists", "redrawn"]
    assert table["jaccard"].fillna(-1).tolist() == [-1, 0.8, -1]
    assert table["n_cells"].tolist() == [5, 4, 2]
    assert table["gained_cells"].tolist() == [5, 0, 2]
    assert table["lost_cells"].tolist() == [0, 1, 0]
    assert table["last_12"].tolist() == [5, 5, 5]
    assert table["before_24"].tolist() == [10, 10, 10]
    assert table["from_tracks"].tolist() == ["", "", ""]
    assert table["moved_m"].isna().all()
    assert table["moved_se_m"].isna().all()


def test_only_coming_and_going_are_tested():
    table = trace([[row(0, 5)], [row(0, 5), row(9, 5)], [row(9, 5)]])
    tested = table["p"].notna().tolist()
    assert list(zip(table["month"], table["track"], tested, strict=True)) == [
        ("2020-01", 1, False),
        ("2020-02", 1, False),
        ("2020-02", 2, True),
        ("2020-03", 1, True),
        ("2020-03", 2, True),
    ]


def test_a_change_against_the_city_by_hand():
    p = slow_p(30, 10, 250, 500)
    assert compare_with_city(MORE, 1.0).p == pytest.approx(p)
    assert compare_with_city(MORE, 1.0).is_more
    widened = 2 * norm.sf(norm.isf(p / 2) / math.sqrt(1.6))
    assert compare_with_city(MORE, 1.6).p == pytest.approx(widened)
    assert compare_with_city(MORE, 0.7) == compare_with_city(MORE, 1.0)
    assert not compare_with_city(FEWER, 1.0).is_more
    assert compare_with_city((12, 4, 100, 100), 1.0).p == pytest.approx(0.076813, abs=1e-6)


def test_a_rise_that_the_whole_city_saw_is_no_rise():
    assert compare_with_city((30, 30, 1000, 1000), 1.0).p == 1.0
    assert compare_with_city((30, 30, 500, 1000), 1.0).is_more
    assert not compare_with_city((30, 30, 2000, 1000), 1.0).is_more
    assert not compare_with_city((30, 30, 1000, 1000), 1.0).is_more


def test_a_new_area_appeared_only_if_its_cells_had_more_than_before():
    months = [[], [row(0, 5)], [row(0, 5)]]
    assert events(months, {1: MORE}) == [(1, "appeared"), (2, "persists")]
    assert events(months) == [(1, "redrawn"), (2, "persists")]
    assert events(months, {1: FEWER, 2: FEWER}) == [(1, "redrawn"), (2, "persists")]
    table = trace(months, {1: FEWER, 2: MORE})
    assert table["p"].tolist() == [1.0, pytest.approx(slow_p(*MORE))]


NEW, LEFT, BACK = [[], *[[row(0, 5)]] * 4], [[row(0, 5)], [], []], [[row(0, 5)], [], [row(0, 5)]]


@pytest.mark.parametrize(
    ("months", "counts", "told"),
    [
        (NEW, {3: MORE, 4: MORE}, ["redrawn", "persists", "appeared", "persists"]),
        (LEFT, {1: FEWER}, ["first", "gone"]),
        (LEFT, {}, ["first", "redrawn"]),
        (LEFT, {1: MORE, 2: MORE}, ["first", "redrawn"]),
        # Gone and back, it may appear anew; that only slipped out does not when it slips in.
        ([*BACK, [row(0, 5)], [], []], {1: FEWER, 3: MORE, 4: FEWER}, ["first", "gone", "redrawn", "appeared", "gone"]),
        ([*BACK, [row(0, 5)]], {2: MORE, 3: MORE}, ["first", "redrawn", "redrawn", "persists"]),
        ([*BACK, []], {0: FEWER, 1: FEWER}, ["first", "gone", "redrawn", "redrawn"]),
        ([[], *BACK], {3: MORE}, ["redrawn", "redrawn", "appeared"]),
    ],
)  # fmt: skip
def test_coming_and_going_are_told_once_in_the_first_month_that_shows_them(months, counts, told):
    assert [event for _, event in events(months, counts)] == told


def test_gone_is_told_once_in_the_first_month_that_shows_it():
    months = [[row(0, 5)], [], [], [], []]
    assert events(months, {3: FEWER, 4: FEWER}) == [(0, "first"), (1, "redrawn"), (3, "gone")]
    late = trace(months, {3: FEWER}).iloc[-1]
    assert (late["n_cells"], late["gained_cells"], late["lost_cells"]) == (0, 0, 0)
    assert (late["last_12"], late["before_24"], late["version"]) == (1, 50, 1)
    assert math.isnan(late["jaccard"])
    left = trace(months).iloc[-1]
    assert (left["n_cells"], left["lost_cells"], left["jaccard"]) == (0, 5, 0.0)


def test_a_fall_while_the_window_still_held_the_area_is_found_when_it_leaves():
    months = [[row(0, 5)], [row(0, 5)], [row(0, 2)], []]
    fell = {0: FEWER}
    assert events(months, fell)[-1] == (3, "gone")
    table = trace(months, fell)
    assert table["p"].tolist()[-1] == pytest.approx(slow_p(*FEWER))
    assert table["last_12"].tolist()[-1] == QUIET[0]


def test_each_month_is_tested_on_the_shape_that_it_had():
    asked = []

    def count(cells, until):
        asked.append((until.index - START.index, len(cells)))
        return QUIET

    trace_lineage(windows([row(0, 5)], [row(0, 4)], []), count, dispersion=1.0)
    assert set(asked) == {(0, 5), (1, 4), (2, 4)}


def test_what_was_split_off_or_merged_did_not_appear_and_is_not_gone():
    apart, whole = [row(0, 5), row(5, 6)], [row(0, 11)]
    always = dict.fromkeys(range(1, 4), MORE)
    assert [event for _, event in events([whole, apart, apart], always)] == [
        "first",
        *["split"] * 2,
        *["persists"] * 2,
    ]
    always = dict.fromkeys(range(1, 4), FEWER)
    table = trace([apart, whole, whole], always)
    assert table["event"].tolist() == [*["first"] * 2, *["merged"] * 2, "persists"]
    assert table["from_tracks"].tolist() == ["", "", "1 2", "1 2", ""]


def test_a_step_of_two_hundred_meters_is_told_and_one_of_twenty_is_not():
    here = np.array([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0)] * 5)
    spread = np.var(here[:, 0], ddof=1)
    move = measure_move(here, here + np.array([120.0, 160.0]))
    assert move.distance_m == pytest.approx(200)
    assert move.se_m == pytest.approx(math.sqrt(2 * spread / 20))
    assert move.is_significant
    assert not measure_move(here, here + np.array([12.0, 16.0])).is_significant
    wide = measure_move(here, here + 50.0, dispersion=4.0)
    assert wide.se_m == pytest.approx(2 * measure_move(here, here + 50.0).se_m)
    assert measure_move(here, here + 9.0, dispersion=0.1) == measure_move(here, here + 9.0)


def test_the_scatter_of_both_sides_makes_the_error():
    here = np.array([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0)] * 5)
    few = here[:4] * 3
    variance = np.var(here[:, 0], ddof=1) / 20 + np.var(few[:, 0], ddof=1) / 4
    assert measure_move(here, few).se_m == pytest.approx(math.sqrt(variance))
    assert measure_move(few, here).se_m == pytest.approx(math.sqrt(variance))


def test_the_line_with_nine_incidents_is_that_of_the_tables():
    square = np.array([(float(x), float(y)) for x in range(3) for y in range(3)])
    line = math.sqrt(2 * 8 / 7 * 4.7374)  # F of 2 and 7 that is passed by 1 in 20
    se_m = math.sqrt(2 * np.var(square[:, 0], ddof=1) / 9)
    for share, is_told in ((0.999, False), (1.001, True)):
        step = np.array([share * line * se_m, 0.0])
        assert measure_move(square, square + step).is_significant == is_told


def test_the_error_of_a_move_is_that_along_its_line():
    street = np.array([(float(x), float(y)) for x in (-300, 0, 300) for y in (-3, 0, 3)])
    along = measure_move(street, street + np.array([50.0, 0.0]))
    across = measure_move(street, street + np.array([0.0, 50.0]))
    assert along.se_m == pytest.approx(math.sqrt(2 * np.var(street[:, 0], ddof=1) / 9))
    assert not along.is_significant
    assert across.is_significant


def test_a_table_tells_moves_since_the_first_shape_only_beyond_their_error():
    here = np.array([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0)] * 5)

    def locate(cells, until):
        return here + {0: 0.0, 1: 9.0, 2: 90.0}[until.index - START.index] + 1000.0 * min(cells)

    table = trace([[row(0, 5)], [row(0, 5)], [row(0, 5)], []], locate=locate)
    se_m = measure_move(here, here + 90.0).se_m
    assert table["moved_se_m"].tolist()[1:3] == pytest.approx([se_m] * 2)
    assert table["moved_se_m"].isna().tolist() == [True, False, False, True]
    assert table["moved_m"].isna().tolist() == [True, True, False, True]
    assert table["moved_m"][2] == pytest.approx(90 * math.sqrt(2))
    wide = trace([[row(0, 5)], [row(0, 5)]], locate=locate, dispersion=4.0)
    assert wide["moved_se_m"][1] == pytest.approx(2 * se_m)
    moved = trace([[row(0, 5)], [row(1, 4)]], locate=locate)
    assert moved["moved_m"][1] == pytest.approx(1009 * math.sqrt(2))


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("months", [[], [[]], [[], []]])
def test_no_areas_give_an_empty_table_with_the_same_columns(months):
    table = trace(months)
    assert table.empty
    assert list(table) == list(LINEAGE_COLUMNS)
    assert [str(kind) for kind in table.dtypes] == list(DTYPES)


@pytest.mark.parametrize(("after", "is_told"), [(12, True), (13, False)])
def test_a_year_is_waited_and_no_longer(after, is_told):
    came = [[], *[[row(0, 5)]] * 15]
    assert ((1 + after, "appeared") in events(came, {1 + after: MORE})) == is_told
    left = [[row(0, 5)], *[[]] * 15]
    assert ((1 + after, "gone") in events(left, {1 + after: FEWER})) == is_told


@pytest.mark.parametrize(("back", "is_told"), [(24, True), (25, False)])
def test_two_years_are_looked_back_and_no_longer(back, is_told):
    months = [*[[row(0, 5)]] * 30, []]
    assert (events(months, {30 - back: FEWER})[-1] == (30, "gone")) == is_told


def test_after_an_area_came_back_a_year_is_waited_as_well():
    months = [[row(0, 5)], [], *[[row(0, 5)]] * 14]
    for after, is_told in ((12, True), (13, False)):
        found = events(months, {1: FEWER, 2 + after: MORE})
        assert found[1] == (1, "gone")
        assert ((2 + after, "appeared") in found) == is_told


def test_a_row_of_incidents_has_no_error_across_it():
    for slope in np.random.default_rng(3).uniform(0.05, 1, 300):
        street = np.column_stack([np.arange(7.0), slope * np.arange(7.0)]) * 97.3
        move = measure_move(street, street + np.array([-slope, 1.0]) * 53.7)
        assert move.se_m == pytest.approx(0, abs=1e-4)
        assert move.is_significant


def test_one_in_two_hundred_is_the_line():
    # 2 * (1/2)**n of n, no one before: n 8 gives .0078, n 9 gives .0039.
    months = [[], [row(0, 5)]]
    assert events(months, {1: (8, 0, 500, 500)}) == [(1, "redrawn")]
    assert events(months, {1: (9, 0, 500, 500)}) == [(1, "appeared")]
    assert events(months, {1: (9, 0, 500, 500)}, dispersion=1.6) == [(1, "redrawn")]


def test_without_any_incident_nothing_is_told():
    for counts in ((0, 0, 0, 0), (0, 9, 0, 90), (9, 0, 90, 0), (0, 0, 9, 9)):
        assert compare_with_city(counts, 1.6).p == 1.0
        assert not compare_with_city(counts, 1.6).is_more


def test_few_incidents_have_no_error_and_no_move():
    none, two, three = np.zeros((0, 2)), np.zeros((2, 2)), np.eye(3, 2)
    assert math.isnan(measure_move(none, three).distance_m)
    assert not measure_move(none, three).is_significant
    for pair in ((two, three), (three, two + 9)):
        move = measure_move(*pair)
        assert move.distance_m > 0
        assert math.isnan(move.se_m)
        assert not move.is_significant
    assert measure_move(three, three + 500).is_significant
    assert not measure_move(
        three, three + 2.5
    ).is_significant  # 6 errors of 0.47, but only three points


def test_what_did_not_move_has_an_error_and_is_not_told():
    three = np.eye(3, 2)
    still = measure_move(three, three)
    assert (still.distance_m, still.is_significant) == (0.0, False)
    assert still.se_m == pytest.approx(math.sqrt(2 / 9))
    point = np.ones((5, 2))
    assert measure_move(point, point).se_m == 0.0
    assert not measure_move(point, point).is_significant
    assert measure_move(point, point + 1).is_significant


# ---- Refused --------------------------------------------------------------------------------


def test_counts_below_nothing_are_refused():
    for place in range(4):
        counts = [5, 5, 50, 50]
        counts[place] = -1
        with pytest.raises(ParamError, match="counts must be 0 or more, not -1"):
            compare_with_city(tuple(counts), 1.0)


@pytest.mark.parametrize("given", [math.nan, math.inf])
def test_a_dispersion_that_is_no_number_is_refused(given):
    with pytest.raises(ParamError, match="dispersion must be a number"):
        trace([[row(0, 5)]], dispersion=given)


@pytest.mark.parametrize("wrong", [np.zeros(4), np.zeros((4, 3)), np.full((4, 2), np.nan)])
def test_places_that_are_not_two_columns_of_numbers_are_refused(wrong):
    for pair in ((wrong, np.zeros((4, 2))), (np.zeros((4, 2)), wrong)):
        with pytest.raises(TableError, match="two columns"):
            measure_move(*pair)


# ---- True in general ------------------------------------------------------------------------


@given(
    now=st.integers(0, 40),
    before=st.integers(0, 40),
    city=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    dispersion=st.floats(1, 3),
)
def test_the_test_is_its_slow_definition_and_never_surer_with_more_dispersion(
    now, before, city, dispersion
):
    change = compare_with_city((now, before, *city), 1.0)
    assert change.p == pytest.approx(slow_p(now, before, *city))
    if now + before:
        share = city[0] / sum(city)
        tails = [binomtest(now, now + before, share, side).pvalue for side in ("less", "greater")]
        assert change.p == pytest.approx(min(1, 2 * min(tails)))
    assert change.is_more == (now * city[1] > before * city[0])
    assert compare_with_city((now, before, *city), dispersion).p >= change.p - 1e-12


@pytest.mark.parametrize("mean", [4, *slowly(14, 40)])
def test_with_a_dispersion_of_1_6_at_most_1_of_100_unchanged_areas_are_told(mean):
    rng, n = np.random.default_rng(mean), 4000
    now, before = (rng.negative_binomial(k / 0.6, 1 / 1.6, n) for k in (mean, 2 * mean))
    assert np.var(now) / np.mean(now) == pytest.approx(1.6, rel=0.1)
    rest = rng.poisson(250 - mean, n), rng.poisson(500 - 2 * mean, n)
    counts = np.column_stack([now, before, now + rest[0], before + rest[1]]).tolist()
    told = [compare_with_city(tuple(one), 1.6).p <= 0.01 for one in counts]
    assert np.mean(told) <= 0.01
    careless = [compare_with_city(tuple(one), 1.0).p <= 0.01 for one in counts]
    assert np.mean(careless) > (0.015 if mean > 4 else 0)


@pytest.mark.parametrize(
    ("dispersion", "strongest", "least"),
    [
        (1.6, 14, 14),
        *slowly((1.0, 14, 14), (1.0, 24, 20), (1.6, 24, 20), (1.0, 9, 14), (1.6, 9, 14)),
    ],
)
def test_in_an_unchanged_city_at_most_1_area_in_20_appears_or_is_gone_in_a_year(
    dispersion, strongest, least
):
    table = unchanged(dispersion, strongest, least)
    years = (table["n_cells"] > 0).sum() / 12
    came_or_left = (table["event"] == "redrawn") & table["p"].notna()
    assert years > 100
    assert came_or_left.sum() > 0.1 * years  # the edge of the proposal moves all the time
    for word in ("appeared", "gone"):
        assert (table["event"] == word).sum() <= years / 20


def test_every_row_is_in_order_and_says_an_event_of_the_closed_set():
    table = unchanged(1.6, 14, 14)
    assert set(table["event"]) <= {event.value for event in Event}
    keys = list(zip(table["city"], table["month"], table["track"], strict=True))
    assert keys == sorted(set(keys))
    kept = table[(table["n_cells"] > 0) & table["jaccard"].notna()]
    shared = kept["n_cells"] - kept["gained_cells"]
    assert np.allclose(shared / (kept["n_cells"] + kept["lost_cells"]), kept["jaccard"])
