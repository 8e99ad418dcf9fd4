"""JSON as records: lists, a record a line, GeoJSON's features, or an ArcGIS server's answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from csa.base.errors import CrsError, SourceError
from csa.base.message import Message, say
from csa.base.reading import parse_json

FIRST_EPSG, LAST_EPSG = 1024, 32767
DEGREES = (4326, 4269)
EPSG = re.compile(r"EPSG:+(?:[0-9.]*:)?([0-9]{4,5})\b")
MOSTLY_DEGREES, FAR = 0.95, 1e9
"""Share of points that could be degrees, at least; more than any place on the earth in feet."""
A_RECORD_A_LINE = frozenset({".jsonl", ".ndjson"})
NEXT_PAGE = ("@odata.nextLink", "odata.nextLink", "next")
"""Under which names portals say where the rest is."""
WRAPPERS, MOST_WRAPPERS = ("data", "records", "result", "results", "items", "value", "rows"), 2
"""What portals call the list of records in their answers, or what it lies in; how deep at most."""
SOCRATA_PLACE = 5
"""Cells of a place: its address as JSON, latitude, longitude, and two more."""
RECORD_BEGINS, FIRST_LINES = "\x1e", 2
"""What GeoJSON of a feature a line may begin a line with; lines that must be records."""


def parse_records(text: str, path: Path) -> tuple[list[object], str, tuple[Message, ...]]:
    """Return what a text lists, records or not, the system of x and y that it names, and notes.

    Raises
    ------
    SourceError
        If it is no JSON, or no list.
    """
    try:
        parsed = parse_json(text)
    except ValueError as error:
        parsed = _a_record_a_line(text)
        if parsed is None:
            raise SourceError("source.not_json", path=path, why=str(error)) from error
    crs, notes = "", tuple[Message, ...]()
    if _is_cut(parsed):
        notes = (say("source.note_limit", name=path.name),)
    if isinstance(parsed, dict) and isinstance(parsed.get("features"), list):
        crs, named = _system(parsed.get("spatialReference")), parsed.get("crs")
        parsed = [_from_feature(feature) for feature in parsed["features"]]
        code = EPSG.search(json.dumps(named)) if named else None
        if code:
            _to_degrees(parsed, code[1])
    elif isinstance(parsed, dict):
        is_one = path.suffix.casefold() in A_RECORD_A_LINE
        parsed = [_from_feature(parsed)] if is_one else _unwrapped(parsed)
    if not isinstance(parsed, list):
        raise SourceError("source.not_records", path=path)
    return parsed, crs, notes


def _is_cut(answer: object) -> bool:
    """Check whether a server says that it has more than it gave."""
    whole = answer if isinstance(answer, dict) else {}
    parts = [one for one in (whole, whole.get("properties")) if isinstance(one, dict)]
    is_cut = any(one.get("exceededTransferLimit") is True for one in parts)
    return is_cut or any(isinstance(one.get(key), str) for one in parts for key in NEXT_PAGE)


def _unwrapped(answer: dict[str, Any], depth: int = 0) -> list[object] | None:
    """Return the records in a portal's answer; None if there are none."""
    view = answer.get("meta", {}).get("view", {}) if isinstance(answer.get("meta"), dict) else {}
    columns = view.get("columns") if isinstance(view, dict) else None
    if isinstance(columns, list) and isinstance(answer.get("data"), list):  # Socrata's rows
        names = [one.get("name") if isinstance(one, dict) else None for one in columns]
        return [_from_cells(names, row) for row in answer["data"]]
    for name in WRAPPERS:
        found = answer.get(name)
        if isinstance(found, dict) and depth < MOST_WRAPPERS:
            found = _unwrapped(found, depth + 1)
        if isinstance(found, list) and any(isinstance(one, dict) for one in found):
            return [_from_feature(one) for one in found]
    return None


def _from_cells(names: Sequence[object], row: object) -> object:
    """Take a row of cells as a record; of a cell that is a place, its coordinates."""
    if not isinstance(row, list) or len(row) != len(names):
        return row
    record = {name: cell for name, cell in zip(names, row, strict=True) if isinstance(name, str)}
    for name, cell in record.items():
        if isinstance(cell, list) and len(cell) == SOCRATA_PLACE:
            record[name] = {"latitude": cell[1], "longitude": cell[2]}
    return record


def _a_record_a_line(text: str) -> list[object] | None:
    """Read JSON with a record a line; None if its first lines are none, a later one stays out."""
    found: list[object] = []
    for line in filter(None, map(str.strip, text.replace(RECORD_BEGINS, "").split("\n"))):
        try:
            found.append(parse_json(line))
        except ValueError:
            found.append(None)
        if len(found) == FIRST_LINES and not all(isinstance(one, dict) for one in found):
            return None
    return [_from_feature(one) for one in found] if len(found) >= FIRST_LINES else None


def _system(reference: object) -> str:
    """Return the system that an ArcGIS server's answer names; "" for degrees and its own codes."""
    named = reference if isinstance(reference, dict) else {}
    code = named.get("latestWkid", named.get("wkid"))
    is_known = isinstance(code, int) and FIRST_EPSG <= code <= LAST_EPSG and code not in DEGREES
    return f"EPSG:{code}" if is_known else ""


def _to_degrees(records: list[object], code: str) -> None:
    """Turn GeoJSON's points to degrees where they are of the projected system that it names.

    Numbers that could be degrees are taken as such: GeoJSON has no other by its standard.
    """
    points = [point for record in records for point in _point_of(record)]
    x, y = (np.array([point[axis] for point in points], float) for axis in (0, 1))
    is_degrees = (np.abs(x) <= 180) & (np.abs(y) <= 90)
    if not points or is_degrees.mean() >= MOSTLY_DEGREES:
        return
    from csa.base.crs import to_lonlat  # noqa: PLC0415 - few files need it, and it loads late

    try:
        lon, lat = to_lonlat(x, y, f"EPSG:{code}")
    except CrsError:  # such as heights: what has no place is told of where places are looked for
        return
    for point, *place in zip(points, lon.tolist(), lat.tolist(), strict=True):
        point[:] = place


def _point_of(record: object) -> Iterator[list[float]]:
    """Yield the coordinates of a record's point, if it has one."""
    shape = record.get("geometry") if isinstance(record, dict) else None
    point = shape.get("coordinates") if isinstance(shape, dict) else None
    if isinstance(point, list) and len(point) > 1:
        is_plain = all(isinstance(one, int | float) and abs(one) < FAR for one in point)
        yield from [point] * is_plain


def _from_feature(feature: object) -> object:
    """Take a feature as a record: its properties, and its point as a column or two."""
    if not isinstance(feature, dict):
        return feature
    geometry = feature.get("geometry")
    if isinstance(feature.get("attributes"), dict):  # as an ArcGIS server answers
        place = geometry if isinstance(geometry, dict) else {}
        return {axis: place[axis] for axis in ("x", "y") if axis in place} | feature["attributes"]
    if not isinstance(feature.get("properties"), dict):
        return feature
    return feature["properties"] | ({"geometry": geometry} if isinstance(geometry, dict) else {})
