"""Poisson counts compared within parts of the city: each part's level is taken as it is.

Given how many incidents a part of the city holds, where in it they fall is multinomial; what the
whole part has in common (who lives there, its history, how far it is from downtown) drops out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cholesky, solve, solve_triangular

from csa.base.arrays import Bools, Floats, Ints

MOST_STEPS = 50
TOLERANCE = 1e-8
RIDGE = 1e-6
"""Of the mean information, added in each step so that columns that nearly agree can be fitted."""

L1_SHARE = 0.95
"""Of the elastic net's penalty: mostly lasso, with enough ridge for extents that nest."""

N_PENALTIES = 25
LEAST_PENALTY = 0.02
"""The path of penalties goes from the largest that lets a factor in down to this part of it."""

STEPS_PER_PENALTY = 3


@dataclass(frozen=True)
class StratifiedCounts:
    """Counts of cells, sorted by the part of the city that each lies in."""

    y: Floats  # (m,) incidents
    part: Ints  # (m,) number of the part, ascending from 0 without gaps
    offset: Floats  # (m,) log of what the count is in proportion to

    @cached_property
    def first(self) -> Ints:
        """(s,) place of each part's first cell."""
        return np.flatnonzero(np.diff(self.part, prepend=-1) > 0)

    @cached_property
    def totals(self) -> Floats:
        """(s,) incidents of each part."""
        return self.sums(self.y)

    def sums(self, values: Floats) -> Floats:
        """Add up values, (m,) or (m, k), by part."""
        return np.add.reduceat(values, self.first, axis=0)

    def of_parts(self, is_in: Bools) -> tuple[StratifiedCounts, Bools]:
        """Take some parts, (s,); return them and which cells they hold."""
        rows = is_in[self.part]
        _, number = np.unique(self.part[rows], return_inverse=True)
        return StratifiedCounts(self.y[rows], number, self.offset[rows]), rows

    def share(self, eta: Floats) -> tuple[Floats, Floats]:
        """Return each cell's share of its part, (m,), and the log of each part's sum, (s,)."""
        top = np.maximum.reduceat(eta, self.first)
        raised = np.exp(eta - top[self.part])
        total = self.sums(raised)
        return raised / total[self.part], np.log(total) + top

    def log_likelihood(self, eta: Floats) -> float:
        """Return the log-likelihood of where incidents fall within parts."""
        _, log_total = self.share(eta)
        return float(self.y @ eta - self.totals @ log_total)

    def gradient(self, x: Floats, eta: Floats) -> tuple[Floats, Floats]:
        """Return the gradient, (p,), and the expected counts, (m,)."""
        share, _ = self.share(eta)
        mu = share * self.totals[self.part]
        return (self.y - mu) @ x, mu

    def hessian(self, x: Floats, mu: Floats) -> Floats:
        """Return the information, (p, p): the covariance of columns within parts."""
        weighted = x * mu[:, None]
        sums = self.sums(weighted)
        return np.asarray(x.T @ weighted - sums.T @ (sums / self.totals[:, None]))


@dataclass(frozen=True)
class ConditionalFit:
    """Coefficients that were fitted, without a penalty."""

    coef: Floats  # (p,)
    information: Floats  # (p, p)
    log_likelihood: float
    expected: Floats  # (m,) incidents of each cell


def fit_conditional(
    counts: StratifiedCounts, x: Floats, start: Floats | None = None
) -> ConditionalFit:
    """Fit coefficients by Newton's method, halving steps that overshoot."""
    coef = np.zeros(x.shape[1]) if start is None else start.copy()
    eta = counts.offset + x @ coef
    best = counts.log_likelihood(eta)
    for _ in range(MOST_STEPS):
        gradient, mu = counts.gradient(x, eta)
        if not len(coef):
            break
        information = counts.hessian(x, mu)
        ridge = RIDGE * (np.trace(information) / len(coef) + 1.0)
        step = solve(information + ridge * np.eye(len(coef)), gradient, assume_a="pos")
        size, tried, found = 1.0, eta, best
        while size > TOLERANCE:
            tried = counts.offset + x @ (coef + size * step)
            found = counts.log_likelihood(tried)
            if found >= best - TOLERANCE:
                break
            size /= 2
        coef, eta = coef + size * step, tried
        gained, best = found - best, found
        if gained < TOLERANCE:
            break
    _, mu = counts.gradient(x, eta)
    return ConditionalFit(coef, counts.hessian(x, mu), best, mu)


def penalties(counts: StratifiedCounts, x: Floats, scale: Floats) -> Floats:
    """Return the penalties of a path, the largest first."""
    gradient, _ = counts.gradient(x, counts.offset)
    largest = max(float((gradient / scale).max(initial=0.0)), 1.0) / L1_SHARE
    return np.asarray(largest * np.geomspace(1.0, LEAST_PENALTY, N_PENALTIES))


def scale_of(counts: StratifiedCounts, x: Floats) -> Floats:
    """Return how much each column varies within parts, (p,), so that penalties are even."""
    _, mu = counts.gradient(x, counts.offset)
    weighted = x * mu[:, None]
    mean = counts.sums(weighted) / counts.totals[:, None]
    variance = (x * weighted).sum(axis=0) - (mean**2 * counts.totals[:, None]).sum(axis=0)
    return np.asarray(np.sqrt(np.maximum(variance, 1e-12) / counts.totals.sum()))


def elastic_net(counts: StratifiedCounts, x: Floats, scale: Floats, path: Floats) -> Floats:
    """Fit coefficients, none below 0, at each penalty of a path: (p, penalties).

    Each penalty's fit begins at the last one's, by steps of a quadratic approximation whose
    information is renewed five times along the path.
    """
    from sklearn.linear_model import enet_path  # noqa: PLC0415 - loads late

    n_columns = x.shape[1]
    coef = np.zeros(n_columns)
    fitted = np.zeros((n_columns, len(path)))
    root = np.eye(n_columns)
    information = root
    eta = counts.offset.copy()
    for number, penalty in enumerate(path):
        for step in range(STEPS_PER_PENALTY):
            gradient, mu = counts.gradient(x, eta)
            if number % 5 == 0 and step == 0:
                information = counts.hessian(x, mu) / np.outer(scale, scale)
                information += 1e-6 * np.diag(np.diag(information) + 1e-6)
                root = cholesky(information)
            aim = information @ (coef * scale) + gradient / scale
            target = solve_triangular(root, aim, trans="T")
            _, found, _ = enet_path(
                root,
                target,
                l1_ratio=L1_SHARE,
                alphas=[penalty / n_columns],
                coef_init=coef * scale,
                positive=True,
                tol=1e-4,
            )
            fresh = found[:, 0] / scale
            moved = np.abs((fresh - coef) * scale).max(initial=0.0)
            coef = fresh
            chosen = np.flatnonzero(coef)
            eta = counts.offset + x[:, chosen] @ coef[chosen]
            if moved < 1e-3:
                break
        fitted[:, number] = coef
    return fitted
