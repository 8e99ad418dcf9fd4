"""The command that sets up a new city from its file: start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from csa.base.text import render, speak
from csa.cli.console import as_note, progress, show, show_json, show_table
from csa.cli.options import JsonOption

if TYPE_CHECKING:
    from csa.ingest.guess_columns import Doubt
    from csa.workflow.new_city import NewCity

ROWS_ARE = {
    "victims": "start.victims",
    "incidents": "start.incidents",
    "persons": "start.persons",
}
EXAMPLE = 32
"""Characters of an example that are shown."""


def start(
    files: Annotated[list[Path], typer.Argument(help="Shooting files, CSV, JSON or Excel.")],
    places: Annotated[
        Path | None,
        typer.Option(help="Polygons of neighborhoods; else what lies beside the file, or none."),
    ] = None,
    name: Annotated[str, typer.Option(help="What the city is called; else as the file.")] = "",
    crs: Annotated[
        str | None,
        typer.Option(help="System of x and y, such as EPSG:2263.", metavar="EPSG"),
    ] = None,
    take_likeliest: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: take each likeliest reading, and list them.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="The city's file.  [config/NAME.toml]", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set up a new city: understand its file, ask what is in doubt, and propose areas."""
    from csa.base.errors import ParamError
    from csa.cli.gather import show_intake
    from csa.cli.propose import show_proposal
    from csa.decisions.registry import standings
    from csa.workflow.city_file import count_kinds, describe
    from csa.workflow.setting_up import set_up
    from csa.workflow.starting import find_places, understand_all

    is_asked = not (take_likeliest or as_json)
    beside = find_places(files, crs) if places is None else places
    answers: dict[str, int] = {}
    if is_asked and not name:
        guess = understand_all(files, beside, crs=crs).name
        name = typer.prompt(speak("start.which_name"), default=guess, err=True)
    city = understand_all(files, beside, name=name, crs=crs, answers=answers)
    while is_asked and (open_doubts := [d for d in city.doubts if d.about not in answers]):
        answers[open_doubts[0].about] = _ask(open_doubts[0])
        city = understand_all(files, beside, name=name, crs=crs, answers=answers)
    counts = count_kinds(city)
    if not as_json:
        _show_understood(city, describe(city), counts, beside)
        _show_taken(city, answers)
    path = out or Path("config") / f"{city.id}.toml"
    if path.exists():
        raise ParamError("start.exists", path=path)
    if is_asked and not typer.confirm(speak("start.go_on", path=path), default=True, err=True):
        show(speak("start.nothing_made"))
        return
    with progress(16) as tell:
        made = set_up(city, files, beside, path, tell)
    if as_json:
        show_json({"config": str(path), "counts": counts, "areas": len(made.proposal.areas)})
        return
    show_intake(made.intake, made.dataset, made.version, None)
    standing = standings(made.proposal.areas, ())
    show_proposal(made.proposal, standing, made.config.city.units, made.folder / "proposal")
    for one in made.notes:
        show(as_note(one))
    show(speak("start.next", path=path, name=path.stem, dataset=made.dataset))


def _ask(doubt: Doubt) -> int:
    """Ask which reading is right; the first is the likeliest."""
    typer.echo(render(doubt.question), err=True)
    for number, reading in enumerate(doubt.readings, start=1):
        typer.echo(f"  {number}  {render(reading.words)}", err=True)
    number = 0
    while not 1 <= number <= len(doubt.readings):
        number = typer.prompt(speak("start.which"), type=int, default=1, err=True)
    return number - 1


def _show_understood(
    city: NewCity,
    rows: list[tuple[str, str, str, list[str]]],
    counts: dict[str, int],
    beside: Path | None,
) -> None:
    """Print what the file was understood to be: a table, and counts."""
    show(
        speak(
            "start.understood",
            file=city.records.name,
            rows=counts["rows"],
            homicide=counts["homicide"],
            nonfatal=counts["nonfatal"],
            dated=counts["dated"],
            placed=counts["placed"],
            rows_are=speak(ROWS_ARE[city.rules.rows_are]),
        )
    )
    table = Table(box=None, pad_edge=False)
    for title in ("start.col_field", "start.col_column", "start.col_reading", "start.col_examples"):
        table.add_column(speak(title), overflow="fold")
    for field, header, reading, examples in rows:
        table.add_row(field, header, reading, " | ".join(one[:EXAMPLE] for one in examples))
    show_table(table)
    show(
        speak(
            "start.city",
            name=city.name,
            zone=city.time_zone,
            crs=city.metric_crs,
            units=city.units,
        )
    )
    if beside is not None:
        show(speak("start.places_used", path=beside))
    for note in city.notes:
        show(as_note(note))


def _show_taken(city: NewCity, answers: dict[str, int]) -> None:
    """List the readings that were taken without being asked."""
    for doubt in city.doubts:
        if doubt.about not in answers:
            taken = render(doubt.readings[0].words)
            show(speak("start.taken", question=render(doubt.question), taken=taken))
