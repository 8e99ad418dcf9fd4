"""How close the next 12 months come where no constant was chosen: `python -m benchmarks.next12`.

Each place of ../shared/data/usa is set up from its file alone, its areas are proposed as of one
past January, forecast without a past year, and compared with what came in them. The constants were
tried on places with long lists, and others of the method on every ninth: these are the calibration
places, and say which share of what is expected goes on. All others judge: no constant was chosen on
them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from scipy.stats import binomtest

import csa
from benchmarks.places import FILE, JANUARY, LEAST_ROWS, places, set_up
from csa.areas.places import list_cells
from csa.areas.priority.forecast import THIN_KEPT, TREND, YearAhead
from csa.base.params import Month, Period
from csa.ingest.job import shared_process

LONG, EACH = 600, 9
"""Rows from which a place's list was among those that the constants were tried on, and each
so many-th place, on which other constants of the method were looked at."""
SHARES = (0.8, 0.85, 0.9, 0.95, 1.0)
"""Shares of what is expected that may go on: the calibration places choose one."""
SERVED = 4.0
"""Incidents a year from which the range of a single area is judged."""
RESAMPLED, SEED = 2000, 20170101
COVERED, GIVEN = (0.90, 0.96), (0.90, 1.05)
"""Targets: areas inside their range, and counted over expected, given the city's true total."""


def judge_place(
    name: str, rows: pd.DataFrame, folder: Path, january: Month = JANUARY
) -> pd.DataFrame:
    """Forecast a place's areas for each share that may go on: a row an area and share."""
    city = set_up(name, rows, folder)
    until = min(january, city.dataset.require_months().until.plus(-12))
    settings = csa.AreaSettings(until=until)
    located = csa.locate_incidents(city, settings)
    proposal = csa.propose_areas(city, settings, located=located)
    grounds = list_cells(proposal.areas)
    ahead = YearAhead.of(proposal, located, None)
    came = located.counts(Period(until, until.plus(12)))
    months = int(proposal.summary["params"]["months_covered"])
    yearly, last = (located.counts(Period.before(until, n)).sum() * 12 / n for n in (months, 12))
    expected = proposal.areas["expected"].to_numpy(dtype=np.float64)
    counted = [int(came[located.place(cells)].sum()) for cells in grounds]
    tables = []
    for share in SHARES:
        told = replace(ahead, total=ahead.total * share / THIN_KEPT)
        found = told.predict(located, grounds, expected)
        table = pd.DataFrame(found, columns=["mean", "low", "high"])
        tables.append(table.assign(share=share, counted=counted))
    whole = float(came.sum()) / max(1.0, yearly * (last / yearly) ** TREND) if yearly else np.nan
    return pd.concat(tables).assign(place=name, rows=len(rows), given=whole, since=str(until))


def judge_all(every: int, january: Month = JANUARY) -> pd.DataFrame:
    """Judge each place, or each so many-th; places without an area have no row."""
    tables = []
    with shared_process():
        for at, (name, rows) in enumerate(track([*places(LEAST_ROWS).items()])):
            if at % every:
                continue
            with tempfile.TemporaryDirectory() as folder:
                found = judge_place(name, rows, Path(folder), january)
            tables.append(found.assign(is_calibration=len(rows) >= LONG or not at % EACH))
    return pd.concat(tables, ignore_index=True).dropna(subset=["mean", "given"])


def over(table: pd.DataFrame, *, is_given: bool) -> tuple[float, float, float]:
    """Return counted over expected, with the 95% interval of places drawn again."""
    weighed = table.assign(mean=table["mean"] * (table["given"] if is_given else 1.0))
    sums = weighed.groupby("place")[["counted", "mean"]].sum().to_numpy()  # (places, 2)
    drawn = np.random.default_rng(SEED).integers(0, len(sums), (RESAMPLED, len(sums)))
    counted, mean = sums[drawn].sum(axis=1).T
    low, high = np.percentile(counted / mean, [2.5, 97.5])
    return float(sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high)


def inside(table: pd.DataFrame) -> tuple[int, int]:
    """Count the areas whose count is in its range, and all."""
    is_in = table["counted"].between(table["low"], table["high"])
    return int(is_in.sum()), len(table)


def lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the table: calibration places by share, the judged ones, those by length of list."""
    yield "| set | share | places | areas | expected | counted over it | given the city's total |"
    yield "|---|---|---|---|---|---|---|"
    for name, is_calibration in (("calibration", True), ("judged", False)):
        for share in SHARES:
            own = table[(table["is_calibration"] == is_calibration) & (table["share"] == share)]
            if len(own):
                yield f"| {name} | {share:.2f} | {_row(own)} |"
    judged = table[~table["is_calibration"] & (table["share"] == THIN_KEPT)]
    for least, most in ((100, 200), (200, 300), (300, 600)):
        own = judged[judged["rows"].between(least, most - 1)]
        if len(own):
            yield f"| judged, {least} to {most - 1} rows | {THIN_KEPT:.2f} | {_row(own)} |"
    yield ""
    yield "| areas in their 90% range, at the share in use | areas | inside | 95% |"
    yield "|---|---|---|---|"
    for name, own in (
        ("calibration, all", table[table["is_calibration"] & (table["share"] == THIN_KEPT)]),
        ("judged, all", judged),
    ):
        for least in (0.0, 1.0, 2.0, SERVED):
            some = own[own["mean"] >= least]
            if len(some):
                held, n = inside(some)
                low, high = binomtest(held, n).proportion_ci()
                at = name if not least else f"{name.split(',')[0]}, {least:g} or more expected"
                yield f"| {at} | {n} | {held / n:.1%} | {low:.1%} to {high:.1%} |"


def _row(own: pd.DataFrame) -> str:
    plain, given = over(own, is_given=False), over(own, is_given=True)
    told = [f"{a:.2f} ({low:.2f} to {high:.2f})" for a, low, high in (plain, given)]
    return f"{own['place'].nunique()} | {len(own)} | {own['mean'].sum():,.0f} | {' | '.join(told)}"


def main() -> None:
    """Print the tables; each place is one span of a year, so all are independent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each n-th place")
    parser.add_argument("--january", type=Month.parse, default=JANUARY, help="of the year ahead")
    parser.add_argument("--read", type=Path, help="take the rows that --out wrote")
    parser.add_argument("--out", type=Path, help="write a row an area and share here (CSV)")
    given = parser.parse_args()
    if not FILE.is_file():
        sys.exit(f"{FILE} is absent: these files are not part of the project.")
    table = pd.read_csv(given.read) if given.read else judge_all(given.every, given.january)
    if given.out:
        table.to_csv(given.out, index=False)
    sys.stdout.write("\n".join(lines(table)) + "\n")


if __name__ == "__main__":
    main()
