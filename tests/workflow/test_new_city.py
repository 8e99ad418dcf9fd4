"""What a new city's file says in bad cases, and what `csa start` makes, asks and leaves."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from pyproj import Transformer

from csa.base.errors import ParamError, SourceError
from csa.base.text import render
from csa.config.loading import load_city
from csa.workflow.city_file import city_file, describe
from csa.workflow.new_city import understand
from csa.workflow.starting import find_places, name_column_of, understand_all
from tests.workflow.layouts import LAYOUTS, louisville, new_york, shootings, write
from tests.workflow.test_new_city_layouts import polygons_around

MIDDLE = (-85.78, 38.23)


def written(tmp_path, rows, name="shootings.csv", **how):
    pd.DataFrame(rows).to_csv(tmp_path / name, index=False, **how)
    return tmp_path / name


def plain(n=240, middle=MIDDLE):
    return [
        {
            "incident_id": one.number,
            "date": f"{one.when:%Y-%m-%d %H:%M}",
            "fatal": int(one.is_homicide),
            "latitude": one.lat,
            "longitude": one.lon,
        }
        for one in shootings(middle, n)
    ]


# ---- By hand --------------------------------------------------------------------------------


def test_the_table_says_what_was_read_from_what_with_three_examples(tmp_path):
    rows = {row[0]: row[1:] for row in describe(understand(write(LAYOUTS["New York"], tmp_path)))}
    assert rows["incident_id"][0] == "INCIDENT_KEY"
    assert rows["date"][:2] == ("OCCUR_DATE", "%m/%d/%Y")
    assert rows["time"][:2] == ("OCCUR_TIME", "%H:%M:%S")
    assert rows["fatal"][1] == "homicide: true; nonfatal: false"
    assert rows["lon"][0] == "Longitude"
    assert rows["fatal"][2] == ["false", "true"]
    assert {len(row[2]) for name, row in rows.items() if name not in {"fatal", "address"}} == {3}


def test_the_city_is_read_off_its_places(tmp_path):
    city = understand(written(tmp_path, plain()), name="Louisville Metro")
    assert (city.id, city.name) == ("louisville-metro", "Louisville Metro")
    assert (city.time_zone, city.metric_crs, city.units) == (
        "America/Kentucky/Louisville",
        "EPSG:32616",
        "us",
    )
    (tmp_path / "c.toml").write_text(city_file(city, ["shootings.csv"], "land.geojson", "name"))
    config = load_city(tmp_path / "c.toml")
    assert config.city.files == ("shootings.csv",)
    assert "start.land_made" in {note.key for note in city.notes}


def test_an_answer_changes_the_reading(tmp_path):
    path = written(tmp_path, [{**row, "date": f"0{at % 9 + 1}/0{at % 7 + 1}/2023"}
                              for at, row in enumerate(plain())])  # fmt: skip
    first = understand(path)
    assert [one.about for one in first.doubts] == ["order"]
    assert first.when.date_formats == ("%m/%d/%Y",)
    second = understand(path, answers={"order": 1})
    assert second.when.date_formats == ("%d/%m/%Y",)
    assert [one.about for one in second.doubts] == ["order"]
    assert understand(path, answers={"order": 9}).when.date_formats == ("%m/%d/%Y",)


def test_of_two_columns_of_days_the_day_of_the_shooting_is_asked(tmp_path):
    rows = [
        {**row, "date": None, "Date A": row["date"][:10], "Date B": f"2023-01-{at % 28 + 1:02d}"}
        for at, row in enumerate(plain())
    ]
    (doubt,) = understand(written(tmp_path, rows)).doubts
    assert doubt.about == "day"
    assert [render(one.words).split(",")[0] for one in doubt.readings] == ["Date A", "Date B"]


def test_a_city_in_two_zones_is_measured_in_one_and_told(tmp_path):
    city = understand(written(tmp_path, plain(middle=(-90.0, 38.6))))
    assert city.metric_crs in {"EPSG:32615", "EPSG:32616"}
    assert "start.two_zones" in {note.key for note in city.notes}


def test_excel_is_read_from_its_first_sheet_which_is_told(tmp_path):
    path = tmp_path / "b.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame(plain()).to_excel(book, index=False, sheet_name="Shootings")
        pd.DataFrame({"a": [1]}).to_excel(book, index=False, sheet_name="Notes")
    city = understand(path)
    assert len(city.records.rows) == 240
    assert "the first sheet, Shootings, was read; not read: Notes" in render(city.notes[0])
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(SourceError) as refused:
        understand(tmp_path / "bad.xlsx")
    assert refused.value.message.key == "source.bad_excel"


# ---- Refused --------------------------------------------------------------------------------


def in_feet(row):
    to_feet = Transformer.from_crs(4326, 2246, always_xy=True)
    x, y = to_feet.transform(row.pop("longitude"), row.pop("latitude"))
    return {**row, "x": round(x), "y": round(y)}


BAD = {
    "no_header": lambda: None,
    "no_day": lambda: [{**row, "date": "soon"} for row in plain()],
    "no_place": lambda: [
        {k: v for k, v in row.items() if k not in {"latitude", "longitude"}} for row in plain()
    ],
    "which_system": lambda: [in_feet(row) for row in plain()],
    "no_shootings": lambda: [
        {**{k: v for k, v in row.items() if k != "fatal"}, "offense": "ROBBERY"} for row in plain()
    ],
    "no_homicide": lambda: [
        {**{k: v for k, v in row.items() if k != "fatal"}, "weapon": "HANDGUN"} for row in plain()
    ],
}


@pytest.mark.parametrize("key", BAD)
def test_what_cannot_be_understood_gets_its_sentence_and_a_next_step(tmp_path, key):
    rows = BAD[key]()
    path = written(tmp_path, plain(), header=False) if rows is None else written(tmp_path, rows)
    with pytest.raises(SourceError) as refused:
        understand(path)
    assert refused.value.message.key == f"start.{key}"
    said = str(refused.value)
    assert "shootings.csv" in said
    assert any(word in said for word in ("Give", "Put", "ask"))


def test_feet_are_understood_with_polygons_or_a_hint(tmp_path):
    path = written(tmp_path, [in_feet(row) for row in plain()])
    places = polygons_around(MIDDLE, tmp_path / "n.geojson")
    assert understand(path, places).where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
    assert understand(path, crs="EPSG:2246").where.crs == "EPSG:2246"
    with pytest.raises(SourceError) as elsewhere:
        understand(path, polygons_around((-75.0, 40.0), tmp_path / "m.geojson"))
    assert elsewhere.value.message.key == "start.no_system"


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ParamError) as refused:
        understand_all([tmp_path / "no.csv"], None)
    assert "no.csv" in str(refused.value)


# ---- Beside the file, and the command -------------------------------------------------------


def test_the_only_polygons_beside_the_file_are_taken(tmp_path):
    path = written(tmp_path, plain())
    assert find_places([path]) is None
    places = polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    assert find_places([path]) == places
    assert name_column_of(places) == "name"
    (tmp_path / "noise.geojson").write_text("{}")
    with pytest.raises(SourceError, match=r"noise\.geojson"):
        understand_all([path], tmp_path / "noise.geojson")
    assert find_places([path]) == places
    shutil.copy(places, tmp_path / "more_neighborhoods.geojson")
    assert find_places([path]) is None


def test_one_command_makes_a_city(tmp_path, run):
    rows = [row for one in shootings(MIDDLE, 700) for row in louisville(one)]
    path = written(tmp_path, rows)
    polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    words = ("start", path, "--yes", "--name", "Louisville")
    said = " ".join(run(*words, cwd=tmp_path).stdout.split())
    assert "700 incidents" in said
    assert "candidate areas hold" in said
    assert "make run CITY=louisville" in said
    assert (tmp_path / "config" / "louisville.toml").is_file()
    assert {one.name for one in (tmp_path / "data" / "louisville").iterdir()} == {
        "shootings.csv",
        "neighborhoods.geojson",
    }
    again = run(*words, cwd=tmp_path, check=False)
    assert again.returncode == 2
    assert "is there already" in " ".join(again.stderr.split())
    # The city is as any other: its files are found without being named.
    done = run("ingest", "--city", "louisville", "--out", "again", cwd=tmp_path)
    assert "700 incidents" in " ".join(done.stdout.split())


def test_forty_incidents_are_few_and_told(tmp_path, run):
    rows = [row for one in shootings(MIDDLE, 40) for row in new_york(one)]
    path = written(tmp_path, rows)
    said = " ".join(run("start", path, "--yes", "--name", "Few", cwd=tmp_path).stdout.split())
    assert "40 incidents are few" in said


def test_what_cannot_be_read_leaves_nothing(tmp_path, run):
    path = written(tmp_path, BAD["no_shootings"]())
    done = run("start", path, "--yes", cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "does not look like a file of shootings" in " ".join(done.stderr.split())
    assert not any((tmp_path / name).exists() for name in ("config", "data", "var"))


def test_questions_are_asked_and_an_answer_is_taken(tmp_path):
    write(LAYOUTS["swapped names"], tmp_path)
    words = [sys.executable, "-m", "csa.cli.main", "start", "shootings.csv"]
    done = subprocess.run(
        words, input="Cleveland\n1\ny\n", cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Which number is the longitude" in done.stderr
    assert (tmp_path / "config" / "cleveland.toml").is_file()
    left = subprocess.run(
        [*words, "--out", "b.toml"],
        input="B\n1\nn\n", cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Nothing was made." in left.stdout
    assert not (tmp_path / "b.toml").exists()


def test_json_says_what_was_made(tmp_path, run):
    rows = [row for one in shootings(MIDDLE, 400) for row in louisville(one)]
    done = run("start", written(tmp_path, rows), "--json", "--name", "Lou", cwd=tmp_path)
    made = json.loads(done.stdout)
    assert made["config"] == "config/lou.toml"
    assert made["counts"]["rows"] == len(rows)


def test_philadelphias_own_files_are_read_to_the_row(shared_data):
    folder = shared_data / "philadelphia"
    victims = understand(folder / "philly_shooting_victims_2015_2025.csv")
    assert victims.doubts == ()
    assert victims.rules.rows_are == "victims"
    portal = understand(folder / "opendataphilly_shootings_raw_2015_2023.csv")
    assert portal.when.date_formats[0].endswith("+00")
    assert [one["name"] for one in portal.rules.exclude] == ["officer_involved"]
