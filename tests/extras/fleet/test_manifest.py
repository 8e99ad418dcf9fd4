"""A fleet's manifest: CSV and TOML alike, paths from its own folder, faults by name."""

import pytest
from tests.sentences import refuses

from csa.base.errors import CsaError, ParamError, SourceError
from csa.extras.fleet.manifest import FleetCity, pick_cities, read_manifest

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
        (HEADER, "cities.csv", "source.no_record"),
        ("", "cities.toml", "fleet.no_city"),
        ('cities = "all"\n', "cities.toml", "fleet.no_city"),
        ("cities = [1]\n", "cities.toml", "fleet.no_city"),
        ("city,file\nA,a.csv\n", "cities.csv", "fleet.column"),
        ('[[cities]]\ncity = "A"\nfile = "a.csv"\n', "cities.toml", "fleet.column"),
        (HEADER + ",a.csv,,\n", "cities.csv", "fleet.no_name"),
        (HEADER + "??,a.csv,,\n", "cities.csv", "fleet.no_name"),
        (HEADER + "A, ; ,,\n", "cities.csv", "fleet.no_files"),
        (HEADER + "Port Ann,a.csv,,\nport  ann,b.csv,,\n", "cities.csv", "fleet.twice"),
        (HEADER + "../Ann,a.csv,,\n.. / ann,b.csv,,\n", "cities.csv", "fleet.twice"),
        (HEADER + "..,a.csv,,\n", "cities.csv", "fleet.no_name"),
        (HEADER + "A" * 101 + ",a.csv,,\n", "cities.csv", "fleet.long_name"),
        ("config,files,places\n,a.csv,\n", "cities.csv", "fleet.no_name"),
        ("city,places\nA,a.geojson\n", "cities.csv", "fleet.no_files"),
        ("city,files,Files\nA,a.csv,b.csv\n", "cities.csv", "fleet.column_twice"),
        (HEADER + "A,a.csv,,\nAkron, Ohio,b.csv,,b.geojson\n", "cities.csv", "fleet.row"),
        (HEADER + "A,a.csv,,\nB\n", "cities.csv", "fleet.row"),
        *(
            (f"[[cities]]\ncity = 'A'\nfiles = 'a.csv'\n{odd}\n", "cities.toml", "fleet.not_text")
            for odd in ("config = 3", "places = 1979-05-27", "places = true", 'config = "a\\u0000"')
        ),
        *(
            (f"[[cities]]\ncity = 'A'\nfiles = {odd}\n", "cities.toml", "fleet.not_text")
            for odd in ("3", "true", "{ a = 1 }", "[['a.csv']]", "['a.csv', 3]")
        ),
        ("[[cities]]\ncity = ['A']\nfiles = 'a.csv'\n", "cities.toml", "fleet.not_text"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, text, name, key):
    with refuses(key, SourceError):
        read_manifest(write(tmp_path, text, name))


def test_letters_of_another_encoding_and_spaces_around_are_read(tmp_path):
    path = tmp_path / "cities.csv"
    path.write_bytes(" City , Files \n Caf\xe9  Town , a file.csv ; b.csv \n".encode("latin-1"))
    (city,) = read_manifest(path)
    assert (city.name, city.id) == ("Caf\xe9 Town", "caf-town")
    assert city.files == (f"{tmp_path}/a file.csv", f"{tmp_path}/b.csv")
    path.with_suffix(".toml").write_bytes(b"[[cities]]\ncity = 'Caf\xe9'\n")
    with refuses("config.unreadable", CsaError):
        read_manifest(path.with_suffix(".toml"))


def test_an_absent_manifest_is_refused(tmp_path):
    with refuses("source.absent", SourceError):
        read_manifest(tmp_path / "cities.csv")


def test_cities_are_picked_by_name_in_the_manifests_order(tmp_path):
    cities = read_manifest(write(tmp_path, HEADER + "A,a.csv,,\nB Town,b.csv,,\nC,c.csv,,\n"))
    assert pick_cities(cities, None) == cities
    assert pick_cities(cities, " c, B town,") == cities[1:]
    with pytest.raises(ParamError) as refused:
        pick_cities(cities, "A,D")
    assert refused.value.message.values == {"given": "D", "known": "A, B Town, C"}


@pytest.mark.long
def test_of_many_unknown_columns_the_first_are_named_and_the_others_counted(tmp_path):
    """400,000 of them were a sentence of 3.5 MB."""
    names = ["city", "x" * 5000, *(f"column_{at}" for at in range(8999))]
    with pytest.raises(SourceError) as refused:
        read_manifest(write(tmp_path, ",".join(names) + "\n" + "," * 9_000 + "\n"))
    assert refused.value.message.key == "fleet.column"
    assert refused.value.message.values["given"].endswith(" and 8,980 more")
    assert len(str(refused.value)) < 1000
