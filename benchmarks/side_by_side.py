"""The library beside the tools that people use otherwise, in turns, in one process.

Each pair must give the same answer before its time counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import h3
import numpy as np
import pandas as pd

from benchmarks.synthetic import CORNER, SIZE_DEGREES, block_snapped
from csa.areas.concentration import measure_gi_star
from csa.geo.cells import bin_points, find_neighbors

SEED = 20201001
N_POINTS = 200_000
RESOLUTION = 9


@dataclass(frozen=True)
class Duel:
    """One task, done in turns by ours and by another."""

    what: str
    rival: str
    ours_s: tuple[float, ...]
    rival_s: tuple[float, ...]


def duels(runs: int) -> Iterator[Duel]:
    """Measure each task `runs` times either way."""
    points = block_snapped(N_POINTS, SEED)
    lon, lat = points["lon"].to_numpy(), points["lat"].to_numpy()

    def one_by_one() -> Any:
        pairs = zip(lat.tolist(), lon.tolist(), strict=True)
        return np.array([h3.str_to_int(h3.latlng_to_cell(*pair, RESOLUTION)) for pair in pairs])

    yield _duel(
        f"bin {N_POINTS:,} points into H3 cells",
        "h3, point by point",
        lambda: bin_points(lon, lat, RESOLUTION),
        one_by_one,
        runs,
    )
    try:
        from esda import G_Local  # noqa: PLC0415 - no dependency: pip install esda
        from libpysal.weights import WSP  # noqa: PLC0415
    except ImportError:
        print("esda is not installed, so Gi* stands alone: pip install esda")
        return
    (west, south), (width, height) = CORNER, SIZE_DEGREES
    corners = [(south, west), (south, west + width), (south + height, west + width)]
    shape = h3.LatLngPoly([*corners, (south + height, west)])
    cells = sorted(h3.str_to_int(cell) for cell in h3.polygon_to_cells(shape, RESOLUTION))
    found = pd.Series(bin_points(lon, lat, RESOLUTION)).value_counts()
    counts = found.reindex(cells, fill_value=0).to_numpy(dtype=float)

    def by_esda() -> Any:
        weights = WSP(find_neighbors(cells).tocsr()).to_W(silence_warnings=True)
        return G_Local(counts, weights, transform="B", star=None, permutations=0).Zs

    yield _duel(
        f"Gi* of {len(cells):,} cells, neighbors found",
        "esda",
        lambda: measure_gi_star(counts, find_neighbors(cells)),
        by_esda,
        runs,
    )


def _duel(
    what: str, rival: str, ours: Callable[[], Any], other: Callable[[], Any], runs: int
) -> Duel:
    np.testing.assert_allclose(np.asarray(ours(), float), np.asarray(other(), float), rtol=1e-9)
    times: dict[str, list[float]] = {"ours": [], "rival": []}
    for _ in range(runs):
        for name, work in (("ours", ours), ("rival", other)):
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return Duel(what, rival, tuple(times["ours"]), tuple(times["rival"]))
