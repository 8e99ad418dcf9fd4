"""Geometry as files: the same outlines, named by their content, and public alone."""

import hashlib
import json
import os
import re
import time
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from starlette.applications import Starlette
from tests.geometry_file import corners_of
from tests.phones import ask
from tests.sentences import refuses

from csa.areas.locating import study_cells
from csa.areas.risk_score import FittedRisk
from csa.base.errors import OutputError, SourceError
from csa.base.home import home
from csa.base.schema import UNASSIGNED
from csa.city.config import CityBasics
from csa.geo.cell_time import leaflet_file
from csa.geo.cells import draw_cells
from csa_app.shared import geometry, settings

MIDDLE = h3.latlng_to_cell(39.02, -94.55, 9)
general = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(static, address):
    """Read what a browser would: the frame asks two folders up, below the app's own address."""
    prefix = "../../app/static/"
    assert address.startswith(prefix)
    return json.loads((static / address.removeprefix(prefix)).read_text(encoding="utf-8"))


def decoded(content, number):
    return shapely.Polygon(corners_of(content)[number])


def distance_of(one, other):
    return shapely.hausdorff_distance(one.exterior, other.exterior)


# ---- By hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["", "/csa"])
def test_leaflet_is_served_as_its_package_has_it_below_the_base_path(base, monkeypatch):
    monkeypatch.setattr(settings, "config", SimpleNamespace(get_option=lambda _: base))
    app, place = Starlette(routes=geometry.static_routes()), f"{base}/app/static/leaflet"
    for name in ("leaflet.js", "leaflet.css"):
        assert ask(app, "GET", f"{place}/{name}")[:2] == (200, leaflet_file(name))
    assert ask(app, "GET", f"{place}/../__init__.py")[0] == 404


def test_geometry_is_served_from_where_it_is_written_and_nothing_beside_it_is(static):
    app = Starlette(routes=geometry.static_routes())
    assert ask(app, "GET", "/app/static/geometry/0/geometry.json")[0] == 404  # no folder yet
    address = geometry.serve({"features": []}).removeprefix("../..")
    assert ask(app, "GET", address)[:2] == (200, b'{"features":[]}')
    (static / "store.sqlite3").touch()
    for path in ("../store.sqlite3", "%2e%2e/store.sqlite3", str(static / "store.sqlite3"), ""):
        assert ask(app, "GET", f"/app/static/geometry/{path}")[0] == 404


def test_geometry_is_at_home_where_no_city_s_folder_can_be():
    assert geometry.PLACE.parent == home().resolve() / "var"
    (pattern,) = CityBasics.model_fields["id"].metadata
    assert re.match(pattern.pattern, geometry.PLACE.name) is None


def test_one_cell_is_its_six_corners(static):
    made = geometry.cell_geometry(np.array([MIDDLE], dtype=np.uint64))
    content = read(static, made.address)
    assert made.number_of == {MIDDLE: 0}
    assert (len(content["x"]), len(content["y"]), len(content["cells"][0])) == (6, 6, 6)
    corners = shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(MIDDLE)])
    assert distance_of(corners, decoded(content, 0)) < 1e-6


def test_neighbours_share_their_corners(static):
    """A cell and its six neighbors have 24 corners, not 42."""
    cells = np.array(sorted(h3.grid_disk(MIDDLE, 1)), dtype=np.uint64)
    content = read(static, geometry.cell_geometry(cells).address)
    assert len(content["x"]) == 24


def test_the_background_has_borders_names_and_the_study_areas_bounds(static, city, tmp_path):
    made = geometry.base_geometry(city.dataset, tmp_path / "absent")
    assert made.layers == ("neighborhoods",)
    assert made.bounds == ((39.0, -94.6), (39.05, -94.5))
    content = read(static, made.address)
    assert set(content["layers"]) == {"neighborhoods"}
    added = geometry.base_geometry(city.dataset, tmp_path, {"bus_stops": {}})
    assert added.layers == ("neighborhoods", "bus_stops")
    names = {name: (lon, lat) for lat, lon, name in content["names"]}
    west, east = names["West End"], names["East End"]
    assert -94.60 < west[0] < -94.55 < east[0] < -94.50
    assert 39.0 < west[1] < 39.05
    quiet = city.dataset.neighborhoods.assign(name=["West End", UNASSIGNED])
    unnamed = geometry.base_geometry(replace(city.dataset, neighborhoods=quiet), tmp_path)
    assert [name for _, _, name in read(static, unnamed.address)["names"]] == ["West End"]
    border = shapely.from_geojson(json.dumps(content["layers"]["neighborhoods"]))
    assert border.length == pytest.approx(2 * 0.05 + 2 * 0.1 + 0.05, abs=1e-9)


def test_a_scores_places_are_classed_and_their_scores_are_not_in_the_file(static):
    squares = [shapely.box(k, 0, k + 1, 1) for k in range(5)]
    scored = gpd.GeoDataFrame(
        {"score": [0.123, 0.9, 0.5, 0.7, 0.3]}, geometry=squares, crs="EPSG:4326"
    )
    made = geometry.risk_geometry(scored)
    assert made.levels == "04231"
    content = read(static, made.address)
    assert [feature["id"] for feature in content["features"]] == [0, 1, 2, 3, 4]
    assert all(feature["properties"] == {} for feature in content["features"])
    assert "0.123" not in json.dumps(content)


# ---- At the edge ----------------------------------------------------------------------------


def test_blocks_of_a_citys_own_factors_are_a_shape_for_each_class(static):
    cells = np.array(sorted(h3.grid_disk(MIDDLE, 1)), dtype=np.uint64)  # seven
    holds = np.zeros((7, 2), dtype=bool)
    holds[:3, 0], holds[2:5, 1] = True, True
    fitted = FittedRisk(cells, holds, np.log([1.2, 2.0]), np.zeros(2), None)
    made = geometry.fitted_geometry(fitted)  # 1.2 twice, 2.4 once, 2.0 twice, 1 twice
    assert made.levels == "02"
    assert made.classes.words == ("under 1.5 times as high", "1.5 to 2 times", "2 to 3 times")
    shapes = [
        shapely.geometry.shape(one["geometry"]) for one in read(static, made.address)["features"]
    ]
    one = draw_cells(cells[:1]).iloc[0].area
    assert [round(shape.area / one) for shape in shapes] == [2, 3]
    bare = geometry.fitted_geometry(FittedRisk(cells, holds[:, :0], np.zeros(0), np.zeros(0), None))
    assert (bare.levels, bare.classes.words) == ("", ())


def test_a_layer_that_holds_nothing_is_none(static, city, town, run, tmp_path):
    run("basemap", "--city", town.config, "--places", town.places, "--out", tmp_path / "base")
    made = geometry.base_geometry(city.dataset, tmp_path / "base")
    assert made.layers == ("neighborhoods",)


def test_a_file_is_named_by_its_content_and_written_once(static):
    one = geometry.serve({"features": [1]})
    place = static / one.removeprefix("../../app/static/")
    text = place.read_bytes()
    assert hashlib.sha256(text).hexdigest()[:20] == place.parent.name
    os.utime(place, (1, 1))
    assert geometry.serve({"features": [1]}) == one
    assert place.stat().st_mtime == 1
    assert geometry.serve({"features": [2]}) != one


def test_what_no_server_asked_for_in_a_week_is_removed_and_nothing_else(static):
    old, new, asked = ({"features": [n]} for n in range(3))
    places = [
        (static / geometry.serve(one).removeprefix("../../app/static/")).parent
        for one in (old, new, asked)
    ]
    (static / "geometry" / "notes.txt").touch()
    long_ago = time.time() - 8 * 86_400
    for place in (places[0], places[2], static / "geometry" / "notes.txt"):
        os.utime(place, (long_ago, long_ago))
    geometry.serve(asked)  # asked for again: it is kept
    geometry.forget_old()
    assert [place.exists() for place in places] == [False, True, True]
    assert (static / "geometry" / "notes.txt").exists()
    geometry.forget_old(days=-1)
    assert not any(place.exists() for place in places)


def test_without_a_static_folder_there_is_nothing_to_remove(static):
    geometry.forget_old()
    assert not static.exists()


# ---- Refused --------------------------------------------------------------------------------


def test_a_static_folder_that_cannot_be_written_is_told_of(static):
    static.write_text("a file where the folder should be")
    with refuses("files.cannot_write", OutputError):
        geometry.serve({"features": []})


def test_a_damaged_background_is_told_of(static, city, tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "basemap.json").write_text("{")
    with pytest.raises(SourceError):
        geometry.base_geometry(city.dataset, tmp_path / "base")


# ---- True in general ------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", [8, 9, pytest.param(10, marks=pytest.mark.long)])
def test_every_cell_of_a_city_decodes_to_its_outline(static, city, resolution):
    cells = study_cells(city.dataset, resolution).index.to_numpy()
    made = geometry.cell_geometry(cells)
    content = read(static, made.address)
    assert len(content["cells"]) == len(made.number_of) == len(cells)
    for cell, shape in zip(cells, draw_cells(cells), strict=True):
        assert distance_of(shape, decoded(content, made.number_of[int(cell)])) < 1e-6


@general
@given(st.sets(st.sampled_from(sorted(h3.grid_disk(MIDDLE, 4))), min_size=1), st.randoms())
def test_any_cells_in_any_order_keep_their_numbers(static, chosen, chance):
    cells = np.array(chance.sample(sorted(chosen), len(chosen)), dtype=np.uint64)
    made = geometry.cell_geometry(cells)
    content = read(static, made.address)
    for cell in chosen:
        drawn = decoded(content, made.number_of[cell])
        assert drawn.contains(shapely.Point(h3.cell_to_latlng(cell)[::-1]))
        assert content["cells"][made.number_of[cell]]


def test_the_served_files_tell_of_no_incident(static, city, tmp_path):
    geometry.base_geometry(city.dataset, tmp_path / "absent")
    with_incidents = {int(cell, 16) for cell in city.proposal.cells["cell"]}
    cells = study_cells(city.dataset, 10).index.to_numpy()
    assert set(geometry.cell_geometry(cells).number_of) == with_incidents  # empty ones too
    served = b"".join(path.read_bytes() for path in static.rglob("*.json"))
    for row in city.dataset.incidents.itertuples():
        assert str(row.lat).encode() not in served
        assert str(row.lon).encode() not in served
