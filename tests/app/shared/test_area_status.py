"""How areas stand: by letter or id, in words, and where no store can be read."""

from datetime import date
from types import SimpleNamespace

import pytest
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


@pytest.mark.parametrize("given", ["", "c-3", "c-", "E", "Z", "ZZZ", "a", "Hadderley"])
def test_nothing_and_what_no_area_has_is_no_area(given):
    assert area_status.resolve_area_id(FROM_THE_WEST, given) == ""


def test_where_the_store_cannot_be_read_no_area_is_in_service(opened, city, monkeypatch):
    def broken(_):
        raise StoreError("store.other", name="the store")

    monkeypatch.setattr(cache_store, "records", broken)
    assert area_status.areas_in_service(opened) == ()
    found = area_status.area_statuses(opened, city.proposal)
    assert {one.display_name for one in found.values()} == {"West End", "East End"}
    assert area_status.served_as(opened, city.proposal).areas["served_as"].tolist() == ["", ""]


def test_another_error_is_not_taken_for_a_store_without_areas(opened, monkeypatch):
    def broken(_):
        raise CsaError("screen.bad_link")

    monkeypatch.setattr(cache_store, "records", broken)
    with pytest.raises(CsaError):
        area_status.areas_in_service(opened)
