"""Areas without a size limit: what plain DBSCAN's clusters reach, disjoint and merged."""

import itertools

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.spatial.distance import cdist
from tests.areas.ground import (
    AT,
    EVEN,
    GRID,
    ISLAND,
    LAKESIDE,
    MIDDLE,
    MOAT,
    TOWN,
    are_touching,
    at_centers,
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
    slow_holes,
    slow_middle,
    slow_parts,
    slow_whole,
    straight_row,
    towns,
)

from csa.areas.forming import form_areas, link, list_clusters


def whole(eps_m=60, min_samples=3):
    return params(eps_m, min_samples, limit=0)


choices_of = st.builds(
    whole,
    eps_m=st.sampled_from([50, 90, 130, 180, 260, 400]),
    min_samples=st.integers(2, 8),
)


# ---- By hand -------------------------------------------------------------------------------


def test_a_cluster_reaches_the_cells_with_their_center_in_eps_and_the_cells_it_has_incidents_in():
    _, middle, east = straight_row(3)
    # between two centers: both lie within 250 m of the knot, though it is in only one cell
    knot = AT[middle] + 0.45 * (AT[east] - AT[middle])
    assert cells_at(knot).tolist() == [middle]
    assert form([knot] * 3, whole(eps_m=250)).areas == (frozenset({middle, east}),)
    assert form([knot] * 3, whole(eps_m=20)).areas == (frozenset({middle}),)


def test_what_is_expected_chooses_nothing_where_there_is_no_limit():
    xy = at_centers({MIDDLE: 3})
    for expected in (expecting({}), expecting({MIDDLE: 99}), expecting({TOWN[0]: 99})):
        assert form(xy, whole(), expected=expected).areas == (frozenset({MIDDLE}),)


@pytest.mark.parametrize(
    ("n_west", "n_east", "is_western"), [(2, 3, False), (3, 2, True), (2, 2, True), (9, 8, True)]
)
def test_a_cell_goes_to_the_cluster_with_most_incidents_in_it_and_else_to_the_western(
    n_west, n_east, is_western
):
    # Two clusters in the middle cell, 200 m apart; the eastern has one incident across the border.
    _, middle, east = straight_row(3)
    way = AT[east] - AT[middle]
    step = way / np.hypot(*way)
    border = AT[middle] + way / 2
    xy = [border - 215 * step] * n_west + [border - 10 * step] * n_east + [border + 10 * step]
    assert cells_at(xy).tolist() == [middle] * (n_west + n_east) + [east]
    found = form(xy, whole(eps_m=40, min_samples=2))
    assert found.cluster_id.tolist() == [0] * n_west + [1] * (n_east + 1)
    # where it does not win the middle cell, the eastern is left with one incident: too few
    assert found.areas == (frozenset({middle} if is_western else {middle, east}),)
    assert found.fringe == frozenset({east} if is_western else ())


def test_what_lies_inside_a_ring_of_one_cluster_and_the_land_between_belong_to_its_area():
    road = ring_road(80, radius_m=700)
    alone = form(road, whole(eps_m=65))
    both = form(np.vstack([road, at_centers({MIDDLE: 3})]), whole(eps_m=65))
    assert set(both.cluster_id.tolist()) == {0, 1}
    assert set(h3.grid_disk(MIDDLE, 2)) <= alone.areas[0]
    assert both.areas == alone.areas


def test_a_union_that_would_swallow_a_third_area_is_not_made():
    ring = h3.grid_ring(MIDDLE, 2)
    found = form(at_centers(dict.fromkeys([*ring, MIDDLE], 3)), whole(), EVEN)
    assert frozenset({MIDDLE}) in found.areas
    assert set().union(*found.areas) == {MIDDLE, *ring}
    assert sorted(map(len, found.areas)) == [1, 1, 11]
    # of equally dense pairs the western merges first: the easternmost cell is left
    assert frozenset({max(ring, key=lambda cell: AT[cell][0])}) in found.areas


def test_the_densest_pair_merges_first_so_that_the_thinnest_cell_is_left():
    ring = h3.grid_ring(MIDDLE, 2)
    for thin in ring:
        counts = {**dict.fromkeys(ring, 9), MIDDLE: 3, thin: 3}
        found = form(at_centers(counts), whole(), EVEN)
        assert frozenset({thin}) in found.areas
        assert frozenset(ring) - {thin} in found.areas


def test_density_counts_land_so_that_a_large_cell_is_thin():
    ring = h3.grid_ring(MIDDLE, 2)
    for large in ring[::4]:
        sizes = grid_of(TOWN, km2=0.125)
        sizes.area_km2[large] = 0.5
        found = form(at_centers({**dict.fromkeys(ring, 6), MIDDLE: 3, large: 9}), whole(), sizes)
        assert frozenset({large}) in found.areas


def test_an_island_in_an_enclosed_lake_is_no_part_of_the_area_around_it():
    shore = h3.grid_ring(MIDDLE, 2)
    found = form(at_centers(dict.fromkeys(shore, 3)), whole(), ISLAND)
    assert found.areas == (frozenset(shore),)
    both = form(at_centers(dict.fromkeys([*shore, MIDDLE], 3)), whole(), ISLAND)
    assert set(both.areas) == {frozenset(shore), frozenset({MIDDLE})}
    assert not MOAT & set().union(*both.areas, both.fringe)


# ---- At the edge ---------------------------------------------------------------------------


def test_a_center_exactly_eps_from_a_core_incident_is_in_reach():
    center_xy = np.round(GRID.center_xy)
    grid = grid_of(TOWN, center_xy=center_xy)
    x, y = center_xy[TOWN.index(MIDDLE)]
    knot = np.array([[x + 180.0, y]] * 3)  # whole meters: the distance is exact
    at = grid.at([min(h3.grid_ring(MIDDLE, 1))] * 3)
    none = expecting({})
    assert MIDDLE in form_areas(knot, at, grid, whole(eps_m=180), none).areas[0]
    assert MIDDLE not in form_areas(knot, at, grid, whole(eps_m=179.999), none).areas[0]


def test_pieces_of_a_cluster_that_do_not_touch_are_separate_areas():
    row = straight_row(3)
    west, east = AT[row[0]], AT[row[2]]
    xy = np.array([west] * 3 + [east] * 3)
    found = form(xy, whole(eps_m=np.hypot(*(east - west)) + 1), grid_of(row[::2]))
    assert found.cluster_id.tolist() == [0] * 6
    assert found.areas == (frozenset({row[0]}), frozenset({row[2]}))


def test_a_cluster_that_wins_only_cells_with_too_few_incidents_is_no_area():
    # Three incidents across a border: the two in the middle cell are theirs, but the one in the
    # east is outnumbered there; two are too few for an area.
    _, middle, east = straight_row(3)
    way = AT[east] - AT[middle]
    step = way / np.hypot(*way)
    small = AT[middle] + way / 2 + np.outer([-20, -10, 10], step)
    assert cells_at(small).tolist() == [middle, middle, east]
    found = form(np.vstack([small, [AT[east]] * 5]), whole(eps_m=65))
    assert found.cluster_id.tolist() == [0] * 3 + [1] * 5
    assert found.areas == (frozenset({east}),)
    assert found.fringe == frozenset({middle})


def test_a_hole_left_by_a_cluster_too_small_for_an_area_belongs_to_the_area_around_it():
    # A ring of incidents around the middle cell is one cluster. Three more, two in the middle
    # cell and one across its border, are another: it wins the middle cell, too little for an area.
    neighbor = straight_row(3)[2]
    out = (AT[neighbor] - AT[MIDDLE]) / np.hypot(*(AT[neighbor] - AT[MIDDLE]))
    border = np.hypot(*(AT[neighbor] - AT[MIDDLE])) / 2
    small = [out * (border - 10), out * (border - 20), out * (border + 10)]
    xy = np.vstack([ring_road(), AT[MIDDLE] + small])
    assert cells_at(xy[-3:]).tolist() == [MIDDLE, MIDDLE, neighbor]
    found = form(xy, whole(eps_m=65))
    assert set(found.cluster_id.tolist()) == {0, 1}
    assert found.areas == (frozenset(h3.grid_disk(MIDDLE, 1)),)


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("grid", [GRID, LAKESIDE, ISLAND], ids=["land", "lake", "island"])
@given(towns(), choices_of)
def test_areas_are_disjoint_of_one_piece_and_all_that_clusters_reach_but_the_fringe(
    grid, xy, choices
):
    xy = on_land(xy, grid)
    found = form(xy, choices, grid)
    land = set(grid.area_km2.index.tolist())
    held = set().union(*found.areas)
    assert sum(map(len, found.areas)) == len(held)
    assert held <= land
    for area in found.areas:
        assert len(slow_parts(area)) == 1
        assert np.isin(cells_at(xy), list(area)).sum() >= choices.dbscan.min_samples
    reached = plainly_reached(xy, choices, grid)
    assert not found.fringe & held
    assert reached <= held | found.fringe <= slow_fill(reached) & land
    middles = [slow_middle(area, grid) for area in found.areas]
    assert middles == sorted(middles)


@pytest.mark.parametrize("grid", [GRID, ISLAND], ids=["land", "island"])
@given(towns(), choices_of)
def test_a_hole_in_an_area_holds_other_areas_and_touching_areas_would_swallow_one(
    grid, xy, choices
):
    areas = form(on_land(xy, grid), choices, grid).areas
    land = set(grid.area_km2.index.tolist())
    for area in areas:
        others = set().union(*(other for other in areas if other != area))
        if grid is GRID:
            assert set().union(*slow_holes(area)) <= others
        assert slow_whole(area, land) - area <= others
    for one, other in itertools.combinations(areas, 2):
        if are_touching(one, other):
            union = slow_whole(one | other, land)
            assert any(union & third for third in areas if third not in (one, other))


@given(xy=towns(), choices=choices_of, shuffle=st.randoms(use_true_random=False))
def test_areas_never_depend_on_row_order(xy, choices, shuffle):
    order = list(range(len(xy)))
    shuffle.shuffle(order)
    found, shuffled = form(xy, choices), form(xy[order], choices)
    assert shuffled.areas == found.areas
    assert shuffled.fringe == found.fringe


@given(xy=towns(), choices=choices_of)
def test_each_cluster_reaches_what_full_distances_say(xy, choices):
    labels, is_core = plain_clusters(xy, choices)
    graph = link(xy, GRID.at(cells_at(xy).tolist()), GRID, choices.dbscan.eps_m)
    found = list(list_clusters(graph, choices.dbscan.min_samples, GRID))
    assert len(found) == labels.max(initial=-1) + 1
    for label, cluster in enumerate(found):
        core = xy[(labels == label) & is_core]
        near = cdist(GRID.center_xy, core).min(axis=1) <= choices.dbscan.eps_m
        reached = set(GRID.area_km2.index[near].tolist())
        assert cluster.cells == reached | set(cells_at(xy)[labels == label].tolist())
        assert cluster.members.tolist() == np.flatnonzero(labels == label).tolist()
        assert GRID.filled(cluster.cells) == slow_fill(cluster.cells) & set(TOWN)
