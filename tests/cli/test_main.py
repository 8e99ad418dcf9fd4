"""The command: what it prints, its exit codes, and a sentence for each mistake."""

import json
import subprocess
import sys

import pytest
from tests.cli.asked import bytes_of, sentence
from tests.conftest import HEADER
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


# ---- what it prints ------------------------------------------------------------------------


def test_machines_get_json_on_stdout_and_times_and_progress_elsewhere(ingest, propose, shootings):
    assert json.loads(ingest(shootings, "--json").stdout)["rows_read"] == 60
    done = propose("-v", "--json")
    assert json.loads(done.stdout)["totals"]["areas"] == 1
    assert "Clusters" in done.stderr


def test_the_version_and_every_command_are_printed(run):
    assert run("--version").stdout.startswith("csa 0.")
    said = run("--help").stdout
    assert [word for word in ("ingest", "propose", "check", "config") if word not in said] == []


def test_no_incident_in_a_period_that_the_data_cover_is_a_result(town, ingest, propose):
    path = town.write("b.csv", GOOD, "2,2,2020-12-01,0,-94.57,39.02,,")
    ingest(path)
    done = propose("--until", "2020-09", "--months", "2")
    period = "July 1, 2020 through August 31, 2020"
    assert says("find.empty", period=period) in done.stdout


def test_no_place_dense_enough_or_expected_to_stay_so_is_a_result(propose):
    assert "nowhere are 61 within 258 m of each other" in propose("--min-samples", "61").stdout
    # All sixty lie within 150 m; a part of them is expected around their cell, not in it.
    said = propose("--eps-m", "150", "--min-samples", "60").stdout
    assert "more incidents are just outside areas" in said


def test_a_file_whose_rows_are_all_rejected_is_a_result(town, ingest):
    done = ingest(town.write("b.csv", "1,1,2020-01-01,9,,,,"))
    assert "so the dataset has no incidents" in done.stdout
    assert "left out: 1 not a shooting" in done.stdout


def test_check_says_all_faults_at_once_or_none(town, run, shootings):
    words = ("check", "--city", town.config)
    assert "has no errors" in run(*words, "--places", town.places, shootings).stdout
    town.edit_config('"America/Chicago"', '"Mars/Base"')
    town.edit_config("eps_m = 200", "eps_n = 200")
    said = sentence(run(*words, check=False))
    assert "city.time_zone" in said
    assert "areas.eps_n: no such setting; did you mean eps_m?" in said
    done = run(*words, "--json", check=False)
    assert (done.returncode, len(json.loads(done.stdout)["faults"])) == (2, 2)
    # A radius without its minimum is one.
    town.edit_config("min_samples = 5", "")
    town.edit_config("eps_n = 200", "eps_m = 200")
    assert says("config.areas_in_part") in sentence(run(*words, check=False))


def test_check_tells_which_fields_a_file_has(town, run, shootings, monkeypatch):
    monkeypatch.setenv("CSA_DATA_DIR", str(town.folder))
    said = run("check", "--city", town.config, shootings).stdout
    assert "Found: row_id, incident_id, date, fatal, lon, lat, address, city." in said
    assert "Not in its header" not in said
    bare = town.write("bare.csv", "1,2020-01-01,0", header="number,date,fatal")
    said = run("check", "--city", town.config, bare).stdout
    assert "Not in its header: row_id, lon, lat, address, city." in said
    matched = json.loads(run("check", "--city", town.config, bare, "--json").stdout)["files"]
    assert matched[0]["fields"] == ["date", "fatal", "incident_id"]


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


# ---- bad input: each gets a sentence -------------------------------------------------------


def test_mass_losses_are_said_first(town, ingest):
    many = [f"{n},{n},05/{n % 28 + 1:02d}/2020,0,,,," for n in range(5)]
    for first, place in ((10, ","), (20, "-94.57,39.10"), (30, "-94.57,39.02")):
        many += [f"{n},{n},2020-05-{n % 28 + 1:02d},0,{place},," for n in range(first, first + 5)]
    said = ingest(town.write("b.csv", *many)).stdout
    assert "5 of 20 shootings in b.csv have a date that is impossible or matches no format" in said
    assert "such as '05/01/2020'" in said
    assert "33% of the incidents (5) have no usable location, most of them in 2020" in said
    assert "33% of the incidents (5) are outside the study area" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--resolution 16", "must be 6 to 11, not 16"),
        ("--until 2015-01", "is outside the data, which cover 2020-05 to 2020-05"),
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
    said = sentence(run("propose", *words, check=False))
    assert "none is not a dataset. Make one with: csa ingest" in said
    for name, told in (("nowhere.toml", "not found: nowhere.toml"), ("n" * 300, "name too long")):
        assert told in sentence(run("check", "--city", name, check=False))
    done = run("propose", "--nonsense", check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


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


def test_from_a_file_to_candidate_areas_and_again_the_same_bytes(town, ingest, propose, shootings):
    said = ingest(shootings).stdout
    assert "60 incidents (30 homicides of any weapon, 30 of the kind 'nonfatal shooting')" in said
    assert "60 rows read, 60 used; left out: none." in said
    said = propose().stdout
    assert "from 60 mapped shootings, May 1, 2020 through May 28, 2020." in said
    assert "The data cover one of the 36 months requested." in said
    assert "100%" not in said  # held out, nothing is known
    assert "West End" in said
    first = bytes_of(town.folder / "pr")
    assert set(first) == {
        *("areas.geojson", "areas.csv", "cells.csv", "incidents_labels.csv"),
        *("proposal.json", "stack.json"),
    }
    assert "months requested" not in propose("--months", "1").stdout
    propose()
    assert bytes_of(town.folder / "pr") == first
    assert not [path for path in town.folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", "", "is empty. Download it again."),
        ("header.csv", "row,number,date,fatal\n", "has no records."),
        ("x.xlsx", "PK\x03\x04rest", "can't be read as an Excel file"),
        ("words.csv", "no table\n", "is not a CSV table"),
        ("other.csv", "case,color\n1,red\n", "matches no layout in Testville's file"),
        ("a.csv", f"{HEADER}\n1,1,2020-05-01,0,39.02,-94.57,,", "and longitude are swapped"),
        ("a.csv", f"{HEADER}\n1,1,2020-05-01,0,-82.7,27.9,,", "another city's file"),
        ("a.csv", f"{HEADER}\n1,2.0152E+11,2020-05-01,0,-94.57,39.02,,", "such as 2.0152E+11"),
        ("n" * 300, None, "File name too long"),
    ],
)
def test_a_file_that_is_no_table_of_this_city_or_of_another_place(
    town, ingest, name, content, told
):
    path = town.folder / name
    if content is not None:
        path.write_text(content)
    said = sentence(ingest(path, check=False))
    assert told in said
    assert name in said
    assert not (town.folder / "ds").exists()


def test_what_does_not_fit_the_citys_file_or_another_file(town, ingest, run, shootings):
    copy = town.folder / "copy.csv"
    copy.write_bytes(shootings.read_bytes())
    assert "are the same file. Give it once" in sentence(ingest(shootings, copy, check=False))
    bare = run("ingest", "--city", town.config, shootings, "--out", "ds", check=False)
    assert "give --places FILE" in sentence(bare)
    for day, told in (("2030-01-01", "the last row (2020-05-28)"), ("tomorrow", "--as-of must be")):
        assert told in sentence(ingest(shootings, "--as-of", day, check=False))
    assert "data through June 5, 2020" in ingest(shootings, "--as-of", "2020-06-05").stdout
    town.edit_config("EPSG:32615", "EPSG:32633")
    said = sentence(ingest(shootings, check=False))
    assert "is made for another part of the world, not for Testville" in said
