"""A city as it was known at a month's end, from which proposals are made as needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.backtest.record import BacktestRecord, record_to_plain
from csa.areas.backtest.recording import build_suggestion, load_suggestion
from csa.areas.choices import AreaSettings, Suggestion, resolve_period
from csa.areas.locating import locate_incidents
from csa.areas.priority.assessment import AreaAssessment, prioritize
from csa.areas.proposal import Proposal
from csa.areas.risk_score import load_risk
from csa.areas.study_area import StudyArea
from csa.base.errors import CsaError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.params import Month, Period, last_day
from csa.base.text import month, tr
from csa.change.analyze import DEFAULT_AFTER, Displacement
from csa.change.classic_measures import measure_evidence
from csa.change.files import why_usual_unknown
from csa.change.follow import Change, FollowSource, candidates_since, load_past, settings_for_past
from csa.change.panel import match_controls
from csa.change.past import PastCohort, past_to_plain
from csa.change.sentences import (
    before_and_after,
    describe_area,
    describe_core,
    describe_result,
    moved_somewhere,
    name_all,
)
from csa.city.config import CityConfig
from csa.city.dataset import City, through_month
from csa.city.history import load_history
from csa.city.loading import EvidenceStudy
from csa.city.preregistration import Verdict
from csa.disclosure.keys import Secret
from csa.disclosure.published import Publication
from csa.program.plan.items import Plan
from csa.program.registry import all_services, core_areas, followed
from csa.program.store.audit import entries
from csa.program.store.engine import Store
from csa.program.store.records import Records, as_of, read_records
from csa.reports.month.facts import PooledVerdict
from csa.reports.month.snapshot import Snapshot, snapshot_of

if TYPE_CHECKING:
    from csa.reports.public.fairness import Census


# ---- What had been decided by the end of a month that is reported.


def read_month(store: Store | None, city: City, month: Month) -> Records:
    """Read what a month's report is made from: of a past month, as it stood at the month's end."""
    return stood(read_records(store), lambda: _trail(store), city, month)


def stood(
    records: Records, trail: Callable[[], Sequence[Mapping[str, Any]]], city: City, month: Month
) -> Records:
    """Return what stood at a past month's end; of the newest whole month, what stands now."""
    covered = city.dataset.complete_months
    if covered is None or month >= covered.until.plus(-1):
        return records
    return as_of(records, trail(), last_day(month), city.config.city.time_zone)


def _trail(store: Store | None) -> list[dict[str, Any]]:
    if store is None:
        return []
    with store.reading() as session:
        return entries(session.connection())


# ---- The change in all areas together since they were last chosen, and how certain it is.


@dataclass(frozen=True)
class ChangeResult:
    """The change in areas, or why it cannot be measured."""

    followed: PooledVerdict | None = None  # all together; None if it cannot be measured
    why_not: Message | None = None  # why not; None if it was measured
    singles: Mapping[str, Message] | None = None  # letter to the sentence on that area alone
    displaced: Displacement | None = None  # what both rest on


def follow_designated(analysis: Analysis, progress: ProgressCallback = no_progress) -> ChangeResult:
    """Follow all areas that were ever designated, each since its own first month."""
    try:
        change = analysis.change(progress=progress)
        if change is None:
            areas, covered = analysis.areas, analysis.city.dataset.require_months()
            since = min(life[0].since for life in areas.versions) if areas else covered.until
            last = month(str(covered.until.plus(-1)))
            return ChangeResult(
                why_not=msg("report.not_begun", since=month(str(since)), through=last)
            )
    except CsaError as error:
        return ChangeResult(why_not=error.message)
    return _told(change, are_earlier=False)


def follow_earlier(
    analysis: Analysis, then: Proposal, progress: ProgressCallback = no_progress
) -> ChangeResult:
    """If no area was ever designated, follow those that would have been proposed a year ago.

    Nobody chose them by what came after, so they show how areas change without action.
    """
    since = Month.parse(then.summary["params"]["until"])
    try:
        change = analysis.change(candidates_since(then, since), since, progress)
    except CsaError as error:
        return ChangeResult(why_not=error.message)
    if change is None:
        return ChangeResult(why_not=msg("report.none_a_year_ago", since=month(str(since))))
    return _told(change, are_earlier=True)


def _told(change: Change, *, are_earlier: bool) -> ChangeResult:
    located, found = change.located, change.displaced
    n_months = len(found.pooled.verdicts)
    ids = found.chosen.area_ids
    together = tr("report.earlier_areas", n=len(ids)) if are_earlier else name_all(found)
    is_early = found.pooled.verdicts[-1] is Verdict.TOO_EARLY
    sentence = describe_result(found.pooled, n_months, found.since, together)
    is_few = found.pooled.verdicts[-1] is Verdict.TOO_FEW
    here = sentence
    if not (is_few or is_early):
        here = describe_core(found.pooled, n_months, found.since, together)
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
        return ChangeResult(followed, displaced=found)
    return ChangeResult(
        followed, singles={letter: describe_area(found, letter) for letter in ids}, displaced=found
    )


def _beside(located: StudyArea, found: Displacement) -> tuple[Message, ...]:
    """Compare before and after with the rest of the city, and with what such areas usually do."""
    evidence, _ = measure_evidence(located, found, match_controls(located, found))
    told, by_themselves = before_and_after(found, evidence)
    return told, why_usual_unknown(found) or by_themselves


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


def needs_public(audiences: Collection[str], records: Records) -> bool:
    """Return whether any edition needs the public facts."""
    return "public" in audiences or (
        not core_areas(records) and not ON_PUBLIC_GROUND.isdisjoint(audiences)
    )


def _suggested(config: CityConfig, record: BacktestRecord | None) -> dict[str, Any]:
    """Write how areas are found, as a city's file would."""
    documented = build_suggestion(config, record).documented
    if documented is None:
        return config.areas.beyond_defaults()
    values = {"eps_m": documented.eps_m, "min_samples": documented.min_samples}
    return config.areas.model_copy(update=values).beyond_defaults()


def snapshot_for(
    source: FollowSource,
    plan: Plan | None,
    records: Records,
    month: Month,
    beside: ReportInputs = NOTHING_BESIDE,
) -> Snapshot:
    """Return the snapshot of a month's report before the report is made."""
    choices = replace(source.choices, until=month.plus(1))
    record, past = load_stored_past(source, records, choices)
    parts = {
        "plan": None if plan is None else plan.beyond_defaults(),
        "suggestion": _suggested(source.city.config, record),
        "past": None if past is None else past_to_plain(past),
        "background": dict(beside.layers),
        "published": [one.to_json() for one in beside.earlier],
        "versions": [
            (one.fingerprint, str(one.data_from), str(one.data_through))
            for one in load_history(source.city.own_folder)
        ],
    }
    if record is not None:
        parts["years"] = record_to_plain(record)["table"]
    risk = risk_by(source.city, month)
    if risk is not None:
        studies = [one.beyond_defaults() for one in beside.studies]
        parts["why"] = {"risk": risk, "studies": studies}
    return snapshot_of(source.city, month, records, choices, parts)


def risk_by(city: City, month: Month) -> Mapping[str, Any] | None:
    """Return what `csa risk` found, unless it learned from later months."""
    kept = load_risk(city)
    is_later = kept is not None and kept["learned"] and kept["learned"]["through"] > str(month)
    return None if is_later else kept


@dataclass(frozen=True)
class MonthEnd:
    """A city as it was known at a month's end."""

    city: City  # nothing in its dataset is later than the month
    choices: AreaSettings  # how areas are proposed, with the month's end
    suggestion: Suggestion  # settings suggested by past years, else by the city's file
    past: tuple[PastCohort, ...]
    record: BacktestRecord | None  # past years scored, where `csa backtest` has stored them
    is_past_known: bool  # whether `csa backtest` has stored past years
    located: StudyArea  # its incidents of the kinds and on the cells of `choices`
    progress: ProgressCallback  # called as each step begins

    @classmethod
    def at(
        cls, source: FollowSource, records: Records, month: Month, progress: ProgressCallback
    ) -> MonthEnd:
        """Return a city as it was known at a month's end."""
        choices = replace(source.choices, until=month.plus(1))
        record, past = load_stored_past(source, records, choices)
        city = replace(source.city, dataset=through_month(source.city.dataset, month))
        return cls(
            city,
            choices,
            build_suggestion(source.city.config, record),
            past or (),
            record,
            record is not None and past is not None,
            locate_incidents(city, choices),
            progress,
        )

    @property
    def period(self) -> Period:
        """The months counted."""
        return resolve_period(self.city.dataset, self.choices)

    @property
    def through(self) -> date:
        """The last day with data."""
        return date.fromisoformat(self.city.dataset.report["data_through"])

    def proposal(self, until: Month) -> Proposal:
        """Propose areas as of the first day of a month."""
        choices = replace(self.choices, until=until)
        return propose_areas(self.city, choices, self.progress, self.suggestion, self.located)

    def proposal_before(self, until: Month) -> Proposal | None:
        """Propose areas as of the first day of an earlier month."""
        if until <= Month.parse(self.city.dataset.report["data_from"][:7]):
            return None
        return self.proposal(until)


def load_stored_past(
    source: FollowSource, records: Records, choices: AreaSettings
) -> tuple[BacktestRecord | None, tuple[PastCohort, ...] | None]:
    """Return the record and past cohorts stored beside the dataset."""
    way = settings_for_past(choices, followed(all_services(records)))
    return load_suggestion(source.city, choices), load_past(source.city, way)


def stability_of(judgement: AreaAssessment) -> dict[str, float]:
    """Return how often each area is found again with a fifth of the incidents left out."""
    named = judgement.table[["area_id", "stability_share"]].itertuples(index=False)
    return {str(area_id): float(share) for area_id, share in named if not pd.isna(share)}


def top_area_ids(judgement: AreaAssessment, capacity: int) -> frozenset[str]:
    """Return the ids of the candidates that come first, as on Compare and choose."""
    chosen = prioritize(judgement, judgement.weights, capacity)
    return frozenset(str(area_id) for area_id in chosen.index[chosen["is_first"].astype(bool)])


def follow(look: MonthEnd, records: Records, n_silent: int = 0) -> ChangeResult:
    """Follow the designated areas, else those that would have been proposed a year ago."""
    if n_silent:
        return ChangeResult(why_not=msg("report.silent_months", n=n_silent))
    analysis = Analysis(look.city, look.choices, records, look.located)
    if analysis.areas is not None:
        return follow_designated(analysis, look.progress)
    covered = look.city.dataset.complete_months
    then = None if covered is None else look.proposal_before(covered.until.plus(-DEFAULT_AFTER))
    if then is None:
        return ChangeResult(why_not=msg("report.too_short"))
    return follow_earlier(analysis, then, look.progress)
