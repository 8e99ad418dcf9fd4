"""Points that may stand for unknown places: what lies there, and what a person found out.

Points of a few incidents are not listed: one could be a home.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from csa.base.crs import distance_m
from csa.base.errors import ParamError
from csa.base.io import write_file
from csa.city.dataset import Dataset
from csa.city.loading import load_city
from csa.ingest.positions import MIN_AT_POINT

NEAR_M, MOST_NEAR = 150.0, 3
"""Places that help are named within so many meters of a point, and so many."""

AT_POINT_M = 5.0
"""Meters around a marked point that the mark covers: that point, and none beside it."""


@dataclass(frozen=True)
class SuspectPoint:
    """A point that holds more incidents than chance would put there, and what lies there."""

    number: int  # in the list, from 1
    lon: float  # degrees
    lat: float  # degrees
    address: str  # as the file writes it most often; "" where it does not
    incidents: int
    expected: float | None  # by what lies around it
    why: str  # it is suspect
    neighborhood: str  # "" outside all
    near: tuple[tuple[str, float], ...]  # places that help: name and meters away, nearest first


def list_points(dataset: Dataset) -> tuple[SuspectPoint, ...]:
    """List a dataset's suspect points with what lies there, those with most incidents first."""
    return tuple(_look_at(dataset))


def _look_at(dataset: Dataset) -> Iterator[SuspectPoint]:
    names = dataset.neighborhoods["name"].to_numpy()
    shapes, services = dataset.neighborhoods.geometry.to_numpy(), dataset.services
    listed = [one for one in dataset.report["suspect_points"] if one["incidents"] >= MIN_AT_POINT]
    for number, one in enumerate(listed, start=1):
        lon, lat = one["lon"], one["lat"]
        inside = names[shapely.intersects_xy(shapes, lon, lat)]
        near: list[tuple[str, float]] = []
        if services is not None and len(services):
            x, y = services.geometry.get_coordinates().to_numpy(dtype=np.float64).T
            away_m = distance_m(x, y, lon, lat)
            order = np.argsort(away_m, kind="stable")[:MOST_NEAR]
            names_near = services["name"].to_numpy()
            near = [(str(names_near[at]), float(away_m[at])) for at in order]
        kept = tuple((name, meters) for name, meters in near if meters <= NEAR_M)
        where = str(inside[0]) if len(inside) else ""
        named = one["address"], int(one["incidents"]), one.get("expected"), one["why"]
        yield SuspectPoint(number, lon, lat, *named, where, kept)


def mark_point(
    path: Path, point: SuspectPoint, *, is_real: bool, by: str, why: str, on: date
) -> None:
    """Add to a city's file what somebody found out about a point: the newest mark holds.

    A real one is no longer flagged; any other stays so, by the name that it has here. The file is
    read again before it is replaced, so that it is never left with an error.
    """
    for name, given in (("by", by), ("why", why)):
        if not given.strip():
            raise ParamError("points.blank", name=name)
    shown = point.address or f"{point.lat:.5f}, {point.lon:.5f}"
    entry = {
        "name": shown if is_real else f"placeholder location: {shown}",
        "why": f"{' '.join(why.split())} ({' '.join(by.split())}, {on.isoformat()})",
        "lon": point.lon,
        "lat": point.lat,
        "within_m": AT_POINT_M,
        "is_real": is_real,
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    text = path.read_text(encoding="utf-8-sig")
    marked = "\n".join([text.rstrip("\n"), "", "[[points]]", *lines, ""])
    marked = re.sub("\x7f", r"\\u007F", marked)
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / path.name
        tried.write_text(marked, encoding="utf-8")
        load_city(tried)
    write_file(path, marked.encode())
