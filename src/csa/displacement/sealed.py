"""How an area will be judged, closed on the day it is designated: nobody can choose it later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from csa.base.params import Month
from csa.base.schema import KINDS
from csa.dataset.chosen import first_month
from csa.displacement.boundary import ALARM_CHANCE, PLANNED_LOOKS
from csa.displacement.verdict import NET_MONTHS, NET_Z
from csa.displacement.zoning import BASE_MONTHS, RING_M

SEALED = "evaluation"
"""Its name in the evidence of a step."""

RULES_VERSION = 1
WINDOWS = (12, 24, 36)
"""Months after the start at which the answer is given."""


def seal(cells: Sequence[str], on: date, kinds: Sequence[str] = ()) -> dict[str, Any]:
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
    >>> from csa.displacement.sealed import is_whole, seal
    >>> agreed = seal(["8a2a1072b59ffff"], date(2024, 3, 5))
    >>> agreed["since"], is_whole(agreed), is_whole(agreed | {"since": "2023-03"})
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


def is_whole(sealed: Mapping[str, Any]) -> bool:
    """Return whether nothing of what was agreed has changed since."""
    rules = {name: value for name, value in sealed.items() if name != "sha256"}
    return sealed.get("sha256") == _hash(rules)


def sealed_since(sealed: Mapping[str, Any]) -> Month:
    """Return the agreed first month of after."""
    return Month.parse(sealed["since"])


def _hash(rules: Mapping[str, Any]) -> str:
    text = json.dumps(rules, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
