"""Tails of counts by scipy.special: scipy.stats, which calls the same, takes .4 s to load."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaincc, betaln, nbdtrik, pdtr, pdtrc, pdtrik, xlog1py, xlogy

from csa.base.arrays import Floats, Ints

Numbers = Floats | Ints | float


def binomial_at_most(counts: Numbers, n: Numbers, share: Numbers) -> Floats:
    """Return P(X <= count) for n trials that each succeed with this chance."""
    k, trials = _floats(counts), _floats(n)
    found: Floats = np.asarray(betaincc(np.maximum(k, 0) + 1, np.maximum(trials - k, 1), share))
    return np.where(k < trials, np.where(k >= 0, found, 0.0), 1.0)


def binomial_at_least(counts: Numbers, n: Numbers, share: Numbers) -> Floats:
    """Return P(X >= count) for n trials that each succeed with this chance."""
    k, trials = _floats(counts), _floats(n)
    found: Floats = np.asarray(betainc(np.maximum(k, 1), np.maximum(trials - k, 0) + 1, share))
    return np.where(k > 0, np.where(k <= trials, found, 0.0), 1.0)


def poisson_at_most(counts: Numbers, mean: Numbers) -> Floats:
    """Return P(X <= count)."""
    k = _floats(counts)
    return np.where(k >= 0, pdtr(np.maximum(k, 0), mean), 0.0)


def poisson_at_least(counts: Numbers, mean: Numbers) -> Floats:
    """Return P(X >= count)."""
    k = _floats(counts)
    return np.where(k > 0, pdtrc(np.maximum(k, 1) - 1, mean), 1.0)


def negative_binomial_at_most(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X <= count), for any size above 0."""
    k = _floats(counts)
    return np.where(k >= 0, betainc(size, np.maximum(k, 0) + 1, chance), 0.0)


def negative_binomial_at_least(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X >= count), for any size above 0."""
    k = _floats(counts)
    return np.where(k > 0, betaincc(size, np.maximum(k, 1), chance), 1.0)


def negative_binomial(counts: Numbers, size: Numbers, chance: Numbers) -> Floats:
    """Return P(X = count), for counts of 0 or more and any size above 0."""
    k = _floats(counts)
    more = np.maximum(k, 1)
    ways = np.where(k > 0, -betaln(more, size) - np.log(more), 0.0)
    return np.asarray(np.exp(ways + xlogy(size, chance) + xlog1py(k, -_floats(chance))))


def hypergeometric(n_red: int, n_blue: int, n_drawn: int) -> Floats:
    """Return the chance of 0, 1 ... n red ones among n drawn of all: (n + 1,).

    From one number to the next by their ratio, in logarithms: the first may be next to nothing.
    """
    least, most = max(0, n_drawn - n_blue), min(n_drawn, n_red)
    k = np.arange(least, most, dtype=np.float64)
    ratios = (n_red - k) * (n_drawn - k) / ((k + 1) * (n_blue - n_drawn + k + 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    chances = np.zeros(n_drawn + 1)
    chances[least : most + 1] = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def poisson_count(tail: Floats, mean: Floats) -> Floats:
    """Return the lowest count that P(X <= count) reaches a tail at, above 0 and below 1."""
    above: Floats = np.ceil(pdtrik(tail, mean))
    below = np.maximum(above - 1, 0.0)  # pdtrik may come out a trace above a whole number
    return np.where(pdtr(below, mean) >= tail, below, above)


def negative_binomial_count(tail: Floats, size: Floats, chance: Floats) -> Floats:
    """Return the lowest count that P(X <= count) reaches a tail at, above 0 and below 1."""
    above: Floats = np.ceil(nbdtrik(tail, size, chance))
    below = np.maximum(above - 1, 0.0)
    found = np.where(betainc(size, below + 1, chance) >= tail, below, above)
    # Of a trace of a size nbdtrik knows nothing.
    return np.where(betainc(size, 1.0, chance) >= tail, 0.0, found)


def control_false_discovery(p: Floats) -> Floats:
    """Return the share of false ones among all that are no larger: q of (n,) p.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57, pp. 289-300.
    """
    order = np.argsort(p)
    scaled = p[order] * (len(p) / np.arange(1, len(p) + 1))
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def _floats(numbers: Numbers) -> Floats:
    return np.asarray(numbers, dtype=np.float64)
