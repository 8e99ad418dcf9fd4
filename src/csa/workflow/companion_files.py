"""Find what lies beside a new city's file: its neighborhoods, people, streets, places that help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from csa.base.crs import LONLAT
from csa.base.errors import CsaError, ParamError, SourceError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.message import Message, msg
from csa.base.text import percent
from csa.ingest.infer_columns import Questions
from csa.ingest.infer_layers import GuessedLayer, guess_layer
from csa.ingest.infer_neighborhoods import FEW_NAMES
from csa.ingest.infer_places import infer_location
from csa.ingest.infer_words import HEADERS, is_kind
from csa.ingest.job import in_own_process
from csa.ingest.polygons import read_polygons
from csa.workflow.new_city import ShootingTable, covered_area, read_tables, union_polygons

POLYGON_FILES = ("*.geojson", "*.json", "*.shp", "*.gpkg")
LAYER_FILES = (*POLYGON_FILES, "*.zip", "*.csv")
FOLDERS = (".", "layers", "gis", "geo", "shapefiles")
"""Where layers are looked for, from the folder of the first file of shootings."""
NAMES = HEADERS["name_of_place"].holds
"""What polygons and their columns of names are called, those that residents know best first."""
LEAST_INSIDE, LEAST_GIVEN = 0.5, 0.05
"""Share of a file's places that must lie in polygons for them to be this city's; in those that
somebody named."""


@dataclass(frozen=True)
class CityFiles:
    """What lies beside a city's file and belongs to it."""

    places: Path | None = None  # polygons of neighborhoods
    layers: tuple[GuessedLayer, ...] = ()  # at most one a role, and any number of services
    notes: tuple[Message, ...] = field(default=())  # other polygons that would fit, too

    @property
    def lines(self) -> gpd.GeoDataFrame | None:
        """Streets with their names, where a layer gives them."""
        return next((one.lines for one in self.layers if one.lines is not None), None)


@in_own_process
def read_city(
    files: Sequence[Path],
    candidates: Sequence[Path],
    crs: str | None = None,
    places: Path | None = None,
    progress: ProgressCallback = no_progress,
) -> tuple[tuple[ShootingTable, ...], CityFiles, shapely.Geometry | None]:
    """Read a new city's files of shootings, what lies beside them, and the land that it covers."""
    progress("read")
    tables = read_tables(files)
    progress("layers")
    companions = classify_companions(candidates, tables, crs, places)
    return tables, companions, covered_area(companions.places, crs)


def list_companions(files: Sequence[Path]) -> list[Path]:
    """List the files beside the first that could be a city's polygons or layers."""
    around = [files[0].parent / name for name in FOLDERS]
    own = {file.resolve() for file in files}
    found = [path for at in around for form in LAYER_FILES for path in sorted(at.glob(form))]
    return [path for path in found if path.is_file() and path.resolve() not in own]


def classify_companions(
    candidates: Sequence[Path],
    tables: Sequence[ShootingTable],
    crs: str | None = None,
    places: Path | None = None,
) -> CityFiles:
    """Find out what files are to the city of some shootings; `places` were named by the user."""
    notes: list[Message] = []
    ranked: list[tuple[object, Path]] = []
    if places is None:
        ranked = [(_rank(path, tables[0], crs), path) for path in candidates]
        fits = sorted((rank, path) for rank, path in ranked if isinstance(rank, tuple))
        fitting = [path for _, path in fits]
        places = next(iter(fitting), None)
        notes += [one for one, _ in ranked if isinstance(one, Message)]
        if len(fitting) > 1:
            others = ", ".join(path.name for path in fitting[1:5])
            notes.append(msg("start.other_places", taken=fitting[0].name, others=others))
    if places is None:
        polygons, area = None, _land(tables[0], crs)
    else:
        polygons = read_polygons(places, crs or LONLAT)
        area = union_polygons(polygons, places)
        share = _share_inside(area, tables[0], crs)
        if share < LEAST_GIVEN:
            raise SourceError("start.places_elsewhere", path=places.name, share=percent(share))
    if area is None:
        return CityFiles(places, (), tuple(notes))
    no_crs = "start.layer_no_crs"  # is told already
    named = {path for rank, path in ranked if isinstance(rank, Message) and rank.key == no_crs}
    unsaid = [path for path in candidates if path not in named]
    guessed = [guess_layer(path, polygons, area, crs) for path in unsaid]
    notes += [one for one in guessed if isinstance(one, Message)]
    found = [one for one in guessed if isinstance(one, GuessedLayer)]
    is_own = {places: {"population"}}  # the polygons' own column of people alone
    layers = [one for one in found if one.role in is_own.get(one.path, {one.role})]
    return CityFiles(places, tuple(_one_a_role(layers)), tuple(notes))


def _one_a_role(layers: Sequence[GuessedLayer]) -> list[GuessedLayer]:
    """Keep the best file for each role, and every file of places that help."""
    best: dict[str, GuessedLayer] = {}
    for one in layers:
        key = one.path.name if one.role == "services" else one.role
        if key not in best or one.rank > best[key].rank:
            best[key] = one
    return sorted(best.values(), key=lambda one: (one.role, one.path.name))


def _land(table: ShootingTable, crs: str | None) -> shapely.Geometry | None:
    """Return the land around the middle nine tenths of a file's places."""
    try:
        lonlat = infer_location(table.columns, None, crs, Questions({}), table.name).lonlat
    except CsaError:  # is said where the file is understood
        return None
    if lonlat.empty:
        return None
    low, high = np.nanpercentile(lonlat.to_numpy(), [5, 95], axis=0)
    box: shapely.Geometry = shapely.box(*low, *high).buffer(0.05)
    return box


def _share_inside(area: shapely.Geometry, table: ShootingTable, crs: str | None) -> float:
    """Return the share of a file's places that lie in an area; 1 where none can be read."""
    try:
        lonlat = infer_location(table.columns, area, crs, Questions({}), table.name).lonlat
    except CsaError:  # is said where the file is understood
        return 1.0
    inside = shapely.contains_xy(area, lonlat["lon"].to_numpy(), lonlat["lat"].to_numpy())
    return float(inside.mean()) if len(inside) else 1.0


def _rank(places: Path, table: ShootingTable, crs: str | None) -> tuple[int, int] | Message | None:
    """Order polygons by how well residents know them; say why they are not this city's.

    They need names, and must hold most of a file's places. None for what holds no such polygons.
    """
    stem = re.sub(r"[^a-z]", "", places.stem.casefold())
    fit = next((at for at, name in enumerate(NAMES) if name in stem), len(NAMES))
    try:
        shapes = read_polygons(places, crs or LONLAT)
        _name_column(shapes, places)
        area = union_polygons(shapes, places)
        lonlat = infer_location(table.columns, area, crs, Questions({}), table.name).lonlat
    except CsaError as error:  # what is wrong with the file is said where it is read
        is_meant = error.message.key == "places.not_degrees"
        return msg("start.layer_no_crs", path=places.name) if is_meant else None
    inside = shapely.contains_xy(area, lonlat["lon"].to_numpy(), lonlat["lat"].to_numpy())
    if len(inside) and inside.mean() >= LEAST_INSIDE:
        return fit, -len(shapes)
    is_elsewhere = not shapely.box(*shapely.bounds(area)).contains(shapely.Point(lonlat.median()))
    if len(inside) and (is_elsewhere or fit < len(NAMES)):
        return msg("start.places_unfit", path=places.name, share=percent(float(inside.mean())))
    return None


@in_own_process
def name_column_of(places: Path, crs: str | None = None) -> str:
    """Return the column of names: of text, with about as many names as polygons."""
    return _name_column(read_polygons(places, crs or LONLAT), places)


def _name_column(shapes: gpd.GeoDataFrame, places: Path) -> str:
    texts = [
        str(column)
        for column in shapes.columns
        if column != shapes.geometry.name
        and shapes[column].map(lambda value: isinstance(value, str)).mean() > 0.5
    ]
    if not texts:
        raise ParamError("start.no_name_column", path=places)

    most = max(shapes[column].nunique() for column in texts)

    def rank(column: str) -> tuple[float, ...]:
        low = column.casefold()
        fit = next((at for at, name in enumerate(NAMES) if name in low), len(NAMES))
        n, is_word = shapes[column].nunique(), False
        if n * 2 > most or n >= FEW_NAMES:  # three names for twelve places are those of districts
            texts = shapes[column].dropna().astype(str)
            is_word = texts.str.contains(r"[^\W\d_]{2}").mean() > 0.5
            is_word = is_word and texts.map(partial(is_kind, "tract")).mean() < 0.5
        return (fit == len(NAMES), not is_word, fit, -n)

    return min(texts, key=rank)
