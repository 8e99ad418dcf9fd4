"""Whole processes, timed: seconds of each run, and the most memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
CSA = [sys.executable, "-m", "csa.cli.main"]


@dataclass(frozen=True)
class Timed:
    """What runs of one command took."""

    seconds: tuple[float, ...]  # of each run, from its start to its end
    cpu_s: float  # median of the processor time, all cores together
    peak_mb: float  # the most resident memory of any run

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    @property
    def high_s(self) -> float:
        """The 95th percentile."""
        return float(np.percentile(self.seconds, 95))


def timed(words: Sequence[str], runs: int, warm_ups: int = 0) -> Timed:
    """Run a command, first to warm up, then to be measured."""
    seconds, cpu, peak_mb = [], [], 0.0
    for number in range(warm_ups + runs):
        began = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=ROOT) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}")
        if number >= warm_ups:
            seconds.append(time.perf_counter() - began)
            cpu.append(usage.ru_utime + usage.ru_stime)
            peak_mb = max(peak_mb, usage.ru_maxrss / 1024)
    return Timed(tuple(seconds), statistics.median(cpu), peak_mb)
