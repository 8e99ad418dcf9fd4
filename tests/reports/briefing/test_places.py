"""Where something is measured and done: which places, in which order, how many were shot there."""

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from csa.areas.choices import AreaSettings
from csa.base.params import Month
from csa.city.dataset import Dataset
from csa.program.plan.calendar import STATUSES, ActionState
from csa.program.registry import core_areas
from csa.program.store.records import Records
from csa.program.store.tables import AreaRow, StepRow
from csa.reports.briefing.places import (
    CITY,
    areas_without_action,
    count_recent,
    list_places,
    live_by_area,
)

ONE, TWO, THREE, FOUR = (f"8926ad9{n:02x}0bffff" for n in range(1, 5))
COARSE = "8826ad9001fffff"


def area(key, state="designated", cells=(ONE,)):
    row = AreaRow(key=key, place_name=f"Place {key}", state=state, since=date(2026, 1, 1))
    step = StepRow(key=f"{key}/1", area=key, state=state, cells=list(cells), evidence={})
    return row, step


def recorded(*areas):
    return Records(areas=tuple(row for row, _ in areas), steps=tuple(step for _, step in areas))


def line(status, areas=()):
    return SimpleNamespace(state=ActionState("1.1.1", status, reason="r", areas=tuple(areas)))


def dataset(*rows, data_from="2019-01-01", through="2020-08-21"):
    """Hold incidents of (day, kind, cell, neighborhood)."""
    incidents = pd.DataFrame(rows, columns=["occurred_at", "kind", "cell_r9", "neighborhood"])
    incidents["occurred_at"] = pd.to_datetime(incidents["occurred_at"])
    incidents["flags"] = ""
    report = {"data_from": data_from, "data_through": through}
    return Dataset(incidents, None, None, report)


SHOT = dataset(
    ("2019-07-31", "homicide", ONE, "West"),
    ("2019-08-01", "homicide", ONE, "West"),
    ("2020-07-31", "nonfatal", TWO, "West"),
    ("2020-08-01", "nonfatal", TWO, "West"),
    ("2020-01-01", "nonfatal", "", ""),
)


# ---- by hand -------------------------------------------------------------------------------


def test_twelve_whole_months_are_counted_by_cell_and_neighborhood():
    found = count_recent(SHOT, AreaSettings())
    assert (str(found.period.start), str(found.period.until)) == ("2019-08", "2020-08")
    assert (found.by_cell, found.by_neighborhood, found.total) == ({ONE: 1, TWO: 1}, {"West": 2}, 3)
    assert found.of_cells([ONE, TWO, THREE]) == 2


def test_what_lies_beyond_the_border_is_in_no_area_though_its_cell_is():
    shot = dataset(*[("2020-01-01", "homicide", ONE, "West")] * 3)
    shot.incidents["flags"] = ["outside_study_area", "", ""]
    found = count_recent(shot, AreaSettings())
    assert (found.of_cells([ONE]), found.total) == (2, 3)


def test_areas_where_people_are_shot_and_nothing_is_live_come_first():
    records = recorded(area("A"), area("B", cells=(TWO,)), area("C", "retired", (THREE,)))
    found = list_places(
        records,
        [("Q", "New", [FOUR])],
        ["West", "East"],
        count_recent(SHOT, AreaSettings()),
        {"A": 1},
    )
    first = ["area:B", "area:A", "proposed:Q", "city:"]
    last = ["neighborhood:East", "neighborhood:West", "area:C"]
    assert [place.id for place in found] == [*first, *last]
    assert [place.lacks_action for place in found][:2] == [True, False]
    assert (found[0].n_shot, found[1].n_live) == (1, 1)


def test_an_area_without_action_is_in_service_and_has_nothing_begun():
    records = recorded(area("A"), area("B", "retired"), area("C"), area("D", "maintenance"))
    lines = [
        line("on-track", ["A"]),
        line("done", ["C"]),
        line("not-started", ["D"]),
        line("blocked"),
    ]
    assert areas_without_action(core_areas(records), lines) == ("C", "D")


def test_live_is_begun_and_not_done():
    lines = [line("on-track", ["A", "B"]), line("blocked", ["A"]), line("done", ["A"])]
    lines += [line("not-started", ["A"]), line("at-risk")]
    assert live_by_area(lines) == {"A": 2, "B": 1, "": 1}


# ---- at the edge ---------------------------------------------------------------------------


def test_a_candidate_of_half_the_cells_is_the_area_itself():
    records = recorded(area("B", cells=(ONE, TWO)))
    same = list_places(records, [("D", "x", [TWO])], [], None, {})
    assert [(place.id, place.letter) for place in same] == [("area:B", "D"), ("city:", "")]
    grown = list_places(records, [("D", "x", [TWO, THREE])], [], None, {})
    assert [place.id for place in grown] == ["area:B", "city:"]
    other = list_places(records, [("D", "x", [THREE])], [], None, {})
    assert [place.id for place in other] == ["area:B", "proposed:D", "city:"]


@pytest.mark.parametrize(
    ("through", "until"), [("2019-11-30", None), ("2020-08-21", Month(2019, 12))]
)
def test_less_than_a_year_is_not_counted(through, until):
    assert count_recent(dataset(through=through), AreaSettings(until=until)) is None


def test_no_data_is_not_counted():
    assert count_recent(dataset(data_from=None, through=None), AreaSettings()) is None


def test_cells_of_another_size_are_not_known_rather_than_none():
    found = count_recent(SHOT, AreaSettings())
    assert found.of_cells([COARSE]) is None
    records = recorded(area("A", cells=(COARSE,)))
    assert list_places(records, [], [], found, {})[0].n_shot is None


def test_a_candidate_is_no_place_of_values_yet_and_the_city_is_the_empty_one():
    found = list_places(Records(), [("Q", "New", [FOUR])], ["West"], None, {})
    values = {place.id: place.value_place for place in found}
    assert values == {"proposed:Q": None, "city:": "", "neighborhood:West": "West"}


# ---- true in general -----------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from(STATUSES), st.sets(st.sampled_from("ABC")))))
def test_each_live_action_counts_once_in_each_of_its_areas(given_lines):
    found = live_by_area([line(status, areas) for status, areas in given_lines])
    for key in ("A", "B", "C", ""):
        wanted = [
            status
            for status, areas in given_lines
            if status not in {"done", "not-started"} and (key in areas or (not key and not areas))
        ]
        assert found.get(key, 0) == len(wanted)


@given(st.permutations([("A", {}), ("B", {}), ("C", {})]), st.sets(st.sampled_from("ABC")))
def test_every_place_is_listed_once(order, live):
    records = recorded(*(area(key, cells=(ONE, TWO)) for key, _ in order))
    found = list_places(records, [], [], count_recent(SHOT, AreaSettings()), dict.fromkeys(live, 1))
    ids = [place.id for place in found]
    assert sorted(ids) == sorted(["area:A", "area:B", "area:C", f"{CITY}:"])
    lacking = [place.lacks_action for place in found if place.key]
    assert lacking == sorted(lacking, reverse=True)
