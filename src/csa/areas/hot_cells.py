"""Cells with more incidents around them than chance alone explains: Gi* and an exact test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from csa.base.arrays import Floats
from csa.base.errors import ParamError, TableError
from csa.base.stats import as_counts, binomial_upper_tail, control_false_discovery

COLUMNS = {
    "z": "Getis-Ord Gi* of the counts, shown but never tested; NaN where undefined",
    "incidents_around": "incidents in the cell and its neighbors",
    "expected_around": "as many as their share of the exposure would get",
    "p": "chance of that many or more: exact binomial upper tail",
    "q": "p adjusted for the number of cells (Benjamini & Hochberg)",
    "is_hot": "q is at most alpha",
}


def find_hot_cells(
    counts: pd.Series, exposure: pd.Series, neighbors: csr_array, *, alpha: float = 0.05
) -> pd.DataFrame:
    """Find the cells with more incidents around them than chance alone explains.

    By chance, the same number of incidents falls independently, by exposure. On sparse counts
    Gi*'s normal p calls random maps hot, so the test is the exact binomial one, and z is only
    shown. Incidents that lead to others make clumps that the test finds too.

    Parameters
    ----------
    counts
        Incidents by cell, all m cells of the study area, not only those with incidents.
    exposure
        Land (km2) of each cell, or the incidents expected there; index of `counts`.
    neighbors
        (m, m), 1 for a cell itself and for its neighbors, in the order of `counts`.
    alpha
        Of random maps at most this share shows any hot cell; above 0 and below 1.

    Returns
    -------
    pandas.DataFrame
        Index of `counts`: `z` (Gi*), `incidents_around`, `expected_around`, `p`, `q` (p adjusted
        for the number of cells) and `is_hot`.

    Raises
    ------
    TableError
        If the tables are not of the same cells, or hold what is not a count or an exposure.
    ParamError
        If alpha is outside its range.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27, pp. 286-306. Benjamini & Hochberg (1995),
    Journal of the Royal Statistical Society B 57, pp. 289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> import shapely
    >>> cells = csa.cover_study_area(shapely.Point(-94.58, 39.10).buffer(0.05), 8)
    >>> counts = pd.Series(0, index=cells.index)
    >>> counts.iloc[20] = 12
    >>> hot = csa.find_hot_cells(counts, cells["area_km2"], csa.find_neighbors(cells.index))
    >>> bool(hot["is_hot"].iloc[20]), int(hot["incidents_around"].iloc[20])
    (True, 12)
    """
    if not 0 < alpha < 1:
        raise ParamError("param.between_0_1", name="alpha", given=alpha)
    counted = as_counts(counts)
    land = require_exposure(exposure, len(counted))
    if not counts.index.equals(exposure.index):
        raise TableError("counts.cells")
    _require_neighbors(neighbors, len(counted))
    n_incidents = int(counted.sum())
    around = np.rint(neighbors @ counted).astype(np.int64)
    # Rounding may lift the share of a neighborhood that is everything above 1.
    share = np.minimum(neighbors @ land / max(land.sum(), np.finfo(float).tiny), 1.0)
    p = binomial_upper_tail(around, n_incidents, share)
    q = control_false_discovery(p)
    columns = {
        "z": measure_gi_star(counted.astype(np.float64), neighbors),
        "incidents_around": around,
        "expected_around": n_incidents * share,
        "p": p,
        "q": q,
        "is_hot": q <= alpha,
    }
    return pd.DataFrame(columns, index=counts.index)


def measure_gi_star(values: Floats, neighbors: csr_array) -> Floats:
    """Measure how far the sum around each cell lies from the mean: Getis and Ord's Gi*.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27, pp. 286-306.
    """
    n = len(values)
    if neighbors.shape != (n, n):
        raise TableError("counts.shape", n_cells=n, given=_shape_of(neighbors))
    z = np.full(n, np.nan)
    if n < 2 or np.ptp(values) == 0:
        return z
    sums = np.asarray(neighbors.sum(axis=1), dtype=np.float64)  # W_i
    squares = np.asarray(neighbors.multiply(neighbors).sum(axis=1), dtype=np.float64)  # S1_i
    spread = np.std(values) * np.sqrt((n * squares - sums**2) / (n - 1))
    is_defined = spread > 0
    excess = neighbors @ values - values.mean() * sums
    z[is_defined] = excess[is_defined] / spread[is_defined]
    return z


def _require_neighbors(neighbors: csr_array, n_cells: int) -> None:
    """Refuse weights that are not 0 or 1, a cell that is not its own neighbor, a wrong shape."""
    if neighbors.shape != (n_cells, n_cells):
        raise TableError("counts.shape", n_cells=n_cells, given=_shape_of(neighbors))
    if not ((neighbors.data == 1).all() and (neighbors.diagonal() == 1).all()):
        raise TableError("counts.neighbours")


def _shape_of(neighbors: csr_array) -> str:
    return " by ".join(f"{size}" for size in neighbors.shape)


def require_exposure(exposure: npt.ArrayLike, n_cells: int) -> Floats:
    """Refuse land, or expected counts, that do not fit the cells counted."""
    given = np.asarray(exposure, dtype=np.float64)
    if len(given) != n_cells:
        raise TableError("counts.lengths", n_counts=n_cells, n_exposure=len(given))
    is_land = (given > 0) & np.isfinite(given)
    if not is_land.all():
        raise TableError("counts.exposure", given=f"{given[~is_land][0]:g}")
    return given
