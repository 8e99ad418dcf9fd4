"""The one seam between pages and the store."""

from types import SimpleNamespace

import pytest

from app.shared import cache_store
from csa.base.errors import RoleError
from csa.decisions.store import open_store
from tests.stores import plain


@pytest.fixture
def opened(city):
    return SimpleNamespace(config=city.config)


def test_a_store_that_another_process_makes_is_seen(opened, address, monkeypatch):
    monkeypatch.setenv("CSA_STORE", address)
    assert cache_store.reading(opened) is None
    made = open_store(address, make=True)
    found = cache_store.reading(opened)
    assert found is not None
    assert plain(found) == plain(made)
    for store in (made, found):
        store.engine.dispose()


def test_what_everybody_opens_makes_no_store(opened, tmp_path, monkeypatch):
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    monkeypatch.setenv("CSA_ACCESS", "public")
    with pytest.raises(RoleError):
        cache_store.writing(opened)
    assert not (tmp_path / "store.sqlite3").exists()
