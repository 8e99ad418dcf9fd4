"""Did the city's pattern move? Cells whose share of all incidents differs between two periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control, fisher_exact

from csa.base.arrays import Bools, Floats, Ints
from csa.base.errors import ParamError, TableError
from csa.base.message import Message, say
from csa.base.stats import as_counts


@dataclass(frozen=True)
class PatternChange:
    """How alike two patterns of incidents are, m cells.

    Fields: `s_index`, `s_index_all`, `n_cells`, `n_tested`, `changed`, `p`, `q`, `method`.
    """

    s_index: float | None
    s_index_all: float | None  # the same for all cells; larger, since empty cells do not differ
    n_cells: int  # m
    n_tested: int  # cells with an incident in either period; 0 where a period has none
    changed: Bools  # (m,) whether a cell's share differs
    p: Floats  # (m,) Fisher's exact p; NaN where not tested
    q: Floats  # (m,) p adjusted for the number of tested cells; NaN where not tested
    method: Message  # which variant of the test this is: the index depends on it


def compare_patterns(
    before: npt.ArrayLike, after: npt.ArrayLike, *, alpha: float = 0.05
) -> PatternChange:
    """Compare where incidents were in two periods, however many each had.

    The spatial point pattern test with Fisher's exact test of each cell's share of the city, and
    p-values adjusted by the false discovery rate. Even if no cell differs, the pattern may have
    moved: with few incidents per cell the test has little power.

    Parameters
    ----------
    before, after
        (m,) incidents of the same cells, in the same order.
    alpha
        Of the cells called changed, on average at most this share is not; above 0, below 1.

    Returns
    -------
    PatternChange
        A result without an index where either period has no incident.

    Raises
    ------
    TableError
        If the counts are of different numbers of cells, or not whole numbers of 0 or more.
    ParamError
        If alpha is outside its range.

    References
    ----------
    Andresen (2009), Applied Geography 29, pp. 333-345. Wheeler, Steenbeek & Andresen (2018),
    Transactions in GIS 22, pp. 760-774. Benjamini & Hochberg (1995), Journal of the Royal
    Statistical Society B 57, pp. 289-300.

    Examples
    --------
    >>> moved = csa.compare_patterns([90, 10, 50, 0], [10, 90, 50, 0])
    >>> moved.changed.tolist(), moved.n_tested
    ([True, True, False, False], 3)
    >>> csa.compare_patterns([9, 1, 5], [90, 10, 50]).s_index  # ten times as many, the same places
    1.0
    """
    if not 0 < alpha < 1:
        raise ParamError("counts.alpha", given=alpha)
    old, new = as_counts(before), as_counts(after)
    if old.ndim != 1 or old.shape != new.shape:
        raise TableError("displacement.patterns", n_before=old.size, n_after=new.size)
    n_cells = len(old)
    p, q = np.full(n_cells, np.nan), np.full(n_cells, np.nan)
    is_tested = (old + new > 0) & bool(old.any() and new.any())
    n_tested = int(is_tested.sum())
    method = say("displacement.sppt_method", cells=n_tested, alpha=alpha)
    if not n_tested:
        return PatternChange(None, None, n_cells, 0, is_tested, p, q, method)
    p[is_tested] = _test_shares(old, new)[is_tested]
    q[is_tested] = false_discovery_control(p[is_tested])
    changed = q <= alpha  # False for NaN
    n_changed = int(changed.sum())
    s_index, s_index_all = 1 - n_changed / n_tested, 1 - n_changed / n_cells
    return PatternChange(s_index, s_index_all, n_cells, n_tested, changed, p, q, method)


def _test_shares(old: Ints, new: Ints) -> Floats:
    """Test each cell's share by Fisher's exact test; cells with like counts only once."""
    n_old, n_new = int(old.sum()), int(new.sum())
    pairs, which = np.unique(np.column_stack([old, new]), axis=0, return_inverse=True)
    p = [
        float(fisher_exact(np.array([[a, n_old - a], [b, n_new - b]])).pvalue)
        for a, b in pairs.tolist()
    ]
    return np.array(p)[which.ravel()]
