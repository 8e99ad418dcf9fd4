"""The options of the commands that read or change the store, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from csa.base.errors import ParamError
from csa.cli.options import city_path, day_of

if TYPE_CHECKING:
    from csa.config.city import CityConfig
    from csa.decisions.roles import Act
    from csa.decisions.store import Store
    from csa.plan import Plan

Kept = TypeVar("Kept")
DEFAULT_CITY = "sample"
PlanCityOption = Annotated[
    str,
    typer.Option("--city", help="A city's file, or its name in config/.", metavar="CONFIG"),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="The store: a file, or postgresql://...; else CSA_STORE, else var/<city>.sqlite3.",
        metavar="URL",
    ),
]
ByOption = Annotated[
    str, typer.Option("--by", help="The office that decides; recorded.", metavar="OFFICE")
]
WhyOption = Annotated[str, typer.Option("--why", help="Its reason; recorded.", metavar="TEXT")]
OnOption = Annotated[
    str | None,
    typer.Option("--on", help="The day that it holds from; else today.", metavar="YYYY-MM-DD"),
]


def store_address(config: CityConfig, given: str | None) -> str:
    """Return where a city's store is."""
    from csa.config.settings import resolve

    return str(resolve({"store": given}, config)["store"].value)


def store_name(config: CityConfig, given: str | None) -> str:
    """Name a city's store in a sentence."""
    from csa.decisions.store.address import shown

    return shown(store_address(config, given))


def reading_store(config: CityConfig, given: str | None) -> Store | None:
    """Open a city's store to read it."""
    from csa.decisions.store import open_store

    return open_store(store_address(config, given), city=config.city.id)


def decided(config: CityConfig, given: str | None, decide: Callable[[Store], Kept]) -> Kept:
    """Carry out a decision; an absent store is created, but not for a refused one."""
    address = store_address(config, given)
    opened = reading_store(config, given)
    if opened is None:
        # Tried on an empty temporary store, so that a refusal leaves nothing behind.
        with TemporaryDirectory(prefix=".csa-tmp-") as folder:
            decide(_made(str(Path(folder) / "rehearsal.sqlite3"), config.city.id))
        opened = _made(address, config.city.id)
    return decide(opened)


def _made(address: str, city: str) -> Store:
    from csa.decisions.store import open_store

    store = open_store(address, make=True, city=city)
    if store is None:  # pragma: no cover - it was made
        raise RuntimeError(address)
    return store


def plan_of(city: str) -> Plan:
    """Read a city's plan."""
    from csa.config.loading import load_city
    from csa.plan import load_plan

    path = city_path(city)
    name = load_city(path).city.plan
    if not name:
        raise ParamError("plan.none", city=path)
    return load_plan(path.parent / "plans" / name)


def today_of(config: CityConfig) -> date:
    """Return today's date in a city."""
    return datetime.now(ZoneInfo(config.city.time_zone)).date()


def act_of(config: CityConfig, by: str, why: str, on: str | None = None) -> Act:
    """Sign a change by the person at this machine, who has a chair's role."""
    from dataclasses import replace

    from csa.decisions.roles import act, local_person

    signed = act(local_person(by), why, datetime.now(UTC), config.city.time_zone)
    day = day_of(on, "--on")
    if day is None:
        return signed
    if day > signed.on:
        raise ParamError("decide.ahead", day=day, today=signed.on)
    return replace(signed, on=day)


def one_folder_of(path: Path, name: str) -> Path:
    """Return a file of a folder that an option names, or the file itself."""
    return path / name if path.is_dir() else path
