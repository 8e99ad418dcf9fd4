"""Stores for tests: fresh databases of both kinds, signatures, and an oracle of the trail."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from csa.base.clock import Clock
from csa.program.roles import Act, Person
from csa.program.store import audit
from csa.program.store.audit import Signed, verify
from csa.program.store.engine import Store, open_store
from csa.reports.briefing.areas import to_candidate

NOON = datetime(2026, 3, 5, 12, 30, 15, tzinfo=UTC)
TODAY = date(2026, 3, 5)
SAMPLE_CLOCK = Clock("America/Chicago", date(2020, 8, 31))
"""The made-up city's, as its file pins it: what pages call today."""
OFFICE = "Prevention team"
WHY = "Neighbors named these blocks."
KINDS = ("sqlite", "postgresql")
GENESIS = "0" * 64


def lettered(proposal, letter: str):
    """An area of a proposal as somebody drew it under a letter: A is the westernmost."""
    area_id = proposal.areas["area_id"].iloc["ABCDEFGH".index(letter)]
    return replace(to_candidate(proposal, area_id), area_id=letter)


@dataclass
class Databases:
    """Gives fresh databases of one kind, and stores in them that are closed in the end."""

    kind: str
    folder: Path
    server: object = None
    opened: list[Store] = field(default_factory=list)
    lent: list[str] = field(default_factory=list)
    n: int = 0

    def new(self) -> str:
        """Give the address of an empty database, or of a file that is not there yet."""
        self.n += 1
        if self.kind == "sqlite":
            return str(self.folder / f"store-{self.n}.sqlite3")
        return self.server.database()

    def made(self) -> str:
        """Give the address of a store without an entry, quicker than by making one."""
        if self.kind == "postgresql":
            self.lent.append(self.server.made())
            return self.lent[-1]
        address = self.new()
        if not PATTERN:
            place = open_store(address, make=True)
            place.engine.dispose()
            PATTERN.append(Path(address).read_bytes())
        else:
            Path(address).write_bytes(PATTERN[0])
        return address

    def open(self, address: str | None = None) -> Store:
        found = open_store(address or self.made(), make=True)
        self.opened.append(found)
        return found

    def close(self) -> None:
        for store in self.opened:
            store.engine.dispose()
        for address in self.lent:
            self.server.give_back(address)
        shutil.rmtree(self.folder, ignore_errors=True)


PATTERN: list[bytes] = []
"""The file of a store without an entry, made once a process."""


def signed(why=WHY, office=OFFICE, at=NOON):
    return Signed(office, why, at)


def act(role="chair", *, why=WHY, office=OFFICE, on=TODAY, at=NOON, **more):
    """Sign as somebody, on a day."""
    return Act(Person(office, role, **more), Signed(office, why, at), on)


def verified(store):
    with store.reading() as session:
        return verify(session)


def trail(store, columns="*"):
    """Read the trail past the program: as any client of the database sees it."""
    with store.engine.connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM audit ORDER BY id"))  # noqa: S608 - a test's own columns
        return [dict(row) for row in found.mappings()]


def oracle(rows):
    """Chain the trail again, with no code of the program's: the hash that each entry should have."""
    hashes, before = [], GENESIS
    for row in rows:
        said = [row[name] for name in ("id", "at_utc", "by_office", "item", "old", "new", "why")]
        line = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        before = hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
        hashes.append(before)
    return hashes


def run_sql(store, *statements):
    """Change the database behind the program's back."""
    with store.engine.connect() as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))


def tampered(store, *statements):
    """Tell what verify finds after an intruder's statements, which are then taken back."""
    with store.engine.connect() as connection, connection.begin() as change:
        for statement in (*unguarded(store), *statements):
            connection.execute(text(statement))
        with Session(connection) as session:
            found = verify(session)
        change.rollback()
    return found


BACK_DAYS, audit.BACK_DAYS = audit.BACK_DAYS, 36_500
"""How far a clock may be set back; tests write a store's history in any order."""


def unguarded(store):
    """Name what an intruder with the owner's rights would do first."""
    if store.engine.dialect.name == "sqlite":
        return [f"DROP TRIGGER audit_no_{what}" for what in ("update", "delete", "replace")]
    return [
        "DROP TRIGGER audit_no_change ON audit",  # which locks the table, before GRANT
        "DROP TRIGGER audit_no_truncate ON audit",
        "GRANT UPDATE, DELETE, TRUNCATE ON audit TO CURRENT_USER",
    ]


def plain(store):
    """Give a store's address, as a person would."""
    url = store.engine.url.set(drivername=store.engine.dialect.name)
    is_file = url.drivername == "sqlite"
    return str(url.database) if is_file else url.render_as_string(hide_password=False)
