"""What the command prints: sentences and tables on stdout, progress and notes on stderr."""

from __future__ import annotations

import calendar
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from csa.log import Tell
from csa.message import say
from csa.params import Month
from csa.settings import SETTINGS, Resolved
from csa.words import KM2_PER_SQUARE_MILE, day, land, listed, percent, render

if TYPE_CHECKING:  # a command needs only one of them
    from csa.city import CityConfig
    from csa.hotspots.proposal import Proposal
    from csa.ingest.columns import Layout
    from csa.ingest.fetch import Account
    from csa.intake import Intake

LOGGER = logging.getLogger("csa")
STEPS = {
    "places": "Reading neighborhoods",
    "read": "Reading shootings",
    "fold": "Rows into incidents",
    "locate": "Placing incidents",
    "layers": "Reading layers",
    "load": "Reading the dataset",
    "cells": "Cells of the city",
    "clusters": "Clusters",
    "areas": "Candidate areas",
    "write": "Writing",
    "page": "Downloading pages",
    "check": "Comparing with the portal",
}
PIPED_WIDTH = 120


@contextmanager
def progress(n_steps: int) -> Iterator[Tell]:
    """Show a progress bar on stderr, on a terminal only.

    Parameters
    ----------
    n_steps
        How many steps there are.

    Yields
    ------
    Callable
        Called with the key of each step as it begins.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=n_steps)
        begun = 0
        started = time.perf_counter()

        def tell(step: str) -> None:
            nonlocal begun
            bar.update(task, description=STEPS[step], completed=begun)
            begun += 1
            LOGGER.info("%6.2f s  %s", time.perf_counter() - started, STEPS[step])

        yield tell


def _out() -> Console:
    """Return stdout: as wide as the terminal, and wide enough for any table elsewhere.

    A city's names and addresses are printed as they are: brackets in them are no markup.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=PIPED_WIDTH)


def _print(*sentences: str) -> None:
    console = _out()
    for sentence in sentences:
        console.print(sentence, soft_wrap=True)


def _say(key: str, **values: object) -> str:
    return render(say(key, **values))


def show_intake(intake: Intake, out: Path, version: str) -> None:
    """Print what was read and lost.

    Parameters
    ----------
    intake
        What a run of ingest gave.
    out
        The dataset's folder.
    version
        Its version.
    """
    report = intake.dataset.report
    rejected = listed(report["rows_rejected"])
    if not report["incidents"]:
        _print(_say("ingest.no_incidents"))
    else:
        _print(*_incident_sentences(report))
    _print(_say("ingest.rows", **_pick(report, "rows_read", "rows_used"), rejected=rejected))
    for rule in (rule for rule in report["rules"] if rule["rows"]):
        _print(_say("ingest.rule", n=rule["rows"], **_pick(rule, "name", "incidents", "why")))
    if report["no_number"] and report["no_number"] < report["incidents"]:
        _print(_say("ingest.no_number", n=report["no_number"]))
    if report["identical_rows"]:
        _print(_say("ingest.identical", n=report["identical_rows"]))
    if report["incidents_in_several_sources"]:
        _print(_say("ingest.several", n=report["incidents_in_several_sources"]))
    _print(*(_as_note(render(note)) for note in intake.messages))
    if report["suspect_points"]:
        _print(_say("ingest.suspects", n=report["suspect_points_total"]))
        _suspect_table(report["suspect_points"][:8])
    _print(_say("ingest.written", out=out, version=version))


def _as_note(sentence: str) -> str:
    return sentence if sentence.startswith("Warning: ") else f"Note: {sentence}"


def _incident_sentences(report: Mapping[str, Any]) -> Iterator[str]:
    through = report["data_through"]
    yield _say(
        "ingest.data",
        n=report["incidents"],
        **_pick(report, "homicides", "nonfatal", "nonfatal_name"),
        first=day(date.fromisoformat(report["first_date"])),
        last=day(date.fromisoformat(report["last_date"])),
        through=day(date.fromisoformat(through)),
    )
    n_unknown = report["incidents_without_victim_count"]
    if report["victims"] is None:
        yield _say("ingest.victims_unknown")
    elif report["nonfatal_is_proxy"] and report["nonfatal"]:
        yield _say("ingest.victims_proxy", victims=report["victims"])
    elif n_unknown:
        yield _say("ingest.victims_partly", victims=report["victims"], n=n_unknown)
    else:
        yield _say("ingest.victims", victims=report["victims"])
    unplaced = {"unlocated": report["unlocated"], "outside": report["outside_study_area"]}
    if any(unplaced.values()):
        yield _say("ingest.unplaced", **unplaced)


def _suspect_table(points: list[Mapping[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Incidents", justify="right")
    table.add_column("Address")
    table.add_column("Why")
    for point in points:
        table.add_row(str(point["incidents"]), point["address"] or "(none)", point["why"])
    _out().print(table)


def show_proposal(proposal: Proposal, units: str, out: Path) -> None:
    """Print the candidate areas.

    Parameters
    ----------
    proposal
        All candidates of one run.
    units
        `us` or `metric`.
    out
        The proposal's folder.
    """
    summary = proposal.summary
    totals, params = summary["totals"], summary["params"]
    period = {
        "start": day(date.fromisoformat(params["covered_from"])),
        "end": day(date.fromisoformat(params["covered_through"])),
    }
    if summary["nonfatal_is_proxy"] and totals["located"] > totals["located_homicides"]:
        _print(_say("propose.proxy", name=summary["nonfatal_name"]))
    if not totals["located"]:
        asked = {"start": _first_day(params["start"]), "end": _last_day(params["until"])}
        _print(_say("propose.empty", **asked))
    elif proposal.is_empty and summary["left_out_fringe"]["incidents"]:
        size = land(params["max_area_km2"], units)
        _print(_say("propose.none_fits", eps_m=params["eps_m"], size=size))
    elif proposal.is_empty:
        chosen = _pick(params, "min_samples", "eps_m")
        _print(_say("propose.none", n=totals["located"], **chosen, **period))
    else:
        _print(
            _say(
                "propose.found",
                n=totals["areas"],
                inside=totals["in_areas"],
                n_incidents=totals["located"],
                share=percent(summary["share_of_incidents"]),
                land_share=percent(summary["share_of_study_area"]),
                **period,
            ),
        )
        _area_table(proposal, units)
        _print(*_suspect_sentences(proposal))
    if summary["left_out_fringe"]["incidents"]:
        _print(_say("propose.limit", incidents=summary["left_out_fringe"]["incidents"]))
    if totals["unlocated"] or totals["outside_study_area"]:
        _print(
            _say(
                "propose.unplaced",
                unlocated=totals["unlocated"],
                outside=totals["outside_study_area"],
            )
        )
    if params["months_covered"] < params["months"]:
        covered = {"months": params["months"], "n": params["months_covered"]}
        _print(_say("propose.covered", **covered))
    _print(_params_sentence(params, units), _say("propose.candidates"))
    _print(_say("propose.written", out=out))


def _suspect_sentences(proposal: Proposal) -> Iterator[str]:
    """Warn of areas that owe a third of their count to points that may stand for others."""
    columns = proposal.areas[["area_id", "suspect", "incidents", "suspect_points"]]
    for area_id, n_suspect, n_incidents, points in columns.itertuples(index=False):
        if proposal.is_doubtful(n_suspect, n_incidents):
            values = {"n": n_suspect, "incidents": n_incidents, "points": points}
            yield _say("propose.suspect", area_id=area_id, **values)


def _params_sentence(params: Mapping[str, Any], units: str) -> str:
    suggested = params["suggested"]
    is_suggested = all(params[name] == suggested[name] for name in suggested)
    why = (
        _say("propose.params_suggested")
        if is_suggested
        else _say("propose.params_chosen", **suggested)
    )
    limit_km2 = params["max_area_km2"]
    limit = (
        _say("propose.limited", size=land(limit_km2, units))
        if limit_km2
        else _say("propose.unlimited")
    )
    chosen = _pick(params, "eps_m", "min_samples", "resolution")
    return _say("propose.params", **chosen, why=why, limit=limit)


def _area_table(proposal: Proposal, units: str) -> None:
    unit, factor = ("sq mi", KM2_PER_SQUARE_MILE) if units == "us" else ("km2", 1.0)
    table = Table(box=None, pad_edge=False)
    table.add_column("Area", no_wrap=True)
    table.add_column("Place", overflow="fold", min_width=24)
    for title in ("Incidents", "Homicides", unit, f"per {unit},\nwhole\nperiod"):
        table.add_column(title, justify="right")
    table.add_column("Also from\nhomicides\nalone")
    for area in proposal.areas.to_dict("records"):
        table.add_row(
            area["area_id"],
            area["place_name"],
            f"{area['incidents']:,}" + "*" * proposal.is_doubtful(area["suspect"], area["incidents"]),
            f"{area['homicides']:,}",
            f"{area['area_km2'] / factor:.2f}",
            f"{area['incidents_per_km2'] * factor:,.0f}",
            area["also_on_homicides"],
        )
    _out().print(table)


def _first_day(month: str) -> str:
    first = Month.parse(month)
    return day(date(first.year, first.number, 1))


def _last_day(until: str) -> str:
    last = Month.parse(until).plus(-1)
    return day(date(last.year, last.number, calendar.monthrange(last.year, last.number)[1]))


def show_sample(truth: Mapping[str, Any], out: Path) -> None:
    """Say what the made-up city holds.

    Parameters
    ----------
    truth
        What `truth.json` says.
    out
        The city's folder.
    """
    counts = _pick(truth, "city", "people", "incidents", "neighborhoods", "seed")
    _print(_say("sample.written", out=out, **counts), _say("sample.truth", out=out))


def show_fetched(account: Account) -> None:
    """Say what was downloaded.

    Parameters
    ----------
    account
        What the download did.
    """
    fields = vars(account)
    _print(_say("fetch.done", n=account.rows, **_pick(fields, "dataset", "updated_at", "path")))
    if account.pages_resumed:
        _print(_say("fetch.resumed", n=account.pages_resumed, pages=account.pages))
    _print(*(_as_note(render(note)) for note in account.messages))
    if account.places:
        show_fetched(account.places)


def show_check(config: CityConfig, path: Path, folder: Path) -> None:
    """Say that a city's file has no fault, and which of its files are not there.

    Parameters
    ----------
    config
        The city.
    path
        Its file.
    folder
        Its data folder.
    """
    _print(_say("check.good", path=path, city=config.city.name, n=len(config.sources)))
    for source in config.sources:
        _print(f"  {source.name}: {source.about}" if source.about else f"  {source.name}")
    file = config.places.file
    if file and not (folder / file).exists():
        _print(_say("check.places_missing", file=file, folder=folder))


def show_layouts(layouts: Sequence[tuple[Path, Layout]]) -> None:
    """Say as which layout each file would be read, and which of its fields were found.

    Parameters
    ----------
    layouts
        Files, each with the layout that its header satisfies.
    """
    for file, layout in layouts:
        found = ", ".join(layout.positions)
        lacking = ", ".join(name for name in layout.source.columns if name not in layout.positions)
        values = {"file": file, "source": layout.source.name, "found": found}
        _print(_say("check.layout", **values))
        if lacking:
            _print(f"  {_say('check.lacking', lacking=lacking)}")


def show_settings(settled: Mapping[str, Resolved]) -> None:
    """Print each setting with its value and origin.

    Parameters
    ----------
    settled
        Setting name to value and origin.
    """
    table = Table(box=None, pad_edge=False)
    for title in ("Setting", "Value", "From", "What it is"):
        table.add_column(title)
    for setting in SETTINGS:
        resolved = settled[setting.name]
        value = "as suggested" if resolved.value is None else str(resolved.value)
        table.add_row(setting.name, value, resolved.origin, setting.about)
    _out().print(table)


def _pick(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}
