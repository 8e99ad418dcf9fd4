"""A public text that was caught may stand when an office has read it again, as the trail says."""

import pytest
from tests.stores import act

from csa.base.errors import ParamError, RoleError
from csa.disclosure.texts import code_of
from csa.program.store.audit import entries, verify
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.writing import confirm_texts

CODES = [code_of("Visit 4123 Prospect Ave"), code_of("Call 816-555-0134")]


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "a.sqlite3"), make=True, city="testville")


def test_what_is_confirmed_is_in_the_trail_with_its_office_and_is_read_again(store):
    confirm_texts(store, act("member", office="Prevention"), CODES)
    assert read_records(store).confirmed == frozenset(CODES)
    with store.reading() as session:
        found = entries(session.connection())
        assert verify(session).is_intact
    assert [one["by_office"] for one in found] == ["Prevention", "Prevention"]


@pytest.mark.parametrize("codes", [[], ["12345"], ["Visit 41"], [CODES[0], "0" * 9]])
def test_what_is_no_code_is_refused_and_nothing_is_recorded(store, codes):
    with pytest.raises(ParamError):
        confirm_texts(store, act(), codes)
    assert read_records(store).confirmed == frozenset()


def test_who_only_reads_may_not_confirm(store):
    with pytest.raises(RoleError):
        confirm_texts(store, act("viewer"), CODES)
