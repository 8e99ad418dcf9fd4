"""A statement: what an answer says, as data, before anybody words or draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from csa.base.message import Message, msg
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

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "period": [str(self.period.start), str(self.period.until)],
            "lasted": None if self.lasted is None else str(self.lasted),
            "headline": [self.headline.key, dict(self.headline.values)],
            "sentence": [self.sentence.key, dict(self.sentence.values)],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Statement:
        """Read one from plain values."""
        start, until = map(Month.parse, plain["period"])
        lasted, words = plain["lasted"], {}
        for name in ("headline", "sentence"):
            key, values = plain[name]
            words[name] = msg(key, **values)
        return cls(
            **{**plain, **words}
            | {"period": Period(start, until), "lasted": lasted and Month.parse(lasted)}
        )
