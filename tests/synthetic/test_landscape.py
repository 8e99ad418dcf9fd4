"""The made-up city's land: neighborhoods tile it, streets keep out of water, blocks have names."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, strategies as st
from tests.properties import examples

from csa.synthetic.landscape import (
    CREEK,
    N_U,
    RIVER,
    lay_neighborhoods,
    lay_streets,
    make_landscape,
    place,
    shares,
    street_name,
)

general = examples(3)


@pytest.fixture(scope="module")
def ground():
    return make_landscape()


@pytest.fixture(scope="module")
def streets(ground):
    return lay_streets(ground, np.random.default_rng(3))


def neighborhoods_of(files):
    found = json.loads(files["neighborhoods.geojson"])["features"]
    return np.array([shapely.geometry.shape(one["geometry"]) for one in found])


# ---- By hand -------------------------------------------------------------------------------


def test_ten_among_three_alike_are_four_three_and_three():
    assert shares(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert shares(np.array([0.0, 3.0, 1.0]), 6).tolist() == [0, 5, 1]  # 4.5 and 1.5: the first


@pytest.mark.parametrize(
    ("order", "name"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (93, "93rd")],
)  # fmt: skip
def test_numbered_streets_are_numbered_as_people_say(order, name):
    assert street_name(order - N_U - 1, is_along=False).split()[0] == name


# ---- At the edge ---------------------------------------------------------------------------


def test_neighborhoods_tile_the_city_without_gap_or_overlap(files):
    tiles = neighborhoods_of(files)
    assert shapely.is_valid(tiles).all()
    assert set(shapely.get_type_id(tiles)) == {shapely.GeometryType.POLYGON}
    whole = shapely.union_all(tiles)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert shapely.area(tiles).sum() == pytest.approx(shapely.area(whole), rel=1e-9)
    assert shapely.coverage_is_valid(tiles)


def test_no_neighborhood_is_a_sliver(files):
    tiles = neighborhoods_of(files)
    metric = shapely.transform(tiles, lambda degrees: degrees * [83_000, 111_200])
    assert shapely.area(metric).min() > 0.5e6
    assert shapely.area(metric).max() < 9e6
    assert not shapely.is_empty(shapely.buffer(metric, -300)).any()  # 600 m wide somewhere


def test_no_block_lies_in_water_but_on_a_bridge_and_none_of_a_minor_street_in_a_park(
    ground, streets
):
    points = shapely.points(streets.block_uv)
    lakes = [shape for name, shape in ground.water.items() if name not in (RIVER, CREEK)]
    assert not shapely.intersects(points, shapely.union_all(lakes)).any()
    wet = shapely.union_all([ground.water[RIVER], ground.water[CREEK]])
    is_wet = shapely.intersects(points, wet)
    is_main = np.array([name.endswith(("Ave", "Blvd")) for name in streets.block_names])
    assert is_main[is_wet].all()
    green = shapely.union_all(list(ground.parks.values()))
    assert is_main[shapely.intersects(points, green)].all()


# ---- True in general -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_the_seed_the_city_is_tiled(seed, ground):
    parts = lay_neighborhoods(ground, np.random.default_rng(seed))
    tiles = np.array([part.shape for part in parts])
    assert shapely.coverage_is_valid(tiles)
    assert shapely.union_all(tiles).geom_type == "Polygon"
    assert 50 <= len(tiles) <= 67
    assert sum(part.people for part in parts) == 480_000


@pytest.mark.long
@general
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.integers(0, 10**6))
def test_shares_add_up_and_each_is_within_one_of_its_part(weights, total):
    weights = np.array(weights)
    assume(weights.sum() > 1e-3)
    parts = shares(weights, total)
    assert parts.sum() == total
    assert (np.abs(parts - weights / weights.sum() * total) <= 1 + 1e-6).all()


@general
@given(st.tuples(st.floats(-9000, 9000), st.floats(-7500, 7500)))
def test_every_point_is_laid_in_open_country(spot):
    ((lon, lat),) = place(np.array([spot]))
    assert -101.55 < lon < -101.25
    assert 41.66 < lat < 41.90
