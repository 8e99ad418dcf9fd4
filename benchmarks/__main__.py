"""Print what is measured: `make bench`. Times are of whole processes; take the ratios."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.screen import screen

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data" / "philadelphia"
CSA = [sys.executable, "-m", "csa.cli.main"]
RUNS = 3
N_INCIDENTS = int(os.environ.get("BENCH_INCIDENTS", "1000000"))


def main() -> None:
    table = Table(title="csa, whole processes", box=None, pad_edge=False, title_justify="left")
    for title in ("What", "Seconds (median)", "Least", "Peak MB", "Target"):
        table.add_column(title, justify="left" if title == "What" else "right")
    with tempfile.TemporaryDirectory() as folder:
        for what, target, words in commands(Path(folder)):
            seconds, peak_mb = timed(words)
            table.add_row(
                what,
                f"{statistics.median(seconds):.2f}",
                f"{min(seconds):.2f}",
                f"{peak_mb:,.0f}",
                target,
            )
        console = Console(width=110)
        console.print(table)
        console.print()
        console.print(million(Path(folder)))
        if (Path(folder) / "dataset").is_dir():
            console.print()
            console.print(screen(Path(folder) / "dataset"))


def commands(folder: Path) -> list[tuple[str, str, list[str]]]:
    listed = [("csa --help", "0.4 s", [*CSA, "--help"])]
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
    publish = [*CSA, "publish", *city, "--dataset", dataset, "--month", "2023-12", "--html"]
    return [
        *listed,
        ("ingest, Philadelphia, all years", "5 s", ingest),
        ("propose, Philadelphia, 36 months", "3 s", propose),
        ("propose, Philadelphia, all years", "3 s", [*propose, "--months", "121"]),
        ("priorities, 200 subsamples, 1,000 weightings", "10 s", priorities),
        ("displace, 36 months of lineage", "5 s", displace),
        (
            "report, one edition",
            "5 s",
            [*report, "--audience", "executive", "--out", str(folder / "executive.pdf")],
        ),
        ("report, every edition", "20 s", [*report, "--all", "--out", str(folder / "all")]),
        ("publish, with the site", "", [*publish, "--out", str(folder / "bundle")]),
        ("backtest, 7 origins", "60 s", [*backtest, "--origins", origins, "--no-variants"]),
    ]


def timed(words: list[str]) -> tuple[list[float], float]:
    """Run a command once to warm up, then RUNS times; return seconds and peak memory."""
    seconds = []
    peak_mb = 0.0
    for number in range(RUNS + 1):
        began = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=ROOT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}")
        if number:
            seconds.append(time.perf_counter() - began)
            peak_mb = max(peak_mb, usage.ru_maxrss / 1024)
    return seconds, peak_mb


def million(folder: Path) -> Table:
    title = f"{N_INCIDENTS:,} block-snapped incidents: bin (H3, resolution 9) and cluster (150 m)"
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for name in ("What", "Bin s", "Cluster s", "Both s", "Peak MB", "Labels", "Target"):
        table.add_column(name, justify="left" if name == "What" else "right")
    labels = {}
    for way, what, target in (
        ("ours", "csa", "8 s, 1,024 MB"),
        ("plain", "scikit-learn, plain", ""),
    ):
        out = folder / f"{way}.npy"
        words = [sys.executable, "-m", "benchmarks.million", way, str(N_INCIDENTS), str(out)]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True)
        measured = json.loads(done.stdout)
        labels[way] = np.load(out)
        same = "the same" if np.array_equal(labels["ours"], labels[way]) else "DIFFERENT"
        table.add_row(
            what,
            f"{measured['bin_s']:.2f}",
            f"{measured['cluster_s']:.2f}",
            f"{measured['bin_s'] + measured['cluster_s']:.2f}",
            f"{measured['peak_mb']:,.0f}",
            same,
            target,
        )
    return table


if __name__ == "__main__":
    main()
