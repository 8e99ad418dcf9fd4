"""A small plan in a file: two strategies, three actions in a row, an open slot and a measure."""

from csa.program.plan.loading import load_plan

SMALL_PLAN = """
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
SECOND_TEAM = """
[[teams]]
id = "intervention"
name = "Intervention"
goal = "2"
chair_office = "Health"
offices = ["Health"]
[[goals]]
number = "2"
title = "Help is near"
team = "intervention"
[[strategies]]
number = "2.1"
title = "Reach out"
[[actions]]
number = "2.1.1"
title = "Walk at night"
"""


def write_plan(folder, *changes, more=""):
    """Write the plan with some of its text exchanged and more at its end; its path."""
    text = SMALL_PLAN
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "plan.toml"
    path.write_text(text + more, encoding="utf-8")
    return path


def make_plan(folder, *changes, more=""):
    return load_plan(write_plan(folder, *changes, more=more))
