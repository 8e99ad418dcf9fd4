"""The work in plain words: the plan's actions, tasks, and what residents asked."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from csa.base.text import ENGLISH, Speaker
from csa.plan import NOTICE_DAYS
from csa.plan.measures import Quarter
from csa.reports.public.facts import PublicAction, PublicAnswer, PublicFacts, PublicTask

STANDINGS = ("late", "at-risk", "no-update", "not-started", "on-track", "done")
"""Statuses of an action or a task, what is wrong first."""

_SAME = {"blocked": "at-risk"}


def standing(item: PublicAction | PublicTask, facts: PublicFacts) -> str:
    """Return the status of an action or task at the end of the quarter."""
    is_told = not isinstance(item, PublicTask) or was_told(item, facts)
    if is_past(item, facts) and is_told:
        return "late"
    return _SAME.get(item.status, item.status)


def is_past(item: PublicAction | PublicTask, facts: PublicFacts) -> bool:
    """Return whether the date of an action or task was over by the quarter's end, not its work."""
    last = Quarter.parse(facts.quarter).last_day
    return item.status != "done" and item.due is not None and item.due <= last


def was_told(task: PublicTask, facts: PublicFacts) -> bool:
    """Return whether a task's agency heard that it is late seven days before everybody does.

    What it heard before the date does not count: that was of an earlier date.
    """
    last, told = Quarter.parse(facts.quarter).last_day, task.told_on
    if told is None or task.due is None or told < task.due:
        return False
    return told + timedelta(days=NOTICE_DAYS) <= last


def tasks_to_tell(facts: PublicFacts) -> tuple[PublicTask, ...]:
    """List the tasks that are past their date and are not called late yet."""
    return tuple(task for task in facts.tasks if is_past(task, facts) and not was_told(task, facts))


def words_to_tell(facts: PublicFacts) -> str:
    """Return which agencies are to be told that their task is late, for the publisher."""
    tasks, tell = tasks_to_tell(facts), Speaker()
    listed = "; ".join(
        tell(
            "publish.task",
            area=one.area,
            what=one.what,
            agency=one.agency,
            due=day_or_none(one.due, tell),
        )
        for one in tasks
    )
    return tell("publish.to_tell", n=len(tasks), days=NOTICE_DAYS, tasks=listed) if tasks else ""


def actions_in_order(facts: PublicFacts) -> list[PublicAction]:
    """Return the plan's actions, late ones first."""
    return sorted(facts.actions, key=lambda action: STANDINGS.index(standing(action, facts)))


def tasks_in_order(facts: PublicFacts) -> list[PublicTask]:
    """Return all public tasks, late ones first."""
    return sorted(facts.tasks, key=lambda task: (STANDINGS.index(standing(task, facts)), task.area))


def answers_in_order(facts: PublicFacts) -> list[PublicAnswer]:
    """Return all public questions, those without an answer first, then the newest."""
    newest = sorted(facts.answers, key=lambda row: row.asked_on, reverse=True)
    return sorted(newest, key=lambda row: bool(row.answered))


def tasks_note(facts: PublicFacts, tell: Speaker) -> tuple[str, ...]:
    """Return how many tasks are past their date and not called late yet."""
    n = len(tasks_to_tell(facts))
    return (tell("public.tasks_waiting", n=n, days=NOTICE_DAYS),) if n else ()


def unquoted(facts: PublicFacts, tell: Speaker) -> tuple[str, ...]:
    """Return how many questions are not quoted, and how many of them have no answer."""
    if not facts.n_unquoted:
        return ()
    n_open = facts.n_unquoted_open
    also = (tell("public.unquoted_open", n=n_open),) if n_open else ()
    return (tell("public.unquoted", n=facts.n_unquoted), *also)


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
