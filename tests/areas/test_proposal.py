"""A proposal's files: the same bytes, the documented columns, GeoJSON as its standard says."""

import csv
import io
import json

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, strategies as st

from csa.areas.proposal import (
    AREA_COLUMNS,
    CELL_COLUMNS,
    FORMAT_VERSION,
    LABEL_COLUMNS,
    MARKER,
    Proposal,
    _table_bytes,
    proposal_files,
)
from csa.areas.window import NOTHING_COUNTED, CountedCells
from csa.base.io import csv_bytes
from csa.geo.cells import outline
from csa.geo.grid import Grid

LON, LAT = -94.578, 39.1
MIDDLE = h3.latlng_to_cell(LAT, LON, 9)
FILES = {"areas.geojson", "areas.csv", "cells.csv", "incidents_labels.csv", "stack.json", MARKER}


def area_row(area_id, cells, **changed):
    row = dict.fromkeys(AREA_COLUMNS, "") | {
        "area_id": area_id,
        "place_name": "Ivanhoe, north",
        "tier": None,
        "incidents": 41,
        "expected": 36.5,
        "expected_low": 27.25,
        "expected_high": 46.0,
        "homicides": 9,
        "victims": 50,
        "domestic": 4,
        "area_km2": 0.736123,
        "incidents_per_km2": 55.7,
        "population": 1234,
        "population_year": 2020,
        "neighborhoods": {"Ivanhoe": 0.8, "Oak Park": 0.2},
        "also_on_homicides": "yes",
        "cells": [f"{cell:015x}" for cell in sorted(cells)],
        "resolution": 9,
        "method_version": "2",
        "nonfatal_name": "nonfatal shooting (proxy)",
        "kinds": "homicide nonfatal",
        "first_day": "2017-09-01",
        "last_day": "2020-08-21",
        "is_synthetic": False,
        "geometry": outline(cells),
    }
    return row | changed


def proposal_of(*rows, counted=NOTHING_COUNTED, labels=None):
    if rows:
        areas = gpd.GeoDataFrame(list(rows), geometry="geometry", crs="EPSG:4326")
    else:
        areas = gpd.GeoDataFrame({name: [] for name in AREA_COLUMNS}, geometry=[], crs="EPSG:4326")
    if labels is None:
        labels = pd.DataFrame({name: [] for name in LABEL_COLUMNS})
    summary = {
        "kind": "proposal",
        "nonfatal_name": "nonfatal shooting (proxy)",
        "is_synthetic": False,
        "areas": len(areas),
        "params": {"resolution": 9},
    }
    return Proposal(areas, counted, labels, summary)


def small_proposal():
    free, far = (h3.latlng_to_cell(LAT, LON + apart, 9) for apart in (0.03, 0.05))
    assert free > MIDDLE
    land = pd.Series([0.1057, 0.02], index=[MIDDLE, free])
    is_homicide = np.arange(7) < 2
    counted = CountedCells.of(Grid(land, np.zeros((2, 2))), np.zeros(7, dtype=int), is_homicide)
    labels = pd.DataFrame(
        {
            "incident_id": ["K1", "K2"],
            "cluster_id": np.array([0, -1]),
            "is_core": np.array([True, False]),
            "area_id": ["A", ""],
        }
    )
    return proposal_of(
        area_row("A", h3.grid_disk(MIDDLE, 1)),
        area_row("B", [far]),
        counted=counted,
        labels=labels,
    )


def read(files, name):
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def header(files, name):
    return files[name].decode().splitlines()[0].split(",")


def geojson(proposal):
    return json.loads(proposal_files(proposal)["areas.geojson"])


# ---- By hand -------------------------------------------------------------------------------


def test_a_proposal_is_six_files_with_the_documented_columns():
    files = proposal_files(small_proposal())
    assert set(files) == FILES
    assert header(files, "areas.csv") == list(AREA_COLUMNS)
    assert header(files, "cells.csv") == list(CELL_COLUMNS)
    assert header(files, "incidents_labels.csv") == list(LABEL_COLUMNS)
    for feature in geojson(small_proposal())["features"]:
        assert list(feature["properties"]) == list(AREA_COLUMNS)


def test_cells_and_labels_read_back_under_their_own_columns():
    files = proposal_files(small_proposal())
    assert list(read(files, "cells.csv")[0].items()) == [
        ("cell", f"{MIDDLE:x}"),
        ("incidents", "7"),
        ("homicides", "2"),
        ("area_km2", "0.1057"),
        ("incidents_per_km2", "66.23"),
        ("area_id", "A"),
    ]
    assert files["incidents_labels.csv"].decode().splitlines()[1:] == [
        "K1,0,true,A",
        "K2,-1,false,",
    ]


def test_geojson_has_longitude_first_and_the_areas_own_outline():
    read_back = geojson(small_proposal())
    assert read_back["type"] == "FeatureCollection"
    assert read_back["format_version"] == FORMAT_VERSION
    assert read_back["nonfatal_name"] == "nonfatal shooting (proxy)"
    assert [feature["id"] for feature in read_back["features"]] == ["A", "B"]
    shape = shapely.geometry.shape(read_back["features"][0]["geometry"])
    assert shape.contains(shapely.Point(LON, LAT))
    drawn = shapely.union_all(
        [
            shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])
            for cell in h3.grid_disk(MIDDLE, 1)
        ]
    )
    assert shape.symmetric_difference(drawn).area < 1e-5 * drawn.area


def test_outer_rings_run_counterclockwise_and_holes_clockwise_as_rfc_7946_says():
    proposal = proposal_of(area_row("A", h3.grid_ring(MIDDLE, 1)))
    shape = shapely.geometry.shape(geojson(proposal)["features"][0]["geometry"])
    for part in shapely.get_parts(shape):
        assert len(part.interiors) == 1
        assert shapely.is_ccw(part.exterior)
        assert not any(shapely.is_ccw(hole) for hole in part.interiors)


# ---- At the edge ---------------------------------------------------------------------------


def test_an_empty_proposal_is_written_as_valid_empty_files():
    assert proposal_of().is_empty
    files = proposal_files(proposal_of())
    assert set(files) == FILES
    assert geojson(proposal_of())["features"] == []
    assert header(files, "areas.csv") == list(AREA_COLUMNS)
    for name in FILES:
        if name.endswith(".csv"):
            assert read(files, name) == []
            assert files[name].endswith(b"\n")
    assert gpd.read_file(io.BytesIO(files["areas.geojson"])).empty


@pytest.mark.parametrize("unknown", [None, float("nan"), pd.NA, np.nan])
def test_what_is_unknown_is_null_in_json_and_empty_in_csv(unknown):
    row = area_row("A", [MIDDLE], victims=unknown, population=unknown, population_year=unknown)
    files = proposal_files(proposal_of(row))
    properties = geojson(proposal_of(row))["features"][0]["properties"]
    for name in ("victims", "population", "population_year"):
        assert properties[name] is None
        assert read(files, "areas.csv")[0][name] == ""
    assert b"NaN" not in files["areas.geojson"]


def test_people_counts_stay_whole_numbers_where_another_areas_are_unknown():
    known = area_row("A", [MIDDLE])
    unknown = area_row("B", [MIDDLE], victims=None, population=None, population_year=None)
    proposal = proposal_of(known, unknown)
    first = read(proposal_files(proposal), "areas.csv")[0]
    assert (first["victims"], first["population"], first["population_year"]) == (
        "50",
        "1234",
        "2020",
    )
    assert b'"population": 1234,' in proposal_files(proposal)["areas.geojson"]


def test_a_column_of_nullable_whole_numbers_is_written_whole_and_unknown_as_null():
    proposal = proposal_of(area_row("A", [MIDDLE]), area_row("B", [MIDDLE]))
    proposal.areas["victims"] = pd.array([50, None], dtype="Int64")
    files = proposal_files(proposal)
    assert [line["victims"] for line in read(files, "areas.csv")] == ["50", ""]
    features = json.loads(files["areas.geojson"])["features"]
    assert [feature["properties"]["victims"] for feature in features] == [50, None]
    assert isinstance(features[0]["properties"]["victims"], int)


def test_what_is_unknown_of_an_incident_is_empty():
    proposal = small_proposal()
    proposal.labels["cluster_id"] = pd.array([None, 0], dtype="Int64")
    lines = read(proposal_files(proposal), "incidents_labels.csv")
    assert [line["cluster_id"] for line in lines] == ["", "0"]


def test_noise_is_minus_one_and_no_formula():
    assert read(proposal_files(small_proposal()), "incidents_labels.csv")[1]["cluster_id"] == "-1"


def test_an_area_of_two_pieces_is_a_multipolygon():
    far = min(h3.grid_ring(MIDDLE, 4))
    feature = geojson(proposal_of(area_row("A", [MIDDLE, far])))["features"][0]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert len(feature["geometry"]["coordinates"]) == 2


def test_a_column_more_than_documented_is_not_written():
    proposal = small_proposal()
    proposal.areas["lon_of_an_incident"] = 1.0
    proposal.labels["lon"] = 1.0
    files = proposal_files(proposal)
    assert not any(b"lon" in content.splitlines()[0] for content in files.values())
    assert b"lon_of_an_incident" not in files["areas.geojson"]


# ---- Refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_name_that_a_spreadsheet_takes_for_a_formula_is_written_as_text(name):
    first = read(
        proposal_files(proposal_of(area_row("A", [MIDDLE], place_name=name))), "areas.csv"
    )[0]
    assert first["place_name"] == f"'{name}"


@pytest.mark.parametrize("column", ["area_id", "population", "cells"])
def test_a_table_of_areas_without_a_documented_column_is_refused(column):
    proposal = small_proposal()
    incomplete = Proposal(
        proposal.areas.drop(columns=column), NOTHING_COUNTED, proposal.labels, proposal.summary
    )
    with pytest.raises(KeyError, match=column):
        proposal_files(incomplete)


def test_a_summary_with_a_number_that_json_lacks_is_refused():
    proposal = small_proposal()
    summary = {**proposal.summary, "share": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        proposal_files(Proposal(proposal.areas, proposal.counted, proposal.labels, summary))


# ---- True in general -----------------------------------------------------------------------

counts = st.one_of(st.none(), st.integers(0, 5000))
rows = st.lists(
    st.tuples(
        st.sets(st.sampled_from(sorted(h3.grid_disk(MIDDLE, 3))), min_size=1),
        counts,
        st.text("Ivanhoe, 'é\"\n=-", max_size=12),
    ),
    max_size=5,
).map(
    lambda drawn: [
        area_row("ABCDE"[n], cells, population=people, place_name=name, neighborhoods={name: 1.0})
        for n, (cells, people, name) in enumerate(drawn)
    ]
)


@given(rows=rows)
def test_csv_and_geojson_say_the_same(rows):
    files = proposal_files(proposal_of(*rows))
    table = read(files, "areas.csv")
    features = json.loads(files["areas.geojson"])["features"]
    assert len(table) == len(features) == len(rows)
    for line, feature, row in zip(table, features, rows, strict=True):
        properties = feature["properties"]
        assert list(line) == list(properties) == list(AREA_COLUMNS)
        assert line["area_id"] == feature["id"] == row["area_id"]
        assert line["place_name"].removeprefix("'") == row["place_name"].removeprefix("'")
        assert json.loads(line["neighborhoods"]) == properties["neighborhoods"]
        assert line["cells"].split() == properties["cells"] == row["cells"]
        people = row["population"]
        assert properties["population"] == people
        assert line["population"] == "" if people is None else float(line["population"]) == people


@given(rows=rows)
def test_geojson_shapes_are_valid_and_hold_their_cells_centers(rows):
    for feature, row in zip(geojson(proposal_of(*rows))["features"], rows, strict=True):
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.geom_type in {"Polygon", "MultiPolygon"}
        for cell in row["cells"]:
            lat, lon = h3.cell_to_latlng(int(cell, 16))
            assert shape.contains(shapely.Point(lon, lat))
        assert shape.area == pytest.approx(row["geometry"].area, rel=1e-4)


def test_a_column_is_written_as_its_values_one_by_one():
    texts = ["=1+1", "a,b", 'say "so"', "one\r\ntwo\rthree", "\r=", "", "\uff1d1", None, "é"]
    table = pd.DataFrame(
        {
            "text": pd.array(texts, dtype="str"),
            "kind": pd.Categorical(["-x", None, "y", "y", "-x", None, "y", "-x", "y"]),
            "is_core": [True, False] * 4 + [True],
            "n": range(9),
            "lon": [-75.1, np.nan, 1e-7, 1 / 3, 1e22, 0.0, -0.0, 5e-324, 2.0],
        }
    )

    def cell(value):
        if isinstance(value, bool):
            return str(value).lower()
        return None if pd.isna(value) else value

    rows = [list(map(cell, row)) for row in table.itertuples(index=False, name=None)]
    assert _table_bytes(table) == csv_bytes(list(table), rows)
