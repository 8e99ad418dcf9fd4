"""What a decision on an area rests on: its proposal on screen, and its verdict."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from csa.areas.file_format import list_rows, list_versions, round_figures
from csa.areas.proposal import Proposal, area_records, plain
from csa.base.errors import ParamError
from csa.base.io import csv_bytes
from csa.base.message import Message
from csa.base.params import Month
from csa.base.text import render
from csa.dataset.versioned import Dataset
from csa.displacement.analyze import Displacement
from csa.displacement.boundary import planned_looks
from csa.displacement.telling import figures, say_one
from csa.displacement.verdict import AreaVerdict
from csa.ingest.designation import NOT_EVIDENCE, OF_PROPOSAL, Candidate
from csa.priority.assess import AreaAssessment
from csa.priority.assessment import JUDGED_COLUMNS

LISTS = NOT_EVIDENCE | {"geometry"}


def candidate_of(
    proposal: Proposal,
    area_id: str,
    judgement: AreaAssessment | None = None,
    weighed: Mapping[str, Any] | None = None,
) -> Candidate:
    """Return an area of the proposal on screen as a candidate, with what is known of it."""
    found = proposal.areas[proposal.areas["area_id"] == area_id]
    if found.empty:
        raise ParamError("choose.unknown_area", areas=area_id)
    seen = next(area_records(found))
    evidence: dict[str, Any] = {name: proposal.summary[name] for name in OF_PROPOSAL}
    evidence["area"] = _figures(list(seen), list(seen.values()))
    evidence |= dict(weighed or {})
    if judgement is not None:
        rows = judgement.table[judgement.table["area_id"] == area_id]
        columns = list(JUDGED_COLUMNS)
        evidence["judged"] = _figures(columns, next(list_rows(rows, columns, round_figures)))
    return Candidate(area_id, str(seen["place_name"]), tuple(seen["cells"]), evidence)


def _figures(columns: Sequence[str], row: Sequence[object]) -> dict[str, str]:
    """Format figures as a proposal's files do, so that both routes store the same values."""
    kept = [(name, value) for name, value in zip(columns, row, strict=True) if name not in LISTS]
    text = csv_bytes([name for name, _ in kept], [[value for _, value in kept]]).decode("utf-8")
    return next(csv.DictReader(io.StringIO(text, newline="")))


@dataclass(frozen=True)
class ServedVerdict:
    """The verdict on a served area since its designation."""

    verdict: str  # a value of `csa.displacement.verdict`
    sentence: Message  # the verdict in words, with the range chance would explain
    n_months: int  # whole months since designation
    evidence: Mapping[str, Any]  # what `csa.decisions.areas.maintain` records


def tell_served(dataset: Dataset, found: Displacement, key: str) -> ServedVerdict:
    """Return the verdict on one of the areas in service since its own first month."""
    at = found.chosen.area_ids.index(key)
    judged, since = found.single[at], found.starts[at]
    n_months, verdict = len(judged.verdicts), str(judged.verdicts[-1])
    sentence = say_one(found, key)
    evidence = {
        "data_fingerprint": dataset.fingerprint,
        "data_through": dataset.report["data_through"],
        "since": str(since),
        "through": str(found.until.plus(-1)),
        "boundary": {
            "alarm_chance": round_figures(plain(found.alarm_chance)),
            "looks": planned_looks(n_months),
            "z_single": round_figures(plain(judged.boundary_z)),
        },
        "versions": list_versions(),
        "verdict": verdict,
        "sentence": render(sentence),
        "first_alarm": _first_alarm(judged, since),
        "core": figures(judged.core),
        "ring": None if judged.ring is None else figures(judged.ring),
        "cells": [f"{cell:015x}" for cell in sorted(found.chosen.cells[at])],
    }
    return ServedVerdict(verdict, sentence, n_months, evidence)


def _first_alarm(judged: AreaVerdict, since: Month) -> str | None:
    first = judged.first_alarm
    return None if first is None else str(since.plus(first - 1))
