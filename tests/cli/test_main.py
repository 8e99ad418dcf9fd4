"""The command: what it prints, its exit codes, and a sentence for each mistake."""

import json
import subprocess
import sys

import geopandas as gpd
import pytest
from shapely.geometry import box
from tests.sentences import says

from csa.cli import main

GOOD = "1,1,2020-05-01 10:00,0,-94.57,39.02,1 A ST,"


@pytest.fixture
def shootings(town):
    """Sixty shootings on a few blocks of the west end in May 2020."""
    lines = [
        f"{n},{n},2020-05-{n % 28 + 1:02d} 10:00,{n % 2},{-94.57 + n % 6 / 4000},{39.02 + n % 5 / 5000},,"
        for n in range(60)
    ]
    return town.write("a.csv", *lines)


@pytest.fixture
def ingest(town, run):
    def call(path, *more, check=True, out="ds"):
        words = ("--city", town.config, "--places", town.places, path, "--out", out)
        return run("ingest", *words, *more, check=check)

    return call


@pytest.fixture
def propose(town, run, ingest, shootings):
    ingest(shootings)

    def call(*more, check=True, out="pr"):
        words = ("--city", town.config, "--dataset", "ds", "--out", out)
        return run("propose", *words, *more, check=check)

    return call


def sentence(done):
    """One sentence on stderr, nothing on stdout, the code of a user's mistake."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("csa: ")
    return done.stderr.removeprefix("csa: ").strip()


# ---- what it prints ------------------------------------------------------------------------


def test_from_a_file_to_candidate_areas(town, ingest, propose, shootings):
    said = ingest(shootings).stdout
    assert "60 incidents (30 homicides of any weapon, 30 of the kind 'nonfatal shooting')" in said
    assert "60 rows read, 60 used; left out: none." in said
    said = propose().stdout
    assert "from 60 mapped shootings, May 1, 2020 through May 28, 2020." in said
    assert "100%" not in said  # held out, nothing is known
    assert "West End" in said
    assert "not decisions." in said
    assert {path.name for path in (town.folder / "pr").iterdir()} == {
        *("areas.geojson", "areas.csv", "cells.csv", "incidents_labels.csv"),
        *("proposal.json", "stack.json"),
    }


def test_machines_get_json_on_stdout_and_times_and_progress_elsewhere(ingest, propose, shootings):
    assert json.loads(ingest(shootings, "--json").stdout)["rows_read"] == 60
    done = propose("-v", "--json")
    assert json.loads(done.stdout)["totals"]["areas"] == 1
    assert "Clusters" in done.stderr


def test_the_same_inputs_give_the_same_bytes_and_the_folder_is_replaced_whole(town, propose):
    propose()
    first = {path.name: path.read_bytes() for path in (town.folder / "pr").iterdir()}
    propose()
    second = {path.name: path.read_bytes() for path in (town.folder / "pr").iterdir()}
    assert first == second
    assert not [path for path in town.folder.iterdir() if path.name.startswith(".")]


def test_brackets_in_a_name_are_printed_as_they_are(town, ingest, propose, shootings):
    town.places.write_text(town.places.read_text().replace("West End", "West [red]End"))
    ingest(shootings)
    assert "West [red]End" in propose().stdout


def test_a_period_longer_than_the_data_is_said(propose):
    said = propose().stdout
    assert "The data cover one of the 36 months requested." in said
    assert "months requested" not in propose("--months", "1").stdout


def test_the_version_and_every_command_are_printed(run):
    assert run("--version").stdout.startswith("csa 0.")
    said = run("--help").stdout
    assert [word for word in ("ingest", "propose", "check", "config") if word not in said] == []


def test_no_incident_in_a_period_that_the_data_cover_is_a_result(town, ingest, propose):
    path = town.write("b.csv", GOOD, "2,2,2020-12-01,0,-94.57,39.02,,")
    ingest(path)
    done = propose("--until", "2020-09", "--months", "2")
    assert "No incident from July 1, 2020 through August 31, 2020" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--min-samples 61", ("No area: 60 incidents", "nowhere are 61 within 258 m")),
        # All sixty lie within 150 m; a part of them is expected around their cell, not in it.
        (
            "--eps-m 150 --min-samples 60",
            ("No area: ", "more incidents are just outside areas"),
        ),
    ],
)
def test_no_place_dense_enough_or_expected_to_stay_so_is_a_result(propose, words, told):
    said = propose(*words.split()).stdout
    assert [part for part in told if part not in said] == []


def test_a_file_whose_rows_are_all_rejected_is_a_result(town, ingest):
    done = ingest(town.write("b.csv", "1,1,2020-01-01,9,,,,"))
    assert "so the dataset has no incidents" in done.stdout
    assert "left out: 1 not a shooting" in done.stdout


def test_check_says_all_faults_at_once_or_none(town, run, shootings):
    words = ("--places", town.places, shootings)
    assert "has no errors" in run("check", "--city", town.config, *words).stdout
    town.edit_config('"America/Chicago"', '"Mars/Base"')
    town.edit_config("eps_m = 200", "eps_n = 200")
    said = sentence(run("check", "--city", town.config, check=False))
    assert "city.time_zone" in said
    assert "areas.eps_n: no such setting; did you mean eps_m?" in said
    done = run("check", "--city", town.config, "--json", check=False)
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["faults"]) == 2


def test_a_radius_without_its_minimum_is_one_fault_that_says_what_to_give(town, run):
    town.edit_config("min_samples = 5", "")
    said = sentence(run("check", "--city", town.config, check=False))
    assert says("config.areas_in_part") in said


def test_check_tells_which_fields_a_file_has(town, run, shootings, monkeypatch):
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    said = run("check", "--city", town.config, shootings).stdout
    assert (
        "is read as 'list'. Found: row_id, incident_id, date, fatal, lon, lat, address, city."
        in said
    )
    assert "Not in its header" not in said
    bare = town.write("bare.csv", "1,2020-01-01,0", header="number,date,fatal")
    said = run("check", "--city", town.config, bare).stdout
    assert "Not in its header: row_id, lon, lat, address, city." in said
    matched = json.loads(run("check", "--city", town.config, bare, "--json").stdout)["files"]
    assert matched[0]["fields"] == ["date", "fatal", "incident_id"]
    other = town.write("other.csv", "1,red", header="case,color")
    assert "matches no layout" in sentence(run("check", "--city", town.config, other, check=False))


def test_config_show_tells_where_each_value_comes_from(town, run):
    (town.folder / "csa.toml").write_text("months = 24\n")
    shown = json.loads(run("config", "show", "--city", town.config, "--json").stdout)
    assert shown["months"] == {"value": 24, "origin": "deployment file"}
    assert shown["resolution"] == {"value": 10, "origin": "default"}
    assert shown["eps_m"] == {"value": None, "origin": "default"}
    assert "deployment file" in run("config", "show", "--city", town.config).stdout


def test_a_city_can_be_called_by_its_name(root, run):
    done = run("check", "--city", "philadelphia", cwd=root, check=False)
    assert (done.returncode, "shootings was tried" in done.stderr) == (2, True)


@pytest.mark.long
def test_what_kansas_citys_files_cannot_tell_is_printed(shared_data, root, run):
    folder = shared_data / "kc"
    city = ("--city", root / "config" / "kansas-city.toml")
    places = ("--places", folder / "kc_neighborhoods.geojson")
    people = ("--population", folder / "kc_neighborhood_census2010_acs0812.csv")
    adults, homicides = (
        folder / name for name in ("kcpd_2017_adult_victims.csv", "kc_homicides_2015_code.csv")
    )
    said = run("ingest", *city, *places, *people, adults, homicides, "--out", "ds").stdout
    assert "1,680 victims; the files do not say who among them was hit." in said
    assert "Left out by rule 'negligent': 2 rows, incidents: 1" in said
    assert "'firearm aggravated assault (proxy)'" in said
    assert "1100 LOCUST ST" in said
    words = ("--out", "pr", "--months", "12", "--resolution", "9")
    said = run("propose", *city, "--dataset", "ds", *words).stdout
    assert said.startswith(
        "Nonfatal incidents here are 'firearm aggravated assault (proxy)': the data"
    )
    assert "Check area" not in said  # what lies at such a point makes no area
    assert "sq mi" in said
    said = run("ingest", *city, *places, homicides, "--out", "ds").stdout
    assert "We don't know how many victims there were." in said


# ---- bad input: each gets a sentence -------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "is empty. Download it again."),
        ("header.csv", b"row,number,date,fatal\n", "has no records."),
        ("x.xlsx", b"PK\x03\x04rest", "can't be read as an Excel file"),
        ("words.csv", b"no table\n", "is not a CSV table"),
        ("other.csv", b"case,color\n1,red\n", "matches no layout in Testville's file"),
    ],
)
def test_a_file_that_is_no_table_of_this_city(town, ingest, name, content, told):
    path = town.folder / name
    path.write_bytes(content)
    said = sentence(ingest(path, check=False))
    assert told in said
    assert name in said
    assert not (town.folder / "ds").exists()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1,1,2020-05-01,0,39.02,-94.57,,", "Latitude and longitude are swapped"),
        ("1,1,2020-05-01,0,-75.1,39.9,,", "another city's file"),
        ("1,1,2020-05-01,0,-82.7,27.9,,", "another city's file"),
        ("1,2.0152E+11,2020-05-01,0,-94.57,39.02,,", "incident numbers such as 2.0152E+11"),
    ],
)
def test_places_that_are_swapped_or_elsewhere_and_rounded_numbers(town, ingest, row, told):
    assert told in sentence(ingest(town.write("b.csv", row), check=False))


@pytest.mark.parametrize(
    ("encoding", "note"), [("latin-1", "Latin-1"), ("utf-16", "UTF-16"), ("utf-8-sig", "")]
)
def test_encodings_are_read_and_said(town, ingest, encoding, note):
    path = town.write("b.csv", GOOD.replace("A ST", "É ST"))
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    done = ingest(path)
    assert "One incident, of May 1, 2020" in done.stdout
    assert note in done.stdout


def test_zero_zero_another_state_old_and_late_dates_are_kept_or_counted(town, ingest):
    many = [f"{n},{n},2020-05-{n % 28 + 1:02d},0,-94.57,39.02,," for n in range(100, 1500)]
    odd = [
        "1,1,2020-05-01,0,0,0,,",
        "2,2,2020-05-01,0,-82.7,27.9,,",
        "3,3,1900-01-01,0,-94.57,39.02,,",
        "4,4,2021-11-26,0,-94.57,39.02,,",
        "5,5,2020-05-01,0,-94.57\0,39.02,,",
    ]
    report = json.loads(ingest(town.write("b.csv", *many, *odd), "--json").stdout)
    assert (report["unlocated"], report["outside_study_area"]) == (1, 1)
    rejected = report["rows_rejected"]
    assert (rejected["bad_date"], rejected["after_data_end"], rejected["unreadable"]) == (1, 1, 1)
    assert report["data_through"] == "2020-05-28"


@pytest.mark.long
def test_a_real_file_cut_off_inside_quotes(shared_data, root, run):
    folder = shared_data / "kc"
    words = ("--city", root / "config" / "kansas-city.toml", "--out", "ds", "--json")
    places = ("--places", folder / "kc_neighborhoods.geojson")
    done = run("ingest", *words, *places, folder / "kcpd_2019_export_sample_3.csv")
    report = json.loads(done.stdout)
    assert report["rows_read"] == 3
    assert report["rows_rejected"]["unreadable"] == 1
    assert any("breaks off inside quotes" in note["text"] for note in report["notes"])


def test_places_that_are_absent_or_without_a_coordinate_system(town, shootings, run):
    words = ("ingest", "--city", town.config, shootings, "--out", "ds")
    assert "give --places FILE" in sentence(run(*words, check=False))
    shape = town.folder / "n.shp"
    made = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(-94.6, 39, -94.5, 39.1)], crs=4326)
    made.to_file(shape)
    shape.with_suffix(".prj").unlink()
    said = sentence(run(*words, "--places", shape, check=False))
    assert "names no coordinate system. Add it as `crs`" in said


def test_a_path_that_no_file_system_takes(ingest, run):
    name = "n" * 300
    for done in (ingest(name, check=False), run("check", "--city", name, check=False)):
        assert "File name too long" in sentence(done)


def test_the_same_file_twice_under_any_name(town, ingest, shootings):
    copy = town.folder / "copy.csv"
    copy.write_bytes(shootings.read_bytes())
    assert "are the same file. Give it once" in sentence(ingest(shootings, copy, check=False))


def test_a_system_of_another_part_of_the_world(town, ingest, shootings):
    town.edit_config("EPSG:32615", "EPSG:32633")
    said = sentence(ingest(shootings, check=False))
    assert "is made for another part of the world, not for Testville" in said


def test_mass_losses_are_said_first(town, ingest):
    lines = [f"{n},{n},05/{n % 28 + 1:02d}/2020,0,,,," for n in range(5)]
    lines += [f"{n},{n},2020-05-{n % 28 + 1:02d},0,,,," for n in range(10, 15)]
    lines += [f"{n},{n},2020-05-{n % 28 + 1:02d},0,-94.57,39.10,," for n in range(20, 25)]
    lines += [f"{n},{n},2020-05-{n % 28 + 1:02d},0,-94.57,39.02,," for n in range(30, 35)]
    said = ingest(town.write("b.csv", *lines)).stdout
    assert "5 of 20 shootings in b.csv have a date that is impossible or matches no format" in said
    assert "such as '05/01/2020'" in said
    assert "33% of the incidents (5) have no usable location, most of them in 2020" in said
    assert "33% of the incidents (5) are outside the study area" in said


def test_a_last_day_is_a_day_and_not_long_after_the_rows(ingest, shootings):
    said = sentence(ingest(shootings, "--as-of", "2030-01-01", check=False))
    assert "is more than a month after the last row (2020-05-28)" in said
    said = sentence(ingest(shootings, "--as-of", "tomorrow", check=False))
    assert "--as-of must be a date" in said
    assert "data through June 5, 2020" in ingest(shootings, "--as-of", "2020-06-05").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--resolution 16", "must be 6 to 11, not 16"),
        ("--eps-m -1", "eps_m must be above 0"),
        ("--min-samples 0", "min_samples must be 2 or more"),
        ("--until 2015-01", "is outside the data, which cover 2020-05 to 2020-05"),
        ("--until 2020-13", "--until must be a month like 2020-08"),
        ("--months 0", "months must be 1 to 1200"),
        ("--max-area-km2 0.01", "more than the size limit of 0.01 km2"),
        ("--kind murder", "homicide, nonfatal, not 'murder'"),
    ],
)
def test_a_choice_outside_its_range(town, propose, words, told):
    assert told in " ".join(sentence(propose(*words.split(), check=False)).split())
    assert not (town.folder / "pr").exists()


def test_a_folder_that_holds_something_else_is_not_touched(town, propose, ingest, shootings):
    other = town.folder / "mine"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    for done in (propose(check=False, out="mine"), ingest(shootings, check=False, out="mine")):
        assert "contains other files (letter.txt" in sentence(done)
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_no_dataset_no_city_and_a_word_too_many(town, run):
    words = ("--city", town.config, "--dataset", "none", "--out", "pr")
    assert "none is not a dataset. Make one with: csa ingest" in sentence(
        run("propose", *words, check=False)
    )
    said = sentence(run("check", "--city", "nowhere.toml", check=False))
    assert "City file not found: nowhere.toml" in said
    done = run("propose", "--nonsense", check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (ZeroDivisionError("x"), 1, "Something went wrong inside csa: ZeroDivisionError"),
        (KeyboardInterrupt(), 130, "Stopped"),
    ],
)
def test_our_own_fault_and_a_stop_by_the_user_are_one_sentence(
    monkeypatch, capsys, fault, code, said
):
    def broken(**_):
        raise fault

    monkeypatch.setattr(main, "app", broken)
    monkeypatch.setattr(sys, "argv", ["csa"])
    with pytest.raises(SystemExit) as caught:
        main.main()
    assert caught.value.code == code
    assert said in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["csa", "-v"])
    with pytest.raises(ZeroDivisionError if code == 1 else SystemExit):
        main.main()


def test_a_reader_that_goes_away_is_no_fault(town):
    words = [sys.executable, "-m", "csa.cli.main", "check", "--city", str(town.config)]
    command = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    command.stdout.close()
    said = command.stderr.read()
    command.stderr.close()
    command.wait()
    assert b"Traceback" not in said


def test_homicides_alone_can_be_proposed(town, run):
    lines = [f"{n},{n},2020-05-04,{int(n < 6)},{-94.57 + n / 9000:.6f},39.02,," for n in range(14)]
    words = ("--city", town.config, "--places", town.places, "--out", "ds")
    run("ingest", *words, town.write("a.csv", *lines))
    words = ("propose", "--city", town.config, "--dataset", "ds", "--out", "pr", "--json")
    one = json.loads(run(*words, "--kind", "homicide").stdout)
    assert (one["params"]["kinds"], one["totals"]["located"]) == (["homicide"], 6)
    both = json.loads(run(*words, "--kind", "nonfatal", "--kind", "homicide").stdout)
    assert both == json.loads(run(*words).stdout)
    assert both["totals"]["located"] == 14
