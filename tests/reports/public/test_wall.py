"""The map on the wall: its screens, their order, and how what is long is spread."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csa.base.text import LANGUAGES
from csa.reports.public.screens import Row, count_words, pieces, spread, wall_screens
from csa.reports.public.wall import Pictures, wall_page
from tests.reports.told import LONG_NAME, STATES, answer, area, change, facts, task
from tests.sentences import says

ORDER = ("number", "where", "about", "areas", "change", "sure", "doing", "tasks", "answers", "part")


def keys(given_facts, language="en"):
    found = [screen.key for screen in wall_screens(given_facts, language)]
    return [key for n, key in enumerate(found) if n == 0 or found[n - 1] != key]


def screens(key, given_facts):
    return [screen for screen in wall_screens(given_facts) if screen.key == key]


def words(rows):
    return [word for row in rows for word in row.text.replace("…", "").split()]


# ---- By hand --------------------------------------------------------------------------------


def test_the_screens_stand_in_the_order_of_a_talk():
    assert keys(facts()) == [*ORDER, "limits"]


def test_the_wall_opens_with_what_a_number_is_then_the_map():
    first, second, *_ = wall_screens(facts())
    assert first.title == says("public.one_or_more")
    assert second.title == says("public.where_title", what="shootings")
    assert second.is_map
    assert second.alt.endswith("fewer than 10, 10 to 14, 15 to 24, 25 or more.")


def test_a_change_stands_on_one_screen_its_numbers_on_the_next():
    given_facts = facts(change=change("fewer here, moved next door", 38, 45, 77))
    assert [row.text for row in screens("change", given_facts)[0].rows] == [
        says("public.change_fewer_moved", what="shootings")
    ]
    assert screens("sure", given_facts)[0].rows == (
        Row("shootings, October 2019 to June 2020", "38"),
        Row(says("wall.no_surprise"), "45 to 77"),
    )
    low = screens("sure", facts(change=change(low=None)))[0].rows[1]
    assert low.label == "up to 77"


def test_twelve_areas_are_spread_over_screens_each_once():
    twelve = tuple(area(letter, f"Place {letter}") for letter in "ABCDEFGHIJKL")
    found = screens("areas", facts(areas=twelve))
    assert [len(screen.rows) for screen in found] == [4, 4, 4]
    assert [row.label for screen in found for row in screen.rows] == list("ABCDEFGHIJKL")


def test_the_latest_questions_come_first_and_the_rest_stand_on_the_page():
    asked = tuple(answer(f"Question {n}", "Yes.", asked_on=date(2020, 1, n)) for n in range(1, 9))
    found = screens("answers", facts(answers=asked))
    assert [screen.rows[0].text for screen in found] == [
        *(f"Question {n}" for n in (8, 7, 6, 5, 4, 3)),
        says("wall.more"),
    ]


def test_a_long_text_goes_on_over_the_next_screen_and_says_so():
    cut = pieces(Row("one two three four five six", "B"), 4)
    assert cut == (Row("one two three …", "B"), Row("… four five six", "B"))
    assert pieces(Row("one two three", "B"), 4) == (Row("one two three", "B"),)
    assert pieces(Row("a b c d e"), 2)[1].text == "… c d …"
    assert pieces(Row("It is so. It was so."), 4) == (Row("It is so."), Row("It was so."))


# ---- At the edge ----------------------------------------------------------------------------


def test_screens_without_anything_to_say_are_left_out_or_say_so():
    assert keys(STATES["nothing at all"]) == [
        *("number", "where", "about", "change", "doing", "part", "limits")
    ]
    assert "answers" not in keys(facts(answers=()))
    assert keys(facts(actions=()))[6:8] == ["tasks", "answers"]
    many = facts(tasks=tuple(task(f"Task {n}") for n in range(9)))
    assert screens("tasks", many)[-1].rows[-1].text == says("wall.more")


def test_a_city_with_a_long_name_keeps_the_first_screen_short():
    first = wall_screens(facts(city_name=LONG_NAME, is_proxy=True), "es")[0]
    assert first.rows


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_each_screen_is_a_section_of_the_page_with_its_number(state, language):
    html = wall_page(STATES[state], language, Pictures())
    n = len(wall_screens(STATES[state], language))
    assert html.count('<section class="screen') == n
    assert html.count("<h1") == 1
    assert re.findall(r"(\d+) / (\d+)</span>", html) == [(str(at + 1), str(n)) for at in range(n)]


@given(
    texts=st.lists(
        st.lists(st.sampled_from(["go", "to", "the", "hall", "now"]), min_size=1, max_size=30).map(
            " ".join
        ),
        max_size=9,
    ),
    room=st.integers(8, 25),
)
def test_spreading_keeps_every_word_that_fits_in_its_order_and_every_limit(texts, room):
    title = "What we say"
    left = room - count_words(title)
    found = spread("x", title, [Row(text) for text in texts], room)
    kept = [word for text in texts for word in text.split()[: 2 * left]]
    assert words([row for screen in found for row in screen.rows]) == kept
    assert all(sum(count_words(row.text) for row in screen.rows) <= left for screen in found)
    assert all(1 <= len(screen.rows) <= 4 for screen in found) or not texts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [state for state in STATES if state != "long words"])
def test_no_sentence_of_ours_is_cut(state, language):
    said = [screen for screen in wall_screens(STATES[state], language) if screen.key != "number"]
    shown = [row.text for screen in said for row in screen.rows]
    assert [text for text in shown if "…" in text] == []
