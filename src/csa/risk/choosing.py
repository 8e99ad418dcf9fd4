"""Which factors, and how far: elastic net, then steps by BIC that must hold between places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from csa.base.arrays import Floats, Ints
from csa.risk.conditional import (
    ConditionalFit,
    StratifiedCounts,
    elastic_net,
    fit_conditional,
    penalties,
    scale_of,
)
from csa.risk.rasters import Form

N_FOLDS = 5
LEAST_PLACES = 5
LEAST_CELLS = 20
LEAST_BLOCKS = 10
MOST_SHARE = 0.8
"""A column is tried if its layer has so many places in the city, and if it holds in so many cells,
in some and not in others of so many large parts, and not nearly everywhere."""

ALARM = 0.03
"""The chance that a city without any factor shows one, over all forms that were tried: a little
under 1 in 20, since places that follow the crowd are alike beyond what blocks tell."""

N_REFITTED = 6
"""Of the forms with the best score, so many are fitted in each step."""

LEAST_OWN = 0.01
"""A column that the model's columns tell to all but a hundredth adds nothing of its own."""

TINY = 1e-12


@dataclass(frozen=True)
class Question:
    """The cells that can answer, and the columns that are tried on them."""

    counts: StratifiedCounts
    columns: Floats  # (m, p)
    always: Floats  # (m, a) what is known of people there; in each model, and no factor
    block: Ints  # (m,) larger parts: folds, and what the bootstrap draws
    forms: tuple[Form, ...]  # p of them

    @property
    def n_cells(self) -> int:
        """The number of cells."""
        return len(self.counts.y)

    def model(self, chosen: Sequence[int]) -> Floats:
        """Return the columns of a model: what is always in, then the factors."""
        return np.column_stack([self.always, self.columns[:, list(chosen)]])


def why_not_tried(question: Question, n_places: Sequence[int]) -> npt.NDArray[np.object_]:
    """Return why each column cannot be tried, or `tried`: (p,), as a user reads it."""
    blocks, number = np.unique(question.block, return_inverse=True)
    n_true = np.zeros((len(blocks), question.columns.shape[1]))
    np.add.at(n_true, number, question.columns)
    size = np.bincount(number, minlength=len(blocks))[:, None]
    n_varied = ((n_true > 0) & (n_true < size)).sum(axis=0)
    total = n_true.sum(axis=0)
    reasons = np.full(len(total), "tried", dtype=object)
    reasons[n_varied < LEAST_BLOCKS] = "too few parts"
    reasons[total > MOST_SHARE * question.n_cells] = "nearly everywhere"
    reasons[total < LEAST_CELLS] = "too few blocks"
    few = np.array([n_places[form.layer] < LEAST_PLACES for form in question.forms], dtype=bool)
    reasons[few] = "too few places"
    return reasons


def folds_of(block: Ints, y: Floats, seed: int) -> Ints:
    """Deal blocks to folds, the largest first, each to the fold with the fewest incidents: (m,)."""
    blocks, number = np.unique(block, return_inverse=True)
    n = np.bincount(number, y)
    order = np.random.default_rng(seed).permutation(len(blocks))
    order = order[np.argsort(-n[order], kind="stable")]
    fold, filled = np.zeros(len(blocks), dtype=np.int64), np.zeros(N_FOLDS)
    for one in order:
        fold[one] = filled.argmin()
        filled[fold[one]] += n[one]
    return fold[number]


def keep_by_elastic_net(question: Question, tried: Ints, seed: int) -> Ints:
    """Return the columns that the elastic net keeps at the penalty that predicts best elsewhere."""
    base = fit_conditional(question.counts, question.always)
    eta = question.counts.offset + question.always @ base.coef
    counts = StratifiedCounts(question.counts.y, question.counts.part, eta)
    x = question.columns[:, tried]
    scale = scale_of(counts, x)
    path = penalties(counts, x, scale)
    fold = folds_of(question.block, counts.y, seed)
    held = np.zeros(len(path))
    for number in np.unique(fold):
        is_held = fold[counts.first] == number
        learn, rows = counts.of_parts(~is_held)
        test, test_rows = counts.of_parts(is_held)
        coef = elastic_net(learn, x[rows], scale, path * learn.totals.sum() / counts.totals.sum())
        x_test = x[test_rows]
        held += [test.log_likelihood(test.offset + x_test @ one) for one in coef.T]
    best = int(held.argmax())
    return tried[elastic_net(counts, x, scale, path[: best + 1])[:, best] > 0]


@dataclass(frozen=True)
class Step:
    """A model in the making."""

    chosen: tuple[int, ...]  # columns
    fit: ConditionalFit
    bic: float


def step_by_bic(question: Question, tried: Ints, kept: Ints) -> Step:
    """Add and drop columns while BIC falls; an added one must hold between blocks, too.

    A layer is in the model in one form alone; each step may also change a form.
    """
    alarm = ALARM / max(1, len(tried))
    layer = np.array([form.layer for form in question.forms])
    now = _fit(question, ())
    while True:
        used = set(layer[list(now.chosen)].tolist())
        free = np.array([one for one in kept if layer[one] not in used], dtype=np.int64)
        gains = _gains(question, now, free)
        order = np.argsort(-gains, kind="stable")[:N_REFITTED]
        best_free = free[order[gains[order] > 0]].tolist()
        fitted = [_fit(question, (*now.chosen, one), now) for one in best_free]
        options = [one for one in fitted if _chance(question, one) < alarm]
        best = min(options, key=lambda one: one.bic, default=None)
        if best is None or best.bic >= now.bic:
            return now
        now = _drop(question, _change_forms(question, best, tried, layer))


def _fit(question: Question, chosen: tuple[int, ...], before: Step | None = None) -> Step:
    x = question.model(chosen)
    start = None
    if before is not None and len(chosen) == len(before.chosen) + 1:
        start = np.r_[before.fit.coef, 0.0]
    fit = fit_conditional(question.counts, x, start)
    bic = len(chosen) * np.log(max(1, question.n_cells)) - 2 * fit.log_likelihood
    return Step(chosen, fit, float(bic))


def _gains(question: Question, now: Step, free: Ints) -> Floats:
    """Return about how much each free column would add to the log-likelihood: (k,)."""
    model, x = question.model(now.chosen), question.columns[:, free]
    mu = now.fit.expected
    both = question.counts.hessian(np.column_stack([model, x]), mu)
    k = model.shape[1]
    slope = np.linalg.solve(both[:k, :k], both[:k, k:]) if k else np.zeros((0, len(free)))
    own = np.diag(both)[k:] - (both[k:, :k] * slope.T).sum(axis=1)
    score = (question.counts.y - mu) @ (x - model @ slope)
    is_own = (score > 0) & (own > LEAST_OWN * np.diag(both)[k:])
    return np.where(is_own, score**2 / np.maximum(own, TINY), 0.0)


def _chance(question: Question, step: Step) -> float:
    """Return the chance that the last column's coefficient is so high with no factor there.

    Its error is that between blocks, since neighbors are alike. Where few blocks carry most of
    what is known of it, it is judged by a t of as few (Carter, Schnepel & Steigerwald 2017, Review
    of Economics and Statistics 99, pp. 698-709).
    """
    counts, x, fit = question.counts, question.model(step.chosen), step.fit
    means = counts.sums(x * fit.expected[:, None]) / counts.totals[:, None]
    weights = np.linalg.solve(fit.information, np.eye(len(fit.coef))[-1])
    pull = (x - means[counts.part]) @ weights
    number = np.unique(question.block, return_inverse=True)[1]
    moved = np.bincount(number, pull * (counts.y - fit.expected))
    known = np.bincount(number, pull**2 * fit.expected)
    n_known = known.sum() ** 2 / max(float((known**2).sum()), TINY)
    if n_known < 2:
        return 1.0
    error = np.sqrt((moved**2).sum() * n_known / (n_known - 1))
    return float(stdtr(n_known - 1, -fit.coef[-1] / max(float(error), TINY)))


def _change_forms(question: Question, now: Step, tried: Ints, layer: Ints) -> Step:
    """Give each layer of the model the form that fits best, the others left as they are."""
    for at in range(len(now.chosen)):
        for form in tried[layer[tried] == layer[now.chosen[at]]]:
            if form == now.chosen[at]:
                continue
            other = _fit(question, (*now.chosen[:at], int(form), *now.chosen[at + 1 :]))
            if other.bic < now.bic:
                now = other
    return now


def _drop(question: Question, now: Step) -> Step:
    """Drop factors without which BIC is lower, and those that no longer raise risk."""
    while now.chosen:
        n_always = question.always.shape[1]
        options = [
            (_fit(question, (*now.chosen[:at], *now.chosen[at + 1 :])), now.fit.coef[n_always + at])
            for at in range(len(now.chosen))
        ]
        wrong = [one for one, coef in options if coef <= 0]
        best = min((wrong or [one for one, _ in options]), key=lambda one: one.bic)
        if not wrong and best.bic >= now.bic:
            return now
        now = best
    return now
