"""How areas stand: by letter or id, in words, and where no store can be read."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.sentences import says
from tests.stores import act, lettered

from csa.base.errors import CsaError, StoreError
from csa.city.preregistration import Verdict
from csa.program.areas import designate, maintain
from csa.program.registry import AreaStatus
from csa.program.store.engine import open_store
from csa_app.shared import area_status, cache_store

MARCH = date(2020, 3, 5)


def stands(area_id, letter="", place="Oak", state="designated", since=MARCH):
    if not letter:
        return AreaStatus(area_id, "", place, "candidate", None)
    return AreaStatus(area_id, letter, place, state, since)


FROM_THE_WEST = {
    one.area_id: one
    for one in (
        stands("c-4", place="Yew"),
        stands("c-1", "A", "Hadderley"),
        stands("c-9", "AA", "Elm", "maintenance"),
        stands("c-2", place="Fir"),
    )
}
"""Four areas from west to east, as a proposal lists them; two are in service."""


@pytest.fixture
def opened(city, tmp_path, monkeypatch):
    """Testville with a store to be made."""
    monkeypatch.setenv("CSA_STORE", str(tmp_path / "store.sqlite3"))
    return SimpleNamespace(config=city.config)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("area_id", FROM_THE_WEST)
def test_an_id_is_its_own_area(area_id):
    assert area_status.resolve_area_id(FROM_THE_WEST, area_id) == area_id


@pytest.mark.parametrize(
    ("letter", "area_id"), [("A", "c-1"), ("AA", "c-9"), ("B", ""), ("D", ""), ("", "")]
)
def test_a_letter_is_that_of_the_area_in_service_wherever_it_lies(letter, area_id):
    """The area A is the second from the west: no letter is counted from there."""
    assert area_status.resolve_area_id(FROM_THE_WEST, letter) == area_id


def test_served_areas_are_said_by_name_and_letter_in_the_order_of_letters():
    served = [stands("c-1", "C", "Ash"), stands("c-2"), stands("c-3", "A", "Yew", "maintenance")]
    said = area_status.describe_served({one.area_id: one for one in served})
    assert said == says("standing.of_them", n=2, areas="Yew (A), Ash (C)")
    assert said == "2 of them are already core service areas: Yew (A), Ash (C)."
    parts = [replace(stands(one, place=one), part_of="Oak (B)") for one in ("c-8", "c-9")]
    for n, words in ((1, "One more is part of"), (2, "2 more are part of")):
        more = area_status.describe_served({one.area_id: one for one in (*served, *parts[:n])})
        assert more == f"{said} {words} Oak (B)."
    alone = area_status.describe_served({"c-1": served[0]})
    assert alone == "One of them is already a core service area: Ash (C)."


@pytest.mark.parametrize(
    ("one", "short", "words"),
    [
        (stands("c-1", "A"), "core service area", "core service area since March 2020"),
        (stands("c-1", "A", state="maintenance"), "maintenance", "in maintenance since March 2020"),
        (stands("c-1"), "candidate", "candidate"),
    ],
)
def test_a_state_is_said_shortly_and_with_its_month(one, short, words):
    assert (area_status.short_state(one), area_status.state_words(one)) == (short, words)


def test_an_area_of_the_proposal_stands_as_the_store_says_and_files_say_so_too(opened, city):
    assert [one.letter for one in area_status.area_statuses(opened, city.proposal).values()] == [
        "",
        "",
    ]
    store = open_store(str(cache_store.address(opened)), make=True)
    designate(store, act(on=MARCH), lettered(city.proposal, "B"))
    found = area_status.area_statuses(opened, city.proposal)
    assert {
        area_id: (one.display_name, one.state, one.since) for area_id, one in found.items()
    } == {
        "c-1": ("West End", "candidate", None),
        "c-2": ("East End (B)", "designated", MARCH),
    }
    filled = area_status.served_as(opened, city.proposal)
    assert filled.areas["served_as"].tolist() == ["", "B"]
    assert city.proposal.areas["served_as"].tolist() == ["", ""]  # what is cached stays
    fewer = {
        "verdict": str(Verdict.FEWER),
        "since": "2020-04",
        "cells": list(lettered(city.proposal, "B").cells),
    }
    maintain(store, act(on=date(2021, 5, 6), why="It fell by more than luck."), "B", fewer)
    (area,) = area_status.areas_in_service(opened)
    assert (area.key, area.state) == ("B", "maintenance")
    one = area_status.area_statuses(opened, city.proposal)["c-2"]
    assert area_status.state_words(one) == "in maintenance since May 2021"
    store.engine.dispose()


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["", "c-3", "c-", "E", "Z", "ZZZ", "a", "Hadderley"])
def test_nothing_and_what_no_area_has_is_no_area(given):
    assert area_status.resolve_area_id(FROM_THE_WEST, given) == ""


def test_of_no_areas_none_is_found_and_none_is_served():
    assert (
        area_status.resolve_area_id({}, "A")
        == area_status.resolve_area_id({}, "c-1")
        == area_status.resolve_area_id({}, "")
        == ""
    )
    assert area_status.describe_served({}) == ""


def test_where_none_is_served_nothing_is_said():
    assert (
        area_status.describe_served({area_id: stands(area_id) for area_id in ("c-1", "c-2")}) == ""
    )


# ---- Refused --------------------------------------------------------------------------------


def test_where_the_store_cannot_be_read_no_area_is_in_service(opened, city, monkeypatch):
    def broken(_):
        raise StoreError("store.other", name="the store")

    monkeypatch.setattr(cache_store, "records", broken)
    assert area_status.areas_in_service(opened) == ()
    found = area_status.area_statuses(opened, city.proposal)
    assert {one.display_name for one in found.values()} == {"West End", "East End"}
    assert area_status.served_as(opened, city.proposal).areas["served_as"].tolist() == ["", ""]


def test_a_damaged_store_is_such_a_store(opened):
    Path(cache_store.address(opened)).write_text("no database")
    assert area_status.areas_in_service(opened) == ()


def test_another_error_is_not_taken_for_a_store_without_areas(opened, monkeypatch):
    def broken(_):
        raise CsaError("screen.bad_link")

    monkeypatch.setattr(cache_store, "records", broken)
    with pytest.raises(CsaError):
        area_status.areas_in_service(opened)
