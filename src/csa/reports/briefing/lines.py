"""The plan's actions and their status: one line per action, open slots included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.base.text import speak
from csa.decisions.store.records import Records, links_of, titles_of
from csa.plan import (
    Action,
    ActionState,
    Link,
    Plan,
    colour_word,
    freshness,
    holds_up,
    is_due_soon,
    is_late,
)
from csa.plan.calendar import Freshness


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
    colour: str  # the status, or `no-update`
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
    states, links = records.states, links_of(plan, records.links)
    held = holds_up(plan, states, today, links)
    titles = titles_of(records.changes)
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
            colour=colour_word(state, today),
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


def status_word(status: str) -> str:
    """Return a status as readers see it."""
    return status.replace("-", " ")


def line_rows(lines: Sequence[ActionLine]) -> list[dict[str, Any]]:
    """Return lines as machine-readable rows."""
    return [_row(line) for line in lines]


def _row(line: ActionLine) -> dict[str, Any]:
    state = line.state
    texts: Mapping[str, object] = {
        "number": line.number,
        "strategy": line.strategy,
        "goal": line.goal,
        "team": line.team,
        "title": line.title or speak("plan.open_slot"),
        "status": status_word(state.status),
        "shown_as": status_word(line.colour),
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
