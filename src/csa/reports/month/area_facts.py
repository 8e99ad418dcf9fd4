"""What a report says of one area, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import shapely

from csa.base.message import Message
from csa.geo.grid import CellSet
from csa.reports.briefing import Line
from csa.reports.briefing.working import WorkPlan

CANDIDATE = "candidate"
"""State of an area that nobody decided on."""


class Move(StrEnum):
    """What became of an area among the candidates since the month before: a closed set."""

    NEW = "new"
    GONE = "gone"
    HIGHER = "higher"
    LOWER = "lower"
    SAME = "same"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Service:
    """A service in or near an area, with its number on the area's map.

    Parameters
    ----------
    number
        From 1, the nearest first.
    name, kind
        As the city's list has them.
    lon, lat
        Degrees.
    metres
        From the area's edge; 0 inside.
    """

    number: int
    name: str
    kind: str
    lon: float
    lat: float
    metres: float


@dataclass(frozen=True)
class Help:
    """The services of one area.

    Parameters
    ----------
    near
        In it or near it, the nearest first.
    n_inside
        How many of them lie in it.
    lacking
        Kinds on the list of which none is in it or near it.
    per_1k
        Services in it per 1,000 residents; None where residents are few or unknown.
    """

    near: tuple[Service, ...]
    n_inside: int
    lacking: tuple[str, ...]
    per_1k: float | None


@dataclass(frozen=True)
class MonthCount:
    """One month of an area.

    Parameters
    ----------
    month
        `YYYY-MM`.
    n
        Incidents; None where the data do not reach.
    is_partial
        Whether the data begin or end within it.
    """

    month: str
    n: int | None
    is_partial: bool


@dataclass(frozen=True)
class Times:
    """An area's incidents by month and by part of the day: for the leader of a walk alone.

    Parameters
    ----------
    months
        The months counted.
    parts
        Seven rows, Monday to Sunday, of three parts of the day; None where too few have a time.
    without_time, reported_time
        Incidents without a time, and those whose time is that of the report.
    """

    months: tuple[MonthCount, ...]
    parts: tuple[tuple[int, ...], ...] | None
    without_time: int
    reported_time: int


@dataclass(frozen=True)
class AreaFacts:
    """One area of a report.

    Parameters
    ----------
    letter, name
        Of the store, or of the month's proposal.
    state
        `candidate`, `designated` or `maintenance`.
    since
        The day of its state; None for a candidate.
    cells
        H3 cells.
    shape
        WGS 84.
    km2
        Land.
    incidents, recent_12
        In the period, and in its last 12 months.
    usual
        Between which whole numbers the usual number lies 9 times in 10, luck taken out; None
        where counts in the city differ only by chance.
    people
        Residents; None where unknown.
    is_listed
        Whether it is among the month's candidates, itself or most of it.
    tier, tier_before
        Of this month's proposal and of the one before; None where it has none.
    move
        What became of it since the month before.
    is_doubtful
        Whether it owes a third of its count to a point that may stand for unknown places.
    stability
        Share of random four fifths of the incidents that give the area again; None unknown.
    times
        For the leader's sheet.
    help
        Its services; None where the city has no list.
    verdict
        What changed in it, and how sure; None where it is not followed.
    lines
        Actions of the plan that name it.
    work
        Its work plan; None for a candidate.
    """

    letter: str
    name: str
    state: str
    since: date | None
    cells: CellSet
    shape: shapely.Geometry
    km2: float
    incidents: int
    recent_12: int
    usual: tuple[int, int] | None
    people: float | None
    is_listed: bool
    tier: int | None
    tier_before: int | None
    move: Move
    is_doubtful: bool
    stability: float | None
    times: Times
    help: Help | None
    verdict: Message | None
    lines: tuple[Line, ...]
    work: WorkPlan | None

    @property
    def is_candidate(self) -> bool:
        """Whether nobody decided on it yet."""
        return self.state == CANDIDATE


@dataclass(frozen=True)
class Unserved:
    """A candidate of the month that is no served area.

    Parameters
    ----------
    letter
        A small one: a month's capitals may be those of served areas.
    name
        The place's.
    tier
        1 for the densest; None where it cannot be told apart from the city.
    is_doubtful
        Whether a third or more of its count is at a point that may stand for unknown places.
    shape
        Its outline, WGS 84.
    """

    letter: str
    name: str
    tier: int | None
    is_doubtful: bool
    shape: shapely.Geometry
