"""The plan's measures at a quarterly review: now, baseline, target, and a one-word verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from csa.base.message import Message, say
from csa.plan.measures import MeasureVerdict, Progress, Quarter, Value, figure_words
from csa.reports.briefing.measuring import MeasureLine


@dataclass(frozen=True)
class AtQuarter:
    """A measure as shown at a review."""

    line: MeasureLine  # the measure
    is_current: bool  # whether it has a value for the last completed quarter or later
    now: str  # the current value in words; empty if there is none
    baseline: str  # the baseline in words; empty if there is none
    target: str  # the target in words; empty if there is none
    is_met: bool  # whether the target is met now
    word: Message  # the verdict
    what: Message | None  # the two values compared; None if nothing was, or it is old

    @property
    def is_judged(self) -> bool:
        """Whether it changed by more than chance would explain; all else is shown in gray."""
        claims = {MeasureVerdict.BETTER, MeasureVerdict.WORSE, MeasureVerdict.MOVED}
        return self.is_current and self.line.judged.verdict in claims


def at_quarter(measures: Sequence[MeasureLine], today: date) -> tuple[AtQuarter, ...]:
    """Return how each measure stands at a review, those with a value first."""
    due = Quarter.of(today).plus(-1)
    found = [_at_quarter(line, due) for line in measures]
    return tuple(sorted(found, key=lambda at: (not at.now, not at.line.measure.is_overarching)))


def _at_quarter(line: MeasureLine, due: Quarter) -> AtQuarter:
    is_current = line.last is not None and line.last >= due
    settled = line.settled
    baseline, target = (None, None) if settled is None else (settled.baseline, settled.target)
    return AtQuarter(
        line=line,
        is_current=is_current,
        now=figure_words(line.history[-1], line.measure.kind) if line.history else "",
        baseline=_figure(line, baseline),
        target=_figure(line, target),
        is_met=is_current and line.progress is Progress.MET,
        word=_word(line, is_current=is_current),
        what=line.judged.what if is_current else None,
    )


def _figure(line: MeasureLine, number: float | None) -> str:
    """Format a baseline or target the way the measure's values are formatted."""
    if number is None:
        return ""
    measure = line.measure
    return figure_words(Value(measure.id, line.last or Quarter(1, 1), value=number), measure.kind)


def _word(line: MeasureLine, *, is_current: bool) -> Message:
    if line.last is None:
        return say("meeting.no_value")
    if not is_current:
        return say("meeting.no_update", since=line.last)
    if line.judged.message.key in {"measures.no_range", "measures.stated"}:
        return say("meeting.not_judged")
    return say(
        {
            MeasureVerdict.BETTER: "meeting.better",
            MeasureVerdict.WORSE: "meeting.worse",
            MeasureVerdict.MOVED: "meeting.moved",
            MeasureVerdict.NO_CHANGE: "meeting.no_change",
            MeasureVerdict.TOO_FEW: "meeting.too_few",
            MeasureVerdict.NO_VALUE: "meeting.no_value",
            MeasureVerdict.NO_BASELINE: "meeting.nothing_before",
        }[line.judged.verdict]
    )
