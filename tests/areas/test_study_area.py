"""One period's incidents on the cells: counted again by plain tables, month by month."""

import gc
import math
from dataclasses import replace
from weakref import ref

import h3
import numpy as np
import pandas as pd
import pyproj
import pytest
from hypothesis import given, strategies as st
from tests.areas.ground import combined
from tests.conftest import make_town
from tests.properties import examples

from csa.areas.choices import AreaSettings, resolve_dbscan, resolve_period
from csa.areas.locating import locate_incidents, study_cells
from csa.areas.mixture import Ground, find_new_places, fit_shares
from csa.base.errors import CsaError, ParamError, PeriodError
from csa.base.params import DbscanParams, Month, Period
from csa.city.dataset import City
from csa.city.loading import load_city
from csa.geo.cells import spirals
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

KNOT, OTHER, OUTSIDE = (-94.5752, 39.0201), (-94.5202, 39.0302), (-94.70, 39.02)
TO_METERS = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True)


def line(number, place, day="2020-05-01", fatal=0):
    lon, lat = place
    return f"{number},{number},{day},{fatal},{lon},{lat},,"


def around(place, n):
    """Return a place on the same block: no two the same, or they would be suspect."""
    return place[0] + 0.00001 * (n % 20), place[1]


def build(town, *lines):
    config = load_city(town.config)
    path = town.write("a.csv", *lines)
    return ingest_city(config, Inputs((path,), town.places)).dataset, config


@pytest.fixture
def made(town):
    return lambda *lines: build(town, *lines)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Six years of incidents in a few places: some without a place, some outside the city."""
    rng = np.random.default_rng(7)
    months = pd.period_range("2014-06", "2020-05", freq="M").astype(str)
    lines = []
    for n in range(700):
        day = f"{rng.choice(months)}-{rng.integers(1, 29):02d}"
        lon, lat = -94.5998 + 0.0995 * rng.random() ** 2, 39.0002 + 0.0495 * rng.random() ** 2
        if n % 50 == 0:
            lines.append(f"{n},{n},{day},{n % 2},,,,")
        else:
            place = OUTSIDE if n % 33 == 0 else (round(lon, 6), round(lat, 6))
            lines.append(line(n, place, day, fatal=int(n % 3 == 0)))
    return build(make_town(tmp_path_factory.mktemp("many")), *lines)


def slow_window(dataset, period, kinds):
    """Sort a period's incidents by hand: in the city, without a place, outside."""
    inside, unlocated, outside = [], 0, 0
    for row in dataset.incidents.to_dict("records"):
        month = f"{row['occurred_at']:%Y-%m}"
        if row["kind"] not in kinds or not str(period.start) <= month < str(period.until):
            continue
        if math.isnan(row["lon"]):
            unlocated += 1
        elif "outside_study_area" in row["flags"]:
            outside += 1
        else:
            inside.append(row)
    return inside, unlocated, outside


def slow_cell(row, resolution=10):
    return int(h3.latlng_to_cell(row["lat"], row["lon"], resolution), 16)


def slow_expected(dataset, period, kinds, cover):
    """Tell what each cell is expected to hold, row by row, from maps drawn and learned anew."""
    rows = slow_window(dataset, Period(Month(1000, 1), Month(3000, 1)), kinds)[0]
    rows = [row for row in rows if "suspect_point" not in row["flags"]]
    places = {cell: place for place, cell in enumerate(cover.index.tolist())}
    at = np.array([places[slow_cell(row)] for row in rows], dtype=int)
    when = np.array([12 * row["occurred_at"].year + row["occurred_at"].month for row in rows])
    ground = Ground.of(spirals(cover.index, 1)[:, 1:], cover["area_km2"].to_numpy())

    def maps(until):
        past = when < until
        return ground.maps(at[past], until - when[past] - 0.5)

    until, known = 12 * period.until.year + period.until.number, []
    first = when.min(initial=until)
    for january in (12 * year + 1 for year in range(1990, 2030)):
        if first + 12 <= january <= until - 12:
            came = np.bincount(at[(when >= january) & (when < january + 12)], minlength=len(places))
            known.append((maps(january), came.astype(float)))
    n = ((when < until) & (when >= until - period.months)).sum()
    return maps(until) @ fit_shares(known).shares * n


periods = st.builds(
    lambda year, number, months: Period.before(Month(year, number), months),
    year=st.integers(2014, 2021),
    number=st.integers(1, 12),
    months=st.sampled_from([1, 2, 12, 36, 120]),
)
kinds_of = st.sampled_from([("homicide", "nonfatal"), ("homicide",), ("nonfatal",)])


# ---- By hand -------------------------------------------------------------------------------


def test_a_window_holds_the_periods_incidents_in_the_city_and_tells_of_the_others(made):
    dataset, config = made(
        line(1, KNOT, "2020-04-30"),
        line(2, KNOT, "2020-05-01"),
        line(3, OTHER, "2020-05-31"),
        line(4, KNOT, "2020-06-01"),
        line(5, OUTSIDE, "2020-05-05"),
        "6,6,2020-05-06,0,,,,",
        "7,7,2020-06-06,0,,,,",
    )
    located = locate_incidents(City(config, dataset), AreaSettings())
    window = located.window(Period(Month(2020, 5), Month(2020, 6)))
    assert window.column("incident_id").tolist() == ["2", "3"]
    assert window.column("kind").index.tolist() == [0, 1]
    assert (window.n_unlocated, window.n_outside) == (1, 1)
    assert window.xy.tolist() == [
        pytest.approx(TO_METERS.transform(*place), abs=0.01) for place in (KNOT, OTHER)
    ]
    assert located.grid.area_km2.index[window.at].tolist() == [
        int(h3.latlng_to_cell(lat, lon, 10), 16) for lon, lat in (KNOT, OTHER)
    ]


def test_cells_of_a_part_of_the_city_in_any_order_count_what_lies_in_them(many):
    dataset, config = many
    city, whole = City(config, dataset), study_cells_of(dataset)
    part = whole.iloc[::3].sample(frac=1, random_state=3)
    located = locate_incidents(city, AreaSettings(), part)
    everything = locate_incidents(city, AreaSettings(), whole)
    period = Period.before(Month(2021, 1), 120)
    asked = everything.grid.area_km2.index.isin(part.index)
    assert located.counts(period).tolist() == everything.counts(period)[asked].tolist()
    assert len(located.rows) == np.isin(everything.cells, part.index).sum() > 10
    assert located.cells.tolist() == [
        slow_cell(dataset.incidents.loc[row]) for row in located.rows.tolist()
    ]
    when = dataset.incidents["occurred_at"].loc[located.rows]
    assert located.month.tolist() == (12 * when.dt.year + when.dt.month - 1).tolist()


def test_a_place_just_outside_is_not_counted_though_its_cell_reaches_into_the_city(made):
    beyond = (-94.6085, 39.02)  # 700 m west of the border
    dataset, config = made(line(1, KNOT), line(2, beyond))
    located = locate_incidents(City(config, dataset), AreaSettings(resolution=7))
    cell = int(h3.latlng_to_cell(beyond[1], beyond[0], 7), 16)
    assert cell in located.grid.h3_cells.tolist()
    window = located.window(Period.before(Month(2020, 6), 1))
    assert window.column("incident_id").tolist() == ["1"]
    assert (window.n_unlocated, window.n_outside) == (0, 1)


def test_the_month_before_is_half_a_month_ago_and_what_comes_after_is_below_zero(made):
    days = ["2019-05-31", "2020-04-30", "2020-05-01", "2020-05-31", "2020-06-01"]
    dataset, config = made(*[line(n, KNOT, day) for n, day in enumerate(days)])
    located = locate_incidents(City(config, dataset), AreaSettings())
    assert located.months_ago(Month(2020, 6)).tolist() == [12.5, 1.5, 0.5, 0.5, -0.5]


def test_a_place_that_newly_began_is_new_and_is_not_once_it_is_known(made):
    rng = np.random.default_rng(2)
    strays = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (400, 2))
    lines = [
        line(n, tuple(place), f"20{15 + n % 6}-{1 + n % 5:02d}-05")
        for n, place in enumerate(strays.tolist())
    ]
    begun = [line(900 + n, around(OTHER, n), f"2020-{1 + n % 5:02d}-09") for n in range(25)]
    dataset, config = made(*lines, *begun)
    located = locate_incidents(City(config, dataset), AreaSettings())
    is_new = located.is_new(Month(2020, 6))
    here = located.positions[located.column("incident_id").astype(int) >= 900]
    assert is_new[here].all()
    assert is_new.mean() < 0.03
    assert not located.is_new(Month(2020, 1)).any()  # nothing is known of it yet
    assert not located.is_new(Month(2016, 1)).any()  # a year before, nothing is known at all


def slow_foreseen(located, month):
    """Draw each map, and combine them as was learned by a month: those of now and a year before."""
    shares, year = located.stack_at(month).shares, month.plus(-12)
    now, before = (
        combined(maps, shares)
        for maps in (
            located.ground.maps(located.positions, one.index - located.month - 0.5)
            for one in (month, year)
        )
    )
    age = located.month - year.index
    came = np.bincount(located.positions[(age >= 0) & (age < 12)], minlength=len(now)) * 1.0
    is_new = find_new_places(located.grid.around(2), came, before * came.sum())
    last = located.positions[(age >= 0) & (age < 12)]
    (counts,) = located.ground.spread(np.bincount(last, minlength=len(now))[:, None] * 1.0, (200,))
    new = 0.7 * counts[:, 0] / max(1, len(last))
    is_known = year.index - located.month.min() >= 12
    return np.where(is_new & is_known, np.maximum(now, new), now), before * came.sum()


def test_months_asked_for_together_are_expected_to_hold_what_each_alone_is(made, monkeypatch):
    monkeypatch.setattr("csa.areas.study_area.TOGETHER", 2)
    usual = []

    def noted(around, came, expected):
        usual.append(expected)
        return find_new_places(around, came, expected)

    monkeypatch.setattr("csa.areas.study_area.find_new_places", noted)
    rng = np.random.default_rng(5)
    places = rng.uniform((-94.598, 39.002), (-94.502, 39.048), (300, 2)).tolist()
    rows = [
        line(n, tuple(place), f"20{14 + n % 7}-{1 + n % 12:02d}-05")
        for n, place in enumerate(places)
    ]
    begun = [line(900 + n, around(OTHER, n), f"2020-{1 + n % 5:02d}-09") for n in range(25)]
    dataset, config = made(*rows, *begun)
    months = [Month(2020, 6).plus(-step) for step in (0, 12, 24, 1, 0, 47, 70)]
    city = City(config, dataset)
    together = locate_incidents(city, AreaSettings())
    found = together.foresee(months)
    assert set(found) == set(months)
    for month in months:
        alone = locate_incidents(city, AreaSettings())
        period = Period.before(month, 12)
        np.testing.assert_array_equal(together.expected(period), alone.expected(period))
        np.testing.assert_array_equal(together.is_new(month), alone.is_new(month))
        slow, slow_usual = slow_foreseen(alone, month)
        np.testing.assert_allclose(found[month], slow, atol=1e-15)
        if alone._year_before(month) is not None:
            np.testing.assert_allclose(usual[-1], slow_usual, atol=1e-12)
    assert together.is_new(Month(2020, 6)).any()
    again = together.foresee(months[::-1])
    assert all(again[month] is found[month] for month in months)  # nothing is drawn twice


def test_the_past_is_all_that_came_before_but_for_suspect_points(made):
    old = [line(n, around(OTHER, n), f"{2015 + n % 5}-05-01") for n in range(40)]
    dataset, config = made(*old, *[line(50 + n, around(KNOT, n)) for n in range(10)])
    flags = (
        dataset.incidents["flags"]
        .astype("str")
        .mask([n in (3, 45) for n in range(50)], "suspect_point")
    )
    dataset = replace(dataset, incidents=dataset.incidents.assign(flags=flags))
    located, period = (
        locate_incidents(City(config, dataset), AreaSettings()),
        Period.before(Month(2020, 6), 12),
    )
    past = located.past(period)
    rows = zip(
        located.xy.tolist(),
        located.month.tolist(),
        located.positions.tolist(),
        located.is_suspect.tolist(),
        strict=True,
    )
    by_place = sorted((*xy, month, at) for xy, month, at, is_suspect in rows if not is_suspect)
    assert len(by_place) == 48
    assert past.xy.tolist() == [[x, y] for x, y, _, _ in by_place]
    assert past.months_ago.tolist() == [2020 * 12 + 5 - month - 0.5 for _, _, month, _ in by_place]
    assert past.at.tolist() == [at for _, _, _, at in by_place]
    earlier = located.past(Period.before(Month(2019, 6), 12))
    assert len(earlier.xy) == 39
    assert located.months_ago(Month(2019, 6)).min() == -11.5


@pytest.mark.parametrize(
    ("until", "januaries"),
    [
        (Month(2020, 6), ["2016-01", "2017-01", "2018-01", "2019-01"]),
        (Month(2020, 1), ["2016-01", "2017-01", "2018-01", "2019-01"]),
        (Month(2019, 12), ["2016-01", "2017-01", "2018-01"]),
        (Month(2017, 1), ["2016-01"]),
        (Month(2016, 12), []),
        (Month(2014, 1), []),
    ],
)
def test_a_january_teaches_from_a_year_of_past_until_its_own_year_is_over(many, until, januaries):
    dataset, config = many  # from June 2014
    located = locate_incidents(City(config, dataset), AreaSettings(), study_cells_of(dataset))
    assert list(located.past(Period.before(until, 12)).stack.januaries) == januaries


def test_the_months_asked_for_end_after_the_datas_last_month(made):
    dataset, _ = made(line(1, KNOT, "2019-02-03"), line(2, KNOT, "2020-12-31"))
    period = resolve_period(dataset, AreaSettings(months=12))
    assert (str(period.start), str(period.until)) == ("2020-01", "2021-01")
    period = resolve_period(dataset, AreaSettings(until=Month(2020, 3), months=2))
    assert (str(period.start), str(period.until)) == ("2020-01", "2020-03")


def test_what_was_chosen_comes_before_what_is_suggested():
    suggested = DbscanParams(250, 19)
    assert resolve_dbscan(AreaSettings(), suggested) == suggested
    assert resolve_dbscan(AreaSettings(eps_m=100.0), suggested) == DbscanParams(100.0, 19)
    assert resolve_dbscan(AreaSettings(min_samples=4), suggested) == DbscanParams(250, 4)


# ---- At the edge ---------------------------------------------------------------------------


def test_no_incident_in_the_city_is_a_window_of_none(made):
    dataset, config = made("1,1,2020-05-01,0,,,,", line(2, OUTSIDE))
    located = locate_incidents(City(config, dataset), AreaSettings())
    period = Period.before(Month(2020, 6), 1)
    window = located.window(period)
    assert (len(window), window.xy.shape, window.at.shape) == (0, (0, 2), (0,))
    assert (window.n_unlocated, window.n_outside) == (1, 1)
    assert not located.expected(period).any()
    assert not located.counts(period).any()


def test_no_incident_in_the_period_expects_none_and_one_without_a_past_neither(made):
    dataset, config = made(line(1, KNOT))
    located = locate_incidents(City(config, dataset), AreaSettings())
    for until in (Month(2021, 5), Month(2020, 5)):
        period = Period.before(until, 3)
        assert len(located.window(period)) == 0
        assert not located.expected(period).any()


# ---- Refused -------------------------------------------------------------------------------


def test_a_dataset_of_another_city_is_refused(made, root):
    dataset, config = made(line(1, KNOT))
    City(config, dataset)
    with pytest.raises(
        CsaError, match="The dataset is for 'testville', but the city file is for '"
    ):
        City(load_city(root / "config" / "philadelphia.toml"), dataset)


@pytest.mark.parametrize("resolution", [5, 12])
def test_cells_of_no_use_are_refused(made, resolution):
    dataset, config = made(line(1, KNOT))
    with pytest.raises(ParamError, match="must be 6 to 11"):
        locate_incidents(City(config, dataset), AreaSettings(resolution=resolution))


@pytest.mark.parametrize(
    ("until", "months"),
    [("2020-05", 12), ("2020-05", 1), ("2020-07", 1), ("2019-01", 36), ("2022-01", 6)],
)
def test_a_period_wholly_outside_the_data_is_refused(made, until, months):
    dataset, _ = made(line(1, KNOT))
    with pytest.raises(
        PeriodError, match=r"cover 2020-05 to 2020-05\. Choose --until from 2020-06 to"
    ):
        resolve_period(dataset, AreaSettings(until=Month.parse(until), months=months))


def test_a_dataset_without_a_date_has_no_period(made):
    dataset, _ = made("1,1,never,0,,,,")
    with pytest.raises(PeriodError, match="has a readable date"):
        resolve_period(dataset, AreaSettings())


# ---- True in general -----------------------------------------------------------------------


@examples(0.4)
@given(period=periods, kinds=kinds_of)
def test_a_window_is_what_one_finds_row_by_row(many, period, kinds):
    dataset, config = many
    located = locate_incidents(
        City(config, dataset), AreaSettings(kinds=kinds), study_cells_of(dataset)
    )
    inside, unlocated, outside = slow_window(dataset, period, kinds)
    window = located.window(period)
    assert window.column("incident_id").tolist() == [row["incident_id"] for row in inside]
    assert (window.n_unlocated, window.n_outside) == (unlocated, outside)
    assert located.grid.area_km2.index[window.at].tolist() == [slow_cell(row) for row in inside]
    counted = pd.Series([slow_cell(row) for row in inside], dtype="uint64").value_counts()
    listed = located.grid.area_km2.index
    assert located.counts(period).tolist() == [int(counted.get(cell, 0)) for cell in listed]
    assert listed[located.positions].tolist() == located.cells.tolist()


@examples(0.3)
@given(period=periods, kinds=kinds_of)
def test_expected_is_what_dates_and_all_distances_say(many, period, kinds):
    dataset, config = many
    cover = study_cells_of(dataset)
    found = locate_incidents(City(config, dataset), AreaSettings(kinds=kinds), cover).expected(
        period
    )
    np.testing.assert_allclose(found, slow_expected(dataset, period, kinds, cover), rtol=1e-6)


COVERS = {}


def study_cells_of(dataset):
    """List the cells once: that is the slow part."""
    if dataset.fingerprint not in COVERS:
        COVERS[dataset.fingerprint] = study_cells(dataset, 10)
    return COVERS[dataset.fingerprint]


@pytest.mark.long
def test_incidents_of_several_kinds_share_the_walk_and_the_neighbors_and_cannot_change_them(many):
    dataset, config = many
    city = City(config, dataset)
    both, dead = (
        locate_incidents(city, AreaSettings(resolution=9, kinds=kinds))
        for kinds in (("homicide", "nonfatal"), ("homicide",))
    )
    assert both.ground is dead.ground
    assert both.grid.touching is dead.grid.touching
    for table in (both.ground.walk, both.grid.touching):
        with pytest.raises(ValueError, match="read-only"):
            table.data[0] = 2.0
    gone = ref(both.grid)
    del both, dead
    gc.collect()
    assert gone() is None
