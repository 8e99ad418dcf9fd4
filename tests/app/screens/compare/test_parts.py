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


@pytest.mark.parametrize("maintained", ["A", "B", "C"])
def test_an_area_in_maintenance_takes_no_place_and_is_not_named(maintained):
    said = describe_capacity(in_service("ABC", maintained), 3)
    assert said.startswith("2 of 3 openings are filled: ")
    assert says("compare.full") not in said
    assert [f"({letter})" in said for letter in "ABC"] == [one != maintained for one in "ABC"]


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
