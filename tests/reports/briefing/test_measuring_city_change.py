"""How the city's shootings changed: one comparison, as Briefing has it, wherever they are told."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from csa.areas.year_to_date import compare_years, describe_year
from csa.base.message import msg
from csa.base.params import Month, Period
from csa.city.preregistration import Verdict
from csa.program.plan.loading import load_plan
from csa.program.plan.measure_change import MeasureVerdict
from csa.program.plan.measures import Quarter, Value
from csa.reports.briefing.measuring import COUNTED, assess_city_change, measure_lines

WHAT = msg("public.shootings")
HALF = Period(Month(2015, 1), Month(2015, 7))


def quarters(counts, first="2014-Q1", basis="incidents"):
    start = Quarter.parse(first)
    return [
        Value("gun-violence", start.plus(n), value=float(count), basis=basis)
        for n, count in enumerate(counts)
    ]


# ---- By hand -------------------------------------------------------------------------------


def test_the_review_says_the_sentence_of_briefing_whatever_the_last_four_quarters_would():
    """Three quarters with three before are 700 and 630, no change; the half-years 475 and 376."""
    values = quarters([180, 196, 254, 225, 262, 213])
    briefing = compare_years(WHAT, HALF, 475, 376)
    change = assess_city_change("down", values, briefing)
    assert change.verdict is MeasureVerdict.WORSE
    assert change.message == describe_year(briefing)
    assert change.message.values["verdict"] == msg("label.more_than_chance")
    assert change.what.key == "measures.in_months"
    found = (change.what.values["span"], change.what.values["year"])
    assert found == (msg("briefing.months", first="January", last="June 2015"), 2014)


def test_without_the_data_the_quarters_are_compared_by_the_same_rule_and_say_so():
    values = quarters([180, 196, 254, 225, 262, 213])
    change, data = assess_city_change("down", values, None), compare_years(WHAT, HALF, 475, 376)
    assert change.message.key == "measures.city_year"
    assert dict(change.message.values) == dict(describe_year(data).values)
    assert change.verdict is MeasureVerdict.WORSE


def test_a_fall_is_better_where_fewer_is_and_about_as_many_are_no_change():
    for n_now, n_before, direction, verdict in (
        (376, 475, "down", MeasureVerdict.BETTER),
        (376, 475, "up", MeasureVerdict.WORSE),
        (400, 390, "down", MeasureVerdict.NO_CHANGE),
        (2, 1, "down", MeasureVerdict.TOO_FEW),
    ):
        found = compare_years(WHAT, HALF, n_now, n_before)
        assert assess_city_change(direction, quarters([1]), found).verdict is verdict


FOUND = {
    Verdict.FEWER_FEWER_NEXT: MeasureVerdict.BETTER,
    Verdict.FEWER_MOVED: MeasureVerdict.MOVED,
    Verdict.FEWER_UNKNOWN: MeasureVerdict.MOVED,
    Verdict.FEWER_ONCE: MeasureVerdict.MOVED,
    Verdict.MORE_NEXT: MeasureVerdict.MOVED,
    Verdict.NO_CHANGE: MeasureVerdict.NO_CHANGE,
    Verdict.MORE: MeasureVerdict.WORSE,
    Verdict.TOO_FEW: MeasureVerdict.TOO_FEW,
}


@pytest.mark.parametrize("finding", FOUND)
def test_an_areas_count_has_the_finding_of_displacement_and_none_by_its_quarters(root, finding):
    """Of 160 in a year and 40 in the next, alone: better, wherever the 120 went."""
    measure = load_plan(root / "config" / "plans" / "kansas-city-psp.toml").measures[0]
    measure = measure.model_copy(update={"kind": COUNTED, "direction": "down", "id": COUNTED})
    plan = SimpleNamespace(measures=(measure,))
    values = [replace(one, place="A") for one in quarters([40] * 4 + [10] * 4)]
    records = SimpleNamespace(areas=(), values=values, measures=(), quarters=())
    (alone,) = measure_lines(plan, records, "A")
    assert alone.change.verdict is MeasureVerdict.BETTER
    said = SimpleNamespace(verdict=str(finding), headline=msg("displacement.no_change"))
    (line,) = measure_lines(plan, records, "A", finding=said)
    assert (line.change.verdict, line.change.message) == (FOUND[finding], said.headline)
    assert line.compared == ()
    why = msg("measures.no_finding")
    (line,) = measure_lines(plan, records, "A", finding=why)
    assert (line.change.verdict, line.change.message) == (MeasureVerdict.NO_BASELINE, why)


# ---- At the edge ---------------------------------------------------------------------------


def test_people_hit_are_compared_with_people_hit():
    found = compare_years(WHAT, HALF, 475, 376)
    values = quarters([100, 100, 100, 100, 101], basis="victims")
    change = assess_city_change("down", values, found)
    assert change.verdict is MeasureVerdict.NO_CHANGE
    assert change.message.values["what"] == msg("label.people_shot")
    assert change.message.values["now"] == 101


def test_values_without_the_same_quarters_a_year_before_are_not_compared():
    for values, message in (
        (quarters([213], "2015-Q2"), msg("measures.no_same_quarters", last=Quarter(2015, 2))),
        (
            quarters([180, 196], "2014-Q1") + quarters([213], "2015-Q2"),
            msg("measures.no_same_quarters", last=Quarter(2015, 2)),
        ),
        (
            [*quarters([180]), *quarters([262], "2015-Q1", "victims")],
            msg("measures.basis_changed", listed="incidents, victims"),
        ),
    ):
        change = assess_city_change("down", values, msg("briefing.not_comparable"))
        assert (change.verdict, change.message) == (MeasureVerdict.NO_BASELINE, message)
