"""What a process of its own costs: `python -m benchmarks.jobs --runs 9`.

The same command with the job and without it, in turns, so that a busy machine slows both; and the
same reader in a program that has everything loaded, as the app has.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.process import ROOT, timed

HERE = """
import sys
from csa.ingest.job import in_this_process
from csa.cli.main import main
with in_this_process():
    main()
"""
SAMPLE = ROOT / "data" / "sample"


def commands(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return what reads files, by its name."""
    city = ("--city", "sample")
    return {
        "csa check": ("check", *city, str(SAMPLE / "shootings.csv")),
        "csa ingest": ("ingest", *city, "--out", str(folder / "dataset")),
        "csa basemap": ("basemap", *city, "--out", str(folder / "basemap")),
    }


def in_app(runs: int) -> tuple[list[float], list[float]]:
    """Return the seconds of reading with a job and without, in a program with all loaded."""
    from csa.city.loading import load_city  # noqa: PLC0415 - the commands come first
    from csa.ingest.intake import ingest_city  # noqa: PLC0415
    from csa.ingest.job import in_this_process  # noqa: PLC0415

    config = load_city(ROOT / "config" / "sample.toml")
    apart, here = [], []
    for _ in range(runs + 1):
        began = time.perf_counter()
        ingest_city(config, SAMPLE)
        apart.append(time.perf_counter() - began)
        began = time.perf_counter()
        with in_this_process():
            ingest_city(config, SAMPLE)
        here.append(time.perf_counter() - began)
    return apart[1:], here[1:]


def main() -> None:
    parser = argparse.ArgumentParser("benchmarks.jobs", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    table = Table("what", "apart, s", "here, s", "cost, s (medians)", "cost, s (fastest)", box=None)
    with tempfile.TemporaryDirectory() as name:
        for what, words in commands(Path(name)).items():
            pair: tuple[list[float], list[float]] = [], []
            for number in range(runs + 1):
                for times, before in zip(pair, (("-m", "csa.cli.main"), ("-c", HERE)), strict=True):
                    found = timed((sys.executable, *before, *words), 1)
                    times.extend(found.seconds if number else ())
            add(table, what, *pair)
    add(table, "in the app", *in_app(runs))
    Console(width=110).print(table)


def add(table: Table, what: str, apart: list[float], here: list[float]) -> None:
    middle = statistics.median(apart), statistics.median(here)
    cost, least = middle[0] - middle[1], min(apart) - min(here)
    table.add_row(what, *(f"{one:.2f}" for one in (*middle, cost, least)))


if __name__ == "__main__":
    main()
