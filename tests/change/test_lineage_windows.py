"""What became of areas, window after window; by chance; and which cells are newly busy."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.areas.priority.assessed import sample_city
from tests.change.followed import AREAS, EAST, SINCE, cell_at, counted_slowly, disk, short_of
from tests.towns import with_other_future

from csa.areas.choices import AreaSettings
from csa.areas.finding import find_areas, find_areas_by_period, resolve_params
from csa.areas.locating import locate_incidents
from csa.base.params import Month, Period
from csa.base.schema import UNASSIGNED
from csa.change import lineage_windows
from csa.change.lineage import WindowAreas, trace_lineage as trace_tracks, track_ids
from csa.change.lineage_windows import TRACE_COLUMNS, NamedArea, measure_chance, trace_lineage
from csa.change.zoning import measure_history
from csa.city.dataset import City
from csa.geo.grid import Grid


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def traced(located, testville, told):
    return trace_lineage(located, AreaSettings(), AREAS, progress=told.append)


@pytest.fixture(scope="module")
def orrinvale(root):
    dataset, config, _ = sample_city(root)
    return locate_incidents(City(config, dataset))


def areas_before(located, areas, until, months=36):
    period = Period.before(until, months)
    params = resolve_params(located, period, AreaSettings(months=months), areas)
    return find_areas(located, period, params).areas


# ---- By hand -------------------------------------------------------------------------------


def test_each_of_36_windows_to_the_last_whole_month_is_traced(traced, told):
    assert traced.columns.tolist() == list(TRACE_COLUMNS)
    months = [str(Month(2017, 3).plus(step)) for step in range(36)]
    assert sorted(set(traced["month"])) == months
    assert told == ["window"] * 36
    # A window is told by the last month that it counts, across a year's turn too.
    last = traced.groupby("month")["last_month"].unique().map(list).tolist()
    assert last == [[str(Month(2017, 2).plus(step))] for step in range(36)]


def test_a_row_is_an_area_of_that_months_window_with_its_slow_counts(traced, located, testville):
    dataset, _ = testville
    for until in (Month(2017, 3), Month(2018, 10), Month(2020, 2)):
        rows = traced[(traced["month"] == str(until)) & (traced["n_cells"] > 0)]
        slow = []
        for area in areas_before(located, AREAS, until):
            counts = counted_slowly(dataset, area, Period.before(until, 36))
            slow.append((len(area), sum(counts[24:]), sum(counts[:24])))
        told = rows[["n_cells", "last_12", "before_24"]].to_numpy().tolist()
        assert sorted(map(tuple, told)) == sorted(slow)


def test_an_area_is_named_after_where_most_of_its_cells_lie_and_then_by_the_alphabet(located):
    middle = located.cover["lon"] < -94.55
    inside = located.cover["lat"].between(39.001, 39.049) & located.cover["lon"].between(
        -94.59, -94.51
    )
    west, east = (located.cover.index[inside & side].tolist() for side in (middle, ~middle))
    out = located.cover.index[located.cover["lat"] < 38.9995].tolist()
    assert min(len(west), len(east), len(out)) >= 3
    for cells, name in (
        (west[:3] + east[:1], "West End"),
        (west[:1] + east[:3], "East End"),
        (west[:2] + east[:2], "East End"),
        (west[:1] + out[:3], UNASSIGNED),
    ):
        places = located.grid.at(frozenset(cells))
        assert lineage_windows._names(located, {4: places}, ()) == {4: name}
    assert lineage_windows._names(located, {}, ()) == {}
    # A lone one is told by where it lies in its neighborhood, not in itself.
    at = located.cover.loc[west]
    for side, is_there in (("west", at["lon"] < -94.583), ("east", at["lon"] > -94.56)):
        level = at["lat"].between(39.02, 39.03) & is_there
        places = located.grid.at(at.index[level].tolist())
        assert lineage_windows._names(located, {4: places}, ["West End"]) == {
            4: f"West End, {side}"
        }


def test_known_areas_keep_their_ids_and_no_other_gets_one_that_was_used(
    located, testville, monkeypatch
):
    monkeypatch.setattr("csa.change.lineage_windows.WINDOWS", 2)
    areas = AREAS
    west, east = areas_before(located, areas, Month(2020, 2))
    for known, letters in (
        ({"A": east, "B": west}, {"West End": "B", "East End": "A"}),
        ({"Q": west}, {"West End": "Q", "East End": "x-1"}),
        ({"c-4": west}, {"West End": "c-4", "East End": "x-1"}),
        ({"c-1": disk(cell_at((-94.51, 39.045)), 1)}, {"West End": "x-1", "East End": "x-2"}),
        ({}, {"West End": "x-1", "East End": "x-2"}),
    ):
        own = {name: NamedArea(f"old {name}", cells) for name, cells in known.items()}
        traced = trace_lineage(located, AreaSettings(), areas, SINCE, own)
        found = zip(traced["place_name"], traced["area_id"], strict=True)
        # A known area keeps its name with its letter.
        wanted = {(f"old {a}" if a in known else n): a for n, a in letters.items()}
        assert dict(found) == wanted


def test_tracks_are_followed_with_the_citys_counts_incidents_and_dispersion(
    located, testville, monkeypatch
):
    dataset, _ = testville
    handed = {}

    def spy(snapshots, count, *, dispersion, locate, sightings):
        handed.update(count=count, dispersion=dispersion, locate=locate, snapshots=snapshots)
        assert sightings == track_ids(snapshots)
        return trace_tracks(snapshots, count, dispersion=dispersion, locate=locate)

    monkeypatch.setattr("csa.change.lineage_windows.trace_tracks", spy)
    trace_lineage(located, AreaSettings(), AREAS, SINCE)
    assert [one.until for one in handed["snapshots"]] == [SINCE.plus(n) for n in range(-35, 1)]
    assert handed["dispersion"] == measure_history(located, SINCE).value
    for until in (Month(2018, 3), Month(2019, 1), Month(2018, 3)):
        city = counted_slowly(
            dataset, set(located.grid.h3_cells.tolist()), Period.before(until, 36)
        )
        here = counted_slowly(dataset, EAST, Period.before(until, 36))
        slow = (sum(here[24:]), sum(here[:24]), sum(city[24:]), sum(city[:24]))
        assert handed["count"](EAST, until) == slow
        when = located.column("occurred_at")
        start = until.plus(-36)
        is_in = (when >= f"{start}-01") & (when < f"{until}-01")
        is_in &= np.isin(located.cells, list(EAST))
        assert handed["locate"](EAST, until).tolist() == located.xy[is_in].tolist()


def test_the_seven_areas_of_the_sample_stay_and_the_eighth_appears_when_it_does(
    orrinvale, monkeypatch
):
    monkeypatch.setattr("csa.change.lineage_windows.WINDOWS", 9)
    traced = trace_lineage(orrinvale, AreaSettings(), None)
    stay, new = traced[traced["area_id"] != "x-8"], traced[traced["area_id"] == "x-8"]
    seven = [f"x-{number}" for number in range(1, 8)]
    assert stay.groupby("area_id")["month"].nunique().to_dict() == dict.fromkeys(seven, 9)
    assert set(stay["event"]) <= {"first", "persists", "grew", "shrank"}
    assert (traced["n_cells"] > 0).all()
    # The planted place begins in February; it is an area four months later.
    found = new[["month", "event"]].to_numpy().tolist()
    assert found == [["2020-06", "appeared"], ["2020-07", "grew"], ["2020-08", "grew"]]


NUMBERED = Grid(pd.Series(1.0, index=np.arange(20)), np.zeros((20, 2)))


def test_an_area_of_an_earlier_window_keeps_its_id_where_it_was_then():
    """Tracks 1 and 2 move: at the end the second covers nothing that it had at the start."""
    months = [Month(2020, n) for n in (1, 2, 3)]
    west, other = frozenset({1, 2, 3, 4}), [frozenset(range(n, n + 4)) for n in (10, 12, 14)]
    snapshots = [
        WindowAreas(until, (west, cells), ((0.0, 0.0), (9.0, 0.0)))
        for until, cells in zip(months, other, strict=True)
    ]
    seen = track_ids(snapshots)
    then, now = NamedArea("Quince Row", other[0], months[0]), NamedArea("Quince Row", other[0])
    shapes = lineage_windows._shapes_of(NUMBERED, seen)
    letters = partial(lineage_windows._letters, NUMBERED)
    tracks = {letters(shapes, {"Q": one}).get(2) for one in (then, now)}
    assert tracks == {"Q", "x-2"}
    assert letters(shapes, {"Q": then}) == {1: "x-1", 2: "Q"}
    # A start before all windows is looked for in the first; no letter is given twice.
    early = NamedArea("Quince Row", other[0], Month(2015, 1))
    told = letters(shapes, {"Q": early, "c-1": NamedArea("Elm Row", other[2])})
    assert told == {1: "x-1", 2: "Q"}


def test_an_area_of_a_window_in_which_nothing_was_seen_is_looked_for_in_the_last():
    """All areas leave in February: March has no row, but a start there may have had an area."""
    west = frozenset({1, 2, 3, 4})
    areas = zip(range(1, 6), [(west,), (), (), (west,), (west,)], strict=True)
    snapshots = [WindowAreas(Month(2020, n), own, ((0.0, 0.0),) * len(own)) for n, own in areas]
    shapes = lineage_windows._shapes_of(NUMBERED, track_ids(snapshots))
    assert Month(2020, 3) not in shapes
    then = NamedArea("Quince Row", west, Month(2020, 3))
    assert lineage_windows._letters(NUMBERED, shapes, {"Q": then}) == {1: "Q"}
    assert lineage_windows._letters(NUMBERED, {}, {"Q": then}) == {}


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "n_windows"), [("2018-03-01", 0), ("2018-02-01", 1), ("2017-01-01", 14)]
)
def test_a_window_needs_two_years_of_data(testville, first, n_windows):
    located = short_of(testville, first, "2020-02-14")
    told = []
    traced = trace_lineage(located, AreaSettings(), AREAS, progress=told.append)
    assert traced.columns.tolist() == list(TRACE_COLUMNS)
    assert len(told) == traced["month"].nunique() == n_windows


def test_windows_are_as_long_as_was_chosen(located, testville, monkeypatch):
    asked = []

    def spy(located, windows):
        asked.extend(windows)
        return find_areas_by_period(located, asked)

    monkeypatch.setattr("csa.change.lineage_windows.find_areas_by_period", spy)
    choices, areas = AreaSettings(months=12, eps_m=150.0), AREAS
    trace_lineage(located, choices, areas, Month(2016, 1))
    periods = [Period.before(Month(2015, 1).plus(step), 12) for step in range(13)]
    assert asked == [(p, resolve_params(located, p, choices, areas)) for p in periods]


def test_a_middle_is_that_of_the_windows_own_months(located, testville, monkeypatch):
    handed = {}

    def spy(snapshots, count, *, dispersion, locate, sightings):
        handed.update(locate=locate)
        return trace_tracks(snapshots, count, dispersion=dispersion, locate=locate)

    monkeypatch.setattr("csa.change.lineage_windows.trace_tracks", spy)
    for months in (12, 24):
        trace_lineage(located, AreaSettings(months=months), AREAS, SINCE)
        is_in = (located.month >= SINCE.index - months) & (located.month < SINCE.index)
        is_in &= np.isin(located.cells, list(EAST))
        assert handed["locate"](EAST, SINCE).tolist() == located.xy[is_in].tolist()


def test_an_area_that_left_keeps_its_letter_and_its_name(testville, located):
    dataset, config = testville
    table = dataset.incidents
    is_west = (table["lon"] < -94.55) & (table["occurred_at"] >= "2016-01-01")
    left = replace(dataset, incidents=table[~is_west].reset_index(drop=True))
    other = locate_incidents(City(config, left), AreaSettings(), located.cover)
    (west, _) = areas_before(other, AREAS, Month(2017, 3))
    traced = trace_lineage(other, AreaSettings(), AREAS, known={"Q": NamedArea("Quince Row", west)})
    gone = traced[traced["n_cells"] == 0]
    assert len(gone) > 0
    assert set(gone["area_id"]) == {"Q"}
    assert set(gone["place_name"]) == {"Quince Row"}


def test_windows_without_an_area_are_told_of_by_no_row(located, testville):
    traced = trace_lineage(located, AreaSettings(min_samples=400), AREAS)
    assert len(traced) == 0
    assert traced.columns.tolist() == list(TRACE_COLUMNS)


def test_chance_of_too_short_data_is_of_no_area(testville):
    located = short_of(testville, "2018-12-01", "2020-01-31")
    told = []
    found = measure_chance(located, AreaSettings(), AREAS, seed=1, progress=told.append)
    assert (found.area_years, found.appeared, found.gone) == (0, 0, 0)
    assert told == ["shuffle"] * 3


# ---- True in general -----------------------------------------------------------------------


def test_chance_is_the_same_for_the_same_seed_and_puts_whole_months_in_another_order(
    located, testville, monkeypatch
):
    seen = []
    snapshots_of = lineage_windows._snapshots

    def spy(shuffled, *given):
        seen.append((shuffled.month, snapshots_of(shuffled, *given)))
        return seen[-1][1]

    monkeypatch.setattr("csa.change.lineage_windows._snapshots", spy)
    monkeypatch.setattr("csa.change.lineage_windows.WINDOWS", 9)
    found = [
        measure_chance(located, AreaSettings(), AREAS, seed=seed, n_shuffles=n)
        for seed, n in ((4, 2), (4, 1), (5, 1))
    ]
    assert [moved.tolist() for moved, _ in seen[:1]] == [moved.tolist() for moved, _ in seen[2:3]]
    n_areas = [sum(len(one.areas) for one in snapshots) for _, snapshots in seen]
    assert [one.area_years for one in found] == pytest.approx(
        [(n_areas[0] + n_areas[1]) / 12, n_areas[2] / 12, n_areas[3] / 12]
    )
    assert n_areas[0] == n_areas[2] > 0
    whole = (located.month >= Month(2014, 1).index) & (located.month < Month(2020, 2).index)
    for moved, _ in seen:
        assert np.array_equal(moved[~whole], located.month[~whole])
        pairs = set(zip(located.month[whole].tolist(), moved[whole].tolist(), strict=True))
        befores, afters = zip(*pairs, strict=True)
        assert len(set(befores)) == len(pairs) == len(set(afters))  # month to month, one to one
        assert set(afters) <= set(range(Month(2014, 1).index, Month(2020, 2).index))
        assert sum(one != other for one, other in pairs) > 50
    assert seen[0][0].tolist() != seen[1][0].tolist()
    assert seen[0][0].tolist() != seen[3][0].tolist()


def test_chance_counts_what_appeared_and_what_is_gone_in_each_order(
    located, testville, monkeypatch
):
    events = pd.DataFrame({"event": ["appeared", "gone", "gone", "grew", "redrawn", "gone"]})
    monkeypatch.setattr("csa.change.lineage_windows._trace", lambda *_: events)
    monkeypatch.setattr("csa.change.lineage_windows.WINDOWS", 1)
    found = measure_chance(located, AreaSettings(), AREAS, seed=1, n_shuffles=2)
    assert (found.appeared, found.gone) == (2, 6)


def test_what_came_after_a_window_changes_nothing_that_was_told_then(testville, located):
    dataset, config = testville
    other = locate_incidents(
        City(config, with_other_future(dataset, SINCE, "moved")), AreaSettings(), located.cover
    )
    one, two = (trace_lineage(each, AreaSettings(), AREAS, SINCE) for each in (located, other))
    assert one.equals(two)
