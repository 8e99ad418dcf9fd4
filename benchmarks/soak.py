"""An hour of viewers with months run beside: `python -m benchmarks.soak`.

The made-up city is served as it stood at the end of July 2020, its store filled. While viewers do
what `benchmarks/viewers.py` lets them do, commands make August from its file (`csa month`), take
it back (`csa month --undo`), ingest July anew, and put backups in the store's place, over and over.
One more viewer records decisions of a meeting: each that was taken has to be there at the end, in
the store or in what a restore set aside.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
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

from benchmarks.client import Client, CutOffError, FaultError, connected
from benchmarks.process import CSA
from benchmarks.server import APP, MADE, ROOT, serving
from benchmarks.tables import keep
from benchmarks.viewers import ACTS, Load, Run, found, table_of, warm_up

CITY, FIRST_UNKNOWN = "sample", "2020-08-01"
PAUSES = 5
"""Of a viewer, between a month and its end."""
WARM_MINUTES = 2
"""After which memory should stay: every page has been seen, a month begun."""


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
        self.saved: list[str] = []  # what the app said it had recorded

    def run(self, *words: str) -> None:
        """Run a command on the city, and count it."""
        command, told = [*CSA, *words, "--city", CITY], {**os.environ, **self.told}
        ran = subprocess.run(
            command, check=False, cwd=ROOT, env=told, capture_output=True, text=True
        )
        name = "undo" if "--undo" in words else words[0]
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
            self.run("month", *here, "--undo", "--by", "Prevention team")
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

    async def record(self, load: Load, address: str) -> None:
        """Be the viewer who records decisions, one in each pause."""
        while not load.is_over:
            try:
                async with connected(address) as client:
                    await client.begin()
                    while not load.is_over:
                        await self._record_one(load, client)
                        await asyncio.sleep(load.pause_s)
            except (CutOffError, FaultError) as error:
                load.runs.append(Run("saves", load.at_s, 0.0, str(error)))
                await asyncio.sleep(load.pause_s)

    async def _record_one(self, load: Load, client: Client) -> None:
        at_s, note = load.at_s, f"Agreed at {load.at_s:.2f} s."
        await client.open("meeting")
        typed = {"text": note, "why": "Rehearsed.", "office": "Chair"}
        await client.press("meeting record", {f"meeting {key}": v for key, v in typed.items()})
        load.runs.append(Run("saves", at_s, load.at_s - at_s, "", client.address))
        field = client.widgets[client.keyed("meeting text")][1]
        if field.set_value and not field.value:  # a refused text stays in its field
            self.saved.append(note)

    def lost(self) -> list[str]:
        """List what was said to be recorded, and is nowhere."""
        with closing(sqlite3.connect(self.told["CSA_STORE"])) as raw:
            stand = "".join(text for (text,) in raw.execute("SELECT text FROM minute"))
        aside = [gzip.decompress(path.read_bytes()) for path in self.home.glob("kept.gz.*")]
        held = "".join([stand, *map(bytes.decode, aside)])
        return [note for note in self.saved if note not in held]


def soak(load: Load, folder: Path) -> Town:
    """Put viewers on the city while its months are made; return it."""
    town, is_over = Town(folder), threading.Event()
    town.prepare()
    with serving(APP, town.told) as server:
        asyncio.run(warm_up(server.address))
        months = threading.Thread(target=town.repeat_month, args=(is_over, PAUSES * load.pause_s))
        months.start()

        async def run() -> None:
            await asyncio.gather(
                load.put_on(server.address, server), town.record(load, server.address)
            )

        try:
            asyncio.run(run())
        except KeyboardInterrupt:
            load.seconds = load.at_s
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
        lost = town.lost()
    console = Console(width=110)
    console.print(table_of(load))
    memory = ", ".join(f"{mb:.0f}" for mb in memory_by(load, 10))
    console.print(f"memory, mean of each ten minutes: {memory} MB")
    by_minute = memory_by(load, 1)
    warm_mb, last_mb = by_minute[min(WARM_MINUTES, len(by_minute) - 1)], by_minute[-1]
    stays = f"{warm_mb:,.0f} MB after {WARM_MINUTES} minutes, {last_mb:,.0f} at the end"
    kept = f"{len(town.saved)} saves, {len(lost)} lost"
    console.print(f"{stays}; {kept}")
    for said, times in town.done.most_common():
        console.print(f"{times} times: {said}")
    faults = Counter(f"/{run.page}: {run.fault}" for run in load.runs if run.fault)
    for fault, times in faults.most_common(10):
        console.print(f"{times} times on {fault}")
    if asked.docs:
        load_said = f"{asked.viewers} viewers for {load.seconds / 60:.0f} minutes"
        what = "Readers go on while months are made, taken back, read again and stores restored"
        done = f"{load_said}: {found(load)}; {stays}; {kept}; {town.done['month']} months"
        limit = "how long a page waits just after a month was made"
        keep("soak", "RELIABILITY", "make soak", [(what, done, "0 errors, 0 lost", limit)])
    if town.failed or faults or lost or not (town.saved and town.done["month"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
