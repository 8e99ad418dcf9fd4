"""Radius and minimum from the city's own data: the density at which areas hold a share of land."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from csa.base.arrays import Floats
from csa.base.params import LAND_SHARE, DbscanParams
from csa.geo.cells import CellSet
from csa.geo.grid import Grid

TYPICAL_EPS_M = 200.0
EPS_RANGE_M = (100.0, 600.0)
EPS_STEP_M = 10.0
LEAST_SAMPLES = 3
"""Two incidents within a few streets are chance; with fewer incidents the radius widens instead."""

N_HALVINGS = 12
CLOSE_ENOUGH = 0.97


def find_density(
    areas_at: Callable[[float], Sequence[CellSet]],
    expected: Floats,
    grid: Grid,
    land_share: float = LAND_SHARE,
) -> float:
    """Find the density at which areas cover as much land as they may, and no more.

    By halving between the density of a fifth of the land and that of the busiest cell.

    Parameters
    ----------
    areas_at
        Finds areas at a density, incidents per km2.
    expected
        (m,) incidents that each cell is expected to hold.
    grid
        The study area's cells.
    land_share
        The share of the study area's land that areas may cover.

    Returns
    -------
    float
        Incidents per km2; infinity where nothing is expected, or all lies in one small place.
    """
    size = grid.area_km2.to_numpy(dtype=np.float64)
    per_km2 = np.sort(expected / size)[::-1]
    if not per_km2.max(initial=0.0):
        return math.inf
    most_km2, best_km2, best = land_share * float(size.sum()), 0.0, math.inf
    high, low = float(per_km2[0]), float(per_km2[min(len(per_km2) - 1, len(per_km2) // 5)])
    for _ in range(N_HALVINGS):
        middle = math.sqrt(low * high) if low else high / 2
        km2 = math.fsum(grid.size_km2(area) for area in areas_at(middle))
        low, high = (low, middle) if km2 <= most_km2 else (middle, high)
        if best_km2 < km2 <= most_km2:
            best_km2, best = km2, middle
        if best_km2 >= CLOSE_ENOUGH * most_km2:
            break
    return best


def radius_for(per_km2: float) -> DbscanParams:
    """Choose the radius in which as dense a place holds `LEAST_SAMPLES`, and the minimum."""
    low_m, high_m = EPS_RANGE_M
    if not math.isfinite(per_km2):
        return DbscanParams(high_m, LEAST_SAMPLES)
    least_m = 1000 * math.sqrt(LEAST_SAMPLES / (math.pi * per_km2))
    eps_m = EPS_STEP_M * math.ceil(max(least_m, TYPICAL_EPS_M) / EPS_STEP_M)
    eps_m = min(max(eps_m, low_m), high_m)
    asked = per_km2 * math.pi * (eps_m / 1000) ** 2
    return DbscanParams(eps_m, max(LEAST_SAMPLES, round(asked)))
