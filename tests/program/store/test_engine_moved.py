"""Nothing is called saved that does not stand at the store's address: files moved, stores replaced."""

import shutil
from pathlib import Path

import pytest
from tests.sentences import refuses
from tests.stores import act, plain, signed, trail, verified

from csa.base.errors import StoreError
from csa.program.store.backup import copy_over, load_backup, restore, save_backup
from csa.program.store.engine import Store, make_store, open_store
from csa.program.store.records import read_records
from csa.program.work import add_minute, save_draft


def refused(write, *given):
    with refuses("store.moved", StoreError):
        write(*given)


@pytest.fixture
def after_commit(monkeypatch):
    """Let something happen between a commit and the look at what stands there."""

    def happens(what):
        look = Store._refuse_other

        def later(store, connection, head, *, is_last=False):
            if not is_last:
                monkeypatch.setattr(Store, "_refuse_other", look)
                what()
            look(store, connection, head, is_last=is_last)

        monkeypatch.setattr(Store, "_refuse_other", later)

    return happens


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_another_store_in_its_place_is_not_written(kind, databases, server):
    database = databases(kind)
    one, other = (make_store(database.new(), "testville") for _ in range(2))
    assert one.id != other.id
    add_minute(one, act(), "Ours.")
    add_minute(other, act(), "Theirs.")
    one.engine.dispose()
    other.engine.dispose()
    if kind == "sqlite":
        Path(other.name).replace(one.name)
    else:
        names = one.engine.url.database, other.engine.url.database
        server.run(f'ALTER DATABASE "{names[0]}" RENAME TO "{names[0]}_away"')
        server.run(f'ALTER DATABASE "{names[1]}" RENAME TO "{names[0]}"')
    refused(add_minute, one, act(), "Lost?")
    assert one.is_lost
    again = open_store(plain(one))
    assert [row.text for row in read_records(again).minutes] == ["Theirs."]
    add_minute(again, act(), "Ours, again.")
    again.engine.dispose()
    one.engine.dispose()


def test_a_file_that_goes_after_the_commit_is_not_called_saved(lite, after_commit, tmp_path):
    path = Path(lite.name)
    after_commit(lambda: path.rename(tmp_path / "away.sqlite3"))
    refused(add_minute, lite, act(), "Lost?")
    assert not path.exists()
    refused(lite.head)
    shutil.move(tmp_path / "away.sqlite3", path)
    add_minute(lite, act(), "Put back.")
    assert verified(lite).is_intact


def test_a_copy_in_its_place_after_the_commit_is_another_file(lite, after_commit, tmp_path):
    """Of a draft no entry tells, and the copy has the same id: its inode is another."""
    path, person = Path(lite.name), act().person

    def swap():
        shutil.copy(path, tmp_path / "copy.sqlite3")
        (tmp_path / "copy.sqlite3").replace(path)

    after_commit(swap)
    refused(save_draft, lite, person, "plan", {"text": "Lost?"})
    save_draft(lite, person, "plan", {"text": "Kept."})


def test_what_a_restore_replaced_meanwhile_is_not_called_saved(store, after_commit, tmp_path):
    add_minute(store, act(), "Before.")
    save_backup(store, tmp_path / "b.gz")
    other = open_store(plain(store))
    after_commit(
        lambda: restore(other, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    )
    refused(add_minute, store, act(), "Replaced at once.")
    assert [row.text for row in read_records(store).minutes] == ["Before."]
    restore(store, load_backup(tmp_path / "safe.gz"), signed(), tmp_path / "safe2.gz")
    assert [row.text for row in read_records(store).minutes] == ["Before.", "Replaced at once."]
    other.engine.dispose()


def test_the_id_is_the_places_and_not_the_contents(database, tmp_path):
    one, other = (database.open(database.new()) for _ in range(2))
    assert len({one.id, other.id, None}) == 3
    add_minute(one, act(), "Ours.")
    save_backup(one, tmp_path / "b.gz")
    restore(other, load_backup(tmp_path / "b.gz"), signed(), tmp_path / "safe.gz")
    again = database.open(plain(other))
    assert again.id == other.id
    add_minute(other, act(), "By who had it open.")
    save_backup(other, tmp_path / "c.gz")
    assert [row.get("value") for row in load_backup(tmp_path / "b.gz").tables["about"]] == []


def test_the_id_stays_where_rows_are_restored_or_copied_over(lite, databases, tmp_path):
    other = databases("sqlite").open()
    add_minute(other, act(), "Theirs.")
    save_backup(other, tmp_path / "other.gz")
    for put in (
        lambda: restore(lite, load_backup(tmp_path / "other.gz"), signed(), tmp_path / "safe.gz"),
        lambda: copy_over(Path(other.name), lite.name, lite.id),
    ):
        put()
        assert databases("sqlite").open(plain(lite)).id == lite.id
        n = lite.head().n
        add_minute(lite, act(), "Goes on.")
        assert trail(lite)[-1]["id"] == n + 1
