"""Neighborhoods as text in a table: their system, and what is no polygon."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from csa.base.errors import SourceError
from csa.ingest.polygons import read_polygons

SQUARE = box(-94.6, 39, -94.5, 39.1)


def written(folder, texts, name="places.csv"):
    table = pd.DataFrame({"the_geom": texts, "name": [f"N{n}" for n in range(len(texts))]})
    table.to_csv(folder / name, index=False)
    return folder / name


def test_polygons_as_text_are_in_degrees_or_in_the_system_of_the_citys_file(tmp_path):
    path = written(tmp_path, [SQUARE.wkt, f"  multi{SQUARE.wkt[:8]}((" + SQUARE.wkt[9:] + ")"])
    assert [*read_polygons(path, None)["name"]] == ["N0", "N1"]
    metric = gpd.GeoSeries([SQUARE], crs="EPSG:4326").to_crs("EPSG:26915")
    path = written(tmp_path, [metric[0].wkt], "metric.csv")
    (found,) = read_polygons(path, "EPSG:26915").geometry
    assert found.symmetric_difference(SQUARE).area < 1e-6
    with pytest.raises(SourceError, match="degrees"):
        read_polygons(path, None)


def test_what_is_no_polygon_is_left_out_and_nests_nothing(tmp_path):
    """GEOS would use up the stack on collections in collections."""
    deep = "GEOMETRYCOLLECTION(" * 30_000 + "POINT(0 0)" + ")" * 30_000
    path = written(tmp_path, [SQUARE.wkt, SQUARE.wkt, deep, "POLYGON ((((", ""])
    found = read_polygons(path, None)
    assert [*found["name"]] == ["N0", "N1"]


def test_a_table_without_polygons_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"can't be read as polygons\."):
        read_polygons(written(tmp_path, ["POINT (0 0)", SQUARE.wkt, "x"]), None)
