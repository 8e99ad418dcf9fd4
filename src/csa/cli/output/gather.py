"""What the commands that gather files print: ingest, fetch, sample, basemap, check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from csa.base.message import Message
from csa.base.text import day, listed, render, speak
from csa.cli.output.console import as_note, pick, show, show_table

if TYPE_CHECKING:  # each command needs only one of them
    from csa.config.city import CityConfig
    from csa.ingest.fetch import Account
    from csa.ingest.intake import FileTrial, Intake


def show_intake(intake: Intake, out: Path, version: str, renamed: Message | None) -> None:
    """Print what was read and lost."""
    report = intake.dataset.report
    rejected = listed(report["rows_rejected"])
    if not report["incidents"]:
        show(speak("ingest.no_incidents"))
    else:
        show(*_incident_sentences(report))
    show(speak("ingest.rows", **pick(report, "rows_read", "rows_used"), rejected=rejected))
    for rule in (rule for rule in report["rules"] if rule["rows"]):
        show(speak("ingest.rule", n=rule["rows"], **pick(rule, "name", "incidents", "why")))
    if report["no_number"] and report["no_number"] < report["incidents"]:
        show(speak("ingest.no_number", n=report["no_number"]))
    if report["identical_rows"]:
        show(speak("ingest.identical", n=report["identical_rows"]))
    if report["incidents_in_several_sources"]:
        show(speak("ingest.several", n=report["incidents_in_several_sources"]))
    if renamed is not None:
        show(render(renamed))
    show(*(as_note(note) for note in intake.messages))
    if report["suspect_points"]:
        show(speak("ingest.suspects", n=report["suspect_points_total"]))
        _suspect_table(report["suspect_points"][:8])
    show(speak("ingest.written", out=out, version=version))


def _incident_sentences(report: Mapping[str, Any]) -> Iterator[str]:
    through = report["data_through"]
    yield speak(
        "ingest.data",
        n=report["incidents"],
        **pick(report, "homicides", "nonfatal", "nonfatal_name"),
        first=day(date.fromisoformat(report["first_date"])),
        last=day(date.fromisoformat(report["last_date"])),
        through=day(date.fromisoformat(through)),
    )
    n_unknown = report["incidents_without_victim_count"]
    if report["victims"] is None:
        yield speak("ingest.victims_unknown")
    elif report["nonfatal_is_proxy"] and report["nonfatal"]:
        yield speak("ingest.victims_proxy", victims=report["victims"])
    elif n_unknown:
        yield speak("ingest.victims_partly", victims=report["victims"], n=n_unknown)
    else:
        yield speak("ingest.victims", victims=report["victims"])
    unplaced = {"unlocated": report["unlocated"], "outside": report["outside_study_area"]}
    if any(unplaced.values()):
        yield speak("ingest.unplaced", **unplaced)


def _suspect_table(points: list[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Incidents", justify="right")
    table.add_column("Address")
    table.add_column("Why")
    for point in points:
        table.add_row(str(point["incidents"]), point["address"] or "(none)", point["why"])
    show_table(table)


def show_fetched(account: Account) -> None:
    """Print what was downloaded."""
    fields = vars(account)
    show(speak("fetch.done", n=account.rows, **pick(fields, "dataset", "updated_at", "path")))
    if account.pages_resumed:
        show(speak("fetch.resumed", n=account.pages_resumed, pages=account.pages))
    show(*(as_note(note) for note in account.messages))
    if account.places:
        show_fetched(account.places)


def show_sample(truth: Mapping[str, Any], out: Path) -> None:
    """Print what the made-up city holds."""
    counts = pick(truth, "city", "people", "incidents", "neighborhoods", "seed")
    show(speak("sample.written", out=out, **counts), speak("sample.truth", out=out))


def show_basemap(messages: Sequence[Message]) -> None:
    """Print what a city's basemap holds and lacks."""
    show(*(render(message) for message in messages))


def show_check(config: CityConfig, path: Path, folder: Path, *, has_places: bool) -> None:
    """Print that a city's file has no faults, and which of its source files are missing."""
    show(speak("check.good", path=path, city=config.city.name, n=len(config.sources)))
    for source in config.sources:
        show(f"  {source.name}: {source.about}" if source.about else f"  {source.name}")
    if config.places.file and not has_places:
        show(speak("check.places_missing", file=config.places.file, folder=folder))


def show_tried(tried: Sequence[FileTrial]) -> None:
    """Print, for each layout tried on a file, the columns found and the rows used."""
    for each in tried:
        layout, account = each.layout, each.account
        found = ", ".join(layout.positions)
        lacking = ", ".join(name for name in layout.source.columns if name not in layout.positions)
        show(speak("check.layout", **pick(account, "file", "source"), found=found))
        if lacking:
            show(f"  {speak('check.lacking', lacking=lacking)}")
        rejected = listed(account["rows_rejected"])
        counts = pick(account, "rows_read", "rows_used")
        show(f"  {speak('ingest.rows', **counts, rejected=rejected)}")
        if account["incidents"]:
            days = [day(date.fromisoformat(account[name])) for name in ("first_date", "last_date")]
            values = {"n": account["incidents"], "first": days[0], "last": days[1]}
            show(f"  {speak('check.incidents', **values)}")
        show(*(f"  {as_note(note)}" for note in each.messages))
