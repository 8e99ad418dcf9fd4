"""The command that sets up a new city from its file: start."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.home import home
from csa.base.text import render, tr
from csa.cli.console import as_note, make_table, progress, show, show_json, show_table
from csa.cli.options import AllowPrivateOption, JsonOption, city_word, own_folder
from csa.ingest.job import shared_process

if TYPE_CHECKING:
    from csa.ingest.infer_columns import Ambiguity
    from csa.workflow.companion_files import CityFiles
    from csa.workflow.new_city import NewCity
    from csa.workflow.setting_up import MadeCity


@shared_process("csa.workflow.companion_files")
def start(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files of shootings, maps of them, or addresses of either.", metavar="FILE..."
        ),
    ],
    places: Annotated[
        Path | None,
        typer.Option(help="Polygons of neighborhoods (default: those found next to the file)."),
    ] = None,
    layers: Annotated[
        bool,
        typer.Option(
            "--layers/--no-layers",
            help="Use the files next to it: people, streets, parks, water, places that help.",
        ),
    ] = True,
    name: Annotated[str, typer.Option(help="The city's name (default: from the file).")] = "",
    crs: Annotated[
        str | None,
        typer.Option(
            help="Coordinate system of x and y, or of polygons that name none: EPSG:2263.",
            metavar="EPSG",
        ),
    ] = None,
    take_likeliest: Annotated[
        bool,
        typer.Option(
            "--yes", help="Ask no questions: take the likeliest reading of each, and list them."
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The city's file.  [config/NAME.toml]", metavar="FILE")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="The folder with data/ and var/.  [csa home]", metavar="DIR")
    ] = None,
    allow_private: AllowPrivateOption = False,
    as_json: JsonOption = False,
) -> None:
    """Set up a new city: read its files, ask about anything unclear, and propose areas."""
    from dataclasses import replace

    from csa.workflow.companion_files import list_companions, read_city
    from csa.workflow.new_city import refuse_unsure, understand_tables
    from csa.workflow.setting_up import set_up

    is_asked = not (take_likeliest or as_json)
    urls = [file for file in files if file.startswith(("https://", "http://"))]
    with TemporaryDirectory() as folder:
        fetched = _fetch(urls, Path(folder), allow_private=allow_private, is_shown=not as_json)
        paths = [fetched[file] if file in fetched else Path(file) for file in files]
        # Beside an address lies what the folder holds that one stands in.
        near = [Path(path.name) if path in fetched.values() else path for path in paths]
        with progress(2) as step:
            tables, companions, area = read_city(paths, list_companions(near), crs, places, step)
        companions = companions if layers else replace(companions, layers=())
        answers: dict[str, int] = {}
        if is_asked and not name:
            guess = understand_tables(tables, area, crs=crs).name
            name = _answer(partial(typer.prompt, tr("start.which_name"), default=guess, err=True))
        how: dict[str, Any] = {"name": name, "crs": crs, "answers": answers}
        how["lines"] = companions.lines
        city = understand_tables(tables, area, **how)
        while is_asked and (open_doubts := [d for d in city.doubts if d.about not in answers]):
            answers[open_doubts[0].about] = _ask(open_doubts[0], len(tables))
            city = understand_tables(tables, area, **how)
        if not as_json:
            _show_understood(city, companions)
            _show_taken(city, answers)
        if not is_asked:
            refuse_unsure(city)
        path = out or home() / "config" / f"{city.id}.toml"
        if path.exists():
            raise ParamError("start.exists", path=path)
        go_on = partial(typer.confirm, tr("start.go_on", path=path), default=True, err=True)
        if is_asked and not _answer(go_on):
            show(tr("start.nothing_made"))
            return
        with progress(20) as step:
            made = set_up(
                replace(city, source=tuple(urls)), companions, path, step, root or home(), crs
            )
    if as_json:
        show_json(_account(made, path))
    else:
        _show_made(made, path)


def _fetch(
    urls: Sequence[str], folder: Path, *, allow_private: bool, is_shown: bool
) -> dict[str, Path]:
    """Download what addresses lead to, say what it is, and return the file of each."""
    if not urls:
        return {}
    from csa.ingest.fetch import fetch_sources, header_of

    fetched = fetch_sources(urls, folder, progress, allow_private=allow_private)
    for one in fetched if is_shown else ():
        columns, named = header_of(one), {"url": one.url, "kind": one.source.kind}
        if columns:
            named["columns"] = ", ".join(columns)
            show(tr("fetch.is_table", n=one.account.rows, n_columns=len(columns), **named))
        else:
            show(tr("fetch.is_file", megabytes=one.account.bytes / 1e6, **named))
    return {one.url: one.account.path for one in fetched}


def _account(made: MadeCity, path: Path) -> dict[str, Any]:
    """List for machines what was understood and made."""
    from csa.workflow.city_file import count_kinds

    city, companions = made.understood, made.beside
    counts = [count_kinds(one, city.time_zone) for one in city.lists]
    return {
        "config": str(path),
        "counts": {key: sum(one[key] for one in counts) for key in counts[0]},
        "incidents": made.intake.dataset.report["incidents"],
        "areas": len(made.analysis.proposal.areas),
        "places": str(companions.places) if companions.places else None,
        "layers": {one.path.name: one.role for one in companions.layers},
        "taken": [
            {"question": render(one.question), "taken": render(one.readings[0].words)}
            for one in city.doubts
        ],
        "notes": [render(note) for note in (*companions.notes, *city.notes, *made.notes)],
    }


def _answer(ask: Callable[[], Any]) -> Any:
    """Return an answer; where none can be given, as without a terminal, say what to do."""
    try:
        return ask()
    except typer.Abort as abort:
        typer.echo(err=True)  # the question's line is over
        raise ParamError("start.no_answer") from abort


def _ask(doubt: Ambiguity, n_lists: int) -> int:
    """Ask which reading is right; the first is the likeliest."""
    of_file = f"{doubt.file}: " if n_lists > 1 else ""
    typer.echo(of_file + render(doubt.question), err=True)
    for number, reading in enumerate(doubt.readings, start=1):
        typer.echo(f"  {number}  {render(reading.words)}", err=True)
    number = 0
    while not 1 <= number <= len(doubt.readings):
        number = _answer(partial(typer.prompt, tr("start.which"), type=int, default=1, err=True))
    return number - 1


def _show_understood(city: NewCity, companions: CityFiles) -> None:
    """Print what the files were understood to be: counts, a table for each layout, notes."""
    from csa.workflow.city_file import (
        count_kinds,
        describe,
        describe_companions,
        describe_list,
        describe_location,
        titles,
    )

    for one in city.lists:
        show(describe_list(one, count_kinds(one, city.time_zone)))
        table = make_table(*titles(), is_folded=True)
        for row in describe(one):
            table.add_row(*row)
        show_table(table)
    show(describe_location(city), *describe_companions(companions))
    show(*(as_note(note) for note in (*companions.notes, *city.notes)))


def _show_taken(city: NewCity, answers: dict[str, int]) -> None:
    """List the readings that were taken without being asked."""
    for doubt in city.doubts:
        if doubt.about not in answers:
            taken = render(doubt.readings[0].words)
            show(tr("start.taken", question=render(doubt.question), taken=taken))


def show_start(made: MadeCity, path: Path) -> None:
    """Print what a city's files were understood to be, each reading taken, and what was made."""
    _show_understood(made.understood, made.beside)
    _show_taken(made.understood, {})
    _show_made(made, path)


def _show_made(made: MadeCity, path: Path) -> None:
    """Print what check, ingest and propose say of the new city, and what to do next."""
    from csa.cli.gather import show_check, show_intake
    from csa.cli.propose import show_proposal

    show_check(made.config, path)
    show_intake(made.intake, made.dataset, made.version)
    show_proposal(made.analysis, made.folder / "proposal")
    show(*(as_note(one) for one in made.notes))
    show(tr("start.next", path=path, **_names(made, path)))


def _names(made: MadeCity, path: Path) -> dict[str, str]:
    """Return what the next commands call the city, in whatever folder they are typed."""
    name = city_word(path.stem if path.parent == home() / "config" else str(path))
    dataset = shlex.quote(str(made.dataset.resolve()))
    is_own = made.dataset.resolve() == own_folder(str(path), "dataset").resolve()
    look, more = (name, "") if is_own else (dataset, f" --dataset {dataset}")
    return {"name": name, "look": look, "dataset": more}
