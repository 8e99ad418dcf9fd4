"""A fleet on Dask: one task a city, on this machine or on a cluster that is named."""

from __future__ import annotations

import importlib.util
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from csa.areas.file_format import list_versions
from csa.base.errors import MachineError, OutputError, ParamError
from csa.base.io import locked_folder, write_file
from csa.base.logging import ProgressCallback, no_progress
from csa.base.text import tr
from csa.extras.fleet.city import (
    FAILED,
    MARKER,
    OWN,
    WAITING,
    Describe,
    describe_city,
    fleet_files,
    read_marker,
    work_city,
)
from csa.extras.fleet.manifest import FleetCity, is_url
from csa.extras.fleet.object_store import ObjectStore

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

CONNECT_S, START_S, CLOSE_S, TABLE_EVERY_S = 20, 120, 30, 5
LOOPBACK = "127.0.0.1"
QUIET = {
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.profile.enabled": False,
}
"""Of our own cluster: at Dask's values each process takes 4% of a core to watch itself."""
LOGGER = logging.getLogger("csa.extras.fleet")


def run_fleet(
    cities: Sequence[FleetCity],
    picked: Sequence[FleetCity],
    out: Path | str,
    describe: Describe,
    scheduler: str | None = None,
    progress: ProgressCallback = no_progress,
) -> list[dict[str, Any]]:
    """Make the picked cities' folders under `out`, and the table of all; return its rows.

    Each row has, beside the table's columns, `is_new`: whether the city was made in this run.
    `describe` words what each step made; workers import it by its name. `out` is a folder that all
    workers share, or the address of an object store.

    Raises
    ------
    MachineError
        If Dask is not installed, or this machine starts no processes for it.
    OutputError
        If `out` holds something else, cannot be reached, or another run writes into it.
    ParamError
        If no scheduler answers at the address.
    """
    if importlib.util.find_spec("distributed") is None:
        raise MachineError("fleet.no_dask")
    busy = OutputError("fleet.busy", out=out)
    with ExitStack() as stack:
        if is_url(str(out)):
            store = ObjectStore(str(out))
            fleet = _Fleet(Path(stack.enter_context(TemporaryDirectory())), store)
            _require_own_store(store)
            stack.enter_context(store.lease(f"{OWN}/leases/.run", busy))
        else:
            fleet = _Fleet(Path(out).resolve(), None)
            _require_own(fleet.here, cities)
            stack.enter_context(locked_folder(fleet.here / OWN, busy))
        rows = {city.id: fleet.known(city) for city in cities}
        written = float("-inf")
        for row in _run(picked, fleet, describe, scheduler, progress) if picked else ():
            rows[row["folder"]] = row
            if time.monotonic() > written + TABLE_EVERY_S:  # who looks in need not wait for the end
                fleet.write_table(rows)
                written = time.monotonic()
        fleet.write_table(rows)
    return [*rows.values()]


@dataclass(frozen=True)
class _Fleet:
    """Where a fleet's results are: in a folder, else in a store, of which markers are here."""

    here: Path
    store: ObjectStore | None

    @property
    def address(self) -> str:
        """What workers are told."""
        return str(self.here) if self.store is None else self.store.address

    def write_table(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        for name, content in fleet_files(rows.values()).items():
            if self.store is None:
                write_file(self.here / name, content)
            else:
                self.store.put(name, content)

    def has(self, city: FleetCity) -> bool:
        """Return whether a city was finished, in this run or an earlier one."""
        marker = f"{city.id}/{MARKER}"
        if self.store is not None:
            self.store.pull(marker, self.here)
        return (self.here / marker).is_file()

    def known(self, city: FleetCity) -> dict[str, Any]:
        """Return the row of a city that was not asked for: what an earlier run found."""
        before = read_marker(self.here / city.id) if self.has(city) else None
        row = before["row"] if before else describe_city(city, WAITING)
        return {**row, "is_new": False}


def _require_own_store(store: ObjectStore) -> None:
    """Refuse an address that holds something else."""
    names = store.names()
    others = [name for name in names if not name.startswith(f"{OWN}/")]
    if others and len(others) == len(names):
        raise OutputError("files.holds_other", path=store.address, what=others[0], marker=OWN)


def _require_own(out: Path, cities: Sequence[FleetCity]) -> None:
    """Refuse a folder that is not a fleet's, or in which a city's place is taken."""
    if out.is_dir() and any(out.iterdir()) and not (out / OWN).is_dir():
        what = min(path.name for path in out.iterdir())
        raise OutputError("files.holds_other", path=out, what=what, marker=OWN)
    for home in (out / city.id for city in cities):
        if home.exists() and not (home / MARKER).is_file():
            raise OutputError("files.holds_other", path=home, what=home.name, marker=MARKER)


def _run(
    picked: Sequence[FleetCity],
    fleet: _Fleet,
    describe: Describe,
    scheduler: str | None,
    progress: ProgressCallback,
) -> Iterator[dict[str, Any]]:
    """Work at cities, and yield a row as each ends; those whose workers died again, one by one.

    Dask counts a worker's death against each city that was given to it, not only against the one
    that killed it: alone, the others come through.
    """
    suspects = []
    with _client(scheduler, len(picked)) as client:
        progress("fleet")
        for city, future in _work(client, picked, fleet.address, describe):
            if _is_killed(future):
                suspects.append(city)
                continue
            yield _row(future, city, fleet)
            progress("fleet")
        for suspect in suspects:
            for city, future in _work(client, [suspect], fleet.address, describe):
                yield _row(future, city, fleet)
                progress("fleet")


def _work(
    client: Client, cities: Sequence[FleetCity], address: str, describe: Describe
) -> Iterator[tuple[FleetCity, Future[Any]]]:
    """Give each city to the scheduler; yield them as they end."""
    from distributed import as_completed  # noqa: PLC0415 - with the extra alone

    version, asked = list_versions()["csa"], uuid4().hex[:8]  # asked anew, whatever Dask remembers
    futures = {
        client.submit(
            work_city, city, address, version, describe, key=f"csa-{city.id}-{asked}"
        ): city
        for city in cities
    }
    for future in as_completed(futures, loop=client.loop):
        yield futures[future], future


def _is_killed(future: Future[Any]) -> bool:
    return future.status != "finished" and type(future.exception()).__name__ == "KilledWorker"


def _row(future: Future[Any], city: FleetCity, fleet: _Fleet) -> dict[str, Any]:
    """Return what a task found, or why there is nothing: its workers died, or it is our fault."""
    if _is_killed(future):
        return {**describe_city(city, FAILED, tr("fleet.killed")), "is_new": True}
    if future.status != "finished":
        error = future.exception()
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        return {**describe_city(city, FAILED, tr("cli.internal", what=what)), "is_new": True}
    row: dict[str, Any] = future.result()
    if row["state"] != FAILED and not fleet.has(city):
        why = tr("fleet.not_shared", out=fleet.address)
        return {**describe_city(city, FAILED, why), "is_new": True}
    return row


@contextmanager
def _client(scheduler: str | None, n_cities: int) -> Iterator[Client]:
    """Connect to a cluster, or start one of as many processes as this machine has cores."""
    import dask  # noqa: PLC0415 - with the extra alone
    from distributed import Client, LocalCluster  # noqa: PLC0415

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ParamError("fleet.no_scheduler", address=scheduler) from error
        with client:
            yield client
        return
    # One city a process; no limit of memory, which would kill a large city at its share. Processes
    # are asked for afterwards: one that dies before it has read its task keeps LocalCluster waiting
    # without end (distributed 2026.8), and `wait_for_workers` has a limit.
    with dask.config.set(QUIET), ExitStack() as stack:
        try:
            cluster = LocalCluster(
                n_workers=0,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address=f"{LOOPBACK}:0",  # else it listens everywhere
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(_closed_in_time(cluster))
            client = stack.enter_context(Client(cluster, set_as_default=False))
            cluster.scale(min(os.cpu_count() or 1, n_cities))
            client.wait_for_workers(1, timeout=START_S)
        except (OSError, RuntimeError) as error:  # a time that is over is an OSError
            raise MachineError("fleet.no_workers", what=error) from error
        yield client


@contextmanager
def _closed_in_time(cluster: LocalCluster) -> Iterator[None]:
    """Close a cluster; one whose worker died a moment ago may wait for it without end.

    What is left of its processes ends with this one.
    """
    try:
        yield
    finally:
        try:
            cluster.close(timeout=CLOSE_S)
        except TimeoutError:
            LOGGER.warning("the cluster did not close within %d s", CLOSE_S)
