"""What the commands of the plan, its areas and the store print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten
from typing import Any

from rich.table import Table

from csa.base.text import day, speak
from csa.cli.output.console import show, show_table
from csa.decisions.store.records import Records
from csa.plan import Plan
from csa.reports.briefing import ActionLine, status_word

MAX_SHOWN = 120
"""Characters of what a row became; all of it is in the JSON."""


def show_plan(plan: Plan, lines: Sequence[ActionLine]) -> None:
    """Print a plan's actions by strategy, and what needs attention."""
    table = Table(box=None, pad_edge=False)
    for title in ("Item", "Action", "Status", "Office", ""):
        table.add_column(title, overflow="fold")
    for strategy in plan.strategies:
        table.add_row(strategy.number, strategy.title, style="bold")
        for line in lines:
            if line.strategy == strategy.number:
                title = line.title or speak("plan.open_slot")
                note = ", ".join(_notes(line))
                table.add_row(
                    line.number, title, status_word(line.state.status), line.state.office, note
                )
    show_table(table)
    show(summary(lines))


def _notes(line: ActionLine) -> Iterator[str]:
    state = line.state
    if line.freshness == "stale" and state.updated_on:
        yield speak("keep.stale", day=day(state.updated_on))
    if state.due and state.status != "done":
        yield speak("keep.late" if line.is_late else "keep.due", day=day(state.due))
    if line.holds_up:
        yield speak("keep.holds", numbers=", ".join(line.holds_up))
    if state.reason:
        yield state.reason


def summary(lines: Sequence[ActionLine]) -> str:
    """Summarize the state of a plan in one sentence."""
    return speak(
        "keep.summary",
        n=len(lines),
        open=sum(line.is_open for line in lines),
        blocked=sum(line.state.status == "blocked" for line in lines),
        at_risk=sum(line.state.status == "at-risk" for line in lines),
        stale=sum(line.freshness in {"stale", "none"} and not line.is_open for line in lines),
        late=sum(line.is_late for line in lines),
    )


def show_action(line: ActionLine) -> None:
    """Print the state of an action."""
    state, title = line.state, line.title
    status = status_word(state.status)
    key = "keep.action_reason" if state.reason else "keep.action"
    values = {"reason": state.reason} if state.reason else {}
    show(speak(key, number=state.number, title=title, status=status, **values))


def show_areas(records: Records) -> None:
    """Print each area with its steps."""
    if not records.areas:
        show(speak("keep.no_areas"))
    for area in records.areas:
        for step in records.steps_of(area.key):
            show(
                speak(
                    "keep.area_step",
                    area=area.key,
                    place=area.place_name,
                    state=step.state,
                    day=day(step.on_date),
                    by=step.by_office,
                    reasons=step.reasons,
                )
            )


def show_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print the trail."""
    if not entries:
        show(speak("keep.no_entry"))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Entry", "When (UTC)", "By", "Item", "Now", "Why"):
        table.add_column(title, overflow="fold")
    for entry in entries:
        table.add_row(
            str(entry["id"]),
            entry["at_utc"][:16].replace("T", " "),
            entry["by_office"],
            entry["item"],
            shorten(entry["new"].replace(",", ", "), MAX_SHOWN, placeholder=" ..."),
            entry["why"],
        )
    show_table(table)


def show_measures(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the whole city's measures."""
    table = Table(box=None, pad_edge=False)
    for title in ("Measure", "Quarter", "Value", "Target", "What is said", "Not settled"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(
            row["name"], row["quarter"], row["value"], row["target"], row["sentence"], row["lacks"]
        )
    show_table(table)
