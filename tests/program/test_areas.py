"""Steps of areas: letters, the same place, cells of one area only, what leads where."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, strategies as st
from tests.properties import examples
from tests.sentences import refuses
from tests.stores import TODAY, act, trail, verified

from csa.base.errors import ConflictError, ParamError, RoleError
from csa.city.preregistration import is_intact, preregister
from csa.city.selection import first_month
from csa.program.areas import (
    ALLOWED,
    add_evidence,
    begin_work,
    designate,
    maintain,
    merge,
    redraw,
    retire,
    split,
)
from csa.program.corrections import Correction, correct
from csa.program.registry import core_areas
from csa.program.store.records import area_rows, read_records
from csa.program.store.tables import STATES
from csa.program.work import add_meeting, add_task

LATER = act(on=TODAY + timedelta(days=100), why="After a hundred days of it.")


def told(cells, verdict="fewer here and within 750 m", since="2026-03", **more):
    return {"verdict": verdict, "since": since, "cells": list(cells), **more}


# ---- by hand -------------------------------------------------------------------------------


def test_a_candidate_becomes_a_core_service_area_with_all_that_was_seen(store, candidate):
    assert designate(store, act(), candidate()) == "B"
    records = read_records(store)
    area, step = records.areas[0], records.steps[0]
    found = (area.key, area.place_name, area.state, area.since)
    assert found == ("B", "Hadderley", "designated", TODAY)
    found = (step.key, step.by_office, step.reasons)
    assert found == ("B/1", "Prevention team", "Neighbors named these blocks.")
    assert step.cells == list(candidate().cells)
    sealed = preregister(candidate().cells, TODAY)
    found = step.evidence
    assert found == {"data_fingerprint": "f", "area": {"incidents": "133"}, "evaluation": sealed}
    assert is_intact(sealed)
    assert sealed["since"] == str(first_month(TODAY))
    assert [row["item"] for row in trail(store)] == ["area B", "area B/1"]
    row = area_rows(records)[0]
    assert row["cells"] == step.cells
    assert [one["state"] for one in row["steps"]] == ["designated"]


def test_evidence_that_took_longer_is_added_to_its_step_and_to_the_trail(store, candidate):
    designate(store, act(), candidate())
    before = read_records(store).steps[0].evidence
    late = replace(candidate(), evidence={**candidate().evidence, "judged": {"tier": "1"}})
    add_evidence(store, act(), "B", late)
    [step] = read_records(store).steps
    assert step.evidence == {**before, "judged": {"tier": "1"}}
    assert [row["item"] for row in trail(store)] == ["area B", "area B/1", "area B/1"]
    assert verified(store).is_intact
    redraw(store, LATER, "B", [replace(candidate(), cells=candidate().cells[:1])])
    add_evidence(store, LATER, "B", late)  # the step with these cells, not the last
    assert "judged" not in read_records(store).steps[1].evidence
    correct(store, None, LATER, Correction("area B/1", {"on_date": TODAY - timedelta(days=1)}))
    assert read_records(store).steps[0].evidence["judged"] == {"tier": "1"}
    with pytest.raises(ParamError, match="other cells"):
        add_evidence(store, act(), "B", replace(late, cells=late.cells[1:]))


def test_a_life_of_an_area(lite, candidate):
    cells = candidate().cells
    designate(lite, act(), candidate(), "candidate")
    designate(lite, act(), candidate())
    begin_work(lite, act(), "B", TODAY, {"m/city": {"value": 1}})
    maintain(lite, LATER, "B", told(cells, "fewer here and nearby", sentence="Fewer."))
    assert [area.key for area in core_areas(read_records(lite))] == ["B"]
    retire(lite, LATER, "B")
    records = read_records(lite)
    assert core_areas(records) == ()
    found = [step.state for step in records.steps_of("B")]
    assert found == ["candidate", "designated", "maintenance", "retired"]
    assert records.steps_of("B")[2].evidence["sentence"] == "Fewer."
    assert records.steps_of("B")[3].cells == sorted(cells)
    baseline = records.baselines[0]
    assert (baseline.on_date, baseline.values) == (TODAY, {"m/city": {"value": 1}})
    assert records.areas[0].execution_on == TODAY
    # Served anew, its work begins anew: the earlier baseline stays beside the new one.
    designate(lite, LATER, candidate())
    assert read_records(lite).areas[0].execution_on is None
    begin_work(lite, LATER, "B", LATER.on, {})
    assert [row.key for row in read_records(lite).baselines] == ["B/1", "B/2"]
    assert verified(lite).is_intact


def test_a_redrawn_area_is_the_same_place_from_half_of_its_cells(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2, 3)), "candidate")
    # 3 of 6 cells in common: half.
    assert designate(lite, act(), candidate("F", (1, 2, 3, 4, 5, 6), "North")) == "B"
    assert [len(step.cells) for step in read_records(lite).steps_of("B")] == [3, 6]
    with pytest.raises(ParamError, match=r"shares cells with the served area B \(2\)"):
        designate(lite, act(), candidate("F", (1, 2, 9)))


def test_letters_stay_with_their_places(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2)))
    assert designate(lite, act(), candidate("B", (3, 4))) == "A"
    assert designate(lite, act(), candidate("B", (5, 6))) == "C"
    assert designate(lite, act(), candidate("Z", (7, 8))) == "Z"
    retire(lite, act(), "A")
    assert designate(lite, act(), candidate("A", (9, 10))) == "D"
    assert designate(lite, act(), candidate("Q", (3, 4))) == "A"
    for n in range(11, 11 + 20):
        designate(lite, act(), candidate("B", (n,)))
    assert designate(lite, act(), candidate("B", (99,))) == "Y"
    assert designate(lite, act(), candidate("B", (98,))) == "AA"


def test_a_redrawn_area_keeps_its_letter_its_name_and_its_day(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2, 3), "Oak"))
    drawn = [candidate("A", (50, 51), "Elm"), candidate("C", (2, 3, 4, 5), "North Oak")]
    redraw(lite, LATER, "B", drawn)  # of several, the one that shares most
    (area,) = core_areas(read_records(lite))
    assert (area.key, area.place_name, area.since) == ("B", "Oak", TODAY)
    assert [len(cells) for _, cells in area.cell_history] == [3, 4]
    assert area.cell_history[1][0] == LATER.on
    assert verified(lite).is_intact


def test_no_two_areas_in_service_have_one_name(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2, 3, 4, 5), "Oak"))
    designate(lite, act(), candidate("c-9", (11, 12), "Oak"))
    assert [area.place_name for area in core_areas(read_records(lite))] == ["Oak 2", "Oak"]
    parts = [candidate("x", (1, 2), "Oak"), candidate("y", (3, 4, 5, 6), "Oak")]
    split(lite, LATER, "B", parts)
    names = [area.place_name for area in core_areas(read_records(lite))]
    assert sorted(names) == ["Oak", "Oak 2", "Oak 3"]


def test_of_a_split_area_the_largest_part_keeps_the_letter(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2, 3, 4, 5), "Oak"))
    parts = [candidate("x", (1, 2), "West Oak"), candidate("y", (3, 4, 5, 6), "East Oak")]
    assert split(lite, LATER, "B", parts) == ("B", "A")
    west, oak = core_areas(read_records(lite))
    found = (west.key, west.place_name, west.since, len(west.cells))
    assert found == ("A", "West Oak", LATER.on, 2)
    assert (oak.key, oak.place_name, oak.since, len(oak.cells)) == ("B", "Oak", TODAY, 4)


def test_of_merged_areas_one_goes_on_and_the_other_ends(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2), "Oak"))
    designate(lite, act(), candidate("C", (3,), "Elm"))
    merge(lite, LATER, "B", "C")
    (area,) = core_areas(read_records(lite))
    assert (area.key, area.since, len(area.cells)) == ("B", TODAY, 3)
    assert read_records(lite).steps_of("C")[-1].evidence == {"merged_into": "B"}


# ---- refused -------------------------------------------------------------------------------


def test_what_is_no_redraw_gets_its_sentence_and_leaves_all_as_it_was(lite, candidate):
    designate(lite, act(), candidate("B", (1, 2, 3)))
    designate(lite, act(), candidate("C", (7, 8)))
    designate(lite, act(), candidate("D", (9,)), "candidate")
    seen = core_areas(read_records(lite))[0].cells
    redraw(lite, act(), "B", [candidate("B", (1, 2))], seen=seen)
    before = trail(lite)
    for said, step in {
        "was redrawn since you looked": lambda: redraw(
            lite, act(), "B", [candidate("B", (2, 3))], seen=seen
        ),
        "share none with area": lambda: redraw(lite, act(), "B", [candidate("B", (3, 4))]),
        "already has these cells": lambda: redraw(lite, act(), "B", [candidate("B", (1, 2))]),
        "shares cells with the served area C": lambda: redraw(
            lite, act(), "B", [candidate("B", (1, 2, 7))]
        ),
        "Designate it first.": lambda: redraw(lite, act(), "D", [candidate("D", (9, 10))]),
        r"No area 'Q'\.": lambda: redraw(lite, act(), "Q", [candidate("Q", (9, 10))]),
        "A split needs at least two parts, not": lambda: split(
            lite, act(), "B", [candidate("B", (1,))]
        ),
        "Elm shares no cell with area B": lambda: split(
            lite, act(), "B", [candidate("B", (1,)), candidate("E", (30,), "Elm")]
        ),
        "can't be merged into itself": lambda: merge(lite, act(), "B", "B"),
        r"No area 'Z'\.": lambda: merge(lite, act(), "B", "Z"),
        r"No area 'Y'\.": lambda: merge(lite, act(), "Y", "B"),
        "Area D is 'candidate'. Only an area in service can be redrawn, split or merged. Designate it first.": lambda: (
            merge(lite, act(), "B", "D")
        ),
        "other cells and keep its start date: csa area redraw": lambda: designate(
            lite, act(), candidate("F", (1, 40))
        ),
    }.items():
        with pytest.raises(ParamError, match=said):
            step()
        assert trail(lite) == before


def test_only_the_allowed_steps(lite, candidate):
    """Every state beside every other: a table of its own."""
    wanted = {
        "candidate": {"candidate", "designated", "retired"},
        "designated": {"maintenance", "retired"},
        "maintenance": {"designated", "retired"},
        "retired": {"candidate", "designated"},
    }
    assert {state: set(ALLOWED[state]) for state in STATES} == wanted
    for n, before in enumerate(STATES):
        for m, after in enumerate(STATES):
            one = candidate("B", (10 * n + m + 1,))
            key = _bring(lite, one, before)
            if after in wanted[before]:
                _step(lite, one, key, after)
                assert (
                    next(row for row in read_records(lite).areas if row.key == key).state == after
                )
            else:
                with pytest.raises(
                    ParamError, match=r"can't go from there to|is core service area"
                ):
                    _step(lite, one, key, after)
    assert verified(lite).is_intact


def _bring(store, one, state):
    key = designate(store, act(), one, "candidate" if state == "candidate" else "designated")
    if state in {"maintenance", "retired"}:
        _step(store, one, key, state)
    return key


def _step(store, one, key, state):
    if state == "maintenance":
        maintain(store, act(), key, told(one.cells))
    elif state == "retired":
        retire(store, act(), key)
    else:
        assert designate(store, act(), one, state) == key


@pytest.mark.parametrize(
    ("verdict", "together"),
    [
        *((one, "") for one in ("no clear change", "more here", "too small to tell", "", None)),
        ("fewer here; may have moved", "no clear change"),
        ("fewer here, more nearby", "fewer here and within 750 m"),
        *(
            ("fewer here and within 750 m", f"fewer here, more {band}")
            for band in ("nearby", "750 to 1,500 m away", "1,500 to 3,000 m away")
        ),
    ],
)
def test_a_low_count_is_no_reason_to_leave(lite, candidate, verdict, together):
    designate(lite, act(), candidate())
    with refuses("decide.not_fewer"):
        maintain(lite, LATER, "B", told(candidate().cells, verdict, together=together))


@pytest.mark.parametrize("distance", ["750 m", "1,500 m"])
def test_an_area_leaves_where_all_areas_together_have_fewer_nearby(lite, candidate, distance):
    """One area alone seldom has enough incidents to show that."""
    designate(lite, act(), candidate())
    together = f"fewer here and within {distance}"
    maintain(
        lite, LATER, "B", told(candidate().cells, "fewer here; may have moved", together=together)
    )
    assert read_records(lite).areas[0].state == "maintenance"


def test_a_verdict_is_of_these_cells_and_of_the_time_since(lite, candidate):
    cells = candidate().cells
    designate(lite, act(), candidate())
    for other in (cells[:-1], (*cells, "8926ad9ff0bffff"), ()):
        with pytest.raises(ParamError, match="is for other cells"):
            maintain(lite, LATER, "B", told(other))
    with pytest.raises(ParamError, match="is for other cells"):
        maintain(lite, LATER, "B", {"verdict": "fewer here and within 750 m", "since": "2026-03"})
    with pytest.raises(ParamError, match=r"csa displace --since\."):
        maintain(lite, LATER, "B", told(cells, since="2026-02"))
    with pytest.raises(ParamError, match=r"csa displace --since\."):
        maintain(lite, LATER, "B", {"verdict": "fewer here and within 750 m", "cells": list(cells)})
    assert len(trail(lite)) == 2
    maintain(lite, LATER, "B", told(reversed(cells)))


def test_cells_of_a_served_area_are_of_no_other(lite, candidate):
    designate(lite, act(), candidate("A", (1, 2, 3, 4)))
    for state in ("candidate", "designated"):
        with pytest.raises(ParamError, match=r"shares cells with the served area A \(1\)"):
            designate(lite, act(), candidate("B", (4, 5, 6)), state)
    retire(lite, act(), "A")
    assert designate(lite, act(), candidate("B", (4, 5, 6))) == "B"
    with pytest.raises(ParamError, match="shares cells"):
        designate(lite, act(), candidate("A", (1, 2, 3, 4)))


def test_a_step_is_never_dated_before_the_last(lite, candidate):
    designate(lite, act(), candidate())
    early = act(on=TODAY - timedelta(days=1), why="Noted too late, alas.")
    other = candidate("B", (1, 9))
    for step in (lambda: retire(lite, early, "B"), lambda: redraw(lite, early, "B", [other])):
        with pytest.raises(ParamError, match="before the last step of area B"):
            step()
    retire(lite, act(), "B")


def test_reasons_and_areas_are_needed(lite, candidate):
    with pytest.raises(ParamError, match=r"--why must have 10 to 2,000 characters, not 7\."):
        designate(lite, act(why="because"), candidate())
    with pytest.raises(ParamError, match=r"No area 'Q'\."):
        retire(lite, act(), "Q")
    with pytest.raises(ParamError, match="no cell"):
        candidate(cells=())
    assert trail(lite) == []


def test_work_begins_once_in_a_designated_area_and_not_ahead(lite, candidate):
    designate(lite, act(), candidate(), "candidate")
    with pytest.raises(ParamError, match="and can't go from there to 'begun'"):
        begin_work(lite, act(), "B", TODAY, {})
    designate(lite, act(), candidate())
    with pytest.raises(ParamError, match=r"\)\. Record it once that day has come\."):
        begin_work(lite, act(), "B", date(2026, 3, 6), {})
    with pytest.raises(ParamError, match="has been in service since 2026-03-05"):
        begin_work(lite, act(), "B", date(2026, 3, 4), {})
    begin_work(lite, act(), "B", TODAY, {})
    with pytest.raises(ParamError, match="began on 2026-03-05"):
        begin_work(lite, act(), "B", TODAY, {})


def test_a_stale_decision_on_an_area_is_told(store, candidate):
    designate(store, act(), candidate())
    seen = read_records(store).areas[0].revision
    retire(store, act(office="Committee", why="No need any longer."), "B", seen=seen)
    n = len(trail(store))
    for late in (
        lambda: designate(store, act(), candidate(), seen=seen),
        lambda: retire(store, act(), "B", seen=seen),
    ):
        with pytest.raises(
            ConflictError, match=r"Committee changed area B at 2026-03-05 12:30 .*retired"
        ):
            late()
    assert len(trail(store)) == n


@pytest.mark.parametrize(
    ("role", "team", "may"),
    [
        ("viewer", "", False), ("member", "", False), ("editor", "", False),
        ("chair", "prevention", True), ("chair", "executive", True), ("chair", "", True),
        ("chair", "intervention", False), ("chair", "enforcement", False),
    ],
)  # fmt: skip
def test_who_decides_where_to_serve(lite, candidate, role, team, may):
    one, two = candidate("A", (1,)), candidate("B", (2,))
    designate(lite, act(), one)
    who = act(role, team=team, strategies=("1.1", "1.2", "1.3"))
    steps = (
        lambda: designate(lite, who, two, "candidate"),
        lambda: begin_work(lite, who, "A", TODAY, {}),
        lambda: maintain(lite, who, "A", told(one.cells)),
        lambda: retire(lite, who, "A"),
    )
    for step in steps:
        if may:
            step()
        else:
            with pytest.raises(RoleError, match=r"requires the role chair|decides where to serve"):
                step()
    assert len(trail(lite)) == (10 if may else 2)


# ---- true in general -----------------------------------------------------------------------

STEPS = st.tuples(
    st.sampled_from(["candidate", "designated", "maintain", "retire", "begin", "task", "meet"]),
    st.sets(st.integers(1, 8), min_size=1, max_size=4),
    st.sampled_from("ABC"),
)


@examples(0.2, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=3, max_size=12))
def test_any_sequence_keeps_the_trail_whole_and_cells_apart(databases, candidate, steps):
    store = databases("sqlite").open()
    for what, cells, letter in steps:
        held = {row.key: row for row in read_records(store).areas}
        n = len(trail(store))
        try:
            _do(store, candidate(letter, tuple(sorted(cells))), what, letter, read_records(store))
        except ParamError:
            assert len(trail(store)) == n
        else:
            assert len(trail(store)) > n
        records = read_records(store)
        assert held.keys() <= {row.key for row in records.areas}
        taken = [cell for area in core_areas(records) for cell in area.cells]
        assert len(taken) == len(set(taken))
        assert all(area.state == records.steps_of(area.key)[-1].state for area in records.areas)
    assert verified(store).is_intact


def _do(store, one, what, letter, records):
    if what in {"candidate", "designated"}:
        designate(store, act(), one, what)
    elif what == "maintain":
        steps = records.steps_of(letter)
        maintain(store, act(), letter, told(steps[-1].cells if steps else ()))
    elif what == "retire":
        retire(store, act(), letter)
    elif what == "begin":
        begin_work(store, act(), letter, TODAY, {})
    elif what == "task":
        add_task(store, act(), letter, {"what": "Light", "agency": "Works"})
    else:
        add_meeting(store, act(), letter, "walk", {})
