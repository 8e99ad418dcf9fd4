"""The secret of public numbers: made once, kept with its store, shown by nothing."""

import gzip

import pytest
from tests.sentences import refuses
from tests.stores import signed

from csa.base.errors import StoreError
from csa.disclosure.keys import Secret
from csa.program.secret import keep_public_secret, public_secret
from csa.program.store.backup import load_backup, restore, save_backup
from csa.program.store.engine import open_store

ONE, OTHER = Secret(bytes(range(32))), Secret(bytes(range(1, 33)))


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "a.sqlite3"), make=True, city="testville")


# ---- by hand -------------------------------------------------------------------------------


def test_a_secret_is_kept_and_found_again_and_is_no_entry_of_the_trail(store):
    assert public_secret(store) is None
    keep_public_secret(store, ONE)
    keep_public_secret(store, ONE)
    assert public_secret(store) == ONE
    assert store.head().n == 0


def test_a_backup_carries_it_into_another_store(store, tmp_path):
    keep_public_secret(store, ONE)
    save_backup(store, tmp_path / "b")
    assert ONE.value.hex() in gzip.decompress((tmp_path / "b").read_bytes()).decode()
    other = open_store(str(tmp_path / "c.sqlite3"), make=True, city="testville")
    restore(other, load_backup(tmp_path / "b"), signed("Prevention", "a test"), tmp_path / "safe")
    assert public_secret(other) == ONE


# ---- at the edge ---------------------------------------------------------------------------


def test_no_store_has_none_and_a_backup_from_before_the_first_leaves_it_in_place(store, tmp_path):
    assert public_secret(None) is None
    save_backup(store, tmp_path / "b")
    keep_public_secret(store, ONE)
    restore(store, load_backup(tmp_path / "b"), signed("Prevention", "a test"), tmp_path / "safe")
    assert public_secret(store) == ONE


# ---- refused -------------------------------------------------------------------------------


def test_a_second_first_publication_is_refused(store):
    keep_public_secret(store, ONE)
    with refuses("store.other_secret", StoreError):
        keep_public_secret(store, OTHER)
    assert public_secret(store) == ONE
