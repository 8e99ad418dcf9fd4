"""Who is granted which role: [roles] of the deployment file, and a provider's claims on a person.

The provider is the one that signs people in (OpenID Connect); what it says are its claims. If
anything is missing or unknown, a person can only read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from csa.base.message import Message, say
from csa.config.loading import read_toml, validate
from csa.config.settings import ROLES_TABLE, deployment_path
from csa.config.types import Frozen

Role = Literal["viewer", "member", "editor", "chair"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do everything that those before it may, and more."""
STRATEGY = r"^[0-9]+\.[0-9]+$"
MAX_OFFICE = 120

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Office = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=MAX_OFFICE)]


class Listed(Frozen):
    """Somebody whom the deployment file names."""

    email: Email = Field(description="as the provider says it; capitals do not count")
    office: Office = Field(description="office or body they act for; it stands in the trail")
    role: Role = Field(description="viewer, member, editor or chair")
    strategies: tuple[Annotated[str, Field(pattern=STRATEGY)], ...] = Field(
        (), description="numbers of an editor's strategies, such as 1.2"
    )
    team: str = Field("", description="a chair's team, executive for the Committee, none for all")


class Roles(Frozen):
    """Where roles come from."""

    role_claim: str = Field("", description="claim that holds the role; none: no role by claim")
    office_claim: str = Field("", description="claim that holds the office or body")
    strategies_claim: str = Field("", description="claim that holds an editor's strategies")
    team_claim: str = Field("", description="claim that holds a chair's team; none: all teams")
    people: tuple[Listed, ...] = Field((), description="people by email; they win over claims")


class Granting(Frozen):
    """The part of the deployment file that grants roles."""

    roles: Roles = Field(Roles(), description="who has which role, where people sign in")


@dataclass(frozen=True)
class Grant:
    """The role of a person, with its limits."""

    office: str = ""  # the office or body they act for; empty where unknown
    role: Role = "viewer"  # one of `ROLES`
    strategies: tuple[str, ...] = ()  # numbers of an editor's strategies
    team: str = ""  # a chair's team; empty for all


def load_roles(
    environment: Mapping[str, str] | None = None, deployment: Path | None = None
) -> Roles:
    """Read [roles] of the deployment file."""
    path = deployment_path(environment, deployment)
    if path is None:
        return Roles()
    raw = {name: part for name, part in read_toml(path).items() if name == ROLES_TABLE}
    return validate(raw, Granting, path, list(_cross_faults(raw))).roles


def _cross_faults(raw: Mapping[str, Any]) -> Iterator[Message]:
    """Find faults across keys: somebody named twice, an editor without strategies."""
    table = raw.get(ROLES_TABLE)
    listed = table.get("people") if isinstance(table, dict) else None
    seen: set[str] = set()
    for number, one in enumerate(listed if isinstance(listed, list) else (), start=1):
        if not isinstance(one, dict):
            continue
        key = f"{ROLES_TABLE}.people[{number}]"
        email = _folded(one.get("email"))
        if email and email in seen:
            yield say("grants.fault_twice", key=f"{key}.email", given=one["email"])
        seen.add(email)
        is_editor = one.get("role") == "editor"
        if is_editor and not one.get("strategies"):
            yield say("grants.fault_no_strategies", key=f"{key}.strategies")
        if not is_editor and one.get("strategies"):
            yield say("grants.fault_not_editor", key=f"{key}.strategies")
        if one.get("role") != "chair" and one.get("team"):
            yield say("grants.fault_not_chair", key=f"{key}.team")


def grant(roles: Roles, claims: Mapping[str, Any]) -> Grant:
    """Return the role of somebody who has signed in.

    An email that the provider has not verified can lower a role, and never raises one.
    """
    email, claimed = _folded(claims.get("email")), _claimed(roles, claims)
    one = next((one for one in roles.people if _folded(one.email) == email), None)
    if one is None:
        return claimed
    is_lower = ROLES.index(one.role) < ROLES.index(claimed.role)
    if claims.get("email_verified") is True or is_lower:
        return Grant(one.office, one.role, one.strategies, one.team)
    return claimed


def _claimed(roles: Roles, claims: Mapping[str, Any]) -> Grant:
    role = _role(_texts(claims, roles.role_claim), roles.role_claim)
    office = next(iter(_texts(claims, roles.office_claim)), "")[:MAX_OFFICE]
    if role == "viewer":
        return Grant(office)
    if not office:
        complain_once("no office in a claim beside the role %r: viewer", role)
        return Grant()
    if role == "editor":
        return Grant(office, role, _strategies(_texts(claims, roles.strategies_claim)))
    if role == "chair" and roles.team_claim:
        teams = _texts(claims, roles.team_claim)
        if len(teams) != 1:  # a chair of an unknown team must not chair all
            complain_once("not one team in the claim %r of a chair: viewer", roles.team_claim)
            return Grant(office)
        return Grant(office, role, team=teams[0])
    return Grant(office, role)


def _role(given: Iterable[str], claim: str) -> Role:
    """Return the highest role of those that a claim gives: some providers send a list."""
    held: Role = "viewer"
    for text in given:
        known = next((role for role in ROLES if role == text), None)
        if known is None:
            complain_once("unknown role %r in the claim %r: viewer", text[:60], claim)
        elif ROLES.index(known) > ROLES.index(held):
            held = known
    return held


def _strategies(given: Iterable[str]) -> tuple[str, ...]:
    """Return strategies, given as a list or as one text with commas or blanks between."""
    found = [part for text in given for part in re.split(r"[,;\s]+", text) if part]
    for part in found:
        if not re.match(STRATEGY, part):
            complain_once("unknown strategy %r in a claim: left out", part[:60])
    return tuple(part for part in found if re.match(STRATEGY, part))


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    """Return a claim's texts; values of other types are left out."""
    value = claims.get(name) if name else None
    many = value if isinstance(value, list | tuple) else [value]
    return [one.strip() for one in many if isinstance(one, str) and one.strip()]


def _folded(email: object) -> str:
    return email.strip().casefold() if isinstance(email, str) else ""


@lru_cache(maxsize=256)
def complain_once(text: str, *values: str) -> None:
    """Log once: a page runs again with every click."""
    logging.getLogger("csa").warning(text, *values)
