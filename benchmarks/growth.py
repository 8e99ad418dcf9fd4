"""How time and memory grow with a city's incidents: `python -m benchmarks.growth [N ...]`.

A made-up city of block-snapped incidents over ten years, as a CSV that a police department would
export; `csa ingest` and `csa propose` each in a process of its own.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.process import CSA, timed
from benchmarks.synthetic import CORNER, SIZE_DEGREES, block_snapped

SEED = 20201001
FIRST, YEARS = "2014-01-01", 10
N_SIDE = 12
"""Neighborhoods on a side of the city."""
SIZES = (10_000, 100_000, 1_000_000)
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


def write_city(folder: Path, n: int) -> Path:
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
            "fatal": (random.random(n) < 0.2).astype(int),
            **points,
            "address": pd.Series(block.astype(str)) + " BLOCK OF MAIN ST",
        }
    ).to_csv(path, index=False)
    return path


def grown(sizes: Sequence[int]) -> Table:
    """Measure each size, and lay out the figures beside n log n."""
    table = Table(title="Growth, a made-up city", box=None, pad_edge=False, title_justify="left")
    for name in (
        "Incidents",
        "Ingest CPU s",
        "MB",
        "Propose CPU s",
        "MB",
        "Ingest over n log n",
        "Propose",
    ):
        table.add_column(name, justify="right")
    first: tuple[float, float] | None = None
    for n in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            path = write_city(folder, n)
            city, dataset = ["--city", str(folder / "grown.toml")], str(folder / "dataset")
            places = ["--places", str(folder / "places.geojson")]
            read = timed([*CSA, "ingest", *city, *places, str(path), "--out", dataset], 1)
            out = ["--dataset", dataset, "--out", str(folder / "proposal")]
            proposed = timed([*CSA, "propose", *city, *out], 1)
        work = n * math.log(n)
        rates = read.cpu_s / work, proposed.cpu_s / work
        first = first or rates
        table.add_row(
            f"{n:,}",
            f"{read.cpu_s:.1f}",
            f"{read.peak_mb:,.0f}",
            f"{proposed.cpu_s:.1f}",
            f"{proposed.peak_mb:,.0f}",
            *(f"{now / then:.2f}" for now, then in zip(rates, first, strict=True)),
        )
    return table


if __name__ == "__main__":
    Console(width=110).print(grown([int(n) for n in sys.argv[1:]] or SIZES))
