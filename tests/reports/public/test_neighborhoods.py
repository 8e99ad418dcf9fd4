"""A row for each neighborhood: the same words as map and legend, what is done, who meets next."""

from datetime import date

import pytest

from csa.base.text import Speaker
from csa.reports.public.facts import DensityClass, PublicMeeting, PublicPlace
from csa.reports.public.neighborhoods import neighborhood_blocks
from csa.reports.public.words import area_name, class_words
from tests.reports import told

CLASSES = (
    DensityClass(low=0, high=9),
    DensityClass(low=10, high=19),
    DensityClass(low=20, high=39),
)
YEARS = ((2017, 12), (2018, 11), (2019, None))


@pytest.fixture
def facts():
    return told.facts(
        method="keys",
        classes=CLASSES,
        districts=(
            PublicPlace(name="Vinegate", count=23, level=2, years=YEARS, areas=("B",)),
            PublicPlace(name="Ash Hollow", count=None, level=0, years=((2019, None),)),
        ),
        tasks=(told.task("Fix the lamps"), told.task("Cut the grass")),
        meetings=(
            PublicMeeting(on=date(2020, 8, 1), at="6 pm", where="Library", places=("Vinegate",)),
            PublicMeeting(on=date(2020, 9, 1), what="Numbers"),
        ),
    )


def test_a_row_has_number_color_years_change_work_and_the_next_meeting(facts):
    table, about = neighborhood_blocks(facts, Speaker())
    assert table.rows == (
        (
            "Ash Hollow",
            "fewer than 10",
            "fewer than 10",
            "each fewer than 10",
            "too small to compare",
            "no area here",
            "September 1, 2020",
        ),
        (
            "Vinegate",
            "23",
            "20 to 39",
            "12, 11, <10",
            "too small to compare",
            "Chosen: B: Larkmoor. 2 tasks.",
            "August 1, 2020, 6 pm, Library",
        ),
    )
    assert "<10" in about.text


def test_map_legend_and_table_have_one_vocabulary(facts):
    table, _ = neighborhood_blocks(facts, Speaker())
    assert {row[2] for row in table.rows} <= set(class_words(facts))
    assert "not shown" not in str(table.rows)


def test_an_area_never_has_a_neighborhoods_bare_name_and_a_candidate_no_letter(facts):
    tell, (first, second, _) = Speaker(), facts.areas
    assert area_name(first, facts, tell) == "A: around Ash Hollow"
    assert area_name(second, facts, tell) == "B: Larkmoor"
    candidate = told.area("", "Ash Hollow", "candidate")
    assert area_name(candidate, facts, tell) == "around Ash Hollow"


def test_a_bundle_of_before_has_its_two_columns_and_their_words():
    table, about = neighborhood_blocks(told.facts(), Speaker())
    assert {len(row) for row in table.rows} == {2}
    assert "Not shown" in about.text
