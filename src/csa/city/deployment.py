"""Settings and where each came from: flag, environment, deployment file, city file, default."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SecretStr

from csa.base.errors import ConfigError, ParamError
from csa.base.home import PROJECT_FILE, home, in_home
from csa.base.message import Message, msg
from csa.city.config import Areas, CityConfig
from csa.city.loading import read_toml, validate
from csa.city.types import Frozen

ROLES_TABLE, MAIL_TABLE = "roles", "mail"
"""The deployment file's tables, which `csa.city.deployment` and `csa.city.deployment` read."""


@dataclass(frozen=True)
class Setting:
    """One setting."""

    name: str  # as a flag without its dashes, and in the deployment file
    read: Callable[[Any], Any]  # text or TOML value to the value; raises ValueError
    from_city: Callable[[CityConfig], Any]  # the city file's value; None where it has none
    default: Callable[[CityConfig], Any]  # the default
    about: str  # what it means, with its unit

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"CSA_{self.name.upper()}"


def _number(given: Any) -> float:
    if isinstance(given, bool):
        raise TypeError(given)
    return float(given)


def _whole(given: Any) -> int:
    number = _number(given)
    if not number.is_integer():
        raise ValueError(given)
    return int(number)


def _from_areas(name: str) -> Callable[[CityConfig], Any]:
    """Read a setting from [areas], if the city's own file sets it."""
    return lambda city: getattr(city.areas, name) if name in city.areas.model_fields_set else None


def _nothing(_: CityConfig) -> None:
    """Return no value."""


def _of_areas(name: str, read: Callable[[Any], Any], about: str) -> Setting:
    return Setting(name, read, _from_areas(name), lambda _: Areas.model_fields[name].default, about)


ACCESS = ("local", "public", "signed-in")
"""Who may open the app: this machine only, anybody (published data only), or who signs in."""
PLACES = frozenset({"data_dir", "store", "access", "bundle"})
"""Settings for the deployment; the others choose areas."""


def _access(given: Any) -> str:
    if given not in ACCESS:
        raise ValueError(given)
    return str(given)


SETTINGS = (
    Setting(
        "data_dir",
        str,
        _nothing,
        lambda city: str(in_home("data", city.city.id)),
        "folder with the city's files",
    ),
    Setting(
        "store",
        str,
        _nothing,
        lambda city: str(home() / "var" / f"{city.city.id}.sqlite3"),
        "what was decided: a file, or postgresql://user@host/database",
    ),
    Setting(
        "access",
        _access,
        _nothing,
        lambda _: "local",
        "who may open the app: local, public or signed-in",
    ),
    Setting(
        "bundle",
        str,
        _nothing,
        lambda _: "",
        "what `csa publish` wrote: all that a public app shows",
    ),
    _of_areas("months", _whole, "months of data in a proposal"),
    _of_areas("resolution", _whole, "H3 resolution of areas"),
    _of_areas("max_area_km2", _number, "size limit of an area in km2; 0 for none"),
    Setting("eps_m", _number, _nothing, _nothing, "DBSCAN's radius in meters; unset: as suggested"),
    Setting(
        "min_samples", _whole, _nothing, _nothing, "DBSCAN's minimum count; unset: as suggested"
    ),
)


@dataclass(frozen=True)
class Resolved:
    """A setting's value and where it came from."""

    value: Any  # the value; None leaves it to the suggestion
    origin: str  # `flag`, `environment`, `deployment file`, `city file` or `default`


def resolve(
    flags: Mapping[str, Any],
    city: CityConfig,
    environment: Mapping[str, str] | None = None,
    deployment: Path | None = None,
) -> dict[str, Resolved]:
    """Resolve each setting: the first of flag, environment, deployment file, city, default."""
    variables = os.environ if environment is None else environment
    deployed = _deployed(variables, deployment)
    settled = {}
    for setting in SETTINGS:
        ladder = (
            ("flag", flags.get(setting.name)),
            ("environment", variables.get(setting.variable)),
            ("deployment file", deployed.get(setting.name)),
            ("city file", setting.from_city(city)),
        )
        origin, given = next(
            ((origin, given) for origin, given in ladder if given is not None),
            ("default", setting.default(city)),
        )
        settled[setting.name] = Resolved(_read(setting, given), origin)
    return settled


def _read(setting: Setting, given: Any) -> Any:
    if given is None:
        return None
    try:
        return setting.read(given)
    except (TypeError, ValueError, OverflowError) as error:
        if setting.name == "access":
            raise ParamError(
                "param.one_of", name="access", given=given, known=", ".join(ACCESS)
            ) from error
        raise ParamError("param.number", name=setting.name, given=given) from error


def data_dir(city: CityConfig) -> Path:
    """Return where a city's source files are looked up."""
    return Path(resolve({}, city)["data_dir"].value)


def choosing(settled: Mapping[str, Resolved]) -> dict[str, Any]:
    """Pick the settings that choose areas."""
    return {name: found.value for name, found in settled.items() if name not in PLACES}


def _deployed(variables: Mapping[str, str], deployment: Path | None) -> dict[str, Any]:
    path = deployment_path(variables, deployment)
    if path is None:
        return {}
    table = read_toml(path)
    known = [setting.name for setting in SETTINGS]
    for name in table:
        if name not in {*known, ROLES_TABLE, MAIL_TABLE}:
            raise ConfigError(
                "config.setting_unknown", path=path, name=name, known=", ".join(known)
            )
    return table


def deployment_path(
    environment: Mapping[str, str] | None = None, deployment: Path | None = None
) -> Path | None:
    """Find the deployment file."""
    variables = os.environ if environment is None else environment
    path = deployment or Path(variables.get("CSA_DEPLOYMENT") or home() / PROJECT_FILE)
    if path.exists():
        return path
    if deployment is None and "CSA_DEPLOYMENT" not in variables:
        return None
    raise ConfigError("config.absent_deployment", path=path)


# ---- Who is granted which role: [roles] of the deployment file, and a provider's claims.


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
    return validate(raw, Granting, path, list(_grant_cross_faults(raw))).roles


def _grant_cross_faults(raw: Mapping[str, Any]) -> Iterator[Message]:
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
            yield msg("grants.fault_twice", key=f"{key}.email", given=one["email"])
        seen.add(email)
        is_editor = one.get("role") == "editor"
        if is_editor and not one.get("strategies"):
            yield msg("grants.fault_no_strategies", key=f"{key}.strategies")
        if not is_editor and one.get("strategies"):
            yield msg("grants.fault_not_editor", key=f"{key}.strategies")
        if one.get("role") != "chair" and one.get("team"):
            yield msg("grants.fault_not_chair", key=f"{key}.team")


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


# ---- How editions are mailed: [mail] of the deployment file. The password is in no file.


PASSWORD = "CSA_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
LOOPBACK = ("127.0.0.1", "::1", "localhost")
EDITION_NAMES = (
    "executive",
    "prevention",
    "prevention-walks",
    "prevention-leaders",
    "intervention",
    "enforcement",
    "public",
)
"""Editions that somebody may be sent; a test compares them with `csa.reports.making.EDITIONS`."""

# One plain address: nothing in it can end a header's line or begin a second address.
MailAddress = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=254),
]
MailHost = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*|::1)?$", max_length=253)]
# Printable on one line: no control character, no break of a line.
PlainOffice = Annotated[Office, Field(pattern=r"^[^\p{C}\p{Zl}\p{Zp}]+$")]


class MailRecipient(Frozen):
    """An office that receives an edition, and its address."""

    office: PlainOffice = Field(description="office that receives it, as the register names it")
    email: MailAddress = Field(description="its address; it never leaves this machine but as mail")


class Mail(Frozen):
    """The server that takes mail, and who receives which edition."""

    host: MailHost = Field("", description="server that takes mail; none: files and a list")
    port: int = Field(587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls, or none for a server on this machine"
    )
    username: str = Field(
        "", description=f"who signs in there, with the password in {PASSWORD}; none: nobody"
    )
    office: PlainOffice | Literal[""] = Field(
        "", description="office that hands out; it stands in the trail"
    )
    from_address: MailAddress | Literal[""] = Field("", description="address that mail comes from")
    reply_to: MailAddress | Literal[""] = Field("", description="address that answers go to")
    recipients: Mapping[str, tuple[MailRecipient, ...]] = Field(
        {}, description="edition to the offices that receive it"
    )

    @property
    def is_sending(self) -> bool:
        """Whether a server is named."""
        return bool(self.host)


class Mailing(Frozen):
    """The part of the deployment file that is about mail."""

    mail: Mail = Field(Mail(), description="how editions are mailed, and to whom")


def load_mail(
    environment: Mapping[str, str] | None = None, deployment: Path | None = None
) -> Mail | None:
    """Read [mail] of the deployment file; None where it has none."""
    path = deployment_path(environment, deployment)
    raw = {} if path is None else read_toml(path)
    if path is None or MAIL_TABLE not in raw:
        return None
    own = {MAIL_TABLE: raw[MAIL_TABLE]}
    return validate(own, Mailing, path, list(_mail_cross_faults(own[MAIL_TABLE]))).mail


def password_of(mail: Mail, environment: Mapping[str, str] | None = None) -> SecretStr:
    """Read the password, which prints as stars; empty where nobody signs in."""
    variables = os.environ if environment is None else environment
    found = variables.get(PASSWORD, "")
    if mail.username and not found:
        raise ParamError("mail.no_password", username=mail.username, variable=PASSWORD)
    if not (found.isascii() and found.isprintable()):
        raise ParamError("mail.odd_password", variable=PASSWORD)
    return SecretStr(found if mail.username else "")


def _mail_cross_faults(table: Any) -> Iterator[Message]:
    """Find faults across keys: mail in the clear, a server without a sender, unknown editions."""
    if not isinstance(table, dict):
        return
    if "password" in table:
        yield msg("mail.fault_password", key=f"{MAIL_TABLE}.password", variable=PASSWORD)
    if table.get("host"):
        for name in ("from_address", "office"):
            if not table.get(name):
                yield msg("mail.fault_needed", key=f"{MAIL_TABLE}.{name}")
        if table.get("security") == "none" and table["host"] not in LOOPBACK:
            yield msg("mail.fault_clear", key=f"{MAIL_TABLE}.security")
    recipients = table.get("recipients")
    for edition, listed in (recipients if isinstance(recipients, dict) else {}).items():
        key = f"{MAIL_TABLE}.recipients.{edition}"
        if edition not in EDITION_NAMES:
            yield msg("mail.fault_edition", key=key, known=", ".join(EDITION_NAMES))
        yield from _twice(key, listed)


def _twice(key: str, listed: Any) -> Iterator[Message]:
    """Find an address that would receive one edition twice."""
    seen: set[str] = set()
    for number, one in enumerate(listed if isinstance(listed, list) else (), start=1):
        email = one.get("email") if isinstance(one, dict) else None
        folded = email.casefold() if isinstance(email, str) else ""
        if folded and folded in seen:
            yield msg("mail.fault_twice", key=f"{key}[{number}].email")
        seen.add(folded)
