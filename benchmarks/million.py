"""Bin and cluster a million block-snapped incidents: ours, or scikit-learn's plain run.

Run as `python -m benchmarks.million ours|plain N OUT`: prints seconds and peak memory as
JSON, and writes the labels, so that two runs can be compared.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.synthetic import block_snapped
from csa.areas.forming import cluster_points
from csa.base.crs import project
from csa.base.params import DbscanParams
from csa.geo.cells import bin_points

EPS_M = 150
MIN_SAMPLES_PER_MILLION = 250
CRS = "EPSG:32615"
SEED = 20201001


def main(way: str, n: int, out: Path) -> None:
    incidents = block_snapped(n, SEED)
    min_samples = max(5, MIN_SAMPLES_PER_MILLION * n // 1_000_000)
    lon, lat = incidents["lon"].to_numpy(), incidents["lat"].to_numpy()
    began = time.perf_counter()
    bin_points(lon, lat, 9)
    binned = time.perf_counter()
    xy = project(lon, lat, CRS)
    if way == "ours":
        labels, _ = cluster_points(xy, DbscanParams(EPS_M, min_samples))
    else:
        labels = plain(xy, min_samples)
    done = time.perf_counter()
    np.save(out, labels)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"bin_s": binned - began, "cluster_s": done - binned, "peak_mb": peak_mb}))


def plain(xy: np.ndarray, min_samples: int) -> np.ndarray:
    """Run scikit-learn as anybody would, on the points in the same order."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - the other way does not pay for it

    order = np.lexsort((xy[:, 1], xy[:, 0]))
    labels = np.empty(len(xy), dtype=np.int64)
    model = DBSCAN(eps=EPS_M, min_samples=min_samples, algorithm="kd_tree")
    labels[order] = model.fit_predict(xy[order])
    return labels


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
