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

BAND_EDGES_M = (RING_M, 2 * RING_M, 4 * RING_M)
"""All areas together are asked so far out for what came elsewhere: in each band by itself."""

BASE_MONTHS = 36
"""Months before the start that expected counts rest on, as in proposals."""

ALARM_CHANCE = 0.05
"""How often the boundaries of an unchanged city raise any alarm, over the planned months; e-values
add `EVIDENCE_CHANCE`."""

PLANNED_LOOKS = 24
"""Months that the boundary is drawn for; each year after them adds to the chance of an alarm, so
that the boundary of past months, and their verdicts, stay."""

NET_Z = 1.96
"""Beyond it, all within a distance together exclude that all of a fall moved no farther."""

NET_MONTHS = 12
"""They are asked once a year: asked every month, they would too often be wrong at some look."""

BAND_Z = 2.77
"""Beyond it, more than expected came in a band: .025 over three bands at three yearly looks."""

SINGLE_Z = 2.33
"""Of one area that has fewer: beyond it, more came in its ring, or fewer in both together."""

EVIDENCE_CHANCE = 0.02
"""How often any of the single areas of an unchanged city is said to have fewer, by e-values."""


class Verdict(StrEnum):
    """What is said of an area and what lies around it, against what was expected: a closed set.

    `FEWER` and `FEWER_WIDE` exclude that all moved within 750 and 1,500 m; farther cannot be told.
    """

    NO_CHANGE = "no clear change"
    FEWER = "fewer here and within 750 m"
    FEWER_WIDE = "fewer here and within 1,500 m"
    FEWER_UNKNOWN = "fewer here; may have moved"
    FEWER_MOVED = "fewer here, more nearby"
    FEWER_MOVED_ON = "fewer here, more 750 to 1,500 m away"
    FEWER_MOVED_FAR = "fewer here, more 1,500 to 3,000 m away"
    FEWER_FEWER_NEXT = "fewer here and nearby"
    FEWER_ONCE = "fewer for a while, no longer"
    MORE = "more here"
    MORE_ONCE = "more for a while, no longer"
    MORE_NEXT = "more nearby"
    TOO_FEW = "too small to tell"
    TOO_EARLY = "too early to tell"

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
        "band_edges_m": list(BAND_EDGES_M),
        "band_z": BAND_Z,
        "single_z": SINGLE_Z,
        "evidence_chance": EVIDENCE_CHANCE,
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
