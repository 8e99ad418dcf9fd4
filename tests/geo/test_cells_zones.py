"""Cells that stand for polygons: most of their land decides, and the error is measured."""

import h3
import numpy as np
import pytest
import shapely
from hypothesis import given, strategies as st
from tests.properties import examples
from tests.sentences import refuses

from csa.geo.cells import fit_cells

TOWN = shapely.box(-94.60, 39.00, -94.50, 39.05)


def hexagon(cell):
    return shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def test_the_outline_of_cells_gives_these_cells_and_no_error():
    cells = frozenset(h3.grid_disk(h3.latlng_to_cell(39.02, -94.55, 9), 1))
    drawn = shapely.union_all([hexagon(cell) for cell in cells])
    found = fit_cells(drawn, TOWN, 9)
    assert found.cells == {int(cell, 16) for cell in cells}
    assert (found.inside_share, found.n_slivers) == (pytest.approx(1), 0)
    assert found.missed_share < 1e-6
    assert found.extra_share < 1e-6


def test_a_part_across_the_city_counts_for_nothing_and_is_said():
    drawn = shapely.box(-94.62, 39.01, -94.57, 39.03)
    found = fit_cells(drawn, TOWN, 9)
    assert found.inside_share == pytest.approx(0.6, abs=1e-3)
    assert found.area_km2 == pytest.approx(
        0.03 * 0.02 * 111.32 * 111.0 * np.cos(np.radians(39)), rel=0.01
    )


def test_a_sliver_is_left_out_and_counted_and_a_second_part_stays():
    parts = [shapely.box(-94.58, 39.01, -94.57, 39.02), shapely.box(-94.54, 39.01, -94.53, 39.02)]
    sliver = shapely.box(-94.56, 39.01, -94.55999, 39.0101)
    found = fit_cells(shapely.MultiPolygon([*parts, sliver]), TOWN, 9)
    assert found.n_slivers == 1
    assert len(shapely.get_parts(found.shape)) == 2
    assert found.cells == fit_cells(shapely.MultiPolygon(parts), TOWN, 9).cells


@pytest.mark.parametrize(
    ("drawn", "key"),
    [
        (shapely.box(-94.62, 39.01, -94.595, 39.02), "zone.outside"),
        (shapely.box(-95.62, 39.01, -95.595, 39.02), "zone.outside"),
        (shapely.box(-94.55, 39.02, -94.5499, 39.0201), "zone.too_small"),
        (shapely.box(-94.55, 39.02, -94.54999, 39.02001), "zone.too_small"),
    ],
)
def test_a_zone_outside_or_smaller_than_a_block_is_refused(drawn, key):
    with refuses(key):
        fit_cells(drawn, TOWN, 9)


@pytest.mark.long
@given(
    st.floats(-94.59, -94.53),
    st.floats(39.003, 39.03),
    st.floats(0.006, 0.025),
    st.floats(0.006, 0.018),
)
@examples(12)
def test_cells_are_those_of_which_more_than_half_lies_inside(west, south, width, height):
    """The oracle throws darts: it measures no area."""
    drawn = shapely.box(west, south, west + width, south + height)
    found = fit_cells(drawn, TOWN, 9)
    rng = np.random.default_rng(5)
    around = h3.grid_disk(h3.latlng_to_cell(south + height / 2, west + width / 2, 9), 9)
    for cell in around:
        shape = shapely.intersection(hexagon(cell), TOWN)
        if shape.is_empty:
            continue
        x0, y0, x1, y1 = shape.bounds
        darts = np.column_stack([rng.uniform(x0, x1, 400), rng.uniform(y0, y1, 400)])
        hits = darts[shapely.contains_xy(shape, *darts.T)]
        if len(hits) < 100:
            continue
        share = shapely.contains_xy(drawn, *hits.T).mean()
        if abs(share - 0.5) > 0.12:
            assert (int(cell, 16) in found.cells) == (share > 0.5)
