"""What each way of choosing catches on the same land: by hand, and against every rival order."""

import math
from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog
from tests.areas.ground import MIDDLE, grid_of
from tests.areas.land import places, settled, square

from csa.areas.backtest.comparison import MethodComparison, best_baseline, compare
from csa.areas.backtest.scoring import (
    BACKTEST_COLUMNS,
    BASELINES,
    METHODS,
    Fold,
    FoldScore,
    as_table,
    is_best_informative,
    score_areas,
    score_fold,
    tabulate,
)
from csa.base.params import Month
from csa.geo import cells as h3_cells

ORIGIN = Month(2020, 1)


def trial(counts, future, *, areas=(), counts_all=None, expected=None, xy=(), xy_all=None):
    """What was known and what came; incidents lie nowhere, and all goes on, unless told."""
    return Fold(
        ORIGIN,
        places(*counts),
        places(*(counts if counts_all is None else counts_all)),
        places(*counts),
        np.array(xy, dtype=float).reshape(-1, 2),
        np.array(xy if xy_all is None else xy_all, dtype=float).reshape(-1, 2),
        np.array(counts if expected is None else expected, dtype=float),
        list(areas),
        places(*future),
    )


def year_later(one, years=1):
    """Return what would have come of a later January."""
    return replace(one, trial=replace(one.trial, origin=ORIGIN.plus(12 * years)))


def judged(one, land, area_share, seed=1):
    """Score every method; to form areas of counts, cells lie as hexagons do."""
    cells = sorted(h3.grid_disk(MIDDLE, 12))[: len(land.area_km2)]
    size = pd.Series(land.area_km2, index=pd.Index(cells, dtype="uint64", name="cell"))
    grid = replace(grid_of(cells), area_km2=size, center_xy=land.center_xy)
    return score_fold(one, land, grid, area_share, seed=seed)


def caught(one, land, method):
    table = tabulate([one], land, 12).set_index("method")
    return table.loc[method, "hit_share"]


@st.composite
def trials(draw):
    """Any past, any areas, and anything that came; on any land."""
    areas, _, counts, land, budget_km2 = draw(settled())
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    future = rng.poisson(draw(st.sampled_from([0.3, 4])), len(counts))
    xy = np.repeat(land.center_xy, counts, axis=0) + rng.normal(0, 300, (counts.sum(), 2))
    is_late = rng.random(len(xy)) < 0.4
    late = np.bincount(np.repeat(np.arange(len(counts)), counts)[is_late], minlength=len(counts))
    expected = rng.gamma(counts + 0.1)
    one = Fold(ORIGIN, late, counts, late, xy[is_late], xy, expected, areas, future)
    return one, land, budget_km2 / land.total_km2


# ---- By hand -------------------------------------------------------------------------------


def test_18_of_60_in_2_4_of_120_km2_is_an_index_of_15():
    land = square(2, [2.4, 60, 50, 7.6])
    one = FoldScore(
        trial([1, 0, 0, 0], [18, 22, 20, 0]),
        {"areas": np.array([1.0, 0, 0, 0]), "ceiling": np.array([1.0, 0, 0, 0])},
        0.05,
    )
    row = tabulate([one], land, 6).iloc[0].to_dict()
    assert row == {
        "origin": "2020-01",
        "horizon_months": 6,
        "method": "areas",
        "area_km2": 2.4,
        "area_share": pytest.approx(0.02),
        "hit_share": pytest.approx(0.3),
        "pai": pytest.approx(15),
        "pei_star": 1.0,
        "n_future": 60,
        "filled_share": 0.05,
    }


def test_every_method_by_hand_on_nine_cells():
    # 6 7 8    neighborhoods: 1 in the south and the middle, 2 in the north
    # 3 4 5
    # 0 1 2
    land = square(3, neighborhood=[1, 1, 1, 1, 1, 1, 2, 2, 2])
    counts = [8, 0, 3, 1, 6, 0, 2, 2, 0]
    future = [2, 1, 0, 0, 5, 0, 1, 0, 3]
    xy = [at for cell, n in enumerate(counts) for at in [land.center_xy[cell]] * n]
    known = trial(
        counts,
        future,
        areas=[places(4), places(0)],
        counts_all=[9, 0, 3, 1, 6, 0, 9, 9, 5],
        expected=[8, 0, 3, 1, 9, 0, 2, 2, 0],
        xy=xy,
        xy_all=[*xy, [2000, 2000], [2000, 2000]],
    )
    one = judged(known, land, 1.5 / 9)
    assert list(one.parts) == list(METHODS)
    assert one.parts["areas"].tolist() == [0.5, 0, 0, 0, 1, 0, 0, 0, 0]
    assert one.parts["blocks"].tolist() == [0.5, 0, 0, 0, 1, 0, 0, 0, 0]
    assert one.parts["count_36"].tolist() == [1, 0, 0, 0, 0.5, 0, 0, 0, 0]
    # cells 6 and 7 hold as many: more lie within 1.2 km of 7
    assert one.parts["count_all"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0.5, 0]
    assert one.parts["kde_150_36"].tolist() == [1, 0, 0, 0, 0.5, 0, 0, 0, 0]
    # one busiest cell is less than 1.5 km2 and two are more: a tenth is filled up beside it, and
    # the rest with the next by count
    assert one.parts["count_areas"] == pytest.approx([1, 0, 0, 0.15, 0, 0, 0, 0.35, 0])
    assert one.parts["neighborhoods"].tolist() == [0] * 6 + [0.5] * 3
    assert one.parts["ceiling"].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0.5]
    assert caught(one, land, "areas") == pytest.approx((5 + 1) / 12)
    assert caught(one, land, "count_36") == pytest.approx((2 + 2.5) / 12)
    assert caught(one, land, "neighborhoods") == pytest.approx(2 / 12)
    assert caught(one, land, "ceiling") == pytest.approx((5 + 1.5) / 12)
    table = tabulate([one], land, 12).set_index("method")
    assert table.loc["areas", "pei_star"] == pytest.approx(6 / 6.5)
    assert table.loc["areas", "pai"] == pytest.approx((6 / 12) / (1.5 / 9))


def test_of_cells_with_equal_counts_the_one_among_others_is_taken():
    # cells 0 and 15 have two each; only around 15 lie others: 300 m from its middle
    land = square(4)
    xy = [[0, 0]] * 2 + [[3000, 3000]] * 2 + [[3000, 2450]] + [[2450, 3000]]
    counts = [2] + [0] * 10 + [1] + [0] * 2 + [1] + [2]
    one = judged(trial(counts, counts, xy=xy, areas=[places(15)]), land, 1 / 16, seed=1)
    assert one.parts["count_36"].nonzero()[0].tolist() == [15]


def test_neighborhoods_are_ranked_by_all_years_for_their_land_and_the_rest_comes_last():
    land = square(2, [4, 1, 1, 1], neighborhood=[0, 1, -1, -1])
    known = trial([0, 0, 9, 9], [1, 1, 1, 1], counts_all=[3, 1, 9, 9], areas=[places(0, 1, 2, 3)])
    assert judged(known, land, 1 / 7, seed=1).parts["neighborhoods"].tolist() == [0, 1, 0, 0]
    taken = judged(known, land, 6 / 7, seed=1).parts["neighborhoods"]
    assert taken.tolist() == [1, 1, 0.5, 0.5]


def test_where_areas_cover_less_every_method_takes_as_little():
    land = square(3)
    known = trial([0, 3, 0, 0, 20, 4, 0, 0, 0], [1] * 9, areas=[places(4)])
    one = judged(known, land, 5 / 9, seed=1)
    table = tabulate([one], land, 12)
    assert table["area_km2"].to_numpy() == pytest.approx(1.5)
    assert one.filled_share == pytest.approx(0.1)
    assert table.set_index("method")["filled_share"].to_dict() == {
        name: pytest.approx(0.1 if name == "areas" else 0) for name in METHODS
    }


def test_the_difference_of_two_methods_by_hand():
    west, east = np.array([1.0, 0]), np.array([0.0, 1])
    scored = [
        FoldScore(trial([0, 0], future), {"areas": west, "count_36": east}, 0.0)
        for future in ([30, 10], [10, 10])
    ]
    found = compare(scored, "areas", "count_36", seed=1)
    assert (found.method, found.baseline) == ("areas", "count_36")
    assert (found.hit_share, found.baseline_hit_share) == (0.625, 0.375)
    assert found.difference == 0.25
    assert found.low < 0.25 < found.high
    assert found.ratio == pytest.approx(5 / 3)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.001, 0.02, "better"),
        (-0.01, 0.02, "as good"),
        (0, 0.02, "as good"),
        (-0.02, -0.001, "worse"),
    ],
)
def test_only_an_interval_clear_of_zero_is_better_or_worse(low, high, said):
    assert MethodComparison("areas", "count", 0.2, 0.2, 0.0, low, high, 2).verdict == said


@pytest.mark.parametrize(("low", "high"), [(0.001, 0.02), (-0.01, 0.02), (-0.02, -0.001)])
def test_one_year_cannot_tell_however_many_of_its_months_were_looked_at(low, high):
    assert MethodComparison("areas", "count", 0.2, 0.2, 0.0, low, high, 1).verdict == "one year"
    one = FoldScore(trial([0, 0], [9, 3]), {"a": np.array([0.3, 0.7])}, 0.0)
    july = replace(one, trial=replace(one.trial, origin=ORIGIN.plus(6)))
    assert compare([one, july], "a", "a", seed=1).n_years == 1
    assert compare([one, july, year_later(one)], "a", "a", seed=1).n_years == 2


def test_the_best_baseline_has_the_highest_mean_and_of_equals_the_first_is_named():
    shares = dict.fromkeys(METHODS, 0.1) | {
        "kde_150_36": 0.2,
        "kde_mix_all": 0.2,
        "areas": 0.3,
        "ceiling": 0.9,
    }
    table = pd.DataFrame({"method": list(shares), "hit_share": list(shares.values())})
    assert best_baseline(table) == "kde_150_36"
    once_best = table.assign(hit_share=[0.4 if name == "count_36" else 0.0 for name in METHODS])
    assert best_baseline(pd.concat([table, once_best])) == "count_36"
    assert not {"areas", "blocks", "random", "ceiling"} & set(BASELINES)


# ---- At the edge ---------------------------------------------------------------------------


def test_where_nothing_came_shares_are_unknown():
    land = square(2)
    one = judged(trial([1, 2, 3, 4], [0, 0, 0, 0], areas=[places(3)]), land, 0.25, seed=1)
    table = tabulate([one], land, 12)
    assert table[["hit_share", "pai", "pei_star"]].isna().all(axis=None)
    assert table["n_future"].unique().tolist() == [0]


def test_without_an_area_nobody_chooses_anything():
    land = square(2)
    one = judged(trial([1, 2, 3, 4], [1, 1, 1, 1]), land, 0.25, seed=1)
    table = tabulate([one], land, 12)
    assert not table[["area_km2", "hit_share", "filled_share"]].any(axis=None)
    assert table[["pai", "pei_star"]].isna().all(axis=None)
    found = compare([one], "areas", "count_36", seed=1)
    assert (found.difference, found.low, found.high, found.verdict) == (0, 0, 0, "one year")
    assert math.isnan(found.ratio)


def test_no_trial_is_a_table_without_rows_whose_columns_are_of_the_same_kinds():
    land = square(2)
    one = judged(trial([1, 2, 3, 4], [1, 1, 1, 1], areas=[places(3)]), land, 0.25, seed=1)
    empty, full = tabulate([], land, 12), tabulate([one], land, 12)
    assert len(empty) == 0
    assert len(full) == len(METHODS)
    assert list(empty.columns) == list(full.columns) == list(BACKTEST_COLUMNS)
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_all_incidents_in_one_cell_leave_nothing_to_draw_again():
    one = FoldScore(trial([0, 0], [9, 0]), {"a": np.array([1.0, 0]), "b": np.array([0.0, 1])}, 0.0)
    found = compare([one, one], "a", "b", seed=1)
    assert (found.low, found.difference, found.high) == (1, 1, 1)


def test_what_sums_leave_behind_makes_no_method_worse():
    parts = {"a": np.array([0.1 + 0.2, 1.0]), "b": np.array([0.3, 1.0])}
    assert parts["a"][0] != parts["b"][0]
    one = FoldScore(trial([0, 0], [9, 0]), parts, 0.0)
    for names in (("a", "b"), ("b", "a")):
        found = compare([one, year_later(one)], *names, seed=1)
        assert (found.low, found.difference, found.high, found.verdict) == (0, 0, 0, "as good")


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"more": 1}, {"n_future": "many"}, {"n_future": None}, {"pai": "x"}]
)
def test_rows_of_other_names_or_kinds_are_refused(change):
    row = dict.fromkeys(BACKTEST_COLUMNS, 1)
    assert len(as_table([row])) == 1
    with pytest.raises((ValueError, TypeError)):
        as_table([row | change])
    with pytest.raises(ValueError, match="pai"):
        as_table([{name: value for name, value in row.items() if name != "origin"}])


# ---- True in general -----------------------------------------------------------------------


@given(given=trials())
def test_every_method_takes_exactly_the_same_land(given):
    known, land, share = given
    one = judged(known, land, share, seed=1)
    taken = {name: float(part @ land.area_km2) for name, part in one.parts.items()}
    assert tuple(taken) == METHODS
    for name, km2 in taken.items():
        assert km2 == pytest.approx(taken["areas"], abs=1e-9), name
        assert one.parts[name].min() >= 0
        assert one.parts[name].max() <= 1 + 1e-12
    assert taken["areas"] <= share * land.total_km2 + 1e-9
    assert one.filled_share <= 0.1 + 1e-12


@given(given=trials())
def test_areas_judged_alone_take_what_they_take_among_all_methods(given):
    one, land, area_share = given
    alone, among = score_areas(one, land, area_share), judged(one, land, area_share, seed=1)
    assert list(alone.parts) == ["areas", "ceiling"]
    for method, part in alone.parts.items():
        assert part.tolist() == among.parts[method].tolist()
    assert (alone.filled_share, alone.trial) == (among.filled_share, one)
    both = [tabulate([each], land, 12).set_index("method") for each in (alone, among)]
    pd.testing.assert_frame_equal(both[0], both[1].loc[["areas", "ceiling"]])


@given(given=trials())
def test_the_ceiling_is_the_best_that_any_part_of_each_cell_could_catch(given):
    known, land, share = given
    one = judged(known, land, share, seed=1)
    budget_km2 = float(one.parts["areas"] @ land.area_km2)
    best = linprog(-known.future, A_ub=[land.area_km2], b_ub=[budget_km2], bounds=(0, 1))
    assert one.parts["ceiling"] @ known.future == pytest.approx(-best.fun, abs=1e-6)


@given(given=trials(), seed=st.integers(0, 99))
def test_only_the_ceiling_knows_what_came(given, seed):
    known, land, share = given
    other = replace(known, future=np.random.default_rng(seed).permutation(known.future))
    one, two = (judged(each, land, share, seed=1) for each in (known, other))
    for name in METHODS:
        if name != "ceiling":
            assert one.parts[name].tolist() == two.parts[name].tolist()
    assert one.filled_share == two.filled_share


@given(given=trials())
def test_cells_are_taken_whole_in_falling_order_of_what_the_method_ranks_them_by(given):
    known, land, share = given
    parts = judged(known, land, share, seed=1).parts
    size = land.area_km2
    ranks = {
        "blocks": known.expected / size,
        "count_36": known.counts,
        "count_all": known.counts_all,
        "kde_150_36": land.density(known.xy, 150),
        "kde_150_all": land.density(known.xy_all, 150),
        "kde_300_all": land.density(known.xy_all, 300),
        "kde_mix_all": land.density(known.xy_all, 60) + land.density(known.xy_all, 250),
        "ceiling": known.future / size,
    }
    for name, rank in ranks.items():
        begun, whole = parts[name] > 1e-9, parts[name] > 1 - 1e-9
        if begun.any() and not whole.all():
            assert rank[begun].min() >= rank[~whole].max() - 1e-12


def test_a_random_draw_catches_about_its_share_of_the_land():
    rng = np.random.default_rng(3)
    land = square(20)
    future = rng.poisson(rng.gamma(1, 2, 400))
    known = trial([1] * 400, future, areas=[np.arange(40)])
    found = caught(judged(known, land, 0.1, seed=5), land, "random")
    assert found == pytest.approx(0.1, abs=0.005)
    again = judged(known, land, 0.1, seed=5).parts["random"]
    other = judged(known, land, 0.1, seed=6).parts["random"]
    assert again.tolist() == judged(known, land, 0.1, seed=5).parts["random"].tolist()
    assert again.tolist() != other.tolist()


def years(rng, *, n_origins, differ=0.0, differs_by_year=0.0):
    """Past years of 1,500 incidents, and two methods that each catch a tenth of them."""
    parts = {"one": np.array([1.0, 0, 0]), "other": np.array([0.0, 1, 0])}
    scored = []
    for apart in differ + rng.normal(0, differs_by_year, n_origins):
        future = rng.multinomial(1500, [0.1 + apart / 2, 0.1 - apart / 2, 0.8])
        scored.append(FoldScore(trial([0, 0, 0], future), parts, 0.0))
    return [year_later(one, n) for n, one in enumerate(scored)]


def test_the_interval_is_as_wide_as_drawing_years_and_incidents_again_one_by_one_would_make_it():
    scored = years(np.random.default_rng(2), n_origins=4)
    rng = np.random.default_rng(8)
    incidents = [np.repeat([1.0, -1.0, 0.0], one.trial.future) for one in scored]
    means = []
    for _ in range(3000):
        years_again = []
        for incidents_came in incidents:
            as_it_was = incidents_came.mean()
            again = rng.choice(incidents_came, len(incidents_came)).mean()
            years_again.append(as_it_was + (again - as_it_was) / 2)  # root of four years
        means.append(np.mean([years_again[k] for k in rng.integers(4, size=4)]))
    low, high = np.quantile(means, [0.05, 0.95])
    found = compare(scored, "one", "other", seed=1, n_resamples=8000)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.0007)


@given(seed=st.integers(0, 99))
def test_the_same_seed_gives_the_same_interval_and_swapped_methods_its_mirror(seed):
    scored = years(np.random.default_rng(seed), n_origins=3)
    one, again, swapped = (
        compare(scored, *names, seed=seed, n_resamples=50)
        for names in (("one", "other"), ("one", "other"), ("other", "one"))
    )
    assert one == again
    assert (one.low, one.high) == pytest.approx((-swapped.high, -swapped.low), abs=1e-12)


@pytest.mark.parametrize(
    ("n_future", "horizon", "is_informative"), [(20, 12, True), (19, 12, False), (10, 6, True)]
)
def test_the_best_possible_says_something_only_with_an_incident_for_each_block(
    n_future, horizon, is_informative
):
    land = {
        "area_km2": 20 * h3_cells.mean_km2(10),
        "area_share": 0.02,
        "hit_share": 0.5,
        "pai": 25.0,
    }
    rest = {"pei_star": 1.0, "filled_share": 0.0, "n_future": n_future, "horizon_months": horizon}
    rows = [{"origin": "2020-01", "method": name, **land, **rest} for name in ("areas", "ceiling")]
    assert is_best_informative(as_table(rows), 10) is is_informative
