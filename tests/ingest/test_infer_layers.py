"""Which column of a table of people names the city's neighborhoods."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from csa.ingest.infer_layers import _joined

PLACES = gpd.GeoDataFrame(
    {"color": ["red", "blue"], "code": ["w1", "e1"], "name": ["West End", "East End"]},
    geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)],
    crs=4326,
)


def people(**columns):
    table = {
        "note": ["new", "old"],
        **columns,
        "population": ["900", "500"],
        "geometry": [None, None],
    }
    return pd.DataFrame(table)


@pytest.mark.parametrize(
    ("columns", "ours", "theirs"),
    [
        ({"district": ["West End", "East End"]}, "district", "name"),
        ({"district": ["w1", "e1"], "part": ["West End", "north"]}, "district", "code"),
    ],
)
def test_people_are_joined_by_the_columns_whose_values_are_the_same(columns, ours, theirs):
    found = _joined(Path("people_2020.csv"), people(**columns), PLACES)
    assert found.settings == {
        "join_column": ours,
        "count_column": "population",
        "year": 2020,
        "id": theirs,
    }


def test_people_of_other_places_are_not_joined():
    assert _joined(Path("people_2020.csv"), people(district=["north", "south"]), PLACES) is None
