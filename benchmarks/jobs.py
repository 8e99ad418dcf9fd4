"""What a process of its own costs: `python -m benchmarks.jobs --runs 9`.

The same command with the job and without it, in turns, so that a busy machine slows both; and the
same reader in a program that has everything loaded, as the app has.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TypeAlias

from rich.console import Console
from rich.table import Table

from benchmarks.process import ROOT, timed

Pair: TypeAlias = tuple[float, float]
"""Seconds by the clock, and of the processor."""
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


def in_app(runs: int) -> tuple[list[Pair], list[Pair]]:
    """Return what reading takes with a job and without, in a program with all loaded."""
    from csa.city.loading import load_city  # noqa: PLC0415 - the commands come first
    from csa.ingest.intake import ingest_city  # noqa: PLC0415
    from csa.ingest.job import in_this_process  # noqa: PLC0415

    config = load_city(ROOT / "config" / "sample.toml")
    apart, here = [], []
    for _ in range(runs + 1):
        for found, way in ((apart, nullcontext), (here, in_this_process)):
            began, cpu = time.perf_counter(), sum(os.times()[:4])
            with way():
                ingest_city(config, SAMPLE)
            found.append((time.perf_counter() - began, sum(os.times()[:4]) - cpu))
    return apart[1:], here[1:]


def of_command(words: Sequence[str], runs: int) -> tuple[list[Pair], list[Pair]]:
    apart, here = [], []
    for number in range(runs + 1):
        for found, before in ((apart, ("-m", "csa.cli.main")), (here, ("-c", HERE))):
            one = timed((sys.executable, *before, *words), 1)
            found.extend([(one.seconds[0], one.cpu_s)] if number else ())
    return apart, here


def main() -> None:
    parser = argparse.ArgumentParser("benchmarks.jobs", description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    table = Table("what", "apart, s", "here, s", "cost, s", "processor, s", "cost, s", box=None)
    with tempfile.TemporaryDirectory() as name:
        for what, words in commands(Path(name)).items():
            add(table, what, *of_command(words, runs))
    add(table, "in the app", *in_app(runs))
    Console(width=110).print(table)


def add(table: Table, what: str, apart: Sequence[Pair], here: Sequence[Pair]) -> None:
    """Add the fastest runs: what a busy machine adds is not the job's."""
    (wall, cpu), (wall_here, cpu_here) = (
        map(min, zip(*each, strict=True)) for each in (apart, here)
    )
    numbers = wall, wall_here, wall - wall_here, cpu, cpu - cpu_here
    table.add_row(what, *(f"{number:.2f}" for number in numbers))


if __name__ == "__main__":
    main()
