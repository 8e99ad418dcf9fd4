"""The trail's guard: a trigger of the same name that does nothing guards nothing."""

import pytest
from sqlalchemy import text

from csa.program.store.audit import is_guarded

ON_SQLITE = [
    (
        "DROP TRIGGER audit_no_update",
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT 1; END",
    ),
    (
        "DROP TRIGGER audit_no_delete",
        """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.id > 9
        BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever added to'); END""",
    ),
]
HOLLOW = """CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RETURN NEW; END $$"""
AGAIN = "CREATE TRIGGER audit_no_change BEFORE {what} ON audit FOR EACH ROW {when} EXECUTE FUNCTION"
OFF = "DROP TRIGGER audit_no_change ON audit"
ON_POSTGRESQL = [
    (HOLLOW,),
    ("ALTER TABLE audit ENABLE REPLICA TRIGGER audit_no_change",),
    (OFF, f"{AGAIN.format(what='DELETE', when='')} audit_refuse()"),
    (OFF, f"{AGAIN.format(what='UPDATE OF why OR DELETE', when='')} audit_refuse()"),
    (OFF, f"{AGAIN.format(what='UPDATE OR DELETE', when='WHEN (OLD.id > 9)')} audit_refuse()"),
]


def guarded_after(store, statements):
    """Tell whether the guard counts after an owner's statements, which are then taken back."""
    with store.engine.connect() as connection, connection.begin() as change:
        for statement in statements:
            connection.execute(text(statement))
        found = is_guarded(connection)
        change.rollback()
    return found


def test_a_store_is_guarded_as_it_is_made(store):
    assert guarded_after(store, ())


@pytest.mark.parametrize("statements", ON_SQLITE)
def test_a_hollow_trigger_is_no_guard(databases, statements):
    assert not guarded_after(databases("sqlite").open(), statements)


@pytest.mark.parametrize("statements", ON_POSTGRESQL)
def test_a_hollow_trigger_is_no_guard_on_a_server(databases, statements):
    assert not guarded_after(databases("postgresql").open(), statements)
