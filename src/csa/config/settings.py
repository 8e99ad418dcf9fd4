"""Settings and where each came from: flag, environment, deployment file, city file, default."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csa.base.errors import ConfigError, ParamError
from csa.config.city import Areas, CityConfig
from csa.config.loading import read_toml

DEPLOYMENT_FILE = "csa.toml"
ROLES_TABLE, MAIL_TABLE = "roles", "mail"
"""The deployment file's tables, which `csa.config.grants` and `csa.config.mail` read."""


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


def _default_of_areas(name: str) -> Callable[[CityConfig], Any]:
    """Return the default that [areas] documents."""
    return lambda _: Areas.model_fields[name].default


def _nothing(_: CityConfig) -> None:
    """Return no value."""


def _of_areas(name: str, read: Callable[[Any], Any], about: str) -> Setting:
    return Setting(name, read, _from_areas(name), _default_of_areas(name), about)


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
        lambda city: f"data/{city.city.id}",
        "folder with the city's files",
    ),
    Setting(
        "store",
        str,
        _nothing,
        lambda city: f"var/{city.city.id}.sqlite3",
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
    Setting("eps_m", _number, _nothing, _nothing, "DBSCAN's radius in metres; unset: as suggested"),
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
            raise ParamError("param.access", given=given, known=", ".join(ACCESS)) from error
        raise ParamError("param.number", name=setting.name, given=given) from error


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
    path = deployment or Path(variables.get("CSA_DEPLOYMENT", DEPLOYMENT_FILE))
    if path.exists():
        return path
    if deployment is None and "CSA_DEPLOYMENT" not in variables:
        return None
    raise ConfigError("config.absent_deployment", path=path)
