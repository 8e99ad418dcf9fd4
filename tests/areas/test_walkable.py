"""Areas that can be walked: by hand on few cells, and as slow and obvious code would make them."""

import math
from dataclasses import replace

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from pyproj import Transformer
from tests.areas.ground import (
    BLOCK,
    EVEN,
    ISLAND,
    LAKESIDE,
    MIDDLE,
    TOWN,
    SlowAreas,
    expecting,
    grid_of,
    straight_row,
)
from tests.properties import examples

from csa.areas.walkable import _Ground, min_incidents_per_cell, walkable_areas
from csa.base.params import AreaParams, DbscanParams

PER_KM2 = 64.0
TINY = grid_of(TOWN, km2=1 / 64)  # as large as a block: at `PER_KM2` a dense cell holds one
SMALL = grid_of(TOWN, km2=1 / 32)  # four make a place
RING = sorted(h3.grid_ring(MIDDLE, 1))


def areas(counts, grid=TINY, limit=2.0, per_km2=PER_KM2, reached=None, **other):
    """Make areas where so many are expected; clusters reach all cells unless told."""
    size = grid.area_km2.to_numpy()
    mask = np.ones(len(size), dtype=bool) if reached is None else grid.mask(reached)
    expected = expecting(counts, grid) if isinstance(counts, dict) else counts
    found = walkable_areas(mask, expected, per_km2 * size, grid, limit, **other)
    assert len(set(found)) == len(found)
    return set(found)


@st.composite
def maps(draw, grids=(TINY, SMALL, EVEN, LAKESIDE, ISLAND)):
    """What is expected on some ground, in exact quarters; knots, strays, and what is reached."""
    grid = draw(st.sampled_from(grids))
    n, rng = len(grid.area_km2), np.random.default_rng(draw(st.integers(0, 9999)))
    km2 = draw(st.sampled_from([1 / 64, 1 / 32, 1 / 128, None]))
    if km2 is not None:
        clipped = rng.choice(
            [1, 0.5, 0.25], n, p=draw(st.sampled_from([(1, 0, 0), (0.8, 0.1, 0.1)]))
        )
        grid = replace(grid, area_km2=0 * grid.area_km2 + km2 * clipped)
    knots = np.zeros(n)
    for middle in rng.integers(0, n, draw(st.integers(0, 7))):
        away = np.hypot(*(grid.center_xy - grid.center_xy[middle]).T)
        knots += rng.integers(1, 12) * np.exp(-away / rng.integers(200, 900))
    strays = np.where(
        rng.random(n) < draw(st.sampled_from([0, 0.05, 0.3])), rng.integers(0, 9, n), 0
    )
    scale = PER_KM2 * float(grid.area_km2.median())
    expected = np.round(4 * scale * (knots / 3 + strays)) / 4
    return rng.random(n) < draw(st.sampled_from([1, 0.9, 0.6])), expected, grid


limits = st.sampled_from([0.0625, 0.125, 0.25, 0.5, 2.0])


def inner(grid, part):
    """Number the cells of a part of some ground that lies well inside."""
    n = len(grid.area_km2)
    ground = _Ground(np.ones(n, dtype=bool), np.zeros(n), np.ones(n), grid, 2.0, 0.01)
    return ground, set(ground.number[grid.at(part)].tolist())


# ---- By hand -------------------------------------------------------------------------------


def test_holes_are_filled_while_the_area_stays_within_the_limit_the_smallest_first():
    near, far = BLOCK, max(h3.grid_ring(BLOCK, 8))
    lake = h3.grid_path_cells(near, far)[5]  # five steps on: its ring of two touches the first's
    eight = set(h3.grid_ring(near, 3)) | set(h3.grid_ring(lake, 2))
    grid = grid_of(set(h3.grid_disk(BLOCK, 14)) - {lake}, km2=1 / 64)
    ground, part = inner(grid, eight)
    (pieces,) = ground.parts(np.isin(np.arange(len(grid.area_km2)), list(part)))
    assert pieces == part
    small, large = set(h3.grid_disk(lake, 1)) - {lake} - eight, set(h3.grid_disk(near, 2)) - eight
    for room, filled in (
        (-0.5, set()),
        (0, set()),
        (len(small) - 1, set()),
        (len(small), small),
        (len(large), small),
        (len(small | large), small | large),
    ):
        ground.max_km2 = (len(eight) + room + 0.5) / 64
        assert ground._filled([part]) == [frozenset(eight | filled)]


@pytest.mark.parametrize("lakes", [0, 1])
def test_a_hole_on_both_sides_of_the_180th_meridian_is_filled(lakes):
    middle = h3.latlng_to_cell(-16.5, 180.0, 8)  # Taveuni, Fiji
    ring = set(h3.grid_ring(middle, 2))
    cells = sorted(set(h3.grid_disk(middle, 6)) - set(h3.grid_ring(middle, 3)[:lakes]))
    lonlat = np.array([h3.cell_to_latlng(cell)[::-1] for cell in cells])
    xy = np.column_stack(Transformer.from_crs(4326, 3460, always_xy=True).transform(*lonlat.T))
    assert np.ptp(lonlat[:, 0]) > 300
    grid = grid_of(cells, center_xy=xy, km2=1 / 64)
    ground, part = inner(grid, ring)
    assert ground._filled([part]) == [frozenset(h3.grid_disk(middle, 2))]


@pytest.mark.parametrize(
    ("eps_m", "cell_km2", "least"),
    [
        (250, math.pi * 0.25**2 / 2, 2.0),  # half a circle: half as many as DBSCAN's 4
        (250, math.pi * 0.25**2 / 8, 0.5),
        (250, math.pi * 0.25**2, 4.0),  # as large as the circle
        (250, 0.5, 4.0),  # larger: no more is asked for
        (60, 0.125, 4.0),
    ],
)
def test_a_cell_must_hold_as_many_for_its_land_as_dbscan_asks(eps_m, cell_km2, least):
    grid = grid_of(RING, km2=cell_km2)
    asked = AreaParams(DbscanParams(eps_m, 4), 9, 2.0)
    assert min_incidents_per_cell(grid, asked) == pytest.approx([least] * 6)
    assert min_incidents_per_cell(grid, replace(asked, dense_per_km2=8.0)) == pytest.approx(
        [8 * cell_km2] * 6
    )


@pytest.mark.parametrize(
    ("n", "price_km2", "is_found"),
    [(7.96, 0.015, False), (7.97, 0.015, True), (7, 0, False), (7.01, 0, True)],
)
def test_a_place_must_hold_more_than_its_density_and_what_a_place_costs(n, price_km2, is_found):
    # 7 cells make .1 km2: they ask for 7, and a place of its own for .015 km2 more: .96
    place = frozenset({MIDDLE, *RING})
    found = areas({MIDDLE: n}, reached=place, opening_km2=price_km2)
    assert found == ({place} if is_found else set())


def test_a_dense_cell_grows_to_the_least_size_by_the_densest_beside():
    row = straight_row(11)
    counts = {cell: 0.5 + n / 100 for n, cell in enumerate(row)} | {row[3]: 20}
    # only the row is reached: east of it is denser, then on, step by step
    assert areas(counts, reached=row) == {frozenset(row[3:10])}


def test_the_most_western_of_equally_thin_cells_stays():
    row = straight_row(9)
    assert areas({row[4]: 9}, reached=row) == {frozenset(row[:7])}


def test_where_the_densest_beside_does_not_fit_the_next_one_is_taken():
    large, west, middle, east = straight_row(4)
    grid = grid_of(TOWN, km2=1 / 8)
    grid.area_km2[large] = 3 / 8
    found = areas({large: 40, west: 25, middle: 20, east: 9}, grid, 0.5)
    assert found == {frozenset({large}), frozenset({west, middle, east})}


def test_a_hole_is_filled_where_it_fits_and_holds_no_other_area():
    ring = h3.grid_ring(MIDDLE, 2)
    inside = set(h3.grid_disk(MIDDLE, 1))
    counts = dict.fromkeys(ring, 20)
    for n, is_filled in ((19, True), (18, False)):
        found = areas(counts, limit=n / 64, reached=ring)
        assert found == {frozenset({*ring, *(inside if is_filled else ())})}
    grid = grid_of(TOWN, km2=1 / 8)
    found = areas(counts | {MIDDLE: 90}, grid, 5.0, reached=[*ring, MIDDLE])
    assert found == {frozenset(ring), frozenset({MIDDLE})}


# ---- At the edge ---------------------------------------------------------------------------


def test_no_cell_none_reached_nothing_expected_and_none_dense_are_no_area():
    assert areas({}, grid_of([])) == set()
    assert areas(dict.fromkeys(TOWN, 9), reached=[]) == set()
    assert areas({}) == set()
    assert areas(dict.fromkeys(TOWN, 0.99)) == set()


def test_land_too_small_for_a_place_has_no_area():
    islet = grid_of(h3.grid_disk(MIDDLE, 1)[:6], km2=1 / 64)
    assert areas(dict.fromkeys(islet.area_km2.index, 99), islet) == set()


def test_a_limit_below_the_least_size_is_the_least_size_too():
    for limit in (1 / 64, 1 / 64 - 1e-6):  # a cell over the limit stays alone
        assert areas({MIDDLE: 9}, limit=limit, reached=[MIDDLE]) == {frozenset({MIDDLE})}


def test_a_cell_over_the_limit_is_an_area_by_itself():
    row = straight_row(3)
    found = areas(dict.fromkeys(row, 99), grid_of(TOWN, km2=1.0), 0.5, reached=row)
    assert found == {frozenset({cell}) for cell in row}


# ---- True in general -----------------------------------------------------------------------


@examples(2)
@given(given=maps(), limit=limits)
def test_areas_are_those_of_the_slow_method(given, limit):
    reached, expected, grid = given
    if float(grid.area_km2.max()) > limit:
        limit = 2.0
    found = areas(expected, grid, limit, reached=grid.area_km2.index[reached])
    needed = PER_KM2 * grid.area_km2.to_numpy()
    assert found == SlowAreas(reached, expected, needed, grid, limit).areas()


# ---- Worth serving: what an area must be expected to hold, in the place of a least size ----------


AWAY = min(h3.grid_ring(MIDDLE, 2))
BETWEEN = sorted({*h3.grid_ring(MIDDLE, 1)} & {*h3.grid_ring(AWAY, 1)})


def test_an_area_grows_by_the_densest_beside_it_until_it_is_worth_serving_and_may_be_small():
    held = {MIDDLE: 4, RING[0]: 1.5, RING[3]: 0.5, RING[1]: 0.25}
    assert areas(held, least=5.5) == {frozenset({MIDDLE, RING[0]})}
    assert areas(held, least=6) == {frozenset({MIDDLE, RING[0], RING[3]})}
    assert areas(held, least=7) == set()  # 6.25 are all that is near


def test_a_dense_cell_one_away_is_joined_by_the_densest_between_which_counts_as_land():
    held = {MIDDLE: 4, AWAY: 3, BETWEEN[0]: 0.25}
    assert areas(held, least=7) == {frozenset({MIDDLE, AWAY, BETWEEN[0]})}
    assert areas(held, least=3) == {
        frozenset({MIDDLE}),
        frozenset({AWAY}),
    }  # each is worth it alone
    assert areas(held, least=4) == areas(held, least=7)  # one would not be
    # Beyond the density it holds 3 + 2 less .75 for the land between, and .96 is a place's price.
    assert areas(held, least=7, opening_km2=4.25 / PER_KM2) == set()


def test_what_would_grow_beyond_the_limit_is_no_area():
    held = dict.fromkeys(TOWN, 0.5) | {MIDDLE: 40}
    assert areas(held, least=42, limit=6 / 64)
    assert areas(held, least=43, limit=6 / 64) == set()


@pytest.mark.long
@examples(100)
@given(maps(), limits, st.sampled_from([0.25, 1.0, 4.0, 20.0]))
def test_each_area_holds_what_it_must_hangs_together_and_is_no_larger_than_allowed(
    map_, limit, least
):
    reached, expected, grid = map_
    size = grid.area_km2.to_numpy()
    found = walkable_areas(reached, expected, PER_KM2 * size, grid, limit, least=least)
    cells = [cell for area in found for cell in area]
    assert len({*cells}) == len(cells)
    for area in found:
        at = grid.at(area)
        assert expected[at].sum() >= least * (1 - 1e-6)
        assert size[at].sum() <= limit * (1 + 1e-6) or len(at) == 1
        assert len(grid.contiguous_parts(area)) == 1
