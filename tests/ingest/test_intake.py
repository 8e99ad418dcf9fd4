"""From files to a dataset: every row accounted for, whatever the file."""

import datetime as dt
import hashlib
import json
import re

import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, example, given, strategies as st
from tests.properties import examples

from csa.base import compact
from csa.base.errors import SourceError
from csa.city import dataset as incident_table
from csa.city.history import list_comparable, load_history
from csa.city.loading import load_city
from csa.ingest import incidents, record_columns
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.ingest.validate import REASONS


def intake(town, *paths, **more):
    config = load_city(town.config)
    return ingest_city(config, Inputs(paths, town.places, **more))


def test_a_small_file_by_hand(town):
    path = town.write(
        "a.csv",
        "1,10,2020-01-01 10:00,0,-94.57,39.02,1 A ST,",
        "2,10,2020-01-01 10:00,1,-94.57,39.02,1 A ST,",
        "3,11,2020-03-05,0,-94.57,39.10,2 B ST,",  # north of the city
        "4,12,2020-03-06 09:00,0,,,,",
        "5,13,2020-03-07 09:00,9,-94.57,39.02,,",  # no shooting
        "5,12,2020-03-06 09:00,0,,,,",
        "5,12,2020-03-06 09:00,0,,,,",
        "6,14,1900-01-01,0,-94.57,39.02,,",
    )
    made = intake(town, path)
    report = made.dataset.report
    assert (report["rows_read"], report["rows_used"]) == (8, 5)
    rejected = dict.fromkeys(REASONS, 0)
    rejected |= {"not_a_shooting": 1, "duplicate_row": 1, "bad_date": 1}
    assert report["rows_rejected"] == rejected
    assert (report["incidents"], report["homicides"], report["victims"]) == (3, 1, 5)
    assert (report["unlocated"], report["outside_study_area"], report["no_time"]) == (1, 1, 1)
    assert (report["first_date"], report["last_date"]) == ("2020-01-01", "2020-03-06")
    # The last readable row is no shooting, but the file reaches that day.
    assert report["data_through"] == "2020-03-07"
    assert report["months"]["2020-02"] == {"homicide": 0, "nonfatal": 0}
    assert report["months"]["2020-01"] == {"homicide": 1, "nonfatal": 0}
    table = made.dataset.incidents.set_index("incident_id")
    assert table["neighborhood"].to_dict() == {"10": "West End", "11": "", "12": ""}
    assert table["flags"].to_dict() == {
        "10": "",
        "11": "outside_study_area;no_time",
        "12": "unlocated",
    }
    assert re.fullmatch("[0-9a-f]{15}", table["cell_r9"]["10"])
    assert table["cell_r9"]["12"] == ""
    assert made.rejected.to_dict("records") == [
        {"file": "a.csv", "line": 6, "reason": "not_a_shooting"},
        {"file": "a.csv", "line": 8, "reason": "duplicate_row"},
        {"file": "a.csv", "line": 9, "reason": "bad_date"},
    ]


@pytest.mark.parametrize("n_rows", [pytest.param(40, marks=pytest.mark.long), 999])
def test_however_many_rows_are_read_at_once_the_answer_is_the_same(root, monkeypatch, n_rows):
    config, folder = load_city(root / "config" / "sample.toml"), root / "data" / "sample"
    whole = ingest_city(config, folder)
    work_on(monkeypatch, n_rows)
    parts = ingest_city(config, folder)
    assert parts.dataset.report == whole.dataset.report
    assert [*map(str, parts.messages)] == [*map(str, whole.messages)]
    pd.testing.assert_frame_equal(parts.dataset.incidents, whole.dataset.incidents)
    pd.testing.assert_frame_equal(parts.rejected, whole.rejected)


def work_on(monkeypatch, n_rows):
    """Read, fold, locate and check so many rows at a time."""
    for module in (record_columns, compact, incident_table):
        monkeypatch.setattr(module, "BLOCK", n_rows)
    monkeypatch.setattr(incidents, "PART", n_rows)


DAY = "2020-01-02"
MORE_RULES = """homicide = [{ fatal = ["1"], city = ["TESTVILLE"] }, { city = ["TESTVILLE"], date = ["7"] }]
nonfatal_note = "As the city counts them."
"""
CELLS = {
    "row": ("1", "2", "3", "4", "5", ""),
    "number": ("10", "11", ""),
    "date": ("2020-01-01 10:00", "2020-01-02", "2020-01-02", "never", "7"),
    "fatal": ("0", "0", "1", "9", "?"),
    "lon": ("-94.57", "-94.57", "-94.52", "west"),
    "city": ("TESTVILLE", "TESTVILLE", "ELSEWHERE", ""),
}
HERE = ("-94.57", "TESTVILLE")
NO_NUMBER = 'incident_from = ["date", "address"]'


def answers_of(town, path, monkeypatch, n_rows):
    """Read a file at once, and so many rows at a time."""
    for block in (1000, n_rows):
        work_on(monkeypatch, block)
        try:
            made = intake(town, path)
        except SourceError as error:
            yield str(error)
        else:
            told = [str(message) for message in made.messages]
            yield told, made.dataset.report, made.rejected.to_dict("records")


# What is said of dates; of nonfatal shootings; ids of incidents that have no number: how a day is
# written depends on whether another has a time.
@pytest.mark.long
@example(rows=[(day, "10", day, "1", *HERE) for day in "78"], n_rows=1)
@example(rows=[(fatal, "10", "2020-01-02", fatal, *HERE) for fatal in "01"], n_rows=1)
@example(rows=[("", "", day, "1", *HERE) for day in (DAY, f"{DAY} 10:00", DAY)], n_rows=2)
@example(
    rows=[("1", number, DAY, fatal, *HERE) for number, fatal in (("10", "0"), ("11", "1"))],
    n_rows=1,
)
@examples(1, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=8),
    n_rows=st.integers(1, 7),
)
def test_nothing_depends_on_how_many_rows_are_read_at_once(town, monkeypatch, rows, n_rows):
    if "nonfatal_note" not in town.config.read_text():
        town.edit_config('homicide = [{ fatal = ["1"] }]', MORE_RULES)
    lines = [",".join((*row[:5], "39.02", "", row[5])) for row in rows]
    whole, parts = answers_of(town, town.write("a.csv", *lines), monkeypatch, n_rows)
    assert whole == parts


FORMATS = '["%Y-%m-%d %H:%M", "%Y-%m-%d"]'
EPOCHS = ("253402214400000", "1577836800000", "1577836800000.5")
FINE = ("9999-12-31 00:00:00.000000", "2020-01-01 10:00:00.123456789", "2020-01-02 00:00:00.5")


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new", "days"),
    [
        ('incident_from = ["incident_id"]', NO_NUMBER, (DAY, f"{DAY} 10:00", DAY)),
        (FORMATS, '["epoch_ms_local"]', EPOCHS),
        (FORMATS, '["%Y-%m-%d %H:%M:%S.%f"]', FINE),
    ],
)
def test_no_day_depends_on_how_finely_another_is_written(town, monkeypatch, old, new, days):
    town.edit_config(old, new)
    lines = [f"{at},1{at},{day},1,-94.57,39.02,A ST," for at, day in enumerate(days)]
    whole, parts = answers_of(town, town.write("a.csv", *lines), monkeypatch, 1)
    assert whole == parts
    assert whole[1]["incidents"] == (2 if new == NO_NUMBER else 3)


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_of_which_nothing_can_be_read_may_come_first_or_last(town, turned):
    broken = town.write("a.csv", "broken,row")
    good = town.write("b.csv", ",10,2020-01-01,0,-94.57,39.02,1 A ST,")
    report = intake(town, *((good, broken) if turned else (broken, good))).dataset.report
    assert (report["incidents"], report["rows_rejected"]["unreadable"]) == (1, 1)


def test_a_file_without_any_shooting_gives_an_empty_dataset(town):
    report = intake(town, town.write("a.csv", "1,10,2020-01-01,9,,,,")).dataset.report
    assert (report["incidents"], report["victims"], report["months"]) == (0, 0, {})
    assert report["data_through"] == "2020-01-01"
    assert report["first_date"] is None


def test_without_a_readable_row_the_data_have_no_end(town):
    report = intake(town, town.write("a.csv", "1,10,never,0,,,,")).dataset.report
    assert report["data_through"] is None


def test_a_point_that_a_rule_excludes_is_left_out_and_counted(town):
    town.config.write_text(
        town.config.read_text()
        + '[[points]]\nname = "desk"\nwhy = "known"\nlon = -94.57\nlat = 39.02\nexclude = true\n'
    )
    path = town.write(
        "a.csv", "1,10,2020-01-01,0,-94.57,39.02,,", "2,11,2020-01-01,0,-94.56,39.02,,"
    )
    report = intake(town, path).dataset.report
    assert report["incidents"] == 1
    assert report["rules"] == [{"name": "desk", "why": "known", "rows": 1, "incidents": 1}]


def test_the_fingerprint_is_the_same_however_many_rows_are_hashed_at_once(town, monkeypatch):
    """What is hashed is written out here."""
    days = (DAY, f"{DAY} 10:00", DAY)
    lines = [f"{at},1{at},{day},0,-94.57,39.0{at},," for at, day in enumerate(days)]
    made = intake(town, town.write("a.csv", *lines)).dataset
    digest = hashlib.sha256()
    for table in (made.incidents, pd.DataFrame(made.neighborhoods.drop(columns="geometry"))):
        for name, column in table.items():
            is_float = column.dtype == "float64"
            texts = [
                repr(one) if is_float else one
                for one in (column if is_float else column.astype("str"))
            ]
            digest.update(f"\x1d{name}\x1e{chr(31).join(map(str, texts))}".encode())
    for shape in (*made.neighborhoods.geometry, made.study_area):
        digest.update(shapely.to_wkb(shapely.normalize(shape)))
    for n_rows in (1, 2, 1000):
        monkeypatch.setattr(incident_table, "BLOCK", n_rows)
        found = incident_table.fingerprint(made.incidents, made.neighborhoods, made.study_area)
        assert found == made.fingerprint == digest.hexdigest()


def test_the_fingerprint_is_of_incidents_and_places_not_of_bytes_or_order(town):
    lines = ["1,10,2020-01-01,0,-94.57,39.02,,", "2,11,2020-01-02,0,-94.56,39.02,,"]
    one = intake(town, town.write("a.csv", *lines)).dataset
    turned = intake(town, town.write("b.csv", *reversed(lines))).dataset
    other = intake(town, town.write("c.csv", lines[0], lines[1].replace("39.02", "39.03"))).dataset
    assert one.fingerprint == turned.fingerprint != other.fingerprint
    assert one.report["inputs"][0]["sha256"] != turned.report["inputs"][0]["sha256"]


# ---- true in general -----------------------------------------------------------------------

FIELD = st.one_of(
    st.sampled_from(
        ["", "1", "2", "0", "2020-01-01", "2021-05-05 10:00", "1899-01-01", "2099-01-01"]
    ),
    st.sampled_from(["-94.57", "39.02", "NaN", '"', '"quoted, with comma"', "é", "\0", "\n"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
SHOOTING = st.tuples(
    st.integers(1, 6).map(str),
    st.integers(1, 6).map(str),
    st.sampled_from(["2020-01-01 10:00", "2020-01-02", "1899-01-01", "x", "2030-01-01"]),
    st.sampled_from(["0", "1", "9"]),
    st.sampled_from(["-94.57", "-94.52", "0", ""]),
    st.sampled_from(["39.02", "39.2", "0", ""]),
    st.just("1 A ST"),
    st.sampled_from(["", "TESTVILLE", "ELSEWHERE"]),
)
ROW = st.one_of(SHOOTING, st.lists(FIELD, max_size=10)).map(",".join)


@given(
    rows=st.lists(ROW, min_size=1, max_size=12), as_of=st.sampled_from([None, dt.date(2020, 1, 1)])
)
def test_rows_read_are_rows_used_and_rows_rejected(new_town, rows, as_of):
    town = new_town()
    town.edit_config("date_formats", 'city_names = ["Testville"]\ndate_formats')
    # One good row, so that the file is one; the rest is anything.
    path = town.write("a.csv", "g,g,2020-01-01,0,-94.57,39.02,,TESTVILLE", *rows)
    made = intake(town, path, as_of=as_of)
    report = made.dataset.report
    assert report["rows_read"] == report["rows_used"] + sum(report["rows_rejected"].values())
    assert len(made.rejected) == report["rows_read"] - report["rows_used"]
    assert list(report["rows_rejected"]) == list(REASONS)
    assert made.dataset.incidents["victims"].sum() == report["rows_used"]
    assert sum(sum(month.values()) for month in report["months"].values()) == report["incidents"]
    json.dumps(report, allow_nan=False)


# ---- the real files ------------------------------------------------------------------------

BY_POLICE = {"excluded_by_rule": 110}


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("name", "rows", "rejected", "incidents", "unlocated"),
    [
        ("philly_shooting_victims_2015_2025.csv", 16484, {"after_data_end": 1}, 14777, 22),
        ("opendataphilly_shootings_raw_2015_2023.csv", 14861, BY_POLICE, 13345, 527),
    ],
)
def test_philadelphias_files_are_read_whole(
    shared_data, root, name, rows, rejected, incidents, unlocated
):
    folder = shared_data / "philadelphia"
    config = load_city(root / "config" / "philadelphia.toml")
    inputs = Inputs((folder / name,), folder / "neighborhoods.geojson")
    made = ingest_city(config, inputs)
    report = made.dataset.report
    assert report["rows_read"] == rows
    assert {k: n for k, n in report["rows_rejected"].items() if n} == rejected
    assert report["rows_used"] == rows - sum(rejected.values())
    # Independently: distinct incident numbers of the rows used.
    raw = pd.read_csv(folder / name, dtype=str)
    if "officer_involved" in raw:
        raw = raw[raw["officer_involved"] != "Y"]
    else:
        raw = raw[raw["date"] < "2025-11"]
    assert report["incidents"] == raw["dc_key"].nunique() == incidents
    assert report["victims"] == len(raw)
    fatal = raw["fatal"].isin(["1", "True"])
    assert report["homicides"] == raw.loc[fatal, "dc_key"].nunique()
    assert report["unlocated"] == unlocated


# ---- Incidents without a number -------------------------------------------------------------

PARTS = "row,when,hour,told,fatal,lon,lat"
SHOTS = (  # two by the hour, three by the full time, two by the day
    "1,2020-01-01 13:24,13,2020-01-02,0,-94.57,39.02",
    "2,2020-01-01 13:40,13,2020-01-02,0,-94.57,39.02",
    "3,2020-01-01 14:05,14,2020-01-02,1,-94.57,39.02",
    "4,2020-01-02 14:05,14,2020-01-02,0,-94.57,39.02",
)


def unnumbered(town, *parts):
    """Make Testville's list one without numbers, where these parts make an incident."""
    town.edit_config("time_zone", 'earliest_date = "1990-01-01"\ntime_zone')
    town.edit_config(
        'incident_from = ["incident_id"]',
        f'incident_from = {json.dumps(parts)}\ntime_formats = ["%Y-%m-%d %H:%M"]',
    )
    town.edit_config('incident_id = "number"\ndate = "date"', 'date = "when"\ntime = "when"')
    town.edit_config('fatal = "fatal"', 'hour = "hour"\nreported_date = "told"\nfatal = "fatal"')
    return town.write("a.csv", *SHOTS, header=PARTS)


@pytest.mark.parametrize(
    ("parts", "n"),
    [
        (("date", "hour", "lon", "lat"), 3),
        (("date", "time", "lon", "lat"), 4),
        (("hour", "date"), 3),
        (("hour", "lon", "lat"), 3),
        (("date", "time", "hour"), 4),
        (("reported_date", "lon", "lat"), 1),
        (("reported_date", "hour"), 3),
        (("lon", "lat"), 1),
    ],
)
def test_each_part_that_makes_an_incident_is_itself(town, parts, n):
    made = intake(town, unnumbered(town, *parts))
    assert made.dataset.report["incidents"] == n
    assert made.dataset.incidents["occurred_at"].dt.minute.gt(0).all()  # times stay whole


def test_a_date_alone_is_as_its_column_says_it(town):
    path = unnumbered(town, "date", "lon", "lat")
    assert intake(town, path).dataset.report["incidents"] == 4
    town.edit_config('"%Y-%m-%d %H:%M", "%Y-%m-%d"', '"%Y-%m-%d"')
    days = [f"{shot[:12]}{shot[18:]}" for shot in SHOTS]
    assert intake(town, town.write("b.csv", *days, header=PARTS)).dataset.report["incidents"] == 2


def test_a_row_without_the_named_date_keeps_its_own_time(town):
    path = unnumbered(town, "date", "hour")
    path.write_text(path.read_text().replace("2020-01-01 13", "then 13"))
    table = intake(town, path).dataset.incidents
    assert sorted(table["flags"].str.contains("reported_time")) == [False, False, True]


@pytest.mark.long
def test_names_that_stay_are_compared_as_before(town, run):
    path = unnumbered(town, "date", "time", "lon", "lat")
    words = ("ingest", "--city", town.config, "--places", town.places, path, "--out", "ds")
    run(*words)
    path.write_text(f"{path.read_text()}5,2020-01-09 10:00,10,,0,-94.57,39.02\n")
    run(*words)
    assert len(list_comparable(load_history(town.folder / "ds"))) == 2
