"""The contents of a map sheet, as values, and the sizes of each drawing style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd
import shapely

from csa.base.text import ENGLISH


@dataclass(frozen=True)
class MapArea:
    """An area on a map."""

    letter: str  # its letter
    name: str  # its place name
    shape: shapely.Geometry  # its outline, WGS 84
    is_served: bool  # True for a core service area, False for a candidate
    verdict: str = ""  # what changed in it, of `csa.city.preregistration.Verdict`


@dataclass(frozen=True)
class MapSheet:
    """Everything that a map shows."""

    study_area: shapely.Geometry  # the city, WGS 84
    neighborhoods: gpd.GeoDataFrame  # `name` and `geometry`, WGS 84; may be empty
    is_synthetic: bool  # whether the city is made up
    units: Literal["us", "metric"]  # of the scale bar
    metric_crs: str  # the city's projected CRS, in meters
    date_line: str  # the period, such as `July 2017 to June 2020`
    source_line: str  # who publishes the incidents
    layers: Mapping[str, str] = field(
        default_factory=dict
    )  # GeoJSON by `csa.ingest.basemap.LAYERS`
    cells: tuple[tuple[int, int], ...] = ()  # H3 cell and the position of its class
    class_words: tuple[str, ...] = ()  # the text of each class, lowest first
    legend_title: str = ""  # what is counted
    areas: tuple[MapArea, ...] = ()  # core service areas, or candidates
    language: str = ENGLISH  # such as `en` or `es`
    focus: shapely.Geometry | None = None  # the shape to zoom to, WGS 84
    services: tuple[tuple[str, float, float, int], ...] = ()
    spots: tuple[tuple[str, float, float], ...] = ()  # vacant land: kind, degrees; each kind a sign
    street_names: bool = False  # whether main streets are named
    zones: tuple[shapely.Geometry, ...] = ()  # programs' own zones, WGS 84: dashed
    shaded: tuple[tuple[shapely.Geometry, int], ...] = ()  # places in place of cells, WGS 84

    @property
    def spot_kinds(self) -> tuple[str, ...]:
        """The kinds of vacant land, in the order of their signs."""
        return tuple(sorted({kind for kind, _, _ in self.spots}))


@dataclass(frozen=True)
class Style:
    """Sizes of one style, in pixels."""

    size_px: tuple[int, int]  # default width and height
    dpi: int  # resolution recorded in the PNG
    text_px: float
    small_px: float
    name_px: float
    outline_px: float  # a candidate's line; a core service area's is heavier
    pad_px: float  # between parts
    names_all: bool = True  # whether areas without a letter are named: their names hide a small map


PRINT = Style((1340, 1400), 200, 24, 21, 18, 4.5, 20)
"""Its width is the text's width on A4 and US Letter at 200 dots per inch."""
