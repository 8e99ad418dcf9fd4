"""Print what is measured, and write results.json: `make bench`. Take the ratios.

With `--docs` the table of docs/PERFORMANCE.md is written too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.growth import write_city
from benchmarks.large import LARGE, rows, shootings
from benchmarks.places import FILE as PLACES
from benchmarks.process import CSA, ROOT, timed
from benchmarks.rows import Row, beside, regressions, save, table_of
from benchmarks.screen import compare_first, first_page, screen
from benchmarks.side_by_side import duels
from benchmarks.tables import keep

SHARED = ROOT.parent / "shared" / "data" / "philadelphia"
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
N_INCIDENTS = int(os.environ.get("BENCH_INCIDENTS", "1000000"))


def main() -> None:
    parser = argparse.ArgumentParser("benchmarks", description=__doc__)
    parser.add_argument("--docs", action="store_true", help="write docs/PERFORMANCE.md's table")
    asked = parser.parse_args()
    made: list[Row] = []
    try:
        with tempfile.TemporaryDirectory() as name:
            for row in measured(Path(name)):
                made.append(row)
                sys.stderr.write(f"{row.what}\n")
        save(made)
        for sentence in regressions(made):
            print(sentence)
        if asked.docs:
            keep(
                "bench",
                "PERFORMANCE",
                "make bench",
                [(row.what, row.found, row.target) for row in made],
            )
    finally:  # what is measured is shown, whatever comes after it
        Console(width=130).print(table_of(made))


def measured(folder: Path) -> Iterator[Row]:
    """Measure one thing after another: half an hour in all."""
    loop = [sys.executable, "-c", "for number in range(50_000_000): number + 1"]
    yield Row("this machine: 50 million additions in plain Python", timed(loop, RUNS).seconds)
    for what, target, words in commands(folder):
        found = timed(words, RUNS, warm_ups=1)
        yield Row(what, found.seconds, found.peak_mb, target=target)
    yield from once(folder)
    yield from plain_script(folder)
    yield from million(folder)
    for duel in duels(RUNS):
        against = beside(duel.rival, duel.rival_s, duel.ours_s)
        yield Row(duel.what, duel.ours_s, None, *against)
    yield from first_page(folder)
    yield from compare_first(made_up("New York", folder))
    if (folder / "dataset").is_dir():
        yield from screen(folder / "dataset")


def commands(folder: Path) -> list[tuple[str, str, list[str]]]:
    """List the commands that are timed, with their targets: of the sample, and of a real city."""
    dataset = str(folder / "sample")
    at = ["--city", "sample", "--dataset", dataset, "--month", "2020-06"]
    listed = [
        ("csa --help", "0.3 s", [*CSA, "--help"]),
        ("area list, the sample", "0.3 s", [*CSA, "area", "list", "--city", "sample"]),
        ("ingest, the sample", "", [*CSA, "ingest", "--city", "sample", "--out", dataset]),
        (
            "report, one edition, the sample",
            "5 s",
            [*CSA, "report", *at, "--audience", "executive", "--out", str(folder / "one.pdf")],
        ),
        (
            "report, every edition, the sample",
            "15 s",
            [*CSA, "report", *at, "--all", "--out", str(folder / "every")],
        ),
        (
            "publish, the sample, with its site",
            "8 s",
            [*CSA, "publish", *at, "--out", str(folder / "site")],
        ),
    ]
    if not SHARED.exists():
        print("The real files are not at ../shared/data: Philadelphia is not measured.")
        return listed
    city = ["--city", str(ROOT / "config" / "philadelphia.toml")]
    files = ["--places", str(SHARED / "neighborhoods.geojson")]
    victims = str(SHARED / "philly_shooting_victims_2015_2025.csv")
    dataset = str(folder / "dataset")
    ingest = [*CSA, "ingest", *city, *files, victims, "--out", dataset]
    propose = [*CSA, "propose", *city, "--dataset", dataset, "--out", str(folder / "proposal")]
    at = ["--dataset", dataset, "--out", str(folder / "decided")]
    priorities = [*CSA, "priorities", *city, *at]
    origins = ",".join(f"{year}-01" for year in range(2018, 2025))
    backtest = [*CSA, "backtest", *city, "--dataset", dataset, "--out", str(folder / "backtest")]
    areas = ["--areas", str(folder / "proposal"), "--out", str(folder / "displaced")]
    displace = [*CSA, "displace", *city, "--dataset", dataset, *areas]
    report = [*CSA, "report", *city, "--dataset", dataset, "--month", "2023-12"]
    publish = [*CSA, "publish", *city, "--dataset", dataset, "--month", "2023-12"]
    one = ["--audience", "executive", "--out", str(folder / "executive.pdf")]
    return [
        *listed,
        ("ingest, Philadelphia, all years", "5 s", ingest),
        ("propose, Philadelphia, 36 months", "3 s", propose),
        ("propose, Philadelphia, all years", "3 s", [*propose, "--months", "121"]),
        ("priorities, 200 subsamples, 1,000 weightings", "10 s", priorities),
        ("displace, 36 months of lineage", "5 s", displace),
        ("report, one edition, Philadelphia", "5 s", [*report, *one]),
        ("report, every edition", "15 s", [*report, "--all", "--out", str(folder / "all")]),
        ("publish, with the site", "8 s", [*publish, "--out", str(folder / "bundle")]),
        ("backtest, 7 origins", "60 s", [*backtest, "--origins", origins, "--no-variants"]),
    ]


def once(folder: Path) -> Iterator[Row]:
    """Time what takes long, one run each: the past, a month, large cities that are made up."""
    vast = folder / "vast"
    vast.mkdir()
    write_city(vast, 100_000)
    grown = ["--city", str(vast / "grown.toml")]
    list_files = ["--places", str(vast / "places.geojson"), str(vast / "list.csv")]
    timed([*CSA, "ingest", *grown, *list_files, "--out", str(vast / "dataset")], 1)
    toronto = made_up("Toronto", folder)
    known = ["--city", toronto["CSA_CITY"], "--dataset", toronto["CSA_DATASET"]]
    backtest = [*CSA, "backtest"]
    longest = [
        ("backtest, a made-up Toronto", "40 s", [*backtest, *known]),
        ("priorities, a made-up Toronto", "5 s", [*CSA, "priorities", *known]),
        (
            "backtest, 100,000 made-up incidents",
            "300 s",
            [*backtest, *grown, "--dataset", str(vast / "dataset")],
        ),
    ]
    if (folder / "dataset").is_dir():
        city = ["--city", str(ROOT / "config" / "philadelphia.toml")]
        (folder / "data").mkdir()
        (folder / "data" / "philadelphia").symlink_to(SHARED)
        month = ["env", f"CSA_DATA_DIR={folder / 'data'}", *CSA, "month", *city]
        month += ["--home", str(folder / "home"), "--yes", "--no-fetch"]
        raw = str(SHARED / "opendataphilly_shootings_raw_2015_2023.csv")
        whole = [*backtest, *city, "--dataset", str(folder / "dataset")]
        longest += [
            ("backtest, Philadelphia, with all settings", "20 s", whole),
            ("month, Philadelphia, the first with its past", "40 s", [*month, raw]),
        ]
    for what, target, words in longest:
        out = ["--out", str(folder / what.replace(" ", "-"))]
        found = timed([*words, *out], 1)
        yield Row(what, found.seconds, found.peak_mb, target=target)
    if PLACES.is_file():
        found = timed([sys.executable, "-m", "benchmarks.places", "--set-up-only"], 1)
        yield Row("180 places, from their files to areas", found.seconds, target="120 s")


def made_up(layout: str, folder: Path) -> dict[str, str]:
    """Set a large made-up city up from its publisher's rows; return what its server is told."""
    (city,) = (city for city in LARGE if city.layout == layout)
    root = folder / layout.replace(" ", "-")
    root.mkdir()
    rows(city, shootings(city)).to_csv(root / "list.csv", index=False)
    start = [*CSA, "start", str(root / "list.csv"), "--yes", "--root", str(root)]
    timed([*start, "--out", str(root / "city.toml")], 1)
    (dataset,) = root.glob("var/*/dataset")
    return {"CSA_CITY": str(root / "city.toml"), "CSA_DATASET": str(dataset)}


def plain_script(folder: Path) -> Iterator[Row]:
    """Time `csa propose` beside what an analyst writes without it."""
    incidents = folder / "dataset" / "incidents.parquet"
    if not incidents.is_file():
        return
    city = ["--city", str(ROOT / "config" / "philadelphia.toml")]
    out = ["--dataset", str(folder / "dataset"), "--out", str(folder / "beside")]
    names = str(SHARED / "neighborhoods.geojson")
    plain = ["benchmarks.rivals.plain_script", str(incidents), names, str(folder / "plain")]
    ours, theirs = [], []
    for _ in range(RUNS):
        theirs += timed([sys.executable, "-m", *plain], 1).seconds
        ours += timed([*CSA, "propose", *city, *out], 1).seconds
    yield Row("propose, Philadelphia", ours, None, *beside("a plain script", theirs, ours))


def million(folder: Path) -> Iterator[Row]:
    """Bin and cluster by ours and by scikit-learn's plain run, which must give the same labels."""
    found = {}
    for way in ("ours", "plain"):
        out = folder / f"{way}.npy"
        words = [sys.executable, "-m", "benchmarks.million", way, str(N_INCIDENTS), str(out)]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
        found[way] = json.loads(done.stdout)
    if not np.array_equal(*(np.load(folder / f"{way}.npy") for way in found)):
        raise SystemExit("a million incidents: our labels differ from scikit-learn's")
    ours, plain = ((one["bin_s"] + one["cluster_s"],) for one in found.values())
    against = beside(f"scikit-learn, plain: {found['plain']['peak_mb']:,.0f} MB", plain, ours)
    what = f"bin and cluster {N_INCIDENTS:,} block-snapped incidents"
    yield Row(what, ours, found["ours"]["peak_mb"], *against, target="8 s, 1,024 MB")


if __name__ == "__main__":
    main()
