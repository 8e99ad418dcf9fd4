"""A map background that needs no network, as files: what it is, and reading and writing it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from csa.base.errors import SourceError
from csa.base.io import json_bytes, replace_folder
from csa.base.message import Message, msg
from csa.base.safe_parsing import parse_json

FORMAT_VERSION = 1
KIND = "basemap"
MARKER = "basemap.json"
LAYERS = ("water", "parks", "streets", "main_streets")
"""From the lowest to the topmost."""


@dataclass(frozen=True)
class Basemap:
    """A basemap that needs no network."""

    manifest: Mapping[str, Any]  # what `basemap.json` holds
    layers: Mapping[str, str]  # layer name, in the order of `LAYERS`, to its GeoJSON text

    @property
    def fingerprint(self) -> str:
        """The sha256 of the layers."""
        digests = [self.manifest["layers"][name]["sha256"] for name in LAYERS]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def load_basemap(folder: Path) -> Basemap:
    """Read a basemap that `csa basemap` wrote."""
    try:
        manifest = parse_json((folder / MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError("basemap.absent", path=folder) from error
    except (OSError, ValueError) as error:
        raise SourceError("basemap.damaged", path=folder) from error
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND:
        raise SourceError("basemap.absent", path=folder)
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise SourceError("basemap.format", path=folder, found=version, known=FORMAT_VERSION)
    try:
        layers = {name: _load_layer(folder, name, manifest["layers"]) for name in LAYERS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError("basemap.damaged", path=folder) from error
    return Basemap(manifest, MappingProxyType(layers))


def _load_layer(folder: Path, name: str, layers: Mapping[str, Any]) -> str:
    content = (folder / f"{name}.geojson").read_bytes()
    if hashlib.sha256(content).hexdigest() != layers[name]["sha256"]:
        raise ValueError(name)
    return content.decode()


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
        yield msg("basemap.layer", layer=title, n=layers[name]["shapes"], size_kb=size_kb)
    if not drawn:
        yield msg("basemap.empty", city=basemap.manifest["city_name"])
    yield msg("basemap.written", out=out)
