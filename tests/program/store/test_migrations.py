"""The store's version: its tables are what the program says, and another version is refused."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from tests.stores import oracle, plain, run_sql, signed, trail, verified

from csa.base.errors import StoreError
from csa.base.message import msg
from csa.program.store import engine
from csa.program.store.backup import load_backup, restore, save_backup
from csa.program.store.engine import open_store
from csa.program.store.records import TABLES, read_records
from csa.program.store.tables import AUDITED, METADATA, ValueRow

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.sqlite3.sql"))
FIXTURE = Path(__file__).parent / "fixtures" / "1.sqlite3.sql"


def laid(sql, folder):
    """Lay a dump out as a store's file."""
    path = folder / "laid.sqlite3"
    with sqlite3.connect(path) as raw:
        raw.executescript(sql.read_text(encoding="utf-8"))
    raw.close()
    return path


def test_a_store_of_this_version_is_read_with_all_it_holds(tmp_path, databases):
    store = databases("sqlite").open(str(laid(FIXTURE, tmp_path)))
    with store.engine.connect() as connection:
        assert engine.version_of(connection) == engine.NEWEST
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    found = verified(store)
    assert found.is_intact
    assert found.head.n == 25
    assert [row["hash"] for row in trail(store)] == oracle(trail(store))
    records = read_records(store)
    assert {name: len(getattr(records, name)) for name in TABLES} == dict.fromkeys(TABLES, 1)
    assert (records.decided.n, records.decided.hash) == (25, trail(store)[24]["hash"])
    assert records.lessons[0].text == "Go in pairs."
    action, step = records.actions[0], records.steps[0]
    held = (action.status, action.percent, str(action.due), action.areas)
    assert held == ("on-track", 40, "2026-12-31", ["B"])
    assert step.cells == ["8926ad9009bffff", "8926ad90463ffff"]


def test_every_audited_table_is_read_and_verified():
    of_extras = {f"{name}Row" for name in ("CountTable", "Draw", "Watch", "Word")}
    mine = {*TABLES.values(), ValueRow}
    assert {table.__name__ for table in set(AUDITED) ^ mine} == of_extras
    others = {"about", "audit", "draft", "activity", "activity_month", "phone"}
    assert {table.__tablename__ for table in AUDITED} | others == set(METADATA.tables)


def test_the_tables_are_what_the_program_says_they_are(store):
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_opening_makes_nothing_unless_asked(address):
    assert open_store(address) is None
    assert not Path(address).exists()
    made = open_store(address, make=True)
    made.engine.dispose()
    again = open_store(address)
    assert again.head().n == 0
    again.engine.dispose()


@pytest.mark.parametrize("version", ["0006", "2"])
def test_another_version_is_refused_and_nothing_is_changed(database, version):
    store = database.open(database.new())
    run_sql(store, f"UPDATE alembic_version SET version_num = '{version}'")  # noqa: S608
    for make in (False, True):
        with pytest.raises(StoreError) as found:
            open_store(plain(store), make=make)
        told = {"name": store.name, "given": version, "known": engine.NEWEST}
        assert found.value.message == msg("store.other_version", **told)
    with store.engine.connect() as connection:
        assert engine.version_of(connection) == version


def test_a_database_with_other_tables_of_our_names_is_refused(database):
    address = database.new()
    store = database.open(address)
    run_sql(store, "DROP TABLE alembic_version")
    with pytest.raises(StoreError, match=r"has other tables with the same names\."):
        open_store(address, make=True)
    assert open_store(address) is None


@pytest.mark.parametrize(
    "content",
    [
        b"not a database, but long enough to look like one " * 40,
        b"SQLite format 3\0" + b"\xff" * 4080,
    ],
)
@pytest.mark.parametrize("make", [False, True])
def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path, content, make):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a store, or is damaged"):
        open_store(str(path), make=make)
    assert path.read_bytes() == content


def test_a_table_that_is_gone_is_damage(store):
    run_sql(store, "DROP TABLE minute")
    with pytest.raises(StoreError, match="is not a store, or is damaged"):
        read_records(store)


# ---- whose it is ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_another_citys_store_is_refused_and_nothing_is_changed(kind, databases):
    place = databases(kind)
    address = place.new()
    made = open_store(address, make=True, city="testville")
    assert made is not None
    made.engine.dispose()
    with pytest.raises(StoreError, match="is for the city testville, not elsewhere"):
        open_store(address, make=True, city="elsewhere")
    again = open_store(address, city="testville")
    assert again is not None
    again.engine.dispose()


def test_a_backup_of_another_city_is_refused_and_one_that_does_not_say_is_taken(tmp_path):
    one = open_store(str(tmp_path / "one.sqlite3"), make=True, city="testville")
    other = open_store(str(tmp_path / "other.sqlite3"), make=True, city="elsewhere")
    assert one is not None
    assert other is not None
    save_backup(other, tmp_path / "other.gz")
    with pytest.raises(StoreError, match="is for the city testville, not elsewhere"):
        restore(one, load_backup(tmp_path / "other.gz"), signed(), tmp_path / "safe.gz")
    for store in (one, other):
        store.engine.dispose()
    nobodys = open_store(str(tmp_path / "nobodys.sqlite3"), make=True)
    assert nobodys is not None
    save_backup(nobodys, tmp_path / "nobodys.gz")
    nobodys.engine.dispose()
    again = open_store(str(tmp_path / "one.sqlite3"), city="testville")
    assert again is not None
    restore(again, load_backup(tmp_path / "nobodys.gz"), signed(), tmp_path / "safe.gz")
    again.engine.dispose()
    with pytest.raises(StoreError, match="not elsewhere"):
        open_store(str(tmp_path / "one.sqlite3"), city="elsewhere")
