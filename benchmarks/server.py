"""A server of our own on loopback: for what is measured, for tests, and for the docs' picture."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATHS = (ROOT, ROOT / "src", ROOT / "app")
APP = (sys.executable, "-m", "csa_app")
START_S = 300
MADE = {
    "CSA_DATASET": "dataset",
    "CSA_BASEMAP": "basemap",
    "CSA_CHOICES": "choices",
    "CSA_STORE": "store.sqlite3",
}


@dataclass(frozen=True)
class Server:
    """Where it answers, and its process."""

    address: str
    pid: int

    def memory_mb(self) -> float:
        """Return its resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_s(self) -> float:
        """Return the processor time that it has taken so far."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(command: Sequence[str], variables: Mapping[str, str]) -> Iterator[Server]:
    """Start a server on a free port, wait until it answers, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS)), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/_stcore/health")
        yield Server(address, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # it still works something out
            process.kill()
            process.wait()


def _wait(address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            with direct.open(address, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the app did not start")


def prepare(
    folder: Path, city: str = "sample", *, whole: bool = True, filled: bool = False
) -> dict[str, str]:
    """Make a city ready in a folder, as `make run` does; return what its server is told.

    Not `whole`: its data alone, without a background for its map and a track record. `filled`:
    with the made-up program's decisions in its store.
    """
    made = {name: str(folder / inside) for name, inside in MADE.items()}
    data, drawn = ("--dataset", made["CSA_DATASET"]), ("--basemap", made["CSA_BASEMAP"])
    commands = [("ingest", "--city", city, "--out", made["CSA_DATASET"])]
    if whole:
        commands.append(("basemap", "--city", city, "--out", made["CSA_BASEMAP"]))
        commands.append(("backtest", "--city", city, *data))
    if filled:
        commands.append(("sample", *data, *drawn, "--store", made["CSA_STORE"]))
    for words in commands:
        command = [sys.executable, "-m", "csa.cli.main", *words]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return {"CSA_CITY": city, **made}
