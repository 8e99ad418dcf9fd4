"""The public side of the work: the status of actions, and items marked public."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date

from csa.base.errors import PrivacyError
from csa.decisions.store.records import Records, titles_of
from csa.plan import Plan
from csa.reports.briefing.lines import plan_lines
from csa.reports.public.facts import PublicAction, PublicAnswer, PublicTask

SMALL_WORDS = (
    "a|an|and|are|as|at|by|each|every|for|from|in|is|of|on|or|our|that|the|their|this|to|with"
)
STREETS = (
    "st|street|av|ave|avenue|blvd|boulevard|rd|road|dr|drive|ln|lane|ct|court|pl|place|ter|terrace"
    "|way|pkwy|parkway|trafficway|cir|circle|hwy|highway|sq|square|trl|trail|plaza|aly|alley"
)
ADDRESS = re.compile(
    rf"\b\d{{1,5}}(?:-?[a-z]|\s1/2)?,?\s+(?:(?!(?:{SMALL_WORDS})\b)[\w.'-]+\s+){{1,5}}?"
    rf"(?:{STREETS})\b"
    r"|\b(?:calle|avenida|av|bulevar|camino|paseo|pasaje)\.?\s+(?:[\w.'-]+,?\s+){1,5}?"
    r"(?:(?:#|n\.?[oº°]\.?|núm\.?|número)\s*)?\d{1,5}\b"
    r"|-?\d{1,3}\.\d{3,}\s*[,;/ ]\s*-?\d{1,3}\.\d{3,}",
    re.IGNORECASE,
)
"""A house number with its street, in English or Spanish, or a pair of coordinates: no text that
the public reads may hold one. Better to refuse one text too many than one too few."""


def actions_of(plan: Plan | None, records: Records, today: date) -> tuple[PublicAction, ...]:
    """List the plan's written actions with their status."""
    if plan is None:
        return ()
    lines = [line for line in plan_lines(plan, records, today) if not line.is_open]
    _refuse_addresses(line.title for line in lines if line.title != line.action.title)
    return tuple(
        PublicAction(
            number=line.number,
            title=line.title,
            titles=plan.titles_of(line.number, line.title),
            status=line.colour,
            due=line.state.due,
        )
        for line in lines
    )


def approved_titles(plan: Plan | None, records: Records) -> tuple[str, ...]:
    """List the action titles approved since the plan: written by hand, like tasks."""
    written = titles_of(records.changes)
    actions = () if plan is None else plan.actions
    return tuple(written[one.number] for one in actions if one.number in written)


def tasks_of(records: Records, letters: Collection[str]) -> tuple[PublicTask, ...]:
    """List the areas' tasks that were marked public."""
    found = tuple(
        PublicTask(area=row.area, what=row.what, agency=row.agency, status=row.status, due=row.due)
        for row in records.tasks
        if row.is_public and row.area in letters
    )
    _refuse_addresses(text for one in found for text in (one.what, one.agency))
    return found


def answers_of(records: Records, letters: Collection[str]) -> tuple[PublicAnswer, ...]:
    """List what residents asked and what was answered, if marked public."""
    found = tuple(
        PublicAnswer(
            area=row.area,
            asked=row.asked,
            asked_on=row.asked_on,
            answered=row.answered,
            answered_on=row.answered_on,
        )
        for row in records.asked
        if row.is_public and row.area in letters
    )
    _refuse_addresses(text for one in found for text in (one.asked, one.answered))
    return found


def holds_address(text: str) -> bool:
    """Return whether a text seems to hold a house number or exact coordinates."""
    return ADDRESS.search(text) is not None


def _refuse_addresses(texts: Iterable[str]) -> None:
    for text in texts:
        if holds_address(text):
            raise PrivacyError("publish.address", text=text)
