"""The `csa` command: thin, one function a subcommand.

Results go to stdout, progress and notes to stderr. A user's mistake is one sentence and exit
code 2; our own fault is one sentence and exit code 1.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from csa.errors import CsaError, ParamError
from csa.words import render

if TYPE_CHECKING:
    from csa.city import CityConfig

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(no_args_is_help=True, help="Settings, and where each comes from.")
app.add_typer(config_app, name="config")

CityOption = Annotated[
    str, typer.Option("--city", help="A city's file, or its name in config/.", metavar="CONFIG")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def main() -> None:
    """Run the command; turn errors into sentences and exit codes."""
    is_verbose = _pop_verbose()
    _start_log(is_verbose)
    try:
        app(standalone_mode=True)
    except CsaError as error:
        _fail(render(error.message), 2)
    except KeyboardInterrupt:
        _fail(_say("cli.interrupted"), 130)
    except BrokenPipeError:
        _close_stdout()
    except Exception as error:
        if is_verbose:
            raise
        _fail(_say("cli.internal", what=f"{type(error).__name__}: {error}"), 1)


def _pop_verbose() -> bool:
    """Take -v from anywhere in the line, before typer sees it."""
    found = [word for word in sys.argv[1:] if word in ("-v", "--verbose")]
    sys.argv[1:] = [word for word in sys.argv[1:] if word not in found]
    return bool(found)


def _start_log(is_verbose: bool) -> None:
    import os

    if is_verbose or os.environ.get("CSA_LOG"):
        from csa.log import start_log

        start_log(is_verbose=is_verbose, as_json=os.environ.get("CSA_LOG") == "json")


def _close_stdout() -> None:
    """Leave quietly when the reader of a pipe has gone."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(141)  # as a shell reports a command that its reader left


def _say(key: str, **values: object) -> str:
    from csa.message import say

    return render(say(key, **values))


def _fail(sentence: str, code: int) -> NoReturn:
    typer.echo(f"csa: {sentence}", err=True)
    raise SystemExit(code)


def _city(name: str) -> CityConfig:
    from csa.config import load_city

    return load_city(_city_path(name))


def _city_path(name: str) -> Path:
    path = Path(name)
    named = Path("config") / f"{name}.toml"
    return named if not path.exists() and "/" not in name and named.exists() else path


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"csa {version('csa')}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Propose and follow core service areas: places with many shootings, never persons."""


@app.command()
def ingest(
    city: CityOption,
    out: Annotated[Path, typer.Option(help="Folder of the dataset.", metavar="DATASET_DIR")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Shooting files, CSV or JSON.", metavar="FILE...")
    ] = None,
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    population: Annotated[
        Path | None, typer.Option(help="People by neighborhood.", metavar="FILE")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Last day of the data, YYYY-MM-DD.", metavar="DATE")
    ] = None,
    services: Annotated[Path | None, typer.Option(help="Places that help.", metavar="FILE")] = None,
    risk_terrain: Annotated[
        Path | None, typer.Option(help="An external score of places.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a city's shooting files, judge every row, and write a dataset."""
    config = _city(city)
    from csa import terminal
    from csa.ingest.dataset import save_dataset
    from csa.ingest.sources import add_layers, find_inputs
    from csa.intake import build_dataset
    from csa.settings import resolve

    folder = Path(resolve({}, config)["data_dir"].value)
    inputs = find_inputs(config, folder, tuple(files or ()), places, population, _day(as_of))
    inputs = add_layers(inputs, config, folder, services, risk_terrain)
    has_layers = bool(inputs.services or inputs.risk_terrain)
    with terminal.progress(len(inputs.incidents) + 4 + has_layers) as tell:
        intake = build_dataset(config, inputs, tell)
        tell("write")
        version = save_dataset(intake.dataset, intake.rejected, out)
    if as_json:
        _print_json(intake.dataset.report)
    else:
        terminal.show_intake(intake, out, version)


@app.command()
def propose(
    city: CityOption,
    dataset: Annotated[Path, typer.Option(help="What `csa ingest` wrote.", metavar="DIR")],
    out: Annotated[Path, typer.Option(help="Folder of the proposal.", metavar="DIR")],
    until: Annotated[
        str | None,
        typer.Option(help="First month not counted; else after the data.", metavar="YYYY-MM"),
    ] = None,
    months: Annotated[int | None, typer.Option(help="Months counted.  [36]")] = None,
    eps_m: Annotated[
        float | None, typer.Option(help="DBSCAN's radius in metres.  [suggested]")
    ] = None,
    min_samples: Annotated[
        int | None, typer.Option(help="DBSCAN's minimum count.  [suggested]")
    ] = None,
    max_area_km2: Annotated[
        float | None, typer.Option(help="Size limit of an area; 0 for none.  [2.0]")
    ] = None,
    resolution: Annotated[int | None, typer.Option(help="H3 resolution.  [9]")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Count only this kind: homicide or nonfatal.  [both]", metavar="KIND"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose candidate core service areas from a dataset."""
    config = _city(city)
    from csa import terminal
    from csa.analysis import Choices
    from csa.analysis import propose as propose_areas
    from csa.files import replace_folder
    from csa.hotspots.proposal import MARKER, proposal_files
    from csa.ingest.dataset import load_dataset
    from csa.params import Month
    from csa.schema import KINDS
    from csa.settings import resolve

    flags = {
        "months": months,
        "eps_m": eps_m,
        "min_samples": min_samples,
        "max_area_km2": max_area_km2,
        "resolution": resolution,
    }
    settled = {name: setting.value for name, setting in resolve(flags, config).items()}
    settled.pop("data_dir")
    first_not_counted = None if until is None else Month.parse(until, "--until")
    kinds = tuple(dict.fromkeys(kind)) if kind else KINDS
    choices = Choices(until=first_not_counted, kinds=kinds, **settled)
    with terminal.progress(5) as tell:
        tell("load")
        loaded = load_dataset(dataset)
        proposal = propose_areas(loaded, config, choices, tell)
        tell("write")
        replace_folder(out, MARKER, proposal_files(proposal))
    if as_json:
        _print_json(proposal.summary)
    else:
        terminal.show_proposal(proposal, config.city.units, out)


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder of the city's files.", metavar="DIR")],
    seed: Annotated[int | None, typer.Option(help="Another city.  [20200821]")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the made-up city: its shootings, places and the truth planted in them."""
    from csa import terminal
    from csa.files import replace_folder
    from csa.synthetic.sample import MARKER, SEED, sample_files

    files = sample_files(SEED if seed is None else seed)
    replace_folder(out, MARKER, files)
    truth = json.loads(files[MARKER])
    if as_json:
        _print_json(truth)
    else:
        terminal.show_sample(truth, out)


@app.command()
def fetch(
    city: CityOption,
    year: Annotated[int, typer.Option(help="Year of the shooting file.", metavar="YYYY")],
    out: Annotated[
        Path | None, typer.Option(help="Folder; else the city's data folder.", metavar="DIR")
    ] = None,
    places: Annotated[bool, typer.Option("--places", help="The neighborhoods too.")] = False,
    portal: Annotated[
        str | None, typer.Option(help="Another address of the portal, for trials.", hidden=True)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Download a year of a city's shooting file from its open-data portal."""
    config = _city(city)
    from csa import terminal
    from csa.ingest.orders import fetch_year
    from csa.ingest.sources import data_folder
    from csa.settings import resolve

    folder = out or data_folder(config, Path(resolve({}, config)["data_dir"].value))
    try:
        account = fetch_year(
            config, year, folder, terminal.progress, with_places=places, address=portal
        )
    except KeyboardInterrupt:
        _fail(_say("fetch.interrupted"), 130)
    if as_json:
        _print_json(account.for_machines())
    else:
        terminal.show_fetched(account)


@app.command()
def check(
    city: CityOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Shooting files whose headers are matched.", metavar="[FILE]..."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List every fault of a city's file, each with its key and remedy; match files' headers."""
    from csa import terminal
    from csa.errors import ConfigError
    from csa.ingest.columns import match_layout
    from csa.ingest.records import read_records
    from csa.settings import resolve

    path = _city_path(city)
    try:
        config = _city(city)
    except ConfigError as error:
        if as_json:
            faults = [render(fault) for fault in error.faults] or [render(error.message)]
            _print_json({"path": str(path), "faults": faults})
            raise SystemExit(2) from error
        raise
    layouts = [
        (file, match_layout(read_records(file).header, config, file)) for file in files or ()
    ]
    if as_json:
        matched = [
            {"file": str(file), "source": layout.source.name, "fields": sorted(layout.positions)}
            for file, layout in layouts
        ]
        _print_json({"path": str(path), "faults": [], "files": matched})
    else:
        terminal.show_check(config, path, Path(resolve({}, config)["data_dir"].value))
        terminal.show_layouts(layouts)


@app.command()
def basemap(
    city: CityOption,
    out: Annotated[Path, typer.Option(help="Folder of the background.", metavar="DIR")],
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a city's own water, parks and streets as a background that needs no network."""
    config = _city(city)
    from csa import terminal
    from csa.basemap import build_basemap, describe, save_basemap
    from csa.settings import resolve

    folder = Path(resolve({}, config)["data_dir"].value)
    with terminal.progress(5) as tell:
        made, notes = build_basemap(config, folder, places, tell)
        tell("write")
        save_basemap(made, out)
    if as_json:
        told = [{"key": note.key, "text": str(note)} for note in notes]
        _print_json({**made.manifest, "notes": told})
    else:
        for message in (*notes, *describe(made, out)):
            typer.echo(render(message))


@config_app.command("show")
def config_show(city: CityOption, as_json: JsonOption = False) -> None:
    """Print each setting with its value and where it comes from."""
    from csa import terminal
    from csa.settings import resolve

    settled = resolve({}, _city(city))
    if as_json:
        _print_json({name: {"value": s.value, "origin": s.origin} for name, s in settled.items()})
    else:
        terminal.show_settings(settled)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParamError("param.day", name="--as-of", given=text) from error


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
