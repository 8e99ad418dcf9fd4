"""Kansas City: every year's own layout gives the same incidents; the real files read whole."""

import csv
import io
import json
from functools import cache

import pandas as pd
import pytest
from tests.workers import first

from csa.city.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs

# What happened: (report, from, to be read as, ibrs, involvement, person, gun, domestic, place)
ROWS = [
    ("100001", ("2018-02-03", "23:10"), "13A", "VIC", "1", True, False, (-94.56, 39.05)),
    ("100001", ("2018-02-03", "23:10"), "13A", "VIC", "2", True, False, (-94.56, 39.05)),
    ("100001", ("2018-02-03", "23:10"), "13A", "SUS", "3", True, False, (-94.56, 39.05)),
    ("100002", ("2018-02-04", "01:00"), "09A", "VIC", "1", False, True, (-94.55, 39.06)),
    ("100003", ("2018-02-05", "02:30"), "13A", "VIC", "1", False, False, (-94.55, 39.07)),
    ("100004", ("2018-02-06", "03:00"), "120", "VIC", "1", True, False, (-94.55, 39.07)),
    ("100005", ("2018-02-07", "04:00"), "13A", "VIC", "1", True, True, None),
    ("100006", ("2018-02-08", "05:00"), "09C", "VIC", "1", True, False, (-94.54, 39.05)),
]
EXPECTED = {
    "100001": ("nonfatal", "2018-02-03 23:10", 2, "yes", "no", -94.56, 39.05),
    "100002": ("homicide", "2018-02-04 01:00", 1, "no", "yes", -94.55, 39.06),
    "100005": ("nonfatal", "2018-02-07 04:00", 1, "yes", "yes", None, None),
}


@pytest.fixture(scope="session")
def kansas_city(root):
    return load_city(root / "config" / "kansas-city.toml")


@pytest.fixture(scope="session")
def places(shared_data):
    return shared_data / "kc" / "kc_neighborhoods.geojson"


def american(day):
    year, month, number = day.split("-")
    return f"{month}/{number}/{year}"


def location(place, year):
    """Write a place as that year's export does."""
    if place is None:
        return ""
    lon, lat = place
    if year <= "2016":
        return f"4600  S WORNALL RD\nKANSAS CITY, 64112\n({lat}, {lon})"
    return f"({lat}, {lon})" if year <= "2018" else f"POINT ({lon} {lat})"


def fields(row, year):
    """One person's row, by what each column means, in that year's spelling."""
    report, (day, time), ibrs, involvement, person, gun, domestic, place = row
    midnight = " 12:00:00 AM" if year == "2014" else ""
    yes, no = ("Y", "N") if year < "2019" else ("true", "false")
    return {
        "reportno": report,
        "reporteddate": american(day) + midnight,
        "reportedtime": "09:00",
        "fromdate": american(day) + midnight,
        "fromtime": time,
        "offense": "x",
        "ibrs": ibrs,
        "description": "Aggravated Assault",
        "city": "KANSAS CITY",
        "dvflag": "Y" if domestic else "N" if year < "2020" else no,
        "invlno": person,
        "involvement": involvement,
        "firearmusedflag": yes if gun else no,
        "latitude": "" if place is None else str(place[1]),
        "longitude": "" if place is None else str(place[0]),
        "location": location(place, year),
    }


def letters(name):
    return "".join(character for character in name.lower() if character.isalnum())


def export(columns, year):
    """Write the rows in the exact header of a year."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in ROWS:
        meant = fields(row, year)
        written = []
        for column in columns:
            key = letters(column).removesuffix("1")
            key = {"firearmused": "firearmusedflag"}.get(key, key)
            written.append(meant.get(key, ""))
        writer.writerow(written)
    return buffer.getvalue()


def read_back(config, path, places):
    incidents = ingest_city(config, Inputs((path,), places)).dataset.incidents
    return {
        row["incident_id"]: (
            row["kind"],
            str(row["occurred_at"])[:16],
            row["victims"],
            row["gun"],
            row["domestic"],
            None if pd.isna(row["lon"]) else row["lon"],
            None if pd.isna(row["lat"]) else row["lat"],
        )
        for row in incidents.to_dict("records")
    }


@pytest.mark.parametrize(
    "year", first(map(str, range(2009, 2025)), "2009", "2010", *map(str, range(2013, 2023)))
)
def test_each_years_layout_reads_back_to_the_same_incidents(
    kansas_city, places, shared_data, tmp_path, year
):
    schemas = json.loads((shared_data / "kc" / "kcpd_schemas.json").read_text())
    (columns,) = (
        schema["columns"]
        for span, schema in schemas.items()
        if span.split("-")[0] <= year <= span.split("-")[-1]
    )
    path = tmp_path / f"kcpd_{year}.csv"
    path.write_text(export(columns, year), encoding="utf-8")
    assert read_back(kansas_city, path, places) == EXPECTED


@pytest.mark.long
@pytest.mark.parametrize("suffix", ["", "_1"])
def test_api_records_read_back_to_the_same_incidents(kansas_city, places, tmp_path, suffix):
    records = []
    for row in ROWS:
        meant = fields(row, "2014")
        place = row[-1]
        record = {
            "report_no": meant["reportno"],
            "reported_date": f"{row[1][0]}T00:00:00.000",
            "from_date": f"{row[1][0]}T00:00:00.000",
            "from_time": row[1][1],
            "ibrs": meant["ibrs"],
            "city": "KANSAS CITY",
            "firearm_used_flag": meant["firearmusedflag"],
            f"dvflag{suffix}": meant["dvflag"],
            f"invl_no{suffix}": meant["invlno"],
            f"involvement{suffix}": meant["involvement"],
        }
        if place is not None:
            record[f"location{suffix}"] = {"type": "Point", "coordinates": list(place)}
        records.append(record)
    path = tmp_path / "api.json"
    path.write_text(json.dumps(records))
    assert read_back(kansas_city, path, places) == EXPECTED
    # The same records saved as CSV by pandas hold the text of a Python dict.
    path = tmp_path / "api.csv"
    pd.DataFrame(records).to_csv(path)
    assert read_back(kansas_city, path, places) == EXPECTED


@pytest.fixture(scope="module")
def real(kansas_city, places, shared_data):
    """Read a real file, once for all that is asked of it."""
    return cache(
        lambda name: ingest_city(kansas_city, Inputs((shared_data / "kc" / name,), places))
    )


def no_shots(n):
    return {"not_a_shooting": n}


@pytest.mark.long_but_first
@pytest.mark.parametrize(
    ("name", "incidents", "homicides", "rejected", "victims"),
    [
        ("kcpd_2017_adult_victims.csv", 1020, 42, {"excluded_by_rule": 1, **no_shots(30602)}, 1680),
        ("kcpd_2018_api_sample_1000.csv", 23, 1, {**no_shots(951), "not_a_victim": 23}, 26),
        ("kcpd_2014_api_sample_5.json", 0, 0, no_shots(5), 0),
        ("kcpd_2019_export_sample_3.csv", 0, 0, {"unreadable": 1, **no_shots(2)}, 0),
        ("kcpd_2023_export_sample_5.csv", 0, 0, no_shots(5), 0),
        ("kcpd_2020_h1_no_coords.csv", 69, 69, no_shots(41852), None),
        ("kc_homicides_2015_code.csv", 100, 100, {"excluded_by_rule": 2}, None),
    ],
)
def test_the_real_files(real, name, incidents, homicides, rejected, victims):
    made = real(name)
    report = made.dataset.report
    assert (report["incidents"], report["homicides"]) == (incidents, homicides)
    assert {k: n for k, n in report["rows_rejected"].items() if n} == rejected
    assert report["rows_read"] == report["rows_used"] + sum(rejected.values())
    assert report["victims"] == victims


def test_a_file_without_a_firearm_flag_yields_homicides_only_and_says_so(real):
    made = real("kcpd_2020_h1_no_coords.csv")
    assert set(made.dataset.incidents["kind"]) == {"homicide"}
    said = " ".join(map(str, made.messages))
    assert "does not say whether a gun was used" in said
    assert "number of victims is unknown" in said


def test_the_police_headquarters_is_a_suspect_point_with_its_address(real):
    report = real("kc_homicides_2015_code.csv").dataset.report
    (suspect,) = report["suspect_points"]
    assert suspect["address"] == "1100 LOCUST ST"
    assert suspect["incidents"] == report["suspect_point"] == 18


def test_the_proxy_is_called_by_its_name_in_the_account(real):
    made = real("kcpd_2017_adult_victims.csv")
    assert made.dataset.report["nonfatal_name"] == "firearm aggravated assault (proxy)"
    assert any("proxy" in str(message) for message in made.messages)
    assert any("distinct (date, hour, place)" in str(message) for message in made.messages)


def test_homicides_by_any_weapon_count_and_the_share_by_gun_is_shown(real, shared_data):
    path = shared_data / "kc" / "kcpd_2017_adult_victims.csv"
    report = real(path.name).dataset.report
    raw = pd.read_csv(path)
    homicides = raw[raw["Crime"].str.startswith("HOMICIDE")]["Date"].to_frame().join(raw["Hour"])
    homicides = homicides.join(raw[["Latitude", "Longitude"]]).drop_duplicates()
    # A gun is yes when any victim of the same hour and place has it, homicide or assault.
    gun = raw[raw["Crime"].str.match("HOMICIDE|Agg Assault|Aggravated Assault")]
    gun = gun[gun["Firearm"] == "Y"][["Date", "Hour", "Latitude", "Longitude"]].drop_duplicates()
    n_by_gun = len(homicides.merge(gun))
    assert report["homicides_by_gun"] == {
        "yes": n_by_gun,
        "no": len(homicides) - n_by_gun,
        "unknown": 0,
    }
    assert report["homicides"] == len(homicides)
