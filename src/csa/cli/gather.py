"""The commands that gather files: ingest, fetch, sample, basemap, check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from csa.base.text import render, speak
from csa.cli.options import (
    CityOption,
    JsonOption,
    city_of,
    city_path,
    data_dir_of,
    day_of,
)
from csa.cli.output.console import fail, progress, show_json
from csa.cli.output.gather import (
    show_basemap,
    show_check,
    show_fetched,
    show_intake,
    show_sample,
    show_tried,
)


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
    config = city_of(city)
    from csa.dataset.versioned import list_ids, save_dataset
    from csa.ingest.intake import ingest_city
    from csa.ingest.sources import add_layers, find_inputs

    folder = data_dir_of(config)
    last_day = day_of(as_of, "--as-of")
    inputs = find_inputs(config, folder, tuple(files or ()), places, population, last_day)
    inputs = add_layers(inputs, config, folder, services, risk_terrain)
    has_layers = bool(inputs.services or inputs.risk_terrain)
    with progress(len(inputs.incidents) + 4 + has_layers) as tell:
        intake = ingest_city(config, inputs, tell)
        tell("write")
        renamed = intake.explain_renamed(list_ids(out))
        version = save_dataset(intake.dataset, intake.rejected, out)
    if as_json:
        show_json(intake.dataset.report)
    else:
        show_intake(intake, out, version, renamed)


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
    config = city_of(city)
    from csa.ingest.orders import fetch_year
    from csa.ingest.sources import data_folder

    folder = out or data_folder(config, data_dir_of(config))
    try:
        account = fetch_year(config, year, folder, progress, with_places=places, address=portal)
    except KeyboardInterrupt:
        fail(speak("fetch.interrupted"), 130)
    if as_json:
        show_json(account.for_machines())
    else:
        show_fetched(account)


def sample(
    out: Annotated[Path, typer.Option(help="Folder of the city's files.", metavar="DIR")],
    seed: Annotated[int | None, typer.Option(help="Another city.  [20200821]")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the made-up city: its shootings, places and the truth planted in them."""
    from csa.base.io import replace_folder
    from csa.synthetic.sample import MARKER, SEED, make_sample

    files = make_sample(SEED if seed is None else seed)
    replace_folder(out, MARKER, files)
    truth = json.loads(files[MARKER])
    if as_json:
        show_json(truth)
    else:
        show_sample(truth, out)


def basemap(
    city: CityOption,
    out: Annotated[Path, typer.Option(help="Folder of the background.", metavar="DIR")],
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a city's own water, parks and streets as a background that needs no network."""
    config = city_of(city)
    from csa.ingest.basemap_layers import build_basemap, describe, save_basemap

    with progress(5) as tell:
        made, notes = build_basemap(config, data_dir_of(config), places, tell)
        tell("write")
        save_basemap(made, out)
    if as_json:
        told = [{"key": note.key, "text": str(note)} for note in notes]
        show_json({**made.manifest, "notes": told})
    else:
        show_basemap((*notes, *describe(made, out)))


def check(
    city: CityOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Shooting files whose rows are tried.", metavar="[FILE]..."),
    ] = None,
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """List every fault of a city's file, each with its key and remedy; try files' rows by it."""
    from csa.base.errors import ConfigError
    from csa.ingest.sources import places_file

    path = city_path(city)
    try:
        config = city_of(city)
    except ConfigError as error:
        if as_json:
            faults = [render(fault) for fault in error.faults] or [render(error.message)]
            show_json({"path": str(path), "faults": faults})
            raise SystemExit(2) from error
        raise
    found = places or places_file(config, data_dir_of(config))
    tried = []
    if files:
        from csa.ingest.intake import try_files

        tried = try_files(config, files, found)
    if as_json:
        matched = [
            {**each.account, "notes": [render(note) for note in each.messages]} for each in tried
        ]
        show_json({"path": str(path), "faults": [], "files": matched})
    else:
        show_check(config, path, data_dir_of(config), has_places=found is not None)
        show_tried(tried)
    useless = [each.account["file"] for each in tried if not each.account["rows_used"]]
    if useless:
        fail(speak("check.useless", files=", ".join(useless)), 2)
