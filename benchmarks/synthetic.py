"""Incidents snapped to blocks, as police files have them; seeded, of no real place."""

from __future__ import annotations

import numpy as np
import pandas as pd

BLOCK_DEGREES = (0.00117, 0.0009)  # about 100 m east and north at 40 degrees
CORNER = (-94.0, 40.0)  # the city's south-west corner, in open country
SIZE_DEGREES = (0.36, 0.27)  # about 30 by 30 km


def block_snapped(n: int, seed: int, n_centers: int = 200) -> pd.DataFrame:
    """Scatter incidents around centers and snap each to the middle of its block.

    Returns a table with `lon` and `lat`, n rows.
    """
    random = np.random.default_rng(seed)
    corner, size = np.array(CORNER), np.array(SIZE_DEGREES)
    centers = corner + size * random.random((n_centers, 2))
    weights = random.pareto(3.0, n_centers) + 0.5
    chosen = random.choice(n_centers, size=n, p=weights / weights.sum())
    spread = random.gamma(2.0, 0.005, n)[:, None]
    places = centers[chosen] + spread * random.standard_normal((n, 2))
    everywhere = random.random(n) < 0.15
    places[everywhere] = corner + size * random.random((int(everywhere.sum()), 2))
    places = np.clip(places, corner, corner + size)
    block = np.array(BLOCK_DEGREES)
    snapped = np.round((np.floor((places - corner) / block) + 0.5) * block + corner, 6)
    return pd.DataFrame({"lon": snapped[:, 0], "lat": snapped[:, 1]})
