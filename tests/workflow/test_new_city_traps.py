"""Files that would be read wrongly in silence: each with the truth that was planted."""

import io
import json
import sys
from collections import Counter

import pandas as pd
import pytest
from pyproj import Transformer
from tests.sentences import refuses
from tests.workflow.truth import (
    N_KILLED,
    TRUTH,
    base,
    read,
    read_files,
    without,
    written,
)

from csa import City
from csa.base.errors import SourceError
from csa.workflow.new_city import understand


def test_lines_above_the_header_are_titles_and_decimal_commas_are_decimals(tmp_path):
    places = {"Latitude": "{lat_comma}", "Longitude": "{lon_comma}"}
    table = pd.DataFrame(written(places))
    path = tmp_path / "list.csv"
    path.write_text("Shootings, all\n\nas of May 2024\n" + table.to_csv(index=False, sep=";"))
    city, made = read_files(tmp_path, path)
    assert "source.note_titles" in {note.key for note in city.notes}
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
    assert made.report["incidents"] == len(TRUTH)
    assert made.report["unlocated"] == 0


def test_an_answer_of_an_arcgis_server_is_read_as_its_records(tmp_path):
    features = [
        {"attributes": without(row, "Latitude", "Longitude"),
         "geometry": {"x": row["Longitude"], "y": row["Latitude"]}}
        for row in map(base, TRUTH)
    ]  # fmt: skip
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"features": features}))
    city = understand(path)
    assert len(city.lists[0].where.lonlat) == len(TRUTH)
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)


@pytest.mark.parametrize(("wkid", "system"), [(102100, "EPSG:3857"), (4326, "EPSG:4326")])
def test_an_arcgis_servers_answer_is_read_in_the_system_that_it_names(tmp_path, wkid, system):
    there = Transformer.from_crs("EPSG:4326", system, always_xy=True).transform
    features = [
        {"attributes": without(row, "Latitude", "Longitude"),
         "geometry": dict(zip("xy", there(row["Longitude"], row["Latitude"]), strict=True))}
        for row in map(base, TRUTH)
    ]  # fmt: skip
    reference = {"wkid": wkid, "latestWkid": int(system[5:])}
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"spatialReference": reference, "features": features}))
    where = understand(path).lists[0].where
    assert where.crs == system
    assert where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)
    path.write_text(json.dumps({"spatialReference": {"wkid": "x"}, "features": features}))
    if wkid != 4326:
        with pytest.raises(SourceError, match="does not name"):
            understand(path)


@pytest.mark.long
def test_homicides_and_nonfatal_shootings_in_files_of_their_own_are_two_lists_of_one_city(tmp_path):
    homicides, nonfatal = tmp_path / "homicides_2023.csv", tmp_path / "nonfatal_shootings.csv"
    killed = [without(base(one), "Fatal") for one in TRUTH if one.is_homicide]
    hit = [
        {"Case No": f"N{one.number}", "When": f"{one.when:%m/%d/%Y %H:%M}", "lat": one.lat, "lon": one.lon}
        for one in TRUTH if not one.is_homicide
    ]  # fmt: skip
    pd.DataFrame(killed).to_csv(homicides, index=False)
    pd.DataFrame(hit).rename(columns={"When": "Occurred Date"}).to_csv(nonfatal, index=False)
    city, made = read_files(tmp_path, homicides, nonfatal)
    assert [one.about for one in city.doubts] == ["all", "all 2"]
    kinds = Counter(made.incidents["kind"])
    assert kinds == {"homicide": N_KILLED, "nonfatal": len(TRUTH) - N_KILLED}
    alone = understand(nonfatal)
    assert "start.nonfatal_only" in {note.key for note in alone.notes}


def test_files_of_the_same_columns_are_one_table_whose_values_are_all_looked_at(tmp_path):
    early, late = tmp_path / "2022.csv", tmp_path / "2023.csv"
    rows = [base(one) for one in TRUTH]
    pd.DataFrame(
        row | {"Fatal": {"Y": "Yes", "N": "No"}[row["Fatal"]]} for row in rows[:120]
    ).to_csv(early, index=False)
    pd.DataFrame(rows[120:])[["Longitude", "Latitude", "Fatal", "Date", "Case"]].to_csv(
        late, index=False
    )
    city = understand([early, late])
    assert len(city.lists) == 1
    assert {v.casefold() for v in city.lists[0].rules.homicide[0]["fatal"]} == {"y", "yes"}


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
    assert len(city.lists[0].where.lonlat) == len(TRUTH)
    assert city.lists[0].columns["location"].header == "geometry"
    assert city.lists[0].where.lonlat["lat"].median() == pytest.approx(38.23, abs=0.02)


def test_a_weapon_that_is_not_known_is_not_no_gun(tmp_path):
    weapons = {"killed": ["Handgun", "Unknown", "Knife"], "hit": "Handgun"}
    rows = written({"Offense": "Homicide | Shooting", "Weapon": weapons}, "Fatal")
    _, dataset = read(tmp_path, rows)
    guns = Counter(dataset.incidents["gun"])
    truth = Counter(
        ["yes", "unknown", "no"][at % 3] if one.is_homicide else "yes"
        for at, one in enumerate(TRUTH)
    )
    assert guns == truth


# ---- What is no offense, and rules that count the wrong rows -------------------------------------


def with_a_flag(n_assaults):
    """A department's crimes of which 100 were marked as shootings, so many of them as assaults."""
    for at, one in enumerate(TRUTH):
        shot = "ASSAULT - AGGRAVATED" if at < n_assaults else "INVESTIGATE PROPERTY"
        other = "MURDER" if one.is_homicide else ("LARCENY", "SIMPLE ASSAULT")[at % 2]
        row = {"Offense": shot if at < 100 else other, "Shooting": int(at < 100)}
        yield {**without(base(one), "Fatal"), **row}


def of_charges(n_murders):
    """A list by its name of homicides alone, so many of which a column calls murder."""
    for at, one in enumerate(TRUTH):
        yield {**without(base(one), "Fatal"),
               "Charge": "MURDER" if at < n_murders else "NOT CHARGED"}  # fmt: skip


DOUBTFUL = {
    "start.not_assaults": (with_a_flag, 49, 50, "shootings.csv"),
    "start.most_left_out": (of_charges, len(TRUTH) // 2 - 1, len(TRUTH) // 2, "homicides.csv"),
}


@pytest.mark.parametrize("key", DOUBTFUL)
def test_a_rule_that_counts_mostly_the_wrong_rows_is_doubted_and_half_is_not(tmp_path, key):
    make, too_few, enough, name = DOUBTFUL[key]

    def doubts(n):
        pd.DataFrame(make(n)).to_csv(tmp_path / name, index=False)
        return [note for note in understand(tmp_path / name).notes if note.key in DOUBTFUL]

    (doubt,) = doubts(too_few)
    assert doubt.key == key
    said = dict(vars(doubt)["values"])
    if key == "start.not_assaults":
        assert (said["n"], said["others"]) == (100, 51)
        assert said["counted"] == "INVESTIGATE PROPERTY (51), ASSAULT - AGGRAVATED (49)"
        assert "SIMPLE ASSAULT (" in said["left_out"]
    else:
        assert (said["n"], said["rows"]) == (too_few, len(TRUTH))
        assert said["counted"] == f"MURDER ({too_few})"
        assert said["left_out"] == f"NOT CHARGED ({len(TRUTH) - too_few})"
    assert doubts(enough) == []


def test_where_nobody_is_asked_a_doubtful_rule_is_refused_and_leaves_nothing(
    tmp_path, run, monkeypatch
):
    path = tmp_path / "crimes.csv"
    pd.DataFrame(with_a_flag(0)).assign(Key=1).to_csv(path, index=False)
    pd.concat([pd.read_csv(path), pd.DataFrame(with_a_flag(20))]).to_csv(path, index=False)
    for how in ("--yes", "--json"):
        done = run("start", path, how, "--name", "B", cwd=tmp_path, check=False)
        assert done.returncode == 2
        assert "INVESTIGATE PROPERTY (180)" in " ".join(done.stderr.split())
    with refuses("start.unsure", SourceError):
        City.from_file(path)
    assert not any((tmp_path / name).exists() for name in ("config", "data", "var"))
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    run("start", path, "--name", "B", cwd=tmp_path)
    assert (tmp_path / "config" / "b.toml").is_file()
