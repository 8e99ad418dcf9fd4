"""What a fleet costs over its cities one by one: `python -m benchmarks.fleet --made 12`.

So many made-up cities go through `csa fleet` on two workers, in turns with one worker, then through
the single commands, each in a process of its own; with `--fewer`, one worker and single commands
take the first of the cities alone. Processor seconds of a city are compared, because shared
machines are noisy; two workers are compared with one by the clock.
`--places OUT` runs a fleet of every place of ../shared/data/usa, and goes on with one that was
stopped; `--docs` writes what it found so far into
benchmarks/results/fleet.md and the table of docs/PERFORMANCE.md.
"""

from __future__ import annotations

import argparse
import csv
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.places import RESAMPLED, SEED, places
from benchmarks.process import Timed, timed
from benchmarks.tables import RESULTS, between, keep
from csa.extras.fleet import running
from csa.extras.fleet.city import DONE, FAILED, OWN, SAID, Describe, read_fleet, work_city
from csa.extras.fleet.commands import print_step
from csa.extras.fleet.manifest import FleetCity, read_manifest
from csa.synthetic.sample import make_sample
from csa.workflow.new_city import slugify

SINCE = "2017"
"""A made-up city's first year: too few for a past year, which would take most of the time."""
SECONDS = "seconds.csv"
PAGE = RESULTS / "fleet.md"
BEGIN, END = "<!-- fleet: begin -->", "<!-- fleet: end -->"
TO_THE_END = "set up from their file alone, and taken to the end"
NO_PAST_YEAR = "processor seconds a place, median (middle half), no past year"
PAST_YEAR = "processor seconds a place, median (middle half), with a past year"
KEPT = (TO_THE_END, "failed", NO_PAST_YEAR, PAST_YEAR)


def write_made(folder: Path, n: int) -> Path:
    """Write made-up cities, each of its own seed, and their manifest; return it."""
    for seed in range(n):
        made, home = make_sample(seed), folder / "data" / f"made-{seed}"
        home.mkdir(parents=True)
        header, *rows = made["shootings.csv"].decode().splitlines(keepends=True)
        at = next(csv.reader([header])).index("date")
        kept = [row for row in rows if next(csv.reader([row]))[at] >= SINCE]
        (home / "shootings.csv").write_text("".join([header, *kept]))
        (home / "neighborhoods.geojson").write_bytes(made["neighborhoods.geojson"])
    return _manifest(folder, {f"made-{seed}": f"made-{seed}/shootings.csv" for seed in range(n)})


def write_places(folder: Path) -> Path:
    """Write each place's list in a folder of its own, and their manifest; return it."""
    files = {}
    for name, rows in places().items():
        home = folder / "data" / slugify(name)
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "list.csv").exists():
            rows.to_csv(home / "list.csv", index=False)
        files[name] = f"{home.name}/list.csv"
    return _manifest(folder, files)


def _manifest(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "cities.csv"
    rows = [(name, f"data/{file}") for name, file in files.items()]
    pd.DataFrame(rows, columns=["city", "files"]).to_csv(path, index=False)
    return path


def timed_city(city: FleetCity, out: str, version: str, describe: Describe) -> dict[str, Any]:
    """Make a city as a fleet's task does, and write down its processor seconds and seconds."""
    began, at = time.process_time(), time.perf_counter()
    row = work_city(city, out, version, describe)
    if row["is_new"]:
        with (Path(out) / OWN / SECONDS).open("a") as file:  # one short line: written whole
            spent = time.process_time() - began, time.perf_counter() - at
            file.write("{},{:.1f},{:.1f}\n".format(city.id, *spent))
    return row


def run(manifest: Path, out: Path, n_workers: int, n: int | None = None) -> None:
    """Run the first cities of a manifest, unless they were, on so many workers of this machine."""
    running.work_city, running.os.cpu_count = timed_city, lambda: n_workers
    cities = read_manifest(manifest)[:n]
    running.run_fleet(cities, cities, out, print_step)


def read_seconds(out: Path) -> pd.DataFrame:
    """Read what each city's task took: `cpu_s` and `s`, by its folder."""
    read = pd.read_csv(out / OWN / SECONDS, header=None, names=["city", "cpu_s", "s"])
    return read.drop_duplicates("city", keep="last").set_index("city")


def single_commands(out: Path, again: Path) -> Iterator[list[str]]:
    """Give the commands that a fleet ran, as it wrote them down, into another folder."""
    for said in sorted(out.glob(f"*/{SAID}")):
        for line in said.read_text().splitlines():
            if line.startswith("$ csa "):
                words = line.removeprefix("$ csa ").replace(str(out), str(again))
                yield [sys.executable, "-m", "csa.cli.main", *shlex.split(words)]


def compare(folder: Path, n: int, turns: int, n_fewer: int) -> Iterator[str]:
    """Measure two workers on all cities; one, in turns, and the single commands on the first."""
    manifest, n_of = write_made(folder, n), {1: n_fewer, 2: n}
    taken: dict[int, list[Timed]] = {workers: [] for workers in n_of}
    for turn in range(turns):
        for workers, found in taken.items():
            out = folder / f"fleet-{turn}-{workers}"
            words = ["--run", str(manifest), "--out", str(out), "--workers", str(workers)]
            words += ["--first", str(n_of[workers])]
            found.append(timed([sys.executable, "-m", "benchmarks.fleet", *words], 1))
            yield _line(f"fleet of {n_of[workers]}, workers: {workers}", found[-1])
    began, cpu_s = time.perf_counter(), 0.0
    for command in single_commands(folder / "fleet-0-1", folder / "again"):
        cpu_s += timed(command, 1).cpu_s
    alone = Timed((time.perf_counter() - began,), cpu_s, 0)
    yield _line(f"the single commands for {n_fewer}", alone)
    for workers, found in taken.items():
        spent = min(one.cpu_s for one in found) / n_of[workers]
        over = spent / (cpu_s / n_fewer) - 1
        yield f"{workers}: {over:+.1%} processor time of a city over the single commands"
    last, tasks = taken[2][-1], read_seconds(out).sum()
    yield f"2: {last.cpu_s / tasks['cpu_s'] - 1:+.1%} processor time over its own tasks"
    yield f"2: workers at work {tasks['s'] / last.median_s / 2:.1%} of the time"
    one, two = (sum(done.median_s for done in taken[many]) / n_of[many] for many in (1, 2))
    yield f"scaling from 1 to 2 workers: {one / two / 2:.2f}"


def _line(what: str, found: Timed) -> str:
    load = os.getloadavg()[0]
    return f"{what}: {found.cpu_s:.0f} processor s, {found.median_s:.0f} s, load {load:.1f}"


def national_table(out: Path) -> dict[str, object]:
    """Lay out what a fleet of places found: coverage, set-up, and areas beside their rivals."""
    table = read_fleet(out)
    if table is None:
        sys.exit(f"{out} has no fleet yet.")
    done = table[table["state"] == DONE]
    judged = done[done["hit_share"].notna()]
    spent = read_seconds(out)["cpu_s"]
    was_judged = spent.index.isin(judged["folder"])
    land = done["share_of_study_area"]
    over, low, high = _over_rivals(judged)
    verdicts = judged["backtest"].value_counts()
    followed = done["displacement"].value_counts()
    return {
        "places in the list": len(table),
        "run so far": int(table["state"].isin([DONE, FAILED]).sum()),
        TO_THE_END: len(done),
        "failed": int((table["state"] == FAILED).sum()),
        "with areas": int((done["areas"] > 0).sum()),
        "areas on 1.5 to 2.2% of the land": int(land.between(0.015, 0.022).sum()),
        "with a January that 36 months precede and 12 follow": len(judged),
        "there, caught by areas over the best other way": f"{over:.2f} ({low:.2f} to {high:.2f})",
        "there, areas were better / as good / worse / one year cannot tell": " / ".join(
            str(verdicts.get(name, 0)) for name in ("better", "as good", "worse", "one year")
        ),
        "what changed in the areas over the last year": ", ".join(
            f"{name} {n}" for name, n in followed.items()
        ),
        NO_PAST_YEAR: _spread(spent[~was_judged]),
        PAST_YEAR: _spread(spent[was_judged]),
    }


def _spread(spent: pd.Series) -> str:
    low, middle, high = spent.quantile([0.25, 0.5, 0.75])
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def _over_rivals(judged: pd.DataFrame) -> tuple[float, float, float]:
    """Compare the mean shares, with the 95% interval of places drawn again."""
    pairs = judged[["hit_share", "best_other_hit_share"]].to_numpy(dtype="float64")
    drawn = np.random.default_rng(SEED).integers(0, len(pairs), (RESAMPLED, len(pairs)))
    sums = pairs[drawn].sum(axis=1)
    low, high = np.percentile(sums[:, 0] / sums[:, 1], [2.5, 97.5])
    ours, other = pairs.sum(axis=0)
    return float(ours / other), float(low), float(high)


def write_docs(rows: Mapping[str, object]) -> None:
    """Put the national table between its marks, and keep what the docs say."""
    lines = ["| what | number |", "|---|---|", *(f"| {name} | {n} |" for name, n in rows.items())]
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(between(text, BEGIN, END, "\n".join(lines)), encoding="utf-8")
    kept = [(f"a fleet of places: {name}", str(n), "") for name, n in rows.items() if name in KEPT]
    keep("fleet", "PERFORMANCE", "python -m benchmarks.fleet --places OUT --docs OUT", kept)


def main() -> None:
    """Measure, or run places."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--made", type=int, help="compare ways to run so many made-up cities")
    parser.add_argument("--fewer", type=int, help="on one worker and by single commands: the first")
    parser.add_argument("--turns", type=int, default=2, help="of two workers and one")
    parser.add_argument("--places", type=Path, help="run every place into this folder")
    parser.add_argument("--docs", type=Path, help="write the table of the places in this folder")
    parser.add_argument("--run", type=Path, help="run a manifest")
    parser.add_argument("--out", type=Path, help="where to")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--first", type=int, help="so many cities of the manifest")
    given = parser.parse_args()
    if given.places:
        given.places.mkdir(parents=True, exist_ok=True)
        run(write_places(given.places), given.places / "fleet", given.workers)
    if given.run:
        run(given.run, given.out, given.workers, given.first)
    if given.docs:
        rows = national_table(given.docs / "fleet")
        write_docs(rows)
        print("\n".join(f"{name}: {n}" for name, n in rows.items()))
    if given.made:
        with tempfile.TemporaryDirectory() as folder:
            n_fewer = min(given.fewer or given.made, given.made)
            for line in compare(Path(folder), given.made, given.turns, n_fewer):
                print(line, flush=True)


if __name__ == "__main__":
    main()
