"""Find what lies beside a new city's file, and understand several files as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import shapely

from csa.base.crs import LONLAT
from csa.base.errors import CsaError, ParamError
from csa.ingest.polygons import read_polygons
from csa.workflow.new_city import NewCity, understand

POLYGON_FILES = ("*.geojson", "*.shp", "*.gpkg")
NAMES = ("neighborhood", "neighbourhood", "name", "nhood", "nbhd", "mapname", "label", "district")


LEAST_INSIDE = 0.5
"""Share of a file's places that must lie in polygons for them to be this city's."""


def find_places(files: Sequence[Path], crs: str | None = None) -> Path | None:
    """Return the only polygons beside the first file that hold its places; None for none."""
    folder = files[0].parent
    found = [path for pattern in POLYGON_FILES for path in sorted(folder.glob(pattern))]
    fitting = [path for path in found if _hold(path, files[0], crs)]
    named = [one for one in fitting if any(name in one.stem.casefold() for name in NAMES)]
    best = named or fitting
    return best[0] if len(best) == 1 else None


def _hold(places: Path, file: Path, crs: str | None) -> bool:
    """Check whether there are several polygons, which hold most of a file's places."""
    try:
        shapes = read_polygons(places, LONLAT)
        if len(shapes) < 2:
            return False
        lonlat = understand(file, places, crs=crs).where.lonlat
    except CsaError:  # what is wrong with the file is said where it is read
        return False
    area = shapes.geometry.make_valid().union_all()
    inside = shapely.contains_xy(area, lonlat["lon"].to_numpy(), lonlat["lat"].to_numpy())
    return bool(inside.mean() >= LEAST_INSIDE)


def name_column_of(places: Path) -> str:
    """Return the column of names: of text, with about as many names as polygons."""
    shapes = read_polygons(places, LONLAT)
    texts = [
        str(column)
        for column in shapes.columns
        if column != shapes.geometry.name
        and shapes[column].map(lambda value: isinstance(value, str)).mean() > 0.5
    ]
    if not texts:
        raise ParamError("start.no_name_column", path=places)

    def rank(column: str) -> tuple[float, float]:
        low = column.casefold()
        fit = next((at for at, name in enumerate(NAMES) if name in low), len(NAMES))
        return (fit, -shapes[column].nunique())

    return min(texts, key=rank)


def understand_all(
    files: Sequence[Path],
    places: Path | None,
    *,
    name: str = "",
    crs: str | None = None,
    answers: Mapping[str, int] | None = None,
) -> NewCity:
    """Understand the first of a city's files; others must have its columns, or are refused."""
    for file in files:
        if not file.is_file():
            raise ParamError("start.no_file", path=file)
    return understand(files[0], places, name=name, crs=crs, answers=answers)
