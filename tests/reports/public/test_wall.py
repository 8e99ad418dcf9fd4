"""The map on the wall: at most eight screens, their order, and what fits on each."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.text import LANGUAGES
from csa.reports.public.facts import PublicMeeting
from csa.reports.public.screens import Row, count_words, fitting, wall_screens
from csa.reports.public.wall import wall_page
from tests.reports import told
from tests.reports.told import LONG_NAME, STATES, answer, change, facts, task
from tests.sentences import says

ORDER = ["number", "where", "change", "doing", "tasks", "answers", "part", "limits"]


def keys(given_facts, language="en"):
    return [screen.key for screen in wall_screens(given_facts, language)]


def screen(key, given_facts, language="en"):
    return next(one for one in wall_screens(given_facts, language) if one.key == key)


def texts(key, given_facts, language="en"):
    return [row.text for row in screen(key, given_facts, language).rows]


# ---- By hand --------------------------------------------------------------------------------


def test_the_screens_stand_in_the_order_of_a_talk_people_first():
    first, second, *_ = wall_screens(facts())
    assert keys(facts()) == ORDER
    assert first.title == says("public.one_or_more")
    assert first.rows[0].text == says("public.behind")
    assert second.title == says("public.where_title", what="shootings")
    assert second.is_map


def test_a_change_is_said_and_drawn_beside_what_no_change_would_give():
    shown = screen("change", facts(change=change("fewer here, moved next door", 38, 45, 77)))
    assert shown.title == "What changed since October 2019?"
    assert [row.text for row in shown.rows] == [
        "Fewer shootings in the areas than expected, but more next door."
    ]
    bar = shown.bar
    assert (bar.counted_words, bar.range_words) == ("38 counted", "45 to 77 expected")
    assert bar.x(0) == 0
    assert bar.x(38) < bar.x(45) < bar.x(77) < 1000
    low = screen("change", facts(change=change(low=None))).bar
    assert (low.x(low.low), low.range_words) == (0, "up to 77 expected")
    few = change("fewer, and fewer in all", counted=None, low=None, high=None)
    assert screen("change", facts(change=few)).bar is None


def test_done_and_under_way_one_of_each_the_shortest():
    given_facts = facts(
        tasks=(
            task("Mow and fence every one of the eleven lots"),
            task("Run a league"),
            task("Light the store's door", "done"),
        )
    )
    assert screen("tasks", given_facts).rows == (
        Row("Light the store's door", "done"),
        Row("Run a league", "on track"),
    )


def test_the_latest_answer_that_fits_is_shown_whole_with_its_area():
    asked = (
        answer("Can the gate be shut at night?", "Yes, at ten.", asked_on=date(2020, 1, 1)),
        answer("Why " + "so " * 30 + "late?", "We ask.", asked_on=date(2020, 2, 1)),
        answer("Who helps?", asked_on=date(2020, 3, 1)),
    )
    assert screen("answers", facts(answers=asked)).rows == (
        Row("Can the gate be shut at night?", "B"),
        Row("Yes, at ten."),
    )
    assert texts("answers", facts(answers=asked[2:])) == ["Who helps?", "no answer yet"]


def test_the_next_meeting_comes_before_other_ways_to_take_part():
    soon = PublicMeeting(on=date(2020, 8, 1), at="6 pm", where="Library", what="Lights")
    shown = texts("part", facts(meetings=(soon,)))
    assert shown[:2] == ["August 1, 2020, 6 pm, Library", "Lights"]
    sooner = PublicMeeting(on=date(2020, 7, 1), where="School", what="Gym", places=("Here",))
    assert texts("part", facts(meetings=(sooner, soon))) == shown  # as on the page of the city


# ---- At the edge ----------------------------------------------------------------------------


def test_screens_without_anything_to_say_are_left_out_or_say_so():
    assert keys(STATES["nothing at all"]) == [*ORDER[:4], *ORDER[6:]]
    assert texts("doing", STATES["nothing at all"]) == [says("public.doing_none")]
    assert "answers" not in keys(facts(answers=()))
    assert keys(facts(actions=()))[3:5] == ["tasks", "answers"]


def test_only_what_fits_nowhere_is_cut():
    assert fitting([Row("one two three four", "B"), Row("five")], 3) == (Row("five"),)
    assert fitting([Row("one two three four", "B")], 3) == (Row("one two …", "B"),)
    assert fitting([], 3) == ()


def test_a_city_with_a_long_name_keeps_the_first_screen_short():
    first = wall_screens(facts(city_name=LONG_NAME, is_proxy=True), "es")[0]
    assert first.rows


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_each_screen_is_a_section_of_the_page_with_its_number_and_there_are_eight(state, language):
    html = wall_page(STATES[state], language, told.svg())
    n = len(wall_screens(STATES[state], language))
    assert n <= 8
    assert html.count('<section class="screen') == n
    assert html.count("<h1") == 1
    assert re.findall(r"(\d+) / (\d+)</span>", html) == [(str(at + 1), str(n)) for at in range(n)]


@given(
    given_texts=st.lists(
        st.lists(st.sampled_from(["go", "to", "the", "hall"]), min_size=1, max_size=30).map(
            " ".join
        ),
        max_size=9,
    ),
    room=st.integers(1, 25),
)
def test_what_is_shown_fits_keeps_its_order_and_is_whole_if_anything_is(given_texts, room):
    rows = fitting([Row(text) for text in given_texts], room)
    assert sum(count_words(row.text) for row in rows) <= room
    assert bool(rows) == bool(given_texts)
    if any(count_words(text) <= room for text in given_texts):
        left = iter(given_texts)
        assert all(row.text in left for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [state for state in STATES if state != "long words"])
def test_no_sentence_of_ours_is_cut(state, language):
    said = [one for one in wall_screens(STATES[state], language) if one.key != "number"]
    assert [row.text for one in said for row in one.rows if "…" in row.text] == []
