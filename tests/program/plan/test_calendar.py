"""What a day makes of a state: fresh, late, held up, in which order."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.sentences import says

from csa.base.errors import ParamError
from csa.program.plan.calendar import (
    NEED_REASON,
    STATUSES,
    TEXT_LIMIT,
    ActionState,
    ResponseClock,
    clock,
    color_word,
    freshness,
    holds_up,
    is_due_soon,
    is_late,
    ordered,
    waits_for,
)
from csa.program.plan.items import Link, by_number
from csa.program.plan.loading import load_plan

REPEATABLE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
TODAY = date(2026, 6, 30)


def ago(days):
    return TODAY - timedelta(days=days)


def state(number="1.2.1", status="on-track", **more):
    return ActionState(number, status, "why" if status in NEED_REASON else "", **more)


def late(number):
    return state(number, due=ago(1))


def waits(on):
    return Link(on=on, source="1.2", why="so")


def any_state(number):
    """Make any state that is allowed."""
    days = st.none() | st.integers(-200, 200).map(ago)
    return st.builds(state, st.just(number), st.sampled_from(STATUSES), due=days, updated_on=days)


def some_states(plan):
    numbers = [action.number for action in plan.actions]
    chosen = st.lists(st.sampled_from(numbers), unique=True, max_size=30)
    return chosen.flatmap(lambda ns: st.fixed_dictionaries({n: any_state(n) for n in ns}))


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "word"), [(0, "fresh"), (30, "fresh"), (31, "ask"), (90, "ask"), (91, "stale")]
)
def test_an_update_ages(days, word):
    old = state(updated_on=ago(days))
    assert freshness(old, TODAY) == word
    assert color_word(old, TODAY) == ("no-update" if word == "stale" else "on-track")


def test_the_clock_runs_from_the_first_meeting():
    assert clock(None, TODAY) == ResponseClock("not-started")
    assert clock(ago(12), TODAY) == ResponseClock("running", 12, ago(-48))
    assert clock(ago(61), TODAY) == ResponseClock("over", 61, ago(1))
    assert clock(ago(80), TODAY, begun_on=ago(35)) == ResponseClock("begun", 45, ago(20))


def test_a_written_action_of_trust_takes_its_turn_like_any_other(write):
    more = '[[actions]]\nnumber = "1.1.2"\ntitle = "Listen"\n'
    plan = load_plan(write(more=more))
    said = {"1.2.10": state("1.2.10", "blocked")}
    order = [action.number for action in ordered(plan, said, TODAY)]
    assert order == ["1.1.1", "1.2.10", "1.1.2", "1.2.1", "1.2.2"]


# ---- At the edge ----------------------------------------------------------------------------


def test_what_was_never_updated_is_grey_even_when_done():
    assert freshness(state(status="done"), TODAY) == "none"
    assert {color_word(state(status=status), TODAY) for status in STATUSES} == {"no-update"}


def test_what_is_done_is_never_stale():
    done = state(status="done", updated_on=ago(3000))
    assert (freshness(done, TODAY), color_word(done, TODAY)) == ("fresh", "done")


def test_the_due_day_itself_is_soon_and_not_late():
    assert not is_late(state(due=TODAY), TODAY)
    assert is_due_soon(state(due=TODAY), TODAY)
    assert is_due_soon(state(due=ago(-90)), TODAY)
    assert not is_due_soon(state(due=ago(-91)), TODAY)
    assert is_late(state(due=ago(1)), TODAY)


def test_day_60_is_in_time_and_a_meeting_ahead_starts_nothing():
    assert clock(ago(60), TODAY) == ResponseClock("running", 60, TODAY)
    assert clock(TODAY, TODAY) == ResponseClock("running", 0, ago(-60))
    assert clock(ago(-1), TODAY) == ResponseClock("not-started", None, ago(-61))


def test_work_that_is_to_begin_later_has_not_begun():
    assert clock(ago(10), TODAY, begun_on=ago(-1)).state == "running"
    assert clock(ago(10), TODAY, begun_on=TODAY) == ResponseClock("begun", 10, ago(-50))


def test_work_that_began_before_any_meeting_has_begun_on_day_0():
    assert clock(None, TODAY, begun_on=ago(1)) == ResponseClock("begun")
    assert clock(ago(1), TODAY, begun_on=ago(5)) == ResponseClock("begun", 0, ago(-59))


def test_edited_links_stand_for_the_plans_own(write):
    plan = load_plan(write())
    said = {"1.1.1": late("1.1.1")}
    assert holds_up(plan, said, TODAY) == {"1.1.1": ()}
    links = {"1.2.10": [waits("1.1")], "1.2": [waits("9.9"), waits("9.9.9")], "8.8": [waits("1.1")]}
    assert holds_up(plan, said, TODAY, links) == {"1.1.1": ("1.2.10",)}
    assert waits_for(plan, links)["1.2.2"] == set()


def test_edited_links_that_run_in_a_circle_end_and_hold_nobody_up_by_himself(write):
    plan = load_plan(write())
    links = {"1.2.1": [waits("1.2.2")], "1.2.2": [waits("1.2.1")]}
    assert holds_up(plan, {"1.2.1": late("1.2.1")}, TODAY, links) == {"1.2.1": ("1.2.2",)}


def test_a_state_of_an_action_that_the_plan_lacks_is_passed_over(kansas):
    said = {"9.9.9": late("9.9.9")}
    assert holds_up(kansas, said, TODAY) == {}
    assert len(ordered(kansas, said, TODAY)) == 66


# ---- True in general ------------------------------------------------------------------------


@REPEATABLE
@given(data=st.data())
def test_the_order_holds_each_action_once_and_worse_comes_first(kansas, data):
    said = data.draw(some_states(kansas))
    order = ordered(kansas, said, TODAY)
    assert sorted(a.number for a in order) == sorted(a.number for a in kansas.actions)
    groups = []
    for action in order:
        one = said.get(action.number, ActionState(action.number))
        is_trust = action.number[:4] in {"1.1.", "2.1.", "3.1."}
        is_stale = one.status != "done" and one.updated_on is not None and one.updated_on < ago(90)
        is_late_now = one.status != "done" and one.due is not None and one.due < TODAY
        signs = [is_trust, one.status == "blocked", one.status == "at-risk", is_stale, is_late_now]
        groups.append(([*signs, True].index(True), [int(n) for n in action.number.split(".")]))
    assert groups == sorted(groups)


@REPEATABLE
@given(data=st.data())
def test_what_is_held_up_is_what_a_path_of_undone_items_reaches(kansas, data):
    """The oracle: the closure of the relation by Warshall, a strategy's links written out."""
    said = data.draw(some_states(kansas))
    numbers = [action.number for action in kansas.actions]
    undone = [n for n in numbers if n not in said or said[n].status != "done"]
    after = {
        (link.on if link.on.count(".") == 2 else other.number, number)
        for number in undone
        for link in (*kansas.action(number).needs, *kansas.strategy_of(number).needs)
        for other in kansas.actions_of(link.on) or kansas.actions[:1]
        if link.kind == "waits"
    }
    reach = {pair for pair in after if pair[0] in undone}
    for middle in undone:
        before = [a for a, b in reach if b == middle]
        behind = [b for a, b in reach if a == middle]
        reach |= {(a, b) for a in before for b in behind}
    expected = {
        n: tuple(sorted({b for a, b in reach if a == n} - {n}, key=by_number))
        for n in sorted(numbers, key=by_number)
        if n in said and said[n].status != "done" and said[n].due and said[n].due < TODAY
    }
    assert holds_up(kansas, said, TODAY) == expected


# ---- By hand --------------------------------------------------------------------------------


# ---- At the edge ----------------------------------------------------------------------------


def test_the_last_values_that_fit():
    assert ActionState("1.2.1", percent=0).percent == 0
    assert ActionState("1.2.1", "done", percent=100).percent == 100
    assert ActionState("1.2.1", "done").percent is None
    assert ActionState("1.2.1", "on-track", percent=100).percent == 100
    day = date(2026, 1, 1)
    assert ActionState("1.2.1", start=day, due=day).due == day
    assert ActionState("1.2.1", comment="x" * TEXT_LIMIT).comment
    assert ActionState("1.2.1", evidence="http://a").evidence


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"status": "late"},
            says(
                "plan.status", given="late", known="not-started, on-track, at-risk, blocked, done"
            ),
        ),
        ({"status": "blocked"}, "1.2.1 is blocked. Add a reason, so others can help."),
        (
            {"status": "at-risk", "reason": " \n"},
            "1.2.1 is at-risk. Add a reason, so others can help.",
        ),
        ({"percent": 101}, says("param.between", name="percent", low=0, high=100, given=101)),
        ({"percent": -1}, says("param.between", name="percent", low=0, high=100, given="-1")),
        ({"status": "done", "percent": 99}, "A done action must be at 100 percent, not 99"),
        (
            {"start": date(2026, 2, 1), "due": date(2026, 1, 31)},
            "The action is due on 2026-01-31, before it starts on 2026-02-01.",
        ),
        ({"comment": "x" * 2001}, "comment has 2,001 characters; the limit is 2,000."),
        ({"evidence": "https://a/" + "x" * 2000}, "evidence has 2,010 characters"),
    ],
)
def test_a_state_that_contradicts_itself_is_refused(given, sentence):
    with pytest.raises(ParamError) as refused:
        ActionState("1.2.1", **given)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "ftp://a/b", "www.kcmo.gov", "https://", "http:///x", "https:a"),
        *(
            " https://a",
            "https://a b",
            "https://a\nhttps://b",
            "https://[1",
            "https://a\x00",
            "//a",
        ),
        *("data:text/html,x", "java\tscript:x", "https://a\u202eb"),
    ],
)
def test_what_is_no_web_address_is_no_evidence(link):
    with pytest.raises(ParamError, match=r"' is not a web address\."):
        ActionState("1.2.1", evidence=link)


@pytest.mark.parametrize("name", ["reason", "office", "coordinator", "comment"])
def test_no_text_is_longer_than_a_page(name):
    with pytest.raises(ParamError, match=f"{name} has 2,001 characters"):
        ActionState("1.2.1", **{name: "x" * (TEXT_LIMIT + 1)})


# ---- True in general ------------------------------------------------------------------------


@given(
    status=st.sampled_from(STATUSES),
    reason=st.sampled_from(["", "  ", "why"]),
    percent=st.none() | st.integers(-5, 105),
)
def test_a_state_is_refused_just_when_it_breaks_a_rule(status, reason, percent):
    is_good = not (status in NEED_REASON and not reason.strip())
    is_good &= percent is None or percent in range(101)
    is_good &= not (status == "done" and percent not in {None, 100})
    try:
        ActionState("1.2.1", status, reason, percent=percent)
    except ParamError:
        assert not is_good
    else:
        assert is_good
