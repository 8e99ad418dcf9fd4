"""Files that would be read wrongly in silence: each with the truth that was planted."""

import json
from collections import Counter

import pandas as pd
import pytest

from csa.base.errors import SourceError
from csa.config.loading import load_city
from csa.ingest.intake import ingest_city
from csa.ingest.sources import Inputs
from csa.workflow.city_file import city_file
from csa.workflow.new_city import understand
from tests.workflow.layouts import shootings

MIDDLE = (-85.78, 38.23)
TRUTH = list(shootings(MIDDLE))
N_KILLED = sum(one.is_homicide for one in TRUTH)
NO_SHOOTING = 30


def base(one):
    return {
        "Case": f"C{one.number}",
        "Date": f"{one.when:%Y-%m-%d %H:%M}",
        "Fatal": "Y" if one.is_homicide else "N",
        "Latitude": one.lat,
        "Longitude": one.lon,
    }


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def by_offense(killed, hit, *others):
    """Files of offenses, with others in which nobody was shot."""

    def rows():
        for one in TRUTH:
            yield {**without(base(one), "Fatal"), "Offense": killed if one.is_homicide else hit}
        for number in range(NO_SHOOTING * len(others)):
            row = without(base(TRUTH[number % 200]), "Fatal")
            yield {**row, "Case": f"X{number}", "Offense": others[number % len(others)]}

    return rows


def changed(change, *gone):
    def rows():
        for at, one in enumerate(TRUTH):
            yield {**without(base(one), *gone), **change(at, one)}

    return rows


TRAPS = {
    "a day called Incident Date is no number": changed(
        lambda _, one: {"Incident Date": f"{one.when:%Y-%m-%d}"}, "Case", "Date"
    ),
    "nor is an address": changed(
        lambda at, _: {"Incident Address": f"{at % 60} OAK ST"}, "Case"
    ),
    "intent, attempts and crashes are no homicides": by_offense(
        "MURDER", "SHOOTING", "ASSAULT WITH INTENT TO MURDER", "ATT MURDER", "TRAFFIC HOMICIDE",
        "CONSPIRACY TO COMMIT MURDER", "HOMICIDE - DUI",
    ),
    "shotguns and alerts are no shootings": by_offense(
        "HOMICIDE", "NON-FATAL SHOOTING", "ROBBERY - SHOTGUN", "SHOTSPOTTER ALERT", "SHOTS HEARD",
        "POSSESSION OF SAWED-OFF SHOTGUN", "OFFICER INVOLVED SHOOTING", "SHOOTING - BB GUN",
        "ANIMAL SHOT", "ACCIDENTAL SHOOTING",
    ),
    "Not Fatal is not fatal": changed(
        lambda at, one: {
            "Outcome": "Fatal" if one.is_homicide else ["Not Fatal", "Graze"][at % 2]
        },
        "Fatal",
    ),
    "deceased and survived": changed(
        lambda _, one: {"Victim Status": "Deceased" if one.is_homicide else "Survived"}, "Fatal"
    ),
    "a blank flag is asked, and most likely no": changed(
        lambda _, one: {"Fatal": "Y" if one.is_homicide else ""}
    ),
    "a homicide's number is no count": changed(
        lambda at, one: {
            "Homicide No": at + 1 if one.is_homicide else "",
            "Status": "Fatal" if one.is_homicide else "Non-Fatal",
        },
        "Fatal",
    ),
    "a firearm of unstated type is a firearm": changed(
        lambda at, one: {
            "Offense": "Homicide" if one.is_homicide else "Aggravated Assault",
            "Weapon": ["Firearm (type not stated)", "Other Firearm", "Handgun"][at % 3],
            "Weapon Recovered": "Y" if at % 4 else "N",
        },
        "Fatal",
    ),
    "numbers that begin anew each year": changed(
        lambda at, _: {"Case": f"{at % 120 + 1:04d}"}
    ),
    "an hour of the day": changed(
        lambda _, one: {"Date": f"{one.when:%Y-%m-%d}", "Hour of Day": one.when.hour}
    ),
    "days of birth and of arrest stand first": changed(
        lambda at, one: {
            "Date": None,
            "Date of Birth": f"19{at % 60 + 30}-05-05",
            "Arrest Date": "2024-05-05",
            "Shooting Date": f"{one.when:%Y-%m-%d}",
        }
    ),
    "a day of digits": changed(lambda _, one: {"OCC_DT": f"{one.when:%Y%m%d}"}, "Date"),
    "marks that TOML forbids": changed(lambda at, _: {'Note\x7f "x"': f"a\x7fb{at}"}),
}  # fmt: skip


def read(tmp_path, rows, **how):
    path = tmp_path / "list.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    city = understand(path, **how)
    land = tmp_path / "land.geojson"
    city.places.to_file(land)
    (tmp_path / "c.toml").write_text(city_file(city, [path.name], land.name, "name"))
    return city, ingest_city(load_city(tmp_path / "c.toml"), Inputs((path,), land)).dataset


@pytest.mark.parametrize("trap", TRAPS)
def test_no_file_is_read_wrongly_in_silence(tmp_path, trap):
    _, dataset = read(tmp_path, TRAPS[trap]())
    kinds = Counter(dataset.incidents["kind"])
    assert kinds == {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}


def test_a_blank_flag_may_be_unknown(tmp_path):
    rows = TRAPS["a blank flag is asked, and most likely no"]()
    city, dataset = read(tmp_path, rows, answers={"blank": 1})
    assert [one.about for one in city.doubts] == ["blank"]
    assert Counter(dataset.incidents["kind"]) == {"homicide": N_KILLED}


def test_times_without_leading_zeros_are_read_as_they_are(tmp_path):
    change = changed(
        lambda _, one: {"Date": f"{one.when:%Y-%m-%d}", "Time": f"{one.when:%H%M}".lstrip("0")}
    )
    _, dataset = read(tmp_path, change())
    found = {f"{when:%Y-%m-%d %H:%M}" for when in dataset.incidents["occurred_at"]}
    assert found == {f"{one.when:%Y-%m-%d %H:%M}" for one in TRUTH}


def test_longitudes_without_their_minus_are_told(tmp_path):
    rows = changed(lambda _, one: {"Longitude": -one.lon, "Date": f"{one.when:%m/%d/%Y %H:%M}"})
    city, _ = read(tmp_path, rows())
    assert "start.no_minus" in {note.key for note in city.notes}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        (changed(lambda at, _: {"Incident Date": 1_667_073_480_000 + at, "Edit Date": "2024-01-01"},
                 "Date"), "start.epoch"),
        (changed(lambda _, __: {"Latitude": 3.0, "Longitude": 500.0}), "start.which_system"),
    ],
)  # fmt: skip
def test_what_would_be_wrong_is_refused(tmp_path, rows, key):
    with pytest.raises(SourceError) as refused:
        read(tmp_path, rows())
    assert refused.value.message.key == key


def test_a_geojson_of_points_is_read_as_its_records(tmp_path):
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": without(base(one), "Latitude", "Longitude"),
        }
        for one in TRUTH
    ]
    path = tmp_path / "shootings.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    city = understand(path)
    assert len(city.where.lonlat) == len(TRUTH)
    assert city.columns["location"].header == "geometry"
    assert city.where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
