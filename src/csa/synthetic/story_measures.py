"""The made-up program's measures: eight quarters of each, baselines, targets, approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from csa.synthetic.story import (
    ANALYST,
    COMMITTEE,
    ENFORCEMENT,
    HEALTH,
    MAYOR,
    POLICE,
    PROSECUTOR,
    StoryAct,
)

QUARTERS = (
    "2018-Q3", "2018-Q4", "2019-Q1", "2019-Q2", "2019-Q3", "2019-Q4", "2020-Q1", "2020-Q2",
)  # fmt: skip
IMPORTED = tuple(
    date.fromisoformat(day)
    for day in (
        "2018-10-23", "2019-01-22", "2019-04-23", "2019-07-23",
        "2019-10-22", "2020-01-21", "2020-04-21", "2020-07-21",
    )
)  # fmt: skip
"""When a quarter's values came in: three weeks after its end."""

APPROVED = (
    *((quarter, date(2019, 2, 21)) for quarter in QUARTERS[:2]),
    *((quarter, date(2020, 2, 20)) for quarter in QUARTERS[2:6]),
    (QUARTERS[6], date(2020, 5, 21)),
)
"""By the Committee, at a review; the newest waits for the next."""

SETTLED = date(2019, 1, 29)
BASE, GOAL = QUARTERS[0], "2020-Q4"
Eight = tuple[int, int, int, int, int, int, int, int]


@dataclass(frozen=True)
class MeasureTale:
    """A measure with its eight quarters: values, or the two parts of a share."""

    id: str
    owner: str
    source: str
    definition: str
    target: float
    numbers: Eight | None  # None: counted in the data
    among: Eight | None = None  # the whole of a share
    answers: Eight | None = None  # of a survey
    basis: str = ""
    per: float = 1.0  # what a number is divided by, for scores


SURVEY = "Survey of residents, by telephone, each quarter"
ASKED: Eight = (612, 604, 621, 598, 615, 607, 583, 594)
CASES: Eight = (176, 142, 131, 168, 184, 146, 134, 181)
MEASURES = (
    MeasureTale("gun-violence", POLICE, "Shooting incidents of the Police Department",
                "Incidents in the quarter with at least one person shot.", 130, None),
    MeasureTale("violent-crime", POLICE, "Incident reports of the Police Department",
                "Homicides, robberies and aggravated assaults in the four areas of the draw.", 150,
                (186, 168, 157, 181, 178, 160, 149, 170)),
    MeasureTale("feeling-safe", MAYOR, SURVEY, "Feel safe on their street after dark.", 0.60,
                (312, 314, 323, 305, 326, 334, 326, 315), ASKED, ASKED),
    MeasureTale("working-with-police", POLICE, "Lists of block watches and advisory boards",
                "Residents on the list of a block watch or an advisory board.", 320,
                (204, 211, 219, 236, 252, 268, 271, 266)),
    MeasureTale("services-ratio", HEALTH, "List of referrals",
                "People served in the quarter, of those on the list of need.", 0.50,
                (96, 104, 117, 131, 146, 158, 149, 161),
                (398, 402, 411, 407, 415, 421, 418, 430), basis="in need"),
    MeasureTale("services-list", HEALTH, "Minutes of the Intervention Team",
                "One list is signed by all five agencies.", 1, (0, 0, 0, 0, 1, 1, 1, 1)),
    MeasureTale("recidivism", PROSECUTOR, "Court records",
                "Arrested again within 12 months of release.", 0.30,
                (71, 68, 70, 66, 64, 65, 60, 61), (188, 181, 190, 184, 183, 187, 176, 180),
                basis="all released from prison, arrest within 12 months"),
    MeasureTale("clearance", POLICE, "Case records of the Police Department",
                "Shootings of the quarter cleared within six months.", 0.40,
                (55, 46, 44, 57, 64, 53, 49, 62), CASES, basis="cohort 6 months"),
    MeasureTale("charges", PROSECUTOR, "Case records of the Prosecutor's Office",
                "Shootings of the quarter in which somebody was charged.", 0.35,
                (45, 38, 37, 48, 54, 45, 42, 55), CASES, basis="cohort 6 months"),
    MeasureTale("convictions", PROSECUTOR, "Court records",
                "Cases decided in the quarter that ended in a conviction.", 0.85,
                (31, 29, 33, 30, 34, 35, 24, 12), (40, 37, 42, 38, 43, 44, 30, 15)),
    MeasureTale("collaboration", COMMITTEE, "Questions to twelve partner offices",
                "Mean answer to five questions, from 1 to 5.", 4.0,
                (29, 30, 31, 33, 34, 35, 34, 36), per=10.0),
    MeasureTale("offenders-list", ENFORCEMENT, "List of the weekly shooting review",
                "Listed people who were charged or referred to help.", 0.60,
                (22, 25, 29, 34, 41, 46, 49, 52), (96, 98, 101, 104, 103, 106, 108, 107)),
    MeasureTale("trust", MAYOR, SURVEY, "Trust police and courts 'mostly' or 'fully'.", 0.50,
                (263, 254, 267, 263, 277, 279, 268, 243), ASKED, ASKED),
    MeasureTale("citizen-survey", MAYOR, "The city's yearly survey, read by quarter",
                "Rate police service 'good' or 'very good'.", 0.65,
                (355, 350, 366, 353, 369, 370, 356, 339), ASKED, ASKED),
    MeasureTale("cooperation", PROSECUTOR, "Case records of the Prosecutor's Office",
                "Shooting cases in which a victim or witness gave a statement.", 0.55,
                (70, 58, 55, 72, 83, 67, 64, 85), CASES),
)  # fmt: skip
REVISED = ("clearance", "2019-Q3", 67, date(2020, 4, 30))
"""A value that came out higher once late cases were in: a revision beside the first."""


def measure_acts() -> Iterator[StoryAct]:
    """Yield what was agreed on each measure, its values by quarter, and what was approved."""
    for quarter, on in zip(QUARTERS, IMPORTED, strict=True):
        yield StoryAct(on, ANALYST, f"Values of {quarter}.", "count", quarter)
    for one in MEASURES:
        given = {
            "definition": one.definition,
            "baseline_quarter": BASE,
            "target": one.target,
            "target_quarter": GOAL,
            "source": one.source,
            "owner": one.owner,
        }
        why = "Agreed by the three teams in January 2019."
        yield StoryAct(SETTLED, COMMITTEE, why, "agree", one.id, given)
    for quarter, on in APPROVED:
        yield StoryAct(on, COMMITTEE, "Checked at the review.", "approve", quarter)
    measure, quarter, numerator, on = REVISED
    given = {"quarter": quarter, "numerator": numerator}
    yield StoryAct(on, POLICE, "Three cases were cleared late.", "revise", measure, given)
