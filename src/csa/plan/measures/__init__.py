"""Measures: values by quarter and place, their history, their change and their targets.

Arithmetic and rules; no file, no database, no screen. A measure's kind and which direction is
better come from the plan, and are passed in.
"""

from csa.plan.measures.assess import (
    Direction,
    MeasureChange,
    MeasureVerdict,
    Progress,
    judge,
    on_target,
    verdict_of,
)
from csa.plan.measures.comparing import counts_told
from csa.plan.measures.history import last_update, latest, missing_quarters, revised
from csa.plan.measures.kinds import KINDS, MIN_ANSWERS, Kind, find_kind
from csa.plan.measures.quarter import Quarter
from csa.plan.measures.showing import ShownValue, figure_words, shown_for, told
from csa.plan.measures.value import Fault, Value, checked, find_faults, make_value

__all__ = [
    "KINDS",
    "MIN_ANSWERS",
    "Direction",
    "Fault",
    "Kind",
    "MeasureChange",
    "MeasureVerdict",
    "Progress",
    "Quarter",
    "ShownValue",
    "Value",
    "checked",
    "counts_told",
    "figure_words",
    "find_faults",
    "find_kind",
    "judge",
    "last_update",
    "latest",
    "make_value",
    "missing_quarters",
    "on_target",
    "revised",
    "shown_for",
    "told",
    "verdict_of",
]
