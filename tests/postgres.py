"""A PostgreSQL server of our own on loopback, for tests: made in a folder, gone with it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from csa.program.store.engine import open_store
from csa.program.store.tables import METADATA

ROLE, APP_ROLE = "csa_test", "csa_app"


@dataclass
class Server:
    """A running server, and how to get fresh databases of it: owned by a role without more."""

    address: str
    control: tuple[object, ...] = ()
    n: int = 0
    free: list[str] = field(default_factory=list)

    def run(self, statement: str, name: str = "postgres") -> Any:
        with psycopg.connect(f"{self.address}/{name}", autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else None

    def stop(self) -> None:
        """Stop it as a crash would: nobody is waited for."""
        _run(*self.control, "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it where it was stopped."""
        _run(*self.control, "start")

    def database(self) -> str:
        """Make a database; give its address."""
        if not self.n:
            self.run(f"CREATE ROLE {APP_ROLE} LOGIN")
        self.n += 1
        self.run(f"CREATE DATABASE store_{self.n} OWNER {APP_ROLE}")
        return f"{self.address.replace(ROLE, APP_ROLE)}/store_{self.n}"

    def copied(self, address: str) -> str:
        """Make a database with the content of another, which nobody has open."""
        self.n += 1
        name = address.rpartition("/")[2]
        self.run(f"CREATE DATABASE store_{self.n} OWNER {APP_ROLE} TEMPLATE {name}")
        return f"{address.rpartition('/')[0]}/store_{self.n}"

    def dropped(self, address: str) -> None:
        self.run(f"DROP DATABASE {address.rpartition('/')[2]} WITH (FORCE)")

    def made(self) -> str:
        """Give a store without an entry: one that another test has left as it found it."""
        if self.free:
            return self.free.pop()
        address = self.database()
        made = open_store(address, make=True)
        assert made is not None
        made.engine.dispose()
        return address

    def give_back(self, address: str) -> None:
        """Empty a store for the next test, if its guard is as it was made: a new one takes long."""
        name = address.rpartition("/")[2]
        if self.run(INTACT, name) == [(2, False, len(METADATA.tables))]:
            tables = ", ".join(row[0] for row in self.run(TABLES, name))
            self.run(f"SET session_replication_role = replica; TRUNCATE {tables}", name)
            self.free.append(address)


INTACT = """SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'audit_no_%'),
has_table_privilege('csa_app', 'audit', 'UPDATE'),
(SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version')"""
TABLES = """SELECT quote_ident(tablename) FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'alembic_version'"""


def tools() -> Path | None:
    """Find the server's programs: Debian keeps them off the path."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return kept[-1].parent if kept else None


def _run(folder: Path, who: dict[str, int], *words: object) -> None:
    subprocess.run(
        [str(word) for word in words],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **who,
    )


def _as_server(folder: Path) -> dict[str, int]:
    """Say as which user it runs: it refuses root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid}


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve until the block ends."""
    bin_folder = tools()
    assert bin_folder is not None
    who, where = _as_server(folder), folder / "cluster"
    make = (bin_folder / "initdb", "-D", where, "-U", ROLE, "-A", "trust", "-E", "UTF8")
    _run(folder, who, *make, "--no-sync")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off"
    control = (bin_folder / "pg_ctl", "-D", where, "-w", "-l", folder / "log", "-o", options)
    server = Server(f"postgresql://{ROLE}@127.0.0.1:{port}", (folder, who, *control))
    server.start()
    try:
        yield server
    finally:
        server.stop()
