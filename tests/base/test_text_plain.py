"""What the team reads is plain: school grade 8 or lower for each page, and no sentence far above it."""

import re

import pytest
from tests.reports.readability import grade
from tests.sentences import find_foreign
from typer.main import get_command

from csa.base.message import load_catalog
from csa.cli.main import app

MOST_OF_PAGE, MOST_OF_SENTENCE, LEAST_WORDS = 8, 12, 8
PAGES = (
    *("briefing", "find", "controls", "sheet", "legend", "tier", "order", "standing", "compare"),
    *("choose", "why", "here", "measures", "plan", "plan_page", "meeting", "draw_page", "draw"),
    *("new_month", "new_city", "first_hour", "change_page", "displacement", "follow", "lineage"),
    *("reports_page", "community", "how_well", "outcome", "history", "judged", "data", "method"),
    *("screen", "charts", "door", "gate", "start_over", "ways", "services", "correct_form"),
)


def sentences(text):
    return re.split(r"(?<=[.?!:;])\s+", re.sub(r"\{[^{}]*\}", "ten", text))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_written_for_grade_8(page):
    told = [said for key, said in load_catalog().items() if key.startswith(f"{page}.")]
    texts = [text for said in told for text in ([said] if isinstance(said, str) else said.values())]
    read = [one for text in texts for one in sentences(text)]
    said = [one if one[-1] in ".?!:;" else f"{one}." for one in read if len(one.split()) > 3]
    assert grade(" ".join(said)) <= MOST_OF_PAGE
    hard = {
        one for one in read if len(one.split()) >= LEAST_WORDS and grade(one) > MOST_OF_SENTENCE
    }
    assert hard == set()


def test_a_hard_sentence_is_seen():
    hard = (
        "Statistically significant heterogeneity necessitates hierarchical regularization methods."
    )
    assert grade(hard) > MOST_OF_SENTENCE


def list_commands(command):
    """List a command and the commands under it."""
    below = getattr(command, "commands", {}).values()
    return [command, *(one for each in below for one in list_commands(each))]


GUIDES = ("TUTORIAL", "HOWTO", "METHODS")
COMMANDS = list_commands(get_command(app))


def test_no_sentence_takes_a_turn_that_a_native_writer_would_not():
    said = load_catalog().values()
    texts = [form for text in said for form in ([text] if isinstance(text, str) else text.values())]
    assert find_foreign(texts) == set()


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", *(f"docs/{n}.md" for n in GUIDES)])
def test_no_guide_takes_one_either(root, name):
    text = (root / name).read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```|`[^`]*`", "x", text, flags=re.DOTALL)
    assert find_foreign(prose.splitlines()) == set()


def test_no_help_of_a_command_takes_one():
    told = [command.help or "" for command in COMMANDS]
    told += [getattr(one, "help", "") or "" for command in COMMANDS for one in command.params]
    assert len(told) > 200
    assert find_foreign(told) == set()


@pytest.mark.parametrize(
    "text", ["Locate them anew.", "'9' is none.", "Mend that line.", "It moved next door."]
)
def test_a_foreign_turn_is_seen(text):
    assert find_foreign([text])
