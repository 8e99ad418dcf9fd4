"""DBSCAN: equal to scikit-learn's plain run, and to the definition written the slow way."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import DBSCAN
from tests.properties import examples

from csa.areas.forming import NOISE, cluster_points, label_clusters
from csa.base.errors import CrsError, ParamError
from csa.base.params import DbscanParams

UTM = "EPSG:32615"
ORIGIN = np.array([360_000.0, 4_330_000.0])  # Kansas City, meters

general = examples(5)


def incidents(xy, crs=UTM, index=None):
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=crs, index=index)


def labels_of(xy, eps_m=100, min_samples=3):
    return label_clusters(incidents(xy), DbscanParams(eps_m, min_samples))["cluster_id"].tolist()


def plain_run(xy, params):
    """Run scikit-learn on the sorted points, every one by itself; back in the rows' order."""
    order = sorted(range(len(xy)), key=lambda row: tuple(xy[row]))
    model = DBSCAN(eps=params.eps_m, min_samples=params.min_samples, algorithm="kd_tree")
    model.fit(xy[order])
    labels, is_core = np.zeros(len(xy), int), np.zeros(len(xy), bool)
    labels[order] = model.labels_
    is_core[np.array(order)[model.core_sample_indices_]] = True
    return labels, is_core


def slow_definition(xy, params):
    """Label points by the definition, in whole meters, so that no rounding is in it."""
    whole = np.round(xy - ORIGIN).astype(np.int64)
    apart = whole[:, None, :] - whole[None, :, :]
    is_near = (apart**2).sum(axis=2) <= round(params.eps_m) ** 2
    is_core = is_near.sum(axis=1) >= params.min_samples
    core = np.flatnonzero(is_core)
    labels = np.full(len(xy), -1)
    if not len(core):
        return labels, is_core
    _, piece = connected_components(csr_array(is_near[np.ix_(core, core)]), directed=False)
    westmost = {
        one: min(tuple(whole[point]) for point in core[piece == one]) for one in set(piece.tolist())
    }
    number = {one: place for place, one in enumerate(sorted(westmost, key=westmost.get))}
    for point, one in zip(core, piece, strict=True):
        labels[point] = number[one]
    for point in np.flatnonzero(~is_core):
        labels[point] = min((labels[other] for other in core if is_near[point, other]), default=-1)
    return labels, is_core


def snapped(max_points=60):
    """Points snapped to street corners 40 m apart: many identical, many exactly in reach."""
    corner = st.tuples(st.integers(0, 14), st.integers(0, 6))
    return st.lists(corner, max_size=max_points).map(
        lambda corners: ORIGIN + 40.0 * np.array(corners, dtype=float).reshape(-1, 2)
    )


params_of = st.builds(
    DbscanParams, eps_m=st.sampled_from([40, 50, 80, 100, 120, 200]), min_samples=st.integers(2, 9)
)


# ---- By hand -------------------------------------------------------------------------------


# ---- At the edge ---------------------------------------------------------------------------


def test_no_incidents_have_no_labels():
    labels = label_clusters(incidents([]), DbscanParams(100, 3))
    assert labels.empty
    assert labels.dtypes.to_dict() == {"cluster_id": np.dtype("int64"), "is_core": np.dtype(bool)}


def test_a_distance_of_exactly_eps_counts_and_a_millimeter_more_does_not():
    assert labels_of([(0, 0), (300, 400)], eps_m=500, min_samples=2) == [0, 0]
    assert labels_of([(0, 0), (300, 400.001)], eps_m=500, min_samples=2) == [NOISE, NOISE]


@pytest.mark.parametrize("n", [1, 2, 3, 40])
def test_identical_incidents_are_a_cluster_as_soon_as_they_are_enough(n):
    assert labels_of([(7, 7)] * n, min_samples=3) == ([0] * n if n >= 3 else [NOISE] * n)


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "crs",
    [
        pytest.param("EPSG:4326", id="degrees"),
        pytest.param("EPSG:2272", id="US survey feet"),
        pytest.param("EPSG:2256", id="international feet"),
        pytest.param(None, id="unset"),
    ],
)
def test_degrees_feet_and_no_system_at_all_are_refused(crs):
    with pytest.raises(CrsError):
        label_clusters(incidents([(0, 0)], crs=crs), DbscanParams(100, 3))


def test_degrees_are_refused_even_where_there_are_no_incidents():
    with pytest.raises(CrsError):
        label_clusters(incidents([], crs="EPSG:4326"), DbscanParams(100, 3))


@pytest.mark.parametrize(
    ("eps_m", "min_samples"), [(0, 3), (-1, 3), (5001, 3), (float("nan"), 3), (100, 1), (100, 0)]
)
def test_choices_outside_their_range_are_refused(eps_m, min_samples):
    with pytest.raises(ParamError):
        DbscanParams(eps_m, min_samples)


# ---- True in general -----------------------------------------------------------------------


@general
@given(xy=snapped(), params=params_of)
def test_labels_are_those_of_the_plain_run_bit_for_bit(xy, params):
    labels, is_core = cluster_points(xy, params)
    if not len(xy):
        assert len(labels) == len(is_core) == 0
        return
    plain, plain_core = plain_run(xy, params)
    assert labels.tolist() == plain.tolist()
    assert is_core.tolist() == plain_core.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_labels_of_a_whole_city_are_those_of_the_plain_run(seed):
    chance = np.random.default_rng(seed)
    knots = chance.uniform(0, 4000, (12, 2))
    xy = knots[chance.integers(0, 12, 700)] + chance.normal(0, 180, (700, 2))
    xy = ORIGIN + (np.round(xy / 75) * 75 if seed % 2 else np.round(xy, 2))
    params = DbscanParams(float(chance.choice([75, 150, 160])), int(chance.integers(3, 14)))
    labels, is_core = cluster_points(xy, params)
    plain, plain_core = plain_run(xy, params)
    assert labels.tolist() == plain.tolist()
    assert is_core.tolist() == plain_core.tolist()


@general
@given(xy=snapped(), params=params_of)
def test_labels_are_those_of_the_definition(xy, params):
    labels, is_core = cluster_points(xy, params)
    slow, slow_core = slow_definition(xy, params)
    assert labels.tolist() == slow.tolist()
    assert is_core.tolist() == slow_core.tolist()


@given(xy=snapped(), params=params_of, shuffle=st.randoms(use_true_random=False))
def test_labels_never_depend_on_row_order(xy, params, shuffle):
    order = list(range(len(xy)))
    shuffle.shuffle(order)
    labels, is_core = cluster_points(xy, params)
    shuffled, shuffled_core = cluster_points(xy[order], params)
    assert shuffled.tolist() == labels[order].tolist()
    assert shuffled_core.tolist() == is_core[order].tolist()
