"""The change in all areas together since they were last chosen, and how certain it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csa.areas.places import cells_of
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.base.errors import CsaError
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.params import Month, Period
from csa.base.text import month, speak
from csa.dataset.chosen import Chosen
from csa.displacement.analyze import DEFAULT_AFTER, Displacement, analyze_displacement
from csa.displacement.classic_measures import measure_evidence
from csa.displacement.files import why_usual_unknown
from csa.displacement.panel import match_controls
from csa.displacement.past import PastCohort
from csa.displacement.sentences import say_here, say_verdict
from csa.displacement.telling import (
    LEAST_MONTHS,
    before_and_after,
    moved_somewhere,
    name_all,
    say_one,
)
from csa.displacement.verdict import Verdict
from csa.reports.month.facts import PooledVerdict


@dataclass(frozen=True)
class Result:
    """The change in areas, or why it cannot be measured."""

    followed: PooledVerdict | None = None  # all together; None if it cannot be measured
    why_not: Message | None = None  # why not; None if it was measured
    singles: Mapping[str, Message] | None = None  # letter to the sentence on that area alone
    displaced: Displacement | None = None  # what both rest on


def follow_served(
    located: StudyArea,
    areas: Chosen,
    past: Sequence[PastCohort],
    tell: Tell = silent,
) -> Result:
    """Follow the areas in service, each since its own first month."""
    try:
        until = located.dataset.require_months().until
        begun = areas.begun(until)
        if begun is None:
            since, last = min(life[0].since for life in areas.lives), month(str(until.plus(-1)))
            return Result(why_not=say("report.not_begun", since=month(str(since)), through=last))
        found = analyze_displacement(located, begun, None, past, tell)
    except CsaError as error:
        return Result(why_not=error.message)
    return _told(located, found, are_earlier=False)


def follow_earlier(
    located: StudyArea, then: Proposal, past: Sequence[PastCohort], tell: Tell = silent
) -> Result:
    """If no area is in service, follow those that would have been proposed a year ago.

    Nobody chose them by what came after, so they show how areas change without action.
    """
    params = then.summary["params"]
    since = Month.parse(params["until"])
    if then.is_empty:
        return Result(why_not=say("report.none_a_year_ago", since=month(str(since))))
    chosen = Chosen(
        tuple(then.areas["area_id"]),
        tuple(then.areas["place_name"]),
        tuple(cells_of(then.areas)),
        int(params["resolution"]),
        Period.before(since, int(params["months"])),
        is_suggested=all(params[name] == value for name, value in params["suggested"].items()),
    )
    try:
        found = analyze_displacement(located, chosen, since, past, tell)
    except CsaError as error:
        return Result(why_not=error.message)
    return _told(located, found, are_earlier=True)


def year_ago(until: Month) -> Month:
    """Return the start used to follow areas if none is in service."""
    return until.plus(-DEFAULT_AFTER)


def _told(located: StudyArea, found: Displacement, *, are_earlier: bool) -> Result:
    n_months = len(found.pooled.verdicts)
    ids = found.chosen.area_ids
    together = speak("report.earlier_areas", n=len(ids)) if are_earlier else name_all(found)
    is_early = n_months < LEAST_MONTHS
    if is_early:
        since = month(str(found.since))
        sentence = here = say("report.too_early", n=n_months, since=since, least=LEAST_MONTHS)
    else:
        sentence = say_verdict(found.pooled, n_months, found.since, together)
        is_few = found.pooled.verdicts[-1] is Verdict.TOO_FEW
        here = sentence if is_few else say_here(found.pooled, n_months, found.since, together)
    followed = PooledVerdict(
        letters=() if are_earlier else ids,
        n_areas=len(ids),
        since=found.since,
        through=found.until.plus(-1),
        n_months=n_months,
        verdict=None if is_early else found.pooled.verdicts[-1],
        sentence=sentence,
        here=here,
        beside=() if is_early else _beside(located, found),
        are_earlier=are_earlier,
        moved=() if are_earlier or is_early else tuple(moved_somewhere(found, n_months - 1)),
    )
    if are_earlier or is_early:
        return Result(followed, displaced=found)
    return Result(
        followed, singles={letter: say_one(found, letter) for letter in ids}, displaced=found
    )


def _beside(located: StudyArea, found: Displacement) -> tuple[Message, ...]:
    """Compare before and after with the rest of the city, and with what such areas usually do."""
    evidence, _ = measure_evidence(located, found, match_controls(located, found))
    told, by_themselves = before_and_after(found, evidence)
    return told, why_usual_unknown(found) or by_themselves
