"""Cells by month: packed as they were counted, and named as people name months."""

import base64
import json
from datetime import date
from itertools import accumulate

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, strategies as st

from csa.base.params import Month
from csa.geo.cell_time import CellTimeLayer, CellTimes, ground_map, ground_options
from csa.geo.palette import PAPER

CELLS = sorted(h3.grid_disk(h3.latlng_to_cell(39.02, -94.55, 10), 2))
FIRST = Month(2019, 11)
SPAN = (FIRST, Month(2020, 2))
DRAWN = [("cells.json", {cell: n for n, cell in enumerate(CELLS)})]


def times(rows, n_months, months=1):
    cells = np.array([CELLS[at] for at, _ in rows], dtype=np.uint64)
    month = np.array([FIRST.index + step for _, step in rows], dtype=np.int64)
    return CellTimes.of(cells, month, FIRST, FIRST.plus(n_months), months)


def message(found, through=date(2020, 4, 30), span=SPAN):
    none = [], np.zeros(len(found.cells), dtype=np.int64)
    return found.to_message(DRAWN, PAPER, span, none, through=through)


def unpacked(text):
    return np.frombuffer(base64.b64decode(text[1:]), dtype=f"<u{text[0]}").tolist()


def test_three_incidents_in_two_cells_are_packed_cell_by_cell():
    told = message(times([(4, 2), (1, 5), (4, 0), (1, 6), (2, -1)], 6))
    assert unpacked(told["gaps"]) == [1, 3]
    assert unpacked(told["counts"]) == [1, 2]  # what lies before or after is left out
    assert unpacked(told["steps"]) == [5, 0, 2]
    assert (told["span"], told["anchor"], told["partial"]) == ([0, 3], 3, False)
    assert told["ticks"] == [(2, "2020")]
    assert told["names"][0] == ("November 2019", "November 2019")


@pytest.mark.parametrize(
    ("months", "through", "last"),
    [
        (1, date(2020, 4, 30), ("April 2020", "April 2020")),
        (1, date(2020, 4, 12), ("April 12, 2020", "April 12, 2020")),
        (3, date(2020, 4, 12), ("February 2020", "April 12, 2020")),
        (6, date(2020, 5, 1), ("November 2019", "April 2020")),
    ],
)
def test_a_last_step_in_part_is_named_by_its_day(months, through, last):
    told = message(times([(0, 0)], 6, months), through)
    assert told["names"][-1] == last
    assert told["partial"] == ("," in last[1])
    assert len(told["names"]) == 6 // months


@given(
    st.lists(st.tuples(st.integers(0, 18), st.integers(-3, 14)), max_size=60),
    st.sampled_from([1, 3, 12]),
)
def test_every_incident_is_in_its_cell_and_step(rows, months):
    found = times(rows, 12, months)
    told = message(found)
    ends, steps = [*accumulate(unpacked(told["counts"]))], unpacked(told["steps"])
    numbers = accumulate(unpacked(told["gaps"]))
    packed = [
        (cell, step)
        for cell, start, end in zip(numbers, [0, *ends], ends, strict=False)
        for step in steps[start:end]
    ]
    assert packed == sorted((cell, step // months) for cell, step in rows if 0 <= step < 12)


def test_other_counts_or_months_have_another_key_and_the_same_have_the_same():
    one = message(times([(0, 0)], 6))
    assert message(times([(0, 0)], 6)) == one
    assert message(times([(0, 1)], 6))["key"] != one["key"]
    assert message(times([(0, 0)], 6), span=(FIRST, Month(2020, 3)))["key"] != one["key"]


def test_a_map_holds_its_code_or_names_the_links_it_is_given():
    options = ground_options({"layers": {}}, [[39.0, -95.0], [39.1, -94.9]], PAPER, units="us")
    alone = ground_map(options)
    CellTimeLayer({"areas": []}).add_to(alone)
    page = alone.get_root().render()
    assert "csaMap.start" in page
    assert "window.csaMap = " in page
    assert "<script src" not in page
    linked = ground_map(options, (["own.js"], ["own.css"])).get_root().render()
    assert 'src="own.js"' in linked
    assert "window.csaMap = " not in linked
    (start,) = [c for c in alone._children.values() if getattr(c, "call", "") == "start"]
    assert json.loads(start.message)["colors"]["land"] == PAPER.land
