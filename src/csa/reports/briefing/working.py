"""An area's work plan on a day: tasks, meetings, requests and the 60-day clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from csa.decisions.store.records import Records
from csa.decisions.store.tables import (
    AreaRow,
    AskedRow,
    LessonRow,
    MeetingRow,
    StakeholderRow,
    StepRow,
    TaskRow,
)
from csa.plan import clock
from csa.plan.calendar import ResponseClock
from csa.reports.briefing.lines import ActionLine

GROUP, DONE, RETIRED = "group", "done", "retired"


@dataclass(frozen=True)
class WorkPlan:
    """The work going on in an area."""

    area: AreaRow  # its row in the store
    steps: tuple[StepRow, ...]  # its steps, oldest first
    tasks: tuple[TaskRow, ...]  # unfinished first, then by due date
    meetings: tuple[MeetingRow, ...]  # newest first
    asked: tuple[AskedRow, ...]  # unanswered first
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
        *(line.state.updated_on for line in here(lines, key) if line.state.updated_on),
    ]
    return WorkPlan(
        area=area,
        steps=steps,
        tasks=tuple(sorted(tasks, key=lambda row: (row.status == DONE, row.due or date.max))),
        meetings=tuple(sorted(meetings, key=lambda row: row.on_date, reverse=True)),
        asked=tuple(sorted(asked, key=lambda row: bool(row.answered))),
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


def here(lines: Sequence[ActionLine], key: str) -> tuple[ActionLine, ...]:
    """List the written actions that are meant for an area."""
    return tuple(line for line in lines if key in line.state.areas and not line.is_open)


def city_wide(lines: Sequence[ActionLine]) -> tuple[ActionLine, ...]:
    """List the written actions that name no area."""
    return tuple(line for line in lines if not line.state.areas and not line.is_open)
