"""How time and memory grow with a city's incidents: `python -m benchmarks.growth [N ...]`.

A made-up city of block-snapped incidents over ten years, as a CSV that a police department would
export; `csa ingest` and `csa propose` each in a process of its own. `--others 49` puts 49 rows that
are no shooting beside each that is one, as in a list of all crimes; `--plot FILE` draws a picture,
`--docs` writes the table of docs/PERFORMANCE.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from rich.console import Console
from rich.table import Table

from benchmarks.process import CSA, timed
from benchmarks.synthetic import CORNER, SIZE_DEGREES, block_snapped
from benchmarks.tables import Line, keep

SEED = 20201001
FIRST, YEARS = "2014-01-01", 10
N_SIDE = 12
"""Neighborhoods on a side of the city."""
SIZES = (10_000, 100_000, 1_000_000)
COMMANDS = ("ingest", "propose")
CITY = """
format_version = 1
[city]
id = "grown"
name = "Grown"
time_zone = "America/Chicago"
metric_crs = "EPSG:32615"
[places]
file = "places.geojson"
name_column = "name"
[areas]
[[sources]]
name = "list"
incident_from = ["incident_id"]
row_id_from = ["incident_id"]
homicide = [{ fatal = ["1"] }]
nonfatal = [{ fatal = ["0"] }]
gun = { yes = [{}] }
date_formats = ["%Y-%m-%d %H:%M"]
[sources.columns]
incident_id = "number"
date = "date"
fatal = "fatal"
lon = "lon"
lat = "lat"
address = "address"
"""


def write_city(folder: Path, n: int, others: int = 0) -> Path:
    """Write a city's file, its neighborhoods and its list; return the list."""
    (folder / "grown.toml").write_text(CITY, encoding="utf-8")
    west, south = CORNER
    step = [size / N_SIDE for size in SIZE_DEGREES]
    features = []
    for row in range(N_SIDE):
        for column in range(N_SIDE):
            x, y = west + column * step[0], south + row * step[1]
            ring = [[x, y], [x + step[0], y], [x + step[0], y + step[1]], [x, y + step[1]], [x, y]]
            features.append(
                {
                    "type": "Feature",
                    "properties": {"name": f"N{row}-{column}"},
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                }
            )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    places = {"type": "FeatureCollection", "crs": crs, "features": features}
    (folder / "places.geojson").write_text(json.dumps(places), encoding="utf-8")
    path, random = folder / "list.csv", np.random.default_rng(SEED)
    points = block_snapped(n, SEED)
    minutes = np.sort(random.integers(0, YEARS * 365 * 24 * 60, n))
    when = pd.Timestamp(FIRST) + pd.to_timedelta(minutes, unit="min")
    block = 100 * random.integers(1, 60, n)
    pd.DataFrame(
        {
            "number": np.arange(n) + 10_000_000,
            "date": when.strftime("%Y-%m-%d %H:%M"),
            "fatal": np.where(
                random.random(n) * (1 + others) < 1, (random.random(n) < 0.2).astype(int), 9
            ),
            **points,
            "address": pd.Series(block.astype(str)) + " BLOCK OF MAIN ST",
        }
    ).to_csv(path, index=False)
    return path


def measured(sizes: Sequence[int], others: int) -> pd.DataFrame:
    """Measure each number of rows: processor seconds and megabytes of both commands."""
    found = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # Elsewhere: a child's peak begins with what its parent holds when it is forked.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                path = pool.submit(write_city, folder, n, others).result()
            city, dataset = ["--city", str(folder / "grown.toml")], str(folder / "dataset")
            places = ["--places", str(folder / "places.geojson")]
            read = timed([*CSA, "ingest", *city, *places, str(path), "--out", dataset], 1)
            out = ["--dataset", dataset, "--out", str(folder / "proposal")]
            proposed = timed([*CSA, "propose", *city, *out], 1)
        found.append((n, read.cpu_s, read.peak_mb, proposed.cpu_s, proposed.peak_mb))
    return pd.DataFrame(found, columns=["n", "ingest_s", "ingest_mb", "propose_s", "propose_mb"])


def table(found: pd.DataFrame) -> Table:
    """Lay out the figures beside n log n."""
    said = Table(title="Growth, a made-up city", box=None, pad_edge=False, title_justify="left")
    names = ("Rows", "Ingest CPU s", "MB", "Propose CPU s", "MB", "Ingest over n log n", "Propose")
    for name in names:
        said.add_column(name, justify="right")
    work = found["n"] * np.log(found["n"])
    for at, row in found.iterrows():
        grown = work[at] / work[0]
        said.add_row(
            f"{row['n']:,.0f}",
            *(f"{row[f'{name}_{of}']:,.0f}" for name in COMMANDS for of in ("s", "mb")),
            *(f"{row[f'{name}_s'] / found[f'{name}_s'][0] / grown:.2f}" for name in COMMANDS),
        )
    return said


def line(row: Any) -> Line:
    """What docs/PERFORMANCE.md says of a size: processor seconds, and the most memory."""
    said = (
        f"{name} {getattr(row, f'{name}_s'):,.0f} s, {getattr(row, f'{name}_mb'):,.0f} MB"
        for name in COMMANDS
    )
    return f"{row.n:,} incidents", f"{'; '.join(said)} (processor seconds)", ""


def plot(found: pd.DataFrame, path: Path) -> None:
    """Draw seconds and megabytes over rows, beside n log n."""
    figure = Figure((8, 3.2), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    work = found["n"] * np.log(found["n"])
    for name, mark in zip(COMMANDS, "os", strict=True):
        seconds.loglog(found["n"], found[f"{name}_s"], f"{mark}-", label=f"csa {name}")
        memory.loglog(found["n"], found[f"{name}_mb"], f"{mark}-", label=f"csa {name}")
    last = found.iloc[-1]
    seconds.loglog(found["n"], last["ingest_s"] * work / work.iloc[-1], "k:", label="n log n")
    seconds.set_title("Processor seconds")
    memory.set_title("Most memory, MB")
    for axes in (seconds, memory):
        axes.set_xlabel("rows")
        axes.legend(frameon=False)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
    memory.set_yticks([500, 1_000, 2_000, 4_000, 8_000])
    memory.yaxis.set_minor_formatter(NullFormatter())
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sizes", nargs="*", type=int, default=SIZES)
    asked.add_argument("--others", type=int, default=0)
    asked.add_argument("--plot", type=Path)
    asked.add_argument("--docs", action="store_true")
    given = asked.parse_args()
    answer = measured(given.sizes, given.others)
    Console(width=110).print(table(answer))
    if given.plot:
        plot(answer, given.plot)
    if given.docs:
        command = f"python -m benchmarks.growth {' '.join(map(str, given.sizes))}"
        keep("growth", "PERFORMANCE", command, map(line, answer.itertuples()))
