"""What the public reads: plain, kind, complete in each state, and nothing that is too small."""

import re
from datetime import date

import pytest
from hypothesis import given, strategies as st
from tests.reports.readability import grade
from tests.reports.told import CONFIRMED, STATES, VERDICTS, action, area, change, facts, late
from tests.sentences import says

from csa.base.message import load_catalog
from csa.base.text import LANGUAGES, Translator
from csa.city.preregistration import Verdict
from csa.reports.document import Bullets, Lead, Paragraph, Picture, Table
from csa.reports.public.areas import change_numbers, change_sentence, short_change
from csa.reports.public.facts import DensityClass, PublicPlace
from csa.reports.public.neighborhoods import city_card
from csa.reports.public.plan import (
    how_to_participate,
    notice_text,
    status_at_quarter_end,
)
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import MOST_LISTED, MOST_WORDS, count_words, wall_marks, wall_screens
from csa.reports.public.words import class_words, marks_of, period, subtitle

SECTIONS = (
    "number",
    "where",
    "areas",
    "neighborhoods",
    "years",
    "change",
    "doing",
    "tasks",
    "answers",
    "part",
    "limits",
)
FORBIDDEN = (
    "hot spot",
    "hotspot",
    "worst",
    "winner",
    "dangerous",
    "offender",
    "victim",
    "suspect",
    "score",
    "significant",
    "predict",
    "rank",
    "cluster",
    "too few",
)
OUR_STATES = [state for state in STATES if state != "long words"]
"""States whose free text is not made to be long."""


def told(section):
    """List the texts of a section that are ours, a table's cells left out."""
    for block in section.blocks:
        match block:
            case Lead():
                yield from block.sentences
            case Paragraph():
                yield block.text
            case Bullets():
                yield from block.items
            case Picture():
                yield from (block.alt, block.missing, block.caption)
            case Table():
                yield block.caption
                yield from block.columns


def section(key, *given):
    return next(found for found in public_sections(*given) if found.key == key)


def table(key, *given):
    return next(block for block in section(key, *given).blocks if isinstance(block, Table))


def text_of(key, *given):
    return " ".join(told(section(key, *given)))


def said_on(screen):
    """Give what a screen of the wall says under its title."""
    bar = screen.bar
    drawn = [] if bar is None else [bar.counted_words, bar.range_words]
    return [*(f"{row.label} {row.text}" for row in screen.rows), *drawn]


def everything(given, language="en"):
    """Give all text of the page and the wall, tables included."""
    texts = [public_title(given, language), *marks_of(given, language)]
    for found in public_sections(given, language):
        texts += [found.title, *told(found)]
        tables = [block for block in found.blocks if isinstance(block, Table)]
        texts += [cell for block in tables for row in block.rows for cell in row]
    for screen in wall_screens(given, language):
        texts += [screen.title, *said_on(screen)]
    return texts


def sentences(text):
    return [part for part in re.split(r"(?<=[.?!])\s+", text) if part.endswith((".", "?"))]


# ---- By hand --------------------------------------------------------------------------------


def test_the_classes_are_words_and_the_lowest_is_fewer_than_ten():
    assert class_words(facts()) == ("fewer than 10", "10 to 14", "15 to 24", "25 or more")
    one = DensityClass(low=10, high=10), DensityClass(low=1200, high=None)
    classes = (DensityClass(low=0, high=9), *one)
    assert class_words(facts(classes=classes)) == ("fewer than 10", "10", "1,200 or more")


def test_what_changed_is_said_with_its_numbers_and_how_sure_that_is():
    given = facts(change=change("fewer here and within 750 m", 38, 45, 77))
    assert text_of("change", given) == (
        "As a group, the areas had fewer shootings than we would expect. "
        "So had all blocks within half a mile, the areas included. "
        "The areas had 38 in this time: October 2019 to June 2020. "
        "With no change, chance alone could give any number from 45 to 77. "
        "Cases between partners or family count here too. "
        "If nothing had changed, there would be less than a 1 in 20 chance of us saying this. "
        "This does not say why."
    )


def test_that_a_fall_may_have_moved_is_said_in_both_languages():
    given = facts(change=change("fewer here; may have moved", 38, 45, 77))
    assert "We cannot tell if they moved somewhere else." in text_of("change", given)
    assert "No podemos saber si pasaron a otro lugar." in text_of("change", given, "es")


def test_where_it_went_up_next_door_is_said_of_the_area_and_of_all_together():
    a, *others = facts().areas
    moved = a.model_copy(update={"verdict": "fewer here, more nearby"})
    given = facts(areas=(moved, *others))
    said = "Fewer shootings here than expected, but more nearby."
    assert table("areas", given).rows[0][-1] == said
    moved_from = says("public.moved_somewhere", n=1, areas="Ash Hollow (A)")
    assert moved_from in text_of("change", given)
    assert moved_from in city_card(given, Translator()).doing
    assert "nearby" not in text_of("change", facts())
    everywhere = change("fewer here, more nearby")
    assert moved_from not in text_of("change", facts(areas=(moved,), change=everywhere))


def test_an_area_of_which_nothing_can_be_said_yet_says_so():
    given = facts(areas=(area("A", "Ash Hollow"), area("", "Elm", "candidate")))
    assert [row[-1] for row in table("areas", given).rows] == [says("public.change_unknown"), ""]


def test_a_page_named_by_a_quarter_says_that_places_are_counted_in_whole_years():
    given = facts(start="2017-01", until="2020-01")
    assert period(given, Translator()) == "2017 to 2019"
    assert subtitle(given, Translator()).startswith(
        "Places are counted in full years: 2017 to 2019. "
        "Citywide numbers and what changed go through June 2020."
    )
    assert "full years" not in subtitle(facts(), Translator())


@pytest.mark.parametrize("verdict", ["fewer for a while, no longer", "more for a while, no longer"])
def test_a_change_that_is_over_is_said_with_its_last_month(verdict):
    said = text_of("change", facts(change=change(verdict, 38, 45, 77)))
    fewer = verdict.split()[0]
    assert f"the areas had {fewer} shootings than we would expect until February 2020" in said
    assert ", but not since." in said


def test_neighborhoods_stand_by_name_never_by_count():
    found = [row[0] for row in table("neighborhoods", facts()).rows]
    assert found == ["Ash Hollow", "Élan Park", "Vinegate"]
    assert table("neighborhoods", facts()).rows[1][1] == says("public.fewer")


def test_the_plan_is_told_by_how_its_actions_stand():
    _, actions = section("doing", facts()).blocks
    assert [row[1] for row in actions.rows][:2] == [says("public.late"), says("public.needs_help")]


def test_every_task_stands_with_its_agencys_reason_late_ones_first():
    table, note = section("tasks", STATES["all kinds of work"]).blocks
    assert len(table.rows) == len(STATES["all kinds of work"].tasks)
    assert [row[1] for row in table.rows] == sorted(
        (row[1] for row in table.rows), key=lambda what: ("Mow" not in what, "gym" in what)
    )
    assert note.text == says("public.tasks_waiting", n=1, days=7)


@pytest.mark.parametrize(
    ("told_on", "word"),
    [
        (None, "on-track"),
        (date(2020, 6, 24), "on-track"),
        (date(2020, 6, 23), "late"),
        (date(2020, 5, 14), "on-track"),  # before it was due: of an earlier date
    ],
)
def test_an_agency_hears_that_a_task_is_late_seven_days_before_the_public_does(told_on, word):
    given = facts(tasks=(late("Mow", told_on),))
    assert status_at_quarter_end(given.tasks[0], given) == word
    due = {"area": "B", "what": "Mow", "agency": "Public Works", "due": "May 15, 2020"}
    named = says("publish.task", **due)
    waits = says("publish.to_tell", n=1, days=7, tasks=named)
    assert notice_text(given) == ("" if word == "late" else waits)


def test_questions_without_an_answer_come_first_and_those_not_quoted_are_counted():
    table, note = section("answers", STATES["all kinds of work"]).blocks
    assert table.rows[0][2] == says("public.not_answered")
    assert len(table.rows) == 7
    others = f"{says('public.unquoted', n=3)} {says('public.unquoted_open', n=1)}"
    assert note.text == others
    (alone,) = section("answers", facts(answers=(), n_unquoted=3, n_unquoted_open=1)).blocks
    assert alone.text == others


def test_who_confirmed_that_nobody_knows_stands_only_with_its_day():
    assert "confirmed" in text_of("limits", facts(**CONFIRMED))
    assert "confirmed" not in text_of("limits", facts(**{**CONFIRMED, "domestic_on": None}))


def test_domestic_cases_count_where_it_was_agreed_and_numbers_are_rounded_where_it_was_not():
    posted = {**CONFIRMED, "domestic": "counted"}
    by = {"office": "Office of Open Data", "day": "July 1, 2020"}
    agreed = text_of("limits", facts(**posted, domestic_agency="Safe House"))
    assert says("public.limit_counted") in agreed
    assert says("public.limit_agreed", agency="Safe House", **by) in agreed
    assert says("public.limit_posted") not in agreed
    said = text_of("limits", facts(**posted))
    assert says("public.limit_posted") in said
    assert says("public.limit_confirmed", **by) in said
    rounded = says("public.limit_rounded", n=5)
    assert rounded in text_of("limits", facts(rounded_to=5))
    assert rounded not in agreed + said + text_of("limits", facts())


def test_what_is_made_up_or_not_reviewed_is_marked():
    assert marks_of(facts(), "en") == ("Made-up city: nothing here is real",)
    assert len(marks_of(facts(), "es")) == 2
    assert marks_of(STATES["real"], "en") == ()
    assert len(marks_of(facts(is_synthetic=False, spanish_office="Language Access"), "es")) == 0
    assert len(wall_marks(facts(), "es")) == 2


def test_an_action_that_is_not_translated_says_that_it_is_in_english():
    cells = [row[0] for row in table("doing", facts(), "es").rows]
    assert "Caminar y oír" in cells
    assert any(cell.startswith("Set up a way to fill gaps (") for cell in cells)


def test_ways_to_take_part_are_the_citys_own_in_the_readers_language():
    both = facts(take_part={"en": ("Come.",), "es": ("Venga.",)})
    assert how_to_participate(both, Translator("es")) == ("Venga.",)
    assert how_to_participate(facts(), Translator("es")) == facts().take_part["en"]
    assert how_to_participate(facts(take_part={}), Translator()) == (says("public.part_none"),)


# ---- At the edge ----------------------------------------------------------------------------


def test_an_action_is_late_from_the_day_after_it_was_due():
    on_the_last_day = action("1", "x", "on-track", date(2020, 6, 30))
    on_the_first_day = action("1", "x", "on-track", date(2020, 7, 1))
    assert status_at_quarter_end(on_the_last_day, facts()) == "late"
    assert status_at_quarter_end(on_the_first_day, facts()) == "on-track"
    assert status_at_quarter_end(action("1", "x", "done", date(2020, 6, 30)), facts()) == "done"


def test_a_count_that_is_not_published_takes_its_range_with_it():
    said = change_numbers(change("fewer here and within 750 m", None, 12, 30), Translator())
    assert said == (says("public.change_counted_few"),)


def test_without_a_start_or_without_a_verdict_we_cannot_tell():
    candidates = facts(areas=(area("A", "Ash Hollow", "candidate"),), change=None)
    assert "No areas have been chosen yet" in change_sentence(candidates, Translator())
    assert change_sentence(facts(change=None), Translator()).startswith("We cannot tell yet.")
    assert change_sentence(facts(change=change("unknown")), Translator()).startswith(
        "We cannot tell yet."
    )
    assert change_numbers(change("unknown"), Translator()) == ()


def test_no_count_of_the_whole_city_below_ten_is_told_either():
    small = facts(n_incidents=9, n_unlocated=3, years=((2018, 4), (2019, 10)))
    assert table("years", small).rows == (("2018", "fewer than 10"), ("2019", "10"))
    assert "there were fewer than 10 shootings" in text_of("number", small)
    assert "not on it: fewer than 10." in text_of("limits", small)


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_each_section_stands_in_each_state_and_says_something(state, language):
    found = public_sections(STATES[state], language)
    assert tuple(one.key for one in found) == SECTIONS
    for one in found:
        assert one.title
        assert one.blocks
        assert all(text.strip() for text in told(one))


@pytest.mark.parametrize("state", OUR_STATES)
def test_a_sixth_grader_reads_the_page(state):
    given = STATES[state].model_copy(update={"city_name": "Ash", "take_part": {}})
    page, wall = [], []
    for found in public_sections(given):
        page += [found.title, *told(found)]
    for screen in wall_screens(given):
        wall += [screen.title, *(row.text for row in screen.rows)]
    for texts in (page, wall):
        assert grade(" ".join(text.rstrip(".") + "." for text in texts)) <= 6


def test_no_single_public_sentence_is_above_grade_eight():
    fields = {"what": "shootings", "city": "Ash", "day": "May two", "office": "The police"}
    hard = {}
    for key, template in load_catalog().items():
        if key.startswith(("public.", "wall.")):
            for form in [template] if isinstance(template, str) else template.values():
                filled = re.sub(r"\{(\w+)[^}]*\}", lambda f: fields.get(f[1], "ten"), form)
                hard |= {one: grade(one) for one in sentences(filled) if grade(one) > 8}
    assert not hard


@pytest.mark.parametrize("state", STATES)
def test_no_word_judges_a_place_or_names_a_person(state):
    text = " ".join(everything(STATES[state])).casefold()
    assert [word for word in FORBIDDEN if word in text] == []


def test_no_public_sentence_of_the_catalog_has_such_a_word():
    said = [
        form
        for key, template in load_catalog().items()
        if key.startswith(("public.", "wall."))
        for form in ([template] if isinstance(template, str) else template.values())
    ]
    assert [(word, one) for one in said for word in FORBIDDEN if word in one.casefold()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_no_screen_of_the_wall_has_more_than_25_words(state, language):
    marks = sum(count_words(mark) for mark in wall_marks(STATES[state], language))
    for screen in wall_screens(STATES[state], language):
        said = len(re.findall(r"\S*\w\S*", " ".join([screen.title, *said_on(screen)])))
        is_list = screen.key in {"areas", "tasks", "answers"}
        assert said + marks <= (MOST_LISTED if is_list else MOST_WORDS), screen


@pytest.mark.parametrize("verdict", VERDICTS)
def test_each_verdict_has_words_of_its_own(verdict):
    said = {one: change_sentence(facts(change=change(one)), Translator()) for one in VERDICTS}
    assert list(said.values()).count(said[verdict]) == 1
    assert set(VERDICTS) == {*Verdict, "unknown"}


@given(
    counts=st.lists(st.none() | st.integers(0, 30), min_size=1, max_size=5),
    change_of=st.tuples(*[st.none() | st.integers(10, 30)] * 3),  # as `disclose` leaves it
    verdict=st.sampled_from(VERDICTS),
    totals=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_whatever_the_facts_hold_no_number_below_ten_is_told_of_a_count(
    counts, change_of, verdict, totals
):
    given_facts = facts(
        areas=tuple(area("ABCDE"[n], "Mill", count=count) for n, count in enumerate(counts)),
        districts=tuple(PublicPlace(name="Mill", count=count) for count in counts),
        years=((2018, totals[0]), (2019, totals[1])),
        change=change(verdict, *change_of),
        n_incidents=totals[0],
        n_unlocated=totals[1],
    )
    cells = [
        row[at]
        for key, at in (("areas", -1), ("neighborhoods", 1), ("years", -1))
        for row in table(key, given_facts).rows
    ]
    screens = [one for one in wall_screens(given_facts) if one.key in {"change", "limits"}]
    texts = [
        *cells,
        text_of("number", given_facts).replace(says("public.changed"), ""),
        text_of("change", given_facts).replace("less than a 1 in 20 chance", ""),
        text_of("limits", given_facts),
        *(text for screen in screens for text in said_on(screen)),
    ]
    numbers = [int(n.replace(",", "")) for text in texts for n in re.findall(r"\d[\d,]*", text)]
    assert min(numbers) >= 10


@pytest.mark.parametrize("verdict", ["", "unknown"])
def test_an_unknown_change_has_no_short_words(verdict):
    assert not short_change(change(verdict), "shootings", "here", Translator("en")).strip()
