"""What a reader's own process hands back: tables, columns, shapes and numbers, as they were."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from shapely import Point

from csa.ingest.job_tables import load_table, save_table

SPOTS = [Point(-94.6, 39.1), None]


def sent(value, folder):
    return load_table(save_table(value, folder), folder)


@pytest.mark.parametrize("crs", [None, "EPSG:4326", "EPSG:32615"])
def test_places_come_with_their_crs_or_without_one(crs, tmp_path):
    places = gpd.GeoDataFrame({"n": [1, 2]}, geometry=gpd.GeoSeries(SPOTS), crs=crs)
    found = sent(places.rename_geometry("spot"), tmp_path)
    assert found.crs == places.crs
    assert found.geometry.name == "spot"
    assert found.geometry.tolist() == SPOTS
    assert found["n"].tolist() == [1, 2]


def test_tables_columns_and_shapes_keep_names_rows_and_order(tmp_path):
    table = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", ""]}, index=[7, 3])
    assert_frame_equal(sent(table, tmp_path), table)
    column = pd.Series([2, 1], index=[7, 3], name="n")
    assert_series_equal(sent(column, tmp_path), column)
    shapes = gpd.GeoSeries(SPOTS, index=[7, 3], name="spot")
    found = sent(shapes, tmp_path)
    assert (found.name, found.index.tolist(), found.tolist()) == ("spot", [7, 3], SPOTS)
    assert sent(SPOTS[0], tmp_path) == SPOTS[0]


def test_arrays_and_single_numbers_keep_their_type_and_all_else_is_left(tmp_path):
    array = np.array([[1, 2], [3, 4]], dtype=np.int16)
    found = sent(array, tmp_path)
    assert found.dtype == array.dtype
    assert (found == array).all()
    assert sent(np.float32(1.5), tmp_path) == np.float32(1.5)
    assert save_table([1, 2], tmp_path) is None


@pytest.mark.parametrize("n", [0, 2])
def test_categories_of_text_are_texts_in_a_table_without_rows_too(n, tmp_path):
    table = pd.DataFrame({"kind": pd.Series(["a", "b"], dtype="str").iloc[:n].astype("category")})
    assert_frame_equal(sent(table, tmp_path), table)
