"""A city as it was known at a month's end, from which proposals are made as needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices, Suggestion, period_of
from csa.areas.fitted_risk import read_kept
from csa.areas.locating import locate_incidents
from csa.areas.proposal import Proposal
from csa.areas.study_area import StudyArea
from csa.backtest.record import Record, record_to_plain
from csa.backtest.recording import load_suggestion, suggestion_of
from csa.base.logging import Tell
from csa.base.message import say
from csa.base.params import Month, Period
from csa.config.city import CityConfig
from csa.config.evidence import EvidenceStudy
from csa.dataset.history import load_history
from csa.dataset.versioned import City, through_month
from csa.decisions.registry import all_services, core_areas, followed
from csa.decisions.store.records import Records
from csa.disclosure.keys import Secret
from csa.disclosure.published import Publication
from csa.displacement.follow import FollowSource, load_past, past_way
from csa.displacement.past import PastCohort, past_to_plain
from csa.plan import Plan
from csa.priority.assess import AreaAssessment, prioritize
from csa.reports.month.following import Result, follow_designated, follow_earlier, year_ago
from csa.reports.month.snapshot import Snapshot, snapshot_of

if TYPE_CHECKING:
    from csa.reports.public.fairness import Census


@dataclass(frozen=True)
class Beside:
    """Other inputs of a report."""

    layers: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[Publication, ...] = ()  # all earlier publications, for the public edition
    with_public: bool = True  # whether the public edition is wanted
    census: Census | None = None  # who lives where, for the fairness page
    with_fairness: bool = False  # whether to propose areas again with one neighborhood doubled
    secret: Secret | None = None  # what public counts are changed by; None before the first
    studies: tuple[EvidenceStudy, ...] = ()  # what helped elsewhere


NOTHING_BESIDE = Beside()
ON_PUBLIC_GROUND = frozenset({"prevention-walks", "prevention-leaders"})


def needs_public(audiences: Collection[str], records: Records) -> bool:
    """Return whether any edition needs the public facts."""
    return "public" in audiences or (
        not core_areas(records) and not ON_PUBLIC_GROUND.isdisjoint(audiences)
    )


def _suggested(config: CityConfig, record: Record | None) -> dict[str, Any]:
    """Write how areas are found, as a city's file would."""
    documented = suggestion_of(config, record).documented
    if documented is None:
        return config.areas.beyond_defaults()
    values = {"eps_m": documented.eps_m, "min_samples": documented.min_samples}
    return config.areas.model_copy(update=values).beyond_defaults()


def snapshot_for(
    source: FollowSource,
    plan: Plan | None,
    records: Records,
    month: Month,
    beside: Beside = NOTHING_BESIDE,
) -> Snapshot:
    """Return the snapshot of a month's report before the report is made."""
    choices = replace(source.choices, until=month.plus(1))
    record, past = kept_of(source, records, choices)
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
    kept = read_kept(city)
    is_later = kept is not None and kept["learned"] and kept["learned"]["through"] > str(month)
    return None if is_later else kept


@dataclass(frozen=True)
class MonthEnd:
    """A city as it was known at a month's end."""

    city: City  # nothing in its dataset is later than the month
    choices: Choices  # how areas are proposed, with the month's end
    suggestion: Suggestion  # settings suggested by past years, else by the city's file
    past: tuple[PastCohort, ...]
    record: Record | None  # past years scored, where `csa backtest` has stored them
    is_past_known: bool  # whether `csa backtest` has stored past years
    located: StudyArea  # its incidents of the kinds and on the cells of `choices`
    tell: Tell  # called as each step begins

    @classmethod
    def at(cls, source: FollowSource, records: Records, month: Month, tell: Tell) -> MonthEnd:
        """Return a city as it was known at a month's end."""
        choices = replace(source.choices, until=month.plus(1))
        record, past = kept_of(source, records, choices)
        city = replace(source.city, dataset=through_month(source.city.dataset, month))
        return cls(
            city,
            choices,
            suggestion_of(source.city.config, record),
            past or (),
            record,
            record is not None and past is not None,
            locate_incidents(city, choices),
            tell,
        )

    @property
    def period(self) -> Period:
        """The months counted."""
        return period_of(self.city.dataset, self.choices)

    @property
    def through(self) -> date:
        """The last day with data."""
        return date.fromisoformat(self.city.dataset.report["data_through"])

    def proposal(self, until: Month) -> Proposal:
        """Propose areas as of the first day of a month."""
        choices = replace(self.choices, until=until)
        return propose_areas(self.city, choices, self.tell, self.suggestion, self.located)

    def proposal_before(self, until: Month) -> Proposal | None:
        """Propose areas as of the first day of an earlier month."""
        if until <= Month.parse(self.city.dataset.report["data_from"][:7]):
            return None
        return self.proposal(until)


def kept_of(
    source: FollowSource, records: Records, choices: Choices
) -> tuple[Record | None, tuple[PastCohort, ...] | None]:
    """Return the record and past cohorts stored beside the dataset."""
    way = past_way(choices, followed(all_services(records)))
    return load_suggestion(source.city, choices), load_past(source.city, way)


def stability_of(judgement: AreaAssessment) -> dict[str, float]:
    """Return how often each area is found again with a fifth of the incidents left out."""
    named = judgement.table[["area_id", "stability_share"]].itertuples(index=False)
    return {str(area_id): float(share) for area_id, share in named if not pd.isna(share)}


def first_of(judgement: AreaAssessment, capacity: int) -> frozenset[str]:
    """Return the ids of the candidates that come first, as on Compare and choose."""
    chosen = prioritize(judgement, judgement.weights, capacity)
    return frozenset(str(area_id) for area_id in chosen.index[chosen["is_first"].astype(bool)])


def follow(look: MonthEnd, records: Records, n_silent: int = 0) -> Result:
    """Follow the designated areas, else those that would have been proposed a year ago."""
    if n_silent:
        return Result(why_not=say("report.silent_months", n=n_silent))
    analysis = Analysis(look.city, look.choices, records, look.located)
    if analysis.areas is not None:
        return follow_designated(analysis, look.tell)
    covered = look.city.dataset.whole_months
    then = None if covered is None else look.proposal_before(year_ago(covered.until))
    if then is None:
        return Result(why_not=say("report.too_short"))
    return follow_earlier(analysis, then, look.tell)
