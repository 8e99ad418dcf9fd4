"""Who may change what: checked here for the command and for every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from csa.base.errors import ParamError, RoleError
from csa.config.grants import ROLES, Role
from csa.decisions.store import Signed
from csa.plan import Plan

EXECUTIVE, PREVENTION = "executive", "prevention"
ANY_TEAM = ""


@dataclass(frozen=True)
class Person:
    """Somebody who uses the app or the command.

    Parameters
    ----------
    office
        The office or body they act for; it stands in the trail.
    role
        `viewer` reads, `member` writes in work plans and hands out reports, `editor` proposes
        and reports on the actions of their strategies, `chair` approves and designates.
    strategies
        Numbers of an editor's strategies.
    team
        A chair's team: one of the plan's, `executive` for the Committee, empty for all.
    name
        What the provider of the sign-in calls them; only their drafts are kept under it, and it
        stands nowhere else.
    """

    office: str
    role: Role = "viewer"
    strategies: tuple[str, ...] = ()
    team: str = ANY_TEAM
    name: str = ""

    @property
    def desk(self) -> str:
        """Whose drafts are theirs: two people of one office have each their own."""
        return self.name or self.office.strip()

    def __post_init__(self) -> None:
        """Refuse a role that nobody knows."""
        if self.role not in ROLES:
            raise ParamError("roles.unknown", given=self.role, known=", ".join(ROLES))


@dataclass(frozen=True)
class Act:
    """Somebody changes something, on a day, for a reason.

    Parameters
    ----------
    person
        Who, with their role.
    signed
        What the trail says of it.
    on
        The day, in the city's own time.
    """

    person: Person
    signed: Signed
    on: date


def local_person(office: str) -> Person:
    """Return the person at this machine's own command line, or of an app with `access = local`.

    Parameters
    ----------
    office
        Any text: recorded, not a permission.

    Returns
    -------
    Person
        With the chair's role, of all teams.
    """
    return Person(office, "chair")


def act(person: Person, why: str, at_utc: datetime, time_zone: str) -> Act:
    """Sign a change.

    Parameters
    ----------
    person
        Who.
    why
        In their own words.
    at_utc
        When, with its zone.
    time_zone
        The city's, whose day counts.

    Returns
    -------
    Act
        To be handed to what changes the store.

    Raises
    ------
    ParamError
        If the office or the reason is missing.
    """
    signed = Signed(person.office, why, at_utc)
    return Act(person, signed, at_utc.astimezone(ZoneInfo(time_zone)).date())


def may(check: Callable[..., None], *given: object) -> bool:
    """Tell whether a rule would let somebody: for a page, which offers only what would be kept.

    Parameters
    ----------
    check
        One of the rules below.
    *given
        What it takes.

    Returns
    -------
    bool
        False where it refuses them.
    """
    try:
        check(*given)
    except RoleError:
        return False
    return True


def require(person: Person, least: Role) -> None:
    """Refuse a person whose role is less.

    Parameters
    ----------
    person
        Who wants to change something.
    least
        The role it takes.

    Raises
    ------
    RoleError
        If theirs is less.
    """
    if ROLES.index(person.role) < ROLES.index(least):
        raise RoleError("roles.refused", given=person.role, least=least)


def require_action(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who may not report on an action.

    Parameters
    ----------
    person
        Who.
    plan
        The plan.
    number
        The action's.

    Raises
    ------
    RoleError
        If they are no editor of its strategy and no chair of its team.
    """
    require(person, "editor")
    strategy = plan.strategy_of(number).number
    if person.role == "editor" and strategy not in person.strategies:
        theirs = ", ".join(person.strategies) or "none"
        raise RoleError("roles.not_strategy", strategy=strategy, theirs=theirs)
    if person.role == "chair":
        _require_team(person, plan, number)


def require_chair(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who does not chair an action's team, nor the Committee.

    Parameters
    ----------
    person
        Who.
    plan
        The plan.
    number
        The action's.

    Raises
    ------
    RoleError
        If they chair neither.
    """
    require(person, "chair")
    _require_team(person, plan, number)


def require_team_chair(person: Person, plan: Plan, number: str) -> None:
    """Refuse a person who does not chair an action's own team: the Committee answers after it.

    Parameters
    ----------
    person
        Who.
    plan
        The plan.
    number
        The action's.

    Raises
    ------
    RoleError
        If they do not.
    """
    require(person, "chair")
    team = plan.team_of(number)
    if person.team not in {ANY_TEAM, team.id}:
        raise RoleError("roles.not_team", team=team.name)


def _require_team(person: Person, plan: Plan, number: str) -> None:
    team = plan.team_of(number)
    if person.team not in {ANY_TEAM, EXECUTIVE, team.id}:
        raise RoleError("roles.not_team", team=team.name)


def require_committee(person: Person) -> None:
    """Refuse a person who does not chair the Committee.

    Parameters
    ----------
    person
        Who.

    Raises
    ------
    RoleError
        If they do not.
    """
    require(person, "chair")
    if person.team not in {ANY_TEAM, EXECUTIVE}:
        raise RoleError("roles.not_committee")


def require_area_chair(person: Person) -> None:
    """Refuse a person who may not decide where to serve: the prevention team's chair may.

    Parameters
    ----------
    person
        Who.

    Raises
    ------
    RoleError
        If they chair neither that team nor the Committee.
    """
    require(person, "chair")
    if person.team not in {ANY_TEAM, EXECUTIVE, PREVENTION}:
        raise RoleError("roles.not_area_chair")
