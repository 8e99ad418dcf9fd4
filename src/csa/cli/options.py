"""What several commands take, and what they make of it: a city, how areas are proposed, a store."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from csa.base.errors import ParamError
from csa.base.params import parse_day

if TYPE_CHECKING:
    from csa.analysis.analysis import Analysis
    from csa.areas.choices import AreaSettings
    from csa.base.logging import ProgressCallback
    from csa.city.config import CityConfig
    from csa.city.dataset import Dataset
    from csa.city.deployment import Resolved
    from csa.program.plan.items import Plan
    from csa.program.roles import Act
    from csa.program.store.engine import Store
    from csa.program.store.records import Records

Kept = TypeVar("Kept")
NOTHING = "none"
"""What takes a planned day or a percentage away."""


def _require_city(context: typer.Context, given: str) -> str:
    """Refuse a command without a city in a sentence that says what to type."""
    if not given:
        raise ParamError("param.no_city", command=context.command_path)
    return given


CityOption = Annotated[
    str,
    typer.Option(
        help="A city's file, or its name in config/.  [required]",
        metavar="CONFIG",
        default_factory=str,
        show_default=False,
        callback=_require_city,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
AllowPrivateOption = Annotated[
    bool,
    typer.Option("--allow-private", help="Also fetch from addresses inside your network."),
]


def own_option(what: str, about: str) -> Any:
    """Make the option of a folder that is the city's own in `var` where none is given."""

    def find(context: typer.Context, given: Path | None) -> Path | None:
        city = context.params.get("city")  # typed after this option, it is not there yet
        return given or (own_folder(city, what) if city else None)

    return typer.Option(
        help=f"{about}  [var/<city>/{what}]",
        metavar="DIR",
        default_factory=type(None),
        show_default=False,
        callback=find,
    )


DatasetOption = Annotated[Path, own_option("dataset", "The dataset from `csa ingest`.")]
FolderOption = Annotated[
    Path | None,
    typer.Option(help="The dataset from `csa ingest`.  [var/<city>/dataset]", metavar="DIR"),
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        help="First month not counted (default: the first after the data).", metavar="YYYY-MM"
    ),
]
MonthsOption = Annotated[int | None, typer.Option(help="Months counted.  [36]")]
LimitOption = Annotated[
    float | None, typer.Option(help="Size limit of an area; 0 for none.  [2.0]")
]
ResolutionOption = Annotated[int | None, typer.Option(help="H3 resolution.  [10]")]
KindOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Count only this kind: homicide or nonfatal (default: both).", metavar="KIND"
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        help="The store: a file, or postgresql://... (default: CSA_STORE, or var/<city>.sqlite3).",
        metavar="URL",
    ),
]
BasemapOption = Annotated[
    Path | None,
    typer.Option(help="The background for the maps: the folder from `csa basemap`.", metavar="DIR"),
]
ConfirmOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Code of a flagged public text that you have read again. Repeatable.", metavar="CODE"
    ),
]
ByOption = Annotated[str, typer.Option(help="The office that decides; recorded.", metavar="OFFICE")]
WhyOption = Annotated[str, typer.Option(help="The reason; recorded.", metavar="TEXT")]
OnOption = Annotated[
    str | None,
    typer.Option(help="The date it takes effect (default: today).", metavar="YYYY-MM-DD"),
]


@dataclass(frozen=True)
class DecisionOptions:
    """What a command that decides is given: whose decision it is, and the store it goes into."""

    by: ByOption
    why: WhyOption
    city: CityOption
    store: StoreOption = None
    on: OnOption = None

    @cached_property
    def config(self) -> CityConfig:
        """The city."""
        return load_city_option(self.city)

    @cached_property
    def act(self) -> Act:
        """The signature."""
        return make_act(self.config, self.by, self.why, self.on)

    @property
    def records(self) -> Records:
        """What the store has before the decision, which may make it."""
        from csa.program.store.records import read_records

        return read_records(open_store_read_only(self.config, self.store, may_be_made=True))

    def decide(self, write: Callable[[Store, Act], Kept]) -> Kept:
        """Carry out a decision; one that cannot be signed opens no store."""
        act = self.act
        return decided(self.config, self.store, lambda opened: write(opened, act))


@dataclass(frozen=True)
class ProposalOptions:
    """What a command that proposes areas is given: over which months, and how."""

    until: UntilOption = None
    months: MonthsOption = None
    eps_m: Annotated[
        float | None, typer.Option(help="DBSCAN's radius in meters (default: as suggested).")
    ] = None
    min_samples: Annotated[
        int | None, typer.Option(help="DBSCAN's minimum count (default: as suggested).")
    ] = None
    max_area_km2: LimitOption = None
    resolution: ResolutionOption = None
    kind: KindOption = None

    def choices(self, config: CityConfig) -> AreaSettings:
        """Return how areas are to be proposed in a city."""
        flags = dict(vars(self))
        from csa.areas.choices import resolve_settings

        return resolve_settings(config, flags.pop("until"), flags.pop("kind"), **flags)


def _unfolded(command: Callable[..., None], kind: type, *last: str) -> Callable[..., None]:
    """Make a command whose one parameter of a kind is given by its fields, options of their own."""
    options = inspect.signature(kind, eval_str=True).parameters
    at_end = [options[name] for name in last]
    names = [name for name in options if name != "on" or name in last]
    parameters = []
    for one in inspect.signature(command, eval_str=True).parameters.values():
        if one.annotation is kind:
            place = one.name
            parameters += [options[name] for name in names if name not in last]
        else:
            parameters.append(one)

    @wraps(command)
    def run(**given: Any) -> None:
        command(**{place: kind(**{name: given.pop(name) for name in names})}, **given)

    run.__signature__ = inspect.Signature([*parameters, *at_end])  # type: ignore[attr-defined]
    return run


def signed(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function that takes a `DecisionOptions`."""
    return _unfolded(command, DecisionOptions)


def signed_on(command: Callable[..., None]) -> Callable[..., None]:
    """Make such a command that is given the day, too, from which the decision holds."""
    return _unfolded(command, DecisionOptions, "on")


def proposing(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function that takes a `ProposalOptions`."""
    return _unfolded(command, ProposalOptions)


def load_city_option(name: str) -> CityConfig:
    """Read the city that an option names."""
    from csa.city.loading import find_city_file, load_city

    return load_city(find_city_file(name))


def in_var(city: str) -> Path:
    """Return the folder of what is made of a city."""
    from csa.base.home import home

    return home() / "var" / city


def own_folder(city: str, what: str) -> Path:
    """Return where something that is made of a city is, by what the city's file is called."""
    from csa.city.loading import find_city_file

    return in_var(find_city_file(city).stem) / what


def city_word(city: str) -> str:
    """Return what a printed command calls a city, in whatever folder it is typed."""
    from csa.city.loading import find_city_file

    file = find_city_file(city)
    return city if file != Path(city) else shlex.quote(str(file.resolve()))


def dataset_of(city: str, given: Path | None) -> Dataset | None:
    """Open the dataset that is given, else the city's own in `var`; None where there is none."""
    from csa.city.dataset import open_dataset

    folder = given or own_folder(city, "dataset")
    return open_dataset(folder) if given or (folder / "ingest.json").is_file() else None


def parse_date_option(text: str | None, name: str) -> date | None:
    """Read a day that an option gives."""
    return None if text is None else parse_day(text, name)


def resolved_store(config: CityConfig, given: str | None) -> Resolved:
    """Return where a city's store is, and who says so."""
    from csa.city.deployment import resolve

    return resolve({"store": given}, config)["store"]


def store_address(config: CityConfig, given: str | None) -> str:
    """Return where a city's store is."""
    return str(resolved_store(config, given).value)


def store_name(config: CityConfig, given: str | None) -> str:
    """Name a city's store in a sentence."""
    from csa.program.store.address import shown

    return shown(store_address(config, given))


def open_store_read_only(
    config: CityConfig, given: str | None, *, may_be_made: bool = False
) -> Store | None:
    """Open a city's store to read it; one that an option names must be there, or may be made."""
    from csa.program.store.address import refuse_missing
    from csa.program.store.engine import open_store

    found = resolved_store(config, given)
    opened = open_store(str(found.value), city=config.city.id)
    if opened is None and not may_be_made:
        refuse_missing(str(found.value), found.origin)
    return opened


def stored_records(config: CityConfig, given: str | None, *, with_values: bool = False) -> Records:
    """Read what a city's store holds."""
    from csa.program.store.records import read_records

    return read_records(open_store_read_only(config, given), with_values=with_values)


def load_analysis(
    config: CityConfig,
    dataset: Path,
    settings: AreaSettings,
    store: str | None,
    progress: ProgressCallback,
    *,
    keep: bool = False,
) -> Analysis:
    """Open a city's dataset, and what its store says was decided."""
    from csa.analysis.analysis import Analysis
    from csa.city.dataset import open_city

    progress("load")
    city, records = open_city(config, dataset), stored_records(config, store)
    return Analysis(city, settings, records, progress=progress, keep=keep)


def decided(config: CityConfig, given: str | None, decide: Callable[[Store], Kept]) -> Kept:
    """Carry out a decision; an absent store is created, but not for a refused one."""
    opened = open_store_read_only(config, given, may_be_made=True)
    if opened is None:
        rehearse(config, decide)
        opened = open_or_create_store(config, given)
    return decide(opened)


def rehearse(config: CityConfig, decide: Callable[[Store], Kept]) -> None:
    """Carry a decision out on an empty store of its own: a refusal then leaves nothing behind."""
    from csa.program.store.engine import make_store

    with TemporaryDirectory(prefix=".csa-tmp-") as folder:
        decide(make_store(str(Path(folder) / "rehearsal.sqlite3"), config.city.id))


def confirm_read(
    config: CityConfig, given: str | None, codes: Sequence[str], by: str | None
) -> None:
    """Record that public texts were read again, before they are published."""
    from csa.base.text import tr
    from csa.program.writing import confirm_texts

    if not by:
        raise ParamError("publish.confirm_by")
    signed = make_act(config, by, tr("publish.read_again"))
    decided(config, given, lambda opened: confirm_texts(opened, signed, codes))


def open_or_create_store(config: CityConfig, given: str | None) -> Store:
    """Open a city's store, or create it."""
    from csa.program.store.engine import make_store

    return make_store(store_address(config, given), config.city.id)


def require_plan(city: str, config: CityConfig | None = None) -> Plan:
    """Read a city's plan; refuse where its file names none."""
    from csa.city.loading import find_city_file

    plan = city_plan(city, config)
    if plan is None:
        raise ParamError("plan.none", city=find_city_file(city))
    return plan


def city_plan(city: str, config: CityConfig | None = None) -> Plan | None:
    """Read a city's plan; None where its file names none."""
    from csa.city.loading import find_city_file
    from csa.program.plan.loading import load_city_plan

    return load_city_plan(find_city_file(city), config)


def make_act(config: CityConfig, by: str, why: str, on: str | None = None) -> Act:
    """Sign a change by the person at this machine, who has a chair's role."""
    from csa.program.roles import act, dated, local_person

    signed = act(local_person(by), why, config.city.clock.now(), config.city.time_zone)
    return dated(signed, parse_date_option(on, "--on"))
