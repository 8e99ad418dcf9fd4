"""What was chosen, by whom and why: stored as files until it is decided in the store.

A choice is written once and never changed; a later one is added beside it. It holds the areas'
cells and what was known of them, so that it can be shown as it was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from csa.areas.priority.assessment import AreaAssessment
from csa.areas.proposal import Proposal
from csa.base.errors import ParamError, SourceError
from csa.base.io import create_file, json_bytes
from csa.base.message import Message, msg
from csa.base.safe_parsing import parse_json
from csa.base.text import natural_sort_key
from csa.program.roles import Person, require_area_chair

FORMAT_VERSION = 1
KIND = "choice"
AT_UTC = "%Y-%m-%dT%H:%M:%SZ"
MIN_REASONS = 20
"""Characters of the reasons, about a sentence."""

_KEYS: Mapping[str, tuple[type, ...]] = {
    "at_utc": (str,),
    "by_office": (str,),
    "reasons": (str,),
    "capacity": (int,),
    "weights": (dict,),
    "areas": (list,),
    "city": (str,),
    "data_fingerprint": (str,),
    "params": (dict,),
    "versions": (dict,),
}
_AREA_KEYS: Mapping[str, tuple[type, ...]] = {
    "area_id": (str,),
    "place_name": (str,),
    "tier": (int, type(None)),
    "incidents": (int,),
    "expected": (list,),
    "cells": (list,),
}


@dataclass(frozen=True)
class Choice:
    """Areas that an office or body chose."""

    at_utc: datetime  # when, to the second
    by_office: str  # which body or office, never a private person
    areas: tuple[str, ...]  # the areas' ids, in the proposal's order
    reasons: str  # in the body's own words
    capacity: int  # how many areas it could serve first
    weights: Mapping[str, float]  # weight of each component

    def __post_init__(self) -> None:
        """Refuse a choice without areas, body or reasons."""
        if not self.areas:
            raise ParamError("choose.no_area")
        if len(" ".join(self.reasons.split())) < MIN_REASONS:
            raise ParamError("choose.no_reasons", least=MIN_REASONS)
        if not self.by_office.strip():
            raise ParamError("choose.no_office")
        if self.at_utc.utcoffset() is None or self.at_utc.utcoffset():
            raise ParamError("choose.not_utc")


def passed_over(
    judgement: AreaAssessment, areas: Sequence[str], names: Mapping[str, str]
) -> Message | None:
    """List the areas of a higher tier than a chosen one that were not chosen, by name."""
    tiers = judgement.table.set_index("area_id")["tier"]
    lowest = max((_rank(tiers[area]) for area in areas), default=0)
    missing = [
        area for area, tier in tiers.items() if _rank(tier) < lowest and area not in set(areas)
    ]
    if not missing:
        return None
    listed = ", ".join(sorted((names[str(area)] for area in missing), key=natural_sort_key))
    return msg("choose.passed_over", n=len(missing), areas=listed)


def _rank(tier: Any) -> int:
    return 10**6 if pd.isna(tier) else int(tier)


def save_choice(
    folder: Path, choice: Choice, proposal: Proposal, judgement: AreaAssessment, *, by: Person
) -> Path:
    """Write a choice with the areas as they were seen."""
    require_area_chair(by)
    cells = dict(zip(proposal.areas["area_id"], proposal.areas["cells"], strict=True))
    strange = [area for area in choice.areas if area not in cells]
    if strange:
        raise ParamError("choose.unknown_area", areas=", ".join(strange))
    rows = {row["area_id"]: row for row in judgement.table.to_dict("records")}
    areas = [_seen(rows[area], cells[area]) for area in choice.areas]
    kept = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "at_utc": choice.at_utc.strftime(AT_UTC),
        "by_office": choice.by_office.strip(),
        "reasons": choice.reasons.strip(),
        "capacity": choice.capacity,
        "weights": dict(choice.weights),
        "areas": areas,
        "city": proposal.summary["city"],
        "data_fingerprint": proposal.summary["data_fingerprint"],
        "params": proposal.summary["params"],
        "versions": proposal.summary["versions"],
    }
    path = folder / f"choice-{choice.at_utc:%Y%m%dT%H%M%SZ}.json"
    if not create_file(path, json_bytes(kept)):
        raise ParamError("choose.same_second")
    return path


def _seen(row: Mapping[Any, Any], cells: Sequence[str]) -> dict[str, Any]:
    """Record an area as it was seen."""
    return {
        "area_id": row["area_id"],
        "place_name": row["place_name"],
        "tier": None if pd.isna(row["tier"]) else int(row["tier"]),
        "incidents": int(row["incidents"]),
        "expected": [
            round(float(row[name]), 1) for name in ("expected", "expected_low", "expected_high")
        ],
        "cells": list(cells),
    }


def list_choices(folder: Path) -> tuple[list[dict[str, Any]], list[Message]]:
    """Read the stored choices; a file that cannot be read does not hide the others."""
    kept: list[dict[str, Any]] = []
    complaints: list[Message] = []
    for path in sorted(folder.glob("choice-*.json"), reverse=True):
        try:
            kept.append(_read(path))
        except SourceError as error:
            complaints.append(error.message)
    return kept, complaints


def _read(path: Path) -> dict[str, Any]:
    """Read a choice; refuse one that lacks a value that readers show."""
    try:
        kept = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("choose.damaged", path=path) from error
    if not isinstance(kept, dict) or kept.get("kind") != KIND:
        raise SourceError("choose.damaged", path=path)
    version = kept.get("format_version")
    if version != FORMAT_VERSION:
        raise SourceError("choose.version", path=path, given=version, known=FORMAT_VERSION)
    if not (_has(kept, _KEYS) and kept["areas"] and all(_is_area(one) for one in kept["areas"])):
        raise SourceError("choose.damaged", path=path)
    try:
        datetime.strptime(kept["at_utc"], AT_UTC)  # noqa: DTZ007 - the Z is part of the form
    except ValueError as error:
        raise SourceError("choose.damaged", path=path) from error
    return kept


def _is_area(area: Any) -> bool:
    return isinstance(area, dict) and _has(area, _AREA_KEYS)


def _has(values: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> bool:
    """Check whether each of these keys holds a value of its kind."""
    return all(name in values and isinstance(values[name], kinds[name]) for name in kinds)
