"""Radius and minimum found in the data: by hand, at the edge, and for cities that document nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.areas.ground import GRID
from tests.properties import examples
from tests.towns import history, town_of

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings, Suggestion
from csa.areas.finding import (
    EPS_RANGE_M,
    LEAST_SAMPLES,
    document,
    find_areas,
    find_density,
    params_for,
    radius_for,
    resolve_params,
)
from csa.areas.locating import locate_incidents
from csa.base.params import DbscanParams, DocumentedDbscan, Month, Period
from csa.city.config import Areas
from csa.city.dataset import City

CELLS = GRID.area_km2.index.to_numpy()
SIZE = GRID.area_km2.to_numpy()


def dense(expected):
    """Take as areas all cells that are as dense, one each."""

    def areas_at(per_km2):
        return [frozenset({int(cell)}) for cell in CELLS[expected / SIZE >= per_km2]]

    return areas_at


@pytest.fixture(scope="module")
def testville(tmp_path_factory):
    return town_of(tmp_path_factory.mktemp("searched"), history())


@pytest.fixture(scope="module")
def undocumented(testville):
    """The same city, whose file says nothing of radius and minimum."""
    dataset, config = testville
    areas = Areas(resolution=config.areas.resolution)
    return City(config.model_copy(update={"areas": areas}), dataset)


# ---- By hand -------------------------------------------------------------------------------


def test_the_density_is_the_lowest_at_which_areas_keep_to_their_land():
    expected = SIZE * np.arange(1, len(SIZE) + 1)  # 1, 2, 3 ... per km2
    share = 5.4 * SIZE.mean() / SIZE.sum()
    found = find_density(dense(expected), expected, GRID, share)
    assert len(dense(expected)(found)) == 5
    assert len(SIZE) - 5 < found <= len(SIZE) - 4


@pytest.mark.parametrize(
    ("per_km2", "expected"),
    [
        (1000, DbscanParams(200, 126)),  # 200 m around a point are .1257 km2
        (100, DbscanParams(200, 13)),
        (23.9, DbscanParams(200, 3)),
        (23.8, DbscanParams(210, 3)),  # there 200 m would hold 2.99
        (10, DbscanParams(310, 3)),
        (0.5, DbscanParams(600, 3)),  # as far as it goes
    ],
)
def test_the_radius_is_the_least_that_holds_three(per_km2, expected):
    assert radius_for(per_km2) == expected


def test_values_follow_the_count_and_what_is_chosen_by_hand_asks_for_its_own_density():
    known = DocumentedDbscan(250.0, 10, 1000, 3, 40.0)
    assert params_for(known, AreaSettings(), 500).dense_per_km2 == 20
    assert params_for(known, AreaSettings(), 500).dbscan == DbscanParams(250, 5)
    assert params_for(known, AreaSettings(eps_m=150), 500).dense_per_km2 is None
    assert params_for(known, AreaSettings(min_samples=4), 500).dense_per_km2 is None


def test_what_is_suggested_finds_the_same_areas_when_it_is_chosen_by_hand():
    """Else a page that shows them as suggested would show other areas."""
    known = DocumentedDbscan(250.0, 10, 1000, 3, 40.0)
    by_hand = AreaSettings(eps_m=250, min_samples=5)
    assert params_for(known, by_hand, 500) == params_for(known, AreaSettings(), 500)


def test_a_city_that_documents_nothing_has_areas_on_a_fiftieth_of_its_land(undocumented):
    proposal = propose_areas(undocumented, AreaSettings(until=Month(2020, 1)))
    params, share = proposal.summary["params"], proposal.summary["share_of_study_area"]
    assert params["suggested_by"] == "the data"
    assert 0 < share <= 0.02
    assert proposal.areas["incidents"].min() >= LEAST_SAMPLES
    # What the files say finds the same areas again.
    located = locate_incidents(undocumented, AreaSettings())
    period = Period.before(Month(2020, 1), 36)
    again = resolve_params(located, period, AreaSettings(), None)
    assert (again.dbscan.eps_m, again.dense_per_km2) == (params["eps_m"], params["dense_per_km2"])
    assert len(find_areas(located, period, again).areas) == len(proposal.areas)


def test_what_is_documented_stands(testville):
    dataset, config = testville
    located = locate_incidents(City(config, dataset), AreaSettings())
    known = config.areas.documented
    assert document(located, Period.before(Month(2020, 1), 36), AreaSettings(), known) is known
    assert Suggestion.of(config.areas) == Suggestion(known, "city file")
    assert Suggestion.of(Areas()) == Suggestion(None, "the data")


# ---- At the edge ---------------------------------------------------------------------------


def test_where_nothing_is_expected_no_density_is_dense():
    nothing = np.zeros(len(SIZE))
    assert find_density(dense(nothing), nothing, GRID) == math.inf
    assert radius_for(math.inf) == DbscanParams(EPS_RANGE_M[1], LEAST_SAMPLES)


def test_where_even_the_densest_place_is_too_much_land_there_is_none():
    expected = np.where(np.arange(len(SIZE)) == 3, 9.0, 0.0)
    assert find_density(dense(expected), expected, GRID, 0.5 * SIZE[3] / SIZE.sum()) == math.inf


# ---- True in general -----------------------------------------------------------------------


@examples(0.5)
@given(st.integers(0, 999), st.floats(0.005, 0.2))
def test_areas_never_cover_more_than_they_may(seed, share):
    expected = SIZE * np.random.default_rng(seed).gamma(0.3, 20, len(SIZE))
    areas = dense(expected)(find_density(dense(expected), expected, GRID, share))
    assert sum(map(GRID.size_km2, areas)) <= share * SIZE.sum() * (1 + 1e-9)
