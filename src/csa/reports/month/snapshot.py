"""A short id of everything a report was made from: data, choices, city, month and decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from csa.areas.choices import AreaSettings
from csa.areas.proposal import METHOD_VERSION
from csa.base.io import json_bytes
from csa.base.params import Month, last_day
from csa.city.dataset import LAYERS, City, Dataset
from csa.program.store.records import Records

FORMAT_VERSION = 1
ID_DIGITS = 12
COVERS = ("data_from", "data_through", "population", "population_year")
"""Fields of a dataset's report that a snapshot holds: a file that reaches further covers more
months, whether or not anything happened in them."""


@dataclass(frozen=True)
class Snapshot:
    """Everything a report was made from; the same snapshot gives the same bytes."""

    id: str  # first 12 hexadecimal digits of a hash of everything below
    city: str  # the city's id
    fingerprint: str  # of the dataset
    month: Month  # the month reported, the last one counted
    params: Mapping[str, Any]
    audit_n: int  # number of the trail's last entry, hand-outs aside
    audit_head: str  # hash of that entry
    as_of: date  # the day on which the plan's status is taken: what is late, what is due


def snapshot_of(
    city: City,
    month: Month,
    records: Records,
    choices: AreaSettings,
    beside: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Return the snapshot of a month's report.

    The plan's status is taken on `as_of`, the month's last day: the wall clock, or the day of a
    later decision, would give another report each morning.
    """
    config, dataset = city.config, city.dataset
    head = records.decided  # a record of who received an edition changes none
    values = asdict(choices) | {"kinds": sorted(choices.kinds)}
    del values["until"]  # the month's
    params = {
        "method": METHOD_VERSION,
        "choices": values,
        "city": _hash(config.beyond_defaults()),
        "layers": [_layer(dataset, name) for name in LAYERS],
        "beside": {name: _hash(value) for name, value in sorted((beside or {}).items())},
    }
    whole = {
        "format_version": FORMAT_VERSION,
        "city": config.city.id,
        "fingerprint": dataset.fingerprint,
        "covers": [dataset.report.get(name) for name in COVERS],
        "month": str(month),
        "params": params,
        "audit": [head.n, head.hash],
    }
    return Snapshot(
        id=_hash(whole)[:ID_DIGITS],
        city=config.city.id,
        fingerprint=dataset.fingerprint,
        month=month,
        params=params,
        audit_n=head.n,
        audit_head=head.hash,
        as_of=last_day(month),
    )


def _hash(value: object) -> str:
    return hashlib.sha256(json_bytes(_sorted(value))).hexdigest()


def _sorted(value: object) -> object:
    """Sort keys at each depth, since their order in a file means nothing."""
    if isinstance(value, Mapping):
        return {str(name): _sorted(value[name]) for name in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_sorted(one) for one in value]
    return value


def _layer(dataset: Dataset, name: str) -> str:
    """Return a layer's fingerprint, since the dataset's own covers incidents and places only."""
    layer = dataset.report.get(name)
    return str(layer["fingerprint"]) if layer else ""
