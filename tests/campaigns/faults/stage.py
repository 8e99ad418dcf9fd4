"""Where a case plays: a process that forks commands, a folder, and what came of each run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sentences import says

ROOT = Path(__file__).parents[3]
INTERNAL = (says("cli.internal", what="").partition(":")[0], "Traceback")
ALL = ("csa.cli", "csa.workflow", "csa.reports", "csa.change", "csa.areas.backtest", "weasyprint", "matplotlib.pyplot", "sklearn.cluster", "scipy.stats")  # fmt: skip
FEW = ("csa.cli.gather", "csa.cli.plan", "csa.cli.store", "csa.extras.mail.commands", "csa.ingest", "csa.program.store", "csa.program.actions", "csa.reports.briefing", "csa.extras.mail.mailing", "geopandas")  # fmt: skip
KILLED = -9


@dataclass(frozen=True)
class Ran:
    """How one run of a command ended, and what it said."""

    code: int
    n_steps: int
    out: str
    err: str

    @property
    def wrong(self):
        """Say what no run may do, whatever happens to it; empty if it did not."""
        if any(word in self.err for word in INTERNAL):
            return f"an error of the program's own: {self.err.strip()[-600:]}"
        if self.code not in (0, 1, 2, KILLED):
            return f"exit code {self.code}: {self.err.strip()[-600:]}"
        if self.code in (1, 2) and not (self.err + self.out).strip():
            return "failed without a word"
        return ""


class Stage:
    """A process that forks commands; closed with its block."""

    def __init__(self, folder, names=ALL, source=ROOT / "src"):
        self.folder, self.n = folder, 0
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CSA_")}
        environment |= {
            "PYTHONPATH": f"{source}:{ROOT}",
            "OPENBLAS_NUM_THREADS": "1",
            "CSA_HOME": ".",
        }
        words = [sys.executable, "-W", "ignore", "-m", "tests.campaigns.faults.zygote", *names]
        self.process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self):
        self.process.stdin.close()
        self.process.wait(600)
        self.process.stdout.close()

    def run(self, folder, lines, *, kill_at=0, delay_ms=0, n_at_once=1, obeys_modes=False, clock_days=0,
            environment=None, record="", swap=""):  # fmt: skip
        """Run commands in turn in a folder; the whole turn so often at once. Give what came of each."""
        (folder / "tmp").mkdir(exist_ok=True) if not obeys_modes else None
        asked = {
            "folder": str(folder),
            "said": str(self.folder / "said"),
            "lines": [[str(word) for word in words] for words in lines],
            "environment": environment or {},
            "kill_at": kill_at,
            "delay_ms": delay_ms,
            "n_at_once": n_at_once,
            "obeys_modes": obeys_modes,
            "clock_days": clock_days,
            "record": str(record),
            "swap": swap,
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return [Ran(*one) for one in json.loads(self.process.stdout.readline())]

    def run_one(self, folder, lines, **more):
        (ran,) = self.run(folder, lines, **more)
        return ran

    def must(self, folder, lines):
        """Run what makes a scene: it has to work."""
        ran = self.run_one(folder, lines)
        assert ran.code == 0, ran.err

    def fresh(self):
        """Give the path of a folder that is not there yet."""
        self.n += 1
        return self.folder / f"case-{self.n}"


@contextmanager
def staged(names=ALL, source=ROOT / "src"):
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        stage = Stage(Path(folder).resolve(), names, source)
        try:
            yield stage
        finally:
            stage.close()


@contextmanager
def small_disk(folder, size="48m"):
    """Mount a small disk where a case plays; only root can."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        yield False
        return
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def leave_free(folder, n_bytes):
    """Fill a disk up to so many bytes."""
    (folder / "tmp").mkdir(exist_ok=True)
    free = os.statvfs(folder)
    with (folder / "filler").open("wb", buffering=0) as filler:
        left = free.f_bavail * free.f_frsize - n_bytes
        while left > 0:
            left -= filler.write(b"\0" * min(left, 1 << 20))
