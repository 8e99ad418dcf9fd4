"""Whether a measure changed by more than chance, and how it compares with its target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from csa.base.errors import ParamError
from csa.base.message import Message, say
from csa.plan.measures.comparing import ValueComparison, compare
from csa.plan.measures.history import last_update, latest
from csa.plan.measures.kinds import Kind, find_kind
from csa.plan.measures.quarter import Quarter
from csa.plan.measures.value import Value

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
    low: float | None = None  # lower bound of its 95 % range, if there is one
    high: float | None = None  # upper bound of its 95 % range, if there is one
    usual: float | None = None
    what: Message | None = None  # the two values compared; None if nothing was


def judge(
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
    _refuse(direction, (*before, *after), dispersion, usual)
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
            said = say("measures.with_usual", said=judged.message, usual=usual)
            judged = replace(judged, message=said)
    return replace(judged, usual=usual)


def on_target(
    value: float | None, baseline: float | None, target: float | None, direction: Direction
) -> Progress:
    """Compare a value with its target; whether it moved by chance is for `judge` to decide."""
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
        raise ParamError("measures.direction", given=direction, known=", ".join(DIRECTIONS))


def _refuse(
    direction: str, values: Sequence[Value], dispersion: float, usual: float | None
) -> None:
    _refuse_direction(direction)
    if len({(value.measure, value.place) for value in values}) > 1:
        raise ParamError("measures.mixed")
    for name, given in (("dispersion", dispersion), ("usual", usual)):
        if given is not None and not (math.isfinite(given) and given > 0):
            raise ParamError("measures.factor", name=name, given=given)


def _filled(values: Sequence[Value], kind: Kind) -> tuple[Value, ...]:
    """Keep values that can be compared: 0 of 0 is only an update."""
    if kind.shape != "share":
        return tuple(value for value in values if value.value is not None)
    return tuple(value for value in values if value.value is not None and value.denominator != 0)


def _without_comparison(
    before: Sequence[Value], after: Sequence[Value], since: Quarter | None
) -> MeasureChange | None:
    if not after:
        none = say("measures.never") if since is None else say("measures.no_update", since=since)
        return MeasureChange(MeasureVerdict.NO_VALUE, none)
    if not before:
        return MeasureChange(MeasureVerdict.NO_BASELINE, say("measures.no_baseline"))
    bases = sorted({value.basis for value in (*before, *after)})
    if len(bases) > 1:
        listed = ", ".join(basis or str(say("measures.unsaid")) for basis in bases)
        return MeasureChange(
            MeasureVerdict.NO_BASELINE, say("measures.basis_changed", listed=listed)
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
    message = say(key, what=found.what)
    return MeasureChange(verdict, message, found.difference, found.low, found.high, what=found.what)


def verdict_of(sign: int, direction: Direction) -> MeasureVerdict:
    """Judge a rise (1), a fall (-1) or neither (0) by where a measure should go."""
    if not sign:
        return MeasureVerdict.NO_CHANGE
    if direction == "none":
        return MeasureVerdict.MOVED
    return MeasureVerdict.BETTER if (sign < 0) == (direction == "down") else MeasureVerdict.WORSE
