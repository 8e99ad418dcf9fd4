"""The edition for a grant: numbers by hand from the story, verdicts apart, and who may ask for it."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from tests.sentences import says

from csa.analysis.analysis import Analysis
from csa.areas.choices import city_choices
from csa.base.errors import ParamError, RoleError
from csa.city.dataset import open_city
from csa.city.loading import load_city
from csa.extras.activities.funder import (
    _changes,
    cvipi_file,
    find_grant,
    gather_grant,
    grant_edition,
)
from csa.extras.activities.recording import ActivityTotal, read_totals
from csa.program.plan.loading import load_city_plan
from csa.program.roles import Person
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.store.tables import REDRAWN
from csa.reports.document import Table
from csa.reports.making import render_document

HEALTH = Person("Health Department", "member")
GRANT = "cvi-2020"


@pytest.fixture(scope="module")
def store(story_folder):
    found = open_store(str(story_folder / "store.sqlite3"), city="sample")
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def analysis(root, story_folder, store):
    city = open_city(load_city(root / "config" / "sample.toml"), story_folder / "dataset")
    return Analysis(city, city_choices(city.config), read_records(store))


@pytest.fixture(scope="module")
def facts(root, analysis, store):
    plan = load_city_plan(root / "config" / "sample.toml", analysis.city.config)
    return gather_grant(analysis, plan, read_totals(store), GRANT, HEALTH)


def test_what_was_done_is_what_the_story_has_in_those_six_months(facts):
    done = {promise.key: (promise.target, promise.done) for promise in facts.promises}
    assert done == {
        "outreach": (160, 44 + 37 + 26),
        "mediation": (40, 12 + 12),
        "event": (None, None),  # three: not shown
        "people": (120, 107 + 3 * 3),
    }
    assert facts.n == 107 + 24  # the sum does not give the three events away
    assert facts.sums == {
        "contacts": 44 * 5 + (37 + 26) * 4 + 24 * 3 + 3 * 40,
        "hours": 81 * 5 + 26 * 4 + 24 * 3 + 36,
    }
    assert [n for _, n in facts.places] == [44 + 12, 37 + 12, 26]


def test_each_area_has_what_was_agreed_by_the_grants_end_and_no_later_finding(facts):
    answers = dict(facts.answers)
    assert list(answers)[2:] == ["Foundry grant blocks"]  # a zone's answer is not yet due
    for said in answers.values():
        assert [message.key for message in said][-1] == "evaluate.next"
    early = next(iter(answers.values()))
    told = [(message.key, message.values["months"]) for message in early]
    assert told == [("evaluate.agreed", 12), ("evaluate.next", 24)]  # July 2019 to June 2020


def test_only_the_grants_places_are_listed_and_a_redraw_is_no_designation(analysis):
    """A was designated on January 12 and redrawn on May 10; B is another grant's."""
    steps = [
        SimpleNamespace(area=area, state="designated", on_date=day, evidence=evidence)
        for area, day, evidence in (
            ("A", date(2020, 1, 12), {}),
            ("A", date(2020, 5, 10), {REDRAWN: True}),
            ("B", date(2020, 2, 1), {}),
        )
    ]
    records = SimpleNamespace(changes=(), steps=steps)
    grant = find_grant(analysis.city.config, GRANT)
    assert list(_changes(records, grant, ["A"])) == [
        says("funder.step", area="A", state="designated", day="January 12, 2020"),
        says("funder.redrawn", area="A", day="May 10, 2020"),
    ]


def test_the_edition_says_it_all_and_credits_no_activity(facts):
    document = grant_edition(facts)
    text = render_document(document, "letter", ("html",))["html"].decode()
    for part in ("131 activities", "107", "160", "67%", "fewer than 5", "$180,000", "$81,500"):
        assert part in text
    assert "no finding here is credited" in text
    tables = {block.caption for block in document.blocks if isinstance(block, Table)}
    assert len(tables) == 4
    word = render_document(document, "letter", ("docx",))["docx"]
    inside = zipfile.ZipFile(io.BytesIO(word)).read("word/document.xml").decode()
    assert "131 activities" in inside
    assert render_document(document, "letter", ("docx",))["docx"] == word


def test_questions_are_answered_with_a_source_or_listed_as_unanswered(facts):
    rows = list(csv.DictReader(io.StringIO(cvipi_file(facts).decode("utf-8-sig"))))
    answered = {row["question"]: row for row in rows if row["answer"]}
    assert answered["How many people were newly served"]["answer"] == "116"
    assert all(row["source"] for row in answered.values())
    without = [row for row in rows if not row["answer"]]
    assert len(without) == 7
    assert not any(row["source"] for row in without)


def test_a_period_without_data_says_so(analysis):
    facts = gather_grant(analysis, None, (), GRANT, HEALTH)
    assert facts.n == 0
    assert "No activities of" in grant_edition(facts).blocks[0].sentences[0]
    assert facts.id != gather_grant(_longer(analysis), None, (), GRANT, HEALTH).id


@pytest.mark.parametrize(
    ("numbers", "n", "places"),
    [
        ({"A": 9, "B": 3, "C": 7}, 19, {"A": 9, "B": None, "C": None}),  # B alone would be 19 - 16
        ({"A": 9, "B": 3, "C": 2}, 14, {"A": 9, "B": None, "C": None}),
        ({"A": 9, "B": 3}, 12, {"A": None, "B": None}),
        ({"A": 4}, None, {"A": None}),
    ],
)
def test_what_is_not_shown_cannot_be_worked_out(analysis, numbers, n, places):
    office, month = "Street Peace Team", "2020-03"
    totals = [ActivityTotal(office, place, "outreach", month, k) for place, k in numbers.items()]
    facts = gather_grant(analysis, None, totals, GRANT, HEALTH)
    assert facts.n == n
    assert [shown for _, shown in facts.places] == list(places.values())


def _longer(analysis):
    config = analysis.city.config
    grant = config.grants[GRANT].model_copy(update={"people": 121})
    config = config.model_copy(update={"grants": {GRANT: grant}})
    return replace(analysis, city=replace(analysis.city, config=config))


@pytest.mark.parametrize("office", ["Police Department", "Prosecutor's Office", ""])
def test_enforcement_makes_no_report_of_a_grant(analysis, store, office):
    with pytest.raises(RoleError):
        gather_grant(analysis, None, read_totals(store), GRANT, Person(office, "chair"))


def test_a_grant_that_is_not_in_the_citys_file_is_refused(analysis):
    with pytest.raises(ParamError):
        find_grant(analysis.city.config, "other")
