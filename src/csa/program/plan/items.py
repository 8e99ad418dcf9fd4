"""The content of a plan's file: goals, strategies, actions, measures, teams; all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from csa.base.errors import ParamError
from csa.base.message import Message, msg
from csa.base.text import ENGLISH
from csa.city.types import Frozen, Name

TeamId = Literal["prevention", "intervention", "enforcement", "executive"]
LinkKind = Literal["waits", "linked"]
Direction = Literal["down", "up", "none"]
MeasureKind = Literal[
    "gun-violence",
    "violent-crime",
    "feeling-safe",
    "working-with-police",
    "services-ratio",
    "services-list",
    "recidivism",
    "clearance",
    "charges",
    "convictions",
    "collaboration",
    "offenders-list",
    "trust",
    "citizen-survey",
    "cooperation",
]
"""What can be measured: `csa.program.plan.measures` has the rules of each kind."""

GoalNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]
StrategyNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]*\.[1-9][0-9]*$")]
ActionNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]*(\.[1-9][0-9]*){2}$")]
Linkable = Annotated[str, Field(pattern=r"^[1-9][0-9]*(\.[1-9][0-9]*){1,2}$")]
AnyNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]*(\.[1-9][0-9]*){0,2}$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
PlanMonth = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


def by_number(number: str) -> tuple[int, ...]:
    """Return the sort key of items, so that 1.3.10 comes after 1.3.9."""
    return tuple(int(part) for part in number.split("."))


class About(Frozen):
    """The plan as a whole."""

    id: Slug = Field(description="short name, as the file's")
    name: Name = Field(description="name on screen")
    city: Name = Field(description="the city whose plan it is")
    adopted: PlanMonth = Field(description="month of the plan, such as 2020-10")
    source: Name = Field(description="who made it, and where it is from")
    outcome: Name = Field(description="what the plan is to bring about, in short own words")


class Team(Frozen):
    """Who does the work, by office and never by person: people change, offices stay."""

    id: TeamId = Field(description="which team")
    name: Name = Field(description="name on screen")
    goal: GoalNumber | None = Field(None, description="number of its goal; none: the whole plan")
    chair_office: str = Field("", description="office of its chair; empty: the plan names none")
    offices: tuple[Name, ...] = Field((), description="offices that the plan names for its work")


class Link(Frozen):
    """One item needs another; only what the plan's own text states."""

    on: Linkable = Field(description="the action needed, or a strategy: all its actions")
    source: AnyNumber = Field(description="number of the item whose text states it")
    why: Name = Field(description="the reason in short own words")
    kind: LinkKind = Field("waits", description="waits for its end, or is only linked with it")


class Goal(Frozen):
    """A goal of the plan."""

    number: GoalNumber = Field(description="such as 1")
    title: Name = Field(description="the goal in short own words")
    team: TeamId = Field(description="the team that works for it")


class Strategy(Frozen):
    """A strategy of a goal."""

    number: StrategyNumber = Field(description="such as 1.2: its goal first")
    title: Name = Field(description="the strategy in short own words")
    is_trust: bool = Field(
        default=False, description="whether it is the trust that spans all goals"
    )
    needs: tuple[Link, ...] = Field((), description="what all its actions need")


class Action(Frozen):
    """An action of a strategy, or the slot for one."""

    number: ActionNumber = Field(description="such as 1.2.1: its strategy first")
    title: str = Field("", description="the action in short own words; empty where it is open")
    is_open: bool = Field(default=False, description="whether no action is written yet")
    needs: tuple[Link, ...] = Field((), description="what it needs")


class Wording(Frozen):
    """How one place of the plan words a measure."""

    where: Name = Field(description="place in the plan")
    words: Name = Field(description="how its wording differs, in short own words")


class PlanMeasure(Frozen):
    """One distinct measure, however often the plan names it."""

    id: Slug = Field(description="short name")
    name: Name = Field(description="name on screen")
    kind: MeasureKind = Field(description="what is measured")
    goals: tuple[GoalNumber, ...] = Field((), description="numbers of its goals; none: whole plan")
    is_overarching: bool = Field(default=False, description="whether it is of the plan as a whole")
    unit: Name = Field(description="unit of its values")
    direction: Direction = Field(description="where it should go")
    has_definition: bool = Field(default=False, description="whether what is counted is settled")
    has_baseline: bool = Field(default=False, description="whether the plan gives a first value")
    has_target: bool = Field(
        default=False, description="whether the plan says how far it should go"
    )
    ask: str = Field("", description="what is still to be settled")
    since_action: str = Field(
        "", description="number of the action before and after whose start its cohorts are compared"
    )
    wordings: tuple[Wording, ...] = Field((), description="how the plan words it, place by place")

    @property
    def lacks(self) -> tuple[Message, ...]:
        """What the plan leaves open: no definition yet, no baseline, no target."""
        said = (
            (self.has_definition, msg("plan.no_definition")),
            (self.has_baseline, msg("label.no_baseline")),
            (self.has_target, msg("label.no_target")),
        )
        return tuple(message for is_there, message in said if not is_there)


class Plan(Frozen):
    """A plan's file."""

    format_version: Literal[1] = Field(description="version of this form")
    plan: About = Field(description="the plan as a whole")
    teams: tuple[Team, ...] = Field(min_length=1, description="who does the work")
    goals: tuple[Goal, ...] = Field(min_length=1, description="the goals")
    strategies: tuple[Strategy, ...] = Field(min_length=1, description="the strategies")
    actions: tuple[Action, ...] = Field(min_length=1, description="actions and open slots")
    measures: tuple[PlanMeasure, ...] = Field((), description="what tells whether it works")
    _titles: Mapping[str, Mapping[tuple[str, str], str]] = PrivateAttr(default_factory=dict)

    def with_titles(self, titles: Mapping[str, Mapping[tuple[str, str], str]]) -> Plan:
        """Return the plan with its actions' titles in other languages."""
        made = self.model_copy()
        made._titles = titles  # noqa: SLF001 - its own kind, made here
        return made

    def titles_of(self, number: str, title: str) -> dict[str, str]:
        """Return an action's title in each language that has it."""
        found = {language: titles.get((number, title)) for language, titles in self._titles.items()}
        return {ENGLISH: title} | {language: said for language, said in found.items() if said}

    @property
    def open_slots(self) -> tuple[Action, ...]:
        """Slots without a written action, trust's first."""
        slots = [action for action in self.actions if action.is_open]
        return tuple(
            sorted(
                slots,
                key=lambda slot: (
                    not self.strategy_of(slot.number).is_trust,
                    by_number(slot.number),
                ),
            )
        )

    def action(self, number: str) -> Action:
        """Find an action by its number."""
        for action in self.actions:
            if action.number == number:
                return action
        raise ParamError("plan.no_action", given=number, example=self.actions[0].number)

    def strategy_of(self, number: str) -> Strategy:
        """Find the strategy of an action."""
        wanted = ".".join(number.split(".")[:2])
        for strategy in self.strategies:
            if strategy.number == wanted:
                return strategy
        raise ParamError(
            "plan.no_item", kind="strategy", given=number, example=self.strategies[0].number
        )

    def goal_of(self, number: str) -> Goal:
        """Find the goal of an action or a strategy."""
        wanted = number.partition(".")[0]
        for goal in self.goals:
            if goal.number == wanted:
                return goal
        raise ParamError("plan.no_item", kind="goal", given=number, example=self.goals[0].number)

    def team_of(self, number: str) -> Team:
        """Find the team that works for an item."""
        wanted = self.goal_of(number).team
        return next(team for team in self.teams if team.id == wanted)

    def actions_of(self, strategy: str) -> tuple[Action, ...]:
        """List a strategy's actions and open slots."""
        return tuple(a for a in self.actions if a.number.rpartition(".")[0] == strategy)
