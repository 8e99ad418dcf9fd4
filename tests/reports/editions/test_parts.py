"""The list of a report's areas: what its counts are of."""

from dataclasses import replace
from datetime import date

from tests.sentences import says

from csa.base.text import Translator
from csa.reports.document import Paragraph
from csa.reports.editions.parts import areas_by_tier
from csa.reports.editions.phrases import method_order


def notes_of(facts):
    blocks = areas_by_tier(facts, Translator("en"))
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def test_counts_of_areas_in_service_are_said_to_be_of_their_ground(month_facts, bare_facts):
    assert says("report.own_ground") in notes_of(month_facts)
    assert says("report.own_ground") not in notes_of(bare_facts)  # candidates alone


def test_candidates_in_tiers_name_what_decides_them_and_others_are_not_ranked(bare_facts):
    unlocated = replace(bare_facts, can_locate=replace(bare_facts.can_locate, can=False))
    tiers = says("briefing.not_ranked", order=method_order(bare_facts, Translator("en")))
    for facts, said in ((bare_facts, tiers), (unlocated, says("briefing.not_ranked_at_all"))):
        assert said in notes_of(facts)


def test_a_redrawn_area_says_that_its_change_is_counted_on_the_ground_of_then(month_facts):
    first, *others = month_facts.areas
    history = (*first.service.cell_history, (date(2020, 3, 10), first.cells))
    redrawn = replace(first, service=replace(first.service, cell_history=history))
    facts = replace(month_facts, areas=(redrawn, *others))
    name = f"{first.place_name} ({first.letter})"
    redrawn = says("report.redrawn_area", area=name, day="March 10, 2020")
    assert says("report.redrawn", areas=redrawn) in notes_of(facts)
    assert redrawn not in notes_of(month_facts)
