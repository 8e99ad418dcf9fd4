"""What actions are called in other languages: beside the plan, and never of another title."""

import pytest

from csa.base.errors import ConfigError
from csa.plan import load_plan

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


def test_a_plan_without_translations_says_english(write):
    assert load_plan(write()).titles_of("1.2.1", "Write the report") == {"en": "Write the report"}


def test_translations_change_nothing_else_of_a_plan(plan, write):
    assert plan.model_dump() == load_plan(write()).model_dump()


@pytest.mark.parametrize("content", [b"\xff\xfe", b'msgid "a\n'])
def test_a_damaged_file_of_translations_is_refused_with_its_name(write, content):
    path = write()
    path.with_name("plan.es.po").write_bytes(content)
    with pytest.raises(ConfigError, match=r"plan\.es\.po cannot be read as translated titles"):
        load_plan(path)
