"""What actions are called in other languages: beside the plan, and never of another title."""

import pytest

from csa.base.errors import ConfigError
from csa.city.loading import load_city
from csa.program.plan.loading import load_plan

SPANISH = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgctxt "1.2.1"
msgid "Write the report"
msgstr "Escribir el informe"

#, fuzzy
msgctxt "1.2.2"
msgid "Pass it on"
msgstr "Nadie miró este título"

msgctxt "1.2.10"
msgid "Learn from it"
msgstr ""
"""


@pytest.fixture
def plan(write):
    path = write()
    path.with_name("plan.es.po").write_text(SPANISH, encoding="utf-8")
    return load_plan(path)


def test_a_title_is_said_in_each_language_that_has_it(plan):
    titles = plan.titles_of("1.2.1", "Write the report")
    assert titles == {"en": "Write the report", "es": "Escribir el informe"}


def test_a_title_approved_since_is_not_said_by_the_old_translation(plan):
    assert plan.titles_of("1.2.1", "Write two reports") == {"en": "Write two reports"}
    assert plan.titles_of("1.1.1", "Write the report") == {"en": "Write the report"}


def test_a_fuzzy_an_empty_and_an_absent_translation_are_not_said(plan):
    for number in ("1.2.2", "1.2.10", "1.1.1"):
        assert plan.titles_of(number, plan.action(number).title or "New") == {
            "en": plan.action(number).title or "New"
        }


@pytest.mark.parametrize("content", [b"\xff\xfe", b'msgid "a\n'])
def test_a_damaged_file_of_translations_is_refused_with_its_name(write, content):
    path = write()
    path.with_name("plan.es.po").write_bytes(content)
    with pytest.raises(ConfigError, match=r"plan\.es\.po can't be read as translated titles"):
        load_plan(path)


def test_a_made_up_city_names_no_office_of_the_city_whose_plan_it_follows(root):
    city = load_city(root / "config" / "sample.toml").city
    path = root / "config" / "plans" / city.plan
    plan = load_plan(path, city.plan_names)
    written = [
        plan.plan.name,
        *(o for team in plan.teams for o in (team.chair_office, *team.offices)),
    ]
    written += [t for a in plan.actions for t in plan.titles_of(a.number, a.title).values()]
    real = ("Kansas", "Jackson", "Missouri", "NoVA")
    assert [text for text in written if any(name in text for name in real)] == []
    assert "Prosecutor's Office" in written
    borrowed, own = (one.titles_of("2.2.2", _title(one)) for one in (load_plan(path), plan))
    assert borrowed["es"] == "Preguntar si NoVA puede y quiere dar servicios"
    assert own["es"] == "Preguntar si Peace Alliance puede y quiere dar servicios"


def _title(plan):
    return next(action.title for action in plan.actions if action.number == "2.2.2")
