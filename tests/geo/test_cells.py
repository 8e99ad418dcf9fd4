"""H3 cells: compared with h3's own figures, with geodesics, and with slow definitions."""

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import example, given, strategies as st
from pyproj import Geod
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from tests.geo.disks import LAT, LON, MIDDLE, NEIGHBORS, NUMBER, UNIVERSE, far_cell, ring

from csa.base.errors import ParamError
from csa.geo import cells as pieces, cells as places
from csa.geo.cells import parents


def box(west, south, east, north):
    return shapely.box(LON + west, LAT + south, LON + east, LAT + north)


def hexagon(cell):
    return shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def pond():
    """A pond well inside the middle cell, over its center."""
    return hexagon(MIDDLE).centroid.buffer(0.0005)


def around_a_pond():
    return box(-0.02, -0.015, 0.02, 0.015) - pond()


def geodesic_km2(shape):
    geod, total = Geod(ellps="WGS84"), 0.0
    for part in shapely.get_parts(shape):
        total += abs(geod.geometry_area_perimeter(shapely.Polygon(part.exterior))[0])
        for hole in part.interiors:
            total -= abs(geod.geometry_area_perimeter(shapely.Polygon(hole))[0])
    return total / 1e6


IS_EDGE = NEIGHBORS.sum(axis=1) < 6


def slow_parts(cells):
    at = np.array(sorted(NUMBER[cell] for cell in cells), dtype=int)
    if not len(at):
        return set()
    _, label = connected_components(csr_array(NEIGHBORS[np.ix_(at, at)]), directed=False)
    return {frozenset(UNIVERSE[k] for k in at[label == part]) for part in set(label.tolist())}


def slow_fill(cells):
    """Add every piece of the rest that cannot get out of the universe of cells."""
    filled = set(cells)
    for piece in slow_parts(set(UNIVERSE) - filled):
        if not any(IS_EDGE[NUMBER[cell]] for cell in piece):
            filled |= piece
    return frozenset(filled)


@st.composite
def study_areas(draw):
    """One or two rough stars, the first perhaps with a hole."""

    def star(lon, lat, scale):
        n = draw(st.integers(3, 9))
        radii = draw(st.lists(st.floats(0.4, 1.0), min_size=n, max_size=n))
        turn = draw(st.floats(0, 6.28))
        angles = turn + 2 * np.pi * np.arange(n) / n
        xy = np.array(radii)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
        return shapely.Polygon(np.array([lon, lat]) + scale * xy)

    shape = star(LON, LAT, draw(st.floats(0.004, 0.02)))
    if draw(st.booleans()):
        shape -= shapely.affinity.scale(shape, 0.3, 0.3, origin=shape.representative_point())
    if draw(st.booleans()):
        shape |= star(LON + 0.022, LAT - 0.011, 0.01)
    return shape


sets_of_cells = st.one_of(
    st.sets(st.sampled_from(sorted(h3.grid_disk(MIDDLE, 3)))),
    st.sets(st.sampled_from(sorted(h3.grid_disk(MIDDLE, 7))), min_size=60),
    # nearly everything: few cells left out, so many holes
    st.sets(st.sampled_from(sorted(h3.grid_disk(MIDDLE, 5))), max_size=40).map(
        lambda left_out: set(h3.grid_disk(MIDDLE, 5)) - left_out
    ),
)


# ---- By hand -------------------------------------------------------------------------------


def test_a_point_falls_into_the_cell_that_h3_names_with_longitude_first():
    cells = places.bin_points([LON, -75.1], [LAT, 40.0], 9)
    assert cells.dtype == np.uint64
    found = cells.tolist()
    assert found == [h3.latlng_to_cell(39.1, -94.578, 9), h3.latlng_to_cell(40.0, -75.1, 9)]


def test_the_middle_of_a_cell_falls_into_that_cell():
    middles = places.centers(UNIVERSE)
    assert places.bin_points(middles["lon"], middles["lat"], 9).tolist() == UNIVERSE
    assert middles.index.tolist() == UNIVERSE
    assert middles.index.name == "cell"
    assert list(middles) == ["lon", "lat"]


def test_half_a_cell_counts_half():
    cell = hexagon(MIDDLE)
    west = shapely.box(LON - 1, LAT - 1, cell.centroid.x, LAT + 1)
    table = places.cover_study_area(cell & west, 9)
    assert table.loc[MIDDLE, "area_km2"] == pytest.approx(geodesic_km2(cell) / 2, rel=0.01)


def test_a_cell_with_its_neighbours_is_seven_cells():
    near = places.disk(MIDDLE)
    assert near == set(h3.grid_disk(MIDDLE, 1))
    assert len(near) == 7
    assert len(places.disk(MIDDLE, 2)) == 19
    assert all(type(cell) is int for cell in near)


def test_a_piece_inside_the_hole_of_another_piece_is_kept_and_the_moat_filled():
    nested = {MIDDLE} | ring(MIDDLE, 2) | ring(MIDDLE, 4)
    assert pieces.fill_holes(nested) == set(h3.grid_disk(MIDDLE, 4))


def test_cells_that_do_not_touch_are_separate_parts_by_their_smallest_cell():
    east, west = far_cell(6), max(ring(MIDDLE, 6))
    cells = {east, west} | ring(MIDDLE, 1)
    parts = pieces.contiguous_parts(cells)
    assert set(parts) == {frozenset({east}), frozenset({west}), frozenset(ring(MIDDLE, 1))}
    assert [min(part) for part in parts] == sorted(min(part) for part in parts)


def test_a_cell_is_written_as_fifteen_hex_digits_and_no_cell_as_nothing():
    assert places.as_text([MIDDLE, 0]) == [f"{MIDDLE:x}", ""]
    assert len(f"{MIDDLE:x}") == 15
    assert places.from_text([f"{MIDDLE:x}", ""]).tolist() == [MIDDLE, 0]
    assert places.from_text([f"{MIDDLE:x}"]).dtype == np.uint64


def test_a_cell_lies_in_the_larger_cell_of_a_resolution_that_h3_names():
    listed = UNIVERSE[:40]
    for resolution in (9, 8, 7, 6):
        found = parents(listed, resolution)
        assert found.dtype == np.uint64
        assert found.tolist() == [h3.cell_to_parent(cell, resolution) for cell in listed]
    assert parents(iter(listed), 8).tolist() == parents(np.array(listed), 8).tolist()


# ---- At the edge ---------------------------------------------------------------------------


def test_an_unlocated_point_has_no_cell():
    cells = places.bin_points([LON, np.nan, LON, np.inf], [LAT, LAT, np.nan, LAT], 9)
    assert cells.tolist() == [MIDDLE, 0, 0, 0]


def test_no_points_have_no_cells():
    cells = places.bin_points([], [], 9)
    assert cells.dtype == np.uint64
    assert cells.shape == (0,)


def test_a_study_area_far_smaller_than_a_cell_is_covered_by_that_cell():
    x, y = hexagon(MIDDLE).centroid.coords[0]
    dot = shapely.box(x - 1e-5, y - 1e-5, x + 1e-5, y + 1e-5)
    table = places.cover_study_area(dot, 9)
    assert table.index.tolist() == [MIDDLE]
    assert table["area_km2"].iloc[0] == pytest.approx(geodesic_km2(dot), rel=0.002)


def test_no_study_area_has_no_cells():
    table = places.cover_study_area(shapely.MultiPolygon(), 9)
    assert table.empty
    assert list(table) == ["area_km2"]
    assert table.index.name == "cell"


def test_a_straight_border_of_forty_kilometers_loses_no_cell():
    area = box(0, 0, 0.5, 0.06)
    table = places.cover_study_area(area, 8)
    start = h3.latlng_to_cell(LAT + 0.03, LON + 0.25, 8)
    met = {cell for cell in h3.grid_disk(start, 40) if hexagon(cell).intersects(area)}
    assert set(table.index) == met


def test_no_cells_have_no_parts_no_holes_no_outlines_and_no_centers():
    assert pieces.contiguous_parts([]) == []
    assert pieces.fill_holes([]) == frozenset()
    assert places.draw_cells([]).empty
    assert places.centers([]).empty
    assert list(places.centers([])) == ["lon", "lat"]
    assert places.outline([]).is_empty
    assert places.as_text([]) == []
    assert places.from_text([]).shape == (0,)


def test_zero_steps_around_a_cell_is_the_cell():
    assert places.disk(MIDDLE, 0) == {MIDDLE}


def test_no_cells_lie_in_no_larger_cell():
    assert parents([], 7).tolist() == []
    assert parents([], 7).dtype == np.uint64


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", [-1, 0, 5, 12, 15])
def test_a_resolution_of_no_use_in_a_city_is_refused(resolution):
    with pytest.raises(ParamError):
        places.bin_points([LON], [LAT], resolution)
    with pytest.raises(ParamError):
        places.cover_study_area(box(0, 0, 0.01, 0.01), resolution)


@pytest.mark.parametrize("resolution", [6, 11])
def test_the_first_and_the_last_resolution_are_allowed(resolution):
    assert places.bin_points([LON], [LAT], resolution)[0] == h3.latlng_to_cell(LAT, LON, resolution)
    assert len(places.cover_study_area(box(0, 0, 0.002, 0.002), resolution)) >= 1


def test_a_cell_that_is_not_hexadecimal_is_refused():
    with pytest.raises(ValueError, match="invalid literal"):
        places.from_text(["not a cell"])


# ---- True in general -----------------------------------------------------------------------


@given(area=study_areas(), resolution=st.sampled_from([8, 9]))
@example(area=around_a_pond(), resolution=9)
def test_a_study_area_is_covered_by_every_cell_that_meets_it_and_by_no_other(area, resolution):
    table = places.cover_study_area(area, resolution)
    candidates = h3.grid_disk(h3.latlng_to_cell(LAT, LON, resolution), 22 if resolution == 9 else 9)
    edge = h3.grid_ring(h3.latlng_to_cell(LAT, LON, resolution), 22 if resolution == 9 else 9)
    assert not any(hexagon(cell).intersects(area) for cell in edge)  # the candidates are enough
    must, may = set(), set()
    for cell in candidates:
        if (shape := hexagon(cell)).intersects(area):
            may.add(cell)
            # a thousandth of a cell: below it, borders straight in degrees and in meters part
            if (shape & area).area > 1e-3 * shape.area:
                must.add(cell)
    assert must <= set(table.index) <= may
    assert table.index.is_monotonic_increasing
    assert table.index.is_unique
    assert table.index.dtype == np.uint64
    assert (table["area_km2"] > 0).all()


@given(area=study_areas(), resolution=st.sampled_from([8, 9]))
@example(area=around_a_pond(), resolution=9)
def test_the_cells_areas_add_up_to_the_study_area(area, resolution):
    table = places.cover_study_area(area, resolution)
    assert table["area_km2"].sum() == pytest.approx(geodesic_km2(area), rel=0.002)
    for cell, km2 in table["area_km2"].items():
        assert km2 <= h3.cell_area(cell, unit="km^2") * 1.005


@given(cells=sets_of_cells)
def test_parts_are_what_a_walk_from_center_to_center_can_reach(cells):
    parts = pieces.contiguous_parts(cells)
    assert set(parts) == slow_parts(cells)
    assert sum(map(len, parts)) == len(cells)


@given(cells=sets_of_cells)
def test_a_hole_is_what_cannot_get_out(cells):
    filled = pieces.fill_holes(cells)
    assert filled == slow_fill(cells)
    assert pieces.fill_holes(filled) == filled


@given(cells=sets_of_cells.filter(bool))
def test_an_outline_has_the_area_of_its_cells_and_a_polygon_for_each_part(cells):
    drawn = places.outline(cells)
    assert drawn.is_valid
    assert len(shapely.get_parts(drawn)) == len(slow_parts(cells))
    assert drawn.area == pytest.approx(sum(hexagon(cell).area for cell in cells), rel=1e-9)
    middles = places.centers(sorted(cells))
    assert shapely.intersects_xy(drawn, middles["lon"], middles["lat"]).all()
    assert places.outline(sorted(cells, reverse=True)).equals_exact(drawn, tolerance=0)


@given(cells=st.lists(st.sampled_from([0, *UNIVERSE])))
def test_cells_read_back_as_they_were_written(cells):
    assert places.from_text(places.as_text(cells)).tolist() == cells


@given(cells=st.lists(st.sampled_from(UNIVERSE), max_size=20))
def test_a_drawn_cell_has_longitude_first_and_keeps_its_place_in_the_list(cells):
    drawn = places.draw_cells(cells)
    assert drawn.index.tolist() == cells
    assert drawn.crs == "EPSG:4326"
    for cell, shape in drawn.items():
        assert shape.equals(hexagon(cell))
