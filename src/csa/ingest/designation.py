"""The evidence for a decision on an area, read from the files of the other commands."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csa.base.errors import ParamError, SourceError
from csa.base.safe_parsing import parse_json, read_text
from csa.city.selection import AreaSelection, read_areas

PROPOSAL, PRIORITIES, DISPLACEMENT = "proposal", "priorities", "displacement"
OF_PROPOSAL = ("data_fingerprint", "data_through", "params", "versions")
OF_PRIORITIES = ("weights", "capacity")
OF_VERDICT = ("data_fingerprint", "data_through", "since", "through", "boundary", "versions")
OF_AREA = ("verdict", "sentence", "first_alarm", "core", "ring", "cells")
NEEDED = {
    PROPOSAL: OF_PROPOSAL,
    PRIORITIES: (*OF_PRIORITIES, "data_fingerprint"),
    DISPLACEMENT: (*OF_VERDICT, "single", "pooled"),
}
FORMAT_VERSION = 1
"""The format of all three kinds of file."""
COUNTS = ("incidents", "homicides")
"""Figures that a proposal and its assessment must share, beside the area's cells."""
NOT_EVIDENCE = frozenset({"cells", "neighborhoods", "is_synthetic"})


@dataclass(frozen=True)
class Candidate:
    """An area of a proposal, and what was known of it."""

    area_id: str  # its id in the proposal
    place_name: str  # its name
    cells: tuple[str, ...]  # H3 cells, 15 hexadecimal digits each
    evidence: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse an area without land."""
        if not self.cells:
            raise ParamError("decide.no_cells", area_id=self.area_id)


def load_candidate(folder: Path, area_id: str, priorities: Path | None, city: str) -> Candidate:
    """Read an area of a proposal, given by its id or its name, with what was known of it."""
    proposal = _account(folder, PROPOSAL, city)
    chosen = read_areas(folder)
    at = _place_of(chosen, area_id, folder)
    area_id = chosen.area_ids[at]
    evidence: dict[str, Any] = {name: proposal[name] for name in OF_PROPOSAL}
    proposed = _row(folder / "areas.csv", area_id)
    evidence["area"] = _figures(proposed)
    cells = tuple(f"{cell:x}" for cell in sorted(chosen.cells[at]))
    if priorities is not None:
        weighed = _account(priorities, PRIORITIES, city)
        if weighed["data_fingerprint"] != proposal["data_fingerprint"]:
            raise SourceError("chosen.other_data", path=priorities, other=folder)
        evidence |= {name: weighed[name] for name in OF_PRIORITIES}
        judged = _row(priorities / "priorities.csv", area_id)
        is_counted = all(proposed.get(name) == judged.get(name) for name in COUNTS)
        if not is_counted or set(judged.get("cells", "").split()) != set(cells):
            raise SourceError("chosen.other_area", path=priorities, other=folder, area_id=area_id)
        evidence["judged"] = _figures(judged)
    return Candidate(area_id, chosen.place_names[at], cells, evidence)


def _place_of(chosen: AreaSelection, given: str, folder: Path) -> int:
    """Return which area of a file is meant: that of an id, else that of a name."""
    if given in chosen.area_ids:
        return chosen.area_ids.index(given)
    names = [name.casefold() for name in chosen.place_names]
    if names.count(given.strip().casefold()) == 1:
        return names.index(given.strip().casefold())
    named = zip(chosen.area_ids, chosen.place_names, strict=True)
    known = ", ".join(f"{area_id} {name}" for area_id, name in named) or "none"
    raise ParamError("chosen.no_area", given=given, path=folder, known=known)


def load_drawn(path: Path) -> tuple[Candidate, ...]:
    """Read areas as somebody drew them: a proposal's folder, or any file of areas."""
    chosen = read_areas(path)
    rows = zip(chosen.area_ids, chosen.place_names, chosen.cells, strict=True)
    return tuple(
        Candidate(area_id, name, tuple(f"{cell:x}" for cell in sorted(cells)), {})
        for area_id, name, cells in rows
    )


def load_verdict(folder: Path, area: str, city: str) -> dict[str, Any]:
    """Read the verdict of `csa displace` on an area."""
    account = _account(folder, DISPLACEMENT, city)
    try:
        found = {str(row["area_id"]): dict(row) for row in account["single"]}
        together = str(account["pooled"]["verdict"])
    except (TypeError, KeyError, ValueError) as error:
        raise SourceError("chosen.other_version", path=folder, kind=DISPLACEMENT) from error
    if area not in found:
        known = ", ".join(found)
        raise ParamError("chosen.no_area", given=area, path=folder, known=known)
    verdict = {name: account[name] for name in OF_VERDICT} | {"together": together}
    verdict["since"] = found[area].get("since", account["since"])  # each area has its own day
    return verdict | {name: found[area][name] for name in OF_AREA if name in found[area]}


def _account(folder: Path, kind: str, city: str) -> dict[str, Any]:
    """Read the JSON summary of a folder written by one of our commands for this city."""
    file = folder / f"{kind}.json"
    try:
        account = parse_json(read_text(file))
    except (OSError, ValueError) as error:
        raise SourceError("chosen.no_folder", path=folder, kind=kind) from error
    if not isinstance(account, dict) or account.get("kind") != kind:
        raise SourceError("chosen.no_folder", path=folder, kind=kind)
    lacking = [name for name in NEEDED[kind] if name not in account]
    if lacking or account.get("format_version") != FORMAT_VERSION:
        raise SourceError("chosen.other_version", path=folder, kind=kind)
    if account.get("city") != city:
        raise SourceError("chosen.other_city", path=folder, given=account.get("city"), city=city)
    return account


def _row(file: Path, area_id: str) -> dict[str, str]:
    """Return an area's row of a table, unchanged."""
    try:
        reader = csv.DictReader(io.StringIO(read_text(file), newline=""), strict=True)
        row = next((row for row in reader if row.get("area_id") == area_id), None)
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError("chosen.unreadable", path=file) from error
    if row is None:
        raise SourceError("chosen.no_row", path=file, area_id=area_id)
    if None in row or None in row.values():  # it has more or fewer values than the header
        raise SourceError("chosen.unreadable", path=file)
    return row


def _figures(row: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of an area's row that are stored as evidence."""
    return {name: value for name, value in row.items() if name not in NOT_EVIDENCE}
