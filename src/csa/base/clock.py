"""The one clock: no other module asks the machine what day it is. A city may pin its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now_utc() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """A city's clock.

    Pinned, it stands at one day, on which the hours go on as the machine's do: a made-up city's
    data end on that day, and so does its story.
    """

    time_zone: str  # the city's
    pinned: date | None = None  # the day at which it stands

    def now(self) -> datetime:
        """Return the time, in UTC."""
        now = now_utc()
        if self.pinned is None:
            return now
        there = now.astimezone(ZoneInfo(self.time_zone))
        on = self.pinned
        return there.replace(year=on.year, month=on.month, day=on.day).astimezone(UTC)

    def today(self) -> date:
        """Return the day in the city."""
        return self.now().astimezone(ZoneInfo(self.time_zone)).date()
