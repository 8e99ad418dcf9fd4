"""The long runs: `make test-slow`. `make test` keeps a small case of each elsewhere."""

import sys

import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from csa.areas.forming import cluster_points
from csa.base.crs import project
from csa.base.params import DbscanParams

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
