"""Quarters, the newest month and comparison places: no control looks at what chose."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nbinom
from tests.change.followed import (
    EAST,
    SINCE,
    WEST,
    cell_at,
    cells_of,
    chosen_of,
    counted_slowly,
    disk,
    past_year,
    steady,
)
from tests.towns import KNOT, NEW, town_of

from csa.areas.choices import AreaSettings
from csa.areas.locating import locate_incidents
from csa.base.params import Month, Period
from csa.change.analyze import analyze_displacement
from csa.change.controls import match_controls
from csa.change.course import before_months
from csa.change.quarters import (
    NEWEST_COLUMNS,
    QUARTER_COLUMNS,
    build_latest_month,
    build_quarters,
    compare_newest,
)
from csa.change.season import SeasonVerdict
from csa.city.dataset import City

WINDOW = Period.before(SINCE, 36)


@pytest.fixture(scope="module")
def displaced(located):
    return analyze_displacement(located, chosen_of(WEST, EAST, period=WINDOW))


@pytest.fixture(scope="module")
def quarters(located, displaced):
    return build_quarters(located, displaced)


def with_incidents(dataset, is_moved, place=NEW):
    """Move some incidents to another place."""
    table = dataset.incidents.copy()
    table.loc[is_moved, ["lon", "lat"]] = [place[0], place[1]]
    return replace(dataset, incidents=table)


def test_quarters_go_from_the_start_back_and_forth_and_none_holds_months_of_both(quarters):
    assert quarters.columns.tolist() == list(QUARTER_COLUMNS)
    starts = [str(SINCE.plus(3 * step)) for step in range(-8, 4)]
    for _, rows in quarters.groupby(["area_id", "zone"]):
        assert rows["quarter"].tolist() == starts
        assert rows["months"].tolist() == [3] * 12
        assert rows["is_after"].tolist() == [False] * 8 + [True] * 4
    heads = quarters[["area_id", "zone"]].drop_duplicates().to_numpy().tolist()
    assert heads == [["", "core"], ["", "ring"], ["A", "core"], ["A", "ring"], ["B", "core"], ["B", "ring"]]  # fmt: skip


def test_before_the_start_the_base_is_expected_and_after_it_what_is_usual_too(located, testville):
    past = [past_year(f"{year}-01", 0.7) for year in (2015, 2016, 2017)]
    displaced = analyze_displacement(located, chosen_of(WEST, EAST), SINCE, past)
    rows = build_quarters(located, displaced)
    places = displaced.places
    rest = counted_slowly(
        testville[0], cells_of(located, places.zones.rest), Period(Month(2016, 2), Month(2020, 2))
    )
    before = sum(rest[:36])
    by_quarter = [sum(rest[12 + 3 * step : 15 + 3 * step]) for step in range(12)]
    for zone, usual, bases in (
        ("core", displaced.usual_core.ratio, places.cores),
        ("ring", displaced.usual_ring.ratio, places.rings),
    ):
        ratio = [1.0] * 8 + [usual[end] for end in (2, 5, 8, 11)]
        slow = np.array(ratio) * np.array(by_quarter) / before
        for area_id, mean in (("A", bases[0].mean), ("B", bases[1].mean), ("", None)):
            told = rows[(rows["zone"] == zone) & (rows["area_id"] == area_id)]
            total = bases[0].mean + bases[1].mean if mean is None else mean
            assert told["expected"].tolist() == pytest.approx((slow * total).tolist())


@pytest.mark.parametrize("at", [3, 10])
def test_nine_in_ten_counts_of_a_quarter_lie_in_its_range(tmp_path, at):
    located = locate_incidents(
        City(*town_of(tmp_path, steady((40, 40), (8, 8)))[::-1]), AreaSettings()
    )
    even = analyze_displacement(located, chosen_of(WEST), Month(2018, 1))
    displaced = replace(even, dispersion=replace(even.dispersion, value=2.5))
    row = build_quarters(located, displaced).iloc[at]
    assert (row["zone"], row["is_after"]) == ("core", at == 10)
    base, usual = displaced.places.cores[0], displaced.usual_core
    # The rest has 24 incidents a month, and one more on the first day and on the last.
    assert displaced.places.rest_before == 24 * 36
    doubt = base.variance / base.mean**2 + 1 / (24 * 36) + 1 / (24 * 3)
    own = usual.relative_error[3 * (at - 8) + 2] ** 2 if at == 10 else 0.0
    value, mean = 2.5, row["expected"]
    variance = value * mean + (value * doubt + own) * mean**2
    law = nbinom(mean**2 / (variance - mean), mean / variance)
    assert [row["low"], row["high"]] == [law.ppf(0.05), law.isf(0.05)]


def newest_rows(table, area_id, zone):
    rows = table[(table["area_id"] == area_id) & (table["zone"] == zone)]
    return dict(zip(rows["month"], rows["incidents"], strict=True))


def test_the_newest_whole_month_stands_beside_the_one_before_and_earlier_years(
    located, displaced, testville
):
    found = build_latest_month(located, displaced)
    assert found.columns.tolist() == list(NEWEST_COLUMNS)
    months = ["2020-01", "2019-12", *(f"{year}-01" for year in range(2019, 2014, -1))]
    zones = displaced.places.zones
    for zone, places in (("core", zones.cores), ("ring", zones.rings)):
        cells = {name: cells_of(located, at) for name, at in zip("AB", places, strict=True)}
        cells[""] = cells["A"] | cells["B"]
        for area_id, own in cells.items():
            period = Period(Month(2015, 1), Month(2020, 2))
            slow = counted_slowly(testville[0], own, period)
            rows = newest_rows(found, area_id, zone)
            assert list(rows) == months
            assert rows == {m: slow[Month.parse(m).index - period.start.index] for m in months}
    assert len(found) == 2 * 3 * 7
    assert newest_rows(found, "", "core")["2020-01"] > 0


def test_a_control_is_the_cells_likest_in_the_years_before_those_that_chose(
    controls, displaced, located
):
    assert controls.is_known
    earlier = located.expected(Period(Month(2014, 1), Month(2016, 2)))
    km2 = located.grid.area_km2.to_numpy()
    zones = displaced.places.zones
    for found, core in (
        *zip(controls.single, zones.cores, strict=True),
        (controls.pooled, np.concatenate(zones.cores)),
    ):
        own = earlier[core].sum() / km2[core].sum()
        by_likeness = sorted(zones.rest.tolist(), key=lambda at: abs(earlier[at] / km2[at] - own))
        taken, land = [], 0.0
        while land < 3 * km2[core].sum():
            taken.append(by_likeness[len(taken)])
            land += km2[taken[-1]]
        ratio = earlier[taken].sum() / km2[taken].sum() / own
        assert found.rate_ratio == pytest.approx(ratio)
        is_close = 0.5 <= ratio <= 2
        assert set(found.cells.tolist()) == (set(taken) if is_close else set(zones.rest.tolist()))


@pytest.mark.parametrize(
    ("since", "months"), [(Month(2019, 12), [2]), (Month(2019, 3), [3, 3, 3, 2])]
)
def test_a_last_quarter_has_only_the_months_that_are_over(located, testville, since, months):
    displaced = analyze_displacement(located, chosen_of(WEST, EAST), since)
    rows = build_quarters(located, displaced)
    core = rows[(rows["zone"] == "core") & (rows["area_id"] == "")]
    assert core["months"].tolist() == [3] * 8 + months
    slow = sum(counted_slowly(testville[0], WEST | EAST, Period(since, Month(2020, 2))))
    assert core.loc[core["is_after"], "incidents"].sum() == slow
    assert displaced.pooled.core.counted[-1] == slow


@pytest.mark.parametrize(("since", "n_before"), [(Month(2015, 3), 4), (Month(2016, 2), 8)])
def test_near_the_datas_beginning_fewer_quarters_are_before_and_all_are_whole(
    located, since, n_before
):
    displaced = analyze_displacement(located, chosen_of(WEST), since)
    rows = build_quarters(located, displaced)
    core = rows[(rows["zone"] == "core") & (rows["area_id"] == "A")]
    assert core.loc[~core["is_after"], "months"].tolist() == [3] * n_before
    assert before_months(located, displaced).start == max(Month(2014, 1), since.plus(-24))


def test_beside_the_newest_month_stand_only_years_that_the_data_have(testville, located):
    dataset, config = testville
    kept = dataset.incidents[dataset.incidents["occurred_at"] >= "2017-12-31"]
    report = {**dataset.report, "data_from": "2017-12-31"}
    late = replace(dataset, incidents=kept.reset_index(drop=True), report=report)
    other = locate_incidents(City(config, late), AreaSettings(), located.cover)
    found = build_latest_month(other, analyze_displacement(other, chosen_of(WEST), SINCE))
    rows = newest_rows(found, "A", "core")
    assert list(rows) == ["2020-01", "2019-12", "2019-01", "2018-01"]
    whole = newest_rows(
        build_latest_month(located, analyze_displacement(located, chosen_of(WEST), SINCE)),
        "A",
        "core",
    )
    assert rows.items() <= whole.items()


@pytest.mark.parametrize(
    ("since", "start", "is_known"),
    [
        (SINCE, Month(2016, 1), True),
        (SINCE, Month(2015, 12), False),
        (Month(2016, 1), Month(2017, 1), True),  # the start, where it comes before the window
        (Month(2015, 12), Month(2017, 1), False),
    ],
)
def test_with_less_than_two_earlier_years_areas_are_compared_with_all_of_the_rest(
    located, since, start, is_known
):
    chosen = chosen_of(WEST, EAST, period=Period(start, start.plus(36)))
    displaced = analyze_displacement(located, chosen, since)
    found = match_controls(located, displaced)
    assert found.is_known == is_known
    for one in (found.pooled, *found.single):
        assert (one.rate_ratio is None) == (not is_known)
        if not is_known:
            assert one.cells.tolist() == displaced.places.zones.rest.tolist()


def test_where_the_file_names_no_months_the_bases_months_are_taken_to_have_chosen(located):
    for since, is_known in ((SINCE, True), (Month(2018, 12), False)):
        found = match_controls(
            located, analyze_displacement(located, chosen_of(WEST, period=None), since)
        )
        assert found.is_known == is_known


def test_a_control_that_is_not_close_is_all_of_the_rest(testville, located):
    dataset, config = testville
    when = dataset.incidents["occurred_at"]
    is_placed = dataset.incidents["lon"].notna()
    is_placed &= ~dataset.incidents["flags"].str.contains("outside_study_area")
    alone = with_incidents(dataset, is_placed & (when < "2016-02-01"), KNOT)
    other = locate_incidents(City(config, alone), AreaSettings(), located.cover)
    displaced = analyze_displacement(
        other, chosen_of(disk(cell_at(KNOT), 0), EAST, period=WINDOW), SINCE
    )
    found = match_controls(other, displaced)
    assert found.is_known
    assert found.single[0].rate_ratio < 0.5
    assert not found.single[0].is_close
    assert found.single[0].cells.tolist() == displaced.places.zones.rest.tolist()


def test_what_came_in_the_months_that_chose_the_areas_changes_no_control(testville, located):
    dataset, config = testville
    when = dataset.incidents["occurred_at"]
    rng = np.random.default_rng(11)
    is_moved = (when >= f"{WINDOW.start}-01") & dataset.incidents["lon"].notna()
    is_moved &= rng.random(len(when)) < 0.7
    later = with_incidents(dataset, is_moved)
    kept = dataset.incidents[(when < f"{WINDOW.start}-01") | (rng.random(len(when)) < 0.3)]
    fewer = replace(dataset, incidents=kept.reset_index(drop=True))
    early = with_incidents(
        dataset, (when < f"{WINDOW.start}-01") & dataset.incidents["lon"].notna()
    )

    def matched(of):
        other = locate_incidents(City(config, of), AreaSettings(), located.cover)
        found = match_controls(
            other, analyze_displacement(other, chosen_of(WEST, EAST, period=WINDOW), SINCE)
        )
        return [(one.cells.tolist(), one.rate_ratio) for one in (found.pooled, *found.single)]

    wanted = matched(dataset)
    assert matched(later) == matched(fewer) == wanted
    assert matched(early) != wanted  # so that the test could see a leak


def test_the_newest_whole_month_stands_beside_its_like(located, testville, displaced):
    found = compare_newest(located, displaced)
    when = testville[0].incidents["occurred_at"]
    january = {
        year: int(((when.dt.year == year) & (when.dt.month == 1)).sum())
        for year in range(2014, 2021)
    }
    assert (found.month, found.incidents) == (Month(2020, 1), january.pop(2020))
    assert dict(found.same_months) == {year: january[year] for year in range(2015, 2020)}
    december = int(((when.dt.year == 2019) & (when.dt.month == 12)).sum())
    assert found.previous_month_incidents == december


def test_with_one_earlier_year_nothing_is_usual_of_a_month(testville):
    dataset, config = testville
    young = replace(dataset, report={**dataset.report, "data_from": "2018-12-01"})
    near = locate_incidents(City(config, young), AreaSettings())
    displaced = analyze_displacement(near, chosen_of(WEST, EAST), Month(2019, 12))
    assert compare_newest(near, displaced).verdict is SeasonVerdict.TOO_FEW
