"""Versions of the store: each earlier one is brought forward, a later one is refused."""

import shutil
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from csa.base.errors import StoreError
from csa.decisions.store import migrating, open_store
from csa.decisions.store.backup import load_backup, restore, save_backup
from csa.decisions.store.records import TABLES, read_records
from csa.decisions.store.tables import AUDITED, METADATA, ValueRow
from tests.decisions.store.laid import FIXTURES, laid
from tests.stores import oracle, plain, run_sql, signed, trail, verified

NEXT = '''"""A version that is yet to come: one column more."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0007", "0006"
def upgrade():
    with op.batch_alter_table("action") as table:
        table.add_column(sa.Column("cost", sa.Text, nullable=False, server_default=""))
'''


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Let the program know one version more."""
    folder = tmp_path / "program"
    real = Path(migrating.__file__).parent / "migrations"
    shutil.copytree(real, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "v0007_next.py").write_text(NEXT)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return lambda: monkeypatch.setattr(migrating, "__file__", str(folder / "migrating.py"))


def test_there_is_a_fixture_of_each_version():
    assert [path.name.partition(".")[0] for path in FIXTURES] == list(migrating.known_versions())


@pytest.mark.parametrize("sql", FIXTURES, ids=lambda path: path.name)
def test_an_earlier_store_is_brought_forward_with_all_it_holds(sql, tmp_path, databases):
    store = databases("sqlite").open(str(laid(sql, tmp_path)))
    with store.engine.connect() as connection:
        assert migrating.version_of(connection) == migrating.newest()
    found = verified(store)
    assert found.is_whole
    knows_handouts, knows_corrections = sql.name >= "0003", sql.name >= "0004"
    knows_draws = sql.name >= "0005"
    assert found.head.n == 16 + knows_handouts + 2 * knows_corrections + knows_draws
    assert [row["hash"] for row in trail(store)] == oracle(trail(store))
    records = read_records(store)
    n_rows = dict.fromkeys(TABLES, 1) | {
        "handouts": int(knows_handouts),
        "corrections": int(knows_corrections),
        "draws": int(knows_draws),
    }
    assert {name: len(getattr(records, name)) for name in TABLES} == n_rows
    last = 19 + knows_draws if knows_corrections else 16
    assert (records.decided.n, records.decided.hash) == (last, trail(store)[last - 1]["hash"])
    assert records.lessons[0].text == ("Go in pairs." if knows_corrections else "Begin early")
    action, step = records.actions[0], records.steps[0]
    assert (action.status, action.percent, str(action.due), action.areas) == (
        "on-track",
        40,
        "2026-12-31",
        ["B"],
    )
    assert step.cells == ["8926ad9009bffff", "8926ad90463ffff"]


def test_every_audited_table_is_read_and_verified():
    assert {*TABLES.values(), ValueRow} == set(AUDITED)
    assert {table.__tablename__ for table in AUDITED} | {"about", "audit", "draft"} == set(
        METADATA.tables
    )


def test_the_tables_are_what_the_program_says_they_are(store):
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_and_a_backup_of_the_version_before_are_brought_forward(
    kind, databases, tmp_path, next_version
):
    old = databases("sqlite").open(str(laid(FIXTURES[0], tmp_path)))
    save_backup(old, tmp_path / "old.gz")
    database = databases(kind)
    address = database.new()
    database.open(address).engine.dispose()
    next_version()
    assert migrating.newest() == "0007"
    store = database.open(address)
    with store.engine.connect() as connection:
        assert migrating.version_of(connection) == "0007"
        connection.execute(text("SELECT cost FROM action"))
    restore(store, load_backup(tmp_path / "old.gz"), signed(), tmp_path / "safe.gz")
    with store.engine.connect() as connection:
        assert migrating.version_of(connection) == "0007"
        assert connection.execute(text("SELECT cost FROM action")).scalar() == ""
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == 17
    assert verified(store).is_whole
    with pytest.raises(Exception, match=r"only ever added to|permission denied"):
        run_sql(store, "DELETE FROM audit")


def test_opening_makes_nothing_unless_asked(address):
    assert open_store(address) is None
    assert not Path(address).exists()
    made = open_store(address, make=True)
    made.engine.dispose()
    again = open_store(address)
    assert again.head().n == 0
    again.engine.dispose()


def test_a_later_version_is_refused(database):
    store = database.open(database.new())
    run_sql(store, "UPDATE alembic_version SET version_num = '0099'")
    for make in (False, True):
        with pytest.raises(StoreError, match=r"is of version 0099, .* knows up to 0006"):
            open_store(plain(store), make=make)
    run_sql(store, "UPDATE alembic_version SET version_num = '0006'")
    assert verified(store).is_whole


def test_a_database_with_other_tables_of_our_names_is_refused(database):
    address = database.new()
    store = database.open(address)
    run_sql(store, "DROP TABLE alembic_version")
    with pytest.raises(StoreError, match="holds other tables"):
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
    with pytest.raises(StoreError, match="is no store, or a damaged one"):
        open_store(str(path), make=make)
    assert path.read_bytes() == content


def test_a_table_that_is_gone_is_damage(store):
    run_sql(store, "DROP TABLE minute")
    with pytest.raises(StoreError, match="is no store, or a damaged one"):
        read_records(store)


# ---- whose it is ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_another_citys_store_is_refused_and_nothing_is_changed(kind, databases):
    place = databases(kind)
    address = place.new()
    made = open_store(address, make=True, city="testville")
    assert made is not None
    made.engine.dispose()
    with pytest.raises(StoreError, match="of the city testville, not of elsewhere"):
        open_store(address, make=True, city="elsewhere")
    again = open_store(address, city="testville")
    assert again is not None
    again.engine.dispose()


def test_a_store_of_a_version_that_did_not_say_is_the_first_citys(tmp_path):
    path = str(laid(FIXTURES[0], tmp_path))
    opened = open_store(path, city="testville")
    assert opened is not None
    opened.engine.dispose()
    with pytest.raises(StoreError, match="not of elsewhere"):
        open_store(path, city="elsewhere")


def test_a_backup_of_another_city_is_refused_and_one_that_does_not_say_is_taken(tmp_path):
    one = open_store(str(tmp_path / "one.sqlite3"), make=True, city="testville")
    other = open_store(str(tmp_path / "other.sqlite3"), make=True, city="elsewhere")
    assert one is not None
    assert other is not None
    save_backup(other, tmp_path / "other.gz")
    with pytest.raises(StoreError, match="is of the city testville, not of elsewhere"):
        restore(one, load_backup(tmp_path / "other.gz"), signed(), tmp_path / "safe.gz")
    for store in (one, other):
        store.engine.dispose()
    old = open_store(str(laid(FIXTURES[0], tmp_path)))
    assert old is not None
    save_backup(old, tmp_path / "old.gz")
    old.engine.dispose()
    again = open_store(str(tmp_path / "one.sqlite3"), city="testville")
    assert again is not None
    restore(again, load_backup(tmp_path / "old.gz"), signed(), tmp_path / "safe.gz")
    again.engine.dispose()
    with pytest.raises(StoreError, match="not of elsewhere"):
        open_store(str(tmp_path / "one.sqlite3"), city="elsewhere")
