"""The one seam between pages and the store."""

from datetime import date
from types import SimpleNamespace

import pytest
from tests.sentences import refuses
from tests.stores import act, plain

from csa.base.errors import StoreError
from csa.base.params import Month
from csa.ingest.designation import Candidate
from csa.program.areas import designate
from csa.program.store.engine import open_store
from csa_app.shared import cache_store
from csa_app.shared.cache_report import ReportBasis
from csa_app.shared.city_session import CitySession


@pytest.fixture
def opened(city):
    return SimpleNamespace(config=city.config)


def test_a_store_that_another_process_makes_is_seen(opened, address, monkeypatch):
    monkeypatch.setenv("CSA_STORE", address)
    assert cache_store.open_read_only(opened) is None
    made = open_store(address, make=True)
    found = cache_store.open_read_only(opened)
    assert found is not None
    assert plain(found) == plain(made)
    for store in (made, found):
        store.engine.dispose()


def test_a_store_whose_folder_is_missing_is_no_empty_one(opened, tmp_path, monkeypatch):
    """Its disk is not mounted, or the path is mistyped: the default alone may be without a folder."""
    monkeypatch.setenv("CSA_STORE", f"sqlite:///{tmp_path / 'absent' / 'store.sqlite3'}")
    for ask in (cache_store.records, cache_store.open_writable):
        with refuses("store.missing", StoreError):
            ask(opened)
    assert not (tmp_path / "absent").exists()


def test_a_report_on_screen_of_a_past_month_has_what_was_decided_by_its_end(
    city, tmp_path, monkeypatch
):
    where = str(tmp_path / "store.sqlite3")
    monkeypatch.setenv("CSA_STORE", where)
    store = open_store(where, make=True, city=city.config.city.id)
    last = Month.parse(city.dataset.report["data_through"][:7]).plus(-1)
    day = date(last.year, last.number, 2)
    designate(store, act(on=day), Candidate("B", "Hadderley", ("8926ad90507ffff",), {}))
    store.engine.dispose()
    seen = CitySession(city.config, city.dataset, tmp_path, incidents_key="k")
    basis = ReportBasis(seen, None, cache_store.records(seen))
    found = {n: basis.at(str(last.plus(n))) for n in (-1, 0)}
    assert [row.key for row in found[0].areas] == ["B"]
    assert found[-1].areas == ()
    assert found[-1].on is not None
