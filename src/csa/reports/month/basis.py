"""What a month's report is made from besides its data, and the snapshot that identifies it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from csa.backtest.recording import suggestion_of
from csa.base.params import Month
from csa.dataset.history import load_history
from csa.decisions.store.records import Records
from csa.disclosure.published import Publication
from csa.displacement.follow import FollowSource
from csa.displacement.past import past_to_plain
from csa.plan import Plan
from csa.reports.briefing.areas import served
from csa.reports.month.looking import kept_of
from csa.reports.month.snapshot import Snapshot, snapshot_of


@dataclass(frozen=True)
class Beside:
    """Other inputs of a report."""

    layers: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[Publication, ...] = ()  # all earlier publications, for the public edition
    with_public: bool = True  # whether the public edition is wanted


NOTHING_BESIDE = Beside()
ON_PUBLIC_GROUND = frozenset({"prevention-walks", "prevention-leaders"})


def needs_public(audiences: Collection[str], records: Records) -> bool:
    """Return whether any edition needs the public facts."""
    return "public" in audiences or (
        not served(records) and not ON_PUBLIC_GROUND.isdisjoint(audiences)
    )


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
        "plan": None if plan is None else plan.model_dump(mode="json"),
        "suggestion": suggestion_of(source.config, record).areas.model_dump(mode="json"),
        "past": None if past is None else past_to_plain(past),
        "background": dict(beside.layers),
        "published": [one.to_json() for one in beside.earlier],
        "versions": [
            (one.fingerprint, str(one.data_from), str(one.data_through))
            for one in load_history(source.folder)
        ],
    }
    return snapshot_of(source.dataset, source.config, month, records, choices, parts)
