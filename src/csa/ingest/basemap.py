"""Read a city's own streets, and the basemap that `csa basemap` made of its layers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from csa.base.crs import LONLAT
from csa.base.errors import SourceError
from csa.base.reading import parse_json
from csa.config import city
from csa.ingest.shapes import read_shapes, require_column

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
        told = [self.manifest["layers"][name]["sha256"] for name in LAYERS]
        return hashlib.sha256("".join(told).encode()).hexdigest()


def read_streets(path: Path, basemap: city.BasemapSource) -> gpd.GeoDataFrame:
    """Read a city's streets."""
    table = read_shapes(path, basemap.crs, "basemap")
    classes = _text(table, basemap.street_class_column, path).str.casefold()
    wanted = [value.strip().casefold() for value in basemap.main_streets]
    names = _text(table, basemap.street_name_column, path)
    columns = {"name": names, "is_main": classes.isin(wanted)}
    return gpd.GeoDataFrame(columns, geometry=table.geometry, crs=LONLAT)


def _text(table: gpd.GeoDataFrame, column: str, path: Path) -> pd.Series:
    if not column:
        return pd.Series("", index=table.index, dtype="str")
    values = table[require_column(table, column, path)]
    return values.astype("str").where(values.notna(), "").str.strip()


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


def _load_layer(folder: Path, name: str, told: Mapping[str, Any]) -> str:
    content = (folder / f"{name}.geojson").read_bytes()
    if hashlib.sha256(content).hexdigest() != told[name]["sha256"]:
        raise ValueError(name)
    return content.decode()
