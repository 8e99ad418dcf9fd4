"""Opening a store, reading it, and writing to it one writer at a time."""

from __future__ import annotations

import atexit
import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, insert, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from csa.base.errors import StoreError
from csa.decisions.store import migrating
from csa.decisions.store.address import POSTGRESQL, SQLITE, named, url_of
from csa.decisions.store.audit import SIGNED, Head, Signed, head_of, refuse_wrong_clock
from csa.decisions.store.rows import AboutRow

BUSY_MS = 10_000
AGAIN_S = 0.02
CONNECT_S = 3
CITY = "city"
WRITERS_LOCK = 20_201_001
"""PostgreSQL's advisory lock: any number that no other program on the database uses."""


OF_SQLITE = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "full",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
}
OF_POSTGRESQL = {
    "53100": "full",
    "25006": "read_only",
    "42501": "read_only",
    "55P03": "busy",
    "42P01": "damaged",
    "42703": "damaged",
    "40": "busy",
    "08": "down",
    "28": "down",
    "3D": "down",
    "53": "down",
    "57": "down",
}
"""PostgreSQL's error codes, or their first two characters: each waits for another, connection,
permission to connect, no such database, too many connections, shut down."""


@dataclass(frozen=True)
class Store:
    """An open store."""

    engine: Engine  # to its database
    name: str  # for sentences, without a password

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read, all of one moment."""
        with spoken(self.name), Session(self.engine, autoflush=False) as session:
            if self.engine.dialect.name == POSTGRESQL:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            session.rollback()

    @contextmanager
    def writing(self, signed: Signed) -> Iterator[Session]:
        """Write in one transaction; other writers wait."""
        with spoken(self.name), Session(self.engine, expire_on_commit=False) as session:
            session.info[SIGNED] = signed
            lock_writers(session.connection(execution_options={"csa_writes": True}))
            yield session
            session.commit()

    def require_clock(self, at_utc: datetime) -> None:
        """Refuse a clock by which no entry could be signed, before an act that needs one."""
        with self.reading() as session:
            refuse_wrong_clock(session.connection(), at_utc)

    def head(self) -> Head:
        """Return the trail's end, under which pages of the store are cached."""
        with self.reading() as session:
            return head_of(session.connection())


def lock_writers(connection: Connection) -> None:
    """Lock out other writers until the transaction ends."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITERS_LOCK})


def open_store(address: str, *, make: bool = False, city: str = "") -> Store | None:
    """Open a store, and bring an earlier version's tables forward."""
    url = url_of(address)
    name = named(url)
    is_file = url.get_backend_name() == SQLITE
    if is_file and not _is_there(Path(str(url.database)), name, make=make):
        return None
    if is_file:
        with spoken(name):
            engine = _engine_of_file(url, name)
    else:
        wait = {"connect_timeout": CONNECT_S}
        engine = create_engine(url, connect_args=wait, pool_pre_ping=True)
    is_there = False
    try:
        with spoken(name):
            if is_file:
                _refuse_damaged(engine, name)
            is_there = migrating.bring_forward(engine, lock_writers, name, make=make)
            if is_there and city:
                _settle_city(engine, name, city)
    except BaseException:
        is_there = False
        raise
    finally:
        if not is_there:
            engine.dispose()
    _OPEN.add(engine)
    return Store(engine, name) if is_there else None


_OPEN: WeakSet[Engine] = WeakSet()  # not closed yet
_PROCESS = os.getpid()


@atexit.register
def close_all() -> None:
    """Close what is still open: SQLite then takes its log into the file, and leaves no other."""
    for engine in [*_OPEN]:
        engine.dispose(close=os.getpid() == _PROCESS)  # a copied process has none of its own


def make_store(address: str, city: str = "") -> Store:
    """Open a store, which is made if there is none."""
    store = open_store(address, make=True, city=city)
    if store is None:  # pragma: no cover - it was made
        raise RuntimeError(address)
    return store


def _engine_of_file(url: URL, name: str) -> Engine:
    """Return the engine of a file; of one that cannot be written, an engine that only reads."""
    path = Path(str(url.database)).absolute()
    needed = (path, path.parent) if path.exists() else ()
    if all(os.access(one, os.W_OK) for one in needed):
        engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", settle_sqlite)
    else:
        # Asked anew for each connection: a writer may have begun meanwhile.
        engine = create_engine(url, creator=lambda: _read_alone(path, name), poolclass=NullPool)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_alone(path: Path, name: str) -> sqlite3.Connection:
    """Open a file that nobody here can write; SQLite would otherwise make its log beside it."""
    log, index = (path.with_name(f"{path.name}{part}") for part in ("-wal", "-shm"))
    mode = "mode=ro"
    if not index.exists():
        if log.exists() and log.stat().st_size:
            raise StoreError("store.half_copied", name=name)
        mode += "&immutable=1"
    raw = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, check_same_thread=False)
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return raw


def _refuse_damaged(engine: Engine, name: str) -> None:
    """Check every page of a file: what is read of a damaged one may be wrong without a word."""
    with engine.connect() as connection:
        found = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    if found != "ok":
        raise StoreError("store.damaged", name=name, why=found.splitlines()[-1])


def _settle_city(engine: Engine, name: str, city: str) -> None:
    """Record which city a new store belongs to; refuse another city's."""
    wanted = select(AboutRow.value).where(AboutRow.key == CITY)
    with engine.connect() as connection:
        found = connection.execute(wanted).scalar()
    if found is None:
        with engine.connect().execution_options(csa_writes=True) as connection, connection.begin():
            lock_writers(connection)
            found = connection.execute(wanted).scalar()  # another may have recorded it meanwhile
            if found is None:
                connection.execute(insert(AboutRow).values(key=CITY, value=city))
                return
    if found != city:
        raise StoreError("store.other_city", name=name, given=found, city=city)


def _is_there(path: Path, name: str, *, make: bool) -> bool:
    """Check whether there is a file to open, or a folder to make it in."""
    with spoken(name):
        if make:
            path.parent.mkdir(parents=True, exist_ok=True)
        return make or (path.exists() and path.stat().st_size > 0)  # an empty file is not a store


def settle_sqlite(raw: sqlite3.Connection, _: Any) -> None:
    """Set what holds for each connection; transactions are begun by `_begin_sqlite` alone."""
    raw.isolation_level = None
    _keep_ahead_log(raw)
    for pragma in ("foreign_keys=ON", "synchronous=FULL", f"busy_timeout={BUSY_MS}"):
        raw.execute(f"PRAGMA {pragma}")


def _keep_ahead_log(raw: sqlite3.Connection) -> None:
    """Switch SQLite to a write-ahead log, so that others can read while one writes.

    SQLite can refuse at once to change a new file's journal, whatever its time to wait is.
    """
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > until:
                raise
            time.sleep(AGAIN_S)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """Take the writers' lock at once: a reader that became a writer could only be refused."""
    is_writing = connection.get_execution_options().get("csa_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


@contextmanager
def spoken(name: str) -> Iterator[None]:
    """Turn what a database or its disk refused into a sentence."""
    try:
        yield
    except exc.IntegrityError:
        raise  # a rule that should have been checked before: a bug
    except exc.DBAPIError as error:
        why = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        raise StoreError(_key_of(error), name=name, why=why) from error
    except OSError as error:
        key = "store.full" if error.errno == errno.ENOSPC else "store.cannot_open"
        raise StoreError(key, name=name, why=error.strerror or str(error)) from error


def _key_of(error: exc.DBAPIError) -> str:
    """Choose the sentence by the database's error codes: its texts may hold names."""
    what = _of_sqlite(error.orig) if isinstance(error.orig, sqlite3.Error) else _of_postgres(error)
    return {
        "full": "store.full",
        "damaged": "store.damaged",
        "read_only": "store.read_only",
        "busy": "store.busy",
        "down": "store.down",
    }.get(what, "store.cannot_open")


def _of_sqlite(error: sqlite3.Error) -> str:
    if str(error).startswith("no such"):
        return "damaged"  # a table or column is gone: SQLite has no code for it
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return OF_SQLITE.get(code & 0xFF, "")


def _of_postgres(error: exc.DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if state is None and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return "down"  # no answer at all
    found = (OF_POSTGRESQL.get((state or "")[:n]) for n in (5, 2))
    return next((what for what in found if what), "")
