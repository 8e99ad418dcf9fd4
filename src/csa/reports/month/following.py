"""The change in all areas together since they were last chosen, and how certain it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csa.analysis.analysis import Analysis
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.base.errors import CsaError
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.base.params import Month
from csa.base.text import month, speak
from csa.displacement.analyze import DEFAULT_AFTER, Displacement
from csa.displacement.classic_measures import measure_evidence
from csa.displacement.files import why_usual_unknown
from csa.displacement.follow import Change, candidates_since
from csa.displacement.panel import match_controls
from csa.displacement.sentences import say_here, say_verdict
from csa.displacement.telling import (
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


def follow_designated(analysis: Analysis, tell: Tell = silent) -> Result:
    """Follow all areas that were ever designated, each since its own first month."""
    try:
        change = analysis.change(tell=tell)
        if change is None:
            areas, covered = analysis.areas, analysis.city.dataset.require_months()
            since = min(life[0].since for life in areas.lives) if areas else covered.until
            last = month(str(covered.until.plus(-1)))
            return Result(why_not=say("report.not_begun", since=month(str(since)), through=last))
    except CsaError as error:
        return Result(why_not=error.message)
    return _told(change, are_earlier=False)


def follow_earlier(analysis: Analysis, then: Proposal, tell: Tell = silent) -> Result:
    """If no area was ever designated, follow those that would have been proposed a year ago.

    Nobody chose them by what came after, so they show how areas change without action.
    """
    since = Month.parse(then.summary["params"]["until"])
    try:
        change = analysis.change(candidates_since(then, since), since, tell)
    except CsaError as error:
        return Result(why_not=error.message)
    if change is None:
        return Result(why_not=say("report.none_a_year_ago", since=month(str(since))))
    return _told(change, are_earlier=True)


def year_ago(until: Month) -> Month:
    """Return the start used to follow areas if none is in service."""
    return until.plus(-DEFAULT_AFTER)


def _told(change: Change, *, are_earlier: bool) -> Result:
    located, found = change.located, change.displaced
    n_months = len(found.pooled.verdicts)
    ids = found.chosen.area_ids
    together = speak("report.earlier_areas", n=len(ids)) if are_earlier else name_all(found)
    is_early = found.pooled.verdicts[-1] is Verdict.TOO_EARLY
    sentence = say_verdict(found.pooled, n_months, found.since, together)
    is_few = found.pooled.verdicts[-1] is Verdict.TOO_FEW
    here = sentence
    if not (is_few or is_early):
        here = say_here(found.pooled, n_months, found.since, together)
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
