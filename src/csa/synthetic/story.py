"""Two years of a made-up program: what each office did, on which day and why, and what it planted.

Values only. `csa.workflow.story` plays them into a store, through the functions that pages use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

COMMITTEE = "Executive Committee"
PREVENTION = "Prevention Team"
INTERVENTION = "Intervention Team"
ENFORCEMENT = "Enforcement Team"
ANALYST = "Crime Analysis Unit"
HEALTH = "Health Department"
POLICE = "Police Department"
PROSECUTOR = "Prosecutor's Office"
MAYOR = "Mayor's Office"

TODAY = date(2020, 8, 31)
"""The last day of the story, at which the made-up city's clock stands."""


@dataclass(frozen=True)
class StoryAct:
    """One thing that an office did."""

    on: date
    office: str
    why: str  # `{code}` and `{seed}` stand for those of the draw
    do: str  # which decision it is: a name of `csa.workflow.story.DECISIONS`
    of: str = ""  # what it is about: a planted place, an action's number, a measure, a month
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProgramArea:
    """An area of the program: the planted place, its days, and what must be found there."""

    feature: str  # the planted place it lies on
    until: str  # the first month that its proposal did not count, `YYYY-MM`
    designated: date
    since: str  # the first whole month of its service, `YYYY-MM`
    wave: int  # of the draw
    verdict: str  # on all whole months since, of those of `csa.displacement`; empty where retired
    retired: date | None = None


@dataclass(frozen=True)
class ProgramDraw:
    """The draw that set the order of starts."""

    until: str  # the first month that its list did not count
    tier: int  # whose areas were drawn: four
    seed: str  # said in public after the list was closed
    first_start: str
    months_between: int
    closed: date
    drawn: date


DRAW = ProgramDraw(
    until="2019-03",
    tier=2,
    seed="Lottery of April 25, 2019: 05-12-20-27-33",
    first_start="2019-07",
    months_between=6,
    closed=date(2019, 3, 14),
    drawn=date(2019, 4, 26),
)
AREAS = (
    ProgramArea(
        "cooling", "2019-06", date(2019, 6, 18), "2019-07", 1, "fewer here, moved next door"
    ),
    ProgramArea("southeast", "2019-06", date(2019, 6, 18), "2019-07", 1, "fewer, and fewer in all"),
    ProgramArea("west side", "2019-12", date(2019, 12, 10), "2020-01", 2, "no change shown"),
    ProgramArea(
        "east side", "2019-12", date(2019, 12, 10), "2020-01", 2, "", retired=date(2020, 7, 16)
    ),
)
"""In the order in which their letters are given."""


def program_truth() -> dict[str, Any]:
    """Return what truth.json says of the program."""
    return {
        "today": TODAY.isoformat(),
        "draw": {
            "tier": DRAW.tier,
            "seed": DRAW.seed,
            "first_start": DRAW.first_start,
            "features": sorted(area.feature for area in AREAS),
        },
        "areas": [
            {
                "feature": area.feature,
                "wave": area.wave,
                "designated": area.designated.isoformat(),
                "since": area.since,
                "retired": area.retired.isoformat() if area.retired else None,
                "verdict": area.verdict or None,
            }
            for area in AREAS
        ],
    }
