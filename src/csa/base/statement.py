"""A statement: what an answer says, as data, before anybody words or draws it."""

from __future__ import annotations

from dataclasses import dataclass

from csa.base.message import Message
from csa.base.params import Month, Period

NO_CHANGE_RANGE = "no-change range"
"""The counts that would show no change: the boundary of a verdict."""


@dataclass(frozen=True)
class Statement:
    """One answer to one question, the same for every page, edition, file and command.

    Fields: `question`, `subject`, `ground`, `period`, `unit`, `value`, `comparison`, `low`, `high`,
    `range_kind`, `verdict`, `lasted`, `headline`, `sentence`, `source`.
    """

    question: str  # what is asked, such as `"change"`
    subject: str  # an area's letter or id; empty for all areas together
    ground: str  # digest of the cells that were counted
    period: Period  # the months that were counted
    unit: str  # what was counted, such as `"incidents"`
    value: float | None  # None if nothing can be said
    comparison: float | None  # what was expected
    low: float | None  # low end of the range; None where no range is said
    high: float | None  # high end of the range
    range_kind: str  # which range it is
    verdict: str  # a value of a closed set
    lasted: Month | None  # last month of a change that is over
    headline: Message  # its first sentence
    sentence: Message  # all of it in words
    source: str  # what it rests on
