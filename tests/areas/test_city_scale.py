"""The city from afar: land and counts added up by hand, people against land, and no hot parks."""

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box
from tests.areas.ground import grid_of
from tests.towns import history, town_of

from csa.areas.choices import AreaSettings
from csa.areas.city_scale import PASSING_SHARE, CityScale, count_afar
from csa.areas.locating import locate_incidents
from csa.areas.window import NOTHING_COUNTED, CountedCells
from csa.city.dataset import City

WEST, EAST, MIDDLE = -94.61, -94.49, -94.55


@pytest.fixture(scope="module")
def located(tmp_path_factory):
    dataset, config = town_of(tmp_path_factory.mktemp("town"), history(3))
    return locate_incidents(City(config, dataset), AreaSettings())


def peopled(west, east):
    """Make two neighborhoods of the town, and the people of each."""
    shapes = [box(WEST, 38.9, MIDDLE, 39.1), box(MIDDLE, 38.9, EAST, 39.1)]
    people = {"name": ["West", "East"], "population": [west, east]}
    return gpd.GeoDataFrame(people, geometry=shapes, crs=4326)


@pytest.mark.parametrize("resolution", [8, 9, 10, 11])
def test_cells_are_added_up_in_those_of_resolution_nine_whatever_their_own(resolution):
    cells = sorted(h3.grid_disk(h3.latlng_to_cell(39.02, MIDDLE, resolution), 3))
    incidents = [n % 4 for n in range(len(cells))]
    at = np.repeat(np.arange(len(cells)), incidents)
    counted = CountedCells.of(grid_of(cells), at, np.zeros(len(at), dtype=bool))
    wanted = {}
    for cell, n in zip(cells, incidents, strict=True):
        larger = h3.cell_to_parent(cell, min(9, resolution))
        wanted[larger] = wanted.get(larger, 0) + n
    assert count_afar(counted) == {cell: n for cell, n in wanted.items() if n}
    assert count_afar(NOTHING_COUNTED) == {}


def test_larger_cells_hold_their_childrens_land_and_counts(located):
    scale, counts = CityScale.of(located), np.arange(len(located.cover))
    by_parent = pd.Series(counts).groupby(
        [h3.cell_to_parent(int(cell), 9) for cell in located.cover.index]
    )
    assert scale.count(counts).to_dict() == by_parent.sum().to_dict()
    assert scale.area_km2.sum() == pytest.approx(located.cover["area_km2"].sum())
    assert {h3.get_resolution(int(cell)) for cell in scale.cells} == {9}


def test_people_are_the_exposure_and_a_twentieth_is_even_over_the_land(located):
    scale = CityScale.of(located)
    exposure = scale.exposure(located, peopled(9000, 1000))
    lon = np.array([h3.cell_to_latlng(int(cell))[1] for cell in scale.cells])
    west_land = scale.area_km2[lon < MIDDLE].sum() / scale.area_km2.sum()
    expected = (1 - PASSING_SHARE) * 0.9 + PASSING_SHARE * west_land
    assert exposure.sum() == pytest.approx(1)
    assert exposure[lon < MIDDLE].sum() == pytest.approx(expected, abs=0.02)
    assert exposure.min() > 0


@pytest.mark.parametrize("people", [(None, 1000), (None, None), (0, 0)])
def test_where_people_are_not_known_land_is_the_exposure(located, people):
    scale = CityScale.of(located)
    assert scale.exposure(located, peopled(*people)).to_numpy() == pytest.approx(
        scale.area_km2 / scale.area_km2.sum()
    )
    nobody = peopled(*people).drop(columns="population")
    assert scale.exposure(located, nobody).sum() == pytest.approx(1)
