"""The quarterly review: what was completed, what is stuck, open slots, what is due, decisions."""

import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, strategies as st
from tests.plans import make_plan
from tests.sentences import says

from csa.program.plan.calendar import STATUSES
from csa.program.plan.measures import Quarter, Value
from csa.program.store.records import Records
from csa.program.store.tables import ActionRow, ChangeRow, MeasureRow, MinuteRow
from csa.reports.briefing.lines import plan_lines
from csa.reports.briefing.measuring import measure_lines, measure_statuses
from csa.reports.briefing.meeting import done_days, last_meeting, prepare_review

TODAY = date(2026, 11, 25)
MORE = """
[[actions]]
number = "1.1.2"
is_open = true
[[actions]]
number = "1.2.11"
is_open = true
[[measures]]
id = "gun-violence"
name = "Shootings"
kind = "gun-violence"
unit = "incidents"
direction = "down"
[[measures]]
id = "clearance"
name = "Shootings cleared"
kind = "clearance"
is_overarching = true
unit = "percent"
direction = "up"
[[measures]]
id = "collaboration"
name = "Working together"
kind = "collaboration"
unit = "score"
direction = "up"
"""
"""Two more open slots, and measures of each kind that a meeting sees."""


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    waits = (', kind = "linked"', "")
    return make_plan(tmp_path_factory.mktemp("meeting"), waits, more=MORE)


def days(n):
    return TODAY + timedelta(days=n)


def action(number, status, updated=0, **values):
    reason = "no staff" if status in {"blocked", "at-risk"} else ""
    blank = {"reason": reason, "office": "", "coordinator": "", "start": None, "due": None}
    blank |= {"percent": None, "evidence": "", "areas": [], "comment": ""}
    row = ActionRow(key=number, status=status, updated_on=days(updated), **blank | values)
    row.revision = 1
    return row


def minute(on, n=1, text="Go on"):
    return MinuteRow(key=f"{on}/{n}", meeting_on=on, about="", text=text)


def value(measure, quarter, number, basis="", **parts):
    return Value(measure, Quarter.parse(quarter), value=number, basis=basis, **parts)


def review(plan, done_on=None, **tables):
    records = Records(**{name: tuple(rows) for name, rows in tables.items()})
    return prepare_review(plan, plan_lines(plan, records, TODAY), records, TODAY, done_on)


def numbers(lines):
    return [one.number for one in lines]


def entry(item, **new):
    return {"item": item, "new": json.dumps(new)}


# ---- By hand -------------------------------------------------------------------------------


def test_what_was_done_since_the_last_meeting_is_listed_the_latest_first(plan):
    rows = [action("1.2.1", "done", -30), action("1.2.2", "done", -2), action("1.2.10", "on-track")]
    found = review(plan, actions=rows, minutes=[minute(days(-95)), minute(days(-40))])
    assert (found.since, found.is_meeting) == (days(-40), True)
    held = [(one.line.number, one.on) for one in found.completed]
    assert held == [("1.2.2", days(-2)), ("1.2.1", days(-30))]


def test_a_remark_on_what_was_done_long_ago_does_not_complete_it_again(plan):
    trail = [
        entry("1.2.1", status="on-track", updated_on="2026-01-02"),
        entry("1.2.1", status="done", updated_on="2026-03-01"),
        entry("1.2.1", comment="see the report", updated_on="2026-11-20"),
    ]
    assert done_days(trail) == {"1.2.1": date(2026, 3, 1)}
    found = review(plan, done_days(trail), actions=[action("1.2.1", "done", -5)])
    assert found.completed == ()


def test_what_was_taken_back_and_done_again_counts_from_the_second_time():
    trail = [
        entry("1.2.1", status="done", updated_on="2026-03-01"),
        entry("1.2.1", status="at-risk", updated_on="2026-04-01"),
        entry("1.2.2", status="done", updated_on="2026-04-02"),
        entry("1.2.1", status="done"),  # on the same day as the entry before: no new day is told
        entry("1.2.2", status="blocked", updated_on="2026-05-02"),
    ]
    assert done_days(trail) == {"1.2.1": date(2026, 4, 1)}


def test_blocked_stands_before_at_risk_and_names_who_can_help_and_what_waits(plan):
    rows = [
        action("1.2.1", "at-risk", office="Health"),
        action("1.2.2", "blocked", office="Mayor's Office"),
        action("1.2.10", "not-started"),
    ]
    stuck = review(plan, actions=rows).stuck
    assert [(one.line.number, one.helpers, one.waiting) for one in stuck] == [
        ("1.2.2", ("Mayor's Office",), ("1.2.10",)),
        ("1.2.1", ("Health", "Mayor's Office"), ("1.2.2",)),
    ]
    assert review(plan, actions=rows).n_blocked == 1


def test_a_late_one_holds_up_all_that_waits_through_others_too(plan):
    late = action("1.2.1", "blocked", due=days(-1))
    (stuck,) = review(plan, actions=[late]).stuck
    assert stuck.waiting == ("1.2.2", "1.2.10")


def test_open_slots_stand_by_strategy_trust_first_with_what_is_proposed(plan):
    values = {"title": "Meet monthly"}
    change = ChangeRow(key="change-1", action="1.1.2", values=values, state="proposed")
    found = review(plan, changes=[change])
    listed = [(of.strategy.number, numbers(of.slots), of.proposed) for of in found.open_strategies]
    assert listed == [("1.1", ["1.1.1", "1.1.2"], ("1.1.2",)), ("1.2", ["1.2.11"], ())]
    assert (found.n_open, found.n_trust) == (3, 2)
    assert found.pending == (change,)


def test_todays_decisions_are_apart_from_the_last_meetings(plan):
    today, older = [minute(TODAY, n) for n in (1, 2)], [minute(days(-90), n) for n in (1, 2)]
    found = review(plan, minutes=[minute(days(-200)), *older, *today])
    assert found.decided == tuple(reversed(today))
    assert found.decided_before == tuple(older)


def test_each_measure_has_a_value_a_baseline_a_target_and_a_word(plan):
    values = [value("gun-violence", f"2025-Q{k}", 80, "incidents") for k in (1, 2, 3, 4)]
    values += [value("gun-violence", f"2026-Q{k}", 40, "incidents") for k in (1, 2, 3)]
    values += [value("collaboration", q, s) for q, s in (("2026-Q2", 3.1), ("2026-Q3", 3.4))]
    settled = MeasureRow(key="gun-violence", baseline=80, target=45)
    settled.revision = 1
    records = Records(values=tuple(values), measures=(settled,))
    first, second, third, _ = measure_statuses(measure_lines(plan, records), TODAY)
    assert (first.now, first.baseline, first.target, first.is_met) == ("40", "80", "45", True)
    assert str(first.word) == "better"
    assert first.is_significant
    assert (second.now, second.baseline, second.target) == ("3.4", "", "")
    assert str(second.word) == "not judged"
    assert (third.line.measure.id, third.now, str(third.word)) == ("clearance", "", "no value yet")


# ---- At the edge ---------------------------------------------------------------------------


def test_an_empty_store_is_a_review_too(plan):
    found = review(plan)
    assert (found.since, found.is_meeting) == (days(-90), False)
    assert (found.completed, found.stuck, found.late, found.due) == ((), (), (), ())
    assert (found.decided, found.decided_before, found.pending) == ((), (), ())
    assert (found.n_open, found.n_silent) == (3, 3)


@pytest.mark.parametrize(("n", "is_there"), [(0, True), (-40, True), (-41, False)])
def test_the_day_of_the_last_meeting_itself_counts(plan, n, is_there):
    found = review(plan, actions=[action("1.2.1", "done", n)], minutes=[minute(days(-40))])
    assert bool(found.completed) is is_there


def test_todays_own_decisions_make_no_last_meeting():
    rows = (minute(TODAY), minute(days(1)))
    assert last_meeting(Records(minutes=rows), TODAY) is None


def test_what_is_due_today_is_due_and_not_late(plan):
    found = review(plan, actions=[action("1.2.1", "on-track", due=TODAY)])
    assert (numbers(found.late), numbers(found.due)) == ([], ["1.2.1"])


def test_a_silent_action_is_counted_and_an_open_slot_is_not(plan):
    rows = [action("1.2.1", "on-track", -91), action("1.2.2", "on-track", -90)]
    assert review(plan, actions=rows).n_silent == 2  # and 1.2.10, of which nothing was told


@pytest.mark.parametrize(
    ("quarter", "is_current", "word"),
    [
        ("2026-Q4", True, says("meeting.nothing_before")),
        ("2026-Q3", True, says("meeting.nothing_before")),
        ("2026-Q2", False, "no update since 2026-Q2"),
    ],
)
def test_a_value_older_than_the_last_whole_quarter_is_told_as_old(plan, quarter, is_current, word):
    values = (value("clearance", quarter, 0.5, "cohort 12 months", numerator=5, denominator=10),)
    (first, *_) = measure_statuses(measure_lines(plan, Records(values=values)), TODAY)
    assert (first.now, first.is_current, str(first.word)) == ("50% (5 of 10)", is_current, word)
    assert not first.is_significant


def test_a_target_that_was_met_long_ago_is_not_told_as_met(plan):
    settled = MeasureRow(key="gun-violence", target=45)
    settled.revision = 1
    for quarter, is_met in (("2026-Q3", True), ("2026-Q1", False)):
        values = (value("gun-violence", quarter, 40, "incidents"),)
        records = Records(values=values, measures=(settled,))
        assert measure_statuses(measure_lines(plan, records), TODAY)[0].is_met is is_met


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["approved", "refused"])
def test_an_answered_proposal_waits_no_more(plan, state):
    row = SimpleNamespace(action="1.1.1", values={"office": "Health"}, state=state)
    assert review(plan, changes=[row]).pending == ()


# ---- True in general -----------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1.2.1", "1.2.2", "1.2.10"]),
            st.sampled_from(STATUSES),
            st.integers(-200, 0),
            st.none() | st.integers(-100, 100),
        ),
        unique_by=lambda row: row[0],
    ),
    st.none() | st.integers(-200, -1),
)
def test_each_action_stands_where_its_state_says_and_nowhere_else(plan, rows, met):
    made = [action(n, s, u, due=None if d is None else days(d)) for n, s, u, d in rows]
    found = review(plan, actions=made, minutes=[] if met is None else [minute(days(met))])
    since = days(-90 if met is None else met)
    assert {one.line.number for one in found.completed} == {
        n for n, s, u, _ in rows if s == "done" and days(u) >= since
    }
    stuck = {n for n, s, _, _ in rows if s in {"blocked", "at-risk"}}
    assert {one.line.number for one in found.stuck} == stuck
    assert all(one.line.number not in one.waiting for one in found.stuck)
    undone = {n: d for n, s, _, d in rows if s != "done" and d is not None}
    assert set(numbers(found.late)) == {n for n, d in undone.items() if d < 0}
    assert set(numbers(found.due)) == {n for n, d in undone.items() if 0 <= d <= 90}
