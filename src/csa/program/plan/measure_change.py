"""Whether a measure changed by more than chance, and how it compares with its target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from scipy.special import ndtri

from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.stats import LEVEL, chance_of, count_interval
from csa.base.text import percent
from csa.program.plan.measures import (
    MIN_ANSWERS,
    Kind,
    Quarter,
    Value,
    find_kind,
    format_value,
    last_update,
    latest,
)

# ---- The arithmetic of a change: differences, their ranges, and what chance would give.


SHARE_LEVEL = 0.04
"""The range of a difference of shares holds 95% on average, at some shares 94%: a change is
claimed only where the range of 96% shows it too, and then chance is at most 5% at every share."""

LEAST_BEFORE = 10
"""With fewer, a change is not shown in percent: 3 to 5 is not +67%."""

LEAST_CASES = 10
"""Below so many cases a share is shown without a verdict."""


@dataclass(frozen=True)
class ValueComparison:
    """A comparison."""

    difference: float  # after less what was expected from before
    low: float | None  # lower bound of its 95% range; None without a probability model
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
    what = msg(
        "term.span",
        first=format_value(before, kind.name),
        last=format_value(after, kind.name),
    )
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
    what = format_counts(n_before, n_after, len(before), len(after), scale / usual)
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


def format_counts(
    n_before: int, n_after: int, q_before: int, q_after: int, scale: float
) -> Message:
    """Write two counts, how many quarters each is of where that differs, and the change."""
    if q_before == q_after:
        what = msg("term.span", first=f"{n_before:,}", last=f"{n_after:,}")
    else:
        what = msg(
            "measures.from_to_in",
            before=f"{n_before:,}",
            after=f"{n_after:,}",
            quarters_before=msg("measures.quarters", n=q_before),
            quarters_after=msg("measures.quarters", n=q_after),
        )
    if n_before < LEAST_BEFORE:
        return what
    change = round(100 * (n_after / (scale * n_before) - 1))
    return msg("measures.with_percent", what=what, change=change)


def _compare_shares(
    before: Sequence[Value], after: Sequence[Value], kind: Kind, usual: float
) -> ValueComparison:
    share_before, n_before = _pooled(before, kind)
    share_after, n_after = _pooled(after, kind)
    what = msg("term.span", first=percent(share_before), last=percent(share_after))
    difference = share_after - usual * share_before
    if n_before is None or n_after is None:
        return ValueComparison(difference, None, None, 0, is_enough=False, what=what)
    (low, high), surer = (
        _range(
            share_after,
            _wilson(share_after, n_after, level),
            share_before,
            _wilson(share_before, n_before, level),
            usual,
        )
        for level in (LEVEL, SHARE_LEVEL)
    )
    is_enough = min(n_before, n_after) >= LEAST_CASES
    if kind.is_survey:
        is_enough &= min(_answers(before), _answers(after)) >= MIN_ANSWERS
    sign = (surer[0] > 0) - (surer[1] < 0)
    return ValueComparison(difference, low, high, sign, is_enough, what)


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


Direction: TypeAlias = Literal["down", "up", "none"]
"""Where a measure should go."""

DIRECTIONS = ("down", "up", "none")


class MeasureVerdict(StrEnum):
    """The verdict on a measure's change."""

    BETTER = "better"
    WORSE = "worse"
    MOVED = "moved"
    NO_CHANGE = "no-change-shown"
    TOO_FEW = "too-few"
    NO_BASELINE = "no-baseline"
    NO_VALUE = "no-value"


class Progress(StrEnum):
    """How a value compares with its target."""

    MET = "met"
    TOWARD = "toward"
    AWAY = "away"
    UNCHANGED = "unchanged"
    NO_TARGET = "no-target"
    NO_BASELINE = "no-baseline"
    NO_VALUE = "no-value"


@dataclass(frozen=True)
class MeasureChange:
    """A change, and its verdict."""

    verdict: MeasureVerdict  # the verdict
    message: Message  # the sentence
    difference: float | None = None  # after less what was expected from before
    low: float | None = None  # lower bound of its 95% range, if there is one
    high: float | None = None  # upper bound of its 95% range, if there is one
    usual: float | None = None
    what: Message | None = None  # the two values compared; None if nothing was


def assess_change(
    kind: str,
    direction: Direction,
    before: Sequence[Value],
    after: Sequence[Value],
    dispersion: float = 1.0,
    usual: float | None = None,
) -> MeasureChange:
    """Test whether a measure changed between two spans of quarters.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, pp. 873-890. Zou & Donner (2008), Statistics in
    Medicine 27, pp. 1693-1702. Kish (1965), Survey Sampling, pp. 257-259.
    """
    of_kind = find_kind(kind)
    _refuse_direction(direction)
    if len({(value.measure, value.place) for value in (*before, *after)}) > 1:
        raise ParamError("measures.mixed")
    for name, given in (("dispersion", dispersion), ("usual", usual)):
        if given is not None and not (math.isfinite(given) and given > 0):
            raise ParamError("param.above_0", name=name, given=given)
    first, then = latest(before), latest(after)
    both = {value.quarter for value in first} & {value.quarter for value in then}
    if both:
        raise ParamError("measures.overlap", quarter=min(both))
    since = last_update((*first, *then))
    first, then = _filled(first, of_kind), _filled(then, of_kind)
    judged = _without_comparison(first, then, since)
    if judged is None:
        found = compare(of_kind, first, then, max(1.0, dispersion), usual or 1.0)
        judged = _judged(found, of_kind, direction)
        if usual is not None and found.low is not None:
            said = msg("measures.with_usual", said=judged.message, usual=usual)
            judged = replace(judged, message=said)
    return replace(judged, usual=usual)


def on_target(
    value: float | None, baseline: float | None, target: float | None, direction: Direction
) -> Progress:
    """Compare a value with its target; `assess_change` decides whether it moved by chance."""
    _refuse_direction(direction)
    if target is None:
        return Progress.NO_TARGET
    if value is None:
        return Progress.NO_VALUE
    left = _left(value, target, direction)
    if left <= 0:
        return Progress.MET
    if baseline is None:
        return Progress.NO_BASELINE
    left_before = _left(baseline, target, direction)
    if left == left_before:
        return Progress.UNCHANGED
    return Progress.TOWARD if left < left_before else Progress.AWAY


def _left(value: float, target: float, direction: Direction) -> float:
    """Return the distance left to the target; below 0 where it is passed."""
    if direction == "none":
        return abs(value - target)
    return value - target if direction == "down" else target - value


def _refuse_direction(direction: str) -> None:
    if direction not in DIRECTIONS:
        raise ParamError(
            "param.one_of", name="direction", given=direction, known=", ".join(DIRECTIONS)
        )


def _filled(values: Sequence[Value], kind: Kind) -> tuple[Value, ...]:
    """Keep values that can be compared: 0 of 0 is only an update."""
    if kind.shape != "share":
        return tuple(value for value in values if value.value is not None)
    return tuple(value for value in values if value.value is not None and value.denominator != 0)


def _without_comparison(
    before: Sequence[Value], after: Sequence[Value], since: Quarter | None
) -> MeasureChange | None:
    if not after:
        none = msg("measures.never") if since is None else msg("measures.no_update", since=since)
        return MeasureChange(MeasureVerdict.NO_VALUE, none)
    if not before:
        return MeasureChange(MeasureVerdict.NO_BASELINE, msg("measures.no_baseline"))
    bases = sorted({value.basis for value in (*before, *after)})
    if len(bases) > 1:
        listed = ", ".join(basis or str(msg("measures.unsaid")) for basis in bases)
        return MeasureChange(
            MeasureVerdict.NO_BASELINE, msg("measures.basis_changed", listed=listed)
        )
    return None


def _judged(found: ValueComparison, kind: Kind, direction: Direction) -> MeasureChange:
    verdict = verdict_of(found.sign, direction) if found.is_enough else MeasureVerdict.TOO_FEW
    key = {
        MeasureVerdict.BETTER: "measures.better",
        MeasureVerdict.WORSE: "measures.worse",
        MeasureVerdict.MOVED: "measures.moved",
        MeasureVerdict.TOO_FEW: "measures.too_few",
    }.get(verdict, "measures.no_change")
    if kind.shape == "number":  # without a probability model
        key = "measures.stated" if kind.is_yes_no else "measures.no_range"
    message = msg(key, what=found.what)
    return MeasureChange(verdict, message, found.difference, found.low, found.high, what=found.what)


def verdict_of(sign: int, direction: Direction) -> MeasureVerdict:
    """Judge a rise (1), a fall (-1) or neither (0) by where a measure should go."""
    if not sign:
        return MeasureVerdict.NO_CHANGE
    if direction == "none":
        return MeasureVerdict.MOVED
    return MeasureVerdict.BETTER if (sign < 0) == (direction == "down") else MeasureVerdict.WORSE
