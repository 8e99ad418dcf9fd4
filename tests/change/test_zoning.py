"""Areas, rings and the rest on the grid: held against a slow list of incidents and cells."""

from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy.stats import chi2_contingency, gamma
from tests.change.followed import (
    CORNER,
    EAST,
    RESOLUTION,
    SINCE,
    WEST,
    cell_at,
    cells_of,
    counted_slowly,
    disk,
    ring_slowly,
)
from tests.properties import examples
from tests.sentences import refuses, says
from tests.towns import KNOT, OTHER

from csa.areas.choices import AreaSettings
from csa.areas.finding import estimate_areas
from csa.areas.locating import locate_incidents
from csa.base.errors import PeriodError
from csa.base.params import Month, Period
from csa.change.zoning import (
    base_months,
    count_past,
    measure_history,
    monthly_counts,
    place_areas,
    zone_counts,
)
from csa.city.dataset import City

general = examples(0.4)


# ---- By hand -------------------------------------------------------------------------------


def test_two_areas_far_apart_have_their_cells_a_ring_each_and_the_rest(located):
    zones = place_areas(located, [WEST, EAST], SINCE).zones
    for area, core, ring in zip((WEST, EAST), zones.cores, zones.rings, strict=True):
        assert cells_of(located, core) == area
        assert cells_of(located, ring) == ring_slowly(located, area, (WEST, EAST))
        assert (len(core), len(ring)) == (7, 150)
    assert len(zones.rest) == len(located.cover) - 2 * 157


def test_at_resolution_9_a_ring_is_the_cells_within_two_steps(testville):
    coarse = locate_incidents(City(*testville[::-1]), AreaSettings(resolution=9))
    for steps in (0, 1, 3):
        middle = h3.latlng_to_cell(39.025, -94.55, 9)
        area, wide = (
            frozenset(int(cell, 16) for cell in h3.grid_disk(middle, n)) for n in (steps, steps + 2)
        )
        (ring,) = place_areas(coarse, [area], SINCE).zones.rings
        assert cells_of(coarse, ring) == wide - area


@pytest.mark.parametrize("kinds", [("homicide", "nonfatal"), ("homicide",)])
def test_areas_rings_and_the_rest_are_counted_as_in_the_list_of_incidents(
    testville, located, kinds
):
    zones = place_areas(located, [WEST, EAST], SINCE).zones
    period = Period(Month(2014, 1), Month(2020, 3))
    is_counted = located.column("kind").isin(kinds).to_numpy()
    core, ring, rest = zone_counts(located, zones, period, is_counted)
    for area in (0, 1):
        for counts, places in ((core, zones.cores[area]), (ring, zones.rings[area])):
            cells = cells_of(located, places)
            assert counts[area].tolist() == counted_slowly(testville[0], cells, period, kinds)
    cells = cells_of(located, zones.rest)
    assert rest.tolist() == counted_slowly(testville[0], cells, period, kinds)


def test_each_cell_has_its_group_and_those_below_zero_are_not_counted(located):
    groups = np.full(len(located.cover), -1)
    for group, place in ((1, KNOT), (0, OTHER)):
        groups[located.grid.at([cell_at(place)])] = group
    period = Period(Month(2014, 1), Month(2015, 1))
    counts = monthly_counts(located, groups, 3, period)
    assert counts.shape == (3, 12)
    for group, place in ((1, KNOT), (0, OTHER)):
        slow = counted_slowly(located.dataset, {cell_at(place)}, period)
        assert counts[group].tolist() == slow
    assert counts[:2].sum() > 0
    assert not counts[2].any()


def test_what_was_expected_of_cells_has_the_mean_and_the_variance_of_its_gamma_law(located):
    places = place_areas(located, [WEST, EAST], SINCE)
    period = Period.before(SINCE, 36)
    assert places.base == period
    rings = [frozenset(cells_of(located, ring)) for ring in places.zones.rings]
    for base, (_, area) in zip(
        (*places.cores, *places.rings), enumerate((WEST, EAST, *rings)), strict=True
    ):
        (estimate,) = estimate_areas(located, period, [area])
        law = gamma(base.mean**2 / base.variance, scale=base.variance / base.mean)
        assert law.interval(0.9) == pytest.approx((estimate.low, estimate.high))
        assert law.mean() == pytest.approx(estimate.mean)
    counted = sum(counted_slowly(located.dataset, WEST, period))
    assert 0.5 * counted < places.cores[0].mean < counted  # adjusted for chance of a high count


def test_the_rest_is_counted_in_the_months_that_expectations_rest_on(located):
    places = place_areas(located, [WEST, EAST], SINCE)
    rest = cells_of(located, places.zones.rest)
    assert places.rest_before == sum(
        counted_slowly(located.dataset, rest, Period(Month(2016, 2), SINCE))
    )


@pytest.mark.parametrize(
    ("since", "start"),
    [
        (Month(2019, 2), Month(2016, 2)),
        (Month(2017, 1), Month(2014, 1)),
        (Month(2016, 12), Month(2014, 1)),
        (Month(2015, 1), Month(2014, 1)),
    ],
)
def test_expectations_rest_on_36_months_or_as_many_as_there_are(located, since, start):
    assert base_months(located, since) == Period(start, since)


@pytest.mark.parametrize(
    ("since", "start"), [(SINCE, Month(2014, 2)), (Month(2018, 5), Month(2014, 1))]
)
def test_dispersion_is_that_of_cells_of_resolution_7_in_the_five_years_before(
    located, testville, since, start
):
    table = testville[0].incidents.dropna(subset=["lon", "lat"])
    table = table[~table["flags"].str.contains("outside_study_area")]
    table = table[table["occurred_at"] < f"{since}-01"]
    table = table[table["occurred_at"] >= f"{start}-01"]
    block = [
        h3.cell_to_parent(h3.latlng_to_cell(lat, lon, RESOLUTION), 7)
        for lon, lat in zip(table["lon"], table["lat"], strict=True)
    ]
    when = table["occurred_at"].dt
    ago = since.index - (when.year * 12 + when.month - 1) - 1
    found = measure_history(located, since)
    assert found.n_months == since.index - start.index
    assert found.n_units == len(set(block))
    n_years = found.n_months // 12
    for months, is_in in ((1, ago >= 0), (12, ago < 12 * n_years)):
        slow = pd.crosstab(np.array(block)[is_in], (ago // months)[is_in].to_numpy())
        chi = chi2_contingency(slow, correction=False)
        assert found.by_block[months] == pytest.approx(chi.statistic / chi.dof)
    assert found.value == pytest.approx(max(1, *found.by_block.values()))


def test_a_past_year_is_counted_from_its_day_on_and_expected_from_before(located, testville):
    origin = Month(2017, 1)
    past = count_past(located, [WEST, EAST], origin, 18)
    places = place_areas(located, [WEST, EAST], origin)
    after, before = Period(origin, origin.plus(18)), Period(Month(2015, 1), origin)
    cores, rings = WEST | EAST, set().union(*(cells_of(located, r) for r in places.zones.rings))
    rest = cells_of(located, places.zones.rest)
    slow = {
        name: counted_slowly(testville[0], cells, after)
        for name, cells in (("core", cores), ("ring", rings), ("rest", rest))
    }
    for name, year, bases in (
        ("core", past.core, places.cores),
        ("ring", past.ring, places.rings),
    ):
        assert (year.origin, year.before) == ("2017-01", places.rest_before)
        assert year.monthly.tolist() == slow[name]
        assert year.compared.tolist() == slow["rest"]
        assert year.base.mean == pytest.approx(sum(one.mean for one in bases))
        assert year.base.variance == pytest.approx(sum(one.variance for one in bases))
    assert past.n_areas == 2
    assert past.core_before == sum(counted_slowly(testville[0], cores, before))
    assert past.rest_before == sum(counted_slowly(testville[0], rest, before))


# ---- At the edge ---------------------------------------------------------------------------


def test_areas_that_share_a_ring_part_it_and_lose_no_cell(located):
    one = disk(cell_at(KNOT), 1)
    near = next(
        int(cell, 16)
        for cell in sorted(h3.grid_ring(f"{cell_at(KNOT):x}", 5))
        if disk(int(cell, 16), 1) <= set(located.grid.h3_cells.tolist())
    )
    areas = (one, disk(near, 1))
    zones = place_areas(located, areas, SINCE).zones
    found = [cells_of(located, ring) for ring in zones.rings]
    slow = [ring_slowly(located, area, areas) for area in areas]
    assert slow[0] & slow[1]
    assert not found[0] & found[1]
    assert found[0] | found[1] == slow[0] | slow[1]
    assert found[0] <= slow[0]
    assert found[1] <= slow[1]
    assert all(slow[n] - slow[1 - n] <= found[n] for n in (0, 1))


def test_at_the_citys_edge_cells_outside_hold_nothing_and_are_left_out(located):
    corner = disk(cell_at(CORNER), 2)
    zones = place_areas(located, [corner, EAST], SINCE).zones
    inside = corner & set(located.grid.h3_cells.tolist())
    assert 0 < len(inside) < 19
    assert cells_of(located, zones.cores[0]) == inside
    assert cells_of(located, zones.rings[0]) == ring_slowly(located, inside, (corner, EAST))
    assert 0 < len(zones.rings[0]) < 100


def test_an_area_within_another_has_no_ring_and_nothing_is_expected_of_it(located):
    inner = frozenset({cell_at(KNOT)})
    outer = disk(cell_at(KNOT), 3) - inner
    places = place_areas(located, [inner, outer], SINCE)
    assert places.zones.rings[0].size == 0
    assert cells_of(located, places.zones.rings[1]) == ring_slowly(located, outer, (inner, outer))
    assert places.rings[0] is None
    assert places.rings[1] is not None
    assert zone_counts(located, places.zones, places.base)[1][0].tolist() == [0] * 36


def test_a_past_year_of_an_area_that_is_the_whole_city_has_no_ring_and_no_rest(testville):
    coarse = locate_incidents(City(*testville[::-1]), AreaSettings(resolution=8))
    past = count_past(coarse, [frozenset(coarse.grid.h3_cells.tolist())], Month(2017, 1), 12)
    assert (past.ring.base.mean, past.ring.base.variance) == (0, 0)
    assert not past.ring.monthly.any()
    assert not past.core.compared.any()
    assert (past.core.before, past.rest_before) == (0, 0)
    assert past.change(12) is None


def test_where_nothing_came_before_nothing_is_expected_and_that_is_sure(testville):
    dataset, config = testville
    late = dataset.incidents[dataset.incidents["occurred_at"] >= "2019-02-01"]
    young = locate_incidents(
        City(config, replace(dataset, incidents=late.reset_index(drop=True))), AreaSettings()
    )
    places = place_areas(young, [WEST], SINCE)
    assert (places.cores[0].mean, places.cores[0].variance) == (0, 0)
    assert places.rest_before == 0
    history_found = measure_history(young, SINCE)
    assert (history_found.value, history_found.n_units) == (1, 0)


# ---- Refused -------------------------------------------------------------------------------


def test_less_than_a_year_before_is_refused_and_the_first_start_named(located):
    with pytest.raises(PeriodError) as refused:
        place_areas(located, [WEST], Month(2014, 12))
    assert refused.value.message.key == "displacement.before"
    assert str(refused.value) == (
        says("displacement.before", since="2014-12", least=12, first="2015-01")
    )


@pytest.mark.parametrize(
    ("last", "key"),
    [
        ("2019-01-31", "displacement.short"),
        ("2019-12-31", "displacement.short"),
        ("2020-01-31", "displacement.before"),
    ],
)
def test_data_too_short_for_any_start_name_none(located, last, key):
    report = {**located.dataset.report, "data_from": "2019-01-01", "data_through": last}
    short = replace(located, dataset=replace(located.dataset, report=report))
    with pytest.raises(PeriodError) as refused:
        base_months(short, Month(2019, 6))
    assert refused.value.message.key == key
    assert ("as the start" in str(refused.value)) == (key == "displacement.before")


@pytest.mark.parametrize(
    ("areas", "key"),
    [
        ([WEST, disk(cell_at((-95.5, 38.0)), 1)], "displacement.no_cells"),
        ([WEST, EAST, frozenset({cell_at(KNOT)})], "displacement.shared_cells"),
    ],
)
def test_an_area_wholly_outside_and_a_cell_of_two_areas_are_refused(located, areas, key):
    with refuses(key):
        place_areas(located, areas, SINCE)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.long
@general
@given(
    seed=st.integers(0, 999),
    n_areas=st.integers(1, 6),
    steps=st.integers(0, 2),
    month=st.integers(1, 12),
)
def test_every_incident_of_a_month_is_in_an_area_a_ring_or_the_rest(
    located, seed, n_areas, steps, month
):
    every, taken, areas = sorted(located.grid.h3_cells.tolist()), set(), []
    for cell in np.random.default_rng(seed).choice(every, n_areas, replace=False).tolist():
        area = (disk(cell, steps) & set(every)) - taken
        taken |= area
        areas += [area] if area else []
    zones = place_areas(located, areas, SINCE).zones
    parts = np.concatenate([*zones.cores, *zones.rings, zones.rest])
    assert sorted(parts.tolist()) == list(range(len(every)))
    period = Period(Month(2017, month), Month(2018, month))
    core, ring, rest = zone_counts(located, zones, period)
    together = core.sum(axis=0) + ring.sum(axis=0) + rest
    assert together.tolist() == counted_slowly(located.dataset, set(every), period)
