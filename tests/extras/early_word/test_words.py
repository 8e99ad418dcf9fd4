"""Early word: off until the Committee names an office, never enforcement, each word once."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.sentences import refuses
from tests.stores import act, trail

from csa.base.errors import ConflictError, RoleError
from csa.extras.early_word.words import (
    RUN,
    SHOOTING,
    Word,
    is_quiet,
    name_recipient,
    note_done,
    recipients,
    record_receipt,
    record_words,
    stop_recipient,
)
from csa.program.roles import Person
from csa.program.store.records import read_records
from csa.program.store.tables import WatchRow, WordRow

WORD = Word("A", SHOOTING, 1, date(2026, 3, 1), date(2026, 3, 1), ("m1",))


def test_it_is_off_until_the_committee_names_an_office_and_again_when_it_is_stopped(store):
    assert recipients(read_records(store)) == ()
    name_recipient(store, act(), "Aim4Peace", ["A"])
    [row] = recipients(read_records(store))
    assert (row.key, row.areas, row.quiet_from, row.quiet_until) == ("Aim4Peace", ["A"], 21, 8)
    assert trail(store)[0]["item"] == "watch Aim4Peace"
    stop_recipient(store, act(), "Aim4Peace")
    assert recipients(read_records(store)) == ()


@pytest.mark.parametrize(
    "person",
    [Person("X", "viewer"), Person("X", "editor"), Person("X", "chair", team="prevention")],
)
def test_nobody_but_the_committee_names_one(store, person):
    with pytest.raises(RoleError):
        name_recipient(store, replace(act(), person=person), "Aim4Peace")
    assert len(trail(store)) == 0


@pytest.mark.parametrize(
    "office",
    [
        "KC Police Department",
        "Jackson County Sheriff",
        "County Prosecutor",
        "State Probation",
        "ATF",
    ],
)
def test_law_enforcement_is_refused_unless_the_committee_says_so_outright(store, office):
    with refuses("watch.enforcement"):
        name_recipient(store, act(), office)
    name_recipient(store, act(), office, is_enforcement=True)
    assert len(recipients(read_records(store))) == 1


def test_a_shooting_is_word_once_and_a_run_of_it_once_more(store):
    assert record_words(store, act(), [WORD]) == ("A/1",)
    assert record_words(store, act(), [WORD, replace(WORD, marks=("m1", "m2"))]) == ()
    run = replace(WORD, kind=RUN, marks=("m1", "m2"), n=2)
    assert record_words(store, act(), [run, replace(WORD, area="B")]) == ("A/2", "B/1")


def test_receipts_and_what_was_done_stand_in_the_log_and_names_are_refused(store):
    record_words(store, act(), [WORD])
    record_receipt(store, act(), "A/1", "Aim4Peace", "unsure")
    record_receipt(store, act(), "A/1", "Aim4Peace", "2026-03-05T12:30")
    note_done(store, act("member"), "A/1", "The team walked the blocks.", seen=3)
    [word] = read_records(store).of(WordRow)
    assert word.receipts == {"Aim4Peace": "2026-03-05T12:30"}
    assert word.done == "The team walked the blocks."
    assert [row["item"] for row in trail(store)] == ["word A/1"] * 4
    with refuses("watch.names"):
        note_done(store, act("member"), "A/1", "We met Mr. John Smith at 123 Elm Street.")
    with pytest.raises(ConflictError):
        note_done(store, act("member"), "A/1", "Another note.", seen=1)
    with pytest.raises(RoleError):
        note_done(store, act("viewer"), "A/1", "Something.")


@pytest.mark.parametrize(
    ("hours", "hour", "quiet"),
    [
        ((21, 8), 22, True),
        ((21, 8), 7, True),
        ((21, 8), 8, False),
        ((9, 17), 12, True),
        ((0, 0), 3, False),
    ],
)
def test_quiet_hours_are_those_of_the_city(hours, hour, quiet):
    row = WatchRow(key="X", quiet_from=hours[0], quiet_until=hours[1])
    at = datetime(
        2026, 1, 10, hour + 6 - 24 * (hour > 17), tzinfo=UTC
    )  # Chicago is six hours behind
    at = at.replace(day=11) if hour > 17 else at
    assert is_quiet(row, at, "America/Chicago") is quiet


def test_hours_beyond_a_day_are_refused(store):
    with refuses("watch.hours"):
        name_recipient(store, act(), "Aim4Peace", quiet=(21, 24))
