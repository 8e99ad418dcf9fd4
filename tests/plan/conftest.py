"""A plan of three actions and an open slot, and Kansas City's where its text is at hand."""

import pytest

from csa.plan import load_plan

PLAN_FILE = """
format_version = 1
[plan]
id = "small-plan"
name = "Small plan"
city = "Testville"
adopted = "2020-10"
source = "the council"
outcome = "Fewer shootings"
[[teams]]
id = "prevention"
name = "Prevention"
goal = "1"
chair_office = "Mayor's Office"
offices = ["Police"]
[[goals]]
number = "1"
title = "Neighbors work together"
team = "prevention"
[[strategies]]
number = "1.1"
title = "Build trust"
is_trust = true
[[strategies]]
number = "1.2"
title = "Find areas"
[[actions]]
number = "1.1.1"
is_open = true
[[actions]]
number = "1.2.1"
title = "Write the report"
[[actions]]
number = "1.2.2"
title = "Pass it on"
needs = [{ on = "1.2.1", source = "1.2.2", why = "it is that report" }]
[[actions]]
number = "1.2.10"
title = "Learn from it"
needs = [{ on = "1.2.2", source = "1", kind = "linked", why = "same readers" }]
[[measures]]
id = "recidivism"
name = "People who offend again"
kind = "recidivism"
goals = ["1"]
unit = "percent"
direction = "down"
ask = "among whom?"
wordings = [{ where = "Goal 1", words = "a fall" }]
"""


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a plan's file with some of its text exchanged."""

    def write(*changes, more=""):
        text = PLAN_FILE
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "plan.toml"
        path.write_text(text + more, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def kansas_path(root):
    return root / "config" / "plans" / "kansas-city-psp.toml"


@pytest.fixture(scope="session")
def kansas(kansas_path):
    return load_plan(kansas_path)


@pytest.fixture(scope="session")
def printed(root):
    """Read the plan's own text."""
    pages = sorted((root.parent / "shared" / "plan").glob("*.txt"))
    if not pages:
        pytest.skip("the plan's own text is not at hand (shared/plan/*.txt)")
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)
