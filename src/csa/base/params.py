"""Months and the analyst's frozen choices, each refused at once when it is outside its range."""

from __future__ import annotations

import calendar
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from csa.base.errors import ParamError

if TYPE_CHECKING:
    from csa.base.arrays import Bools, Ints

MONTH_PATTERN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
MAX_EPS_M = 5000.0
LAND_SHARE = 0.02
"""Without documented values areas cover at most this part of the land: a few places, not half
the city."""

RESOLUTION_RANGE = (6, 11)
"""Resolution 6 is a county's corner (36 km2), 11 a house and its garden (0.002 km2)."""


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, written `YYYY-MM`.

    Fields: `year`, `number`.
    """

    year: int  # four digits
    number: int  # 1 to 12

    def __post_init__(self) -> None:
        """Refuse a year or number that is not a month."""
        if not (1 <= self.year <= 9999 and 1 <= self.number <= 12):
            raise ParamError("param.month", name="month", given=f"{self.year}-{self.number}")

    @classmethod
    def parse(cls, text: str, name: str = "month") -> Month:
        """Read a month from `YYYY-MM`."""
        match = MONTH_PATTERN.fullmatch(text)
        if match is None or int(match[1]) < 1:
            raise ParamError("param.month", name=name, given=text)
        return cls(int(match[1]), int(match[2]))

    def plus(self, months: int) -> Month:
        """Return the month so many months later (earlier when negative)."""
        index = self.index + months
        return Month(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Months since the year 0."""
        return self.year * 12 + self.number - 1

    def __str__(self) -> str:
        """Return `YYYY-MM`."""
        return f"{self.year:04d}-{self.number:02d}"


def last_day(month: Month) -> date:
    """Return a month's last day."""
    return date(month.year, month.number, calendar.monthrange(month.year, month.number)[1])


@dataclass(frozen=True)
class Period:
    """Whole months: the start is included, the end is not.

    Fields: `start`, `until`.
    """

    start: Month  # the first month counted
    until: Month  # the first month not counted

    def __post_init__(self) -> None:
        """Refuse a period without a month in it."""
        if self.until <= self.start:
            raise ParamError("param.period", start=self.start, until=self.until)

    @classmethod
    def before(cls, until: Month, months: int) -> Period:
        """Return the months before one."""
        if not 1 <= months <= 1200 or until.index - months < 12:
            raise ParamError("param.months", given=months)
        return cls(until.plus(-months), until)

    @property
    def months(self) -> int:
        """The number of its months."""
        return self.until.index - self.start.index

    def contains(self, months: Ints) -> Bools:
        """Return which months, counted since the year 0, are in it."""
        return (months >= self.start.index) & (months < self.until.index)


def parse_day(text: str, name: str) -> date:
    """Read a day that an option, a form or a file gives under a name."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParamError("param.day", name=name, given=text) from error


def complete_months(
    data_from: date, data_through: date, begins_late_after: int = 7
) -> Period | None:
    """List the whole months between the first and the last day that data cover."""
    start, last = (Month(day.year, day.month) for day in (data_from, data_through))
    start = start.plus(1) if data_from.day > begins_late_after else start
    is_over = data_through.day == calendar.monthrange(last.year, last.number)[1]
    until = last.plus(1) if is_over else last
    return Period(start, until) if start < until else None


@dataclass(frozen=True)
class DbscanParams:
    """The two choices of DBSCAN.

    Fields: `eps_m`, `min_samples`.
    """

    eps_m: float  # neighborhood radius in meters, above 0 and at most 5,000
    min_samples: int  # how many incidents, itself included, make an incident a core one

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        if not (math.isfinite(self.eps_m) and 0 < self.eps_m <= MAX_EPS_M):
            raise ParamError("param.eps_m", given=self.eps_m)
        if self.min_samples < 2:
            raise ParamError("param.at_least", name="min_samples", least=2, given=self.min_samples)


@dataclass(frozen=True)
class DocumentedDbscan:
    """A radius and a minimum, and the number of incidents that they fit."""

    eps_m: float  # meters
    min_samples: int  # for `at_incidents`
    at_incidents: int  # incidents in the period
    min_samples_floor: int = 5  # never fewer: with fewer incidents the radius widens instead
    dense_per_km2: float | None = None  # of dense cells, for `at_incidents`; None: as DBSCAN asks


@dataclass(frozen=True)
class AreaParams:
    """How clusters become candidate areas.

    Fields: `dbscan`, `resolution`, `max_area_km2`, `dense_per_km2`.
    """

    dbscan: DbscanParams  # the choices of DBSCAN
    resolution: int = 10  # H3 resolution of the cells, 6 to 11
    max_area_km2: float = 2.0  # no area is larger than this; 0 for no limit
    dense_per_km2: float | None = None  # incidents of a dense cell; None: as DBSCAN asks

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        require_resolution(self.resolution)
        if not (math.isfinite(self.max_area_km2) and self.max_area_km2 >= 0):
            raise ParamError("param.max_area_km2", given=self.max_area_km2)

    @property
    def is_limited(self) -> bool:
        """Whether areas have a size limit at all."""
        return self.max_area_km2 > 0


UTM = re.compile(r"EPSG:32[67](0[1-9]|[1-5][0-9]|60)")
"""Zones of WGS 84, all in meters: a command on decisions need not load pyproj to know it."""


def require_resolution(resolution: int) -> None:
    """Refuse an H3 resolution that is of no use for areas in a city."""
    low, high = RESOLUTION_RANGE
    if not low <= resolution <= high:
        raise ParamError("param.resolution", given=resolution, low=low, high=high)
