"""The same way of proposing, on past days: scored on what came, and blind to it before."""

from dataclasses import replace

import pandas as pd
import pytest
import shapely
from benchmarks import large, places
from shapely.geometry import Point
from tests.towns import with_other_future

from csa.areas.backtest.comparison import compare
from csa.areas.backtest.origins import (
    SEED,
    BacktestSpec,
    make_trial,
    past_januaries,
    refuse_outside,
    run_backtest,
)
from csa.areas.backtest.scoring import BASELINES, METHODS
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, resolve_params
from csa.areas.locating import locate_incidents
from csa.base.errors import ParamError, PeriodError
from csa.base.params import Month, Period
from csa.city.dataset import City

JANUARIES = (Month(2017, 1), Month(2018, 1), Month(2019, 1))


@pytest.fixture(scope="module")
def tested(located, backtest):
    return backtest(located, JANUARIES)


@pytest.fixture(scope="module")
def of_days(testville):
    """The dataset, as if its first and last day had been others."""
    dataset = testville[0]
    return lambda first, last: replace(
        dataset, report={**dataset.report, "data_from": first, "data_through": last}
    )


# ---- By hand -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "start", "until"),
    [
        ("2014-01-01", "2019-12-31", "2014-01", "2020-01"),
        ("2014-01-20", "2019-12-30", "2014-02", "2019-12"),
        ("2016-01-01", "2016-02-29", "2016-01", "2016-03"),
        ("2016-01-01", "2016-02-28", "2016-01", "2016-02"),
    ],
)
def test_a_month_is_whole_when_it_begins_in_time_and_its_last_day_is_covered(
    of_days, first, last, start, until
):
    assert of_days(first, last).require_months() == Period(Month.parse(start), Month.parse(until))


def test_januaries_need_a_whole_period_before_and_a_whole_year_after(testville, of_days):
    assert past_januaries(testville[0], 36, 12) == JANUARIES
    assert past_januaries(testville[0], 37, 12) == JANUARIES[1:]
    assert past_januaries(testville[0], 36, 13) == JANUARIES[:-1]
    assert past_januaries(of_days("2014-01-01", "2019-12-30"), 36, 12) == JANUARIES[:-1]
    assert past_januaries(testville[0], 72, 1) == ()


def test_a_row_for_each_day_and_method_on_exactly_the_same_land(tested, located):
    table = tested.table
    assert table["origin"].unique().tolist() == ["2017-01", "2018-01", "2019-01"]
    for _, rows in table.groupby("origin"):
        assert rows["method"].tolist() == list(METHODS)
        assert rows["area_km2"].to_numpy() == pytest.approx(rows["area_km2"].iloc[0], abs=1e-9)
    study_km2 = located.grid.area_km2.sum()
    assert table["area_share"].to_numpy() == pytest.approx(table["area_km2"] / study_km2)
    assert table["area_share"].max() <= 0.02 + 1e-12
    assert (table["horizon_months"] == 12).all()
    assert table["filled_share"].max() <= 0.1 + 1e-12
    assert (table["pei_star"] <= 1 + 1e-12).all()


def test_what_came_is_counted_as_plain_dates_would(tested, located):
    when = located.column("occurred_at").dt.year
    n_future = tested.table.drop_duplicates("origin").set_index("origin")["n_future"].to_dict()
    assert n_future == {f"{year}-01": int((when == year).sum()) for year in (2017, 2018, 2019)}


def test_what_each_method_caught_is_counted_incident_by_incident(tested, located):
    table = tested.table.set_index(["origin", "method"])["hit_share"]
    for one in tested.scores:
        origin = one.trial.origin
        is_future = located.column("occurred_at").dt.year == origin.year
        at = located.positions[is_future.to_numpy()]
        for method, part in one.parts.items():
            assert table[str(origin), method] == pytest.approx(part[at].sum() / len(at))


def test_the_comparison_is_of_areas_with_the_best_single_baseline(tested):
    means = tested.table.groupby("method")["hit_share"].mean()
    assert tested.comparison.method == "areas"
    assert tested.comparison.baseline == means[list(BASELINES)].idxmax()
    assert tested.comparison.hit_share == pytest.approx(means["areas"])
    assert tested.comparison.baseline_hit_share == pytest.approx(means[tested.comparison.baseline])
    assert tested.comparison.low <= tested.comparison.difference <= tested.comparison.high


def test_a_trial_holds_the_period_the_last_year_and_the_horizon(located):
    period, question = Period.before(Month(2018, 1), 36), BacktestSpec((Month(2018, 1),), 6)
    trial = make_trial(located, period, question, ())
    when = located.column("occurred_at")
    assert (
        trial.counts.sum()
        == len(trial.xy)
        == ((when >= "2015-01-01") & (when < "2018-01-01")).sum()
    )
    assert trial.counts_all.sum() == len(trial.xy_all) == (when < "2018-01-01").sum()
    assert trial.expected.tolist() == located.expected(period).tolist()
    assert trial.last_year.sum() == (when.dt.year == 2017).sum()
    assert trial.future.sum() == ((when >= "2018-01-01") & (when < "2018-07-01")).sum()
    assert trial.areas == []


def test_no_way_of_choosing_knows_suspect_points_but_what_comes_there_counts(testville, located):
    dataset, config = testville
    rows = dataset.incidents.index % 3 == 0
    flags = dataset.incidents["flags"].astype("str").mask(rows, "suspect_point")
    changed = replace(dataset, incidents=dataset.incidents.assign(flags=flags))
    other = locate_incidents(City(config, changed), AreaSettings(), located.cover)
    without = replace(dataset, incidents=dataset.incidents[~rows].reset_index(drop=True))
    gone = locate_incidents(City(config, without), AreaSettings(), located.cover)
    period, question = Period.before(Month(2018, 1), 36), BacktestSpec((Month(2018, 1),))
    one, two = (make_trial(each, period, question, ()) for each in (other, gone))
    for name in ("counts", "counts_all", "xy", "xy_all", "expected"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()
    assert one.future.tolist() == make_trial(located, period, question, ()).future.tolist()
    assert one.future.sum() > two.future.sum()


# ---- At the edge ---------------------------------------------------------------------------


def test_no_day_gives_an_empty_table_and_no_comparison(located, backtest):
    none = backtest(located, ())
    assert (len(none.table), none.comparison, none.scores) == (0, None, ())


def test_a_year_in_which_nothing_came_has_no_comparison(testville, located, backtest):
    dataset, config = testville
    quiet = locate_incidents(
        City(config, with_other_future(dataset, Month(2018, 1), "gone")),
        AreaSettings(),
        located.cover,
    )
    alone = backtest(quiet, (Month(2018, 1),))
    assert alone.comparison is None
    assert alone.table["hit_share"].isna().all()
    both = backtest(quiet, JANUARIES[:2])
    assert both.comparison == compare(both.scores[:1], "areas", both.comparison.baseline, seed=SEED)


def test_the_first_and_the_last_day_that_can_be_judged_are(located, testville):
    for origin, horizon in ((Month(2014, 2), 12), (Month(2019, 12), 1)):
        refuse_outside(testville[0], BacktestSpec((origin,), horizon))


def test_land_of_no_neighborhood_comes_last(testville, backtest):
    dataset, config = testville
    west = dataset.neighborhoods[dataset.neighborhoods["name"] == "West End"]
    here = locate_incidents(City(config, replace(dataset, neighborhoods=west)), AreaSettings())
    assert set(here.land.neighborhood.tolist()) == {-1, 0}
    table = backtest(here, JANUARIES[:1], 12, 0.02).table
    assert table["area_km2"].to_numpy() == pytest.approx(table["area_km2"].iloc[0], abs=1e-9)


def test_each_cell_lies_in_the_neighborhood_that_holds_its_middle(testville, located):
    shapes = testville[0].neighborhoods
    names = sorted(shapes["name"])
    for at in range(0, len(located.cover), 37):
        middle = Point(located.cover["lon"].iloc[at], located.cover["lat"].iloc[at])
        inside = shapes[shapes.contains(middle)]["name"].tolist()
        if inside:
            assert names[located.land.neighborhood[at]] == inside[0]


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [0, -1, 61])
def test_a_horizon_outside_one_to_sixty_months_is_refused(horizon):
    with pytest.raises(ParamError, match="must be 1 to 60"):
        BacktestSpec(JANUARIES, horizon)
    assert [BacktestSpec(JANUARIES, months).horizon_months for months in (1, 60)] == [1, 60]


@pytest.mark.parametrize("share", [0, -0.1, 0.51, 2, float("nan")])
def test_no_land_and_more_than_half_are_refused(share):
    with pytest.raises(ParamError, match="above 0 and at most"):
        BacktestSpec(JANUARIES, 12, share)
    assert BacktestSpec(JANUARIES, 12, 0.5).area_share == 0.5


def test_a_day_named_twice_is_refused():
    with pytest.raises(ParamError, match=r"A month is listed twice\. List each once\."):
        BacktestSpec((Month(2018, 1), Month(2017, 1), Month(2018, 1)))


@pytest.mark.parametrize(
    ("origin", "horizon"), [("2014-01", 12), ("2013-01", 12), ("2019-02", 12), ("2020-01", 1)]
)
def test_a_day_without_a_month_before_or_the_whole_time_after_is_refused(
    located, testville, origin, horizon
):
    question = BacktestSpec((Month(2018, 1), Month.parse(origin)), horizon)
    with pytest.raises(PeriodError, match=f"{origin} can't be tested over {horizon} months"):
        run_backtest(located, AreaSettings(), testville[1].areas.documented, question)


def test_data_without_a_whole_month_or_a_date_are_refused(of_days):
    with pytest.raises(
        PeriodError, match=r"The data have no full month, so no past date can be tested\."
    ):
        of_days("2019-12-02", "2019-12-30").require_months()
    with pytest.raises(PeriodError, match="readable date"):
        of_days(None, None).require_months()


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["gone", "moved", "tripled"])
def test_what_came_changes_nothing_that_was_chosen_but_the_ceiling(
    testville, located, tested, way, backtest
):
    dataset, config = testville
    for one in tested.scores:
        origin = one.trial.origin
        changed = with_other_future(dataset, origin, way)
        other = locate_incidents(City(config, changed), AreaSettings(), located.cover)
        (two,) = backtest(other, (origin,)).scores
        for method in METHODS:
            if method != "ceiling":
                assert one.parts[method].tolist() == two.parts[method].tolist(), method
        assert one.trial.expected.tolist() == two.trial.expected.tolist()
        assert one.filled_share == two.filled_share
        if way != "tripled":
            assert one.trial.future.tolist() != two.trial.future.tolist()


def test_a_day_is_judged_the_same_alone_and_among_others(tested, located, backtest):
    for at, origin in enumerate(JANUARIES):
        alone = backtest(located, (origin,)).table
        among = tested.table[tested.table["origin"] == str(origin)].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, among)
        assert tested.scores[at].trial.origin == origin


def test_the_areas_judged_are_those_that_would_have_been_proposed(tested, located, testville):
    for one in tested.scores:
        period = Period.before(one.trial.origin, 36)
        params = resolve_params(located, period, AreaSettings(), testville[1].areas.documented)
        areas = find_areas(located, period, params).areas
        assert len(areas) == len(one.trial.areas) > 0
        for area, at in zip(areas, one.trial.areas, strict=True):
            assert frozenset(located.grid.area_km2.index[at].tolist()) == area


# ---- On Philadelphia -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def philadelphia(philadelphia):
    dataset, config = philadelphia
    return locate_incidents(City(config, dataset), AreaSettings()), config


@pytest.fixture(scope="module")
def all_years(philadelphia):
    located, config = philadelphia
    origins = past_januaries(located.dataset, 36, 12)
    assert [str(origin) for origin in origins] == [f"{year}-01" for year in range(2018, 2025)]
    return run_backtest(located, AreaSettings(), config.areas.documented, BacktestSpec(origins))


@pytest.mark.slow
def test_in_philadelphia_past_years_are_judged_on_two_hundredths_of_the_land(
    philadelphia, all_years
):
    located, _ = philadelphia
    table = all_years.table
    for _, rows in table.groupby("origin"):
        assert rows["area_km2"].to_numpy() == pytest.approx(0.02 * located.land.total_km2, abs=1e-9)
    assert table["filled_share"].max() <= 0.1
    means = table.groupby("method")["hit_share"].mean()
    assert means["random"] == pytest.approx(0.02, abs=0.002)
    assert 0.35 < table.set_index("method").loc["areas", "pei_star"].mean() < 0.45


@pytest.mark.slow
def test_in_philadelphia_areas_that_can_be_walked_keep_most_of_what_any_way_catches(all_years):
    means = all_years.table.groupby("method")["hit_share"].mean()
    assert means["areas"] > 0.94 * means["blocks"]
    assert means["areas"] > 0.94 * means[list(BASELINES)].max()
    assert means["blocks"] > means[list(BASELINES)].max()
    again = compare(all_years.scores, "areas", "count_areas", seed=SEED)
    assert again.verdict == "as good"


def test_areas_grown_from_counts_have_the_size_limit_of_those_proposed(located):
    question = BacktestSpec((Month(2018, 1),))
    for chosen, limit_km2 in ((0.5, 0.5), (2.0, 2.0), (0.0, 2.0)):  # without one, the usual one
        choices = AreaSettings(max_area_km2=chosen, eps_m=250.0, min_samples=4)
        (one,) = run_backtest(located, choices, None, question).scores
        assert one.trial.limit_km2 == limit_km2


# ---- The tables of benchmarks/places.py, small ------------------------------------------------


def test_places_are_summed_up_by_what_came_in_all_of_them():
    table = pd.DataFrame({name: [0.1, 0.1] for name in METHODS})
    table = table.assign(
        count_all=[0.3, 0.2],
        areas=[0.15, 0.4],
        blocks=[0.3, 0.2],
        count_areas=[0.15, 0.2],
        n_future=[100, 300],
        land_share=[0.019, 0.03],
        versus_count_areas=["worse", "as good"],
        incidents=[120, 400],
        n_areas=[3, 2],
        under_floor=[0, 1],
        corners=[0, 4],
        areas_now=[3, 2],
        doubtful_now=[0, 2],
    )
    few = pd.DataFrame({"incidents": [None], "why_not": ["No."]})
    found = places.summarize(pd.concat([table, few], ignore_index=True))
    assert (found["places"], found["set up without a hand"], found["with areas now"]) == (3, 2, 2)
    assert (found["all areas at suspect points"], found["why not"]) == (1, ["No."])
    # By hand: 15 and 120 of 400 in areas, 30 and 60 by count.
    assert found["caught"]["areas"] == pytest.approx(135 / 400, abs=1e-4)
    over, low, high = found["areas over rivals"]["count_all"]
    assert over == pytest.approx(135 / 90)
    assert (low, high) == pytest.approx((0.5, 2.0))  # either place alone, drawn twice
    assert (found["1.5 to 2.2% of the land"], found["worse than count_areas"]) == (1, 1)


def test_places_and_large_made_up_cities_are_one_table():
    table = pd.DataFrame({
        "place": ["Oak, Ohio", "Elm, Iowa", "made up, New York's header"], "rows": [150, 700, 9000],
        "areas_now": [2, 9, 20], "floor": [1.0, 2.0, 3.0], "under_floor": [0, 1, 0],
        "land_share": [0.02, 0.03, 0.02], "land_over_true": [None, None, 1.19],
        "areas": [0.2, 0.1, 0.18], "blocks": [0.2, 0.2, 0.2], "count_36": [0.1, 0.1, 0.15],
        "count_areas": [0.2, 0.1, 0.12], "n_future": [100, 100, 1000],
    })  # fmt: skip
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in places.one_table(table)]
    assert {len(line) for line in lines} == {11}
    named = {line[0]: line for line in lines[2:]}
    assert list(named)[-2:] == ["all places", "made up, New York's header"]
    assert named["100 to 199"][1:5] == ["1", "1", "2", "1.0"]
    # By hand: 20 and 10 of 200 in areas, 40 in blocks.
    assert named["all places"][5:9] == ["1", "1 of 2", "", "0.75 (0.50 to 1.00)"]
    assert named["made up, New York's header"][6:] == ["1 of 1", "1.19", "0.90", "1.20", "1.50"]


@pytest.mark.long_but_first
@pytest.mark.parametrize("made_up", large.LARGE, ids=lambda one: one.layout)
def test_large_made_up_cities_are_read_to_the_row(tmp_path, made_up):
    some = replace(made_up, n_a_year=40)
    every = large.shootings(some)
    city = places.set_up(some.name, large.rows(some, every), tmp_path)
    found = city.dataset.incidents
    assert (found["kind"] == "homicide").sum() == sum(one.is_homicide for one in every)
    assert set(found["lon"].round(6)) == {round(one.lon, 6) for one in every}
    assert shapely.contains_xy(some.land, found["lon"], found["lat"]).mean() > 0.98  # of blocks
