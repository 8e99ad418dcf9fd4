"""Where incidents concentrate: hot cells, and how unevenly all are spread beside chance alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.stats import as_counts, binomial_upper_tail, control_false_discovery

# Cells with more incidents around them than chance alone explains: Gi* and an exact test.

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


MIN_MAPS = 100
"""With fewer random maps their 5th percentile is too rough to be called so."""

HALF = 0.5


@dataclass(frozen=True)
class Concentration:
    """How concentrated incidents are, each figure beside what chance alone would give.

    Fields: `n_incidents`, `n_cells`, `repeat_cells`, `repeat_cells_by_chance`,
    `generalized_gini`, `land_for_half_share`, `land_for_half_share_by_chance`,
    `land_for_half_low`, `land_for_half_high`, `is_beyond_chance`.
    """

    n_incidents: int  # incidents in the cells
    n_cells: int  # cells of the study area, those without incidents too
    repeat_cells: int  # cells with two or more incidents
    repeat_cells_by_chance: float
    generalized_gini: float
    land_for_half_share: float  # smallest share of the land that holds half of the incidents
    land_for_half_share_by_chance: float  # its mean over random maps of as many incidents
    land_for_half_low: float  # 5th percentile over the random maps
    land_for_half_high: float  # 95th percentile over the random maps
    is_beyond_chance: bool


def gini(counts: npt.ArrayLike) -> float:
    """Measure how unequal counts are: Gini's coefficient.

    Where there are fewer incidents than cells it is high whatever the pattern: see
    `generalized_gini`.

    Parameters
    ----------
    counts
        Incidents by cell, those without any too, length m.

    Returns
    -------
    float
        0 (all equal) to 1 - 1/m (all in one cell); NaN without incidents.

    Raises
    ------
    TableError
        If a count is not a whole number, 0 or more.

    References
    ----------
    Gini (1912), Variabilita e mutabilita.

    Examples
    --------
    >>> csa.gini([5, 5, 5, 5]), csa.gini([0, 0, 0, 20])
    (0.0, 0.75)
    """
    ordered = np.sort(as_counts(counts))
    n_cells, n_incidents = len(ordered), int(ordered.sum())
    if not n_incidents:
        return math.nan
    ranks = np.arange(1, n_cells + 1)
    return float((2 * ranks - n_cells - 1) @ ordered / (n_cells * n_incidents))


def generalized_gini(counts: npt.ArrayLike) -> float:
    """Measure how unequal counts are, set against the most even map of so few incidents.

    Parameters
    ----------
    counts
        Incidents by cell, those without any too, length m.

    Returns
    -------
    float
        0 where no cell has two incidents while others have none; equal to `gini` where there
        are as many incidents as cells; NaN without incidents.

    Raises
    ------
    TableError
        If a count is not a whole number, 0 or more.

    References
    ----------
    Bernasco & Steenbeek (2017), Journal of Quantitative Criminology 33, pp. 451-467.

    Examples
    --------
    Two shootings in ten cells can lie no more evenly than in two cells.

    >>> two_cells = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    >>> round(csa.gini(two_cells), 3), round(csa.generalized_gini(two_cells), 3)
    (0.8, 0.0)
    """
    counted = as_counts(counts)
    n_incidents = int(counted.sum())
    if not n_incidents:
        return math.nan
    return max(1.0, len(counted) / n_incidents) * (gini(counted) - 1) + 1


def share_of_land_for(counts: npt.ArrayLike, area_km2: npt.ArrayLike, share: float) -> float:
    """Find the smallest share of the land that holds a share of the incidents.

    Cells are taken densest first; of the one that crosses the share, only a part.

    Parameters
    ----------
    counts
        Incidents by cell, those without any too, length m.
    area_km2
        Land of each cell, length m.
    share
        Share of the incidents, above 0 and at most 1.

    Returns
    -------
    float
        Share of the land, 0 to 1; NaN without incidents.

    Raises
    ------
    TableError
        If the counts or the land are not such, or not of the same cells.
    ParamError
        If the share is outside its range.

    References
    ----------
    Weisburd (2015), Criminology 53, pp. 133-157, the law of crime concentration.

    Examples
    --------
    >>> csa.share_of_land_for([8, 1, 1, 0], [1, 1, 1, 1], share=0.8)
    0.25
    """
    counted = as_counts(counts)
    land = require_exposure(area_km2, len(counted))
    if not 0 < share <= 1:
        raise ParamError("counts.share", given=share)
    return _land_for(counted, land, share)


def _land_for(counts: Ints, land: Floats, share: float) -> float:
    """Add up land, densest cells first; cells without incidents can hold no share."""
    is_occupied = counts > 0
    if not is_occupied.any():
        return math.nan
    held, km2 = counts[is_occupied], land[is_occupied]
    densest = np.argsort(-held / km2, kind="stable")
    incidents = np.concatenate([[0], np.cumsum(held[densest])])
    taken = np.concatenate([[0.0], np.cumsum(km2[densest])])
    return float(np.interp(share * incidents[-1], incidents, taken) / land.sum())


def expected_repeat_cells(n_incidents: int, area_km2: npt.ArrayLike) -> float:
    """Return how many cells would get two or more incidents if these fell at random on the land."""
    (n,) = as_counts([n_incidents])
    land = require_exposure(area_km2, np.size(area_km2))
    return float(binomial_upper_tail(2, n, land / land.sum()).sum())


def measure_concentration(
    counts: pd.Series, area_km2: pd.Series, *, seed: int, n_maps: int = 200
) -> Concentration:
    """Measure how concentrated incidents are, beside what chance alone would give.

    Chance throws as many incidents at random on the land, each by itself.

    Parameters
    ----------
    counts
        Incidents by cell of the study area, those without any too, length m.
    area_km2
        Land of each cell, index of `counts`.
    seed
        Of the random maps.
    n_maps
        How many random maps, 100 or more.

    Returns
    -------
    Concentration
        The figures; NaN where there is no incident to measure.

    Raises
    ------
    TableError
        If the counts or the land are not such, or not of the same cells.
    ParamError
        If there are too few random maps.

    References
    ----------
    Bernasco & Steenbeek (2017), Journal of Quantitative Criminology 33, pp. 451-467.

    Examples
    --------
    >>> import pandas as pd
    >>> land = pd.Series(1.0, index=range(50))
    >>> piled = csa.measure_concentration(pd.Series([40] + [1] * 10 + [0] * 39), land, seed=1)
    >>> piled.is_beyond_chance, piled.repeat_cells
    (True, 1)
    """
    if n_maps < MIN_MAPS:
        raise ParamError("param.at_least", name="n_maps", least=MIN_MAPS, given=n_maps)
    counted = as_counts(counts)
    land = require_exposure(area_km2, len(counted))
    if not counts.index.equals(area_km2.index):
        raise TableError("counts.cells")
    n = int(counted.sum())
    observed = _land_for(counted, land, HALF)
    by_chance = np.full(1, math.nan)
    if n:
        rng = np.random.default_rng(seed)
        maps = rng.multinomial(n, land / land.sum(), size=n_maps)  # (n_maps, m) incidents
        by_chance = np.array([_land_for(one, land, HALF) for one in maps])
    low, high = np.quantile(by_chance, [0.05, 0.95])
    return Concentration(
        n_incidents=n,
        n_cells=len(counted),
        repeat_cells=int((counted > 1).sum()),
        repeat_cells_by_chance=expected_repeat_cells(n, land),
        generalized_gini=generalized_gini(counted),
        land_for_half_share=observed,
        land_for_half_share_by_chance=float(by_chance.mean()),
        land_for_half_low=float(low),
        land_for_half_high=float(high),
        is_beyond_chance=bool(observed < low),
    )
