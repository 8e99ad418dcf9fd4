"""From a city's own water, parks and streets to a basemap that needs no network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from csa.base.io import json_bytes, replace_folder
from csa.base.logging import Tell, silent
from csa.base.message import Message, say
from csa.config.city import CityConfig
from csa.geo.basemap import (
    Feature,
    box_lonlat,
    draw_lines,
    draw_polygons,
    feature_collection,
    frame,
    name_lines,
)
from csa.ingest.basemap import FORMAT_VERSION, KIND, LAYERS, MARKER, Basemap, read_streets
from csa.ingest.polygons import read_neighborhoods, require_zone
from csa.ingest.shapes import read_shapes
from csa.ingest.sources import data_folder, find_places

MARGIN_M = 2000.0
"""Beyond the neighborhoods' box: what a reader sees when the city's edge is in the middle."""

TOLERANCE_M = {"water": 5.0, "parks": 5.0, "streets": 3.0, "main_streets": 5.0}
"""Main streets are drawn at every zoom, the others only close up."""


@dataclass(frozen=True)
class _Canvas:
    """Collects the drawn layers and the messages about them."""

    config: CityConfig
    folder: Path
    box: shapely.Geometry
    features: dict[str, list[Feature]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)


def build_basemap(
    config: CityConfig, folder: Path, places: Path | None = None, tell: Tell = silent
) -> tuple[Basemap, tuple[Message, ...]]:
    """Draw a city's basemap from the files in its data folder."""
    tell("places")
    inner = data_folder(config, folder)
    neighborhoods, _ = read_neighborhoods(places or find_places(config, inner), config.places)
    require_zone(neighborhoods, config.city)
    canvas = _Canvas(config, inner, frame(neighborhoods, MARGIN_M, config.city.metric_crs))
    for layer in ("water", "parks"):
        tell("layers")
        _draw_land(canvas, layer)
    tell("layers")
    _draw_streets(canvas)
    return _finish(canvas), tuple(canvas.notes)


def _find(canvas: _Canvas, layer: str, file: str) -> Path | None:
    if not file:
        canvas.skipped[layer] = "not described"
        canvas.notes.append(say("basemap.note_undescribed", layer=layer))
        return None
    path = canvas.folder / file
    if not path.exists():
        canvas.skipped[layer] = "absent"
        values = {"file": file, "folder": canvas.folder}
        canvas.notes.append(say("basemap.note_absent", layer=layer, **values))
        return None
    return path


def _draw_land(canvas: _Canvas, layer: str) -> None:
    basemap, crs = canvas.config.basemap, canvas.config.city.metric_crs
    path = _find(canvas, layer, basemap.water_file if layer == "water" else basemap.parks_file)
    if path is None:
        return
    shapes = read_shapes(path, basemap.crs, "basemap").geometry
    drawn = [draw_polygons(shapes, canvas.box, TOLERANCE_M[layer], crs)]
    if layer == "water":  # streams
        drawn.append(draw_lines(shapes, canvas.box, TOLERANCE_M[layer], crs))
    _keep(canvas, layer, [(shape, {}) for shape in drawn], path)


def _draw_streets(canvas: _Canvas) -> None:
    basemap, crs = canvas.config.basemap, canvas.config.city.metric_crs
    path = _find(canvas, "streets", basemap.streets_file)
    if path is None:
        canvas.skipped["main_streets"] = canvas.skipped["streets"]
        return
    streets = read_streets(path, basemap)
    main, minor = streets[streets["is_main"]], streets[~streets["is_main"]]
    if main.empty:
        canvas.notes.append(say("basemap.note_no_main", file=path.name))
    tolerance_m = TOLERANCE_M["main_streets"]
    named = name_lines(list(main["name"]), main.geometry, canvas.box, tolerance_m, crs)
    canvas.features["main_streets"] = named
    drawn = draw_lines(minor.geometry, canvas.box, TOLERANCE_M["streets"], crs)
    _keep(canvas, "streets", [(drawn, {})], path)


def _keep(canvas: _Canvas, layer: str, features: list[Feature], path: Path) -> None:
    """Add a drawn layer; report a file that holds nothing of the city."""
    drawn = [feature for feature in features if not shapely.is_empty(feature[0])]
    canvas.features[layer] = drawn
    if not drawn and not (layer == "streets" and canvas.features.get("main_streets")):
        canvas.notes.append(say("basemap.note_outside", layer=layer, file=path.name))


def _finish(canvas: _Canvas) -> Basemap:
    texts, layers = {}, {}
    for name in LAYERS:
        features = canvas.features.get(name, [])
        texts[name] = feature_collection(features)
        content = texts[name].encode()
        layers[name] = {
            "features": len(features),
            "shapes": sum(int(shapely.get_num_geometries(shape)) for shape, _ in features),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    city, basemap = canvas.config.city, canvas.config.basemap
    manifest: dict[str, Any] = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "city": city.id,
        "city_name": city.name,
        "is_synthetic": city.is_synthetic,
        "source": basemap.source,
        "layers": layers,
        "skipped": dict(sorted(canvas.skipped.items())),
        "tolerance_m": TOLERANCE_M,
        "bounds": list(box_lonlat(canvas.box, city.metric_crs)),
    }
    return Basemap(manifest, texts)


def save_basemap(basemap: Basemap, out: Path) -> None:
    """Write a basemap as a folder."""
    files = {f"{name}.geojson": text.encode() for name, text in basemap.layers.items()}
    replace_folder(out, MARKER, {MARKER: json_bytes(basemap.manifest), **files})


def describe(basemap: Basemap, out: Path) -> Iterator[Message]:
    """Describe what a basemap holds."""
    layers = basemap.manifest["layers"]
    drawn = [name for name in LAYERS if layers[name]["features"]]
    for name in drawn:
        size_kb = max(1, round(layers[name]["bytes"] / 1000))
        title = name.replace("_", " ")
        yield say("basemap.layer", layer=title, n=layers[name]["shapes"], size_kb=size_kb)
    if not drawn:
        yield say("basemap.empty", city=basemap.manifest["city_name"])
    yield say("basemap.written", out=out)
