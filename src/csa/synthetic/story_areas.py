"""The made-up program's work in its areas: steps, walks, tasks, questions, lessons, partners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from csa.synthetic.story import (
    ANALYST,
    AREAS,
    COMMITTEE,
    DRAW,
    HEALTH,
    MAYOR,
    POLICE,
    PREVENTION,
    ProgramArea,
    StoryAct,
)

CLOSED = (
    "Four areas are alike in shootings, and the teams can begin in two at a time. Nobody should "
    "choose who waits, so chance does, in public."
)
SEED_SOURCE = "The State Lottery's evening numbers of April 25, 2019, as its page shows them"
DRAWN = "Drawn at the public meeting at Three Oaks Church, where everybody could do it again."
NOTED = (
    "One of four areas of tier 2 that a draw puts in order: alike in shootings, and the teams can "
    "begin in two at a time. The closed list's code is {code}."
)
DESIGNATED = (
    "Drawn for this start in the public draw of April 26, 2019, with the seed '{seed}' and the "
    "list's code {code}. Neighbors and both teams are ready."
)
RETIRED = (
    "Its school closed for good in spring, and no partner could go on. Residents "
    "were told at a meeting on July 14. The teams' hours go to the other areas."
)

Line = tuple[date, str, str]
"""A day, an office or group, and a text."""

# First group meeting, start of work; walks and other meetings: (day, kind, who, note).
MEETINGS = {
    "cooling": (
        (date(2019, 6, 25), "group", "Prevention Team; Harlan Voss School; tenants' council",
         "Agreed to walk first and to write down who does what by when."),
        (date(2019, 7, 9), "walk", "Tenants' council; Police Department; Public Works",
         "Two dark corners, one vacant house with open doors, children cross where cars turn."),
        (date(2019, 9, 17), "listening", "Harlan Voss School; Health Department",
         "34 residents. Most asked for lights and for somewhere to go after school."),
        (date(2019, 11, 19), "progress", "Tenants' council; Public Works",
         "Lights are on at both corners. The vacant house is still open."),
        (date(2020, 2, 4), "progress", "Tenants' council; Police Department",
         "Quieter on these blocks. Neighbors say the trouble stands two streets away now."),
        (date(2020, 6, 16), "walk", "Tenants' council; Crime Analysis Unit",
         "Walked the streets around the area too, where shootings rose. Outdoors, with masks."),
    ),
    "southeast": (
        (date(2019, 6, 27), "group", "Prevention Team; Tabernacle of the Vine; block watch",
         "The block watch leads. No clinic or hub within half a mile."),
        (date(2019, 7, 23), "walk", "Block watch; Code Enforcement",
         "Eleven vacant lots. A store sells late with no light at its door."),
        (date(2019, 10, 8), "listening", "Tabernacle of the Vine; Health Department",
         "Residents want help for the wounded and their families close by."),
        (date(2020, 1, 21), "progress", "Block watch; Code Enforcement",
         "Four of eleven lots are mowed and fenced. No clinic has agreed to come."),
        (date(2020, 7, 7), "progress", "Block watch; Health Department",
         "A year with far fewer shootings, here and around. The group wants to keep the evenings."),
    ),
    "west side": (
        (date(2020, 1, 9), "group", "Prevention Team; Wayfarers Chapel; coaches' league",
         "Agreed to start with young people and the schoolyard."),
        (date(2020, 2, 11), "walk", "Coaches' league; Rufus Lamm School",
         "The schoolyard's back gate stays open all night. Broken lamp posts along the path."),
        (date(2020, 6, 23), "listening", "Wayfarers Chapel; Health Department",
         "Held outdoors. People ask when the rec center opens again."),
    ),
    "east side": (
        (date(2020, 1, 14), "group", "Prevention Team; Bexley Road School; Eastside Family Clinic",
         "The school offers its gym on two evenings."),
        (date(2020, 2, 18), "walk", "Bexley Road School; Public Works",
         "Bus stop without light. A lot behind the school is used for dumping."),
        (date(2020, 7, 14), "listening", "Bexley Road School's parents; Mayor's Office",
         "Told residents why the work ends here, and whom to call."),
    ),
}  # fmt: skip
BEGUN = {
    "cooling": date(2019, 8, 12),
    "southeast": date(2019, 8, 20),
    "west side": date(2020, 2, 26),
    "east side": date(2020, 3, 3),
}

# (first day, what, agency, due, source, is_public, then: day and status)
TASKS = {
    "cooling": (
        (date(2019, 7, 11), "Repair the street lights at both dark corners", "Public Works",
         date(2019, 10, 31), "walk", True, ((date(2019, 10, 24), "done"),)),
        (date(2019, 7, 11), "Board up the vacant house and mow its lot", "Code Enforcement",
         date(2019, 11, 30), "walk", True,
         ((date(2019, 11, 19), "blocked"), (date(2020, 3, 10), "done"))),
        (date(2019, 9, 19), "Open the school gym in the afternoon, three days a week",
         "Harlan Voss School", date(2020, 1, 15), "listening", True,
         ((date(2020, 1, 13), "done"),)),
        (date(2020, 6, 18), "Plan outreach on the streets next to the area", PREVENTION,
         date(2020, 9, 30), "walk", False, ((date(2020, 8, 18), "on-track"),)),
    ),
    "southeast": (
        (date(2019, 7, 25), "Mow and fence eleven vacant lots", "Code Enforcement",
         date(2020, 4, 30), "walk", True, ((date(2020, 1, 21), "at-risk"),)),
        (date(2019, 7, 25), "Light the store's door and front", "Public Works",
         date(2019, 12, 15), "walk", True, ((date(2019, 12, 3), "done"),)),
        (date(2019, 10, 10), "Find a clinic that will open an evening desk", HEALTH,
         date(2020, 3, 31), "listening", False, ((date(2020, 7, 9), "blocked"),)),
        (date(2020, 7, 9), "Keep evening outreach on Fridays and Saturdays", PREVENTION,
         date(2020, 9, 15), "meeting", True, ()),
    ),
    "west side": (
        (date(2020, 2, 13), "Close the schoolyard's back gate at night", "Rufus Lamm School",
         date(2020, 4, 15), "walk", True, ((date(2020, 5, 28), "done"),)),
        (date(2020, 2, 13), "Replace six lamp posts along the path", "Public Works",
         date(2020, 8, 15), "walk", True, ((date(2020, 7, 28), "at-risk"),)),
        (date(2020, 6, 25), "Run a summer league in small groups", "Coaches' league",
         date(2020, 8, 31), "listening", True, ((date(2020, 8, 20), "on-track"),)),
    ),
    "east side": (
        (date(2020, 2, 20), "Light the bus stop", "Public Works", date(2020, 5, 31), "walk", True,
         ((date(2020, 6, 11), "done"),)),
        (date(2020, 2, 20), "Clear the lot behind the school", "Public Works", date(2020, 6, 30),
         "walk", True, ((date(2020, 7, 13), "blocked"),)),
    ),
}  # fmt: skip

# Area and number of a task that was late: when its agency was told, and why it said it was.
LATE = {("southeast", 1): (date(2020, 5, 12), "the first contractor gave up")}

# What residents asked, with the day and text of the answer; none where it is still open.
ASKED = {
    "cooling": (
        (date(2019, 9, 17), "Can the corners be lit before winter?",
         date(2019, 10, 24), "Yes. Both corners have new lights since October 24."),
        (date(2019, 9, 17), "Where can our children go after school?",
         date(2020, 1, 13), "The school gym is open three days a week."),
        (date(2020, 6, 16), "Will you come to the streets next door too?", None, ""),
    ),
    "southeast": (
        (date(2019, 10, 8), "Who helps the families of people who were shot?",
         date(2019, 12, 17), "Families get help at the church each Tuesday now."),
        (date(2019, 10, 8), "When will all the vacant lots be mowed?", None, ""),
    ),
    "west side": (
        (date(2020, 2, 11), "Can the schoolyard's gate be shut at night?",
         date(2020, 5, 28), "Yes. The gate is locked at ten since May 28."),
        (date(2020, 6, 23), "When does the rec center open again?", None, ""),
    ),
    "east side": (
        (date(2020, 2, 18), "Can the bus stop have a light?",
         date(2020, 6, 11), "Yes. It has a light since June 11."),
    ),
}  # fmt: skip
LESSONS: dict[str, tuple[Line, ...]] = {
    "cooling": (
        (date(2019, 12, 12), PREVENTION, "Walk before writing the plan: both lights came from it."),
        (date(2020, 6, 18), PREVENTION, "Look at the streets around an area from the first month."),
    ),
    "southeast": (
        (date(2020, 2, 6), PREVENTION, "Ask a clinic before promising one to residents."),
        (date(2020, 7, 9), PREVENTION, "A block watch that leads brings people to each meeting."),
    ),
    "east side": (
        (date(2020, 7, 20), PREVENTION, "Have a second partner: one school cannot carry an area."),
    ),
}
PARTNERS = {
    "cooling": (("Harlan Voss School", "gym in the afternoon"),
                ("Tenants' council", "leads the walks"), (POLICE, "foot patrol on Fridays")),
    "southeast": (("Tabernacle of the Vine", "meeting room"), ("Block watch", "leads the group"),
                  (HEALTH, "help for victims")),
    "west side": (("Coaches' league", "sports"), ("Wayfarers Chapel", "meeting room")),
    "east side": (("Bexley Road School", "gym on two evenings"),
                  ("Eastside Family Clinic", "first aid course")),
}  # fmt: skip


def area_acts() -> Iterator[StoryAct]:
    """Yield the draw, and all that happened in the areas, area by area."""
    source = {"seed_source": SEED_SOURCE}
    yield StoryAct(DRAW.closed, PREVENTION, CLOSED, "draw", "", source)
    yield StoryAct(DRAW.drawn, PREVENTION, DRAWN, "draw", "")
    for area in AREAS:
        yield StoryAct(DRAW.closed, PREVENTION, NOTED, "note", area.feature, {"until": DRAW.until})
        given = {"until": area.until, "wave": area.wave}
        yield StoryAct(area.designated, COMMITTEE, DESIGNATED, "designate", area.feature, given)
        begun = {"on": BEGUN[area.feature]}
        why = "The work plan is agreed, and the first tasks begin."
        yield StoryAct(BEGUN[area.feature], PREVENTION, why, "begin", area.feature, begun)
        yield from _work(area)
        if area.retired is not None:
            yield StoryAct(area.retired, COMMITTEE, RETIRED, "retire", area.feature)


def _work(area: ProgramArea) -> Iterator[StoryAct]:
    name = area.feature
    given: dict[str, Any]
    for organisation, part in PARTNERS[name]:
        given = {"organisation": organisation, "part": part}
        first = MEETINGS[name][0][0]
        yield StoryAct(first, PREVENTION, "Came to the first meeting.", "partner", name, given)
    for on, kind, who, note in MEETINGS[name]:
        given = {"kind": kind, "organisations": who, "note": note}
        yield StoryAct(on, PREVENTION, "Notes of the meeting.", "meet", name, given)
    for number, (on, what, agency, due, source, is_public, then) in enumerate(TASKS[name], start=1):
        task = {
            "what": what,
            "agency": agency,
            "due": due,
            "source": source,
            "is_public": is_public,
            "status": "on-track",
        }
        yield StoryAct(on, PREVENTION, "From the area's work plan.", "task", name, task)
        for day, status in then:
            given = {"number": number, "status": status}
            yield StoryAct(day, PREVENTION, f"As {agency} reports.", "set task", name, given)
        if (name, number) in LATE:
            day, reason = LATE[name, number]
            given = {"number": number, "told_on": day, "reason": reason}
            yield StoryAct(day, PREVENTION, f"{agency} said why.", "set task", name, given)
    for number, (on, asked, answered_on, answer) in enumerate(ASKED[name], start=1):
        yield StoryAct(on, PREVENTION, "Asked at a meeting.", "ask", name, {"asked": asked})
        if answered_on is not None:
            given = {"number": number, "answered": answer}
            yield StoryAct(answered_on, MAYOR, "Answered in writing.", "answer", name, given)
    for on, office, text in LESSONS.get(name, ()):
        yield StoryAct(on, office, "For the next area.", "learn", name, {"text": text})


REVIEWS = (
    (date(2020, 2, 20), (
        ("Approve the figures of 2019.", ""),
        ("Ask Code Enforcement to name a date for each vacant lot.", "1.3.7"),
        ("Keep the two areas of 2019, and begin in the two drawn for 2020.", "1.3.10"),
        ("Let the Intervention Team write the board's rules by May.", "2.2.4"),
    )),
    (date(2020, 5, 21), (
        ("Approve the figures of the first quarter.", ""),
        ("Look next door: shootings rose around area A while they fell in it.", "1.3.9"),
        ("Hold meetings outdoors in small groups until the fall.", "1.3.3"),
        ("Move the training of detectives to September.", "3.8.2"),
    )),
)  # fmt: skip
HANDED = (
    ("2020-05", date(2020, 6, 10)),
    ("2020-06", date(2020, 7, 9)),
    ("2020-07", date(2020, 8, 11)),
)


def meeting_acts() -> Iterator[StoryAct]:
    """Yield the quarterly reviews' decisions, and which editions were handed to whom."""
    given: dict[str, Any]
    for on, decisions in REVIEWS:
        for text, about in decisions:
            given = {"text": text, "about": about}
            yield StoryAct(on, COMMITTEE, "Quarterly review.", "decide", "", given)
    for month, on in HANDED:
        for audience, takers in (
            ("executive", (COMMITTEE, MAYOR)),
            ("prevention", (PREVENTION, HEALTH)),
            ("enforcement", (POLICE,)),
        ):
            given = {"audience": audience, "takers": takers}
            yield StoryAct(on, ANALYST, "The month's report.", "hand out", month, given)
