"""Who may change what: checked here for the command and for every page."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from csa.base.errors import ParamError, RoleError
from csa.city.deployment import ROLES, Role
from csa.program.plan.items import Plan
from csa.program.store.audit import Signed

EXECUTIVE, PREVENTION = "executive", "prevention"
ANY_TEAM = ""


@dataclass(frozen=True)
class Person:
    """Somebody who uses the app or the command."""

    office: str  # the office or body they act for, as the trail names it
    role: Role = "viewer"
    strategies: tuple[str, ...] = ()  # numbers of an editor's strategies
    team: str = ANY_TEAM  # a chair's team
    name: str = ""  # their name, from the sign-in provider

    @property
    def desk(self) -> str:
        """The key of their drafts: two people of one office each have their own."""
        return self.name or self.office.strip()

    def __post_init__(self) -> None:
        """Refuse an unknown role."""
        if self.role not in ROLES:
            raise ParamError("param.one_of", name="role", given=self.role, known=", ".join(ROLES))


@dataclass(frozen=True)
class Act:
    """A change by a person, on a day, for a reason."""

    person: Person  # who, with their role
    signed: Signed  # how the trail records it
    on: date  # the day, in the city's own time


def local_person(office: str) -> Person:
    """Return the person at this machine's own command line, or of an app with `access = local`."""
    return Person(office, "chair")


def act(person: Person, why: str, at_utc: datetime, time_zone: str) -> Act:
    """Sign a change."""
    signed = Signed(person.office, why, at_utc)
    return Act(person, signed, at_utc.astimezone(ZoneInfo(time_zone)).date())


def dated(signed: Act, day: date | None, first: date | None = None) -> Act:
    """Return a change as of an earlier day; `first` is the day on which data begin."""
    if day is None:
        return signed
    refuse_day(day, signed.on, first)
    return replace(signed, on=day)


def refuse_day(day: date, today: date, first: date | None = None) -> None:
    """Refuse a day that is ahead, or before data begin."""
    if day > today:
        raise ParamError("decide.ahead", day=day, today=today)
    if first is not None and day < first:
        raise ParamError("decide.before_data", day=day, first=first)


def may(check: Callable[..., object], *given: object) -> bool:
    """Check whether a role rule allows something, so that pages offer only what is allowed."""
    try:
        check(*given)
    except RoleError:
        return False
    return True


def require(person: Person, least: Role) -> None:
    """Refuse a person whose role is too low."""
    if ROLES.index(person.role) < ROLES.index(least):
        raise RoleError("roles.refused", given=person.role, least=least)


def require_action(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who may not report on an action."""
    require(person, "editor")
    strategy = plan.strategy_of(number).number
    if person.role == "editor" and strategy not in person.strategies:
        theirs = ", ".join(person.strategies) or "none"
        raise RoleError("roles.not_strategy", strategy=strategy, theirs=theirs)
    if person.role == "chair":
        require_chair(person, plan, number)


def require_chair(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who does not chair an action's team, nor the Committee."""
    team = plan.team_of(number)
    _require_chair_of(person, {EXECUTIVE, team.id}, RoleError("roles.not_team", team=team.name))


def require_team_chair(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who does not chair an action's own team: the Committee answers after it."""
    team = plan.team_of(number)
    _require_chair_of(person, {team.id}, RoleError("roles.not_team", team=team.name))


def require_committee(person: Person) -> None:
    """Refuse a person who does not chair the Committee."""
    _require_chair_of(person, {EXECUTIVE}, RoleError("roles.not_committee"))


def require_area_chair(person: Person) -> None:
    """Refuse a person who may not decide where to serve: the prevention team's chair may."""
    _require_chair_of(person, {EXECUTIVE, PREVENTION}, RoleError("roles.not_area_chair"))


def _require_chair_of(person: Person, teams: Collection[str], refusal: RoleError) -> None:
    """Refuse a person who chairs none of these teams."""
    require(person, "chair")
    if person.team not in {ANY_TEAM, *teams}:
        raise refusal
