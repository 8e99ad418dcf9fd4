"""The commands of zones: any map file, any system, several features; followed by name."""

import json
from datetime import date

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import box
from tests.cli.asked import csa_command, sentence
from tests.stores import act
from tests.towns import KNOT, history

from csa.geo.cells import fit_cells
from csa.ingest.polygons import read_zone
from csa.program.registry import all_zones
from csa.program.store.engine import open_store
from csa.program.store.records import read_records
from csa.program.zones import add_zone

SIGNED = ("--by", "Aim4Peace", "--why", "Blocks of the grant of 2018.")
AROUND = box(KNOT[0] - 0.006, KNOT[1] - 0.005, KNOT[0] + 0.006, KNOT[1] + 0.005)


@pytest.fixture(scope="module")
def made(new_town):
    town = new_town()
    town.edit_config("min_samples = 5", "min_samples = 3")
    path = town.write("a.csv", *history())
    ingest = ("ingest", "--city", town.config, "--places", town.places, path)
    csa_command(*ingest, "--out", town.folder / "ds")
    return town


@pytest.fixture
def zone(made, run, tmp_path):
    """Call a command of zones on a store of its own."""

    def call(word, *words, check=True):
        about = ("--city", made.config, "--store", tmp_path / "s.sqlite3")
        data = ("--dataset", made.folder / "ds") if word in {"add", "redraw"} else ()
        return run("zone", word, *words, *about, *data, check=check)

    return call


def draw(path, *shapes, crs="EPSG:4326", to=None):
    table = gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=list(shapes), crs=crs)
    (table if to is None else table.to_crs(to)).to_file(path)
    return path


def cells_of(folder):
    return [z.cells for z in all_zones(read_records(open_store(str(folder / "s.sqlite3"))))]


def test_a_file_in_feet_without_its_system_is_refused_and_read_with_it(zone, tmp_path):
    path = draw(tmp_path / "c.shp", AROUND, to="EPSG:2818")
    (tmp_path / "c.prj").unlink()
    refused = zone("add", "Elm", path, *SIGNED, check=False)
    assert refused.returncode == 2
    assert not (tmp_path / "s.sqlite3").exists()
    zone("add", "Elm", path, "--crs", "EPSG:2818", *SIGNED)
    assert len(cells_of(tmp_path)) == 1


def test_a_zone_elsewhere_is_refused_in_a_sentence_and_leaves_nothing(zone, tmp_path):
    path = draw(tmp_path / "far.geojson", box(-90, 38, -89.9, 38.1))
    said = sentence(zone("add", "Far", path, *SIGNED, check=False))
    assert "0%" in said
    assert not (tmp_path / "s.sqlite3").exists()


def test_a_zone_is_listed_ended_and_exported(zone, tmp_path):
    path = draw(tmp_path / "a.geojson", AROUND)
    said = zone("add", "Elm", path, "--kind", "grant", "--from", "2018-03-05", *SIGNED).stdout
    assert "z-1" in said
    assert "Exploratory" in said
    said = zone("designate", "Elm", "--by", "Committee", "--why", "It is chosen.").stdout
    assert "Area A (Elm)" in said
    zone("end", "elm", "--to", "2019-10-31", *SIGNED)
    [row] = json.loads(zone("list", "--json").stdout)
    found = row["area_id"], row["kind"], row["since"], row["ended"], row["is_sealed"]
    assert found == ("z-1", "grant", "2018-03-05", "2019-10-31", False)
    assert "Elm" in zone("list").stdout
    zone("export", tmp_path / "zones.geojson")
    [feature] = json.loads((tmp_path / "zones.geojson").read_text())["features"]
    assert shapely.geometry.shape(feature["geometry"]).equals(AROUND)


@pytest.mark.long
def test_a_zone_is_followed_by_its_name_and_by_its_export(zone, made, run, tmp_path):
    path = draw(tmp_path / "a.geojson", AROUND)
    zone("add", "Elm", path, "--from", "2018-12-20", "--without-counts", *SIGNED)
    about = (
        "--city",
        made.config,
        "--dataset",
        made.folder / "ds",
        "--store",
        tmp_path / "s.sqlite3",
    )
    said = run("displace", *about, "--zone", "Elm", "--out", tmp_path / "one").stdout
    assert "Exploratory" in said
    by_name = json.loads((tmp_path / "one" / "displacement.json").read_text())
    assert (by_name["since"], by_name["single"][0]["area_id"]) == ("2019-01", "z-1")
    zone("export", tmp_path / "zones.geojson")
    run("displace", *about[:4], "--areas", tmp_path / "zones.geojson", "--out", tmp_path / "two")
    by_file = json.loads((tmp_path / "two" / "displacement.json").read_text())
    assert by_file["since"] == "2019-01"
    core = [one["single"][0]["core"]["counted"] for one in (by_name, by_file)]
    assert core[0] == core[1]
    wrong = run("displace", *about, "--zone", "Oak", "--out", tmp_path / "x", check=False)
    assert "z-1 Elm" in sentence(wrong)


def test_a_zone_entered_in_time_is_evaluated_as_agreed_and_a_late_one_is_not(
    zone, made, run, tmp_path
):
    path = draw(tmp_path / "a.geojson", AROUND)
    zone("add", "Late", path, "--from", "2018-12-20", *SIGNED)
    about = ("--city", made.config, "--dataset", made.folder / "ds")
    kept = ("--store", tmp_path / "s.sqlite3")
    said = sentence(run("evaluate", *about, *kept, "--area", "Late", check=False))
    assert "exploratory" in said
    add_as_of(tmp_path / "s.sqlite3", path)
    account = json.loads(run("evaluate", *about, *kept, "--area", "In time", "--json").stdout)
    assert (account["area"], account["is_agreed"]) == ("z-2", True)
    assert account["sealed"]["since"] == "2019-01"
    assert account["verdict"]


def add_as_of(address, path):
    """Enter a zone in 2018, when nothing of 2019 was known."""
    drawn = fit_cells(read_zone(path, None)[0], box(-94.6, 39, -94.5, 39.05), 10)
    store = open_store(str(address))
    add_zone(store, act(on=date(2018, 12, 20), why="Entered in time."), "In time", drawn)
    store.engine.dispose()


@pytest.mark.long
def test_polygons_of_a_map_file_are_followed_each_by_its_name(made, run, tmp_path):
    west = shapely.clip_by_rect(AROUND, -95, 39, KNOT[0], 40)
    east = shapely.clip_by_rect(AROUND, KNOT[0] + 0.003, 39, -94, 40)
    table = gpd.GeoDataFrame({"Name": ["West", ""]}, geometry=[west, east], crs="EPSG:4326")
    about = ("--city", made.config, "--dataset", made.folder / "ds", "--since", "2019-01")
    counted = []
    for name, crs in (("z.geojson", "EPSG:4326"), ("z.gpkg", "EPSG:26915")):
        table.to_crs(crs).to_file(tmp_path / name)
        run("displace", *about, "--areas", tmp_path / name, "--out", tmp_path / "out")
        found = json.loads((tmp_path / "out" / "displacement.json").read_text())["single"]
        counted.append([(one["area_id"], one["core"]["counted"]) for one in found])
    assert counted[0] == counted[1]
    assert [name for name, _ in counted[0]] == ["West", "2"]  # one has no name, but its number
    both = gpd.GeoDataFrame(geometry=[AROUND, west], crs="EPSG:4326")
    both.to_file(tmp_path / "both.geojson")
    wrong = run("displace", *about, "--areas", tmp_path / "both.geojson", "--out", "x", check=False)
    assert "both.geojson" in sentence(wrong)
