"""The tables and shapes of a public bundle, from its facts alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import shapely

from csa.base.io import csv_bytes
from csa.geo.cells import outline
from csa.reports.public.facts import PublicArea, PublicCell, PublicFacts

DIGITS = 1e-6
"""Degrees, about ten centimetres."""

COLUMNS = {
    "cells.csv": ("cell", "level", "low", "high"),
    "areas.csv": ("letter", "place_name", "state", "since", "count", "cells"),
    "neighborhoods.csv": ("name", "count"),
    "years.csv": ("year", "incidents"),
    "actions.csv": ("number", "title", "status", "due"),
}
"""An empty `count` means fewer than 10 or held back; an empty `high` means no upper bound."""

TABLES = (*COLUMNS, "cells.geojson", "areas.geojson")


def table_files(facts: PublicFacts) -> dict[str, bytes]:
    """Write the tables, and the shapes of cells and areas."""
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "cells.csv": (tuple(_of_cell(cell, facts).values()) for cell in facts.cells),
        "areas.csv": (
            (*list(_of_area(area).values())[:-1], " ".join(area.cells)) for area in facts.areas
        ),
        "neighborhoods.csv": ((place.name, place.count) for place in facts.districts),
        "years.csv": facts.years,
        "actions.csv": (
            (one.number, one.title, one.status, one.due and one.due.isoformat())
            for one in facts.actions
        ),
    }
    tables = {name: csv_bytes(COLUMNS[name], rows[name]) for name in COLUMNS}
    cells = [((cell.cell,), _of_cell(cell, facts)) for cell in facts.cells]
    areas = [(area.cells, _of_area(area)) for area in facts.areas]
    return tables | {
        "cells.geojson": _geojson("cells", facts, cells),
        "areas.geojson": _geojson("areas", facts, areas),
    }


def _of_cell(cell: PublicCell, facts: PublicFacts) -> dict[str, Any]:
    bounds = facts.classes[cell.level]
    values = (cell.cell, cell.level, bounds.low, bounds.high)
    return dict(zip(COLUMNS["cells.csv"], values, strict=True))


def _of_area(area: PublicArea) -> dict[str, Any]:
    since = area.since and area.since.isoformat()
    values = (area.letter, area.place_name, area.state, since, area.count, list(area.cells))
    return dict(zip(COLUMNS["areas.csv"], values, strict=True))


def _geojson(
    name: str, facts: PublicFacts, rows: Iterable[tuple[tuple[str, ...], dict[str, Any]]]
) -> bytes:
    features = [
        {"type": "Feature", "properties": told, "geometry": _shape(cells)} for cells, told in rows
    ]
    head = {
        "type": "FeatureCollection",
        "name": name,
        "city_name": facts.city_name,
        "is_synthetic": facts.is_synthetic,
        "quarter": facts.quarter,
        "start": facts.start,
        "until": facts.until,
        "source": facts.source,
    }
    return (json.dumps(head | {"features": features}, ensure_ascii=False) + "\n").encode()


def _shape(cells: Iterable[str]) -> Any:
    drawn = outline(int(cell, 16) for cell in cells)
    return json.loads(shapely.to_geojson(shapely.set_precision(drawn, DIGITS)))
