"""What the Executive Committee looks at in its quarterly review, one idea a screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from csa.decisions.store.records import Records, links_of
from csa.decisions.store.tables import ChangeRow, MinuteRow
from csa.plan import SOON_DAYS, Plan, Strategy, by_number, waits_for
from csa.reports.briefing.lines import ActionLine

DONE, BLOCKED, AT_RISK, NO_UPDATE = "done", "blocked", "at-risk", "no-update"
PENDING = frozenset({"proposed", "chair-approved"})
"""States of a proposal that somebody has still to answer."""


@dataclass(frozen=True)
class Completed:
    """An action that was completed."""

    line: ActionLine  # the action
    on: date  # the day on which it became done


@dataclass(frozen=True)
class Stuck:
    """An action that is blocked or at risk."""

    line: ActionLine  # the action; its state's reason tells what is in the way
    helpers: tuple[str, ...]  # offices that can help: its own, then that of its team's chair
    waiting: tuple[str, ...]  # numbers of actions not done that wait for it


@dataclass(frozen=True)
class OpenStrategy:
    """A strategy with slots for which no action is written yet."""

    strategy: Strategy  # the strategy
    team: str  # name of its team
    slots: tuple[ActionLine, ...]  # its open slots
    proposed: tuple[str, ...]  # numbers of those for which a proposal waits


@dataclass(frozen=True)
class Review:
    """A quarterly review."""

    since: date  # the day from which it looks back, itself included
    is_meeting: bool  # whether that is the day of the last meeting
    completed: tuple[Completed, ...]  # what was completed since, the latest first
    stuck: tuple[Stuck, ...]  # blocked first, then at risk; in each, what most wait for first
    n_silent: int
    open_strategies: tuple[OpenStrategy, ...]  # strategies with open slots, trust first
    late: tuple[ActionLine, ...]  # due before today and not done, the latest by most first
    due: tuple[ActionLine, ...]  # due within 90 days, the soonest first
    decided: tuple[MinuteRow, ...]  # decisions of today's meeting, the newest first
    decided_before: tuple[MinuteRow, ...]
    pending: tuple[ChangeRow, ...]  # proposals that wait for an answer

    @property
    def n_open(self) -> int:
        """How many slots have no action yet."""
        return sum(len(of.slots) for of in self.open_strategies)

    @property
    def n_trust(self) -> int:
        """How many of them are for trust."""
        return sum(len(of.slots) for of in self.open_strategies if of.strategy.is_trust)

    @property
    def n_blocked(self) -> int:
        """How many actions are blocked."""
        return sum(stuck.line.state.status == BLOCKED for stuck in self.stuck)


def prepare_review(
    plan: Plan,
    lines: Sequence[ActionLine],
    records: Records,
    today: date,
    done_on: Mapping[str, date] | None = None,
) -> Review:
    """Put together what a review looks at."""
    last = last_meeting(records, today)
    since = last or today - timedelta(days=SOON_DAYS)
    pending = tuple(row for row in records.changes if row.state in PENDING)
    return Review(
        since=since,
        is_meeting=last is not None,
        completed=_completed(lines, since, today, done_on or {}),
        stuck=_stuck(plan, lines, records),
        n_silent=sum(not line.is_open and line.colour == NO_UPDATE for line in lines),
        open_strategies=_open(plan, lines, {row.action for row in pending}),
        late=tuple(sorted((line for line in lines if line.is_late), key=_by_due)),
        due=tuple(sorted((line for line in lines if line.is_due_soon), key=_by_due)),
        decided=tuple(reversed([row for row in records.minutes if row.meeting_on == today])),
        decided_before=tuple(row for row in records.minutes if row.meeting_on == last),
        pending=pending,
    )


def last_meeting(records: Records, today: date) -> date | None:
    """Find the meeting before today's."""
    return max((row.meeting_on for row in records.minutes if row.meeting_on < today), default=None)


def done_days(trail: Iterable[Mapping[str, Any]]) -> dict[str, date]:
    """Read from the trail when each action became done: a later remark on it changes no day."""
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
        # The day itself counts: what was done after that meeting would else be told at none.
        if line.state.status == DONE and day is not None and since <= day <= today:
            found.append(Completed(line, day))
    return tuple(sorted(found, key=lambda one: (-one.on.toordinal(), by_number(one.line.number))))


def _stuck(plan: Plan, lines: Sequence[ActionLine], records: Records) -> tuple[Stuck, ...]:
    undone = {line.number for line in lines if line.state.status != DONE}
    waits = waits_for(plan, links_of(plan, records.links))
    found = []
    for line in lines:
        if line.state.status not in {BLOCKED, AT_RISK}:
            continue
        naming = {number for number in undone if line.number in waits[number]} - {line.number}
        waiting = line.holds_up or tuple(sorted(naming, key=by_number))
        offices = (line.state.office, plan.team_of(line.number).chair_office)
        helpers = tuple(dict.fromkeys(office for office in offices if office))
        found.append(Stuck(line, helpers, waiting))
    return tuple(sorted(found, key=_by_need))


def _by_need(stuck: Stuck) -> tuple[bool, int, tuple[int, ...]]:
    is_less = stuck.line.state.status != BLOCKED
    return is_less, -len(stuck.waiting), by_number(stuck.line.number)


def _open(plan: Plan, lines: Sequence[ActionLine], proposed: set[str]) -> tuple[OpenStrategy, ...]:
    found = []
    for strategy in plan.strategies:
        slots = tuple(one for one in lines if one.is_open and one.strategy == strategy.number)
        if slots:
            waiting = tuple(slot.number for slot in slots if slot.number in proposed)
            team = plan.team_of(strategy.number).name
            found.append(OpenStrategy(strategy, team, slots, waiting))
    return tuple(sorted(found, key=lambda of: not of.strategy.is_trust))


def _by_due(line: ActionLine) -> tuple[date, tuple[int, ...]]:
    return line.state.due or date.max, by_number(line.number)
