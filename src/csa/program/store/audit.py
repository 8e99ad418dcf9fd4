"""The trail: every change of a row appends an entry, chained by hash to the one before.

Written by the session itself when rows are flushed: a change without a signature is a bug and
raises. `csa.program.store.audit` reads it, and checks whether it is intact.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event, insert, inspect as look_into, select, text
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.orm.attributes import flag_modified

from csa.base.errors import ParamError
from csa.program.store.address import POSTGRESQL
from csa.program.store.tables import AUDITED, Audit, Audited

GENESIS = "0" * 64
SIGNED = "csa_signed"
STORE_ITEM = "store"
"""The item of entries about the store itself: a restored backup, a public text read again."""
TEXT_READ = "text_read"
"""The key of the code of a public text that was read again."""
AT_UTC = "%Y-%m-%dT%H:%M:%S.%fZ"
MAX_WHY = 2000
FAR_DAYS, BACK_DAYS = 400, 1
CLOCK_IS_RIGHT = "CSA_CLOCK_IS_RIGHT"
"""An entry so long after the last, or before it, needs this variable to hold the day."""


@dataclass(frozen=True)
class Signed:
    """Who changes something, when and why."""

    by_office: str  # an office or body, never a private person
    why: str  # in the office's own words
    at_utc: datetime  # when, with its zone

    def __post_init__(self) -> None:
        """Refuse a change without an office, a reason or a time zone."""
        for name, value in (("by", self.by_office), ("why", self.why)):
            if not value.strip():
                raise ParamError({"by": "store.no_by", "why": "store.no_why"}[name])
            if len(value) > MAX_WHY:
                raise ParamError("measures.text", name=f"--{name}", limit=MAX_WHY, given=len(value))
            _refuse_unkept(f"--{name}", value)
        if self.at_utc.utcoffset() is None:
            raise ParamError("choose.not_utc")


@dataclass(frozen=True)
class Head:
    """The end of the trail."""

    n: int  # how many entries
    hash: str  # of the last entry; zeros for an empty trail


def read_head(connection: Connection) -> Head:
    """Return the trail's end."""
    last = connection.execute(
        select(Audit.id, Audit.hash).order_by(Audit.id.desc()).limit(1)
    ).first()
    return Head(0, GENESIS) if last is None else Head(last.id, last.hash)


@dataclass(frozen=True)
class AuditEntry:
    """One change to be recorded in the trail."""

    item: str  # what changed
    old: Any  # its former value; None for something new
    new: Any  # its new value


def append(connection: Connection, signed: Signed, *changes: AuditEntry) -> None:
    """Append an entry for each change; the caller holds the store's lock for writers."""
    refuse_wrong_clock(connection, signed.at_utc)
    head = read_head(connection)
    before, rows = head.hash, []
    for number, change in enumerate(changes, start=head.n + 1):
        entry = {
            "id": number,
            "at_utc": signed.at_utc.astimezone(UTC).strftime(AT_UTC),
            "by_office": signed.by_office.strip(),
            "item": change.item,
            "old": None if change.old is None else as_text(change.old),
            "new": as_text(change.new),
            "why": signed.why.strip(),
        }
        before = chained(before, entry)
        rows.append({**entry, "hash": before})
    connection.execute(insert(Audit), rows)


def refuse_wrong_clock(connection: Connection, at_utc: datetime) -> None:
    """Refuse an entry long after the last, or before it: it would be in the trail for good."""
    last = connection.execute(select(Audit.at_utc).order_by(Audit.id.desc()).limit(1)).scalar()
    if last is None:
        return
    after = at_utc.astimezone(UTC) - datetime.strptime(last, AT_UTC).replace(tzinfo=UTC)
    today = at_utc.astimezone(UTC).date().isoformat()
    if os.environ.get(CLOCK_IS_RIGHT) == today:
        return
    told = {"today": today, "last": last[:10], "variable": CLOCK_IS_RIGHT}
    if after.days > FAR_DAYS:
        raise ParamError("store.clock", days=after.days, **told)
    if after < timedelta(days=-BACK_DAYS):
        raise ParamError("store.clock_back", **told)


def chained(before: str, entry: Mapping[str, Any]) -> str:
    """Return an entry's hash: of the hash before it and of its content."""
    names = ("id", "at_utc", "by_office", "item", "old", "new", "why")
    told = before + "\n" + as_text([entry[name] for name in names])
    return hashlib.sha256(told.encode()).hexdigest()


def as_text(value: Any) -> str:
    """Write a value as JSON, one way only."""
    return json.dumps(
        value,
        ensure_ascii=False,
        allow_nan=False,  # NaN equals nothing: the trail could not be compared with its row
        sort_keys=True,
        separators=(",", ":"),
        default=_plain,
    )


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(value)


def row_values(row: Audited) -> dict[str, Any]:
    """Return a row's values, without its key and revision."""
    names = (column.key for column in look_into(type(row)).columns)
    return {name: getattr(row, name) for name in names if name not in {"key", "revision"}}


def _refuse_unkept(name: str, text: str) -> None:
    """Refuse characters that either database or a file cannot hold, so that backups can move."""
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise ParamError("store.sign", name=name)


@event.listens_for(Session, "before_flush")
def _check(session: Session, *_: Any) -> None:
    """Refuse, before anything is written, what the trail could not record."""
    for row in _in_order(session):
        if row not in session.new and not session.is_modified(row):
            # Changed even where every value stays: a confirmation has a reason too.
            for name in list(look_into(row).committed_state):
                flag_modified(row, name)
        as_text(row_values(row))
        for name, value in row_values(row).items():
            _refuse_unkept(name, _all_texts(value))


def _all_texts(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_all_texts(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return "".join(_all_texts(part) for part in value)
    return value if isinstance(value, str) else ""


@event.listens_for(Session, "do_orm_execute")
def _refuse_bulk(state: ORMExecuteState) -> None:
    """Refuse any statement that would change rows without the trail."""
    if state.is_update or state.is_delete:
        raise RuntimeError("rows of record are changed one by one, so that the trail tells of it")


@event.listens_for(Session, "after_flush")
def _tell(session: Session, _: Any) -> None:
    """Append what was flushed, while the old values are still known."""
    if any(isinstance(row, Audited) for row in session.deleted):
        raise RuntimeError("a row of record was to be removed")
    fresh = session.new  # made anew each time that it is asked for
    found = [_difference(row, is_new=row in fresh) for row in _in_order(session)]
    changes = [told for told in found if told.new]
    if changes:
        append(session.connection(), session.info[SIGNED], *changes)


def _in_order(session: Session) -> list[Audited]:
    rows = [row for row in (*session.new, *session.dirty) if isinstance(row, Audited)]
    return sorted(rows, key=lambda row: (row.__tablename__, row.key))


def _difference(row: Audited, *, is_new: bool) -> AuditEntry:
    if is_new:
        return AuditEntry(row.item, None, row_values(row))
    old, new = {}, {}
    for name in row_values(row):
        history = look_into(row).attrs[name].history
        if history.has_changes():
            new[name] = getattr(row, name)
            old[name] = history.deleted[0] if history.deleted else new[name]  # said again
    return AuditEntry(row.item, old, new)


# ---- Triggers that refuse any change or removal of the trail, on both databases.


REFUSED = "the audit trail is only ever added to"
REFUSING = f" BEGIN RAISE EXCEPTION '{REFUSED}'; END "
"""The action of PostgreSQL's triggers."""
SQLITE = (
    f"""CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",
    # REPLACE would remove a row without asking the trigger above. No value of a user's is in it.
    f"""CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END""",  # noqa: S608 # nosec B608
)
POSTGRES = (
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $${REFUSING}$$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    # The role that made the table is refused too; a superuser is refused by the triggers alone.
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC, CURRENT_USER",
)
# If somebody removed a part of it before, the backup that repairs this is still restored.
UNGUARD_SQLITE = (
    "DROP TRIGGER IF EXISTS audit_no_update",
    "DROP TRIGGER IF EXISTS audit_no_delete",
    "DROP TRIGGER IF EXISTS audit_no_replace",
)
# The triggers first, which locks the table: after GRANT alone a vacuum that has the table waits for
# this transaction, and this one for the vacuum.
UNGUARD_POSTGRES = (
    "DROP TRIGGER IF EXISTS audit_no_change ON audit",
    "DROP TRIGGER IF EXISTS audit_no_truncate ON audit",
    "DROP FUNCTION IF EXISTS audit_refuse()",
    "GRANT UPDATE, DELETE, TRUNCATE ON audit TO CURRENT_USER",
)

# Its name alone is not enough: a trigger of the same name may do nothing. A guard whose text is
# changed above is to be made anew by a migration.
ACTIVE_SQLITE = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
# 27: before each row's change or removal; 34: before the table is emptied.
ACTIVE_POSTGRES = """SELECT tgname, tgtype FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgrelid = 'audit'::regclass AND tgenabled IN ('O', 'A') AND tgqual IS NULL
    AND tgattr::text = '' AND prosrc = :refusing"""


def guard_trail(connection: Connection) -> None:
    """Make the database itself refuse any change of the trail."""
    _run(connection, POSTGRES if connection.dialect.name == POSTGRESQL else SQLITE)


def unguard_trail(connection: Connection) -> None:
    """Remove the guard, only while restoring a backup, within its transaction."""
    is_postgres = connection.dialect.name == POSTGRESQL
    _run(connection, UNGUARD_POSTGRES if is_postgres else UNGUARD_SQLITE)


def _run(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))


def is_guarded(connection: Connection) -> bool:
    """Check whether the database still refuses any change of the trail."""
    if connection.dialect.name == POSTGRESQL:
        rows = connection.execute(text(ACTIVE_POSTGRES), {"refusing": REFUSING})
        found = {(row.tgname, row.tgtype) for row in rows}
        return {("audit_no_change", 27), ("audit_no_truncate", 34)} <= found
    return set(SQLITE) <= set(connection.execute(text(ACTIVE_SQLITE)).scalars())


# ---- Reading the trail: its entries, and whether it is intact.


LEAST_SIGNS = 12
"""Characters of a hash: fewer are not enough to compare."""


@dataclass(frozen=True)
class Verified:
    """What a walk along the trail found."""

    head: Head  # its end
    broken_at: int | None  # number of the first entry that does not follow from the one before
    strange: tuple[str, ...]  # items whose rows differ from their entries
    is_guarded: bool = True  # whether the database still refuses any change of the trail

    @property
    def is_intact(self) -> bool:
        """Whether nothing was changed outside the trail."""
        return self.broken_at is None and not self.strange and self.is_guarded


def entries(connection: Connection, item: str | None = None) -> list[dict[str, Any]]:
    """List the trail."""
    wanted = select(Audit.__table__).order_by(Audit.id)
    if item is not None:
        wanted = wanted.where(Audit.item == item)
    return [dict(entry) for entry in connection.execute(wanted).mappings()]


def entries_of(connection: Connection, items: Collection[str]) -> list[dict[str, Any]]:
    """List the trail's entries about some items, in one query: the trail may be long."""
    wanted = select(Audit.__table__).where(Audit.item.in_(sorted(items))).order_by(Audit.id)
    return [dict(entry) for entry in connection.execute(wanted).mappings()]


def find_head(connection: Connection, given: str) -> int | None:
    """Return the entry that has a hash, so that a printed head can be checked later."""
    wanted = given.strip().lower()
    if len(wanted) < LEAST_SIGNS:
        return None
    if GENESIS.startswith(wanted):
        return 0
    starts = Audit.hash.startswith(wanted, autoescape=True)
    found: int | None = connection.execute(select(Audit.id).where(starts)).scalar()
    return found


def verify(session: Session) -> Verified:
    """Walk the chain from its beginning, then compare each row with its last entry."""
    before, n, told = GENESIS, 0, dict[str, dict[str, Any]]()
    for values in entries(session.connection()):
        n += 1
        if values["id"] != n or values["hash"] != chained(before, values):
            return Verified(Head(n - 1, before), n, ())
        before = values["hash"]
        if values["item"] != STORE_ITEM:
            told.setdefault(values["item"], {}).update(json.loads(values["new"]))
    strange = tuple(sorted(_strange(session, told)))
    return Verified(Head(n, before), None, strange, is_guarded(session.connection()))


def _strange(session: Session, told: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    kept, unreadable = dict[str, dict[str, Any]](), list[str]()
    for table in AUDITED:
        try:
            rows: Iterable[Audited] = session.scalars(select(table))
            kept |= {row.item: json.loads(as_text(row_values(row))) for row in rows}
        except (TypeError, ValueError):  # not a date or JSON: it was not written by this program
            unreadable.append(f"table {table.__tablename__}")
    yield from unreadable
    for item in told.keys() | kept.keys():
        said, is_now = told.get(item), kept.get(item)
        if said is None or is_now is None or any(is_now.get(name) != said[name] for name in said):
            yield item
