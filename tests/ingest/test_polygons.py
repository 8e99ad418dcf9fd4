"""Neighborhoods as text in a table: their system, and what is no polygon."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box
from tests.sentences import refuses

from csa.base.errors import SourceError
from csa.base.schema import UNASSIGNED
from csa.city.config import PlacesSource
from csa.ingest.polygons import join_polygons, read_neighborhoods, read_polygons

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


@pytest.mark.parametrize("latitude", [0, 39, -60])
def test_land_is_more_than_a_block(latitude, tmp_path):
    """A hundred meters by a hundred, whatever the latitude; of less, cells would be slivers."""
    place = gpd.GeoSeries([box(0, 0, 101, 101), box(101, 0, 110, 101)]).affine_transform(
        [1 / 111_200 / np.cos(np.radians(latitude)), 0, 0, 1 / 111_200, -94.6, latitude]
    )
    assert join_polygons(place, tmp_path).area == pytest.approx(place.area.sum())
    with refuses("places.tiny", SourceError):
        join_polygons(place[1:], tmp_path)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["LE ROY", "OLD TOWN (12)", "", "LE ROY"], ["Le Roy", "Old Town", UNASSIGNED]),
        (["WARD (1)", "WARD (2)"], ["WARD (1)", "WARD (2)"]),  # one name would be lost
        (["SoHo", "NOHO"], ["NOHO", "SoHo"]),  # somebody chose these capitals
        (["D31", "7"], ["7", "D31"]),
    ],
)
def test_names_in_capitals_are_lowered_and_their_people_still_join(tmp_path, written, read):
    squares = [box(at / 100, 0, (at + 1) / 100, 0.01) for at in range(len(written))]
    path = tmp_path / "places.geojson"
    gpd.GeoDataFrame({"NAME": written}, geometry=squares, crs=4326).to_file(path)
    found, _ = read_neighborhoods(path, PlacesSource(name_column="NAME"))
    assert found["name"].tolist() == read
    assert set(found["place_id"]) == {one or UNASSIGNED for one in written}
