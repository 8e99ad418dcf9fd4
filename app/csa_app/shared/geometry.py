"""Geometry that browsers fetch once: the background, and the cells of the study area.

Each is a file at home, named by its content; the program's own folder may be read-only. They are
served as if they were in the static folder, to anyone whom `csa_app.shared.request_guard` lets
read them, so they hold public geometry alone: every cell of the city, never which of them hold
incidents.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from csa.areas.risk_score import BOUNDS, FittedRisk, risk_classes, risk_level
from csa.base.clock import now_utc
from csa.base.io import replace_folder
from csa.base.schema import UNASSIGNED
from csa.city.dataset import Dataset
from csa.geo.cell_time import pack_cells
from csa.geo.cells import outline
from csa.ingest.basemap_files import MARKER, load_basemap
from csa_app.shared.legend import Classes, classify_scores, levels
from csa_app.shared.settings import VAR, below_base

FILE = "geometry.json"
ADDRESS = "../../app/static"
"""Where a map's frame finds the static folder."""
PLACE = VAR / ".geometry"  # no city's name begins with a dot
LEAFLET = "leaflet"
"""Below it, the files of Leaflet's package, whose hash the lock has."""


def static_routes() -> list[BaseRoute]:
    """List what is served as if it were in the static folder."""
    leaflet = StaticFiles(packages=[("js_lib_leaflet", "static/js_lib_leaflet")])
    geometry = StaticFiles(directory=PLACE, check_dir=False)
    geometry.config_checked = True  # what is not there yet is not found
    served = ((LEAFLET, leaflet), ("geometry", geometry))
    return [Mount(below_base(f"app/static/{name}"), files) for name, files in served]


@dataclass(frozen=True)
class BaseGeometry:
    """The background as a file."""

    address: str  # where a map's frame finds it
    bounds: tuple[tuple[float, float], tuple[float, float]]
    layers: tuple[str, ...]  # names of the layers in it


@dataclass(frozen=True)
class CellGeometry:
    """The cells of a study area as a file."""

    address: str  # where a map's frame finds it
    number_of: dict[int, int]  # number in the file by cell


@dataclass(frozen=True)
class RiskLayer:
    """An external score for the map."""

    address: str  # address of its places
    levels: str  # a digit per place: its class
    classes: Classes  # the meaning of the digits


def cell_geometry(cells: npt.NDArray[np.uint64]) -> CellGeometry:
    """Write the outlines of cells."""
    number_of = dict(zip(cells.tolist(), range(len(cells)), strict=True))
    return CellGeometry(serve(pack_cells(cells)), number_of)


def base_content(
    dataset: Dataset, basemap: Path, added: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the background, with the city's layers if `csa basemap` made them, and extras'."""
    layers = {"neighborhoods": _borders(dataset.neighborhoods), **_own_layers(basemap), **added}
    return {"layers": layers, "names": _names(dataset.neighborhoods)}


def base_geometry(
    dataset: Dataset, basemap: Path, added: Mapping[str, Any] = MappingProxyType({})
) -> BaseGeometry:
    """Write the background."""
    content = base_content(dataset, basemap, added)
    west, south, east, north = shapely.bounds(dataset.study_area).round(6).tolist()
    return BaseGeometry(serve(content), ((south, west), (north, east)), tuple(content["layers"]))


def _own_layers(basemap: Path) -> dict[str, Any]:
    if not (basemap / MARKER).is_file():
        return {}
    read = {name: json.loads(text) for name, text in load_basemap(basemap).layers.items()}
    return {name: layer for name, layer in read.items() if layer["features"]}


def _borders(neighborhoods: gpd.GeoDataFrame) -> dict[str, Any]:
    lines = shapely.set_precision(neighborhoods.geometry.boundary.union_all(), 1e-5)
    return {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(lines))}


def _names(neighborhoods: gpd.GeoDataFrame) -> list[list[object]]:
    spots = neighborhoods.geometry.representative_point()
    return [
        [round(lat, 5), round(lon, 5), name]
        for lat, lon, name in zip(spots.y, spots.x, neighborhoods["name"], strict=True)
        if name != UNASSIGNED
    ]


def risk_geometry(scored: gpd.GeoDataFrame) -> RiskLayer:
    """Write the places of an external score, without their scores."""
    classes = classify_scores(scored["score"].to_numpy(dtype=float))
    return _scored(scored.geometry.tolist(), levels(scored["score"], classes), classes)


def fitted_geometry(fitted: FittedRisk) -> RiskLayer:
    """Write the blocks whose relative risk is higher: a shape for each class."""
    level = risk_level(fitted.score)
    shown = np.unique(level[level >= 0])
    shapes = [outline(fitted.cells[level == one].tolist()) for one in shown.tolist()]
    words = risk_classes()[: int(shown.max(initial=-1)) + 1]
    return _scored(shapes, "".join(map(str, shown.tolist())), Classes((*BOUNDS,), words))


def places_geometry(places: gpd.GeoDataFrame) -> str:
    """Write where places are, such as vacant lots, as the city lists them."""
    return _scored(places.geometry.tolist(), "", Classes((), ())).address


def _scored(shapes: Sequence[shapely.Geometry], digits: str, classes: Classes) -> RiskLayer:
    drawn = shapely.to_geojson(shapely.set_precision(np.array(shapes, dtype=object), 1e-5))
    features = [
        {"type": "Feature", "id": n, "properties": {}, "geometry": json.loads(text)}
        for n, text in enumerate(drawn.tolist())
    ]
    return RiskLayer(serve({"features": features}), digits, classes)


def forget_old(days: float = 7) -> None:
    """Remove geometry that no server has requested for a while, such as an earlier city's."""
    oldest = now_utc().timestamp() - days * 86_400
    for place in PLACE.glob("*"):
        with suppress(FileNotFoundError):  # another server removed it first
            if place.is_dir() and place.stat().st_mtime < oldest:
                shutil.rmtree(place, ignore_errors=True)


def serve(content: dict[str, Any]) -> str:
    """Write public geometry to be served, named by its content."""
    return serve_file(FILE, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def serve_file(name: str, content: bytes) -> str:
    """Write a file to be served, in a folder named by its content."""
    folder = hashlib.sha256(content).hexdigest()[:20]
    place = PLACE / folder
    with suppress(OSError):
        os.utime(place)  # now it is recent, and another server that tidies up leaves it
    if not (place / name).is_file():
        replace_folder(place, name, {name: content})
    return f"{ADDRESS}/geometry/{folder}/{name}"
