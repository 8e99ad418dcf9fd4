"""Measures in words: a value, what a measure lacks, what is known in a place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from csa.base.text import render, tr
from csa.program.plan.measure_change import MeasureVerdict
from csa.program.plan.measures import Quarter, Value, figure_words, find_kind
from csa.reports.briefing.measuring import MeasureLine, lacks

CLAIMS = (MeasureVerdict.BETTER, MeasureVerdict.WORSE, MeasureVerdict.MOVED)
"""Verdicts that claim a change; all else is shown in gray."""
MOST_NAMED = 3


def number_words(number: float, kind: str) -> str:
    """Format a baseline or target like the measure's values."""
    return figure_words(Value("", Quarter(1, 1), value=number), kind)


def applies_here(line: MeasureLine) -> bool:
    """Return whether a measure's baseline and target, which are the city's, apply to its place."""
    return not line.place or find_kind(line.measure.kind).shape != "count"


def lack_words(line: MeasureLine) -> str:
    """List in words what a measure still lacks."""
    return ", ".join(render(message) for message in lacks(line))


def has_own_value(line: MeasureLine) -> bool:
    """Return whether a place has a value of its own to show."""
    return line.shown.value is not None and not line.shown.is_wider


def is_old(line: MeasureLine, today: date) -> bool:
    """Return whether the last completed quarter has no reported value."""
    return line.last is None or line.last < Quarter.of(today).plus(-1)


def known_words(lines: Sequence[MeasureLine], today: date) -> str:
    """Summarize the measures of a place in a sentence or two."""
    known = [line for line in lines if has_own_value(line)]
    if not known:
        return tr("here.known_none", n=len(lines))
    current = [line for line in known if not is_old(line, today)]
    said = [tr("here.known", n=len(known), of=len(lines))]
    changes = [_changed(current, verdict) for verdict in CLAIMS]
    said += [change for change in changes if change]
    if current and not any(changes):
        said.append(tr("here.changed_none"))
    n_old = len(known) - len(current)
    if n_old:
        said.append(tr("here.n_old", n=n_old))
    return " ".join(said)


def _changed(lines: Sequence[MeasureLine], verdict: MeasureVerdict) -> str:
    """Name the measures that changed in one direction by more than chance would explain."""
    names = [line.measure.name for line in lines if line.change.verdict is verdict]
    if not names:
        return ""
    left = len(names) - MOST_NAMED
    if left > 0:
        names = [*names[:MOST_NAMED], tr("here.and_more", n=left)]
    key = {
        MeasureVerdict.BETTER: "here.better",
        MeasureVerdict.WORSE: "here.worse",
        MeasureVerdict.MOVED: "here.moved",
    }[verdict]
    return tr(key, names="; ".join(names))
