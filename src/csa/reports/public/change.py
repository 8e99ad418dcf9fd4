"""The change in all areas together and how certain it is, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from csa.base.params import Month
from csa.base.text import Speaker
from csa.displacement.boundary import PLANNED_LOOKS
from csa.displacement.verdict import Verdict
from csa.reports.public.facts import PublicArea, PublicChange, PublicFacts
from csa.reports.public.words import LEAST, are_chosen, area_name, between, noun

UNKNOWN = "unknown"
"""Verdict of a change that cannot be judged."""

NOT_JUDGED = (Verdict.TOO_FEW, Verdict.TOO_EARLY)


def change_sentence(facts: PublicFacts, tell: Speaker) -> str:
    """Return the sentence on the change in all areas together, and from which areas it moved."""
    if facts.change is None or facts.change.verdict == UNKNOWN:
        return tell("public.change_unknown" if are_chosen(facts) else "public.change_no_area")
    said = {
        Verdict.NO_CHANGE: "public.change_no_change",
        Verdict.FEWER: "public.change_fewer",
        Verdict.FEWER_UNKNOWN: "public.change_fewer_unknown",
        Verdict.MORE: "public.change_more",
        Verdict.FEWER_MOVED: "public.change_fewer_moved",
        Verdict.FEWER_FEWER_NEXT: "public.change_fewer_fewer_next",
        Verdict.FEWER_ONCE: "public.change_fewer_once",
        Verdict.MORE_ONCE: "public.change_more_once",
        Verdict.MORE_NEXT: "public.change_more_next",
        Verdict.TOO_FEW: "public.change_too_few",
        Verdict.TOO_EARLY: "public.change_too_early",
    }[Verdict(facts.change.verdict)]
    lasted_until = facts.change.lasted_until
    until = tell.month(lasted_until) if lasted_until else ""
    together = tell(said, what=noun(facts, tell), until=until)
    return " ".join((together, *moved_somewhere(facts, tell)))


def moved_somewhere(facts: PublicFacts, tell: Speaker) -> tuple[str, ...]:
    """Return which areas it moved from, unless that is said of all together."""
    moved, all_areas = Verdict.FEWER_MOVED, facts.change
    names = [area_name(area, facts, tell) for area in facts.areas if area.verdict == moved]
    if not names or all_areas is None or all_areas.verdict == moved:
        return ()
    return (tell("public.moved_somewhere", n=len(names), areas=tell.listed(names)),)


def area_changes(facts: PublicFacts, tell: Speaker) -> tuple[tuple[PublicArea, str], ...]:
    """Return each chosen area with what changed in it since its own start."""
    what, where = noun(facts, tell), tell("public.here")
    return tuple(
        (area, short_change(area, what, where, tell) or tell("public.change_unknown"))
        for area in facts.areas
        if area.state != "candidate"
    )


def short_change(change: PublicArea | PublicChange, what: str, where: str, tell: Speaker) -> str:
    """Return what changed in few words, here and next door; "" where it is unknown."""
    if change.verdict in {"", UNKNOWN}:
        return ""
    verdict, until = Verdict(change.verdict), change.lasted_until
    said = {
        Verdict.NO_CHANGE: "public.short_no_change",
        Verdict.FEWER: "public.short_fewer",
        Verdict.FEWER_UNKNOWN: "public.short_fewer_unknown",
        Verdict.MORE: "public.short_more",
        Verdict.FEWER_MOVED: "public.short_fewer_moved",
        Verdict.FEWER_FEWER_NEXT: "public.short_fewer_fewer_next",
        Verdict.FEWER_ONCE: "public.short_fewer_once",
        Verdict.MORE_ONCE: "public.short_more_once",
        Verdict.MORE_NEXT: "public.short_more_next",
        Verdict.TOO_FEW: "public.change_too_few",
        Verdict.TOO_EARLY: "public.change_too_early",
    }[verdict]
    month = tell.month(until) if until else ""
    return tell(said, what=what, where=where, until=month)


@dataclass(frozen=True)
class PublishedChange:
    """The publishable numbers of a change."""

    counted: int | None  # in all areas together; None if fewer than 10 or held back
    low: int | None  # low end of the range expected without change
    high: int | None  # high end of the range expected without change


def told_of(change: PublicChange | None) -> PublishedChange | None:
    """Return the numbers of a change that may be published; None if the change is unknown."""
    if change is None or change.verdict == UNKNOWN:
        return None
    if change.counted is None or change.counted < LEAST:
        return PublishedChange(None, None, None)
    if change.high is None or change.high < LEAST or change.verdict in NOT_JUDGED:
        return PublishedChange(change.counted, None, None)
    is_low = change.low is None or change.low < LEAST
    return PublishedChange(change.counted, None if is_low else change.low, change.high)


def change_numbers(change: PublicChange | None, tell: Speaker) -> tuple[str, ...]:
    """Return sentences on how many there were, and how many would be no surprise."""
    told = told_of(change)
    if change is None or told is None:
        return ()
    if told.counted is None:
        return (*change_ended(change, tell), tell("public.change_counted_few"))
    when = between(change.since, change.through, tell)
    counted = tell("public.change_counted", counted=told.counted, when=when)
    every = tell("public.change_all")
    if told.high is None:
        expected = []
    elif told.low is None:
        expected = [tell("public.change_up_to", high=told.high)]
    else:
        expected = [tell("public.change_expected", low=told.low, high=told.high)]
    return (counted, *change_ended(change, tell), *expected, every)


def change_ended(change: PublicChange, tell: Speaker) -> tuple[str, ...]:
    """Name the areas that are no longer in service: their shootings still count."""
    if not change.ended:
        return ()
    areas = ", ".join(change.ended)
    return (tell("public.change_ended", n=len(change.ended), areas=areas),)


def change_doubts(change: PublicChange | None, tell: Speaker) -> tuple[str, ...]:
    """Return sentences on how certain the change is, and what it does not say."""
    if change is None or change.verdict in {UNKNOWN, *NOT_JUDGED}:
        return ()
    assumed = () if change.is_usual_known else (tell("public.change_assumed"),)
    if change.verdict == Verdict.NO_CHANGE:
        return (tell("public.change_small"), *assumed)
    months = Month.parse(change.through).index - Month.parse(change.since).index + 1
    sure = "public.change_sure" if months <= PLANNED_LOOKS else "public.change_sure_long"
    return (tell(sure), *assumed, tell("public.change_why"))
