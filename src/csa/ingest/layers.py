"""Read a city's layers: services, and a score of places made elsewhere; count what is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.arrays import Floats
from csa.base.crs import LONLAT, equal_area, to_meters
from csa.base.errors import SourceError
from csa.base.message import Message, msg
from csa.base.text import first_names
from csa.city.config import CensusSource, PlaceLists, Population, RiskTerrain
from csa.city.dataset import layer_fingerprint
from csa.ingest.columns import normalise_header
from csa.ingest.job import in_own_process
from csa.ingest.parse import parse_numbers, plain_text
from csa.ingest.positions import NEAR_DEGREES
from csa.ingest.records import read_records
from csa.ingest.shapes import read_rows, read_shapes, require_column

Layer: TypeAlias = tuple[gpd.GeoDataFrame, dict[str, Any]]
"""A layer's table, and the report on how it was read."""

LAYER_REASONS = (
    "unreadable",
    "no_place",
    "no_kind",
    "no_score",
    "outside_surroundings",
    "duplicate",
)
"""Why a row of a layer is not used; the first that holds counts."""

DETAILS = ("capacity", "evaluated", "program")
YES_NO = {"yes": "yes", "y": "yes", "true": "yes", "no": "no", "n": "no", "false": "no"}
MOST_PEOPLE = 1e6
BLANKS = ("", "-", "na", "n/a", "nan", "none", "null")


def read_all_services(
    files: Sequence[tuple[Path, PlaceLists]],
    study_area: shapely.Geometry | None = None,
    section: str = "services",
) -> Layer:
    """Read every file of a section's places as one list; a place of two files counts once."""
    read = [read_services(path, services, study_area, section) for path, services in files]
    if len(read) == 1:
        return read[0]
    together = pd.concat([table for table, _ in read], ignore_index=True)
    together["kind"] = _one_spelling(together["kind"])
    for detail in set(DETAILS) & set(together.columns) - {"capacity"}:
        together[detail] = together[detail].fillna("")
    lon, lat = (np.round(axis, 6) for axis in (together.geometry.x, together.geometry.y))
    details = {name: together[name] for name in DETAILS if name in together}
    keys = pd.DataFrame(
        {"kind": together["kind"], "name": together["name"], "lon": lon, "lat": lat, **details}
    ).sort_values(["kind", "name", "lon", "lat", *details], kind="stable")
    used: gpd.GeoDataFrame = together.loc[keys.drop_duplicates().index].reset_index(drop=True)
    accounts = [account for _, account in read]
    lost = {reason: sum(one["lost"][reason] for one in accounts) for reason in LAYER_REASONS}
    lost["duplicate"] += len(together) - len(used)
    return used, {
        **accounts[0],
        "name": ", ".join(one["name"] for one in accounts),
        "rows_read": sum(one["rows_read"] for one in accounts),
        "n": len(used),
        "lost": lost,
        "fingerprint": layer_fingerprint(used),
        "kinds": _counted(used),
    }


def _counted(used: gpd.GeoDataFrame) -> dict[str, int]:
    return {str(kind): int(n) for kind, n in used["kind"].value_counts().sort_index().items()}


def read_services(
    path: Path,
    services: PlaceLists,
    study_area: shapely.Geometry | None = None,
    section: str = "services",
) -> Layer:
    """Read one file of places by kind."""
    named = [] if services.kind else [services.kind_column]
    named += [services.name_column] if services.name_column else []
    named += services.details.values()
    rows, n_unreadable = read_rows(path, services, named, section)
    blank = pd.Series("", index=rows.index, dtype="str")
    names = plain_text(rows[services.name_column]) if services.name_column else blank
    kinds = blank + services.kind if services.kind else plain_text(rows[services.kind_column])
    details = {
        str(detail): _detail(str(detail), plain_text(rows[column]), column, path)
        for detail, column in sorted(services.details.items())
    }
    table = gpd.GeoDataFrame(
        {"name": names, "kind": _one_spelling(kinds), **details},
        geometry=gpd.GeoSeries(shapely.point_on_surface(rows.geometry.to_numpy()), crs=LONLAT),
    )
    reasons = _reasons(table, {"no_kind": (table["kind"] == "").to_numpy()}, study_area, path)
    lon, lat = (np.round(axis, 6) for axis in (table.geometry.x, table.geometry.y))
    places = {"kind": table["kind"], "name": table["name"], "lon": lon, "lat": lat}
    keys = pd.DataFrame({**places, **details})
    reasons[_repeats(keys, reasons)] = "duplicate"
    used = _used(table, keys, reasons, path)
    account = _account(path, services, used, reasons, n_unreadable)
    return used, {**account, "kinds": _counted(used)}


def _detail(detail: str, text: pd.Series, column: str, path: Path) -> pd.Series:
    """Read a detail of places: a text, a whole number of people, or yes and no."""
    if detail == "program":
        return text
    is_blank = text.str.casefold().isin(BLANKS)
    if detail == "evaluated":
        found: pd.Series = text.str.casefold().map(YES_NO).fillna("")
        is_wrong = (found == "") & ~is_blank
    else:
        number = pd.Series(parse_numbers(text), index=text.index)
        is_wrong = ~is_blank & ~((number >= 0) & (number < MOST_PEOPLE) & (number % 1 == 0))
        found = number.where(~is_blank & ~is_wrong).astype("Int64")
    if is_wrong.any():
        key = "layers.evaluated" if detail == "evaluated" else "layers.capacity"
        example = text[is_wrong].iloc[0][:40]
        raise SourceError(key, path=path, column=column, n=int(is_wrong.sum()), example=example)
    return found


def read_risk_terrain(
    path: Path, risk_terrain: RiskTerrain, study_area: shapely.Geometry | None = None
) -> Layer:
    """Read a score of places that was made elsewhere."""
    column = risk_terrain.score_column
    rows, n_unreadable = read_rows(path, risk_terrain, (column,), "risk_terrain")
    score = _scores(rows[column], column, path)
    shapes, is_polygons = _polygons_or_points(rows.geometry.to_numpy(), path)
    table = gpd.GeoDataFrame({"score": score}, geometry=gpd.GeoSeries(shapes, crs=LONLAT))
    reasons = _reasons(table, {"no_score": np.isnan(score)}, study_area, path)
    middles = shapely.point_on_surface(shapes)
    keys = pd.DataFrame(
        {
            "lon": np.round(shapely.get_x(middles), 6),
            "lat": np.round(shapely.get_y(middles), 6),
            "score": score,
            "shape": shapely.to_wkb(shapely.normalize(shapes), hex=True),
        }
    )
    reasons[_repeats(keys, reasons)] = "duplicate"
    used = _used(table, keys, reasons, path)
    account = _account(path, risk_terrain, used, reasons, n_unreadable)
    return used, {**account, "shapes": "polygons" if is_polygons else "points"}


def _one_spelling(kinds: pd.Series) -> pd.Series:
    """Merge kinds that differ only in capitals, spelled as the first in order."""
    folded = kinds.str.casefold()
    return folded.map(kinds.groupby(folded).min()).astype("str")


def _scores(column: pd.Series, name: str, path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    text = plain_text(column)
    score = parse_numbers(text)
    is_blank = text.str.casefold().isin(BLANKS).to_numpy()
    is_wrong = ~np.isfinite(score) & ~is_blank
    if is_wrong.any():
        example = text[is_wrong].iloc[0][:40]
        values = {"path": path, "column": name, "n": int(is_wrong.sum()), "example": example}
        raise SourceError("layers.score", **values)
    return np.where(is_blank, np.nan, score)


def _polygons_or_points(
    shapes: np.ndarray[Any, Any], path: Path
) -> tuple[np.ndarray[Any, Any], bool]:
    """Keep polygons, repaired, or points; other shapes count as having no place."""
    lone = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes = np.where(lone, shapely.get_geometry(shapes, 0), shapes)
    kind = shapely.get_type_id(shapes)  # 0 point, 3 polygon, 6 polygons; -1 none
    is_polygon, is_point = np.isin(kind, (3, 6)), kind == 0
    if is_polygon.any() and is_point.any():
        raise SourceError("layers.mixed", path=path)
    is_broken = is_polygon & ~shapely.is_valid(shapes)
    for place in np.flatnonzero(is_broken):
        parts = shapely.get_parts(shapely.make_valid(shapes[place], method="structure"))
        flat = [part for part in shapely.get_parts(parts) if shapely.area(part) > 0]
        shapes[place] = shapely.union_all(flat) if flat else None
    shapes[~(is_polygon | is_point)] = None
    return shapes, bool(is_polygon.any())


def _reasons(
    table: gpd.GeoDataFrame,
    lacking: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]],
    study_area: shapely.Geometry | None,
    path: Path,
) -> np.ndarray[Any, Any]:
    """Return why each row is not used; an empty text where it is used."""
    reasons = np.full(len(table), "", dtype=object)
    is_placed = table.geometry.notna().to_numpy()
    if study_area is not None and is_placed.any():
        reasons[is_placed & ~is_near_city(table.geometry, study_area, path)] = (
            "outside_surroundings"
        )
    for reason, is_lacking in lacking.items():
        reasons[is_lacking] = reason
    reasons[~is_placed] = "no_place"
    return reasons


def is_near_city(
    shapes: gpd.GeoSeries, study_area: shapely.Geometry, path: Path
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which places lie in the city or around it; a file with none there is refused."""
    box = shapely.box(*shapely.bounds(study_area)).buffer(NEAR_DEGREES, join_style="mitre")
    middles = shapely.point_on_surface(shapes.to_numpy())
    is_near = shapely.intersects(box, middles)
    if not is_near.any():
        lon, lat = (np.nanmedian(axis(middles)) for axis in (shapely.get_x, shapely.get_y))
        raise SourceError("layers.elsewhere", path=path, where=f"{lon:,.2f}, {lat:,.2f}")
    return np.asarray(is_near, dtype=bool)


def _repeats(
    keys: pd.DataFrame, reasons: np.ndarray[Any, Any]
) -> np.ndarray[Any, np.dtype[np.intp]]:
    used = np.flatnonzero(reasons == "")
    is_repeat = keys.iloc[used].duplicated().to_numpy(dtype=bool)
    return np.asarray(used[is_repeat], dtype=np.intp)


def _used(
    table: gpd.GeoDataFrame, keys: pd.DataFrame, reasons: np.ndarray[Any, Any], path: Path
) -> gpd.GeoDataFrame:
    """Return the rows that are used, in an order that no file's order changes."""
    if not (reasons == "").any():
        raise SourceError("layers.nothing_left", path=path, n=len(reasons))
    order = keys[reasons == ""].sort_values(list(keys.columns)).index
    used: gpd.GeoDataFrame = table.loc[order].reset_index(drop=True)
    return used


def _account(
    path: Path,
    layer: PlaceLists | RiskTerrain,
    used: gpd.GeoDataFrame,
    reasons: np.ndarray[Any, Any],
    n_unreadable: int,
) -> dict[str, Any]:
    lost = {reason: int((reasons == reason).sum()) for reason in LAYER_REASONS}
    lost["unreadable"] = n_unreadable
    return {
        "name": path.name,
        "source": layer.source,
        "as_of": layer.as_of.isoformat(),
        "rows_read": len(reasons) + n_unreadable,
        "n": len(used),
        "lost": lost,
        "fingerprint": layer_fingerprint(used),
    }


# ---- Read how many people live in each neighborhood.


LEAST_COVERED = 0.5
"""Of a neighborhood's land, so that people counted in other polygons are known there."""


def add_population(
    neighborhoods: gpd.GeoDataFrame, path: Path, population: Population
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Join the number of people to the neighborhoods, by id or by name, or by where they live."""
    if not population.join_column:
        return _lay_over(neighborhoods, path, population)
    records = read_records(path)
    spelled = [normalise_header(name) for name in records.header]
    columns = {}
    for column in (population.join_column, population.count_column):
        if normalise_header(column) not in spelled:
            found = first_names(records.header)
            raise SourceError("places.no_column", path=path, column=column, found=found)
        place = spelled.index(normalise_header(column))
        columns[column] = records.columns[place]
    keys = _key(columns[population.join_column])
    people = pd.Series(parse_numbers(columns[population.count_column]), index=keys)
    people = people[(people.index != "") & people.notna()].groupby(level=0).sum()
    if (people < 0).any():
        raise SourceError("places.negative_population", path=path)
    by_id = _key(neighborhoods["place_id"]).map(people)
    by_name = _key(neighborhoods["name"]).map(people)
    joined = by_id if by_id.notna().sum() >= by_name.notna().sum() else by_name
    if not joined.notna().any():
        raise SourceError("places.population_joins_nothing", path=path)
    return _with_people(neighborhoods, joined.to_numpy(dtype=np.float64))


def _with_people(
    neighborhoods: gpd.GeoDataFrame, people: Floats
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Add the people, NaN where unknown, and note which neighborhoods have none."""
    without = neighborhoods.loc[np.isnan(people), "name"].tolist()
    which = ", ".join(without[:5]) + (" and others" if len(without) > 5 else "")
    n_without = len(without)
    notes = (msg("places.note_no_population", n=n_without, which=which),) if without else ()
    return neighborhoods.assign(population=people), notes


def _lay_over(
    neighborhoods: gpd.GeoDataFrame, path: Path, population: Population
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Add up people counted in other places: polygons by the share of their land, points as such.

    Areal weighting, as `csa.estimate_population`: people are spread evenly over their polygon.
    """
    rows, _ = read_rows(path, population, (population.count_column,), "population")
    people = parse_numbers(rows[population.count_column].astype("str"))
    is_used = np.isfinite(people) & rows.geometry.notna().to_numpy()
    if (people[is_used] < 0).any():
        raise SourceError("places.negative_population", path=path)
    west, south, east, north = neighborhoods.total_bounds
    metric = equal_area((west + east) / 2, (south + north) / 2)
    placed = to_meters(rows.geometry[is_used], metric).to_numpy()
    counted = shapely.make_valid(placed, method="structure")
    around = to_meters(neighborhoods.geometry, metric).to_numpy()
    place, source = shapely.STRtree(counted).query(around, predicate="intersects")
    land_m2 = shapely.area(counted)
    parts_m2 = shapely.area(shapely.intersection(around[place], counted[source]))
    is_point = land_m2[source] == 0
    is_first = ~pd.DataFrame({"source": source, "is_point": is_point}).duplicated().to_numpy()
    share = np.where(is_point, is_first, parts_m2 / np.where(is_point, 1.0, land_m2[source]))
    total = np.bincount(place, weights=share * people[is_used][source], minlength=len(around))
    covered_m2 = np.bincount(place, weights=parts_m2, minlength=len(around))
    has_point = np.bincount(place, weights=is_point, minlength=len(around)) > 0
    is_known = has_point | (covered_m2 >= LEAST_COVERED * shapely.area(around))
    found = np.where(is_known, total, np.nan).astype(np.float64)
    if np.isnan(found).all():
        raise SourceError("places.population_elsewhere", path=path)
    return _with_people(neighborhoods, found)


def _key(text: pd.Series) -> pd.Series:
    """Normalize ids and names, so that `12.0` and ` 12` are the same."""
    key = plain_text(text).str.casefold()
    return key.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


# ---- A census layer for the fairness page: people and groups by place, from a file of polygons.


PERCENT = 100.0


@in_own_process
def read_census(path: Path, source: CensusSource) -> gpd.GeoDataFrame:
    """Read a census layer: `people`, and a share (0 to 1) in each group's column."""
    found = read_shapes(path, None, "public.census")

    def numbers(column: str) -> pd.Series:
        return pd.to_numeric(found[require_column(found, column, path)], errors="coerce")

    scale = PERCENT if source.is_percent else 1.0
    shares = {group.column: numbers(group.column) / scale for group in source.groups}
    table = {"people": numbers(source.people_column), **shares}
    return gpd.GeoDataFrame(table, geometry=found.geometry, crs=found.crs)
