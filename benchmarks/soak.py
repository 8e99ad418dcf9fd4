"""An hour of viewers with months run beside: `python -m benchmarks.soak`.

The made-up city is served as it stood at the end of July 2020, its store filled. While viewers do
what `benchmarks/viewers.py` lets them do, commands make August from its file (`csa month`), take
it back (`csa month --undo`), and ingest July anew, over and over.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import math
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from benchmarks.process import CSA
from benchmarks.server import APP, MADE, ROOT, serving
from benchmarks.tables import keep
from benchmarks.viewers import ACTS, Load, found, table_of, warm_up

CITY, FIRST_UNKNOWN = "sample", "2020-08-01"
PAUSES = 5
"""Of a viewer, between a month and its end."""


class Town:
    """The made-up city in a folder of its own, and the commands of its month."""

    def __init__(self, folder: Path) -> None:
        data, self.home, self.new = folder / "data" / CITY, folder / "var", folder / "shootings.csv"
        shutil.copytree(ROOT / "data" / CITY, data)
        self.known = data / "shootings.csv"
        shutil.copy(self.known, self.new)
        with self.new.open(newline="", encoding="utf-8") as stream:
            header, *rows = csv.reader(stream)
        at = header.index("date")
        with self.known.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(
                [header, *(row for row in rows if row[at] < FIRST_UNKNOWN)]
            )
        self.july = self.known.read_bytes()
        made = {name: str(self.home / inside) for name, inside in MADE.items()}
        self.told = {"CSA_CITY": CITY, "CSA_DATA_DIR": str(folder / "data"), **made}
        self.done: Counter[str] = Counter()  # what was run, and what failed with which last line

    def run(self, *words: str) -> None:
        """Run a command on the city, and count it."""
        command, told = [*CSA, *words, "--city", CITY], {**os.environ, **self.told}
        ran = subprocess.run(
            command, check=False, cwd=ROOT, env=told, capture_output=True, text=True
        )
        name = words[0] if words[-1] != "--undo" else "undo"
        last = ran.stderr.strip().rpartition("\n")[2]
        self.done[f"{name} failed: {last}" if ran.returncode else name] += 1

    @property
    def failed(self) -> list[str]:
        """What did not succeed."""
        return [said for said in self.done if "failed" in said]

    def prepare(self) -> None:
        """Make it ready as `make run` does."""
        dataset, basemap, store = (
            self.told[f"CSA_{name}"] for name in ("DATASET", "BASEMAP", "STORE")
        )
        self.run("ingest", "--out", dataset)
        self.run("basemap", "--out", basemap)
        self.run("backtest", "--dataset", dataset)
        self.run("sample", "--dataset", dataset, "--basemap", basemap, "--store", store)
        if self.failed:
            raise SystemExit("\n".join(self.failed))
        self.done.clear()

    def repeat_month(self, is_over: threading.Event, pause_s: float) -> None:
        """Make a month, take it back, and every other time ingest anew, until it is over."""
        here = "--home", str(self.home), "--store", self.told["CSA_STORE"]
        while not is_over.wait(pause_s):
            self.run("month", str(self.new), *here, "--yes")
            is_over.wait(pause_s)
            self.run("month", *here, "--undo")
            self.known.write_bytes(self.july)
            if self.done["month"] % 2:
                self.run("ingest", "--out", self.told["CSA_DATASET"])
            self.save_and_restore()

    def save_and_restore(self) -> None:
        """Save a decision, put a backup that holds it in the store's place, and look for it."""
        backup, said = (
            str(self.home / "kept.gz"),
            ("--by", "Prevention team", "--why", "Rehearsed."),
        )
        note = f"After {self.done['month']} months."
        self.run("plan", "set", "1.2.1", *said, "--comment", note)
        self.run("backup", backup)
        self.run("restore", backup, "--replace", *said)
        self.run("audit", "verify")
        with closing(sqlite3.connect(self.told["CSA_STORE"])) as raw:
            rows = raw.execute("SELECT comment FROM action WHERE key = '1.2.1'").fetchall()
        if rows != [(note,)]:
            self.done[f"plan failed: {note} was saved, {rows} stands"] += 1


def soak(load: Load, folder: Path) -> Town:
    """Put viewers on the city while its months are made; return it."""
    town, is_over = Town(folder), threading.Event()
    town.prepare()
    with serving(APP, town.told) as server:
        asyncio.run(warm_up(server.address))
        months = threading.Thread(target=town.repeat_month, args=(is_over, PAUSES * load.pause_s))
        months.start()
        try:
            asyncio.run(load.put_on(server.address, server))
        finally:
            is_over.set()
            months.join()
    return town


def memory_by(load: Load, minutes: int) -> list[float]:
    """Return the server's mean memory in each so many minutes, in MB."""
    parts = range(math.ceil(load.seconds / 60 / minutes))
    looks = ([k.memory_mb for k in load.looks if k.at_s // 60 // minutes == n] for n in parts)
    return [statistics.mean(of_part) for of_part in looks if of_part]


def main(words: Sequence[str] | None = None) -> None:
    """Put the load on, and lay out what came of it."""
    parser = argparse.ArgumentParser("benchmarks.soak", description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--pause", type=float, default=12.0, help="seconds between runs, +- half")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", action="store_true", help="write docs/RELIABILITY.md's table")
    asked = parser.parse_args(words)
    load = Load(asked.viewers, asked.minutes * 60, asked.pause, list(ACTS), asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        town = soak(load, Path(folder))
    console = Console(width=110)
    console.print(table_of(load))
    memory = ", ".join(f"{mb:.0f}" for mb in memory_by(load, 10))
    console.print(f"memory, mean of each ten minutes: {memory} MB")
    for said, times in town.done.most_common():
        console.print(f"{times} times: {said}")
    faults = Counter(f"/{run.page}: {run.fault}" for run in load.runs if run.fault)
    for fault, times in faults.most_common(10):
        console.print(f"{times} times on {fault}")
    if asked.docs:
        load_said = f"{asked.viewers} viewers for {asked.minutes:g} minutes"
        what = "Readers go on while months are made, taken back, read again and stores restored"
        done = f"{load_said}: {found(load)}; {town.done['month']} months"
        limit = "how long a page waits just after a month was made"
        keep("soak", "RELIABILITY", "make soak", [(what, done, "0 errors", limit)])
    if town.failed or faults or not town.done["month"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
