"""Counts without points in the store: who adds them, what stays, and what the log has."""

import json
from dataclasses import replace
from datetime import date

import pytest
from tests.sentences import refuses
from tests.stores import TODAY, act, trail

from csa.base.errors import RoleError
from csa.extras.counts.recording import add_counts, count_tables, peer_table
from csa.program.roles import Person
from csa.program.store.records import read_records

MAY = {"Hill": {"": {"2026-05": (4, 4)}, "A": {"2026-05": (1, 4)}}}
JUNE = {"Hill": {"": {"2026-05": (5, 5), "2026-06": (3, 3)}}}
PEERS = {"Made A, ZZ": {"": {"2026-05": (4, 4)}}}


def add(store, counts, name="Injuries", kind="hospital", located="injury", signed=None):
    return add_counts(store, signed or act(), name, kind, located, counts)


def test_new_months_join_a_table_and_what_was_revised_stands_in_the_log(store):
    assert add(store, MAY) == {"new": 2, "changed": 0, "same": 0}
    assert add(store, JUNE) == {"new": 1, "changed": 1, "same": 0}
    assert add(store, JUNE) == {"new": 0, "changed": 0, "same": 2}
    (table,) = count_tables(read_records(store))
    assert table.counts["Hill"] == {
        "": {"2026-05": [5, 5], "2026-06": [3, 3]},
        "A": {"2026-05": [1, 4]},
    }
    first, second, _ = trail(store)
    assert (first["item"], json.loads(second["old"])["counts"]["Hill"][""]) == (
        "counts Injuries",
        {"2026-05": [4, 4]},
    )


def test_other_cities_are_no_outcome_and_keep_the_day_of_their_choice(store):
    add(store, PEERS, "peers", "peers", "")
    later = replace(act(), on=date(TODAY.year + 1, 1, 2))
    add(store, PEERS, "peers", "peers", "", later)
    records = read_records(store)
    assert (count_tables(records), peer_table(records).chosen_on) == ((), TODAY)
    add(store, {**PEERS, "Made B, ZZ": PEERS["Made A, ZZ"]}, "peers", "peers", "", later)
    assert peer_table(read_records(store)).chosen_on == later.on


@pytest.mark.parametrize(
    ("kind", "person"),
    [
        ("hospital", Person("Somebody", "member")),
        ("peers", Person("Somebody", "editor")),
        ("peers", Person("Prevention Team", "chair", team="prevention")),
    ],
)
def test_members_add_nothing_and_only_the_committee_chooses_other_cities(store, kind, person):
    with pytest.raises(RoleError):
        add(store, PEERS, kind=kind, signed=replace(act(), person=person))


def test_a_table_of_another_kind_or_place_is_not_mixed_in(store):
    add(store, MAY)
    for kind, located in (("ems", "injury"), ("hospital", "home")):
        with refuses("count_table.other"):
            add(store, MAY, kind=kind, located=located)
