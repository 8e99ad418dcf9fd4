"""Layers in a dataset: found, stored, checked on load, and beside what was there before."""

import json

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import box

from csa.areas.analysis import highest_risk, propose_areas, risk_in_area, services_near
from csa.areas.choices import AreaSettings
from csa.areas.places import list_cells
from csa.base.errors import SourceError
from csa.city.dataset import LAYERS, City, open_dataset
from csa.city.loading import load_city
from csa.ingest.sources import Inputs, add_layers

LAYERS_TOML = """
[services]
file = "services.csv"
name_column = "name"
kind_column = "kind"
near_m = 500
source = "the team"
as_of = 2020-08-01
[risk_terrain]
file = "risk.geojson"
score_column = "score"
top_share = 0.5
source = "a university"
as_of = 2020-01-01
"""


@pytest.fixture
def layered(town):
    """Testville with two services and a score of its west and its east."""
    town.config.write_text(town.config.read_text() + LAYERS_TOML)
    rows = (
        "Hope,clinic,-94.57,39.02",
        "Oak,school,-94.51,39.04",
        "Nowhere,school,,",
        "Far,school,-90,39",
    )
    town.write("services.csv", *rows, header="name,kind,lon,lat")
    halves = [box(-94.60, 39.00, -94.55, 39.05), box(-94.55, 39.00, -94.50, 39.05)]
    shapes = [*halves, box(-90, 39, -89.9, 39.1)]
    table = gpd.GeoDataFrame({"score": [2.0, 1.0, 9.0]}, geometry=shapes, crs="EPSG:4326")
    table.to_file(town.folder / "risk.geojson")
    return town


@pytest.fixture
def shootings(town):
    days = (f"2020-05-{n % 28 + 1:02d} 10:00" for n in range(60))
    rows = (
        f"{n},{n},{day},{n % 2},{-94.57 + n % 6 / 4000},{39.02 + n % 5 / 5000},,"
        for n, day in enumerate(days)
    )
    return town.write("a.csv", *rows)


@pytest.fixture
def ingest(town, run, shootings):
    def call(*words, check=True, out="ds"):
        named = ("--city", town.config, "--places", town.places, shootings, "--out", out)
        return run("ingest", *named, *words, check=check)

    return call


# ---- By hand --------------------------------------------------------------------------------


def test_layers_in_the_data_folder_are_stored_and_said(layered, ingest, monkeypatch):
    monkeypatch.setenv("CSA_DATA_DIR", str(layered.folder))
    said = ingest().stdout
    lost = "1 no place, 1 outside surroundings"
    assert f"services.csv, as of August 1, 2020: 2 places from 4 rows; left out: {lost}." in said
    lost = "1 outside surroundings"
    assert f"risk.geojson, as of January 1, 2020: 2 places from 3 rows; left out: {lost}." in said
    dataset = open_dataset(layered.folder / "ds")
    assert dataset.services["name"].tolist() == ["Hope", "Oak"]
    assert dataset.risk_terrain["score"].tolist() == [2.0, 1.0]
    assert dataset.report["services"]["source"] == "the team"
    assert dataset.report["risk_terrain"]["as_of"] == "2020-01-01"


@pytest.mark.long
def test_layers_named_by_options_are_read(layered, ingest):
    named = ("--services", layered.folder / "services.csv")
    report = json.loads(ingest(*named, "--json").stdout)
    assert report["services"]["n"] == 2
    assert report["risk_terrain"] is None
    texts = [note["text"] for note in report["notes"]]
    assert any(text.startswith("risk.geojson, named under [risk_terrain]") for text in texts)
    named = ("--risk-terrain", layered.folder / "risk.geojson")
    assert "services.csv, named under [services], is not among" in ingest(*named).stdout


def test_what_candidate_areas_have_around_them(layered, ingest):
    words = ("--services", layered.folder / "services.csv")
    ingest(*words, "--risk-terrain", layered.folder / "risk.geojson")
    dataset, config = open_dataset(layered.folder / "ds"), load_city(layered.config)
    proposal = propose_areas(City(config, dataset), AreaSettings())
    near = services_near(City(config, dataset), proposal).set_index("kind")
    assert near.loc["clinic", ["inside", "nearest_name"]].tolist() == [1, "Hope"]
    assert near.loc["school", ["inside", "near", "nearest_name"]].tolist() == [0, 0, "Oak"]
    risk = risk_in_area(City(config, dataset), list_cells(proposal.areas)[0]).iloc[0]
    assert risk["mean_score"] == pytest.approx(2.0)  # wholly in the west
    assert risk["highest_share"] == pytest.approx(1.0)
    # The north is a little narrower on the globe, not in degrees: halves are halves.
    assert highest_risk(City(config, dataset)).share == pytest.approx(0.5, abs=1e-3)


# ---- At the edge ----------------------------------------------------------------------------


def test_a_city_without_layers_has_none_and_no_answer(town, ingest):
    ingest()
    dataset, config = open_dataset(town.folder / "ds"), load_city(town.config)
    assert (dataset.services, dataset.risk_terrain) == (None, None)
    proposal = propose_areas(City(config, dataset), AreaSettings())
    assert services_near(City(config, dataset), proposal) is None
    assert risk_in_area(City(config, dataset), list_cells(proposal.areas)[0]) is None
    assert highest_risk(City(config, dataset)) is None


@pytest.fixture
def detailed(layered):
    """Testville's file names where the details of its services are."""

    def write(*rows):
        named = 'details = { program = "offer", capacity = "seats", evaluated = "checked" }'
        text = layered.config.read_text().replace("near_m = 500", f"near_m = 500\n{named}")
        layered.config.write_text(text)
        layered.write("services.csv", *rows, header="name,kind,lon,lat,offer,seats,checked")
        return "--services", layered.folder / "services.csv"

    return write


@pytest.mark.long
def test_details_of_services_are_stored_and_two_programs_are_two_rows(layered, ingest, detailed):
    place = "clinic,-94.57,39.02"
    words = detailed(f"Hope,{place},Counsel,40,Yes", f"Hope,{place},Care,,no", f"Hope,{place},,,")
    report = json.loads(ingest(*words, "--json").stdout)
    assert report["services"]["lost"]["duplicate"] == 0
    services = open_dataset(layered.folder / "ds").services
    assert services["program"].tolist() == ["Counsel", "", "Care"]
    assert services["evaluated"].tolist() == ["yes", "", "no"]
    assert services["capacity"].tolist() == [40, pd.NA, pd.NA]


@pytest.mark.long
def test_layers_change_no_incident_no_place_and_no_proposal(layered, ingest):
    before = json.loads(ingest("--json", out="without").stdout)
    words = ("--services", layered.folder / "services.csv", "--json")
    after = json.loads(ingest(*words, out="with").stdout)
    assert before["fingerprint"] == after["fingerprint"]
    config = load_city(layered.config)
    without, beside = (
        propose_areas(City(config, open_dataset(layered.folder / name)), AreaSettings()).summary
        for name in ("without", "with")
    )
    assert without == beside


def test_a_dataset_from_before_layers_still_loads(layered, ingest):
    ingest()
    marker = layered.folder / "ds" / "ingest.json"
    report = json.loads(marker.read_text())
    del report["services"], report["risk_terrain"]
    marker.write_text(json.dumps(report))
    assert open_dataset(layered.folder / "ds").services is None


def test_a_version_may_lack_a_layer_that_another_has(layered, ingest):
    words = ("--services", layered.folder / "services.csv")
    place = layered.folder / "ds"
    ingest(*words)
    assert (place / "services.parquet").is_file()
    ingest()
    assert not (place / "services.parquet").is_symlink()
    assert open_dataset(place).services is None
    ingest(*words)
    assert len(open_dataset(place).services) == 2


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--services", "--risk-terrain"])
def test_a_layer_that_the_city_does_not_describe_is_refused(town, ingest, shootings, option):
    done = ingest(option, shootings, check=False)
    assert done.returncode == 2
    section = option.removeprefix("--").replace("-", "_")
    assert f"Testville's file does not describe {shootings}. Add [{section}]" in done.stderr


def test_a_named_layer_that_is_absent_is_refused(layered, ingest):
    done = ingest("--services", layered.folder / "none.csv", check=False)
    assert done.returncode == 2
    assert "File not found" in done.stderr
    config, inputs = load_city(layered.config), Inputs((), layered.places)
    with pytest.raises(SourceError, match="File not found"):  # before anything is read
        add_layers(inputs, config, layered.folder, risk_terrain=layered.folder / "none.geojson")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,some,", "1 values of 'seats' in {} are not whole numbers of people, such as 'some'"),
        ("x,-4,", "such as '-4'."),
        ("x,2.5,", "such as '2.5'."),
        ("x,4,maybe", "1 values of 'checked' in {} are neither yes nor no, such as 'maybe'."),
    ],
)
def test_a_wrong_detail_is_refused_with_a_sentence(ingest, detailed, row, said):
    words = detailed("Hope,clinic,-94.57,39.02,Counsel,40,yes", f"Oak,school,-94.51,39.04,{row}")
    done = ingest(*words, check=False)
    assert done.returncode == 2
    assert said.format(words[1]) in done.stderr


def test_a_detail_whose_column_is_absent_is_refused(layered, ingest, detailed):
    words = detailed()
    layered.write("services.csv", "Hope,clinic,-94.57,39.02", header="name,kind,lon,lat")
    assert "offer" in ingest(*words, check=False).stderr


@pytest.mark.parametrize("key", ["services", "risk_terrain"])
def test_a_layer_that_was_changed_or_is_gone_is_damage(layered, ingest, key):
    words = ("--services", layered.folder / "services.csv")
    ingest(*words, "--risk-terrain", layered.folder / "risk.geojson")
    file = (layered.folder / "ds" / LAYERS[key]).resolve()
    table = gpd.read_parquet(file)
    table.iloc[::-1].to_parquet(file)
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(layered.folder / "ds")
    file.unlink()
    with pytest.raises(SourceError, match="is damaged"):
        open_dataset(layered.folder / "ds")
