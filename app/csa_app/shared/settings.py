"""Settings of this deployment: which city, from which folders."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamlit import config, net_util

from csa.base.errors import ConfigError
from csa.base.home import home, shipped

ROOT = home().resolve()
VAR = ROOT / "var"
STATIC = Path(__file__).resolve().parents[1] / "static"
DEFAULT_CITY = "sample"


@dataclass(frozen=True)
class Deployment:
    """Where this deployment's city is stored."""

    config: Path  # the city's file
    dataset: Path  # the dataset's folder; made from the city's files if there is none
    basemap: Path  # output of `csa basemap`; without it, maps have no streets
    choices: Path  # where choices of areas are stored, with their reasons


def deployment(environment: Mapping[str, str] | None = None) -> Deployment:
    """Read `CSA_CITY` (a name in config/, a city's file, or a dataset's folder) and its folders."""
    variables = os.environ if environment is None else environment
    given = variables.get("CSA_CITY") or DEFAULT_CITY
    dataset = Path(given) if (Path(given) / "ingest.json").is_file() else None
    file = _config_of(city_of(dataset) if dataset else given)
    city = file.stem
    return Deployment(
        file,
        Path(variables.get("CSA_DATASET") or dataset or VAR / city / "dataset"),
        Path(variables.get("CSA_BASEMAP") or VAR / city / "basemap"),
        Path(variables.get("CSA_CHOICES") or VAR / city / "choices"),
    )


def city_of(dataset: Path) -> str:
    """Return the id of the city that a dataset belongs to."""
    try:
        return str(json.loads((dataset / "ingest.json").read_text(encoding="utf-8"))["city"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("screen.no_dataset_city", path=dataset) from error


def _config_of(city: str) -> Path:
    is_file = city.endswith(".toml")
    named = Path(city) if is_file else _listed().get(city)
    if named is None or not named.is_file():
        known = sorted(_listed())
        raise ConfigError("screen.no_city", given=city, known=", ".join(known))
    return named


def _listed() -> dict[str, Path]:
    """Map the cities' names to their files, those at home before those of the program."""
    folders = (shipped() / "config", ROOT / "config")
    return {file.stem: file for folder in folders for file in folder.glob("*.toml")}


def command_of(name: str, dataset: Path, option: str = "--dataset") -> list[str]:
    """Return the words of a command about this city and its dataset, typed in whatever folder."""
    file = deployment().config
    city = file.stem if _listed().get(file.stem) == file else str(file.resolve())
    is_own = dataset.resolve() == (VAR / file.stem / "dataset").resolve()
    return ["csa", name, "--city", city, *([] if is_own else [option, str(dataset.resolve())])]


def as_typed(folder: Path) -> Path:
    """Return a folder as typed in ours: without the path of this machine, where it lies there."""
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder


def below_base(path: str) -> str:
    """Return a path as this server has it: below its base path, if it has one."""
    return re.sub("/+", "/", f"/{config.get_option('server.baseUrlPath')}/{path}")


# ---- Keep Streamlit from asking a host on the internet for this machine's address.


def ask_no_host() -> None:
    """Answer without the internet that this machine's external address is unknown."""
    _ = net_util.get_external_ip
    net_util.get_external_ip = lambda: None
