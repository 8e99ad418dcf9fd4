"""Opening a store, reading it, and writing to it one writer at a time."""

from __future__ import annotations

import atexit
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    column,
    create_engine,
    event,
    exc,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from csa.base.errors import StoreError
from csa.program.store.address import POSTGRESQL, file_of, parse_address, redacted_name
from csa.program.store.audit import SIGNED, Head, Signed, read_head, refuse_wrong_clock
from csa.program.store.tables import METADATA, STORE_ID, AboutRow

# ---- A store's version: its tables are made in this program's, and a store of another is refused.


NEWEST = "1"
"""The version that this program reads and writes: the last of its migrations."""
VERSION = "alembic_version"
"""The table in which Alembic keeps a store's version."""


def version_of(connection: Connection) -> str | None:
    """Return a store's version."""
    if not inspect(connection).has_table(VERSION):
        return None
    found: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION)))
    return found


def make_tables(
    engine: Engine, lock: Callable[[Connection], None], name: str, *, make: bool
) -> bool:
    """Return whether a database is a store, which is made if asked to; refuse another version's."""
    with engine.connect() as connection:
        found = version_of(connection)
    if found is None and make:
        with engine.connect().execution_options(csa_writes=True) as connection, connection.begin():
            lock(connection)
            found = version_of(connection)  # another may have made it meanwhile
            if found is None:
                _refuse_other_tables(connection, name)
                _upgrade(connection)
                found = NEWEST
    if found not in {None, NEWEST}:
        raise StoreError("store.other_version", name=name, given=found, known=NEWEST)
    return found is not None


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_other_tables(connection: Connection, name: str) -> None:
    ours = {table.name for table in METADATA.sorted_tables}
    if ours & set(inspect(connection).get_table_names()):
        raise StoreError("store.other", name=name)


BUSY_MS = 10_000
AGAIN_S = 0.02
CONNECT_S = 3
CITY = "city"
FILES = ("", "-wal", "-shm")
"""What SQLite adds to a file's name for its log, and for the log's index."""
STANDING = """SELECT (SELECT value FROM about WHERE key = :key),
    (SELECT hash FROM audit WHERE id = :n), (SELECT coalesce(max(id), 0) FROM audit)"""
"""Which store it is, the hash of an entry of its trail, and how many entries there are."""
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
    id: str | None  # the place's own, whatever it holds; None where somebody removed it

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
        """Write in one transaction, with an entry of the trail for each row."""
        with self.changing() as connection, Session(connection, expire_on_commit=False) as session:
            session.info[SIGNED] = signed
            yield session
            session.commit()

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Change it in one transaction; other writers wait.

        Whoever returns from it may say "saved": what was written is asked for again, of what then
        stands at the store's address.
        """
        with spoken(self.name):
            writer = self.engine.connect().execution_options(csa_writes=True)
            with writer as connection:
                with connection.begin() as change:
                    lock_writers(connection)
                    self._refuse_other(connection, read_head(connection), is_last=True)
                    yield connection
                    head = read_head(connection) if change.is_active else None  # else taken back
                if head is not None:
                    self._refuse_other(connection, head)

    def _refuse_other(self, connection: Connection, head: Head, *, is_last: bool = False) -> None:
        """Refuse another file or store in this one's place, and one without an end of the trail."""
        path, raw = file_of(self.engine.url), connection.connection.driver_connection
        if path is None:
            query = connection.execute(text(STANDING), {"key": STORE_ID, "n": head.n})
            found, is_open = tuple(query.one()), True
        elif isinstance(raw, _Connection) and raw.inodes:
            found, is_open = _standing(path, self.name, head.n), raw.inodes == _inodes(path)
        else:
            return  # it only reads: the database refuses the write
        wanted = (self.id, head.hash if head.n else None)
        if not is_open or found[:2] != wanted or (is_last and found[2] != head.n):
            connection.invalidate()  # it may be of a file that is gone: the next one is opened anew
            self.engine.dispose()
            _LOST.add(self.engine)
            raise StoreError("store.moved", name=self.name)

    @property
    def is_lost(self) -> bool:
        """Whether something else was found in its place: its address is to be opened anew."""
        return self.engine in _LOST

    def require_clock(self, at_utc: datetime) -> None:
        """Refuse a clock by which no entry could be signed, before an act that needs one."""
        with self.reading() as session:
            refuse_wrong_clock(session.connection(), at_utc)

    def head(self) -> Head:
        """Return the trail's end, under which pages of the store are cached."""
        with self.reading() as session:
            return read_head(session.connection())


def lock_writers(connection: Connection) -> None:
    """Lock out other writers until the transaction ends."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITERS_LOCK})


def open_store(address: str, *, make: bool = False, city: str = "") -> Store | None:
    """Open a store; None where there is none and none is to be made."""
    url = parse_address(address)
    name = redacted_name(url)
    path = file_of(url)
    if path is not None and not _is_there(path, name, make=make):
        return None
    if path is not None:
        url = url.set(database=str(path))  # wherever this process goes
        with spoken(name):
            engine = _engine_of_file(url, path, name)
    else:
        wait = {"connect_timeout": CONNECT_S}
        engine = create_engine(url, connect_args=wait, pool_pre_ping=True)
    is_there, own = False, None
    try:
        with spoken(name):
            if path is not None:
                _refuse_damaged(engine, name)
            is_there = make_tables(engine, lock_writers, name, make=make)
            if is_there and city:
                _settle_city(engine, name, city)
            if is_there:
                with engine.connect() as connection:
                    own = _about(connection).get(STORE_ID)
    except BaseException:
        is_there = False
        raise
    finally:
        if not is_there:
            engine.dispose()
    _OPEN.add(engine)
    return Store(engine, name, own) if is_there else None


_OPEN: WeakSet[Engine] = WeakSet()  # not closed yet
_LOST: WeakSet[Engine] = WeakSet()  # something else was found at their address
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


def _engine_of_file(url: URL, path: Path, name: str) -> Engine:
    """Return the engine of a file; of one that cannot be written, an engine that only reads."""
    if all(os.access(one, os.W_OK) for one in (path, path.parent)):
        engine = create_engine(url, creator=lambda: _open(path, name))

        def refuse_moved(raw: _Connection, *_: Any) -> None:
            if raw.inodes != _inodes(path):
                engine.dispose()
                _LOST.add(engine)
                raise StoreError("store.moved", name=name)

        event.listen(engine, "checkout", refuse_moved)
    else:
        # Asked anew for each connection: a writer may have begun meanwhile.
        engine = create_engine(url, creator=lambda: _read_alone(path, name), poolclass=NullPool)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class _Connection(sqlite3.Connection):
    """A connection that knows which files it has open."""

    inodes: tuple[tuple[int, int] | None, ...] = ()


def _inodes(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Return which files stand at a store's path: its own, its log's and its log's index.

    Never by opening them: closing one again would drop the locks that SQLite holds on it.
    """
    return tuple(_inode(path.with_name(f"{path.name}{part}")) for part in FILES)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _open(path: Path, name: str) -> _Connection:
    """Open the file that stands at a path; one that went away is not made anew.

    A log without its index is the sign that another connection of this process still has an index
    whose file was removed: SQLite would go by it.
    """
    before = _inode(path)
    if before is not None:
        raw = _raw(path, "rw")
        try:
            configure_sqlite(raw)
        except BaseException:
            raw.close()
            raise
        raw.inodes = _inodes(path)
        file, log, index = raw.inodes
        if file == before and (log is None) == (index is None):
            return raw
        raw.close()
    raise StoreError("store.moved", name=name)


def _raw(path: Path, mode: str) -> _Connection:
    address = f"file:{quote(str(path))}?mode={mode}"
    wait_s = BUSY_MS / 1000
    return sqlite3.connect(
        address, uri=True, timeout=wait_s, check_same_thread=False, factory=_Connection
    )


def _standing(path: Path, name: str, n: int) -> tuple[str | None, str | None, int]:
    """Read which store stands at a path, past the pages that open connections remember."""
    with closing(_open(path, name)) as raw:
        found: tuple[str | None, str | None, int] = raw.execute(
            STANDING, {"key": STORE_ID, "n": n}
        ).fetchone()
    return found


def _read_alone(path: Path, name: str) -> sqlite3.Connection:
    """Open a file that nobody here can write; SQLite would otherwise make its log beside it."""
    log, index = (path.with_name(f"{path.name}{part}") for part in FILES[1:])
    mode = "ro"
    if not index.exists():
        if log.exists() and log.stat().st_size:
            raise StoreError("store.half_copied", name=name)
        mode += "&immutable=1"
    raw = _raw(path, mode)
    raw.isolation_level = None
    return raw


def _refuse_damaged(engine: Engine, name: str) -> None:
    """Check every page of a file: what is read of a damaged one may be wrong without a word."""
    with engine.connect() as connection:
        found = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    if found != "ok":
        raise StoreError("store.damaged", name=name, why=found.splitlines()[-1])


def _settle_city(engine: Engine, name: str, city: str) -> None:
    """Record which city a new store belongs to; refuse another city's."""
    with engine.connect() as connection:
        found = _about(connection).get(CITY)
    if found is None:
        with engine.connect().execution_options(csa_writes=True) as connection, connection.begin():
            lock_writers(connection)
            found = _about(connection).get(CITY)  # another may have recorded it meanwhile
            if found is None:
                connection.execute(insert(AboutRow).values(key=CITY, value=city))
                return
    if found != city:
        raise StoreError("store.other_city", name=name, given=found, city=city)


def _about(connection: Connection) -> Mapping[str, str]:
    """Read which city's store it is, and its id."""
    wanted = select(AboutRow.key, AboutRow.value).where(AboutRow.key.in_((CITY, STORE_ID)))
    return {row.key: row.value for row in connection.execute(wanted)}


def _is_there(path: Path, name: str, *, make: bool) -> bool:
    """Check whether there is a file to open, and make one if asked to."""
    with spoken(name):
        if make and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _raw(path, "rwc").close()
        return make or (path.exists() and path.stat().st_size > 0)  # an empty file is not a store


def configure_sqlite(raw: sqlite3.Connection) -> None:
    """Set what holds for each connection; transactions are begun by `_begin_sqlite` alone.

    Each commit is taken into the file at once, so that little stands in the log alone.
    """
    raw.isolation_level = None
    _keep_ahead_log(raw)
    # Deleted rows, such as activities, are overwritten; the last opens the log, if nothing has yet.
    begin = ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL", "wal_autocheckpoint=1")
    for pragma in (*begin, "schema_version"):
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
    except (exc.DBAPIError, sqlite3.Error) as error:
        found = getattr(error, "orig", error)
        why = (str(found).strip().splitlines() or [type(found).__name__])[0]
        raise StoreError(_key_of(error), name=name, why=why) from error
    except OSError as error:
        key = "store.full" if error.errno == errno.ENOSPC else "store.cannot_open"
        raise StoreError(key, name=name, why=error.strerror or str(error)) from error


def _key_of(error: exc.DBAPIError | sqlite3.Error) -> str:
    """Choose the sentence by the database's error codes: its texts may hold names."""
    found = error.orig if isinstance(error, exc.DBAPIError) else error
    what = _of_sqlite(found) if isinstance(found, sqlite3.Error) else _of_postgres(error)
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


def _of_postgres(error: Exception) -> str:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state is None and isinstance(error, exc.OperationalError | exc.InterfaceError):
        return "down"  # no answer at all
    found = (OF_POSTGRESQL.get((state or "")[:n]) for n in (5, 2))
    return next((what for what in found if what), "")
