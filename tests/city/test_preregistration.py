"""What is agreed on the day of a designation, and any later change to it."""

import hashlib
import json
from datetime import date

import pytest

from csa.base.params import Month
from csa.city.preregistration import WINDOWS, is_intact, preregister, sealed_since

CELLS = ("8a2a1072b59ffff", "8a2a1072b587fff")


def test_a_seal_is_the_hash_of_all_that_was_agreed():
    agreed = preregister(CELLS, date(2024, 3, 5), ["homicide"])
    rules = {name: value for name, value in agreed.items() if name != "sha256"}
    assert rules == {
        "rules_version": 1,
        "cells": sorted(CELLS),
        "ring_m": 750.0,
        "outcome": ["homicide"],
        "since": "2024-04",
        "months_before": 36,
        "windows_months": [12, 24, 36],
        "comparison": "the rest of the city",
        "alarm_chance": 0.05,
        "planned_looks": 24,
        "net_z": 1.96,
        "net_months": 12,
        "band_edges_m": [750.0, 1500.0, 3000.0],
        "band_z": 2.77,
        "single_z": 2.33,
        "evidence_chance": 0.02,
    }
    text = json.dumps(rules, sort_keys=True, separators=(",", ":"))
    assert agreed["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert sealed_since(agreed) == Month(2024, 4)
    assert WINDOWS == (12, 24, 36)


def test_a_service_that_begins_on_the_first_counts_from_that_month_and_without_kinds_all_count():
    agreed = preregister(CELLS, date(2024, 3, 1))
    assert agreed["since"] == "2024-03"
    assert agreed["outcome"] == ["homicide", "nonfatal"]


@pytest.mark.parametrize("name", sorted(preregister(CELLS, date(2024, 3, 5))))
def test_any_change_breaks_the_seal(name):
    agreed = preregister(CELLS, date(2024, 3, 5))
    assert is_intact(agreed)
    assert is_intact(json.loads(json.dumps(agreed)))
    assert not is_intact({**agreed, name: "another"})
    assert not is_intact({one: value for one, value in agreed.items() if one != name})
    assert not is_intact({**agreed, "more": 1})


def test_the_order_of_cells_makes_no_difference():
    assert preregister(CELLS, date(2024, 3, 5)) == preregister(CELLS[::-1], date(2024, 3, 5))
