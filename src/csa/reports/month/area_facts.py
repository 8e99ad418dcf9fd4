"""What a report says of one area, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import shapely

from csa.base.message import Message
from csa.geo.grid import CellSet
from csa.reports.briefing import ActionLine
from csa.reports.briefing.working import WorkPlan

CANDIDATE = "candidate"
"""State of an area that nobody decided on."""


class AreaMove(StrEnum):
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
    """A service in or near an area, with its number on the area's map."""

    number: int  # from 1, the nearest first
    name: str  # as the city's list has them
    kind: str  # as the city's list has them
    lon: float  # degrees
    lat: float  # degrees
    metres: float  # from the area's edge; 0 inside


@dataclass(frozen=True)
class Help:
    """The services of one area."""

    near: tuple[Service, ...]  # in it or near it, the nearest first
    n_inside: int  # how many of them lie in it
    lacking: tuple[str, ...]  # kinds on the list of which none is in it or near it
    per_1k: float | None  # services in it per 1,000 residents


@dataclass(frozen=True)
class AreaMonth:
    """One month of an area."""

    month: str  # `YYYY-MM`
    n: int | None  # incidents; None where the data do not reach
    is_partial: bool  # whether the data begin or end within it


@dataclass(frozen=True)
class Times:
    """An area's incidents by month and by part of the day: for the leader of a walk alone."""

    months: tuple[AreaMonth, ...]  # the months counted
    parts: tuple[tuple[int, ...], ...] | None
    without_time: int  # incidents without a time, and those whose time is that of the report
    reported_time: int  # incidents without a time, and those whose time is that of the report


@dataclass(frozen=True)
class AreaFacts:
    """One area of a report."""

    letter: str  # of the store, or of the month's proposal
    name: str  # of the store, or of the month's proposal
    state: str  # `candidate`, `designated` or `maintenance`
    since: date | None  # the day of its state; None for a candidate
    cells: CellSet  # H3 cells
    shape: shapely.Geometry  # WGS 84
    km2: float  # land
    incidents: int  # in the period, and in its last 12 months
    recent_12: int  # in the period, and in its last 12 months
    usual: tuple[int, int] | None
    people: float | None  # residents; None where unknown
    is_listed: bool  # whether it is among the month's candidates, itself or most of it
    tier: int | None  # of this month's proposal and of the one before; None where it has none
    tier_before: int | None  # of this month's proposal and of the one before
    move: AreaMove  # what became of it since the month before
    is_doubtful: bool
    stability: float | None
    times: Times  # for the leader's sheet
    help: Help | None  # its services; None where the city has no list
    verdict: Message | None  # what changed in it, and how sure; None where it is not followed
    lines: tuple[ActionLine, ...]  # actions of the plan that name it
    work: WorkPlan | None  # its work plan; None for a candidate

    @property
    def is_candidate(self) -> bool:
        """Whether nobody decided on it yet."""
        return self.state == CANDIDATE


@dataclass(frozen=True)
class Unserved:
    """A candidate of the month that is no served area."""

    letter: str  # a small one: a month's capitals may be those of served areas
    name: str  # the place's
    tier: int | None  # 1 for the densest; None where it cannot be told apart from the city
    is_doubtful: bool
    shape: shapely.Geometry  # its outline, WGS 84
