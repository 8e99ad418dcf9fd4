"""What a drawn start order shows: areas that began early against those that still wait.

Chance alone decided who began when (`csa.priority.draw`), so the draw itself says how large a
difference chance makes: under all orders that it could have drawn, with the counts as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

import numpy as np
from scipy.optimize import brentq

from csa.base.arrays import Floats, Ints
from csa.base.errors import ParamError, TableError

MAX_ORDERS = 10_000
"""Of more orders than these, so many are drawn by lot."""
FEWER_P, MORE_P = 0.05, 0.01
"""A chance below which an effect is told: work is done so that there be fewer. Together 6 %."""
TAIL = 0.05
"""Chance left out on each side of the interval."""
RATIOS = np.exp(np.linspace(np.log(1 / 20), np.log(20), 481))
"""Effects that are tried: times as many as without work."""
TIE = 1e-9
"""Differences of sums that are rounding alone."""


@dataclass(frozen=True)
class TrialDesign:
    """How the starts were drawn.

    Fields: `groups`, `waves`, `n_waves`, `months_between`.
    """

    groups: tuple[int, ...]  # the group of each of n areas
    waves: tuple[int, ...]  # the wave that each was drawn into, from 1
    n_waves: int
    months_between: int  # months from one start to the next

    def __post_init__(self) -> None:
        """Refuse waves that no draw gives."""
        seen = list(zip(self.groups, self.waves, strict=True))
        are_waves = all(1 <= wave <= self.n_waves for wave in self.waves)
        if self.n_waves < 2 or self.months_between < 1 or len({*seen}) < len(seen) or not are_waves:
            raise TableError("trial.design")

    @property
    def clean_months(self) -> int:
        """Months in which some areas have begun and others wait."""
        return (self.n_waves - 1) * self.months_between

    def signs(self, n_months: int) -> Floats:
        """Return (w, m) whether a wave has begun in a month (1) or waits (-1)."""
        begins = np.arange(self.n_waves)[:, None] * self.months_between
        return np.where(np.arange(n_months)[None, :] >= begins, 1.0, -1.0)

    @property
    def n_orders(self) -> int:
        """How many orders could have been drawn, all alike in chance."""
        return math.prod(math.perm(self.n_waves, len(members)) for members in self._members)

    @cached_property
    def _members(self) -> list[list[int]]:
        return [
            [at for at, one in enumerate(self.groups) if one == group]
            for group in sorted(set(self.groups))
        ]

    def orders(self, seed: int) -> Ints:
        """Return (k, n) waves from 0: all orders, or `MAX_ORDERS` by lot, the drawn one first."""
        drawn = np.array(self.waves, dtype=np.int64) - 1
        if self.n_orders <= MAX_ORDERS:
            return np.array(list(self._all_orders()), dtype=np.int64).reshape(-1, len(drawn))
        rng = np.random.default_rng(seed)
        lots = np.empty((MAX_ORDERS, len(drawn)), dtype=np.int64)
        for members in self._members:
            ranks = rng.random((MAX_ORDERS, self.n_waves)).argsort(axis=1)
            lots[:, members] = ranks[:, : len(members)]
        return np.vstack([drawn, lots])

    def _all_orders(self) -> Iterator[list[int]]:
        ways = [permutations(range(self.n_waves), len(members)) for members in self._members]
        for chosen in product(*ways):
            order = [0] * len(self.groups)
            for members, waves in zip(self._members, chosen, strict=True):
                for at, wave in zip(members, waves, strict=True):
                    order[at] = wave
            yield order


@dataclass(frozen=True)
class TrialEffect:
    """What a trial shows.

    Fields: `statistic`, `p_fewer`, `p_more`, `n_orders`, `is_sampled`, `ratio`, `low`, `high`.
    """

    statistic: float  # counted less expected where work has begun, less the same where it waits
    p_fewer: float  # share of orders with a statistic as small
    p_more: float  # share of orders with one as large
    n_orders: int  # orders that could have been drawn
    is_sampled: bool  # whether the shares are of orders drawn by lot
    ratio: float | None  # times as many as without work; None where no ratio fits
    low: float | None  # 90 % interval; None where the draw sets no bound
    high: float | None

    @property
    def is_too_few(self) -> bool:
        """Whether no outcome at all could show an effect."""
        return self.n_orders * FEWER_P < 1

    @property
    def verdict(self) -> str:
        """`fewer`, `more`, `no effect shown` or `too few to say`."""
        if self.is_too_few:
            return "too few to say"
        if self.p_fewer <= FEWER_P:
            return "fewer"
        return "more" if self.p_more <= MORE_P else "no effect shown"


def measure_trial(
    counted: Sequence[Sequence[float]] | Floats,
    expected: Sequence[Sequence[float]] | Floats,
    design: TrialDesign,
    *,
    seed: int = 0,
) -> TrialEffect:
    """Measure the effect of work that began in an order drawn by lot.

    The statistic is counted less expected in areas where work has begun, less the same where it
    still waits, over the months in which some wait. Its chance is exact: the share of all orders
    that could have been drawn (Fisher's randomization test). The interval holds the common ratios
    that this test does not refuse: with work there come so many times as many as without.

    Parameters
    ----------
    counted, expected
        (n, m) incidents of each area and month from the first start on, and what would have come
        without work. Months after the last start are left out.
    design
        How the starts were drawn.
    seed
        For the lots, where more orders are possible than can be listed.

    Returns
    -------
    TrialEffect
        The statistic, its chances, and the ratio with its 90 % interval.

    Raises
    ------
    ParamError
        If the tables do not match the design, hold no month, or what no count can be.

    References
    ----------
    Fisher (1935), The Design of Experiments. Imai, King & Nall (2009), Statistical Science 24,
    pp. 29-53, on matched pairs. Phipson & Smyth (2010), on p-values of sampled orders.

    Examples
    --------
    >>> design = csa.TrialDesign((1, 1, 2, 2), (1, 2, 1, 2), n_waves=2, months_between=6)
    >>> effect = csa.measure_trial([[5], [9], [8], [10]], [[8], [8], [8], [8]], design)
    >>> effect.statistic, effect.p_fewer, effect.verdict
    (-6.0, 0.25, 'too few to say')
    """
    counts, means = np.array(counted, dtype=np.float64), np.array(expected, dtype=np.float64)
    n_areas = len(design.waves)
    if counts.shape != means.shape or counts.ndim != 2 or len(counts) != n_areas:
        raise ParamError("trial.shape", given=counts.shape, other=means.shape, n=n_areas)
    counts, means = (of[:, : design.clean_months] for of in (counts, means))
    both = np.concatenate([counts.ravel(), means.ravel()])
    if not counts.shape[1] or not (np.isfinite(both).all() and (both >= 0).all()):
        raise ParamError("trial.counts")
    signs = design.signs(counts.shape[1])  # (w, m)
    drawn = np.array(design.waves) - 1
    has_begun = signs[drawn] > 0  # (n, m)
    orders = design.orders(seed)

    def sums(without_work: Floats) -> tuple[float, Floats]:
        by_wave = (without_work - means) @ signs.T  # (n, w)
        areas = np.arange(n_areas)
        return float(by_wave[areas, drawn].sum()), by_wave[areas, orders].sum(axis=1)

    def chances(of: Floats) -> tuple[float, float]:
        own, others = sums(of)
        slack = TIE * max(1.0, float(np.abs(of).sum()))
        return float((others <= own + slack).mean()), float((others >= own - slack).mean())

    def lack(log_ratio: float) -> float:
        own, others = sums(np.where(has_begun, counts / math.exp(log_ratio), counts))
        return own - float(others.mean())

    p_fewer, p_more = chances(counts)
    ends = float(np.log(RATIOS[0])), float(np.log(RATIOS[-1]))
    has_root = lack(ends[0]) > 0 > lack(ends[1])
    best = math.exp(brentq(lack, *ends)) if has_root else None
    fits = [
        float(ratio)
        for ratio in sorted([*RATIOS, *([best] if best else [])])
        if min(chances(np.where(has_begun, counts / ratio, counts))) > TAIL
    ]
    return TrialEffect(
        statistic=sums(counts)[0],
        p_fewer=p_fewer,
        p_more=p_more,
        n_orders=design.n_orders,
        is_sampled=design.n_orders > MAX_ORDERS,
        ratio=best,
        low=None if not fits or fits[0] == RATIOS[0] else fits[0],
        high=None if not fits or fits[-1] == RATIOS[-1] else fits[-1],
    )
