"""What a decision on an area rests on: its proposal on screen, and its verdict."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csa.areas.file_format import list_rows, list_versions, plain, round_figures
from csa.areas.proposal import Proposal, area_records
from csa.areas.study_area import StudyArea
from csa.base.errors import ParamError
from csa.base.io import csv_bytes
from csa.base.message import Message
from csa.base.params import Month, Period
from csa.base.text import render
from csa.dataset.chosen import Chosen
from csa.decisions.store.records import Records
from csa.decisions.store.tables import StepRow
from csa.displacement.analyze import analyze_displacement
from csa.displacement.past import PastCohort
from csa.displacement.sentences import name_in_sentence, say_single, say_verdict
from csa.displacement.verdict import AreaVerdict, Track, alarm_chance, planned_looks
from csa.geo.ground import resolution_of
from csa.ingest.designation import NOT_EVIDENCE, OF_PROPOSAL, Candidate
from csa.priority.assess import AreaAssessment
from csa.priority.assessment import JUDGED_COLUMNS
from csa.reports.briefing.areas import designation_of, last_begun, served, served_since

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
class Served:
    """The areas in service now, in the form that displacement follows."""

    chosen: Chosen  # their letters, names and cells
    since: Month  # the first whole month since the followed area was designated


def first_month(day: date) -> Month:
    """Return the first whole month that starts on or after a day."""
    own = Month(day.year, day.month)
    return own if day.day == 1 else own.plus(1)


def served_with(records: Records, key: str) -> Served | None:
    """Return the areas in service, to follow them since one area's designation."""
    areas = {area.key: area for area in served(records)}
    if key not in areas:
        return None
    steps = {name: records.steps_of(name)[-1] for name in areas}
    cells = tuple(frozenset(int(cell, 16) for cell in step.cells) for step in steps.values())
    chosen = Chosen(
        tuple(areas),
        tuple(area.place_name for area in areas.values()),
        cells,
        max(resolution_of(min(area)) for area in cells),
        _period([designation_of(records, name) or steps[name] for name in areas]),
    )
    return Served(chosen, first_month(served_since(records, areas[key])))


def last_served(records: Records) -> Served | None:
    """Return the areas to follow since the last designation."""
    last = last_begun(records)
    return None if last is None else served_with(records, last.key)


def _period(steps: Sequence[StepRow]) -> Period | None:
    """Return the months that the areas were chosen from; None if any step does not record them."""
    params = [step.evidence.get("params", {}) for step in steps]
    if not all(one.get("start") and one.get("until") for one in params):
        return None
    start = min(Month.parse(one["start"]) for one in params)
    return Period(start, max(Month.parse(one["until"]) for one in params))


@dataclass(frozen=True)
class ServedVerdict:
    """The verdict on a served area since its designation."""

    verdict: str  # a value of `csa.displacement.verdict`
    sentence: Message  # the verdict in words, with the range chance would explain
    n_months: int  # whole months since designation
    evidence: Mapping[str, Any]  # what `csa.decisions.areas.maintain` records


def tell_served(
    located: StudyArea, areas: Served, key: str, past: Sequence[PastCohort]
) -> ServedVerdict:
    """Follow the served areas since the designation of one of them, and tell of that one."""
    found = analyze_displacement(located, areas.chosen, areas.since, past)
    at = areas.chosen.area_ids.index(key)
    judged, n_months = found.single[at], found.until.index - found.since.index
    who = name_in_sentence(key, areas.chosen.place_names[at])
    tell = say_single if len(areas.chosen.area_ids) > 1 else say_verdict
    sentence, verdict = tell(judged, n_months, found.since, who), str(judged.verdicts[-1])
    evidence = {
        "data_fingerprint": located.dataset.fingerprint,
        "data_through": located.dataset.report["data_through"],
        "since": str(found.since),
        "through": str(found.until.plus(-1)),
        "boundary": {
            "alarm_chance": round_figures(plain(alarm_chance(len(found.single), n_months))),
            "looks": planned_looks(n_months),
            "z_single": round_figures(plain(judged.boundary_z)),
        },
        "versions": list_versions(),
        "verdict": verdict,
        "sentence": render(sentence),
        "first_alarm": _first_alarm(judged, found.since),
        "core": _track(judged.core),
        "ring": None if judged.ring is None else _track(judged.ring),
        "cells": [f"{cell:015x}" for cell in sorted(areas.chosen.cells[at])],
    }
    return ServedVerdict(verdict, sentence, n_months, evidence)


def _first_alarm(judged: AreaVerdict, since: Month) -> str | None:
    first = judged.first_alarm
    return None if first is None else str(since.plus(first - 1))


def _track(track: Track) -> dict[str, Any]:
    return {
        "counted": int(track.counted[-1]),
        "expected": round_figures(plain(track.expectation.mean[-1])),
        "low": int(track.low[-1]),
        "high": int(track.high[-1]),
    }
