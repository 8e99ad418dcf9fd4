"""Values of measures: when they are over, of which measures, and who may give and settle them."""

from dataclasses import replace
from datetime import date

import pytest
from tests.sentences import refuses
from tests.stores import TODAY, act, trail

from csa.base.errors import ParamError, RoleError
from csa.program.measures import SETTLED, add_values, approve_quarter, define_measure
from csa.program.plan.measures import Quarter, Value
from csa.program.store.records import read_records

LAST, OPEN = Quarter(2025, 4), Quarter.of(TODAY)
COMMITTEE = act(team="executive", office="Committee")


def of(quarter=LAST, value=0.2, measure="recidivism"):
    return Value(measure, quarter, value=value)


@pytest.fixture
def city_wide(plan):
    """The plan, its measure of no single goal."""
    measures = tuple(one.model_copy(update={"goals": ()}) for one in plan.measures)
    return plan.model_copy(update={"measures": measures})


# ---- by hand -------------------------------------------------------------------------------


def test_a_value_that_differs_is_a_revision_beside_the_earlier(lite, plan):
    assert add_values(lite, plan, act(), [of(value=0.2), of(Quarter(2025, 3), 0.3)]) == 2
    assert add_values(lite, plan, act(), [of(value=0.2), of(Quarter(2025, 3), 0.4)]) == 1
    kept = [(str(row.quarter), row.number, row.value) for row in read_records(lite).values]
    assert sorted(kept) == [("2025-Q3", 1, 0.3), ("2025-Q3", 2, 0.4), ("2025-Q4", 1, 0.2)]


def test_a_quarter_is_approved_on_a_day_and_opened_again(lite):
    approve_quarter(lite, COMMITTEE, LAST)
    (row,) = read_records(lite).quarters
    assert (row.key, row.is_approved, row.approved_on) == ("2025-Q4", True, TODAY)
    approve_quarter(lite, COMMITTEE, LAST, is_approved=False)
    (row,) = read_records(lite).quarters
    assert (row.is_approved, row.approved_on) == (False, None)


def test_what_is_settled_stays_where_it_is_not_given_and_can_be_taken_back(lite, plan):
    settled = {"baseline": 40, "baseline_quarter": "2025-Q4", "owner": "  Police "}
    define_measure(lite, plan, act(), "recidivism", settled)
    assert read_records(lite).measures[0].baseline_quarter == "2025-Q4"
    define_measure(lite, plan, act(), "recidivism", {"target": 30, "baseline_quarter": ""})
    (row,) = read_records(lite).measures
    assert (row.baseline, row.baseline_quarter, row.target, row.owner) == (40.0, "", 30.0, "Police")
    define_measure(lite, plan, act(), "recidivism", {"target": None})
    assert read_records(lite).measures[0].target is None


# ---- at the edge ---------------------------------------------------------------------------


def test_a_quarter_is_given_and_approved_from_the_day_after_its_last(lite, plan):
    eve, day = (replace(COMMITTEE, on=date(*on)) for on in ((2025, 12, 31), (2026, 1, 1)))
    with pytest.raises(ParamError, match="2025-Q4 is not over yet"):
        add_values(lite, plan, eve, [of(LAST)])
    with pytest.raises(ParamError, match="2025-Q4 is not over yet"):
        approve_quarter(lite, eve, LAST)
    assert trail(lite) == []
    assert add_values(lite, plan, day, [of(LAST)]) == 1
    approve_quarter(lite, day, LAST)


def test_an_editor_gives_values_of_the_own_goals_and_of_the_whole_plan(lite, plan, city_wide):
    own, other = act("editor", strategies=("1.2",)), act("editor", strategies=("2.1",))
    assert add_values(lite, plan, own, [of()]) == 1
    with refuses("roles.not_goal", RoleError):
        add_values(lite, plan, other, [of(value=0.5)])
    assert add_values(lite, city_wide, other, [of(value=0.5)]) == 1


# ---- refused -------------------------------------------------------------------------------


def test_of_several_values_one_that_is_refused_keeps_none(lite, plan):
    with pytest.raises(ParamError, match=f"{OPEN} is not over yet"):
        add_values(lite, plan, act(), [of(), of(OPEN)])
    with pytest.raises(ParamError, match="no measure 'arrests'"):
        add_values(lite, plan, act(), [of(), of(measure="arrests")])
    assert trail(lite) == []


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_only_reads_gives_no_value(lite, plan, role):
    with pytest.raises(RoleError):
        add_values(lite, plan, act(role), [of()])
    assert trail(lite) == []


def test_a_measure_is_settled_by_a_chair_and_only_in_what_can_be(lite, plan):
    with pytest.raises(RoleError):
        define_measure(lite, plan, act("editor", strategies=("1.2",)), "recidivism", {"owner": "P"})
    with pytest.raises(ParamError) as refused:
        define_measure(lite, plan, act(), "recidivism", {"owner": "P", "unit": "people"})
    values = dict(refused.value.message.values)
    assert (values["given"], values["known"]) == ("unit", ", ".join(SETTLED))
    with pytest.raises(
        ParamError, match=r"A quarter must be written like 2026-Q1, not 'last year'\."
    ):
        define_measure(lite, plan, act(), "recidivism", {"target_quarter": "last year"})
    with pytest.raises(ParamError, match="no measure 'arrests'"):
        define_measure(lite, plan, act(), "arrests", {"owner": "P"})
    assert trail(lite) == []


def test_a_quarter_is_approved_by_the_committee_alone(lite):
    with refuses("roles.not_committee", RoleError):
        approve_quarter(lite, act(team="prevention"), LAST)
    assert trail(lite) == []
