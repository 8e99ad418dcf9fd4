"""The command that runs many cities at once: fleet."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from csa.base.text import tr
from csa.cli.backtest import show_backtest
from csa.cli.console import fail, progress, show, show_json, show_table, show_written
from csa.cli.displace import show_change
from csa.cli.gather import show_intake
from csa.cli.options import JsonOption, in_var
from csa.cli.priorities import show_priorities
from csa.cli.propose import show_proposal
from csa.cli.report import show_report
from csa.cli.start import show_start

if TYPE_CHECKING:
    from csa.extras.fleet.city import CityStep


def fleet(
    manifest: Annotated[Path, typer.Argument(help="The cities: a table, CSV or TOML.")],
    out: Annotated[
        str,
        typer.Option(
            help="Folder of the fleet, or an address such as s3://bucket/fleet.  [var/fleet]",
            default_factory=str,
            show_default=False,
        ),
    ],
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="A Dask scheduler, such as tcp://host:8786 (default: this machine's cores).",
            metavar="ADDRESS",
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Run only these cities.", metavar="NAME,NAME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run many cities through every step, from start or ingest to report."""
    from csa.extras.fleet.city import FAILED
    from csa.extras.fleet.manifest import pick_cities, read_manifest
    from csa.extras.fleet.running import run_fleet

    out = out or str(in_var("fleet"))
    cities = read_manifest(manifest)
    picked = pick_cities(cities, only)
    with progress(len(picked) + 1) as step:
        rows = run_fleet(cities, picked, out, print_step, scheduler, step)
    failed = [row for row in rows if row["state"] == FAILED]
    if as_json:
        show_json(rows)
    else:
        _show_rows(rows)
        n_new = sum(row["is_new"] and row["state"] != FAILED for row in rows)
        n_same = sum(not row["is_new"] for row in rows if row["state"] == "done")
        show(tr("fleet.made", new=n_new, same=n_same, failed=len(failed)))
        show_written(out, ("fleet.csv", "fleet.parquet"))
    if failed:
        fail(tr("fleet.failed", n=len(failed), cities=", ".join(r["city"] for r in failed)), 2)


def print_step(step: CityStep, made: Any) -> str:
    """Return what the single command prints of what it made, as `said.txt` keeps it."""
    said, out = io.StringIO(), step.out
    show_made: dict[str, Callable[[], None]] = {
        "start": lambda: show_start(made, out),
        "ingest": lambda: show_intake(made[0], out, made[1]),
        "backtest": lambda: show_backtest(made[0], made[1], out),
        "propose": lambda: show_proposal(made, out),
        "priorities": lambda: show_priorities(made, out),
        "displace": lambda: show_change(made, out),
        "report": lambda: show_report(made[0], out, {out.name: made[1]}, made[2]),
    }
    with redirect_stdout(said), redirect_stderr(said):
        show_made[step.words[0]]()
    return said.getvalue()


def _show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what was found in each city, or why nothing was."""
    table = Table(box=None, pad_edge=False)
    table.add_column("City", overflow="fold")
    table.add_column("State", no_wrap=True)
    for title in ("Incidents", "Areas", "Caught,\n%", "Of the\nland, %"):
        table.add_column(title, justify="right")
    table.add_column("Backtest")
    table.add_column("What changed", overflow="fold")
    for row in rows:
        counts = ("" if row[n] is None else f"{row[n]:,}" for n in ("incidents", "areas"))
        both = (row["hit_share"], row["area_share"])
        shares = ("" if share is None else f"{100 * share:.1f}" for share in both)
        found = row["backtest"] or "", row["displacement"] or ""
        table.add_row(row["city"], row["state"], *counts, *shares, *found)
    show_table(table)
    show(*(f"{row['city']}: {row['why']}" for row in rows if row["why"]))
