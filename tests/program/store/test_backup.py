"""A backup: whole or refused, the same bytes, from either database into either."""

import gzip
import hashlib
import json
import random
import sqlite3
from pathlib import Path

import pytest
from tests.sentences import refuses
from tests.stores import (
    KINDS,
    OFFICE,
    TODAY,
    WHY,
    oracle,
    run_sql,
    signed,
    tampered,
    trail,
    unguarded,
    verified,
)

from csa.base.errors import StoreError
from csa.program.store import backup as backups
from csa.program.store.backup import copy_over, load_backup, restore, save_backup
from csa.program.store.engine import NEWEST, open_store
from csa.program.store.records import read_records
from csa.program.store.tables import ActionRow, AreaRow, DraftRow, MeasureRow, StepRow

STRANGE = "a\u2028b\u2029c\x85d\r\n\"'\\ \u202eright to left\u202c \U0001f9e1"


def fill(store, n=3):
    with store.writing(signed()) as session:
        for i in range(n):
            row = ActionRow(key=f"1.2.{i + 1}", status="on-track", updated_on=TODAY, due=TODAY)
            row.comment, row.percent, row.areas = STRANGE, i, ["B", "é"]
            session.add(row)
        session.add(AreaRow(key="B", place_name=STRANGE, state="designated", since=TODAY))
        session.flush()
        step = StepRow(key="B/1", area="B", state="designated", on_date=TODAY, by_office=OFFICE)
        step.reasons, step.evidence, step.cells = (
            WHY,
            {"a": [1, 0.1, None, True]},
            ["8926ad9009bffff"],
        )
        session.add(step)
        session.add(MeasureRow(key="m", baseline=0.1, target=1e-300))
        session.add(DraftRow(key="plan/x", values={"text": STRANGE}, at_utc="then"))


def told(store):
    """All that stands in a store, as values."""
    found = read_records(store)
    return {
        name: [
            {k: v for k, v in vars(row).items() if not k.startswith("_") and k != "revision"}
            for row in getattr(found, name)
        ]
        for name in ("actions", "areas", "steps", "measures")
    }


def change(store):
    with store.writing(signed("Later.")) as session:
        session.get(ActionRow, "1.2.1").status = "done"


def pack(lines):
    body = "\n".join(lines) + "\n"
    end = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()}, separators=(",", ":"))
    return gzip.compress((body + end + "\n").encode())


def unpacked(path):
    return gzip.decompress(path.read_bytes()).decode().rstrip("\n").split("\n")[:-1]


@pytest.fixture
def saved(lite, tmp_path):
    fill(lite)
    save_backup(lite, tmp_path / "b.gz")
    return tmp_path / "b.gz"


# ---- by hand -------------------------------------------------------------------------------


@pytest.mark.parametrize("into", KINDS)
def test_from_either_database_into_either(database, databases, into, tmp_path):
    store = database.open()
    fill(store)
    before, rows = told(store), trail(store)
    head = save_backup(store, tmp_path / "b.gz")
    assert (head.n, head.hash) == (6, rows[-1]["hash"])
    other = databases(into).open()
    change_of_other = signed("Moved to another server.", "Clerk")
    after = restore(other, load_backup(tmp_path / "b.gz"), change_of_other, tmp_path / "safe.gz")
    assert told(other) == before
    assert not (tmp_path / "safe.gz").exists()
    assert (tmp_path / "b.gz").stat().st_mode & 0o077 == 0  # the secret of public counts is in it
    assert trail(other)[:-1] == rows
    last = trail(other)[-1]
    found = (last["item"], last["by_office"], last["why"])
    assert found == ("store", "Clerk", "Moved to another server.")
    assert json.loads(last["new"]) == {"restored": head.hash, "entries": 6}
    assert [row["hash"] for row in trail(other)] == oracle(trail(other))
    assert verified(other).head == after
    assert verified(other).is_intact
    change(other)
    assert verified(other).head.n == 8


def test_back_to_what_was_and_forward_again(store, tmp_path):
    fill(store)
    save_backup(store, tmp_path / "b.gz")
    change(store)
    later = told(store)
    restore(store, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    assert (tmp_path / "safe.gz").stat().st_mode & 0o077 == 0
    assert {row.status for row in read_records(store).actions} == {"on-track"}
    assert json.loads(trail(store)[-1]["old"])["entries"] == 7
    restore(store, load_backup(tmp_path / "safe.gz"), signed(), tmp_path / "safe2.gz")
    assert told(store) == later
    assert verified(store).is_intact
    for statement in ("UPDATE audit SET why = 'x'", "DELETE FROM audit"):
        with pytest.raises(Exception, match=r"only ever added to|permission denied"):
            run_sql(store, statement)


def test_the_file_is_readable_without_this_program(saved):
    *lines, end = gzip.decompress(saved.read_bytes()).decode().rstrip("\n").split("\n")
    head = json.loads(lines[0])
    assert (head["kind"], head["schema"], head["entries"]) == ("csa-store-backup", NEWEST, 6)
    told_rows = [json.loads(line) for line in lines[1:]]
    assert sum("audit" in row for row in told_rows) == 6
    body = "\n".join(lines) + "\n"
    assert json.loads(end)["sha256"] == hashlib.sha256(body.encode()).hexdigest()


# ---- at the edge ---------------------------------------------------------------------------


def test_a_store_without_an_entry_and_more_rows_than_one_statement_takes(
    databases, tmp_path, monkeypatch
):
    monkeypatch.setattr(backups, "ROWS_AT_ONCE", 2)
    one, other = databases("sqlite").open(), databases("sqlite").open()
    save_backup(one, tmp_path / "none.gz")
    fill(one, 5)
    save_backup(one, tmp_path / "five.gz")
    restore(other, load_backup(tmp_path / "five.gz"), signed(), tmp_path / "safe.gz")
    assert told(other) == told(one)
    restore(other, load_backup(tmp_path / "none.gz"), signed(), tmp_path / "safe.gz")
    assert read_records(other).actions == ()
    assert verified(other).head.n == 1


def test_a_store_whose_guard_was_taken_off_is_restored_and_guarded_again(store, tmp_path):
    fill(store)
    save_backup(store, tmp_path / "b.gz")
    run_sql(store, *unguarded(store), "UPDATE audit SET why = 'x' WHERE id = 2")
    assert verified(store).broken_at == 2
    restore(store, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    assert verified(store).is_intact
    with pytest.raises(Exception, match=r"only ever added to|permission denied"):
        run_sql(store, "UPDATE audit SET why = 'x'")


def test_a_second_try_finds_what_the_first_has_kept(lite, tmp_path):
    fill(lite)
    save_backup(lite, tmp_path / "b.gz")
    (tmp_path / "safe.gz").write_bytes((tmp_path / "b.gz").read_bytes())
    restore(lite, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    assert verified(lite).head.n == 7


# ---- refused -------------------------------------------------------------------------------


def test_any_flipped_byte_is_seen(saved):
    whole, content = load_backup(saved), saved.read_bytes()
    pick = random.Random(6)  # noqa: S311 - no secret
    unseen = set()
    for at in {*range(24), len(content) - 1, *pick.sample(range(len(content)), 150)}:
        for mask in (1, 0x80, 0xFF):
            saved.write_bytes(content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :])
            try:
                found = load_backup(saved)
            except StoreError as error:
                assert "Nothing was changed." in str(error)  # noqa: PT017 - either is right
            else:
                # Nothing in gzip's own flags, date and system bytes is of the store, nor are the
                # bits that fill up its last byte, and codes that no letter has.
                assert found == whole
                unseen.add(at)
    assert len(unseen - {*range(3, 10), len(content) - 9}) <= 1


def test_a_file_cut_short_or_not_ours_is_refused(saved, tmp_path):
    content = saved.read_bytes()
    cut = [
        content[:n]
        for n in (0, 1, 9, 10, 30, len(content) // 2, len(content) - 8, len(content) - 1)
    ]
    other = [b"\x00" * 50, b"SQLite format 3\x00", gzip.compress(b""), gzip.compress(b"{}\n[]\n")]
    other += [
        gzip.compress(b"\xff\xfe"),
        pack(['{"kind":"other"}']),
        pack(["[]"]),
        content + b"more",
    ]
    # Changed and packed again: gzip's own check holds, the file's does not.
    other += [gzip.compress(gzip.decompress(content).replace(b'"on-track"', b'"done"'))]
    for some in (*cut, *other):
        saved.write_bytes(some)
        with pytest.raises(StoreError, match="not a backup, or is damaged"):
            load_backup(saved)
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(StoreError, match="can't be read"):
            load_backup(path)


@pytest.mark.parametrize("change", [{"format_version": 2}, {"schema": "0006"}, {"schema": "2"}])
def test_another_version_is_refused(saved, change):
    first, *rest = unpacked(saved)
    saved.write_bytes(pack([json.dumps(json.loads(first) | change), *rest]))
    with refuses("store.other_backup", StoreError, path=saved):
        load_backup(saved)


def forged(path, edit):
    """A backup whose rows were changed, and its checksum with them."""
    lines = [line for line in map(edit, unpacked(path)) if line]
    path.write_bytes(pack(lines))
    return load_backup(path)


FORGERIES = {
    "a row changed": lambda line: (
        line.replace('"on-track"', '"done"') if line.startswith('{"action"') else line
    ),
    "a row lost": lambda line: "" if '"1.2.2"' in line and line.startswith('{"action"') else line,
    "an entry changed": lambda line: (
        line.replace(WHY, "x") if line.startswith('{"audit"') else line
    ),
    "the last entry lost": lambda line: "" if '"id":6' in line else line,
    "is on record with a different head": lambda line: line.replace('"entries":6', '"entries":5'),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_backup_that_its_own_trail_belies_is_refused_and_nothing_changes(
    store, saved, name, tmp_path
):
    fill(store)
    change(store)
    before, rows = told(store), trail(store)
    with pytest.raises(StoreError, match=r"entries\. Use another backup\. Nothing was changed\."):
        restore(store, forged(saved, FORGERIES[name]), signed(), tmp_path / "safe.gz")
    assert (told(store), trail(store)) == (before, rows)
    assert not (tmp_path / "safe.gz").exists()
    with pytest.raises(Exception, match=r"only ever added to|permission denied"):
        run_sql(store, "DELETE FROM audit")


def test_what_is_replaced_is_never_written_over(lite, saved, tmp_path):
    change(lite)
    (tmp_path / "safe.gz").write_text("mine")
    with pytest.raises(StoreError, match="already exists"):
        restore(lite, load_backup(saved), signed(), tmp_path / "safe.gz")
    assert (tmp_path / "safe.gz").read_text() == "mine"
    assert verified(lite).head.n == 7
    assert tampered(lite, "DELETE FROM audit WHERE id = 1").broken_at == 1


def test_readers_go_on_while_a_backup_is_put_in_place(lite, saved, tmp_path):
    with lite.reading() as session:
        assert session.get(ActionRow, "1.2.1").status == "on-track"
        change(lite)
        restore(lite, load_backup(saved), signed(), tmp_path / "safe.gz")
        session.expire_all()
        assert session.get(ActionRow, "1.2.1").revision == 1


def test_a_page_that_was_open_before_a_restore_writes_over_nothing(store, tmp_path):
    """Its revision comes again, of another content: a restored row never has one that was seen."""
    fill(store)
    save_backup(store, tmp_path / "b.gz")
    change(store)
    seen = {row.key: row.revision for row in read_records(store).actions}
    restore(store, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    for _ in range(2):
        assert all(row.revision > max(seen.values()) for row in read_records(store).actions)
        change(store)
    assert verified(store).is_intact


def test_a_store_is_copied_into_folders_that_are_not_there_yet(lite, tmp_path):
    fill(lite)
    copy_over(Path(lite.name), str(tmp_path / "a" / "b" / "store.sqlite3"))
    copied = open_store(str(tmp_path / "a" / "b" / "store.sqlite3"))
    assert (copied.head(), told(copied)) == (lite.head(), told(lite))
    copied.engine.dispose()


def test_another_programs_tables_beside_ours_stay(lite, saved, tmp_path):
    with sqlite3.connect(lite.name) as raw:
        raw.execute("CREATE TABLE theirs (a)")
        raw.execute("INSERT INTO theirs VALUES (1)")
    raw.close()
    restore(lite, load_backup(saved), signed(), tmp_path / "safe.gz")
    run_sql(lite, "UPDATE theirs SET a = 2")
    assert "theirs" not in {table for line in unpacked(saved) for table in json.loads(line)}
