"""The facts of one month: all that the five editions are written from, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import shapely

from csa.areas.choices import Choices
from csa.areas.gate import GateAnswer
from csa.areas.year_to_date import YearToDate
from csa.base.message import Message
from csa.base.params import Month
from csa.config.city import CityConfig
from csa.displacement.verdict import Verdict
from csa.plan import Plan
from csa.reports.briefing import ActionLine
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.briefing.meeting import Review
from csa.reports.briefing.meeting_measures import AtQuarter
from csa.reports.month.area_facts import AreaFacts, Unserved
from csa.reports.month.snapshot import Snapshot
from csa.reports.public.facts import PublicFacts


@dataclass(frozen=True)
class PooledVerdict:
    """What became of areas since a start, all together."""

    letters: tuple[str, ...]  # the areas followed; none where they are not the report's own
    n_areas: int  # how many
    since: Month  # the first and the last month of after
    through: Month  # the first and the last month of after
    n_months: int  # how many
    verdict: Verdict | None  # of the closed set; None where it is too early to say
    sentence: Message  # in words, with what chance could give
    beside: tuple[Message, ...]
    are_earlier: bool
    left_out: tuple[str, ...]  # letters of served areas that are not among them


@dataclass(frozen=True)
class MapGround:
    """What maps are drawn on."""

    study_area: shapely.Geometry  # WGS 84
    neighborhoods: gpd.GeoDataFrame  # `name` and `geometry`, WGS 84
    layers: Mapping[str, str]  # geoJSON text by layer of `csa.ingest.basemap.LAYERS`
    counts: Mapping[int, int]  # cell to incidents in the period, of the cells that have any


@dataclass(frozen=True)
class PlanFacts:
    """The plan on the snapshot's day."""

    plan: Plan  # the plan
    lines: tuple[ActionLine, ...]  # its actions
    review: Review  # what is late, due, stuck, open, completed
    measures: tuple[MeasureLine, ...]  # its measures for the whole city, and one word each
    at_quarter: tuple[AtQuarter, ...]  # its measures for the whole city, and one word each
    undone: tuple[str, ...]

    def team_goal(self, team: str) -> str | None:
        """Return the number of a team's goal."""
        return next((one.goal for one in self.plan.teams if one.id == team), None)

    def team_lines(self, team: str) -> tuple[ActionLine, ...]:
        """List the actions of a team."""
        return tuple(line for line in self.lines if line.team == team)

    def team_measures(self, team: str) -> tuple[AtQuarter, ...]:
        """List the measures of a team's goal."""
        goal = self.team_goal(team)
        return tuple(at for at in self.at_quarter if goal in at.line.measure.goals)


@dataclass(frozen=True)
class PublicPart:
    """What the public edition is written from."""

    facts: PublicFacts | None = None  # none where they may not be told
    why_not: Message | None = None  # why, and what to do; None where they are there
    caution: Message | None = None  # what whoever hands it out must know


@dataclass(frozen=True)
class Facts:
    """The facts of one month."""

    snapshot: Snapshot  # what it was made from
    config: CityConfig  # the city's file
    choices: Choices  # how areas are proposed; its end is that of the month
    data_through: date  # the last day counted
    areas: tuple[AreaFacts, ...]  # the served areas, else the month's candidates; by letter
    is_served: bool  # whether they are served
    unserved: tuple[Unserved, ...]
    gone: tuple[str, ...]  # names of the candidates of the month before that are none any more
    summary: Mapping[str, Any]  # of the proposal, as its file holds it
    can_locate: GateAnswer  # whether the data can say where
    city_year: YearToDate | None  # the whole city's year so far; None where it cannot be compared
    followed: PooledVerdict | None  # what changed, all areas together; None where it cannot be told
    why_not_followed: Message | None  # why; None where it is told
    ground: MapGround  # what maps are drawn on
    plan: PlanFacts | None  # the plan; None where the city has none
    services_per_1k: float | None  # the whole city's services per 1,000 residents
    notes: tuple[Message, ...]  # what the data lack: unlocated, provisional, revised
    missing: tuple[Message, ...]  # what the report lacks, and what to do
    public: PublicPart  # for the public edition

    @property
    def month(self) -> Month:
        """The month reported."""
        return self.snapshot.month

    @property
    def today(self) -> date:
        """The day on which the plan is looked at."""
        return self.snapshot.as_of
