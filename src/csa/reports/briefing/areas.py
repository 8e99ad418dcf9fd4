"""The core service areas with every step, as recorded at the time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from csa.analysis.analysis import Analysis
from csa.areas.file_format import list_rows, list_versions, round_figures
from csa.areas.layer_files import geopackage
from csa.areas.priority.area_counts import AreaCounts
from csa.areas.priority.assessment import JUDGED_COLUMNS, AreaAssessment
from csa.areas.proposal import Proposal, area_records, plain, proposal_files
from csa.base.crs import LONLAT
from csa.base.errors import ParamError
from csa.base.io import csv_bytes, json_bytes
from csa.base.statement import Statement
from csa.base.text import render
from csa.change.analyze import Displacement
from csa.change.expectation import planned_looks
from csa.change.sentences import figures
from csa.city.dataset import Dataset, open_dataset
from csa.geo.cells import CellSet, as_text, outline
from csa.ingest.designation import NOT_EVIDENCE, OF_PROPOSAL, Candidate
from csa.program.registry import CoreArea, core_areas, match_statuses, served_as
from csa.program.store.records import Records

EXPORT_COLUMNS = (
    *("area_id", "place_name", "state", "since", "cells"),
    *("chosen_from", "chosen_until", "drawn"),
)

CORE_AREAS = "core_areas.csv"
COUNT_COLUMNS = {
    "area_id": "letter",
    "place_name": "the name it was designated under",
    "state": "designated or maintenance",
    "since": "the day of that state",
    "first_month": "first month counted",
    "last_month": "last month counted",
    "months_covered": "months of them that the data cover",
    "incidents": "in the area's own cells in those months",
    "homicides": "of them, homicides",
    "victims": "people hit; empty where a source cannot tell",
    "suspect": "incidents at a point that may stand for unknown places",
    "expected": "in a period as long, adjusted for chance; empty where only chance differs",
    "expected_low": "90% interval",
    "expected_high": "its upper end",
    "recent_12": "incidents of the last 12 months; empty where the data cover fewer",
    "next12_expected": "incidents to expect in the 12 months after; empty where unknown",
    "next12_low": "90% of what may come",
    "next12_high": "its upper end",
    "area_km2": "land inside the study area",
    "cells": "its H3 cells, 15 hex digits, sorted",
}
"""Of `core_areas.csv`: what areas in service hold on their own ground."""


def proposal_folder(analysis: Analysis) -> dict[str, bytes]:
    """Write the candidates, which of them are in service, and what is counted there."""
    proposal, areas = analysis.proposal, analysis.core_areas
    standing = match_statuses(proposal.areas, areas)
    files = proposal_files(replace(proposal, areas=served_as(proposal.areas, standing)))
    return files | ({CORE_AREAS: core_areas_file(areas, analysis.counts)} if areas else {})


def core_area_rows(
    areas: Sequence[CoreArea], counts: Mapping[str, AreaCounts]
) -> list[dict[str, Any]]:
    """Return what is counted on each area's own ground, as machine-readable rows."""
    found = []
    for area in areas:
        own = counts[area.key]
        known = vars(own) | {
            "state": area.state,
            "since": area.state_since.isoformat(),
            "first_month": str(own.period.start),
            "last_month": str(own.period.until.plus(-1)),
            "cells": as_text(sorted(own.cells)),
        }
        ahead = own.next12 or (None, None, None)
        known |= dict(zip(("next12_expected", "next12_low", "next12_high"), ahead, strict=True))
        found.append({name: round_figures(known[name]) for name in COUNT_COLUMNS})
    return found


def core_areas_file(areas: Sequence[CoreArea], counts: Mapping[str, AreaCounts]) -> bytes:
    """Write what is counted on each area's own ground as a table."""
    rows = core_area_rows(areas, counts)
    listed = [[*(row | {"cells": " ".join(row["cells"])}).values()] for row in rows]
    return csv_bytes(list(COUNT_COLUMNS), listed)


ENDINGS = (".csv", ".geojson", ".gpkg")
"""Of the files in which areas in service are written."""


def export_areas(records: Records, name: str) -> bytes:
    """Write the areas in service in the format that a file's name says."""
    ending, rows = Path(name).suffix.casefold(), export_rows(records)
    if ending not in ENDINGS:
        raise ParamError("keep.export_ending", given=name)
    if ending == ".csv":
        return csv_bytes(EXPORT_COLUMNS, rows)
    outlines = [outline(area.cells) for area in core_areas(records)]
    table = pd.DataFrame(rows, columns=list(EXPORT_COLUMNS), dtype="str")
    areas = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(outlines, crs=LONLAT))
    if ending == ".gpkg":
        return geopackage({"areas": areas})
    return json_bytes(json.loads(areas.to_json(drop_id=True)))


def export_rows(records: Records) -> list[list[str]]:
    """Return the areas in service as rows that `csa displace --areas` reads."""
    return [
        [
            *(area.key, area.place_name, area.state, area.since.isoformat(), _cells(area.cells)),
            # The months that chose it, where they are known.
            *map(str, (months.start, months.until) if (months := area.chosen_from) else ("", "")),
            # What its cells were from which month on, where it was redrawn.
            "; ".join(f"{one.since}: {_cells(one.cells)}" for one in area.versions)
            if len(area.versions) > 1
            else "",
        ]
        for area in core_areas(records)
    ]


def _cells(cells: CellSet) -> str:
    return " ".join(as_text(sorted(cells)))


def place_names(records: Records, dataset: Path | None) -> frozenset[str]:
    """List the places that a measure's value can belong to."""
    letters = {area.key for area in records.areas}
    if dataset is None:
        return frozenset(letters)
    return frozenset(letters | set(open_dataset(dataset).neighborhoods["name"].astype(str)))


# ---- What a decision on an area rests on: its proposal on screen, and its verdict.


LISTS = NOT_EVIDENCE | {"geometry"}


def to_candidate(
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


def maintenance_evidence(
    dataset: Dataset, found: Displacement, statement: Statement
) -> dict[str, Any]:
    """Return what `csa.program.areas.maintain` records of the verdict on an area in service."""
    at = found.chosen.area_ids.index(statement.subject)
    judged, since = found.by_area[at], statement.period.start
    first = judged.first_alarm
    return {
        "data_fingerprint": dataset.fingerprint,
        "data_through": dataset.report["data_through"],
        "since": str(since),
        "through": str(found.until.plus(-1)),
        "boundary": {
            "alarm_chance": round_figures(plain(found.alarm_chance)),
            "looks": planned_looks(statement.period.months),
            "z_single": round_figures(plain(judged.boundary_z)),
        },
        "versions": list_versions(),
        "verdict": statement.verdict,
        "together": str(found.pooled.verdicts[-1]),
        "sentence": render(statement.sentence),
        "first_alarm": None if first is None else str(since.plus(first - 1)),
        "core": figures(judged.core),
        "ring": None if judged.ring is None else figures(judged.ring),
        "cells": as_text(sorted(found.chosen.cells[at])),
    }
