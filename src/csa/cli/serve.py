"""The commands that open the app: serve and demo; and where files are: home."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.extra import shipped_extras
from csa.base.home import PROJECT_FILE, home, require_one_owner
from csa.base.io import create_file
from csa.base.text import day, tr
from csa.cli.console import LOGGER, note, pick, progress, show, show_json
from csa.cli.options import (
    BasemapOption,
    JsonOption,
    StoreOption,
    in_var,
    load_city_option,
    require_plan,
    store_address,
    store_name,
    stored_records,
)

SAMPLE = "sample"
PUBLISHED = ("2020-03", "2020-06")
"""Quarters' last months that the made-up program has published."""
PortOption = Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Read the city's files and test past years again first.")
]
Step = tuple[str, Callable[[], None]]


def serve(
    city: Annotated[
        str | None,
        typer.Option(
            help="A city's file, its name in config/, or a dataset; else the only one at home.",
            metavar="CITY",
        ),
    ] = None,
    port: PortOption = 8501,
    again: AgainOption = False,
) -> None:
    """Open a city in the browser: read its files, unless that was done, and serve the app."""
    given = city or os.environ.get("CSA_CITY") or _only_city()
    is_dataset = (Path(given) / "ingest.json").is_file()
    _require_port(port)
    _take([] if is_dataset else _city_steps(given, is_again=again))
    _serve(given, port)


def demo(port: PortOption = 8501, again: AgainOption = False) -> None:
    """Open the made-up city in the browser, with two years of a made-up program."""
    _require_port(port)
    _take([*_city_steps(SAMPLE, is_again=again, is_new=True), *_program_steps(is_again=again)])
    _serve(SAMPLE, port)


def home_command(
    here: Annotated[
        bool, typer.Option("--here", help="Make this folder a project's: write csa.toml.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print where config/, data/ and var/ are."""
    if here:
        create_file(Path(PROJECT_FILE), f"# {tr('home.project')}\n".encode())
    folder = home().resolve()
    cities = sorted(path.stem for path in (folder / "config").glob("*.toml"))
    if as_json:
        show_json({"home": str(folder), "cities": cities})
    else:
        show(str(folder), tr("home.cities", cities=", ".join(cities) or tr("home.none")))


def _only_city() -> str:
    """Return the only city at home."""
    files = sorted((home() / "config").glob("*.toml"))
    if len(files) != 1:
        names = ", ".join(path.stem for path in files)
        key = "serve.which" if files else "serve.no_city"
        raise ParamError(key, home=home().resolve(), names=names)
    return files[0].stem


def _require_port(port: int) -> None:
    require_one_owner()
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise ParamError("serve.port", port=port, other=port + 1) from error


def _city_steps(city: str, *, is_again: bool, is_new: bool = False) -> Iterator[Step]:
    """Yield what a city still needs before it can be looked at."""
    from csa.city.loading import find_city_file
    from csa.cli.backtest import backtest
    from csa.cli.gather import basemap, ingest

    load_city_option(city)
    folder = in_var(find_city_file(city).stem)
    dataset = folder / "dataset"
    is_absent = not (dataset / "ingest.json").is_file()
    if is_again or is_absent:
        yield tr("label.reading"), partial(ingest, city=city, out=dataset)
        yield tr("serve.step_draw"), partial(basemap, city=city, out=folder / "basemap")
    if is_again or (is_new and is_absent):
        yield tr("serve.step_past"), partial(backtest, city=city, dataset=dataset)


def _program_steps(*, is_again: bool) -> Iterator[Step]:
    """Yield what fills the made-up city: what extras make, decisions, public pages, a month."""
    from csa.cli.month import month_command
    from csa.cli.publish import publish

    folder = in_var(SAMPLE)
    of: dict[str, Any] = {"city": SAMPLE, "dataset": folder / "dataset"}
    for extra in shipped_extras():
        out = folder / extra.name
        if extra.demo is not None and (is_again or not out.exists()):
            said, command = extra.demo
            yield tr(said), partial(resolve_name(command), **of, out=out)
    is_decided = stored_records(load_city_option(SAMPLE), None).decided.n
    if os.environ.get("CSA_STORE") or is_decided:
        return
    of["basemap"] = folder / "basemap"
    yield tr("serve.step_program"), partial(sample, **of)
    bundle = folder / "bundle"
    for month in () if bundle.exists() else PUBLISHED:
        yield tr("serve.step_public"), partial(publish, **of, month=month, out=bundle)
    yield tr("serve.step_month"), partial(month_command, city=SAMPLE, is_sure=True)


def _take(steps: Iterator[Step] | list[Step]) -> None:
    """Take steps, a line each above its bar; what they print goes to the log."""
    for said, run in steps:
        note(said)
        printed = io.StringIO()
        with redirect_stdout(printed):
            run()
        for line in printed.getvalue().splitlines():
            LOGGER.info("%s", line)


def _serve(city: str, port: int) -> None:
    """Become the app's server."""
    note(tr("serve.address", port=port))
    # -P: a file of the user's folder that is called as a module of ours is not imported.
    words = [sys.executable, "-P", "-m", "csa_app", "--server.port", str(port)]
    environment = {**os.environ, "CSA_CITY": city}
    if os.name == "nt":
        raise SystemExit(subprocess.run(words, env=environment, check=False).returncode)  # noqa: S603
    os.execve(sys.executable, words, environment)  # noqa: S606


# The command that makes the made-up city, and fills a store with its program: sample.


def sample(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the city's files.", metavar="DIR")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another city.  [20200821]")] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="The sample's dataset from `csa ingest`; makes two years of a program.",
            metavar="DIR",
        ),
    ] = None,
    basemap: BasemapOption = None,
    city: Annotated[
        str, typer.Option(help="The made-up city's file, or its name in config/.", metavar="CONFIG")
    ] = "sample",
    store: StoreOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace everything in the store.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the made-up city with its planted truth, or fill a store with its program."""
    if out is None and dataset is None:
        raise ParamError("sample.nothing")
    account: dict[str, Any] = {}
    if out is not None:
        from csa.base.io import replace_folder
        from csa.synthetic.sample import MARKER, SEED, make_sample

        files = make_sample(SEED if seed is None else seed)
        replace_folder(out, MARKER, files)
        account |= json.loads(files[MARKER])  # the truth planted in it
        counts = pick(account, "city", "people", "incidents", "neighborhoods", "seed")
        if not as_json:
            show(tr("sample.written", out=out, **counts), tr("sample.truth", out=out))
    if dataset is not None:
        from csa.city.dataset import open_city
        from csa.ingest.basemap_files import load_basemap
        from csa.synthetic.story import story_acts
        from csa.workflow.story import N_STEPS, fill_store

        config, plan = load_city_option(city), require_plan(city)
        with progress(N_STEPS) as step:
            opened, address = open_city(config, dataset), store_address(config, store)
            layers = {} if basemap is None else load_basemap(basemap).layers
            head = fill_store(opened, plan, address, layers, again=again, progress=step)
        name, acts = store_name(config, store), story_acts()
        account |= {"store": name, "entries": head.n, "head": head.hash}
        days = {"first": day(acts[0].on), "last": day(acts[-1].on)}
        if not as_json:
            show(tr("sample.program", store=name, n=head.n, hash=head.hash[:12], **days))
    if as_json:
        show_json(account)
