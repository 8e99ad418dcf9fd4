"""The core service areas with every step, as recorded at the time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from csa.dataset.versioned import open_dataset
from csa.decisions.measures import known_on
from csa.decisions.store.records import Records
from csa.decisions.store.tables import AreaRow, StepRow

EXPORT_COLUMNS = ("area_id", "place_name", "state", "since", "cells")
SERVED = frozenset({"designated", "maintenance"})


def area_rows(records: Records) -> list[dict[str, Any]]:
    """Return the areas as machine-readable rows."""
    return [
        {
            "area_id": area.key,
            "place_name": area.place_name,
            "state": area.state,
            "since": area.since.isoformat(),
            "execution_on": None if area.execution_on is None else area.execution_on.isoformat(),
            "cells": records.steps_of(area.key)[-1].cells,
            "steps": [
                {
                    "state": step.state,
                    "on_date": step.on_date.isoformat(),
                    "by_office": step.by_office,
                    "reasons": step.reasons,
                    "evidence": step.evidence,
                    "cells": step.cells,
                }
                for step in records.steps_of(area.key)
            ],
        }
        for area in records.areas
    ]


def served(records: Records) -> tuple[AreaRow, ...]:
    """List the areas in service now."""
    return tuple(area for area in records.areas if area.state in SERVED)


def served_since(records: Records, area: AreaRow) -> date:
    """Return the day an area's service began; a step to maintenance does not reset it."""
    step = designation_of(records, area.key)
    return area.since if step is None else step.on_date


def designation_of(records: Records, key: str) -> StepRow | None:
    """Return the step that put an area in service."""
    steps = [step for step in records.steps_of(key) if step.state == "designated"]
    return steps[-1] if steps else None


def last_begun(records: Records) -> AreaRow | None:
    """Return the area in service that was designated last."""
    areas = served(records)
    return max(areas, key=lambda area: (served_since(records, area), area.key), default=None)


def export_rows(records: Records) -> list[list[str]]:
    """Return the areas in service as rows that `csa displace --areas` reads."""
    return [
        [
            area.key,
            area.place_name,
            area.state,
            area.since.isoformat(),
            " ".join(records.steps_of(area.key)[-1].cells),
        ]
        for area in served(records)
    ]


def baseline_of(records: Records, area: str, on: date) -> dict[str, Any]:
    """Return an area's measures as known on a day: its own, and the whole city's."""
    return known_on(records.values, area, on)


def place_names(records: Records, dataset: Path | None) -> frozenset[str]:
    """List the places that a measure's value can belong to."""
    letters = {area.key for area in records.areas}
    if dataset is None:
        return frozenset(letters)
    names = open_dataset(dataset).neighborhoods["name"].astype(str)
    return frozenset(letters | set(names))
