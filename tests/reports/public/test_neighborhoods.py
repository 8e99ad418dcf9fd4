"""A row for each neighborhood: the same words as map and legend, what is done, who meets next."""

from datetime import date

import pytest
from tests.reports import told
from tests.sentences import says

from csa.base.text import Translator
from csa.reports.public.facts import DensityClass, PublicMeeting, PublicPlace
from csa.reports.public.neighborhoods import city_card, neighborhood_blocks, place_cards, place_ids
from csa.reports.public.words import area_name, class_words

CLASSES = (
    DensityClass(low=0, high=9),
    DensityClass(low=10, high=19),
    DensityClass(low=20, high=39),
)
YEARS = ((2017, 12), (2018, 11), (2019, None))


@pytest.fixture
def facts():
    return told.facts(
        classes=CLASSES,
        districts=(
            PublicPlace(name="Vinegate", count=23, level=2, years=YEARS, areas=("B",)),
            PublicPlace(name="Ash Hollow", count=None, level=0, years=((2018, None), (2019, None))),
        ),
        tasks=(told.task("Fix the lamps"), told.task("Cut the grass")),
        meetings=(
            PublicMeeting(on=date(2020, 8, 1), at="6 pm", where="Library", places=("Vinegate",)),
            PublicMeeting(on=date(2020, 9, 1), what="Numbers"),
        ),
    )


def test_a_row_has_number_color_years_and_change_and_the_too_small_are_one_sentence(facts):
    table, about = neighborhood_blocks(facts, Translator())
    few = "fewer than 10"
    assert table.rows == (
        ("Ash Hollow", few, few, f"each {few}", ""),
        ("Vinegate", "23", "20 to 39", "12, 11, <10", ""),
    )
    assert table.columns[-2:] == ("Each year, 2018–2019", "2019 compared with the years before")
    assert "<10" in about.text
    assert about.text.endswith(says("public.trend_small", n=2, of=2))


def test_map_legend_and_table_have_one_vocabulary(facts):
    table, _ = neighborhood_blocks(facts, Translator())
    assert {row[2] for row in table.rows} <= set(class_words(facts))
    assert "not shown" not in str(table.rows)


def test_an_area_has_its_letter_as_on_every_page_and_a_candidate_has_none(facts):
    t, (first, second, _) = Translator(), facts.areas
    assert area_name(first, facts, t) == "Ash Hollow (A)"
    assert area_name(second, facts, t) == "Larkmoor (B)"
    candidate = told.area("", "Ash Hollow", "candidate")
    assert area_name(candidate, facts, t) == "around Ash Hollow"


def test_a_card_has_the_neighborhoods_number_its_years_its_tasks_and_the_next_meeting(facts):
    quiet, busy = place_cards(facts, Translator())
    assert (busy.name, busy.count) == ("Vinegate", "23")
    found = [(bar.year, bar.words, bar.is_few) for bar in busy.bars]
    assert found == [("2017", "12", False), ("2018", "11", False), ("2019", "<10", True)]
    assert busy.alt == (
        "Number of shootings in Vinegate, each year: 2017: 12, 2018: 11, 2019: fewer than 10."
    )
    assert busy.doing == (
        "Chosen: Larkmoor (B).",
        "Fix the lamps (Public Works: on track)",
        "Cut the grass (Public Works: on track)",
    )
    assert busy.meeting == "August 1, 2020, 6 pm, Library"
    assert quiet.doing == ("No core service area is here.",)
    assert place_ids(facts) == {"Ash Hollow": "place-1", "Vinegate": "place-2"}


def test_the_citys_card_names_core_areas_first_then_where_the_most_are(facts):
    (areas, chosen), (_, most) = city_card(facts, Translator()).lists
    assert areas == says("wall.each_area")
    assert [key for key, _ in chosen] == ["", "place-2", ""]  # Larkmoor is in Vinegate
    assert most == (("place-2", "Vinegate: 23"),)  # what is fewer than 10 is no number


def test_bars_of_years_that_the_number_does_not_count_are_pale_and_said_to_be(facts):
    """The number counts 2018 and 2019; 2017 is drawn to compare with."""
    of_years = facts.model_copy(update={"start": "2018-01", "until": "2020-01"})
    card = place_cards(of_years, Translator())[1]
    assert [bar.year for bar in card.bars] == ["2017", "2018", "2019"]
    assert [bar.is_outside for bar in card.bars] == [True, False, False]
    assert card.note == says("public.bars_note", when="2018 to 2019")
    in_part = facts.model_copy(update={"start": "2017-02", "until": "2019-12"})
    bars = place_cards(in_part, Translator())[1].bars
    assert [bar.is_outside for bar in bars] == [True, False, True]
    all_of_it = facts.model_copy(update={"start": "2017-01", "until": "2020-01"})
    assert place_cards(all_of_it, Translator())[1].note == ""


def test_a_few_never_look_like_many(facts):
    bars = place_cards(facts, Translator())[0].bars
    assert [bar.share for bar in bars] == [0.3, 0.3]
    high = max(bar.share for bar in city_card(facts, Translator()).bars)
    assert high == 1
