"""How sure a relative risk value is: the city's large parts are drawn again, with repeats."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtrit

from csa.base.arrays import Floats, Ints
from csa.risk.conditional import StratifiedCounts, fit_conditional

N_DRAWS = 400
COVERAGE = 0.90


def draw_again(counts: StratifiedCounts, x: Floats, coef: Floats, block: Ints, seed: int) -> Floats:
    """Fit coefficients to the blocks of many draws with repeats: (draws, p)."""
    blocks, number = np.unique(block[counts.first], return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = np.zeros((N_DRAWS, len(coef)))
    if not len(coef):
        return drawn
    for at in range(N_DRAWS):
        weight = np.bincount(rng.integers(len(blocks), size=len(blocks)), minlength=len(blocks))
        of_part = weight[number]
        some, rows = counts.of_parts(of_part > 0)
        y = some.y * of_part[counts.part[rows]]
        drawn[at] = fit_conditional(StratifiedCounts(y, some.part, some.offset), x[rows], coef).coef
    return drawn


def interval(drawn: Floats, n_blocks: int) -> tuple[Floats, Floats]:
    """Return the interval of each relative risk value: two arrays of length p.

    Percentiles of few blocks are too narrow; they are widened as a t of so many blocks is wider
    than a normal (Hesterberg 2015, The American Statistician 69, pp. 371-386).
    """
    n = max(2, n_blocks)
    tail = ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - COVERAGE) / 2))
    low, high = np.exp(np.quantile(drawn, [tail, 1 - tail], axis=0))
    return low, high
