"""Triggers that refuse any change or removal of the trail, on both databases."""

from __future__ import annotations

from sqlalchemy import Connection, text

from csa.decisions.store.address import POSTGRESQL

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
