"""Gi*: cells with more incidents around them than chance alone would put there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import binom

from csa.areas.concentration import require_counts, require_exposure
from csa.base.errors import ParamError, TableError

Floats = npt.NDArray[np.float64]
COLUMNS = {
    "z": "Getis-Ord Gi* of the counts, shown but never tested; NaN where undefined",
    "incidents_around": "incidents in the cell and its neighbours",
    "expected_around": "as many as their share of the exposure would get",
    "p": "chance of that many or more: exact binomial upper tail",
    "q": "p adjusted for the number of cells (Benjamini & Hochberg)",
    "is_hot": "q is at most alpha",
}


def find_hot_cells(
    counts: pd.Series, exposure: pd.Series, neighbours: csr_array, *, alpha: float = 0.05
) -> pd.DataFrame:
    """Find the cells with more incidents around them than chance alone explains.

    By chance, the same number of incidents falls independently, by exposure. On sparse counts
    Gi*'s normal p calls random maps hot, so the test is the exact binomial one, and z is only
    shown. Incidents that lead to others make clumps that the test finds too.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27, pp. 286-306. Benjamini & Hochberg (1995),
    Journal of the Royal Statistical Society B 57, pp. 289-300.
    """
    if not 0 < alpha < 1:
        raise ParamError("counts.alpha", given=alpha)
    counted = require_counts(counts)
    land = require_exposure(exposure, len(counted))
    if not counts.index.equals(exposure.index):
        raise TableError("counts.cells")
    _require_neighbours(neighbours, len(counted))
    n_incidents = int(counted.sum())
    around = np.rint(neighbours @ counted).astype(np.int64)
    # Rounding may lift the share of a neighbourhood that is everything above 1.
    share = np.minimum(neighbours @ land / max(land.sum(), np.finfo(float).tiny), 1.0)
    p = np.asarray(binom.sf(around - 1, n_incidents, share), dtype=np.float64)
    q = adjust_by_rank(p)
    columns = {
        "z": measure_gi_star(counted.astype(np.float64), neighbours),
        "incidents_around": around,
        "expected_around": n_incidents * share,
        "p": p,
        "q": q,
        "is_hot": q <= alpha,
    }
    return pd.DataFrame(columns, index=counts.index)


def measure_gi_star(values: Floats, neighbours: csr_array) -> Floats:
    """Measure how far the sum around each cell lies from the mean: Getis and Ord's Gi*.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27, pp. 286-306.
    """
    n = len(values)
    if neighbours.shape != (n, n):
        raise TableError("counts.shape", n_cells=n, given=_shape_of(neighbours))
    z = np.full(n, np.nan)
    if n < 2 or np.ptp(values) == 0:
        return z
    sums = np.asarray(neighbours.sum(axis=1), dtype=np.float64)  # W_i
    squares = np.asarray(neighbours.multiply(neighbours).sum(axis=1), dtype=np.float64)  # S1_i
    spread = np.std(values) * np.sqrt((n * squares - sums**2) / (n - 1))
    is_defined = spread > 0
    excess = neighbours @ values - values.mean() * sums
    z[is_defined] = excess[is_defined] / spread[is_defined]
    return z


def adjust_by_rank(p: Floats) -> Floats:
    """Adjust p-values for their number: Benjamini and Hochberg's q, never falling with p.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, pp. 289-300.
    """
    largest_first = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    q = np.empty(len(p))
    q[largest_first] = np.minimum.accumulate(p[largest_first] * len(p) / ranks)
    return q


def _require_neighbours(neighbours: csr_array, n_cells: int) -> None:
    """Refuse weights that are not 0 or 1, a cell that is not its own neighbour, a wrong shape."""
    if neighbours.shape != (n_cells, n_cells):
        raise TableError("counts.shape", n_cells=n_cells, given=_shape_of(neighbours))
    if not ((neighbours.data == 1).all() and (neighbours.diagonal() == 1).all()):
        raise TableError("counts.neighbours")


def _shape_of(neighbours: csr_array) -> str:
    return " by ".join(f"{size}" for size in neighbours.shape)
