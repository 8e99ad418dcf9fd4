"""What the Executive Committee sees in its quarterly review, one idea per screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from csa.program.plan.calendar import SOON_DAYS, waits_for
from csa.program.plan.items import Plan, Strategy, by_number
from csa.program.store.records import Records, item_links
from csa.program.store.tables import ChangeRow, MinuteRow
from csa.reports.briefing.lines import ActionLine

DONE, BLOCKED, AT_RISK, NO_UPDATE = "done", "blocked", "at-risk", "no-update"
PENDING = frozenset({"proposed", "chair-approved"})
"""States of a proposal that still needs an answer."""


@dataclass(frozen=True)
class Completed:
    """An action that was completed."""

    line: ActionLine  # the action
    on: date  # the day it was completed


@dataclass(frozen=True)
class Stuck:
    """An action that is blocked or at risk."""

    line: ActionLine  # the action; its state's reason says what is in the way
    helpers: tuple[str, ...]  # offices that can help: its own, then that of its team's chair
    waiting: tuple[str, ...]  # numbers of unfinished actions that wait for it


@dataclass(frozen=True)
class OpenStrategy:
    """A strategy with slots that have no action yet."""

    strategy: Strategy  # the strategy
    team: str  # name of its team
    slots: tuple[ActionLine, ...]  # its open slots
    proposed: tuple[str, ...]  # numbers of the slots with a pending proposal


@dataclass(frozen=True)
class Review:
    """A quarterly review."""

    since: date  # the first day it looks back on
    is_meeting: bool  # whether `since` is the day of the last meeting
    completed: tuple[Completed, ...]  # what was completed since, the latest first
    stuck: tuple[Stuck, ...]  # blocked, then at risk; within each, those that hold up most first
    n_silent: int
    open_strategies: tuple[OpenStrategy, ...]  # strategies with open slots, trust first
    late: tuple[ActionLine, ...]  # due before today and not done, most overdue first
    due: tuple[ActionLine, ...]  # due within 90 days, the soonest first
    decided: tuple[MinuteRow, ...]  # decisions of today's meeting, the newest first
    decided_before: tuple[MinuteRow, ...]
    pending: tuple[ChangeRow, ...]  # proposals that wait for an answer

    @property
    def n_open(self) -> int:
        """Number of slots without an action."""
        return sum(len(of.slots) for of in self.open_strategies)

    @property
    def n_trust(self) -> int:
        """Number of those slots that are for trust."""
        return sum(len(of.slots) for of in self.open_strategies if of.strategy.is_trust)

    @property
    def n_blocked(self) -> int:
        """Number of blocked actions."""
        return sum(stuck.line.state.status == BLOCKED for stuck in self.stuck)

    @property
    def n_stuck_silent(self) -> int:
        """Number of blocked or at-risk actions without a recent update."""
        return sum(stuck.line.color == NO_UPDATE for stuck in self.stuck)


def prepare_review(
    plan: Plan,
    lines: Sequence[ActionLine],
    records: Records,
    today: date,
    done_on: Mapping[str, date] | None = None,
) -> Review:
    """Assemble a review."""
    last = last_meeting(records, today)
    since = last or today - timedelta(days=SOON_DAYS)
    pending = tuple(row for row in records.changes if row.state in PENDING)
    return Review(
        since=since,
        is_meeting=last is not None,
        completed=_completed(lines, since, today, done_on or {}),
        stuck=_stuck(plan, lines, records),
        n_silent=sum(not line.is_open and line.color == NO_UPDATE for line in lines),
        open_strategies=_open(plan, lines, {row.action for row in pending}),
        late=tuple(sorted((line for line in lines if line.is_late), key=by_due)),
        due=tuple(sorted((line for line in lines if line.is_due_soon), key=by_due)),
        decided=tuple(reversed([row for row in records.minutes if row.meeting_on == today])),
        decided_before=tuple(row for row in records.minutes if row.meeting_on == last),
        pending=pending,
    )


def last_meeting(records: Records, today: date) -> date | None:
    """Return the day of the last meeting before today."""
    return max((row.meeting_on for row in records.minutes if row.meeting_on < today), default=None)


def done_days(trail: Iterable[Mapping[str, Any]]) -> dict[str, date]:
    """Return the day each action was completed, from the trail; later remarks do not change it."""
    days: dict[str, date] = {}
    told: dict[str, dict[str, Any]] = {}
    for entry in trail:
        number, new = entry["item"], json.loads(entry["new"])
        told.setdefault(number, {}).update(new)
        if "status" not in new:
            continue
        days.pop(number, None)
        if new["status"] == DONE:
            days[number] = date.fromisoformat(told[number]["updated_on"])
    return days


def _completed(
    lines: Sequence[ActionLine], since: date, today: date, done_on: Mapping[str, date]
) -> tuple[Completed, ...]:
    found = []
    for line in lines:
        day = done_on.get(line.number, line.state.updated_on)
        # The day itself counts: what was done after that meeting would otherwise never be reported.
        if line.state.status == DONE and day is not None and since <= day <= today:
            found.append(Completed(line, day))
    return tuple(sorted(found, key=lambda one: (-one.on.toordinal(), by_number(one.line.number))))


def _stuck(plan: Plan, lines: Sequence[ActionLine], records: Records) -> tuple[Stuck, ...]:
    undone = {line.number for line in lines if line.state.status != DONE}
    waits = waits_for(plan, item_links(plan, records.links))
    found = []
    for line in lines:
        if line.state.status not in {BLOCKED, AT_RISK}:
            continue
        naming = {number for number in undone if line.number in waits[number]} - {line.number}
        waiting = line.holds_up or tuple(sorted(naming, key=by_number))
        offices = (line.state.office, plan.team_of(line.number).chair_office)
        helpers = tuple(dict.fromkeys(office for office in offices if office))
        found.append(Stuck(line, helpers, waiting))
    found.sort(key=lambda one: (-len(one.waiting), by_number(one.line.number)))
    return tuple(sorted(found, key=lambda one: one.line.state.status != BLOCKED))


def _open(plan: Plan, lines: Sequence[ActionLine], proposed: set[str]) -> tuple[OpenStrategy, ...]:
    found = []
    for strategy in plan.strategies:
        slots = tuple(one for one in lines if one.is_open and one.strategy == strategy.number)
        if slots:
            waiting = tuple(slot.number for slot in slots if slot.number in proposed)
            found.append(OpenStrategy(strategy, plan.team_of(strategy.number).name, slots, waiting))
    return tuple(sorted(found, key=lambda of: not of.strategy.is_trust))


def by_due(line: ActionLine) -> tuple[date, tuple[int, ...]]:
    """Return a key to sort actions by the day that they are due, those without one last."""
    return line.state.due or date.max, by_number(line.number)
