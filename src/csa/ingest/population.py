"""Read how many people live in each neighborhood."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.base.arrays import Floats
from csa.base.crs import equal_area, to_metres
from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.base.text import first_names
from csa.config.city import Population
from csa.ingest.columns import normalise_header
from csa.ingest.parse import parse_numbers, plain_text
from csa.ingest.records import read_records
from csa.ingest.shapes import read_rows

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
    notes = (say("places.note_no_population", n=n_without, which=which),) if without else ()
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
    placed = to_metres(rows.geometry[is_used], metric).to_numpy()
    counted = shapely.make_valid(placed, method="structure")
    around = to_metres(neighborhoods.geometry, metric).to_numpy()
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
