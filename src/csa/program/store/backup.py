"""A store as one checksummed file, readable anywhere, and back, on either database.

The file is lines of JSON, compressed: a head (version, trail), each row, and the SHA-256 of all
before it. It shows one moment while others read and write, and is restored in one transaction:
completely, or the old store stays.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    Table,
    delete,
    exc,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from csa.base.errors import ParamError, StoreError
from csa.base.io import create_file, write_file
from csa.base.safe_parsing import parse_json, unpack_gzip
from csa.ingest.job import begin_file, in_own_process
from csa.program.store import engine
from csa.program.store.address import SQLITE, parse_address, redacted_name
from csa.program.store.audit import (
    STORE_ITEM,
    AuditEntry,
    Head,
    Signed,
    append,
    as_text,
    guard_trail,
    read_head,
    unguard_trail,
    verify,
)
from csa.program.store.engine import BUSY_MS, CITY, FILES, Store, spoken
from csa.program.store.tables import AUDITED, METADATA, PUBLIC_SECRET, STORE_ID, AboutRow

KIND = "csa-store-backup"
FORMAT_VERSION = 1
ROWS_AT_ONCE = 1000
ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What comes of a file whose lines are none of a backup's."""


@dataclass(frozen=True)
class Backup:
    """A backup that was read and found intact."""

    head: Head  # the end of its trail
    tables: Mapping[str, Sequence[Mapping[str, Any]]]  # table to rows, each column to value


def save_backup(store: Store, path: Path) -> Head:
    """Write a backup, while others go on."""
    with store.reading() as session:
        head, content = _packed(session.connection())
    write_file(path, content, is_private=True)  # it holds what public counts are changed by
    return head


def _packed(connection: Connection) -> tuple[Head, bytes]:
    head = read_head(connection)
    tables = METADATA.sorted_tables
    lines = [
        as_text(
            {
                "kind": KIND,
                "format_version": FORMAT_VERSION,
                "schema": engine.NEWEST,
                "entries": head.n,
                "head": head.hash,
                "tables": sorted(table.name for table in tables),
            }
        )
    ]
    for table in tables:
        rows = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        is_about = table.name == AboutRow.__tablename__  # the place's id belongs to no content
        kept = (dict(row) for row in rows if not (is_about and row["key"] == STORE_ID))
        lines += [as_text({table.name: row}) for row in kept]
    body = "\n".join(lines) + "\n"
    end = as_text({"sha256": hashlib.sha256(body.encode()).hexdigest()})
    return head, gzip.compress((body + end + "\n").encode(), mtime=0)


@in_own_process
def load_backup(path: Path) -> Backup:
    """Read a backup and check that it is intact."""
    begin_file(path)
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise StoreError("store.no_backup", path=path, why=error.strerror or error) from error
    try:
        body, _, end = unpack_gzip(packed).decode().rstrip("\n").rpartition("\n")
        # Not `splitlines`: it would break at line ends that a text itself may hold.
        head, *rows = [parse_json(line) for line in body.split("\n")]
        told = parse_json(end)["sha256"]
        is_whole = told == hashlib.sha256(f"{body}\n".encode()).hexdigest()
        return _backup_of(head if is_whole else {}, rows, path)
    except ODD as error:
        raise StoreError("store.bad_backup", path=path) from error


def _backup_of(head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], path: Path) -> Backup:
    if head["kind"] != KIND:
        raise ValueError(head)
    if (head["format_version"], head["schema"]) != (FORMAT_VERSION, engine.NEWEST):
        raise StoreError("store.other_backup", path=path)
    tables: dict[str, list[Mapping[str, Any]]] = {name: [] for name in head["tables"]}
    for row in rows:
        for name, values in row.items():
            tables[name].append(dict(values))
    return Backup(Head(int(head["entries"]), str(head["head"])), tables)


def restore(store: Store, backup: Backup, signed: Signed, safe: Path) -> Head:
    """Replace the store's rows by a backup's, and record it in the trail.

    Its place and its id stay, so that servers that have it open go on, under a new end of the
    trail: the id says which store it is, the end of its trail what it holds.
    """
    with store.changing() as connection:
        before, content = _packed(connection)
        city, secret = (_about(connection, key) for key in (CITY, PUBLIC_SECRET))
        highest = max(connection.scalar(select(func.max(row.revision))) or 0 for row in AUDITED)
        with _held_to_its_trail(backup):
            _replace(connection, backup)
            _keep_city(connection, city, store.name)
            # The secret of public counts, where a backup is older than the first publication.
            is_older = _about(connection, PUBLIC_SECRET) is None
            connection.execute(delete(AboutRow).where(AboutRow.key == STORE_ID))
            own = {PUBLIC_SECRET: secret if is_older else None, STORE_ID: store.id}
            for key, value in own.items():
                if value is not None:
                    connection.execute(insert(AboutRow).values(key=key, value=value))
            for row in AUDITED:  # whoever has seen what stood before has seen another row
                connection.execute(update(row).values(revision=row.revision + highest))
            with Session(connection) as session:
                found = verify(session)
        if not found.is_intact or found.head != backup.head:
            raise StoreError("store.untrue_backup", n=found.head.n)
        # A file saved by an earlier, failed attempt is good enough.
        is_saved = not before.n or create_file(safe, content, is_private=True)
        if not is_saved and safe.read_bytes() != content:
            raise StoreError("store.safe_exists", path=safe)
        told = {"restored": backup.head.hash, "entries": backup.head.n}
        was = {"head": before.hash, "entries": before.n}
        append(connection, signed, AuditEntry(STORE_ITEM, was, told))
        return read_head(connection)


@contextmanager
def _held_to_its_trail(backup: Backup) -> Iterator[None]:
    """Refuse a sealed backup whose rows are not what a store holds."""
    try:
        yield
    except exc.DBAPIError as error:
        if not isinstance(error, exc.IntegrityError | exc.DataError | exc.ProgrammingError):
            raise  # the database's own trouble
        raise StoreError("store.untrue_backup", n=backup.head.n) from error
    except (exc.SQLAlchemyError, *ODD) as error:
        raise StoreError("store.untrue_backup", n=backup.head.n) from error


def _about(connection: Connection, key: str) -> str | None:
    """Return a fact about the store; None where that is not recorded yet."""
    found: str | None = connection.execute(
        select(AboutRow.value).where(AboutRow.key == key)
    ).scalar()
    return found


def _keep_city(connection: Connection, city: str | None, name: str) -> None:
    """Refuse a backup of another city; one that does not name a city is taken as this city's."""
    theirs = _about(connection, CITY)
    if city is None or theirs == city:
        return
    if theirs is not None:
        raise StoreError("store.other_city", name=name, given=city, city=theirs)
    connection.execute(insert(AboutRow).values(key=CITY, value=city))


def _replace(connection: Connection, backup: Backup) -> None:
    """Empty the store, and fill it."""
    unguard_trail(connection)
    for table in reversed(METADATA.sorted_tables):
        connection.execute(delete(table))
    for table in METADATA.sorted_tables:
        rows = backup.tables.get(table.name, ())
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            connection.execute(insert(table), [_typed(table, row) for row in some])
    guard_trail(connection)


def _typed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn texts back into dates: JSON has no type for them."""
    days = {column.name for column in table.columns if isinstance(column.type, Date)}
    return {
        name: Date().python_type.fromisoformat(value) if name in days and value else value
        for name, value in row.items()
    }


# Files of SQLite: one store put in another's place while others read it, and one set aside.


def is_file(address: str) -> bool:
    """Return whether a store is a file, which alone can be put in another's place."""
    return parse_address(address).get_backend_name() == SQLITE


def copy_over(made: Path, address: str, own: str | None = None) -> None:
    """Put a store's content in the place of another's, in one transaction.

    SQLite copies it page by page, so that who reads meanwhile sees the old content or the new. A
    file renamed over the other would leave the old one's log beside it, which belongs to neither.
    The place's own id stays, so that a server that has the store open goes on.
    """
    url = parse_address(address)
    if not is_file(address):
        raise ParamError("sample.no_file", store=redacted_name(url))
    path = Path(str(url.database))
    with spoken(redacted_name(url)):
        path.parent.mkdir(parents=True, exist_ok=True)
        wait_s = BUSY_MS / 1000
        with (
            closing(sqlite3.connect(made)) as source,
            closing(sqlite3.connect(path, timeout=wait_s)) as target,
        ):
            if own is not None:
                source.execute("UPDATE about SET value = ? WHERE key = ?", (own, STORE_ID))
                source.commit()
            source.backup(target)


def set_aside(path: Path) -> Path:
    """Rename a file that this program cannot use, with its log; return its new name.

    The log goes first: whoever opens the file meanwhile finds it as unusable as before, and makes
    none in its place.
    """
    n = 1
    while (aside := path.with_name(f"{path.name}.set-aside-{n}")).exists():
        n += 1
    with spoken(str(path)):
        for part in reversed(FILES):
            found = path.with_name(f"{path.name}{part}")
            if found.exists():
                found.rename(aside.with_name(f"{aside.name}{part}"))
    return aside
