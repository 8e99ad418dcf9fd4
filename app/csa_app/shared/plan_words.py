"""Plan in words: the status of an action, and what changes from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.base.text import day, tr
from csa.program.plan.calendar import STATUSES, ActionState
from csa.reports.briefing.lines import ActionLine, status_word

NO_UPDATE = "no-update"
MARKS: Mapping[str, str] = {
    "blocked": "■",
    "at-risk": "▲",
    "on-track": "●",
    "done": "✓",
    "not-started": "○",
    NO_UPDATE: "◌",
}
"""A shape for each status, so that color is never the only sign."""
FIELDS = (
    "status",
    "reason",
    "office",
    "coordinator",
    "start",
    "due",
    "percent",
    "evidence",
    "areas",
    "comment",
)
"""Fields of an action, in the order in which they are shown."""
MOST_NUMBERS = 3


@dataclass(frozen=True)
class Edit:
    """A pending change of one action."""

    changes: Mapping[str, Any]  # new value by field, only what differs
    seen: int  # the revision that was on screen when it began


def marked(status: str) -> str:
    """Return a status as shape and word."""
    return f"{MARKS[status]} {status_word(status)}"


def parse_status(words: str) -> str:
    """Parse a status from shape and word."""
    return {marked(status): status for status in STATUSES}.get(words, words)


def field_word(name: str) -> str:
    """Return the name of an action's field, as a column head."""
    return tr(
        {
            "title": "term.action",
            "status": "term.status",
            "reason": "label.reason",
            "office": "label.office",
            "coordinator": "plan_page.field_coordinator",
            "start": "plan_page.field_start",
            "due": "term.due",
            "percent": "plan_page.field_percent",
            "evidence": "plan_page.field_evidence",
            "areas": "label.areas",
            "comment": "plan_page.field_comment",
        }[name]
    )


def value_words(name: str, value: Any) -> str:
    """Return a field's value in words."""
    if name == "areas":
        return ", ".join(value) if value else tr("map.outside")
    if value is None or value == "":
        return tr("label.none")
    if name == "status":
        return status_word(value)
    if name in {"start", "due"}:
        return day(value if isinstance(value, date) else date.fromisoformat(value))
    return f"{value}%" if name == "percent" else str(value)


def changes_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """List the changes field by field, from what to what."""
    first = ActionState("1.1.1")
    said = []
    for name in ("title", *FIELDS):
        if name not in after:
            continue
        old = value_words(name, before.get(name, getattr(first, name, "")))
        new = value_words(name, after[name])
        if old != new:
            said.append(tr("plan_page.change", field=field_word(name), old=old, new=new))
    return said


def updated_words(line: ActionLine) -> str:
    """Return how long ago an action was last reported on; if that is long, ask for news."""
    if line.state.updated_on is None or line.days_since is None:
        return tr("plan_page.never")
    if line.freshness == "stale":
        return tr("label.no_update", since=day(line.state.updated_on))
    n = line.days_since
    ago = tr("plan_page.days_ago", n=n) if n else tr("plan_page.today")
    return tr("plan_page.asks", ago=ago) if line.freshness == "ask" else ago


def not_done(lines: Iterable[ActionLine]) -> frozenset[str]:
    """Return the numbers of unfinished actions and their strategies, which others may wait for."""
    still = [line for line in lines if line.state.status != "done"]
    return frozenset(number for line in still for number in (line.number, line.strategy))


def edited_values(line: ActionLine, edit: Edit | None) -> dict[str, Any]:
    """Return an action's values to show: as stored, with unsaved edits."""
    return {**vars(line.state), **(edit.changes if edit else {})}


def held_words(line: ActionLine, open_numbers: frozenset[str]) -> str:
    """Describe what an action holds up, and what it waits for."""
    said = []
    if line.holds_up:
        said.append(tr("plan_page.late_holds", numbers=numbers_words(line.holds_up)))
    elif line.is_late:
        said.append(tr("plan_page.late"))
    needs = [n.on for n in line.needs if n.kind == "waits" and n.on in open_numbers]
    if needs and line.state.status != "done":
        said.append(tr("plan_page.waits", numbers=numbers_words(needs)))
    return "; ".join(said)


def numbers_words(numbers: Sequence[str]) -> str:
    """List a few numbers, and count the rest."""
    shown = ", ".join(numbers[:MOST_NUMBERS])
    more = len(numbers) - MOST_NUMBERS
    return tr("label.and_more", names=shown, n=more) if more > 0 else shown


def proposal_state(key: str, state: str) -> str:
    """Return the state of a proposal in words."""
    sentence = {
        "proposed": "plan_page.state_proposed",
        "chair-approved": "plan_page.state_chair_approved",
        "approved": "plan_page.state_approved",
        "refused": "plan_page.state_refused",
    }[state]
    return tr(sentence, key=key)


def meeting_word(kind: str) -> str:
    """Return a kind of meeting in words."""
    return tr(
        {
            "group": "here.group",
            "walk": "here.walk",
            "listening": "public.listening",
            "progress": "here.progress",
        }[kind]
    )
