"""What stands beside each area's count: every column against a slow count of the incidents."""

import math
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import chi2
from tests.areas.priority.assessed import LARGE, PLAIN, UNTIL, asked_of_sample, sample_city
from tests.properties import examples
from tests.towns import history, town_of

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas
from csa.areas.forming import AreaSet
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.priority.assessment import JUDGED_COLUMNS, assess_areas
from csa.base.params import AreaParams, DbscanParams, Month, Period
from csa.base.schema import KINDS
from csa.city.dataset import City

general = examples(0.1)


def incidents_in(dataset, cells, start, until, kinds=KINDS):
    """Take an area's incidents of some months, cell by cell."""
    table = dataset.incidents.dropna(subset=["lon", "lat"])
    table = table[~table["flags"].str.contains("outside_study_area")]
    size = h3.get_resolution(next(iter(cells)))
    where = [h3.latlng_to_cell(lat, lon, size) for lon, lat in table[["lon", "lat"]].to_numpy()]
    first, last = pd.Timestamp(f"{start}-01"), pd.Timestamp(f"{until}-01")
    is_then = (table["occurred_at"] >= first) & (table["occurred_at"] < last)
    return table[np.isin(where, cells) & is_then & table["kind"].isin(kinds)]


def with_report(dataset, **changed):
    return replace(dataset, report={**dataset.report, **changed})


# ---- By hand --------------------------------------------------------------------------------


def counted_slowly(dataset, cells, months=36, until=UNTIL, kinds=KINDS):
    def take(first, last=0):
        return incidents_in(dataset, cells, until.plus(-first), until.plus(-last), kinds)

    def homicides(table):
        return int((table["kind"] == "homicide").sum())

    return {
        "incidents": len(take(months)),
        "homicides": homicides(take(months)),
        "months_active": take(months)["occurred_at"].dt.strftime("%Y-%m").nunique(),
        "recent_12": len(take(12)),
        "earlier_yearly": len(take(36, 12)) / 2,
        "incidents_24": len(take(24)),
        "homicides_24": homicides(take(24)),
        "suspect": int(take(months)["flags"].str.contains("suspect_point").sum()),
    }


def test_an_interval_of_a_count_is_the_exact_one_and_rates_are_over_the_areas_land(root):
    proposal, judged = asked_of_sample(root)
    for row, cells in zip(judged.table.to_dict("records"), proposal.areas["cells"], strict=True):
        n = row["incidents"]
        assert row["incidents_low"] == pytest.approx(chi2.ppf(0.025, 2 * n) / 2)
        assert row["incidents_high"] == pytest.approx(chi2.ppf(0.975, 2 * n + 2) / 2)
        land = sum(h3.cell_area(cell) for cell in cells)  # of no water, inside the city
        assert row["area_km2"] == pytest.approx(land, rel=0.02)
        for name in ("expected", "expected_low", "expected_high"):
            per_km2 = row[name.replace("expected", "expected_per_km2")]
            assert per_km2 == pytest.approx(row[name] / row["area_km2"])
        assert row["times_city"] == pytest.approx(row["expected_per_km2"] / judged.city_per_km2)


def test_the_citys_mean_is_all_located_incidents_over_all_land(root):
    proposal, judged = asked_of_sample(root)
    totals = proposal.summary["totals"]
    assert judged.city_per_km2 == pytest.approx(totals["located"] / totals["study_area_km2"])


def test_estimates_stand_in_the_rows_of_their_areas(root):
    _, judged = asked_of_sample(root)
    for row, one in zip(judged.table.to_dict("records"), judged.estimates, strict=True):
        assert (row["expected"], row["expected_low"], row["expected_high"]) == (
            one.mean, one.low, one.high,
        )  # fmt: skip


@pytest.mark.long
def test_a_rate_needs_500_people_who_were_counted_in_the_last_ten_years(root):
    dataset, config, _ = sample_city(root, **LARGE)
    proposal, judged = asked_of_sample(root, **PLAIN)
    is_many = (judged.table["people"] >= 500).tolist()
    assert len(set(is_many)) == 2  # both are there
    yearly = judged.table["expected"] / 3 / judged.table["people"].astype(float) * 1000
    for year, is_given in ((2020, True), (2010, True), (2009, False), (None, False)):
        aged = with_report(dataset, population_year=year)
        table = assess_areas(City(config, aged), proposal).table
        assert table["per_1k_yearly"].notna().tolist() == [one and is_given for one in is_many]
        if is_given:
            found = table["per_1k_yearly"][is_many].tolist()
            assert found == pytest.approx(yearly[is_many].tolist())


def jaccard(one, other):
    return len(set(one) & set(other)) / len(set(one) | set(other))


@pytest.mark.parametrize(
    "asked",
    [
        {"months": 12, "until": Month(2019, 4), "kinds": ("homicide",)},
        {"months": 24, **PLAIN},
    ],
)
def test_was_candidate_is_what_was_found_twelve_months_before_at_the_same_density(root, asked):
    proposal, judged = asked_of_sample(root, **asked)
    params = proposal.summary["params"]
    dataset, config, cover = sample_city(root, params["resolution"])
    kinds, months, size = tuple(params["kinds"]), params["months"], params["resolution"]
    here = locate_incidents(
        City(config, dataset), AreaSettings(kinds=kinds, resolution=size), cover
    )
    until = Month.parse(params["until"])
    now, before = (Period.before(until.plus(-back), months) for back in (0, 12))
    n_now, n_before = (len(here.window(period)) for period in (now, before))
    least = round(params["min_samples"] * n_before / n_now)
    assert least >= min(params["min_samples"], 5)  # with fewer the radius would widen
    dbscan = DbscanParams(params["eps_m"], least)
    dense_per_km2 = params["dense_per_km2"] * n_before / n_now
    asked = AreaParams(dbscan, size, params["max_area_km2"], dense_per_km2)
    found = find_areas(here, before, asked).areas
    earlier = [{f"{cell:x}" for cell in area} for area in found]
    slow = [
        "yes" if any(jaccard(cells, other) >= 0.5 for other in earlier) else "no"
        for cells in proposal.areas["cells"]
    ]
    assert set(slow) == {"yes", "no"}
    assert judged.table["was_candidate"].tolist() == slow


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("first", "is_known"),
    [
        ("2017-09-30", True),  # 36 months before September 2020, 24 before the day a year ago
        ("2017-10-01", False),
        ("2018-09-30", False),
    ],
)
def test_where_the_data_begin_too_late_the_years_before_are_unknown(root, first, is_known):
    dataset, config, _ = sample_city(root, **LARGE)
    proposal, _ = asked_of_sample(root, **LARGE)
    late = with_report(dataset, data_from=first)
    table = assess_areas(City(config, late), proposal).table
    assert table["earlier_yearly"].notna().tolist() == [is_known] * len(table)
    assert (table["was_candidate"] != "unknown").tolist() == [is_known] * len(table)


@pytest.mark.long
@pytest.mark.parametrize("months", [12, 36])
def test_a_period_that_ends_beyond_the_data_counts_back_from_the_last_month_there_is(
    tmp_path, months
):
    dataset, config = town_of(tmp_path, history())  # the data end with 2019
    proposal = propose_areas(
        City(config, dataset), AreaSettings(until=Month(2020, 7), months=months, min_samples=5)
    )
    table = assess_areas(City(config, dataset), proposal).table
    assert len(table)
    end = Month(2020, 1)
    for row, cells in zip(table.to_dict("records"), proposal.areas["cells"], strict=True):
        slow = counted_slowly(dataset, cells, months - 6, end)
        assert {name: row[name] for name in slow} == slow
        assert row["months_covered"] == months - 6


def test_no_area_gives_every_column_and_no_row(tmp_path):
    dataset, config = town_of(tmp_path, history())
    proposal = propose_areas(City(config, dataset), AreaSettings(min_samples=400))
    table = assess_areas(City(config, dataset), proposal).table
    assert table.columns.tolist() == list(JUDGED_COLUMNS)
    assert not len(table)


def test_of_499_people_there_is_no_rate_and_of_500_there_is(root):
    dataset, config, _ = sample_city(root, **LARGE)
    proposal, _ = asked_of_sample(root, **LARGE)
    people = [499, 500, None, 0, 501, 499.4, 499.6, 9]
    other = replace(proposal, areas=proposal.areas.assign(population=people))
    table = assess_areas(City(config, dataset), other).table
    given = table["per_1k_yearly"].notna().tolist()
    assert given == [False, True, False, False, True, False, True, False]


@pytest.mark.long
def test_half_of_the_cells_of_both_is_the_same_area_and_less_is_none(root, monkeypatch):
    dataset, config, _ = sample_city(root, **LARGE)
    proposal, _ = asked_of_sample(root, **LARGE)
    areas = [frozenset(int(cell, 16) for cell in cells) for cells in proposal.areas["cells"]]
    place = next(place for place, area in enumerate(areas) if len(area) % 2 == 0)
    half = frozenset(sorted(areas[place])[: len(areas[place]) // 2])
    for before, said in ((half, "yes"), (half - {min(half)}, "no")):
        found = AreaSet((before,), None, frozenset)
        monkeypatch.setattr(
            "csa.areas.priority.assessment.find_areas", lambda *_, found=found: found
        )
        table = assess_areas(City(config, dataset), proposal).table
        wanted = ["no"] * len(areas)
        wanted[place] = said
        assert table["was_candidate"].tolist() == wanted


# ---- True in general ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    dataset, config = town_of(tmp_path_factory.mktemp("judged"), history())
    return dataset, config, study_cells(dataset, 10)


@general
@given(months=st.integers(1, 60), year=st.integers(2016, 2019), number=st.integers(1, 12))
def test_in_any_months_counts_are_those_of_the_incidents(testville, months, year, number):
    dataset, config, cover = testville
    until = Month(year, number)
    choices = AreaSettings(until=until, months=months)
    city = City(config, dataset)
    located = locate_incidents(city, choices, cover)
    proposal = propose_areas(city, choices, located=located)
    table = assess_areas(city, proposal, located=located).table
    assert table.columns.tolist() == list(JUDGED_COLUMNS)
    short = until.plus(-36) < Month(2014, 1)
    for row, cells in zip(table.to_dict("records"), proposal.areas["cells"], strict=True):
        slow = counted_slowly(dataset, cells, months, until)
        assert (row["was_candidate"] == "unknown") == short
        if short:
            assert math.isnan(row["earlier_yearly"])
            del slow["earlier_yearly"]
        assert {name: row[name] for name in slow} == slow
        assert 0 <= row["stability_share"] <= 1
