"""Compare and choose: how many places areas in service take, and for how many there is room."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.sentences import says

from csa.program.registry import AreaStatus, CoreArea
from csa_app.screens.compare import parts
from csa_app.screens.compare.parts import describe_capacity, describe_open_slots, open_places

DAY = date(2020, 2, 3)
PLACES = {"A": "Hadderley", "B": "Oak, north", "C": "Silverbeck", "D": "Elm", "E": "Yew"}


def in_service(letters, maintained=""):
    """Areas as the registry lists them; those of some letters are in maintenance."""
    return [
        CoreArea(
            letter,
            PLACES[letter],
            "maintenance" if letter in maintained else "designated",
            DAY,
            DAY,
            ((DAY, frozenset({1})),),
            {},
        )
        for letter in letters
    ]


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "sure", "even"),
    [(0, "", ""), (1, "b", ""), (2, "b", "cd"), (3, "bcd", ""), (4, "bcdf", ""), (9, "bcdf", "")],
)
def test_open_places_are_filled_by_tier_and_a_tier_that_does_not_fit_is_a_tie(room, sure, even):
    """Area a is served, e is part of it, g has no tier: none of them takes an open place."""
    chosen = pd.DataFrame({"tier": (1, 1, 2, 2, 2, 3, None)}, index=list("abcdefg"))
    standing = {
        one: AreaStatus(
            one, "A" if one == "a" else "", one, "", None, "a (A)" if one == "e" else ""
        )
        for one in "abcdefg"
    }
    found = open_places(chosen, in_service("A"), standing, room + 1)
    assert (found.room, found.sure, found.even) == (room, set(sure), set(even))
    words = [found.word(one) for one in "abcdefg"]
    assert words == ["yes" if one in sure else "tie" if one in even else "" for one in "abcdefg"]
    names = {one: one.upper() for one in "abcdefg"}
    said = {
        0: [],
        1: ["First for the opening: B."],
        2: [
            "First for one of the 2 openings: B.",
            "Tie for the last opening, which the data can't break: C, D. People decide.",
        ],
    }
    whole = [f"First for the {room} openings: {', '.join(sure.upper())}."]
    assert describe_open_slots(found, names) == said.get(room, whole)


def test_three_of_five_places_are_taken_and_there_is_room_for_two_more():
    said = describe_capacity(in_service("ABC"), 5)
    assert said == "3 of 5 openings are filled: Hadderley (A); Oak, north (B); Silverbeck (C)."


def test_one_place_taken_and_one_left_are_said_in_the_singular():
    said = describe_capacity(in_service("A"), 2)
    assert said == "One of 2 openings is filled: Hadderley (A)."


def test_where_all_places_are_taken_there_is_no_room():
    said = describe_capacity(in_service("ABC"), 3)
    assert said.startswith("3 of 3 openings are filled: Hadderley (A); ")
    assert said.endswith(says("compare.full"))


@pytest.mark.parametrize("maintained", ["A", "B", "C"])
def test_an_area_in_maintenance_takes_no_place_and_is_not_named(maintained):
    said = describe_capacity(in_service("ABC", maintained), 3)
    assert said.startswith("2 of 3 openings are filled: ")
    assert says("compare.full") not in said
    assert [f"({letter})" in said for letter in "ABC"] == [one != maintained for one in "ABC"]


# ---- At the edge ----------------------------------------------------------------------------


@pytest.mark.parametrize("areas", [[], in_service("AB", "AB")], ids=["none", "maintenance"])
def test_where_no_area_takes_a_place_nothing_is_said(areas):
    assert describe_capacity(areas, 5) == ""


def test_more_areas_than_places_leave_no_room():
    """A reader may enter a smaller capacity than the office has."""
    said = describe_capacity(in_service("ABCDE"), 2)
    assert said.endswith(says("compare.full"))
    assert all(f"{PLACES[letter]} ({letter})" in said for letter in PLACES)


def test_the_share_of_an_area_inside_zones_is_of_its_own_ground(monkeypatch):
    """c-1 is area A, whose ground is half in the zone; c-2 shares nothing; B is no candidate."""
    cells = [f"8926ad9{n:02x}0bffff" for n in range(1, 9)]
    own = [frozenset(int(cell, 16) for cell in cells[at : at + 2]) for at in (0, 2, 4)]
    areas = pd.DataFrame(
        {"area_id": ["c-1", "c-2"], "place_name": ["Elm", "Oak"], "cells": [cells[6:], cells[2:4]]}
    )
    zone = SimpleNamespace(place_name="Grant", ended=None, cells=frozenset([min(own[0])]) | own[2])
    core = [
        SimpleNamespace(
            key=key, place_name=key * 3, cells=ground, state="designated", state_since=None
        )
        for key, ground in (("A", own[0]), ("B", own[2]))
    ]
    statuses = {
        "c-1": AreaStatus("c-1", "A", "Elm", "designated", None),
        "c-2": AreaStatus("c-2", "", "Oak", "candidate", None),
    }
    view = SimpleNamespace(
        zones=[zone, SimpleNamespace(ended=1)],
        core=core,
        others=core[1:],
        statuses=statuses,
        proposal=SimpleNamespace(areas=areas),
    )
    shown = []
    monkeypatch.setattr(parts.panels, "table", lambda rows, *_: shown.append(rows))
    parts.zones_in_common(view)
    [table] = shown
    assert table["Grant"] == ["50%", "100%"]
    assert "Oak" not in table[says("term.area")]
    parts.zones_in_common(SimpleNamespace(zones=[]))  # without zones nothing is folded
