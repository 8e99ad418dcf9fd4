"""Choices: what was chosen, by whom and why, written once with the areas as they were seen."""

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from tests.sentences import says

from csa.areas.proposal import Proposal
from csa.areas.window import NOTHING_COUNTED
from csa.base.errors import OutputError, ParamError, RoleError
from csa.program.choices import Choice, list_choices, passed_over, save_choice
from csa.program.roles import Person, local_person

save = partial(save_choice, by=local_person("Executive Committee"))
NOON = datetime(2024, 3, 5, 12, 30, 15, tzinfo=UTC)
REASONS = "Both places were named by neighbors, and outreach is near."
CELLS = {"A": ["891e35a0003ffff", "891e35a0007ffff"], "B": ["891e35a000bffff"], "C": []}


def choice(**changed):
    given = {
        "at_utc": NOON, "by_office": " Executive Committee ", "areas": ("A", "C"),
        "reasons": f"  {REASONS}\n", "capacity": 2, "weights": {"expected": 2.0, "people": 0.5},
    }  # fmt: skip
    return Choice(**(given | changed))


NAMES = {letter: f"Place {letter}" for letter in "ABCDEF"}


def judged(*tiers):
    """Areas A, B ... with these tiers: what was counted and expected is their number."""
    names = [chr(ord("A") + place) for place in range(len(tiers))]
    numbers = range(1, len(tiers) + 1)
    columns = {
        "area_id": names,
        "place_name": [f"Place {name}" for name in names],
        "tier": pd.array(tiers, dtype="Int64"),
        "incidents": [10 * n for n in numbers],
        "expected": [8.04 * n for n in numbers],
        "expected_low": [5.55 * n for n in numbers],
        "expected_high": [12.0 * n for n in numbers],
    }
    return SimpleNamespace(table=pd.DataFrame(columns))


@pytest.fixture
def proposal():
    areas = pd.DataFrame({"area_id": list(CELLS), "cells": list(CELLS.values())})
    summary = {
        "city": "testville", "data_fingerprint": "f" * 64, "n": 7,
        "params": {"eps_m": 200.0, "until": "2024-01"}, "versions": {"csa": "1", "method": "2"},
    }  # fmt: skip
    return Proposal(areas, NOTHING_COUNTED, pd.DataFrame(), summary)


# ---- By hand --------------------------------------------------------------------------------


def test_a_choice_is_read_back_with_the_areas_as_they_were_seen(tmp_path, proposal):
    path = save(tmp_path, choice(), proposal, judged(1, None, None))
    assert path.name == "choice-20240305T123015Z.json"
    kept, complaints = list_choices(tmp_path)
    assert complaints == []
    assert kept == [
        {
            "kind": "choice",
            "format_version": 1,
            "at_utc": "2024-03-05T12:30:15Z",
            "by_office": "Executive Committee",
            "reasons": REASONS,
            "capacity": 2,
            "weights": {"expected": 2.0, "people": 0.5},
            "areas": [
                {"area_id": "A", "place_name": "Place A", "tier": 1, "incidents": 10,
                 "expected": [8.0, 5.5, 12.0], "cells": CELLS["A"]},
                {"area_id": "C", "place_name": "Place C", "tier": None, "incidents": 30,
                 "expected": [24.1, 16.6, 36.0], "cells": []},
            ],
            "city": "testville",
            "data_fingerprint": "f" * 64,
            "params": {"eps_m": 200.0, "until": "2024-01"},
            "versions": {"csa": "1", "method": "2"},
        }
    ]  # fmt: skip


def test_the_latest_choice_stands_first_and_the_earlier_one_beside_it(tmp_path, proposal):
    for days, area in ((0, "A"), (2, "B"), (1, "C")):
        one = choice(at_utc=NOON + timedelta(days=days), areas=(area,))
        save(tmp_path, one, proposal, judged(1, 2, None))
    kept, _ = list_choices(tmp_path)
    assert [[area["area_id"] for area in one["areas"]] for one in kept] == [["B"], ["C"], ["A"]]


# ---- At the edge ----------------------------------------------------------------------------


def test_where_nothing_was_ever_kept_there_is_no_choice(tmp_path):
    assert list_choices(tmp_path) == ([], [])
    assert list_choices(tmp_path / "absent") == ([], [])
    assert not (tmp_path / "absent").exists()


def test_other_files_in_the_folder_are_no_choices(tmp_path, proposal):
    save(tmp_path, choice(), proposal, judged(1, 1, 1))
    (tmp_path / "notes.json").write_text("{")
    kept, complaints = list_choices(tmp_path)
    assert (len(kept), complaints) == (1, [])


def test_twenty_characters_are_reasons_and_nineteen_are_none():
    assert choice(reasons="a" * 20).reasons == "a" * 20
    with pytest.raises(ParamError):
        choice(reasons="a" * 19)


def test_a_zone_of_another_name_that_is_utc_is_utc():
    assert choice(at_utc=NOON.astimezone(timezone(timedelta(0), "GMT")))


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"areas": ()}, says("choose.no_area")),
        ({"reasons": ""}, "The reasons are missing or very short."),
        (
            {"reasons": " because \n\n\t           it is "},
            r"The reasons are missing or very short\. Write at least one sentence \(20 characters\): people will ask\.",
        ),
        ({"by_office": " \t"}, says("choose.no_office")),
        ({"at_utc": NOON.replace(tzinfo=None)}, says("choose.not_utc")),
        ({"at_utc": NOON.astimezone(timezone(timedelta(hours=-6)))}, "must be UTC"),
        ({"at_utc": NOON.astimezone(timezone(timedelta(minutes=30)))}, "must be UTC"),
    ],
)
def test_a_choice_that_nobody_could_account_for_is_refused(changed, said):
    with pytest.raises(ParamError, match=said):
        choice(**changed)


def test_areas_that_are_no_candidates_are_named_and_nothing_is_written(tmp_path, proposal):
    with pytest.raises(
        ParamError, match=r"No candidate area is called X, D\. Choose from the list\."
    ):
        save(tmp_path, choice(areas=("X", "A", "D")), proposal, judged(1, 1, 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "by",
    [
        Person("Anybody"),
        Person("Agency", "member"),
        Person("Court", "editor", ("1.2",)),
        Person("Prosecutor", "chair", team="intervention"),
    ],
    ids=lambda by: by.role,
)
def test_who_may_not_say_where_to_serve_keeps_no_choice(tmp_path, proposal, by):
    with pytest.raises(RoleError, match=r"requires the role chair|decides where to serve"):
        save_choice(tmp_path, choice(), proposal, judged(1, 2, 3), by=by)
    assert not list(tmp_path.iterdir())


def test_a_choice_is_never_written_over(tmp_path, proposal):
    path = save(tmp_path, choice(), proposal, judged(1, 2, 3))
    before = path.read_bytes()
    later = choice(at_utc=NOON + timedelta(microseconds=999_999), areas=("B",))
    with pytest.raises(ParamError, match=r"same second\. Try again\."):
        save(tmp_path, later, proposal, judged(1, 2, 3))
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_of_eight_people_who_keep_a_choice_in_one_second_one_is_told_that_it_is_kept(
    tmp_path, proposal
):
    start, told = threading.Barrier(8), []

    def keep(office):
        one = choice(by_office=office)
        start.wait()
        try:
            save(tmp_path, one, proposal, judged(1, 2, 3))
        except ParamError as error:
            told.append(error.message.key)
        else:
            told.append(office)

    people = [threading.Thread(target=keep, args=(f"Office {n}",)) for n in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    (kept,), complaints = list_choices(tmp_path)
    assert sorted(told) == [kept["by_office"], *["choose.same_second"] * 7]
    assert complaints == []
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "record"}',
        "{}",
        b"\xff\xfe\x00".decode("latin1"),
        "[" * 99999,
    ],
    ids=range(8),
)
def test_a_damaged_choice_is_named_and_hides_no_other(tmp_path, proposal, damaged):
    save(tmp_path, choice(), proposal, judged(1, 2, 3))
    bad = tmp_path / "choice-20240101T000000Z.json"
    bad.write_text(damaged, encoding="latin1")
    kept, complaints = list_choices(tmp_path)
    assert [one["at_utc"] for one in kept] == ["2024-03-05T12:30:15Z"]
    (complaint,) = map(str, complaints)
    assert f"{bad.name} is not a readable choice. Move it, and ask who changed it." in complaint


@pytest.mark.parametrize("version", [0, 2, 99, "1", None])
def test_a_choice_of_another_form_is_not_shown_and_said(tmp_path, proposal, version):
    path = save(tmp_path, choice(), proposal, judged(1, 2, 3))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": version}))
    kept, (complaint,) = list_choices(tmp_path)
    assert kept == []
    assert (
        f"{path.name} was saved in format {version}; this version of csa reads format 1. Open it with the version that wrote it."
        in str(complaint)
    )


KEPT_KEYS = (
    *("at_utc", "by_office", "reasons", "capacity", "weights", "areas", "city"),
    *("data_fingerprint", "params", "versions"),
)
AREA_KEYS = ["area_id", "place_name", "tier", "incidents", "expected", "cells"]


def odd_ones(whole):
    """What lacks a part or holds it in another form: no area, no day."""
    for name in KEPT_KEYS:
        yield {key: value for key, value in whole.items() if key != name}
        yield whole | {name: None}
    first, last = whole["areas"]
    for name in AREA_KEYS:
        yield whole | {"areas": [first, {key: last[key] for key in last if key != name}]}
    for areas in ([], ["A"]):
        yield whole | {"areas": areas}
    for day in ("yesterday", "2024-13-05T12:30:15Z"):
        yield whole | {"at_utc": day}


def test_a_choice_that_lacks_something_or_holds_it_in_another_form_is_not_shown(tmp_path, proposal):
    path = save(tmp_path, choice(), proposal, judged(1, 2, 3))
    for odd in odd_ones(json.loads(path.read_text())):
        path.write_text(json.dumps(odd))
        kept, complaints = list_choices(tmp_path)
        assert (kept, [one.key for one in complaints]) == ([], ["choose.damaged"]), odd


def test_a_folder_that_cannot_be_made_is_an_error_of_output(tmp_path, proposal):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save(tmp_path / "file" / "choices", choice(), proposal, judged(1, 2, 3))


# ---- True in general ------------------------------------------------------------------------


@given(st.lists(st.none() | st.integers(1, 4), min_size=1, max_size=6), st.sets(st.integers(0, 5)))
def test_passed_over_are_those_left_out_that_stand_above_some_chosen_one(tiers, places):
    chosen = {chr(65 + place) for place in places if place < len(tiers)}
    by_area = {chr(65 + place): tier for place, tier in enumerate(tiers)}
    expected = [
        f"Place {area}"
        for area, tier in by_area.items()
        if area not in chosen
        and tier is not None
        and any(by_area[one] is None or by_area[one] > tier for one in chosen)
    ]
    message = passed_over(judged(*tiers), sorted(chosen), NAMES)
    assert (message.values["areas"].split(", ") if message else []) == expected  # noqa: PD011
    assert message is None or message.values["n"] == len(expected)  # noqa: PD011
