"""`csa basemap`: a city's own layers, what is absent, and a folder that is checked on load."""

import json

import geopandas as gpd
import pytest
from shapely.geometry import LineString, Point, box
from tests.sentences import says

from csa.base.errors import SourceError
from csa.city.loading import load_city
from csa.ingest.basemap_files import LAYERS, load_basemap

BASEMAP_TOML = """
[basemap]
water_file = "water.geojson"
parks_file = "parks.geojson"
streets_file = "streets.geojson"
street_class_column = "class"
main_streets = ["Arterial"]
street_name_column = "name"
source = "the city"
"""


def save(path, shapes, **columns):
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path)


@pytest.fixture
def drawn(town, monkeypatch):
    """Testville with a river, a stream, two parks and three streets."""
    town.config.write_text(town.config.read_text() + BASEMAP_TOML)
    river, stream = (
        box(-94.60, 39.01, -94.50, 39.012),
        LineString([(-94.58, 39.0), (-94.58, 39.05)]),
    )
    save(town.folder / "water.geojson", [river, stream])
    parks = [box(-94.57, 39.02, -94.56, 39.03), box(-94.52, 39.03, -94.51, 39.04)]
    save(town.folder / "parks.geojson", parks)
    ways = [
        LineString([(-94.60, 39.02), (-94.55, 39.02)]),
        LineString([(-94.55, 39.02), (-94.50, 39.02)]),
        LineString([(-94.55, 39.00), (-94.55, 39.05)]),
    ]
    columns = {"name": ["Oak", "Oak", "Elm"], "class": ["arterial ", "ARTERIAL", "local"]}
    save(town.folder / "streets.geojson", ways, **columns)
    return town


@pytest.fixture
def basemap(drawn, run, monkeypatch):
    def call(*words, check=True):
        monkeypatch.setenv("CSA_DATA_DIR", str(drawn.folder))
        return run("basemap", "--city", drawn.config, "--out", "bm", *words, check=check)

    return call


def features(folder, name):
    return json.loads(load_basemap(folder / "bm").layers[name])["features"]


# ---- By hand --------------------------------------------------------------------------------


def test_a_citys_own_layers_become_a_background(drawn, basemap):
    said = basemap().stdout
    assert "water: 2 shapes, 1 kB." in said
    assert says("basemap.layer", layer="main streets", size_kb=1, n=1) in said
    assert said.endswith("Background bm.\n")
    folder = drawn.folder
    assert {path.name for path in (folder / "bm").iterdir()} == {
        "basemap.json",
        *(f"{name}.geojson" for name in LAYERS),
    }
    (oak,) = features(folder, "main_streets")
    assert oak["properties"] == {"name": "Oak"}  # two pieces, one street
    (way,) = oak["geometry"]["coordinates"]
    assert [way[0], way[-1]] == [[-94.6, 39.02], [-94.5, 39.02]]
    (elm,) = features(folder, "streets")
    assert elm["properties"] == {"name": "Elm"}  # people look for small streets too
    assert len(elm["geometry"]["coordinates"]) == 1  # and stand in their own layer only
    water = [feature["geometry"]["type"] for feature in features(folder, "water")]
    assert water == ["MultiPolygon", "MultiLineString"]


def test_the_manifest_tells_what_is_there(drawn, basemap):
    told = json.loads(basemap("--json").stdout)
    assert told.pop("notes") == []
    manifest = json.loads((drawn.folder / "bm" / "basemap.json").read_text())
    assert manifest == told
    own = {"kind": "basemap", "format_version": 1, "city": "testville", "source": "the city"}
    assert manifest == {**manifest, **own}
    assert list(manifest["layers"]) == list(LAYERS)
    assert manifest["layers"]["parks"]["features"] == 1
    assert manifest["layers"]["parks"]["shapes"] == 2
    for name in LAYERS:
        size = (drawn.folder / "bm" / f"{name}.geojson").stat().st_size
        assert manifest["layers"][name]["bytes"] == size
    west, south, east, north = manifest["bounds"]  # 2 km around -94.60, 39.00, -94.50, 39.05
    assert (west, east) == pytest.approx((-94.6235, -94.4765), abs=0.002)
    assert (south, north) == pytest.approx((38.982, 39.068), abs=0.002)


# ---- At the edge ----------------------------------------------------------------------------


def test_the_same_files_give_the_same_bytes(drawn, basemap):
    basemap()
    before = {path.name: path.read_bytes() for path in (drawn.folder / "bm").iterdir()}
    first = load_basemap(drawn.folder / "bm").fingerprint
    basemap()
    assert before == {path.name: path.read_bytes() for path in (drawn.folder / "bm").iterdir()}
    assert load_basemap(drawn.folder / "bm").fingerprint == first
    save(drawn.folder / "parks.geojson", [box(-94.57, 39.02, -94.56, 39.04)])
    basemap()
    assert load_basemap(drawn.folder / "bm").fingerprint != first


def test_an_absent_and_an_undescribed_layer_are_skipped_and_named(drawn, basemap):
    (drawn.folder / "parks.geojson").unlink()
    drawn.edit_config('water_file = "water.geojson"\n', "")
    said = basemap().stdout
    assert "parks.geojson is not in " in said
    assert "describes no layer of water" in said
    assert "streets: one shape" in said
    manifest = json.loads((drawn.folder / "bm" / "basemap.json").read_text())
    assert manifest["skipped"] == {"parks": "absent", "water": "not described"}
    assert features(drawn.folder, "parks") == []


def test_a_city_without_any_layer_has_an_empty_background(town, run):
    done = run("basemap", "--city", town.config, "--places", town.places, "--out", "bm")
    assert says("basemap.empty", city="Testville") in done.stdout
    manifest = load_basemap(town.folder / "bm").manifest
    assert manifest["skipped"] == dict.fromkeys(LAYERS, "not described")


def test_without_a_class_column_every_street_is_a_minor_one(drawn, basemap):
    drawn.edit_config('street_class_column = "class"\n', "")
    assert "No street in streets.geojson is marked as a main street" in basemap().stdout
    assert features(drawn.folder, "main_streets") == []
    names = [one["properties"]["name"] for one in features(drawn.folder, "streets")]
    assert names == ["Elm", "Oak"]


def test_a_city_of_main_streets_alone_lacks_nothing(drawn, basemap):
    drawn.edit_config('["Arterial"]', '["Arterial", "local"]')
    assert "has nothing to draw as" not in basemap().stdout
    names = [one["properties"]["name"] for one in features(drawn.folder, "main_streets")]
    assert names == ["Elm", "Oak"]


def test_a_layer_of_another_city_draws_nothing_and_says_so(drawn, basemap):
    save(drawn.folder / "parks.geojson", [box(2.3, 48.8, 2.4, 48.9)])
    save(drawn.folder / "streets.geojson", [Point(-94.55, 39.02)], name=["A"], **{"class": ["x"]})
    said = basemap().stdout
    assert says("basemap.note_outside", file="parks.geojson", layer="parks") in said
    assert "streets" in said


# ---- Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"class"', '"rank"', "has no column 'rank'. Columns found: name, class."),
        ('street_name_column = "name"', 'street_name_column = "label"', "has no column 'label'"),
        ('file = "neighborhoods.geojson"', 'file = "none.geojson"', "Testville needs its neighb"),
        ('"EPSG:32615"', '"EPSG:32633"', "another part of the world, not for Testville"),
    ],
)
def test_a_wrong_setting_is_refused(drawn, basemap, old, new, sentence):
    drawn.edit_config(old, new)
    done = basemap(check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert not (drawn.folder / "bm").exists()


def test_a_file_that_is_no_layer_is_refused(drawn, basemap):
    (drawn.folder / "parks.geojson").write_text("hello")
    done = basemap(check=False)
    assert done.returncode == 2
    assert "can't be read as a map layer." in done.stderr


def test_a_folder_of_something_else_is_not_replaced(drawn, basemap):
    (drawn.folder / "bm").mkdir()
    (drawn.folder / "bm" / "thesis.txt").write_text("mine")
    done = basemap(check=False)
    assert done.returncode == 2
    assert "Choose a new or empty folder" in done.stderr


def test_what_is_no_background_damaged_or_of_another_format_is_refused(drawn, basemap):
    place = drawn.folder / "bm"
    with pytest.raises(SourceError, match="is not a background"):
        load_basemap(place)
    basemap()
    marker = place / "basemap.json"
    good = marker.read_text()
    for text, sentence in (
        (good.replace('"format_version": 1', '"format_version": 2'), "is in format 2"),
        (good.replace('"kind": "basemap"', '"kind": "proposal"'), "is not a background"),
        (good[:-20], "is damaged"),
        ("[]", "is not a background"),
        (good.replace('"parks": {', '"lawns": {', 1), "is damaged"),
    ):
        marker.write_text(text)
        with pytest.raises(SourceError, match=sentence):
            load_basemap(place)
    marker.write_text(good)
    layer = place / "parks.geojson"
    layer.write_text(layer.read_text().replace("39.", "38."))
    with pytest.raises(SourceError, match="is damaged"):
        load_basemap(place)
    layer.unlink()
    with pytest.raises(SourceError, match="is damaged"):
        load_basemap(place)


def test_layers_in_feet_are_read_by_the_system_that_the_city_names(drawn, basemap):
    shapes = gpd.GeoSeries([box(-94.57, 39.02, -94.56, 39.03)], crs="EPSG:4326")
    path = drawn.folder / "parks.shp"
    gpd.GeoDataFrame({"a": [1]}, geometry=shapes.to_crs("ESRI:102698")).to_file(path)
    path.with_suffix(".prj").unlink()
    drawn.edit_config("parks.geojson", "parks.shp")
    assert "as `crs` under [basemap]" in basemap(check=False).stderr
    drawn.edit_config('source = "the city"', 'source = "the city"\ncrs = "ESRI:102698"')
    basemap()
    assert load_city(drawn.config).basemap.crs == "ESRI:102698"
    (park,) = features(drawn.folder, "parks")
    flat = [xy for ring in park["geometry"]["coordinates"][0] for xy in ring]
    assert min(x for x, _ in flat) == pytest.approx(-94.57, abs=2e-5)
