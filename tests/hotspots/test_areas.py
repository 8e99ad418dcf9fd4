"""Candidate areas: real H3 cells of Kansas City, few incidents, every promise checked anew."""

import itertools

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from csa.errors import ParamError
from csa.hotspots.areas import Grid, form_areas
from csa.hotspots.names import letter
from csa.params import AreaParams, DbscanParams
from csa.places import cells as places

TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True)
MIDDLE = h3.latlng_to_cell(39.1, -94.578, 9)
UNIVERSE = sorted(h3.grid_disk(MIDDLE, 12))
TOWN = sorted(h3.grid_disk(MIDDLE, 9))  # about 29 km2
NUMBER = {cell: number for number, cell in enumerate(UNIVERSE)}
CELL_KM2 = 0.105

general = settings(derandomize=True, deadline=None, max_examples=80)


def metres(cells):
    pairs = np.array([h3.cell_to_latlng(cell) for cell in cells]).reshape(-1, 2)
    return np.column_stack(TO_METRES.transform(pairs[:, 1], pairs[:, 0]))


CENTRE_XY = metres(UNIVERSE)
AT = dict(zip(UNIVERSE, CENTRE_XY, strict=True))
APART = cdist(CENTRE_XY, CENTRE_XY)
TOUCH = (APART > 0) & (APART < 500)  # centres of neighbours are some 350 m apart, others 600
IS_EDGE = TOUCH.sum(axis=1) < 6


def grid_of(cells, *, centre_xy=None, km2=None):
    listed = sorted(cells)
    sizes = [h3.cell_area(cell, unit="km^2") if km2 is None else km2 for cell in listed]
    return Grid(
        pd.Series(sizes, index=pd.Index(listed, dtype="uint64", name="cell"), name="area_km2"),
        metres(listed) if centre_xy is None else centre_xy,
        places.disk,
        places.contiguous_parts,
        places.fill_holes,
    )


GRID = grid_of(TOWN)
LAKE = set(h3.grid_disk(min(h3.grid_ring(MIDDLE, 2)), 1))
LAKESIDE = grid_of(set(TOWN) - LAKE)


def cells_at(xy):
    """Find the cell of each point: the one with the nearest centre (cells are near-regular)."""
    nearest = cdist(np.reshape(xy, (-1, 2)), CENTRE_XY).argmin(axis=1)
    return np.array([UNIVERSE[number] for number in nearest], dtype=np.uint64)


def params(eps_m=60, min_samples=3, limit=2.0):
    return AreaParams(DbscanParams(eps_m, min_samples), 9, limit)


def form(xy, choices, grid=GRID):
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    return form_areas(xy, cells_at(xy), grid, choices)


def at_centres(counts):
    """So many incidents at the very centre of each cell."""
    return np.array([AT[cell] for cell, n in counts.items() for _ in range(n)])


def straight_row(n):
    """n cells in a straight row: each a neighbour of the next, no other two touching."""
    step = max(h3.grid_ring(MIDDLE, 1), key=lambda cell: AT[cell][0])
    away = AT[step] - AT[MIDDLE]
    spots = [AT[MIDDLE] + (k - n // 2) * away for k in range(n)]
    return [int(cell) for cell in cells_at(spots)]


# ---- Slow definitions, by distances between centres ----------------------------------------


def slow_parts(cells):
    at = np.array(sorted(NUMBER[cell] for cell in cells), dtype=int)
    if not len(at):
        return set()
    _, label = connected_components(csr_array(TOUCH[np.ix_(at, at)]), directed=False)
    return {frozenset(UNIVERSE[k] for k in at[label == part]) for part in set(label.tolist())}


def slow_holes(cells):
    rest = slow_parts(set(UNIVERSE) - set(cells))
    return [piece for piece in rest if not any(IS_EDGE[NUMBER[cell]] for cell in piece)]


def slow_fill(cells):
    return set(cells).union(*slow_holes(cells))


def slow_size(cells, grid):
    return sum(float(grid.area_km2[cell]) for cell in cells)


def are_touching(one, other):
    return TOUCH[np.ix_([NUMBER[c] for c in one], [NUMBER[c] for c in other])].any()


def plain_clusters(xy, choices):
    """Run scikit-learn on the sorted points; labels back in the rows' order."""
    labels, is_core = np.full(len(xy), -1), np.zeros(len(xy), dtype=bool)
    if not len(xy):
        return labels, is_core
    order = np.array(sorted(range(len(xy)), key=lambda row: tuple(xy[row])))
    model = DBSCAN(eps=choices.dbscan.eps_m, min_samples=choices.dbscan.min_samples)
    model.algorithm = "kd_tree"
    model.fit(xy[order])
    labels[order] = model.labels_
    is_core[order[model.core_sample_indices_]] = True
    return labels, is_core


def plainly_reached(xy, choices, grid):
    """Cells within eps of a core incident, and cells of clusters' incidents."""
    labels, is_core = plain_clusters(xy, choices)
    reached = {int(cell) for cell in cells_at(xy)[labels >= 0]}
    if is_core.any():
        near = cdist(grid.centre_xy, xy[is_core]).min(axis=1) <= choices.dbscan.eps_m
        reached |= {int(cell) for cell in grid.area_km2.index[near]}
    return reached


# ---- Random towns --------------------------------------------------------------------------

corner = st.tuples(st.integers(-20, 20), st.integers(-17, 17))  # 90 m apart: all inside TOWN


@st.composite
def towns(draw):
    """Incidents on street corners: knots with what lies around them, bridges, and strays."""
    corners = draw(st.lists(corner, max_size=30))
    for at, n in draw(st.lists(st.tuples(corner, st.integers(3, 12)), max_size=8)):
        corners += [at] * n
        corners += draw(
            st.lists(
                st.builds(
                    lambda x, y, at=at: (at[0] + x, at[1] + y),
                    st.integers(-4, 4),
                    st.integers(-4, 4),
                ),
                max_size=25,
            )
        )
    for (x, y), n in draw(st.lists(st.tuples(corner, st.integers(4, 30)), max_size=3)):
        corners += [(min(x + step, 20), y) for step in range(n)]
    clipped = [(min(max(x, -20), 20), min(max(y, -17), 17)) for x, y in corners]
    xy = np.array(clipped, dtype=float).reshape(-1, 2)
    return AT[MIDDLE] + 90.0 * xy


choices_of = st.builds(
    params,
    eps_m=st.sampled_from([50, 90, 130, 180, 260, 400]),
    min_samples=st.integers(2, 8),
    limit=st.sampled_from([0, 0.12, 0.25, 0.5, 1.0, 2.0, 5.0]),
)


def on_land(xy, grid):
    return xy[np.isin(cells_at(xy), grid.area_km2.index.to_numpy())]


def check_promises(xy, choices, grid):
    found = form(xy, choices, grid)
    areas, cells = found.areas, cells_at(xy)
    land = set(grid.area_km2.index.tolist())
    # disjoint, on land, each of one piece, under the limit, with enough incidents
    assert sum(map(len, areas)) == len(set().union(*areas))
    assert set().union(*areas) <= land
    for area in areas:
        assert area
        assert len(slow_parts(area)) == 1
        if choices.max_area_km2:
            assert slow_size(area, grid) <= choices.max_area_km2 + 1e-12
        assert np.isin(cells, list(area)).sum() >= choices.dbscan.min_samples
    # the fringe is the rest of what plain DBSCAN reaches, no more, no less
    reached = plainly_reached(xy, choices, grid)
    everything = set(found.fringe).union(*areas)
    assert not found.fringe & set().union(*areas)
    assert reached <= everything <= slow_fill(reached) & land
    # west to east, then south to north
    middles = [metres(sorted(area)).mean(axis=0).round(6).tolist() for area in areas]
    assert middles == sorted(middles)
    return found


# ---- By hand -------------------------------------------------------------------------------


def test_a_knot_at_a_cells_centre_makes_an_area_of_that_cell():
    found = form(at_centres({MIDDLE: 3}), params())
    assert found.areas == (frozenset({MIDDLE}),)
    assert found.cluster_id.tolist() == [0, 0, 0]
    assert found.is_core.tolist() == [True, True, True]
    assert found.fringe == frozenset()


def test_an_area_is_the_cells_with_their_centre_in_reach_and_the_cells_of_its_incidents():
    _, middle, east = straight_row(3)
    # between two centres: both lie within 250 m of the knot, though it is in only one cell
    knot = AT[middle] + 0.45 * (AT[east] - AT[middle])
    assert cells_at(knot).tolist() == [middle]
    assert form([knot] * 3, params(eps_m=250)).areas == (frozenset({middle, east}),)
    assert form([knot] * 3, params(eps_m=20)).areas == (frozenset({middle}),)


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


def test_touching_areas_merge_while_their_union_is_under_the_limit():
    row = straight_row(3)
    found = form(at_centres(dict.fromkeys(row, 3)), params(limit=2))
    assert found.areas == (frozenset(row),)
    assert found.cluster_id.tolist() == [0] * 3 + [1] * 3 + [2] * 3  # clusters stay as they are


def test_the_densest_pair_merges_first():
    west, middle, east = straight_row(3)
    pair = 2.5 * CELL_KM2
    found = form(at_centres({west: 3, middle: 3, east: 5}), params(limit=pair))
    assert found.areas == (frozenset({west}), frozenset({middle, east}))
    found = form(at_centres({west: 5, middle: 3, east: 3}), params(limit=pair))
    assert found.areas == (frozenset({west, middle}), frozenset({east}))


def test_density_and_not_count_decides_which_pair_merges_first():
    # First middle and east, 9 on two cells; then 13 on three come before 8 on two.
    far, west, middle, east = straight_row(4)
    xy = at_centres({far: 4, west: 4, middle: 3, east: 6})
    sizes = grid_of(TOWN, km2=0.125)
    assert form(xy, params(limit=0.25), sizes).areas == (
        frozenset({far, west}),
        frozenset({middle, east}),
    )
    assert form(xy, params(limit=0.375), sizes).areas == (
        frozenset({far}),
        frozenset({west, middle, east}),
    )
    assert form(xy, params(limit=0.5), sizes).areas == (frozenset({far, west, middle, east}),)


def test_density_counts_a_large_thin_area_as_thin():
    west, middle, east = straight_row(3)
    sizes = grid_of(TOWN, km2=0.125)
    sizes.area_km2[west] = 0.375
    # 9 on half a square kilometre in the west, 7 on a quarter in the east
    found = form(at_centres({west: 6, middle: 3, east: 4}), params(limit=0.5), sizes)
    assert found.areas == (frozenset({west}), frozenset({middle, east}))


def test_of_equally_dense_pairs_the_western_merges_first():
    west, middle, east = straight_row(3)
    xy = at_centres({east: 3, middle: 3, west: 3})
    found = form(xy, params(limit=0.2), grid_of(TOWN, km2=0.1))
    assert found.areas == (frozenset({west, middle}), frozenset({east}))


def test_of_equally_dense_pairs_equally_far_west_the_southern_merges_first():
    # The map is turned so that the row runs exactly south to north.
    row = straight_row(3)
    turned = {cell: np.array([0.0, 350.0 * place]) for place, cell in enumerate(row)}
    centre_xy = np.array([turned.get(cell, [9e5, 9e5 + cell % 1000]) for cell in TOWN])
    grid = grid_of(TOWN, centre_xy=centre_xy, km2=0.125)
    for order in itertools.permutations(row):
        xy = np.array([turned[cell] for cell in order for _ in range(3)])
        cells = np.array([cell for cell in order for _ in range(3)], dtype=np.uint64)
        found = form_areas(xy, cells, grid, params(limit=0.25))
        assert found.areas == (frozenset(row[:2]), frozenset(row[2:]))
        grown = form_areas(xy, cells, grid, params(limit=0.375))
        assert grown.areas == (frozenset(row),)


def test_a_cell_claimed_by_two_clusters_goes_to_the_one_with_most_incidents_in_it():
    west, middle, east = straight_row(3)
    to_east, to_west = AT[east] - AT[middle], AT[west] - AT[middle]

    def chains(n_west, n_east):
        start_west, start_east = AT[middle] + 0.36 * to_west, AT[middle] + 0.36 * to_east
        rest = [AT[middle] + t * way for way in (to_west, to_east) for t in (0.58, 0.8, 1.0)]
        return [start_west] * n_west + [start_east] * n_east + rest

    def areas(n_west, n_east):
        found = form(chains(n_west, n_east), params(eps_m=90, min_samples=2, limit=2.5 * CELL_KM2))
        assert set(found.cluster_id.tolist()) == {0, 1}
        return found.areas

    assert areas(2, 5) == (frozenset({west}), frozenset({middle, east}))
    assert areas(5, 2) == (frozenset({west, middle}), frozenset({east}))
    assert areas(3, 3) == (frozenset({west, middle}), frozenset({east}))


def bridge(n_knot=12):
    """Two knots, two kilometres apart, and a thin line of incidents 50 m apart."""
    steps = np.arange(-1000, 1001, 50.0)
    line = np.column_stack([steps, np.zeros(len(steps))])
    ends = np.array([[-1000.0, 0.0], [1000.0, 0.0]]).repeat(n_knot, axis=0)
    return AT[MIDDLE] + np.vstack([line, ends])


def test_two_dense_knots_joined_by_a_thin_bridge_are_parted_and_the_bridge_left_out():
    xy = bridge()
    whole = form(xy, params(eps_m=120, min_samples=4, limit=0))
    assert len(whole.areas) == 1
    assert whole.cluster_id.tolist() == [0] * len(xy)
    assert whole.fringe == frozenset()
    found = form(xy, params(eps_m=120, min_samples=4, limit=0.5))
    (west, east) = found.areas
    assert {int(cell) for cell in cells_at(xy[:1])} <= west
    assert {int(cell) for cell in cells_at(xy[40:41])} <= east
    assert int(cells_at(AT[MIDDLE])[0]) in found.fringe
    assert found.fringe == whole.areas[0] - west - east
    # the knots are clusters 0 and 1, the middle of the bridge is noise now
    assert found.cluster_id[[0, 20, 40, 45, 60]].tolist() == [0, -1, 1, 0, 1]
    assert found.is_core[[0, 20, 40]].tolist() == [True, False, True]


def test_the_minimum_rises_by_single_steps_so_that_a_slightly_denser_part_is_found():
    # Each incident of the bridge has 5 in reach, those near its ends 6 or 7, none has 8.
    found = form(bridge(n_knot=2), params(eps_m=120, min_samples=4, limit=0.6))
    assert len(found.areas) == 2
    assert found.cluster_id[[2, 20, 38]].tolist() == [0, -1, 1]


def test_a_cluster_of_exactly_the_limit_is_not_parted():
    west, middle, _ = straight_row(3)
    knot = AT[west] + 0.5 * (AT[middle] - AT[west])
    sizes = grid_of(TOWN, km2=0.25)
    xy = np.vstack([[knot] * 9, AT[west] + [[0.0, 0.0]]])
    found = form(xy, params(eps_m=190, limit=0.5), sizes)
    assert found.areas == (frozenset({west, middle}),)
    assert found.cluster_id.tolist() == [0] * 10
    assert form(xy, params(eps_m=190, limit=0.49), sizes).areas == ()


def test_an_oversize_carpet_of_even_density_is_left_out_and_shown_as_left_out():
    lattice = np.array(list(itertools.product(range(-10, 11), repeat=2)), dtype=float)
    xy = AT[MIDDLE] + 100 * lattice
    found = form(xy, params(eps_m=150, min_samples=4, limit=0.5))
    assert found.areas == ()
    assert (found.cluster_id == -1).all()
    assert not found.is_core.any()
    assert found.fringe == form(xy, params(eps_m=150, min_samples=4, limit=0)).areas[0]


def test_a_cell_enclosed_by_an_area_belongs_to_it():
    ring = h3.grid_ring(MIDDLE, 1)
    found = form(at_centres(dict.fromkeys(ring, 3)), params(limit=0))
    assert found.areas == (frozenset({MIDDLE, *ring}),)


def ring_road(n=40):
    """n incidents on a circle of 350 m around the middle: one in each cell of the ring or more."""
    turns = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return AT[MIDDLE] + 350 * np.column_stack([np.cos(turns), np.sin(turns)])


def test_a_cell_enclosed_by_one_cluster_belongs_to_its_area():
    found = form(ring_road(), params(eps_m=65, limit=0))
    assert set(found.cluster_id.tolist()) == {0}
    assert found.areas == (frozenset(h3.grid_disk(MIDDLE, 1)),)


def test_a_lake_enclosed_by_one_cluster_is_no_land_of_its_area():
    pond = grid_of(set(TOWN) - {MIDDLE})
    for limit in (0, 2.0):
        found = form(ring_road(), params(eps_m=65, limit=limit), pond)
        assert found.areas == (frozenset(h3.grid_ring(MIDDLE, 1)),)
        assert found.fringe == frozenset()


def test_a_union_that_would_swallow_a_third_area_is_not_made():
    ring = h3.grid_ring(MIDDLE, 2)
    found = form(at_centres(dict.fromkeys([*ring, MIDDLE], 3)), params(limit=0))
    assert frozenset({MIDDLE}) in found.areas
    assert set().union(*found.areas) == {MIDDLE, *ring}
    assert sorted(map(len, found.areas)) == [1, 1, 11]


def test_a_hole_is_filled_only_where_the_filled_area_is_under_the_limit():
    ring = h3.grid_ring(MIDDLE, 1)
    xy = at_centres(dict.fromkeys(ring, 3))
    sizes = grid_of(TOWN, km2=0.125)
    assert form(xy, params(limit=0.875), sizes).areas == (frozenset({MIDDLE, *ring}),)
    for area in form(xy, params(limit=0.8), sizes).areas:
        assert not slow_holes(area)
        assert slow_size(area, sizes) <= 0.8


def test_a_lake_inside_an_area_is_no_land_of_it():
    shore = set(places.fill_holes(LAKE)) | {near for c in LAKE for near in h3.grid_disk(c, 1)}
    found = form(at_centres(dict.fromkeys(sorted(shore - LAKE), 3)), params(limit=0), LAKESIDE)
    assert found.areas == (frozenset(shore - LAKE),)


def test_letters_follow_the_map_and_never_the_counts():
    row = straight_row(7)
    few, many = {row[0]: 3, row[3]: 5, row[6]: 9}, {row[0]: 90, row[3]: 5, row[6]: 3}
    expected = {letter(n): frozenset({cell}) for n, cell in enumerate([row[0], row[3], row[6]])}
    for counts in (few, many):
        areas = form(at_centres(counts), params()).areas
        assert {letter(n): area for n, area in enumerate(areas)} == expected


def test_the_size_of_cells_is_the_sum_of_their_clipped_areas():
    assert grid_of(TOWN, km2=0.1).size_km2(TOWN[:7]) == pytest.approx(0.7)
    assert GRID.size_km2([]) == 0


def test_the_middle_of_cells_is_the_mean_of_their_centres():
    assert GRID.middle(TOWN[5:8]) == pytest.approx(metres(TOWN[5:8]).mean(axis=0))


# ---- At the edge ---------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, 2.0])
def test_no_incidents_have_no_areas(limit):
    found = form([], params(limit=limit))
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
def test_incidents_all_at_one_point_make_one_area_of_the_cells_in_reach(n):
    found = form(at_centres({MIDDLE: n}), params(eps_m=400))
    assert found.areas == (frozenset(h3.grid_disk(MIDDLE, 1)),)


def test_incidents_all_at_one_point_whose_reach_is_over_the_limit_are_left_out():
    found = form(at_centres({MIDDLE: 200}), params(eps_m=1500, limit=2))
    assert found.areas == ()
    assert found.cluster_id.tolist() == [-1] * 200
    assert MIDDLE in found.fringe


def test_a_centre_exactly_eps_from_a_core_incident_is_in_reach():
    centre_xy = np.round(GRID.centre_xy)
    grid = grid_of(TOWN, centre_xy=centre_xy)
    x, y = centre_xy[TOWN.index(MIDDLE)]
    knot = np.array([[x + 180.0, y]] * 3)  # whole metres: the distance is exact
    cells = np.array([min(h3.grid_ring(MIDDLE, 1))] * 3, dtype=np.uint64)
    assert MIDDLE in form_areas(knot, cells, grid, params(eps_m=180)).areas[0]
    assert MIDDLE not in form_areas(knot, cells, grid, params(eps_m=179.999)).areas[0]


def test_an_area_of_exactly_the_limit_is_allowed():
    row = straight_row(4)
    sizes = grid_of(TOWN, km2=0.25)
    assert form(at_centres(dict.fromkeys(row, 3)), params(limit=1.0), sizes).areas == (
        frozenset(row),
    )
    assert len(form(at_centres(dict.fromkeys(row, 3)), params(limit=0.99), sizes).areas) == 2


def test_an_area_has_at_least_the_minimum_of_incidents_and_exactly_the_minimum_is_enough():
    assert len(form(at_centres({MIDDLE: 4}), params(min_samples=4)).areas) == 1
    assert form(at_centres({MIDDLE: 3}), params(min_samples=4)).areas == ()


def test_pieces_of_a_cluster_that_do_not_touch_are_separate_areas():
    row = straight_row(3)
    west, east = AT[row[0]], AT[row[2]]
    xy = np.array([west] * 3 + [east] * 3)
    found = form(xy, params(eps_m=np.hypot(*(east - west)) + 1, limit=0), grid_of(row[::2]))
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
    found = form(np.vstack([small, [AT[east]] * 5]), params(eps_m=65))
    assert found.cluster_id.tolist() == [0] * 3 + [1] * 5
    assert found.areas == (frozenset({east}),)
    assert found.fringe == frozenset({middle})


def test_a_cluster_over_the_limit_whose_separate_pieces_are_under_it_is_not_parted():
    row = straight_row(3)
    west, east = AT[row[0]], AT[row[2]]
    choices = params(eps_m=np.hypot(*(east - west)) + 1, limit=0.12)
    found = form([west] * 3 + [east] * 3, choices, grid_of(row[::2]))
    assert found.cluster_id.tolist() == [0] * 6
    assert found.areas == (frozenset({row[0]}), frozenset({row[2]}))


def test_a_hole_left_by_a_cluster_too_small_for_an_area_belongs_to_the_area_around_it():
    # A ring of incidents around the middle cell is one cluster. Three more, two in the middle
    # cell and one across its border, are another: it wins the middle cell, too little for an area.
    neighbor = straight_row(3)[2]
    out = (AT[neighbor] - AT[MIDDLE]) / np.hypot(*(AT[neighbor] - AT[MIDDLE]))
    border = np.hypot(*(AT[neighbor] - AT[MIDDLE])) / 2
    small = [out * (border - 10), out * (border - 20), out * (border + 10)]
    xy = np.vstack([ring_road(), AT[MIDDLE] + small])
    assert cells_at(xy[-3:]).tolist() == [MIDDLE, MIDDLE, neighbor]
    found = form(xy, params(eps_m=65, limit=0))
    assert set(found.cluster_id.tolist()) == {0, 1}
    assert found.areas == (frozenset(h3.grid_disk(MIDDLE, 1)),)


def test_the_minimum_rises_in_small_steps_so_that_a_part_is_not_leapt_over():
    # Seven places 200 m apart, each in reach of its two neighbours alone. The middle ones reach
    # 21 incidents, the last but one 26: at 20 all is one cluster, over the limit; from 22 on
    # there are two; from 27 on there is nothing.
    x, y = AT[MIDDLE]
    road = [(x + 200 * k, y) for k in range(-3, 4)]
    xy = np.repeat(road, [12, 7, 7, 7, 7, 7, 12], axis=0)
    found = form(xy, params(eps_m=210, min_samples=20, limit=0.45))
    assert len(found.areas) == 2
    assert set(found.cluster_id.tolist()) == {-1, 0, 1}


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


@general
@given(xy=towns(), choices=choices_of)
def test_areas_keep_every_promise(xy, choices):
    check_promises(xy, choices, GRID)


@settings(general, max_examples=40)
@given(xy=towns(), choices=choices_of)
def test_areas_keep_every_promise_around_a_lake(xy, choices):
    check_promises(on_land(xy, LAKESIDE), choices, LAKESIDE)


@general
@given(xy=towns(), choices=choices_of)
def test_a_hole_in_an_area_belongs_to_other_areas(xy, choices):
    areas = form(xy, choices).areas
    for area in areas:
        others = set().union(*(other for other in areas if other != area))
        for hole in slow_holes(area):
            assert hole <= others


@general
@given(xy=towns(), choices=choices_of)
def test_no_two_touching_areas_are_left_that_could_merge(xy, choices):
    areas = form(xy, choices).areas
    for one, other in itertools.combinations(areas, 2):
        if not are_touching(one, other):
            continue
        union = slow_fill(one | other) & set(TOWN)
        swallowed = any(union & third for third in areas if third not in (one, other))
        over = choices.max_area_km2 and slow_size(union, GRID) > choices.max_area_km2
        assert over or swallowed


@general
@given(xy=towns(), choices=choices_of, shuffle=st.randoms(use_true_random=False))
def test_areas_never_depend_on_row_order(xy, choices, shuffle):
    order = list(range(len(xy)))
    shuffle.shuffle(order)
    found, shuffled = form(xy, choices), form(xy[order], choices)
    assert shuffled.areas == found.areas
    assert shuffled.fringe == found.fringe
    assert shuffled.cluster_id.tolist() == found.cluster_id[order].tolist()
    assert shuffled.is_core.tolist() == found.is_core[order].tolist()


@general
@given(xy=towns(), choices=choices_of.map(lambda one: AreaParams(one.dbscan, 9, 0)))
def test_without_a_size_limit_clusters_are_those_of_plain_dbscan(xy, choices):
    found = form(xy, choices)
    labels, is_core = plain_clusters(xy, choices)
    assert found.cluster_id.tolist() == labels.tolist()
    assert found.is_core.tolist() == is_core.tolist()


@general
@given(xy=towns(), choices=choices_of)
def test_a_size_limit_only_ever_takes_incidents_out_of_clusters_and_parts_them(xy, choices):
    found = form(xy, choices)
    labels, is_core = plain_clusters(xy, choices)
    assert (labels[found.cluster_id >= 0] >= 0).all()
    assert is_core[found.is_core].all()
    for one in range(found.cluster_id.max(initial=-1) + 1):
        assert len(set(labels[found.cluster_id == one].tolist())) == 1
        assert found.is_core[found.cluster_id == one].any()
    # numbered west to east by the westmost core incident
    west = [
        min(xy[(found.cluster_id == one) & found.is_core].tolist())
        for one in range(found.cluster_id.max(initial=-1) + 1)
    ]
    assert west == sorted(west)
