"""The files of a draw: its record, or a list that is closed and not yet drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from csa.areas.file_format import list_rows, list_versions, round_figures, write_header
from csa.areas.priority.files import AssessedProposal, count_tiers
from csa.areas.proposal import METHOD_VERSION
from csa.base.errors import ParamError, SourceError
from csa.base.io import csv_bytes, json_bytes
from csa.base.params import Month
from csa.base.stats import DISPERSION
from csa.base.text import tr
from csa.extras.trial.draw import Draw, Entrant, draw_record, draw_start_order, repeat_draw
from csa.extras.trial.draw_power import power_table

MARKER = "draw.json"
LIST_FILE = "list.txt"
AREAS_FILE = "areas.csv"
"""The areas' cells, without which nobody could count what follows."""
CLOSED = "closed list"
DRAWN = "draw"
SEEDED = ("rule", "seed", "slots")
"""Values that only exist with a seed."""

POWER_COLUMNS = {
    "months": "months after the first start",
    "months_compared": "of them, until late areas start",
    "is_cut_short": "whether late areas start before",
    "smallest_drop_share": "drop found four times in five; empty where even a full stop is not",
    "expected_early": "incidents in early areas in the months compared, without any work",
    "found_7_share": "how often a fall of 7% would be found, the least that studies found",
    "found_15_share": "of 15%",
    "found_23_share": "of 23%, the most",
}


def list_entrants(
    found: AssessedProposal, tier: int, only: Collection[str] | None = None
) -> tuple[Entrant, ...]:
    """List the areas of a tier for a draw, or only some of them, by id."""
    judgement, kinds = found.assessment, found.choices.kinds
    counts = count_tiers(judgement)
    if tier not in counts:
        there = ", ".join(tr("draw.tier_areas", tier=one, n=n) for one, n in counts.items())
        raise ParamError("draw.no_such_tier", given=tier, tiers=there or tr("draw.no_tiers"))
    rows = _in_tier(found, tier)
    strange = sorted(set(only or ()) - set(rows["area_id"]))
    if strange:
        known = ", ".join(rows["area_id"])
        raise ParamError("draw.not_in_tier", which=", ".join(strange), tier=tier, known=known)
    if only is not None:
        rows = rows[rows["area_id"].isin(list(only))]
    columns = rows[["area_id", "place_name", "incidents_24", "homicides_24"]]
    return tuple(
        Entrant(area_id, place, tier, int(n), int(n_killed) if "homicide" in kinds else None)
        for area_id, place, n, n_killed in columns.itertuples(index=False)
    )


def _in_tier(found: AssessedProposal, tier: int) -> pd.DataFrame:
    table = found.assessment.table
    return table[table["tier"].eq(tier).fillna(value=False)]


@dataclass(frozen=True)
class Starts:
    """Which areas are to start, and when."""

    entrants: tuple[Entrant, ...]  # the areas of one tier
    first_start: Month  # when wave 1 starts
    n_waves: int = 2  # how many starts there are
    months_between: int = 6  # months from one start to the next


@dataclass(frozen=True)
class ClosedDraw:
    """A list closed, or drawn."""

    account: Mapping[str, Any]  # what `draw.json` holds
    areas: bytes  # what `areas.csv` holds: the list's areas with their cells
    draw: Draw | None = None  # the order; None for a closed list
    power: pd.DataFrame | None = None  # as `csa.extras.trial.draw_power.power_table`

    @classmethod
    def of(cls, account: Mapping[str, Any], areas: bytes) -> ClosedDraw:
        """Restore a list, or a draw by making it again, from what was recorded."""
        if account["kind"] == CLOSED:
            return cls(account, areas)
        draw = repeat_draw(account)
        return cls(account, areas, draw, _power(draw, account["usual_fall_share"]))

    @property
    def files(self) -> dict[str, bytes]:
        """File name to content; `list.txt` ends without a line feed: its code is the list's."""
        files = {
            MARKER: json_bytes(self.account),
            LIST_FILE: self.account["list_text"].encode(),
            AREAS_FILE: self.areas,
        }
        if self.power is not None:
            columns = list(POWER_COLUMNS)
            rows = list_rows(self.power, columns, round_figures)
            files["power.csv"] = csv_bytes(columns, rows)
        return files


def close_list(found: AssessedProposal, starts: Starts) -> ClosedDraw:
    """Close the list of a draw, before anybody knows the seed."""
    # The list and its code do not depend on the seed: any will do to write them.
    record = draw_record(_draw(found, starts, "any seed"))
    areas = _areas_of(found, starts)
    closed = {name: value for name, value in record.items() if name not in SEEDED}
    return ClosedDraw(_account(CLOSED, found, closed, areas), areas)


def make_draw(found: AssessedProposal, starts: Starts, seed: str) -> ClosedDraw:
    """Draw which areas start when."""
    drawn = _draw(found, starts, seed)
    areas = _areas_of(found, starts)
    account = _account(DRAWN, found, draw_record(drawn), areas)
    return ClosedDraw(account, areas, drawn, _power(drawn, found.usual_fall_share))


def draw_closed(closed: ClosedDraw, seed: str) -> ClosedDraw:
    """Draw from a closed list as it was recorded, whatever became known since."""
    draw = repeat_draw(closed.account, seed)
    record, names = draw_record(draw), list(closed.account)
    at = names.index("rule_version")  # keys stand where `make_draw` writes them
    head = {name: closed.account[name] for name in names[:at]} | {"kind": DRAWN}
    tail = {name: closed.account[name] for name in names[at:] if name not in record}
    power = _power(draw, closed.account["usual_fall_share"])
    return ClosedDraw({**head, **record, **tail}, closed.areas, draw, power)


def _power(draw: Draw, usual_fall_share: float | None) -> pd.DataFrame:
    return power_table(draw, dispersion=DISPERSION, usual_fall_share=usual_fall_share or 0.0)


def _areas_of(found: AssessedProposal, starts: Starts) -> bytes:
    """Write the areas of a list with their cells."""
    wanted = {one.area_id for one in starts.entrants}
    rows = [
        [area_id, name, " ".join(cells)]
        for area_id, name, cells in found.proposal.areas[
            ["area_id", "place_name", "cells"]
        ].itertuples(index=False)
        if area_id in wanted
    ]
    return csv_bytes(["area_id", "place_name", "cells"], rows)


def _draw(found: AssessedProposal, starts: Starts, seed: str) -> Draw:
    _require_time_to_come(found, starts.first_start)
    return draw_start_order(
        starts.entrants,
        seed=seed,
        first_start=starts.first_start,
        n_waves=starts.n_waves,
        months_between=starts.months_between,
    )


def _require_time_to_come(found: AssessedProposal, first_start: Month) -> None:
    """Refuse a start in months already counted: a comparison would not be possible."""
    through = found.city.dataset.report["data_through"]
    if through is None:
        return
    last = date.fromisoformat(through)
    earliest = Month(last.year, last.month).plus(1)
    if first_start < earliest:
        raise ParamError("draw.start_past", given=first_start, last=last, earliest=earliest)


def _account(
    kind: str, found: AssessedProposal, record: Mapping[str, Any], areas: bytes
) -> dict[str, Any]:
    return {
        **write_header(kind, found.city),
        "params": dict(found.proposal.summary["params"]),
        "suggested_by": found.proposal.summary["params"]["suggested_by"],
        **record,
        "left_out": [
            {"area_id": area_id, "place_name": name}
            for area_id, name in _in_tier(found, record["tier"])[
                ["area_id", "place_name"]
            ].itertuples(index=False)
            if area_id not in {one["area_id"] for one in record["entrants"]}
        ],
        "areas_sha256": hashlib.sha256(areas).hexdigest(),
        "usual_fall_share": found.usual_fall_share,
        "method_version": METHOD_VERSION,
        "versions": list_versions(),
    }


def require_single_draw(path: Path, before: Mapping[str, Any] | None, made: ClosedDraw) -> None:
    """Refuse anything that would let somebody draw until they like the outcome.

    In one folder one list is closed, then that list is drawn, once; the same files may be
    written again.
    """
    code = made.account["entrants_sha256"]
    if before is None:
        if made.draw is not None:
            raise ParamError("draw.not_closed", path=path)
        return
    if before.get("kind") == DRAWN:
        if before != json.loads(json_bytes(made.account)):
            raise ParamError("draw.drawn_already", path=path)
        return
    if before.get("kind") != CLOSED:
        raise SourceError("draw.unreadable", path=path)
    closed = before.get("entrants_sha256")
    own = made.account["areas_sha256"]
    if closed != code or before.get("areas_sha256") != own:
        key = "draw.closed_already" if made.draw is None else "draw.other_list"
        raise ParamError(key, path=path, closed=closed, made=code)
