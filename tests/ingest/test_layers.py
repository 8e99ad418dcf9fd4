"""Layers: every row used or lost for a stated reason, and a sentence for each bad file."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon, box

from csa.base.errors import CrsError, CsaError, SourceError
from csa.city.config import RiskTerrain, Services
from csa.ingest.layers import LAYER_REASONS, read_risk_terrain, read_services

CITY = box(-94.60, 39.00, -94.50, 39.05)
WORDS = {"source": "the team", "as_of": "2020-08-01"}
SERVICES = Services(file="s.csv", name_column="name", kind_column="kind", **WORDS)
RISK = RiskTerrain(file="r.geojson", score_column="score", **WORDS)
HEADER = "name,kind,lon,lat"


def lines(path, *rows, header=HEADER):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def shapes(path, geometry, crs="EPSG:4326", **columns):
    gpd.GeoDataFrame(columns, geometry=list(geometry), crs=crs).to_file(path)
    return path


def lost(**counts):
    return dict.fromkeys(LAYER_REASONS, 0) | counts


# ---- By hand --------------------------------------------------------------------------------


def test_each_row_of_a_list_of_services_is_used_or_lost_for_its_reason(tmp_path):
    path = lines(
        tmp_path / "s.csv",
        "Hope,clinic,-94.57,39.02",
        "Oak,school,-94.55,39.03",
        " Hope , clinic,-94.57,39.02",  # once more
        "Care,Clinic,-94.56,39.02",
        "Nowhere,clinic,,",
        "Null Island,clinic,0,0",
        "Somewhere,,-94.55,39.03",
        "Elsewhere,school,-90.2,38.6",
        "Broken,school",
        ",school,-94.54,39.01",  # nameless, but a school
    )
    table, account = read_services(path, SERVICES, CITY)
    rows = zip(table["name"], table["kind"], table.geometry.x, table.geometry.y, strict=True)
    assert list(rows) == [
        ("Care", "Clinic", -94.56, 39.02),
        ("Hope", "Clinic", -94.57, 39.02),
        ("", "school", -94.54, 39.01),
        ("Oak", "school", -94.55, 39.03),
    ]
    fingerprint = account.pop("fingerprint")
    assert len(fingerprint) == 64
    assert account == {
        "name": "s.csv",
        "source": "the team",
        "as_of": "2020-08-01",
        "rows_read": 10,
        "n": 4,
        "lost": lost(unreadable=1, no_place=2, no_kind=1, outside_surroundings=1, duplicate=1),
        "kinds": {"Clinic": 2, "school": 2},
    }


def test_a_line_and_a_polygon_become_a_point_on_them(tmp_path):
    horseshoe = Polygon([(0, 0), (4, 0), (4, 4), (3, 4), (3, 1), (1, 1), (1, 4), (0, 4)])
    placed = shapely.transform(horseshoe, lambda xy: xy * 0.01 + [-94.58, 39.01])
    trail = LineString([(-94.57, 39.02), (-94.56, 39.02)])
    path = shapes(
        tmp_path / "s.geojson", [placed, trail], name=["U", "Trail"], kind=["park", "way"]
    )
    table, _ = read_services(path, SERVICES, CITY)
    assert (table.geom_type == "Point").all()
    assert table.geometry[0].intersects(placed)
    assert table.geometry[1].distance(trail) < 1e-12
    assert table.crs == "EPSG:4326"


def test_scored_polygons_and_points_are_read(tmp_path):
    squares = [box(-94.57, 39.02, -94.56, 39.03), box(-94.58, 39.02, -94.57, 39.03)]
    table, account = read_risk_terrain(
        shapes(tmp_path / "r.geojson", [*squares, squares[0]], score=[2.5, 1.0, 2.5]), RISK, CITY
    )
    assert table["score"].tolist() == [1.0, 2.5]  # west to east
    assert (account["n"], account["lost"]) == (2, lost(duplicate=1))
    assert account["shapes"] == "polygons"
    path = lines(tmp_path / "r.csv", "7,-94.57,39.02", ",-94.56,39.02", header="score,lon,lat")
    table, account = read_risk_terrain(path, RISK, CITY)
    assert table["score"].tolist() == [7.0]
    assert (account["rows_read"], account["lost"]) == (2, lost(no_score=1))
    assert account["shapes"] == "points"


# ---- At the edge ----------------------------------------------------------------------------


def test_the_headers_case_and_punctuation_do_not_count(tmp_path):
    path = lines(tmp_path / "s.csv", "Hope,clinic,-94.57,39.02", header="NAME,Kind ,LON,Lat.")
    assert read_services(path, SERVICES, CITY)[0]["name"].tolist() == ["Hope"]


def test_of_columns_alike_the_one_that_is_spelled_the_same_is_read(tmp_path):
    row = "No,Hope,clinic,-94.57,39.02"
    path = lines(tmp_path / "s.csv", row, header="NAME,name,kind,lon,lat")
    assert read_services(path, SERVICES, CITY)[0]["name"].tolist() == ["Hope"]


def test_a_table_in_meters_is_read_by_the_system_that_the_city_names(tmp_path):
    spot = gpd.GeoSeries([Point(-94.57, 39.02)], crs="EPSG:4326").to_crs("EPSG:32615")[0]
    path = lines(tmp_path / "s.csv", f"Hope,clinic,{spot.x},{spot.y}")
    metric = SERVICES.model_copy(update={"crs": "EPSG:32615"})
    place = read_services(path, metric, CITY)[0].geometry[0]
    assert (place.x, place.y) == pytest.approx((-94.57, 39.02), abs=1e-7)


def test_without_a_study_area_no_place_is_too_far(tmp_path):
    path = lines(tmp_path / "s.csv", "Hope,clinic,-94.57,39.02", "Far,clinic,2.3,48.9")
    assert read_services(path, SERVICES)[1]["n"] == 2


def test_what_is_neither_polygon_nor_point_has_no_score_to_give(tmp_path):
    way = LineString([(-94.57, 39.02), (-94.56, 39.02)])
    square = box(-94.57, 39.02, -94.56, 39.03)
    path = shapes(tmp_path / "r.gpkg", [way, square], score=[1.0, 2.0])
    assert read_risk_terrain(path, RISK, CITY)[1]["lost"] == lost(no_place=1)


def test_a_bow_tie_is_mended_and_a_lone_point_among_many_is_a_point(tmp_path):
    bow_tie = Polygon([(-94.57, 39.0), (-94.56, 39.01), (-94.56, 39.0), (-94.57, 39.01)])
    table, _ = read_risk_terrain(shapes(tmp_path / "b.geojson", [bow_tie], score=[1.0]), RISK, CITY)
    assert table.geometry.is_valid.all()
    assert table.geometry[0].area == pytest.approx(0.01 * 0.01 / 2)
    lone = MultiPoint([(-94.57, 39.0)])
    _, account = read_risk_terrain(shapes(tmp_path / "p.geojson", [lone], score=[1.0]), RISK, CITY)
    assert account["shapes"] == "points"


def test_a_score_of_whole_numbers_written_as_text_is_a_score(tmp_path):
    square = box(-94.57, 39.02, -94.56, 39.03)
    path = shapes(tmp_path / "r.geojson", [square, square], score=["12", "n/a"])
    table, account = read_risk_terrain(path, RISK, CITY)
    assert table["score"].tolist() == [12.0]
    assert account["lost"] == lost(no_score=1)


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "header", "sentence"),
    [
        (["Hope,-94.57,39.02"], "name,lon,lat", "'kind'. Columns found: name, lon, lat"),
        (["Hope,clinic,1,2"], "name,kind,x,y", r"has no column 'lon'"),
        (["Hope,clinic,500000,4300000"], HEADER, r"labeled as degrees.*\[services\]"),
        (["Hope,clinic,39.02,-94.57"], HEADER, r"labeled as degrees"),
        (["Hope,clinic,2.3,48.9"], HEADER, r"most are around 2\.30, 48\.90"),
        (["Hope,,-94.57,39.02"], HEADER, r"^The one row of .* has no usable location and value"),
        (["Hope,clinic,,"], HEADER, r"^The one row of"),
        ([], HEADER, r"has no records."),
    ],
)
def test_a_list_that_is_not_what_it_should_be_is_refused(tmp_path, rows, header, sentence):
    path = lines(tmp_path / "s.csv", *rows, header=header)
    with pytest.raises(SourceError, match=sentence) as error:
        read_services(path, SERVICES, CITY)
    assert "s.csv" in str(error.value)


@pytest.mark.parametrize(
    ("geometry", "columns", "sentence"),
    [
        ([box(-94.57, 39, -94.56, 39.01)], {"other": [1]}, r"has no column 'score'"),
        (
            [box(-94.57, 39, -94.56, 39.01), Point(-94.5, 39)],
            {"score": [1, 2]},
            r"has both polygons and points",
        ),
        ([Point(-94.57, 39.0)], {"score": ["high"]}, r"are not numbers, such as 'high'"),
        ([None], {"score": [1]}, r"has no points, lines or polygons"),
        ([], {"score": []}, r"has no points, lines or polygons"),
        ([box(2, 48, 3, 49)], {"score": [1]}, r"(longitude, latitude)."),
    ],
)
def test_a_score_that_is_not_what_it_should_be_is_refused(tmp_path, geometry, columns, sentence):
    path = shapes(tmp_path / "r.geojson", geometry, **columns)
    with pytest.raises(SourceError, match=sentence):
        read_risk_terrain(path, RISK, CITY)


def test_a_file_that_is_absent_empty_or_no_layer_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"^File not found"):
        read_risk_terrain(tmp_path / "r.geojson", RISK, CITY)
    with pytest.raises(SourceError, match=r"^File not found"):
        read_services(tmp_path / "s.csv", SERVICES, CITY)
    for text in ("", "hello", '{"type": "FeatureCollection", "features": ['):
        (tmp_path / "bad.geojson").write_text(text)
        with pytest.raises(SourceError, match=r"can't be read as a map layer."):
            read_risk_terrain(tmp_path / "bad.geojson", RISK, CITY)


def test_a_shapefile_without_a_system_is_refused_with_the_section_to_mend(tmp_path):
    path = shapes(tmp_path / "s.shp", [Point(-94.57, 39.0)], name=["A"], kind=["b"])
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"names no coordinate system.*\[services\]"):
        read_services(path, SERVICES, CITY)
    told = SERVICES.model_copy(update={"crs": "EPSG:4326"})
    assert read_services(path, told, CITY)[1]["n"] == 1


# ---- True in general ------------------------------------------------------------------------

FIELD = st.sampled_from(
    ["", "x", "Clinic", "clinic", "-94.57", "39.02", "1e9", "NaN", "Ω", "-94.55"]
)
ROWS = st.lists(st.lists(FIELD, min_size=3, max_size=5).map(",".join), max_size=15)


@given(rows=ROWS, seed=st.randoms(use_true_random=False))
def test_rows_read_are_rows_used_and_rows_lost_in_any_order(tmp_path_factory, rows, seed):
    folder = tmp_path_factory.mktemp("layers")
    rows = ["Hope,clinic,-94.57,39.02", *rows]
    turned = list(rows)
    seed.shuffle(turned)
    made = []
    for number, some in enumerate((rows, turned)):
        try:
            made.append(read_services(lines(folder / f"{number}.csv", *some), SERVICES, CITY))
        except CsaError as error:
            made.append((None, str(error).replace(f"{number}.csv", "")))
    (table, account), (again, other) = made
    if table is None:
        assert other == account
        return
    assert account["rows_read"] == len(rows) == account["n"] + sum(account["lost"].values())
    assert account["n"] == len(table) == sum(account["kinds"].values())
    assert list(account["lost"]) == list(LAYER_REASONS)
    assert other["fingerprint"] == account["fingerprint"]
    pd.testing.assert_frame_equal(table, again)


@given(
    scores=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=8),
    seed=st.randoms(use_true_random=False),
)
def test_a_score_reads_the_same_in_any_order(tmp_path_factory, scores, seed):
    folder = tmp_path_factory.mktemp("layers")
    order = np.arange(len(scores))
    turned = list(order)
    seed.shuffle(turned)
    made = []
    for number, places in enumerate((order, turned)):
        squares = [box(-94.57 + k // 2 * 0.01, 39, -94.56 + k // 2 * 0.01, 39.01) for k in places]
        path = shapes(folder / f"{number}.gpkg", squares, score=[scores[k] for k in places])
        made.append(read_risk_terrain(path, RISK, CITY))
    assert made[0][1]["fingerprint"] == made[1][1]["fingerprint"]
    assert made[0][1]["rows_read"] == made[0][1]["n"] + sum(made[0][1]["lost"].values())
