"""What the team reads is plain: school grade 8 or lower for each page, and no sentence far above it."""

import re

import pytest
from tests.reports.readability import grade
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


FOREIGN = (
    r"\b(is|are) none\b",
    r"\b(is|are) no (?!longer\b|more\b)",
    r"\{given[^}]*\} (is|does|are) not\b",
    r"\b\d+ times? in \d+\b|nine in ten|four times in five",
    r"\bof 100 (cases|such)\b",
    r"\bin all\b|\bBoth together\b",
    r"\banew\b",
    r"(?<!on )\b(holds?|holding)\b(?! back| up)|\bheld\b(?! back)",
    r"\b(be|been|is|are|was|were|can|cannot) said\b|\bsaid to be\b",
    r"\b(lie|lies|lay|lying)\b",
    r"\b(stands?|stood)\b(?! out)",
    r"\b[Mm]end\b",
    r"\b[Ff]aults?\b",
    r"\b[Bb]eside\b",
    r"(\}|\d) %",
    r"\bso that\b",
    r"\b(told|tells)\b|(?<!cannot )(?<!'t )(?<!to )\btell\b",
    r"\bowes?\b|\bowing\b",
    r"\b[Nn]ext door\b",
    r"\b(may|could|can) be chance\b",
    r"\b[Aa]djusted for chance\b",
    r"\bmay stand for unknown places?\b",
    r"\bby (itself|themselves)\b",
    r"\bby lot\b",
    r"\bwhole (city|months?|years?|quarters?)\b",
    r"\b(that|those) of\b",
    r"\b(my|your|their|its|his|ours?|a \w+) own\b(?<!on their own)|\bof (its|their) own\b",
    r"\bmeanwhile\b|\bof then\b|\bfrom then on\b|\bfor once\b",
    r"\b[Nn]obody\b|\b[Ss]omebody\b",
    r"(?<!hance )(?<!uck )(?<!omicides )(?<!area )\balone\b",
    r"\bwhat (came|is told|was told|is known|is said|had been|is left|is missing|was read)\b",
    r"\bwhether (it|that|this) (is|was|has)\b.*\bnot known\b|\bis not known\b",
    r"\b(is|are|was|were) (found|kept|taken|chosen|given|thrown|brought|put)\b",
    r"\bTell\b|\bSay (which|where|why|so|when)\b",
    r"\bmust be\b(?=.*\bis not\b)",
    r"\bThere (is|are) no\b",
    r"\bdays? (old|overdue)\b|\bthe day on which\b|\bits day\b",
    r"\b(mark|marks|marked) where\b",
    r"\bhow (it|they|things|actions?) stands?\b|\bHow it stands\b|[Ww]here it stands",
)
"""Turns that a native writer would not use."""
GUIDES = ("TUTORIAL", "HOWTO", "METHODS")
COMMANDS = list_commands(get_command(app))


def find_foreign(texts):
    """List the turns that these texts have, each with its text."""
    return {(turn, text) for text in texts for turn in FOREIGN if re.search(turn, text)}


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
