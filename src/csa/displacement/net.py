"""What is left in all, and which share of a fall is found next door: each with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from csa.displacement.verdict import AreaVerdict

COVERAGE = 0.9
"""Of the intervals."""

DRAWS = 20_000
SEED = 20201001


@dataclass(frozen=True)
class NetChange:
    """Core and ring together: what was counted, less what was expected."""

    change: float  # incidents; below 0 for fewer
    low: float  # 9 in 10 lie between
    high: float


@dataclass(frozen=True)
class MovedShare:
    """Which share of what is missing in the core is found next door beyond what was expected."""

    missing: float  # incidents fewer in the core than expected
    share: float  # of them, found next door; below 0 where it is fewer there too
    low: float  # 9 in 10 lie between; endless where the fall itself may be none
    high: float


def net_change(judged: AreaVerdict, at: int) -> NetChange | None:
    """Return what is left in all after so many months (from 0); None without a ring or too few."""
    net = judged.net
    if net is None or not net.is_told[at]:
        return None
    low, high = net.expectation.bounds(-float(ndtri((1 - COVERAGE) / 2)))
    counted, expected = int(net.counted[at]), float(net.expectation.mean[at])
    return NetChange(counted - expected, float(counted - high[at]), float(counted - low[at]))


def moved_share(judged: AreaVerdict, at: int) -> MovedShare | None:
    """Estimate which share of a fall moved next door; None where the core did not fall.

    What would have come here and next door is drawn many times, as far apart and as alike as the
    errors of core, ring and both together say: the error of a ratio is not that of its parts.
    """
    core, ring, net = judged.core, judged.ring, judged.net
    if ring is None or net is None or core.sign[at] >= 0 or not ring.is_told[at]:
        return None
    here, there, both = (float(one.expectation.variance[at]) for one in (core, ring, net))
    most = 0.99 * np.sqrt(here * there)
    covariance = float(np.clip((both - here - there) / 2, -most, most))
    means = [core.expectation.mean[at], ring.expectation.mean[at]]
    drawn = np.random.default_rng(SEED).multivariate_normal(
        means, [[here, covariance], [covariance, there]], DRAWS
    )
    missing, more = drawn[:, 0] - core.counted[at], ring.counted[at] - drawn[:, 1]
    shares = np.where(
        missing > 0, more / np.where(missing > 0, missing, 1.0), np.inf * np.sign(more)
    )
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(shares, [tail, 1 - tail], method="nearest")
    fell = float(means[0] - core.counted[at])
    return MovedShare(fell, float((ring.counted[at] - means[1]) / fell), float(low), float(high))
