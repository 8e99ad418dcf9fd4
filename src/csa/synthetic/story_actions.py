"""The made-up program's actions: 30 of the plan's 51, with their reports; what was proposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.synthetic.story import (
    ANALYST,
    COMMITTEE,
    ENFORCEMENT,
    HEALTH,
    INTERVENTION,
    MAYOR,
    POLICE,
    PREVENTION,
    PROSECUTOR,
    StoryAct,
)

ON, RISK, STUCK, DONE, NOT = "on-track", "at-risk", "blocked", "done", "not-started"
Said = tuple[str, str, int | None, str]
"""A day, a status, percent done, and why; where it is at risk or blocked that is the reason."""


@dataclass(frozen=True)
class ActionTale:
    """An action and its reports."""

    number: str
    office: str
    coordinator: str
    start: str
    due: str
    said: tuple[Said, ...]  # the first takes the action up
    areas: tuple[str, ...] = ()  # planted places, from the first report after their designation


IN_AREAS = ("cooling", "southeast", "west side")
TALES = (
    ActionTale("1.2.1", ANALYST, PREVENTION, "2018-09-04", "2019-02-28", (
        ("2018-09-18", ON, 20, "The unit has its data and a first draft."),
        ("2018-12-11", ON, 60, "Two drafts went to the teams, who asked for a map."),
        ("2019-02-26", DONE, 100, "The report comes out each month from now on."))),
    ActionTale("1.2.2", ANALYST, PREVENTION, "2019-01-08", "2019-06-30", (
        ("2019-03-19", ON, 40, "Teams named the form they need."),
        ("2019-06-25", DONE, 100, "Each team gets its own edition by the tenth."))),
    ActionTale("1.2.3", MAYOR, PREVENTION, "2019-03-05", "2019-12-31", (
        ("2019-05-14", ON, 30, "Three readers' groups tried the public page."),
        ("2019-10-15", RISK, 60, "Nobody has time to check the Spanish."),
        ("2019-12-17", DONE, 100, "The public page is out in two languages."))),
    ActionTale("1.2.4", ANALYST, PREVENTION, "2019-06-03", "2020-12-31", (
        ("2019-09-24", ON, 40, "Figures by quarter, one page for each area."),
        ("2020-02-18", ON, 60, "Areas of 2020 are in too."),
        ("2020-08-18", ON, 80, "Next: the streets around each area.")), IN_AREAS),
    ActionTale("1.3.1", PREVENTION, MAYOR, "2019-05-06", "2020-09-30", (
        ("2019-07-16", ON, 30, "Tenants' council and block watch lead."),
        ("2020-02-25", ON, 60, "Coaches' league leads on the west side."),
        ("2020-08-25", ON, 80, "One leader is still looked for.")), IN_AREAS),
    ActionTale("1.3.2", PREVENTION, MAYOR, "2019-06-18", "2020-08-15", (
        ("2019-07-25", ON, 40, "Two walks done; notes went to all partners."),
        ("2020-03-24", RISK, 60, "No walks while people stay at home."),
        ("2020-06-23", ON, 90, "Walks go on outdoors, in small groups."),
        ("2020-08-11", DONE, 100, "Each area was walked at least once.")), IN_AREAS),
    ActionTale("1.3.3", PREVENTION, MAYOR, "2019-09-03", "2020-12-31", (
        ("2019-11-26", ON, 30, "First progress meeting held."),
        ("2020-04-14", STUCK, 40, "The halls are closed until further notice."),
        ("2020-06-30", ON, 50, "Meetings are outdoors now.")), IN_AREAS),
    ActionTale("1.3.4", PREVENTION, MAYOR, "2019-07-01", "2020-03-31", (
        ("2019-08-06", ON, 50, "Plans of the first two areas are written."),
        ("2020-02-25", DONE, 100, "Plans of all areas are written.")), IN_AREAS),
    ActionTale("1.3.5", PREVENTION, COMMITTEE, "2019-02-04", "2019-12-31", (
        ("2019-03-14", ON, 30, "The list of four is closed and its code is public."),
        ("2019-06-18", ON, 60, "The first two areas are designated, as drawn."),
        ("2019-12-10", DONE, 100, "The other two are designated, as drawn."))),
    ActionTale("1.3.6", PREVENTION, COMMITTEE, "2019-06-25", "2020-03-31", (
        ("2019-08-20", ON, 50, "Work began 48 and 54 days after the first meetings."),
        ("2020-03-03", DONE, 100, "Work began 48 and 49 days after the first meetings.")),
        IN_AREAS),
    ActionTale("1.3.7", MAYOR, COMMITTEE, "2019-09-03", "2020-06-30", (
        ("2020-01-21", ON, 30, "A list of promises stands in each area's plan."),
        ("2020-05-12", RISK, 50, "Seven vacant lots have no date yet."),
        ("2020-08-04", RISK, 60, "Code Enforcement lost two of its five inspectors.")), IN_AREAS),
    ActionTale("1.3.8", ANALYST, PREVENTION, "2019-07-01", "2020-03-31", (
        ("2019-08-20", ON, 50, "Measures were taken as work began in two areas."),
        ("2020-03-03", DONE, 100, "And in the other two.")), IN_AREAS),
    ActionTale("1.3.9", ANALYST, COMMITTEE, "2020-01-07", "2020-10-15", (
        ("2020-02-18", ON, 20, "First comparison, before the review."),
        ("2020-05-19", ON, 40, "In A it fell, but rose next door; in B it fell."),
        ("2020-08-25", ON, 60, "A year of A and B is over; the answers are ready.")), IN_AREAS),
    ActionTale("1.3.10", COMMITTEE, COMMITTEE, "2020-06-01", "2020-12-31", (
        ("2020-07-16", ON, 20, "One area was given up. B may be ready to ease off."),)),
    ActionTale("2.2.1", HEALTH, INTERVENTION, "2018-10-01", "2019-09-30", (
        ("2018-11-20", ON, 30, "Each measure has an office that collects it."),
        ("2019-04-09", RISK, 50, "The list of people served is on paper."),
        ("2019-09-17", DONE, 100, "All fifteen measures come in each quarter."))),
    ActionTale("2.2.2", INTERVENTION, COMMITTEE, "2019-01-08", "2019-12-31", (
        ("2019-04-16", ON, 40, "First talks were held."),
        ("2019-11-12", DONE, 100, "It can, for thirty people at a time."))),
    ActionTale("2.2.3", HEALTH, INTERVENTION, "2019-03-05", "2020-02-28", (
        ("2019-08-13", ON, 50, "Four cities were asked, two answered."),
        ("2020-02-18", DONE, 100, "A note compares three models."))),
    ActionTale("2.2.4", INTERVENTION, COMMITTEE, "2020-01-14", "2020-05-31", (
        ("2020-02-25", ON, 30, "A first draft is with the lawyers."),
        ("2020-05-19", RISK, 60, "The law office has not answered since March."),
        ("2020-07-28", STUCK, 60, "The law office asks for a rule on sharing names first."))),
    ActionTale("2.3.1", ANALYST, INTERVENTION, "2019-07-09", "2020-01-31", (
        ("2019-10-22", ON, 60, "Counted within the first two areas."),
        ("2020-01-28", DONE, 100, "Counted within all; the southeast has none.")), IN_AREAS),
    ActionTale("2.3.2", HEALTH, INTERVENTION, "2019-10-01", "2020-07-31", (
        ("2019-12-17", ON, 40, "A clinic and a hub are missing in the southeast."),
        ("2020-04-21", RISK, 50, "Clinics have no time for a survey now."),
        ("2020-08-18", ON, 70, "Four of six clinics have answered.")), ("southeast",)),
    ActionTale("2.3.3", HEALTH, INTERVENTION, "2020-02-03", "2020-11-15", (
        ("2020-03-10", ON, 10, "A form for referrals is tried."),
        ("2020-06-16", STUCK, 20, "No clinic has agreed to open a desk in the southeast.")),
        ("southeast",)),
    ActionTale("2.4.1", MAYOR, INTERVENTION, "2019-04-02", "2019-10-31", (
        ("2019-06-11", ON, 50, "One page says who informs whom."),
        ("2019-10-29", DONE, 100, "The teams agreed to it."))),
    ActionTale("2.4.2", MAYOR, INTERVENTION, "2019-11-05", "2020-04-30", (
        ("2020-01-14", ON, 30, "Radio and bus stops were chosen."),
        ("2020-03-17", RISK, 40, "The money for printing was cut: it needs until the fall."))),
    ActionTale("3.2.1", PROSECUTOR, ENFORCEMENT, "2018-11-06", "2019-06-30", (
        ("2019-01-29", ON, 50, "Probation joins the weekly meeting."),
        ("2019-06-25", DONE, 100, "All four agencies share by the same form."))),
    ActionTale("3.3.1", POLICE, ENFORCEMENT, "2018-10-02", "2020-10-31", (
        ("2018-12-18", ON, 30, "Reviews are held each Wednesday."),
        ("2019-09-10", ON, 60, "Sixty people were referred to help."),
        ("2020-08-12", ON, 80, "Reviews go on by video."))),
    ActionTale("3.3.2", POLICE, ENFORCEMENT, "2019-02-05", "2020-03-31", (
        ("2019-07-16", ON, 40, "Late scene photographs were found to be a weak spot."),
        ("2020-03-24", DONE, 100, "Photographs are due within a day now."))),
    ActionTale("3.3.3", ANALYST, ENFORCEMENT, "2019-04-02", "2020-09-30", (
        ("2019-08-27", ON, 40, "Cases are followed by the quarter of the shooting."),
        ("2020-08-20", ON, 80, "One more quarter, then a report."))),
    ActionTale("3.4.1", ENFORCEMENT, COMMITTEE, "2019-09-03", "2020-06-30", (
        ("2019-12-03", ON, 40, "Two task forces answered the questions."),
        ("2020-06-09", DONE, 100, "Support is enough for homicides, not for shootings."))),
    ActionTale("3.6.1", ENFORCEMENT, COMMITTEE, "2019-05-07", "2020-07-31", (
        ("2019-09-24", ON, 50, "Nine offices were asked."),
        ("2020-02-11", RISK, 60, "Two offices have not answered."),
        ("2020-07-14", DONE, 100, "The list of gaps has seven lines."))),
    ActionTale("3.8.2", POLICE, ENFORCEMENT, "2019-10-01", "2020-06-30", (
        ("2020-01-21", ON, 30, "The first course was held for 24 detectives."),
        ("2020-05-26", RISK, 40, "The second course was moved to September."))),
)  # fmt: skip

# (day proposed, action, team, values, day and office of each answer: approved or not)
PROPOSED = (
    ("2020-01-28", "3.1.1", ENFORCEMENT,
     {"title": "Post what became of each complaint", "office": POLICE},
     (("2020-02-11", ENFORCEMENT, False),)),
    ("2020-03-17", "2.4.2", INTERVENTION, {"due": "2020-10-31"},
     (("2020-03-24", INTERVENTION, True), ("2020-05-21", COMMITTEE, True))),
    ("2020-08-13", "1.1.1", PREVENTION,
     {"title": "Bring officers and residents together on each walk", "office": POLICE,
      "start": "2020-10-01", "due": "2021-06-30"},
     (("2020-08-18", PREVENTION, True),)),
    ("2020-08-20", "2.1.1", INTERVENTION,
     {"title": "Hire outreach staff from the areas themselves", "office": HEALTH}, ()),
)  # fmt: skip


def action_acts() -> Iterator[StoryAct]:
    """Yield each report on an action, and each proposal with its answers."""
    given: dict[str, Any]
    for tale in TALES:
        for number, (day, status, percent, why) in enumerate(tale.said):
            changes: dict[str, object] = {"status": status, "percent": percent}
            if number == 0:
                changes |= {
                    "office": tale.office,
                    "coordinator": tale.coordinator,
                    "start": date.fromisoformat(tale.start),
                    "due": date.fromisoformat(tale.due),
                }
            given = {"changes": changes, "areas": tale.areas}
            on = date.fromisoformat(day)
            yield StoryAct(on, tale.office, why, "report", tale.number, given)
    for number, (day, action, team, values, answers) in enumerate(PROPOSED, start=1):
        on, why = date.fromisoformat(day), "From the team's meeting."
        yield StoryAct(on, team, why, "propose", action, {"values": values})
        for answered, office, is_approved in answers:
            why = "The team wants it." if is_approved else "The office cannot keep it up yet."
            given = {"key": f"change-{number}", "is_approved": is_approved}
            yield StoryAct(date.fromisoformat(answered), office, why, "settle", action, given)
