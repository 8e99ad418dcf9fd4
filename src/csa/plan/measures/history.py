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
    """Keep the newest revision of each measure, place and quarter.

    Parameters
    ----------
    values
        In any order.

    Returns
    -------
    tuple
        One each, by measure, place and quarter.
    """
    newest: dict[Slot, Value] = {}
    for value in values:
        slot = _slot(value)
        if slot not in newest or value.number > newest[slot].number:
            newest[slot] = value
    return tuple(newest[slot] for slot in sorted(newest))


def revised(values: Iterable[Value], kind: str) -> tuple[Message, ...]:
    """Tell what was changed after it was first told: "was 12, now 14".

    Parameters
    ----------
    values
        Of one kind, all revisions, in any order.
    kind
        Of `csa.plan.measures.KINDS`.

    Returns
    -------
    tuple
        One a change, by measure, place, quarter and revision. A revision that changes no more than
        a remark is none.
    """
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
    """List the quarters of which nothing was told.

    Parameters
    ----------
    values
        Of one measure and place.
    until
        The last quarter that should be there; None for the last that is.

    Returns
    -------
    tuple
        Quarters without a value, from the first that has one on; none where there is no value.
    """
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
    """Tell the newest quarter of which something was told.

    Parameters
    ----------
    values
        Of one measure and place.

    Returns
    -------
    Quarter or None
        The quarter; None where there is no value.
    """
    return max((value.quarter for value in values), default=None)


def _slot(value: Value) -> Slot:
    return value.measure, value.place, value.quarter


def _with_basis(value: Value, kind: str) -> str:
    return f"{told(value, kind)} ({value.basis})" if value.basis else told(value, kind)
