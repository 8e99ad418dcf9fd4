"""The commands `csa risk` and `csa near-repeat`: what they write and say, and what they refuse."""

import csv
import json
import shutil

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString
from tests.cli.asked import bytes_of, csa_command
from tests.sentences import says

from csa.extras.risk.files import CELL_COLUMNS
from csa.extras.risk.terrain import TRIED

RNG = np.random.default_rng(7)
STORES = np.column_stack([RNG.uniform(-94.6, -94.5, 120), RNG.uniform(39, 39.05, 120)])


def lines_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def incidents(n=3000, seed=1):
    """Write incidents of six years, half of them within about 100 m of a store."""
    rng = np.random.default_rng(seed)
    lon, lat = (rng.uniform(low, low + 0.0999 / (k + 1), n) for k, low in enumerate((-94.6, 39)))
    near = rng.choice(len(STORES), n // 2)
    lon[: n // 2] = STORES[near, 0] + rng.normal(size=n // 2) * 0.0005
    lat[: n // 2] = STORES[near, 1] + rng.normal(size=n // 2) * 0.0004
    months = rng.integers(0, 72, n)
    for number, (x, y, month) in enumerate(zip(lon, lat, months, strict=True)):
        day = f"{2015 + month // 12}-{month % 12 + 1:02d}-{rng.integers(1, 28):02d}"
        yield f"{number},{number},{day} {number % 24:02d}:30,0,{x:.6f},{y:.6f},,"
    yield "99998,99998,2015-01-01 10:00,0,-94.55,39.01,,"
    yield "99999,99999,2020-12-31 10:00,0,-94.55,39.01,,"


def points(path, xy):
    path.parent.mkdir(exist_ok=True)
    path.write_text("lon,lat\n" + "".join(f"{x:.6f},{y:.6f}\n" for x, y in xy))
    return path


@pytest.fixture(scope="module")
def dataset(new_town):
    """Six years of incidents near stores, read once."""
    made = new_town()
    words = ("--city", made.config, "--places", made.places, "--out", made.folder / "ds")
    csa_command("ingest", *words, made.write("a.csv", *incidents()))
    return made.folder / "ds"


@pytest.fixture
def place(town, dataset):
    """A town with its dataset and a folder of layers: stores, schools and streets everywhere."""
    shutil.copytree(dataset, town.folder / "ds", symlinks=True)
    rng = np.random.default_rng(8)
    points(town.folder / "layers" / "corner_stores.csv", STORES)
    schools = np.column_stack([rng.uniform(-94.6, -94.5, 60), rng.uniform(39, 39.05, 60)])
    points(town.folder / "layers" / "schools.csv", schools)
    return town


@pytest.fixture
def ask(place, run):
    def call(*words, folder="layers", check=True):
        about = ("--city", place.config, "--dataset", "ds", "--out", "out")
        given = ("--layers", folder) if folder else ()
        return run("risk", *about, *given, *words, check=check)

    return call


@pytest.fixture
def refused(ask, place):
    """Ask with a layer that cannot be used; return the one sentence."""

    def call(**more):
        done = ask(check=False, **more)
        assert done.returncode == 2, done.stdout
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
        assert not (place.folder / "out").exists()
        return done.stderr

    return call


# ---- What it writes and says ----------------------------------------------------------------


def test_the_same_data_give_the_same_bytes_and_json_is_the_file(ask, place):
    first = ask("--json").stdout
    files = bytes_of(place.folder / "out")
    account = json.loads(first)
    assert account == json.loads(files["risk.json"])
    (factor,) = account["factors"]
    assert (factor["layer"], factor["form"]) == ("corner stores", "near")
    assert account["learned"] == {"start": "2015-01", "through": "2018-12"}
    rows = lines_of(place.folder / "out" / "factors.csv")
    assert list(rows[0]) == list(TRIED)
    assert {row["layer"] for row in rows if row["is_chosen"] == "true"} == {"corner stores"}
    cells = lines_of(place.folder / "out" / "risk_cells.csv")
    assert list(cells[0]) == list(CELL_COLUMNS)
    assert {row["factors"] for row in cells} == {"", "corner stores"}
    assert files["risk.png"].startswith(b"\x89PNG")
    no_cause = says("why_line.no_cause")
    said = ask().stdout
    assert bytes_of(place.folder / "out") == files
    assert no_cause in said
    assert "cause" not in said.replace(no_cause, "")


def test_a_layer_is_named_and_chosen_by_the_citys_file(ask, place):
    layers = place.folder / "layers"
    rows = (layers / "corner_stores.csv").read_text().splitlines()[1:]
    marked = ["lon,lat,kind", *(f"{row},{('bar', 'shop')[n % 2]}" for n, row in enumerate(rows))]
    (layers / "corner_stores.csv").write_text("\n".join(marked) + "\n")
    street = LineString([(-94.6, 39.025), (-94.5, 39.025)])
    gpd.GeoDataFrame(geometry=[street], crs="EPSG:4326").to_file(layers / "streets.geojson")
    declared = """
[risk]
streets_file = "streets.geojson"
[[risk.layers]]
file = "layers/corner_stores.csv"
name = "bars"
what = "half of a list"
source = "the tests"
as_of = 2020-01-01
only = { kind = ["bar"] }
"""
    place.config.write_text(place.config.read_text() + declared)
    account = json.loads(ask("--json", "--kind", "nonfatal", "--until", "2020-01").stdout)
    assert account["layers"][0] == {
        "name": "bars", "what": "half of a list", "source": "the tests", "as_of": "2020-01-01",
        "file": "corner_stores.csv",
    }  # fmt: skip
    assert [one["name"] for one in account["layers"]] == ["bars", "schools"]
    assert account["has_streets"]
    assert account["incidents_compared"] < account["incidents"] / 3
    assert account["held_out"] is None or account["held_out"]["through"] == "2019-12"
    factors = lines_of(place.folder / "out" / "factors.csv")
    assert {row["places"] for row in factors if row["layer"] == "bars"} == {"60"}


# ---- What it refuses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "xy", "told"),
    [
        ("far", [(-75.1, 40.0)] * 9, "far.csv is in or near the city"),
        ("feet", STORES * 30000, "are labeled as degrees but are not."),
        ("empty", [], "has no records."),
        (
            "shops",
            STORES[::-1],
            "corner stores (corner_stores.csv) and shops (shops.csv) contain the same",
        ),
    ],
)
def test_a_layer_elsewhere_in_feet_empty_or_there_twice(refused, place, name, xy, told):
    points(place.folder / "layers" / f"{name}.csv", xy)
    assert told in refused()


def test_a_folder_without_layers_and_a_folder_that_is_not_there(refused, place):
    (place.folder / "bare").mkdir()
    assert "bare has none that can be read" in refused(folder="bare")
    assert "nowhere is not a folder" in refused(folder="nowhere")
    assert "file names none that exist" in refused(folder=None)


# ---- Near repeats ---------------------------------------------------------------------------


def test_near_repeats_are_said(town, run):
    rng = np.random.default_rng(3)
    rows = []
    for n in range(150):
        x, y, day = rng.uniform(-94.59, -94.51), rng.uniform(39.001, 39.049), n * 2 % 330
        for k, later in enumerate((0, 3)):
            date = np.datetime64("2020-01-01") + day + later
            rows.append(f"{n}{k},{n}{k},{date} 10:00,0,{x + k * 0.0003:.6f},{y:.6f},,")
    path = town.write("a.csv", *rows)
    run("ingest", "--city", town.config, "--places", town.places, path, "--out", "ds")
    said = run("near-repeat", "--city", town.config, "--dataset", "ds").stdout
    assert said.startswith("Near repeats found: ")
