"""Read layers of places that may mark where risk is higher: declared, in a folder, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from csa.base.crs import LONLAT, to_meters
from csa.base.errors import SourceError
from csa.city.config import CityConfig, RiskLayerFile
from csa.city.dataset import Dataset
from csa.ingest.job import in_own_process
from csa.ingest.layers import is_near_city
from csa.ingest.map_files import refuse_tangled
from csa.ingest.parse import plain_text
from csa.ingest.shapes import TABLES, read_rows, read_shapes
from csa.ingest.sources import data_folder

MAPS = (".geojson", ".json", ".gpkg", ".shp")
SECTION = "[risk.layers]"


@dataclass(frozen=True)
class FactorLayer:
    """Places that may mark where risk is higher.

    Fields: `name`, `shapes`, `what`, `source`, `as_of`, `file`, `lost`.
    """

    name: str  # in the plural, as a reader would say it
    shapes: gpd.GeoSeries  # points, lines or polygons, in the grid's system in meters
    what: str = ""  # what the file lists
    source: str = ""  # who keeps it
    as_of: str = ""  # day, YYYY-MM-DD; empty where not known
    file: str = ""
    lost: int = 0  # rows without a place, or far outside the city


@dataclass(frozen=True)
class _Undeclared:
    """A file of a folder that the city's file does not describe."""

    name: str
    what: str = ""
    source: str = ""
    as_of: str = ""
    lon_column: str = "lon"
    lat_column: str = "lat"
    crs: str | None = None
    only: tuple[()] = ()


def read_risk_layers(
    config: CityConfig, dataset: Dataset, folder: Path, layers: Path | None = None
) -> tuple[FactorLayer, ...]:
    """Read the layers that a city's file declares, and those of a folder.

    A declared file is looked for in the folder `layers` first, then among the city's files; one
    that is in neither is left out. Other files of the folder are layers under their own names.
    """
    declared = config.risk.layers if config.risk else ()
    own = data_folder(config, folder)
    if layers is not None and not layers.is_dir():
        raise SourceError("risk_terrain.no_folder", folder=layers)
    beside = sorted(layers.iterdir()) if layers is not None else []
    beside = [path for path in beside if path.suffix.lower() in (*TABLES, *MAPS)]
    found: list[tuple[Path, RiskLayerFile | _Undeclared]] = []
    for one in declared:
        places = [path for path in beside if path.name == Path(one.file).name] + [own / one.file]
        found += [(path, one) for path in places if path.exists()][:1]
    named = {Path(one.file).name for one in declared}
    named |= {Path(config.risk.streets_file).name} if config.risk else set()
    found += [
        (path, _Undeclared(path.stem.replace("_", " ")))
        for path in beside
        if path.name not in named
    ]
    if not found:
        where = own if layers is None else layers
        raise SourceError("risk_terrain.no_layers", folder=where, city=config.city.name)
    return _read_all(found, config, dataset.study_area)


@in_own_process
def read_streets(config: CityConfig, folder: Path, layers: Path | None) -> gpd.GeoSeries | None:
    """Read the lines of all streets, in meters; None where the city's file names none."""
    name = config.risk.streets_file if config.risk else ""
    places = [data_folder(config, folder) / name]
    if layers is not None:
        places.insert(0, layers / Path(name).name)
    for path in places:
        if name and path.is_file():
            lines = read_shapes(path, config.risk.streets_crs if config.risk else None, "risk")
            return to_meters(gpd.GeoSeries(lines.geometry, crs=LONLAT), config.city.metric_crs)
    return None


@in_own_process
def _read_all(
    found: Sequence[tuple[Path, RiskLayerFile | _Undeclared]],
    config: CityConfig,
    study_area: shapely.Geometry,
) -> tuple[FactorLayer, ...]:
    read = [_read_layer(path, one, config, study_area) for path, one in found]
    _refuse_twins(read)
    return tuple(read)


def _read_layer(
    path: Path,
    described: RiskLayerFile | _Undeclared,
    config: CityConfig,
    study_area: shapely.Geometry,
) -> FactorLayer:
    only = dict(described.only)
    rows, n_unreadable = read_rows(path, described, list(only), SECTION)
    for column, values in only.items():
        rows = rows[plain_text(rows[column]).isin(values)]
    shapes = rows.geometry.to_numpy()
    shapes = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    if len(shapes):
        placed = gpd.GeoSeries(shapes, crs=LONLAT)
        shapes = shapes[is_near_city(placed, study_area, path)]
    if not len(shapes):
        raise SourceError("risk_terrain.empty", path=path)
    valid = shapely.get_parts(shapely.make_valid(shapes, method="structure"))
    refuse_tangled(valid, shapes, path)
    return FactorLayer(
        name=described.name,
        shapes=to_meters(gpd.GeoSeries(valid, crs=LONLAT), config.city.metric_crs),
        what=described.what,
        source=described.source,
        as_of=str(described.as_of),
        file=path.name,
        lost=len(rows) - len(shapes) + n_unreadable,
    )


def _refuse_twins(layers: Sequence[FactorLayer]) -> None:
    """Refuse two layers of the very same places: neither could be told from the other."""
    seen: dict[bytes, FactorLayer] = {}
    for layer in layers:
        # Where its places are, to the decimeter, whatever the order of its rows.
        xy = np.round(shapely.get_coordinates(layer.shapes.to_numpy()), 1)
        twin = seen.setdefault(xy[np.lexsort(xy.T)].tobytes(), layer)
        if twin is not layer:
            names = {"one": twin.name, "other": layer.name}
            raise SourceError("risk_terrain.twins", **names, file=twin.file, other_file=layer.file)
