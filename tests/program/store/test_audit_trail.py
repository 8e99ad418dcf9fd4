"""The trail: what it says of a change, its chain, what refuses to change it, what verify tells."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import delete, exc, text, update
from sqlalchemy.orm import Session
from tests.stores import (
    GENESIS,
    OFFICE,
    TODAY,
    WHY,
    oracle,
    run_sql,
    signed,
    tampered,
    trail,
    verified,
)

from csa.base.errors import ParamError
from csa.program.store.audit import Signed, entries, find_head, is_guarded, read_head, verify
from csa.program.store.records import Records, in_order, read_records
from csa.program.store.tables import ActionRow, AreaRow, DraftRow, StepRow

COLUMNS = ["id", "at_utc", "by_office", "item", "old", "new", "why", "hash"]


def report(store, number="1.2.1", **values):
    """Say something of an action, past the rules of `csa.program`."""
    with store.writing(signed()) as session:
        row = session.get(ActionRow, number)
        if row is None:
            session.add(ActionRow(key=number, updated_on=TODAY, **{"status": "on-track"} | values))
        else:
            for name, value in values.items():
                setattr(row, name, value)


def area(store, key="B", evidence=None):
    with store.writing(signed()) as session:
        session.add(AreaRow(key=key, place_name="Bé", state="designated", since=TODAY))
        session.flush()
        step = StepRow(key=f"{key}/1", area=key, state="designated", on_date=TODAY)
        step.by_office, step.reasons, step.cells = OFFICE, WHY, ["8926ad9009bffff"]
        step.evidence = evidence or {"n": 1.5}
        session.add(step)


# ---- by hand -------------------------------------------------------------------------------


def test_a_change_is_kept_and_told(store):
    report(store, office="Police", percent=10, areas=["B"])
    report(store, status="blocked", reason="no budget", areas=["B", "C"])
    row = read_records(store).actions[0]
    found = (row.status, row.reason, row.percent, row.areas)
    assert found == ("blocked", "no budget", 10, ["B", "C"])
    assert row.revision == 2
    first, second = trail(store)
    assert list(first) == COLUMNS
    assert (first["id"], second["id"]) == (1, 2)
    assert first["at_utc"] == "2026-03-05T12:30:15.000000Z"
    assert (first["by_office"], first["item"], first["why"]) == (OFFICE, "1.2.1", WHY)
    assert first["old"] is None
    assert json.loads(first["new"]) == {
        "status": "on-track", "reason": "", "office": "Police", "coordinator": "", "start": None,
        "due": None, "percent": 10, "evidence": "", "areas": ["B"], "comment": "",
        "updated_on": "2026-03-05",
    }  # fmt: skip
    assert json.loads(second["old"]) == {"status": "on-track", "reason": "", "areas": ["B"]}
    found = json.loads(second["new"])
    assert found == {"status": "blocked", "reason": "no budget", "areas": ["B", "C"]}


def test_the_chain_is_what_a_stranger_computes_from_the_rows(store):
    area(store)
    report(
        store,
        comment='„Zitat“ "q" \\ \u2028 \u200f\u05e9\u05dc\u05d5\u05dd \U0001f9e1 \x01 \x7f',
        areas=["B"],
    )
    report(store, due=date(2026, 12, 31))
    rows = trail(store)
    assert [row["hash"] for row in rows] == oracle(rows)
    assert [row["item"] for row in rows] == ["area B", "area B/1", "1.2.1", "1.2.1"]
    found = verified(store)
    assert (found.head.n, found.head.hash, found.is_intact) == (4, rows[-1]["hash"], True)
    assert store.head() == found.head


def test_two_rows_of_one_change_are_two_entries_in_one_order(store):
    with store.writing(signed()) as session:
        for number in ("3.1.1", "1.2.1", "2.1.1"):
            session.add(ActionRow(key=number, status="on-track", updated_on=TODAY))
    assert [row["item"] for row in trail(store)] == ["1.2.1", "2.1.1", "3.1.1"]


def test_an_entry_is_in_utc_whatever_the_clock(store):
    ahead = datetime(2026, 3, 5, 1, 0, 0, 7, tzinfo=timezone(timedelta(hours=5)))
    with store.writing(Signed("  Chair ", " because\n", ahead)) as session:
        session.add(ActionRow(key="1.2.1", status="done", updated_on=TODAY))
    last = trail(store)[0]
    assert last["at_utc"] == "2026-03-04T20:00:00.000007Z"
    assert (last["by_office"], last["why"]) == ("Chair", "because")


def test_entries_of_one_item(store):
    report(store)
    report(store, "1.2.2")
    with store.reading() as session:
        assert [row["id"] for row in entries(session.connection(), "1.2.2")] == [2]
        assert entries(session.connection(), "9.9.9") == []


def test_a_printed_head_is_found_by_its_first_twelve_signs(store):
    report(store)
    report(store, "1.2.2")
    first, last = (entry["hash"] for entry in trail(store))
    with store.reading() as session:
        found = {
            given: find_head(session.connection(), given)
            for given in (first, f" {last[:12].upper()}", last[:11], GENESIS[:12], "_" * 12)
        }
    assert list(found.values()) == [1, 2, None, 0, None]


# ---- at the edge ---------------------------------------------------------------------------


def test_no_entry_is_a_whole_chain(store):
    found = verified(store)
    assert (found.head.n, found.head.hash, found.is_intact) == (0, GENESIS, True)
    assert read_records(store) == Records()
    assert read_records(None) == Records()


def test_what_is_said_again_is_told_again_and_what_is_only_read_is_not(store):
    report(store, percent=5, areas=["B"])
    for areas in (["B"], []):
        report(store, percent=5, areas=areas)
    told = [(entry["old"], entry["new"]) for entry in trail(store)[1:]]
    assert told == [
        ('{"areas":["B"],"percent":5}', '{"areas":["B"],"percent":5}'),
        ('{"areas":["B"]}', '{"areas":[]}'),
    ]
    with store.writing(signed()) as session:
        assert session.get(ActionRow, "1.2.1").revision == 3
    assert len(trail(store)) == 3
    assert verified(store).is_intact


def test_a_draft_is_of_no_force(store):
    with store.writing(signed()) as session:
        session.add(DraftRow(key="plan/x", values={"a": 1}, at_utc="now"))
    assert trail(store) == []
    assert verified(store).is_intact


def test_an_error_leaves_nothing(store):
    def fail():
        with store.writing(signed()) as session:
            session.add(ActionRow(key="1.2.1", status="on-track", updated_on=TODAY))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert trail(store) == []
    assert read_records(store).actions == ()


def test_a_reader_sees_one_moment(store):
    report(store, percent=1)
    with store.reading() as session:
        assert session.get(ActionRow, "1.2.1").percent == 1
        report(store, percent=2)
        session.expire_all()
        assert session.get(ActionRow, "1.2.1").percent == 1
        assert read_head(session.connection()).n == 1
    assert store.head().n == 2


def test_keys_are_counted_as_people_count():
    keys = ["B/task-10", "B/task-9", "AA/1", "A/1", "1.3.10", "1.3.9", "2026-03-05/2"]
    assert sorted(keys, key=in_order) == [
        "1.3.9", "1.3.10", "2026-03-05/2", "A/1", "AA/1", "B/task-9", "B/task-10",
    ]  # fmt: skip


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        (("", WHY), "office"),
        (("  ", WHY), "office"),
        ((OFFICE, ""), "reason"),
        ((OFFICE, "\n"), "reason"),
    ],
)
def test_a_change_needs_somebody_and_a_reason(given, lacking):
    with pytest.raises(ParamError, match=f"Add the {lacking}"):
        Signed(*given, datetime.now(UTC))


def test_a_reason_is_no_document_and_a_moment_has_its_zone():
    Signed(OFFICE, "x" * 2000, datetime.now(UTC))
    with pytest.raises(ParamError, match="2,001 characters"):
        Signed(OFFICE, "x" * 2001, datetime.now(UTC))
    with pytest.raises(ParamError, match="UTC"):
        Signed(OFFICE, WHY, datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("sign", ["\0", chr(0xD800), chr(0xDFFF)])
def test_a_sign_that_one_database_cannot_keep_is_refused_by_both(store, sign):
    for office, why in ((f"a{sign}", WHY), (OFFICE, f"a{sign}")):
        with pytest.raises(ParamError, match=r"Write the text again without it\."):
            Signed(office, why, datetime.now(UTC))
    for values in ({"comment": f"a{sign}"}, {"areas": ["A", sign]}):
        with pytest.raises(ParamError, match=r"Write the text again without it\."):
            report(store, **values)
    with pytest.raises(
        ParamError,
        match=r"evidence contains a character that can't be saved: a zero byte, or half of a letter\. Write the text again without it\.",
    ):
        area(store, evidence={"a": [{sign: 1}]})
    assert trail(store) == []


def test_a_number_that_equals_nothing_is_a_fault_of_ours(store):
    with pytest.raises(ValueError, match="JSON"):
        area(store, evidence={"x": float("nan")})
    assert trail(store) == []


def test_nothing_of_record_is_removed(store):
    report(store)
    with pytest.raises(RuntimeError, match="removed"), store.writing(signed()) as session:
        session.delete(session.get(ActionRow, "1.2.1"))
    assert len(read_records(store).actions) == 1


TAMPERING = {
    "both": (
        "UPDATE audit SET why = 'x'",
        "UPDATE audit SET id = id + 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 2",
    ),
    "sqlite": (
        "INSERT OR REPLACE INTO audit SELECT * FROM audit",
        "REPLACE INTO audit SELECT * FROM audit WHERE id = 1",
        "UPDATE OR REPLACE audit SET id = 1 WHERE id = 2",
        "INSERT INTO audit SELECT * FROM audit WHERE true ON CONFLICT (id) DO UPDATE SET why = 'x'",
    ),
    "postgresql": (
        "TRUNCATE audit",
        "TRUNCATE audit CASCADE",
        "INSERT INTO audit SELECT * FROM audit ON CONFLICT (id) DO UPDATE SET why = 'x'",
        "WITH gone AS (DELETE FROM audit RETURNING *) SELECT * FROM gone",
    ),
}


def test_no_statement_changes_the_trail(store):
    report(store)
    report(store, percent=3)
    before = trail(store)
    for statement in TAMPERING["both"] + TAMPERING[store.engine.dialect.name]:
        with pytest.raises(exc.DBAPIError, match=r"only ever added to|permission denied"):
            run_sql(store, statement)
    assert trail(store) == before


def test_the_role_of_the_program_has_no_right_to_change_the_trail(databases):
    place = databases("postgresql").open()
    report(place)
    with place.engine.connect() as connection:
        for right, has in (
            ("SELECT", True),
            ("INSERT", True),
            ("UPDATE", False),
            ("DELETE", False),
            ("TRUNCATE", False),
        ):
            asked = text("SELECT has_table_privilege(current_user, 'audit', :right)")
            assert connection.execute(asked, {"right": right}).scalar() is has, right
    # Nor do the triggers let through who has every right.
    with place.engine.connect() as connection, connection.begin():
        connection.execute(text("GRANT UPDATE, DELETE, TRUNCATE ON audit TO CURRENT_USER"))
    for statement in ("UPDATE audit SET why = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(exc.DBAPIError, match="only ever added to"):
            run_sql(place, statement)


# ---- what verify tells ---------------------------------------------------------------------


@pytest.fixture
def told(store):
    area(store)
    report(store, percent=3)
    report(store, status="blocked", reason="no budget")
    report(store, "1.2.2")
    assert verified(store).is_intact
    return store


def test_a_changed_entry_breaks_the_chain_there(told):
    for column in ("at_utc", "by_office", "item", "new", "why", "hash", "old"):
        value = "NULL" if column == "old" else "'x'"
        found = tampered(told, f"UPDATE audit SET {column} = {value} WHERE id = 4")  # noqa: S608
        assert (found.broken_at, found.is_intact, found.head.n) == (4, False, 3), column
    assert verified(told).is_intact


@pytest.mark.parametrize(("gone", "at"), [("id = 1", 1), ("id = 2", 2), ("id < 4", 1)])
def test_a_removed_entry_breaks_the_chain(told, gone, at):
    assert tampered(told, f"DELETE FROM audit WHERE {gone}").broken_at == at  # noqa: S608


def test_two_entries_exchanged_break_the_chain(told):
    steps = ((3, 99), (4, 3), (99, 4))
    exchange = (f"UPDATE audit SET id = {new} WHERE id = {old}" for old, new in steps)  # noqa: S608
    assert tampered(told, *exchange).broken_at == 3


def test_a_trail_cut_short_is_told_by_its_rows(told):
    found = tampered(told, "DELETE FROM audit WHERE id >= 4")
    assert (found.broken_at, found.strange) == (None, ("1.2.1", "1.2.2"))
    found = tampered(told, "DELETE FROM audit")
    assert found.strange == ("1.2.1", "1.2.2", "area B", "area B/1")


LESSON = """INSERT INTO lesson (key, area, text, on_date, revision)
VALUES ('B/lesson-1', 'B', 'x', '2026-01-01', 1)"""


@pytest.mark.parametrize(
    ("statement", "strange"),
    [
        ("UPDATE action SET status = 'done' WHERE key = '1.2.2'", ("1.2.2",)),
        ("UPDATE action SET percent = 99 WHERE key = '1.2.1'", ("1.2.1",)),
        ("UPDATE area_step SET cells = '[]'", ("area B/1",)),
        ("UPDATE area SET since = '2026-03-06'", ("area B",)),
        ("DELETE FROM action WHERE key = '1.2.2'", ("1.2.2",)),
        ("UPDATE action SET key = '1.2.9' WHERE key = '1.2.2'", ("1.2.2", "1.2.9")),
        (LESSON, ("lesson B/lesson-1",)),
    ],
)
def test_a_row_changed_behind_the_trail_is_named(told, statement, strange):
    found = tampered(told, statement)
    assert (found.broken_at, found.strange) == (None, strange)


def test_a_guard_taken_off_is_told_though_nothing_was_changed_yet(told):
    found = tampered(told)
    assert (found.broken_at, found.strange, found.is_guarded) == (None, (), False)
    assert not found.is_intact
    assert verified(told).is_guarded


def test_a_guard_switched_off_is_told(databases):
    place = databases("postgresql")
    store = place.open()
    with store.engine.connect() as connection, connection.begin() as change:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_no_change"))
        with Session(connection) as session:
            assert not verify(session).is_guarded
        change.rollback()


def test_a_statement_over_many_rows_would_pass_the_trail_and_is_refused(told):
    with pytest.raises(RuntimeError, match="one by one"), told.writing(signed()) as session:
        session.execute(update(ActionRow).values(status="done"))
    with pytest.raises(RuntimeError, match="one by one"), told.writing(signed()) as session:
        session.execute(delete(ActionRow))
    assert verified(told).is_intact


def test_a_row_that_is_no_row_is_named_by_its_table(databases):
    place = databases("sqlite").open()
    report(place)
    area(place)
    run_sql(place, "UPDATE action SET areas = 'no json'", "UPDATE area SET since = 'no day'")
    assert set(verified(place).strange) == {"table action", "table area", "1.2.1", "area B"}


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
