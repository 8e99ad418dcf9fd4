"""How an area will be judged, closed on the day it is designated: nobody can choose it later.

The rules that `csa.change` follows stand here, below it, so that a designation can seal them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from csa.base.errors import ParamError
from csa.base.params import Month
from csa.base.schema import KINDS
from csa.city.selection import first_month

RING_M = 750.0
"""An area's ring is the cells whose center is less than so many meters from that of a cell of the
area: with cells of resolution 9, about those within two steps (540 to 750 m; three are 820 m or
more, by where on the globe)."""

BASE_MONTHS = 36
"""Months before the start that expected counts rest on, as in proposals."""

ALARM_CHANCE = 0.05
"""How often an unchanged city raises any alarm at all, over the planned months."""

PLANNED_LOOKS = 24
"""Months that the boundary is drawn for; each year after them adds to the chance of an alarm, so
that the boundary of past months, and their verdicts, stay."""

NET_Z = 1.96
"""Beyond it, core and ring together exclude that all of a fall moved next door."""

NET_MONTHS = 12
"""They are asked once a year: asked every month, they would too often be wrong at some look."""


class Verdict(StrEnum):
    """What is said of an area and its ring: a closed set. `FEWER` excludes that all moved."""

    NO_CHANGE = "no change shown"
    FEWER = "fewer, and fewer in all"
    FEWER_UNKNOWN = "fewer here; whether it moved cannot be told"
    FEWER_MOVED = "fewer here, moved next door"
    FEWER_FEWER_NEXT = "fewer here and next door"
    FEWER_ONCE = "fewer for a time"
    MORE = "more here"
    MORE_ONCE = "more for a time"
    MORE_NEXT = "more next door"
    TOO_FEW = "too few to say"
    TOO_EARLY = "too early to say"

    @property
    def is_alarm(self) -> bool:
        """Whether it claims a change."""
        return self not in {Verdict.NO_CHANGE, Verdict.TOO_FEW, Verdict.TOO_EARLY}


SEALED = "evaluation"
"""Its name in the evidence of a step."""

RULES_VERSION = 1
WINDOWS = (12, 24, 36)
"""Months after the start at which the answer is given."""


def preregister(cells: Sequence[str], on: date, kinds: Sequence[str] = ()) -> dict[str, Any]:
    """Write down how an area will be judged, with a hash that tells any later change.

    Parameters
    ----------
    cells
        The area's H3 cells, 15 hexadecimal digits each, in any order.
    on
        The day from which the area has these cells: counted from the first whole month on.
    kinds
        The kinds of incident counted; none for all.

    Returns
    -------
    dict
        Plain values; `sha256` is that of all others, as JSON with sorted keys.

    Examples
    --------
    >>> from datetime import date
    >>> from csa.city.preregistration import is_intact, preregister
    >>> agreed = preregister(["8a2a1072b59ffff"], date(2024, 3, 5))
    >>> agreed["since"], is_intact(agreed), is_intact(agreed | {"since": "2023-03"})
    ('2024-04', True, False)
    """
    rules = {
        "rules_version": RULES_VERSION,
        "cells": sorted(cells),
        "ring_m": RING_M,
        "outcome": sorted(kinds) or sorted(KINDS),
        "since": str(first_month(on)),
        "months_before": BASE_MONTHS,
        "windows_months": list(WINDOWS),
        "comparison": "the rest of the city",
        "alarm_chance": ALARM_CHANCE,
        "planned_looks": PLANNED_LOOKS,
        "net_z": NET_Z,
        "net_months": NET_MONTHS,
    }
    return {**rules, "sha256": _hash(rules)}


def is_intact(sealed: Mapping[str, Any]) -> bool:
    """Return whether nothing of what was agreed has changed since."""
    rules = {name: value for name, value in sealed.items() if name != "sha256"}
    return sealed.get("sha256") == _hash(rules)


def sealed_since(sealed: Mapping[str, Any]) -> Month:
    """Return the agreed first month of after."""
    return Month.parse(sealed["since"])


def _hash(rules: Mapping[str, Any]) -> str:
    text = json.dumps(rules, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def check_seal(sealed: Mapping[str, Any], area_id: str) -> Mapping[str, Any]:
    """Return what was agreed of an area; refuse where it was changed since."""
    if not is_intact(sealed):
        raise ParamError("evaluate.broken_seal", area=area_id)
    return sealed
