"""`csa check` reads rows: a wrong format, system or column is found before anything is written."""

import json
import shutil

import pytest
from tests.big_cities import (
    CHICAGO_HEADER,
    NEW_YORK_HEADER,
    chicago,
    chicago_row,
    new_york,
    new_york_row,
)
from tests.sentences import says

from csa.city.dataset import open_dataset
from csa.ingest import job

MORE = """
[population]
file = "people.csv"
join_column = "name"
count_column = "people"
year = 2020
source = "made up"

[services]
file = "help.csv"
name_column = "name"
lon_column = "lon"
lat_column = "lat"
near_m = 800
source = "made up"
as_of = 2020-08-01
"""


@pytest.fixture
def check(town, run):
    def call(*more, code=0):
        done = run("check", "--city", town.config, *more, check=False)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return call


@pytest.fixture
def nypd(town):
    new_york(town)
    rows = [new_york_row(n, ("true", "false")[n % 2], 1 + n % 12) for n in range(120)]
    return town.write("nypd.csv", *rows, header=NEW_YORK_HEADER)


@pytest.fixture
def crimes(town):
    chicago(town)
    rows = [chicago_row(n, offense=("BATTERY", "HOMICIDE")[n % 2]) for n in range(120)]
    return town.write("crimes.csv", *rows, header=CHICAGO_HEADER)


def test_a_good_file_is_read_and_nothing_is_written(town, check, nypd):
    before = sorted(town.folder.iterdir())
    said = check("--places", town.places, nypd)
    assert "is read as 'nypd shootings'" in said
    assert "120 rows read, 120 used; left out: none." in said
    assert "120 incidents, from January" in said
    assert "Warning" not in said
    assert "Note" not in said
    assert sorted(town.folder.iterdir()) == before


def test_each_file_that_is_named_is_tried_or_missed(town, check, nypd, monkeypatch):
    good = check("--places", town.places, nypd)
    assert "has no errors" in good
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    with town.config.open("a", encoding="utf-8") as file:
        file.write(MORE)
    town.edit_config("metric_crs", 'files = ["nypd.csv", "nypd2.csv", "20*.csv"]\nmetric_crs')
    said = check(code=2)
    assert "has no errors" not in said
    assert "120 rows read, 120 used" in said
    lost = "nypd2.csv [city], people.csv [population], help.csv [services]"
    assert says("check.absent", files=lost, folder=town.folder) in said  # a pattern may fit none
    town.write("nypd2.csv", "1,1", header="a,b")
    assert "matches no layout" in check(code=2)
    shutil.copy(nypd, town.folder / "nypd2.csv")
    town.write("people.csv", "West,many", header="name,people")
    town.write("help.csv", "House", header="title")
    assert "people.csv" in check(code=2)
    town.write("people.csv", "West,900", "East,800", header="name,people")
    assert "help.csv" in check(code=2)
    town.write("help.csv", "House,hub,40.7,-73.95", header="name,kind,lat,lon")
    assert "has no errors" in check()


def test_where_no_row_was_tried_nothing_is_said_to_be_right(town, check, run, monkeypatch):
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    said = check(code=2)
    assert says("check.nothing_tried", folder=town.folder) in said
    assert "has no errors" not in said
    account = json.loads(run("check", "--city", town.config, "--json", check=False).stdout)
    assert account["faults"] == [says("check.nothing_tried", folder=town.folder)]


def test_a_plan_that_is_not_there_is_an_error_of_the_city_that_names_it(town, check, nypd):
    town.edit_config("metric_crs", 'plan = "plan.toml"\nmetric_crs')
    said = check("--places", town.places, nypd, code=2)
    assert "plan.toml" in said
    assert "has no errors" not in said


def propose(town, run, months):
    """What is proposed from New York's data where the flag of some months is spelled anew."""
    new_york(town)
    rows = [
        new_york_row(100 * month + n, "Y" if month in months else "true", month)
        for month in range(1, 13)
        for n in range(12)
    ]
    path = town.write("nypd.csv", *rows, header=NEW_YORK_HEADER)
    run("ingest", "--city", town.config, "--places", town.places, "--out", "ds", path)
    words = ("propose", "--city", town.config, "--dataset", "ds", "--until", "2025-01")
    return run(*words, "--months", "12", "--out", "pr").stdout


def test_a_wrong_date_format_is_said_with_where_and_what_to_do(town, check, crimes):
    town.edit_config("%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d")
    said = check("--places", town.places, crimes, code=2)
    assert "120 of 120 shootings in crimes.csv have a date that is impossible" in said
    assert "such as '01/01/2024 01:15:00 PM' on line 2 in DATE. Fix date_formats" in said
    assert f"csa: No row of {crimes} can be used" in said


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('date = "OCCUR_DATE"', 'date = "BORO"', "such as 'BROOKLYN' on line 2 in BORO. Fix date"),
        (
            'time = "OCCUR_TIME"',
            'time = "BORO"',
            "time of day we can't read, such as 'BROOKLYN' on",
        ),
        ('x = "X_COORD_CD"', 'x = "BORO"', "a location we can't read, such as 'BROOKLYN' on"),
        (
            'incident_id = "INCIDENT_KEY"',
            'incident_id = "BORO"',
            "120 rows of shootings in nypd.csv share BORO so often that they count as only 1 incidents",
        ),
        (
            "homicide = [",
            'row_id_from = ["address"]\nhomicide = [',
            "share BORO so often that only 1 can be used; the others are left out as duplicates",
        ),
        ('fatal = "STATISTICAL_MURDER_FLAG"', 'fatal = "BORO"', "120 rows have BROOKLYN (120) in"),
    ],
)
def test_a_wrong_column_is_said(town, check, nypd, old, new, sentence):
    town.edit_config(old, new)
    town.edit_config("[sources.columns]", '[sources.columns]\naddress = "BORO"')
    is_useless = old.startswith(("date", "fatal"))
    said = check("--places", town.places, nypd, code=2 if is_useless else 0)
    assert sentence in said
    assert "the city's file" in said


def test_a_source_of_another_utm_zone_is_said(town, check):
    new_york(town)
    rows = [
        f"{n},01/{n % 28 + 1:02}/2024,23:00:00,BROOKLYN,true,{586_000 + n},{4_504_000 + n}"
        for n in range(30)
    ]
    path = town.write("utm.csv", *rows, header=NEW_YORK_HEADER)
    town.edit_config('crs = "EPSG:2263"', 'crs = "EPSG:26918"')
    assert "30 incidents" in check("--places", town.places, path)
    town.edit_config('crs = "EPSG:26918"', 'crs = "EPSG:26917"')
    said = check("--places", town.places, path, code=2)
    assert "Read as EPSG:26917, most locations in" in said
    assert "are around -79.98, 40.68 (longitude, latitude), not in or near New York" in said
    assert "such as the right UTM zone, as `crs` of the source 'nypd shootings'" in said


def test_a_metric_system_of_another_zone_is_said_with_polygons_and_without(town, check, crimes):
    town.edit_config("EPSG:32616", "EPSG:32633")
    said = check("--places", town.places, crimes, code=2)
    assert "EPSG:32633 is made for another part of the world, not for Chicago" in said
    town.places.unlink()
    said = check(crimes, code=2)
    assert "in or near the part of the world that metric_crs (EPSG:32633) is made for" in said
    assert "or is metric_crs wrong in the city's file?" in said


def test_swapped_columns_are_said_with_polygons_and_without(town, check, crimes):
    town.edit_config('lat = "LATITUDE"\nlon = "LONGITUDE"', 'lon = "LATITUDE"\nlat = "LONGITUDE"')
    for words in (("--places", town.places), ()):
        assert "Latitude and longitude are swapped" in check(*words, crimes, code=2)


def test_polygons_of_the_data_folder_are_found_and_their_absence_is_said(
    town, check, crimes, monkeypatch
):
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder / "elsewhere"))
    assert "neighborhoods.geojson [places]" in check(crimes, code=2)
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    assert "[places]" not in check(crimes)
    assert "File not found" in check("--places", "no.geojson", crimes, code=2)


def test_few_bad_texts_are_no_fault_of_the_citys_file(town, check):
    chicago(town)
    rows = [chicago_row(n) for n in range(120)]
    rows[3] = rows[3].replace("/2024", "/24")
    rows[5] = rows[5].replace("41.8", "UNK")
    path = town.write("crimes.csv", *rows, header=CHICAGO_HEADER)
    said = check("--places", town.places, path)
    assert "left out: 1 bad date" in said
    assert "Warning" not in said


def test_a_file_of_no_shooting_is_a_dataset_of_none_with_a_sentence_and_none_are_proposed(
    town, run, monkeypatch
):
    monkeypatch.setattr(job, "_is_here", False)  # as users read, not as other tests do
    chicago(town)
    path = town.write(
        "crimes.csv", *(chicago_row(n, offense="THEFT") for n in range(5)), header=CHICAGO_HEADER
    )
    folder = town.folder / "none"
    made = run("ingest", "--city", town.config, "--places", town.places, path, "--out", folder)
    assert "the dataset has no incidents" in made.stdout
    assert "5 rows read, 0 used" in made.stdout
    assert len(open_dataset(folder).incidents) == 0
    proposed = run("propose", "--city", town.config, "--dataset", folder, "--out", folder / "p")
    assert "No mapped incidents in the city" in " ".join(proposed.stdout.split())
