"""A measure's values over time: the latest of each quarter, what was revised, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TypeAlias

from csa.base.message import Message, say
from csa.plan.measures.quarter import Quarter
from csa.plan.measures.showing import told
from csa.plan.measures.value import Value

Slot: TypeAlias = tuple[str, str, Quarter]
"""Measure, place, quarter."""


def latest(values: Iterable[Value]) -> tuple[Value, ...]:
    """Keep the newest revision of each measure, place and quarter."""
    newest: dict[Slot, Value] = {}
    for value in values:
        slot = _slot(value)
        if slot not in newest or value.number > newest[slot].number:
            newest[slot] = value
    return tuple(newest[slot] for slot in sorted(newest))


def revised(values: Iterable[Value], kind: str) -> tuple[Message, ...]:
    """List what was changed after it was first reported: "was 12, now 14"."""
    order = sorted(values, key=lambda value: (_slot(value), value.number))
    changes = []
    for earlier, later in pairwise(order):
        if _slot(earlier) != _slot(later):
            continue
        was, now = _with_basis(earlier, kind), _with_basis(later, kind)
        if was != now:
            changes.append(say("measures.was_now", quarter=later.quarter, was=was, now=now))
    return tuple(changes)


def missing_quarters(values: Iterable[Value], until: Quarter | None = None) -> tuple[Quarter, ...]:
    """List the quarters without a reported value."""
    there = {value.quarter for value in values}
    if not there:
        return ()
    quarter, last = min(there), max(there) if until is None else until
    missing = []
    while quarter < last:
        quarter = quarter.plus(1)
        if quarter not in there:
            missing.append(quarter)
    return tuple(missing)


def last_update(values: Iterable[Value]) -> Quarter | None:
    """Return the newest quarter with a reported value."""
    return max((value.quarter for value in values), default=None)


def _slot(value: Value) -> Slot:
    return value.measure, value.place, value.quarter


def _with_basis(value: Value, kind: str) -> str:
    return f"{told(value, kind)} ({value.basis})" if value.basis else told(value, kind)
