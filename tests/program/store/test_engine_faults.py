"""What goes wrong around a store: many writers, a killed one, a full disk, no answer, bad addresses."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from tests.stores import TODAY, oracle, plain, run_sql, signed, trail, verified

from csa.base.errors import ParamError, StoreError
from csa.program.store import engine
from csa.program.store.address import parse_address, redacted_name, shown
from csa.program.store.backup import load_backup, restore, save_backup
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.store.tables import ActionRow

ZYGOTE = Path(__file__).with_name("zygote.py")
MADE = "import sys; from csa.program.store.engine import make_store; one = make_store(sys.argv[1])"
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def test_a_command_that_ends_leaves_nothing_beside_the_file(tmp_path):
    """SQLite's log is in it then, so that whoever copies the file has all."""
    made = f"import atexit, gc; atexit.register(gc.freeze); {MADE}"  # as `csa.cli.main` ends
    subprocess.run([sys.executable, "-c", made, str(tmp_path / "s.sqlite3")], check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["s.sqlite3"]


# ---- many writers --------------------------------------------------------------------------


@pytest.mark.system
def test_eight_processes_write_without_an_error_and_with_a_whole_chain(database):
    """They make the store too, all at once."""
    address = database.new()
    names = [f"1.1.{n}" for n in range(1, 9)]
    words = [sys.executable, str(ZYGOTE), address, *names]
    done = subprocess.run(
        words, capture_output=True, text=True, env=ENVIRONMENT, check=True, timeout=100
    )
    assert done.stderr == ""
    store = database.open(address)
    rows = trail(store)
    assert len(rows) == 200
    assert [row["hash"] for row in rows] == oracle(rows)
    assert verified(store).is_intact
    for line in done.stdout.splitlines():
        name, status, *told = line.split()
        assert status == "0"
        assert [int(entry) for entry in told] == [row["id"] for row in rows if row["item"] == name]
        assert len(told) == 25
    assert {row.revision for row in read_records(store).actions} == {25}


def test_a_second_writer_waits_and_a_reader_does_not(store):
    is_in, may_go, done = threading.Event(), threading.Event(), []

    def first():
        with store.writing(signed("first")) as session:
            session.add(ActionRow(key="1.2.1", status="on-track", updated_on=TODAY))
            session.flush()
            is_in.set()
            may_go.wait(20)

    def second():
        with store.writing(signed("second")) as session:
            session.get(ActionRow, "1.2.1").percent = 1
        done.append(True)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert is_in.wait(20)
    threads[1].start()
    assert read_records(store).actions == ()
    time.sleep(0.1)
    assert done == []
    may_go.set()
    for thread in threads:
        thread.join(20)
    assert [row["why"] for row in trail(store)] == ["first", "second"]
    assert verified(store).is_intact


def test_a_writer_that_waits_too_long_is_told_so(databases):
    database = databases("sqlite")
    store = database.open()
    run_sql(store, "SELECT 1")
    other = database.open(plain(store))
    with store.writing(signed()) as session, other.engine.connect() as waiting:
        session.add(ActionRow(key="1.2.1", status="on-track", updated_on=TODAY))
        session.flush()
        waiting.connection.driver_connection.execute("PRAGMA busy_timeout=20")
        waiting.close()
        with (
            pytest.raises(StoreError, match=r"\)\. Try again in a moment\. Nothing was changed\."),
            other.writing(signed("x")),
        ):
            pass
    assert [row["id"] for row in trail(store)] == [1]


@pytest.mark.parametrize(
    ("code", "n_asked"), [(sqlite3.SQLITE_BUSY, 5), (sqlite3.SQLITE_READONLY, 1)]
)
def test_whoever_makes_the_file_at_the_same_moment_is_waited_for(code, n_asked):
    """SQLite can refuse at once to change the journal, whatever its time to wait: played here."""
    asked = []

    class Locked:
        def execute(self, words):
            asked.append(words)
            if words.startswith("PRAGMA journal_mode") and len(asked) < 5:
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = code
                raise error

    with nullcontext() if n_asked > 1 else pytest.raises(sqlite3.OperationalError):
        engine.configure_sqlite(Locked())
    assert [words.startswith("PRAGMA journal_mode") for words in asked].count(True) == n_asked


# ---- the disk ------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """Two megabytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],  # noqa: S607
        check=False, capture_output=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


def fill_up(folder):
    with (folder / "other").open("wb", buffering=0) as other:
        try:
            while True:
                other.write(b"x" * 4096)
        except OSError:
            pass


def test_a_full_disk_is_said_and_nothing_is_half_written(small_disk, databases, tmp_path):
    database = databases("sqlite")
    store = database.open(str(small_disk / "store.sqlite3"))

    def add(number):
        with store.writing(signed()) as session:
            row = ActionRow(key=f"1.1.{number}", status="on-track", updated_on=TODAY)
            row.comment = "x" * 30_000
            session.add(row)

    with pytest.raises(
        StoreError, match=r"The disk with the store .* is full .*Nothing was changed"
    ):
        deque(map(add, range(1000)), maxlen=0)
    n = store.head().n
    assert n > 3
    assert verified(store).head.n == n
    assert len(read_records(store).actions) == n
    # A backup goes elsewhere; none can be put in place, and the store stays.
    save_backup(store, tmp_path / "b.gz")
    fill_up(small_disk)
    with pytest.raises(StoreError, match="is full"):
        restore(store, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    with pytest.raises(StoreError, match=r"is full|can't be used"):
        database.open(str(small_disk / "second.sqlite3"))
    assert verified(store).is_intact
    assert verified(store).head.n == n
    (small_disk / "other").unlink()
    with store.writing(signed()) as session:
        session.add(ActionRow(key="2.1.1", status="on-track", updated_on=TODAY))
    assert verified(store).head.n == n + 1


# ---- no answer -----------------------------------------------------------------------------


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("more", ["", "?password=geheim", "?application_name=x&password=geheim"])
def test_a_database_that_is_down_is_said_without_its_password(more):
    started = time.perf_counter()
    with pytest.raises(StoreError, match=r"is not responding \(.*Start the database") as told:
        open_store(f"postgresql://me:geheim@127.0.0.1:{closed_port()}/plan{more}", make=True)
    assert time.perf_counter() - started < 5
    assert "geheim" not in str(told.value)
    assert "127.0.0.1" in str(told.value)


@pytest.mark.system
def test_a_server_that_says_nothing_is_left_after_a_few_seconds():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        started = time.perf_counter()
        with pytest.raises(StoreError, match="is not responding"):
            open_store(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/plan")
        assert time.perf_counter() - started < 8


def test_a_database_that_goes_away_meanwhile(databases, server):
    store = databases("postgresql").open()
    name = store.engine.url.database
    gone = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608

    def read():
        with store.reading() as session:
            server.run(gone)
            session.get(ActionRow, "1.2.1")

    with pytest.raises(StoreError, match="is not responding"):
        read()
    assert store.head().n == 0  # and comes again
    server.run(gone)
    assert store.head().n == 0


def test_no_such_database_and_no_such_role(server):
    where = server.address.rpartition("@")[2]
    for address in (
        f"postgresql://csa_app@{where}/nowhere",
        f"postgresql://nobody:geheim@{where}/postgres",
    ):
        with pytest.raises(StoreError, match=r"is not responding \(.*Start the database") as told:
            open_store(address)
        assert "geheim" not in str(told.value)


# ---- addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    ["", "  ", ":memory:", "sqlite://", "sqlite:///:memory:", "mysql://me:geheim@host/db?password=geheim",
     "postgresql://me:geheim@host", "postgresql://me:geheim@host:port/db", "://", "http://x"],
)  # fmt: skip
def test_what_is_no_store_is_refused_without_its_password(given):
    with pytest.raises(ParamError, match="A store must be") as told:
        open_store(given, make=True)
    assert "geheim" not in str(told.value)


def test_addresses_and_their_names(tmp_path):
    assert redacted_name(parse_address("var/a b.sqlite3")) == "var/a b.sqlite3"
    assert redacted_name(parse_address("sqlite:////var/x")) == "/var/x"
    found = redacted_name(parse_address("postgresql://me:geheim@h:5/db?sslmode=require"))
    assert found == "postgresql+psycopg://me:***@h:5/db"
    assert parse_address("postgresql+psycopg2://h/db").drivername == "postgresql+psycopg"
    assert shown("postgresql://me:geheim@h:5/db?password=geheim") == "postgresql://h:5/db"
    assert shown("var/a@b?c") == "var/a@b?c"
    assert shown("sqlite:////a@b") == "sqlite:////a@b"


def test_a_place_that_cannot_be_a_file_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    for address in (tmp_path, tmp_path / "file" / "store", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError, match="can't be used"):
            open_store(str(address), make=True)
    assert open_store(str(tmp_path / "absent" / "store")) is None
    assert not (tmp_path / "absent").exists()


def test_the_file_is_opened_as_the_plan_says(lite):
    with lite.engine.connect() as connection:
        for name, value in (
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("synchronous", 2),
            ("wal_autocheckpoint", 1),
            ("busy_timeout", 10_000),
        ):
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_a_broken_rule_of_the_tables_is_a_fault_of_ours(store):
    def write():
        with store.writing(signed()) as session:
            session.add(ActionRow(key="1.2.1", status="on-track", updated_on=TODAY, percent=101))

    with pytest.raises(Exception, match=r"(?i)check constraint"):
        write()
    assert trail(store) == []
