"""The map on the wall: its screens, their order, and what fits on each."""

import re
from datetime import date

import pytest
from hypothesis import given, strategies as st
from tests.reports import told
from tests.reports.told import LONG_NAME, STATES, change, facts
from tests.sentences import says

from csa.base.text import LANGUAGES, Translator
from csa.reports.public.facts import PublicMeeting
from csa.reports.public.wall import Row, count_words, fitting, wall_page, wall_screens

ORDER = ["number", "where", "change", "areas", "tasks", "answers", "part", "limits"]


def keys(given_facts, language="en"):
    return list(dict.fromkeys(screen.key for screen in wall_screens(given_facts, language)))


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
    shown = screen("change", facts(change=change("fewer here, more nearby", 38, 45, 77)))
    assert shown.title == "What changed through June 2020?"
    assert [row.text for row in shown.rows] == [
        "Fewer shootings in the areas than expected, but more nearby."
    ]
    bar = shown.bar
    assert (bar.counted_words, bar.range_words) == ("38 counted", "no change: 45 to 77")
    assert bar.x(0) == 0
    assert bar.x(38) < bar.x(45) < bar.x(77) < 1000
    low = screen("change", facts(change=change(low=None))).bar
    assert (low.x(low.low), low.range_words) == (0, "no change: up to 77")
    few = change("fewer here and within 750 m", counted=None, low=None, high=None)
    shown = screen("change", facts(change=few))
    assert (shown.bar, shown.title) == (None, "What changed, October 2019 to June 2020?")


@pytest.mark.parametrize("verdict", ["no clear change", "fewer here; may have moved"])  # fmt: skip
def test_which_areas_are_no_longer_in_service_is_said_however_long_the_verdict(verdict):
    ended = change(verdict).model_copy(update={"ended": ("B", "C")})
    assert texts("areas", facts(change=ended))[-1] == says("public.change_ended", n=2, areas="B, C")


def rows(key, given_facts, language="en"):
    """List the rows of all screens of a topic."""
    every = wall_screens(given_facts, language)
    return [row for one in every if one.key == key for row in one.rows]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_area_stands_beside_all_together_and_moved_is_said_of_it(language):
    t = Translator(language)
    here = {"what": t("public.shootings"), "where": t("public.here")}
    assert rows("areas", STATES["all kinds of work"], language) == [
        Row(t("public.short_fewer_moved", **here), "A"),
        Row(t("public.short_fewer", **here), "B"),
    ]


def test_areas_that_are_alike_share_a_line():
    shown = rows("areas", STATES["forty areas"])
    assert {row.text for row in shown} == {says("public.change_unknown")}
    assert ", ".join(row.label for row in shown).split(", ") == [
        one.letter for one in STATES["forty areas"].areas
    ]


def test_every_task_is_shown_late_ones_first_with_the_agencys_reason():
    given_facts = STATES["all kinds of work"]
    shown = rows("tasks", given_facts)
    why = says("public.why_late", what="B: Mow eleven lots", why="no truck yet")
    assert shown[0].text.startswith("The plan has 6 actions: 1 late, 1 needs help")
    assert shown[1] == Row(why, says("public.late"))
    assert shown[-2] == Row("B: Open the gym", says("public.done"))
    assert shown[-1].text == says("public.tasks_waiting", n=1, days=7)
    assert len(shown) == len(given_facts.tasks) + 2
    assert sum(one.key == "tasks" for one in wall_screens(given_facts)) > 1


def test_every_question_is_shown_with_its_answer_the_unanswered_first_and_others_counted():
    given_facts = STATES["all kinds of work"]
    shown = rows("answers", given_facts)
    assert shown[:2] == [Row("Who mows the lots?", "B"), Row(says("public.not_answered"))]
    assert [row.label for row in shown[:14]] == ["B", ""] * 7
    found = [row.text for row in shown[14:]]
    assert found == [says("public.unquoted", n=3), says("public.unquoted_open", n=1)]
    firsts = [one.rows[0] for one in wall_screens(given_facts) if one.key == "answers"]
    assert all(row.label == "B" for row in firsts[:-1])  # an answer is never parted from it


def test_of_what_is_too_long_for_a_screen_a_part_is_shown_never_nothing():
    long = told.answer("Please " + "really " * 90 + "help", "We " + "did " * 90 + "so")
    shown = rows("answers", facts(answers=(long,) * 9))
    assert len(shown) == 18
    assert all(row.text.endswith(" …") for row in shown)


def test_the_next_meeting_comes_before_other_ways_to_take_part():
    soon = PublicMeeting(on=date(2020, 8, 1), at="6 pm", where="Library", what="Lights")
    shown = texts("part", facts(meetings=(soon,)))
    assert shown[:2] == ["August 1, 2020, 6 pm, Library", "Lights"]
    sooner = PublicMeeting(on=date(2020, 7, 1), where="School", what="Gym", places=("Here",))
    assert texts("part", facts(meetings=(sooner, soon))) == shown  # as on the page of the city


# ---- At the edge ----------------------------------------------------------------------------


def test_screens_without_anything_to_say_are_left_out_or_say_so():
    assert keys(STATES["nothing at all"]) == [*ORDER[:3], "tasks", *ORDER[6:]]
    assert texts("tasks", STATES["nothing at all"]) == [says("public.doing_none")]
    assert "answers" not in keys(facts(answers=()))


def test_a_plain_quarter_has_eight_screens():
    assert len(wall_screens(facts())) == len(ORDER) == 8


def test_areas_are_shown_on_the_map_where_something_is_known_of_them():
    assert screen("areas", STATES["all kinds of work"]).is_map
    assert not screen("areas", STATES["forty areas"]).is_map


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
def test_each_screen_is_a_section_of_the_page_with_its_number(state, language):
    html = wall_page(STATES[state], language, told.svg())
    n = len(wall_screens(STATES[state], language))
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
