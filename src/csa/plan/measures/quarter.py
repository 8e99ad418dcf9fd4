"""A quarter of a year: the step in which measures are reported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from csa.base.errors import ParamError

PATTERN = re.compile(r"([0-9]{4})-Q([1-4])")


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a year, written `2026-Q1`."""

    year: int  # four digits
    number: int  # 1 to 4

    def __post_init__(self) -> None:
        """Refuse a year or number that is not a quarter."""
        if not (1 <= self.year <= 9999 and 1 <= self.number <= 4):
            raise ParamError("measures.quarter", given=f"{self.year}-Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read a quarter."""
        match = PATTERN.fullmatch(text)
        if match is None or int(match[1]) < 1:
            raise ParamError("measures.quarter", given=text)
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """Return the quarter that holds a day."""
        return cls(day.year, (day.month + 2) // 3)

    def plus(self, n: int) -> Quarter:
        """Return the quarter so many quarters later (earlier when negative)."""
        index = self.year * 4 + self.number - 1 + n
        return Quarter(index // 4, index % 4 + 1)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        """Its last day."""
        if self.number == 4:  # the day after December 9999 is not a date
            return date(self.year, 12, 31)
        return date(self.year, 3 * self.number + 1, 1) - timedelta(days=1)

    def is_over(self, today: date) -> bool:
        """Check whether its last day has passed."""
        return self.last_day < today

    def __str__(self) -> str:
        """Return the quarter as `2026-Q1`."""
        return f"{self.year:04d}-Q{self.number}"
