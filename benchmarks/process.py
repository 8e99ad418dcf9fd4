"""Whole processes, timed: seconds of each run, and the most memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
CSA = [sys.executable, "-m", "csa.cli.main"]
LAUNCHER = """
import json, os, resource, sys, time
began = time.perf_counter()
code = os.waitstatus_to_exitcode(
    os.waitpid(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)[1]
)
taken, usage = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
found = taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
print(json.dumps(found), file=sys.stderr)
sys.exit(code)
"""
"""A process counts the memory of whoever starts it as its own: a small one starts what is timed."""


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
    launcher = [sys.executable, "-S", "-c", LAUNCHER]
    for number in range(warm_ups + runs):
        process = subprocess.run(
            [*launcher, *words],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        if process.returncode:
            raise SystemExit(f"{' '.join(words)}: {process.stderr.decode()[-500:]}")
        if number >= warm_ups:
            taken, processor, memory = json.loads(process.stderr.splitlines()[-1])
            seconds.append(taken)
            cpu.append(processor)
            peak_mb = max(peak_mb, memory)
    return Timed(tuple(seconds), statistics.median(cpu), peak_mb)
