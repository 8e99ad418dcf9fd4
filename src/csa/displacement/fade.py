"""Whether a change that was shown is over, and when it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

from csa.base.arrays import Floats, Ints
from csa.displacement.expectation import Expectation

if TYPE_CHECKING:
    from csa.displacement.verdict import Track

LATER_MONTHS = 3
"""A change is not called over by fewer months."""

FADED_Z = 3.0
"""Later months that differ so much from those before show that a change is over."""

FADED_UNSHOWN_Z = 2.0
"""So do such, where all months together show the change no longer."""

DRIFT = 0.1
"""A change that goes on may become so much weaker or stronger without being called over."""


@dataclass(frozen=True)
class Fade:
    """A change that was shown and is over."""

    sign: int  # -1 fewer, 1 more
    months: int  # how many months it lasted, from the start on
    counted: int  # incidents in them
    expected: float  # what would have come
    later_counted: int  # incidents in the months since
    later_expected: float


def find_fade(core: Track, sign: int, at: int, *, is_shown: bool) -> Fade | None:
    """Return the change that was shown and is over; None where it goes on.

    It is over where the months since show no such change, tested on their own, and either they
    differ much from those before, or somewhat and all months together show none any more. It
    ended after the month that parts the counts best into two spans of one rate each.
    """
    counted, mean = core.counted[: at + 1], core.expectation.mean[: at + 1]
    last = _last_month(counted, mean)
    if last is None:
        return None
    came, would = counted[at:] - counted[last], mean[at:] - mean[last]
    dispersion, error = core.expectation.dispersion, core.expectation.relative_error[at:][:1]
    alone = Expectation(would, error, dispersion).z(came)[0]
    if sign * alone >= core.line[at - last - 1]:
        return None
    known = np.maximum(counted[last : last + 1], 0.5)  # none at all may have been a few
    doubt = np.hypot(np.sqrt(dispersion / known), DRIFT)
    as_before = would * known / mean[last]
    differs = -sign * Expectation(as_before, doubt, dispersion).z(came)[0]
    if differs < (FADED_Z if is_shown else FADED_UNSHOWN_Z):
        return None
    first = int(counted[last]), float(mean[last])
    return Fade(sign, last + 1, *first, int(came[0]), float(would[0]))


def _last_month(counted: Ints, mean: Floats) -> int | None:
    """Return the month, from 0, that parts counts so far into the two spans that differ most.

    By the likelihood of two rates, each with counts of Poisson's law; None where nothing was
    expected before or after.
    """
    early, late = slice(0, max(0, len(counted) - LATER_MONTHS)), slice(len(counted) - 1, None)
    before, after = mean[early], mean[late] - mean[early]
    is_told = (before > 0) & (after > 0)
    if not is_told.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        likely = xlogy(counted[early], counted[early] / before)
        rest = counted[late] - counted[early]
        likely = likely + xlogy(rest, rest / after)
    return int(np.argmax(np.where(is_told, likely, -np.inf)))
