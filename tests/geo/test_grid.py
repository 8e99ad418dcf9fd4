"""The study area's cells: sizes, places, middles, pieces, and what a piece encloses."""

import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.areas.ground import (
    BLOCK,
    GRID,
    ISLAND,
    LAKE,
    LAKESIDE,
    MIDDLE,
    MOAT,
    TOWN,
    UNIVERSE,
    grid_of,
)

from csa.geo.cells import contiguous_parts, fill_holes
from csa.geo.grid import Grid

# ---- By hand -------------------------------------------------------------------------------


def test_the_size_of_cells_is_the_sum_of_their_clipped_areas():
    assert grid_of(TOWN, km2=0.1).size_km2(TOWN[:7]) == pytest.approx(0.7)
    assert GRID.size_km2([MIDDLE]) == pytest.approx(0.108, abs=0.001)
    assert GRID.size_km2([MIDDLE]) == h3.cell_area(MIDDLE, unit="km^2")


def test_ten_cells_of_a_tenth_are_exactly_one_square_kilometer():
    assert grid_of(TOWN, km2=0.1).size_km2(TOWN[:10]) == 1.0


def test_cells_have_their_places_in_the_order_of_the_grid():
    assert GRID.at([TOWN[3], TOWN[0], TOWN[3], np.uint64(TOWN[3])]).tolist() == [3, 0, 3, 3]
    assert GRID.at(reversed(TOWN[:4])).tolist() == [3, 2, 1, 0]
    assert GRID.at(np.array(TOWN[2:4], dtype=np.uint64)).tolist() == [2, 3]
    assert GRID.at([max(UNIVERSE) + 1, 0, TOWN[-1]]).tolist() == [len(TOWN) - 1]
    assert GRID.at(TOWN).dtype == GRID.at([]).dtype == np.int64  # its bytes are a key
    assert GRID.size_km2(iter(TOWN[:3])) == pytest.approx(GRID.size_km2(TOWN[:3]))


def test_cells_in_a_lake_and_beyond_the_border_are_not_on_land():
    beyond = next(cell for cell in UNIVERSE if cell not in TOWN)
    dry = next(cell for cell in TOWN if cell not in LAKE)
    assert LAKESIDE.on_land([dry, beyond, *LAKE]) == frozenset({dry})


def test_each_hole_is_found_without_h3_also_one_with_a_lake_in_it_and_one_with_an_inside(
    monkeypatch,
):
    near, far = BLOCK, max(h3.grid_ring(BLOCK, 8))
    lake = h3.grid_path_cells(near, far)[5]  # five steps on: its ring of two touches the first's
    eight = frozenset(h3.grid_ring(near, 3)) | frozenset(h3.grid_ring(lake, 2))
    grid = grid_of(set(h3.grid_disk(BLOCK, 14)) - {lake})
    monkeypatch.setattr("csa.geo.grid.fill_holes", lambda _: pytest.fail("h3 was asked"))
    small, large = set(h3.grid_disk(lake, 1)) - {lake} - eight, set(h3.grid_disk(near, 2)) - eight
    holes = grid.holes({*grid.at(eight).tolist()})
    assert {*map(grid.cells, holes)} == {frozenset(small), frozenset(large)}
    assert len(holes) == 2
    assert grid.without_holes(eight) == eight | small | large


def test_an_island_in_an_enclosed_lake_is_enclosed_though_nobody_walks_there():
    wider = frozenset(h3.grid_ring(MIDDLE, 3))
    assert ISLAND.filled(wider) == frozenset(h3.grid_disk(MIDDLE, 3)) - MOAT
    assert LAKESIDE.filled(TOWN[:0]) == frozenset()


def test_pieces_come_by_their_first_place():
    one, other = set(h3.grid_ring(MIDDLE, 1)), {MIDDLE}
    far = set(h3.grid_disk(MIDDLE, 9)) - set(h3.grid_disk(MIDDLE, 7))
    parts = GRID.contiguous_parts([*one, *other, *far])
    assert {*parts} == {frozenset(one | other), frozenset(far)}
    assert [min(GRID.at(part)) for part in parts] == sorted(min(GRID.at(part)) for part in parts)
    apart = sorted(range(len(TOWN)), reverse=True)[::40]
    first = [min(piece) for piece in GRID.pieces(apart)]
    assert first == sorted(first)
    assert len(first) > 3
    assert GRID.contiguous_parts([]) == GRID.pieces([]) == GRID.holes(set()) == []


# ---- At the edge ---------------------------------------------------------------------------


def test_no_cells_have_no_size_no_place_and_no_holes():
    assert GRID.size_km2([]) == 0
    assert GRID.at([]).tolist() == []
    assert GRID.on_land([]) == GRID.without_holes(frozenset()) == frozenset()


def test_a_study_area_without_cells_has_no_places():
    empty = grid_of([])
    assert empty.at(TOWN).tolist() == []
    assert empty.on_land(TOWN) == frozenset()
    assert empty.h3_cells.tolist() == []
    assert not empty.mask(TOWN).any()


# ---- Refused -------------------------------------------------------------------------------


def test_a_cell_outside_the_study_area_has_neither_size_nor_middle():
    beyond = next(cell for cell in UNIVERSE if cell not in TOWN)
    for ask in (GRID.size_km2, GRID.middle):
        with pytest.raises(KeyError, match=str(beyond)):
            ask([MIDDLE, beyond])


def test_cells_that_do_not_ascend_make_no_grid():
    for cells in (TOWN[::-1], [TOWN[0], TOWN[0]]):
        with pytest.raises(ValueError, match="ascend"):
            Grid(pd.Series(1.0, index=cells), np.zeros((len(cells), 2)))


# ---- True in general -----------------------------------------------------------------------


@given(
    grid=st.sampled_from([GRID, LAKESIDE, ISLAND]),
    share=st.sampled_from([0.5, 0.7, 0.9]),
    seed=st.integers(0, 9999),
)
def test_pieces_and_holes_on_the_grid_are_those_that_h3_finds(grid, share, seed):
    places = np.flatnonzero(np.random.default_rng(seed).random(len(grid.area_km2)) < share)
    pieces = grid.pieces(places.tolist())
    assert [*map(grid.cells, pieces)] == contiguous_parts(grid.cells(places))
    for piece in pieces:
        area = grid.cells(piece)
        found = contiguous_parts(grid.on_land(fill_holes(area)))
        whole = next(part for part in found if area <= part)
        assert grid.filled(area) == grid.on_land(fill_holes(area))
        holes = [*map(grid.cells, grid.holes(piece))]
        assert {*holes} == {*contiguous_parts(whole - area)}
        assert len({*holes}) == len(holes)


WIDE = grid_of(h3.grid_disk(BLOCK, 13))


@given(steps=st.integers(3, 11), share=st.sampled_from([0.6, 0.75, 0.9]), seed=st.integers(0, 9999))
def test_well_inside_holes_are_found_by_their_rims_as_h3_finds_them(steps, share, seed):
    rng, near = np.random.default_rng(seed), np.array(sorted(h3.grid_disk(BLOCK, steps)))
    for piece in WIDE.pieces(WIDE.at(near[rng.random(len(near)) < share]).tolist()):
        area = WIDE.cells(piece)
        whole = frozenset(fill_holes(area))
        assert {*map(WIDE.cells, WIDE.holes(piece))} == {*contiguous_parts(whole - area)}
        assert WIDE.filled(area) == WIDE.without_holes(area) == whole


@given(cells=st.lists(st.sampled_from(TOWN), min_size=1, max_size=60, unique=True))
def test_size_and_middle_never_depend_on_the_order_of_cells(cells):
    backwards = cells[::-1]
    assert GRID.size_km2(cells) == GRID.size_km2(backwards)
    assert GRID.middle(cells) == GRID.middle(backwards)
