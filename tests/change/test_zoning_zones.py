"""Areas, rings, controls: by hand on a few hexagons, and against a slow walk over all cells."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.base.errors import ParamError
from csa.change.zoning import CONTROL_LAND, Control, draw_zones, match_control, ring_width_m
from csa.city.preregistration import RING_M
from csa.geo.grid import Grid

SIDE = 9
CELLS = [(q, r) for r in range(SIDE) for q in range(SIDE)]  # axial coordinates
PLACE = {cell: n for n, cell in enumerate(CELLS)}


def steps(one, other):
    """Count the steps between two hexagons."""
    dq, dr = one[0] - other[0], one[1] - other[1]
    return max(abs(dq), abs(dr), abs(dq + dr))


# Meters: two steps are 520 to 600, three 780 or more.
CENTERS = np.array([(300.0 * (q + r / 2), 260.0 * r) for q, r in CELLS])


def at(*cells):
    return np.array([PLACE[cell] for cell in cells], dtype=np.int64)


def cells_of(places):
    return {CELLS[place] for place in places}


def meters(one, other):
    return float(np.hypot(*(CENTERS[PLACE[one]] - CENTERS[PLACE[other]])))


def slow_rings(cores):
    """Ask each cell of no area which area is fewest meters away."""
    rings = [set() for _ in cores]
    taken = set().union(*cores)
    for cell in CELLS:
        if cell in taken:
            continue
        apart, area = min(
            (min(round(meters(cell, own), 1) for own in core), area)
            for area, core in enumerate(cores)
        )
        if apart < 750:
            rings[area].add(cell)
    return rings


# ---- By hand --------------------------------------------------------------------------------


def test_a_ring_reaches_as_far_in_meters_whatever_the_cells():
    apart = np.array([[0.0, 0.0], [RING_M - 0.1, 0.0], [0.0, -RING_M], [RING_M + 0.1, 0.0]])
    zones = draw_zones([np.array([0])], apart)
    assert zones.rings[0].tolist() == [1]
    assert zones.rest.tolist() == [2, 3]
    fine = draw_zones([at((4, 4))], CENTERS / 3)
    assert cells_of(fine.rings[0]) == {
        cell for cell in CELLS if 0 < meters(cell, (4, 4)) < 3 * RING_M
    }
    assert len(fine.rings[0]) > 50


@pytest.mark.parametrize("nudge_m", [0.0, 1e-6])
def test_as_near_to_both_it_goes_to_the_first(nudge_m):
    centers = CENTERS.copy()
    centers[PLACE[4, 4], 0] += nudge_m  # the last digits of a center decide nothing
    for first, second in (((3, 4), (5, 4)), ((5, 4), (3, 4))):
        zones = draw_zones([at(first), at(second)], centers)
        assert (4, 4) in cells_of(zones.rings[0])


# ---- At the edge ----------------------------------------------------------------------------


def test_an_area_among_others_or_of_everything_has_an_empty_ring():
    inner = [cell for cell in CELLS if steps(cell, (4, 4)) == 0]
    outer = [cell for cell in CELLS if 1 <= steps(cell, (4, 4)) <= 2]
    zones = draw_zones([at(*inner), at(*outer)], CENTERS)
    assert zones.rings[0].size == 0
    assert zones.rings[1].size > 0
    whole = draw_zones([np.arange(81)], CENTERS)
    assert whole.rings[0].size == 0
    assert whole.rest.size == 0


def test_without_areas_all_is_rest():
    zones = draw_zones([], CENTERS)
    assert zones.cores == zones.rings == ()
    assert zones.rest.tolist() == list(range(81))


def test_without_earlier_years_the_control_is_all_the_rest_and_not_called_close():
    rest = np.array([3, 1])
    for earlier in (None, np.array([0.0, 5.0, 5.0, 5.0])):
        control = match_control(np.array([0]), rest, earlier, np.ones(4))
        assert control.cells is rest
        assert control.rate_ratio is None
        assert not control.is_close


def test_where_nothing_is_left_the_control_is_empty():
    control = match_control(np.array([0]), np.array([], dtype=np.int64), np.ones(1), np.ones(1))
    assert control.cells.size == 0
    assert control.rate_ratio is None


def test_enough_land_is_enough_and_one_cell_less_is_not():
    land = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
    assert CONTROL_LAND == 3
    assert len(match_control(np.array([0]), np.arange(1, 5), np.ones(5), land).cells) == 3
    land[3] = 0.9
    assert len(match_control(np.array([0]), np.arange(1, 5), np.ones(5), land).cells) == 4


@pytest.mark.parametrize(
    ("ratio", "is_close"), [(0.5, True), (0.499, False), (2.0, True), (2.001, False), (None, False)]
)
def test_half_and_twice_as_frequent_is_still_close(ratio, is_close):
    assert Control(np.array([0]), ratio).is_close is is_close


# ---- Refused --------------------------------------------------------------------------------


def test_an_area_without_cells_is_refused():
    with pytest.raises(ParamError, match="Area 2 has no cell"):
        draw_zones([at((4, 4)), at()], CENTERS)


def test_a_cell_in_two_areas_is_refused():
    areas = [at((1, 1)), at((4, 4), (0, 0)), at((5, 5), (4, 4))]
    with pytest.raises(ParamError, match="Areas 2 and 3 share a cell"):
        draw_zones(areas, CENTERS)
    with pytest.raises(ParamError, match="Areas 1 and 2 share a cell"):
        draw_zones([at((1, 1)), at((0, 0), (1, 1))], CENTERS)


# ---- True in general ------------------------------------------------------------------------


@st.composite
def areas(draw):
    chosen = draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=14, unique=True))
    n_areas = draw(st.integers(1, min(4, len(chosen))))
    return [set(chosen[number::n_areas]) for number in range(n_areas)]


@given(cores=areas())
def test_rings_are_what_a_slow_walk_gives_and_each_cell_is_in_one_part(cores):
    zones = draw_zones([at(*core) for core in cores], CENTERS)
    assert [cells_of(core) for core in zones.cores] == cores
    assert [cells_of(ring) for ring in zones.rings] == slow_rings(cores)
    parts = np.concatenate([*zones.cores, *zones.rings, zones.rest])
    assert sorted(parts.tolist()) == list(range(81))
    for part in (*zones.cores, *zones.rings, zones.rest):
        assert part.tolist() == sorted(part.tolist())


@given(
    rates=st.lists(st.integers(0, 6), min_size=3, max_size=12),
    seed=st.integers(0, 2**32),
)
def test_the_control_is_what_a_slow_choice_gives(rates, seed):
    random = np.random.default_rng(seed)
    land = random.choice([0.5, 1.0, 2.0], len(rates))
    order = random.permutation(len(rates))
    core, rest = order[:2], order[2:]
    own = sum(rates[c] * land[c] for c in core) / land[core].sum()
    control = match_control(core, rest, np.array(rates, dtype=float), land)
    if own == 0:
        assert control.rate_ratio is None
        return
    taken, so_far = [], 0.0
    for cell in sorted(rest.tolist(), key=lambda cell: (abs(rates[cell] - own), cell)):
        if so_far >= 3 * land[core].sum():
            break
        taken.append(cell)
        so_far += land[cell]
    assert control.cells.tolist() == sorted(taken)
    assert control.rate_ratio == pytest.approx(
        sum(rates[c] * land[c] for c in taken) / so_far / own
    )


def test_a_ring_reaches_two_steps_where_cells_are_too_large_for_its_meters():
    def grid(xy):
        land = pd.Series(1.0, index=pd.Index(np.arange(len(xy), dtype=np.uint64), name="cell"))
        return Grid(land, xy)

    assert ring_width_m(grid(CENTERS)) == RING_M
    large = grid(CENTERS * 3)
    assert large.spacing_m == pytest.approx(900, rel=0.01)
    assert ring_width_m(large) > RING_M
    ring = draw_zones([at((4, 4))], large.center_xy, ring_width_m(large)).rings[0]
    assert len(ring) == len(draw_zones([at((4, 4))], CENTERS).rings[0])
    assert ring_width_m(grid(CENTERS[:1])) == RING_M
