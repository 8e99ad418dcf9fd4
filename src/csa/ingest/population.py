"""Read how many people live in each neighborhood."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from csa.base.errors import SourceError
from csa.base.message import Message, say
from csa.config.city import Population
from csa.ingest.columns import normalise_header
from csa.ingest.parse import parse_numbers
from csa.ingest.records import read_records


def add_population(
    neighborhoods: gpd.GeoDataFrame, path: Path, population: Population
) -> tuple[gpd.GeoDataFrame, tuple[Message, ...]]:
    """Join the number of people to the neighborhoods, by id or by name."""
    records = read_records(path)
    spelled = [normalise_header(name) for name in records.header]
    columns = {}
    for column in (population.join_column, population.count_column):
        if normalise_header(column) not in spelled:
            found = ", ".join(records.header[:20])
            raise SourceError("places.no_column", path=path, column=column, found=found)
        place = spelled.index(normalise_header(column))
        columns[column] = pd.Series([row[place] for row in records.rows], dtype="str")
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
    without = neighborhoods.loc[joined.isna().to_numpy(), "name"].tolist()
    which = ", ".join(without[:5]) + (" and others" if len(without) > 5 else "")
    n_without = len(without)
    notes = (say("places.note_no_population", n=n_without, which=which),) if without else ()
    return neighborhoods.assign(population=joined.to_numpy(dtype=np.float64)), notes


def _key(text: pd.Series) -> pd.Series:
    """Normalize ids and names, so that `12.0` and ` 12` are the same."""
    key = text.astype("str").str.strip().str.casefold()
    return key.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
