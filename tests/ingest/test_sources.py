"""Polygons, people, suspect points, datasets and where files are looked for."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import poisson
from shapely.geometry import Point as Spot, Polygon, box
from tests.sentences import says

from csa.base.errors import CrsError, SourceError, TableError
from csa.city.config import PlacesSource, Population
from csa.city.dataset import fingerprint, open_dataset
from csa.city.layouts import Point, Source
from csa.city.loading import load_city
from csa.ingest.layers import add_population
from csa.ingest.polygons import read_neighborhoods, read_study_area
from csa.ingest.positions import check_positions, find_suspect_points
from csa.ingest.sources import find_inputs

PLACES = PlacesSource(name_column="name")
SQUARE = box(-94.60, 39.00, -94.55, 39.05)
BOW_TIE = Polygon([(-94.5, 39.0), (-94.4, 39.1), (-94.4, 39.0), (-94.5, 39.1)])


def save(path, names, shapes, crs="EPSG:4326", **columns):
    gpd.GeoDataFrame({"name": names, **columns}, geometry=shapes, crs=crs).to_file(path)
    return path


# ---- polygons ------------------------------------------------------------------------------


def test_a_bow_tie_is_mended_and_named_and_a_nameless_polygon_is_unassigned(tmp_path):
    far = box(-94.3, 39.0, -94.2, 39.1)
    path = save(tmp_path / "n.geojson", ["Whole", "Bow", None, " "], [SQUARE, BOW_TIE, far, far])
    table, notes = read_neighborhoods(path, PLACES)
    assert table["name"].tolist() == ["Bow", "Whole", "unassigned"]
    assert table.geometry.is_valid.all()
    assert table.geometry[0].area == pytest.approx(0.1 * 0.1 / 2)
    sentences = " ".join(map(str, notes))
    assert "was invalid and has been repaired: Bow" in sentences
    assert "2 polygons in n.geojson have no name; they are called 'unassigned'." in sentences


def test_a_name_with_signs_that_nobody_sees_can_be_drawn_and_finds_its_people(tmp_path):
    """Excel's non-breaking blanks and a web page's zero-width ones: a draw refuses such a name."""
    hidden = ["Oak\u00a0Hill", "Elm\u200b\u202e  Park\ufeff"]
    path = save(tmp_path / "n.geojson", hidden, [SQUARE, box(-94.3, 39.0, -94.2, 39.1)])
    table, _ = read_neighborhoods(path, PLACES)
    assert table["name"].tolist() == ["Elm Park", "Oak Hill"]
    assert all(map(str.isprintable, table["name"]))
    people = tmp_path / "p.csv"
    people.write_text("No.,People\nOak\u00a0Hill,100\nElm Park\u200b,250\n", encoding="utf-8")
    assert add_population(table, people, PEOPLE)[0]["population"].tolist() == [250, 100]


@pytest.mark.parametrize("stray", [box(-14.6, 39, -14.5, 39.1), box(-170, -80, 170, 80)])
def test_a_polygon_of_another_place_or_of_the_whole_world_is_refused(tmp_path, stray):
    near = [SQUARE, box(-94.5, 39.0, -94.4, 39.1), box(-94.4, 39.0, -94.3, 39.1)]
    path = save(tmp_path / "n.geojson", ["A", "B", "C", "Stray"], [*near, stray])
    with pytest.raises(SourceError, match=r"^Stray in .* is far from the other neighborhoods"):
        read_neighborhoods(path, PLACES)


def test_polygons_of_one_name_are_one_neighborhood(tmp_path):
    path = save(tmp_path / "n.geojson", ["A", "A"], [SQUARE, box(-94.3, 39.0, -94.2, 39.1)])
    table, _ = read_neighborhoods(path, PLACES)
    assert table["name"].tolist() == ["A"]
    assert table.geometry[0].area == pytest.approx(0.05 * 0.05 + 0.1 * 0.1)


def test_feet_are_brought_to_degrees_by_the_files_own_system(tmp_path):
    feet = gpd.GeoSeries([SQUARE], crs="EPSG:4326").to_crs("ESRI:102698")  # Missouri West, US ft
    path = save(tmp_path / "n.gpkg", ["A"], feet.to_list(), crs="ESRI:102698")
    table, _ = read_neighborhoods(path, PLACES)
    assert table.total_bounds == pytest.approx([-94.60, 39.00, -94.55, 39.05], abs=1e-6)


def test_polygons_without_a_system_are_refused_until_the_city_names_it(tmp_path):
    path = save(tmp_path / "n.shp", ["A"], [SQUARE])
    path.with_suffix(".prj").unlink()
    with pytest.raises(CrsError, match=r"names no coordinate system.*crs"):
        read_neighborhoods(path, PLACES)
    table, _ = read_neighborhoods(path, PlacesSource(name_column="name", crs="EPSG:4326"))
    assert len(table) == 1


def test_feet_that_claim_to_be_degrees_are_refused(tmp_path):
    path = save(tmp_path / "n.geojson", ["A"], [box(2.7e6, 1e6, 2.8e6, 1.1e6)])
    with pytest.raises(SourceError, match="claims to be in degrees but starts at 2700000"):
        read_neighborhoods(path, PLACES)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "can't be read as polygons."),
        (b"a,b\n1,2\n", "can't be read as polygons."),
        (b'{"type":"FeatureCollection","features":[]}', r"\.geojson has no polygons\."),
    ],
)
def test_what_holds_no_polygons_is_refused(tmp_path, content, sentence):
    path = tmp_path / ("n.csv" if b"," in content[:3] else "n.geojson")
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        read_neighborhoods(path, PLACES)


def test_points_an_absent_file_and_a_missing_column_are_refused(tmp_path):
    path = save(tmp_path / "p.geojson", ["A"], [Spot(-94.5, 39)])
    with pytest.raises(SourceError, match=r"\.geojson has no polygons\."):
        read_neighborhoods(path, PLACES)
    with pytest.raises(SourceError, match="File not found"):
        read_neighborhoods(tmp_path / "none.geojson", PLACES)
    path = save(tmp_path / "n.geojson", ["A"], [SQUARE])
    with pytest.raises(SourceError, match=r"has no column 'nbhname'\. Columns found: name"):
        read_neighborhoods(path, PlacesSource(name_column="nbhname"))


def test_a_study_area_is_the_union_of_its_polygons(tmp_path):
    path = save(tmp_path / "s.geojson", ["A", "B"], [SQUARE, box(-94.58, 39.00, -94.50, 39.05)])
    assert read_study_area(path, None).area == pytest.approx(0.1 * 0.05)


def test_kansas_citys_own_file_has_one_broken_polygon_and_six_without_name(shared_data):
    places = PlacesSource(name_column="nbhname", id_column="nbhid")
    table, notes = read_neighborhoods(shared_data / "kc" / "kc_neighborhoods.geojson", places)
    assert len(table) == 241
    assert "Parkdale And Walden" in str(notes[0])
    assert "6 polygons" in str(notes[1])


# ---- people --------------------------------------------------------------------------------

PEOPLE = Population(join_column="No.", count_column="People", year=2010, source="census")


@pytest.fixture
def neighborhoods():
    return gpd.GeoDataFrame(
        {"name": ["A", "B"], "place_id": ["1", "2.0"]}, geometry=[SQUARE, SQUARE], crs="EPSG:4326"
    )


def test_people_join_by_id_whether_it_is_written_1_or_1_0(tmp_path, neighborhoods):
    path = tmp_path / "p.csv"
    path.write_text("No.,People\n1.0,100\n2,250\n,\n,999\n")
    table, notes = add_population(neighborhoods, path, PEOPLE)
    assert table["population"].tolist() == [100, 250]
    assert notes == ()


def test_people_join_by_name_and_what_is_missing_is_counted(tmp_path, neighborhoods):
    path = tmp_path / "p.csv"
    path.write_text("No.,People\n a ,100\n")
    table, notes = add_population(neighborhoods, path, PEOPLE)
    assert table["population"].tolist()[0] == 100
    assert np.isnan(table["population"][1])
    assert says("places.note_no_population", which="B", n=1) in str(notes[0])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("No.,Number\n1,5\n", "has no column 'People'"),
        ("No.,People\n7,5\n", "matches a neighborhood"),
        ("No.,People\n1,-5\n", "negative number of people"),
    ],
)
def test_a_table_of_people_that_does_not_fit_is_refused(tmp_path, neighborhoods, content, sentence):
    path = tmp_path / "p.csv"
    path.write_text(content)
    with pytest.raises(SourceError, match=sentence):
        add_population(neighborhoods, path, PEOPLE)


# ---- positions -----------------------------------------------------------------------------


SOURCE = Source.model_validate(
    {"name": "list", "columns": {"date": "d"}, "homicide": [{}], "date_formats": ["%Y"]}
)


def check(*places):
    rows = pd.DataFrame(places, columns=["lon", "lat"], dtype="float64")
    check_positions(rows, SQUARE, Path("a.csv"), "Testville", SOURCE)


def test_swapped_columns_and_another_city_are_told_apart():
    check((-94.57, 39.02), (np.nan, 39.0))
    with pytest.raises(SourceError, match="Latitude and longitude are swapped"):
        check((39.02, -94.57))
    with pytest.raises(SourceError, match="another city's file"):
        check((-75.1, 39.9))
    with pytest.raises(SourceError, match="have lost their minus sign"):
        check((94.57, 39.02))
    with pytest.raises(SourceError, match=r"look like feet or meters.*for the source list"):
        check((2_752_160.0, 1_069_000.0))


def test_no_place_at_all_and_one_in_ten_nearby_are_no_other_city():
    check((np.nan, np.nan))
    check((-94.57, 39.0), *[(-80.0, 39.0)] * 9)


def crowd(n_at_point, n_around=40):
    """A point that holds many incidents, on a street where every other point holds one."""
    lon = [-94.57] * n_at_point + [-94.57 + 0.0001 * n for n in range(1, n_around + 1)]
    return pd.DataFrame(
        {
            "incident_id": [str(n) for n in range(len(lon))],
            "lon": lon,
            "lat": 39.02,
            "address": ["1 A ST", "", *["2 B ST"] * (len(lon) - 2)],
        }
    )


@pytest.mark.parametrize("n_at_point", [4, 5, 6, 8, 12])
def test_a_point_is_suspect_when_chance_would_not_put_so_many_there(n_at_point):
    suspects, is_suspect = find_suspect_points(crowd(n_at_point), (), "EPSG:32615")
    # Every other point within 500 m holds one incident; 41 points; one in a thousand.
    is_improbable = poisson(1).sf(n_at_point - 1) * 41 < 0.001 and n_at_point >= 5
    assert len(suspects) == is_improbable
    assert is_suspect.sum() == (n_at_point if is_improbable else 0)
    if is_improbable:
        assert suspects["address"].tolist() == ["2 B ST"]


def test_only_points_within_500_m_say_what_is_usual():
    # Other points hold 6 each, but 900 m away: here a point has one, and 8 are improbable.
    east = crowd(8, n_around=0)
    far = pd.DataFrame(
        [(f"f{n}", -94.57 + 900 / 86_500 + 0.0001 * (n % 10), 39.02, "") for n in range(60)],
        columns=["incident_id", "lon", "lat", "address"],
    )
    suspects, _ = find_suspect_points(pd.concat([east, far], ignore_index=True), (), "EPSG:32615")
    assert suspects["incidents"].tolist() == [8]
    near = far.assign(lon=far["lon"] - 500 / 86_500)
    suspects, _ = find_suspect_points(pd.concat([east, near], ignore_index=True), (), "EPSG:32615")
    assert suspects.empty


def test_a_few_swapped_places_among_many_are_no_reason_but_one_in_ten_is():
    check(*[(-94.57, 39.02)] * 30, (39.02, -94.57))
    with pytest.raises(SourceError, match="3 of its 33 locations are in Testville"):
        check(*[(-94.57, 39.02)] * 30, *[(39.02, -94.57)] * 3)


def test_a_known_point_is_flagged_however_few_it_holds():
    point = Point(name="station", why="desk", lon=-94.5699, lat=39.02, within_m=3)
    suspects, _ = find_suspect_points(crowd(1), (point,), "EPSG:32615")
    assert suspects["why"].tolist() == ["station"]
    assert suspects["incidents"].tolist() == [1]


def test_without_a_place_there_is_no_suspect():
    table = crowd(3).assign(lon=np.nan)
    suspects, is_suspect = find_suspect_points(table, (), "EPSG:32615")
    assert suspects.empty
    assert not is_suspect.any()


# ---- datasets ------------------------------------------------------------------------------


@pytest.fixture
def dataset(town, run):
    path = town.write("a.csv", "1,1,2020-01-01,0,-94.57,39.02,,")
    run("ingest", "--city", town.config, "--places", town.places, path, "--out", "ds")
    return town.folder / "ds"


def test_a_dataset_comes_back_as_it_was_written(dataset):
    loaded = open_dataset(dataset)
    assert loaded.incidents["incident_id"].tolist() == ["1"]
    assert loaded.study_area.area == pytest.approx(0.1 * 0.05)
    assert loaded.fingerprint == json.loads((dataset / "ingest.json").read_text())["fingerprint"]


def test_the_fingerprint_is_of_each_neighborhood_not_of_their_union_alone(dataset):
    loaded = open_dataset(dataset)
    moved = loaded.neighborhoods.copy()
    moved.loc[0, "geometry"] = box(-94.56, 39.00, -94.50, 39.05)
    renamed = loaded.neighborhoods.assign(name=["A", "B"])
    for changed in (moved, renamed):
        other = fingerprint(loaded.incidents, changed, loaded.study_area)
        assert other != loaded.fingerprint
    assert fingerprint(loaded.incidents, loaded.neighborhoods, SQUARE) != loaded.fingerprint


def test_what_is_no_dataset_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(SourceError, match="csa ingest"):
        open_dataset(tmp_path)
    (tmp_path / "ingest.json").write_text('{"kind": "proposal"}')
    with pytest.raises(SourceError, match="is not a dataset"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"NaN oops"])
def test_an_account_that_is_no_json_is_damaged_and_the_remedy_is_told(dataset, content):
    (dataset / "current" / "ingest.json").write_bytes(content)
    with pytest.raises(SourceError, match=r"is damaged.*Make it again with csa ingest"):
        open_dataset(dataset)


def test_a_format_of_the_future_is_refused(dataset):
    marker = dataset / "ingest.json"
    marker.write_text(marker.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(SourceError, match="is in format 2; this version reads 1"):
        open_dataset(dataset)


def test_a_changed_or_cut_off_table_is_damaged(dataset):
    place = dataset / "current" / "incidents.parquet"
    table = pd.read_parquet(place)
    table.assign(lon=-94.58).to_parquet(place)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(dataset)
    place.write_bytes(place.read_bytes()[:-20])
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(dataset)
    table.drop(columns="kind").to_parquet(place)
    with pytest.raises(TableError, match="kind"):
        open_dataset(dataset)


# ---- where files are looked for ------------------------------------------------------------


def test_without_names_the_citys_data_folder_is_searched(town):
    town.edit_config('name = "Testville"', 'name = "Testville"\nfiles = ["2*.csv"]')
    config = load_city(town.config)
    with pytest.raises(SourceError, match="No shooting files given"):
        find_inputs(config, town.folder, ())
    second, first = town.write("2021.csv", "x"), town.write("2020.csv", "x")
    inputs = find_inputs(config, town.folder, ())
    assert inputs.incidents == (first, second)
    assert inputs.places == town.places


def test_a_data_folder_of_many_cities_has_one_for_each(town):
    config = load_city(town.config)
    own = town.folder / "all" / "testville"
    own.mkdir(parents=True)
    town.places.rename(own / "neighborhoods.geojson")
    inputs = find_inputs(config, town.folder / "all", (town.write("a.csv", "x"),))
    assert inputs.places == own / "neighborhoods.geojson"


def test_a_city_without_neighborhoods_or_with_undescribed_people_is_refused(town):
    config = load_city(town.config)
    path = town.write("a.csv", "x")
    with pytest.raises(SourceError, match="needs its neighborhoods: give --places"):
        find_inputs(config, town.folder / "elsewhere", (path,))
    with pytest.raises(SourceError, match="does not describe"):
        find_inputs(config, town.folder, (path,), population=path)
    with pytest.raises(SourceError, match="File not found"):
        find_inputs(config, town.folder, (town.folder / "b.csv",))


def test_of_a_mended_polygon_only_its_land_stays_not_its_spike(tmp_path):
    corners = [(-94.5, 39.0), (-94.4, 39.0), (-94.4, 39.1), (-94.3, 39.1), (-94.4, 39.1)]
    spiked = Polygon([*corners, (-94.5, 39.1)])
    path = save(tmp_path / "n.geojson", ["Spiked"], [spiked])
    table, notes = read_neighborhoods(path, PLACES)
    assert "One polygon in n.geojson was invalid and has been repaired:" in str(notes[0])
    assert table.geom_type.tolist() == ["Polygon"]
    assert shapely.area(table.geometry[0]) == pytest.approx(0.1 * 0.1)
    assert table.total_bounds.tolist() == pytest.approx([-94.5, 39.0, -94.4, 39.1])


def test_a_point_where_people_have_looked_is_not_flagged():
    here = {"name": "Fifth and Main", "why": "walked", "lon": -94.57, "lat": 39.02}
    real = Point(**here, is_real=True)
    suspects, is_suspect = find_suspect_points(crowd(40), (real,), "EPSG:32615")
    assert suspects.empty
    assert not is_suspect.any()
    with pytest.raises(ValueError, match="exclude and is_real contradict"):
        Point(**here, is_real=True, exclude=True)
