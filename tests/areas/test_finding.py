"""Candidate areas of any past period: from what was known then, and from nothing later."""

import itertools
from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.properties import examples
from tests.towns import KNOT, OTHER, history, town_of, with_other_future

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.expected import CellCounts, fit_field
from csa.areas.finding import (
    Estimator,
    document,
    estimate_areas,
    find_areas,
    find_areas_by_period,
    find_corners,
    find_density,
    radius_for,
    resolve_params,
)
from csa.areas.forming import NOISE, yearly_floor
from csa.areas.locating import locate_incidents
from csa.base.errors import ParamError
from csa.base.params import AreaParams, DbscanParams, Month, Period
from csa.city.dataset import City
from csa.geo.cells import mean_apart_m

ORIGIN = Month(2018, 1)
PARAMS = AreaParams(DbscanParams(200, 8), 10, 2.0)
general = examples(0.3)


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    return town_of(tmp_path_factory.mktemp("finding"), history())


@pytest.fixture(scope="module")
def located(testville):
    dataset, config = testville
    return locate_incidents(City(config, dataset), AreaSettings())


# ---- By hand -------------------------------------------------------------------------------


def test_the_two_places_where_it_goes_on_are_found(located):
    period = Period.before(ORIGIN, 36)
    areas = find_areas(located, period, PARAMS).areas
    knot, other = (int(h3.latlng_to_cell(lat, lon, 10), 16) for lon, lat in (KNOT, OTHER))
    assert [(knot in area, other in area) for area in areas] == [(True, False), (False, True)]


def test_what_was_chosen_comes_before_what_is_suggested(located, testville):
    areas = testville[1].areas.documented
    period = Period.before(ORIGIN, 36)
    n = int(located.counts(period).sum())
    suggested = resolve_params(located, period, AreaSettings(), areas)
    assert suggested.dbscan == DbscanParams(200, round(5 * n / 100))
    chosen = resolve_params(
        located, period, AreaSettings(eps_m=120.0, min_samples=7, max_area_km2=1.0), areas
    )
    assert chosen == AreaParams(DbscanParams(120.0, 7), 10, 1.0)


def test_places_are_those_of_the_grid_rising(located):
    cells = located.grid.area_km2.index.tolist()
    assert located.place(frozenset({cells[7], cells[2]})).tolist() == [2, 7]
    assert located.place(()).tolist() == []


def test_luck_is_taken_out_of_a_high_count(located):
    period = Period.before(ORIGIN, 36)
    areas = find_areas(located, period, PARAMS).areas
    counts = located.counts(period)
    for area, estimate in zip(areas, estimate_areas(located, period, areas), strict=True):
        count, usual = counts[located.place(area)].sum(), counts.mean() * len(area)
        assert usual < estimate.mean < count
        assert estimate.low < estimate.mean < estimate.high


def test_the_field_is_fitted_on_all_rings_of_the_grid(located):
    located, period, grid = replace(located), Period.before(ORIGIN, 36), located.grid
    spirals = grid.around(4)
    assert len(grid.apart_m) == 5
    cells = CellCounts(
        located.counts(period).astype(float),
        grid.area_km2.to_numpy(),
        spirals,
        grid.center_xy,
        mean_apart_m(spirals, grid.center_xy),
    )
    Estimator(located, period)
    assert located.fields[period] == fit_field(cells)


def test_each_period_has_a_field_of_its_own(testville, located):
    dataset, config = testville
    periods = [Period.before(Month(year, 1), 24) for year in (2017, 2020)]
    (area, *_) = find_areas(located, periods[0], PARAMS).areas
    shared = [Estimator(located, period).estimate(area) for period in periods]
    fresh = [
        locate_incidents(City(config, dataset), AreaSettings(), located.cover) for _ in periods
    ]
    alone = [Estimator(*given).estimate(area) for given in zip(fresh, periods, strict=True)]
    assert shared == alone
    assert shared[0] != shared[1]


def test_a_proposal_holds_the_very_areas(testville, located):
    dataset, config = testville
    choices = AreaSettings(until=ORIGIN, months=36)
    proposal = propose_areas(City(config, dataset), choices)
    period = Period.before(ORIGIN, 36)
    params = resolve_params(located, period, choices, config.areas.documented)
    found = find_areas(located, period, params).areas
    assert [{int(cell, 16) for cell in cells} for cells in proposal.areas["cells"]] == [
        set(a) for a in found
    ]


def test_a_cell_may_hold_thousands(testville):
    dataset, config = testville
    crowd = pd.concat([dataset.incidents] * 200, ignore_index=True)
    proposal = propose_areas(
        City(config, replace(dataset, incidents=crowd)), AreaSettings(months=36)
    )
    counts, totals = proposal.cells["incidents"], proposal.summary["totals"]
    assert counts.max() > 2_000
    assert counts.sum() == totals["located"]
    assert proposal.cells["homicides"].sum() == totals["located_homicides"]


def with_suspects(testville, located, rows):
    """Say of some incidents that their points may stand for unknown places."""
    dataset, config = testville
    flags = dataset.incidents["flags"].astype("str").mask(rows, "suspect_point")
    changed = replace(dataset, incidents=dataset.incidents.assign(flags=flags))
    return locate_incidents(City(config, changed), AreaSettings(), located.cover)


def near(dataset, place):
    table = dataset.incidents
    return ((table["lon"] - place[0]).abs() < 0.003) & ((table["lat"] - place[1]).abs() < 0.003)


def test_points_that_may_stand_for_unknown_places_find_no_area(testville, located):
    period = Period.before(ORIGIN, 36)
    params, here = replace(PARAMS, dbscan=DbscanParams(200, 5)), near(testville[0], KNOT)
    both = find_areas(located, period, params)
    other = with_suspects(testville, located, here)
    found = find_areas(other, period, params)
    assert (len(both.areas), len(found.areas)) == (2, 1)
    assert found.areas[0] & both.areas[1]
    assert not found.areas[0] & both.areas[0]
    # of them DBSCAN makes noise, and nothing that they hold is expected
    in_window = other.window(period)
    assert (found.cluster_id[in_window.is_suspect] == NOISE).all()
    assert not found.is_core[in_window.is_suspect].any()
    assert found.is_core[~in_window.is_suspect].any()
    # as if they had never been there
    dataset, config = testville
    gone = replace(dataset, incidents=dataset.incidents[~here].reset_index(drop=True))
    without = locate_incidents(City(config, gone), AreaSettings(), located.cover)
    assert other.expected(period).tolist() == without.expected(period).tolist()
    assert found.areas == find_areas(without, period, params).areas
    # but they are counted
    assert other.counts(period).tolist() == located.counts(period).tolist()


def test_an_area_that_owes_a_third_of_its_incidents_to_suspect_points_is_none(testville, located):
    dataset, config = testville
    period, here = Period.before(ORIGIN, 36), near(dataset, KNOT).to_numpy()
    params = replace(PARAMS, dbscan=DbscanParams(200, 4))
    knot = int(h3.latlng_to_cell(KNOT[1], KNOT[0], 10), 16)
    for share, is_area in ((0.2, True), (0.45, False)):
        rows = here & (np.random.default_rng(1).random(len(here)) < share)
        other = with_suspects(testville, located, rows)
        found = find_areas(other, period, params)
        assert any(knot in area for area in found.areas) == is_area
        assert (knot in found.fringe) == (not is_area)
        window = other.window(period)
        for area in found.areas:
            is_in = np.isin(window.at, other.place(area))
            assert 3 * window.is_suspect[is_in].sum() < is_in.sum()
        # the others alone would find it, either way
        gone = replace(dataset, incidents=dataset.incidents[~rows].reset_index(drop=True))
        without = locate_incidents(City(config, gone), AreaSettings(), located.cover)
        assert any(knot in area for area in find_areas(without, period, params).areas)
    # without a size limit clusters are plain DBSCAN's, whatever their points may stand for
    plain = replace(PARAMS, max_area_km2=0.0)
    assert find_areas(other, period, plain).areas == find_areas(located, period, plain).areas


@general
@given(
    years=st.integers(2015, 2020),
    months=st.sampled_from((3, 12, 36, 60)),
    limit_km2=st.sampled_from((0.2, 2.0)),
    seed=st.integers(0, 9),
    share=st.sampled_from((0.0, 0.3, 0.5)),
    is_at_knot=st.booleans(),
)
def test_the_density_is_the_one_that_clustering_at_every_step_leads_to(
    testville, located, years, months, limit_km2, seed, share, is_at_knot
):
    rows = np.random.default_rng(seed).random(len(testville[0].incidents)) < share
    rows &= near(testville[0], KNOT).to_numpy() | (not is_at_knot)
    here = with_suspects(testville, located, rows)
    period = Period.before(Month(years, 1), months)

    def areas_at(per_km2):
        params = AreaParams(radius_for(per_km2), 10, limit_km2, per_km2)
        return find_areas(here, period, params).areas

    slow = find_density(areas_at, here.expected(period), here.grid)
    found = document(here, period, AreaSettings(max_area_km2=limit_km2), None).dense_per_km2
    assert found == (slow if np.isfinite(slow) else None)


@pytest.mark.long_but_first
@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.45])
def test_periods_that_share_their_links_have_the_areas_that_each_has_alone(
    testville, located, share
):
    for place in (None, KNOT):  # suspect points all over the city make others core ones
        rows = np.random.default_rng(0).random(len(testville[0].incidents)) < share
        rows &= True if place is None else near(testville[0], place).to_numpy()
        here = with_suspects(testville, located, rows)
        periods = [Period.before(ORIGIN.plus(step), 36) for step in (-6, 0, 20)]
        values = itertools.product(
            (0.0, 0.05, 2.0), ((120.0, 3), (200.0, 3), (200.0, 4), (350.0, 33), (350.0, 39))
        )
        params = [AreaParams(DbscanParams(*dbscan), 10, limit) for limit, dbscan in values]
        asked = [(period, one) for one in params for period in periods]
        found = [*find_areas_by_period(here, asked)]
        assert found == [find_areas(here, *one).areas for one in asked]
        assert sum(map(len, found)) >= 24


def test_periods_of_too_large_cells_are_refused_one_or_many(located):
    tiny = replace(PARAMS, max_area_km2=0.001)
    for n in (1, 2):
        with pytest.raises(ParamError, match="limit"):
            [*find_areas_by_period(located, [(Period.before(ORIGIN, 36), tiny)] * n)]


# ---- At the edge ---------------------------------------------------------------------------


def test_a_period_without_incidents_has_no_area(located):
    period = Period.before(Month(2014, 1), 12)
    assert find_areas(located, period, AreaParams(DbscanParams(200, 5), 10, 2.0)).areas == ()
    assert estimate_areas(located, period, ()) == ()


def test_an_area_that_held_nothing_is_still_estimated(located):
    counts = located.counts(Period.before(ORIGIN, 36))
    empty = int(located.grid.area_km2.index[int(np.flatnonzero(counts == 0)[0])])
    (estimate,) = estimate_areas(located, Period.before(ORIGIN, 36), [frozenset({empty})])
    assert 0 < estimate.mean < counts.max()


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["gone", "moved", "tripled"])
@pytest.mark.parametrize("limit", [2.0, 0])
def test_what_came_later_changes_no_area_no_estimate_and_no_expected_number(
    testville, located, way, limit
):
    dataset, config = testville
    other = locate_incidents(
        City(config, with_other_future(dataset, ORIGIN, way)), AreaSettings(), located.cover
    )
    later = Period(ORIGIN, Month(2020, 1))
    assert other.counts(later).tolist() != located.counts(later).tolist()
    period, params = Period.before(ORIGIN, 36), replace(PARAMS, max_area_km2=limit)
    assert other.expected(period).tolist() == located.expected(period).tolist()
    for month in (ORIGIN, ORIGIN.plus(-7)):
        one, two = (each.past(Period.before(month, 36)).stack for each in (located, other))
        assert one.januaries == two.januaries
        assert one.shares.tolist() == two.shares.tolist()
    found = find_areas(located, period, params).areas
    assert found == find_areas(other, period, params).areas
    assert estimate_areas(located, period, found) == estimate_areas(other, period, found)


# ---- On Philadelphia -----------------------------------------------------------------------


# ---- Worth serving -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a_year", "least"), [(20, 1.0), (100, 1.0), (150, 1.5), (300, 3.0), (2000, 3.0)]
)
def test_what_an_area_must_be_expected_to_hold_a_year_is_a_hundredth_of_the_citys(a_year, least):
    assert yearly_floor(a_year) == pytest.approx(least)


def test_the_floor_is_of_the_months_that_the_data_cover(located):
    period = Period.before(ORIGIN, 36)
    n = int(located.counts(period).sum())
    covered = min(36, ORIGIN.index - int(located.month.min()))
    assert located.least(period) == pytest.approx(yearly_floor(n * 12 / covered) * covered / 12)
    assert located.least(Period.before(Month(1990, 1), 36)) == 0


@pytest.mark.parametrize("least", [1.0, 10.0, 40.0, 1000.0])
def test_each_area_holds_what_it_must_by_the_map_and_corrected_for_chance(located, least):
    period, asked = Period.before(ORIGIN, 36), replace(located)
    object.__setattr__(asked, "least", lambda _: least)
    found = find_areas(asked, period, PARAMS).areas
    for area, estimate in zip(found, estimate_areas(located, period, found), strict=True):
        assert located.expected(period)[located.grid.at(area)].sum() >= least * (1 - 1e-6)
        assert estimate.mean >= least
    assert len(found) <= len(find_areas(located, period, PARAMS).areas)
    assert bool(found) == (least < 40)
    assert [*find_areas_by_period(asked, [(period, PARAMS)] * 2)] == [found] * 2


def test_what_is_as_dense_as_areas_and_in_none_is_a_corner(located):
    period = Period.before(ORIGIN, 36)
    kept, left = find_areas(located, period, PARAMS).areas
    corners = find_corners(located, period, PARAMS, [kept])
    assert any(corner & left for corner in corners)
    assert not any(corner & kept for corner in corners)
    assert find_corners(located, period, replace(PARAMS, max_area_km2=0.0), []) == []
