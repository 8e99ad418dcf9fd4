"""Options shared by several commands, and how they are read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csa.base.errors import ParamError

if TYPE_CHECKING:
    from csa.config.city import CityConfig

CityOption = Annotated[
    str, typer.Option("--city", help="A city's file, or its name in config/.", metavar="CONFIG")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def city_of(name: str) -> CityConfig:
    """Read the city that an option names."""
    from csa.config.loading import load_city

    return load_city(city_path(name))


def city_path(name: str) -> Path:
    """Find the file of the city that an option names."""
    path = Path(name)
    named = Path("config") / f"{name}.toml"
    return named if not path.exists() and "/" not in name and named.exists() else path


def data_dir_of(config: CityConfig) -> Path:
    """Return where source files are looked up."""
    from csa.config.settings import resolve

    return Path(resolve({}, config)["data_dir"].value)


def day_of(text: str | None, name: str) -> date | None:
    """Read a day that an option gives."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParamError("param.day", name=name, given=text) from error
