"""The commands that bring files together: ingest, fetch, basemap, check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csa.base.errors import ParamError
from csa.base.extra import extras_of
from csa.base.text import day, listed, render, tr
from csa.cli.console import as_note, fail, make_table, pick, progress, show, show_json, show_table
from csa.cli.options import (
    AllowPrivateOption,
    CityOption,
    JsonOption,
    city_plan,
    load_city_option,
    open_store_read_only,
    own_option,
    parse_date_option,
)
from csa.ingest.job import from_job, shared_process

if TYPE_CHECKING:
    from csa.city.config import CityConfig
    from csa.ingest.basemap import build_basemap
    from csa.ingest.fetch import Account, MapFile
    from csa.ingest.intake import Intake, try_files
    from csa.ingest.sources import FileTrial
else:
    build_basemap = from_job("csa.ingest.basemap", "build_basemap")
    try_files = from_job("csa.ingest.intake", "try_files")


GRAVE = ("source.note_bad_", "source.note_few_", "source.note_unlocated", "source.note_outside")
"""Begin keys of notes that the city's file may be wrong, and so all counts below them."""


@shared_process()
def ingest(
    city: CityOption,
    out: Annotated[Path, own_option("dataset", "Folder of the dataset.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Shooting files, CSV or JSON.", metavar="FILE...")
    ] = None,
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    population: Annotated[
        Path | None, typer.Option(help="People by neighborhood.", metavar="FILE")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Last date of the data, YYYY-MM-DD.", metavar="DATE")
    ] = None,
    services: Annotated[Path | None, typer.Option(help="Places that help.", metavar="FILE")] = None,
    risk_terrain: Annotated[
        Path | None, typer.Option(help="An external score of places.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a city's shooting files, check every row, and write a dataset."""
    config = load_city_option(city)
    from csa.areas.analysis import N_STEPS
    from csa.city.deployment import data_dir
    from csa.ingest.sources import add_layers, find_inputs
    from csa.workflow.products import make_dataset, tidy_store

    folder = data_dir(config)
    last_day = parse_date_option(as_of, "--as-of")
    inputs = find_inputs(config, folder, tuple(files or ()), places, population, last_day)
    inputs = add_layers(inputs, config, folder, services, risk_terrain)
    has_layers = bool(inputs.services or inputs.risk_terrain)
    with progress(len(inputs.incidents) + 4 + has_layers + N_STEPS) as step:
        intake, version = make_dataset(config, inputs, out, step)
    if any(extra.upkeep for extra in extras_of(config)):
        opened = open_store_read_only(config, None, may_be_made=True)
        if opened is not None:
            tidy_store(config, opened)
    if as_json:
        show_json(intake.dataset.report)
    else:
        show_intake(intake, out, version)


def show_intake(intake: Intake, out: Path, version: str) -> None:
    """Print what was read and lost."""
    report = intake.dataset.report
    grave = [note for note in intake.messages if note.key.startswith(GRAVE)]
    show(*map(as_note, grave))
    rejected = listed(report["rows_rejected"])
    if not report["incidents"]:
        show(tr("ingest.no_incidents"))
    else:
        show(*_incident_sentences(report))
    show(tr("ingest.rows", **pick(report, "rows_read", "rows_used"), rejected=rejected))
    for rule in (rule for rule in report["rules"] if rule["rows"]):
        show(tr("ingest.rule", n=rule["rows"], **pick(rule, "name", "incidents", "why")))
    if report["no_number"] and report["no_number"] < report["incidents"]:
        show(tr("ingest.no_number", n=report["no_number"]))
    if report["identical_rows"]:
        show(tr("ingest.identical", n=report["identical_rows"]))
    if report["incidents_in_several_sources"]:
        show(tr("ingest.several", n=report["incidents_in_several_sources"]))
    show(*(as_note(note) for note in intake.messages if note not in grave))
    if report["suspect_points"]:
        show(tr("ingest.suspects", n=report["suspect_points_total"]))
        table = make_table("Incidents", "Address", "Why", right=(0,))
        for point in report["suspect_points"][:8]:
            table.add_row(str(point["incidents"]), point["address"] or "(none)", point["why"])
        show_table(table)
    show(tr("ingest.written", out=out, version=version))


def _incident_sentences(report: Mapping[str, Any]) -> Iterator[str]:
    through = report["data_through"]
    first = day(date.fromisoformat(report["first_date"]))
    yield tr(
        "ingest.data",
        n=report["incidents"],
        **pick(report, "homicides", "nonfatal", "nonfatal_name"),
        first=first,
        last=day(date.fromisoformat(report["last_date"])),
        through=day(date.fromisoformat(through)),
    )
    n_unknown = report["incidents_without_victim_count"]
    if report["victims"] is None:
        yield tr("ingest.victims_unknown")
    elif report["nonfatal_is_proxy"] and report["nonfatal"]:
        yield tr("ingest.victims_proxy", victims=report["victims"])
    elif n_unknown:
        yield tr("ingest.victims_partly", victims=report["victims"], n=n_unknown)
    else:
        yield tr("ingest.victims", victims=report["victims"])
    unplaced = {"unlocated": report["unlocated"], "outside": report["outside_study_area"]}
    if any(unplaced.values()):
        yield tr("ingest.unplaced", **unplaced, first=first)


def fetch(
    city: CityOption,
    year: Annotated[
        int | None, typer.Option(help="Year of the shooting file, of a [portal].", metavar="YYYY")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder (default: the city's data folder).", metavar="DIR")
    ] = None,
    places: Annotated[bool, typer.Option("--places", help="Also the neighborhoods.")] = False,
    background: Annotated[
        bool, typer.Option("--basemap", help="Also water, parks and streets for the maps.")
    ] = False,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Take a table that lost half its rows, or a column."),
    ] = False,
    allow_private: AllowPrivateOption = False,
    portal: Annotated[
        str | None, typer.Option(help="Another address for the portal, for testing.", hidden=True)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Download a city's shooting files from the addresses in its file, or what changed there."""
    config = load_city_option(city)
    from csa.city.deployment import data_dir
    from csa.ingest.fetch import fetch_sources, fetch_year
    from csa.ingest.sources import data_folder

    folder = out or data_folder(config, data_dir(config))
    asked: dict[MapFile, bool] = {"places": places, "basemap": background}
    maps = [name for name, is_asked in asked.items() if is_asked]
    try:
        if year is None and config.city.source:
            named = {"accept": accept_loss, "allow_private": allow_private}
            fetched = fetch_sources(config.city.source, folder, progress, **named)
            accounts = [one.account for one in fetched]
        elif year is None:
            raise ParamError("fetch.no_source", city=config.city.name)
        else:
            accounts = [fetch_year(config, year, folder, progress, maps=maps, address=portal)]
    except KeyboardInterrupt:
        fail(tr("fetch.interrupted"), 130)
    if as_json:
        plain = [account.for_machines() for account in accounts]
        show_json(plain[0] if len(plain) == 1 else plain)
    else:
        show_fetched(accounts)


def show_fetched(accounts: Sequence[Account]) -> None:
    """Print what was downloaded."""
    for account in accounts:
        named = pick(vars(account), "dataset", "updated_at", "path")
        key = "fetch.done" if account.updated_at else "fetch.done_undated"
        show(tr(key, n=account.rows, **named))
        if account.new is not None:
            show(tr("fetch.difference", **pick(vars(account), "new", "changed", "gone")))
        if account.pages_resumed:
            show(tr("fetch.resumed", n=account.pages_resumed, pages=account.pages))
        show(*(as_note(note) for note in account.messages))
        show_fetched([layer for layer in (account.places, *account.basemap) if layer])


@shared_process("csa.ingest.basemap")
def basemap(
    city: CityOption,
    out: Annotated[Path, own_option("basemap", "Folder of the background.")],
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a city's water, parks and streets as a map background that needs no network."""
    config = load_city_option(city)
    from csa.city.deployment import data_dir
    from csa.ingest.basemap_files import describe, save_basemap

    with progress(5) as step:
        folder = data_dir(config)
        made, notes = build_basemap(config=config, folder=folder, places=places, progress=step)
        step("write")
        save_basemap(made, out)
    if as_json:
        told = [{"key": note.key, "text": str(note)} for note in notes]
        show_json({**made.manifest, "notes": told})
    else:
        show(*map(render, (*notes, *describe(made, out))))


@shared_process()
def check(
    city: CityOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Shooting files whose rows are checked.", metavar="[FILE]..."),
    ] = None,
    places: Annotated[Path | None, typer.Option(help="Neighborhoods.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """List every error in a city's file with its fix, and try it on shooting files.

    Names no file: those in place are tried, so a wrong column, format or name shows there.
    """
    from csa.base.errors import ConfigError
    from csa.city.deployment import data_dir
    from csa.city.loading import find_city_file, load_evidence
    from csa.ingest.sources import absent_files, data_folder, incident_files, places_file

    path = find_city_file(city)
    try:
        config = load_city_option(city)
        city_plan(city, config)
        load_evidence(path)
    except ConfigError as error:
        if as_json:
            faults = [render(fault) for fault in error.faults] or [render(error.message)]
            show_json({"path": str(path), "faults": faults})
            raise SystemExit(2) from error
        raise
    folder = data_dir(config)
    given = {"has_incidents": bool(files), "has_places": places is not None}
    absent = absent_files(config, folder, **given)
    lost = {"files": ", ".join(absent), "folder": data_folder(config, folder)}
    faults = [tr("check.absent", **lost)] if absent else []
    found = places or places_file(config, folder)
    files = files or [*incident_files(config, folder)]
    if files:
        tried = try_files(config=config, files=files, places=found, folder=folder)
    else:
        tried = []
        faults.append(tr("check.nothing_tried", folder=lost["folder"]))
    useless = [each.account["file"] for each in tried if not each.account["rows_used"]]
    if useless:
        faults.append(tr("check.useless", files=", ".join(useless)))
    if as_json:
        matched = [
            {**each.account, "notes": [render(note) for note in each.messages]} for each in tried
        ]
        show_json({"path": str(path), "faults": faults, "files": matched})
    else:
        if not faults:
            show_check(config, path)
        show_tried(tried)
    if faults:
        fail("\n".join(faults), 2)


def show_check(config: CityConfig, path: Path) -> None:
    """Print that a city's file has no faults, and how its source files are read."""
    show(tr("check.good", path=path, city=config.city.name, n=len(config.sources)))
    for source in config.sources:
        show(f"  {source.name}: {source.about}" if source.about else f"  {source.name}")


def show_tried(tried: Sequence[FileTrial]) -> None:
    """Print, for each layout tried on a file, the columns found and the rows used."""
    for each in tried:
        account, lacking = each.account, ", ".join(each.lacking)
        show(tr("check.layout", **pick(account, "file", "source"), found=", ".join(each.found)))
        if lacking:
            show(f"  {tr('check.lacking', lacking=lacking)}")
        rejected = listed(account["rows_rejected"])
        counts = pick(account, "rows_read", "rows_used")
        show(f"  {tr('ingest.rows', **counts, rejected=rejected)}")
        if account["incidents"]:
            days = [day(date.fromisoformat(account[name])) for name in ("first_date", "last_date")]
            values = {"n": account["incidents"], "first": days[0], "last": days[1]}
            show(f"  {tr('check.incidents', **values)}")
        show(*(f"  {as_note(note)}" for note in each.messages))
