"""The work in plain words: the plan's actions, tasks, and what residents asked."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from csa.base.text import ENGLISH, Translator
from csa.program.plan.calendar import NOTICE_DAYS
from csa.program.plan.measures import Quarter
from csa.reports.public.facts import PublicAction, PublicAnswer, PublicFacts, PublicTask

STANDINGS = ("late", "at-risk", "no-update", "not-started", "on-track", "done")
"""Statuses of an action or a task, what is wrong first."""

_SAME = {"blocked": "at-risk"}


def status_at_quarter_end(item: PublicAction | PublicTask, facts: PublicFacts) -> str:
    """Return the status of an action or task at the end of the quarter."""
    is_told = not isinstance(item, PublicTask) or was_notified(item, facts)
    if is_past(item, facts) and is_told:
        return "late"
    return _SAME.get(item.status, item.status)


def is_past(item: PublicAction | PublicTask, facts: PublicFacts) -> bool:
    """Return whether the date of an action or task was over by the quarter's end, not its work."""
    last = Quarter.parse(facts.quarter).last_day
    return item.status != "done" and item.due is not None and item.due <= last


def was_notified(task: PublicTask, facts: PublicFacts) -> bool:
    """Return whether a task's agency heard that it is late seven days before everybody does.

    What it heard before the date does not count: that was of an earlier date.
    """
    last, told = Quarter.parse(facts.quarter).last_day, task.told_on
    if told is None or task.due is None or told < task.due:
        return False
    return told + timedelta(days=NOTICE_DAYS) <= last


def tasks_to_notify(facts: PublicFacts) -> tuple[PublicTask, ...]:
    """List the tasks that are past their date and are not called late yet."""
    return tuple(
        task for task in facts.tasks if is_past(task, facts) and not was_notified(task, facts)
    )


def notice_text(facts: PublicFacts) -> str:
    """Return which agencies are to be told that their task is late, for the publisher."""
    tasks, t, said = tasks_to_notify(facts), Translator(), []
    for task in tasks:
        due = day_or_none(task.due, t)
        said.append(t("publish.task", area=task.area, what=task.what, agency=task.agency, due=due))
    listed = "; ".join(said)
    return t("publish.to_tell", n=len(tasks), days=NOTICE_DAYS, tasks=listed) if tasks else ""


def actions_in_order(facts: PublicFacts) -> list[PublicAction]:
    """Return the plan's actions, late ones first."""
    return sorted(
        facts.actions, key=lambda action: STANDINGS.index(status_at_quarter_end(action, facts))
    )


def tasks_in_order(facts: PublicFacts) -> list[PublicTask]:
    """Return all public tasks, late ones first."""
    return sorted(
        facts.tasks,
        key=lambda task: (STANDINGS.index(status_at_quarter_end(task, facts)), task.area),
    )


def answers_in_order(facts: PublicFacts) -> list[PublicAnswer]:
    """Return all public questions, those without an answer first, then the newest."""
    newest = sorted(facts.answers, key=lambda row: row.asked_on, reverse=True)
    return sorted(newest, key=lambda row: bool(row.answered))


def tasks_note(facts: PublicFacts, t: Translator) -> tuple[str, ...]:
    """Return how many tasks are past their date and not called late yet."""
    n = len(tasks_to_notify(facts))
    return (t("public.tasks_waiting", n=n, days=NOTICE_DAYS),) if n else ()


def unquoted(facts: PublicFacts, t: Translator) -> tuple[str, ...]:
    """Return how many questions are not quoted, and how many of them have no answer."""
    if not facts.n_unquoted:
        return ()
    n_open = facts.n_unquoted_open
    also = (t("public.unquoted_open", n=n_open),) if n_open else ()
    return (t("public.unquoted", n=facts.n_unquoted), *also)


def status_label(word: str, t: Translator) -> str:
    """Return a status in words."""
    return t(
        {
            "done": "public.done",
            "on-track": "public.on_track",
            "late": "public.late",
            "at-risk": "public.needs_help",
            "not-started": "public.not_begun",
            "no-update": "public.no_news",
        }[word]
    )


def status_words(item: PublicAction | PublicTask, facts: PublicFacts, t: Translator) -> str:
    """Return the status of an action or task at the end of the quarter, in words."""
    return status_label(status_at_quarter_end(item, facts), t)


def plan_words(facts: PublicFacts, t: Translator) -> str:
    """Return how many actions the plan has, by status."""
    counts = Counter(status_at_quarter_end(action, facts) for action in facts.actions)
    states = [f"{counts[one]:,} {status_label(one, t)}" for one in STANDINGS if counts[one]]
    plan = t("public.actions_count", n=len(facts.actions)).rstrip(".")
    return t("term.pair", name=plan, text=", ".join(states))


def action_title(action: PublicAction, t: Translator) -> str:
    """Return an action's title in the reader's language."""
    title = action.titles.get(t.language)
    if title or t.language == ENGLISH:
        return title or action.title
    return t("public.in_english", text=action.title)


def day_or_none(day: date | None, t: Translator) -> str:
    """Return a day in words, or what stands for a missing day."""
    return t("public.no_day") if day is None else t.day(day)


def question(answer: PublicAnswer, t: Translator) -> str:
    """Return what a resident asked, and when."""
    return t("term.with", name=answer.asked, of=t.day(answer.asked_on))


def reply(answer: PublicAnswer, t: Translator) -> str:
    """Return what was answered, and when."""
    if not answer.answered:
        return t("public.not_answered")
    if answer.answered_on is None:
        return answer.answered
    return t("term.with", name=answer.answered, of=t.day(answer.answered_on))


def how_to_participate(facts: PublicFacts, t: Translator) -> tuple[str, ...]:
    """List the ways to take part."""
    given = facts.take_part.get(t.language) or facts.take_part.get(ENGLISH)
    return tuple(given) if given else (t("public.part_none"),)
