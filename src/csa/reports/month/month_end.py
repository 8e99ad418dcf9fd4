"""A month's end: what stood then, what changed in areas, and what a report is made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.backtest.record import record_to_plain
from csa.areas.choices import Suggestion
from csa.areas.priority.assessment import AreaAssessment, prioritize
from csa.areas.proposal import Proposal
from csa.base.errors import CsaError
from csa.base.message import Message, msg
from csa.base.params import Month, last_day
from csa.base.text import day, month, tr
from csa.change.analyze import DEFAULT_AFTER
from csa.change.course import count_course
from csa.change.files import why_usual_unknown
from csa.change.follow import Change, candidates_since
from csa.change.past import past_to_plain
from csa.change.sentences import before_and_after, moved_somewhere, state_change
from csa.city.config import CityConfig
from csa.city.dataset import City
from csa.city.history import load_history
from csa.city.loading import EvidenceStudy
from csa.city.preregistration import Verdict
from csa.disclosure.keys import Secret
from csa.disclosure.published import Publication
from csa.program.plan.items import Plan
from csa.program.store.audit import entries
from csa.program.store.engine import Store
from csa.program.store.records import Records, as_of, read_records
from csa.reports.month.facts import ChangeFacts
from csa.reports.month.snapshot import Snapshot, snapshot_of

if TYPE_CHECKING:
    from csa.reports.public.fairness import Census


# ---- What had been decided by the end of a month that is reported.


def read_month(store: Store | None, city: City, month: Month) -> Records:
    """Read what a month's report is made from: what stood at the month's end."""
    return stood(read_records(store), lambda: _trail(store), city, month)


def stood(
    records: Records, trail: Callable[[], Sequence[Mapping[str, Any]]], city: City, month: Month
) -> Records:
    """Return what stood at a month's end, whatever was decided after it."""
    return as_of(records, trail(), last_day(month), city.config.city.time_zone)


def describe_later(then: Records) -> Message | None:
    """Return that later decisions are in none of a month's editions; None where there are none."""
    return msg("report.later", day=day(then.on)) if then.on and then.has_later else None


def _trail(store: Store | None) -> list[dict[str, Any]]:
    if store is None:
        return []
    with store.reading() as session:
        return entries(session.connection())


# ---- The change in all areas together since they were last chosen, and how certain it is.


def follow_designated(analysis: Analysis) -> ChangeFacts:
    """Follow all areas that were ever designated, each since its own first month."""
    try:
        change = analysis.change()
        if change is None:
            areas, covered = analysis.areas, analysis.city.dataset.require_months()
            since = min(life[0].since for life in areas.versions) if areas else covered.until
            last = month(str(covered.until.plus(-1)))
            return ChangeFacts(
                why_not=msg("report.not_begun", since=month(str(since)), through=last)
            )
    except CsaError as error:
        return ChangeFacts(why_not=error.message)
    return _state(change, are_earlier=False)


def follow_earlier(analysis: Analysis, then: Proposal) -> ChangeFacts:
    """If no area was ever designated, follow those that would have been proposed a year ago.

    Nobody chose them by what came after, so they show how areas change without action.
    """
    since = Month.parse(then.summary["params"]["until"])
    try:
        change = analysis.change(candidates_since(then, since), since)
    except CsaError as error:
        return ChangeFacts(why_not=error.message)
    if change is None:
        return ChangeFacts(why_not=msg("report.none_a_year_ago", since=month(str(since))))
    return _state(change, are_earlier=True)


def _state(change: Change, *, are_earlier: bool) -> ChangeFacts:
    located, displaced = change.located, change.displaced
    statement, ids = state_change(displaced), displaced.chosen.area_ids
    if are_earlier:
        statement = state_change(displaced, who=tr("report.earlier_areas", n=len(ids)))
    if statement.verdict == Verdict.TOO_EARLY:
        return ChangeFacts(statement=statement, are_earlier=are_earlier, displaced=displaced)
    told, by_themselves = before_and_after(displaced, count_course(located, displaced))
    return ChangeFacts(
        statement=statement,
        by_area={} if are_earlier else {letter: state_change(displaced, letter) for letter in ids},
        context=(told, why_usual_unknown(displaced) or by_themselves),
        are_earlier=are_earlier,
        moved=() if are_earlier else tuple(moved_somewhere(displaced, statement.period.months - 1)),
        displaced=displaced,
    )


@dataclass(frozen=True)
class ReportInputs:
    """Other inputs of a report."""

    layers: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[Publication, ...] = ()  # all earlier publications, for the public edition
    with_public: bool = True  # whether the public edition is wanted
    census: Census | None = None  # who lives where, for the fairness page
    with_fairness: bool = False  # whether to propose areas again with one neighborhood doubled
    secret: Secret | None = None  # what public counts are changed by; None before the first
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


NOTHING_BESIDE = ReportInputs()
ON_PUBLIC_GROUND = frozenset({"prevention-walks", "prevention-leaders"})


def needs_public(audiences: Collection[str], *, is_served: bool) -> bool:
    """Return whether any edition needs the public facts."""
    return "public" in audiences or (not is_served and not ON_PUBLIC_GROUND.isdisjoint(audiences))


def _suggested(suggestion: Suggestion, config: CityConfig) -> dict[str, Any]:
    """Write how areas are found, as a city's file would."""
    documented = suggestion.documented
    if documented is None:
        return config.areas.beyond_defaults()
    values = {"eps_m": documented.eps_m, "min_samples": documented.min_samples}
    return config.areas.model_copy(update=values).beyond_defaults()


def snapshot_for(
    analysis: Analysis, plan: Plan | None, month: Month, inputs: ReportInputs = NOTHING_BESIDE
) -> Snapshot:
    """Return the snapshot of a month's report before the report is made."""
    city, at = analysis.city, analysis.through(month)
    past = at.past(at.areas)
    parts = {
        "plan": None if plan is None else plan.beyond_defaults(),
        "suggestion": _suggested(at.suggestion, city.config),
        "past": None if past is None else past_to_plain(past),
        "background": dict(inputs.layers),
        "published": [one.to_json() for one in inputs.earlier],
        "versions": [
            (one.fingerprint, str(one.data_from), str(one.data_through))
            for one in load_history(city.own_folder)
        ],
    }
    if at.backtest is not None:
        parts["years"] = record_to_plain(at.backtest)["table"]
    if at.risk is not None:
        studies = [one.beyond_defaults() for one in inputs.studies]
        parts["why"] = {"risk": at.risk, "studies": studies}
    return snapshot_of(city, month, analysis.records, at.settings, parts)


def proposal_before(analysis: Analysis, until: Month) -> Proposal | None:
    """Propose areas as of the first day of an earlier month; None before the data begin."""
    if until <= Month.parse(analysis.city.dataset.report["data_from"][:7]):
        return None
    return analysis.proposed(until)


def stability_of(judgement: AreaAssessment) -> dict[str, float]:
    """Return how often each area is found again with a fifth of the incidents left out."""
    named = judgement.table[["area_id", "stability_share"]].itertuples(index=False)
    return {str(area_id): float(share) for area_id, share in named if not pd.isna(share)}


def top_area_ids(judgement: AreaAssessment, capacity: int) -> frozenset[str]:
    """Return the ids of the candidates that come first, as on Compare and choose."""
    chosen = prioritize(judgement, judgement.weights, capacity)
    return frozenset(str(area_id) for area_id in chosen.index[chosen["is_first"].astype(bool)])


def follow(analysis: Analysis, n_silent: int = 0) -> ChangeFacts:
    """Follow the designated areas, else those that would have been proposed a year ago."""
    if n_silent:
        return ChangeFacts(why_not=msg("report.silent_months", n=n_silent))
    if analysis.areas is not None:
        return follow_designated(analysis)
    covered, then = analysis.city.dataset.complete_months, None
    if covered is not None:
        then = proposal_before(analysis, covered.until.plus(-DEFAULT_AFTER))
    if then is None:
        return ChangeFacts(why_not=msg("report.too_short"))
    return follow_earlier(analysis, then)
