"""What a new city's file says in bad cases, and what `csa start` makes, asks and leaves."""

import io
import json
import shlex
import shutil
import sys
import tomllib
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer
from shapely.geometry import LineString, box
from tests.sentences import refuses
from tests.workflow.layouts import LAYOUTS, louisville, polygons_around, shootings, write

from csa.base.errors import ParamError, SourceError
from csa.base.text import render
from csa.city.config import Public
from csa.city.dataset import open_dataset
from csa.city.loading import find_city_file, load_city
from csa.ingest.excel import read_excel
from csa.workflow.city_file import city_file, describe
from csa.workflow.companion_files import classify_companions, list_companions, name_column_of
from csa.workflow.new_city import read_tables, understand

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


def test_the_file_says_whether_the_source_marks_what_is_domestic(tmp_path):
    def public_of(rows):
        city = understand(written(tmp_path, rows))
        text = city_file(city, "land.geojson", "name")
        (tmp_path / "c.toml").write_text(text)
        assert load_city(tmp_path / "c.toml").public == Public()  # nobody has confirmed anything
        return text[text.index("[public]") : text.index("[[sources]]")]

    def once_confirmed(text):
        lines = [line.removeprefix("# ") for line in text.splitlines() if "domestic_" in line]
        return Public.model_validate(tomllib.loads("\n".join(["[public]", *lines]))["public"])

    silent = public_of(plain())
    assert "shootings.csv" in silent
    assert once_confirmed(silent).domestic_rule == "no field in the source"
    marked = public_of([row | {"domestic": "YN"[n % 9 > 0]} for n, row in enumerate(plain())])
    assert "shootings.csv" not in marked
    assert once_confirmed(marked).domestic_rule == "agreed"


def test_the_table_says_what_was_read_from_what_with_three_examples(tmp_path):
    rows = {
        row[0]: row[1:]
        for row in describe(understand(write(LAYOUTS["New York"], tmp_path)).lists[0])
    }
    assert rows["incident_id"][0] == "INCIDENT_KEY"
    assert rows["date"][:2] == ("OCCUR_DATE", "%m/%d/%Y")
    assert rows["time"][:2] == ("OCCUR_TIME", "%H:%M:%S")
    assert rows["fatal"][1] == "homicide: true; nonfatal: false"
    assert rows["lon"][0] == "Longitude"
    assert rows["fatal"][2] == "false | true"
    several = {
        row[2].count(" | ") for name, row in rows.items() if name not in {"fatal", "address"}
    }
    assert several == {2}


def test_the_city_is_read_off_its_places(tmp_path):
    city = understand(written(tmp_path, plain()), name="Louisville Metro")
    assert (city.id, city.name) == ("louisville-metro", "Louisville Metro")
    assert (city.time_zone, city.metric_crs, city.units) == (
        "America/Kentucky/Louisville",
        "EPSG:32616",
        "us",
    )
    (tmp_path / "c.toml").write_text(city_file(city, "land.geojson", "name"))
    config = load_city(tmp_path / "c.toml")
    assert config.city.files == ("shootings.csv",)
    assert "start.land_made" in {note.key for note in city.notes}


def test_an_answer_changes_the_reading(tmp_path):
    path = written(tmp_path, [{**row, "date": f"0{at % 9 + 1}/0{at % 7 + 1}/2023"}
                              for at, row in enumerate(plain())])  # fmt: skip
    first = understand(path)
    assert [one.about for one in first.doubts] == ["order"]
    assert first.lists[0].when.date_formats == ("%m/%d/%Y",)
    second = understand(path, answers={"order": 1})
    assert second.lists[0].when.date_formats == ("%d/%m/%Y",)
    assert [one.about for one in second.doubts] == ["order"]
    assert understand(path, answers={"order": 9}).lists[0].when.date_formats == ("%m/%d/%Y",)


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


def test_notes_and_titles_before_an_excel_table_are_passed_over_and_told(tmp_path):
    path = tmp_path / "b.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        pd.DataFrame({"About": ["Made by the police", "Ask us"]}).to_excel(
            book, index=False, sheet_name="Read me"
        )
        pd.DataFrame(plain()).to_excel(book, index=False, sheet_name="Shootings", startrow=2)
        book.sheets["Shootings"]["A1"] = "Shootings of 2023"
    city = understand(path)
    assert len(city.lists[0].columns["date"].texts) == 240
    said = " ".join(render(note) for note in city.notes)
    assert ": read the sheet Shootings; not read: Read me" in said
    assert "skipped 2 title lines above the column names" in said


def test_an_excel_table_of_two_columns_is_the_table_and_a_damaged_sheet_is_passed_over(tmp_path):
    path = tmp_path / "b.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"date": ["2024-01-05"], "place": ["POINT (-85.7 38.2)"]}).to_excel(
            book, index=False, sheet_name="Shootings"
        )
        pd.DataFrame(plain(20)).to_excel(book, index=False, sheet_name="Other")
    table = read_excel(path.read_bytes(), path)
    assert (len(table.rows), table.sheets, table.others) == (2, ["Shootings"], ["Other"])


def test_an_excel_file_that_names_no_sheet_is_refused(tmp_path):
    whole, path = tmp_path / "whole.xlsx", tmp_path / "none.xlsx"
    pd.DataFrame(plain(20)).to_excel(whole, index=False)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<sheet ", b"<sheat "))
    with pytest.raises(SourceError, match=r"none\.xlsx"):
        read_excel(path.read_bytes(), path)


def test_geojson_in_meters_needs_no_hint_and_breaks_nothing(tmp_path):
    """Without polygons its land is found from points that are no degrees in the file."""
    points = [(one["longitude"], one["latitude"]) for one in plain()]
    table = pd.DataFrame(plain()).drop(columns=["latitude", "longitude"])
    shapes = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(*zip(*points, strict=True)), crs="EPSG:4326"
    )
    path = tmp_path / "shootings.geojson"
    shapes.to_crs("EPSG:3857").to_file(path, driver="GeoJSON")
    classify_companions([], read_tables([path]))
    city = understand(path)
    where = city.lists[0].where
    assert where.crs == "EPSG:4326"
    assert where.lonlat.to_numpy() == pytest.approx(np.array(points), abs=1e-7)


def test_offenses_that_say_how_say_whether_it_was_a_gun(tmp_path):
    names = ("HOMICIDE - FIREARM", "HOMICIDE - KNIFE", "HOMICIDE", "AGG ASSAULT - SHOOTING")
    rows = [{**row, "fatal": names[n % 4]} for n, row in enumerate(plain())]
    rows = [{("offense" if name == "fatal" else name): v for name, v in r.items()} for r in rows]
    rules = understand(written(tmp_path, rows)).lists[0].rules
    assert {*rules.homicide[0]["offense"]} == {*names[:3]}
    assert rules.gun["no"] == [{"offense": ["HOMICIDE - KNIFE"]}]
    assert {one for rule in rules.gun["yes"] for one in rule["offense"]} == {names[0], names[3]}


# ---- Refused --------------------------------------------------------------------------------


def in_feet(row):
    to_feet = Transformer.from_crs(4326, 2246, always_xy=True)
    x, y = to_feet.transform(row.pop("longitude"), row.pop("latitude"))
    return {**row, "x": round(x), "y": round(y)}


def test_a_file_without_a_header_is_refused_by_name_with_a_next_step(tmp_path):
    with pytest.raises(SourceError, match=r"shootings\.csv.*(Give|Add|ask)") as refused:
        understand(written(tmp_path, plain(), header=False))
    assert refused.value.message.key == "start.no_header"


@pytest.mark.long
def test_feet_are_understood_with_polygons_or_a_hint(tmp_path):
    path = written(tmp_path, [in_feet(row) for row in plain()])
    places = polygons_around(MIDDLE, tmp_path / "n.geojson")
    assert understand(path, places).lists[0].where.lonlat["lat"].median() == pytest.approx(
        38.23, abs=0.02
    )
    assert understand(path, crs="EPSG:2246").lists[0].where.crs == "EPSG:2246"
    with refuses("start.no_system", SourceError):
        understand(path, polygons_around((-75.0, 40.0), tmp_path / "m.geojson"))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ParamError) as refused:
        understand(tmp_path / "no.csv")
    assert "no.csv" in str(refused.value)


# ---- Beside the file, and the command -------------------------------------------------------


def beside(path, **how):
    return classify_companions(list_companions([path]), read_tables([path]), **how)


def test_polygons_beside_the_file_are_taken_those_that_residents_know_first(tmp_path):
    path = written(tmp_path, plain())
    assert beside(path).places is None
    wards = polygons_around(MIDDLE, tmp_path / "wards.geojson")
    assert beside(path).places == wards
    places = polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    polygons_around((-75.0, 40.0), tmp_path / "a_neighborhoods_elsewhere.geojson")
    (tmp_path / "noise.geojson").write_text("{}")
    found = beside(path)
    assert found.places == places
    unfit, others = found.notes
    assert (unfit.key, others.key) == ("start.places_unfit", "start.other_places")
    assert "a_neighborhoods_elsewhere.geojson" in str(unfit)
    assert "wards.geojson" in str(others)
    assert beside(path, places=wards).places == wards
    assert name_column_of(places) == "name"
    with pytest.raises(SourceError, match=r"noise\.geojson"):
        understand(path, tmp_path / "noise.geojson")


@pytest.mark.long_but_first
@pytest.mark.parametrize("blank", [None, ""])
def test_a_polygon_without_a_name_is_one_of_the_citys_and_told(tmp_path, run, blank):
    path = written(tmp_path, plain())
    places = polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    east, west = gpd.read_file(places).geometry.tolist()
    halves = [box(*east.bounds[:3], MIDDLE[1]), box(east.bounds[0], MIDDLE[1], *east.bounds[2:])]
    names = {"name": ["East", "North", blank]}
    gpd.GeoDataFrame(names, geometry=[west, *halves], crs="EPSG:4326").to_file(places)
    assert name_column_of(places) == "name"
    for how in ((), ("--places", places)):
        name = f"City{len(how)}"
        done = run("start", path, *how, "--yes", "--name", name, cwd=tmp_path)
        assert "One polygon in neighborhoods.geojson has no name" in " ".join(done.stdout.split())


def test_polygons_that_name_no_system_take_the_one_given(tmp_path):
    path = written(tmp_path, plain())
    shapes = gpd.read_file(polygons_around(MIDDLE, tmp_path / "n.geojson")).to_crs("EPSG:3089")
    (tmp_path / "n.geojson").unlink()
    shapes.to_file(tmp_path / "neighborhoods.shp")
    (tmp_path / "neighborhoods.prj").unlink()
    assert [note.key for note in beside(path).notes] == ["start.layer_no_crs"]
    found = beside(path, crs="EPSG:3089").places
    assert found == tmp_path / "neighborhoods.shp"
    city = understand(path, found, crs="EPSG:3089")
    text = city_file(city, found.name, name_column_of(found, "EPSG:3089"), crs="EPSG:3089")
    assert tomllib.loads(text)["places"]["crs"] == "EPSG:3089"


@pytest.mark.parametrize("crs", [None, "EPSG:3089"])
def test_layers_that_name_no_system_take_the_one_given_and_are_told_without(tmp_path, crs):
    path = written(tmp_path, plain())
    lines = [LineString([(-85.8, lat), (-85.76, lat)]) for lat in (38.2, 38.25)]
    streets = gpd.GeoDataFrame({"st_name": ["Oak", "Elm"]}, geometry=lines, crs="EPSG:4326")
    streets.to_crs("EPSG:3089").to_file(tmp_path / "streets.shp")
    gpd.GeoDataFrame(geometry=[box(-85.8, 38.2, -85.7, 38.3)], crs="EPSG:4326").to_crs(
        "EPSG:3089"
    ).to_file(tmp_path / "rivers.shp")
    for name in ("streets", "rivers"):
        (tmp_path / f"{name}.prj").unlink()
    found = beside(path, crs=crs)
    roles = {one.role: one.settings.get("crs") for one in found.layers}
    assert roles == ({"streets": crs, "water": crs} if crs else {})
    named = [str(note) for note in found.notes if note.key.endswith("_no_crs")]
    assert ["streets.shp" in "".join(named), "rivers.shp" in "".join(named)] == [not crs] * 2
    city = understand(path)
    text = city_file(city, "land.geojson", "name", found.layers)
    assert tomllib.loads(text).get("basemap", {}).get("crs") == crs


def test_zipped_maps_are_a_citys_shootings_and_its_neighborhoods(tmp_path):
    """As portals give them: each a Shapefile in a zip, side by side."""
    table = pd.DataFrame(plain()).rename(columns={"incident_id": "number"})
    points = gpd.points_from_xy(table.pop("longitude"), table.pop("latitude"), crs="EPSG:4326")
    shapes = {"shootings": gpd.GeoDataFrame(table, geometry=points)}
    shapes["neighborhoods"] = gpd.read_file(polygons_around(MIDDLE, tmp_path / "n.gpkg"))
    (tmp_path / "n.gpkg").unlink()
    for name, one in shapes.items():
        folder = tmp_path / f"{name} unzipped"
        folder.mkdir()
        one.to_crs("EPSG:3089").to_file(folder / f"{name}.shp")
        shutil.make_archive(str(tmp_path / name), "zip", folder)
    path = tmp_path / "shootings.zip"
    assert beside(path).places == tmp_path / "neighborhoods.zip"
    city = understand(path, tmp_path / "neighborhoods.zip")
    assert city.lists[0].where.lonlat.to_numpy() == pytest.approx(
        np.column_stack([points.x, points.y]), abs=1e-7
    )


def test_one_command_makes_a_city(tmp_path, run):
    rows = [row for one in shootings(MIDDLE, 700) for row in louisville(one)]
    path = written(tmp_path, rows)
    polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    words = ("start", path, "--yes", "--name", "Louisville")
    said = " ".join(run(*words, cwd=tmp_path).stdout.split())
    assert "700 incidents" in said
    assert "candidate areas, on" in said
    assert "csa serve --city louisville" in said
    assert (tmp_path / "config" / "louisville.toml").is_file()
    assert {one.name for one in (tmp_path / "data" / "louisville").iterdir()} == {
        "shootings.csv",
        "neighborhoods.geojson",
    }
    again = run(*words, cwd=tmp_path, check=False)
    assert again.returncode == 2
    assert "already exists" in " ".join(again.stderr.split())
    # The city is as any other: its files are found without being named.
    done = run("ingest", "--city", "louisville", "--out", "again", cwd=tmp_path)
    assert "700 incidents" in " ".join(done.stdout.split())


@pytest.mark.long_but_first
@pytest.mark.parametrize("how", [(), ("--root", "a b"), ("--out", "my city.toml"), ("a folder",)])
def test_the_next_commands_find_the_city_from_any_folder(tmp_path, run, how, monkeypatch):
    """Planted: another root, a name with a blank, a folder called as the city."""
    path, elsewhere = written(tmp_path, plain(60)), tmp_path / "elsewhere"
    (elsewhere / "few").mkdir(parents=True)
    if how == ("a folder",):
        (tmp_path / "few").mkdir()
        how = ()
    said = run("start", path, "--yes", "--name", "Few", *how, cwd=tmp_path).stdout
    last = " ".join(said[said.index("Written: ") :].split()).rstrip(".")
    (look,) = shlex.split(last.partition("serve --city ")[2].partition(". Next")[0])
    judged = shlex.split(last.partition("csa backtest ")[2])
    monkeypatch.setenv("CSA_HOME", str(tmp_path))
    assert "59 mapped shootings" in run("propose", *judged, "--out", "p", cwd=elsewhere).stdout
    checked = run("check", *judged[:2], path, cwd=elsewhere, check=False).stdout
    assert "60 rows read, 60 used" in checked
    at_home = tmp_path / "var" / find_city_file(look).stem / "dataset"
    assert (Path(look) if "dataset" in look else at_home).joinpath("ingest.json").is_file()


NAMES = ["Oliver", "Upton", "Berk", "Remy", "Cherry Hill", "Canton", "Lake", "Elm", "Oak", "Ash"]


def two_cities(**own):
    others = [
        row | {"incident_id": row["incident_id"] + 5000} for row in plain(150, (-89.97, 35.12))
    ]
    rows = [row | {"city": "LOUISVILLE"} for row in plain()] + [
        row | {"city": "MEMPHIS"} for row in others
    ]
    return [row | own for row in rows]


def hooded(name):
    """Rows of two in ten of a degree, each third of which has one of a column's names."""
    return [row | {"neighborhood": name(at, row)} for at, row in enumerate(plain(300))]


def tenth(row):
    return int((row["longitude"] - MIDDLE[0] + 0.06) / 0.012) % 10


BAD_INPUT = {
    "two cities": (two_cities, (), 240, "Louisville (240 rows)"),
    "two cities, no column": (
        lambda: [{k: v for k, v in row.items() if k != "city"} for row in two_cities()],
        (), 390, "150 rows are far from this city, and no column says which city they are in",
    ),
    "three neighborhoods": (
        lambda: hooded(lambda _, row: NAMES[tenth(row) // 4]), (), 300,
        "neighborhood has only 3 different names, so several areas would share one.",
    ),
    "a neighborhood a row": (
        lambda: hooded(lambda at, _: f"{NAMES[at % 10]} Grove {at}"), (), 300,
        "neighborhood has 300 different names, too many for neighborhoods",
    ),
    "neighborhoods with typing errors": (
        lambda: hooded(lambda at, row: NAMES[tenth(row)] + "q" * (at < 3)), (), 300,
        "3 names in neighborhood are in fewer than 3 rows",
    ),
    "one road": (lambda: [row | {"latitude": MIDDLE[1]} for row in plain()], (), 240, "candidate area"),
    "sixty in four years": (
        lambda: [row | {"date": row["date"].replace("2022", str(2020 + at % 3))}
                 for at, row in enumerate(plain(60))],
        (), 60, "60 incidents are few",
    ),
}  # fmt: skip


@pytest.mark.long_but_first
@pytest.mark.parametrize("what", BAD_INPUT)
def test_bad_input_is_told_by_the_command_and_read_as_far_as_it_is_true(tmp_path, run, what):
    make, how, n, sentence = BAD_INPUT[what]
    path = written(tmp_path, make())
    said = " ".join(run("start", path, "--yes", *how, "--name", "A", cwd=tmp_path).stdout.split())
    assert sentence in said
    if what == "two cities":  # no row of the other is counted as one without a place
        assert "240 rows, each" in said
        assert "240 have a date, 240 a location" in said
    assert open_dataset(tmp_path / "var" / "a" / "dataset").report["incidents"] == n
    proposal = json.loads((tmp_path / "var" / "a" / "proposal" / "proposal.json").read_text())
    assert proposal["share_of_study_area"] <= 0.021
    assert proposal["land_is_estimated"]


@pytest.mark.long
def test_polygons_of_another_state_are_refused_where_named_and_told_where_beside(tmp_path, run):
    path = written(tmp_path, plain())
    other = polygons_around((-75.0, 40.0), tmp_path / "other.geojson")
    words = ("start", path, "--yes", "--name", "A")
    refused = run(*words, "--places", other, cwd=tmp_path, check=False)
    assert refused.returncode == 2
    assert "0% of the shootings are in the polygons of other.geojson." in refused.stderr
    assert not (tmp_path / "config" / "a.toml").exists()
    said = " ".join(run(*words, cwd=tmp_path).stdout.split())
    assert "other.geojson was not used as the city's neighborhoods" in said


def test_what_cannot_be_read_leaves_nothing(tmp_path, run):
    rows = [{**{k: v for k, v in row.items() if k != "fatal"}, "offense": "R"} for row in plain()]
    path = written(tmp_path, rows)
    done = run("start", path, "--yes", cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "does not look like a file of shootings" in " ".join(done.stderr.split())
    assert not any((tmp_path / name).exists() for name in ("config", "data", "var"))


def test_questions_are_asked_and_an_answer_is_taken(tmp_path, run, monkeypatch):
    write(LAYOUTS["swapped names"], tmp_path)
    words = ("start", "shootings.csv")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Cleveland\n1\ny\n"))
    done = run(*words, cwd=tmp_path)
    assert "Which number is the longitude" in done.stderr
    assert (tmp_path / "config" / "cleveland.toml").is_file()
    monkeypatch.setattr(sys, "stdin", io.StringIO("B\n1\nn\n"))
    left = run(*words, "--out", "b.toml", cwd=tmp_path, check=False)
    assert "Nothing was created." in left.stdout
    assert not (tmp_path / "b.toml").exists()


def test_json_says_what_was_made(tmp_path, run):
    rows = [row for one in shootings(MIDDLE, 400) for row in louisville(one)]
    done = run("start", written(tmp_path, rows), "--json", "--name", "Lou", cwd=tmp_path)
    made = json.loads(done.stdout)
    assert made["config"] == "config/lou.toml"
    assert made["counts"]["rows"] == len(rows)


@pytest.mark.long
def test_philadelphias_own_files_are_read_to_the_row(shared_data):
    folder = shared_data / "philadelphia"
    victims = understand(folder / "philly_shooting_victims_2015_2025.csv")
    assert victims.doubts == ()
    assert victims.lists[0].rules.rows_are == "victims"
    portal = understand(folder / "opendataphilly_shootings_raw_2015_2023.csv")
    assert portal.lists[0].when.date_formats[0].endswith("+00")
    assert [one["name"] for one in portal.lists[0].rules.exclude] == ["officer_involved"]


# ---- Layers ---------------------------------------------------------------------------------


def layered(tmp_path):
    """A city with people, streets, a park, schools and a list of services beside its file."""
    x, y = MIDDLE
    path = written(tmp_path, plain(700))
    polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    folder = tmp_path / "layers"
    folder.mkdir()
    quarters = [
        box(x - 0.08, y - 0.08, x + 0.04, y + 0.08),
        box(x + 0.04, y - 0.08, x + 0.08, y + 0.08),
    ]
    tracts = gpd.GeoDataFrame(
        {"geoid": ["a", "b"], "population": [900, 500]}, geometry=quarters, crs=4326
    )
    tracts.to_file(folder / "tracts_2020.geojson")
    ways = [LineString([(x - 0.07, y), (x + 0.07, y)]), LineString([(x, y), (x, y + 0.07)])]
    streets = gpd.GeoDataFrame(
        {"class": ["Arterial", "Local"], "st_name": ["Main", "Elm"]}, geometry=ways, crs=4326
    )
    streets.to_file(folder / "street_centerlines.shp")
    gpd.GeoDataFrame(
        {"name": ["Green"]}, geometry=[box(x, y, x + 0.01, y + 0.01)], crs=4326
    ).to_file(folder / "city_parks.gpkg")
    pd.DataFrame(
        {"School Name": ["Oak", "Elm"], "LATITUDE": [y, y + 0.01], "LONGITUDE": [x, x]}
    ).to_csv(folder / "public_schools.csv", index=False)
    pd.DataFrame(
        {"name": ["Hope", "Care"], "kind": ["clinic", "hub"], "lat": [y, y], "lon": [x, x - 0.01]}
    ).to_csv(folder / "services.csv", index=False)
    pd.DataFrame({"name": ["Far"], "lat": [40.0], "lon": [-75.0]}).to_csv(
        folder / "libraries.csv", index=False
    )
    pd.DataFrame({"amount": [1], "lat": [y], "lon": [x]}).to_csv(
        folder / "parking_tickets.csv", index=False
    )
    return path


def test_what_lies_beside_the_file_is_what_its_name_columns_and_shapes_say(tmp_path):
    found = beside(layered(tmp_path))
    roles = {one.path.name: one.role for one in found.layers}
    assert roles == {
        "city_parks.gpkg": "parks",
        "tracts_2020.geojson": "population",
        "public_schools.csv": "services",
        "services.csv": "services",
        "street_centerlines.shp": "streets",
    }
    settings = {one.path.name: one.settings for one in found.layers}
    assert settings["street_centerlines.shp"] == {
        "street_class_column": "class",
        "main_streets": ["Arterial"],
        "street_name_column": "st_name",
    }
    assert settings["tracts_2020.geojson"] == {"count_column": "population", "year": 2020}
    assert settings["public_schools.csv"]["kind"] == "school"
    assert settings["public_schools.csv"]["name_column"] == "School Name"
    assert settings["services.csv"]["kind_column"] == "kind"


@pytest.mark.long
def test_one_command_wires_in_what_lies_beside_the_file(tmp_path, run):
    path = layered(tmp_path)
    said = " ".join(run("start", path, "--yes", "--name", "Lou", cwd=tmp_path).stdout.split())
    assert "tracts_2020.geojson, 2 rows: people, in population, of 2020." in said
    assert "config/lou.toml has no errors." in said
    assert said.count("700 rows read, 700 used") == 1  # each line once
    config = load_city(tmp_path / "config" / "lou.toml")
    assert [one.file for one in config.services.lists] == ["public_schools.csv", "services.csv"]
    made = open_dataset(tmp_path / "var" / "lou" / "dataset")
    people = dict(zip(made.neighborhoods["name"], made.neighborhoods["population"], strict=True))
    assert people == {"West": pytest.approx(600, rel=1e-3), "East": pytest.approx(800, rel=1e-3)}
    assert made.report["services"]["kinds"] == {"clinic": 1, "hub": 1, "school": 2}
    drawn = json.loads((tmp_path / "var" / "lou" / "basemap" / "basemap.json").read_text())
    assert {name for name, one in drawn["layers"].items() if one["features"]} == {
        "parks", "streets", "main_streets",
    }  # fmt: skip
    assert (tmp_path / "data" / "lou" / "street_centerlines.dbf").is_file()
    done = run("ingest", "--city", "lou", "--out", "again", cwd=tmp_path)
    assert "4 places" in " ".join(done.stdout.split())
    without = run("start", path, "--yes", "--name", "B", "--no-layers", cwd=tmp_path)
    assert "tracts_2020.geojson, 2 rows" not in without.stdout
    assert load_city(tmp_path / "config" / "b.toml").services is None


def test_people_of_a_table_join_by_the_column_that_the_neighborhoods_share(tmp_path):
    path = written(tmp_path, plain())
    polygons_around(MIDDLE, tmp_path / "neighborhoods.geojson")
    table = pd.DataFrame({"area": ["WEST ", "east"], "Pop2020": [10, 20], "note": ["", ""]})
    table.to_csv(tmp_path / "people.csv", index=False)
    (found,) = beside(path).layers
    assert found.settings == {
        "join_column": "area",
        "count_column": "Pop2020",
        "year": 2020,
        "id": "name",
    }
    table.rename(columns={"Pop2020": "Pop"}).to_csv(tmp_path / "people.csv", index=False)
    assert beside(path).layers == ()  # people of no known year are not taken


def test_two_files_of_one_name_are_refused(tmp_path, run):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, plain(120))
    words = ("start", tmp_path / "a" / "shootings.csv", tmp_path / "b" / "shootings.csv", "--yes")
    done = run(*words, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "Two files are named shootings.csv" in " ".join(done.stderr.split())
    assert not (tmp_path / "config").exists()
