"""Corrections: what was wrong, what is right, and that nothing else is touched."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, strategies as st
from tests.properties import examples
from tests.stores import TODAY, act, trail, verified

from csa.base.errors import ConflictError, CsaError, ParamError, RoleError
from csa.program.actions import answer_change, propose_change, set_action
from csa.program.areas import begin_work, designate, redraw, retire
from csa.program.corrections import Correction, correct, revision_of
from csa.program.measures import add_values
from csa.program.plan.measures import Quarter, Value
from csa.program.registry import core_areas
from csa.program.roles import dated
from csa.program.store.records import as_of, read_records
from csa.program.work import add_lesson, add_meeting, add_question, add_stakeholder, answer_question
from csa.reports.briefing.lines import plan_lines, work_plan

NEXT = act(on=date(2026, 3, 9), why="The minutes say otherwise.", office="Committee")
DAY = timedelta(days=1)


def stood(store, day):
    return as_of(read_records(store), trail(store), day, "America/Chicago")


def fix(store, who, item, changes, plan=None, **more):
    more = {"is_read": True, **more}
    return correct(store, plan, who, Correction(item, changes, **more))


def key_of(refused):
    return refused.value.message.key


@pytest.fixture
def served(lite, candidate):
    """An area designated on March 2, in which work began on March 4."""
    designate(lite, act(on=date(2026, 3, 2)), candidate())
    begin_work(lite, act(on=date(2026, 3, 4)), "B", date(2026, 3, 4), {"m/city": {"value": 1}})
    return lite


# ---- by hand -------------------------------------------------------------------------------


def test_a_designation_day_is_corrected_and_the_area_and_past_months_follow(served):
    made = fix(served, NEXT, "area B/1", {"on_date": date(2026, 2, 20)})
    records = read_records(served)
    assert records.areas[0].since == records.steps[0].on_date == date(2026, 2, 20)
    assert [(row.was, row.now, row.on_date, row.by_office, row.reasons) for row in made] == [
        (
            {"on_date": "2026-03-02"},
            {"on_date": "2026-02-20"},
            date(2026, 3, 9),
            "Committee",
            "The minutes say otherwise.",
        )
    ]
    assert records.corrections_of("area B/1")[0].key == "area B/1/1"
    assert stood(served, date(2026, 2, 19)).areas == ()
    then = stood(served, date(2026, 2, 28))
    assert [(row.state, row.since) for row in then.areas] == [("designated", date(2026, 2, 20))]
    assert then.areas[0].execution_on is None
    assert '"on_date":"2026-03-02"' in trail(served)[1]["new"]
    assert verified(served).is_intact


def test_another_first_month_than_a_locked_plan_names_is_corrected_only_once_its_effects_are_read(
    lite, candidate
):
    """Designated on March 2: April counts first. March 1 would make it March, March 20 would not."""
    designate(lite, act(on=date(2026, 3, 2)), candidate("B", (1, 2)))
    designate(lite, act(on=date(2026, 3, 3)), candidate("D", (7, 8)))
    before = trail(lite)
    with pytest.raises(ParamError) as refused:
        fix(lite, NEXT, "area B/1", {"on_date": date(2026, 3, 1)}, is_read=False)
    assert key_of(refused) == "correct.sealed"
    told = {"area": "B", "since": "April 2026", "now": "March 2026", "others": "D"}
    assert dict(refused.value.message.values) == told
    assert trail(lite) == before
    fix(lite, NEXT, "area B/1", {"on_date": date(2026, 3, 1)})
    assert read_records(lite).steps[0].on_date == date(2026, 3, 1)
    fix(lite, NEXT, "area B/1", {"on_date": date(2026, 3, 3)}, is_read=False)  # back: as agreed


def test_the_day_of_a_redraw_is_corrected_and_that_of_the_area_stays(lite, candidate):
    designate(lite, act(on=date(2026, 1, 1)), candidate("B", (1, 2, 3)))
    redraw(lite, act(on=date(2026, 3, 2)), "B", [candidate("B", (1, 2))])
    fix(lite, NEXT, "area B/2", {"on_date": date(2026, 2, 1)})
    (area,) = core_areas(read_records(lite))
    found = (area.since, [str(one.since) for one in area.versions])
    assert found == (date(2026, 1, 1), ["2026-01", "2026-02"])
    assert read_records(lite).areas[0].since == date(2026, 1, 1)
    # A report of January knows the area as it was drawn then.
    (then,) = core_areas(stood(lite, date(2026, 1, 31)))
    assert len(then.cells) == 3


def test_what_the_data_hold_of_the_right_day_takes_the_place_of_the_wrong_ones(lite, candidate):
    designate(lite, act(on=date(2025, 11, 3)), candidate())
    begin_work(lite, act(), "B", date(2026, 3, 4), {"m/B": {"quarter": "2025-Q4", "value": 4}})

    def known(area, on):
        return {f"m/{area}": {"quarter": "2025-Q3", "value": on.day}}

    right = {"on_date": date(2025, 12, 20)}
    fix(lite, NEXT, "baseline B/1", right, known=known)
    [baseline] = read_records(lite).baselines
    assert baseline.values == {"m/B": {"quarter": "2025-Q3", "value": 20}}


def test_a_beginning_is_corrected_and_the_60_days_and_its_measures_follow(lite, candidate, plan):
    measure = plan.measures[0].id
    values = [Value(measure, Quarter(2025, n), number=1, value=n) for n in (3, 4)]
    add_values(lite, plan, act(), values)
    designate(lite, act(on=date(2025, 11, 3)), candidate())
    add_meeting(lite, act(), "B", "group", {"on_date": date(2025, 12, 1)})
    begin_work(lite, act(), "B", date(2026, 3, 4), {f"{measure}/city": {"value": 4}})
    assert _clock(lite, plan) == ("begun", 93)
    fix(lite, NEXT, "baseline B/1", {"on_date": date(2025, 12, 20)})
    records = read_records(lite)
    assert records.areas[0].execution_on == records.baselines[0].on_date == date(2025, 12, 20)
    assert records.baselines[0].values[f"{measure}/city"]["quarter"] == "2025-Q3"
    assert _clock(lite, plan) == ("begun", 19)
    fix(lite, NEXT, "meeting B/meeting-1", {"on_date": date(2025, 12, 11), "note": "Late."})
    assert _clock(lite, plan) == ("begun", 9)


def _clock(store, plan):
    records = read_records(store)
    clock = work_plan(records, "B", plan_lines(plan, records, TODAY), TODAY).clock
    return clock.state, clock.day


def test_what_people_wrote_is_corrected_field_by_field(served):
    add_stakeholder(served, act(), "B", "Hope Hous", "walks")
    add_lesson(served, act(), "B", "Go in pears.")
    add_question(served, act(), "B", "More ligts")
    answer_question(served, act(), "B/asked-1", "Twelve lamps.")
    for item, changes in (
        ("stakeholder B/stakeholder-1", {"organisation": "Hope House", "part": ""}),
        ("lesson B/lesson-1", {"text": "Go in pairs."}),
        ("asked B/asked-1", {"asked": "More lights", "answered": "Ten lamps."}),
    ):
        fix(served, NEXT, item, changes)
    records = read_records(served)
    found = (records.stakeholders[0].organisation, records.stakeholders[0].part)
    assert found == ("Hope House", "")
    assert records.lessons[0].text == "Go in pairs."
    assert (records.asked[0].asked, records.asked[0].answered) == ("More lights", "Ten lamps.")
    # The question and its answer are two entries of the trail: each is corrected where it was made.
    found = [list(row.now) for row in records.corrections_of("asked B/asked-1")]
    assert found == [["asked"], ["answered"]]
    assert verified(served).is_intact


def test_an_earlier_report_on_an_action_is_corrected_and_today_stays(lite, plan):
    number = "1.2.1"
    set_action(lite, plan, act(on=date(2026, 1, 10)), number, {"status": "done"})
    set_action(lite, plan, act(on=date(2026, 2, 10)), number, {"status": "on-track", "percent": 40})
    fix(lite, NEXT, number, {"status": "on-track", "percent": 20}, plan=plan, entry=1)
    assert read_records(lite).states[number].percent == 40
    then = stood(lite, date(2026, 1, 31)).states[number]
    assert (then.status, then.percent, then.updated_on) == ("on-track", 20, date(2026, 1, 10))
    assert stood(lite, date(2026, 2, 28)).states[number].percent == 40
    assert verified(lite).is_intact


def test_a_later_report_keeps_what_its_status_settles_and_takes_what_it_carried_over(lite, plan):
    number = "1.2.1"
    set_action(lite, plan, act(on=date(2026, 1, 10)), number, {"office": "Polise", "percent": 100})
    set_action(lite, plan, act(on=date(2026, 2, 10)), number, {"status": "done"})
    right = {"status": "at-risk", "reason": "No analyst.", "percent": 50, "office": "Police"}
    fix(lite, NEXT, number, right, plan=plan, entry=1)
    now, then = read_records(lite).states[number], stood(lite, date(2026, 1, 31)).states[number]
    assert (now.status, now.reason, now.percent, now.office) == ("done", "", 100, "Police")
    found = (then.status, then.reason, then.percent, then.office)
    assert found == ("at-risk", "No analyst.", 50, "Police")
    assert verified(lite).is_intact


# ---- at the edge ---------------------------------------------------------------------------


def test_a_past_month_has_what_was_decided_by_its_last_day_and_nothing_later(served, plan):
    retire(served, act(on=date(2026, 3, 5)), "B")
    add_lesson(served, act(on=date(2026, 3, 5)), "B", "Begin earlier.")
    add_values(
        served, plan, act(), [Value(plan.measures[0].id, Quarter(2025, 4), number=1, value=1)]
    )
    for day, state, begun in (
        (date(2026, 3, 1), None, None),
        (date(2026, 3, 2), "designated", None),
        (date(2026, 3, 3), "designated", None),
        (date(2026, 3, 4), "designated", date(2026, 3, 4)),
        (date(2026, 3, 5), "retired", date(2026, 3, 4)),
    ):
        then = stood(served, day)
        found = [(row.state, row.execution_on) for row in then.areas]
        assert found == ([] if state is None else [(state, begun)])
        is_last = day == date(2026, 3, 5)
        assert (len(then.steps), len(then.lessons), len(then.values)) == (
            (2, 1, 1) if is_last else (int(state is not None), 0, 0)
        )
        assert then.on == day


def test_a_later_decision_leaves_a_past_day_and_its_head_as_they_were(served, candidate):
    before = stood(served, date(2026, 3, 3))
    designate(served, act(on=date(2026, 3, 5)), candidate("C", (8, 9)))
    assert stood(served, date(2026, 3, 3)).decided == before.decided
    fix(served, NEXT, "area B/1", {"on_date": date(2026, 3, 4)})
    after = stood(served, date(2026, 3, 3))
    assert after.areas == ()
    assert after.decided != before.decided


@pytest.mark.parametrize("changes", [{"text": "Go in pairs."}, {"on_date": date(2026, 3, 8)}])
def test_a_past_report_has_another_head_once_what_it_said_is_corrected(served, changes):
    """Also where the corrected entry is not the last, or no longer counts by then."""
    for text in ("Go in pears.", "Bring water."):
        add_lesson(served, act(on=date(2026, 3, 3)), "B", text)
    before = stood(served, date(2026, 3, 3))
    fix(served, NEXT, "lesson B/lesson-1", changes)
    assert stood(served, date(2026, 3, 3)).decided != before.decided


def test_an_approved_proposal_counts_from_its_approval(lite, plan):
    late = datetime(2026, 4, 20, 12, tzinfo=UTC)
    number = "1.2.1"
    set_action(lite, plan, act(), number, {"office": "Works"})
    key = propose_change(lite, plan, act(), number, {"office": "Parks"})
    for _ in range(2):
        answer_change(lite, plan, act(at=late, on=late.date()), key, is_approved=True)
    assert stood(lite, date(2026, 3, 31)).states[number].office == "Works"
    assert stood(lite, date(2026, 4, 20)).states[number].office == "Parks"
    for wrong in ({"entry": 5}, {}):
        with pytest.raises(ParamError) as refused:
            fix(lite, NEXT, number, {"office": "Police"}, plan=plan, **wrong)
        assert key_of(refused) == "correct.approved"
    with pytest.raises(ParamError) as refused:
        fix(lite, NEXT, key, {"office": "Police"}, plan=plan)
    assert key_of(refused) == "correct.answered"


def test_two_steps_of_one_day_stay_apart(lite, candidate):
    designate(lite, act(), candidate(), "candidate")
    designate(lite, act(), candidate())
    fix(lite, NEXT, "area B/1", {"on_date": date(2026, 3, 1)})
    assert read_records(lite).areas[0].since == TODAY
    assert [row.since for row in stood(lite, date(2026, 3, 2)).areas] == [date(2026, 3, 1)]
    assert [row.since for row in stood(lite, TODAY).areas] == [TODAY]
    assert verified(lite).is_intact


def test_a_correction_is_corrected_again(served):
    for n in (20, 21, 2):
        fix(served, NEXT, "area B/1", {"on_date": date(2026, 2 if n > 9 else 3, n)})
    assert read_records(served).areas[0].since == date(2026, 3, 2)
    assert stood(served, date(2026, 2, 28)).areas == ()
    rows = read_records(served).corrections_of("area B/1")
    assert [row.was["on_date"] for row in rows] == ["2026-03-02", "2026-02-20", "2026-02-21"]


def test_a_planned_meeting_may_stay_ahead(served):
    ahead = TODAY + 30 * DAY
    add_meeting(served, act(), "B", "walk", {"on_date": ahead})
    fix(served, NEXT, "meeting B/meeting-1", {"on_date": ahead + DAY})
    assert stood(served, TODAY).meetings[0].on_date == ahead + DAY


@pytest.mark.parametrize(
    ("item", "day"), [("area B/1", date(2026, 3, 4)), ("baseline B/1", date(2026, 3, 2))]
)
def test_a_step_may_fall_on_the_day_of_the_next_and_a_beginning_on_that_before(served, item, day):
    """Their order is what may not change; on one day it does not."""
    fix(served, NEXT, item, {"on_date": day})
    records = read_records(served)
    assert records.areas[0].since == records.areas[0].execution_on == day


def test_the_order_is_asked_of_the_steps_beside_a_step(lite, candidate):
    """Between two others, not of any: a redraw lies between the area's first and its beginning."""
    designate(lite, act(on=date(2026, 1, 1)), candidate("B", (1, 2, 3)))
    redraw(lite, act(on=date(2026, 2, 2)), "B", [candidate("B", (1, 2))])
    begin_work(lite, act(on=date(2026, 3, 4)), "B", date(2026, 3, 4), {"m/city": {"value": 1}})
    for day, key in ((date(2026, 3, 5), "correct.too_late"), (date(2025, 12, 31), "too_early")):
        with pytest.raises(CsaError) as refused:
            fix(lite, NEXT, "area B/2", {"on_date": day})
        assert key_of(refused).endswith(key)
    for day in (date(2026, 3, 4), date(2026, 1, 1)):
        fix(lite, NEXT, "area B/2", {"on_date": day})


# ---- refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "changes", "key"),
    [
        ("area B/1", {"on_date": date(2026, 3, 10)}, "decide.ahead"),
        ("area B/1", {"on_date": date(2019, 12, 31)}, "decide.before_data"),
        ("area B/1", {"on_date": date(2026, 3, 5)}, "correct.too_late"),
        ("baseline B/1", {"on_date": date(2026, 3, 1)}, "correct.too_early"),
        ("area B/1", {"on_date": date(2026, 3, 2)}, "correct.same"),
        ("area B/1", {"on_date": "soon"}, "param.day"),
        ("area B/1", {"reasons": "Others."}, "param.one_of"),
        ("area B/1", {}, "correct.nothing"),
        ("area B/9", {"on_date": TODAY}, "correct.no_item"),
        ("area B", {"since": TODAY}, "correct.no_item"),
        ("meeting B/meeting-1", {"kind": "party"}, "param.one_of"),
        ("asked B/asked-1", {"asked": " "}, "decide.text"),
        ("asked B/asked-1", {"answered_on": TODAY}, "correct.no_answer"),
        ("asked B/asked-2", {"answered_on": date(2026, 3, 4)}, "correct.answer_first"),
        ("1.2.1", {"percent": 101}, "param.between"),
        ("1.2.1", {"status": "blocked"}, "plan.reason"),
        ("1.2.1", {"areas": ["Q"]}, "decide.no_area"),
    ],
)
def test_one_sentence_and_nothing_half_written(served, plan, item, changes, key):
    add_meeting(served, act(), "B", "walk", {})
    add_question(served, act(), "B", "Lights")
    add_question(served, act(), "B", "Benches")
    answer_question(served, act(), "B/asked-2", "Two.")
    set_action(served, plan, act(), "1.2.1", {"status": "on-track", "percent": 5})
    before = trail(served)
    with pytest.raises(CsaError) as refused:
        fix(served, NEXT, item, changes, plan=plan, first=date(2020, 1, 1))
    assert key_of(refused) == key
    assert trail(served) == before
    assert verified(served).is_intact


def test_an_entry_of_something_else_is_refused(served):
    with pytest.raises(ParamError) as refused:
        fix(served, NEXT, "area B/1", {"on_date": date(2026, 3, 1)}, entry=1)
    assert key_of(refused) == "correct.no_entry"


@pytest.mark.parametrize("is_of_the_past", [False, True])
def test_of_two_who_correct_at_once_the_second_is_refused(store, plan, is_of_the_past):
    set_action(store, plan, act(on=date(2026, 1, 10)), "1.2.1", {"percent": 10})
    set_action(store, plan, act(on=date(2026, 2, 10)), "1.2.1", {"percent": 20})
    entry = 1 if is_of_the_past else 2
    seen = revision_of(read_records(store).actions[0], ())
    fix(store, NEXT, "1.2.1", {"percent": 15}, plan=plan, entry=entry, seen=seen)
    n = len(trail(store))
    with pytest.raises(ConflictError, match=r"Committee changed .*percent.* 15"):
        fix(store, NEXT, "1.2.1", {"percent": 16}, plan=plan, entry=entry, seen=seen)
    assert len(trail(store)) == n
    records = read_records(store)
    again = revision_of(records.actions[0], records.corrections)
    fix(store, NEXT, "1.2.1", {"percent": 16}, plan=plan, entry=entry, seen=again)


@pytest.mark.parametrize(
    ("role", "team", "may"),
    [
        ("viewer", "", ""), ("member", "", ""), ("editor", "", ""),
        ("chair", "prevention", "step action lesson"), ("chair", "executive", "step action lesson"),
        ("chair", "intervention", "lesson"),
    ],
)  # fmt: skip
def test_who_may_correct(served, plan, role, team, may):
    set_action(served, plan, act(), "1.2.1", {"percent": 10})
    add_lesson(served, act(), "B", "Go in pears.")
    who = act(role, team=team, strategies=("1.2",))
    for what, item, changes in (
        ("step", "area B/1", {"on_date": date(2026, 3, 1)}),
        ("action", "1.2.1", {"percent": 20}),
        ("lesson", "lesson B/lesson-1", {"text": "Go in pairs."}),
    ):
        n = len(trail(served))
        if what in may:
            fix(served, who, item, changes, plan=plan)
        else:
            with pytest.raises(RoleError):
                fix(served, who, item, changes, plan=plan)
            assert len(trail(served)) == n


def test_a_decision_takes_effect_on_an_earlier_day_of_the_data_alone():
    assert dated(act(), None) == act()
    assert dated(act(), TODAY - DAY, TODAY - DAY).on == TODAY - DAY
    for day, key in ((TODAY + DAY, "decide.ahead"), (TODAY - 2 * DAY, "decide.before_data")):
        with pytest.raises(ParamError) as refused:
            dated(act(), day, TODAY - DAY)
        assert key_of(refused) == key


# ---- true in general -----------------------------------------------------------------------

MOVES = st.lists(
    st.tuples(st.sampled_from(["area B/1", "area B/2", "baseline B/1"]), st.integers(1, 60)),
    max_size=8,
)


@pytest.mark.long
@examples(0.2, suppress_health_check=list(HealthCheck))
@given(MOVES, st.integers(0, 70))
def test_as_of_any_day_is_a_store_written_with_the_right_days(databases, candidate, moves, asked):
    """The oracle writes the corrected days in the first place, up to the day asked."""
    start = date(2026, 1, 1)
    days = {
        "area B/1": start + 10 * DAY,
        "baseline B/1": start + 20 * DAY,
        "area B/2": start + 30 * DAY,
    }
    store = databases("sqlite").open()
    _live(store, candidate, days, date.max)
    for item, n in moves:
        try:
            fix(store, act(), item, {"on_date": start + n * DAY})
        except ParamError:
            continue
        days[item] = start + n * DAY
    then = start + asked * DAY
    oracle = databases("sqlite").open()
    _live(oracle, candidate, days, then)
    found, wanted = stood(store, then), read_records(oracle)
    for name in ("areas", "steps", "baselines"):
        assert _plain(getattr(found, name)) == _plain(getattr(wanted, name))
    assert verified(store).is_intact


def _live(store, candidate, days, until):
    if days["area B/1"] <= until:
        designate(store, act(on=days["area B/1"]), candidate())
    if days["baseline B/1"] <= until:
        begin_work(store, act(), "B", days["baseline B/1"], {})
    if days["area B/2"] <= until:
        retire(store, act(on=days["area B/2"]), "B")


def _plain(rows):
    names = ("key", "state", "since", "execution_on", "on_date", "cells")
    return [{name: getattr(row, name, None) for name in names} for row in rows]
