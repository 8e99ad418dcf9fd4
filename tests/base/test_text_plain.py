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
