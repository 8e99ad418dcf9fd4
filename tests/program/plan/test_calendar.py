"""What a day makes of a state: fresh, late, held up, in which order."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csa.program.plan.calendar import (
    NEED_REASON,
    STATUSES,
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


def test_what_a_late_action_holds_up_is_found_through_others_and_through_strategies(kansas):
    held = holds_up(kansas, {"1.3.2": late("1.3.2")}, TODAY)
    assert held == {"1.3.2": ("1.3.3", "1.3.4", "1.3.6", "1.3.7")}
    held = holds_up(kansas, {"1.2.3": late("1.2.3")}, TODAY)
    assert held == {"1.2.3": tuple(f"2.3.{n}" for n in range(1, 7))}
    held = holds_up(kansas, {"1.2.1": late("1.2.1")}, TODAY)["1.2.1"]
    assert held[:2] == ("1.2.2", "1.3.1")
    assert {number.rpartition(".")[0] for number in held} == {"1.2", "1.3", "2.3"}


def test_the_clock_runs_from_the_first_meeting():
    assert clock(None, TODAY) == ResponseClock("not-started")
    assert clock(ago(12), TODAY) == ResponseClock("running", 12, ago(-48))
    assert clock(ago(61), TODAY) == ResponseClock("over", 61, ago(1))
    assert clock(ago(80), TODAY, begun_on=ago(35)) == ResponseClock("begun", 45, ago(20))


def test_trust_comes_first_then_what_needs_somebody(kansas):
    said = {
        "1.2.1": state("1.2.1", "done", updated_on=ago(200)),
        "1.2.2": state("1.2.2", due=ago(3), updated_on=TODAY),
        "1.2.3": state("1.2.3", updated_on=ago(91)),
        "2.2.1": state("2.2.1", "at-risk", updated_on=TODAY),
        "3.8.4": state("3.8.4", "blocked", updated_on=ago(100)),
    }
    order = [action.number for action in ordered(kansas, said, TODAY)]
    trust = [f"{strategy}.{n}" for strategy in ("1.1", "2.1", "3.1") for n in (1, 2, 3)]
    assert order[:13] == [*trust, "3.8.4", "2.2.1", "1.2.3", "1.2.2"]
    assert order[13:16] == ["1.2.1", "1.2.4", "1.3.1"]
    assert order.index("1.3.9") < order.index("1.3.10") < order.index("2.2.2")


def test_late_actions_are_told_in_the_order_of_their_numbers(write):
    needs = '[[actions]]\nnumber = "1.2.3"\ntitle = "x"\n'
    said = {number: late(number) for number in ("1.2.10", "1.2.3", "1.1.1")}
    held = holds_up(load_plan(write(more=needs)), said, TODAY)
    assert list(held) == ["1.1.1", "1.2.3", "1.2.10"]


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


def test_what_is_done_passes_no_delay_on(kansas):
    said = {"1.3.2": late("1.3.2"), "1.3.4": state("1.3.4", "done")}
    assert holds_up(kansas, said, TODAY) == {"1.3.2": ()}


def test_a_linked_item_is_not_held_up(kansas):
    assert holds_up(kansas, {"2.4.1": late("2.4.1")}, TODAY) == {"2.4.1": ()}


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
@given(said=any_state("1.2.1"), days=st.integers(0, 400))
def test_a_state_ages_one_way_unless_it_is_done(said, days):
    ages = ["fresh", "ask", "stale"]
    now, later = freshness(said, TODAY), freshness(said, TODAY + timedelta(days=days))
    if said.updated_on is None:
        assert (now, later) == ("none", "none")
    elif said.status == "done":
        assert (now, later) == ("fresh", "fresh")
    else:
        assert ages.index(now) <= ages.index(later)


@REPEATABLE
@given(said=any_state("1.2.1"))
def test_nothing_is_both_late_and_due_soon_and_what_is_done_is_neither(said):
    assert not (is_late(said, TODAY) and is_due_soon(said, TODAY))
    done = replace(said, status="done")
    assert not is_late(done, TODAY)
    assert not is_due_soon(done, TODAY)


@REPEATABLE
@given(said=any_state("1.2.1"))
def test_a_color_needs_an_update_of_the_last_90_days_or_an_end(said):
    if color_word(said, TODAY) == "no-update":
        age = None if said.updated_on is None else (TODAY - said.updated_on).days
        assert age is None or (age > 90 and said.status != "done")
    else:
        assert color_word(said, TODAY) == said.status
        assert said.updated_on is not None


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


@REPEATABLE
@given(
    meeting=st.none() | st.integers(-100, 100).map(ago),
    begun=st.none() | st.integers(-100, 100).map(ago),
)
def test_the_clock_has_one_state_for_every_pair_of_days(meeting, begun):
    told = clock(meeting, TODAY, begun_on=begun)
    assert (told.ends is None) == (meeting is None)
    if begun is not None and begun <= TODAY:
        assert told.state == "begun"
    elif meeting is None or meeting > TODAY:
        assert (told.state, told.day) == ("not-started", None)
    else:
        assert told.state == ("over" if told.ends < TODAY else "running")
        assert meeting + timedelta(days=told.day) == TODAY
