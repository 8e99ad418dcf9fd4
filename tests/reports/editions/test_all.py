"""The five editions and the sheets of a walk: complete, in words, each for its reader."""

import re
from dataclasses import replace
from datetime import date

import pytest
import shapely
from hypothesis import given, strategies as st
from tests.areas.backtest.records import record_of
from tests.properties import examples
from tests.reports import told
from tests.reports.conftest import INTERNAL
from tests.reports.documents import FROM_RIGHT, LONG_NAME
from tests.reports.editions.drawn import draw, texts_of, with_areas
from tests.reports.told import replace_row
from tests.sentences import refuses, says

from csa.base.errors import CsaError, PrivacyError
from csa.base.message import msg
from csa.base.text import Translator
from csa.geo.cells import outline
from csa.program.plan.calendar import ActionState
from csa.reports.document import Bullets, Heading, PageBreak, Paragraph, Picture, Table
from csa.reports.editions.all import (
    AUDIENCES,
    EXTRAS,
    FOR_RESIDENTS,
    LEADERS,
    WALKS,
    edition,
    spoken,
)
from csa.reports.editions.parts import (
    areas_by_tier,
    describe_concentration,
)
from csa.reports.editions.plan_parts import actions_by_team, decisions, late, to_decide
from csa.reports.editions.walks import walked
from csa.reports.making import not_made
from csa.reports.maps import cartography
from csa.reports.month.facts import ChangeFacts, PublicPart, Unserved
from csa.reports.public.facts import PublicArea, PublicPlace

REPEATABLE = examples(0.4)
INSIDE = tuple(audience for audience in AUDIENCES if audience != "public")
ALL = (*AUDIENCES, *EXTRAS)
TELL = Translator("en")
DECIMALS = re.compile(r"-?\d{1,3}\.\d{3,}")
"""How a coordinate looks."""


def refuse(_sheet):
    raise CsaError("report.walks_none")


def tables_of(document):
    return [block for block in document.blocks if isinstance(block, Table)]


def named(area, letter, name):
    service = None if area.service is None else replace(area.service, key=letter)
    return replace(area, area_id=letter, service=service, place_name=name)


def many(facts, n_areas):
    """Make as many areas of the first one."""
    first = facts.areas[0]
    names = [f"{LONG_NAME} {n}" if n % 2 else f"Place {n}" for n in range(n_areas)]
    return with_areas(facts, (named(first, f"A{n}", names[n]) for n in range(n_areas)))


@pytest.fixture(autouse=True)
def _no_chart_is_painted(monkeypatch):
    """Its words stand beside it: tests/reports/editions/test_parts_charts.py looks at the chart."""
    monkeypatch.setattr(cartography, "paint", lambda *_: b"a chart")


# ---- By hand --------------------------------------------------------------------------------


def test_one_snapshot_ties_them_together(month_facts):
    made = [edition(month_facts, name, "en", draw) for name in ALL]
    assert {document.snapshot_id for document in made} == {month_facts.snapshot.id}
    assert all(month_facts.snapshot.id in document.footer for document in made)
    assert {edition(month_facts, name, "en", draw).audit_head for name in INSIDE} == {"f" * 64}


def test_the_list_of_what_to_decide_leaves_out_nothing_that_its_sentence_counts(month_facts):
    two = month_facts.plan.lines[:2]
    plan = replace(month_facts.plan, review=replace(month_facts.plan.review, late=two))
    facts = replace(month_facts, plan=plan)
    assert "2 late actions" in to_decide(facts, TELL)
    items = next(b.items for b in decisions(facts, TELL) if isinstance(b, Bullets))
    assert [item for item in items if "late" in item] == [says("report.late_below", n=2)]
    assert sum("no action under way" in item for item in items) == len(plan.undone)
    assert sum("on trust" in item for item in items) == 1


def test_each_action_is_counted_once_by_how_it_stands(month_facts):
    known = month_facts.plan
    (team, *_), written = known.plan.teams, [one for one in known.lines if not one.is_open]
    silent = (("on-track", "no-update"), ("at-risk", "no-update"))
    colors = ("done", "on-track", "at-risk", "blocked", "not-started")
    stands = (*zip(colors, colors, strict=True), *silent)
    lines = [
        replace(one, team=team.id, state=ActionState(one.number, status, "No room."), color=color)
        for one, (status, color) in zip(written, stands, strict=False)
    ]
    lines.append(replace(next(one for one in known.lines if one.is_open), team=team.id))
    table = actions_by_team(replace(known, lines=tuple(lines)), month_facts.today, TELL)
    # done, on track, stuck, silent, not started, open
    assert table.rows == ((team.name, "1", "1", "2", "2", "1", "1"),)


def test_late_actions_stand_by_day_with_their_office_and_what_waits(month_facts):
    written = [one for one in month_facts.plan.lines if not one.is_open][:3]
    dues = (date(2020, 6, 30), date(2020, 5, 31), None)
    lines = [
        replace(one, is_late=due is not None, holds_up=(), state=replace(one.state, due=due))
        for one, due in zip(written, dues, strict=True)
    ]
    of_health = replace(lines[0].state, office="Health")
    lines[0] = replace(lines[0], holds_up=("9.1", "9.2"), state=of_health)
    (table,) = [one for one in late(month_facts, lines, TELL) if isinstance(one, Table)]
    assert [row[0].split()[0] for row in table.rows] == [lines[1].number, lines[0].number]
    assert table.rows[1][1:] == ("Health", TELL.day(dues[0]), "9.1, 9.2")
    assert table.rows[0][2:] == (TELL.day(dues[1]), says("label.none"))
    (_, said) = late(month_facts, lines[2:], TELL)
    assert said.text == says("report.late_none")


def test_areas_stand_by_tier_and_within_one_by_name_without_any_rank(bare_facts):
    table = next(b for b in areas_by_tier(bare_facts, TELL) if isinstance(b, Table))
    assert table.columns[:3] == ("Area", "Tier", "Status")
    order = [(row[1].replace("none", "9"), row[0]) for row in table.rows]
    assert order == sorted(order)
    assert len(table.rows) == len(bare_facts.areas)
    assert "rank" not in " ".join(table.columns).casefold()


def test_what_stands_out_adds_the_areas_up(month_facts):
    inside = sum(area.incidents for area in month_facts.areas)
    located = month_facts.summary["totals"]["located"]
    alone = describe_concentration(month_facts, TELL)
    assert alone.startswith("3 core service areas are on ")
    assert f"{inside:,} of" not in alone
    assert "through July 31, 2020." in alone
    known = describe_concentration(replace(month_facts, record=record_of([0.2, 0.3])), TELL)
    assert f": {inside:,} of {located:,}, " in known
    assert says("found.caught", n=2, share="25%", land="2%") in known


def test_a_walk_sheet_holds_streets_services_and_tasks_and_no_number_of_incidents(month_facts):
    document = edition(month_facts, WALKS, "en", draw)
    headings = [b.text for b in document.blocks if isinstance(b, Heading) and b.level == 2]
    assert len(headings) == len(month_facts.areas)
    for block in document.blocks:
        if isinstance(block, Table):
            assert block.columns == ("No.", "Place", "What it is")
            assert [row[0] for row in block.rows] == [str(n + 1) for n in range(len(block.rows))]
        elif isinstance(block, (Paragraph, Heading, Bullets)):
            texts = block.items if isinstance(block, Bullets) else (block.text,)
            texts = [text for text in texts if not text.startswith("Vacant land here")]
            assert not any(re.search(r"\d", text) for text in texts), texts
    everything = " ".join(texts_of(document)).casefold()
    assert not re.search(r"shoot|incident|homicide|victim|a\.?m\.?\b|p\.?m\.?\b|night", everything)
    assert "mend the street lights (works)" in everything
    assert any(block.is_open for block in document.blocks if isinstance(block, Bullets))


def test_only_tasks_that_may_be_shown_are_on_a_walk_sheet(month_facts):
    assert INTERNAL not in " ".join(texts_of(edition(month_facts, WALKS, "en", draw)))
    assert INTERNAL in " ".join(texts_of(edition(month_facts, LEADERS, "en", draw)))


def test_a_month_not_whole_in_the_data_is_marked_on_its_leaders_sheet_alone(month_facts):
    first, *others = month_facts.areas
    months = first.times.by_month
    assert not any(area.times.by_month["is_partial"].any() for area in month_facts.areas)

    def sheets(**last):
        changed = months.copy()
        changed.loc[months.index[-1], list(last)] = list(last.values())
        times = replace(first.times, by_month=changed)
        facts = with_areas(month_facts, (replace(first, times=times), *others))
        return texts_of(edition(facts, LEADERS, "en", draw))

    note = says("report.partial_note")
    assert sheets().count(note) == 0
    partial = sheets(incidents=1234, is_partial=True)
    assert partial.count(note) == 1
    assert says("report.partial", n=1234) in partial
    assert sheets(is_covered=False, is_partial=True).count(note) == 0  # nothing to mark


# ---- At the edge ----------------------------------------------------------------------------


def _variants(month_facts, bare_facts):
    lone = with_areas(month_facts, month_facts.areas[:1])
    right = with_areas(month_facts, [replace(a, place_name=FROM_RIGHT) for a in month_facts.areas])
    silent = replace(
        bare_facts,
        change=ChangeFacts(msg("report.too_short")),
        city_year=msg("briefing.not_comparable"),
    )
    return {
        "filled": month_facts,
        "bare": bare_facts,
        "no areas": with_areas(bare_facts, ()),
        "no areas with a plan": with_areas(replace(month_facts, is_served=False), ()),
        "one area": lone,
        "forty areas": many(month_facts, 40),
        "forty candidates": many(bare_facts, 40),
        "right to left": right,
        "nothing to compare": silent,
        "no services": with_areas(
            month_facts, [replace(area, help=None) for area in month_facts.areas]
        ),
    }


@pytest.mark.parametrize("name", ALL)
def test_each_edition_is_complete_whatever_is_missing(month_facts, bare_facts, name):
    made = {
        variant: facts
        for variant, facts in _variants(month_facts, bare_facts).items()
        if name not in not_made(facts)
    }
    assert made
    for variant, facts in made.items():
        for language in ("en", "es"):
            document = edition(facts, name, language, draw)
            texts = texts_of(document)
            assert document.language == spoken(name, language)
            assert document.title, variant
            assert document.blocks, variant
            assert "None" not in " ".join(texts).replace("None of", ""), (variant, texts)
            assert "nan" not in " ".join(texts).split(), variant
            assert not any("{" in text for text in texts), variant
            for table in tables_of(document):
                assert {len(row) for row in table.rows} <= {len(table.columns)}, variant
                assert all(row[0] for row in table.rows), (variant, table)
                assert max(table.numeric, default=0) < len(table.columns)


@pytest.mark.parametrize("name", ALL)
def test_a_map_that_cannot_be_drawn_is_said_in_its_place(month_facts, name):
    drawn, missing = (edition(month_facts, name, "en", how) for how in (draw, refuse))
    before, after = (
        [block for block in document.blocks if isinstance(block, Picture)]
        for document in (drawn, missing)
    )
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):  # a chart is drawn without it
        assert one == other if one.png != b"a map" else other.png is None and other.missing
    assert b"a map" in {picture.png for picture in before} or name == "prevention-leaders"
    others = [b for b in missing.blocks if not isinstance(b, Picture)]
    assert others == [b for b in drawn.blocks if not isinstance(b, Picture)]


def test_sheets_of_forty_areas_name_those_that_have_none(month_facts, bare_facts):
    for name in EXTRAS:
        served = edition(many(month_facts, 40), name, "en", draw)
        assert sum(isinstance(block, PageBreak) for block in served.blocks) == 11
        assert "This one has none for 28 places:" in served.blocks[-1].text
    each = many(bare_facts, 40)
    for n_first, n_sheets in ((5, 5), (14, 12)):
        areas = [
            replace(area, is_first=n % 2 == 1 and n < 2 * n_first)
            for n, area in enumerate(each.areas)
        ]
        candidates = edition(with_areas(each, areas), "prevention-leaders", "en", draw)
        assert sum(isinstance(b, PageBreak) for b in candidates.blocks) == n_sheets - 1
        assert f"This file has none for {40 - n_sheets} places" in candidates.blocks[-1].text


def test_where_nobody_is_first_no_sheet_is_made_and_each_place_is_named(bare_facts):
    nobody = [replace(area, is_first=False) for area in bare_facts.areas]
    document = edition(with_areas(bare_facts, nobody), LEADERS, "en", draw)
    none, left = (one.text for one in document.blocks)
    assert none == says("report.walks_none")
    assert "This file has none for" in left
    assert all(area.place_name in left for area in nobody)


def test_a_walk_sheet_of_a_candidate_is_of_the_ground_that_the_public_is_told_of(bare_facts):
    """The month's own candidate rests on incidents that have no place in public."""
    area, other = walked(bare_facts)[0][:2]
    fewer = tuple(sorted(f"{cell:015x}" for cell in area.cells))[:-1]
    called = {"place_name": "As told", "state": "candidate", "since": None, "count": 12}
    shown = PublicArea(letter="", cells=fewer, **called)
    facts = replace(bare_facts, public=PublicPart(told.facts(areas=(shown,))))
    drawn = []

    def keep(sheet):
        drawn.append(sheet)
        return draw(sheet)

    document = edition(facts, "prevention-walks", "en", keep)
    said = " ".join(texts_of(document))
    assert "As told" in said
    assert other.place_name not in said.split("This file has none for")[0]
    (walk,) = drawn
    assert walk.areas[0].name == "As told"
    assert len(fewer) < len(area.cells)
    assert walk.areas[0].shape.equals(outline(int(cell, 16) for cell in fewer))
    assert not [one.place_name for one in bare_facts.areas if one.place_name in said]
    assert document.watermark == ""
    draft = replace(
        facts, public=replace(facts.public, caution=msg("report.unrecorded", quarter=""))
    )
    assert edition(draft, "prevention-walks", "en", draw).watermark == "Draft: not published"


def test_a_public_edition_that_stands_in_no_record_is_marked_a_draft(month_facts):
    assert edition(month_facts, "public", "en", draw).watermark == ""
    part = replace(month_facts.public, caution=msg("report.unrecorded", quarter="2020-Q2"))
    facts = replace(month_facts, public=part)
    assert edition(facts, "public", "en", draw).watermark == "Draft: not published"
    assert edition(facts, "public", "es", draw).watermark == "Borrador: sin publicar"


def test_who_is_not_served_is_named_with_the_tier_and_the_doubt(month_facts):
    shape = month_facts.areas[0].shape
    more = (Unserved("Brindlemoor", 1, False, shape), Unserved("Kestrelby", None, True, shape))
    said = " ".join(texts_of(edition(replace(month_facts, unserved=more), "executive", "en", draw)))
    assert says("report.unserved_top", n=1) in said
    assert "Brindlemoor (tier 1) and Kestrelby." in said
    assert "At least a third of the incidents in Kestrelby" in said


def test_where_only_places_that_are_not_served_are_in_the_highest_tier_the_lead_says_so(
    month_facts,
):
    shape = month_facts.areas[0].shape
    lower = tuple(replace(area, tier=2) for area in month_facts.areas)
    facts = replace(month_facts, areas=lower, unserved=(Unserved("B", 1, False, shape),))
    said = describe_concentration(facts, Translator())
    assert says("report.unserved_top_alone", n=1) in said
    assert "is in the highest tier:" not in said
    alone = describe_concentration(replace(facts, unserved=()), Translator())
    assert "No core service area is in the highest tier;" not in alone


def test_no_sheet_that_residents_hold_shows_an_address(month_facts):
    area = month_facts.areas[0]
    task = replace_row(area.work.tasks[0], what="Board up 1412 Oak Street", is_public=True)
    more = [replace_row(task, what=f"Lamp {n}", key=f"{n}") for n in range(8)]
    work = replace(area.work, tasks=(task, *more))
    facts = replace(month_facts, areas=(replace(area, work=work),))
    said = " ".join(texts_of(edition(facts, WALKS, "en", draw)))
    assert "1412" not in said
    assert "Lamp 5" in said
    assert says("report.walk_more", n=2) in said
    only = replace(facts, areas=(replace(area, work=replace(area.work, tasks=(task,))),))
    said = " ".join(texts_of(edition(only, WALKS, "en", draw)))
    assert says("report.walk_tasks_none") in said


def test_a_walk_sheet_names_kinds_in_its_own_language_where_the_citys_file_does(month_facts):
    words = month_facts.config.services.kinds["es"]

    def kinds(facts, language):
        tables = tables_of(edition(facts, WALKS, language, draw))
        return [row[2] for table in tables for row in table.rows if len(row) == 3]

    english = kinds(month_facts, "en")
    assert set(english) <= set(words)
    assert kinds(month_facts, "es") == [words[kind] for kind in english]
    services = month_facts.config.services.model_copy(update={"kinds": {}})
    config = month_facts.config.model_copy(update={"services": services})
    assert kinds(replace(month_facts, config=config), "es") == english


def test_a_proxy_is_marked_and_called_what_it_is(month_facts):
    city = month_facts.config.city.model_copy(
        update={"nonfatal_is_proxy": True, "nonfatal_name": "armed assault"}
    )
    facts = replace(month_facts, config=month_facts.config.model_copy(update={"city": city}))
    for name in INSIDE:
        document = edition(facts, name, "en", draw)
        assert "Proxy: armed assault" in document.marks
        assert "Counted: incidents." in " ".join(texts_of(document))


# ---- The public -----------------------------------------------------------------------------


@pytest.mark.parametrize("audience", sorted(FOR_RESIDENTS))
def test_no_edition_for_residents_is_made_where_nothing_may_be_told(bare_facts, audience):
    why = msg("report.text_address")
    facts = replace(bare_facts, public=PublicPart(why_not=why))
    with refuses("report.nothing_public", PrivacyError, why=str(why)):
        edition(facts, audience, "en", draw)
    if audience == "prevention-walks":  # of areas in service it shows nothing that is held back
        assert edition(replace(facts, is_served=True), audience, "en", draw).blocks


def test_the_public_edition_rests_on_the_publics_facts_alone(month_facts, bare_facts):
    """Two months that differ in all else, and share the public's facts, say the same."""
    other = replace(bare_facts, public=month_facts.public, snapshot=month_facts.snapshot)
    assert edition(month_facts, "public", "en", draw) == edition(other, "public", "en", draw)


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_number_of_the_public_edition_is_below_ten(month_facts, language):
    counted = 0
    for table in tables_of(edition(month_facts, "public", language, draw)):
        if Translator(language)("public.count") not in table.columns[1:]:
            continue  # how many actions stand how: no incident is counted there
        for row in table.rows:
            numbers = [int(row[n]) for n in table.numeric if row[n].isdecimal()]
            assert not [n for n in numbers if n < 10], row
            counted += len(numbers)
    assert counted > 3


def test_of_many_neighborhoods_those_with_the_highest_numbers_are_printed_by_name(month_facts):
    districts = tuple(PublicPlace(name=f"Place {n}", count=20 + n) for n in range(12)) + tuple(
        PublicPlace(name=f"Quarter {n}", count=None) for n in range(157)
    )
    facts = replace(month_facts, public=PublicPart(told.facts(districts=districts)))
    document = edition(facts, "public", "en", draw)
    printed = next(
        t for t in tables_of(document) if t.caption.startswith("Neighborhoods with the most")
    )
    assert [row[0] for row in printed.rows] == sorted(f"Place {n}" for n in range(4, 12))
    assert says("report.public_more", n=161) in texts_of(document)


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_no_edition_gives_an_incident_an_address_or_a_coordinate(
    month_facts, bare_facts, sample_source, name
):
    incidents = sample_source.city.dataset.incidents
    ids = set(incidents["incident_id"])
    points = sample_source.city.dataset.report["suspect_points"]
    addresses = [point["address"] for point in points if point["address"]]
    assert addresses
    for facts in (month_facts, bare_facts):
        if name in not_made(facts):
            continue
        texts = texts_of(edition(facts, name, "en", draw))
        words = set(re.findall(r"[\w-]+", " ".join(texts)))
        assert not words & ids
        assert not any(address in text for text in texts for address in addresses)
        assert not any(DECIMALS.search(text) for text in texts)


def test_maps_of_a_walk_show_no_count_and_those_of_the_city_do(month_facts):
    sheets = []

    def keep(sheet):
        sheets.append(sheet)
        return b"a map"

    edition(month_facts, WALKS, "en", keep)
    assert len(sheets) == 3
    for sheet in sheets:
        assert (sheet.cells, sheet.class_words, sheet.legend_title) == ((), (), "")
        assert sheet.street_names
        assert isinstance(sheet.focus, shapely.Polygon)
    edition(month_facts, "executive", "en", keep)
    counts = month_facts.ground.counts
    levels = dict(sheets[-1].cells)
    assert set(levels) == set(counts)
    order = sorted(counts, key=counts.__getitem__)
    assert [levels[cell] for cell in order] == sorted(levels.values())
    assert max(levels.values()) + 1 == len(sheets[-1].class_words)


@given(st.text(min_size=1, max_size=60))
@REPEATABLE
def test_a_name_of_any_signs_stands_as_it_is(month_facts, name):
    areas = [replace(month_facts.areas[0], place_name=name), *month_facts.areas[1:]]
    facts = with_areas(month_facts, areas)
    assert any(name in text for text in texts_of(edition(facts, "prevention", "en", draw)))
