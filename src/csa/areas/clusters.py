"""DBSCAN on metres: the labels depend on where incidents are, never on row order."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.base.arrays import Bools, Floats, Ints
from csa.base.crs import require_metres
from csa.base.params import DbscanParams

NOISE = -1


def label_clusters(incidents: gpd.GeoDataFrame, params: DbscanParams) -> pd.DataFrame:
    """Label each incident with the cluster it belongs to.

    Clusters are numbered from 0, west to east (then south to north) by their westmost core
    incident. An incident within reach of two clusters goes to the western one. The labels depend
    on where incidents are, never on the order of rows.

    Parameters
    ----------
    incidents
        One point for each of n incidents, in a projected CRS in meters.
    params
        Radius (meters) and minimum count.

    Returns
    -------
    pandas.DataFrame
        Index of `incidents`: `cluster_id` (int64; -1 marks noise) and `is_core`. All noise is a
        result; so is n = 0.

    Raises
    ------
    CrsError
        If the CRS is unset, geographic, or not in meters.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, pp. 226-231.

    Examples
    --------
    >>> import geopandas as gpd
    >>> x, y = [500, 0, 10, 510, 20, 505, 9000], [0, 0, 0, 0, 0, 5, 0]
    >>> incidents = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs="EPSG:32615")
    >>> csa.label_clusters(incidents, csa.DbscanParams(eps_m=50, min_samples=3)).cluster_id.tolist()
    [1, 0, 0, 1, 0, 1, -1]
    """
    require_metres(incidents.crs)
    xy = incidents.geometry.get_coordinates().to_numpy(dtype=np.float64)  # (n, 2) metres
    labels, is_core = cluster_points(xy, params)
    return pd.DataFrame({"cluster_id": labels, "is_core": is_core}, index=incidents.index)


def cluster_points(xy: Floats, params: DbscanParams) -> tuple[Ints, Bools]:
    """Cluster points in metres: identical ones are folded into one weighted point.

    The points are sorted by x, then y, first, and folded in order of first occurrence: so
    the labels are those of scikit-learn's plain run on the sorted points, bit for bit, in a
    tenth of its memory.
    """
    if not len(xy):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - loads late

    order = np.lexsort((xy[:, 1], xy[:, 0]))
    in_order = xy[order]
    is_new = np.ones(len(xy), dtype=bool)
    is_new[1:] = (in_order[1:] != in_order[:-1]).any(axis=1)
    folded = in_order[is_new]  # (m, 2) metres, distinct
    place = np.cumsum(is_new) - 1
    weights = np.bincount(place)
    model = DBSCAN(eps=params.eps_m, min_samples=params.min_samples, algorithm="kd_tree")
    model.fit(folded, sample_weight=weights)
    is_core_folded = np.zeros(len(folded), dtype=bool)
    is_core_folded[model.core_sample_indices_] = True
    labels = np.empty(len(xy), dtype=np.int64)
    is_core = np.empty(len(xy), dtype=bool)
    labels[order] = model.labels_[place]
    is_core[order] = is_core_folded[place]
    return labels, is_core
