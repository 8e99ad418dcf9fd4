"""The plan's actions and their status: one line per action, open slots included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.base.text import tr
from csa.program.plan.calendar import (
    ActionState,
    Freshness,
    ResponseClock,
    clock,
    color_word,
    freshness,
    holds_up,
    is_due_soon,
    is_late,
)
from csa.program.plan.items import Action, Link, Plan
from csa.program.store.records import Records, item_links, latest_titles
from csa.program.store.tables import (
    AreaRow,
    LessonRow,
    MeetingRow,
    QuestionRow,
    StakeholderRow,
    StepRow,
    TaskRow,
)


@dataclass(frozen=True)
class ActionLine:
    """One action of the plan on one day."""

    action: Action  # as the plan has it
    strategy: str  # the strategy's number
    goal: str  # the goal's number
    team: str  # the team's id
    title: str  # the latest approved title, else the plan's; empty if no action is written yet
    is_trust: bool  # whether it belongs to the trust work that spans all goals
    state: ActionState  # its status and details
    revision: int  # revision of its row; 0 if nothing was ever recorded
    freshness: Freshness  # how old the last update is
    color: str  # the status, or `no-update`
    is_late: bool  # due before today
    is_due_soon: bool  # due within 90 days
    days_since: int | None  # days since the last update; None if there was none
    holds_up: tuple[str, ...]  # if it is late, the numbers of the actions that wait for it
    needs: tuple[Link, ...]  # what it waits for or is linked with

    @property
    def number(self) -> str:
        """The plan's number."""
        return self.action.number

    @property
    def is_open(self) -> bool:
        """Whether no action is written yet."""
        return not self.title


def plan_lines(plan: Plan, records: Records, today: date) -> tuple[ActionLine, ...]:
    """Return the status of each action of a plan on a day."""
    states, links = records.states, item_links(plan, records.links)
    held = holds_up(plan, states, today, links)
    titles = latest_titles(records.changes)
    revisions = {row.key: row.revision for row in records.actions}
    lines = []
    for action in plan.actions:
        number = action.number
        state = states.get(number) or ActionState(number)
        strategy = plan.strategy_of(number)
        line = ActionLine(
            action=action,
            strategy=strategy.number,
            goal=plan.goal_of(number).number,
            team=plan.team_of(number).id,
            title=titles.get(number, action.title),
            is_trust=strategy.is_trust,
            state=state,
            revision=revisions.get(number, 0),
            freshness=freshness(state, today),
            color=color_word(state, today),
            is_late=is_late(state, today),
            is_due_soon=is_due_soon(state, today),
            days_since=None if state.updated_on is None else (today - state.updated_on).days,
            holds_up=held.get(number, ()),
            needs=_once((*links[number], *links[strategy.number])),
        )
        lines.append(line)
    return tuple(lines)


def _once(links: Sequence[Link]) -> tuple[Link, ...]:
    """Drop a strategy's link where the action has the same link of its own."""
    found: dict[tuple[str, str], Link] = {}
    for link in links:
        found.setdefault((link.on, link.kind), link)
    return tuple(found.values())


def color_counts(lines: Iterable[ActionLine]) -> Counter[str]:
    """Count the written actions by their color; each is counted once."""
    return Counter(line.color for line in lines if not line.is_open)


def status_word(status: str) -> str:
    """Return a status as readers see it."""
    return status.replace("-", " ")


def line_row(line: ActionLine) -> dict[str, Any]:
    """Return a line as a machine-readable row."""
    state = line.state
    texts: Mapping[str, object] = {
        "number": line.number,
        "strategy": line.strategy,
        "goal": line.goal,
        "team": line.team,
        "title": line.title or tr("plan.open_slot"),
        "status": status_word(state.status),
        "shown_as": status_word(line.color),
        "reason": state.reason,
        "office": state.office,
        "coordinator": state.coordinator,
        "start": state.start,
        "due": state.due,
        "percent": state.percent,
        "evidence": state.evidence,
        "areas": " ".join(state.areas),
        "comment": state.comment,
        "updated_on": state.updated_on,
        "is_open": "yes" if line.is_open else "no",
        "is_late": "yes" if line.is_late else "no",
        "holds_up": " ".join(line.holds_up),
        "needs": " ".join(link.on for link in line.needs if link.kind == "waits"),
    }
    return {name: "" if value is None else str(value) for name, value in texts.items()}


# ---- An area's work plan on a day: tasks, meetings, requests and the 60-day clock.


GROUP, DONE, RETIRED = "group", "done", "retired"


@dataclass(frozen=True)
class WorkPlan:
    """The work going on in an area."""

    area: AreaRow  # its row in the store
    steps: tuple[StepRow, ...]  # its steps, oldest first
    tasks: tuple[TaskRow, ...]  # unfinished first, then by due date
    meetings: tuple[MeetingRow, ...]  # newest first
    questions: tuple[QuestionRow, ...]  # unanswered first
    lessons: tuple[LessonRow, ...]  # newest first
    stakeholders: tuple[StakeholderRow, ...]  # participating organizations, by name
    clock: ResponseClock  # the 60-day clock of action 1.3.6
    last: date | None

    @property
    def n_done(self) -> int:
        """Number of completed tasks."""
        return sum(task.status == DONE for task in self.tasks)


def work_plan(
    records: Records, key: str, lines: Sequence[ActionLine], today: date
) -> WorkPlan | None:
    """Assemble an area's work plan."""
    area = next((row for row in records.areas if row.key == key), None)
    if area is None:
        return None
    steps = records.steps_of(key)
    tasks = [row for row in records.tasks if row.area == key]
    meetings = [row for row in records.meetings if row.area == key]
    asked = [row for row in records.asked if row.area == key]
    lessons = [row for row in records.lessons if row.area == key]
    takers = [row for row in records.stakeholders if row.area == key]
    days = [
        *(row.updated_on for row in tasks),
        *(row.on_date for row in meetings if row.on_date <= today),
        *(row.answered_on or row.asked_on for row in asked),
        *(row.on_date for row in lessons),
        *(line.state.updated_on for line in actions_for_area(lines, key) if line.state.updated_on),
    ]
    return WorkPlan(
        area=area,
        steps=steps,
        tasks=tuple(sorted(tasks, key=lambda row: (row.status == DONE, row.due or date.max))),
        meetings=tuple(sorted(meetings, key=lambda row: row.on_date, reverse=True)),
        questions=tuple(sorted(asked, key=lambda row: bool(row.answered))),
        lessons=tuple(reversed(lessons)),
        stakeholders=tuple(sorted(takers, key=lambda row: row.organisation)),
        clock=clock(_first_meeting(steps, meetings), today, area.execution_on),
        last=max(days, default=None),
    )


def _first_meeting(steps: Sequence[StepRow], meetings: Sequence[MeetingRow]) -> date | None:
    """Return the first group meeting of this service period, ignoring earlier periods."""
    ended = max((row.on_date for row in steps if row.state == RETIRED), default=date.min)
    held = [row.on_date for row in meetings if row.kind == GROUP and row.on_date >= ended]
    return min(held, default=None)


def actions_for_area(lines: Sequence[ActionLine], key: str) -> tuple[ActionLine, ...]:
    """List the written actions that are meant for an area."""
    return tuple(line for line in lines if key in line.state.areas and not line.is_open)


def city_wide(lines: Sequence[ActionLine]) -> tuple[ActionLine, ...]:
    """List the written actions that name no area."""
    return tuple(line for line in lines if not line.state.areas and not line.is_open)
