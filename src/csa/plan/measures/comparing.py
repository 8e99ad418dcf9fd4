"""The arithmetic of a change: differences, their ranges, and what chance would give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtri

from csa.base.message import Message, say
from csa.base.stats import LEVEL, chance_of, count_interval
from csa.base.text import percent
from csa.plan.measures.kinds import MIN_ANSWERS, Kind
from csa.plan.measures.showing import told
from csa.plan.measures.value import Value

SHARE_LEVEL = 0.04
"""The range of a difference of shares holds 95 % on average, at some shares 94 %: a change is
claimed only where the range of 96 % shows it too, and then chance is at most 5 % at every share."""

LEAST_BEFORE = 10
"""With fewer, a change is not shown in percent: 3 to 5 is not +67 %."""

LEAST_CASES = 10
"""Below so many cases a share is shown without a verdict."""


@dataclass(frozen=True)
class ValueComparison:
    """A comparison."""

    difference: float  # after less what was expected from before
    low: float | None  # lower bound of its 95 % range; None without a probability model
    high: float | None  # upper bound, likewise
    sign: int  # 1 more and -1 fewer than chance would give; 0 neither
    is_enough: bool  # whether there are enough data for a verdict
    what: Message  # what was compared, in words


def compare(
    kind: Kind, before: Sequence[Value], after: Sequence[Value], dispersion: float, usual: float
) -> ValueComparison:
    """Compare two spans of quarters."""
    if kind.shape == "count":
        return _compare_counts(before, after, dispersion, usual)
    if kind.shape == "share":
        return _compare_shares(before, after, kind, usual)
    return _compare_last(before[-1], after[-1], kind)


def _compare_last(before: Value, after: Value, kind: Kind) -> ValueComparison:
    """Compare figures without a probability model: a yes is a fact, a score gets no verdict."""
    difference = (after.value or 0.0) - (before.value or 0.0)
    what = say("measures.from_to", before=told(before, kind.name), after=told(after, kind.name))
    sign = (difference > 0) - (difference < 0)
    return ValueComparison(difference, None, None, sign, kind.is_yes_no, what)


def _compare_counts(
    before: Sequence[Value], after: Sequence[Value], dispersion: float, usual: float
) -> ValueComparison:
    n_before, n_after = (round(sum(v.value or 0 for v in side)) for side in (before, after))
    time_before, time_after = _exposures(before, after)
    scale = usual * time_after / time_before
    wider = math.sqrt(dispersion)
    difference = n_after - scale * n_before
    low, high = _range(
        n_after, count_interval(n_after), n_before, count_interval(n_before), scale, wider
    )
    exposures = usual * time_after, time_before
    p = chance_of(n_after, n_before, *exposures, dispersion)
    # Test and range use different methods: a change is claimed only where both show it.
    sign = (low > 0) - (high < 0) if p < LEVEL else 0
    n = n_before + n_after
    surest = min(chance_of(n, 0, *exposures, dispersion), chance_of(0, n, *exposures, dispersion))
    is_enough = surest < LEVEL
    what = counts_told(n_before, n_after, len(before), len(after), scale / usual)
    return ValueComparison(difference, low, high, sign, is_enough, what)


def _exposures(before: Sequence[Value], after: Sequence[Value]) -> tuple[float, float]:
    """People times quarters if every value has people; else quarters."""
    if any(value.denominator is None for value in (*before, *after)):
        return len(before), len(after)
    return sum(v.denominator or 0 for v in before), sum(v.denominator or 0 for v in after)


def _range(
    after: float,
    ends_after: tuple[float, float],
    before: float,
    ends_before: tuple[float, float],
    scale: float,
    wider: float = 1.0,
) -> tuple[float, float]:
    """Range of after - scale x before, from the range of each (Newcombe's method 10; MOVER)."""
    down = math.hypot(after - ends_after[0], scale * (ends_before[1] - before))
    up = math.hypot(ends_after[1] - after, scale * (before - ends_before[0]))
    difference = after - scale * before
    return difference - wider * down, difference + wider * up


def counts_told(n_before: int, n_after: int, q_before: int, q_after: int, scale: float) -> Message:
    """Write two counts, how many quarters each is of where that differs, and the change."""
    if q_before == q_after:
        what = say("measures.from_to", before=f"{n_before:,}", after=f"{n_after:,}")
    else:
        what = say(
            "measures.from_to_in",
            before=f"{n_before:,}",
            after=f"{n_after:,}",
            quarters_before=say("measures.quarters", n=q_before),
            quarters_after=say("measures.quarters", n=q_after),
        )
    if n_before < LEAST_BEFORE:
        return what
    change = round(100 * (n_after / (scale * n_before) - 1))
    return say("measures.with_percent", what=what, change=change)


def _compare_shares(
    before: Sequence[Value], after: Sequence[Value], kind: Kind, usual: float
) -> ValueComparison:
    share_before, n_before = _pooled(before, kind)
    share_after, n_after = _pooled(after, kind)
    what = say("measures.from_to", before=percent(share_before), after=percent(share_after))
    difference = share_after - usual * share_before
    if n_before is None or n_after is None:
        return ValueComparison(difference, None, None, 0, is_enough=False, what=what)
    low, high = _share_range(share_after, n_after, share_before, n_before, usual)
    surer = _share_range(share_after, n_after, share_before, n_before, usual, SHARE_LEVEL)
    is_enough = min(n_before, n_after) >= LEAST_CASES
    if kind.is_survey:
        is_enough &= min(_answers(before), _answers(after)) >= MIN_ANSWERS
    sign = (surer[0] > 0) - (surer[1] < 0)
    return ValueComparison(difference, low, high, sign, is_enough, what)


def _share_range(
    after: float,
    n_after: float,
    before: float,
    n_before: float,
    scale: float,
    level: float = LEVEL,
) -> tuple[float, float]:
    ends_after, ends_before = _wilson(after, n_after, level), _wilson(before, n_before, level)
    return _range(after, ends_after, before, ends_before, scale)


def _answers(values: Sequence[Value]) -> int:
    return sum(value.answers or 0 for value in values)


def _pooled(values: Sequence[Value], kind: Kind) -> tuple[float, float | None]:
    """Pool shares by their cases or answers; return the effective sample size too."""
    sizes = [value.answers if kind.is_survey else value.denominator for value in values]
    if not all(sizes):  # a share without its parts: its error is unknown
        return sum(value.value or 0 for value in values) / len(values), None
    cases = [float(size or 0) for size in sizes]
    effects = [value.design_effect or 1.0 if kind.is_survey else 1.0 for value in values]
    total = sum(cases)
    share = sum(n * (v.value or 0) for n, v in zip(cases, values, strict=True)) / total
    return share, total**2 / sum(n * effect for n, effect in zip(cases, effects, strict=True))


def _wilson(share: float, n: float, level: float) -> tuple[float, float]:
    """Return Wilson's range of a share (1927)."""
    z = -float(ndtri(level / 2))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return middle - half, middle + half
