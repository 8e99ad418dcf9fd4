"""A fleet's manifest: CSV and TOML alike, paths from its own folder, faults by name."""

import pytest

from csa.base.errors import ParamError, SourceError
from csa.fleet.manifest import FleetCity, pick_cities, read_manifest

HEADER = "city,files,config,places\n"


def write(folder, text, name="cities.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_and_a_toml_file_of_the_same_cities_are_the_same(tmp_path):
    (tmp_path / "own.toml").touch()
    table = write(
        tmp_path,
        HEADER + "Spring Falls,a/one.csv; two.csv,,a/hoods.shp\n"
        "Port Ann,s3://bucket/port.csv,own.toml,\n",
    )
    toml = write(
        tmp_path,
        '[[cities]]\ncity = "Spring Falls"\nfiles = ["a/one.csv", "two.csv"]\nplaces = "a/hoods.shp"\n'
        '[[cities]]\ncity = "Port Ann"\nfiles = "s3://bucket/port.csv"\nconfig = "own.toml"\n',
        "cities.toml",
    )
    at = str(tmp_path)
    falls = (f"{at}/a/one.csv", f"{at}/two.csv")
    assert read_manifest(table) == (
        FleetCity("Spring Falls", "spring-falls", falls, "", f"{at}/a/hoods.shp"),
        FleetCity("Port Ann", "port-ann", ("s3://bucket/port.csv",), f"{at}/own.toml", ""),
    )
    assert read_manifest(toml) == read_manifest(table)


def test_a_config_may_be_a_name_in_config_as_elsewhere(tmp_path, root, monkeypatch):
    monkeypatch.chdir(root)
    (city,) = read_manifest(write(tmp_path, HEADER + "Made Up,,sample,\n"))
    assert city.config == str(root / "config" / "sample.toml")
    assert city.files == ()


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        (HEADER, "cities.csv", "source.header_only"),
        ("", "cities.toml", "fleet.no_city"),
        ('cities = "all"\n', "cities.toml", "fleet.no_city"),
        ("cities = [1]\n", "cities.toml", "fleet.no_city"),
        ("city,file\nA,a.csv\n", "cities.csv", "fleet.column"),
        ('[[cities]]\ncity = "A"\nfile = "a.csv"\n', "cities.toml", "fleet.column"),
        (HEADER + ",a.csv,,\n", "cities.csv", "fleet.no_name"),
        (HEADER + "??,a.csv,,\n", "cities.csv", "fleet.no_name"),
        (HEADER + "A, ; ,,\n", "cities.csv", "fleet.no_files"),
        (HEADER + "Port Ann,a.csv,,\nport  ann,b.csv,,\n", "cities.csv", "fleet.twice"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, text, name, key):
    with pytest.raises(SourceError) as refused:
        read_manifest(write(tmp_path, text, name))
    assert refused.value.message.key == key


def test_an_absent_manifest_is_refused(tmp_path):
    with pytest.raises(SourceError) as refused:
        read_manifest(tmp_path / "cities.csv")
    assert refused.value.message.key == "source.absent"


def test_cities_are_picked_by_name_in_the_manifests_order(tmp_path):
    cities = read_manifest(write(tmp_path, HEADER + "A,a.csv,,\nB Town,b.csv,,\nC,c.csv,,\n"))
    assert pick_cities(cities, None) == cities
    assert pick_cities(cities, " c, B town,") == cities[1:]
    with pytest.raises(ParamError) as refused:
        pick_cities(cities, "A,D")
    assert refused.value.message.values == {"given": "D", "known": "A, B Town, C"}
