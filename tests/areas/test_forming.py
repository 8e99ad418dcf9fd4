"""Candidate areas under a size limit: by hand, and as slow and obvious code would form them."""

import itertools
import math

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.areas.forming import form_areas, keep_dense
from csa.areas.names import letter
from csa.base.errors import ParamError
from csa.base.params import AreaParams
from tests.areas.ground import (
    AT,
    EVEN,
    GRID,
    ISLAND,
    LAKESIDE,
    MIDDLE,
    MOAT,
    NUMBER,
    TOUCH,
    TOWN,
    UNIVERSE,
    at_centres,
    cells_at,
    expecting,
    form,
    grid_of,
    on_land,
    params,
    plain_clusters,
    plainly_reached,
    ring_road,
    slow_fill,
    slow_middle,
    slow_parts,
    slow_size,
    slow_whole,
    straight_row,
    towns,
)
from tests.properties import examples

choices_of = st.builds(
    params,
    eps_m=st.sampled_from([50, 90, 130, 180, 260, 400]),
    min_samples=st.integers(2, 8),
    limit=st.sampled_from([0.13, 0.25, 0.5, 0.8, 1.0, 2.0, 5.0]),
)


@st.composite
def runs(draw, grids=(GRID, LAKESIDE, ISLAND, EVEN)):
    """Incidents on some land, and what is expected there: much as it was, or quite otherwise."""
    grid = draw(st.sampled_from(grids))
    xy = on_land(draw(towns()), grid)
    counts = grid.count(cells_at(xy)).astype(float)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    mixed = counts * rng.choice([0.25, 0.5, 1, 2], len(counts)) + rng.choice(
        [0, 0.5, 3], len(counts)
    )
    return xy, grid, draw(st.sampled_from([counts, 1.5 * counts, mixed, np.full(len(counts), 9.0)]))


# ---- The whole method, slow and obvious ----------------------------------------------------


def slow_density(expected, grid):
    """Order cells: densest first, then west, then south."""
    of = dict(zip(grid.area_km2.index.tolist(), expected.tolist(), strict=True))

    def order(cell):
        return (-round(of[cell] / float(grid.area_km2[cell]), 9), *slow_middle([cell], grid))

    return of, order


def slow_fits(cells, grid, choices):
    return slow_size(cells, grid) <= choices.max_area_km2 + 1e-12


def slow_fill_what_fits(piece, grid, choices):
    holes = slow_parts(slow_whole(piece, grid.area_km2.index.tolist()) - piece)
    smallest_first = sorted(
        holes, key=lambda hole: (round(slow_size(hole, grid), 9), slow_middle(hole, grid))
    )
    for hole in smallest_first:
        if slow_fits(piece | hole, grid, choices):
            piece = piece | hole
    return piece


def slow_grow(seed, free, taken, order, grid, choices):
    """Add neighbours to a cell, always the densest one with which all is well."""
    part, land = frozenset({seed}), grid.area_km2.index.tolist()
    while True:
        beside = [
            cell for cell in free - part if TOUCH[NUMBER[cell], [NUMBER[one] for one in part]].any()
        ]
        for cell in sorted(beside, key=order):
            bigger = slow_whole(part | {cell}, land)
            if slow_fits(bigger, grid, choices) and not bigger & taken:
                part = bigger
                break
        else:
            return part


def slow_areas(xy, choices, grid, expected):
    of, order = slow_density(expected, grid)
    circle_km2 = math.pi * (choices.dbscan.eps_m / 1000) ** 2
    least = choices.dbscan.min_samples
    dense = {
        cell
        for cell in plainly_reached(xy, choices, grid)
        if of[cell] >= least * min(1.0, float(grid.area_km2[cell]) / circle_km2)
    }
    pieces = [slow_fill_what_fits(piece, grid, choices) for piece in slow_parts(dense)]
    pieces = [one for one in pieces if not any(one < other for other in pieces)]
    areas = []
    for piece in pieces:
        others = set().union(*(other for other in pieces if other != piece))
        if slow_fits(piece, grid, choices):
            areas.append(piece)
            continue
        free = set(piece)
        while free:
            part = slow_grow(min(free, key=order), free, others, order, grid, choices)
            areas.append(part)
            free -= part
            others |= part
    cells = cells_at(xy)
    return {area for area in areas if np.isin(cells, list(area)).sum() >= least}


# ---- By hand -------------------------------------------------------------------------------


def test_a_knot_at_a_cells_centre_makes_an_area_of_that_cell():
    found = form(at_centres({MIDDLE: 3}), params())
    assert found.areas == (frozenset({MIDDLE}),)
    assert found.cluster_id.tolist() == [0, 0, 0]
    assert found.is_core.tolist() == [True, True, True]
    assert found.fringe == frozenset()


def test_of_the_cells_that_a_cluster_reaches_those_expected_to_stay_dense_are_the_area():
    _, middle, east = straight_row(3)
    # between two centres: both lie within 250 m of the knot, though it is in only one cell
    knot = [AT[middle] + 0.45 * (AT[east] - AT[middle])] * 3
    assert cells_at(knot).tolist() == [middle] * 3
    choices = params(eps_m=250)
    for counts in ({middle: 3}, {middle: 3, east: 2}, {middle: 0, east: 9}):
        found = form(knot, choices, expected=expecting(counts))
        dense = {cell for cell, n in counts.items() if n >= 3 * GRID.sizes[cell] / 0.19635}
        wanted = (frozenset(dense),) if middle in dense else ()  # the east holds none of the three
        assert found.areas == wanted
        assert found.fringe == {middle, east}.difference(*wanted)


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
def test_a_cell_is_dense_when_it_is_expected_to_hold_as_many_for_its_land_as_dbscan_asks(
    eps_m, cell_km2, least
):
    grid, choices = grid_of(TOWN, km2=cell_km2), params(eps_m, 4)
    for expected, is_kept in ((least, True), (np.nextafter(least, 0), False), (least + 1, True)):
        kept = keep_dense([MIDDLE], expecting({MIDDLE: expected}), grid, choices)
        assert kept == (frozenset({MIDDLE}) if is_kept else frozenset())
        areas = form(at_centres({MIDDLE: 4}), choices, grid, expecting({MIDDLE: expected})).areas
        assert areas == ((frozenset({MIDDLE}),) if is_kept else ())


def test_a_place_that_is_expected_to_be_dense_but_that_no_cluster_reaches_is_no_area():
    row = straight_row(7)
    # two incidents in the east, though a hundred are expected: no three lie close together
    xy = at_centres({row[0]: 3, row[6]: 2})
    found = form(xy, params(), expected=expecting({row[0]: 3, row[6]: 100, row[3]: 100}))
    assert found.areas == (frozenset({row[0]}),)
    assert found.fringe == frozenset()


def test_a_cluster_whose_place_is_not_expected_to_go_on_is_no_area_and_is_left_out():
    row = straight_row(7)
    xy = at_centres({row[0]: 3, row[6]: 9})
    found = form(xy, params(), expected=expecting({row[0]: 3, row[6]: 2.9}))
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
    assert form(xy, params(), expected=expecting({east: 3, middle: 3})).areas == (
        frozenset({middle, east}),
    )


def test_a_stray_incident_in_an_areas_cell_is_noise_but_the_area_may_count_it():
    stray = AT[MIDDLE] + [120, 0]
    found = form([*at_centres({MIDDLE: 3}), stray], params())
    assert found.cluster_id.tolist() == [0, 0, 0, -1]
    assert found.areas == (frozenset({MIDDLE}),)


def test_two_knots_far_apart_are_two_areas_west_to_east():
    row = straight_row(7)
    found = form(at_centres({row[6]: 3, row[0]: 9}), params())
    assert found.areas == (frozenset({row[0]}), frozenset({row[6]}))
    assert found.cluster_id.tolist() == [1] * 3 + [0] * 9


def test_cells_of_three_clusters_that_touch_are_one_area_and_the_clusters_stay_three():
    row = straight_row(3)
    found = form(at_centres(dict.fromkeys(row, 3)), params(limit=2))
    assert found.areas == (frozenset(row),)
    assert found.cluster_id.tolist() == [0] * 3 + [1] * 3 + [2] * 3


def test_a_bridge_that_goes_on_thin_parts_two_knots_and_is_left_out():
    steps = np.arange(-1000, 1001, 50.0)
    xy = AT[MIDDLE] + np.column_stack([np.repeat(steps, 2), np.zeros(2 * len(steps))])
    cells = cells_at(xy).tolist()
    ends = {cells[0], cells[-1]}
    thin = {cell: 4.0 if cell in ends else 3.9 for cell in cells}
    found = form(xy, params(eps_m=120, min_samples=4, limit=5), expected=expecting(thin))
    assert set(found.cluster_id.tolist()) == {0}
    assert found.areas == (frozenset({cells[0]}), frozenset({cells[-1]}))
    assert set(cells) - ends <= found.fringe
    assert len(form(xy, params(eps_m=120, min_samples=4, limit=5)).areas) == 1


def test_a_piece_over_the_limit_is_parted_from_its_densest_cell_by_its_densest_neighbour():
    row = straight_row(5)
    xy = at_centres(dict(zip(row, [3, 4, 9, 5, 3], strict=True)))
    for limit, wanted in (
        (0.125, [row[:1], row[1:2], row[2:3], row[3:4], row[4:]]),
        (0.25, [row[:2], row[2:4], row[4:]]),
        (0.375, [row[:1], row[1:4], row[4:]]),
        (0.5, [row[:4], row[4:]]),  # as thin as the east: the west comes first
        (0.625, [row]),
    ):
        assert form(xy, params(limit=limit), EVEN).areas == tuple(map(frozenset, wanted))


def test_growth_goes_by_density_and_not_by_count():
    west, middle, east = straight_row(3)
    sizes = grid_of(TOWN, km2=0.125)
    sizes.area_km2[west] = 0.375
    # the west has more incidents, on three times the land
    xy = at_centres({west: 10, middle: 9, east: 4})
    assert form(xy, params(limit=0.5), sizes).areas == (
        frozenset({west}),
        frozenset({middle, east}),
    )


def test_where_the_densest_neighbour_does_not_fit_the_next_one_is_taken():
    large, west, middle, east = straight_row(4)
    sizes = grid_of(TOWN, km2=0.125)
    sizes.area_km2[large] = 0.375
    xy = at_centres({large: 12, west: 9, middle: 8, east: 3})
    assert form(xy, params(limit=0.5), sizes).areas == (
        frozenset({large}),
        frozenset({west, middle, east}),
    )


def test_growth_goes_by_what_is_expected_and_not_by_what_was():
    west, middle, east = straight_row(3)
    xy = at_centres({west: 9, middle: 9, east: 3})
    expected = expecting({west: 3, middle: 4, east: 5})
    found = form(xy, params(limit=0.25), EVEN, expected)
    assert found.areas == (frozenset({west}), frozenset({middle, east}))


def test_of_equally_dense_cells_the_western_is_the_first():
    row = straight_row(5)
    xy = at_centres(dict.fromkeys(reversed(row), 3))
    found = form(xy, params(limit=0.25), EVEN)
    assert found.areas == (frozenset(row[:2]), frozenset(row[2:4]), frozenset(row[4:]))


def test_of_equally_dense_cells_equally_far_west_the_southern_is_the_first():
    # The map is turned so that the row runs exactly south to north.
    row = straight_row(3)
    turned = {cell: np.array([0.0, 350.0 * place]) for place, cell in enumerate(row)}
    centre_xy = np.array([turned.get(cell, [9e5, 9e5 + cell % 1000]) for cell in TOWN])
    grid = grid_of(TOWN, centre_xy=centre_xy, km2=0.125)
    for order in itertools.permutations(row):
        xy = np.array([turned[cell] for cell in order for _ in range(3)])
        cells = np.array([cell for cell in order for _ in range(3)], dtype=np.uint64)
        expected = expecting(dict.fromkeys(row, 3))
        found = form_areas(xy, cells, grid, params(limit=0.25), expected)
        assert found.areas == (frozenset(row[:2]), frozenset(row[2:]))


def test_parts_with_too_few_incidents_are_left_out():
    row = straight_row(3)
    xy = at_centres(dict.fromkeys(row, 3))[:-1]  # two in the east, in reach of the others
    choices = params(eps_m=400, limit=0.25)
    found = form(xy, choices, EVEN, expecting({row[0]: 9, row[1]: 9, row[2]: 8}))
    assert found.areas == (frozenset(row[:2]),)
    assert row[2] in found.fringe


def test_an_even_carpet_over_the_limit_is_parted_into_areas_that_hold_all_of_it():
    carpet = sorted(h3.grid_disk(MIDDLE, 3))
    found = form(at_centres(dict.fromkeys(carpet, 3)), params(limit=0.875), EVEN)
    assert set().union(*found.areas) == set(carpet)
    assert max(map(len, found.areas)) == 7
    assert found.fringe == frozenset()


def test_a_hole_is_filled_where_the_filled_area_is_under_the_limit():
    ring = h3.grid_ring(MIDDLE, 1)
    xy = at_centres(dict.fromkeys(ring, 3))
    assert form(xy, params(limit=0.875), EVEN).areas == (frozenset({MIDDLE, *ring}),)
    assert form(xy, params(limit=0.87), EVEN).areas == (frozenset(ring),)


def test_a_ring_over_the_limit_is_parted_into_areas_without_a_hole():
    ring = h3.grid_ring(MIDDLE, 2)
    found = form(at_centres(dict.fromkeys(ring, 3)), params(limit=1.4), EVEN)
    assert set().union(*found.areas) == set(ring)
    assert sorted(map(len, found.areas)) == [1, 11]


def test_of_two_holes_the_small_one_is_filled_where_both_are_too_much():
    far = min(h3.grid_ring(MIDDLE, 3))
    small = [cell for cell in h3.grid_ring(far, 1) if cell not in h3.grid_ring(MIDDLE, 2)]
    two_rings = frozenset([*h3.grid_ring(MIDDLE, 2), *small])
    xy = at_centres(dict.fromkeys(sorted(two_rings), 3))
    n, inside = len(two_rings), frozenset(h3.grid_disk(MIDDLE, 1))

    def areas(n_cells):
        return form(xy, params(limit=0.125 * n_cells), EVEN).areas

    assert areas(n) == (two_rings,)
    assert areas(n + 1) == areas(n + 7) == (two_rings | {far},)
    assert areas(n + 8) == (two_rings | {far} | inside,)


def test_of_two_holes_as_large_the_western_is_filled_where_both_are_too_much():
    _, west, _, east, _ = straight_row(5)
    two_rings = frozenset([*h3.grid_ring(west, 1), *h3.grid_ring(east, 1)])
    xy = at_centres(dict.fromkeys(sorted(two_rings), 3))
    for n_cells, filled in ((11, []), (12, [west]), (13, [west, east])):
        found = form(xy, params(limit=0.125 * n_cells), EVEN)
        assert found.areas == (two_rings.union(filled),)


def test_what_lies_in_a_hole_becomes_part_of_the_area_around_it_where_that_fits():
    ring = h3.grid_ring(MIDDLE, 2)
    xy = at_centres(dict.fromkeys([*ring, MIDDLE], 3))
    assert form(xy, params(limit=19 * 0.125), EVEN).areas == (frozenset(h3.grid_disk(MIDDLE, 2)),)
    apart = form(xy, params(limit=18 * 0.125), EVEN)
    assert set(apart.areas) == {frozenset(ring), frozenset({MIDDLE})}


def test_no_part_closes_around_another_area():
    # Over the limit: it grows along the denser inner ring. Closed and filled that has 19 cells.
    inner, outer = h3.grid_ring(MIDDLE, 2), h3.grid_ring(MIDDLE, 3)
    xy = at_centres({**dict.fromkeys(inner, 9), **dict.fromkeys(outer, 3), MIDDLE: 3})
    found = form(xy, params(limit=20 * 0.125), EVEN)
    assert frozenset({MIDDLE}) in found.areas
    assert set().union(*found.areas) == {MIDDLE, *inner, *outer}
    assert not [area for area in found.areas if set(inner) <= area]
    # with nothing in the middle it closes
    alone = form(xy[:-3], params(limit=20 * 0.125), EVEN)
    assert [area for area in alone.areas if set(h3.grid_disk(MIDDLE, 2)) <= area]


def test_what_a_cluster_encloses_is_left_out_with_it():
    found = form(ring_road(), params(eps_m=65), expected=expecting({}))
    assert found.areas == ()
    assert found.fringe == frozenset(h3.grid_disk(MIDDLE, 1))


def test_a_lake_enclosed_by_an_area_is_no_land_of_it():
    pond = grid_of(set(TOWN) - {MIDDLE})
    found = form(ring_road(), params(eps_m=65), pond)
    assert found.areas == (frozenset(h3.grid_ring(MIDDLE, 1)),)
    assert found.fringe == frozenset()


def test_an_island_in_an_enclosed_lake_is_no_part_of_the_area_around_it():
    shore = h3.grid_ring(MIDDLE, 2)
    for limit in (5, 1.2):
        found = form(at_centres(dict.fromkeys(shore, 3)), params(limit=limit), ISLAND)
        assert set().union(*found.areas) == set(shore)
        both = form(at_centres(dict.fromkeys([*shore, MIDDLE], 3)), params(limit=limit), ISLAND)
        assert frozenset({MIDDLE}) in both.areas
        assert not MOAT & set().union(*both.areas)


def test_letters_follow_the_map_and_never_the_counts():
    row = straight_row(7)
    few, many = {row[0]: 3, row[3]: 5, row[6]: 9}, {row[0]: 90, row[3]: 5, row[6]: 3}
    lettered = {letter(n): frozenset({cell}) for n, cell in enumerate([row[0], row[3], row[6]])}
    for counts in (few, many):
        areas = form(at_centres(counts), params()).areas
        assert {letter(n): area for n, area in enumerate(areas)} == lettered


# ---- At the edge ---------------------------------------------------------------------------


def test_no_incidents_have_no_areas():
    for expected in (None, np.full(len(TOWN), 99.0)):
        found = form([], params(), expected=expected)
        assert found.areas == ()
        assert found.fringe == frozenset()
        assert found.cluster_id.dtype == np.int64
        assert found.is_core.dtype == bool
        assert len(found.cluster_id) == len(found.is_core) == 0


def test_a_study_area_without_cells_has_no_areas():
    assert form([], params(), grid_of([])).areas == ()


def test_incidents_that_are_all_noise_have_no_areas_and_no_fringe():
    found = form(at_centres({TOWN[0]: 2, TOWN[50]: 2}), params())
    assert found.areas == ()
    assert found.fringe == frozenset()
    assert found.cluster_id.tolist() == [-1] * 4


@pytest.mark.parametrize("n", [3, 500])
def test_incidents_all_at_one_point_make_an_area_of_their_cell_and_leave_the_rest_out(n):
    found = form(at_centres({MIDDLE: n}), params(eps_m=400))
    assert found.areas == (frozenset({MIDDLE}),)
    assert found.fringe == frozenset(h3.grid_ring(MIDDLE, 1))


def test_nothing_expected_anywhere_makes_no_area():
    found = form(at_centres({MIDDLE: 200}), params(), expected=expecting({}))
    assert found.areas == ()
    assert found.fringe == frozenset({MIDDLE})


def test_an_area_of_exactly_the_limit_is_allowed():
    row = straight_row(4)
    sizes = grid_of(TOWN, km2=0.25)
    xy = at_centres(dict.fromkeys(row, 3))
    assert form(xy, params(limit=1.0), sizes).areas == (frozenset(row),)
    assert len(form(xy, params(limit=0.99), sizes).areas) == 2


def test_an_area_has_at_least_the_minimum_of_incidents_and_exactly_the_minimum_is_enough():
    assert len(form(at_centres({MIDDLE: 4}), params(min_samples=4)).areas) == 1
    assert form(at_centres({MIDDLE: 3}), params(min_samples=4)).areas == ()


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0.01, 0.1])
def test_a_cell_larger_than_the_limit_is_refused_and_the_message_says_how_large(limit):
    with pytest.raises(ParamError) as refused:
        form(at_centres({MIDDLE: 3}), params(limit=limit))
    assert str(limit) in str(refused.value)


def test_a_limit_of_exactly_the_largest_cell_is_allowed():
    largest = float(GRID.area_km2.max())
    assert form(at_centres({MIDDLE: 3}), params(limit=largest)).areas == (frozenset({MIDDLE}),)


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf")])
def test_a_limit_that_is_no_size_is_refused(limit):
    with pytest.raises(ParamError):
        params(limit=limit)


# ---- True in general -----------------------------------------------------------------------


@examples(3)
@given(run=runs(), choices=choices_of)
def test_areas_are_those_of_the_slow_and_obvious_method(run, choices):
    xy, grid, expected = run
    areas = form(xy, choices, grid, expected).areas
    assert set(areas) == slow_areas(xy, choices, grid, expected)
    assert list(areas) == sorted(areas, key=lambda area: slow_middle(area, grid))


@examples(3)
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
        assert np.isin(cells_at(xy), list(area)).sum() >= choices.dbscan.min_samples
        # no hole is left that could be filled: it holds no other area, and all would fit
        for hole in slow_parts(slow_whole(area, land) - area):
            assert not slow_fits(area | hole, grid, choices)
    # the fringe is the rest of what clusters reach, holes filled
    labels, is_core = plain_clusters(xy, choices)
    assert not found.fringe & held
    reached = plainly_reached(xy, choices, grid)
    assert reached <= held | found.fringe <= slow_fill(reached) & land
    # clusters are plain DBSCAN's, whatever the limit
    assert found.cluster_id.tolist() == labels.tolist()
    assert found.is_core.tolist() == is_core.tolist()


@examples(3)
@given(
    cells=st.sets(st.sampled_from(UNIVERSE), max_size=200),
    density=st.integers(0, 999),
    limit=st.sampled_from([0.13, 0.5, 0.8, 1.0, 2.0, 5.0]),
)
def test_areas_of_scattered_cells_keep_to_the_slow_method_however_they_are_nested(
    cells, density, limit
):
    for grid in (EVEN, ISLAND):
        held = sorted(set(grid.area_km2.index.tolist()) & cells)
        xy = at_centres(dict.fromkeys(held, 2)).reshape(-1, 2)
        expected = 2.0 + np.random.default_rng(density).integers(0, 3, len(grid.area_km2))
        choices = params(eps_m=60, min_samples=2, limit=limit)
        found = form(xy, choices, grid, expected)
        assert set(found.areas) == slow_areas(xy, choices, grid, expected)
        everything = set().union(*found.areas)
        assert set(held) <= everything
        assert sum(map(len, found.areas)) == len(everything)


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


@given(run=runs(grids=(GRID,)), choices=choices_of)
def test_where_more_is_expected_no_cell_is_lost(run, choices):
    xy, grid, expected = run
    reached = plainly_reached(xy, choices, grid)
    few, many = (keep_dense(reached, share * expected, grid, choices) for share in (1, 1.7))
    assert few <= many <= reached
    huge = AreaParams(choices.dbscan, 9, 1000)
    held = [set().union(*form(xy, huge, grid, share * expected).areas) for share in (1, 1.7)]
    assert held[0] <= held[1]
