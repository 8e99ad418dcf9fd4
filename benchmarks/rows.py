"""The rows of `make bench`: what was measured, its spread, its memory, and the rival beside it."""

from __future__ import annotations

import json
import os
import platform
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

RESULTS = Path(__file__).parent / "results.json"
KEPT = Path(__file__).parent / "results" / "bench.toml"
LEAD = re.compile(r"; .*: ([0-9.]+) times$")
WORTH_SAYING = 0.2


@dataclass(frozen=True)
class Row:
    """One thing measured."""

    what: str
    seconds: Sequence[float]  # of each run
    peak_mb: float | None = None
    rival: str = ""  # what does the same otherwise, in the same run
    times_ours: float | None = None  # the rival's median over ours
    target: str = ""
    also: str = ""  # what else was measured, in words

    @property
    def median_s(self) -> float:
        """Half of the runs take longer."""
        return float(np.median(self.seconds))

    @property
    def high_s(self) -> float:
        """One run in twenty takes longer."""
        return float(np.percentile(self.seconds, 95))

    @property
    def found(self) -> str:
        """What docs/PERFORMANCE.md says."""
        said = f"{self.median_s:.2f} s (95%: {self.high_s:.2f})"
        if self.peak_mb is not None:
            said += f", {self.peak_mb:,.0f} MB"
        if self.also:
            said += f", {self.also}"
        if self.times_ours is not None:
            said += f"; {self.rival}: {self.times_ours:.1f} times"
        return said


def beside(rival: str, theirs: Sequence[float], ours: Sequence[float]) -> tuple[str, float]:
    """Return a rival and how many times our median it takes."""
    return rival, float(np.median(theirs) / np.median(ours))


def regressions(rows: Iterable[Row]) -> list[str]:
    """Say which rows lost a fifth or more against their rival since the results that were kept."""
    kept = tomllib.loads(KEPT.read_text(encoding="utf-8"))["rows"]
    before = {row["what"]: LEAD.search(row["found"]) for row in kept}
    return [
        f"Slower than before: {row.what}, {row.rival} {row.times_ours:.1f} times, was {lead[1]}"
        for row in rows
        if row.times_ours is not None
        and (lead := before.get(row.what))
        and row.times_ours < (1 - WORTH_SAYING) * float(lead[1])
    ]


def table_of(rows: Iterable[Row]) -> Table:
    """Lay the rows out as one table."""
    table = Table(title="csa", box=None, pad_edge=False, title_justify="left")
    titles = ("What", "Median s", "95% s", "Peak MB", "Times ours", "Rival", "Target")
    for title in titles:
        is_text = title in ("What", "Rival", "Target")
        table.add_column(title, justify="left" if is_text else "right")
    for row in rows:
        table.add_row(
            row.what,
            f"{row.median_s:.2f}",
            f"{row.high_s:.2f}",
            "" if row.peak_mb is None else f"{row.peak_mb:,.0f}",
            "" if row.times_ours is None else f"{row.times_ours:.1f}",
            row.rival,
            row.target,
        )
    return table


def save(rows: Iterable[Row]) -> None:
    """Write the rows to results.json, with the machine that they are of."""
    held = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "load_before": round(os.getloadavg()[0], 1),
        "rows": [
            {**asdict(row), "median_s": row.median_s, "high_s": row.high_s}
            | {"seconds": [round(one, 4) for one in row.seconds]}
            for row in rows
        ],
    }
    RESULTS.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
