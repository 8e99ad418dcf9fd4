"""Candidate areas under a size limit: by hand, and as slow and obvious code would form them."""

import math

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.areas.ground import (
    AT,
    EVEN,
    GRID,
    ISLAND,
    LAKESIDE,
    MIDDLE,
    TOWN,
    SlowAreas,
    at_centers,
    cells_at,
    expecting,
    form,
    grid_of,
    on_land,
    params,
    plain_clusters,
    plainly_reached,
    slow_fill,
    slow_middle,
    slow_parts,
    slow_size,
    straight_row,
    towns,
)
from tests.properties import examples

from csa.areas.places import letter
from csa.base.errors import ParamError

choices_of = st.builds(
    params,
    eps_m=st.sampled_from([50, 90, 130, 180, 260, 400]),
    min_samples=st.integers(2, 8),
    limit=st.sampled_from([0.13, 0.25, 0.5, 0.8, 1.0, 2.0, 5.0]),
)

LIMITS = (2.0, 0)
"""What holds with a limit and without one."""


@st.composite
def runs(draw, grids=(GRID, LAKESIDE, ISLAND, EVEN)):
    """Incidents on some land, and what is expected there: much as it was, or quite otherwise."""
    grid = draw(st.sampled_from(grids))
    xy = on_land(draw(towns()), grid)
    at = grid.at(cells_at(xy).tolist())
    counts = np.bincount(at, minlength=len(grid.area_km2)).astype(float)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    mixed = counts * rng.choice([0.25, 0.5, 1, 2], len(counts)) + rng.choice(
        [0, 0.5, 3], len(counts)
    )
    return xy, grid, draw(st.sampled_from([counts, 1.5 * counts, mixed, np.full(len(counts), 9.0)]))


# ---- By hand -------------------------------------------------------------------------------


def test_a_knot_at_a_cells_center_makes_an_area_of_that_cell():
    found = form(at_centers({MIDDLE: 3}), params())
    assert found.areas == (frozenset({MIDDLE}),)
    assert found.cluster_id.tolist() == [0, 0, 0]
    assert found.is_core.tolist() == [True, True, True]
    assert found.fringe == frozenset()


def test_of_the_cells_that_a_cluster_reaches_those_expected_to_stay_dense_are_the_area():
    _, middle, east = straight_row(3)
    # between two centers: both lie within 250 m of the knot, though it is in only one cell
    knot = [AT[middle] + 0.45 * (AT[east] - AT[middle])] * 3
    assert cells_at(knot).tolist() == [middle] * 3
    choices = params(eps_m=250)
    for counts in ({middle: 3}, {middle: 3, east: 2}, {middle: 0, east: 9}):
        found = form(knot, choices, expected=expecting(counts))
        dense = {cell for cell, n in counts.items() if n >= 3 * GRID.size_km2([cell]) / 0.19635}
        wanted = (frozenset(dense),) if middle in dense else ()  # the east holds none of the three
        assert found.areas == wanted
        assert found.fringe == {middle, east}.difference(*wanted)


def test_a_cluster_whose_place_is_not_expected_to_go_on_is_no_area_and_is_left_out():
    row = straight_row(7)
    xy = at_centers({row[0]: 3, row[6]: 9})
    found = form(xy, params(), expected=expecting({row[0]: 4, row[6]: 2.9}))
    assert found.areas == (frozenset({row[0]}),)
    assert found.fringe == frozenset({row[6]})
    assert found.cluster_id.tolist() == [0] * 3 + [1] * 9  # DBSCAN's clusters stay as they are


def test_expected_incidents_are_never_counted():
    # Three incidents across a border, one of them in the east: a thousand are expected there, and
    # none in the middle. One is too few for an area.
    _, middle, east = straight_row(3)
    way = AT[east] - AT[middle]
    xy = AT[middle] + way / 2 + np.outer([-20, -10, 10], way / np.hypot(*way))
    assert cells_at(xy).tolist() == [middle, middle, east]
    found = form(xy, params(), expected=expecting({east: 1000}))
    assert found.areas == ()
    assert found.fringe == frozenset({middle, east})
    assert form(xy, params(), expected=expecting({east: 4, middle: 4})).areas == (
        frozenset({middle, east}),
    )


def test_a_stray_incident_in_an_areas_cell_is_noise_but_the_area_may_count_it():
    stray = AT[MIDDLE] + [120, 0]
    found = form([*at_centers({MIDDLE: 3}), stray], params())
    assert found.cluster_id.tolist() == [0, 0, 0, -1]
    assert found.areas == (frozenset({MIDDLE}),)


def test_a_bridge_that_goes_on_thin_parts_two_knots_and_is_left_out():
    steps = np.arange(-1000, 1001, 50.0)
    xy = AT[MIDDLE] + np.column_stack([np.repeat(steps, 2), np.zeros(2 * len(steps))])
    cells = cells_at(xy).tolist()
    ends = {cells[0], cells[-1]}
    thin = {cell: 6.0 if cell in ends else 3.9 for cell in cells}
    found = form(xy, params(eps_m=120, min_samples=4, limit=5), expected=expecting(thin))
    assert set(found.cluster_id.tolist()) == {0}
    assert found.areas == (frozenset({cells[0]}), frozenset({cells[-1]}))
    assert set(cells) - ends <= found.fringe
    assert len(form(xy, params(eps_m=120, min_samples=4, limit=5)).areas) == 1


@pytest.mark.parametrize("limit", LIMITS)
def test_letters_follow_the_map_and_never_the_counts(limit):
    row = straight_row(7)
    few, many = {row[0]: 3, row[3]: 5, row[6]: 9}, {row[0]: 90, row[3]: 5, row[6]: 3}
    lettered = {letter(n): frozenset({cell}) for n, cell in enumerate([row[0], row[3], row[6]])}
    for counts in (few, many):
        areas = form(at_centers(counts), params(limit=limit)).areas
        assert {letter(n): area for n, area in enumerate(areas)} == lettered


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("limit", LIMITS)
def test_no_incidents_have_no_areas(limit):
    for expected in (None, np.full(len(TOWN), 99.0)):
        found = form([], params(limit=limit), expected=expected)
        assert found.areas == ()
        assert found.fringe == frozenset()
        assert found.cluster_id.dtype == np.int64
        assert found.is_core.dtype == bool
        assert len(found.cluster_id) == len(found.is_core) == 0


@pytest.mark.parametrize("limit", LIMITS)
def test_a_study_area_without_cells_has_no_areas(limit):
    assert form([], params(limit=limit), grid_of([])).areas == ()


def test_incidents_that_are_all_noise_have_no_areas_and_no_fringe():
    found = form(at_centers({TOWN[0]: 2, TOWN[50]: 2}), params())
    assert found.areas == ()
    assert found.fringe == frozenset()
    assert found.cluster_id.tolist() == [-1] * 4


@pytest.mark.parametrize("n", [3, 500])
def test_incidents_all_at_one_point_make_an_area_of_their_cell_and_leave_the_rest_out(n):
    found = form(at_centers({MIDDLE: n}), params(eps_m=400))
    assert found.areas == (frozenset({MIDDLE}),)
    assert found.fringe == frozenset(h3.grid_ring(MIDDLE, 1))


def test_an_area_of_exactly_the_limit_is_allowed():
    row = straight_row(4)
    sizes = grid_of(TOWN, km2=0.25)
    xy = at_centers(dict.fromkeys(row, 3))
    assert form(xy, params(limit=1.0), sizes).areas == (frozenset(row),)
    assert len(form(xy, params(limit=0.99), sizes).areas) == 2


@pytest.mark.parametrize("limit", LIMITS)
def test_an_area_has_at_least_the_minimum_of_incidents_and_exactly_the_minimum_is_enough(limit):
    choices = params(min_samples=4, limit=limit)
    assert len(form(at_centers({MIDDLE: 4}), choices).areas) == 1
    assert form(at_centers({MIDDLE: 3}), choices).areas == ()


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.01, 0.1])
def test_a_cell_larger_than_the_limit_is_refused_and_the_message_says_how_large(limit):
    with pytest.raises(ParamError) as refused:
        form(at_centers({MIDDLE: 3}), params(limit=limit))
    assert str(limit) in str(refused.value)


def test_a_limit_of_exactly_the_largest_cell_is_allowed():
    largest = float(GRID.area_km2.max())
    assert form(at_centers({MIDDLE: 3}), params(limit=largest)).areas == (frozenset({MIDDLE}),)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.long
@examples(2)
@given(run=runs(), choices=choices_of)
def test_areas_are_those_of_the_slow_and_obvious_method(run, choices):
    xy, grid, expected = run
    areas = form(xy, choices, grid, expected).areas
    size, dbscan = grid.area_km2.to_numpy(), choices.dbscan
    circle_km2 = math.pi * (dbscan.eps_m / 1000) ** 2
    needed = np.array([dbscan.min_samples * min(1.0, km2 / circle_km2) for km2 in size])
    reached = np.isin(grid.area_km2.index, sorted(plainly_reached(xy, choices, grid)))
    slow = SlowAreas(reached, expected, needed, grid, choices.max_area_km2).areas()
    cells, least = cells_at(xy), min(3, dbscan.min_samples)
    assert set(areas) == {area for area in slow if np.isin(cells, list(area)).sum() >= least}
    assert list(areas) == sorted(areas, key=lambda area: slow_middle(area, grid))


@examples(1)
@given(run=runs(), choices=choices_of)
def test_areas_keep_every_promise(run, choices):
    xy, grid, expected = run
    found = form(xy, choices, grid, expected)
    land, held = set(grid.area_km2.index.tolist()), set().union(*found.areas)
    # disjoint, on land, each of one piece, under the limit, with enough incidents
    assert sum(map(len, found.areas)) == len(held)
    assert held <= land
    for area in found.areas:
        assert len(slow_parts(area)) == 1
        assert slow_size(area, grid) <= choices.max_area_km2 + 1e-12
        assert slow_size(area, grid) >= 0.1 - 1e-9
        assert np.isin(cells_at(xy), list(area)).sum() >= min(3, choices.dbscan.min_samples)
    # the fringe is the rest of what clusters reach, holes filled
    labels, is_core = plain_clusters(xy, choices)
    assert not found.fringe & held
    reached = plainly_reached(xy, choices, grid)
    assert reached <= held | found.fringe <= slow_fill(reached) & land
    # clusters are plain DBSCAN's, whatever the limit
    assert found.cluster_id.tolist() == labels.tolist()
    assert found.is_core.tolist() == is_core.tolist()


@given(run=runs(), choices=choices_of, shuffle=st.randoms(use_true_random=False))
def test_areas_never_depend_on_row_order(run, choices, shuffle):
    xy, grid, expected = run
    order = list(range(len(xy)))
    shuffle.shuffle(order)
    found = form(xy, choices, grid, expected)
    shuffled = form(xy[order], choices, grid, expected)
    assert shuffled.areas == found.areas
    assert shuffled.fringe == found.fringe
    assert shuffled.cluster_id.tolist() == found.cluster_id[order].tolist()
    assert shuffled.is_core.tolist() == found.is_core[order].tolist()
