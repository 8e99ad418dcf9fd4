"""The table of a fleet: one row a city, what was found or why it failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from csa.base.errors import SourceError
from csa.base.io import csv_bytes, made_in_file
from csa.base.reading import parse_json
from csa.base.text import natural
from csa.dataset.versioned import open_dataset
from csa.fleet.manifest import FleetCity

DONE, FAILED, WAITING = "done", "failed", "not run"
TEXTS = ("city", "folder", "state", "why", "first_date", "data_through", "backtest", "displacement")
COUNTS = ("incidents", "homicides", "areas")
NUMBERS = ("longitude", "latitude", "share_of_incidents", "share_of_study_area",
           "hit_share", "area_share", "best_other_hit_share")  # fmt: skip
TYPES = {
    **dict.fromkeys(TEXTS, "str"),
    **dict.fromkeys(COUNTS, "Int64"),
    **dict.fromkeys(NUMBERS, "float64"),
}
TABLE = "fleet.parquet"
FLEET_COLUMNS = (
    "city", "folder", "state", "why", "longitude", "latitude", "first_date", "data_through",
    "incidents", "homicides", "areas", "share_of_incidents", "share_of_study_area",
    "hit_share", "area_share", "best_other_hit_share", "backtest", "displacement",
)  # fmt: skip


def describe(
    city: FleetCity, state: str, why: str = "", results: Path | None = None
) -> dict[str, Any]:
    """Return a city's row, read from what the commands wrote; without results, its state alone."""
    row: dict[str, Any] = dict.fromkeys(FLEET_COLUMNS)
    row |= {"city": city.name, "folder": city.id, "state": state, "why": why}
    if results is None:
        return row
    dataset = open_dataset(results / "dataset")
    report, middle = dataset.report, shapely.centroid(dataset.study_area)
    proposal = _json(results / "proposal" / "proposal.json")
    past = _json(results / "backtest" / "backtest.json")
    followed = _json(results / "displacement" / "displacement.json")
    ours = past.get("methods", {}).get("areas", {})
    compared = past.get("comparison") or {}
    return row | {
        "longitude": round(middle.x, 2),
        "latitude": round(middle.y, 2),
        "first_date": report["first_date"],
        "data_through": report["data_through"],
        "incidents": report["incidents"],
        "homicides": report["homicides"],
        "areas": proposal["totals"]["areas"],
        "share_of_incidents": proposal["share_of_incidents"],
        "share_of_study_area": proposal["share_of_study_area"],
        "hit_share": ours.get("hit_share"),
        "area_share": ours.get("area_share"),
        "best_other_hit_share": compared.get("baseline_hit_share"),
        "backtest": past.get("verdict"),
        "displacement": followed.get("pooled", {}).get("verdict"),
    }


def fleet_files(rows: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Write the table as CSV and Parquet, the same bytes for the same cities."""
    listed = [[row[name] for name in FLEET_COLUMNS] for row in rows]
    table = pd.DataFrame(listed, columns=list(FLEET_COLUMNS)).astype(TYPES)
    return {
        "fleet.csv": csv_bytes(FLEET_COLUMNS, listed),
        TABLE: made_in_file(lambda path: table.to_parquet(path, index=False), ".parquet"),
    }


def read_fleet(out: Path) -> pd.DataFrame | None:
    """Read the table of a fleet's folder, by name; None where no fleet has been run.

    Raises
    ------
    SourceError
        If what is there is no table of this version's.
    """
    path = out / TABLE
    if not path.exists():
        return None
    try:
        table = pd.read_parquet(path)
        table = table.astype({name: kind for name, kind in TYPES.items() if name in table})
    except (OSError, ValueError, TypeError) as error:  # pyarrow's own errors are these
        raise SourceError("fleet.unreadable", path=path) from error
    if list(table) != list(FLEET_COLUMNS):
        raise SourceError("fleet.unreadable", path=path)
    return table.iloc[sorted(range(len(table)), key=lambda at: natural(table["city"].iloc[at]))]


def _json(path: Path) -> dict[str, Any]:
    """Read what a command wrote; nothing where it had nothing to write."""
    found: dict[str, Any] = parse_json(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found
