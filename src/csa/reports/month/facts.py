"""The facts of one month that all five editions are written from, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import geopandas as gpd
import shapely

from csa.areas.backtest.record import BacktestRecord
from csa.areas.choices import AreaSettings
from csa.areas.explanation import AreaExplanation
from csa.areas.file_format import round_figures
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.proposal import plain
from csa.areas.sheets import Sheet
from csa.areas.sufficiency import Sufficiency
from csa.areas.year_to_date import YearToDate
from csa.base.message import Message
from csa.base.params import Month
from csa.base.statement import Statement
from csa.base.text import render
from csa.change.analyze import Displacement
from csa.change.sentences import answers
from csa.city.config import CityConfig
from csa.geo.cells import as_text
from csa.program.plan.items import Plan, PlanMeasure
from csa.program.registry import CoreArea, Zone
from csa.program.zones import ZoneCounts
from csa.reports.briefing.lines import ActionLine, WorkPlan
from csa.reports.briefing.measuring import MeasureLine, MeasureStatus
from csa.reports.briefing.meeting import Review
from csa.reports.month.snapshot import Snapshot
from csa.reports.public.facts import PublicFacts

# ---- The facts a report holds about one area, as values.


CANDIDATE = "candidate"
"""State of an area that nobody has decided on."""


class TierMove(StrEnum):
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
    meters: float  # from the area's edge; 0 inside


@dataclass(frozen=True)
class AreaServices:
    """The services of one area."""

    near: tuple[Service, ...]  # those in or near it, nearest first
    n_inside: int  # how many of them are inside
    lacking: tuple[str, ...]  # the list's kinds with no service in or near it
    per_1k: float | None  # services inside per 1,000 residents


@dataclass(frozen=True)
class AreaFacts(AreaCounts):
    """One area of a report: what is counted on its own cells, and what else is known of it."""

    service: CoreArea | None  # what was decided; None for a candidate
    shape: shapely.Geometry  # WGS 84
    tier: int | None  # in this month's proposal; None if it has none
    is_first: bool  # whether it is among the first in the city's order
    tier_before: int | None  # in the proposal a month earlier; None if it had none
    move: TierMove  # change since the month before
    stability: float | None
    times: Sheet = field(compare=False)  # by month and part of day, for the leader of a walk only
    help: AreaServices | None  # None if the city has no list of services
    why: AreaExplanation  # what marks it, its vacant land, and what helped elsewhere
    lines: tuple[ActionLine, ...]  # plan actions that name it
    work: WorkPlan | None  # None for a candidate
    change: Statement | None = None  # what changed in it; None if it is not followed

    @property
    def is_served(self) -> bool:
        """Whether it is in service; a candidate otherwise."""
        return self.service is not None

    @property
    def letter(self) -> str:
        """Its letter; empty for a candidate."""
        return "" if self.service is None else self.service.key

    @property
    def state(self) -> str:
        """Whether it is a candidate, designated or in maintenance."""
        return CANDIDATE if self.service is None else self.service.state

    @property
    def since(self) -> date | None:
        """The day its service began; None for a candidate."""
        return None if self.service is None else self.service.since

    @property
    def redrawn_on(self) -> date | None:
        """The day it was last given other cells; None for never."""
        return None if self.service is None else self.service.redrawn_on


@dataclass(frozen=True)
class Unserved:
    """A candidate of the month that is not in service."""

    name: str  # its place name
    tier: int | None  # 1 for the highest; None if it cannot be told apart from the city
    is_doubtful: bool
    shape: shapely.Geometry  # its outline, WGS 84


@dataclass(frozen=True)
class ChangeFacts:
    """The change in areas, all together and each; or why it cannot be measured."""

    why_not: Message | None = None  # why it cannot; None if it was measured
    statement: Statement | None = None  # all areas together
    by_area: Mapping[str, Statement] = field(default_factory=dict)  # each alone, by letter
    context: tuple[Message, ...] = ()  # the rest of the city, and what such areas usually do
    are_earlier: bool = False  # candidates of a year ago, since no area was ever designated
    moved: tuple[str, ...] = ()  # letters of areas whose fall moved next door, where all did not
    displaced: Displacement | None = field(default=None, compare=False)  # what it rests on


@dataclass(frozen=True)
class MapGround:
    """The base that maps are drawn on."""

    study_area: shapely.Geometry  # WGS 84
    neighborhoods: gpd.GeoDataFrame  # `name` and `geometry`, WGS 84
    layers: Mapping[str, str]  # GeoJSON text by layer of `csa.ingest.basemap.LAYERS`
    counts: Mapping[int, int]  # incidents in the period by cell, only cells with any


@dataclass(frozen=True)
class PlanFacts:
    """The plan on the snapshot's day."""

    plan: Plan  # the plan
    lines: tuple[ActionLine, ...]  # its actions
    review: Review  # late, due, stuck, open and completed actions
    measures: tuple[MeasureLine, ...]  # its measures for the whole city
    at_quarter: tuple[MeasureStatus, ...]  # the same measures with a one-word verdict each
    undone: tuple[str, ...]
    reviews: tuple[tuple[PlanMeasure, Message], ...] = ()  # of cases, since reviews began
    arrived: tuple[Message, ...] = ()  # agreed answers that are due, and results of lotteries

    def team_lines(self, team: str) -> tuple[ActionLine, ...]:
        """List the actions of a team."""
        return tuple(line for line in self.lines if line.team == team)

    def team_measures(self, team: str) -> tuple[MeasureStatus, ...]:
        """List the measures of a team's goal."""
        goal = next((one.goal for one in self.plan.teams if one.id == team), None)
        return tuple(at for at in self.at_quarter if goal in at.line.measure.goals)


@dataclass(frozen=True)
class PublicPart:
    """The input of the public edition."""

    facts: PublicFacts | None = None  # None if they cannot be published
    why_not: Message | None = None  # why, and what to do; None if there are facts
    caution: Message | None = None  # a warning for whoever hands it out
    figures: str = ""  # digest of the publication that its figures are of


@dataclass(frozen=True)
class Facts:
    """The facts of one month.

    Fields: `snapshot`, `config`, `choices`, `data_through`, `areas`, `is_served`, `unserved`,
    `gone`, `summary`, `record`, `can_locate`, `city_year`, `change`, `ground`, `plan`,
    `services_per_1k`, `notes`, `missing`, `public`, `added`, `zones`.
    """

    snapshot: Snapshot  # what they were made from
    config: CityConfig  # the city's file
    choices: AreaSettings  # how areas are proposed, with the month's end
    data_through: date  # the last day counted
    areas: tuple[AreaFacts, ...]  # the areas in service, else the month's candidates; by letter
    is_served: bool  # whether the areas are in service
    unserved: tuple[Unserved, ...]
    gone: tuple[str, ...]  # names of last month's candidates that are gone
    summary: Mapping[str, Any]  # summary of the proposal, as in its file
    record: BacktestRecord | None  # past years scored with the same settings; None if none were
    can_locate: Sufficiency  # whether the data can locate areas
    city_year: YearToDate | Message  # the whole city's year so far; or why it is not compared
    change: ChangeFacts  # the change in areas
    ground: MapGround  # the base of the maps
    plan: PlanFacts | None  # None if the city has none
    services_per_1k: float | None  # the whole city's services per 1,000 residents
    notes: tuple[Message, ...]  # what the data lack: unlocated, provisional, revised
    missing: tuple[Message, ...]  # what the report lacks, and what to do
    public: PublicPart  # for the public edition
    added: tuple[Message, ...] = ()  # what extras say below what changed
    zones: tuple[tuple[Zone, ZoneCounts], ...] = ()  # programs' own zones of the month

    @property
    def month(self) -> Month:
        """The month reported."""
        return self.snapshot.month

    @property
    def today(self) -> date:
        """The day on which the plan's status is taken."""
        return self.snapshot.as_of


# A month's facts as plain values, so that a machine can compare them.

KIND, FORMAT_VERSION = "month", 1


def facts_account(facts: Facts) -> dict[str, Any]:
    """Return the areas of a month's report, and what changed in them."""
    why_not = facts.change.why_not
    return {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": facts.config.city.id,
        "month": str(facts.month),
        "data_through": facts.data_through.isoformat(),
        "snapshot": facts.snapshot.id,
        "is_served": facts.is_served,
        "areas": [_area(area) for area in facts.areas],
        "candidates": [area.name for area in facts.unserved],
        "change": None if facts.change.displaced is None else answers(facts.change.displaced),
        "why_not_followed": None if why_not is None else render(why_not),
        "notes": [render(note) for note in facts.notes],
        "missing": [render(lack) for lack in facts.missing],
    }


def _area(area: AreaFacts) -> dict[str, Any]:
    return {
        "area_id": area.area_id,
        "place_name": area.place_name,
        "state": area.state,
        "since": None if area.since is None else area.since.isoformat(),
        "redrawn_on": None if area.redrawn_on is None else area.redrawn_on.isoformat(),
        "cells": as_text(sorted(area.cells)),
        "area_km2": round_figures(plain(area.area_km2)),
        "incidents": area.incidents,
        "homicides": area.homicides,
        "last_12": area.recent_12,
        "next_12": area.next12,
        "tier": area.tier,
        "is_first": area.is_first,
        "verdict": None if area.change is None else render(area.change.sentence),
    }
