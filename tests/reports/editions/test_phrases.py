"""Phrases that parts of a report share, in the city's units and the reader's language."""

from datetime import date
from types import SimpleNamespace

import pytest

from csa.base.crs import METERS_PER_FOOT, METERS_PER_MILE
from csa.base.text import ENGLISH, Translator
from csa.reports.document import Bullets, Table
from csa.reports.editions.phrases import (
    area_name,
    by_tier,
    kind_word,
    more_rows,
    move_words,
    near_words,
    radius_words,
    short_list,
    short_table,
    state_words,
    tier_words,
)
from csa.reports.month.facts import TierMove

T = Translator(ENGLISH)


def of_city(units="us", **lists):
    city = SimpleNamespace(units=units)
    named = {"services": None, "vacant_land": None} | lists
    return SimpleNamespace(config=SimpleNamespace(city=city, **named))


def area(name="Old Mill", **values):
    known = {"letter": "", "since": None, "state": "designated", "tier": None} | values
    return SimpleNamespace(place_name=name, **known)


def test_a_kind_has_its_word_in_the_readers_language_whatever_its_case():
    kinds = {ENGLISH: {"Library": "Libraries"}, "es": {"Library": "Bibliotecas"}}
    land = SimpleNamespace(kinds={ENGLISH: {"lot": "Empty lots"}})
    facts = of_city(services=SimpleNamespace(kinds=kinds), vacant_land=land)
    assert kind_word(facts, "LIBRARY", T) == "Libraries"
    assert kind_word(facts, "library", Translator("es")) == "Bibliotecas"
    assert kind_word(facts, "lot", T) == "Empty lots"
    assert kind_word(facts, "lot", Translator("es")) == "lot"
    assert kind_word(of_city(), "Library", T) == "Library"


def test_a_table_and_a_list_say_how_many_rows_they_lack_and_nothing_where_they_lack_none():
    table = Table("Areas", ("name",), (("A",), ("B",), ("C",)), ())
    cut, more = short_table(table, 1, T)
    assert cut.rows == (("A",),)
    assert more.text == T("report.more_rows", n=2)
    assert more.is_faint
    assert short_table(table, 3, T) == [table]
    assert short_list(["A", "B"], 2, T) == [Bullets(("A", "B"))]
    assert short_list(["A", "B"], 1, T) == [Bullets(("A",)), *more_rows(1, T)]
    assert more_rows(0, T) == []


def test_lengths_are_in_the_citys_units():
    assert near_words(METERS_PER_MILE / 2, of_city(), T) == T("services.miles", miles=0.5)
    assert near_words(800, of_city("metric"), T) == T("report.about_meters", meters=800)
    feet = T("why_line.feet", feet=650)
    assert radius_words(660 * METERS_PER_FOOT, of_city(), T) == feet
    assert radius_words(200, of_city("metric"), T) == T("report.about_meters", meters=200)


def test_an_area_is_named_by_its_place_and_its_letter_and_its_state_by_its_month():
    assert area_name(area(), T) == "Old Mill"
    named = T("term.with", name="Old Mill", of="B")
    assert area_name(area(letter="B"), T) == named
    assert state_words(area(), T) == T("label.candidate")
    month = T.month("2020-01", is_short=True)
    for state, key in (("designated", "report.designated"), ("maintenance", "report.maintenance")):
        assert state_words(area(since=date(2020, 1, 15), state=state), T) == T(key, month=month)


@pytest.mark.parametrize(
    ("move", "before", "key"),
    [
        (TierMove.HIGHER, None, "report.higher_from_none"),
        (TierMove.HIGHER, 2, "report.higher"),
        (TierMove.LOWER, 1, "report.lower"),
        (TierMove.LOWER, None, "report.lower"),
        (TierMove.UNKNOWN, None, "term.unknown"),
    ],
)
def test_a_change_of_tier_in_words(move, before, key):
    assert move_words(area(move=move, tier_before=before), T) == T(key, tier=before)


def test_areas_come_by_tier_and_those_without_one_last():
    listed = [area("Zoo"), area("Park 10", tier=2), area("Park 9", tier=2), area("Weir", tier=1)]
    assert [one.place_name for one in by_tier(listed)] == ["Weir", "Park 9", "Park 10", "Zoo"]
    assert (tier_words(None, T), tier_words(2, T)) == (T("label.none"), "2")
