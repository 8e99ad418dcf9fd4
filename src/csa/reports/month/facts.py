"""The facts of one month: all that the five editions are written from, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import shapely

from csa.areas.choices import Choices
from csa.areas.gate import Answer
from csa.areas.year_to_date import YearToDate
from csa.base.message import Message
from csa.base.params import Month
from csa.config.city import CityConfig
from csa.displacement.verdict import Verdict
from csa.plan import Plan
from csa.reports.briefing import Line
from csa.reports.briefing.measuring import MeasureLine
from csa.reports.briefing.meeting import Review
from csa.reports.briefing.meeting_measures import AtQuarter
from csa.reports.month.area_facts import AreaFacts, Unserved
from csa.reports.month.snapshot import Snapshot
from csa.reports.public.facts import PublicFacts


@dataclass(frozen=True)
class Followed:
    """What became of areas since a start, all together.

    Parameters
    ----------
    letters
        The areas followed; none where they are not the report's own.
    n_areas
        How many.
    since, through
        The first and the last month of after.
    n_months
        How many.
    verdict
        Of the closed set; None where it is too early to say.
    sentence
        In words, with what chance could give.
    beside
        Before and after, the rest of the city, what such areas do by themselves.
    are_earlier
        Whether they are not the report's areas but those that would have been proposed at the
        start: where none is designated.
    left_out
        Letters of served areas that are not among them: their cells have another size.
    """

    letters: tuple[str, ...]
    n_areas: int
    since: Month
    through: Month
    n_months: int
    verdict: Verdict | None
    sentence: Message
    beside: tuple[Message, ...]
    are_earlier: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """What maps are drawn on.

    Parameters
    ----------
    study_area
        WGS 84.
    neighborhoods
        `name` and `geometry`, WGS 84.
    layers
        GeoJSON text by layer of `csa.ingest.basemap.LAYERS`; none: no background.
    counts
        Cell to incidents in the period, of the cells that have any.
    """

    study_area: shapely.Geometry
    neighborhoods: gpd.GeoDataFrame
    layers: Mapping[str, str]
    counts: Mapping[int, int]


@dataclass(frozen=True)
class PlanFacts:
    """The plan on the snapshot's day.

    Parameters
    ----------
    plan
        The plan.
    lines
        Its actions.
    review
        What is late, due, stuck, open, completed.
    measures, at_quarter
        Its measures for the whole city, and one word each.
    undone
        Letters of served areas in which people were shot and no action is live.
    """

    plan: Plan
    lines: tuple[Line, ...]
    review: Review
    measures: tuple[MeasureLine, ...]
    at_quarter: tuple[AtQuarter, ...]
    undone: tuple[str, ...]

    def team_goal(self, team: str) -> str | None:
        """Return the number of a team's goal.

        Parameters
        ----------
        team
            Its id, such as `prevention`.

        Returns
        -------
        str or None
            None where the plan has no such team, or gives it no goal.
        """
        return next((one.goal for one in self.plan.teams if one.id == team), None)

    def team_lines(self, team: str) -> tuple[Line, ...]:
        """List the actions of a team.

        Parameters
        ----------
        team
            Its id.

        Returns
        -------
        tuple of Line
            In the plan's order.
        """
        return tuple(line for line in self.lines if line.team == team)

    def team_measures(self, team: str) -> tuple[AtQuarter, ...]:
        """List the measures of a team's goal.

        Parameters
        ----------
        team
            Its id.

        Returns
        -------
        tuple of AtQuarter
            Those with a value first.
        """
        goal = self.team_goal(team)
        return tuple(at for at in self.at_quarter if goal in at.line.measure.goals)


@dataclass(frozen=True)
class PublicPart:
    """What the public edition is written from.

    Parameters
    ----------
    facts
        None where they may not be told.
    why_not
        Why, and what to do; None where they are there.
    caution
        What whoever hands it out must know: its figures stand in no record of what was published,
        so that what is published later takes no account of them.
    """

    facts: PublicFacts | None = None
    why_not: Message | None = None
    caution: Message | None = None


@dataclass(frozen=True)
class Facts:
    """The facts of one month.

    Parameters
    ----------
    snapshot
        What it was made from.
    config
        The city's file.
    choices
        How areas are proposed; its end is that of the month.
    data_through
        The last day counted.
    areas
        The served areas, else the month's candidates; by letter.
    is_served
        Whether they are served.
    unserved
        Names of the month's candidates that are none of the served areas.
    gone
        Names of the candidates of the month before that are none any more.
    summary
        Of the proposal, as its file holds it.
    can_locate
        Whether the data can say where.
    city_year
        The whole city's year so far; None where it cannot be compared.
    followed
        What changed, all areas together; None where it cannot be told.
    why_not_followed
        Why; None where it is told.
    ground
        What maps are drawn on.
    plan
        The plan; None where the city has none.
    services_per_1k
        The whole city's services per 1,000 residents; None where unknown.
    notes
        What the data lack: unlocated, provisional, revised ...
    missing
        What the report lacks, and what to do.
    public
        For the public edition.
    """

    snapshot: Snapshot
    config: CityConfig
    choices: Choices
    data_through: date
    areas: tuple[AreaFacts, ...]
    is_served: bool
    unserved: tuple[Unserved, ...]
    gone: tuple[str, ...]
    summary: Mapping[str, Any]
    can_locate: Answer
    city_year: YearToDate | None
    followed: Followed | None
    why_not_followed: Message | None
    ground: Ground
    plan: PlanFacts | None
    services_per_1k: float | None
    notes: tuple[Message, ...]
    missing: tuple[Message, ...]
    public: PublicPart

    @property
    def month(self) -> Month:
        """The month reported."""
        return self.snapshot.month

    @property
    def today(self) -> date:
        """The day on which the plan is looked at."""
        return self.snapshot.as_of
