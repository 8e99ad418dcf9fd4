"""The facts a report holds about one area, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import shapely

from csa.base.message import Message
from csa.geo.cells import CellSet
from csa.reports.briefing import ActionLine
from csa.reports.briefing.working import WorkPlan
from csa.risk.why import WhyHere

CANDIDATE = "candidate"
"""State of an area that nobody has decided on."""


class AreaMove(StrEnum):
    """How an area changed among the candidates since the month before: a closed set."""

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

    number: int  # from 1, nearest first
    name: str  # from the city's list
    kind: str  # from the city's list
    lon: float  # degrees
    lat: float  # degrees
    metres: float  # from the area's edge; 0 inside


@dataclass(frozen=True)
class Help:
    """The services of one area."""

    near: tuple[Service, ...]  # those in or near it, nearest first
    n_inside: int  # how many of them are inside
    lacking: tuple[str, ...]  # the list's kinds with no service in or near it
    per_1k: float | None  # services inside per 1,000 residents


@dataclass(frozen=True)
class AreaMonth:
    """One month of an area."""

    month: str  # `YYYY-MM`
    n: int | None  # incidents; None where the data do not reach
    is_partial: bool  # whether the data begin or end within it


@dataclass(frozen=True)
class Times:
    """An area's incidents by month and part of day, for the leader of a walk only."""

    months: tuple[AreaMonth, ...]  # the months counted
    parts: tuple[tuple[int, ...], ...] | None
    without_time: int  # incidents without a time
    reported_time: int  # incidents whose recorded time is that of the report


@dataclass(frozen=True)
class AreaFacts:
    """One area of a report."""

    area_id: str  # its letter, or its id in the month's proposal
    letter: str  # from the store; "" for a candidate
    name: str  # from the store, or the month's proposal
    state: str  # `candidate`, `designated` or `maintenance`
    since: date | None  # first day of its state; None for a candidate
    cells: CellSet  # H3 cells
    redrawn_on: date | None  # the day it was last given others; None for never
    shape: shapely.Geometry  # WGS 84
    km2: float  # land area
    incidents: int  # on its own cells in the period, as all that is counted
    homicides: int  # of them
    recent_12: int | None  # in the last 12 months of the period; None where the data cover fewer
    usual: tuple[int, int] | None
    next12: (
        tuple[int, int, int] | None
    )  # expected in the next 12 months, low, high; None if unknown
    people: float | None  # residents; None if unknown
    tier: int | None  # in this month's proposal; None if it has none
    is_first: bool  # whether it is among the first in the city's order
    tier_before: int | None  # in the proposal a month earlier; None if it had none
    move: AreaMove  # change since the month before
    is_doubtful: bool
    stability: float | None
    times: Times  # for the leader's sheet
    help: Help | None  # None if the city has no list of services
    why: WhyHere  # what marks it, its vacant land, and what helped elsewhere
    verdict: Message | None  # what changed in it; None if it is not followed
    lines: tuple[ActionLine, ...]  # plan actions that name it
    work: WorkPlan | None  # None for a candidate

    @property
    def is_candidate(self) -> bool:
        """Whether nobody has decided on it yet."""
        return self.state == CANDIDATE


@dataclass(frozen=True)
class Unserved:
    """A candidate of the month that is not in service."""

    name: str  # its place name
    tier: int | None  # 1 for the highest; None if it cannot be told apart from the city
    is_doubtful: bool
    shape: shapely.Geometry  # its outline, WGS 84
