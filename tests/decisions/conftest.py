"""A small plan of two teams, and an area of two cells."""

import pytest

from csa.ingest.designation import Candidate
from csa.plan import load_plan

PLAN = """
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
[[teams]]
id = "intervention"
name = "Intervention"
goal = "2"
chair_office = "Health"
offices = ["Health"]
[[goals]]
number = "1"
title = "Neighbors work together"
team = "prevention"
[[goals]]
number = "2"
title = "Help is near"
team = "intervention"
[[strategies]]
number = "1.1"
title = "Build trust"
is_trust = true
[[strategies]]
number = "1.2"
title = "Find areas"
[[strategies]]
number = "2.1"
title = "Reach out"
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
number = "2.1.1"
title = "Walk at night"
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


@pytest.fixture(scope="session")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return load_plan(path)


@pytest.fixture(scope="session")
def candidate():
    """Give a function that makes a candidate of cells by number."""

    def make(area_id="B", cells=(1, 2, 3, 4), place="Hadderley"):
        names = tuple(f"8926ad9{n:02x}0bffff" for n in cells)
        return Candidate(
            area_id, place, names, {"data_fingerprint": "f", "area": {"incidents": "133"}}
        )

    return make
