"""The long runs: `make test-slow`. `make test` keeps a small case of each elsewhere."""

import sys

import numpy as np
import pytest
import shapely
from sklearn.cluster import DBSCAN

from csa.areas.analysis import propose_areas
from csa.areas.choices import AreaSettings
from csa.areas.forming import FLOOR_A_YEAR, cluster_points
from csa.areas.proposal import proposal_files
from csa.base.crs import project
from csa.base.params import DbscanParams, Month
from csa.city.dataset import City

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def block_snapped(root):
    sys.path.insert(0, str(root))
    try:
        from benchmarks.synthetic import block_snapped  # noqa: PLC0415 - found by its folder
    finally:
        sys.path.remove(str(root))
    return block_snapped


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("eps_m", "min_samples"), [(100, 20), (150, 50), (250, 100)])
def test_labels_of_200000_incidents_are_plain_dbscans(block_snapped, seed, eps_m, min_samples):
    table = block_snapped(200_000, seed)
    xy = project(table["lon"].to_numpy(), table["lat"].to_numpy(), "EPSG:32615")
    xy = xy[np.lexsort((xy[:, 1], xy[:, 0]))]
    plain = DBSCAN(eps=eps_m, min_samples=min_samples, algorithm="kd_tree").fit(xy)
    labels, is_core = cluster_points(xy, DbscanParams(eps_m, min_samples))
    np.testing.assert_array_equal(labels, plain.labels_)
    np.testing.assert_array_equal(np.flatnonzero(is_core), plain.core_sample_indices_)
    shuffled = np.random.default_rng(seed).permutation(len(xy))
    again, _ = cluster_points(xy[shuffled], DbscanParams(eps_m, min_samples))
    np.testing.assert_array_equal(again, labels[shuffled])


@pytest.mark.parametrize("year", range(2018, 2026))
def test_each_january_proposes_areas_that_can_be_walked_and_that_add_up(philadelphia, year):
    for max_area_km2 in (1.0, 2.0, 4.0):
        choices = AreaSettings(until=Month(year, 1), max_area_km2=max_area_km2)
        proposal = propose_areas(City(*philadelphia[::-1]), choices)
        areas, cells = proposal.areas, proposal.cells
        assert len(areas) >= 5
        assert 0.013 <= areas["area_km2"].sum() / cells["area_km2"].sum() <= 0.022
        assert areas["area_km2"].max() <= max_area_km2
        years = proposal.summary["params"]["months"] / 12
        assert (areas["expected"] >= FLOOR_A_YEAR[0] * years - 0.01).all()
        assert (areas["incidents"] >= 3).all()
        assert areas["place_name"].is_unique
        held = [cell for listed in areas["cells"] for cell in listed]
        assert len(held) == len(set(held))
        assert cells["incidents"].sum() == proposal.summary["totals"]["located"]
        assert areas.geometry.geom_type.eq("Polygon").all()
        # a hole is left only where the area would be over the limit with it
        for shape, km2 in zip(areas.geometry, areas["area_km2"], strict=True):
            filled = km2 * shapely.Polygon(shape.exterior).area / shape.area
            assert not shape.interiors or filled > 0.99 * max_area_km2
        assert proposal_files(proposal) == proposal_files(
            propose_areas(City(*philadelphia[::-1]), choices)
        )


@pytest.mark.parametrize("eps_m", [100, 200, 300, 500, 800])
@pytest.mark.parametrize("resolution", [8, 9, 10])
def test_no_radius_and_no_resolution_breaks_the_limit(philadelphia, eps_m, resolution):
    choices = AreaSettings(until=Month(2024, 1), eps_m=eps_m, resolution=resolution)
    proposal = propose_areas(City(*philadelphia[::-1]), choices)
    totals = proposal.summary["totals"]
    # Even where a circle of 800 m alone is over the limit: areas are made of cells.
    assert not proposal.is_empty
    assert proposal.areas["area_km2"].max() <= 2.0
    assert totals["in_areas"] == proposal.areas["incidents"].sum() <= totals["located"]
