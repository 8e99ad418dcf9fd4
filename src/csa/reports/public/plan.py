"""The work in plain words: the plan's actions, tasks, and what residents asked."""

from __future__ import annotations

from collections import Counter
from datetime import date

from csa.base.text import ENGLISH, Speaker
from csa.plan.measures import Quarter
from csa.reports.public.facts import PublicAction, PublicAnswer, PublicFacts, PublicTask

STANDINGS = ("done", "on-track", "late", "at-risk", "not-started", "no-update")
"""Statuses of an action or a task, from done to no update."""

_SAME = {"blocked": "at-risk"}


def standing(item: PublicAction | PublicTask, facts: PublicFacts) -> str:
    """Return the status of an action or task at the end of the quarter."""
    is_due = item.due is not None and item.due <= Quarter.parse(facts.quarter).last_day
    if item.status != "done" and is_due:
        return "late"
    return _SAME.get(item.status, item.status)


def standing_word(word: str, tell: Speaker) -> str:
    """Return a status in words."""
    return tell(
        {
            "done": "public.done",
            "on-track": "public.on_track",
            "late": "public.late",
            "at-risk": "public.needs_help",
            "not-started": "public.not_begun",
            "no-update": "public.no_news",
        }[word]
    )


def standings(facts: PublicFacts, tell: Speaker) -> tuple[tuple[str, int], ...]:
    """Count the plan's actions by status."""
    counts = Counter(standing(action, facts) for action in facts.actions)
    return tuple((standing_word(word, tell), counts[word]) for word in STANDINGS if counts[word])


def action_title(action: PublicAction, tell: Speaker) -> str:
    """Return an action's title in the reader's language."""
    title = action.titles.get(tell.language)
    if title or tell.language == ENGLISH:
        return title or action.title
    return tell("public.in_english", text=action.title)


def day_or_none(day: date | None, tell: Speaker) -> str:
    """Return a day in words, or what stands for a missing day."""
    return tell("public.no_day") if day is None else tell.day(day)


def question(answer: PublicAnswer, tell: Speaker) -> str:
    """Return what a resident asked, and when."""
    return tell("public.said_on", text=answer.asked, day=tell.day(answer.asked_on))


def reply(answer: PublicAnswer, tell: Speaker) -> str:
    """Return what was answered, and when."""
    if not answer.answered:
        return tell("public.not_answered")
    if answer.answered_on is None:
        return answer.answered
    return tell("public.said_on", text=answer.answered, day=tell.day(answer.answered_on))


def ways_in(facts: PublicFacts, tell: Speaker) -> tuple[str, ...]:
    """List the ways to take part."""
    given = facts.take_part.get(tell.language) or facts.take_part.get(ENGLISH)
    return tuple(given) if given else (tell("public.part_none"),)
