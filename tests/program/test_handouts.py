"""Hand-outs: who received which edition, outside of what an edition is made from."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, strategies as st
from tests.properties import examples
from tests.stores import GENESIS, TODAY, act, trail, verified

from csa.base.errors import ParamError, RoleError
from csa.program.handouts import EditionFile, hand_out
from csa.program.store.records import read_records
from csa.program.work import add_minute

EDITION = EditionFile("3f9a0c17be42", 7, "2026-02", "executive", "en", "pdf", "ab" * 32)
HTML = replace(EDITION, form="html", sha256="cd" * 32)
MEMBER = act("member")


def received(store):
    rows = read_records(store).handouts
    return [(row.key, row.recipient, row.form, row.handed_on) for row in rows]


# ---- by hand -------------------------------------------------------------------------------


def test_each_recipient_is_an_entry_that_says_what_was_received(store):
    keys = hand_out(store, MEMBER, EDITION, ["Police", " Health \n Department "])
    assert keys == ("2026-02/1", "2026-02/2")
    assert received(store) == [
        ("2026-02/1", "Police", "pdf", TODAY),
        ("2026-02/2", "Health Department", "pdf", TODAY),
    ]
    row = read_records(store).handouts[0]
    told = {name: getattr(row, name) for name in vars(EDITION)}
    assert told == vars(EDITION)
    assert [entry["item"] for entry in trail(store)] == ["handout 2026-02/1", "handout 2026-02/2"]
    assert verified(store).is_intact


def test_what_was_decided_ends_before_the_hand_outs(store):
    assert read_records(store).decided.n == 0
    hand_out(store, MEMBER, EDITION, ["Police"])
    only_handed = read_records(store)
    assert (only_handed.decided.n, only_handed.decided.hash) == (0, GENESIS)
    assert only_handed.head.n == 1
    add_minute(store, act(), "Go on.")
    decided = read_records(store).decided
    assert (decided.n, decided.hash) == (2, trail(store)[1]["hash"])
    hand_out(store, MEMBER, EDITION, ["Health", "Courts"])
    assert (read_records(store).head.n, read_records(store).decided) == (4, decided)


def test_the_same_file_again_on_another_day_is_another_entry(lite):
    hand_out(lite, MEMBER, EDITION, ["Police"])
    hand_out(lite, MEMBER, EDITION, ["Police"], TODAY - timedelta(days=1))
    hand_out(lite, MEMBER, HTML, ["Police"])
    hand_out(lite, MEMBER, EDITION, ["Courts"])
    assert len(received(lite)) == 4


def test_keys_count_by_month_and_the_tenth_comes_after_the_ninth(lite):
    names = [f"Office {n}" for n in range(10)]
    hand_out(lite, MEMBER, EDITION, names)
    (key,) = hand_out(lite, MEMBER, replace(EDITION, month="2026-01"), ["Police"])
    assert key == "2026-01/1"
    assert [row.recipient for row in read_records(lite).handouts] == ["Police", *names]


# ---- refused -------------------------------------------------------------------------------


def test_twice_on_one_day_is_refused_and_then_nobody_of_the_list_is_recorded(store):
    hand_out(store, MEMBER, EDITION, ["Health"])
    with pytest.raises(ParamError, match="already on record that HEALTH received"):
        hand_out(store, MEMBER, EDITION, ["Courts", "HEALTH"])
    with pytest.raises(ParamError, match="already on record that police received"):
        hand_out(store, MEMBER, EDITION, ["Police", "police"])
    assert [row[1] for row in received(store)] == ["Health"]
    assert len(trail(store)) == 1


@pytest.mark.parametrize(
    ("changed", "recipients", "day", "sentence"),
    [
        ({}, [], TODAY, "Name the recipient"),
        ({}, [" "], TODAY, r"recipient must have 1 to 2,000 characters, not 0\."),
        ({}, ["x" * 121], TODAY, "recipient must have 1 to 120 characters, not 121"),
        ({}, ["Police"], TODAY + timedelta(days=1), r"\)\. Record it once that day has come\."),
        *(
            (changed, ["Police"], TODAY, sentence)
            for changed, sentence in (
                ({"month": "2026-04"}, "2026-03-05 is before 2026-04"),
                ({"month": "2026-13"}, "2026-13"),
                ({"form": "exe"}, r"form must be one of pdf, html, docx, not 'exe'\."),
                ({"language": "xx"}, r"language must be one of en, es, not 'xx'\."),
                ({"audience": ""}, r"audience must have 1 to 2,000 characters, not 0\."),
                ({"sha256": "AB" * 32}, r"Make the edition again\."),
                ({"sha256": "ab"}, r"Make the edition again\."),
                (
                    {"snapshot_id": ""},
                    r"snapshot must be a full hash of hexadecimal digits, not ''\.",
                ),
            )
        ),
    ],
)
def test_what_nobody_could_find_again_is_refused(lite, changed, recipients, day, sentence):
    with pytest.raises(ParamError, match=sentence):
        hand_out(lite, MEMBER, replace(EDITION, **changed), recipients, day)
    assert trail(lite) == []


@pytest.mark.parametrize("role", ["viewer", "member", "editor", "chair"])
def test_whoever_may_write_may_hand_out(lite, role):
    if role == "viewer":
        with pytest.raises(RoleError):
            hand_out(lite, act(role), EDITION, ["Police"])
        assert trail(lite) == []
    else:
        hand_out(lite, act(role, strategies=("1.2",)), EDITION, ["Police"])
        assert len(received(lite)) == 1


@pytest.mark.parametrize("n_digits", [12, 64])
def test_a_snapshot_is_known_by_twelve_digits_or_by_all(lite, n_digits):
    hand_out(lite, MEMBER, replace(EDITION, snapshot_id="a" * n_digits), ["Police"])
    other = replace(EDITION, snapshot_id="a" * (11 if n_digits == 12 else 65))
    with pytest.raises(
        ParamError, match="snapshot must be a full hash of hexadecimal digits, not 'aaaaaaaaaaa"
    ):
        hand_out(lite, MEMBER, other, ["Health"])
    assert len(received(lite)) == 1


def test_a_month_edge_day_is_taken(lite):
    hand_out(lite, MEMBER, replace(EDITION, month="2026-03"), ["Police"], TODAY.replace(day=1))
    assert received(lite)[0][3] == TODAY.replace(day=1)


# ---- true in general -----------------------------------------------------------------------


@examples(0.3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.booleans(), max_size=8))
def test_the_last_decision_is_the_last_entry_that_is_no_hand_out(databases, steps):
    """An oracle reads the trail past the program."""
    store = databases("sqlite").open()
    for n, is_handout in enumerate(steps):
        if is_handout:
            hand_out(store, MEMBER, EDITION, [f"Office {n}"])
        else:
            add_minute(store, act(), f"Decision {n}")
    entries = [row for row in trail(store) if not row["item"].startswith("handout ")]
    expected = (entries[-1]["id"], entries[-1]["hash"]) if entries else (0, GENESIS)
    decided = read_records(store).decided
    assert (decided.n, decided.hash) == expected
