"""What the team reads is plain: school grade 8 or lower for each page, and no sentence far above it."""

import re

import pytest
from tests.reports.readability import grade

from csa.base.message import load_catalog

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


FOREIGN = {
    r"\b(is|are) none\b": 2,
    r"\b(is|are) no (?!longer\b|more\b)": 5,
    r"\{given[^}]*\} (is|does|are) not\b": 10,
    r"\b\d+ times? in \d+\b|nine in ten|four times in five": 5,
    r"\bof 100 (cases|such)\b": 0,
    r"\bin all\b|\bBoth together\b": 2,
    r"\banew\b": 0,
    r"(?<!on )\b(holds?|holding)\b(?! back| up)|\bheld\b(?! back)": 3,
    r"\b(be|been|is|are|was|were|can|cannot) said\b|\bsaid to be\b": 2,
    r"\b(lie|lies|lay|lying)\b": 7,
    r"\b(stands?|stood)\b(?! out)": 1,
    r"\b[Mm]end\b": 0,
    r"\b[Ff]aults?\b": 2,
    r"\b[Bb]eside\b": 4,
    r"(\}|\d) %": 0,
    r"\bso that\b": 4,
    r"\b(told|tells)\b|(?<!cannot )(?<!'t )(?<!to )\btell\b": 4,
    r"\bowes?\b|\bowing\b": 0,
    r"\b[Nn]ext door\b": 0,
    r"\b(may|could|can) be chance\b": 4,
    r"\b[Aa]djusted for chance\b": 1,
    r"\bmay stand for unknown places?\b": 0,
    r"\bby (itself|themselves)\b": 10,
    r"\bby lot\b": 0,
    r"\bwhole (city|months?|years?|quarters?)\b": 11,
    r"\b(that|those) of\b": 2,
    r"\b(my|your|their|its|his|ours?|a \w+) own\b(?<!on their own)|\bof (its|their) own\b": 9,
    r"\bmeanwhile\b|\bof then\b|\bfrom then on\b|\bfor once\b": 0,
    r"\b[Nn]obody\b|\b[Ss]omebody\b": 4,
    r"(?<!hance )(?<!uck )(?<!omicides )(?<!area )\balone\b": 1,
    r"\bwhat (came|is told|was told|is known|is said|had been|is left|is missing|was read)\b": 3,
    r"\bwhether (it|that|this) (is|was|has)\b.*\bnot known\b|\bis not known\b": 5,
    r"\b(is|are|was|were) (found|kept|taken|chosen|given|thrown|brought|put)\b": 16,
    r"\bTell\b|\bSay (which|where|why|so|when)\b": 0,
    r"\bmust be\b(?=.*\bis not\b)": 9,
    r"\bThere (is|are) no\b": 2,
    r"\bdays? (old|overdue)\b|\bthe day on which\b|\bits day\b": 0,
    r"\b(mark|marks|marked) where\b": 0,
    r"\bhow (it|they|things|actions?) stands?\b|\bHow it stands\b|[Ww]here it stands": 0,
}
"""Turns that a native writer would not use, and how many sentences still have one: the numbers only
fall. What the public reads (`public`, `wall`) is approved word by word by an office."""
APPROVED = ("public.", "wall.")


def count_foreign(texts):
    """Count, by turn, the sentences that have it."""
    return {pattern: sum(bool(re.search(pattern, text)) for text in texts) for pattern in FOREIGN}


def test_no_sentence_takes_a_turn_that_a_native_writer_would_not():
    said = [text for key, text in load_catalog().items() if not key.startswith(APPROVED)]
    texts = [form for text in said for form in ([text] if isinstance(text, str) else text.values())]
    found = count_foreign(texts)
    assert {pattern: n for pattern, n in found.items() if n > FOREIGN[pattern]} == {}


@pytest.mark.parametrize(
    "text", ["Locate them anew.", "'9' is none.", "Mend that line.", "It moved next door."]
)
def test_a_foreign_turn_is_seen(text):
    assert sum(count_foreign([text]).values()) >= 1
